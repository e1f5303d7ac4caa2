//! A mail or a text from the folder of tips → the item it tells of. Pure.

use super::captured::{blank, text_id};
use super::letter::{self, LetterError};
use crate::model::capture::{Arrival, Picture};
use crate::model::item::{Access, Item, ItemKind, Platform};
use crate::model::{ItemId, Time};
use crate::text::{decode, secrecy, sha256_hex};

/// What one mail or text tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The item.
    pub item: Item,
    /// By which way it reached the office, if that is certain.
    pub arrival: Option<Arrival>,
    /// Pictures that came with it.
    pub pictures: Vec<Picture>,
    /// What was not kept of it and why, for people.
    pub warnings: Vec<String>,
}

/// Why a file is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// It bears a mark of secrecy.
    Secret,
    /// It cannot be read; why and what to do, in Vietnamese.
    Because(String),
}

/// The tip in a mail read at `now`. The sender is its author, a private person.
///
/// # Errors
/// When it is no mail, says nothing, or bears a mark of secrecy.
pub fn by_mail(bytes: &[u8], now: Time) -> Result<Told, Refused> {
    let letter = letter::read(bytes).map_err(|error| match error {
        LetterError::Secret => Refused::Secret,
        other => Refused::Because(other.to_string()),
    })?;
    // A mail of pictures alone is known by the first of them.
    let id = match (letter.text.as_str(), letter.pictures.first()) {
        ("", Some(picture)) => text_id(Platform::Other, &sha256_hex(&picture.bytes)),
        (words, _) => text_id(Platform::Other, words),
    };
    let item = Item {
        title: letter.subject,
        text: letter.text,
        author: letter.sender,
        published_at: letter.sent.filter(|sent| *sent <= now),
        ..tip(id, now)
    };
    Ok(Told {
        item,
        arrival: Some(Arrival::Email),
        pictures: letter.pictures,
        warnings: letter.warnings,
    })
}

/// The tip in a file of plain text read at `now`.
///
/// # Errors
/// When it is no text, empty, or bears a mark of secrecy.
pub fn by_text(bytes: &[u8], now: Time) -> Result<Told, Refused> {
    let decoded = decode::decode(bytes, None);
    if secrecy::is_marked(&decoded.text) {
        return Err(Refused::Secret);
    }
    let is_binary = bytes.contains(&0) && !decoded.charset.starts_with("UTF-16");
    if is_binary || decoded.text.trim().is_empty() {
        return Err(Refused::Because("tệp trống hoặc không phải là văn bản".into()));
    }
    let text = decoded.text.trim().to_owned();
    let id = text_id(Platform::Other, &text);
    Ok(Told {
        item: Item { text, ..tip(id, now) },
        arrival: None,
        pictures: Vec::new(),
        warnings: Vec::new(),
    })
}

/// A tip with nothing in it yet.
fn tip(id: ItemId, now: Time) -> Item {
    Item {
        kind: ItemKind::Post,
        platform: Platform::Other,
        source: Access::Tip.as_str().into(),
        access: Access::Tip,
        ..blank(id, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Time {
        crate::text::date::parse("2026-11-20 10:00").unwrap()
    }

    #[test]
    fn a_mail_and_a_text_of_the_same_words_are_one_tip() {
        let mail = "From: a@vidu.example\r\nSubject: x\r\nDate: Fri, 20 Nov 2027 08:00:00 +0700\r\n\
                    Content-Type: text/plain; charset=utf-8\r\n\r\nThẻ BHYT  hết hạn\r\n";
        let told = by_mail(mail.as_bytes(), now()).unwrap();
        assert_eq!(
            told.item.id,
            by_text("\u{feff}thẻ BHYT hết hạn\n".as_bytes(), now()).unwrap().item.id
        );
        assert_eq!(told.item.published_at, None, "a time that lies ahead is none");
    }

    #[test]
    fn mails_of_pictures_alone_are_told_apart_by_them() {
        let mail = |picture: &str| {
            let mail = format!(
                "From: a@vidu.example\r\nSubject: anh\r\nContent-Type: image/png; name=a.png\r\n\
                 Content-Disposition: attachment; filename=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\n{picture}\r\n"
            );
            by_mail(mail.as_bytes(), now()).unwrap().item.id
        };
        assert_ne!(mail("iVBORw0KGgoB"), mail("iVBORw0KGgoC"));
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        for bytes in [&b""[..], b" \n", b"PK\x03\x04\0\0\0\0"] {
            assert!(matches!(by_text(bytes, now()), Err(Refused::Because(_))), "{bytes:?}");
        }
        let wide: Vec<u8> = "\u{feff}Thẻ BHYT".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(by_text(&wide, now()).unwrap().item.text, "Thẻ BHYT");
    }
}
