//! Connectors to the official APIs of platforms: how each is, and what it is to ask.

use super::{ItemId, Time};
use crate::word_enum;

word_enum!(
    /// How a connector is.
    Standing {
        /// Not asked yet since it was configured or restarted.
        New = "new",
        /// It answers.
        Fine = "fine",
        /// The platform or the day's quota wants us to wait.
        Limited = "limited",
        /// It does not answer, or with nothing that can be read.
        Away = "away",
        /// Access has ended: key, token or permission.
        Ended = "ended",
    }
);

word_enum!(
    /// What is asked.
    ErrandKind {
        /// Videos that match a query.
        Search = "search",
        /// Videos that a channel uploaded.
        Uploads = "uploads",
        /// Posts of a page.
        Posts = "posts",
        /// Comments under a video or post.
        Comments = "comments",
        /// Answers to a comment.
        Replies = "replies",
        /// A video or post itself: its counts, its words, whether it is still there.
        Sample = "sample",
        /// The comment that opens a thread, likewise.
        SampleComment = "sample_comment",
    }
);

/// A connector: one YouTube key, or the token of one Facebook page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connector {
    /// `youtube`, or `facebook:` and the page's id.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// Platform it reads.
    pub platform: super::item::Platform,
    /// How it is.
    pub standing: Standing,
    /// Why, in Vietnamese; empty when there is nothing to say.
    pub reason: String,
    /// What to do, in Vietnamese; empty when nothing.
    pub remedy: String,
    /// Since when it is so.
    pub since: Option<Time>,
    /// When it last answered.
    pub last_ok: Option<Time>,
    /// It is not asked before.
    pub resume: Option<Time>,
    /// Failures in a row.
    pub failures: i64,
}

/// One thing to ask a platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errand {
    /// Whose errand it is.
    pub connector: String,
    /// What is asked.
    pub kind: ErrandKind,
    /// The platform's id of what is asked about, or the query.
    pub subject: String,
    /// The item it is about: errands of relevant items come first.
    pub item: Option<ItemId>,
    /// When.
    pub due: Time,
    /// Number of the sampling that comes next; of comments, how often they were read.
    pub step: i64,
    /// Where reading stands, in words of the connector; empty at the start.
    pub cursor: String,
}

/// How much of a bucket is spent on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// `youtube`.
    pub provider: String,
    /// `search` or `units`.
    pub bucket: String,
    /// Calls or units spent.
    pub used: i64,
    /// Calls or units there are.
    pub granted: i64,
}
