//! Fragments of HTML to plain text.

use ego_tree::iter::Edge::{Close, Open};
use scraper::node::Element;

/// Longest fragment that is read, in bytes; the rest is cut.
const LONGEST: usize = 4 << 20;

/// How deep elements may be nested before the rest of a document is cut: parsing costs depth for every tag.
const DEEPEST: usize = 1_000;

/// The words of an HTML fragment: entities decoded, tags and scripts gone, NFC, white space squeezed.
///
/// Only block elements and `<br>` separate words: `BH<b>XH</b>` is `BHXH`.
pub fn plain(fragment: &str) -> String {
    if !fragment.contains(['<', '&']) {
        return super::squeeze(&super::nfc(fragment));
    }
    let parsed = scraper::Html::parse_fragment(bounded(fragment).0);
    let mut text = String::new();
    for edge in parsed.tree.root().traverse() {
        match edge {
            Open(node) => match node.value() {
                scraper::Node::Text(words) => {
                    let hidden = node.parent().and_then(|p| p.value().as_element().map(is_hidden));
                    if hidden != Some(true) {
                        text.push_str(words);
                    }
                }
                scraper::Node::Element(element) if separates(element) => text.push('\n'),
                _ => {}
            },
            Close(node) => {
                if node.value().as_element().is_some_and(separates) {
                    text.push('\n');
                }
            }
        }
    }
    super::squeeze(&super::nfc(&text))
}

/// Whether the text directly inside the element is never shown.
pub fn is_hidden(element: &Element) -> bool {
    matches!(
        element.name(),
        "script" | "style" | "noscript" | "template" | "iframe" | "svg"
    )
}

/// Whether the element ends a run of words.
pub fn separates(element: &Element) -> bool {
    !matches!(
        element.name(),
        "a" | "abbr"
            | "b"
            | "bdi"
            | "bdo"
            | "big"
            | "cite"
            | "code"
            | "del"
            | "dfn"
            | "em"
            | "font"
            | "i"
            | "ins"
            | "kbd"
            | "label"
            | "mark"
            | "q"
            | "s"
            | "samp"
            | "small"
            | "span"
            | "strike"
            | "strong"
            | "sub"
            | "sup"
            | "time"
            | "tt"
            | "u"
            | "var"
            | "wbr"
            | "html"
    )
}

/// The document up to a size and depth that parsing can bear, and whether something was cut.
///
/// An attacker's page of a hundred thousand open `<div>` would take minutes: the parser looks through all open elements.
pub fn bounded(html: &str) -> (&str, bool) {
    let mut end = html.len().min(LONGEST);
    while !html.is_char_boundary(end) {
        end -= 1;
    }
    let mut depth = 0_usize;
    for (at, _) in html[..end].match_indices('<') {
        let rest = &html[at + 1..end];
        let name: String = rest
            .trim_start_matches('/')
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric())
            .take(12)
            .collect::<String>()
            .to_ascii_lowercase();
        if name.is_empty() || closes_itself(&name) {
            continue;
        }
        depth = if rest.starts_with('/') {
            depth.saturating_sub(1)
        } else {
            depth + 1
        };
        if depth > DEEPEST {
            return (&html[..at], true);
        }
    }
    (&html[..end], end < html.len())
}

fn closes_itself(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "param"
            | "source"
            | "track"
            | "wbr"
            | "p"
            | "li"
            | "td"
            | "th"
            | "tr"
            | "dd"
            | "dt"
            | "option"
            | "path"
            | "use"
            | "circle"
            | "rect"
            | "line"
            | "polygon"
            | "script"
            | "style"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_blocks_and_line_breaks_separate_words() {
        assert_eq!(plain("BH<b>XH</b> và<br>BHYT<p>mới</p>đây"), "BHXH và BHYT mới đây");
    }

    #[test]
    fn entities_are_decoded_and_scripts_are_gone() {
        assert_eq!(
            plain("B&aacute;o&nbsp;<script>x</script>ch&#237; &amp; <i>đài</i>"),
            "Báo chí & đài"
        );
    }

    #[test]
    fn a_page_of_open_elements_is_cut_before_it_costs_time() {
        let nested = "<div>".repeat(200_000) + "chữ";
        assert!(bounded(&nested).1);
        assert_eq!(plain(&nested), "");
    }
}
