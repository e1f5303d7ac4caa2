//! What the trained models say, beside the rules: a document for them from a reading, and their answers as decisions.

use std::sync::{Arc, LazyLock};

use super::Reading;
use super::cues::Cue;
use super::kind;
use crate::learn::{Document, Model, Scores};
use crate::model::analysis::{Analysis, ContentKind, Misinformation, Sentiment, SentimentLabel, TopicScore, Verdict};
use crate::model::item::Item;
use crate::model::knowledge::{Knowledge, VerdictCap};

/// Characters of a press text that are read: headline and beginning say what an article is about.
const PRESS: usize = 1_500;
/// Characters of a post that are read.
const POST: usize = 3_000;
/// Topics below this probability are not told; the likeliest always is. Below it is for topics that rules tell too.
const TOPIC: f32 = 0.3;
const TOPIC_OF_BOTH: f32 = 0.15;
/// What stands beside a topic, never for one: that something false is told about it.
const FALSE_NEWS: &str = "tin_gia_chinh_sach";
/// What is about the sector but of no topic.
const OTHER: &str = "khac";
/// Probability from which a topic is believed that no rule has a word for.
const SURE: f32 = 0.5;
/// Probability from which a text only asks or denies; and from which that outweighs what the rules flag.
const STANCE: f32 = 0.5;
const OVERRULES: f32 = 0.7;
/// Probability from which a post tells something false, and from which it is one narrative of the catalogue.
const TELLS: f32 = 0.5;
const NAMED: f32 = 0.4;
/// How much more likely a complaint is where the rules hear one.
const TROUBLE: f32 = 2.5;
/// Topics told at most, false news not counted.
const MOST_TOPICS: usize = 2;

/// Names of the decisions in the model.
pub const SENTIMENT: &str = "sentiment";
/// What a text does.
pub const KIND: &str = "content_kind";
/// What it is about.
pub const TOPICS: &str = "topics";
/// What it does about true and false: as the labelling guide calls it.
pub const CLAIM: &str = "misinformation";
/// Which catalogued narrative it speaks of.
pub const RUMOUR: &str = "rumour";

/// The model that is shipped, rebuilt by `diemtin train`.
pub fn shipped() -> Option<Arc<Model>> {
    static MODEL: LazyLock<Option<Arc<Model>>> = LazyLock::new(|| {
        let bytes = include_bytes!("../../models/understanding.dtm");
        let model = Model::from_bytes(bytes);
        model
            .map(Arc::new)
            .map_err(|error| tracing::error!(%error, "models/understanding.dtm"))
            .ok()
    });
    MODEL.clone()
}

/// What the models read of an item, with what the rules say of it.
pub(super) fn document(item: &Item, reading: &Reading<'_>, rules: &Analysis, cues: &[Cue]) -> Document {
    let most = if reading.text.social { POST } else { PRESS };
    let text = &reading.text;
    let mut signals: Vec<(String, f32)> = Vec::new();
    let mut signal = |name: String, strength: f32| signals.push((name, strength));
    for cue in cues {
        let count = reading.cues.of(*cue).filter(|hit| hit.start < most).count();
        if count > 0 {
            signal(format!("cue:{cue:?}"), 0.2 + 0.1 * count.min(4) as f32);
        }
        if reading.cues.of(*cue).any(|hit| hit.start < text.title_end) {
            signal(format!("title:{cue:?}"), 0.3);
        }
        if reading.thread.as_ref().is_some_and(|(_, cues)| cues.has(*cue)) {
            signal(format!("thread:{cue:?}"), 0.2);
        }
    }
    signal(format!("kind:{}", item.kind), 0.4);
    signal(
        format!("length:{}", (text.len() as f32 / 40.0).log2().clamp(0.0, 7.0) as u8),
        0.2,
    );
    signal(
        format!("rules:sentiment={}", rules.sentiment.label),
        0.6 * rules.sentiment.score,
    );
    signal(format!("rules:kind={}", rules.content_kind), 0.4);
    signal(format!("rules:verdict={}", rules.misinformation.verdict), 0.4);
    if kind::asks(text, &reading.cues) {
        signal("asks".into(), 0.4);
    }
    if kind::offers(text, &reading.cues) {
        signal("offers".into(), 0.4);
    }
    for (place, topic) in rules.topics.iter().enumerate() {
        signal(
            format!("rules:topic={}", topic.id),
            if place == 0 { 0.8 } else { 0.5 } * topic.score,
        );
    }
    Document {
        text: text.lower.chars().take(most).collect(),
        thread: reading
            .thread
            .as_ref()
            .map(|(thread, _)| thread.lower.clone())
            .unwrap_or_default(),
        signals,
    }
}

/// The stance the model tells.
pub(super) fn sentiment(scores: &Scores) -> Option<Sentiment> {
    let (label, score) = scores.get(SENTIMENT)?.first()?;
    let label = match label.as_str() {
        "negative" => SentimentLabel::Negative,
        "positive" => SentimentLabel::Positive,
        _ => SentimentLabel::Neutral,
    };
    Some(Sentiment { label, score: *score })
}

/// What the text does, as the model tells; the author's own trouble and thanks are no press reportage.
///
/// Where the rules hear the author's own trouble, that counts more: a complaint put as a question or a joke is to reach the
/// unit concerned.
pub(super) fn content_kind(item: &Item, scores: &Scores, rules: ContentKind) -> Option<ContentKind> {
    let of_people = [ContentKind::Complaint, ContentKind::Praise, ContentKind::Ad];
    let may_be = |kind: &ContentKind| item.is_social() || !of_people.contains(kind);
    let weight = |kind: ContentKind, p: f32| match kind == ContentKind::Complaint && rules == kind {
        true => p * TROUBLE,
        false => p,
    };
    let kinds = scores
        .get(KIND)?
        .iter()
        .filter_map(|(label, p)| Some((label.parse().ok()?, *p)));
    kinds
        .filter(|(kind, _)| may_be(kind))
        .max_by(|a, b| weight(a.0, a.1).total_cmp(&weight(b.0, b.1)))
        .map(|(kind, _)| kind)
}

/// What the text is about, as the model tells, main topic first. Where the rules know no topic and the model none for sure, a
/// person sorts the text.
pub(super) fn topics(scores: &Scores, rules: &[TopicScore]) -> Option<Vec<TopicScore>> {
    let all = scores.get(TOPICS)?;
    let is_open = rules.iter().all(|topic| topic.id == OTHER);
    if is_open && all.first().is_none_or(|(_, score)| *score < SURE) {
        return None;
    }
    let by_rules = |id: &str| rules.iter().any(|topic| topic.id == id);
    let (beside, matters): (Vec<_>, Vec<_>) = all.iter().partition(|(id, _)| id == FALSE_NEWS);
    let is_told = |place: usize, (id, score): &(String, f32)| {
        let needed = if by_rules(id) { TOPIC_OF_BOTH } else { TOPIC };
        place == 0 || *score >= needed
    };
    let told = matters
        .into_iter()
        .enumerate()
        .filter(|(place, topic)| is_told(*place, topic));
    let beside = beside.into_iter().filter(|(_, score)| *score >= TOPIC);
    let told = told.map(|(_, topic)| topic).take(MOST_TOPICS).chain(beside);
    let score = |(id, score): &(String, f32)| TopicScore {
        id: id.clone(),
        score: *score,
    };
    Some(told.map(score).collect())
}

/// What the model adds to the rules' suggestion about misinformation.
///
/// It may see that a text only asks or denies; and where the rules saw nothing, that a post tells a narrative of the
/// catalogue in other words: the entry is named, and what refutes it stands there. It never flags the press, nobody's own
/// experience, and nothing that is in no catalogue unless it makes the moves of a scam.
pub(super) fn claim(
    scores: &Scores,
    reading: &Reading<'_>,
    rules: &Misinformation,
    knowledge: &Knowledge,
) -> Option<Misinformation> {
    let (told, sure) = scores.get(CLAIM)?.first()?;
    let told: Verdict = told.parse().ok()?;
    let changed = |verdict, score, rumour: Option<String>| {
        Some(Misinformation {
            verdict,
            score,
            rumour_id: rumour.or_else(|| rules.rumour_id.clone()),
            facts: rules.facts.clone(),
        })
    };
    let named = scores
        .get(RUMOUR)
        .and_then(|all| all.first())
        .filter(|(_, p)| *p >= NAMED);
    let entry = named.and_then(|(id, _)| knowledge.find_rumour(id));
    let cues = &reading.cues;
    // The press says it warns or denies.
    let speaks = reading.text.social || cues.has(Cue::Deny) || cues.has(Cue::Warn);
    if told == Verdict::Debunk && !speaks {
        return None;
    }
    match (rules.verdict, told) {
        (Verdict::None | Verdict::NeedsCheck, Verdict::Question | Verdict::Debunk) if *sure >= STANCE => {
            changed(told, *sure, entry.map(|entry| entry.id.clone()))
        }
        (Verdict::Rumour | Verdict::Scam | Verdict::Outdated, Verdict::Question | Verdict::Debunk)
            if *sure >= OVERRULES =>
        {
            changed(told, *sure, None)
        }
        (Verdict::None, Verdict::Rumour | Verdict::Scam | Verdict::NeedsCheck)
            if reading.text.social && *sure >= TELLS =>
        {
            let own = cues.has(Cue::Testimony) && cues.has(Cue::Trouble);
            match entry {
                Some(entry) if !own => {
                    let verdict = match entry.verdict_cap {
                        Some(VerdictCap::NeedsCheck) => Verdict::NeedsCheck,
                        None if told == Verdict::NeedsCheck => Verdict::NeedsCheck,
                        None if entry.kind.is_scam() => Verdict::Scam,
                        None => Verdict::Rumour,
                    };
                    changed(verdict, *sure, Some(entry.id.clone()))
                }
                None if told == Verdict::Scam && !own && moves(cues) => changed(Verdict::Scam, *sure, None),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Whether a text makes a move of a scam at all.
fn moves(cues: &super::cues::Found) -> bool {
    let moves = [
        Cue::Otp,
        Cue::Link,
        Cue::Private,
        Cue::Upfront,
        Cue::Promise,
        Cue::Threat,
        Cue::Pretend,
        Cue::Guarantee,
        Cue::Service,
        Cue::BuyBook,
    ];
    moves.into_iter().any(|cue| cues.has(cue))
}
