//! The stance of a text toward the sector, from its words of blame and thanks.

use super::cues::{Cue, Found};
use super::prepare::Prepared;
use crate::model::analysis::{Sentiment, SentimentLabel, Verdict};

/// Judges the stance. A press text needs more words than a post; scams, warnings and offers are neutral unless they blame.
pub fn judge(text: &Prepared, cues: &Found, verdict: Verdict, offers: bool) -> Sentiment {
    let blame = cues.affirmed(Cue::Blame, text).count() as f32;
    let trouble = cues.count(Cue::Trouble) as f32;
    let thanks = cues.affirmed(Cue::Thanks, text).count() as f32;
    let (bad, good, least) = if text.social {
        let asks = cues.has(Cue::Ask) || cues.has(Cue::AskTruth);
        let is_own = cues.has(Cue::Testimony) || cues.has(Cue::FirstPerson);
        let own = match (is_own, asks) {
            (_, true) => 0.25,
            (true, _) => 0.8,
            (false, _) => 0.4,
        };
        (blame + own * trouble, thanks, 0.75)
    } else {
        let headline = |cue| cues.of(cue).filter(|h| h.start < text.title_end).count() as f32;
        (
            cues.count(Cue::BadNews) as f32 + headline(Cue::BadNews),
            cues.count(Cue::GoodNews) as f32 + headline(Cue::GoodNews),
            2.0,
        )
    };
    let least = match verdict {
        Verdict::Scam => 3.0,
        Verdict::Debunk | Verdict::Question | Verdict::Rumour => least + 0.75,
        _ if offers => 2.5,
        _ => least,
    };
    let label = if bad >= least && bad > good {
        SentimentLabel::Negative
    } else if good >= least && good > bad {
        SentimentLabel::Positive
    } else {
        SentimentLabel::Neutral
    };
    let gap = (bad - good).abs();
    Sentiment {
        label,
        score: 0.5 + 0.5 * gap / (gap + 2.0),
    }
}
