//! YouTube: comments under a video, and answers to them. A comment known before that a whole reading no longer finds is asked
//! for by its id; only when that does not bring it is it marked as removed.

use std::collections::BTreeSet;

use super::super::Stop;
use super::super::writing::{self, Account};
use super::sampling::DISABLED;
use super::{AT_ONCE, NAME, Youtube, comment_url, parameter};
use crate::collect::social::youtube::{self, Thread};
use crate::collect::social::{Comment, Trouble, schedule};
use crate::model::connector::{Errand, ErrandKind};
use crate::model::item::Item;
use crate::model::{ItemId, Time};
use crate::store::NewItem;

/// A video whose comments are read.
struct Below {
    id: String,
    item: Item,
    account: Account,
}

impl Below {
    fn url(&self, comment: &str) -> String {
        comment_url(&self.id, comment)
    }

    fn comment(&self, comment: &Comment, now: Time) -> NewItem {
        let parent = match &comment.parent {
            Some(opener) => ItemId::from_url(&self.url(opener)),
            None => self.item.id.clone(),
        };
        let url = self.url(&comment.id);
        writing::new(self.account.comment(comment, url, parent, &self.item.title, now), NAME)
    }
}

impl Youtube {
    async fn below(&self, errand: &Errand) -> Result<Option<Below>, Stop> {
        let Some(id) = &errand.item else { return Ok(None) };
        let Some(item) = self.collecting.store.find_item(id).await? else {
            return Ok(None);
        };
        let account = Account {
            source: item.source.clone(),
            rank: item.source_rank,
            platform: item.platform,
            access: item.access,
        };
        Ok(parameter(&item, "v").map(|id| Below { id, item, account }))
    }

    /// Reads all threads under a video; a killed process goes on at the page it was at.
    pub(super) async fn comments(&self, errand: &mut Errand) -> Result<(), Stop> {
        let store = &self.collecting.store;
        let Some(video) = self.below(errand).await? else {
            return self.close(errand, "erased").await;
        };
        // Only a reading from the first page to the last in one go tells what is missing.
        let mut is_whole = errand.cursor.is_empty();
        let mut seen = BTreeSet::new();
        loop {
            let cursor = errand.cursor.clone();
            let mut query = vec![
                ("part", "snippet,replies"),
                ("videoId", video.id.as_str()),
                ("order", "time"),
                ("maxResults", "100"),
                ("textFormat", "plainText"),
            ];
            query.extend(Some(("pageToken", cursor.as_str())).filter(|(_, token)| !token.is_empty()));
            let part = match self.ask("commentThreads", &query).await {
                Ok(page) => {
                    let part = youtube::threads(&page.body)?;
                    let comments = part
                        .items
                        .iter()
                        .flat_map(|thread| std::iter::once(&thread.opener).chain(&thread.replies));
                    let items = comments
                        .map(|comment| video.comment(comment, page.fetched_at))
                        .collect();
                    self.collecting.write(items, &page).await?;
                    for thread in &part.items {
                        seen.insert(ItemId::from_url(&video.url(&thread.opener.id)));
                        self.follow(&video, thread, page.fetched_at).await?;
                    }
                    part
                }
                Err(Stop::Trouble(Trouble::CommentsDisabled)) => return self.close(errand, DISABLED).await,
                Err(Stop::Trouble(Trouble::Gone)) => {
                    self.look_at(std::slice::from_ref(&video.id)).await?;
                    return match store.is_open(NAME, errand.kind, &errand.subject).await? {
                        true => self.rest(errand, &video.item).await,
                        false => Ok(()),
                    };
                }
                Err(Stop::Trouble(Trouble::BadCursor)) if !errand.cursor.is_empty() => {
                    errand.cursor.clear();
                    store.record_errand(errand).await?;
                    (is_whole, seen) = (true, BTreeSet::new());
                    continue;
                }
                Err(stop) => return Err(stop),
            };
            let Some(next) = part.next else { break };
            errand.cursor = next;
            store.record_errand(errand).await?;
        }
        if is_whole {
            self.miss(&video.item.id, &seen).await?;
        }
        self.rest(errand, &video.item).await
    }

    /// Plans the next reading of the comments under a video.
    async fn rest(&self, errand: &mut Errand, video: &Item) -> Result<(), Stop> {
        let now = self.collecting.clock.now();
        errand.cursor.clear();
        match schedule::next_comments(video.time(now), now) {
            Some(due) => {
                (errand.due, errand.step) = (due, errand.step + 1);
                Ok(self.collecting.store.record_errand(errand).await?)
            }
            None => self.close(errand, "old").await,
        }
    }

    /// Plans what is asked of a thread later: its counts, and the answers that did not come with it.
    async fn follow(&self, video: &Below, thread: &Thread, now: Time) -> Result<(), Stop> {
        let store = &self.collecting.store;
        let opener = ItemId::from_url(&video.url(&thread.opener.id));
        let published = thread.opener.published_at.unwrap_or(now);
        if let Some((step, due)) = schedule::next_sample(published, 0, now) {
            let sample = self.errand(ErrandKind::SampleComment, &thread.opener.id, Some(opener.clone()), due);
            store.open_errands(&[Errand { step, ..sample }]).await?;
        }
        let known = store.answers_to(&opener).await?;
        let known = known.iter().filter(|view| !view.removed).count();
        if thread.replies.len() < thread.total_replies() && known != thread.total_replies() {
            let replies = self.errand(ErrandKind::Replies, &thread.opener.id, Some(video.item.id.clone()), now);
            store.renew_errand(&replies).await?;
        } else if known > thread.total_replies() {
            let all = thread
                .replies
                .iter()
                .map(|reply| ItemId::from_url(&video.url(&reply.id)));
            self.miss(&opener, &all.collect()).await?;
        }
        Ok(())
    }

    /// Reads all answers to a comment.
    pub(super) async fn replies(&self, errand: &mut Errand) -> Result<(), Stop> {
        let store = &self.collecting.store;
        let Some(video) = self.below(errand).await? else {
            return self.close(errand, "erased").await;
        };
        let opener = ItemId::from_url(&video.url(&errand.subject));
        let is_whole = errand.cursor.is_empty();
        let mut seen = BTreeSet::new();
        loop {
            let (subject, cursor) = (errand.subject.clone(), errand.cursor.clone());
            let mut query = vec![
                ("part", "snippet"),
                ("parentId", subject.as_str()),
                ("maxResults", "100"),
                ("textFormat", "plainText"),
            ];
            query.extend(Some(("pageToken", cursor.as_str())).filter(|(_, token)| !token.is_empty()));
            let page = match self.ask("comments", &query).await {
                Ok(page) => page,
                Err(Stop::Trouble(Trouble::Gone)) => {
                    self.collecting.remove(&opener).await?;
                    return self.close(errand, "removed").await;
                }
                Err(Stop::Trouble(Trouble::BadCursor)) if !errand.cursor.is_empty() => {
                    errand.cursor.clear();
                    return Ok(store.record_errand(errand).await?);
                }
                Err(stop) => return Err(stop),
            };
            let part = youtube::comments(&page.body)?;
            let answer = |reply: &Comment| {
                let parent = Some(subject.clone());
                video.comment(
                    &Comment {
                        parent,
                        ..reply.clone()
                    },
                    page.fetched_at,
                )
            };
            let items: Vec<NewItem> = part.items.iter().map(answer).collect();
            seen.extend(items.iter().map(|new| new.item.id.clone()));
            self.collecting.write(items, &page).await?;
            let Some(next) = part.next else { break };
            errand.cursor = next;
            store.record_errand(errand).await?;
        }
        if is_whole {
            self.miss(&opener, &seen).await?;
        }
        self.close(errand, "done").await
    }

    /// Asks for the comments below `parent` that were known and are not among `seen`; those that do not come are removed.
    async fn miss(&self, parent: &ItemId, seen: &BTreeSet<ItemId>) -> Result<(), Stop> {
        let known = self.collecting.store.answers_to(parent).await?;
        let missing = known
            .into_iter()
            .filter(|view| !view.removed && !seen.contains(&view.item.id));
        let missing: Vec<(String, ItemId)> = missing
            .filter_map(|view| Some((parameter(&view.item, "lc")?, view.item.id)))
            .collect();
        for some in missing.chunks(AT_ONCE) {
            let ids: Vec<&str> = some.iter().map(|(id, _)| id.as_str()).collect();
            let page = match self
                .ask("comments", &[("part", "snippet"), ("id", &ids.join(","))])
                .await
            {
                Ok(page) => youtube::comments(&page.body)?.items,
                Err(Stop::Trouble(Trouble::Gone)) => Vec::new(),
                Err(stop) => return Err(stop),
            };
            for (id, item) in some {
                if !page.iter().any(|comment| comment.id == *id) {
                    self.collecting.remove(item).await?;
                }
            }
        }
        Ok(())
    }
}
