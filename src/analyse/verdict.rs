//! The suggestion about misinformation, from narratives, what scams do, facts and stance. In doubt it abstains.

use super::cues::{Cue, Found};
use super::facts::Judged;
use super::kind;
use super::prepare::Prepared;
use super::rumour::Match;
use crate::model::analysis::{FactVerdict, Verdict};
use crate::model::knowledge::{Knowledge, RumourType, VerdictCap};

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
    let lure = lures(text, cues);
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
        Stance::Asks if known.is_some_and(|k| asked(text, cues, k)) && lure < 3 => {
            return decision(Verdict::Question, 0.6);
        }
        Stance::Asks if known.is_none() && lure < 3 => return decision(Verdict::None, 0.6),
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
        let headline = found.place.is_some_and(|p| p.1 <= text.title_end)
            && !text.lower.chars().take(text.title_end).any(|c| c == '?' || c == '“');
        let right = facts.iter().any(|f| f.check.verdict == FactVerdict::Matches)
            && !facts.iter().any(|f| f.check.verdict == FactVerdict::Outdated);
        let press = headline && cues.has(Cue::Alarm);
        if (text.social || press)
            && !(right && rumour.kind == RumourType::FabricatedPriceIncrease)
            && enough
            && !cues.has(Cue::Hedge)
        {
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
    let calm = !any(FactVerdict::Matches) && !cues.has(Cue::Hedge);
    let alarm = cues.has(Cue::Grave) && cues.has(Cue::NewRule) && cues.has(Cue::Alarm);
    if text.social && alarm && calm {
        return decision(Verdict::Rumour, 0.55);
    }
    if text.social && news && calm && !cues.has(Cue::Testimony) {
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
fn lures(text: &Prepared, cues: &Found) -> usize {
    let has = |cue| usize::from(cues.has(cue));
    let pressed = cues.has(Cue::Threat) || cues.has(Cue::Pretend);
    let act = has(Cue::Otp) + has(Cue::Link) + usize::from(pressed && strange_address(text));
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

/// Whether the narrative itself is asked about, not merely followed by a rhetorical question.
fn asked(text: &Prepared, cues: &Found, known: &Match) -> bool {
    let sentence = known.place.and_then(|p| text.sentence_at(p.0));
    let marked = sentence.is_some_and(|s| {
        text.lower
            .chars()
            .skip(s.end.saturating_sub(2))
            .take(2)
            .any(|c| c == '?')
    });
    cues.has(Cue::Ask) || cues.has(Cue::AskTruth) || marked
}

/// Whether the text sends readers to an address that is not the state's.
fn strange_address(text: &Prepared) -> bool {
    text.folded.split_whitespace().any(|word| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        let host = word
            .trim_start_matches("https://")
            .trim_start_matches("http://")
            .split('/')
            .next()
            .unwrap_or_default();
        let ending = host.rsplit_once('.').map_or("", |(_, end)| end);
        let named =
            ending.len() >= 2 && ending.chars().all(|c| c.is_ascii_lowercase()) && host.len() > ending.len() + 3;
        named
            && host.is_ascii()
            && !host.ends_with(".gov.vn")
            && host
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
    })
}
