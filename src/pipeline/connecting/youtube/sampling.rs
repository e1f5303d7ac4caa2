//! YouTube: videos and opening comments are looked at again 1, 6, 24 and 72 hours after publication, many in one call.

use super::super::writing::{self, Account};
use super::super::{Stop, advance};
use super::{AT_ONCE, NAME, Youtube, video_url};
use crate::collect::social::youtube;
use crate::model::ItemId;
use crate::model::connector::{Errand, ErrandKind};

/// Why comments of a video are not asked for any more, until the video says that it takes some.
pub(super) const DISABLED: &str = "comments disabled";

impl Youtube {
    /// Samples the videos that are due.
    pub(super) async fn sample(&self) -> Result<(), Stop> {
        let due = self.due(ErrandKind::Sample).await?;
        let ids: Vec<String> = due.iter().map(|errand| errand.subject.clone()).collect();
        self.look_at(&ids).await?;
        let (store, now) = (&self.collecting.store, self.collecting.clock.now());
        for errand in due {
            // One that is gone was closed when it was looked at.
            if store.is_open(NAME, errand.kind, &errand.subject).await? {
                advance(store, errand, now).await?;
            }
        }
        Ok(())
    }

    async fn due(&self, kind: ErrandKind) -> Result<Vec<Errand>, Stop> {
        let (store, now) = (&self.collecting.store, self.collecting.clock.now());
        Ok(store.due_errands(NAME, kind, now, AT_ONCE as i64).await?)
    }

    /// Looks at videos: counts and words as they are now; those that do not come are removed with all below them.
    pub(super) async fn look_at(&self, ids: &[String]) -> Result<(), Stop> {
        let store = &self.collecting.store;
        let (videos, page) = self.videos(ids).await?;
        let items = videos
            .iter()
            .map(|video| writing::new(self.item(video, page.fetched_at), NAME));
        self.collecting.write(items.collect(), &page).await?;
        for id in ids {
            match videos.iter().find(|video| video.id == *id) {
                Some(video) if video.takes_comments => {
                    let kind = ErrandKind::Comments;
                    store.reopen_errand(NAME, kind, id, DISABLED, page.fetched_at).await?;
                }
                Some(_) => {}
                None => {
                    self.collecting.remove(&ItemId::from_url(&video_url(id))).await?;
                    for kind in [ErrandKind::Sample, ErrandKind::Comments] {
                        store.close_errand(NAME, kind, id, "removed").await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Samples the opening comments that are due.
    pub(super) async fn sample_comments(&self) -> Result<(), Stop> {
        let (store, now) = (&self.collecting.store, self.collecting.clock.now());
        let due = self.due(ErrandKind::SampleComment).await?;
        let ids: Vec<&str> = due.iter().map(|errand| errand.subject.as_str()).collect();
        let query = [("part", "snippet"), ("id", &ids.join(",")), ("textFormat", "plainText")];
        let page = self.ask("commentThreads", &query).await?;
        let threads = youtube::threads(&page.body)?.items;
        let (mut items, mut sampled) = (Vec::new(), Vec::new());
        for errand in due {
            let Some(id) = errand.item.clone() else { continue };
            match threads.iter().find(|thread| thread.opener.id == errand.subject) {
                Some(thread) => {
                    let known = store.find_item(&id).await?;
                    items.extend(known.map(|item| writing::new(Account::seen_again(item, &thread.opener), NAME)));
                    sampled.push(errand);
                }
                None => {
                    self.collecting.remove(&id).await?;
                    self.close(&errand, "removed").await?;
                }
            }
        }
        self.collecting.write(items, &page).await?;
        for errand in sampled {
            advance(store, errand, now).await?;
        }
        Ok(())
    }
}
