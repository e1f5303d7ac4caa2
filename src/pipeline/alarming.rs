//! Watches the sources and tells the operator, by mail of its own, when one falls silent, breaks or blocks us.

use std::collections::BTreeMap;

use super::service::Service;
use crate::collect::health::{Health, Seen, judge};
use crate::collect::social::standing;
use crate::deliver::{self, Carrier};
use crate::model::connector::Connector;
use crate::model::delivery::SendOutcome;
use crate::model::source::Status;
use crate::model::{EditionId, SourceId, Time};
use crate::store::{Alarm, Result, Store};

/// Days of history a source's cadence is taken from, and days whose articles tell whether its layout still holds.
const CADENCE_DAYS: i64 = 14;
const READ_DAYS: i64 = 2;

/// How every source is.
///
/// # Errors
/// When the store fails.
pub async fn healths(
    store: &Store,
    catalogue: &crate::catalogue::Catalogue,
    now: Time,
) -> Result<BTreeMap<SourceId, Health>> {
    let mut feeds: BTreeMap<SourceId, Vec<_>> = BTreeMap::new();
    for feed in store.list_feeds().await? {
        feeds.entry(feed.source.clone()).or_default().push(feed);
    }
    let news = store.news_times(now - chrono::Duration::days(CADENCE_DAYS)).await?;
    let methods = store.read_methods(now - chrono::Duration::days(READ_DAYS)).await?;
    let of = |source: &crate::model::source::Source| {
        let seen = Seen {
            source,
            feeds: feeds.get(&source.id).map_or(&[], Vec::as_slice),
            news: news.get(&source.id).map_or(&[], Vec::as_slice),
            // Without selectors of its own a source has no layout that could drift.
            methods: match source.family.is_some() || !source.layouts.is_empty() {
                true => methods.get(&source.id).map_or(&[], Vec::as_slice),
                false => &[],
            },
            now,
        };
        (source.id.clone(), judge(&seen))
    };
    Ok(catalogue.sources.iter().map(of).collect())
}

impl Service {
    /// Opens and ends alarms as the sources are now, and tells the operator of new ones. Returns how many are open.
    ///
    /// # Errors
    /// When the store fails; nobody is told twice of what was recorded.
    pub async fn watch_sources(&self, carrier: &Carrier) -> Result<usize> {
        let now = self.clock.now();
        let healths = healths(&self.store, &self.catalogue, now).await?;
        for source in self.catalogue.sources.iter().filter(|s| s.status == Status::Active) {
            if let Some(health) = healths.get(&source.id) {
                self.watch(&source.id, health, now).await?;
            }
        }
        for connector in self.store.list_connectors().await? {
            let health = standing::health(&connector, now);
            self.watch(&SourceId(connector.name), &health, now).await?;
        }
        self.tell(carrier, now).await?;
        Ok(self.store.open_alarms(false).await?.len())
    }

    async fn watch(&self, id: &SourceId, health: &Health, now: Time) -> Result<()> {
        if health.is_alarming() {
            let reason = format!("{}: {}. {}", health.state.label(), health.reason, health.remedy);
            if self.store.open_alarm(id, &reason, now).await? {
                tracing::error!(source.id = %id, %reason, "a source needs the operator");
            }
        } else if self.store.end_alarm(id, now).await? {
            tracing::info!(source.id = %id, "a source is well again");
        }
        Ok(())
    }

    async fn tell(&self, carrier: &Carrier, now: Time) -> Result<()> {
        let recipients = &self.config.operator.recipients;
        if recipients.is_empty() {
            return Ok(());
        }
        let alarms = self.store.open_alarms(true).await?;
        let Some(first) = alarms.first() else { return Ok(()) };
        let connectors = self.store.list_connectors().await?;
        let (subject, text) = self.words(&alarms, &connectors);
        let mut all_told = true;
        for to in recipients {
            let id = EditionId(format!("alarm-{}", first.id));
            let message_id = crate::model::delivery::message_id(&id, to, "diemtin");
            let message = deliver::notice(&self.config.mail.from, to, &message_id, &subject, &text, now);
            let outcome = match message {
                Ok(bytes) => carrier.send(&id, to, &bytes).await,
                Err(error) => SendOutcome::GiveUp(error.to_string()),
            };
            if !matches!(outcome, SendOutcome::Sent(_)) {
                tracing::error!(recipient = %to, ?outcome, "the operator could not be told of an alarm");
                all_told &= matches!(outcome, SendOutcome::GiveUp(_));
            }
        }
        if all_told {
            for alarm in &alarms {
                self.store.mark_told(alarm.id, now).await?;
            }
        }
        Ok(())
    }

    fn words(&self, alarms: &[Alarm], connectors: &[Connector]) -> (String, String) {
        let sample = if self.config.agency.is_sample { "[MẪU] " } else { "" };
        let name = |alarm: &Alarm| {
            let source = self.catalogue.find_source(&alarm.source).map(|source| &source.name);
            let connector = connectors
                .iter()
                .find(|c| c.name == alarm.source.as_str())
                .map(|c| &c.label);
            source
                .or(connector)
                .cloned()
                .unwrap_or_else(|| alarm.source.to_string())
        };
        let line = |alarm: &Alarm| {
            format!(
                "- {} ({}): {}\n",
                name(alarm),
                alarm.opened.format("%H:%M %d/%m/%Y"),
                alarm.reason
            )
        };
        let subject = match alarms {
            [one] => format!("{sample}Nguồn tin cần xem: {}", name(one)),
            many => format!("{sample}{} nguồn tin cần xem", many.len()),
        };
        let lines: String = alarms.iter().map(line).collect();
        let text = format!("{lines}\nTình hình thu thập: {}/sources\n", self.config.public_url());
        (subject, text)
    }
}
