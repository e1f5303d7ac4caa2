//! The lead ("sapo") and the by-line as Vietnamese outlets write them.

use std::sync::LazyLock;

use regex::Regex;

use super::document::Document;
use crate::text::letters;

/// The outlet before the lead: `(Dân trí) -`, `(NLĐO)-`, `(ĐTCK)`, `BNEWS`.
static PREFIX: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*(?:\([^()]{2,25}\)\s*[-–—:]+\s*|\([\p{Lu}.]{2,12}\)\s*|(?:BNEWS|TTO|TPO|NDO|SKĐS|VOV\.VN|VTV\.vn|QĐND Online|PLO|ANTD\.VN)\s*[-–—:|]*\s+)")
        .expect("the pattern is a constant")
});
static IN_BRACKETS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\s*\([^()]*\)").expect("the pattern is a constant"));
static ROLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:(?:tác giả|thực hiện|bài(?:,| và)? ảnh|bài viết|bài|tin|phóng viên|pv)\s*:?\s+|by\s+)+")
        .expect("the pattern is a constant")
});

/// The lead without the outlet's own prefix.
pub(super) fn without_prefix(lead: &str, prefixes: &[String]) -> String {
    let lead = lead.trim();
    let own = prefixes.iter().find_map(|prefix| lead.strip_prefix(prefix.trim()));
    match own {
        Some(rest) => rest.trim_start_matches([' ', '-', '–', '—', ':']).to_owned(),
        None => PREFIX.replace(lead, "").into_owned(),
    }
}

/// A by-line as a name, or nothing when it is none: `Hà Thu (tổng hợp)` is `Hà Thu`, `Theo Reuters` is nobody here.
pub(super) fn person(text: &str) -> Option<String> {
    let text = crate::text::squeeze(&crate::text::nfc(text));
    let name = IN_BRACKETS.replace_all(&text, "");
    let name = ROLE.replace(&name, "");
    let name = name.trim_matches([' ', '-', '–', ',', '.', '|', ':', '*']);
    let folded = name.to_lowercase();
    let plausible = (2..=60).contains(&name.chars().count())
        && name.chars().next().is_some_and(char::is_uppercase)
        && !name.chars().any(|c| c.is_ascii_digit() || "@/?!;\"“".contains(c))
        && !["theo ", "nguồn", "ảnh", "photo", "xem ", "tags", "chia sẻ"]
            .iter()
            .any(|w| folded.starts_with(w));
    plausible.then(|| name.to_owned())
}

/// Lead and paragraphs separated by a blank line.
///
/// The lead is not repeated when the body begins with it. Where the body was guessed, only a lead that the page shows
/// between headline and body is part of the text: elsewhere stand descriptions for search engines and other lists.
pub(super) fn join(title: &str, lead: &str, paragraphs: &[String], sure: bool, document: &Document) -> String {
    let mut parts: Vec<&str> = paragraphs.iter().map(String::as_str).collect();
    let key = head(lead);
    let repeated = paragraphs
        .iter()
        .take(6)
        .any(|p| !key.is_empty() && head(&without_prefix(p, &[])).starts_with(&key));
    let stands = || match parts.first() {
        Some(first) if !sure => stands_between(title, &key, first, document),
        _ => true,
    };
    if !lead.is_empty() && !repeated && stands() {
        parts.insert(0, lead);
    }
    parts.join("\n\n")
}

/// The first letters of a text, to compare beginnings.
fn head(text: &str) -> String {
    only_letters(text.chars().take(200)).chars().take(60).collect()
}

fn only_letters(text: impl Iterator<Item = char>) -> String {
    text.filter(|c| letters::is_alphanumeric(*c))
        .map(letters::lower)
        .collect()
}

/// Whether the page shows the lead after its headline and before its body.
fn stands_between(title: &str, lead: &str, body: &str, document: &Document) -> bool {
    let shown = document.html().root_element().descendants().filter_map(|node| {
        let hidden = node
            .parent()?
            .value()
            .as_element()
            .is_some_and(|element| crate::text::html::is_hidden(element.name()));
        let text = node.value().as_text().filter(|_| !hidden)?;
        Some(&**text)
    });
    let page = only_letters(crate::text::nfc(&shown.collect::<String>()).chars());
    let before = page.find(&head(body)).map_or(&*page, |at| &page[..at]);
    let headline = head(title);
    let after = before
        .rfind(&headline)
        .map_or(before, |at| &before[at + headline.len()..]);
    after.contains(lead)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outlets_name_is_no_part_of_the_lead() {
        for lead in [
            "(Dân trí) - Tin",
            "(NLĐO)- Tin",
            "(ĐTCK) Tin",
            "(Chinhphu.vn) – Tin",
            "BNEWS Tin",
            "TTO - Tin",
            "Tin",
        ] {
            assert_eq!(without_prefix(lead, &[]), "Tin", "{lead}");
        }
        assert_eq!(without_prefix("Báo ta: Tin", &["Báo ta:".into()]), "Tin");
    }

    #[test]
    fn a_by_line_is_a_name_or_nothing() {
        assert_eq!(person("Hà An (tổng hợp)").as_deref(), Some("Hà An"));
        assert_eq!(person("Bài, ảnh: Minh Tú").as_deref(), Some("Minh Tú"));
        for text in ["Theo Reuters", "Ảnh: TTXVN", "07/03/2026", "toasoan@bao.vn", ""] {
            assert_eq!(person(text), None, "{text}");
        }
    }
}
