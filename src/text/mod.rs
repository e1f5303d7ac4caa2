//! Vietnamese text as people type it: normal form, folded form with a map back, charsets, dates, addresses.
//!
//! Pure functions on strings and bytes; imports nothing of ours. Every stage stands on it.

pub mod coding;

pub mod count;

pub mod date;

pub mod decode;

pub mod fold;

pub mod html;

pub mod letters;

mod nearest;

pub mod secrecy;

pub mod url;

pub use nearest::nearest;

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

/// Unicode normal form C, without zero-width characters and soft hyphens; white space other than line breaks becomes a space.
pub fn nfc(text: &str) -> String {
    if is_plain(text.as_bytes()) {
        text.to_owned()
    } else if text.chars().all(is_composed) {
        clean(text.chars())
    } else {
        clean(text.nfc())
    }
}

/// Whether a UTF-8 text holds nothing but composed characters of which none is to be cleaned, as nearly all text does:
/// ASCII without controls, U+00A1 to U+02FF without the soft hyphen, U+1E00 to U+1EFF, U+2010 to U+2027.
fn is_plain(text: &[u8]) -> bool {
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += match (byte, &text[at + 1..]) {
            (b' '..=b'~' | b'\n', _) => 1,
            (0xc3..=0xcb, _) | (0xc2, [0xa1..=0xac | 0xae..=0xbf, ..]) => 2,
            (0xe1, [0xb8..=0xbb, ..]) | (0xe2, [0x80, 0x90..=0xa7, ..]) => 3,
            _ => return false,
        };
    }
    true
}

/// Characters that stand in normal form C wherever they stand: Latin with and without Vietnamese marks, and punctuation
/// (Unicode Standard Annex 15). Most text is made of nothing else and needs no normalising.
fn is_composed(c: char) -> bool {
    matches!(c, '\0'..='\u{2ff}' | '\u{1e00}'..='\u{1eff}' | '\u{2002}'..='\u{2064}')
}

/// Drops what is invisible and makes all white space alike.
fn clean(chars: impl Iterator<Item = char>) -> String {
    chars
        .filter(|c| !matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{00ad}' | '\r'))
        .map(|c| if c != '\n' && c.is_whitespace() { ' ' } else { c })
        .filter(|c| *c == '\n' || !c.is_control())
        .collect()
}

/// Runs of white space as one space, trimmed.
pub fn squeeze(text: &str) -> String {
    let mut squeezed = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !squeezed.is_empty() {
            squeezed.push(' ');
        }
        squeezed.push_str(word);
    }
    squeezed
}

/// SHA-256 in lower-case hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of a hexadecimal text; `None` when it is none.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    (digits.len().is_multiple_of(2) && digits.iter().all(u8::is_ascii_hexdigit))
        .then(|| digits.chunks_exact(2).map(byte).collect())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_goes_both_ways_and_nothing_else_is_taken_for_it() {
        assert_eq!(unhex(&hex(&[0, 171, 255])), Some(vec![0, 171, 255]));
        for text in ["a", "+1", "é", "zz"] {
            assert_eq!(unhex(text), None, "{text}");
        }
    }

    #[test]
    fn what_needs_no_cleaning_is_told_by_its_bytes() {
        let named = |c: char| {
            matches!(c, ' '..='~' | '\n' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{2ff}' | '\u{1e00}'..='\u{1eff}'
                | '\u{2010}'..='\u{2027}')
        };
        for c in '\0'..='\u{3000}' {
            assert_eq!(is_plain(format!("a{c}b").as_bytes()), named(c), "{c:?}");
        }
    }

    #[test]
    fn decomposed_text_becomes_composed_and_invisible_characters_go() {
        assert_eq!(
            nfc("hie\u{0302}\u{0309}m\u{200b}\u{a0}y te\u{0302}\u{0301}"),
            "hiểm y tế"
        );
    }
}
