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
    text_of(parsed.tree.root())
}

/// The words of an HTML fragment like [`plain`], with a line for each block element; empty lines are left out.
pub fn lines(fragment: &str) -> String {
    let parsed = scraper::Html::parse_fragment(bounded(fragment).0);
    let text = super::nfc(&raw_text(parsed.tree.root()));
    let lines: Vec<String> = text
        .lines()
        .map(super::squeeze)
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("\n")
}

/// The words below a node, as [`plain`] gives those of its HTML.
pub fn text_of(root: ego_tree::NodeRef<'_, scraper::Node>) -> String {
    super::squeeze(&super::nfc(&raw_text(root)))
}

/// The words below a node, a line break where an element separates them.
fn raw_text(root: ego_tree::NodeRef<'_, scraper::Node>) -> String {
    let (mut text, mut hidden) = (String::new(), 0_usize);
    for edge in root.traverse() {
        let (node, opens) = match edge {
            Open(node) => (node, true),
            Close(node) => (node, false),
        };
        match node.value() {
            scraper::Node::Text(words) if opens && hidden == 0 => text.push_str(words),
            scraper::Node::Element(element) if is_hidden(element) => {
                hidden = if opens { hidden + 1 } else { hidden - 1 };
            }
            scraper::Node::Element(element) if hidden == 0 && separates(element) => text.push('\n'),
            _ => {}
        }
    }
    text
}

/// Whether what is inside the element is never shown as text.
pub fn is_hidden(element: &Element) -> bool {
    matches!(
        element.name(),
        "script" | "style" | "noscript" | "template" | "iframe" | "svg"
    )
}

/// Whether the element ends a run of words. Hidden ones and small pictures do not.
pub fn separates(element: &Element) -> bool {
    !matches!(
        element.name(),
        "a" | "abbr"
            | "area"
            | "b"
            | "bdi"
            | "bdo"
            | "big"
            | "cite"
            | "code"
            | "del"
            | "dfn"
            | "em"
            | "embed"
            | "font"
            | "i"
            | "iframe"
            | "img"
            | "input"
            | "ins"
            | "kbd"
            | "label"
            | "link"
            | "mark"
            | "meta"
            | "noscript"
            | "q"
            | "s"
            | "samp"
            | "script"
            | "small"
            | "source"
            | "span"
            | "strike"
            | "strong"
            | "style"
            | "sub"
            | "sup"
            | "svg"
            | "template"
            | "time"
            | "track"
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
        let name = rest.trim_start_matches('/').as_bytes();
        let length = name
            .iter()
            .take(12)
            .take_while(|byte| byte.is_ascii_alphanumeric())
            .count();
        let mut lower = [0; 12];
        lower[..length].copy_from_slice(&name[..length]);
        lower.make_ascii_lowercase();
        let name = std::str::from_utf8(&lower[..length]).unwrap_or_default();
        if name.is_empty() || closes_itself(name) {
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
    fn blocks_become_lines_where_lines_are_asked_for() {
        assert_eq!(
            lines("<p>Kính  gửi<br>BH<b>XH</b></p>\n\n<div><style>p{}</style>tỉnh</div>"),
            "Kính gửi\nBHXH\ntỉnh"
        );
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
