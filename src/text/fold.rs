//! The folded form: lower case, no accents, đ→d; character by character, so that spans map back.

use super::letters;

/// Folds NFC text. The result has exactly one character for each character of `text`, so positions agree.
pub fn fold(text: &str) -> String {
    text.chars().map(letters::fold).collect()
}

/// Lower case, character by character, so that positions agree with `text`.
pub fn lower(text: &str) -> String {
    text.chars().map(letters::lower).collect()
}

/// Share of letters that carry a Vietnamese mark (accent, horn, breve, circumflex or đ), 0 to 1.
pub fn accent_share(text: impl IntoIterator<Item = char>) -> f32 {
    let (mut letters, mut marked) = (0_u32, 0_u32);
    for c in text {
        if c.is_ascii_alphabetic() {
            letters += 1;
        } else if !c.is_ascii() && letters::is_alphabetic(c) {
            (letters, marked) = (letters + 1, marked + 1);
        }
    }
    if letters == 0 {
        0.0
    } else {
        marked as f32 / letters as f32
    }
}

/// Whether the text is typed without accents: fewer than 2 % of its letters carry one.
pub fn is_accent_free(text: impl IntoIterator<Item = char>) -> bool {
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
        assert!(is_accent_free("rut bhxh 1 lan duoc bao nhieu vay mn".chars()));
        assert!(!is_accent_free("rút BHXH một lần".chars()));
    }
}
