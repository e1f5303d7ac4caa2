//! The body of a page nobody has described: the Readability algorithm.

use std::sync::LazyLock;

use dom_smoothie::{Config, Readability, TextMode};
use regex::Regex;

/// A picture's caption by its credit: `… Ảnh: TTXVN`, `(Ảnh minh họa)`.
static CREDIT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:^|[.!?] |\()ảnh(?: minh h(?:ọa|oạ))?(?:: ?[^.:]{2,40})?\)?\.?$")
        .expect("the pattern is a constant")
});

/// Longer paragraphs are no captions.
const LONGEST_CAPTION: usize = 250;

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
        .filter(|line| !line.is_empty() && !is_caption(line))
        .collect()
}

fn is_caption(line: &str) -> bool {
    line.chars().count() <= LONGEST_CAPTION && CREDIT.is_match(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credit_at_the_end_of_a_short_paragraph_makes_it_a_caption() {
        assert!(is_caption("Người dân làm thủ tục tại xã. Ảnh: Minh Mẫu"));
        assert!(is_caption("Điểm giao dịch mới (Ảnh minh hoạ)"));
        assert!(!is_caption("Cơ quan công an đang xác minh người đăng ảnh."));
    }
}
