//! Webhooks of an official account on Zalo (developers.zalo.me/docs/official-account/webhook).
//!
//! The official text signs `sha256(appId + data + timeStamp + OAsecretKey)` in the header `X-ZEvent-Signature`, `data`
//! being the body as it came and `timeStamp` the one in it. A variant with the account's number in place of the app's is
//! reported by third parties; it is not accepted.

use axum::body::Bytes;
use axum::extract::State as Given;
use axum::http::HeaderMap;
use secrecy::ExposeSecret;
use serde_json::Value;
use subtle::ConstantTimeEq;

use super::{Delivery, Failure, State, Told};
use crate::catalogue::Catalogue;
use crate::collect::social_ids::zalo_item_id;
use crate::config::ZaloHook;
use crate::model::hook::{Change, HookEvent};
use crate::model::item::{Access, Engagement, Item, ItemKind, Platform};
use crate::model::source::Source;
use crate::model::{Time, from_unix_ms};
use crate::text;

/// Reach of a letter: nobody but the account reads it; its sender and source are never shown (`Item::masked`).
const LETTER_RANK: u8 = 3;

pub(super) async fn receive(
    Given(site): Given<State>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<&'static str, Failure> {
    let hook = site.config.hooks.zalo.as_ref().ok_or(Failure::NotFound)?;
    let secret = hook.oa_secret.as_ref().ok_or(Failure::NotFound)?.expose_secret();
    let signature = headers.get("x-zevent-signature").and_then(|value| value.to_str().ok());
    let stamp = serde_json::from_slice(&body).map_or_else(|_| String::new(), |stamped: Stamped| stamped.timestamp);
    if !is_signed(&hook.app_id, secret, &body, &stamp, signature.unwrap_or_default()) {
        return Err(super::refuse(&site, "zalo").await);
    }
    let now = site.clock.now();
    let value: Value = serde_json::from_slice(&body).unwrap_or_default();
    let delivery = read(&value, hook, &site.catalogue, now);
    super::keep(&site, "zalo", &body, delivery, now).await?;
    Ok("OK")
}

/// The one field that is needed before the signature is known to be right: nothing else of a stranger's body is read.
#[derive(serde::Deserialize)]
struct Stamped {
    timestamp: String,
}

/// Whether `signature` is the documented hash, with `mac=` before it or without; told in constant time.
fn is_signed(app_id: &str, secret: &str, body: &[u8], stamp: &str, signature: &str) -> bool {
    let signed = [app_id.as_bytes(), body, stamp.as_bytes(), secret.as_bytes()].concat();
    let expected = text::sha256_hex(&signed);
    let given = signature.strip_prefix("mac=").unwrap_or(signature).to_ascii_lowercase();
    !secret.is_empty() && bool::from(given.as_bytes().ct_eq(expected.as_bytes()))
}

/// What a delivery says: one event, a letter or none.
fn read(value: &Value, hook: &ZaloHook, catalogue: &Catalogue, now: Time) -> Delivery {
    let mut delivery = Delivery::default();
    let Some(event) = value["event_name"].as_str() else {
        delivery.unread = 1;
        return delivery;
    };
    if !event.starts_with("user_send_") {
        delivery.ignored = 1;
        return delivery;
    }
    let account = value["recipient"]["id"].as_str().unwrap_or_default();
    match catalogue.find_source(&hook.source).filter(|_| account == hook.oa_id) {
        Some(source) => delivery.take(letter(value, account, source, now)),
        None => *delivery.unknown.entry(account.to_owned()).or_default() += 1,
    }
    delivery
}

/// A letter with words. Pictures, stickers and sounds alone say nothing that can be read.
fn letter(value: &Value, account: &str, source: &Source, now: Time) -> Told {
    let message = &value["message"];
    let Some(number) = message["msg_id"].as_str().filter(|id| !id.is_empty()) else {
        return Told::Unread;
    };
    let words = words(message);
    if words.is_empty() {
        return Told::Ignored;
    }
    let stamp = value["timestamp"].as_str().and_then(|ms| ms.parse().ok());
    let said_at = stamp.map_or(now, from_unix_ms);
    let id = zalo_item_id(account, number);
    let item = Item {
        id: id.clone(),
        kind: ItemKind::Post,
        platform: Platform::Zalo,
        source: source.id.clone(),
        source_rank: LETTER_RANK,
        access: Access::OwnPage,
        url: None,
        title: String::new(),
        text: words,
        author: value["sender"]["id"].as_str().map(str::to_owned),
        lang: None,
        published_at: Some(said_at).filter(|at| *at <= now),
        collected_at: Some(now),
        parent: None,
        thread: None,
        repost_of: None,
        engagement: Engagement::default(),
    };
    Told::Event(Box::new(HookEvent {
        id: text::sha256_hex(format!("zalo {id}").as_bytes()),
        said_at,
        change: Change::Added(item),
    }))
}

/// What the sender wrote; of a link sent along its description and address.
fn words(message: &Value) -> String {
    let empty = Vec::new();
    let links = message["attachments"].as_array().unwrap_or(&empty).iter();
    let links = links.filter(|attachment| attachment["type"] == "link");
    let links = links.flat_map(|link| [&link["payload"]["description"], &link["payload"]["url"]]);
    let parts = std::iter::once(&message["text"]).chain(links).filter_map(Value::as_str);
    let parts = parts.map(|part| text::nfc(part.trim())).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_hash_of_app_body_time_and_secret_is_a_signature() {
        let body = br#"{"app_id":"7","timestamp":"1795136523000"}"#;
        let hash = |parts: &str| text::sha256_hex(parts.as_bytes());
        let told = String::from_utf8_lossy(body);
        let right = format!("mac={}", hash(&format!("7{told}1795136523000bí mật")));
        let signed = |signature: &str| is_signed("7", "bí mật", body, "1795136523000", signature);
        assert!(signed(&right) && signed(right.trim_start_matches("mac=")));
        assert!(!signed(&format!(
            "mac={}",
            hash(&format!("8{told}1795136523000bí mật"))
        )));
        assert!(!signed("mac=") && !signed("") && !signed(&right[..60]));
        assert!(!is_signed(
            "7",
            "",
            body,
            "1795136523000",
            &hash(&format!("7{told}1795136523000"))
        ));
    }

    #[test]
    fn a_link_sent_along_is_read_and_a_picture_alone_says_nothing() {
        let message = serde_json::json!({"text": "Đường dẫn này có thật không?", "attachments": [
            {"type": "link", "payload": {"thumbnail": "x", "description": "Nhận trợ cấp", "url": "http://lua.example/"}},
            {"type": "image", "payload": {"url": "http://anh.example/1.jpg"}}]});
        let expected = "Đường dẫn này có thật không?\n\nNhận trợ cấp\n\nhttp://lua.example/";
        assert_eq!(words(&message), expected);
        assert_eq!(
            words(&serde_json::json!({"attachments": [{"type": "image", "payload": {"url": "x"}}]})),
            ""
        );
    }
}
