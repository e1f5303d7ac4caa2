//! What the text stages ask of every character, looked up instead of computed: the standard library's tables are searched
//! anew each time, which costs more than all matching.

use std::sync::LazyLock;

use unicode_normalization::char::decompose_canonical;

/// Latin with all Vietnamese marks, Greek and Cyrillic end before this.
const TABLE: u32 = 0x1f00;

#[derive(Clone, Copy)]
struct Letter {
    lower: char,
    folded: char,
    is_alphabetic: bool,
    is_alphanumeric: bool,
}

impl Letter {
    fn compute(c: char) -> Letter {
        let mut base = None;
        decompose_canonical(c, |part| {
            base.get_or_insert(part);
        });
        let folded = match base.unwrap_or(c) {
            'đ' | 'Đ' => 'd',
            other => other.to_lowercase().next().unwrap_or(other),
        };
        Letter {
            lower: c.to_lowercase().next().unwrap_or(c),
            folded,
            is_alphabetic: c.is_alphabetic(),
            is_alphanumeric: c.is_alphanumeric(),
        }
    }

    fn of(c: char) -> Letter {
        static LETTERS: LazyLock<Vec<Letter>> = LazyLock::new(|| {
            let characters = (0..TABLE).map(|code| char::from_u32(code).unwrap_or(' '));
            characters.map(Letter::compute).collect()
        });
        LETTERS.get(c as usize).copied().unwrap_or_else(|| Letter::compute(c))
    }
}

/// Lower case as one character, so that positions agree.
pub fn lower(c: char) -> char {
    Letter::of(c).lower
}

/// Lower case, without accents, `đ` as `d`. One character in, one out.
pub fn fold(c: char) -> char {
    Letter::of(c).folded
}

/// As [`char::is_alphabetic`].
pub fn is_alphabetic(c: char) -> bool {
    Letter::of(c).is_alphabetic
}

/// As [`char::is_alphanumeric`].
pub fn is_alphanumeric(c: char) -> bool {
    Letter::of(c).is_alphanumeric
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_what_the_standard_library_says() {
        for c in "aZ9 đĐơỰỹß½Ω, \u{301}漢\u{1f600}".chars() {
            assert_eq!(is_alphabetic(c), c.is_alphabetic());
            assert_eq!(is_alphanumeric(c), c.is_alphanumeric());
            assert_eq!(Some(lower(c)), c.to_lowercase().next());
        }
        assert_eq!("ĐƯỜNG Ự ỹ".chars().map(fold).collect::<String>(), "duong u y");
    }
}
