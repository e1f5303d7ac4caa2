//! YouTube: searches and uploads to videos. Every call is spent from the ledger of the day before it is made.

mod comments;
mod sampling;

use std::sync::Arc;

use super::sweep::Sweep;
use super::writing::{self, Account};
use super::{Stop, answered, trouble_of};
use crate::collect::api::Api;
use crate::collect::fetch::FetchError;
use crate::collect::social::youtube::{self, Video};
use crate::collect::social::{Trouble, schedule};
use crate::config;
use crate::model::connector::{Errand, ErrandKind};
use crate::model::item::{Access, Item, ItemKind, Platform};
use crate::model::page::Page;
use crate::model::{ItemId, Time};
use crate::pipeline::collecting::Collecting;

/// Its name in the store, and for people.
pub const NAME: &str = "youtube";
pub const LABEL: &str = "YouTube (API)";
/// The two buckets of a day's quota (developers.google.com/youtube/v3/determine_quota_cost).
pub(super) const SEARCH: &str = "search";
const UNITS: &str = "units";
/// Most ids that one call takes.
const AT_ONCE: usize = 50;
/// When less than one unit in so many is left of a day, only what is relevant is asked.
const SCARCE: i64 = 5;
/// Searches and uploads are read anew so far back: a video is found some time after it was published.
const OVERLAP_HOURS: i64 = 24;
/// How often uploads of a channel are read.
const UPLOADS_MINUTES: i64 = 15;

/// The connector to the Data API.
pub struct Youtube {
    api: Api,
    collecting: Arc<Collecting>,
    config: config::Youtube,
}

/// The address of a video, which is its identity.
fn video_url(id: &str) -> String {
    format!("https://www.youtube.com/watch?v={id}")
}

/// The address of a comment.
fn comment_url(video: &str, id: &str) -> String {
    format!("https://www.youtube.com/watch?lc={id}&v={video}")
}

/// The value of a parameter in an item's address: `v` of a video, `lc` of a comment.
fn parameter(item: &Item, name: &str) -> Option<String> {
    let url = url::Url::parse(item.url.as_deref()?).ok()?;
    let pair = url.query_pairs().find(|(known, _)| known == name);
    pair.map(|(_, value)| value.into_owned())
}

impl Youtube {
    /// The connector of a configuration.
    ///
    /// # Errors
    /// When its address is none.
    pub fn new(config: &config::Youtube, collecting: Arc<Collecting>) -> Result<Self, FetchError> {
        Ok(Self {
            api: Api::google(collecting.fetcher.clone(), &config.base_url, config.key.clone())?,
            config: config.clone(),
            collecting,
        })
    }

    pub(super) fn host(&self) -> &str {
        self.api.host()
    }

    fn errand(&self, kind: ErrandKind, subject: &str, item: Option<ItemId>, due: Time) -> Errand {
        Errand {
            connector: NAME.into(),
            kind,
            subject: subject.to_owned(),
            item,
            due,
            step: 0,
            cursor: String::new(),
        }
    }

    /// One errand for each query and channel.
    pub(super) fn beginnings(&self, now: Time) -> Vec<Errand> {
        let queries = self.config.search.iter().map(|query| (ErrandKind::Search, query));
        let channels = self
            .config
            .channels
            .iter()
            .map(|channel| (ErrandKind::Uploads, channel));
        let all = queries.chain(channels);
        all.map(|(kind, subject)| self.errand(kind, subject, None, now))
            .collect()
    }

    /// Whether what is left of the day is for relevant items only.
    pub(super) async fn is_scarce(&self, now: Time) -> crate::store::Result<bool> {
        let day = schedule::quota_day(now).to_string();
        let spent = self.collecting.store.quota(NAME, &day).await?;
        let units = i64::from(self.config.units_per_day);
        let used = spent
            .iter()
            .find(|quota| quota.bucket == UNITS)
            .map_or(0, |quota| quota.used);
        Ok((units - used) * SCARCE < units)
    }

    pub(super) async fn run(&self, errand: &Errand) -> Result<(), Stop> {
        let mut errand = errand.clone();
        let is_wanted = match errand.kind {
            ErrandKind::Search => self.config.search.contains(&errand.subject),
            ErrandKind::Uploads => self.config.channels.contains(&errand.subject),
            _ => true,
        };
        if !is_wanted {
            return self.close(&errand, "not configured").await;
        }
        match errand.kind {
            ErrandKind::Search => self.search(&mut errand).await,
            ErrandKind::Uploads => self.uploads(&mut errand).await,
            ErrandKind::Comments => self.comments(&mut errand).await,
            ErrandKind::Replies => self.replies(&mut errand).await,
            ErrandKind::Sample => self.sample().await,
            ErrandKind::SampleComment => self.sample_comments().await,
            ErrandKind::Posts => self.close(&errand, "unknown").await,
        }
    }

    async fn close(&self, errand: &Errand, why: &str) -> Result<(), Stop> {
        let store = &self.collecting.store;
        Ok(store.close_errand(NAME, errand.kind, &errand.subject, why).await?)
    }

    /// One call: spent first, then made.
    async fn ask(&self, path: &str, query: &[(&str, &str)]) -> Result<Page, Stop> {
        let (store, now) = (&self.collecting.store, self.collecting.clock.now());
        let (bucket, granted) = match path {
            "search" => (SEARCH, self.config.search_calls_per_day),
            _ => (UNITS, self.config.units_per_day),
        };
        let day = schedule::quota_day(now).to_string();
        if !store.spend(NAME, bucket, &day, i64::from(granted)).await? {
            return Err(Trouble::Spent(bucket).into());
        }
        let page = self.api.get(path, query).await.map_err(|error| trouble_of(&error))?;
        if page.status == 200 {
            answered(store, NAME, page.fetched_at).await?;
            return Ok(page);
        }
        let trouble = youtube::trouble(page.status, &page.body, bucket);
        if matches!(trouble, Trouble::Spent(_)) {
            store.exhaust(NAME, bucket, &day).await?;
        }
        Err(trouble.into())
    }

    /// Reads all pages of a search, newest first, since the sweep before; a killed process goes on at the page it was at.
    async fn search(&self, errand: &mut Errand) -> Result<(), Stop> {
        let (store, now) = (&self.collecting.store, self.collecting.clock.now());
        let mut sweep = Sweep::of(&errand.cursor, now);
        loop {
            let after = sweep.after.to_utc().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
            let mut query = vec![
                ("part", "snippet"),
                ("type", "video"),
                ("order", "date"),
                ("maxResults", "50"),
                ("q", errand.subject.as_str()),
                ("publishedAfter", after.as_str()),
                ("relevanceLanguage", "vi"),
                ("regionCode", "VN"),
            ];
            query.extend(sweep.token.as_deref().map(|token| ("pageToken", token)));
            match self.ask("search", &query).await {
                Ok(page) => {
                    let part = youtube::search(&page.body)?;
                    self.meet(&part.items).await?;
                    sweep.step(part.next, OVERLAP_HOURS);
                }
                Err(Stop::Trouble(Trouble::BadCursor)) if sweep.token.is_some() => {
                    sweep.token = None;
                    continue;
                }
                Err(stop) => return Err(stop),
            }
            errand.cursor = sweep.cursor();
            if sweep.is_done() {
                let pause = schedule::search_pause(self.config.search.len(), self.config.search_calls_per_day);
                (errand.due, errand.step) = (now + pause, errand.step + 1);
                return Ok(store.record_errand(errand).await?);
            }
            store.record_errand(errand).await?;
        }
    }

    /// Reads the uploads of a channel, newest first, back to the sweep before.
    async fn uploads(&self, errand: &mut Errand) -> Result<(), Stop> {
        let (store, now) = (&self.collecting.store, self.collecting.clock.now());
        let mut sweep = Sweep::of(&errand.cursor, now);
        let playlist = self.playlist(&errand.subject).await?;
        loop {
            let mut query = vec![
                ("part", "contentDetails"),
                ("playlistId", playlist.as_str()),
                ("maxResults", "50"),
            ];
            query.extend(sweep.token.as_deref().map(|token| ("pageToken", token)));
            match self.ask("playlistItems", &query).await {
                Ok(page) => {
                    let part = youtube::playlist(&page.body)?;
                    let recent = part.items.iter().filter(|(_, at)| *at > sweep.after);
                    let ids: Vec<String> = recent.map(|(id, _)| id.clone()).collect();
                    self.meet(&ids).await?;
                    let next = part.next.filter(|_| ids.len() == part.items.len());
                    sweep.step(next, OVERLAP_HOURS);
                }
                Err(Stop::Trouble(Trouble::BadCursor)) if sweep.token.is_some() => {
                    sweep.token = None;
                    continue;
                }
                Err(stop) => return Err(stop),
            }
            errand.cursor = sweep.cursor();
            if sweep.is_done() {
                errand.due = now + chrono::Duration::minutes(UPLOADS_MINUTES);
                return Ok(store.record_errand(errand).await?);
            }
            store.record_errand(errand).await?;
        }
    }

    /// The playlist of all uploads of a channel; asked for once and remembered.
    async fn playlist(&self, channel: &str) -> Result<String, Stop> {
        let (store, known) = (&self.collecting.store, format!("youtube uploads {channel}"));
        if let Some(playlist) = store.find_meta(&known).await? {
            return Ok(playlist);
        }
        let which = if channel.starts_with('@') { "forHandle" } else { "id" };
        let page = self
            .ask("channels", &[("part", "contentDetails"), (which, channel)])
            .await?;
        let Some(playlist) = youtube::uploads(&page.body)? else {
            return Err(Trouble::Odd(format!("không có kênh {channel}; sửa youtube.channels")).into());
        };
        store.set_meta(&known, &playlist).await?;
        Ok(playlist)
    }

    /// Reads the videos among `ids` that are not known yet, and plans what is asked of them later.
    async fn meet(&self, ids: &[String]) -> Result<(), Stop> {
        let store = &self.collecting.store;
        let mut unknown = Vec::new();
        for id in ids {
            if !unknown.contains(id) && !store.has_errand(NAME, ErrandKind::Comments, id).await? {
                unknown.push(id.clone());
            }
        }
        for some in unknown.chunks(AT_ONCE) {
            let (videos, page) = self.videos(some).await?;
            let now = page.fetched_at;
            let items = videos.iter().map(|video| writing::new(self.item(video, now), NAME));
            self.collecting.write(items.collect(), &page).await?;
            let mut errands = Vec::new();
            for video in &videos {
                let item = ItemId::from_url(&video_url(&video.id));
                let published = video.published_at.unwrap_or(now);
                errands.push(self.errand(ErrandKind::Comments, &video.id, Some(item.clone()), now));
                if let Some((step, due)) = schedule::next_sample(published, 0, now) {
                    let sample = self.errand(ErrandKind::Sample, &video.id, Some(item), due);
                    errands.push(Errand { step, ..sample });
                }
            }
            store.open_errands(&errands).await?;
        }
        Ok(())
    }

    /// Videos by id: those that were deleted or made private are missing.
    async fn videos(&self, ids: &[String]) -> Result<(Vec<Video>, Page), Stop> {
        let ids = ids.join(",");
        let page = self
            .ask("videos", &[("part", "snippet,statistics"), ("id", &ids)])
            .await?;
        Ok((youtube::videos(&page.body)?, page))
    }

    fn item(&self, video: &Video, now: Time) -> Item {
        let source = writing::source_naming(&self.collecting.catalogue, &video.channel);
        let account = Account::of(source, &video.channel_title, Platform::Youtube, Access::Public);
        Item {
            title: video.title.clone(),
            text: video.text.clone(),
            author: Some(video.channel_title.clone()).filter(|title| !title.is_empty()),
            lang: video.lang.clone(),
            published_at: video.published_at,
            engagement: video.engagement,
            ..account.item(ItemKind::Video, video_url(&video.id), now)
        }
    }
}
