//! Posts: what stands whole on the page that lists it, videos of a channel's feed, posts of a bridge's feed and of a forum's
//! threads. Known ones are observed again, new ones stored with the page as evidence.

use super::collecting::Collecting;
use crate::collect::bridge;
use crate::collect::fetch::Request;
use crate::evidence::Evidence;
use crate::extract;
use crate::model::ItemId;
use crate::model::entry::Entry;
use crate::model::item::{Engagement, ItemKind, Observation, Platform};
use crate::model::page::{ForumPost, Page};
use crate::model::source::Source;
use crate::store::{Inserted, NewItem};
use crate::text::squeeze;
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
        let mut items = Vec::new();
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
            items.push(NewItem {
                item,
                snapshot: None,
                evidence: None,
                method: "channel".into(),
                warnings: Vec::new(),
            });
        }
        self.write(items, page).await
    }

    /// A bridge's feed holds whole posts of a platform; what it says went wrong on its own side is no post.
    pub(super) async fn read_bridge(
        &self,
        source: &Source,
        platform: Platform,
        entries: &[Entry],
        page: &Page,
    ) -> crate::store::Result<Result<(usize, usize), String>> {
        let (posts, problems): (Vec<&Entry>, Vec<&Entry>) =
            entries.iter().partition(|entry| !bridge::is_problem(entry));
        if let (Some(problem), true) = (problems.first(), posts.is_empty()) {
            return Ok(Err(format!("the bridge reports: {}", problem.title)));
        }
        let kind = bridge::kind(platform);
        let item = |entry: &&Entry| {
            let mut item = self.item(source, &canonical(&entry.url)?, kind, platform);
            (item.title, item.text) = bridge::words(entry, kind);
            item.author.clone_from(&entry.author);
            item.published_at = entry.published_at;
            item.engagement.views = entry.views.unwrap_or_default();
            Some(NewItem {
                item,
                snapshot: None,
                evidence: None,
                method: "bridge".into(),
                warnings: Vec::new(),
            })
        };
        self.write(posts.iter().filter_map(item).collect(), page).await.map(Ok)
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
            let items = posts
                .iter()
                .filter_map(|post| self.post_item(source, post, opener.as_deref()))
                .collect();
            let (l, f) = self.write(items, &page).await?;
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

    /// Writes the items of a page down: new ones and edits with the page as their evidence, engagement that changed as
    /// observations. What was erased does not come back. Returns how many there were and how many were new.
    pub(super) async fn write(&self, items: Vec<NewItem>, page: &Page) -> crate::store::Result<(usize, usize)> {
        let now = page.fetched_at;
        let (listed, mut fresh, mut observations) = (items.len(), Vec::new(), Vec::new());
        let mut shown = Vec::new();
        for new in items {
            let Some(known) = self.store.find_item(&new.item.id).await? else {
                if !self.store.is_erased(&new.item.id).await? {
                    fresh.push(new);
                }
                continue;
            };
            let engagement = grown(known.engagement, new.item.engagement);
            if engagement != known.engagement {
                observations.push(Observation {
                    id: known.id.clone(),
                    collected_at: now,
                    engagement: Some(engagement),
                    title: None,
                    text: None,
                    removed: false,
                });
            }
            // The same words come with other white space by another way.
            let kept = self.store.kept_form(&new.item)?.full_text();
            if squeeze(&known.full_text()) != squeeze(&kept) {
                fresh.push(new);
            } else {
                shown.push(known);
            }
        }
        self.store.confirm_items(&shown, now).await?;
        if !fresh.is_empty() {
            let (name, mut kept) = (Evidence::name(&page.body), self.keep(page, true).await?);
            for new in &mut fresh {
                new.snapshot = Some(name.clone());
                new.evidence = kept.take();
            }
        }
        let outcomes = self.store.insert_items(&fresh, now).await?;
        self.store.insert_observations(&observations).await?;
        let fresh = outcomes.iter().filter(|outcome| **outcome == Inserted::New).count();
        Ok((listed, fresh))
    }
}

/// Engagement as seen now; a count that this way of asking does not give stays as it was.
fn grown(known: Engagement, seen: Engagement) -> Engagement {
    let count = |known, seen| if seen == 0 { known } else { seen };
    Engagement {
        reactions: count(known.reactions, seen.reactions),
        comments: count(known.comments, seen.comments),
        shares: count(known.shares, seen.shares),
        views: count(known.views, seen.views),
    }
}
