//! The folded form: lower case, no accents, đ→d; character by character, so that spans map back.

use unicode_normalization::char::decompose_canonical;

/// Folds one character: lower case, without accents, `đ` to `d`. One character in, one out.
pub fn fold_char(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    let mut base = c;
    let mut first = true;
    decompose_canonical(c, |part| {
        if first {
            base = part;
            first = false;
        }
    });
    match base {
        'đ' | 'Đ' => 'd',
        other => other.to_lowercase().next().unwrap_or(other),
    }
}

/// Folds NFC text. The result has exactly one character for each character of `text`, so positions agree.
pub fn fold(text: &str) -> String {
    text.chars().map(fold_char).collect()
}

/// Lower case, character by character, so that positions agree with `text`.
pub fn lower(text: &str) -> String {
    text.chars().map(|c| c.to_lowercase().next().unwrap_or(c)).collect()
}

/// Share of letters that carry a Vietnamese mark (accent, horn, breve, circumflex or đ), 0 to 1.
pub fn accent_share(text: &str) -> f32 {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let marked = text.chars().filter(|c| c.is_alphabetic() && !c.is_ascii()).count();
    if letters == 0 {
        0.0
    } else {
        marked as f32 / letters as f32
    }
}

/// Whether the text is typed without accents: fewer than 2 % of its letters carry one.
pub fn is_accent_free(text: &str) -> bool {
    accent_share(text) < 0.02
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_keeps_positions_and_turns_d_with_stroke_into_d() {
        assert_eq!(fold("Đóng BHXH: hưởng đủ"), "dong bhxh: huong du");
        assert_eq!(fold("ƯỜNG").chars().count(), 4);
    }

    #[test]
    fn a_text_without_accents_is_told_by_itself() {
        assert!(is_accent_free("rut bhxh 1 lan duoc bao nhieu vay mn"));
        assert!(!is_accent_free("rút BHXH một lần"));
    }
}
