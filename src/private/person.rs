//! Who is a private person, and what of an item names one. Pure.

use serde::{Deserialize, Serialize};

use super::{PrivateError, Vault};
use crate::model::item::{Access, Item, ItemKind, Platform, masked_author, masked_text};

/// Begins the token of a private account.
pub const TOKEN_MARK: &str = "p_";

/// Shortest handle that is also taken out of the item's own words.
const SHORTEST_HANDLE: usize = 5;

/// What was taken out of an item, as it stood there. Sealed as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    /// The account's name or handle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// The account as the source, where that is the same person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The address, where that leads to a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The headline before accounts named in it were masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The text before accounts named in it were masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What it answers, before accounts named in it were masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
}

/// Whether whoever wrote an item is a private person (Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15).
///
/// Not private: by-lines of the press, which name journalists in their public function; posts and videos of organisations,
/// which are sources of rank 1 or 2 off the forums; and any item whose author is such a source itself. Everybody else is.
pub fn is_private(item: &Item) -> bool {
    if !item.is_social() || account(item).is_none() {
        return false;
    }
    let is_own = item
        .author
        .as_deref()
        .is_some_and(|author| is_same(author, item.source.as_str()));
    let speaks = matches!(item.kind, ItemKind::Post | ItemKind::Video) && item.platform != Platform::Forum;
    let is_organisation = item.source_rank <= 2 && (speaks || is_own);
    !is_organisation
}

/// The name under which an item was published: the author, else a source that is written as an account.
fn account(item: &Item) -> Option<&str> {
    let source = Some(item.source.as_str()).filter(|source| source.starts_with('@'));
    item.author
        .as_deref()
        .filter(|author| !author.trim().is_empty())
        .or(source)
}

/// A handle in the form by which it is compared: no `@` before it, lower case, spaces squeezed.
pub fn normalised(handle: &str) -> String {
    let bare = crate::text::nfc(handle);
    crate::text::squeeze(bare.trim().trim_start_matches('@')).to_lowercase()
}

fn is_same(one: &str, other: &str) -> bool {
    normalised(one) == normalised(other)
}

/// Whether a text is or ends with the token of a private account.
pub fn is_token(text: &str) -> bool {
    text.rsplit(' ')
        .next()
        .and_then(|word| word.strip_prefix(TOKEN_MARK))
        .is_some_and(|rest| rest.len() == 16 && rest.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7')))
}

/// The item as it may be kept, and what was taken out of it; `None` when nothing of it names a private person.
///
/// The author becomes a first letter and the token, `n*** p_…`; a source that is the same account becomes the token; an
/// address that holds the handle or belongs to an account no collector of ours reads is taken out; accounts named in social
/// texts (`@name`, and the author's own handle) keep their first letter.
///
/// # Errors
/// When the key cannot be used.
pub fn parted(item: &Item, vault: &Vault) -> Result<Option<(Item, Identity)>, PrivateError> {
    if !item.is_social() {
        return Ok(None);
    }
    let mut kept = item.clone();
    let mut handle = String::new();
    if is_private(item) {
        let name = account(item).unwrap_or_default();
        handle = normalised(name);
        let token = vault.token(item.platform.as_str(), name)?;
        kept.author = Some(format!("{} {token}", masked_author(&handle)));
        if is_same(name, item.source.as_str()) {
            kept.source = token.into();
        }
        let is_ours = item.access == Access::Public || item.source_rank < 3;
        kept.url = item.url.clone().filter(|url| is_ours && !names(url, &handle));
    }
    let clean = |text: &String| without(&masked_text(text), &handle);
    kept.title = clean(&item.title);
    kept.text = clean(&item.text);
    kept.thread = item.thread.as_ref().map(clean);
    if kept == *item {
        return Ok(None);
    }
    let identity = Identity {
        author: item.author.clone().filter(|_| kept.author != item.author),
        source: Some(item.source.0.clone()).filter(|_| kept.source != item.source),
        url: item.url.clone().filter(|_| kept.url != item.url),
        title: Some(item.title.clone()).filter(|_| kept.title != item.title),
        text: Some(item.text.clone()).filter(|_| kept.text != item.text),
        thread: item.thread.clone().filter(|_| kept.thread != item.thread),
    };
    Ok(Some((kept, identity)))
}

/// Whether an address holds a handle, also percent-encoded.
fn names(url: &str, handle: &str) -> bool {
    let encoded: String = url::form_urlencoded::byte_serialize(handle.as_bytes()).collect();
    let url = url.to_lowercase();
    !handle.is_empty() && (url.contains(handle) || url.contains(&encoded.to_lowercase()))
}

/// A text in which a handle keeps its first letter only, as long as before in characters. Names made of words stay: they may
/// be what the text is about.
fn without(text: &str, handle: &str) -> String {
    let is_handle = handle.chars().count() >= SHORTEST_HANDLE
        && !handle.contains(' ')
        && handle.contains(|c: char| c.is_ascii_digit() || matches!(c, '.' | '_'));
    // Lower-casing that changes the length of a text would shift what is found.
    let lower = text.to_lowercase();
    if !is_handle || lower.len() != text.len() {
        return text.to_owned();
    }
    let mut clean = String::with_capacity(text.len());
    let mut end = 0;
    for (at, _) in lower.match_indices(handle) {
        let (Some(before), Some(found)) = (text.get(end..at), text.get(at..at + handle.len())) else {
            continue;
        };
        clean.push_str(before);
        clean.extend(
            found
                .chars()
                .enumerate()
                .map(|(place, c)| if place == 0 { c } else { '*' }),
        );
        end = at + handle.len();
    }
    clean.push_str(&text[end..]);
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(line: &str) -> Item {
        crate::model::item::Record::parse(1, line).unwrap().item
    }

    fn post(more: &str) -> Item {
        item(&format!(
            r#"{{"id":"x","kind":"post","platform":"facebook","source":"Nhóm","text":"a","author":"ngan.tran.88"{more}}}"#
        ))
    }

    #[test]
    fn people_are_private_and_journalists_and_organisations_are_not() {
        assert!(is_private(&post("")));
        assert!(is_private(&post(r#","kind":"comment","source_rank":1"#)));
        assert!(is_private(&post(
            r#","platform":"forum","source_rank":2,"access":"public""#
        )));
        assert!(is_private(&item(
            r#"{"id":"x","kind":"press","platform":"forum","source":"voz","author":"ngan"}"#
        )));
        assert!(is_private(&item(
            r#"{"id":"x","kind":"video","platform":"tiktok","source":"@ngan"}"#
        )));
        assert!(!is_private(&post(r#","author":null"#)), "nobody is named");
        assert!(!is_private(&post(
            r#","kind":"video","platform":"youtube","source_rank":1"#
        )));
        assert!(!is_private(&post(
            r#","kind":"comment","source_rank":2,"source":"BHXH tỉnh","author":"@BHXH  Tỉnh""#
        )));
        assert!(!is_private(&item(
            r#"{"id":"x","kind":"press","source":"bao","author":"Phóng Viên Mẫu"}"#
        )));
    }

    #[test]
    fn an_item_keeps_a_letter_and_a_token_and_what_was_taken_out_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::at(&folder.path().join("k"));
        let before = post(
            r#","source":"@Ngan.Tran.88","url":"https://fb.example/ngan.tran.88/1","text":"Em là Ngan.Tran.88, cảm ơn @le.van""#,
        );
        let (kept, identity) = parted(&before, &vault).unwrap().unwrap();
        let author = kept.author.clone().unwrap();
        assert!(author.starts_with("n*** p_") && is_token(&author), "{author}");
        assert!(is_token(kept.source.as_str()) && kept.url.is_none());
        assert_eq!(kept.text, "Em là N***********, cảm ơn @l*****");
        assert_eq!(kept.text.chars().count(), before.text.chars().count());
        assert_eq!(identity.author.as_deref(), Some("ngan.tran.88"));
        assert_eq!(identity.text, Some(before.text.clone()));
        assert_eq!(identity.url, before.url);
        assert_eq!(identity.title, None, "what did not change is not kept twice");
        let all = format!("{kept:?}").to_lowercase();
        assert!(!all.contains("ngan.tran"), "{all}");
        assert_eq!(
            kept.clone().masked().author.as_deref(),
            Some("n***"),
            "a token is never shown"
        );
    }

    #[test]
    fn a_name_made_of_words_stays_in_the_text_and_the_press_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::at(&folder.path().join("k"));
        let page = post(r#","author":"Lương Hưu","text":"Lương hưu trả chậm","url":null"#);
        assert_eq!(parted(&page, &vault).unwrap().unwrap().0.text, "Lương hưu trả chậm");
        let press = item(r#"{"id":"x","kind":"press","source":"bao","author":"Mẫu","text":"Viết cho @toasoan"}"#);
        assert_eq!(parted(&press, &vault).unwrap(), None);
    }
}
