//! The part of the role `collect` that looks back: catch-ups through archives, and stored articles looked at again.

use std::time::Duration;

use super::collecting::Collecting;
use crate::chance;
use crate::collect::archive::{self, Progress};
use crate::collect::fetch::{Disposition, Request};
use crate::collect::schedule::backoff;
use crate::collect::{feed, listing, sitemap};
use crate::extract;
use crate::model::entry::Entry;
use crate::model::item::Observation;
use crate::model::page::Page;
use crate::model::source::{Archive, ArchiveKind, Source};
use crate::model::{ItemId, Time};
use crate::store::{Catchup, Inserted, NextLook, Recheck, Result};
use crate::text::url::canonical;

/// How long a claim holds, in milliseconds.
const LEASE_MS: i64 = 15 * 60 * 1000;
/// Tries of one address of an archive before it is left out, by name.
const TRIES: i64 = 5;
/// Hours after its collection at which an article is looked at again: most edits come in the first hours, quiet ones and
/// removals in the days after.
const RECHECK_HOURS: [i64; 4] = [1, 6, 24, 72];
/// Articles looked at again in one round.
const RECHECKS: i64 = 2;

/// When an article collected at `collected` is looked at for the `number`th time; `None` when often enough.
pub(super) fn recheck_time(collected: Time, number: i64) -> Option<Time> {
    let hours = RECHECK_HOURS.get(usize::try_from(number).ok()?)?;
    Some(collected + chrono::Duration::hours(*hours))
}

impl Collecting {
    /// Begins to read the archives of a source back to `since`. Returns how many it has.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn catch_up(&self, source: &Source, since: Time) -> Result<usize> {
        let now = self.clock.now();
        for archive in &source.archives {
            let progress = archive::begin(archive, since.date_naive(), now.date_naive());
            self.store
                .open_catchup(&source.id, &archive.url, since, &to_json(&progress), now)
                .await?;
        }
        Ok(source.archives.len())
    }

    /// Reads one address of an open catch-up of the source. Returns whether there was one.
    ///
    /// # Errors
    /// When the store fails; the step comes again when its lease ends.
    pub(super) async fn step_back(&self, source: &Source) -> Result<bool> {
        let now = self.clock.now();
        let Some(mut catchup) = self.store.claim_catchup(&source.id, now, LEASE_MS).await? else {
            return Ok(false);
        };
        let mut progress: Progress = serde_json::from_str(&catchup.progress).unwrap_or_default();
        let archive = source.archives.iter().find(|archive| archive.url == catchup.archive);
        let (Some(archive), Some(address)) = (archive, progress.queue.first().cloned()) else {
            catchup.is_done = true;
            self.store.record_catchup(&catchup, None).await?;
            return Ok(true);
        };
        let mut not_before = None;
        match self.fetcher.get(Request::new(address.clone())).await {
            Ok(page) => {
                self.read_archive(source, archive, &catchup, &mut progress, &page)
                    .await?;
                catchup.failures = 0;
            }
            Err(error) => {
                catchup.failures += 1;
                match error.disposition() {
                    Disposition::Retry { not_before: until } if catchup.failures < TRIES => {
                        let tries = u32::try_from(catchup.failures).unwrap_or(1);
                        let pause = backoff(
                            tries,
                            Duration::from_secs(60),
                            Duration::from_secs(3600),
                            chance::fraction(),
                        );
                        let next = self.clock.now() + chrono::Duration::from_std(pause).unwrap_or_default();
                        not_before = Some(until.map_or(next, |until| until.max(next)));
                    }
                    _ => {
                        progress.gave_up(error.to_string());
                        catchup.failures = 0;
                        self.store.count("catchup_failed", &source.id, 1, now).await?;
                    }
                }
            }
        }
        catchup.is_done = progress.queue.is_empty();
        catchup.progress = to_json(&progress);
        self.store.record_catchup(&catchup, not_before).await?;
        Ok(true)
    }

    async fn read_archive(
        &self,
        source: &Source,
        archive: &Archive,
        catchup: &Catchup,
        progress: &mut Progress,
        page: &Page,
    ) -> Result<()> {
        let now = self.clock.now();
        let entries = match archive.kind {
            ArchiveKind::Listing => {
                let layout = self.catalogue.layout(source, now.date_naive());
                let html = crate::text::decode::decode(&page.body, page.content_type.as_deref()).text;
                let links = listing::links(&html, &page.final_url, &layout);
                links.into_iter().map(Entry::from).collect()
            }
            ArchiveKind::Sitemap => {
                match feed::parse(&page.body, page.content_type.as_deref(), &page.final_url, now) {
                    Ok(document) if sitemap::is_index(&page.body) => {
                        progress.read_index(&document.entries, catchup.since);
                        return Ok(());
                    }
                    Ok(document) => document.entries,
                    // A day on which nothing was published.
                    Err(feed::FeedError::Empty) => Vec::new(),
                    Err(error) => {
                        progress.gave_up(format!("{}: {error}", page.final_url));
                        return self.store.count("catchup_failed", &source.id, 1, now).await;
                    }
                }
            }
        };
        let day = |entry: &Entry| entry.published_at.or(entry.updated_at).map(|time| time.date_naive());
        let newest = entries
            .iter()
            .filter_map(|entry| day(entry).or_else(|| archive::day_of(&entry.url)))
            .max();
        let since = catchup.since.date_naive();
        let within = entries.iter().filter(|entry| day(entry).is_none_or(|day| day >= since));
        let judged: Vec<_> = within.filter_map(|entry| self.judge(entry, false)).collect();
        let fresh = self
            .store
            .insert_late_entries(&source.id, &archive.url, &judged, now)
            .await?;
        progress.read(archive, judged.len(), fresh, newest, since);
        Ok(())
    }

    /// Looks again at articles of the source that are due. Returns how many.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn look_again(&self, source: &Source) -> Result<usize> {
        let due = self
            .store
            .claim_rechecks(&source.id, self.clock.now(), RECHECKS, LEASE_MS)
            .await?;
        for recheck in &due {
            self.recheck(source, recheck).await?;
        }
        Ok(due.len())
    }

    async fn recheck(&self, source: &Source, recheck: &Recheck) -> Result<()> {
        let page = match self.fetcher.get(Request::new(recheck.fetch_url.clone())).await {
            Ok(page) => page,
            Err(error) => {
                let is_gone = error.entry_state() == crate::model::entry::EntryState::Gone;
                return match is_gone {
                    true => self.removed(source, recheck).await,
                    false => self.plan(recheck, recheck.modified).await,
                };
            }
        };
        let now = self.clock.now();
        let layout = self.catalogue.layout(source, now.date_naive());
        match extract::page(&page, source.family.as_deref().unwrap_or_default(), &layout, now) {
            Ok(found) => {
                let modified = found.modified_at;
                let is_silent = modified.is_none() || modified == recheck.modified;
                let Some(known) = self.known(&recheck.url, &found.canonical_url).await? else {
                    return self.plan(recheck, modified).await;
                };
                let (mut new, _) = self.item_of_page(source, known.id.clone(), found, &page);
                if (&new.item.title, &new.item.text) != (&known.title, &known.text) {
                    new.evidence = self.keep(&page, new.item.is_social()).await?;
                }
                new.item.published_at = known.published_at;
                new.item.collected_at = known.collected_at;
                if self.store.insert_items(std::slice::from_ref(&new), now).await? == [Inserted::Version] {
                    let gate = if is_silent { "edited_silently" } else { "edited" };
                    self.store.count(gate, &source.id, 1, now).await?;
                    tracing::info!(item.id = %known.id, item.url = %recheck.url, gate, "an article was edited");
                }
                self.read_comments(source, &new.item, &page).await?;
                self.plan(recheck, modified).await
            }
            Err(extract::ExtractError::Gone | extract::ExtractError::RedirectedHome) => {
                self.removed(source, recheck).await
            }
            Err(_) => self.plan(recheck, recheck.modified).await,
        }
    }

    async fn known(&self, url: &str, canonical_url: &str) -> Result<Option<crate::model::item::Item>> {
        let address = canonical(canonical_url).unwrap_or_else(|| url.to_owned());
        match self.store.find_item(&ItemId::from_url(&address)).await? {
            Some(item) => Ok(Some(item)),
            None => self.store.find_item(&ItemId::from_url(url)).await,
        }
    }

    async fn plan(&self, recheck: &Recheck, modified: Option<Time>) -> Result<()> {
        // Counted from now rather than from collecting: an outage of ours must not make all looks come at once.
        let hours = |n: i64| usize::try_from(n).ok().and_then(|n| RECHECK_HOURS.get(n)).copied();
        let next = hours(recheck.number).map(|then| then - hours(recheck.number - 1).unwrap_or(0));
        let next = next.map(|gap| self.clock.now() + chrono::Duration::hours(gap));
        self.store.plan_recheck(&recheck.url, NextLook { next, modified }).await
    }

    /// The publisher took the article away: it stays in the archive, marked.
    async fn removed(&self, source: &Source, recheck: &Recheck) -> Result<()> {
        let now = self.clock.now();
        if let Some(item) = self.store.find_item(&ItemId::from_url(&recheck.url)).await? {
            let gone = Observation {
                id: item.id,
                collected_at: now,
                engagement: None,
                title: None,
                text: None,
                removed: true,
            };
            self.store.insert_observations(&[gone]).await?;
            self.store.count("removed", &source.id, 1, now).await?;
            tracing::info!(item.url = %recheck.url, "an article was removed by its publisher");
        }
        let look = NextLook {
            next: None,
            modified: recheck.modified,
        };
        self.store.plan_recheck(&recheck.url, look).await
    }
}

fn to_json(progress: &Progress) -> String {
    serde_json::to_string(progress).expect("strings and numbers are JSON")
}
