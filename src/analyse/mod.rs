//! Item to Analysis: language, relevance, topics, sentiment, content kind, provinces, claims. Pure.
//!
//! Goes in: an item, what it answers, the time. Comes out: decisions with scores and the words that led to them. Words
//! stand in `alerts/` and `lexicon.toml`; what they add up to is decided in `decide.rs`. Rules only, in this version.

mod cues;

mod decide;

mod facts;

pub mod lane;

mod language;

mod matcher;

mod place;

pub mod quantity;

mod rumour;

use std::collections::BTreeMap;

use crate::model::Time;
use crate::model::analysis::Analysis;
use crate::model::item::{Item, ItemKind};
use crate::model::knowledge::Knowledge;
use cues::Cue;
use decide::{Evidence, ThreadView};
use facts::{Facts, Setting};
use lane::prepare;
use matcher::{Form, Matcher};
use place::Places;
use rumour::Rumours;

/// Which list a word found belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tag {
    /// Alone makes an item relevant.
    Strong,
    /// Relevant near another.
    Weak,
    /// Other insurance, foreign systems, figures of speech.
    NotOurs,
    /// A phrase in which an anchor is none.
    Veto,
    /// A keyword of the topic with this index.
    Topic(usize),
    /// A word that in this topic speaks against the sector.
    Against(usize),
    /// A word that in this topic speaks for it.
    For(usize),
    /// A word that shows what the text does.
    Cue(Cue),
}

/// What an item is read with.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Title or gist of what a comment answers.
    pub thread: Option<&'a str>,
    /// Analysis of the item it answers.
    pub parent: Option<&'a Analysis>,
    /// "Now" for items without a time.
    pub at: Time,
    /// Province of the source, where it is a local one.
    pub source_province: Option<&'a str>,
    /// Whether to strip accents first: to measure what accent-free typing costs.
    pub fold: bool,
}

/// The knowledge made ready. Make one and keep it.
#[derive(Debug)]
pub struct Analyser {
    matcher: Matcher<Tag>,
    places: Places,
    rumours: Rumours,
    facts: Facts,
    knowledge: Knowledge,
    teencode: BTreeMap<String, String>,
    version: String,
}

impl Analyser {
    /// Makes `knowledge` ready.
    pub fn new(knowledge: &Knowledge) -> Self {
        Self {
            matcher: Matcher::new(lists(knowledge)),
            places: Places::new(&knowledge.provinces),
            rumours: Rumours::new(&knowledge.rumours),
            facts: Facts::new(knowledge),
            teencode: knowledge.relevance.teencode.clone(),
            version: format!("rules-1+{}", knowledge.version),
            knowledge: knowledge.clone(),
        }
    }

    /// Understands one item.
    pub fn analyse(&self, item: &Item, context: &Context<'_>) -> Analysis {
        let fold = |text: &str| {
            if context.fold {
                crate::text::fold::fold(text)
            } else {
                text.to_owned()
            }
        };
        let full = fold(&item.full_text());
        let is_social = item.kind != ItemKind::Press;
        let text = prepare(&full, is_social.then_some(&self.teencode));
        let thread_text = context.thread.map(|thread| prepare(&fold(thread), None));
        let thread = ThreadView {
            hits: thread_text.as_ref().map(|t| self.matcher.find(t)).unwrap_or_default(),
            parent: context.parent,
        };
        let places = self.places.find(&text);
        let province_ids: Vec<String> = places.iter().map(|(id, _)| id.clone()).collect();
        let at = item.time(context.at);
        let evidence = Evidence {
            item,
            lang: language::detect(&full),
            hits: self.matcher.find(&text),
            title_end: item.title.chars().count(),
            likeness: self.rumours.nearest(&text.folded.text),
            facts: self.facts.judge(
                &full,
                text.accent_free,
                &Setting {
                    at: at.date_naive(),
                    provinces: &province_ids,
                },
            ),
            places,
            text: &text,
            thread,
            source_province: context.source_province,
        };
        evidence.decide(&self.knowledge, &self.version)
    }
}

fn lists(knowledge: &Knowledge) -> Vec<(String, Form, Tag)> {
    let words = &knowledge.relevance;
    let mut lists = Vec::new();
    let mut add = |list: &[String], form: Form, tag: Tag| {
        lists.extend(list.iter().map(|word| (word.clone(), form, tag.clone())));
    };
    add(&words.strong, Form::Accented, Tag::Strong);
    add(&words.strong_fold, Form::FoldedIfFree, Tag::Strong);
    add(&words.abbr, Form::Folded, Tag::Strong);
    add(&words.weak, Form::Accented, Tag::Weak);
    add(&words.weak_fold, Form::FoldedIfFree, Tag::Weak);
    add(&words.veto, Form::Accented, Tag::Veto);
    words
        .not_ours
        .values()
        .for_each(|list| add(list, Form::Accented, Tag::NotOurs));
    for (index, topic) in knowledge.topics.iter().enumerate() {
        add(&topic.kw, Form::Accented, Tag::Topic(index));
        add(&topic.kw_fold, Form::FoldedIfFree, Tag::Topic(index));
        add(&topic.abbr, Form::Folded, Tag::Topic(index));
        add(&topic.negative, Form::Accented, Tag::Against(index));
        add(&topic.positive, Form::Accented, Tag::For(index));
    }
    for (cue, list) in cues::lexicon() {
        add(&list, Form::Accented, Tag::Cue(cue));
    }
    lists
}
