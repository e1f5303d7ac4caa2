//! Fragments of HTML to plain text.

use std::cell::{Cell, RefCell};

use ego_tree::iter::Edge::{Close, Open};
use html5ever::TokenizerResult;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind::{Rawtext, Rcdata, ScriptData};
use html5ever::tokenizer::{
    BufferQueue, CharacterTokens, StartTag, TagToken, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

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
    super::squeeze(&super::nfc(&words_of(fragment)))
}

/// The words of an HTML fragment like [`plain`], with a line for each block element; empty lines are left out.
pub fn lines(fragment: &str) -> String {
    let text = super::nfc(&words_of(fragment));
    let lines = text.lines().map(super::squeeze).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

/// The words of a fragment as they stand, a line break where an element separates them.
fn words_of(fragment: &str) -> String {
    let tokens = Tokenizer::new(Words::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(no_longer(fragment)));
    // It stops at nothing but the end of a script, of which this reader tells it nothing.
    while !matches!(tokens.feed(&input), TokenizerResult::Done) {}
    tokens.end();
    tokens.sink.text.into_inner()
}

/// Gathers the words of a fragment tag by tag. A tree, which costs ten times as much, would not read them otherwise.
#[derive(Default)]
struct Words {
    text: RefCell<String>,
    /// How many hidden elements are open.
    hidden: Cell<usize>,
}

impl TokenSink for Words {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            CharacterTokens(words) if self.hidden.get() == 0 => self.text.borrow_mut().push_str(&words),
            TagToken(tag) => {
                let (name, opens) = (&*tag.name, tag.kind == StartTag);
                if is_hidden(name) {
                    let is_empty = name == "svg" && tag.self_closing;
                    let hidden = self.hidden.get();
                    self.hidden.set(match opens {
                        true => hidden + usize::from(!is_empty),
                        false => hidden.saturating_sub(1),
                    });
                } else if self.hidden.get() == 0 && separates(name) {
                    self.text.borrow_mut().push('\n');
                }
                match name {
                    _ if !opens => {}
                    "script" => return TokenSinkResult::RawData(ScriptData),
                    "style" | "iframe" | "noscript" | "xmp" | "noembed" | "noframes" => {
                        return TokenSinkResult::RawData(Rawtext);
                    }
                    "title" | "textarea" => return TokenSinkResult::RawData(Rcdata),
                    _ => {}
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// The words below a node, as [`plain`] gives those of its HTML.
pub fn text_of(root: ego_tree::NodeRef<'_, scraper::Node>) -> String {
    let (mut text, mut hidden) = (String::new(), 0_usize);
    for edge in root.traverse() {
        let (node, opens) = match edge {
            Open(node) => (node, true),
            Close(node) => (node, false),
        };
        match node.value() {
            scraper::Node::Text(words) if opens && hidden == 0 => text.push_str(words),
            scraper::Node::Element(element) if is_hidden(element.name()) => {
                hidden = if opens { hidden + 1 } else { hidden - 1 };
            }
            scraper::Node::Element(element) if hidden == 0 && separates(element.name()) => text.push('\n'),
            _ => {}
        }
    }
    super::squeeze(&super::nfc(&text))
}

/// Whether what is inside the element is never shown as text.
pub fn is_hidden(name: &str) -> bool {
    matches!(name, "script" | "style" | "noscript" | "template" | "iframe" | "svg")
}

/// Whether the element ends a run of words. Hidden ones and small pictures do not.
pub fn separates(name: &str) -> bool {
    !matches!(
        name,
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
    let (html, length) = (no_longer(html), html.len());
    let mut depth = 0_usize;
    for at in memchr::memchr_iter(b'<', html.as_bytes()) {
        let rest = &html[at + 1..];
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
    (html, html.len() < length)
}

/// The beginning of a document that is not too long to read.
fn no_longer(html: &str) -> &str {
    &html[..html.floor_char_boundary(LONGEST)]
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
    use proptest::prelude::*;

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
        assert_eq!(plain(&nested), "chữ");
    }

    fn fragments() -> impl Strategy<Value = String> {
        let leaf = proptest::sample::select(vec![
            "chữ ",
            "a&amp;b",
            "&lt;b&gt;",
            "<br>",
            "<br/>",
            "<img src='a>b'>",
            "<script>x<p>y</script>",
            "1 < 2 ",
            "<style>p</style>",
            "<!-- c -->",
            "<svg/>",
            "<svg><path/></svg>",
            "<iframe>i</iframe>",
            "&ecirc;",
            "<textarea><i>t</textarea>",
            "<noscript><p>n</p></noscript>",
            "<hr>",
        ])
        .prop_map(str::to_owned);
        leaf.prop_recursive(4, 24, 5, |inner| {
            let name = proptest::sample::select(vec!["b", "span", "div", "ul", "em", "section", "blockquote", "h2"]);
            (name, proptest::collection::vec(inner, 0..5))
                .prop_map(|(name, inside)| format!("<{name} class=\"x\">{}</{name}>", inside.concat()))
        })
    }

    proptest! {
        #[test]
        fn tags_read_one_by_one_give_the_words_of_the_tree(fragment in fragments()) {
            let tree = scraper::Html::parse_fragment(&fragment);
            prop_assert_eq!(plain(&fragment), text_of(tree.tree.root()));
        }
    }
}
