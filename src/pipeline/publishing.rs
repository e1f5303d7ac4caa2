//! The role `deliver`: composes what is due, freezes it, and sends what is pending.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::catalogue::Catalogue;
use crate::clock::Clock;
use crate::config::{Agency, DigestPlan};
use crate::deliver::{self, Carrier, schedule};
use crate::digest::{self, Counts, Input, Member, Outlet, StoryBrief};
use crate::model::delivery::SendOutcome;
use crate::model::digest::{DigestKind, Edition, EditionKey, Period, Rendered};
use crate::model::{SourceId, Time};
use crate::store::{DayCounts, Frozen, Store};

use super::ledger;

/// How long a worker may hold a delivery, in milliseconds of the clock: longer than any dialogue with a server takes.
const LEASE_MS: i64 = 10 * 60 * 1000;
/// Stories considered for one edition.
const STORIES: i64 = 400;

/// Everything publishing needs.
pub struct Publishing {
    /// The archive.
    pub store: Store,
    /// Names of outlets and departments.
    pub catalogue: Arc<Catalogue>,
    /// The time.
    pub clock: Clock,
    /// Names printed on digests.
    pub agency: Agency,
    /// What is composed when, and for whom.
    pub plans: Vec<DigestPlan>,
    /// Address of the web pages, for links.
    pub public_url: String,
    /// Sender.
    pub from: String,
    /// The way to recipients.
    pub carrier: Carrier,
    /// Tries before a delivery is given up.
    pub max_attempts: u32,
}

/// Why an edition could not be made or sent.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// The edition could not be rendered.
    #[error("cannot render the edition: {0}")]
    Render(String),
}

impl Publishing {
    /// Composes every edition that is due and freezes it with its deliveries. Returns how many were new.
    ///
    /// # Errors
    /// When the store fails or an edition cannot be rendered; what was frozen stays.
    pub async fn compose_due(&self) -> Result<usize, PublishError> {
        let mut fresh = 0;
        for due in self.due().await? {
            let key = EditionKey {
                kind: due.plan.kind,
                date: due.date,
                revision: 1,
                audience: due.plan.audience.clone(),
            };
            let (edition, rendered) = self.compose(key, due.at, due.late).await?;
            let domain = domain_of(&self.from);
            let frozen = self
                .store
                .freeze_edition(&edition, &rendered, &due.plan.recipients, due.at, due.keep, domain)
                .await?;
            fresh += usize::from(matches!(frozen, Frozen::New(_)));
            tracing::info!(edition = %edition.key.id(), late = due.late, kept = due.keep, "an edition was composed");
        }
        Ok(fresh)
    }

    /// Editions that should be there by now and are not.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn due(&self) -> Result<Vec<schedule::Due>, PublishError> {
        let now = self.clock.now();
        let started = self.first_start(now).await?;
        Ok(schedule::due(
            &self.plans,
            &self.store.last_editions().await?,
            started,
            now,
        ))
    }

    /// The first start of the service: nothing from before it is due.
    async fn first_start(&self, now: Time) -> Result<Time, PublishError> {
        if let Some(time) = self
            .store
            .find_meta("started")
            .await?
            .and_then(|text| crate::text::date::parse(&text))
        {
            return Ok(time);
        }
        self.store.set_meta("started", &now.to_rfc3339()).await?;
        Ok(now)
    }

    /// Composes one edition: from the cut of the one before (a day back if there is none) to `until`.
    ///
    /// # Errors
    /// When the store fails or the edition cannot be rendered.
    pub async fn compose(
        &self,
        key: EditionKey,
        until: Time,
        is_late: bool,
    ) -> Result<(Edition, Rendered), PublishError> {
        let before = self.store.edition_before(key.kind, &key.audience, key.date).await?;
        let day_before = until - chrono::Duration::days(1);
        let (from, previous) = before.unwrap_or((day_before, BTreeSet::new()));
        let from = if from < until { from } else { day_before };
        let period = Period { from, to: until };
        let length = until - from;
        let input = Input {
            key,
            now: self.clock.now(),
            parent: self.agency.parent.clone(),
            agency: self.agency.name.clone(),
            unit: self.agency.unit.clone(),
            is_sample: self.agency.is_sample,
            is_late,
            stories: self.stories(&period).await?,
            alerts: self.store.alerts_between(period.from, period.to, 200).await?,
            coverage: ledger::coverage(&self.store, &self.catalogue, &period).await?,
            counts: counts(&self.store.day_counts(period.from, period.to).await?),
            before: Some(counts(&self.store.day_counts(from - length, from).await?)).filter(|c| c.items > 0),
            previous_stories: previous,
            knowledge: &self.catalogue.knowledge,
            outlets: &self.outlets(),
            period,
        };
        let edition = digest::compose(&input);
        let rendered =
            digest::render(&edition, &self.public_url).map_err(|error| PublishError::Render(error.to_string()))?;
        Ok((edition, rendered))
    }

    async fn stories(&self, period: &Period) -> Result<Vec<StoryBrief>, PublishError> {
        let mut briefs = Vec::new();
        for story in self.store.stories_between(period.from, period.to, STORIES).await? {
            let members = self.store.story_items(&story.id).await?;
            let members = members
                .into_iter()
                .filter(|view| {
                    view.item
                        .collected_at
                        .is_none_or(|at| at > period.from && at <= period.to)
                })
                .filter_map(|view| {
                    Some(Member {
                        analysis: view.analysis?,
                        item: view.item,
                        reprint_of: view.reprint_of,
                        snapshot: view.snapshot,
                    })
                })
                .collect();
            briefs.push(StoryBrief { story, members });
        }
        Ok(briefs)
    }

    fn outlets(&self) -> BTreeMap<SourceId, Outlet> {
        let outlet = |s: &crate::model::source::Source| Outlet {
            name: s.name.clone(),
            rank: s.rank,
            order: s.order,
            channel: s.channel,
        };
        self.catalogue
            .sources
            .iter()
            .map(|source| (source.id.clone(), outlet(source)))
            .collect()
    }

    /// Sends everything that is pending and due. Returns how many deliveries were handed over.
    ///
    /// # Errors
    /// When the store fails; a delivery under way then becomes uncertain when its lease ends.
    pub async fn send_pending(&self) -> Result<usize, PublishError> {
        self.store.expire_deliveries(self.clock.now(), false).await?;
        let mut sent = 0;
        while let Some(claimed) = self.store.claim_delivery(self.clock.now(), LEASE_MS).await? {
            let delivery = claimed.delivery;
            if claimed.is_repeat {
                tracing::warn!(delivery = delivery.id, edition = %delivery.edition, "sending again what may have arrived");
            }
            let outcome = self.send(&delivery).await?;
            let now = self.clock.now();
            let tries = u32::try_from(delivery.attempts).unwrap_or(u32::MAX);
            let pause = chrono::Duration::from_std(deliver::retry_after(tries)).unwrap_or_default();
            let state = self
                .store
                .record_attempt(&delivery, &outcome, now + pause, tries >= self.max_attempts, now)
                .await?;
            tracing::info!(delivery = delivery.id, edition = %delivery.edition, state = %state, "a delivery was tried");
            sent += usize::from(matches!(outcome, SendOutcome::Sent(_)));
        }
        Ok(sent)
    }

    async fn send(&self, delivery: &crate::model::delivery::Delivery) -> Result<SendOutcome, PublishError> {
        let Some(stored) = self.store.find_edition(&delivery.edition).await? else {
            return Ok(SendOutcome::GiveUp("the edition is gone".into()));
        };
        let message = deliver::message(
            &stored.edition,
            &stored.rendered,
            &self.from,
            &delivery.recipient,
            &delivery.message_id,
            stored.edition.composed_at,
        );
        Ok(match message {
            Ok(bytes) => self.carrier.send(&delivery.edition, &delivery.recipient, &bytes).await,
            Err(error) => SendOutcome::GiveUp(error.to_string()),
        })
    }
}

fn counts(day: &DayCounts) -> Counts {
    let of = |map: &BTreeMap<String, i64>, key: &str| map.get(key).copied().unwrap_or_default();
    let press = of(&day.platforms, "press");
    Counts {
        items: day.relevant,
        press,
        social: day.relevant - press,
        negative: of(&day.sentiments, "negative"),
        neutral: of(&day.sentiments, "neutral"),
        positive: of(&day.sentiments, "positive"),
    }
}

fn domain_of(from: &str) -> &str {
    from.rsplit_once('@')
        .map_or("localhost", |(_, domain)| domain.trim_end_matches('>'))
}

/// The day an edition is asked for on the command line, at its planned time.
pub fn planned_time(plans: &[DigestPlan], kind: DigestKind, date: NaiveDate) -> Time {
    let at = plans.iter().find(|plan| plan.kind == kind).map(|plan| plan.at);
    let naive = date.and_time(at.unwrap_or_default());
    naive
        .and_local_timezone(crate::model::vietnam())
        .single()
        .unwrap_or_default()
}

/// Where mails go when no server is configured.
pub fn outbox(data: &std::path::Path) -> PathBuf {
    data.join("outbox")
}
