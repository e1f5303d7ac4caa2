//! Items made of what an API says, and removals.

use crate::catalogue::Catalogue;
use crate::collect::social::Comment;
use crate::model::item::{Access, Engagement, Item, ItemKind, Observation, Platform};
use crate::model::source::Source;
use crate::model::{ItemId, SourceId, Time};
use crate::pipeline::collecting::Collecting;
use crate::store::{NewItem, Result};

/// The account something belongs to.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its file in the catalogue, or what it calls itself.
    pub source: SourceId,
    /// Reach of the source.
    pub rank: u8,
    /// Platform it is on.
    pub platform: Platform,
    /// How what it holds comes to us.
    pub access: Access,
}

impl Account {
    /// The account of a source in the catalogue, if `source` is one; else an account of that name, of no known reach.
    pub fn of(source: Option<&Source>, name: &str, platform: Platform, access: Access) -> Self {
        Self {
            source: source.map_or_else(|| SourceId::from(name), |source| source.id.clone()),
            rank: source.map_or(3, |source| source.rank),
            platform,
            access,
        }
    }

    /// An item of this account without words.
    pub fn item(&self, kind: ItemKind, url: String, now: Time) -> Item {
        Item {
            id: ItemId::from_url(&url),
            kind,
            platform: self.platform,
            source: self.source.clone(),
            source_rank: self.rank,
            access: self.access,
            url: Some(url),
            title: String::new(),
            text: String::new(),
            author: None,
            lang: None,
            published_at: None,
            collected_at: Some(now),
            parent: None,
            thread: None,
            repost_of: None,
            engagement: Engagement::default(),
        }
    }

    /// A known comment with the words and counts it has now.
    pub fn seen_again(known: Item, comment: &Comment) -> Item {
        Item {
            text: comment.text.clone(),
            // What the archive keeps of the author is no name.
            author: comment.author.clone(),
            engagement: comment.engagement,
            ..known
        }
    }

    /// A comment at `url` below `parent`.
    pub fn comment(&self, comment: &Comment, url: String, parent: ItemId, thread: &str, now: Time) -> Item {
        Item {
            text: comment.text.clone(),
            author: comment.author.clone(),
            published_at: comment.published_at,
            parent: Some(parent),
            thread: Some(thread.to_owned()).filter(|thread| !thread.is_empty()),
            engagement: comment.engagement,
            ..self.item(ItemKind::Comment, url, now)
        }
    }
}

/// The source whose home or feeds name `account`.
pub fn source_naming<'a>(catalogue: &'a Catalogue, account: &str) -> Option<&'a Source> {
    let mut sources = catalogue.sources.iter().filter(|_| !account.is_empty());
    sources.find(|source| {
        let home = source.home.iter().map(String::as_str);
        let feeds = source.feeds.iter().map(|feed| feed.url.as_str());
        home.chain(feeds).any(|address| address.contains(account))
    })
}

/// An item to be written down; its evidence is added with the page.
pub fn new(item: Item, method: &str) -> NewItem {
    NewItem {
        item,
        snapshot: None,
        evidence: None,
        method: method.into(),
        warnings: Vec::new(),
    }
}

/// The first words of a text, as the gist of a thread.
pub fn gist(text: &str) -> String {
    const LONGEST: usize = 160;
    let text = crate::text::squeeze(text);
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

impl Collecting {
    /// Marks an item and everything below it as removed, and says of how many that was news.
    pub(super) async fn remove(&self, id: &ItemId) -> Result<usize> {
        let now = self.clock.now();
        let (mut waiting, mut gone) = (vec![id.clone()], Vec::new());
        while let Some(id) = waiting.pop() {
            waiting.extend(self.store.answers_to(&id).await?.into_iter().map(|view| view.item.id));
            if self.store.find_item_view(&id).await?.is_some_and(|view| !view.removed) {
                gone.push(Observation {
                    id,
                    collected_at: now,
                    engagement: None,
                    title: None,
                    text: None,
                    removed: true,
                });
            }
        }
        self.store.insert_observations(&gone).await
    }
}
