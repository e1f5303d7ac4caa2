//! One text in the forms that matching needs, with the way back to the characters the author typed.

use std::collections::BTreeMap;

use crate::model::item::Item;
use crate::text::{fold, letters};

/// A stretch between sentence ends, in characters of the normal form.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sentence {
    /// First character.
    pub start: usize,
    /// One past the last character.
    pub end: usize,
    /// Whether it was typed without accents.
    pub accent_free: bool,
}

/// A text made ready: lower case, spaces squeezed, teencode expanded (social text only).
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Normal form with accents.
    pub lower: String,
    /// Normal form without accents; the same number of characters.
    pub folded: String,
    /// Sentences in order.
    pub sentences: Vec<Sentence>,
    /// Where the headline ends, in characters of the normal form.
    pub title_end: usize,
    /// Whether teencode was expanded.
    pub social: bool,
    original: Vec<char>,
    origin: Vec<(u32, u32)>,
    /// Where each character of `lower` and of `folded` begins, and where the last one ends, in bytes.
    lower_starts: Vec<u32>,
    folded_starts: Vec<u32>,
}

impl Prepared {
    /// Prepares headline and text of an item; `strip` removes accents first.
    pub fn of_item(item: &Item, teencode: &BTreeMap<String, String>, strip: bool) -> Prepared {
        let title = item.title.chars().count();
        Prepared::new(&item.full_text(), title, item.is_social(), teencode, strip)
    }

    /// Prepares `text`, whose first `title` characters are the headline.
    pub fn new(text: &str, title: usize, social: bool, teencode: &BTreeMap<String, String>, strip: bool) -> Prepared {
        let original: Vec<char> = text.chars().map(|c| if strip { unaccented(c) } else { c }).collect();
        let (mut normal, origin) = normalise(&original, social.then_some(teencode));
        settle_tones(&mut normal);
        let lower: String = normal.iter().collect();
        let folded: String = normal.iter().map(|c| letters::fold(*c)).collect();
        let title_end = origin.iter().take_while(|o| (o.0 as usize) < title).count();
        Prepared {
            sentences: sentences(&normal, &original, &origin),
            lower_starts: starts(&lower, origin.len()),
            folded_starts: starts(&folded, origin.len()),
            lower,
            folded,
            title_end,
            social,
            original,
            origin,
        }
    }

    /// Number of characters of the normal form.
    pub fn len(&self) -> usize {
        self.origin.len()
    }

    /// Character position of a byte of `lower`.
    pub fn lower_char(&self, byte: usize) -> usize {
        self.lower_starts.partition_point(|start| (*start as usize) < byte)
    }

    /// Character position of a byte of `folded`.
    pub fn folded_char(&self, byte: usize) -> usize {
        self.folded_starts.partition_point(|start| (*start as usize) < byte)
    }

    /// First byte of a character of `folded`; its length for the one past the last.
    pub fn folded_byte(&self, at: usize) -> usize {
        self.folded_starts[at] as usize
    }

    /// Whether the sentence around `at` was typed without accents.
    pub fn is_accent_free_at(&self, at: usize) -> bool {
        self.sentence_at(at).is_none_or(|s| s.accent_free)
    }

    /// The sentence around a character.
    pub fn sentence_at(&self, at: usize) -> Option<Sentence> {
        let place = self.sentences.partition_point(|s| s.end <= at);
        self.sentences.get(place).copied().filter(|s| s.start <= at)
    }

    /// Span in characters of `title + "\n" + text` of a stretch of the normal form.
    pub fn span(&self, start: usize, end: usize) -> [usize; 2] {
        match (
            self.origin.get(start),
            end.checked_sub(1).and_then(|e| self.origin.get(e)),
        ) {
            (Some(first), Some(last)) => [first.0 as usize, last.1 as usize],
            _ => [0, 0],
        }
    }

    /// The author's own words of a stretch of the normal form.
    pub fn words(&self, start: usize, end: usize) -> String {
        let [from, to] = self.span(start, end);
        self.original[from..to].iter().collect()
    }

    /// Whether the author wrote the character with a capital.
    pub fn is_capital(&self, at: usize) -> bool {
        self.origin
            .get(at)
            .is_some_and(|o| self.original[o.0 as usize].is_uppercase())
    }
}

/// The character without accents, its case kept.
fn unaccented(c: char) -> char {
    let folded = letters::fold(c);
    if c.is_uppercase() {
        folded.to_ascii_uppercase()
    } else {
        folded
    }
}

type Normal = (Vec<char>, Vec<(u32, u32)>);

fn normalise(original: &[char], teencode: Option<&BTreeMap<String, String>>) -> Normal {
    let (mut out, mut origin) = (Vec::with_capacity(original.len()), Vec::with_capacity(original.len()));
    let mut at = 0;
    while at < original.len() {
        let c = original[at];
        if letters::is_alphanumeric(c) {
            let start = out.len();
            let end = at
                + original[at..]
                    .iter()
                    .take_while(|c| letters::is_alphanumeric(**c))
                    .count();
            out.extend(original[at..end].iter().map(|c| letters::lower(*c)));
            let meaning = teencode.and_then(|map| map.get(&out[start..].iter().collect::<String>()));
            match meaning {
                Some(meaning) => {
                    out.truncate(start);
                    out.extend(meaning.chars());
                    origin.resize(out.len(), (at as u32, end as u32));
                }
                None => origin.extend((at as u32..end as u32).map(|i| (i, i + 1))),
            }
            at = end;
        } else {
            let c = if c == '\n' || !c.is_whitespace() { c } else { ' ' };
            if !(c == ' ' && matches!(out.last(), Some(' ' | '\n'))) {
                out.push(c);
                origin.push((at as u32, at as u32 + 1));
            }
            at += 1;
        }
    }
    (out, origin)
}

/// Writes the tone of final `oa`, `oe`, `uy` on the first vowel, so that "hoà" and "hòa" are one.
fn settle_tones(text: &mut [char]) {
    const FROM: &str = "àáảãạèéẻẽẹỳýỷỹỵ";
    const FIRST: &str = "òóỏõọòóỏõọùúủũụ";
    for at in 1..text.len() {
        if text[at].is_ascii() || !matches!(text[at - 1], 'o' | 'u') {
            continue;
        }
        let Some(tone) = FROM.chars().position(|c| c == text[at]) else {
            continue;
        };
        let glide = if tone < 10 { 'o' } else { 'u' };
        let ends = text.get(at + 1).is_none_or(|c| !letters::is_alphabetic(*c));
        if text[at - 1] == glide && ends && !(at > 1 && text[at - 2] == 'q') {
            text[at - 1] = FIRST.chars().nth(tone).unwrap_or(glide);
            text[at] = ['a', 'e', 'y'][tone / 5];
        }
    }
}

fn sentences(normal: &[char], original: &[char], origin: &[(u32, u32)]) -> Vec<Sentence> {
    let mut found = Vec::new();
    let mut start = 0;
    for at in 0..normal.len() {
        let after = normal.get(at + 1).is_none_or(|c| c.is_whitespace());
        let ends = match normal[at] {
            '\n' => true,
            '.' | '!' | '?' | ';' | '…' => after,
            _ => false,
        };
        if ends || at + 1 == normal.len() {
            let typed = original[origin[start].0 as usize..origin[at].1 as usize]
                .iter()
                .copied();
            found.push(Sentence {
                start,
                end: at + 1,
                accent_free: fold::is_accent_free(typed),
            });
            start = at + 1;
        }
    }
    found
}

fn starts(text: &str, length: usize) -> Vec<u32> {
    let mut starts = Vec::with_capacity(length + 1);
    starts.extend(text.char_indices().map(|(byte, _)| byte as u32));
    starts.push(text.len() as u32);
    starts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn teencode() -> BTreeMap<String, String> {
        BTreeMap::from([("đc".into(), "được".into())])
    }

    #[test]
    fn an_expanded_word_leads_back_to_what_was_typed() {
        let text = Prepared::new("\nRút đc  BHXH", 0, true, &teencode(), false);
        let start = text.lower.chars().count() - "được bhxh".chars().count();
        assert_eq!(text.words(start, start + 4), "đc");
        assert_eq!(text.words(start + 5, start + 9), "BHXH");
    }

    #[test]
    fn old_and_new_placing_of_tones_are_one() {
        let text = Prepared::new("hoà thuỷ hoàn quý", 0, false, &teencode(), false);
        assert_eq!(text.lower, "hòa thủy hoàn quý");
    }

    #[test]
    fn accents_are_judged_sentence_by_sentence() {
        let text = Prepared::new("Đóng đủ rồi.\nrut duoc chua", 0, true, &teencode(), false);
        assert!(!text.is_accent_free_at(2));
        assert!(text.is_accent_free_at(16));
    }
}
