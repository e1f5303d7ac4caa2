//! Facebook pages: posts, comments of all levels, samplings. What the usage headers say is obeyed after every call.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::sweep::Sweep;
use super::writing::{self, Account, gist};
use super::{Stop, advance, answered, trouble_of};
use crate::collect::api::Api;
use crate::collect::fetch::FetchError;
use crate::collect::social::{Comment, Trouble, facebook, schedule, standing};
use crate::collect::social_ids::{facebook_address, facebook_item_id};
use crate::config;
use crate::model::connector::{Errand, ErrandKind, Standing};
use crate::model::item::{Access, Item, ItemKind, Platform};
use crate::model::page::Page;
use crate::model::{ItemId, SourceId, Time};
use crate::pipeline::collecting::Collecting;
use crate::store::NewItem;

/// What its items came by.
const METHOD: &str = "facebook";
/// Most ids that one call takes.
const AT_ONCE: usize = 50;
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
                    sweep.step(part.next);
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

    /// Reads the comments of all levels below a post, oldest first; a killed process goes on at the page it was at.
    async fn comments(&self, errand: &mut Errand) -> Result<(), Stop> {
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

    /// Removes those of `objects` that are not there any more, and ends what is asked of them.
    async fn confirm(&self, kind: ErrandKind, objects: Vec<String>) -> Result<(), Stop> {
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
    async fn sample(&self, kind: ErrandKind, fields: &str) -> Result<(), Stop> {
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

fn with(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}
