//! What the head of a page states: Open Graph, microdata, plain meta, links.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Stated;
use super::document::{Document, Query};
use crate::text::html::plain;

static META: LazyLock<Query> = LazyLock::new(|| Query::constant("meta[content]"));
static CANONICAL: LazyLock<Query> = LazyLock::new(|| Query::constant("link[rel~=canonical i][href]"));
static HTML: LazyLock<Query> = LazyLock::new(|| Query::constant("html[lang]"));

/// What the page's meta elements state.
pub(super) fn read(document: &Document) -> Stated {
    let mut values: HashMap<String, &str> = HashMap::new();
    for element in document.select(&META) {
        let Some(content) = element.attr("content").filter(|c| !c.trim().is_empty()) else {
            continue;
        };
        for name in ["property", "name", "itemprop"] {
            if let Some(name) = element.attr(name) {
                values.entry(name.trim().to_ascii_lowercase()).or_insert(content);
            }
        }
    }
    let pick = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| values.get(*name))
            .map(|value| plain(value))
    };
    Stated {
        title: pick(&["og:title", "twitter:title", "headline"]),
        summary: pick(&["og:description", "description", "twitter:description"]),
        author: pick(&["author", "article:author"]).filter(|a| !a.contains("://")),
        published: pick(&[
            "article:published_time",
            "datepublished",
            "pubdate",
            "dc.date.issued",
            "date",
        ]),
        modified: pick(&["article:modified_time", "datemodified", "lastmod", "og:updated_time"]),
        canonical: document
            .select(&CANONICAL)
            .find_map(|link| link.attr("href"))
            .map(str::to_owned)
            .or_else(|| pick(&["og:url"])),
        site_name: pick(&["og:site_name"]),
        lang: document
            .select(&HTML)
            .find_map(|html| html.attr("lang"))
            .and_then(|lang| lang.split(['-', '_']).next())
            .map(|lang| lang.trim().to_ascii_lowercase())
            .filter(|lang| (2..=3).contains(&lang.len())),
        body: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_graph_comes_before_plain_meta_and_the_region_of_the_language_is_cut() {
        let stated = read(&Document::parse(
            "<html lang=vi-VN><meta name=description content=a><meta property=og:description content='b &amp;amp; c'>
             <link rel=canonical href=/x.html>",
        ));
        assert_eq!(stated.summary.as_deref(), Some("b & c"));
        assert_eq!(stated.lang.as_deref(), Some("vi"));
        assert_eq!(stated.canonical.as_deref(), Some("/x.html"));
    }
}
