//! Feeds of any kind to entries: RSS, Atom, JSON Feed and sitemaps, however broken they arrive.
//!
//! Strict first (feed-rs), then strict on repaired XML, then every complete item on its own. Whatever the way, entries
//! come out alike: absolute links, plain NFC titles, dates that can be true or none at all.

use std::borrow::Cow;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

use regex::Regex;

use super::reading::{Reading, Zone};
use super::salvage::{Block, Markup, attribute_of};
use super::{jsonfeed, repair, sitemap};
use crate::model::entry::{Entry, FeedDocument, FeedFormat};
use crate::model::{Time, vietnam};
use crate::text;

/// Why a body gives no entries.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    /// Nothing was sent.
    #[error("the feed is empty")]
    Empty,
    /// A web page came instead of a feed.
    #[error("a web page came instead of a feed: `{title}`; look for the feed's address on it or use a listing")]
    WebPage {
        /// Title of the page.
        title: String,
    },
    /// A page that wants JavaScript or a person came instead of a feed.
    #[error("the site answers with a challenge page (`{title}`); ask the outlet for access")]
    Challenge {
        /// Title of the page.
        title: String,
    },
    /// Neither RSS, Atom, JSON Feed nor sitemap.
    #[error("neither RSS, Atom, JSON Feed nor sitemap; check the address")]
    NotAFeed,
    /// A feed, but not one entry of it could be read.
    #[error("the feed is broken and holds no complete entry: {problem}")]
    Broken {
        /// What the strict parser says.
        problem: String,
    },
}

/// Reads a feed. `base_url` is where it came from, `now` the moment against which dates are judged.
///
/// Dates before 1990 or more than ten minutes ahead of `now` are dropped, never the entry. Entries without an address are
/// left out, for they cannot be fetched or told apart.
///
/// # Errors
/// When no feed arrived, or none of its entries can be read.
pub fn parse(body: &[u8], content_type: Option<&str>, base_url: &str, now: Time) -> Result<FeedDocument, FeedError> {
    parse_as(body, content_type, base_url, now, false)
}

/// The same for a feed known, from earlier checks, to write Viet Nam's time and call it GMT when `is_local_as_gmt`.
///
/// # Errors
/// As [`parse`].
pub fn parse_as(
    body: &[u8],
    content_type: Option<&str>,
    base_url: &str,
    now: Time,
    is_local_as_gmt: bool,
) -> Result<FeedDocument, FeedError> {
    let reading = Reading {
        base_url,
        now,
        zone: Zone::new(now, is_local_as_gmt),
    };
    let mut document = read(body, content_type, &reading)?;
    document.mislabelled = reading.zone.ahead();
    // One date ahead of us unmasks the whole feed: the older ones are wrong by as much.
    match document.mislabelled > 0 && !is_local_as_gmt {
        true => parse_as(body, content_type, base_url, now, true),
        false => Ok(document),
    }
}

fn read(body: &[u8], content_type: Option<&str>, reading: &Reading) -> Result<FeedDocument, FeedError> {
    let readable = repair::readable(body, content_type);
    let text = readable.text.trim();
    if text.is_empty() {
        return Err(FeedError::Empty);
    }
    if text.starts_with('{') {
        return jsonfeed::parse(text, reading, readable.repaired);
    }
    match root(text).as_deref() {
        Some("urlset" | "sitemapindex") => Ok(sitemap::parse(text, reading, readable.repaired)),
        Some(_) => xml_feed(text, reading, readable.repaired),
        None => Err(no_feed(text)),
    }
}

/// Lower-case name of the first tag that opens a feed; `item` or `entry` where even the root is lost.
fn root(text: &str) -> Option<String> {
    static ROOT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)<(rss|rdf:rdf|feed|urlset|sitemapindex|channel)[\s>]").expect("the expression is valid")
    });
    static LOST: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?i)<(item|entry)[\s>]").expect("the expression is valid"));
    ROOT.captures(text)
        .or_else(|| LOST.captures(text))
        .map(|found| found[1].to_ascii_lowercase())
}

fn no_feed(text: &str) -> FeedError {
    let lower = text.to_lowercase();
    if !lower.contains("<html") && !lower.contains("<!doctype html") && !lower.contains("<script") {
        return FeedError::NotAFeed;
    }
    let markup = Markup::new(text);
    let title = markup.child(&markup.head(None), "title").unwrap_or_default();
    let title = text::html::plain(&title);
    let signs = [
        "captcha",
        "challenge",
        "cf-chl",
        "d1n",
        "document.cookie",
        "enable javascript",
        "bật javascript",
        "just a moment",
        "ddos",
    ];
    if signs.iter().any(|sign| lower.contains(sign)) {
        FeedError::Challenge { title }
    } else {
        FeedError::WebPage { title }
    }
}

fn xml_feed(text: &str, reading: &Reading, repaired: bool) -> Result<FeedDocument, FeedError> {
    let document = repair::without_declaration(text);
    let items = salvaged_blocks(&Markup::new(document)).len();
    let mut problem = String::new();
    for touched in [false, true] {
        let candidate = match touched {
            false => Cow::Borrowed(document),
            true => Cow::Owned(repair::xml(document)),
        };
        match strict(&candidate, reading) {
            Ok(feed) if items == 0 || !feed.entries.is_empty() => {
                let mut found = of_strict(feed, reading);
                found.repaired = repaired || touched;
                let listed = match touched {
                    false => items,
                    true => salvaged_blocks(&Markup::new(&candidate)).len(),
                };
                complete(&mut found, &candidate, listed, reading);
                return Ok(found);
            }
            Ok(_) => {}
            Err(error) if problem.is_empty() => problem = error,
            Err(_) => {}
        }
    }
    let found = salvage(document, reading);
    if !found.entries.is_empty() {
        return Ok(found);
    }
    match no_feed(text) {
        FeedError::NotAFeed => Err(FeedError::Broken { problem }),
        page => Err(page),
    }
}

fn strict(xml: &str, reading: &Reading) -> Result<feed_rs::model::Feed, String> {
    let base = url::Url::parse(reading.base_url).is_ok().then_some(reading.base_url);
    let zone = reading.zone.clone();
    let parser = feed_rs::parser::Builder::new()
        .base_uri(base)
        .sanitize_content(false)
        .id_generator(|_, _, _| String::new())
        .timestamp_parser(move |text| zone.moment(text).map(|time| time.to_utc()))
        .build();
    match catch_unwind(AssertUnwindSafe(|| parser.parse(xml.as_bytes()))) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err("the parser gave up".into()),
    }
}

fn of_strict(feed: feed_rs::model::Feed, reading: &Reading) -> FeedDocument {
    use feed_rs::model::FeedType;
    let kind = match feed.feed_type {
        FeedType::Atom => FeedFormat::Atom,
        FeedType::JSON => FeedFormat::Json,
        FeedType::RSS0 => FeedFormat::Rss09,
        FeedType::RSS1 => FeedFormat::Rss1,
        FeedType::RSS2 => FeedFormat::Rss2,
    };
    FeedDocument {
        mislabelled: 0,
        title: reading.plain(&feed.title.map(|t| t.content).unwrap_or_default()),
        kind,
        repaired: false,
        entries: feed
            .entries
            .into_iter()
            .filter_map(|entry| of_strict_entry(entry, kind, reading))
            .collect(),
    }
}

fn of_strict_entry(entry: feed_rs::model::Entry, kind: FeedFormat, reading: &Reading) -> Option<Entry> {
    let url = strict_link(&entry, reading)?;
    let in_vietnam =
        |time: Option<chrono::DateTime<chrono::Utc>>| time.and_then(|t| reading.plausible(t.with_timezone(&vietnam())));
    let media = entry.media.first();
    let views = media
        .and_then(|m| m.community.as_ref())
        .and_then(|community| community.stats_views)
        .and_then(|views| i64::try_from(views).ok());
    let content = entry.content.and_then(|content| content.body);
    let summary = entry
        .summary
        .map(|text| text.content)
        .or_else(|| content.clone())
        .or_else(|| media.and_then(|m| m.description.as_ref().map(|text| text.content.clone())));
    let is_atom = kind == FeedFormat::Atom;
    // feed-rs copies pubDate into `updated`; only Atom says it of its own.
    let updated_at = in_vietnam(entry.updated).filter(|_| is_atom);
    let published_at = match entry.published {
        Some(time) => in_vietnam(Some(time)),
        None => updated_at,
    };
    Some(Entry {
        id: Some(entry.id)
            .filter(|id| !id.is_empty())
            .unwrap_or_else(|| url.clone()),
        url,
        title: reading.plain(&entry.title.map(|t| t.content).unwrap_or_default()),
        summary: reading.plain(&summary.unwrap_or_default()),
        content: content.unwrap_or_default(),
        published_at,
        updated_at,
        author: entry
            .authors
            .iter()
            .filter_map(|person| person.name.as_deref())
            .map(|name| reading.plain(name))
            .find(|name| !name.is_empty()),
        views,
    })
}

fn strict_link(entry: &feed_rs::model::Entry, reading: &Reading) -> Option<String> {
    let is_page = |link: &&feed_rs::model::Link| matches!(link.rel.as_deref(), None | Some("alternate" | ""));
    let links = entry.links.iter().filter(is_page).map(|link| link.href.as_str());
    let id = Some(entry.id.trim()).filter(|id| id.starts_with("http://") || id.starts_with("https://"));
    links.chain(id).find_map(|link| {
        Some(link)
            .filter(|l| !l.trim().is_empty())
            .and_then(|l| reading.address(l))
    })
}

/// Fills what the strict parser does not know (`dc:date`, `<date>`, links in odd places, views of a group without
/// content) from the lenient reading, which sees `listed` of them.
fn complete(found: &mut FeedDocument, xml: &str, listed: usize, reading: &Reading) {
    let has_views = xml.contains("media:statistics");
    let is_whole = |entry: &Entry| {
        entry.published_at.is_some() && !entry.title.is_empty() && (entry.views.is_some() || !has_views)
    };
    if listed == found.entries.len() && found.entries.iter().all(is_whole) {
        return;
    }
    let lenient = salvage(xml, reading).entries;
    if lenient.len() > found.entries.len() {
        let mut known: HashMap<String, Entry> = found.entries.drain(..).map(|e| (e.url.clone(), e)).collect();
        found.entries = lenient
            .into_iter()
            .map(|entry| known.remove(&entry.url).unwrap_or(entry))
            .collect();
        return;
    }
    let by_url: HashMap<&str, &Entry> = lenient.iter().map(|entry| (entry.url.as_str(), entry)).collect();
    for entry in found.entries.iter_mut().filter(|entry| !is_whole(entry)) {
        if let Some(other) = by_url.get(entry.url.as_str()) {
            entry.published_at = entry.published_at.or(other.published_at);
            entry.views = entry.views.or(other.views);
            for (own, theirs) in [(&mut entry.title, &other.title), (&mut entry.summary, &other.summary)] {
                if own.is_empty() {
                    own.clone_from(theirs);
                }
            }
        }
    }
}

fn salvaged_blocks(markup: &Markup) -> Vec<Block> {
    let items = markup.blocks("item");
    if items.is_empty() {
        markup.blocks("entry")
    } else {
        items
    }
}

/// Reads every complete item of a document that no strict parser accepts.
fn salvage(text: &str, reading: &Reading) -> FeedDocument {
    let markup = Markup::new(text);
    let blocks = salvaged_blocks(&markup);
    let head = markup.head(blocks.first());
    let lower = text.to_ascii_lowercase();
    let kind = if lower.contains("<rdf:rdf") {
        FeedFormat::Rss1
    } else if !lower.contains("<item") && lower.contains("<entry") {
        FeedFormat::Atom
    } else if markup
        .attributes(&head, "rss", "version")
        .iter()
        .any(|(v, _)| v.starts_with("0.9"))
    {
        FeedFormat::Rss09
    } else {
        FeedFormat::Rss2
    };
    FeedDocument {
        mislabelled: 0,
        title: reading.plain(&markup.child(&head, "title").unwrap_or_default()),
        kind,
        repaired: true,
        entries: blocks
            .iter()
            .filter_map(|block| salvaged_entry(&markup, block, reading))
            .collect(),
    }
}

fn salvaged_entry(markup: &Markup, block: &Block, reading: &Reading) -> Option<Entry> {
    let id = markup.first(block, &["guid", "id"]);
    let url = salvaged_link(markup, block, id.as_deref(), reading)?;
    let plain = |names: &[&str]| reading.plain(&markup.first(block, names).unwrap_or_default());
    let time = |names: &[&str]| names.iter().find_map(|n| reading.time(&markup.child(block, n)?));
    let updated_at = time(&["updated", "atom:updated", "a10:updated", "dcterms:modified"]);
    Some(Entry {
        id: id.unwrap_or_else(|| url.clone()),
        url,
        title: plain(&["title", "media:title", "dc:title"]),
        summary: plain(&[
            "description",
            "summary",
            "content:encoded",
            "content",
            "media:description",
        ]),
        content: markup.first(block, &["content:encoded", "content"]).unwrap_or_default(),
        published_at: time(&["pubdate", "dc:date", "published", "date", "dcterms:created"]).or(updated_at),
        updated_at,
        author: markup
            .first(block, &["dc:creator", "name", "author"])
            .map(|name| reading.plain(&name))
            .filter(|name| !name.is_empty()),
        views: markup
            .attributes(block, "media:statistics", "views")
            .first()
            .and_then(|(views, _)| views.parse().ok()),
    })
}

fn salvaged_link(markup: &Markup, block: &Block, id: Option<&str>, reading: &Reading) -> Option<String> {
    let text = markup.first(block, &["link", "feedburner:origlink"]);
    let is_page = |tag: &str| attribute_of(tag, "rel").is_none_or(|rel| rel == "alternate");
    let attributes = ["link", "atom:link"]
        .iter()
        .flat_map(|name| markup.attributes(block, name, "href"))
        .filter(|(_, tag)| is_page(tag))
        .map(|(href, _)| href);
    let id = id.filter(|id| id.starts_with("http")).map(str::to_string);
    text.into_iter()
        .chain(attributes)
        .chain(id)
        .chain(markup.own_attribute(block, "rdf:about"))
        .find_map(|link| reading.address(&link))
}

#[cfg(test)]
#[path = "feed_tests.rs"]
mod tests;
