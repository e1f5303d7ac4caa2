//! Facebook pages: posts, comments of all levels, samplings. What the usage headers say is obeyed after every call.

mod comments;
mod looking;

use std::sync::Arc;

use super::sweep::Sweep;
use super::writing::{self, Account};
use super::{Stop, answered, trouble_of};
use crate::collect::api::Api;
use crate::collect::fetch::FetchError;
use crate::collect::social::{Trouble, facebook, schedule, standing};
use crate::collect::social_ids::{facebook_address, facebook_item_id};
use crate::config;
use crate::model::connector::{Errand, ErrandKind, Standing};
use crate::model::item::{Access, Item, ItemKind, Platform};
use crate::model::page::Page;
use crate::model::{ItemId, SourceId, Time};
use crate::pipeline::collecting::Collecting;

/// What its items came by.
const METHOD: &str = "facebook";
/// Most ids that one call takes.
const AT_ONCE: usize = 50;
/// Posts are read anew so far back; later edits and removals are found by samplings.
const OVERLAP_HOURS: i64 = 2;
/// How often the posts of a page are read.
const POSTS_MINUTES: i64 = 10;

/// The connector to one page.
pub struct FacebookPage {
    /// `facebook:` and the page's id: its name in the store.
    pub name: String,
    /// What people call it.
    pub label: String,
    id: String,
    own: bool,
    account: Account,
    api: Api,
    collecting: Arc<Collecting>,
}

impl FacebookPage {
    /// The connector of a page in the configuration.
    ///
    /// # Errors
    /// When the address of the API is none.
    pub fn new(config: &config::FacebookPage, base_url: &str, collecting: Arc<Collecting>) -> Result<Self, FetchError> {
        let named = config.source.as_deref().unwrap_or(&config.id);
        let source = collecting.catalogue.find_source(&SourceId::from(named));
        let access = if config.own { Access::OwnPage } else { Access::Public };
        Ok(Self {
            name: format!("facebook:{}", config.id),
            label: format!("Facebook: {}", source.map_or(named, |source| source.name.as_str())),
            account: Account::of(source, named, Platform::Facebook, access),
            api: Api::bearer(collecting.fetcher.clone(), base_url, config.token.clone())?,
            id: config.id.clone(),
            own: config.own,
            collecting,
        })
    }

    pub(super) fn host(&self) -> &str {
        self.api.host()
    }

    fn errand(&self, kind: ErrandKind, subject: &str, item: Option<ItemId>, due: Time) -> Errand {
        Errand {
            connector: self.name.clone(),
            kind,
            subject: subject.to_owned(),
            item,
            due,
            step: 0,
            cursor: String::new(),
        }
    }

    pub(super) fn beginnings(&self, now: Time) -> Vec<Errand> {
        vec![self.errand(ErrandKind::Posts, &self.id, None, now)]
    }

    pub(super) async fn run(&self, errand: &Errand) -> Result<(), Stop> {
        let mut errand = errand.clone();
        match errand.kind {
            ErrandKind::Posts => self.posts(&mut errand).await,
            ErrandKind::Comments => self.comments(&mut errand).await,
            ErrandKind::Sample => self.sample(ErrandKind::Sample, facebook::POST).await,
            ErrandKind::SampleComment => self.sample(ErrandKind::SampleComment, facebook::COMMENT).await,
            _ => self.close(errand.kind, &errand.subject, "unknown").await,
        }
    }

    async fn close(&self, kind: ErrandKind, subject: &str, why: &str) -> Result<(), Stop> {
        Ok(self
            .collecting
            .store
            .close_errand(&self.name, kind, subject, why)
            .await?)
    }

    /// Stops what can go on later when we are to wait for longer than `pause`.
    async fn wait(&self, pause: chrono::Duration) -> Result<(), Stop> {
        let until = self.collecting.clock.now() + pause;
        let connector = self.collecting.store.find_connector(&self.name).await?;
        match connector.resume.is_some_and(|resume| resume > until) {
            true => Err(Stop::Wait),
            false => Ok(()),
        }
    }

    /// One call. The short pause of one who has used much lies between errands and pages, not inside them.
    async fn ask(&self, path: &str, query: &[(String, String)]) -> Result<Page, Stop> {
        let store = &self.collecting.store;
        self.wait(facebook::SLOW).await?;
        let page = self.api.get(path, query).await.map_err(|error| trouble_of(&error))?;
        let usage = page
            .exchanges
            .first()
            .map(|e| facebook::usage(&e.response))
            .unwrap_or_default();
        if page.status != 200 {
            return Err(facebook::trouble(page.status, &page.body, usage, page.fetched_at).into());
        }
        answered(store, &self.name, page.fetched_at).await?;
        if let Some(pause) = usage.pause() {
            self.slow_down(usage, page.fetched_at + pause, page.fetched_at).await?;
        }
        Ok(page)
    }

    /// Lets this page wait, and the others too when it is the app that has done much.
    async fn slow_down(&self, usage: facebook::Usage, resume: Time, now: Time) -> Result<(), Stop> {
        let store = &self.collecting.store;
        for mut connector in store.list_connectors().await? {
            let is_well = connector.standing != Standing::Ended;
            let shares = connector.platform == Platform::Facebook && usage.app >= usage.page && is_well;
            if connector.name == self.name || shares {
                standing::slowed(&mut connector, usage.most(), resume, now);
                store.record_connector(&connector).await?;
            }
        }
        Ok(())
    }

    fn item_id(&self, object: &str) -> ItemId {
        facebook_item_id(&self.id, object)
    }

    /// Reads the posts since the sweep before. A page of our own is asked for what it published, another for its feed.
    async fn posts(&self, errand: &mut Errand) -> Result<(), Stop> {
        let (store, now) = (&self.collecting.store, self.collecting.clock.now());
        let mut sweep = Sweep::of(&errand.cursor, now);
        let path = format!("{}/{}", self.id, if self.own { "published_posts" } else { "feed" });
        loop {
            self.wait(chrono::Duration::zero()).await?;
            let query = match &sweep.token {
                Some(next) => facebook::pairs(next),
                None => with(&[
                    ("fields", facebook::POST),
                    ("limit", "100"),
                    ("since", &sweep.after.timestamp().to_string()),
                ]),
            };
            match self.ask(&path, &query).await {
                Ok(page) => {
                    let part = facebook::posts(&page.body)?;
                    self.meet(&part.items, &page).await?;
                    sweep.step(part.next, OVERLAP_HOURS);
                }
                // A place to go on from that has run out is told as a wrong parameter.
                Err(Stop::Trouble(Trouble::Odd(_))) if sweep.token.is_some() => {
                    sweep.token = None;
                    continue;
                }
                Err(Stop::Trouble(Trouble::Gone)) => {
                    return Err(Trouble::Forbidden("không thấy trang với token này".into()).into());
                }
                Err(stop) => return Err(stop),
            }
            errand.cursor = sweep.cursor();
            if sweep.is_done() {
                errand.due = now + chrono::Duration::minutes(POSTS_MINUTES);
                return Ok(store.record_errand(errand).await?);
            }
            store.record_errand(errand).await?;
        }
    }

    /// Writes posts down and plans what is asked of them later.
    async fn meet(&self, posts: &[facebook::Post], page: &Page) -> Result<(), Stop> {
        let now = page.fetched_at;
        let items = posts.iter().map(|post| writing::new(self.post(post, now), METHOD));
        self.collecting.write(items.collect(), page).await?;
        let mut errands = Vec::new();
        for post in posts {
            let item = self.item_id(&post.id);
            errands.push(self.errand(ErrandKind::Comments, &post.id, Some(item.clone()), now));
            if let Some((step, due)) = schedule::next_sample(post.published_at.unwrap_or(now), 0, now) {
                let sample = self.errand(ErrandKind::Sample, &post.id, Some(item), due);
                errands.push(Errand { step, ..sample });
            }
        }
        Ok(self.collecting.store.open_errands(&errands).await?)
    }

    fn post(&self, post: &facebook::Post, now: Time) -> Item {
        Item {
            text: post.text.clone(),
            author: post.author.clone(),
            published_at: post.published_at,
            engagement: post.engagement,
            ..self
                .account
                .item(ItemKind::Post, facebook_address(&self.id, &post.id), now)
        }
    }
}

fn with(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}
