//! The body of a page nobody has described: the Readability algorithm.

use dom_smoothie::{Config, Readability, TextMode};

/// More elements than any article page has; longer documents give no answer.
const MOST_ELEMENTS: usize = 60_000;

/// The paragraphs of what reads as the article; none when nothing does.
pub(super) fn paragraphs(html: &str, url: &str) -> Vec<String> {
    let config = Config {
        text_mode: TextMode::Formatted,
        max_elements_to_parse: MOST_ELEMENTS,
        disable_json_ld: true,
        ..Config::default()
    };
    let address = url.starts_with("http").then_some(url);
    let Some(article) = Readability::new(html, address, Some(config))
        .ok()
        .and_then(|mut r| r.parse().ok())
    else {
        return Vec::new();
    };
    article
        .text_content
        .lines()
        .map(|line| crate::text::squeeze(&crate::text::nfc(line)))
        .filter(|line| !line.is_empty())
        .collect()
}
