//! Facebook: posts and comments looked at by their ids, for samplings and to tell what is gone.

use super::super::writing::{self, Account};
use super::super::{Stop, advance};
use super::{AT_ONCE, FacebookPage, METHOD, with};
use crate::collect::social::{Trouble, facebook};
use crate::model::connector::ErrandKind;
use crate::model::page::Page;

impl FacebookPage {
    /// Removes those of `objects` that are not there any more, and ends what is asked of them.
    pub(super) async fn confirm(&self, kind: ErrandKind, objects: Vec<String>) -> Result<(), Stop> {
        let (_, gone) = self.look(objects, "id").await?;
        self.forget(kind, &gone).await
    }

    /// What Facebook says is not there may only be closed to us: it is believed while the page itself can be read.
    async fn forget(&self, kind: ErrandKind, gone: &[String]) -> Result<(), Stop> {
        if gone.is_empty() {
            return Ok(());
        }
        match self.ask(&self.id, &with(&[("fields", "id")])).await {
            Err(Stop::Trouble(Trouble::Gone)) => {
                return Err(Trouble::Forbidden("không thấy trang với token này".into()).into());
            }
            answer => answer?,
        };
        for object in gone {
            self.collecting.remove(&self.item_id(object)).await?;
            let kinds = match kind {
                ErrandKind::SampleComment => &[ErrandKind::SampleComment][..],
                _ => &[ErrandKind::Sample, ErrandKind::Comments],
            };
            for kind in kinds {
                self.close(*kind, object, "removed").await?;
            }
        }
        Ok(())
    }

    /// Asks for objects by id, many in one call. One that is gone makes Facebook refuse the whole call: the call is halved
    /// until it is found. Returns the answers, and what is gone.
    async fn look(&self, objects: Vec<String>, fields: &str) -> Result<(Vec<Page>, Vec<String>), Stop> {
        let mut waiting: Vec<Vec<String>> = objects.chunks(AT_ONCE).map(<[String]>::to_vec).collect();
        let (mut pages, mut gone) = (Vec::new(), Vec::new());
        while let Some(some) = waiting.pop() {
            match self
                .ask("", &with(&[("ids", &some.join(",")), ("fields", fields)]))
                .await
            {
                Ok(page) => {
                    let found = facebook::ids(&page.body)?;
                    gone.extend(some.into_iter().filter(|object| !found.contains(object)));
                    pages.push(page);
                }
                Err(Stop::Trouble(Trouble::Gone)) if some.len() > 1 => {
                    let (left, right) = some.split_at(some.len() / 2);
                    waiting.extend([left.to_vec(), right.to_vec()]);
                }
                Err(Stop::Trouble(Trouble::Gone)) => gone.extend(some),
                Err(stop) => return Err(stop),
            }
        }
        Ok((pages, gone))
    }

    /// Samples the posts or opening comments that are due.
    pub(super) async fn sample(&self, kind: ErrandKind, fields: &str) -> Result<(), Stop> {
        let (store, now) = (&self.collecting.store, self.collecting.clock.now());
        let due = store.due_errands(&self.name, kind, now, AT_ONCE as i64).await?;
        let objects = due.iter().map(|errand| errand.subject.clone()).collect();
        let (pages, gone) = self.look(objects, fields).await?;
        for page in &pages {
            let mut items = Vec::new();
            if kind == ErrandKind::Sample {
                let posts = facebook::posts_by_id(&page.body)?;
                items.extend(
                    posts
                        .iter()
                        .map(|post| writing::new(self.post(post, page.fetched_at), METHOD)),
                );
            } else {
                for comment in facebook::comments_by_id(&page.body)? {
                    let id = self.item_id(&comment.id);
                    if comment.is_hidden {
                        self.collecting.remove(&id).await?;
                    } else if let Some(known) = store.find_item(&id).await? {
                        items.push(writing::new(Account::seen_again(known, &comment), METHOD));
                    }
                }
            }
            self.collecting.write(items, page).await?;
        }
        self.forget(kind, &gone).await?;
        for errand in due.into_iter().filter(|errand| !gone.contains(&errand.subject)) {
            advance(store, errand, now).await?;
        }
        Ok(())
    }
}
