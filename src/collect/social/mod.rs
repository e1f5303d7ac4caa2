//! Answers of the official APIs of social platforms, read. Pure.

pub mod facebook;

pub mod schedule;

pub mod standing;

pub mod youtube;

use crate::model::Time;
use crate::model::item::Engagement;

/// Why an API did not answer what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The credential does not open anything any more, in the platform's words.
    Ended(String),
    /// The credential does not open this, in the platform's words.
    Forbidden(String),
    /// The platform wants to be asked later; until when, if it says so.
    Limited(Option<Time>),
    /// The day's quota of this bucket is spent.
    Spent(&'static str),
    /// It cannot be reached, or answers with nothing that can be read.
    Away(String),
    /// This one question was refused, in the platform's words.
    Odd(String),
    /// What was asked about is not there.
    Gone,
    /// Nobody may comment there.
    CommentsDisabled,
    /// The place to go on from has run out: begin anew.
    BadCursor,
}

/// Part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<T> {
    /// What it holds.
    pub items: Vec<T>,
    /// Where to go on; `None` at the end.
    pub next: Option<String>,
}

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// The platform's id.
    pub id: String,
    /// The comment it answers; `None` for one that opens a thread.
    pub parent: Option<String>,
    /// Its words, NFC.
    pub text: String,
    /// The account's name, where the platform gives it.
    pub author: Option<String>,
    /// When it was written.
    pub published_at: Option<Time>,
    /// Reactions and answers.
    pub engagement: Engagement,
    /// Whether it was hidden by the page.
    pub is_hidden: bool,
}

/// The JSON of an answer.
fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Trouble> {
    serde_json::from_slice(body).map_err(|error| Trouble::Away(format!("not the JSON it documents: {error}")))
}

/// Text as items have it.
fn clean(text: &str) -> String {
    crate::text::nfc(text.trim())
}

/// A platform's words about an error, short and on one line.
fn words(text: &str) -> String {
    let text = crate::text::squeeze(text);
    text.chars().take(200).collect()
}
