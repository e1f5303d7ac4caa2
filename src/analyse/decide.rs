//! What the words found add up to. Each decision keeps the words behind it.

use std::collections::BTreeMap;

use super::Tag;
use super::cues::Cue;
use super::lane::Prepared;
use super::matcher::Hit;
use super::rumour::Likeness;
use crate::model::analysis::{
    Analysis, ContentKind, FactCheck, FactVerdict, Misinformation, Reason, Sentiment, SentimentLabel, TopicScore,
    Verdict,
};
use crate::model::item::{Item, ItemKind};
use crate::model::knowledge::{Knowledge, VerdictCap};

/// A topic counts when its score reaches this share of the main topic's.
const TOPIC_SHARE: f32 = 0.45;
/// Topics beyond this many are noise to a reader.
const TOPICS_MOST: usize = 3;
/// Share of a rumour's wording that makes an asserting text a match.
const RUMOUR_MATCH: f32 = 0.38;

/// What is known of what an item answers.
pub(super) struct ThreadView<'a> {
    pub hits: Vec<Hit<Tag>>,
    pub parent: Option<&'a Analysis>,
}

/// Everything found in one text.
pub(super) struct Evidence<'a> {
    pub item: &'a Item,
    pub lang: String,
    pub text: &'a Prepared,
    pub hits: Vec<Hit<Tag>>,
    pub title_end: usize,
    pub likeness: Option<Likeness>,
    pub facts: Vec<(FactCheck, [usize; 2])>,
    pub places: Vec<(String, [usize; 2])>,
    pub thread: ThreadView<'a>,
    pub source_province: Option<&'a str>,
}

impl Evidence<'_> {
    pub fn decide(self, knowledge: &Knowledge, version: &str) -> Analysis {
        let mut reasons = Vec::new();
        let relevance = self.relevance(knowledge, &mut reasons);
        let relevant = relevance >= 0.5;
        let topics = if relevant {
            self.topics(knowledge, &mut reasons)
        } else {
            Vec::new()
        };
        let content_kind = self.content_kind();
        let misinformation = if relevant {
            self.misinformation(knowledge, content_kind, &mut reasons)
        } else {
            nothing()
        };
        let sentiment = if relevant {
            self.sentiment(&misinformation, &mut reasons)
        } else {
            neutral(0.5)
        };
        let provinces = if relevant {
            self.provinces(&mut reasons)
        } else {
            Vec::new()
        };
        Analysis {
            id: self.item.id.clone(),
            lang: self.lang,
            relevant,
            relevance,
            topics,
            sentiment,
            content_kind,
            misinformation,
            provinces,
            reasons,
            version: version.to_owned(),
        }
    }

    fn reason(&self, what: impl Into<String>, span: [usize; 2]) -> Reason {
        let text = self
            .text
            .chars
            .iter()
            .skip(span[0])
            .take(span[1].saturating_sub(span[0]))
            .collect();
        Reason {
            what: what.into(),
            span,
            text,
        }
    }

    fn has(&self, cue: Cue) -> bool {
        self.hits.iter().any(|hit| hit.tag == Tag::Cue(cue))
    }

    fn count(&self, cue: Cue) -> usize {
        self.hits.iter().filter(|hit| hit.tag == Tag::Cue(cue)).count()
    }

    fn relevance(&self, knowledge: &Knowledge, reasons: &mut Vec<Reason>) -> f32 {
        let own = anchors(&self.hits, knowledge);
        let thread = anchors(&self.thread.hits, knowledge);
        for span in &own.spans {
            reasons.push(self.reason("relevance", *span));
        }
        let parent = self.thread.parent.is_some_and(|p| p.relevant);
        let answers = self.item.kind == ItemKind::Comment || self.item.parent.is_some();
        let mut score: f32 = 0.0;
        if own.strong > 0 {
            score = 0.75 + 0.05 * (own.strong.min(4) as f32) + if own.weak > 0 { 0.05 } else { 0.0 };
            if own.not_ours > own.strong {
                score -= 0.35;
            }
        } else if own.weak >= 2 || (own.weak == 1 && own.topics > 0) || own.free_topics >= 2 {
            score = if own.not_ours > 0 { 0.35 } else { 0.65 };
        } else if own.weak + own.free_topics > 0 {
            score = 0.3;
        }
        if answers && (thread.strong > 0 || thread.weak >= 2 || parent) {
            score = score.max(if own.not_ours > 0 && own.strong == 0 { 0.45 } else { 0.7 });
        }
        if self.lang == "und" || self.lang == "ko" || self.lang == "ja" {
            score *= 0.8;
        }
        score.clamp(0.0, 0.99)
    }

    fn topics(&self, knowledge: &Knowledge, reasons: &mut Vec<Reason>) -> Vec<TopicScore> {
        let mut scores: BTreeMap<usize, f32> = BTreeMap::new();
        for hit in &self.hits {
            let (index, weight) = match hit.tag {
                Tag::Topic(index) => (index, 1.0),
                Tag::Against(index) | Tag::For(index) => (index, 0.4),
                _ => continue,
            };
            let place = if hit.span[1] <= self.title_end { 2.0 } else { 1.0 };
            let telling = 0.6 + 0.25 * hit.syllables as f32;
            *scores.entry(index).or_default() += weight * place * telling;
            if weight >= 1.0 {
                reasons.push(self.reason(format!("topic:{}", knowledge.topics[index].id), hit.span));
            }
        }
        for hit in &self.thread.hits {
            if let Tag::Topic(index) = hit.tag {
                *scores.entry(index).or_default() += 0.8 * (0.6 + 0.25 * hit.syllables as f32);
                reasons.push(Reason {
                    what: format!("topic:{}", knowledge.topics[index].id),
                    span: [0, 0],
                    text: String::new(),
                });
            }
        }
        if let Some(parent) = self.thread.parent {
            for topic in &parent.topics {
                if let Some(index) = knowledge.topics.iter().position(|t| t.id == topic.id) {
                    *scores.entry(index).or_default() += 0.7 * topic.score;
                }
            }
        }
        let mut ranked: Vec<(usize, f32)> = scores.into_iter().collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let Some((_, best)) = ranked.first().copied() else {
            return vec![TopicScore {
                id: "khac".into(),
                score: 0.3,
            }];
        };
        ranked
            .into_iter()
            .filter(|(_, score)| *score >= best * TOPIC_SHARE && *score >= 0.8)
            .take(TOPICS_MOST)
            .map(|(index, score)| TopicScore {
                id: knowledge.topics[index].id.clone(),
                score: score / (score + 1.2),
            })
            .collect::<Vec<_>>()
            .into_iter()
            .chain((best < 0.8).then(|| TopicScore {
                id: "khac".into(),
                score: 0.3,
            }))
            .collect()
    }

    fn asks(&self) -> bool {
        let typed: String = self.text.chars.iter().collect();
        let ends = typed.trim_end().ends_with(['?', '？']);
        ends || (self.has(Cue::Question) && !self.has(Cue::Spread)) || (self.has(Cue::Question) && typed.contains('?'))
    }

    fn content_kind(&self) -> ContentKind {
        if self.item.kind == ItemKind::Press {
            return ContentKind::Report;
        }
        let long = self.text.chars.len() > 60;
        let lures = self.lures();
        let sells = self.count(Cue::Ad) + usize::from(self.has(Cue::Promise)) + usize::from(self.has(Cue::Chat));
        if (sells >= 2 || lures >= 3) && !self.has(Cue::Warn) && !self.has(Cue::Firsthand) {
            return ContentKind::Ad;
        }
        if self.asks() && !(self.has(Cue::Complaint) && self.has(Cue::Firsthand) && self.has(Cue::Blame)) {
            return ContentKind::Question;
        }
        if self.has(Cue::Complaint) && (self.has(Cue::Firsthand) || self.count(Cue::Complaint) >= 2) {
            return ContentKind::Complaint;
        }
        if self.has(Cue::Suggestion) && !self.has(Cue::Deny) {
            return ContentKind::Suggestion;
        }
        if self.count(Cue::Praise) > self.count(Cue::Blame) + self.count(Cue::Sarcasm) {
            return ContentKind::Praise;
        }
        if self.count(Cue::Report) >= 2 && long {
            return ContentKind::Report;
        }
        let claims = self.has(Cue::Spread) || self.has(Cue::Grave) || !self.facts.is_empty() || self.has(Cue::Deny);
        let mocks = self.has(Cue::Sarcasm) || self.has(Cue::Blame) || self.has(Cue::Distrust);
        if claims && !mocks && long {
            ContentKind::Claim
        } else {
            ContentKind::Comment
        }
    }

    fn lures(&self) -> usize {
        [
            Cue::Otp,
            Cue::Transfer,
            Cue::Link,
            Cue::Chat,
            Cue::Promise,
            Cue::Impersonate,
        ]
        .into_iter()
        .filter(|cue| self.has(*cue))
        .count()
    }

    /// Stance first: who asks, denies, warns, reports a fine or tells what happened to them accuses nobody.
    fn misinformation(&self, knowledge: &Knowledge, kind: ContentKind, reasons: &mut Vec<Reason>) -> Misinformation {
        let rumour = self
            .likeness
            .map(|likeness| (&knowledge.rumours[likeness.rumour], likeness));
        let like = rumour.filter(|(_, l)| l.score >= RUMOUR_MATCH);
        let facts: Vec<FactCheck> = self.facts.iter().map(|(check, _)| check.clone()).collect();
        let make = |verdict, score, rumour_id: Option<&str>| Misinformation {
            verdict,
            score,
            rumour_id: rumour_id.map(str::to_owned),
            facts: facts.clone(),
        };
        let press = self.item.kind == ItemKind::Press;
        let denies = self.has(Cue::Deny)
            || self.has(Cue::Fine)
            || (self.has(Cue::Warn) && (press || self.count(Cue::Warn) >= 2));
        let near = rumour.filter(|(_, l)| l.score >= 0.25).map(|(r, _)| r.id.as_str());
        if denies && (press || near.is_some() || self.count(Cue::Warn) + self.count(Cue::Deny) >= 2) {
            return make(Verdict::Debunk, 0.7, near);
        }
        if self.has(Cue::Verify) && (self.asks() || near.is_some()) {
            return make(Verdict::Question, 0.7, near);
        }
        let opens_alarm = !press && !denies && kind != ContentKind::Question;
        let tells_own = self.has(Cue::Firsthand) || kind == ContentKind::Complaint || kind == ContentKind::Suggestion;
        let alike = like.is_some_and(|(_, l)| l.look_alike > l.score * 1.05);
        if opens_alarm && self.is_scam(like.is_some_and(|(r, _)| r.kind.is_scam())) {
            self.explain(
                "scam",
                &[
                    Cue::Otp,
                    Cue::Transfer,
                    Cue::Link,
                    Cue::Chat,
                    Cue::Promise,
                    Cue::Impersonate,
                ],
                reasons,
            );
            let id = like.filter(|(r, _)| r.kind.is_scam()).map(|(r, _)| r.id.as_str());
            return make(Verdict::Scam, 0.5 + 0.1 * self.lures() as f32, id);
        }
        if opens_alarm && !tells_own && !alike && !self.has(Cue::Hedge) && !self.has(Cue::Past) {
            if let Some((rumour, likeness)) = like.filter(|(r, _)| !r.kind.is_scam()) {
                self.explain(&format!("rumour:{}", rumour.id), &[Cue::Grave, Cue::Spread], reasons);
                let capped = rumour.verdict_cap == Some(VerdictCap::NeedsCheck);
                let mocks = self.has(Cue::Sarcasm) || self.count(Cue::Blame) >= 2;
                let asserted = self.has(Cue::Spread) || self.has(Cue::Grave) || likeness.score >= 0.55;
                if asserted && !mocks {
                    let verdict = if capped { Verdict::NeedsCheck } else { Verdict::Rumour };
                    return make(verdict, likeness.score.min(0.95), Some(&rumour.id));
                }
            }
            if let Some((check, span)) = self.refuted() {
                reasons.push(self.reason(format!("fact:{}", check.id), span));
                let outdated = check.verdict == FactVerdict::Outdated;
                return make(
                    if outdated {
                        Verdict::Outdated
                    } else {
                        Verdict::Contradicts
                    },
                    0.7,
                    None,
                );
            }
            if kind == ContentKind::Claim && self.has(Cue::Spread) && self.has(Cue::Grave) && !self.has(Cue::Sarcasm) {
                self.explain("needs_check", &[Cue::Grave, Cue::Spread], reasons);
                return make(Verdict::NeedsCheck, 0.5, near);
            }
        }
        make(Verdict::None, 0.0, None)
    }

    fn refuted(&self) -> Option<(&FactCheck, [usize; 2])> {
        self.facts
            .iter()
            .find(|(check, _)| matches!(check.verdict, FactVerdict::Outdated | FactVerdict::Contradicts))
            .map(|(check, span)| (check, *span))
    }

    /// A lure: what it does, not what it is called. Asking for money or data beside a promise or in the agency's name.
    fn is_scam(&self, like_one: bool) -> bool {
        let asks = [Cue::Otp, Cue::Transfer, Cue::Link]
            .into_iter()
            .filter(|cue| self.has(*cue))
            .count();
        let baits = [Cue::Promise, Cue::Impersonate]
            .into_iter()
            .filter(|cue| self.has(*cue))
            .count();
        let chat = usize::from(self.has(Cue::Chat));
        if self.has(Cue::Warn) || (self.has(Cue::Firsthand) && asks + chat < 2) {
            return false;
        }
        (asks >= 1 && baits >= 1 && asks + baits + chat >= 3) || (like_one && asks + chat + baits >= 2)
    }

    fn explain(&self, what: &str, cues: &[Cue], reasons: &mut Vec<Reason>) {
        for hit in &self.hits {
            if matches!(hit.tag, Tag::Cue(cue) if cues.contains(&cue)) {
                reasons.push(self.reason(what, hit.span));
            }
        }
    }

    fn sentiment(&self, misinformation: &Misinformation, reasons: &mut Vec<Reason>) -> Sentiment {
        let mut score: f32 = 0.0;
        for hit in &self.hits {
            let weight = match hit.tag {
                Tag::Cue(Cue::Blame) => -1.0,
                Tag::Cue(Cue::Sarcasm) => -0.8,
                Tag::Cue(Cue::Distrust) => -0.7,
                Tag::Cue(Cue::Complaint) => -0.45,
                Tag::Against(_) => -0.6,
                Tag::Cue(Cue::Praise) => 0.8,
                Tag::For(_) => 0.5,
                _ => continue,
            };
            score += weight;
            let what = if weight < 0.0 {
                "sentiment:negative"
            } else {
                "sentiment:positive"
            };
            reasons.push(self.reason(what, hit.span));
        }
        let calm = matches!(
            misinformation.verdict,
            Verdict::Debunk | Verdict::Scam | Verdict::Question
        );
        if calm && score < 0.0 && score > -2.0 {
            score *= 0.3;
        }
        let limit = if self.item.kind == ItemKind::Press { 1.3 } else { 0.75 };
        let label = match score {
            s if s <= -limit => SentimentLabel::Negative,
            s if s >= limit => SentimentLabel::Positive,
            _ => return neutral(0.9 - 0.3 * score.abs() / limit),
        };
        Sentiment {
            label,
            score: score.abs() / (score.abs() + 0.6),
        }
    }

    fn provinces(&self, reasons: &mut Vec<Reason>) -> Vec<String> {
        for (id, span) in &self.places {
            reasons.push(self.reason(format!("province:{id}"), *span));
        }
        match (self.places.is_empty(), self.source_province) {
            (true, Some(province)) => vec![province.to_owned()],
            _ => self.places.iter().map(|(id, _)| id.clone()).collect(),
        }
    }
}

/// Anchors of relevance in one text.
struct Anchors {
    strong: usize,
    weak: usize,
    topics: usize,
    free_topics: usize,
    not_ours: usize,
    spans: Vec<[usize; 2]>,
}

/// Counts anchors; one inside a longer phrase of the other lists is none.
fn anchors(hits: &[Hit<Tag>], knowledge: &Knowledge) -> Anchors {
    let covers = |outer: [usize; 2], inner: [usize; 2]| outer[0] <= inner[0] && inner[1] <= outer[1];
    let voided = |span: [usize; 2]| {
        hits.iter()
            .any(|h| matches!(h.tag, Tag::Veto | Tag::NotOurs) && covers(h.span, span))
    };
    let mut found = Anchors {
        strong: 0,
        weak: 0,
        topics: 0,
        free_topics: 0,
        not_ours: 0,
        spans: Vec::new(),
    };
    let mut last: Option<[usize; 2]> = None;
    for hit in hits {
        match hit.tag {
            Tag::NotOurs => found.not_ours += 1,
            Tag::Strong | Tag::Weak if voided(hit.span) => {}
            Tag::Strong => {
                if last.is_none_or(|span| !covers(span, hit.span)) {
                    found.strong += 1;
                    found.spans.push(hit.span);
                    last = Some(hit.span);
                }
            }
            Tag::Weak => {
                found.weak += 1;
                found.spans.push(hit.span);
            }
            Tag::Topic(index) => {
                found.topics += 1;
                found.free_topics += usize::from(!knowledge.topics[index].needs_anchor);
            }
            _ => {}
        }
    }
    found
}

fn neutral(score: f32) -> Sentiment {
    Sentiment {
        label: SentimentLabel::Neutral,
        score,
    }
}

fn nothing() -> Misinformation {
    Misinformation {
        verdict: Verdict::None,
        score: 0.0,
        rumour_id: None,
        facts: Vec::new(),
    }
}
