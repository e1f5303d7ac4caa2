//! Words that tell what a text does, found once for all decisions.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::prepare::Prepared;
use super::words::{Form, Hit, Words};

/// A group of `lexicon/cues.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(
    missing_docs,
    reason = "the names are the keys of the data file, which explains them"
)]
pub enum Cue {
    StrongEn,
    OwnOffice,
    OwnSure,
    Figure,
    Recruit,
    House,
    Abroad,
    Country,
    MaternityLife,
    AskTruth,
    Ask,
    Deny,
    Warn,
    Fined,
    Hedge,
    Past,
    Testimony,
    FirstPerson,
    Grave,
    NewRule,
    Alarm,
    Blame,
    Trouble,
    Thanks,
    GoodNews,
    BadNews,
    Suggest,
    Opinion,
    Offer,
    Otp,
    Link,
    Private,
    Upfront,
    Promise,
    Threat,
    Pretend,
    Guarantee,
    Service,
    BuyBook,
}

/// The compiled groups.
#[derive(Debug, Clone)]
pub struct Cues {
    words: Words<Cue>,
    groups: Vec<Cue>,
}

/// The cues of one text.
#[derive(Debug, Clone)]
pub struct Found(Vec<Hit<Cue>>);

impl Cues {
    /// Compiles `lexicon/cues.toml`.
    pub fn new() -> Cues {
        let groups: BTreeMap<Cue, Vec<String>> =
            toml::from_str(include_str!("lexicon/cues.toml")).expect("the embedded lexicon is read in a test");
        let all = groups.keys().copied().collect();
        let phrases = groups
            .into_iter()
            .flat_map(|(cue, words)| words.into_iter().map(move |w| (w, Form::Accented, cue)));
        Cues {
            words: Words::new(phrases.collect::<Vec<_>>()),
            groups: all,
        }
    }

    /// Every group.
    pub fn groups(&self) -> &[Cue] {
        &self.groups
    }

    /// Finds the cues of a text. Of phrases of one group that overlap, the longest counts.
    pub fn find(&self, text: &Prepared) -> Found {
        let all = self.words.find(text);
        let inside = |a: &Hit<Cue>, b: &Hit<Cue>| {
            a.id == b.id && b.start <= a.start && a.end <= b.end && (b.end - b.start) > (a.end - a.start)
        };
        let longest = all.iter().map(|hit| hit.end - hit.start).max().unwrap_or_default();
        let kept = all.iter().enumerate().filter(|(place, a)| {
            let before = all[..*place].iter().rev().take_while(|b| a.start - b.start <= longest);
            let after = all[place + 1..].iter().take_while(|b| b.start == a.start);
            !before.chain(after).any(|b| inside(a, b))
        });
        Found(kept.map(|(_, hit)| *hit).collect())
    }
}

impl Default for Cues {
    fn default() -> Self {
        Cues::new()
    }
}

impl Found {
    /// Whether a group occurs.
    pub fn has(&self, cue: Cue) -> bool {
        self.0.iter().any(|h| h.id == cue)
    }

    /// How often a group occurs.
    pub fn count(&self, cue: Cue) -> usize {
        self.of(cue).count()
    }

    /// The occurrences of a group.
    pub fn of(&self, cue: Cue) -> impl Iterator<Item = &Hit<Cue>> {
        self.0.iter().filter(move |h| h.id == cue)
    }

    /// Occurrences of a group that no negation stands right before.
    pub fn affirmed<'a>(&'a self, cue: Cue, text: &'a Prepared) -> impl Iterator<Item = &'a Hit<Cue>> {
        self.of(cue).filter(move |h| !negated(text, h.start))
    }
}

/// Whether "không", "chưa", "chẳng", "đâu có" stands within two words before `at`.
pub fn negated(text: &Prepared, at: usize) -> bool {
    let before = &text.folded[..text.folded_byte(at)];
    let mut words = before.split_whitespace().rev().take(2);
    words.any(|w| matches!(w, "khong" | "chua" | "chang" | "cha" | "dau" | "dung" | "cho"))
        && !before.trim_end().ends_with([',', '.', '!', '?', ';'])
}
