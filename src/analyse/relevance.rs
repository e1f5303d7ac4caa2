//! Whether a text concerns BHXH, BHYT or BHTN of Viet Nam.

use super::cues::{Cue, Found};
use super::prepare::Prepared;
use super::words::{Form, Hit, Words};
use crate::model::knowledge::Knowledge;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Anchor {
    Strong,
    Weak,
    NotOurs,
    Veto,
}

/// Compiled words of relevance.
#[derive(Debug, Clone)]
pub struct Relevance(Words<Anchor>);

/// The decision with the words it rests on.
#[derive(Debug, Clone)]
pub struct Relevant {
    /// 0 to 1; relevant from 0.5.
    pub score: f32,
    /// First and one past the last character of the normal form of each word.
    pub words: Vec<(usize, usize)>,
}

impl Relevant {
    /// Whether the item is kept.
    pub fn yes(&self) -> bool {
        self.score >= 0.5
    }
}

impl Relevance {
    /// Compiles the words of relevance.
    pub fn new(knowledge: &Knowledge) -> Relevance {
        let words = &knowledge.relevance;
        let with = |list: &'_ [String], form, id| list.iter().map(|w| (w.clone(), form, id)).collect::<Vec<_>>();
        let mut all = with(&words.strong, Form::Accented, Anchor::Strong);
        all.extend(with(&words.strong_fold, Form::Folded, Anchor::Strong));
        all.extend(with(&words.abbr, Form::Always, Anchor::Strong));
        all.extend(with(&words.weak, Form::Accented, Anchor::Weak));
        all.extend(with(&words.weak_fold, Form::Folded, Anchor::Weak));
        all.extend(with(&words.veto, Form::Accented, Anchor::Veto));
        for list in words.not_ours.values() {
            all.extend(with(list, Form::Accented, Anchor::NotOurs));
        }
        Relevance(Words::new(all))
    }

    /// Judges a text; `around` is the relevance of the thread or parent it answers.
    pub fn judge(&self, text: &Prepared, cues: &Found, around: Option<f32>) -> Relevant {
        let hits = self.0.find(text);
        let count = |id| hits.iter().filter(|h: &&Hit<Anchor>| h.id == id).count();
        let veto: Vec<_> = hits
            .iter()
            .filter(|h| h.id == Anchor::Veto)
            .map(|h| (h.start, h.end))
            .collect();
        let vetoed = |h: &Hit<Anchor>| {
            veto.iter().any(|v| v.0 <= h.start && h.end <= v.1)
                || cues.of(Cue::House).any(|c| c.start <= h.start && h.start < c.end)
        };
        let strong = hits.iter().filter(|h| h.id == Anchor::Strong && !vetoed(h)).count() + cues.count(Cue::StrongEn);
        let weak = count(Anchor::Weak) + if text.social { distinct(cues, text) } else { 0 };
        let named = hits
            .iter()
            .filter(|h| h.id == Anchor::Strong && !vetoed(h) && names_insurance(text, h))
            .count();
        let sure = cues.count(Cue::OwnSure) >= if text.social { 1 } else { 2 };
        let elsewhere = named == 0 && cues.has(Cue::Country) && !text.social;
        let words = hits
            .iter()
            .filter(|h| matches!(h.id, Anchor::Strong | Anchor::Weak) && !vetoed(h))
            .map(|h| (h.start, h.end))
            .take(4)
            .collect();
        let foreign = count(Anchor::NotOurs) + cues.count(Cue::Abroad);
        let score = own(strong, weak, foreign, sure) - lowered(cues, text, strong);
        let score = if elsewhere { score.min(0.4) } else { score };
        let score = match around {
            Some(thread) if thread >= 0.5 => score.max(if foreign > 0 && strong == 0 { 0.45 } else { 0.6 }),
            // What the thread says is of another matter or country; of a thread that says nothing it is the author's word.
            Some(thread) if thread > 0.0 && named == 0 && strong > 0 && !sure => score.min(0.45),
            Some(_) if strong == 0 && !sure && weak < 3 => score.min(0.4),
            _ => score,
        };
        Relevant {
            score: score.clamp(0.0, 1.0),
            words,
        }
    }
}

/// Whether an anchor names the insurance itself, rather than a pension or an allowance that other countries have too.
fn names_insurance(text: &Prepared, hit: &Hit<Anchor>) -> bool {
    let words = crate::text::fold::fold(&text.words(hit.start, hit.end));
    ["bh", "bao hiem", "b.h", "b h", "vss"]
        .iter()
        .any(|w| words.contains(w))
}

/// Different weak words of the sector.
fn distinct(cues: &Found, text: &Prepared) -> usize {
    let mut seen: Vec<String> = cues
        .of(Cue::OwnOffice)
        .map(|h| text.words(h.start, h.end).to_lowercase())
        .collect();
    seen.sort();
    seen.dedup();
    seen.len()
}

fn own(strong: usize, weak: usize, foreign: usize, sure: bool) -> f32 {
    match (strong, weak) {
        (0, _) if foreign > 0 => 0.1,
        (0, _) if sure => 0.7,
        (0, 0) => 0.0,
        (0, 1) => 0.3,
        (0, 2) => 0.45,
        (0, _) => 0.62,
        (n, _) if foreign * 2 >= n && foreign > 0 => 0.45,
        (n, _) => 0.85 + 0.05 * (n.min(3) as f32),
    }
}

/// What speaks for the anchor being mentioned in passing: jobs, houses, figures of speech, life.
fn lowered(cues: &Found, text: &Prepared, strong: usize) -> f32 {
    let few = strong <= 3;
    let recruit = cues.count(Cue::Recruit) >= 2 || cues.has(Cue::Recruit) && cues.has(Cue::Offer);
    let recruit = recruit && !cues.has(Cue::Trouble) && !cues.has(Cue::Upfront);
    let house = cues.count(Cue::House) >= 2;
    let figure = cues.has(Cue::Figure);
    let life = cues.has(Cue::MaternityLife) && strong <= 1 && text.len() < 2000;
    if few && (recruit || house || figure || life) {
        0.6
    } else {
        0.0
    }
}
