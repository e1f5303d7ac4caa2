//! JSON Feed 1.0 and 1.1 (jsonfeed.org), read leniently: an item needs nothing but an address.

use serde_json::Value;

use super::feed::FeedError;
use super::reading::Reading;
use crate::model::entry::{Entry, FeedDocument, FeedFormat};

/// Reads a JSON Feed.
pub fn parse(text: &str, reading: &Reading, repaired: bool) -> Result<FeedDocument, FeedError> {
    let broken = |problem: String| FeedError::Broken { problem };
    let value: Value = serde_json::from_str(text).map_err(|error| broken(error.to_string()))?;
    let items = value
        .get("items")
        .and_then(Value::as_array)
        .ok_or(FeedError::NotAFeed)?;
    let home = word(&value, "home_page_url");
    let base = home.as_deref().and_then(|home| reading.address(home));
    let entries = items
        .iter()
        .filter_map(|item| entry(item, reading, base.as_deref()))
        .collect();
    Ok(FeedDocument {
        mislabelled: 0,
        title: reading.plain(&word(&value, "title").unwrap_or_default()),
        kind: FeedFormat::Json,
        repaired,
        entries,
    })
}

fn entry(item: &Value, reading: &Reading, base: Option<&str>) -> Option<Entry> {
    let id = word(item, "id");
    let link = word(item, "url")
        .or_else(|| word(item, "external_url"))
        .or_else(|| id.clone().filter(|id| id.starts_with("http")))?;
    let url = match base {
        Some(base) => crate::text::url::absolute(base, &link)?,
        None => reading.address(&link)?,
    };
    let content = ["content_text", "content_html"].iter().find_map(|key| word(item, key));
    let body = ["summary", "content_text", "content_html"]
        .iter()
        .find_map(|key| word(item, key));
    let author = item
        .get("authors")
        .and_then(|authors| authors.get(0))
        .or_else(|| item.get("author"))
        .and_then(|author| word(author, "name"));
    Some(Entry {
        id: id.unwrap_or_else(|| url.clone()),
        url,
        title: reading.plain(&word(item, "title").unwrap_or_default()),
        summary: reading.plain(&body.unwrap_or_default()),
        content: content.unwrap_or_default(),
        published_at: word(item, "date_published").and_then(|text| reading.time(&text)),
        updated_at: word(item, "date_modified").and_then(|text| reading.time(&text)),
        author: author.map(|name| reading.plain(&name)),
        views: None,
    })
}

fn word(value: &Value, key: &str) -> Option<String> {
    match value.get(key)? {
        Value::String(text) => Some(text.trim().to_string()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
