//! The suggestion about misinformation, from narratives, what scams do, facts and stance. In doubt it abstains.

use super::cues::{Cue, Found};
use super::facts::Judged;
use super::kind;
use super::prepare::Prepared;
use super::rumour::Match;
use crate::model::analysis::{FactVerdict, Verdict};
use crate::model::knowledge::{Knowledge, VerdictCap};

/// What a text does with what it speaks of.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Stance {
    Asserts,
    Asks,
    Denies,
}

/// The verdict with its confidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decision {
    /// The suggestion.
    pub verdict: Verdict,
    /// 0 to 1.
    pub score: f32,
}

fn decision(verdict: Verdict, score: f32) -> Decision {
    Decision { verdict, score }
}

/// Decides about a relevant text.
pub fn decide(
    text: &Prepared,
    cues: &Found,
    known: Option<&Match>,
    facts: &[Judged],
    thread: Option<&Found>,
    knowledge: &Knowledge,
) -> Decision {
    let stance = stance(text, cues);
    let lure = lures(cues);
    let rumoured_thread = thread.is_some_and(|t| t.has(Cue::Warn) || t.has(Cue::Deny) || t.has(Cue::Grave));
    match stance {
        Stance::Denies => return decision(Verdict::Debunk, 0.8),
        Stance::Asks
            if cues.has(Cue::AskTruth)
                && (known.is_some()
                    || lure > 0
                    || rumoured_thread
                    || cues.has(Cue::Grave)
                    || cues.has(Cue::NewRule)) =>
        {
            return decision(Verdict::Question, 0.75);
        }
        Stance::Asks if known.is_some() && lure < 3 => return decision(Verdict::Question, 0.6),
        Stance::Asks if lure < 3 => return decision(Verdict::None, 0.6),
        _ => {}
    }
    if let Some(found) = known {
        let rumour = &knowledge.rumours[found.rumour];
        let own_story = cues.has(Cue::Testimony) && cues.has(Cue::Trouble);
        let asserted = if rumour.kind.is_scam() {
            Verdict::Scam
        } else {
            Verdict::Rumour
        };
        if rumour.verdict_cap == Some(VerdictCap::NeedsCheck) {
            return decision(if own_story { Verdict::None } else { Verdict::NeedsCheck }, 0.6);
        }
        let enough = if rumour.kind.is_scam() { lure >= 1 } else { !own_story };
        if text.social && enough && !cues.has(Cue::Hedge) {
            return decision(asserted, found.score);
        }
    }
    if text.social && lure >= 3 {
        return decision(Verdict::Scam, 0.7);
    }
    by_facts(text, cues, facts)
}

fn by_facts(text: &Prepared, cues: &Found, facts: &[Judged]) -> Decision {
    let any = |verdict| facts.iter().any(|f| f.check.verdict == verdict);
    if any(FactVerdict::Outdated) {
        return decision(Verdict::Outdated, 0.75);
    }
    if any(FactVerdict::Contradicts) || (text.social && any(FactVerdict::NotYet)) {
        return decision(Verdict::Contradicts, 0.65);
    }
    let news = cues.has(Cue::Grave) && (cues.has(Cue::NewRule) || cues.has(Cue::Alarm));
    if text.social && news && !any(FactVerdict::Matches) && !cues.has(Cue::Testimony) {
        return decision(Verdict::NeedsCheck, 0.5);
    }
    decision(Verdict::None, 0.6)
}

fn stance(text: &Prepared, cues: &Found) -> Stance {
    let denies = cues.has(Cue::Deny);
    let warns = cues.count(Cue::Warn) >= 2 || cues.affirmed(Cue::Warn, text).any(|h| h.start < text.title_end);
    let asks = cues.has(Cue::AskTruth) || kind::asks(text, cues);
    let asks_truth = cues.has(Cue::AskTruth) && text.social;
    if asks_truth && !cues.has(Cue::Fined) {
        Stance::Asks
    } else if (denies || warns) && about_false(text, cues) {
        Stance::Denies
    } else if asks {
        Stance::Asks
    } else if text.social && cues.has(Cue::Warn) && !blames(cues) {
        Stance::Denies
    } else {
        Stance::Asserts
    }
}

/// A denial must be of a claim: a press text says so in headline or lead, a post anywhere.
fn about_false(text: &Prepared, cues: &Found) -> bool {
    let lead = text.title_end + 300;
    let early = |cue| cues.of(cue).any(|h| h.start < lead);
    text.social || early(Cue::Deny) || early(Cue::Warn)
}

fn blames(cues: &Found) -> bool {
    cues.has(Cue::Blame)
}

/// How many different moves of a scam a text makes, counting only moves that belong together.
fn lures(cues: &Found) -> usize {
    let has = |cue| usize::from(cues.has(cue));
    let act = has(Cue::Otp) + has(Cue::Link);
    let bait = has(Cue::Promise) + has(Cue::Threat) + has(Cue::Pretend);
    let deal = has(Cue::Private) + has(Cue::Upfront);
    let service = has(Cue::Guarantee) + has(Cue::Service);
    let trap = if act > 0 && bait > 0 { act + bait } else { 0 };
    let broker = if deal > 0 && service > 0 { deal + service } else { 0 };
    let trader = if cues.has(Cue::BuyBook) {
        1 + deal + has(Cue::Offer)
    } else {
        0
    };
    let victim = cues.has(Cue::Testimony) && cues.has(Cue::Trouble);
    if victim {
        0
    } else {
        trap.max(broker).max(trader).max(usize::from(deal + bait > 1))
    }
}
