//! What an item of a vendor's file is and which one it is, told from its address, its words and its numbers.

use crate::model::ItemId;
use crate::model::item::{ItemKind, Platform};
use crate::text::{self, sha256_hex};

use super::columns::{key, vocabulary};

/// An address of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// Its canonical form; off the press with the fragment, which is where a post or comment stands in its thread.
    pub url: String,
    /// The platform its host belongs to.
    pub platform: Platform,
}

/// Reads an address; `www.` and a bare host are understood. `None` when it is none.
pub(super) fn address(given: &str) -> Option<Address> {
    let given = given.trim();
    let whole = match given.split_once("://") {
        Some(_) => given.to_owned(),
        None if is_bare(given) => format!("https://{given}"),
        None => return None,
    };
    let mut url = text::url::canonical(&whole)?;
    let platform = vocabulary().host(&text::url::host(&url)?).unwrap_or(Platform::Press);
    if platform != Platform::Press
        && let Some((_, place)) = whole.split_once('#')
    {
        url = format!("{url}#{place}");
    }
    Some(Address { url, platform })
}

fn is_bare(given: &str) -> bool {
    let host = given.split('/').next().unwrap_or_default();
    let parts = || host.split('.');
    !given.contains(char::is_whitespace)
        && parts().count() > 1
        && parts().all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
        && parts()
            .next_back()
            .is_some_and(|last| last.chars().all(|c| c.is_ascii_alphabetic()))
}

/// The kind an item is by its address and platform, where no column says it.
pub(super) fn kind(address: Option<&str>, platform: Platform) -> ItemKind {
    let holds = |signs: &[&str]| address.is_some_and(|url| signs.iter().any(|sign| url.contains(sign)));
    match platform {
        Platform::Press => ItemKind::Press,
        _ if holds(&["comment_id=", "&lc=", "?lc=", "#comment"]) => ItemKind::Comment,
        Platform::Tiktok if holds(&["/photo/"]) => ItemKind::Post,
        Platform::Youtube if holds(&["/post/", "/community"]) => ItemKind::Post,
        Platform::Youtube | Platform::Tiktok => ItemKind::Video,
        Platform::Facebook if holds(&["/videos/", "/reel/", "/watch", "fb.watch"]) => ItemKind::Video,
        _ => ItemKind::Post,
    }
}

/// An id that a vendor gave, as an item's id. `None` for running numbers and for numbers a spreadsheet has rounded, which
/// are another item's in the next file.
pub(super) fn vendor_id(given: &str) -> Option<ItemId> {
    let is_number = given.bytes().all(|byte| byte.is_ascii_digit());
    let is_rounded = given.contains(['e', 'E']) && given.parse::<f64>().is_ok();
    if (is_number && given.len() < 8) || is_rounded {
        return None;
    }
    Some(plain_id(given))
}

/// Any given id as an item's id: as it is where it may stand in an address of ours, else its hash.
pub(super) fn plain_id(given: &str) -> ItemId {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    if given.len() <= 80 && given.chars().all(is_plain) {
        ItemId(given.to_owned())
    } else {
        ItemId(format!("v{}", &sha256_hex(given.as_bytes())[..16]))
    }
}

/// The id of what a column names by id or address.
pub(super) fn reference(given: &str) -> ItemId {
    address(given).map_or_else(|| plain_id(given), |address| ItemId::from_url(&address.url))
}

/// The id of an item that nobody named: from what it says, who said it, where and when.
pub(super) fn hashed_id(parts: &[&str]) -> ItemId {
    ItemId(format!("h{}", &sha256_hex(parts.join("\u{1f}").as_bytes())[..16]))
}

/// Whether an address is that of one item alone; of a comment it is often the address of what is commented on.
pub(super) fn is_own_address(url: &str, kind: ItemKind) -> bool {
    kind != ItemKind::Comment || ["comment_id=", "lc=", "#"].iter().any(|sign| url.contains(sign))
}

/// Whether a post's title only repeats how its text begins, as vendors fill the column.
pub(super) fn repeats(title: &str, text: &str) -> bool {
    let title = key(title.trim_end_matches(['.', '…']));
    key(text.get(..text.floor_char_boundary(title.len() * 4)).unwrap_or(text)).starts_with(&title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_tell_platform_and_kind() {
        for (given, platform, expected) in [
            ("https://m.facebook.com/a/posts/1", Platform::Facebook, ItemKind::Post),
            (
                "https://www.facebook.com/a/posts/1?comment_id=9",
                Platform::Facebook,
                ItemKind::Comment,
            ),
            ("https://www.facebook.com/reel/1", Platform::Facebook, ItemKind::Video),
            ("https://www.tiktok.com/@a/video/7", Platform::Tiktok, ItemKind::Video),
            ("youtu.be/abc", Platform::Youtube, ItemKind::Video),
            ("https://zalo.me/1/2", Platform::Zalo, ItemKind::Post),
            ("https://www.threads.net/@a/post/1", Platform::Threads, ItemKind::Post),
            ("https://voz.vn/t/a.1/#post-5", Platform::Forum, ItemKind::Post),
            ("www.baovidu.example/tin-5.html", Platform::Press, ItemKind::Press),
            ("https://x.com/a/status/1", Platform::Other, ItemKind::Post),
        ] {
            let found = address(given).unwrap();
            assert_eq!(
                (found.platform, kind(Some(&found.url), platform)),
                (platform, expected),
                "{given}"
            );
        }
        assert_eq!(address("Xem"), None);
        assert_eq!(address("không có."), None);
        assert!(
            address("https://voz.vn/t/a.1/#post-5")
                .unwrap()
                .url
                .ends_with("#post-5")
        );
    }

    #[test]
    fn running_numbers_are_no_ids() {
        assert_eq!(vendor_id("17"), None);
        assert_eq!(vendor_id("1.23457E+18"), None);
        assert_eq!(vendor_id("1.2345678901234568e17"), None);
        assert_eq!(vendor_id("100064_88001").unwrap().as_str(), "100064_88001");
        assert_eq!(vendor_id("x1").unwrap().as_str(), "x1");
        assert!(vendor_id("a/b c").unwrap().as_str().starts_with('v'));
    }

    #[test]
    fn a_title_that_is_the_beginning_of_the_text_is_none() {
        assert!(repeats(
            "Lương hưu tháng này…",
            "Lương hưu tháng này chưa có, mọi người ơi"
        ));
        assert!(!repeats("Lương hưu tăng", "Từ tháng 7"));
    }
}
