//! Early warning: rules over what was seen so far. The same sequence of sights gives the same alerts.

mod evaluate;
mod evidence;
mod lifecycle;
mod reason;
mod window;

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;

use crate::model::alert::{Alert, AlertEvent};
use crate::model::analysis::{Analysis, Verdict};
use crate::model::item::{Engagement, Item};
use crate::model::knowledge::{Knowledge, Rumour};
use crate::model::rule::{GroupBy, Rule};
use crate::model::{AlertId, ItemId, StoryId, Time};

use evidence::Evidence;
use window::Group;

/// One relevant item as it was seen, with what was made of it at that time.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// The item.
    pub item: &'a Item,
    /// What understanding made of it.
    pub analysis: &'a Analysis,
    /// Its story as known then.
    pub story: &'a StoryId,
    /// Headline of that story.
    pub story_title: &'a str,
    /// The item it is a near-copy of.
    pub reprint_of: Option<&'a ItemId>,
    /// When it was collected: the clock of all rules.
    pub at: Time,
}

/// Watches the stream of relevant items and tells when people must be warned.
#[derive(Debug)]
pub struct Detector {
    rules: Vec<Rule>,
    rumours: BTreeMap<String, Rumour>,
    /// Topic → name and departments.
    topics: BTreeMap<String, (String, Vec<String>)>,
    version: String,
    groups: BTreeMap<(usize, String), Group>,
    /// (rule, rumour or story) → key of the group that holds it.
    bound: BTreeMap<(usize, String), String>,
    /// Rumour or story → items that deny it.
    denials: BTreeMap<String, BTreeSet<ItemId>>,
    used_ids: BTreeSet<AlertId>,
    started: Option<Time>,
}

impl Detector {
    /// Nothing seen yet.
    pub fn new(knowledge: &Knowledge) -> Detector {
        let topic = |t: &crate::model::knowledge::Topic| (t.id.clone(), (t.name.clone(), t.department.clone()));
        Detector {
            rules: knowledge.rules.clone(),
            rumours: knowledge.rumours.iter().map(|r| (r.id.clone(), r.clone())).collect(),
            topics: knowledge.topics.iter().map(topic).collect(),
            version: knowledge.version.clone(),
            groups: BTreeMap::new(),
            bound: BTreeMap::new(),
            denials: BTreeMap::new(),
            used_ids: BTreeSet::new(),
            started: None,
        }
    }

    /// Takes over the alerts that the store holds, before the last window is replayed, so that they keep their ids.
    pub fn restore(&mut self, alerts: &[Alert]) {
        for alert in alerts {
            self.used_ids.insert(alert.id.clone());
            let Some(rule) = self.rules.iter().position(|r| r.id == alert.rule) else {
                continue;
            };
            let story = alert.story.as_ref().map(|s| s.0.clone());
            let key = match self.rules[rule].group_by {
                GroupBy::Topic => alert.topics.first().cloned(),
                GroupBy::Story => story.clone(),
                GroupBy::Rumour => alert.rumour_id.clone().or_else(|| story.clone()),
            };
            let Some(key) = key.filter(|_| !alert.resolved) else {
                continue;
            };
            if self.rules[rule].group_by == GroupBy::Rumour {
                for name in alert.rumour_id.iter().chain(story.iter()) {
                    self.bound.insert((rule, name.clone()), key.clone());
                }
            }
            self.groups.entry((rule, key)).or_default().alert = Some(alert.clone());
        }
    }

    /// One more relevant item, in the order of arrival.
    pub fn observe(&mut self, seen: &Seen<'_>) -> Vec<AlertEvent> {
        let mut events = self.tick(seen.at);
        self.started.get_or_insert(seen.at);
        self.note_denial(seen);
        for rule in 0..self.rules.len() {
            if !evaluate::admits(&self.rules[rule], seen) {
                continue;
            }
            let Some(key) = self.key(rule, seen) else { continue };
            let severity = self.rumour_of(seen).map_or(0, |r| r.severity);
            let group = self.groups.entry((rule, key.clone())).or_default();
            if group.admit(Evidence::of(seen, severity)) {
                events.extend(self.judge(rule, &key, seen.at));
            }
        }
        events
    }

    /// Engagement of a known item as seen later.
    pub fn engage(&mut self, item: &ItemId, engagement: Engagement, at: Time) -> Vec<AlertEvent> {
        let mut events = self.tick(at);
        let mut touched = Vec::new();
        for (place, group) in &mut self.groups {
            if let Some(evidence) = group.evidence.iter_mut().find(|e| e.item == *item) {
                evidence.engagement = engagement;
                touched.push(place.clone());
            }
        }
        for (rule, key) in touched {
            events.extend(self.judge(rule, &key, at));
        }
        events
    }

    /// Lets time pass: resolves alerts that went quiet and lowers those whose window emptied.
    pub fn tick(&mut self, now: Time) -> Vec<AlertEvent> {
        let open: Vec<(usize, String)> = self
            .groups
            .iter()
            .filter(|(_, g)| g.alert.is_some())
            .map(|(place, _)| place.clone())
            .collect();
        open.into_iter()
            .filter_map(|(rule, key)| self.cool(rule, &key, now))
            .collect()
    }

    /// A person answered this alert: it is raised again when further independent evidence comes.
    pub fn answered(&mut self, id: &AlertId) {
        for group in self.groups.values_mut() {
            if group.alert.as_ref().is_some_and(|a| a.id == *id) {
                group.answered_at = Some(group.authors(None));
            }
        }
    }

    /// Alerts that have not gone quiet, as they stand: their evidence and reason grow without an event.
    pub fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.groups.values().filter_map(|g| g.alert.as_ref())
    }

    fn rumour_of(&self, seen: &Seen<'_>) -> Option<&Rumour> {
        seen.analysis
            .misinformation
            .rumour_id
            .as_ref()
            .and_then(|id| self.rumours.get(id))
    }

    fn note_denial(&mut self, seen: &Seen<'_>) {
        if seen.analysis.misinformation.verdict != Verdict::Debunk {
            return;
        }
        let names = seen.analysis.misinformation.rumour_id.iter().chain([&seen.story.0]);
        for name in names {
            self.denials
                .entry(name.clone())
                .or_default()
                .insert(seen.item.id.clone());
        }
    }

    /// The group an item counts in. A catalogued rumour and the story it was first told in are one group.
    fn key(&mut self, rule: usize, seen: &Seen<'_>) -> Option<String> {
        let story = seen.story.0.clone();
        let rumour = match self.rules[rule].group_by {
            GroupBy::Topic => return seen.analysis.topics.first().map(|t| t.id.clone()),
            GroupBy::Story => return Some(story),
            GroupBy::Rumour => seen.analysis.misinformation.rumour_id.clone(),
        };
        let Some(rumour) = rumour else {
            return Some(self.bound.entry((rule, story.clone())).or_insert(story).clone());
        };
        if let Some(key) = self.bound.get(&(rule, rumour.clone())).cloned() {
            self.bound.entry((rule, story)).or_insert_with(|| key.clone());
            return Some(key);
        }
        let key = match self.bound.get(&(rule, story.clone())) {
            Some(held) if *held == story => story.clone(),
            _ => rumour.clone(),
        };
        self.bound.insert((rule, rumour), key.clone());
        self.bound.entry((rule, story)).or_insert_with(|| key.clone());
        Some(key)
    }

    /// How long history counts for "the usual".
    fn history() -> Duration {
        Duration::days(7)
    }
}
