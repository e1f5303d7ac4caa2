//! The body box of an article to paragraphs.

use std::collections::HashSet;
use std::sync::LazyLock;

use ego_tree::NodeId;
use ego_tree::iter::Edge;
use regex::Regex;
use scraper::{ElementRef, Node};

use super::document::{Document, Query};
use super::lead;
use crate::model::source::Layout;
use crate::text::html::{is_hidden, separates};

/// What the body says.
pub(super) struct Body {
    /// Its paragraphs, plain and NFC.
    pub paragraphs: Vec<String>,
    /// The by-line at its end.
    pub by_line: Option<String>,
    /// Whether a selector of the layout found it.
    pub by_selector: bool,
}

/// Boxes that no outlet means as text. A VCCorp box is text only when its type is `content`.
static NEVER: LazyLock<Query> = LazyLock::new(|| {
    Query::constant(
        "figure:not(.table), figcaption, form, button, select, video, audio, object, nav, ins.adsbygoogle, .sharing, \
         .VCSortableInPreviewMode:not([type=content]), .PhotoCMS_Caption, .tplCaption, .related-news, .tin-lien-quan",
    )
});

/// Right-aligned paragraphs: where Vietnamese outlets sign.
static SIGNATURES: LazyLock<Query> = LazyLock::new(|| {
    Query::constant("p[style*='right'], div[style*='text-align:right'], p.author, p.author_mail, p[align=right]")
});

/// Paragraphs that lead to other articles.
static POINTER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^(?:(?:tin|bài)(?: viết)? liên quan|tham khảo thêm|tin mới|xem thêm|đọc thêm|có thể bạn quan tâm|mời (?:quý )?(?:độc giả|bạn đọc) (?:xem|đọc) thêm|đọc tiếp về trang chủ đề.{0,40})\s*[:.]?$|^(?:>>+|»)",
    )
    .expect("the pattern is a constant")
});
static POINTER_LABEL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:xem thêm|đọc thêm|tin liên quan|bài liên quan|tham khảo thêm)\s*:?")
        .expect("the pattern is a constant")
});

/// The body found by the layout's own selectors.
pub(super) fn by_selectors(document: &Document, layout: &Layout) -> Option<Body> {
    let root = document.fullest(&layout.body)?;
    let mut dropped: HashSet<NodeId> = document.select_in(root, &NEVER).map(|e| e.id()).collect();
    dropped.extend(document.ids_in(root, &layout.drop));
    dropped.extend(link_lists(document, root));
    let signature = signature(document, root);
    dropped.extend(signature.as_ref().map(|(id, _)| *id));
    let paragraphs = paragraphs(root, &dropped);
    (!paragraphs.is_empty()).then(|| Body {
        paragraphs,
        by_line: signature.map(|(_, name)| name),
        by_selector: true,
    })
}

static LISTS: LazyLock<Query> = LazyLock::new(|| Query::constant("ul, ol"));

/// Lists of nothing but links: related news, whatever the outlet calls its box.
pub(super) fn link_lists(document: &Document, root: ElementRef<'_>) -> Vec<NodeId> {
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
    let is_linked = |list: &ElementRef<'_>| {
        let (mut all, mut linked) = (0, 0);
        for node in list.descendants() {
            if let Node::Text(text) = node.value() {
                let in_link = node
                    .ancestors()
                    .take_while(|a| a.id() != list.id())
                    .any(|a| a.value().as_element().is_some_and(|element| element.name() == "a"));
                all += letters(text);
                linked += if in_link { letters(text) } else { 0 };
            }
        }
        all > 0 && linked * 10 >= all * 9
    };
    document
        .select_in(root, &LISTS)
        .filter(is_linked)
        .map(|list| list.id())
        .collect()
}

/// The by-line of a page whose body box is not known.
pub(super) fn by_line_anywhere(document: &Document) -> Option<String> {
    signature(document, document.html().root_element()).map(|(_, name)| name)
}

/// The last right-aligned short paragraph that names a person.
fn signature(document: &Document, root: ElementRef<'_>) -> Option<(NodeId, String)> {
    let last = document
        .select_in(root, &SIGNATURES)
        .filter(|e| !e.text().all(|t| t.trim().is_empty()))
        .last()?;
    let name = lead::person(&last.text().collect::<String>())?;
    Some((last.id(), name))
}

/// One paragraph while it is read: its words and how many of them are in links.
#[derive(Default)]
struct Paragraph {
    text: String,
    linked: usize,
}

/// The paragraphs below `root` without the dropped elements and without pointers to other articles.
pub(super) fn paragraphs(root: ElementRef<'_>, dropped: &HashSet<NodeId>) -> Vec<String> {
    let (mut found, mut now) = (Vec::new(), Paragraph::default());
    let (mut skipping, mut links) = (0_usize, 0_usize);
    for edge in root.traverse() {
        let (node, opens) = match edge {
            Edge::Open(node) => (node, true),
            Edge::Close(node) => (node, false),
        };
        match node.value() {
            Node::Element(element) => {
                let skip = is_hidden(element.name()) || dropped.contains(&node.id());
                if skip && !opens {
                    skipping -= 1;
                }
                match element.name() {
                    "a" if opens => links += 1,
                    "a" => links -= 1,
                    _ if skipping > 0 => {}
                    "td" | "th" => now.text.push(' '),
                    _ if separates(element.name()) => now.end(&mut found),
                    _ => {}
                }
                if skip && opens {
                    skipping += 1;
                }
            }
            Node::Text(text) if opens && skipping == 0 => {
                now.text.push_str(text);
                if links > 0 {
                    now.linked += text.trim().chars().count();
                }
            }
            _ => {}
        }
    }
    now.end(&mut found);
    found
}

impl Paragraph {
    fn end(&mut self, found: &mut Vec<String>) {
        let ended = std::mem::take(self);
        let text = crate::text::squeeze(&crate::text::nfc(&ended.text));
        let unlinked = text.chars().count().saturating_sub(ended.linked);
        let label = POINTER_LABEL
            .find(&text)
            .map_or(0, |label| label.as_str().chars().count());
        let points_away = POINTER.is_match(&text) || (label > 0 && ended.linked > 0 && unlinked <= label + 3);
        if !points_away && text.chars().any(char::is_alphanumeric) {
            found.push(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Body {
        let layout = Layout {
            body: vec!["#b".into()],
            drop: vec![".ad".into()],
            ..Layout::default()
        };
        by_selectors(&Document::parse(&format!("<div id=b>{body}</div>")), &layout).unwrap()
    }

    #[test]
    fn genuine_boxes_stay_and_related_ones_go() {
        let body = read(
            "<p>Một.</p><div class=VCSortableInPreviewMode type=content><p>Hộp.</p></div>
             <div class=VCSortableInPreviewMode type=RelatedNewsBox>Tin khác</div><figure>ảnh<figcaption>chú</figcaption></figure>
             <p class=ad>Quảng cáo</p><ul class=khac><li><a>Bài khác một</a></li><li><a>Bài khác hai</a></li></ul>
             <ul><li>Một ý, xem <a>nghị định</a> của Chính phủ.</li></ul><p>Xem thêm: <a>Tin khác</a></p><p>Tin liên quan</p><p>BH<b>XH</b> hai.</p>",
        );
        assert_eq!(
            body.paragraphs,
            ["Một.", "Hộp.", "Một ý, xem nghị định của Chính phủ.", "BHXH hai."]
        );
    }

    #[test]
    fn the_last_right_aligned_paragraph_is_the_by_line() {
        let body = read("<p>Một.</p><p style='text-align:right;'><b>Hà An</b> <em>(tổng hợp)</em></p>");
        assert_eq!(body.by_line.as_deref(), Some("Hà An"));
        assert_eq!(body.paragraphs, ["Một."]);
    }
}
