//! Facebook: comments of all levels below a post.

use std::collections::BTreeSet;

use super::super::Stop;
use super::super::writing::{self, gist};
use super::{FacebookPage, METHOD, with};
use crate::collect::social::{Comment, Trouble, facebook, schedule};
use crate::collect::social_ids::facebook_address;
use crate::model::ItemId;
use crate::model::connector::{Errand, ErrandKind};
use crate::model::item::Item;
use crate::model::page::Page;
use crate::store::NewItem;

impl FacebookPage {
    /// Reads the comments of all levels below a post, oldest first; a killed process goes on at the page it was at.
    pub(super) async fn comments(&self, errand: &mut Errand) -> Result<(), Stop> {
        let (store, id) = (&self.collecting.store, self.item_id(&errand.subject));
        let Some(post) = store.find_item(&id).await? else {
            return self.close(errand.kind, &errand.subject, "erased").await;
        };
        // Only a reading from the first page to the last in one go tells what is missing.
        let (mut is_whole, mut seen) = (errand.cursor.is_empty(), BTreeSet::new());
        let path = format!("{}/comments", errand.subject);
        loop {
            self.wait(chrono::Duration::zero()).await?;
            let query = match errand.cursor.as_str() {
                "" => with(&[
                    ("fields", facebook::COMMENT),
                    ("filter", "stream"),
                    ("order", "chronological"),
                    ("limit", "100"),
                ]),
                next => facebook::pairs(next),
            };
            let page = match self.ask(&path, &query).await {
                Ok(page) => page,
                Err(Stop::Trouble(Trouble::Odd(_))) if !errand.cursor.is_empty() => {
                    errand.cursor.clear();
                    store.record_errand(errand).await?;
                    (is_whole, seen) = (true, BTreeSet::new());
                    continue;
                }
                Err(Stop::Trouble(Trouble::Gone)) => {
                    self.confirm(ErrandKind::Comments, vec![errand.subject.clone()]).await?;
                    break;
                }
                Err(stop) => return Err(stop),
            };
            let part = facebook::comments(&page.body)?;
            seen.extend(part.items.iter().filter(|c| !c.is_hidden).map(|c| self.item_id(&c.id)));
            self.below(&post, &part.items, &page).await?;
            let Some(next) = part.next else {
                if is_whole {
                    self.miss(&id, &seen).await?;
                }
                break;
            };
            errand.cursor = next;
            store.record_errand(errand).await?;
        }
        if !store.is_open(&self.name, errand.kind, &errand.subject).await? {
            return Ok(());
        }
        let now = self.collecting.clock.now();
        errand.cursor.clear();
        match schedule::next_comments(post.time(now), now) {
            Some(due) => {
                (errand.due, errand.step) = (due, errand.step + 1);
                Ok(store.record_errand(errand).await?)
            }
            None => self.close(errand.kind, &errand.subject, "old").await,
        }
    }

    /// Writes comments below a post down; those that the page hides are removed.
    async fn below(&self, post: &Item, comments: &[Comment], page: &Page) -> Result<(), Stop> {
        let (store, now) = (&self.collecting.store, page.fetched_at);
        let (mut items, mut errands): (Vec<NewItem>, Vec<Errand>) = (Vec::new(), Vec::new());
        for comment in comments {
            let id = self.item_id(&comment.id);
            if comment.is_hidden {
                self.collecting.remove(&id).await?;
                continue;
            }
            let parent = comment
                .parent
                .as_ref()
                .map_or_else(|| post.id.clone(), |parent| self.item_id(parent));
            let url = facebook_address(&self.id, &comment.id);
            let item = self.account.comment(comment, url, parent, &gist(&post.text), now);
            items.push(writing::new(item, METHOD));
            let published = comment.published_at.unwrap_or(now);
            let sample = schedule::next_sample(published, 0, now).filter(|_| comment.parent.is_none());
            errands.extend(sample.map(|(step, due)| {
                let errand = self.errand(ErrandKind::SampleComment, &comment.id, Some(id), due);
                Errand { step, ..errand }
            }));
        }
        self.collecting.write(items, page).await?;
        Ok(store.open_errands(&errands).await?)
    }

    /// Asks for the comments of all levels below a post that were known and are not among `seen`.
    async fn miss(&self, post: &ItemId, seen: &BTreeSet<ItemId>) -> Result<(), Stop> {
        let store = &self.collecting.store;
        let mut known = store.answers_to(post).await?;
        for opener in known.clone() {
            known.extend(store.answers_to(&opener.item.id).await?);
        }
        let missing = known
            .into_iter()
            .filter(|view| !view.removed && !seen.contains(&view.item.id));
        let missing = missing.filter_map(|view| Some(view.item.url?.rsplit('/').next()?.to_owned()));
        self.confirm(ErrandKind::SampleComment, missing.collect()).await
    }
}
