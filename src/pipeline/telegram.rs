//! Public channels on Telegram: new posts back to the last one seen, edits, and posts that were taken away.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::collecting::Collecting;
use crate::collect::fetch::Request;
use crate::extract::telegram::{self, ChannelPage, NO_PREVIEW};
use crate::model::ItemId;
use crate::model::item::{ItemKind, Observation, Platform};
use crate::model::page::{ChannelPost, Page};
use crate::model::source::{Feed, Source};
use crate::store::{NewItem, Result};

/// Pages of a channel read at one check, twenty posts each: what a busy channel posts while we are away for a day.
const PAGES: usize = 10;
/// Posts missing on a page that are asked for one by one at each check.
const SUSPECTS: usize = 3;
/// Numbers looked through for posts that are missing.
const SPAN: i64 = 300;
/// Missing posts that are there all the same which are remembered.
const HIDDEN: usize = 200;

/// What is known of a channel between two checks.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Progress {
    /// The newest post up to which nothing is missing.
    newest: i64,
    /// Posts that the channel's page does not show, though their own pages do.
    hidden: BTreeSet<i64>,
}

impl Collecting {
    /// Reads a channel from its newest page back to the last post seen, or as far as one check goes. When an older page
    /// cannot be read, what came is kept, and the next check goes back again. How many posts were listed and new, or why
    /// there are none.
    pub(super) async fn read_telegram(
        &self,
        source: &Source,
        feed: &Feed,
        first: &Page,
    ) -> Result<std::result::Result<(usize, usize), String>> {
        let Some(mut shown) = telegram::page(&text_of(first)) else {
            return Ok(Err(NO_PREVIEW.into()));
        };
        let Some(newest) = shown.posts.iter().map(|post| post.number).max() else {
            return Ok(Err("it answered but lists nothing".into()));
        };
        let key = format!("telegram {}", feed.url);
        let kept = self.store.find_meta(&key).await?;
        let mut progress: Progress = kept
            .and_then(|json| serde_json::from_str(&json).ok())
            .unwrap_or_default();
        let (mut listed, mut fresh) = self.write_channel(source, &shown, first).await?;
        // Also what stood last may be gone.
        let until = newest.max(progress.newest);
        self.look_for_removed(source, feed, &shown, until, &mut progress)
            .await?;
        let mut is_whole = true;
        for read in 1.. {
            let reached = shown.posts.iter().any(|post| post.number <= progress.newest);
            let Some(before) = shown.older.filter(|_| !reached) else {
                break;
            };
            if read == PAGES {
                self.store.count("older_left", &source.id, 1, self.clock.now()).await?;
                break;
            }
            let address = format!("{}?before={before}", feed.url);
            let answer = self.fetcher.get(Request::new(address)).await;
            let read = answer.map(|page| (telegram::page(&text_of(&page)), page));
            match read {
                Ok((Some(older), page)) if older.older.is_none_or(|next| next < before) => {
                    let (l, f) = self.write_channel(source, &older, &page).await?;
                    (listed, fresh) = (listed + l, fresh + f);
                    self.look_for_removed(source, feed, &older, before - 1, &mut progress)
                        .await?;
                    shown = older;
                }
                problem => {
                    let problem = problem
                        .err()
                        .map_or_else(|| NO_PREVIEW.into(), |error| error.to_string());
                    tracing::info!(source.id = %source.id, before, %problem, "older posts were not read; the next check does");
                    self.store
                        .count("older_failed", &source.id, 1, self.clock.now())
                        .await?;
                    is_whole = false;
                    break;
                }
            }
        }
        if is_whole {
            progress.newest = progress.newest.max(newest);
        }
        while progress.hidden.len() > HIDDEN {
            progress.hidden.pop_first();
        }
        let json = serde_json::to_string(&progress).expect("numbers are JSON");
        self.store.set_meta(&key, &json).await?;
        Ok(Ok((listed, fresh)))
    }

    async fn write_channel(&self, source: &Source, shown: &ChannelPage, page: &Page) -> Result<(usize, usize)> {
        let posts = shown.posts.iter().filter(|post| !post.text.is_empty());
        self.write(posts.map(|post| self.channel_item(source, post)).collect(), page)
            .await
    }

    fn channel_item(&self, source: &Source, post: &ChannelPost) -> NewItem {
        let mut item = self.item(source, &post.url, ItemKind::Post, Platform::Telegram);
        item.text.clone_from(&post.text);
        item.author.clone_from(&post.author);
        item.published_at = post.published_at;
        item.engagement.views = post.views;
        NewItem {
            item,
            snapshot: None,
            evidence: None,
            method: "telegram".into(),
            warnings: Vec::new(),
        }
    }

    /// Posts that we have and the page no longer shows are asked for one by one: only where the post's own page says that
    /// it is not there it was removed, for some are merely not shown. `until` is the last number the page could show.
    async fn look_for_removed(
        &self,
        source: &Source,
        feed: &Feed,
        shown: &ChannelPage,
        until: i64,
        progress: &mut Progress,
    ) -> Result<()> {
        let there: BTreeSet<i64> = shown.posts.iter().map(|post| post.number).collect();
        let channel = shown.posts.first().and_then(|post| post.url.rsplit_once('/'));
        let (Some(first), Some((channel, _))) = (there.first(), channel) else {
            return Ok(());
        };
        let span = *first..=until.min(first + SPAN);
        let missing = span.filter(|number| !there.contains(number) && !progress.hidden.contains(number));
        let missing: Vec<(i64, ItemId)> = missing
            .map(|number| (number, ItemId::from_url(&format!("{channel}/{number}"))))
            .collect();
        let ids: Vec<ItemId> = missing.iter().map(|(_, id)| id.clone()).collect();
        let known = self.store.known_items(&ids).await?;
        let mut asked = 0;
        for (number, id) in missing.into_iter().filter(|(_, id)| known.contains(id)) {
            let view = self.store.find_item_view(&id).await?;
            if asked == SUSPECTS || view.is_none_or(|view| view.removed) {
                continue;
            }
            asked += 1;
            let address = format!("{}/{number}?embed=1&mode=tme", feed.url.replacen("/s/", "/", 1));
            let Ok(page) = self.fetcher.get(Request::new(address)).await else {
                continue;
            };
            match telegram::is_gone(&text_of(&page)) {
                Some(true) => self.post_removed(source, id).await?,
                Some(false) => _ = progress.hidden.insert(number),
                None => {}
            }
        }
        Ok(())
    }

    async fn post_removed(&self, source: &Source, id: ItemId) -> Result<()> {
        let now = self.clock.now();
        tracing::info!(item.id = %id, "a post was removed from its channel");
        let gone = Observation {
            id,
            collected_at: now,
            engagement: None,
            title: None,
            text: None,
            removed: true,
        };
        self.store.insert_observations(&[gone]).await?;
        self.store.count("removed", &source.id, 1, now).await
    }
}

fn text_of(page: &Page) -> String {
    crate::text::decode::decode(&page.body, page.content_type.as_deref()).text
}
