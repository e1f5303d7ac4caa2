//! The role `collect`: feeds to entries, entries to items.
//!
//! Each active source has a task of its own, so that one that is slow or broken never slows another. The task claims what
//! is due in the store under a lease, works on it one by one, and sleeps until the next is due. Everything that happens to
//! a feed or an entry is a row.

use std::sync::Arc;
use std::time::Duration;

use crate::analyse::{Analyser, Context};
use crate::catalogue::Catalogue;
use crate::chance;
use crate::clock::Clock;
use crate::collect::fetch::{Disposition, Fetcher, Request};
use crate::collect::gate::Gate;
use crate::collect::schedule::{CheckOutcome, backoff, next_check};
use crate::collect::{archive, feed, listing, sitemap};
use crate::evidence::Evidence;
use crate::extract;
use crate::model::entry::{Entry, EntryState, FeedState, StoredEntry};
use crate::model::evidence::Kept;
use crate::model::item::{Access, Engagement, Item, ItemKind, Platform};
use crate::model::page::{Extraction, Page};
use crate::model::source::{Feed, FeedKind, Source, SourceKind, Status};
use crate::model::{ItemId, Time};
use crate::store::{NewItem, NextLook, Store};
use crate::text::url::canonical;

/// How long a claim holds: longer than any fetch takes, in milliseconds.
const LEASE_MS: i64 = 15 * 60 * 1000;
/// Days for which a feed that called Viet Nam's time GMT is believed to go on so: older entries do not show it.
const MISLABEL_DAYS: i64 = 30;
/// Hours without an answer after which a feed may have dropped entries that nobody saw: busy feeds hold half a day.
const OUTAGE_HOURS: i64 = 6;
/// How long a source rests whose host another process has.
const NOT_OURS: Duration = Duration::from_secs(20);
/// Entries claimed at a time, so that feeds are checked between them.
const ENTRIES: i64 = 8;
/// Tries before a page that checks whether a person reads is given up, and what the feed said is kept instead.
const CHALLENGE_TRIES: i64 = 4;
/// Bytes of an article's text, its lead among them, that mostly tell whether it concerns the sector.
const BEGINNING: usize = 2_000;
/// Longest sleep of a source with nothing to do: commands beside the service may make its feeds due.
const LONGEST_SLEEP: Duration = Duration::from_secs(300);

/// Everything collecting needs.
pub struct Collecting {
    /// What is collected.
    pub catalogue: Arc<Catalogue>,
    /// The archive.
    pub store: Store,
    /// Where what was received is kept.
    pub evidence: Evidence,
    /// The way to the network.
    pub fetcher: Fetcher,
    /// The time.
    pub clock: Clock,
    /// Shortest and longest interval between two checks in minutes.
    pub feed_minutes: [u32; 2],
    /// One in this many entries kept out by the gate is fetched all the same.
    pub sample_one_in: u32,
    /// Whether readers' comments are read.
    pub reader_comments: bool,
    /// What may concern the sector.
    pub gate: Gate,
    /// Tells whether the bytes of a page are kept or only their hash.
    pub analyser: Analyser,
    /// Which hosts are this process's, where several collect.
    pub sharing: super::sharing::Sharing,
}

impl Collecting {
    /// Runs the task of every active source until `stop`.
    ///
    /// # Errors
    /// When the feeds cannot be written down at the start.
    pub async fn run(self: Arc<Self>, stop: tokio_util::sync::CancellationToken) -> crate::store::Result<()> {
        self.prepare().await?;
        let mut tasks = tokio::task::JoinSet::new();
        for source in self.active() {
            let (this, stop, source) = (self.clone(), stop.clone(), source.clone());
            tasks.spawn(async move {
                stop.run_until_cancelled(this.watch(&source)).await;
            });
        }
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "the task of a source ended badly; restart the service to collect it again");
            }
        }
        Ok(())
    }

    /// Makes the feeds of the catalogue known to the store.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn prepare(&self) -> crate::store::Result<()> {
        let feeds: Vec<_> = self
            .active()
            .flat_map(|source| source.feeds.iter().map(|feed| (source.id.clone(), feed.url.clone())))
            .collect();
        self.store.sync_feeds(&feeds, self.clock.now()).await
    }

    /// The sources that are collected.
    pub fn active(&self) -> impl Iterator<Item = &Source> {
        self.catalogue
            .sources
            .iter()
            .filter(|source| source.status == Status::Active && !source.feeds.is_empty())
    }

    async fn watch(&self, source: &Source) {
        let feed = source.feeds.first().map(|feed| feed.url.as_str()).unwrap_or_default();
        let host = crate::text::url::host(source.home.as_deref().unwrap_or(feed)).unwrap_or_default();
        loop {
            match self.sharing.may_ask(&host).await {
                Ok(true) => {}
                Ok(false) => {
                    self.clock.sleep(NOT_OURS).await;
                    continue;
                }
                Err(error) => {
                    tracing::error!(source.id = %source.id, %error, "the store failed; trying again");
                    self.clock.sleep(Duration::from_secs(30)).await;
                    continue;
                }
            }
            let did = match self.round(source).await {
                Ok(did) => did,
                Err(error) => {
                    tracing::error!(source.id = %source.id, %error, "the store failed; trying again");
                    self.clock.sleep(Duration::from_secs(30)).await;
                    continue;
                }
            };
            if did == 0 {
                let now = self.clock.now();
                let due = self.store.next_due(&source.id).await.ok().flatten();
                let longest = now + chrono::Duration::from_std(LONGEST_SLEEP).unwrap_or_default();
                self.clock
                    .sleep_until(
                        due.unwrap_or(longest)
                            .clamp(now + chrono::Duration::seconds(1), longest),
                    )
                    .await;
            }
        }
    }

    /// Checks the feeds of a source that are due and fetches some of its waiting entries. Returns how much it did.
    ///
    /// # Errors
    /// When the store fails; what was claimed comes again when its lease ends.
    pub async fn round(&self, source: &Source) -> crate::store::Result<usize> {
        let now = self.clock.now();
        let feeds = self.store.claim_due_feeds(&source.id, now, LEASE_MS).await?;
        for state in &feeds {
            if let Some(feed) = source.feeds.iter().find(|feed| feed.url == state.url) {
                self.check(source, feed, state).await?;
            }
        }
        let entries = self.store.claim_entries(&source.id, now, ENTRIES, LEASE_MS).await?;
        for entry in &entries {
            self.fetch(source, entry).await?;
        }
        let again = self.look_again(source).await?;
        // Looking back never crowds out what is fresh: it gets its turn when nothing else is due.
        let did = feeds.len() + entries.len() + again;
        if did == 0 && self.step_back(source).await? {
            return Ok(1);
        }
        Ok(did)
    }

    async fn check(&self, source: &Source, feed: &Feed, before: &FeedState) -> crate::store::Result<()> {
        let request = Request {
            url: feed.url.clone(),
            etag: before.etag.clone(),
            last_modified: before.last_modified.clone(),
        };
        let fetched = self.fetcher.get(request).await;
        let now = self.clock.now();
        let mut state = before.clone();
        let (outcome, status, listed, fresh) = match &fetched {
            Ok(page) if page.status == 304 => (CheckOutcome::NoNews, 304, 0, 0),
            Ok(page) => match self.read_feed(source, feed, page).await? {
                Ok((listed, fresh)) => {
                    state.etag.clone_from(&page.etag);
                    state.last_modified.clone_from(&page.last_modified);
                    let outcome = if fresh > 0 {
                        CheckOutcome::News
                    } else {
                        CheckOutcome::NoNews
                    };
                    (outcome, page.status, listed, fresh)
                }
                Err(problem) => {
                    state.last_error = problem;
                    (CheckOutcome::Failed { not_before: None }, page.status, 0, 0)
                }
            },
            Err(error) => {
                state.last_error = error.to_string();
                let not_before = match error.disposition() {
                    Disposition::Retry { not_before } => not_before,
                    Disposition::GiveUp => None,
                };
                (CheckOutcome::Failed { not_before }, 0, 0, 0)
            }
        };
        let limits = [self.feed_minutes[0], feed.every_minutes.unwrap_or(self.feed_minutes[1])];
        let limits = [limits[0].min(limits[1]), limits[1]];
        (state.next_check, state.interval_seconds) = next_check(before, outcome, now, limits, chance::fraction());
        if matches!(outcome, CheckOutcome::Failed { .. }) {
            state.failures += 1;
            tracing::info!(source.id = %source.id, feed = %feed.url, problem = %state.last_error, "a feed was not read");
        } else {
            state.failures = 0;
            state.last_error.clear();
            state.last_ok = Some(now);
            self.mind_the_gap(source, before, now).await?;
            if fresh > 0 {
                state.last_new = Some(now);
            }
        }
        self.store.record_check(&state, status, listed, fresh, now).await
    }

    /// After a long silence the feed no longer lists everything: the archives are read back to where it began.
    async fn mind_the_gap(&self, source: &Source, before: &FeedState, now: Time) -> crate::store::Result<()> {
        if let Some(last) = before
            .last_ok
            .filter(|last| now - *last > chrono::Duration::hours(OUTAGE_HOURS))
        {
            let archives = self.catch_up(source, last - chrono::Duration::hours(1)).await?;
            tracing::info!(source.id = %source.id, since = %last, archives, "catching up after an outage");
        }
        Ok(())
    }

    /// Reads what a feed lists: how many, and how many were new; or why it cannot be read.
    async fn read_feed(
        &self,
        source: &Source,
        feed: &Feed,
        page: &Page,
    ) -> crate::store::Result<Result<(usize, usize), String>> {
        let now = self.clock.now();
        let html = || crate::text::decode::decode(&page.body, page.content_type.as_deref()).text;
        let entries = match feed.kind {
            FeedKind::Listing => {
                let layout = self.catalogue.layout(source, now.date_naive());
                listing::links(&html(), &page.final_url, &layout)
                    .into_iter()
                    .map(Entry::from)
                    .collect()
            }
            FeedKind::Forum => return self.read_forum(source, &html(), &page.final_url).await.map(Ok),
            FeedKind::Telegram => return self.read_telegram(source, feed, page).await,
            FeedKind::Feed | FeedKind::Sitemap | FeedKind::Channel | FeedKind::Bridge => {
                let key = format!("gmt {}", feed.url);
                let known = self
                    .store
                    .find_meta(&key)
                    .await?
                    .and_then(|at| crate::text::date::parse(&at));
                let is_local = known.is_some_and(|at| now - at < chrono::Duration::days(MISLABEL_DAYS));
                match feed::parse_as(&page.body, page.content_type.as_deref(), &page.final_url, now, is_local) {
                    Ok(document) if sitemap::is_index(&page.body) => self.read_index(&document.entries).await,
                    Ok(document) => {
                        if document.mislabelled > 0 {
                            self.store.set_meta(&key, &now.to_rfc3339()).await?;
                        }
                        document.entries
                    }
                    Err(error) => return Ok(Err(error.to_string())),
                }
            }
        };
        if entries.is_empty() {
            return Ok(Err("it answered but lists nothing".into()));
        }
        if feed.kind == FeedKind::Channel {
            return self.read_channel(source, &entries, page).await.map(Ok);
        }
        if let Some(platform) = feed.platform {
            return self.read_bridge(source, platform, &entries, page).await;
        }
        let judged: Vec<_> = entries
            .iter()
            .filter_map(|entry| self.judge(entry, feed.ours))
            .collect();
        let fresh = self.store.insert_entries(&source.id, &feed.url, &judged, now).await?;
        Ok(Ok((entries.len(), fresh)))
    }

    /// What the newest sitemaps of an index list; one that cannot be read is left out until the next check.
    async fn read_index(&self, children: &[Entry]) -> Vec<Entry> {
        let mut entries = Vec::new();
        for address in archive::recent_children(children, self.clock.now()) {
            match self.fetcher.get(Request::new(address)).await {
                Ok(page) => {
                    let found = feed::parse(
                        &page.body,
                        page.content_type.as_deref(),
                        &page.final_url,
                        self.clock.now(),
                    );
                    entries.extend(found.map(|document| document.entries).unwrap_or_default());
                }
                Err(error) => tracing::info!(%error, "a sitemap of an index was not read"),
            }
        }
        entries
    }

    /// Whether an entry is fetched: what the gate lets through, and a sample of what it keeps out. `ours`: everything
    /// its feed lists is about the sector.
    pub(super) fn judge(&self, entry: &Entry, ours: bool) -> Option<(String, Entry, EntryState, String)> {
        let url = canonical(&entry.url)?;
        let decision = self.gate.decide(entry, ours);
        let state = if decision.fetch {
            EntryState::Pending
        } else if self.sample_one_in > 0 && sample_of(&url).is_multiple_of(self.sample_one_in) {
            EntryState::Sampled
        } else {
            EntryState::GatedOut
        };
        // By-lines are read from the page; what a forum's feed calls the author is a private person.
        let entry = Entry {
            author: None,
            ..entry.clone()
        };
        Some((url, entry, state, decision.reason))
    }

    /// Whether an entry was fetched only to measure what the gate keeps out.
    fn is_sample(&self, entry: &StoredEntry) -> bool {
        let decision = self.gate.decide(&entry.entry, false);
        !decision.fetch && decision.reason == entry.reason
    }

    pub(super) fn item(&self, source: &Source, url: &str, kind: ItemKind, platform: Platform) -> Item {
        Item {
            id: ItemId::from_url(url),
            kind,
            platform,
            source: source.id.clone(),
            source_rank: source.rank,
            access: Access::Public,
            url: Some(url.to_owned()),
            title: String::new(),
            text: String::new(),
            author: None,
            lang: Some(source.lang.clone()),
            published_at: None,
            collected_at: Some(self.clock.now()),
            parent: None,
            thread: None,
            repost_of: None,
            engagement: Engagement::default(),
        }
    }

    async fn fetch(&self, source: &Source, entry: &StoredEntry) -> crate::store::Result<()> {
        // The address as the feed gave it: the canonical one is an identity, not always a place.
        let page = match self.fetcher.get(Request::new(entry.entry.url.clone())).await {
            Ok(page) => page,
            Err(error) => {
                let now = self.clock.now();
                let (tries, first_pause) = error.patience();
                let retry = match error.disposition() {
                    Disposition::Retry { not_before } if entry.attempts < tries => Some(not_before),
                    _ => None,
                };
                return match retry {
                    Some(not_before) => {
                        let next = now + pause_after(entry.attempts, first_pause);
                        let next = not_before.map_or(next, |until| until.max(next));
                        self.store.retry_entry(&entry.url, next, &error.to_string()).await
                    }
                    None => {
                        self.store
                            .finish_entry(entry, error.entry_state(), &error.to_string(), now)
                            .await
                    }
                };
            }
        };
        let now = page.fetched_at;
        let day = entry.entry.published_at.unwrap_or(now).date_naive();
        let layout = self.catalogue.layout(source, day);
        match extract::page(&page, source.family.as_deref().unwrap_or_default(), &layout, now) {
            Ok(found) => {
                let modified = found.modified_at;
                let (mut new, is_relevant) = self.article(source, entry, found, &page);
                if is_relevant {
                    new.evidence = self.keep(&page, new.item.is_social()).await?;
                }
                let next = super::catching_up::recheck_time(now, 0).filter(|_| is_relevant);
                let look = next.map(|next| NextLook {
                    next: Some(next),
                    modified,
                });
                self.store.insert_item_of_entry(&new, entry, look, now).await?;
                if is_relevant {
                    self.read_comments(source, &new.item, &page).await?;
                }
                if is_relevant && self.is_sample(entry) {
                    self.store.count("gate_missed", &source.id, 1, now).await?;
                    tracing::warn!(item.url = %entry.url, "the gate would have kept out a relevant article");
                }
                Ok(())
            }
            Err(error @ (extract::ExtractError::Gone | extract::ExtractError::RedirectedHome)) => {
                self.store
                    .finish_entry(entry, EntryState::Gone, &error.to_string(), now)
                    .await
            }
            Err(error @ extract::ExtractError::Challenge(_)) if entry.attempts < CHALLENGE_TRIES => {
                let next = now + pause_after(entry.attempts, Duration::from_secs(15 * 60));
                self.store.retry_entry(&entry.url, next, &error.to_string()).await
            }
            Err(error) if !entry.entry.title.is_empty() => {
                // What the feed said is better than nothing; the warning says that the page could not be read.
                let found = Extraction {
                    url: entry.url.clone(),
                    canonical_url: entry.url.clone(),
                    title: entry.entry.title.clone(),
                    summary: entry.entry.summary.clone(),
                    text: entry.entry.summary.clone(),
                    method: "feed".into(),
                    warnings: vec![error.to_string()],
                    ..Extraction::default()
                };
                let (new, _) = self.article(source, entry, found, &page);
                self.store
                    .insert_item_of_entry(&new, entry, None, now)
                    .await
                    .map(|_| ())
            }
            Err(error) => {
                self.store
                    .finish_entry(entry, EntryState::Failed, &error.to_string(), now)
                    .await
            }
        }
    }

    fn article(&self, source: &Source, entry: &StoredEntry, found: Extraction, page: &Page) -> (NewItem, bool) {
        let url = canonical(&found.canonical_url).unwrap_or_else(|| entry.url.clone());
        let id = ItemId::from_url(&url);
        let (mut new, is_relevant) = self.item_of_page(source, id, found, page);
        new.item.url = Some(url);
        // A page whose time lies ahead was given the time of reading; what the feed says is nearer.
        let stated = new.item.published_at.filter(|at| *at != page.fetched_at);
        new.item.published_at = stated.or(entry.entry.published_at).or(new.item.published_at);
        (new, is_relevant)
    }

    /// An article as its page has it, and whether it concerns the sector.
    pub(super) fn item_of_page(&self, source: &Source, id: ItemId, found: Extraction, page: &Page) -> (NewItem, bool) {
        let now = self.clock.now();
        let platform = if source.kind == SourceKind::Forum {
            Platform::Forum
        } else {
            Platform::Press
        };
        let mut item = self.item(source, &found.canonical_url, ItemKind::Press, platform);
        item.id = id;
        item.title = found.title;
        item.text = found.text;
        item.author = found.author;
        item.published_at = found.published_at;
        item.collected_at = Some(now);
        let is_relevant = self.is_relevant(source, &item, now);
        let new = NewItem {
            item,
            snapshot: Some(Evidence::name(&page.body)),
            evidence: None,
            method: found.method,
            warnings: found.warnings,
        };
        (new, is_relevant)
    }

    /// Keeps what was received as evidence, sealed when it names private persons, unless the same bytes are kept already.
    /// Returns the new record.
    pub(super) async fn keep(&self, page: &Page, is_private: bool) -> crate::store::Result<Option<Kept>> {
        if self.store.find_evidence(&Evidence::name(&page.body)).await?.is_some() {
            return Ok(None);
        }
        Ok(self.evidence.keep(page, is_private).unwrap_or_else(|error| {
            tracing::error!(url = %page.url, %error, "what was received could not be kept as evidence; look at the disk");
            None
        }))
    }

    fn is_relevant(&self, source: &Source, item: &Item, now: Time) -> bool {
        let context = Context {
            thread: None,
            parent: None,
            at: now,
            source_province: source.province.as_deref(),
            fold: false,
        };
        // What names the sector in its beginning need not be read to its end.
        let beginning = Item {
            text: item.text[..item.text.floor_char_boundary(BEGINNING)].to_owned(),
            ..item.clone()
        };
        self.analyser.is_relevant(&beginning, &context)
            || beginning.text.len() < item.text.len() && self.analyser.is_relevant(item, &context)
    }
}

/// How long to wait after a try: each pause is twice the one before, six hours at most.
fn pause_after(tries: i64, first: Duration) -> chrono::Duration {
    let pause = backoff(
        u32::try_from(tries).unwrap_or(1),
        first,
        Duration::from_secs(6 * 3600),
        chance::fraction(),
    );
    chrono::Duration::from_std(pause).unwrap_or_default()
}

/// A number that belongs to an address for ever, so that a restart samples the same ones.
fn sample_of(url: &str) -> u32 {
    u32::from_str_radix(&crate::text::sha256_hex(url.as_bytes())[..8], 16).unwrap_or_default()
}
