//! All words of all lists in one pass over each form of the text.

use aho_corasick::{AhoCorasick, MatchKind};

use super::lane::{Lane, Prepared, is_word};
use crate::text::fold::fold;

/// In which form of the text a word counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As typed with accents; in an accent-free text also without, if it has two syllables or more.
    Accented,
    /// Without accents, only in a text typed without them.
    FoldedIfFree,
    /// Without accents, in every text: abbreviations.
    Folded,
}

/// A word of a list found in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit<T> {
    /// Which list.
    pub tag: T,
    /// First and last + 1 character as typed.
    pub span: [usize; 2],
    /// Syllables of the word: long ones are more telling.
    pub syllables: usize,
}

/// Word lists made ready.
#[derive(Debug)]
pub struct Matcher<T> {
    accented: Automaton<T>,
    folded: Automaton<T>,
    free: Automaton<T>,
}

#[derive(Debug)]
struct Automaton<T> {
    search: Option<AhoCorasick>,
    tags: Vec<(T, usize)>,
}

impl<T: Clone> Automaton<T> {
    fn new(words: Vec<(String, T)>) -> Self {
        let patterns: Vec<&str> = words.iter().map(|(word, _)| word.as_str()).collect();
        // Building fails only beyond 2³¹ states, which no list that people write reaches.
        let search = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(&patterns)
            .ok();
        let syllables = |word: &str| word.split_whitespace().count();
        Self {
            search,
            tags: words.iter().map(|(word, tag)| (tag.clone(), syllables(word))).collect(),
        }
    }

    fn find(&self, lane: &Lane, hits: &mut Vec<Hit<T>>) {
        let Some(search) = &self.search else { return };
        for found in search.find_overlapping_iter(&lane.text) {
            let before = lane.text[..found.start()].chars().next_back();
            let after = lane.text[found.end()..].chars().next();
            if before.is_some_and(is_word) || after.is_some_and(is_word) {
                continue;
            }
            let (tag, syllables) = &self.tags[found.pattern().as_usize()];
            hits.push(Hit {
                tag: tag.clone(),
                span: lane.span(found.start(), found.end()),
                syllables: *syllables,
            });
        }
    }
}

impl<T: Clone + PartialEq> Matcher<T> {
    /// Makes the lists ready.
    pub fn new(words: impl IntoIterator<Item = (String, Form, T)>) -> Self {
        let (mut accented, mut folded, mut free) = (Vec::new(), Vec::new(), Vec::new());
        for (word, form, tag) in words {
            let lower = crate::text::fold::lower(&crate::text::nfc(&word));
            match form {
                Form::Accented => {
                    if lower.split_whitespace().count() >= 2 {
                        free.push((fold(&lower), tag.clone()));
                    }
                    accented.push((lower, tag));
                }
                Form::FoldedIfFree => free.push((fold(&lower), tag)),
                Form::Folded => folded.push((fold(&lower), tag)),
            }
        }
        Self {
            accented: Automaton::new(accented),
            folded: Automaton::new(folded),
            free: Automaton::new(free),
        }
    }

    /// All words found, in order; a word found in two forms at one place counts once.
    pub fn find(&self, text: &Prepared) -> Vec<Hit<T>> {
        let mut hits = Vec::new();
        self.accented.find(&text.accented, &mut hits);
        self.folded.find(&text.folded, &mut hits);
        if text.accent_free {
            self.free.find(&text.folded, &mut hits);
        }
        hits.sort_by_key(|hit| (hit.span, hit.syllables));
        hits.dedup_by(|a, b| a.tag == b.tag && a.span == b.span);
        hits
    }
}
