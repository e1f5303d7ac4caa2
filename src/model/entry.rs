//! Entries: what a feed says exists, before anything is fetched; and the state of feeds between checks.

use serde::{Deserialize, Serialize};

use super::{SourceId, Time};
use crate::word_enum;

word_enum!(
    /// The format a feed was recognised as (contract: `inspect feed`).
    FeedFormat {
        /// RSS 2.0, also where no version is stated.
        Rss2 = "rss2",
        /// RSS 1.0 (RDF).
        Rss1 = "rss1",
        /// RSS 0.91 to 0.94.
        Rss09 = "rss0.9",
        /// Atom.
        Atom = "atom",
        /// JSON Feed.
        Json = "json",
        /// XML sitemap or sitemap index.
        Sitemap = "sitemap",
        /// Sitemap with Google News elements.
        NewsSitemap = "news-sitemap",
    }
);

/// One line of a feed: a link with what the feed says about it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The feed's own id of the entry, or the link.
    pub id: String,
    /// Absolute address.
    pub url: String,
    /// Headline, decoded, NFC.
    pub title: String,
    /// Summary as plain text.
    pub summary: String,
    /// The whole text where the feed carries it, markup and all. Only read, never kept.
    #[serde(skip)]
    pub content: String,
    /// Time of publication as the feed says.
    pub published_at: Option<Time>,
    /// Time of the last change as the feed says.
    pub updated_at: Option<Time>,
    /// By-line, if stated.
    pub author: Option<String>,
    /// Views, where the feed tells (YouTube).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub views: Option<i64>,
}

/// A feed as read: contract `inspect feed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeedDocument {
    /// Dates called GMT that only make sense as Viet Nam's time: the feed mislabels its zone.
    pub mislabelled: usize,
    /// Title of the feed.
    pub title: String,
    /// Its format.
    pub kind: FeedFormat,
    /// Whether it had to be repaired before it could be read.
    pub repaired: bool,
    /// What it lists, in its order.
    pub entries: Vec<Entry>,
}

/// A link found on a listing page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Absolute address without fragment.
    pub url: String,
    /// Text of the link.
    pub title: String,
}

/// What is remembered of a feed between two checks.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedState {
    /// The source it belongs to.
    pub source: SourceId,
    /// Its address; with `source` its key.
    pub url: String,
    /// `ETag` of the last full answer.
    pub etag: Option<String>,
    /// `Last-Modified` of the last full answer.
    pub last_modified: Option<String>,
    /// When it is due again.
    pub next_check: Time,
    /// Seconds between the last two planned checks.
    pub interval_seconds: i64,
    /// Failures in a row.
    pub failures: i64,
    /// Last successful answer (200 or 304).
    pub last_ok: Option<Time>,
    /// Last time it listed something new.
    pub last_new: Option<Time>,
    /// What went wrong last, empty when nothing.
    pub last_error: String,
}

impl From<Link> for Entry {
    fn from(link: Link) -> Self {
        Self {
            id: link.url.clone(),
            url: link.url,
            title: link.title,
            ..Self::default()
        }
    }
}

word_enum!(
    /// What became of an entry. Every entry ends in a counted state: nothing is dropped without a name.
    EntryState {
        /// Waiting to be fetched.
        Pending = "pending",
        /// Fetched and stored as an item.
        Stored = "stored",
        /// Not fetched: title, lead and section say it is not ours.
        GatedOut = "gated_out",
        /// Fetched as a sample of what the gate keeps out.
        Sampled = "sampled",
        /// Not there any more, or only a soft 404.
        Gone = "gone",
        /// Disallowed by robots.txt.
        Forbidden = "forbidden",
        /// Refused: address not public, wrong scheme, too large, not a page.
        Refused = "refused",
        /// Given up after repeated failures.
        Failed = "failed",
    }
);

/// An entry as the store keeps it while it waits and afterwards.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredEntry {
    /// Canonical URL, the key.
    pub url: String,
    /// The source.
    pub source: SourceId,
    /// The feed that listed it first.
    pub feed_url: String,
    /// What the feed said.
    pub entry: Entry,
    /// What became of it.
    pub state: EntryState,
    /// Tries so far.
    pub attempts: i64,
    /// When it may be tried again.
    pub next_attempt: Time,
    /// When a feed first listed it.
    pub first_seen: Time,
    /// Why it is in this state, for people.
    pub reason: String,
}
