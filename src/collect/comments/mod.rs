//! Readers' comments below articles, from interfaces that the outlets' own pages use and never documented. Pure.
//!
//! They may change or end any day: nothing here is asked unless the operator wants it (`collect.reader_comments`), and every
//! item made of it says so. The shapes are known from public code only (`sources/README.md`).

mod tuoitre;
mod vnexpress;

use serde_json::Value;

use crate::model::source::CommentInterface;
use crate::model::{Time, from_unix_ms};

/// One comment of a reader.
#[derive(Debug, Clone, PartialEq)]
pub struct ReaderComment {
    /// The outlet's own number of it.
    pub id: String,
    /// The name the reader gave.
    pub author: Option<String>,
    /// Its words, plain and NFC.
    pub text: String,
    /// When it was written.
    pub published_at: Option<Time>,
    /// Reactions of other readers.
    pub likes: i64,
}

/// What one answer brings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// The comments in it, replies behind what they answer; a reply may come again with another answer.
    pub comments: Vec<ReaderComment>,
    /// Addresses that hold more: the next page, replies.
    pub more: Vec<String>,
    /// Replies that the interface counts and does not give.
    pub withheld: i64,
}

/// Why an answer gives no comments, in the words of the program; [`super::health`] has them in Vietnamese.
pub type Problem = String;

/// Where the comments of an article begin; `None` when it takes none.
pub fn begin(interface: CommentInterface, article: &str, html: &str) -> Option<String> {
    match interface {
        CommentInterface::Vnexpress => vnexpress::begin(html),
        CommentInterface::Tuoitre => tuoitre::begin(article),
    }
}

/// Reads what `address` answered.
///
/// # Errors
/// When the answer is not in the shape known.
pub fn read(interface: CommentInterface, address: &str, body: &[u8]) -> Result<Batch, Problem> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|_| "the comment interface answers with something else than JSON: access may have ended".to_owned())?;
    match interface {
        CommentInterface::Vnexpress => vnexpress::read(address, &value),
        CommentInterface::Tuoitre => tuoitre::read(address, &value),
    }
}

fn changed(what: &str) -> Problem {
    format!("the comment interface has changed: {what}")
}

/// A number that may be written as text.
fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

fn words(value: &Value) -> String {
    crate::text::html::plain(value.as_str().unwrap_or_default())
}

/// A moment: Unix seconds or a date without zone, which is Viet Nam's.
fn moment(value: &Value) -> Option<Time> {
    match number(value) {
        Some(seconds) => Some(from_unix_ms(seconds.checked_mul(1000)?)),
        None => crate::text::date::parse(value.as_str()?),
    }
}

/// The address with another value of a parameter.
fn with(address: &str, name: &str, value: i64) -> Option<String> {
    let mut url = url::Url::parse(address).ok()?;
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().filter(|(key, _)| key != name).collect();
    url.query_pairs_mut()
        .clear()
        .extend_pairs(pairs)
        .append_pair(name, &value.to_string());
    Some(url.into())
}

/// The value of a parameter of the address, as a number.
fn parameter(address: &str, name: &str) -> Option<i64> {
    let url = url::Url::parse(address).ok()?;
    url.query_pairs()
        .find(|(key, _)| key == name)
        .and_then(|(_, value)| value.parse().ok())
}
