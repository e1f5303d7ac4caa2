//! Proves a source against the world outside (`diemtin check --live`): what its feeds list, how fresh it is, what is read
//! from its newest article and by which selectors, and what its file should say.

use std::fmt;

use chrono::NaiveDate;

use crate::catalogue::Catalogue;
use crate::collect::fetch::{Fetcher, Request};
use crate::collect::{archive, feed, listing, sitemap};
use crate::extract;
use crate::model::Time;
use crate::model::entry::Entry;
use crate::model::source::{Feed, FeedKind, Layout, Source};

/// A feed whose newest entry is older than this is not fresh.
const FRESH_DAYS: i64 = 7;

/// What one feed answered.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedProof {
    /// Its address.
    pub url: String,
    /// Entries listed and the newest time among them; or why it cannot be read.
    pub answer: Result<(usize, Option<Time>), String>,
}

/// What was read from one article.
#[derive(Debug, Clone, PartialEq)]
pub struct ArticleProof {
    /// Its address.
    pub url: String,
    /// Method, title, time and length in characters; or why it cannot be read.
    pub answer: Result<(String, String, Option<Time>, usize), String>,
    /// Field, selector, and how many nodes it finds.
    pub selectors: Vec<(&'static str, String, usize)>,
}

/// What a source proved.
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    /// Its id.
    pub source: String,
    /// Each feed.
    pub feeds: Vec<FeedProof>,
    /// Its search pages that nobody has proven yet, asked once: robots.txt says whether they may be.
    pub searches: Vec<FeedProof>,
    /// Its newest article.
    pub article: Option<ArticleProof>,
    now: Time,
}

/// Asks a source.
pub async fn prove(fetcher: &Fetcher, catalogue: &Catalogue, source: &Source, now: Time) -> Proof {
    let layout = catalogue.layout(source, now.date_naive());
    let mut proof = Proof {
        source: source.id.to_string(),
        feeds: Vec::new(),
        searches: Vec::new(),
        article: None,
        now,
    };
    let mut newest: Option<(Option<Time>, String)> = None;
    for feed in &source.feeds {
        let found = entries(fetcher, feed, &layout, now).await;
        if let Some(entries) = found.as_ref().ok().filter(|_| !feed.kind.lists_posts()) {
            let latest = entries.iter().max_by_key(|entry| entry.published_at);
            let latest = latest.map(|entry| (entry.published_at, entry.url.clone()));
            newest = newest.max(latest);
        }
        let answer = found.map(|entries| {
            let times = entries.iter().filter_map(|e| e.published_at.or(e.updated_at));
            let by_address = || {
                let days = entries.iter().filter_map(|e| archive::day_of(&e.url));
                let latest = days.max()?.and_hms_opt(0, 0, 0)?;
                latest.and_local_timezone(crate::model::vietnam()).single()
            };
            (entries.len(), times.max().or_else(by_address))
        });
        proof.feeds.push(FeedProof {
            url: feed.url.clone(),
            answer,
        });
    }
    let words = catalogue.knowledge.relevance.search.first();
    for search in source.searches.iter().filter(|search| search.permitted.is_none()) {
        let Some(feed) = words.map(|words| search.feed(words)) else {
            continue;
        };
        let found = entries(fetcher, &feed, &layout, now).await;
        proof.searches.push(FeedProof {
            answer: found.map(|entries| (entries.len(), None)),
            url: feed.url,
        });
    }
    if let Some((_, url)) = newest {
        proof.article = Some(article(fetcher, source, &layout, url, now).await);
    }
    proof
}

async fn entries(fetcher: &Fetcher, feed: &Feed, layout: &Layout, now: Time) -> Result<Vec<Entry>, String> {
    let page = fetcher
        .get(Request::new(feed.url.clone()))
        .await
        .map_err(|error| error.to_string())?;
    let html = || crate::text::decode::decode(&page.body, page.content_type.as_deref()).text;
    let entries: Vec<Entry> = match feed.kind {
        FeedKind::Listing => {
            let links = listing::links(&html(), &page.final_url, layout);
            links.into_iter().map(Entry::from).collect()
        }
        FeedKind::Forum => {
            let threads = extract::forum::threads(&html(), &page.final_url);
            threads.into_iter().map(Entry::from).collect()
        }
        FeedKind::Telegram => {
            let page = extract::telegram::page(&html()).ok_or(extract::telegram::NO_PREVIEW)?;
            page.posts.into_iter().map(Entry::from).collect()
        }
        FeedKind::Feed | FeedKind::Sitemap | FeedKind::Channel | FeedKind::Bridge => {
            let document = feed::parse(&page.body, page.content_type.as_deref(), &page.final_url, now);
            document.map_err(|error| error.to_string())?.entries
        }
    };
    match entries.is_empty() {
        true => Err("it answers but lists nothing".into()),
        false if sitemap::is_index(&page.body) => Ok(entries.into_iter().filter(|e| e.updated_at.is_some()).collect()),
        false => Ok(entries),
    }
}

async fn article(fetcher: &Fetcher, source: &Source, layout: &Layout, url: String, now: Time) -> ArticleProof {
    let page = match fetcher.get(Request::new(url.clone())).await {
        Ok(page) => page,
        Err(error) => {
            return ArticleProof {
                url,
                answer: Err(error.to_string()),
                selectors: Vec::new(),
            };
        }
    };
    let html = crate::text::decode::decode(&page.body, page.content_type.as_deref()).text;
    let found = extract::page(&page, source.family.as_deref().unwrap_or_default(), layout, now);
    ArticleProof {
        url,
        answer: found
            .map(|x| (x.method, x.title, x.published_at, x.text.chars().count()))
            .map_err(|error| error.to_string()),
        selectors: hits(&html, layout),
    }
}

/// How many nodes each selector of a layout finds.
fn hits(html: &str, layout: &Layout) -> Vec<(&'static str, String, usize)> {
    let document = scraper::Html::parse_document(html);
    let lists = [
        ("title", &layout.title),
        ("summary", &layout.summary),
        ("body", &layout.body),
        ("author", &layout.author),
        ("published", &layout.published),
    ];
    let count = |selector: &str| {
        let css = selector.rsplit_once('@').map_or(selector, |(css, _)| css);
        scraper::Selector::parse(css).map_or(0, |css| document.select(&css).count())
    };
    let each = |(field, list): (&'static str, &Vec<String>)| {
        list.iter()
            .map(move |s| (field, s.clone(), count(s)))
            .collect::<Vec<_>>()
    };
    lists.into_iter().flat_map(each).collect()
}

impl FeedProof {
    fn is_fresh(&self, now: Time) -> bool {
        match &self.answer {
            Ok((_, Some(newest))) => now - *newest <= chrono::Duration::days(FRESH_DAYS),
            Ok((_, None)) => true,
            Err(_) => false,
        }
    }
}

impl Proof {
    /// Whether every feed is read and fresh and the newest article is whole: headline, time, body.
    pub fn is_proven(&self) -> bool {
        let is_whole = |article: &ArticleProof| matches!(&article.answer, Ok((_, title, Some(_), length)) if !title.is_empty() && *length > 200);
        let feeds = !self.feeds.is_empty() && self.feeds.iter().all(|feed| feed.is_fresh(self.now));
        feeds && self.article.as_ref().is_none_or(is_whole)
    }

    /// What to change in the source's file `text`, as a diff: the day it was checked, its status, feeds that do not answer.
    pub fn diff(&self, text: &str, path: &str, today: NaiveDate) -> String {
        let status = if self.is_proven() { "active" } else { "draft" };
        let dead: Vec<String> = self
            .feeds
            .iter()
            .filter(|feed| feed.answer.is_err())
            .map(|feed| format!("url = {:?}", feed.url))
            .collect();
        let mut changed = String::new();
        for line in text.lines() {
            let line = match line.split_once(" = ").map(|(key, _)| key) {
                Some("checked") => format!("checked = \"{today}\""),
                Some("status") if !line.contains("retired") && !line.contains("paused") => {
                    format!("status = \"{status}\"")
                }
                _ if dead.iter().any(|url| url == line) => format!("{line}  # không trả lời ngày {today}"),
                _ => line.to_owned(),
            };
            changed.push_str(&line);
            changed.push('\n');
        }
        let diff = similar::TextDiff::from_lines(text, &changed);
        diff.unified_diff().context_radius(1).header(path, path).to_string()
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {}",
            self.source,
            if self.is_proven() { "proven" } else { "NOT proven" }
        )?;
        for feed in &self.feeds {
            match &feed.answer {
                Ok((listed, newest)) => {
                    let newest = newest.map_or("no times".into(), |t| t.format("%Y-%m-%d %H:%M").to_string());
                    let note = if feed.is_fresh(self.now) { "" } else { " (not fresh)" };
                    writeln!(f, "  feed {}: {listed} entries, newest {newest}{note}", feed.url)?;
                }
                Err(problem) => writeln!(f, "  feed {}: {problem}", feed.url)?,
            }
        }
        for search in &self.searches {
            match &search.answer {
                Ok((listed, _)) => writeln!(
                    f,
                    "  search {}: {listed} links; if robots.txt and the outlet permit it, write `permitted`",
                    search.url
                )?,
                Err(problem) => writeln!(f, "  search {}: {problem}", search.url)?,
            }
        }
        let Some(article) = &self.article else { return Ok(()) };
        match &article.answer {
            Ok((method, title, at, length)) => {
                let at = at.map_or("no time".into(), |t| t.format("%Y-%m-%d %H:%M").to_string());
                writeln!(
                    f,
                    "  article {}: by {method}, {at}, {length} characters: {title}",
                    article.url
                )?;
            }
            Err(problem) => writeln!(f, "  article {}: {problem}", article.url)?,
        }
        for (field, selector, n) in &article.selectors {
            writeln!(f, "    {field} {selector}: {n}")?;
        }
        Ok(())
    }
}
