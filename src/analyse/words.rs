//! Finding many phrases at once, on syllable boundaries, with accents where the author typed them.

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::prepare::Prepared;
use crate::text::{fold, letters};

/// Most phrases that are compiled into a DFA.
const MOST_BY_DFA: usize = 1_000;

/// How a phrase is written in the data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Form {
    /// With accents; without them only in sentences typed without any, and only if it has two syllables or more.
    Accented,
    /// Without accents; only in sentences typed without any.
    Folded,
    /// An abbreviation: without accents, everywhere.
    Always,
}

/// A phrase found, in characters of the normal form.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit<T> {
    /// What the phrase stands for.
    pub id: T,
    /// First character.
    pub start: usize,
    /// One past the last character.
    pub end: usize,
}

/// Many phrases, compiled once.
#[derive(Debug, Clone)]
pub struct Words<T> {
    lower: AhoCorasick,
    lower_ids: Vec<T>,
    /// Phrases without accents that hold only in sentences typed without any.
    folded: AhoCorasick,
    folded_ids: Vec<T>,
    /// Phrases without accents that hold everywhere.
    always: AhoCorasick,
    always_ids: Vec<T>,
}

impl<T: Copy + PartialEq> Words<T> {
    /// Compiles phrases.
    pub fn new<S: AsRef<str>>(phrases: impl IntoIterator<Item = (S, Form, T)>) -> Words<T> {
        let (mut lower, mut folded, mut always) = (Vec::new(), Vec::new(), Vec::new());
        let (mut lower_ids, mut folded_ids, mut always_ids) = (Vec::new(), Vec::new(), Vec::new());
        for (phrase, form, id) in phrases {
            let phrase = fold::lower(&crate::text::nfc(phrase.as_ref().trim()));
            if phrase.is_empty() {
                continue;
            }
            let plain = fold::fold(&phrase);
            let unaccented = plain == phrase;
            match form {
                Form::Accented => {
                    if phrase.contains(' ') && !unaccented {
                        folded.push(plain);
                        folded_ids.push(id);
                    }
                    lower.push(phrase);
                    lower_ids.push(id);
                }
                Form::Folded => {
                    folded.push(plain);
                    folded_ids.push(id);
                }
                Form::Always => {
                    always.push(plain);
                    always_ids.push(id);
                }
            }
        }
        Words {
            lower: automaton(&lower),
            lower_ids,
            folded: automaton(&folded),
            folded_ids,
            always: automaton(&always),
            always_ids,
        }
    }

    /// Every occurrence, overlapping ones too, in order of position.
    pub fn find(&self, text: &Prepared) -> Vec<Hit<T>> {
        let mut hits = Vec::new();
        for m in self.lower.find_overlapping_iter(&text.lower) {
            if on_boundary(&text.lower, m.start(), m.end()) {
                let id = self.lower_ids[m.pattern().as_usize()];
                let (start, end) = (text.lower_char(m.start()), text.lower_char(m.end()));
                hits.push((Hit { id, start, end }, false));
            }
        }
        let mut unaccented = |from: usize, to: usize, machine: &AhoCorasick, ids: &[T]| {
            for m in machine.find_overlapping_iter(&text.folded[from..to]) {
                let (start, end) = (from + m.start(), from + m.end());
                if on_boundary(&text.folded, start, end) {
                    let id = ids[m.pattern().as_usize()];
                    let (start, end) = (text.folded_char(start), text.folded_char(end));
                    hits.push((Hit { id, start, end }, true));
                }
            }
        };
        unaccented(0, text.folded.len(), &self.always, &self.always_ids);
        for sentence in text.sentences.iter().filter(|sentence| sentence.accent_free) {
            let (from, to) = (text.folded_byte(sentence.start), text.folded_byte(sentence.end));
            unaccented(from, to, &self.folded, &self.folded_ids);
        }
        hits.sort_by_key(|(hit, _)| (hit.start, hit.end));
        // A phrase found in both forms is one.
        let mut kept: Vec<(Hit<T>, bool)> = Vec::with_capacity(hits.len());
        for (hit, is_folded) in hits {
            let same_place = |known: &&(Hit<T>, bool)| (known.0.start, known.0.end) == (hit.start, hit.end);
            let mut before = kept.iter().rev().take_while(same_place);
            if !(is_folded && before.any(|known| known.0.id == hit.id)) {
                kept.push((hit, is_folded));
            }
        }
        kept.into_iter().map(|(hit, _)| hit).collect()
    }
}

fn automaton(phrases: &[String]) -> AhoCorasick {
    // A DFA is twice as fast and grows to ten megabytes where phrases are many.
    let kind = (phrases.len() <= MOST_BY_DFA).then_some(AhoCorasickKind::DFA);
    AhoCorasick::builder()
        .kind(kind)
        .build(phrases)
        .expect("a few thousand short phrases stay far below the automaton's limits")
}

/// Whether no syllable is cut; scripts without spaces have no boundary to keep.
fn on_boundary(text: &str, start: usize, end: usize) -> bool {
    let part = |c: Option<char>| c.is_some_and(|c| letters::is_alphanumeric(c) && c < '\u{3000}');
    let joined = |left: Option<char>, right: Option<char>| part(left) && part(right);
    let (before, found, after) = (&text[..start], &text[start..end], &text[end..]);
    let cut_left = joined(before.chars().next_back(), found.chars().next());
    let cut_right = joined(found.chars().next_back(), after.chars().next());
    !cut_left && !cut_right
}
