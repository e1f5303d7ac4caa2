//! How far a text tells what a catalogued rumour tells: weighted overlap of words, against its look-alikes.

use std::collections::{BTreeMap, BTreeSet};

use super::lane::words;
use crate::model::knowledge::Rumour;

/// Folded words that carry no meaning of their own here.
const COMMON: &[&str] = &[
    "la", "thi", "ma", "va", "voi", "cac", "nhung", "cua", "cho", "duoc", "co", "khong", "nay", "do", "mot", "se",
    "da", "nha", "nhe", "oi", "ai", "minh", "em", "anh", "chi", "ban", "moi", "nguoi", "roi", "de", "khi", "tu", "den",
    "trong", "theo", "o", "tai", "vao", "ra", "len", "bi", "thay", "nua", "het", "ca", "cung", "phai", "di", "ve",
    "con", "ne", "bao", "hiem", "bhxh", "bhyt", "bhtn", "xa", "hoi", "y", "te", "ngay", "thang", "nam", "viet", "ba",
    "bac", "nao", "vi", "nen",
];

/// One wording with its terms.
#[derive(Debug)]
struct Wording {
    terms: BTreeSet<String>,
    weight: f32,
}

#[derive(Debug)]
struct Known {
    variants: Vec<Wording>,
    look_alikes: Vec<Wording>,
}

/// The catalogue of rumours made ready.
#[derive(Debug)]
pub struct Rumours {
    known: Vec<Known>,
    weights: BTreeMap<String, f32>,
}

/// A rumour a text may tell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Likeness {
    /// Index of the rumour in the catalogue.
    pub rumour: usize,
    /// Share of the wording's weight found in the text, 0 to 1.
    pub score: f32,
    /// The same against the nearest look-alike.
    pub look_alike: f32,
}

/// Words and pairs of neighbouring words, common ones left out.
fn terms(text: &str) -> BTreeSet<String> {
    let words: Vec<String> = words(text)
        .into_iter()
        .filter(|w| !COMMON.contains(&w.as_str()))
        .collect();
    let pairs = words.windows(2).map(|pair| format!("{} {}", pair[0], pair[1]));
    pairs.chain(words.iter().cloned()).collect()
}

impl Rumours {
    /// Makes the catalogue ready; rarer terms weigh more (inverse document frequency over all wordings).
    pub fn new(rumours: &[Rumour]) -> Self {
        let of = |texts: &[String]| -> Vec<BTreeSet<String>> { texts.iter().map(|t| terms(t)).collect() };
        let sets: Vec<(Vec<BTreeSet<String>>, Vec<BTreeSet<String>>)> = rumours
            .iter()
            .map(|r| {
                (
                    of(&[r.variants.clone(), vec![r.claim.clone()]].concat()),
                    of(&r.look_alikes),
                )
            })
            .collect();
        let mut counts: BTreeMap<String, f32> = BTreeMap::new();
        for (variants, _) in &sets {
            let distinct: BTreeSet<&String> = variants.iter().flatten().collect();
            distinct
                .into_iter()
                .for_each(|term| *counts.entry(term.clone()).or_default() += 1.0);
        }
        let total = rumours.len() as f32 + 1.0;
        let weights: BTreeMap<String, f32> = counts.into_iter().map(|(t, n)| (t, (total / n).ln())).collect();
        let wording = |terms: BTreeSet<String>| {
            let weight = terms
                .iter()
                .map(|t| weights.get(t).copied().unwrap_or(1.0))
                .sum::<f32>()
                .max(0.001);
            Wording { terms, weight }
        };
        let known = sets
            .into_iter()
            .map(|(variants, alikes)| Known {
                variants: variants.into_iter().map(wording).collect(),
                look_alikes: alikes.into_iter().map(wording).collect(),
            })
            .collect();
        Self { known, weights }
    }

    /// The rumour the text is most like, if it is like any.
    pub fn nearest(&self, text: &str) -> Option<Likeness> {
        let found = terms(text);
        let cover = |wording: &Wording| {
            let shared: Vec<&String> = wording.terms.intersection(&found).collect();
            let weight: f32 = shared
                .iter()
                .map(|t| self.weights.get(*t).copied().unwrap_or(1.0))
                .sum();
            let words = shared.iter().filter(|t| !t.contains(' ')).count();
            if words < 3 { 0.0 } else { weight / wording.weight }
        };
        let best = |list: &[Wording]| list.iter().map(cover).fold(0.0, f32::max);
        self.known
            .iter()
            .enumerate()
            .map(|(rumour, known)| Likeness {
                rumour,
                score: best(&known.variants),
                look_alike: best(&known.look_alikes),
            })
            .filter(|l| l.score >= 0.2)
            .max_by(|a, b| a.score.total_cmp(&b.score))
    }
}
