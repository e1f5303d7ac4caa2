//! XML sitemaps, sitemap indexes and Google News sitemaps (sitemaps.org 0.9, google.com/schemas/sitemap-news/0.9).

use super::reading::Reading;
use super::repair;
use super::salvage::{Block, Markup};
use crate::model::entry::{Entry, FeedDocument, FeedFormat};

/// Whether a document lists further sitemaps instead of pages, so that its entries are to be read as sitemaps.
pub fn is_index(body: &[u8]) -> bool {
    let text = repair::readable(body, None).text;
    let head: String = text.chars().take(2000).collect();
    head.to_ascii_lowercase().contains("<sitemapindex")
}

/// Reads a sitemap from text; every complete `<url>` counts, also of a cut document.
pub(super) fn parse(text: &str, reading: &Reading, repaired: bool) -> FeedDocument {
    let markup = Markup::new(text);
    let mut blocks = markup.blocks("url");
    if blocks.is_empty() {
        blocks = markup.blocks("sitemap");
    }
    let is_news = text.contains("sitemap-news/0.9") || text.contains("<news:");
    FeedDocument {
        mislabelled: 0,
        title: String::new(),
        kind: if is_news {
            FeedFormat::NewsSitemap
        } else {
            FeedFormat::Sitemap
        },
        repaired: repaired || !repair::is_well_formed(text),
        entries: blocks
            .iter()
            .filter_map(|block| entry(&markup, block, reading))
            .collect(),
    }
}

fn entry(markup: &Markup, block: &Block, reading: &Reading) -> Option<Entry> {
    let url = reading.address(&markup.first(block, &["loc", "sitemap:loc"])?)?;
    let time = |names: &[&str]| markup.first(block, names).and_then(|text| reading.time(&text));
    Some(Entry {
        id: url.clone(),
        url,
        title: reading.plain(
            &markup
                .first(block, &["news:title", "n:title", "image:title"])
                .unwrap_or_default(),
        ),
        published_at: time(&["news:publication_date", "n:publication_date"]),
        updated_at: time(&["lastmod"]),
        ..Entry::default()
    })
}
