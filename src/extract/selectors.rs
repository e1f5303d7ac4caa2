//! The selectors of a layout: CSS, optionally followed by `@attribute`.

use scraper::{ElementRef, Html, Selector};

use crate::text::html::plain;

/// Longest text a selector may answer with, in characters: longer ones matched a wrong box.
const LONGEST: usize = 2_000;

/// A selector and the attribute to read, if not the text. A selector that is no CSS matches nothing: the catalogue refuses it.
pub(super) fn parse(selector: &str) -> Option<(Selector, Option<&str>)> {
    let (css, attribute) = match selector.rsplit_once('@') {
        Some((css, name))
            if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == ':') =>
        {
            (css, Some(name))
        }
        _ => (selector, None),
    };
    Some((Selector::parse(css.trim()).ok()?, attribute))
}

/// The first text any of the selectors answers with.
pub(super) fn first(document: &Html, selectors: &[String]) -> Option<String> {
    all(document, selectors).into_iter().next()
}

/// All texts the selectors answer with, in order, a few of each.
pub(super) fn all(document: &Html, selectors: &[String]) -> Vec<String> {
    selectors
        .iter()
        .filter_map(|selector| parse(selector))
        .flat_map(|(selector, attribute)| {
            document
                .select(&selector)
                .take(5)
                .map(|element| match attribute {
                    Some(name) => element.attr(name).map(plain).unwrap_or_default(),
                    None => plain(&element.inner_html()),
                })
                .collect::<Vec<_>>()
        })
        .filter(|text| !text.is_empty() && text.chars().count() <= LONGEST)
        .collect()
}

/// The first element any of the selectors matches that holds text.
pub(super) fn element<'a>(document: &'a Html, selectors: &[String]) -> Option<ElementRef<'a>> {
    selectors
        .iter()
        .filter_map(|selector| parse(selector))
        .find_map(|(selector, _)| {
            document
                .select(&selector)
                .max_by_key(|element| {
                    (
                        element.text().take(20_000).map(str::len).sum::<usize>(),
                        std::cmp::Reverse(element.id()),
                    )
                })
                .filter(|element| element.text().any(|text| !text.trim().is_empty()))
        })
}
