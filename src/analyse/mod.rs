//! Item to Analysis: language, relevance, topics, sentiment, content kind, provinces, claims. Pure.

mod cues;
mod facts;
mod kind;
mod language;
pub mod learnt;
mod place;
mod prepare;
mod quantity;
mod relevance;
mod rumour;
mod sentiment;
mod topics;
mod verdict;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::learn::{Document, Model, Read};
use crate::model::Time;
use crate::model::analysis::{Analysis, Misinformation, Reason, Verdict};
use crate::model::item::Item;
use crate::model::knowledge::Knowledge;
use cues::{Cue, Cues, Found};
use prepare::Prepared;

/// What is known around an item.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Title or gist of what it answers; `None`: the item is judged alone, whatever its own `thread` says.
    pub thread: Option<&'a str>,
    /// Analysis of the item it answers.
    pub parent: Option<&'a Analysis>,
    /// "Now" for items without a date.
    pub at: Time,
    /// Province of a local source, by id.
    pub source_province: Option<&'a str>,
    /// Whether to strip accents first.
    pub fold: bool,
}

/// Rules and lexicons compiled once; analysing changes nothing and may be done from many threads.
#[derive(Debug, Clone)]
pub struct Analyser {
    knowledge: Knowledge,
    cues: Cues,
    language: language::Language,
    relevance: relevance::Relevance,
    topics: topics::Topics,
    places: place::Places,
    rumours: rumour::Rumours,
    facts: facts::Facts,
    version: String,
    model: Option<Arc<Model>>,
}

/// Everything found in one text, before the decisions are written down.
struct Reading<'a> {
    text: Prepared,
    cues: Found,
    thread: Option<(Prepared, Found)>,
    context: &'a Context<'a>,
}

impl Analyser {
    /// Compiles what people taught the service, with the models that are shipped.
    pub fn new(knowledge: &Knowledge) -> Analyser {
        Analyser::with_model(knowledge, learnt::shipped())
    }

    /// The same with another model, or with rules alone.
    pub fn with_model(knowledge: &Knowledge, model: Option<Arc<Model>>) -> Analyser {
        let version = match &model {
            Some(model) => format!("rules-2+{}+{}", knowledge.version, model.note()),
            None => format!("rules-2+{}", knowledge.version),
        };
        Analyser {
            cues: Cues::new(),
            language: language::Language::new(),
            relevance: relevance::Relevance::new(knowledge),
            topics: topics::Topics::new(knowledge),
            places: place::Places::new(knowledge),
            rumours: rumour::Rumours::new(knowledge),
            facts: facts::Facts::new(knowledge),
            version,
            model,
            knowledge: knowledge.clone(),
        }
    }

    /// Whether an item concerns the sector: the first decision of [`Analyser::analyse`] alone, at a fraction of its cost.
    pub fn is_relevant(&self, item: &Item, context: &Context<'_>) -> bool {
        let reading = self.read(item, context);
        let around = self.around(&reading);
        self.relevance.judge(&reading.text, &reading.cues, around).yes()
    }

    /// What a model reads of an item: its words and what the rules say.
    pub fn document(&self, item: &Item, context: &Context<'_>) -> Document {
        let reading = self.read(item, context);
        let rules = self.by_rules(item, &reading);
        learnt::document(item, &reading, &rules, self.cues.groups())
    }

    /// Understands one item: by rules, whose findings the models weigh with the words.
    pub fn analyse(&self, item: &Item, context: &Context<'_>) -> Analysis {
        let reading = self.read(item, context);
        let mut analysis = self.by_rules(item, &reading);
        let Some(model) = self.model.as_ref().filter(|_| analysis.relevant) else {
            return analysis;
        };
        let document = model.read(&learnt::document(item, &reading, &analysis, self.cues.groups()));
        let scores = model.judge(&document);
        let mut reasons = Reasons {
            text: &reading.text,
            list: std::mem::take(&mut analysis.reasons),
        };
        if let Some(sentiment) = learnt::sentiment(&scores) {
            if sentiment.label != analysis.sentiment.label {
                reasons.list.retain(|reason| !reason.what.starts_with("sentiment:"));
            }
            analysis.sentiment = sentiment;
        }
        let claim = learnt::claim(&scores, &reading, &analysis.misinformation, &self.knowledge);
        if let Some(claim) = claim {
            if let (Some(id), true) = (&claim.rumour_id, claim.verdict.is_flagged()) {
                reasons.learnt(model, &document, learnt::RUMOUR, id, &format!("rumour:{id}"));
            }
            if claim.verdict == Verdict::Scam && claim.rumour_id.is_none() {
                reasons.learnt(model, &document, learnt::CLAIM, "scam", "scam");
            }
            analysis.misinformation = claim;
        }
        if let Some(kind) = learnt::content_kind(item, &scores, analysis.content_kind) {
            analysis.content_kind = kind;
        }
        if let Some(topics) = learnt::topics(&scores, &analysis.topics) {
            let told = |what: &str| topics.iter().any(|topic| what == format!("topic:{}", topic.id));
            reasons
                .list
                .retain(|reason| !reason.what.starts_with("topic:") || told(&reason.what));
            analysis.topics = topics;
        }
        // Where no rule has a word for a decision, the words that weighed most.
        let label = analysis.sentiment.label;
        if label != crate::model::analysis::SentimentLabel::Neutral {
            reasons.learnt(
                model,
                &document,
                learnt::SENTIMENT,
                label.as_str(),
                &format!("sentiment:{label}"),
            );
        }
        for topic in &analysis.topics {
            reasons.learnt(
                model,
                &document,
                learnt::TOPICS,
                &topic.id,
                &format!("topic:{}", topic.id),
            );
        }
        analysis.reasons = reasons.list;
        analysis
    }

    fn by_rules(&self, item: &Item, reading: &Reading<'_>) -> Analysis {
        let context = reading.context;
        let relevant = self.relevance.judge(&reading.text, &reading.cues, self.around(reading));
        let mut reasons = Reasons {
            text: &reading.text,
            list: Vec::new(),
        };
        for (start, end) in &relevant.words {
            reasons.add("relevance", (*start, *end));
        }
        let lang = item.lang.clone().unwrap_or_else(|| self.language.detect(&reading.text));
        let places = self.places.find(&reading.text);
        for (id, start, end) in &places {
            reasons.add(&format!("province:{id}"), (*start, *end));
        }
        let mut provinces: Vec<String> = places.into_iter().map(|p| p.0).collect();
        if let (true, Some(own)) = (provinces.is_empty() && is_local(&reading.text), context.source_province) {
            provinces.push(own.to_owned());
        }
        let numbers = quantity::find(&reading.text);
        let misinformation = self.claims(item, reading, &provinces, &numbers, relevant.yes(), &mut reasons);
        let offers = kind::offers(&reading.text, &reading.cues);
        let sentiment = sentiment::judge(&reading.text, &reading.cues, misinformation.verdict, offers);
        let content_kind = kind::judge(
            item,
            &reading.text,
            &reading.cues,
            misinformation.verdict,
            &sentiment,
            numbers.len(),
        );
        let cue = if sentiment.label == crate::model::analysis::SentimentLabel::Negative {
            Cue::Blame
        } else {
            Cue::Thanks
        };
        for hit in reading.cues.of(cue).take(3) {
            reasons.add(&format!("sentiment:{}", sentiment.label), (hit.start, hit.end));
        }
        let topics = if relevant.yes() {
            self.topics_of(reading, &misinformation, &mut reasons)
        } else {
            Vec::new()
        };
        Analysis {
            id: item.id.clone(),
            lang,
            relevant: relevant.yes(),
            relevance: relevant.score,
            topics,
            sentiment,
            content_kind,
            misinformation,
            provinces,
            reasons: reasons.list,
            version: self.version.clone(),
        }
    }

    fn read<'a>(&self, item: &Item, context: &'a Context<'a>) -> Reading<'a> {
        let teencode = &self.knowledge.relevance.teencode;
        let text = Prepared::of_item(item, teencode, context.fold);
        let cues = self.cues.find(&text);
        let thread = context.thread.map(|thread| {
            let prepared = Prepared::new(thread, 0, item.is_social(), teencode, context.fold);
            let cues = self.cues.find(&prepared);
            (prepared, cues)
        });
        Reading {
            text,
            cues,
            thread,
            context,
        }
    }

    /// Relevance of what the item answers.
    fn around(&self, reading: &Reading<'_>) -> Option<f32> {
        let thread = reading
            .thread
            .as_ref()
            .map(|(text, cues)| self.relevance.judge(text, cues, None).score);
        let parent = reading.context.parent.map(|p| p.relevance);
        match (thread, parent) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        }
    }

    fn claims(
        &self,
        item: &Item,
        reading: &Reading<'_>,
        provinces: &[String],
        numbers: &[quantity::Quantity],
        relevant: bool,
        reasons: &mut Reasons<'_>,
    ) -> Misinformation {
        let thread = reading.thread.as_ref();
        let at = item
            .time(reading.context.at)
            .with_timezone(&crate::model::vietnam())
            .date_naive();
        let judged = self.facts.judge(
            &reading.text,
            thread.map(|t| &t.0),
            numbers,
            &reading.cues,
            provinces,
            at,
        );
        let known = relevant
            .then(|| self.rumours.find(&reading.text, thread.map(|t| &t.0)))
            .flatten();
        let mut decision = verdict::decide(
            &reading.text,
            &reading.cues,
            known.as_ref(),
            &judged,
            thread.map(|t| &t.1),
            &self.knowledge,
        );
        if !relevant {
            decision.verdict = Verdict::None;
        }
        for fact in &judged {
            reasons.add(&format!("fact:{}", fact.check.id), fact.place);
        }
        let rumour_id = known.as_ref().map(|k| self.knowledge.rumours[k.rumour].id.clone());
        if let (Some(id), Some(place)) = (&rumour_id, known.as_ref().and_then(|k| k.place)) {
            reasons.add(&format!("rumour:{id}"), place);
        }
        Misinformation {
            verdict: decision.verdict,
            score: decision.score,
            rumour_id,
            facts: judged.into_iter().map(|j| j.check).collect(),
        }
    }

    fn topics_of(
        &self,
        reading: &Reading<'_>,
        claims: &Misinformation,
        reasons: &mut Reasons<'_>,
    ) -> Vec<crate::model::analysis::TopicScore> {
        let mut boost: BTreeMap<&str, f32> = BTreeMap::new();
        if claims.verdict == Verdict::Scam || reading.cues.count(Cue::Warn) >= 2 {
            boost.insert("lua_dao_mao_danh", 4.0);
        }
        let thread = reading.thread.as_ref().map(|t| &t.0);
        let scored = self.topics.score(&reading.text, thread, &boost);
        for (topic, place) in &scored {
            if let Some(place) = place {
                reasons.add(&format!("topic:{}", topic.id), *place);
            }
        }
        scored.into_iter().map(|s| s.0).collect()
    }
}

/// Whether a text speaks of a province without naming it.
fn is_local(text: &Prepared) -> bool {
    [
        "toàn tỉnh",
        "của tỉnh",
        "bhxh tỉnh",
        "trên địa bàn tỉnh",
        "toàn thành phố",
        "trên địa bàn thành phố",
    ]
    .iter()
    .any(|w| text.lower.contains(w))
}

/// Collects the words behind decisions.
struct Reasons<'a> {
    text: &'a Prepared,
    list: Vec<Reason>,
}

impl Reasons<'_> {
    /// Adds the words that weighed most for a label, unless a rule named some.
    fn learnt(&mut self, model: &Model, document: &Read, task: &str, label: &str, what: &str) {
        if !self.list.iter().any(|reason| reason.what == what) {
            for reason in model.reasons(document, task, label, 2) {
                self.add(what, reason.place);
            }
        }
    }

    fn add(&mut self, what: &str, (start, end): (usize, usize)) {
        self.list.push(Reason {
            what: what.to_owned(),
            span: self.text.span(start, end),
            text: self.text.words(start, end),
        });
    }
}
