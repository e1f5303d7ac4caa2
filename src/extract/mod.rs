//! Page bytes to an item's words: JSON-LD, meta, selectors, general extractor; dates, canonical URL, forum posts. Pure.

mod body;
mod document;
pub mod forum;
mod general;
mod json_ld;
mod kind;
mod lead;
mod meta;
mod reduce;
pub mod telegram;

use crate::model::Time;
use crate::model::page::{Extraction, Page};
use crate::model::source::Layout;
use crate::text::{date, decode, html, url};
use document::Document;

/// Why a page gave no article.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtractError {
    /// The page says it is not there, with or without status 404.
    #[error("the page says that the article does not exist; treat it as gone")]
    Gone,
    /// The article's address answered with the home page.
    #[error("the article's address leads to the home page; treat it as gone")]
    RedirectedHome,
    /// A page that checks whether a person is reading.
    #[error("a challenge page ({0}) answered instead of the article; try later and more slowly")]
    Challenge(&'static str),
    /// Nothing on the page reads as an article.
    #[error("no text found; check the source's `body` selectors with `inspect page`")]
    NoText,
}

/// Where undescribed pages show their time of publication.
const USUAL_TIMES: [&str; 6] = [
    "article time[datetime]@datetime",
    "[itemprop=datePublished]",
    "[class*=post-time]",
    "[class*=publish]",
    "[class*=detail-time]",
    "[class*=article-date]",
];

/// What one part of a page states about its article. Text is plain and NFC.
#[derive(Debug, Clone, Default, PartialEq)]
struct Stated {
    title: Option<String>,
    summary: Option<String>,
    author: Option<String>,
    published: Option<String>,
    modified: Option<String>,
    canonical: Option<String>,
    site_name: Option<String>,
    lang: Option<String>,
    body: Option<String>,
}

/// Reads the article on a page with the layout of its source; an empty layout means that no profile is known.
///
/// `family` names who answered in [`Extraction::method`]; `now` bounds plausible times.
///
/// # Errors
/// When the page is no article: gone, the home page, a challenge, or without text.
pub fn page(page: &Page, family: &str, layout: &Layout, now: Time) -> Result<Extraction, ExtractError> {
    kind::check_address(page)?;
    let decoded = decode::decode(&page.body, page.content_type.as_deref());
    let (source, cut) = html::bounded(&decoded.text);
    let document = Document::parse(&reduce::reduce(source, &reduce::Needed::by(layout)));
    kind::check_content(source, &document)?;
    let mut reading = Reading {
        document: &document,
        layout,
        family: if family.is_empty() { "selectors" } else { family },
        json: json_ld::read(&document),
        meta: meta::read(&document),
        by: Vec::new(),
        warnings: Vec::new(),
        now,
    };
    if cut {
        reading.warn("the page is too long or too deeply nested and was cut");
    }
    if decoded.lossy {
        reading.warn("some bytes are no text in the page's charset");
    }
    reading.article(page, source)
}

/// A page while it is read.
struct Reading<'a> {
    document: &'a Document,
    layout: &'a Layout,
    family: &'a str,
    json: Stated,
    meta: Stated,
    /// Who answered, see [`Extraction::method`].
    by: Vec<&'a str>,
    warnings: Vec<String>,
    now: Time,
}

impl<'a> Reading<'a> {
    fn article(mut self, page: &Page, source: &str) -> Result<Extraction, ExtractError> {
        let title = self.title();
        let published_at = self.published();
        let modified_at = self.modified();
        let body = self.body(&page.final_url, source);
        let summary = self.summary();
        let text = lead::join(&title, &summary, &body.paragraphs, body.by_selector, self.document);
        if text.is_empty() {
            return Err(ExtractError::NoText);
        }
        if body.paragraphs.is_empty() {
            self.warn("only the lead was found");
        }
        if title.is_empty() {
            self.warn("no headline was found");
        }
        if published_at.is_none() {
            self.warn("no time of publication was found");
        }
        let author = self.author(body.by_line);
        let canonical_url = self.canonical(page);
        Ok(Extraction {
            url: page.url.clone(),
            canonical_url,
            title,
            summary,
            text,
            author,
            published_at,
            modified_at,
            lang: self.meta.lang.clone().or(self.json.lang.clone()),
            site_name: self.meta.site_name.clone().or(self.json.site_name.clone()),
            method: self.method(),
            warnings: self.warnings,
        })
    }

    fn warn(&mut self, what: &str) {
        self.warnings.push(what.to_owned());
    }

    fn answered(&mut self, who: &'a str) {
        if !self.by.contains(&who) {
            self.by.push(who);
        }
    }

    fn method(&self) -> String {
        let mut by = self.by.clone();
        by.sort_by_key(|who| match *who {
            "json-ld" => 0,
            "meta" => 1,
            "general" => 3,
            _ => 2,
        });
        by.join("+")
    }

    /// The first answer of JSON-LD, meta and the page; the page first where the layout trusts it more.
    fn stated(&mut self, of: fn(&Stated) -> &Option<String>, selectors: &[String]) -> Option<String> {
        let json = of(&self.json).clone().map(|text| (text, "json-ld"));
        let meta = of(&self.meta).clone().map(|text| (text, "meta"));
        let seen = self.document.first(selectors).map(|text| (text, self.family));
        let answer = if self.layout.trust_page == Some(true) {
            seen.or(json).or(meta)
        } else {
            json.or(meta).or(seen)
        };
        let (text, who) = answer?;
        self.answered(who);
        Some(text)
    }

    fn title(&mut self) -> String {
        let selectors = &self.layout.title;
        let title = self
            .stated(|s| &s.title, selectors)
            .or_else(|| self.document.first(&["h1".into(), "title".into()]));
        title.unwrap_or_default()
    }

    fn summary(&mut self) -> String {
        let selectors = &self.layout.summary;
        let summary = self.stated(|s| &s.summary, selectors).unwrap_or_default();
        lead::without_prefix(&summary, &self.layout.lead_prefix)
    }

    fn published(&mut self) -> Option<Time> {
        let stated = [
            (self.json.published.clone(), "json-ld"),
            (self.meta.published.clone(), "meta"),
        ];
        let mut is_ahead = false;
        for (text, who) in stated {
            let Some(text) = text else { continue };
            if let Some(time) = date::parse_near(&text, self.now) {
                self.answered(who);
                return Some(time);
            }
            is_ahead |= date::parse(&text).is_some();
            self.warn(&format!("the time of publication in {who} cannot be: {text}"));
        }
        if let Some(time) = self.seen_time(&self.layout.published) {
            self.answered(self.family);
            return Some(time);
        }
        if let Some(time) = self.only_time() {
            self.answered("general");
            return Some(time);
        }
        // Its clock is ahead; it cannot have been published after it was read.
        is_ahead.then(|| {
            self.warn("the time of publication lies ahead; the time of reading stands in its place");
            self.now
        })
    }

    /// The time a page nobody has described shows where times of publication stand; none when it shows several.
    fn only_time(&self) -> Option<Time> {
        let times: Vec<Time> = self
            .document
            .all(&USUAL_TIMES.map(String::from))
            .iter()
            .filter_map(|text| date::parse_near(text, self.now))
            .filter(|time| time.time() != chrono::NaiveTime::MIN)
            .collect();
        let first = *times.first()?;
        times.iter().all(|time| *time == first).then_some(first)
    }

    fn modified(&self) -> Option<Time> {
        let stated = [&self.json.modified, &self.meta.modified];
        stated
            .into_iter()
            .flatten()
            .find_map(|text| date::parse_near(text, self.now))
            .or_else(|| self.seen_time(&self.layout.modified))
    }

    fn seen_time(&self, selectors: &[String]) -> Option<Time> {
        self.document
            .all(selectors)
            .iter()
            .find_map(|text| date::parse_near(text, self.now))
    }

    fn body(&mut self, url: &str, source: &str) -> body::Body {
        if let Some(body) = body::by_selectors(self.document, self.layout) {
            self.answered(self.family);
            return body;
        }
        if !self.layout.body.is_empty() {
            self.warn("no `body` selector of the source matches; the layout may have changed");
        }
        let mut paragraphs = general::paragraphs(source, url);
        let stated = self.json.body.clone().unwrap_or_default();
        let by_line = body::by_line_anywhere(self.document);
        paragraphs.pop_if(|last| by_line.is_some() && lead::person(last) == by_line);
        if paragraphs.iter().map(String::len).sum::<usize>() >= stated.len() / 2 && !paragraphs.is_empty() {
            self.answered("general");
            return body::Body {
                paragraphs,
                by_line,
                by_selector: false,
            };
        }
        if !stated.is_empty() {
            self.answered("json-ld");
        }
        let paragraphs = stated
            .lines()
            .filter(|l| !l.trim().is_empty())
            .map(crate::text::squeeze)
            .collect();
        body::Body {
            paragraphs,
            by_line,
            by_selector: false,
        }
    }

    /// The visible by-line, else the person JSON-LD or meta names; never the outlet itself.
    fn author(&self, by_line: Option<String>) -> Option<String> {
        let site = [&self.meta.site_name, &self.json.site_name];
        self.document
            .first(&self.layout.author)
            .and_then(|text| lead::person(&text))
            .or(by_line)
            .or_else(|| self.json.author.as_deref().and_then(lead::person))
            .or_else(|| self.meta.author.as_deref().and_then(lead::person))
            .filter(|name| {
                !site
                    .into_iter()
                    .flatten()
                    .any(|s| s.to_lowercase().contains(&name.to_lowercase()))
            })
    }

    fn canonical(&mut self, page: &Page) -> String {
        let own = url::canonical(&page.final_url).unwrap_or_else(|| page.final_url.clone());
        let declared = [self.meta.canonical.clone(), self.json.canonical.clone()];
        for link in declared.into_iter().flatten() {
            let Some(declared) = url::absolute(&page.final_url, &link).and_then(|link| url::canonical(&link)) else {
                continue;
            };
            if kind::same_site(&own, &declared) && !kind::is_home(&declared) {
                return declared;
            }
            self.warn(&format!("the declared canonical address is not plausible: {declared}"));
        }
        own
    }
}
