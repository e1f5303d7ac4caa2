//! Pages: what one fetch brought, and what extraction made of it.

use serde::{Deserialize, Serialize};

use super::Time;
use super::entry::Entry;

/// The answer of one fetch, body after content-decoding.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The address asked for.
    pub url: String,
    /// The address that answered, after redirects.
    pub final_url: String,
    /// HTTP status.
    pub status: u16,
    /// Value of `Content-Type`.
    pub content_type: Option<String>,
    /// Value of `ETag`.
    pub etag: Option<String>,
    /// Value of `Last-Modified`.
    pub last_modified: Option<String>,
    /// The body.
    pub body: Vec<u8>,
    /// When the answer was complete.
    pub fetched_at: Time,
    /// What went over the wire, redirects first; empty for a page read from a file.
    pub exchanges: Vec<Exchange>,
}

/// One request and its answer as the client saw them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// `GET` or `POST`.
    pub method: String,
    /// The address asked.
    pub url: String,
    /// Headers sent.
    pub request: Headers,
    /// HTTP status.
    pub status: u16,
    /// Whether it came by HTTP/2.
    pub is_http2: bool,
    /// Headers received.
    pub response: Headers,
    /// The body before content-decoding.
    pub body: Vec<u8>,
    /// When it was complete.
    pub at: Time,
}

/// Header names with their values, as bytes.
pub type Headers = Vec<(String, Vec<u8>)>;

/// What a page says, in our own terms (contract: "Extraction"). Text is NFC.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Extraction {
    /// The address the page was read as.
    pub url: String,
    /// Its canonical address: declared by the page if plausible, else normalised from `url`.
    pub canonical_url: String,
    /// Headline.
    pub title: String,
    /// Lead ("sapo") without the outlet's prefix.
    pub summary: String,
    /// Lead and paragraphs separated by a blank line.
    pub text: String,
    /// By-line, if stated.
    pub author: Option<String>,
    /// Time of publication, if stated.
    pub published_at: Option<Time>,
    /// Time of the last change, if stated.
    pub modified_at: Option<Time>,
    /// Language, if declared.
    pub lang: Option<String>,
    /// Name of the site, if declared.
    pub site_name: Option<String>,
    /// What answered for title, text and time: `json-ld+vccorp`, `meta+general`.
    pub method: String,
    /// What looked wrong on the way.
    pub warnings: Vec<String>,
}

/// One post of a forum page or thread.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForumPost {
    /// The forum's own id of the post.
    pub id: String,
    /// Permanent address of the post.
    pub url: String,
    /// Title of the thread.
    pub thread: String,
    /// Whether it opens the thread.
    pub is_first: bool,
    /// Account name as given.
    pub author: Option<String>,
    /// The words of the post without quotations.
    pub text: String,
    /// When it was posted.
    pub published_at: Option<Time>,
    /// Reactions shown under it.
    pub reactions: i64,
}

/// One post on the public page of a channel.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelPost {
    /// The channel's own running number of the post.
    pub number: i64,
    /// Permanent address of the post.
    pub url: String,
    /// The words of the post; empty where there are none or the page does not show them.
    pub text: String,
    /// Who signed it, or the channel's name.
    pub author: Option<String>,
    /// When it was posted.
    pub published_at: Option<Time>,
    /// Views shown below it.
    pub views: i64,
}

impl From<ChannelPost> for Entry {
    fn from(post: ChannelPost) -> Self {
        Self {
            id: post.number.to_string(),
            url: post.url,
            summary: post.text,
            published_at: post.published_at,
            author: post.author,
            views: Some(post.views),
            ..Self::default()
        }
    }
}
