//! Posts: what stands whole on the page that lists it, videos of a channel's feed and posts of a forum's threads. Known ones
//! are observed again, new ones stored with the page as evidence.

use super::collecting::Collecting;
use crate::collect::fetch::Request;
use crate::evidence::Evidence;
use crate::extract;
use crate::model::ItemId;
use crate::model::entry::Entry;
use crate::model::item::{Engagement, ItemKind, Observation, Platform};
use crate::model::page::{ForumPost, Page};
use crate::model::source::Source;
use crate::store::NewItem;
use crate::text::url::canonical;

/// Threads of a forum page that are read at each check: the ones that moved last.
const THREADS: usize = 25;

impl Collecting {
    /// A YouTube channel's feed says all there is: each entry is a video, a known one is observed.
    pub(super) async fn read_channel(
        &self,
        source: &Source,
        entries: &[Entry],
        page: &Page,
    ) -> crate::store::Result<(usize, usize)> {
        let (mut items, mut observations) = (Vec::new(), Vec::new());
        for entry in entries {
            let Some(url) = canonical(&entry.url) else { continue };
            let mut item = self.item(source, &url, ItemKind::Video, Platform::Youtube);
            item.title.clone_from(&entry.title);
            item.text.clone_from(&entry.summary);
            item.author.clone_from(&entry.author);
            item.published_at = entry.published_at;
            item.engagement = Engagement {
                views: entry.views.unwrap_or_default(),
                ..Engagement::default()
            };
            observations.push((item.id.clone(), item.engagement));
            items.push(NewItem {
                item,
                snapshot: None,
                evidence: None,
                method: "channel".into(),
                warnings: Vec::new(),
            });
        }
        self.write(&mut items, &observations, page).await
    }

    /// The threads of a forum page that moved last: each is a page of posts.
    pub(super) async fn read_forum(
        &self,
        source: &Source,
        html: &str,
        base: &str,
    ) -> crate::store::Result<(usize, usize)> {
        let threads = extract::forum::threads(html, base);
        let (mut listed, mut fresh) = (0, 0);
        for thread in threads.iter().take(THREADS) {
            let page = match self.fetcher.get(Request::new(thread.url.clone())).await {
                Ok(page) => page,
                Err(error) => {
                    tracing::info!(source.id = %source.id, %error, "a thread was not read");
                    self.store
                        .count("thread_failed", &source.id, 1, self.clock.now())
                        .await?;
                    continue;
                }
            };
            let now = page.fetched_at;
            let text = crate::text::decode::decode(&page.body, page.content_type.as_deref()).text;
            let posts = extract::forum::posts(&text, &page.final_url, now);
            let opener = posts
                .iter()
                .find(|post| post.is_first)
                .and_then(|post| canonical(&post.url));
            let mut items: Vec<NewItem> = posts
                .iter()
                .filter_map(|post| self.post_item(source, post, opener.as_deref()))
                .collect();
            let seen: Vec<_> = items
                .iter()
                .map(|new| (new.item.id.clone(), new.item.engagement))
                .collect();
            let (l, f) = self.write(&mut items, &seen, &page).await?;
            listed += l;
            fresh += f;
        }
        Ok((listed, fresh))
    }

    fn post_item(&self, source: &Source, post: &ForumPost, opener: Option<&str>) -> Option<NewItem> {
        let url = canonical(&post.url)?;
        let kind = if post.is_first {
            ItemKind::Post
        } else {
            ItemKind::Comment
        };
        let mut item = self.item(source, &url, kind, Platform::Forum);
        item.text.clone_from(&post.text);
        item.author.clone_from(&post.author);
        item.published_at = post.published_at;
        item.thread = (!post.is_first).then(|| post.thread.clone());
        item.parent = opener.filter(|_| !post.is_first).map(ItemId::from_url);
        item.engagement.reactions = post.reactions;
        if post.is_first {
            item.title.clone_from(&post.thread);
        }
        Some(NewItem {
            item,
            snapshot: None,
            evidence: None,
            method: "forum".into(),
            warnings: Vec::new(),
        })
    }

    /// Writes the items of a page down; of those known already, engagement that changed is an observation. The page is
    /// kept when it holds something new.
    async fn write(
        &self,
        items: &mut [NewItem],
        seen: &[(ItemId, Engagement)],
        page: &Page,
    ) -> crate::store::Result<(usize, usize)> {
        let now = page.fetched_at;
        let ids: Vec<ItemId> = items.iter().map(|new| new.item.id.clone()).collect();
        if self.store.known_items(&ids).await?.len() < ids.len() {
            let (name, mut kept) = (Evidence::name(&page.body), self.keep(page, true).await?);
            for new in items.iter_mut() {
                new.snapshot = Some(name.clone());
                new.evidence = kept.take();
            }
        }
        let mut observations = Vec::new();
        for (id, engagement) in seen {
            if let Some(known) = self.store.find_item(id).await?
                && known.engagement != *engagement
            {
                observations.push(Observation {
                    id: id.clone(),
                    collected_at: now,
                    engagement: Some(*engagement),
                    title: None,
                    text: None,
                    removed: false,
                });
            }
        }
        let outcomes = self.store.insert_items(items, now).await?;
        self.store.insert_observations(&observations).await?;
        let fresh = outcomes
            .iter()
            .filter(|outcome| **outcome == crate::store::Inserted::New)
            .count();
        Ok((items.len(), fresh))
    }
}
