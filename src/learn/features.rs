//! A document to features: n-grams of words and of letters, those of the thread it answers, and signals of rules.

use std::hash::Hasher;

use fnv::FnvHasher;

use crate::text::letters;

/// Longest n-gram of words.
const WORDS: usize = 3;
/// Shortest and longest n-gram of letters, within a word and its borders.
const LETTERS: [usize; 2] = [2, 5];

/// What a model reads.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    /// Lower-case text.
    pub text: String,
    /// Lower-case text of what it answers.
    pub thread: String,
    /// What rules found, each with its strength, mostly 0 to 1.
    pub signals: Vec<(String, f32)>,
}

/// Kinds of features; each is scaled by itself, so that many letters do not outweigh few words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Block {
    Words,
    Letters,
    Thread,
    Signals,
}

pub(super) const BLOCKS: [(Block, f32); 4] = [
    (Block::Words, 1.0),
    (Block::Letters, 1.0),
    (Block::Thread, 0.5),
    (Block::Signals, 1.0),
];

/// One feature of a document.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Feature {
    /// Stable hash of what it is.
    pub key: u64,
    pub block: Block,
    /// How often it occurs, or how strong it is.
    pub count: f32,
    /// First and one past the last character of its first occurrence; nothing for letters and signals.
    pub place: Option<(u32, u32)>,
}

struct Token {
    hash: u64,
    start: u32,
    end: u32,
    /// Bytes of the word in the text, empty for a mark.
    word: std::ops::Range<usize>,
}

/// The features of a document, each once, ordered by key.
pub(super) fn of(document: &Document) -> Vec<Feature> {
    let mut found = Vec::with_capacity(document.text.len() * 3);
    let tokens = tokens(&document.text);
    word_grams(&tokens, Block::Words, WORDS, &mut found);
    for token in &tokens {
        letter_grams(&document.text[token.word.clone()], &mut found);
    }
    word_grams(&self::tokens(&document.thread), Block::Thread, 2, &mut found);
    for (name, strength) in &document.signals {
        found.push(Feature {
            key: key(Block::Signals, name.as_bytes()),
            block: Block::Signals,
            count: *strength,
            place: None,
        });
    }
    found.sort_by_key(|feature| (feature.key, feature.place));
    found.dedup_by(|next, first| {
        let same = next.key == first.key;
        if same {
            first.count += next.count;
        }
        same
    });
    found
}

fn key(block: Block, bytes: &[u8]) -> u64 {
    let mut hasher = FnvHasher::default();
    hasher.write_u8(block as u8);
    hasher.write(bytes);
    hasher.finish()
}

/// Words, and runs of one mark or emoji: `...`, `!!`, `:(`. Digits are one digit: amounts are the rules' business.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut characters = text.char_indices().enumerate().peekable();
    while let Some((place, (at, c))) = characters.next() {
        let is_word = letters::is_alphanumeric(c);
        if c.is_whitespace() || c == '\u{fe0f}' {
            continue;
        }
        let (mut end, mut last) = (at + c.len_utf8(), place + 1);
        while let Some((next_place, (next, d))) = characters.peek().copied() {
            let goes_on = if is_word { letters::is_alphanumeric(d) } else { d == c };
            if !goes_on {
                break;
            }
            (end, last) = (next + d.len_utf8(), next_place + 1);
            characters.next();
        }
        let mut hasher = FnvHasher::default();
        let mut was_digit = false;
        for d in text[at..end].chars() {
            let is_digit = d.is_ascii_digit();
            if !(is_digit && was_digit) {
                hasher.write_u32(if is_digit { '0' as u32 } else { d as u32 });
            }
            was_digit = is_digit;
        }
        tokens.push(Token {
            hash: hasher.finish(),
            start: place as u32,
            end: last as u32,
            word: if is_word { at..end } else { 0..0 },
        });
    }
    tokens
}

fn word_grams(tokens: &[Token], block: Block, longest: usize, found: &mut Vec<Feature>) {
    for (first, token) in tokens.iter().enumerate() {
        let mut hasher = FnvHasher::default();
        hasher.write_u8(block as u8);
        for last in &tokens[first..tokens.len().min(first + longest)] {
            hasher.write_u64(last.hash);
            found.push(Feature {
                key: hasher.finish(),
                block,
                count: 1.0,
                place: (block == Block::Words).then_some((token.start, last.end)),
            });
        }
    }
}

fn letter_grams(word: &str, found: &mut Vec<Feature>) {
    if word.is_empty() {
        return;
    }
    let mut padded = [0_u32; 34];
    let mut length = 1;
    padded[0] = ' ' as u32;
    for c in word.chars().take(32) {
        padded[length] = if c.is_ascii_digit() { '0' as u32 } else { c as u32 };
        length += 1;
    }
    padded[length] = ' ' as u32;
    length += 1;
    for first in 0..length {
        let mut hasher = FnvHasher::default();
        hasher.write_u8(Block::Letters as u8);
        for (size, letter) in padded[first..length.min(first + LETTERS[1])].iter().enumerate() {
            hasher.write_u32(*letter);
            if size + 1 >= LETTERS[0] {
                found.push(Feature {
                    key: hasher.finish(),
                    block: Block::Letters,
                    count: 1.0,
                    place: None,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        Document {
            text: text.into(),
            ..Document::default()
        }
    }

    #[test]
    fn n_grams_know_their_place_and_digits_are_alike() {
        let of = |text: &str| of(&document(text));
        let words = |text: &str| {
            let mut places: Vec<_> = of(text).iter().filter_map(|f| f.place).collect();
            places.sort_unstable();
            places
        };
        assert_eq!(words("rút đủ!!"), [(0, 3), (0, 6), (0, 8), (4, 6), (4, 8), (6, 8)]);
        let keys = |text: &str| of(text).iter().map(|f| f.key).collect::<Vec<_>>();
        assert_eq!(keys("đóng 500 nghìn"), keys("đóng 900 nghìn"));
        assert_ne!(keys("đóng"), keys("dong"));
    }

    #[test]
    fn what_occurs_twice_counts_twice() {
        let twice = of(&document("chậm chậm"));
        assert!(twice.iter().any(|f| f.block == Block::Words && f.count == 2.0));
        let of_thread = of(&Document {
            thread: "chậm".into(),
            ..Document::default()
        });
        assert_eq!(of_thread.len(), 1);
    }
}
