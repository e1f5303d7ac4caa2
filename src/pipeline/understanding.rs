//! The role `analyse`: unanalysed items to analyses, stories and alerts.
//!
//! One batch at a time, in order of collecting. Whatever step the process dies at, the next run finds the same work again
//! and writes the same rows.

use std::collections::{BTreeMap, BTreeSet};

use crate::analyse::{Analyser, Context};
use crate::catalogue::Catalogue;
use crate::detect::stories::{StoryDoc, partition};
use crate::detect::warn::{Detector, Seen};
use crate::model::analysis::Analysis;
use crate::model::item::Item;
use crate::model::story::{Assignment, Story};
use crate::model::{ItemId, StoryId, Time};
use crate::store::{ItemView, Result, Store, WindowItem};

/// Items analysed in one batch.
const BATCH: i64 = 500;
/// Days over which stories are made: a story older than this is not told again.
const STORY_DAYS: i64 = 7;
/// Days of items the detector is rebuilt from after a start: longer than any rule's window and the history it compares with.
const DETECTOR_DAYS: i64 = 8;

/// What one batch did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Understood {
    /// Items analysed.
    pub items: usize,
    /// Relevant ones among them.
    pub relevant: usize,
    /// Alert events that are new.
    pub events: usize,
}

/// Understands items and keeps the state of the detector.
pub struct Understanding {
    store: Store,
    analyser: Analyser,
    provinces: BTreeMap<String, String>,
    detector: Detector,
    observed_until: Time,
}

impl Understanding {
    /// Makes the knowledge ready and rebuilds the detector from what the store saw in the last days.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn start(store: Store, catalogue: &Catalogue, now: Time) -> Result<Self> {
        let provinces = catalogue
            .sources
            .iter()
            .filter_map(|source| Some((source.id.as_str().to_owned(), source.province.clone()?)))
            .collect();
        let mut understanding = Self {
            analyser: Analyser::new(&catalogue.knowledge),
            detector: Detector::new(&catalogue.knowledge),
            provinces,
            observed_until: now,
            store,
        };
        understanding.rebuild(now).await?;
        Ok(understanding)
    }

    async fn rebuild(&mut self, now: Time) -> Result<()> {
        let from = now - chrono::Duration::days(DETECTOR_DAYS);
        self.detector
            .restore(&self.store.alerts_between(from, now, 10_000).await?);
        let mut views = self.store.items_between(from, now, true, i64::MAX).await?;
        views.sort_by(|a, b| (a.item.collected_at, &a.item.id).cmp(&(b.item.collected_at, &b.item.id)));
        let mut events = Vec::new();
        for view in &views {
            events.extend(self.see(view, now).await?);
        }
        self.store.record_alert_events(&events).await?;
        Ok(())
    }

    /// Analyses the next batch, makes the stories of the window anew, and lets the detector see what is relevant.
    ///
    /// # Errors
    /// When the store fails; nothing is lost, the same batch comes again.
    pub async fn step(&mut self, now: Time) -> Result<Understood> {
        let items = self.store.items_unanalysed(BATCH).await?;
        let mut done = Understood {
            items: items.len(),
            ..Understood::default()
        };
        let mut analyses = Vec::with_capacity(items.len());
        let mut fresh: BTreeMap<ItemId, (Item, Analysis)> = BTreeMap::new();
        for item in items {
            let analysis = self.analyse(&item, &fresh, now).await?;
            done.relevant += usize::from(analysis.relevant);
            analyses.push(analysis.clone());
            fresh.insert(item.id.clone(), (item, analysis));
        }
        let mut events = Vec::new();
        if !analyses.is_empty() {
            self.store.record_analyses(&analyses, now).await?;
        }
        if done.relevant > 0 {
            let earliest = fresh
                .values()
                .filter(|(_, a)| a.relevant)
                .map(|(item, _)| item.time(now))
                .min();
            self.tell_stories(earliest.unwrap_or(now)).await?;
            let ids: Vec<ItemId> = analyses.iter().filter(|a| a.relevant).map(|a| a.id.clone()).collect();
            for view in self.store.item_views(&ids).await? {
                events.extend(self.see(&view, now).await?);
            }
        }
        for seen in self.store.observations_after(self.observed_until).await? {
            if let Some(engagement) = seen.engagement.filter(|_| seen.collected_at <= now) {
                events.extend(self.detector.engage(&seen.id, engagement, seen.collected_at));
                self.observed_until = self.observed_until.max(seen.collected_at);
            }
        }
        events.extend(self.detector.tick(now));
        done.events = self.store.record_alert_events(&events).await?.len();
        Ok(done)
    }

    async fn analyse(&self, item: &Item, fresh: &BTreeMap<ItemId, (Item, Analysis)>, now: Time) -> Result<Analysis> {
        let parent = match &item.parent {
            None => None,
            Some(id) => match fresh.get(id) {
                Some((item, analysis)) => Some((item.clone(), Some(analysis.clone()))),
                None => self
                    .store
                    .find_item_view(id)
                    .await?
                    .map(|view| (view.item, view.analysis)),
            },
        };
        let gist = parent.as_ref().map(|(p, _)| {
            if p.title.is_empty() {
                p.text.clone()
            } else {
                p.title.clone()
            }
        });
        let thread = item.thread.clone().or(gist);
        let context = Context {
            thread: thread.as_deref(),
            parent: parent.as_ref().and_then(|(_, analysis)| analysis.as_ref()),
            at: now,
            source_province: self.provinces.get(item.source.as_str()).map(String::as_str),
            fold: false,
        };
        Ok(self.analyser.analyse(item, &context))
    }

    async fn see(&mut self, view: &ItemView, now: Time) -> Result<Vec<crate::model::alert::AlertEvent>> {
        let (Some(analysis), Some(story)) = (&view.analysis, &view.story) else {
            return Ok(Vec::new());
        };
        let title = self.store.find_story(story).await?.map(|s| s.title).unwrap_or_default();
        Ok(self.detector.observe(&Seen {
            item: &view.item,
            analysis,
            story,
            story_title: &title,
            reprint_of: view.reprint_of.as_ref(),
            at: view.item.collected_at.unwrap_or(now),
        }))
    }

    /// Makes the stories around `earliest` anew and writes down what changed.
    async fn tell_stories(&self, earliest: Time) -> Result<()> {
        let window = self
            .store
            .story_window(earliest - chrono::Duration::days(STORY_DAYS))
            .await?;
        let docs: Vec<StoryDoc> = window.iter().map(|w| StoryDoc::of(&w.item, w.at)).collect();
        let assignments = partition(&docs);
        let (stories, redirects) = compare(&window, &assignments);
        self.store.record_partition(&assignments, &stories, &redirects).await
    }
}

/// The stories of a partition, and where those went that are no more.
fn compare(window: &[WindowItem], assignments: &[Assignment]) -> (Vec<Story>, Vec<(StoryId, StoryId)>) {
    let items: BTreeMap<&ItemId, &WindowItem> = window.iter().map(|w| (&w.item.id, w)).collect();
    let mut members: BTreeMap<&StoryId, Vec<(&WindowItem, bool)>> = BTreeMap::new();
    let mut moved: BTreeMap<&StoryId, BTreeMap<&StoryId, usize>> = BTreeMap::new();
    for assignment in assignments {
        let Some(item) = items.get(&assignment.id) else {
            continue;
        };
        members
            .entry(&assignment.story)
            .or_default()
            .push((item, assignment.reprint_of.is_some()));
        if let Some(old) = &item.story {
            *moved.entry(old).or_default().entry(&assignment.story).or_default() += 1;
        }
    }
    let redirects = moved
        .iter()
        .filter(|(old, _)| !members.contains_key(**old))
        .filter_map(|(old, targets)| {
            let (new, _) = targets.iter().max_by_key(|(_, n)| **n)?;
            Some(((*old).clone(), (*new).clone()))
        })
        .collect();
    (
        members
            .into_iter()
            .map(|(id, told_by)| describe(id, &told_by))
            .collect(),
        redirects,
    )
}

/// A story as people see it: represented by the press item of the best-ranked source, originals before reprints.
fn describe(id: &StoryId, members: &[(&WindowItem, bool)]) -> Story {
    let lead = members
        .iter()
        .min_by_key(|(w, reprint)| {
            (
                w.item.title.is_empty(),
                *reprint,
                w.item.source_rank,
                w.at,
                w.item.id.clone(),
            )
        })
        .map(|(w, _)| *w)
        .unwrap_or(members[0].0);
    let times = members.iter().map(|(w, _)| w.at);
    Story {
        id: id.clone(),
        title: headline(&lead.item),
        lead_item: lead.item.id.clone(),
        first_at: times.clone().min().unwrap_or(lead.at),
        last_at: times.max().unwrap_or(lead.at),
        items: members.len() as i64,
        sources: members
            .iter()
            .map(|(w, _)| &w.item.source)
            .collect::<BTreeSet<_>>()
            .len() as i64,
        topic: main_topic(members),
    }
}

/// The topic most items of a story are about; the first by id of several.
fn main_topic(members: &[(&WindowItem, bool)]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for topic in members.iter().filter_map(|(w, _)| w.topic.as_deref()) {
        *counts.entry(topic).or_default() += 1;
    }
    let most = counts.iter().max_by_key(|(topic, n)| (**n, std::cmp::Reverse(**topic)));
    most.map(|(topic, _)| (*topic).to_owned()).unwrap_or_default()
}

/// The headline, or the first words of a post.
pub fn headline(item: &Item) -> String {
    if !item.title.is_empty() {
        return item.title.clone();
    }
    let text = crate::text::squeeze(&item.text);
    match text.char_indices().nth(90) {
        None => text,
        Some((end, _)) => format!(
            "{}…",
            text[..end].rsplit_once(' ').map_or(&text[..end], |(head, _)| head)
        ),
    }
}
