//! What a text does: asserts, complains, asks, proposes, praises, reports, comments or offers.

use super::cues::{Cue, Found};
use super::prepare::Prepared;
use crate::model::analysis::{ContentKind, Sentiment, SentimentLabel, Verdict};
use crate::model::item::{Item, ItemKind};

/// Whether a text offers goods or services.
pub fn offers(text: &Prepared, cues: &Found) -> bool {
    text.social && (cues.count(Cue::Offer) + cues.count(Cue::BuyBook) + cues.count(Cue::Recruit) >= 2)
}

/// Whether a text asks.
pub fn asks(text: &Prepared, cues: &Found) -> bool {
    let ends = text
        .lower
        .trim_end()
        .trim_end_matches(|c: char| !c.is_alphanumeric() && c != '?')
        .ends_with('?');
    let particle = text.folded.trim_end_matches(|c: char| !c.is_alphanumeric());
    let particle = [
        "khong",
        "khong a",
        "vay a",
        "khong vay",
        "chua a",
        "nhi",
        "khong mn",
        "vay moi nguoi",
    ]
    .iter()
    .any(|p| particle.ends_with(&format!(" {p}")));
    cues.has(Cue::Ask) || cues.has(Cue::AskTruth) || ends || particle
}

/// Decides the kind.
pub fn judge(
    item: &Item,
    text: &Prepared,
    cues: &Found,
    verdict: Verdict,
    sentiment: &Sentiment,
    numbers: usize,
) -> ContentKind {
    if !item.is_social() {
        let opinion = cues.of(Cue::Opinion).any(|h| h.start < text.title_end);
        return if opinion {
            ContentKind::Comment
        } else {
            ContentKind::Report
        };
    }
    let negative = sentiment.label == SentimentLabel::Negative;
    let own = cues.has(Cue::Testimony) || cues.has(Cue::FirstPerson);
    let told = if item.kind == ItemKind::Comment {
        ContentKind::Comment
    } else {
        ContentKind::Report
    };
    match verdict {
        Verdict::Question => return ContentKind::Question,
        Verdict::Debunk => return told,
        Verdict::Scam if !offers(text, cues) => return ContentKind::Claim,
        Verdict::Rumour | Verdict::Contradicts | Verdict::NeedsCheck => return ContentKind::Claim,
        _ => {}
    }
    if offers(text, cues) {
        ContentKind::Ad
    } else if cues.has(Cue::Suggest) && !(negative && cues.has(Cue::Trouble)) {
        ContentKind::Suggestion
    } else if asks(text, cues) && !negative {
        ContentKind::Question
    } else if sentiment.label == SentimentLabel::Positive && cues.affirmed(Cue::Thanks, text).count() >= 1 {
        ContentKind::Praise
    } else if cues.has(Cue::Trouble) && (negative || own) || negative && own {
        ContentKind::Complaint
    } else if !negative && (numbers > 0 || verdict == Verdict::Outdated) {
        ContentKind::Claim
    } else {
        ContentKind::Comment
    }
}
