//! A parsed page whose elements are listed by id, class, name and attribute, so that a selector looks only at what it can match.
//!
//! Browsers sort style rules the same way: the last compound of a selector names an id, a class or an element, and only
//! elements that bear it are candidates. A page is walked once, whatever number of selectors its source has.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock, Mutex};

use ego_tree::NodeId;
use ego_tree::iter::Edge;
use rustc_hash::{FxHashMap, FxHasher};
use scraper::{ElementRef, Html, Node, Selector};

use crate::text::html::text_of;

/// Longest text a selector may answer with, in characters: longer ones matched a wrong box.
const LONGEST: usize = 2_000;

/// A page's elements in document order, and where each id, class, name and attribute occurs.
pub(super) struct Document {
    html: Html,
    elements: Vec<NodeId>,
    /// One past the last descendant of each element, as a position in `elements`.
    ends: Vec<u32>,
    positions: FxHashMap<NodeId, u32>,
    by_key: FxHashMap<u64, Vec<u32>>,
}

/// A CSS selector, the attribute to read if not the text, and what its candidates bear.
pub(super) struct Query {
    selector: Selector,
    attribute: Option<String>,
    /// One for each alternative; `None` where one of them says nothing about the element itself.
    keys: Option<Vec<u64>>,
}

impl Query {
    /// Reads `css` or `css@attribute`; `None` when it is no CSS: the catalogue refuses such a file.
    pub fn parse(selector: &str) -> Option<Query> {
        let (css, attribute) = match selector.rsplit_once('@') {
            Some((css, name))
                if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == ':') =>
            {
                (css, Some(name.to_owned()))
            }
            _ => (selector, None),
        };
        let css = css.trim();
        Some(Query {
            selector: Selector::parse(css).ok()?,
            attribute,
            keys: alternatives(css).into_iter().map(key_of).collect(),
        })
    }

    /// A selector of our own.
    pub fn constant(css: &str) -> Query {
        Query::parse(css).expect("the selector is a constant")
    }

    /// The same as [`Query::parse`], remembered: sources have a few selectors and thousands of pages.
    fn known(selector: &str) -> Option<Arc<Query>> {
        type Known = HashMap<String, Option<Arc<Query>>>;
        static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);
        let mut known = KNOWN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(query) = known.get(selector) {
            return query.clone();
        }
        let query = Query::parse(selector).map(Arc::new);
        known.insert(selector.to_owned(), query.clone());
        query
    }
}

impl Document {
    /// Parses a page and walks it once.
    pub fn parse(source: &str) -> Document {
        let html = Html::parse_document(source);
        let (mut elements, mut ends) = (Vec::new(), Vec::new());
        let (mut positions, mut by_key) = (FxHashMap::default(), FxHashMap::<u64, Vec<u32>>::default());
        for edge in html.tree.root().traverse() {
            match edge {
                Edge::Open(node) => {
                    let Node::Element(element) = node.value() else { continue };
                    let position = elements.len() as u32;
                    let mut list = |key| by_key.entry(key).or_default().push(position);
                    list(key('e', element.name()));
                    for (name, value) in element.attrs() {
                        list(key('[', name));
                        match name {
                            "id" => list(key('#', value.trim())),
                            "class" => value.split_ascii_whitespace().for_each(|class| list(key('.', class))),
                            _ => {}
                        }
                    }
                    positions.insert(node.id(), position);
                    elements.push(node.id());
                    ends.push(0);
                }
                Edge::Close(node) => {
                    if let Some(position) = positions.get(&node.id()) {
                        ends[*position as usize] = elements.len() as u32;
                    }
                }
            }
        }
        Document {
            html,
            elements,
            ends,
            positions,
            by_key,
        }
    }

    /// The parsed page.
    pub fn html(&self) -> &Html {
        &self.html
    }

    /// The elements that match, in document order.
    pub fn select<'a>(&'a self, query: &'a Query) -> impl Iterator<Item = ElementRef<'a>> {
        self.matching(query, 0, self.elements.len() as u32)
    }

    /// The elements below `root` that match, in document order.
    pub fn select_in<'a>(&'a self, root: ElementRef<'a>, query: &'a Query) -> impl Iterator<Item = ElementRef<'a>> {
        let position = self.positions.get(&root.id()).copied().unwrap_or_default();
        let end = self.ends.get(position as usize).copied().unwrap_or_default();
        self.matching(query, position + 1, end)
    }

    fn matching<'a>(&'a self, query: &'a Query, from: u32, to: u32) -> impl Iterator<Item = ElementRef<'a>> {
        let mut candidates: Vec<u32> = match &query.keys {
            None => (from..to).collect(),
            Some(keys) => keys
                .iter()
                .filter_map(|key| self.by_key.get(key))
                .flatten()
                .copied()
                .filter(|position| (from..to).contains(position))
                .collect(),
        };
        candidates.sort_unstable();
        candidates.dedup();
        candidates
            .into_iter()
            .filter_map(|position| ElementRef::wrap(self.html.tree.get(self.elements[position as usize])?))
            .filter(|element| query.selector.matches(element))
    }

    /// The first text any of the selectors answers with.
    pub fn first(&self, selectors: &[String]) -> Option<String> {
        self.all(selectors).into_iter().next()
    }

    /// All texts the selectors answer with, in order, a few of each.
    pub fn all(&self, selectors: &[String]) -> Vec<String> {
        selectors
            .iter()
            .filter_map(|selector| Query::known(selector))
            .flat_map(|query| {
                let answer = |element: ElementRef<'_>| match &query.attribute {
                    Some(name) => element.attr(name).map(crate::text::html::plain).unwrap_or_default(),
                    None => text_of(*element),
                };
                self.select(&query).take(5).map(answer).collect::<Vec<_>>()
            })
            .filter(|text| !text.is_empty() && text.chars().count() <= LONGEST)
            .collect()
    }

    /// Of what the first answering selector matches, the element with most text.
    pub fn fullest(&self, selectors: &[String]) -> Option<ElementRef<'_>> {
        let length = |element: &ElementRef<'_>| element.text().take(20_000).map(str::len).sum::<usize>();
        selectors
            .iter()
            .filter_map(|selector| Query::known(selector))
            .find_map(|query| {
                let found: Vec<NodeId> = self.select(&query).map(|element| element.id()).collect();
                found
                    .into_iter()
                    .filter_map(|id| ElementRef::wrap(self.html.tree.get(id)?))
                    .rev()
                    .max_by_key(length)
                    .filter(|element| element.text().any(|text| !text.trim().is_empty()))
            })
    }

    /// All elements that any of the selectors matches below `root`.
    pub fn ids_in(&self, root: ElementRef<'_>, selectors: &[String]) -> Vec<NodeId> {
        selectors
            .iter()
            .filter_map(|selector| Query::known(selector))
            .flat_map(|query| self.select_in(root, &query).map(|e| e.id()).collect::<Vec<_>>())
            .collect()
    }
}

/// What an element is listed under. Ids and classes of pages without a doctype are compared without case, so all are listed so.
fn key(kind: char, name: &str) -> u64 {
    let mut hasher = FxHasher::default();
    kind.hash(&mut hasher);
    name.bytes()
        .for_each(|byte| byte.to_ascii_lowercase().hash(&mut hasher));
    hasher.finish()
}

/// The alternatives of a selector list: what commas outside brackets and quotes separate.
fn alternatives(css: &str) -> Vec<&str> {
    split_outside(css, |c| c == ',')
}

/// What the last compound of one alternative names: its id, else a class, else the element, else its first attribute.
fn key_of(alternative: &str) -> Option<u64> {
    // Escapes are rare; an element is then found by looking at all.
    if alternative.contains('\\') {
        return None;
    }
    let compounds = split_outside(alternative.trim(), |c| {
        c.is_whitespace() || matches!(c, '>' | '+' | '~')
    });
    let whole = compounds.last()?;
    let attribute = whole.strip_prefix('[').and_then(|rest| {
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))?;
        (end > 0).then(|| key('[', &rest[..end]))
    });
    let compound = outside(whole);
    let names = |mark: char| {
        let (_, rest) = compound.split_once(mark)?;
        let end = rest.find(['#', '.', ':']).unwrap_or(rest.len());
        (end > 0).then(|| key(mark, &rest[..end]))
    };
    let element = &compound[..compound.find(['#', '.', ':']).unwrap_or(compound.len())];
    let is_name = !element.is_empty() && element.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let before_pseudo = compound.split(':').next().unwrap_or_default();
    names('#')
        .filter(|_| before_pseudo.contains('#'))
        .or_else(|| names('.').filter(|_| before_pseudo.contains('.')))
        .or_else(|| is_name.then(|| key('e', element)))
        .or(attribute)
}

/// Splits at characters that stand outside brackets and quotes; empty parts are left out.
fn split_outside(css: &str, splits: impl Fn(char) -> bool) -> Vec<&str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    for (at, c) in plain_characters(css) {
        if splits(c) {
            parts.push(&css[start..at]);
            start = at + c.len_utf8();
        }
    }
    parts.push(&css[start..]);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// A compound without what stands in brackets.
fn outside(compound: &str) -> String {
    plain_characters(compound)
        .map(|(_, c)| c)
        .filter(|c| !matches!(c, ']' | ')'))
        .collect()
}

/// The characters outside brackets and quotes, closing brackets included.
fn plain_characters(css: &str) -> impl Iterator<Item = (usize, char)> {
    let (mut depth, mut quote) = (0_usize, None);
    css.char_indices().filter(move |(_, c)| {
        match (quote, *c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(*c),
            (None, '[' | '(') => depth += 1,
            (None, ']' | ')') => depth = depth.saturating_sub(1),
            _ => return depth == 0,
        }
        depth == 0 && quote.is_none() && !matches!(c, '"' | '\'')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Selectors as sources have them, and hard ones.
    const SELECTORS: [&str; 18] = [
        "h1.detail-title[data-role=title]",
        "div#main > .a, p:first-child",
        "[class*=post-time]",
        "ul li:nth-of-type(2) a",
        "a:not(.a)",
        ".a.b",
        "#MAIN",
        "p[style*='right, left'], b",
        "*",
        "div :is(p, b)",
        ".a:not(.b, #x)",
        "[data-x=\"a b > c\"] b",
        "body>ul>li",
        "li + li",
        "li ~ li",
        ":not(p)",
        "b.c:empty",
        "nothing",
    ];

    #[test]
    fn the_listed_candidates_are_all_that_match() {
        let pages = [
            "<!DOCTYPE html><div id=main><p class='a b'>1<b data-x='a b > c'><b class=c></b></b></p><h1 class=detail-title data-role=title>T</h1></div><ul><li><a class=a>1</a><li><a href=x>2</a></ul>",
            "<p class=A style='x:right, left'>1<div ID=Main class='B a'>2<table><p class=post-time-x>3</table><b>4<p>5</b>6",
        ];
        for page in pages {
            let document = Document::parse(page);
            let root = document.html().root_element();
            for css in SELECTORS {
                let selector = Selector::parse(css).unwrap();
                let elements = || root.descendants().filter_map(ElementRef::wrap);
                let all: Vec<_> = elements().filter(|e| selector.matches(e)).map(|e| e.id()).collect();
                let query = Query::constant(css);
                assert_eq!(
                    document.select(&query).map(|e| e.id()).collect::<Vec<_>>(),
                    all,
                    "{css}"
                );
                for below in root.descendent_elements() {
                    let all: Vec<_> = below
                        .select(&selector)
                        .map(|e| e.id())
                        .filter(|id| *id != below.id())
                        .collect();
                    let found: Vec<_> = document.select_in(below, &query).map(|e| e.id()).collect();
                    assert_eq!(found, all, "{css}");
                }
            }
        }
    }

    #[test]
    fn most_selectors_name_what_they_look_for() {
        let named = SELECTORS.iter().filter(|css| Query::constant(css).keys.is_some());
        assert_eq!(named.count(), 15);
    }

    #[test]
    fn an_attribute_may_follow() {
        let document = Document::parse("<time datetime='2026-01-02'>x</time>");
        assert_eq!(
            document.first(&["time[datetime]@datetime".into()]).as_deref(),
            Some("2026-01-02")
        );
    }
}
