//! Pieces: what stands on the outlets' pages, from the day and from the noise, with their addresses.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::day::day;
use super::noise;
use super::outlets::{self, Cms, Outlet};
use crate::model::item::{Access, Item, Platform};
use crate::model::{ItemId, Time};
use crate::text::{fold, url};

/// One article of an outlet.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    /// Its number in the content management system.
    pub number: u32,
    /// Headline.
    pub title: String,
    /// Lead: the first sentence.
    pub lead: String,
    /// Paragraphs after the lead.
    pub paragraphs: Vec<String>,
    /// By-line.
    pub author: String,
    /// From when on it is visible.
    pub published_at: Time,
    /// Path and query of its address, as canonicalised.
    pub path: String,
    /// Whether its page is gone although feeds still list it.
    pub is_dead: bool,
}

static PIECES: LazyLock<BTreeMap<&'static str, Vec<Piece>>> = LazyLock::new(|| {
    outlets::OUTLETS
        .iter()
        .enumerate()
        .map(|(index, outlet)| {
            let ours = day()
                .public()
                .filter(|item| is_article(item) && item.source.as_str() == outlet.name);
            let mut pieces: Vec<Piece> = ours.map(|item| of_item(outlet, item)).collect();
            pieces.extend(noise::of_outlet(outlet, index));
            pieces.sort_by_key(|piece| std::cmp::Reverse(piece.published_at));
            (outlet.host, pieces)
        })
        .collect()
});

/// The articles of an outlet visible at `now`, newest first.
pub(super) fn visible(outlet: &Outlet, now: Time) -> Vec<&'static Piece> {
    PIECES
        .get(outlet.host)
        .into_iter()
        .flatten()
        .filter(|piece| piece.published_at <= now)
        .collect()
}

fn is_article(item: &Item) -> bool {
    item.platform == Platform::Press
}

fn of_item(outlet: &Outlet, item: &Item) -> Piece {
    let (lead, paragraphs) = split_lead(&item.text);
    let published_at = item
        .published_at
        .expect("every item of the day says when it was published");
    let number = number_of(item);
    Piece {
        number,
        title: item.title.clone(),
        lead,
        paragraphs,
        author: item.author.clone().unwrap_or_default(),
        published_at,
        path: path(outlet, &item.title, number, published_at),
        is_dead: false,
    }
}

/// The number in the day's id: 37 for `x037`.
pub(super) fn number_of(item: &Item) -> u32 {
    item.id
        .as_str()
        .trim_start_matches('x')
        .parse()
        .expect("ids of the day are x and a number")
}

/// First sentence and the paragraphs after it; together they are the whole text.
pub(super) fn split_lead(text: &str) -> (String, Vec<String>) {
    let mut paragraphs = text
        .split('\n')
        .map(str::trim)
        .filter(|p| !p.is_empty())
        .map(str::to_owned);
    let first = paragraphs.next().unwrap_or_default();
    let cut = first
        .match_indices(". ")
        .map(|(at, _)| at + 1)
        .find(|at| *at > 60 && !first[..*at].ends_with("(TTVD)."));
    match cut {
        None => (first, paragraphs.collect()),
        Some(at) => {
            let rest = first[at..].trim().to_owned();
            (
                first[..at].to_owned(),
                std::iter::once(rest).chain(paragraphs).collect(),
            )
        }
    }
}

/// A headline as the path of an address.
pub(super) fn slug(title: &str) -> String {
    let folded: String = fold::fold(title)
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' })
        .collect();
    let mut slug = folded.split_whitespace().collect::<Vec<_>>().join("-");
    slug.truncate(80);
    slug.trim_end_matches('-').to_owned()
}

/// Path of an article, in the shape of its family's addresses.
pub(super) fn path(outlet: &Outlet, title: &str, number: u32, at: Time) -> String {
    let slug = slug(title);
    match outlet.cms {
        Cms::Vccorp => format!("/{slug}-{}{number:03}.htm", at.format("1%y%m%d%H%M%S")),
        Cms::Dantri => format!("/thoi-su/{slug}-{}{number:03}.htm", at.format("%Y%m%d%H%M%S")),
        Cms::Epi => format!("/{slug}-post{}.html", 310_000 + number),
        Cms::Onecms => format!("/{slug}-{}.html", 98_000 + number),
        Cms::Mastercms => format!("/{slug}-{}.html", 412_000 + number),
        Cms::Vnexpress => format!("/{slug}-{}.html", 4_900_000 + number),
        Cms::Sharepoint => format!(
            "/tintuc/Pages/hoat-dong-he-thong.aspx?CateID=52&ItemID={}",
            24_000 + number
        ),
        Cms::Plain => format!("/tin/{slug}-{}.html", 7_000 + number),
    }
}

static ADDRESSES: LazyLock<BTreeMap<ItemId, String>> = LazyLock::new(|| {
    day()
        .public()
        .filter_map(|item| {
            let address = address(item)?;
            Some((item.id.clone(), url::canonical(&address).unwrap_or(address)))
        })
        .collect()
});

fn address(item: &Item) -> Option<String> {
    match item.platform {
        Platform::Press => {
            let outlet = outlets::by_name(item.source.as_str())?;
            let path = path(outlet, &item.title, number_of(item), item.published_at?);
            Some(format!("http://{}{path}", outlet.host))
        }
        Platform::Forum => super::forum::address(item),
        Platform::Youtube => Some(format!("http://{}{}", outlets::VIDEOS, super::feeds::watch_path(item))),
        _ => None,
    }
}

/// Canonical address of every public item of the day, by its id in the day.
pub fn expected() -> BTreeMap<ItemId, String> {
    ADDRESSES.clone()
}

/// Canonical address of the public item with the day's id `id`.
pub fn url_of(id: &str) -> Option<&'static str> {
    ADDRESSES.get(&ItemId(id.into())).map(String::as_str)
}

/// The id a collector gives the item `id` of the day; ids of items that are not public stay as they are.
pub(super) fn collected_id(id: &ItemId) -> ItemId {
    match day().item(id.as_str()) {
        Some(item) if item.access == Access::Public => url_of(id.as_str()).map_or_else(|| id.clone(), ItemId::from_url),
        _ => id.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_public_item_has_a_canonical_address_of_its_own() {
        let addresses = expected();
        assert_eq!(addresses.len(), 77);
        let distinct: std::collections::BTreeSet<_> = addresses.values().collect();
        assert_eq!(distinct.len(), 77);
        for address in addresses.values() {
            assert_eq!(url::canonical(address).as_ref(), Some(address));
        }
    }

    #[test]
    fn lead_and_paragraphs_together_are_the_text() {
        for item in day().public() {
            let (lead, paragraphs) = split_lead(&item.text);
            let joined = std::iter::once(lead).chain(paragraphs).collect::<Vec<_>>().join(" ");
            assert_eq!(crate::text::squeeze(&joined), crate::text::squeeze(&item.text));
        }
    }
}
