//! The role `analyse`: unanalysed items to analyses, stories and alerts.
//!
//! One batch at a time, in order of collecting. Whatever step the process dies at, the next run finds the same work again
//! and writes the same rows.

use std::collections::BTreeMap;

use crate::analyse::{Analyser, Context};
use crate::catalogue::Catalogue;
use crate::detect::stories::{StoryDoc, partition};
use crate::detect::warn::{Detector, Seen};
use crate::model::analysis::Analysis;
use crate::model::item::Item;
use crate::model::{ItemId, Time};
use crate::store::{ItemView, Result, Store};

use super::telling;

/// Items analysed in one batch.
const BATCH: i64 = 500;
/// Days over which stories are made: a story older than this is not told again.
const STORY_DAYS: i64 = 7;
/// Days around what is new in which its stories may change: a story is closed three days after its last item.
const REACH_DAYS: i64 = 4;
/// Of a backlog, stories are told for so many relevant items together.
const TOLD_TOGETHER: usize = 5_000;
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
    /// Relevant items that no story tells yet, in order of analysis, with when they count as published.
    untold: Vec<(ItemId, Time)>,
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
            untold: store.untold_items().await?,
            store,
        };
        let told = understanding.tell_stories().await?;
        understanding.rebuild(now).await?;
        tracing::debug!(items = told.len(), "stories left untold by an earlier run were told");
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
        let relevant = analyses.iter().filter(|analysis| analysis.relevant);
        self.untold
            .extend(relevant.map(|a| (a.id.clone(), fresh[&a.id].0.time(now))));
        let is_backlog = done.items == BATCH as usize && self.untold.len() < TOLD_TOGETHER;
        if !is_backlog {
            let told = self.tell_stories().await?;
            for ids in told.chunks(BATCH as usize) {
                for view in self.store.item_views(ids).await? {
                    events.extend(self.see(&view, now).await?);
                }
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

    /// Makes the stories around what is untold anew and writes down what changed. Returns what was told.
    async fn tell_stories(&mut self) -> Result<Vec<ItemId>> {
        let times = || self.untold.iter().map(|(_, at)| *at);
        let (Some(first), Some(last)) = (times().min(), times().max()) else {
            return Ok(Vec::new());
        };
        let days = chrono::Duration::days;
        let window = self
            .store
            .story_window(first - days(STORY_DAYS), last + days(STORY_DAYS))
            .await?;
        let docs: Vec<StoryDoc> = window.iter().map(|w| StoryDoc::of(&w.item, w.at)).collect();
        let reach = first - days(REACH_DAYS)..=last + days(REACH_DAYS);
        let fresh = self.untold.iter().map(|(id, _)| id).collect();
        let changes = telling::changes(&window, partition(&docs), &fresh, &reach);
        self.store
            .record_partition(&changes.assignments, &changes.stories, &changes.redirects)
            .await?;
        Ok(std::mem::take(&mut self.untold).into_iter().map(|(id, _)| id).collect())
    }
}
