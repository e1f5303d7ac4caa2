//! Webhooks of Facebook pages, field `feed` (developers.facebook.com/docs/graph-api/webhooks and
//! /docs/graph-api/webhooks/reference/page).

use axum::body::Bytes;
use axum::extract::{Query, State as Given};
use axum::http::HeaderMap;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use serde_json::Value;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::{Delivery, Failure, State, Told};
use crate::catalogue::Catalogue;
use crate::collect::social_ids::{facebook_address, facebook_item_id};
use crate::config::FacebookHook;
use crate::model::hook::{Change, HookEvent};
use crate::model::item::{Access, Engagement, Item, ItemKind, Platform};
use crate::model::source::Source;
use crate::model::{Time, from_unix_ms};
use crate::text;

/// What Facebook asks once, when the address is entered in the app's dashboard.
#[derive(serde::Deserialize)]
pub(super) struct Question {
    #[serde(rename = "hub.mode", default)]
    mode: String,
    #[serde(rename = "hub.verify_token", default)]
    token: String,
    #[serde(rename = "hub.challenge", default)]
    challenge: String,
}

pub(super) async fn verify(Given(site): Given<State>, Query(asked): Query<Question>) -> Result<String, Failure> {
    let hook = site.config.hooks.facebook.as_ref().ok_or(Failure::NotFound)?;
    let token = hook.verify_token.as_ref().ok_or(Failure::NotFound)?.expose_secret();
    let is_right = bool::from(asked.token.as_bytes().ct_eq(token.as_bytes()));
    match asked.mode == "subscribe" && is_right && !token.is_empty() {
        true => Ok(asked.challenge),
        false => Err(super::refuse(&site, "facebook").await),
    }
}

pub(super) async fn receive(
    Given(site): Given<State>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<&'static str, Failure> {
    let hook = site.config.hooks.facebook.as_ref().ok_or(Failure::NotFound)?;
    let secret = hook.app_secret.as_ref().ok_or(Failure::NotFound)?.expose_secret();
    let signature = headers.get("x-hub-signature-256").and_then(|value| value.to_str().ok());
    if !is_signed(secret, &body, signature.unwrap_or_default()) {
        return Err(super::refuse(&site, "facebook").await);
    }
    let now = site.clock.now();
    let delivery = read(&body, hook, secret, &site.catalogue, now);
    super::keep(&site, "facebook", &body, delivery, now).await?;
    Ok("EVENT_RECEIVED")
}

fn keyed(secret: &str) -> Hmac<Sha256> {
    Hmac::new_from_slice(secret.as_bytes()).expect("a key of any length is taken")
}

/// Whether `signature` is `sha256=` and the HMAC of the body; told in constant time. An empty secret signs nothing.
fn is_signed(secret: &str, body: &[u8], signature: &str) -> bool {
    let Some(given) = signature.strip_prefix("sha256=").and_then(text::unhex) else {
        return false;
    };
    !secret.is_empty() && keyed(secret).chain_update(body).verify_slice(&given).is_ok()
}

/// What a delivery says: changes of the pages of `hook`, in their order.
fn read(body: &[u8], hook: &FacebookHook, secret: &str, catalogue: &Catalogue, now: Time) -> Delivery {
    let mut delivery = Delivery::default();
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let Some(entries) = value["entry"].as_array() else {
        delivery.unread = 1;
        return delivery;
    };
    if value["object"] != "page" {
        delivery.ignored = 1;
        return delivery;
    }
    for entry in entries {
        let page = id_of(&entry["id"]).unwrap_or_default();
        let empty = Vec::new();
        let changes = entry["changes"].as_array().unwrap_or(&empty);
        let known = hook.pages.iter().find(|known| known.id == page);
        let Some(source) = known.and_then(|known| catalogue.find_source(&known.source)) else {
            *delivery.unknown.entry(page).or_default() += changes.len().max(1) as i64;
            continue;
        };
        let said_at = moment(&entry["time"]).unwrap_or(now);
        for change in changes.iter().filter(|change| change["field"] == "feed") {
            // Keyed, so that the stored id proves nothing about words that were erased.
            let told = format!("{page} {} {change}", entry["time"]);
            let id = text::hex(&keyed(secret).chain_update(told.as_bytes()).finalize().into_bytes());
            delivery.take(event(&change["value"], &page, source, id, said_at, now));
        }
    }
    delivery
}

fn event(value: &Value, page: &str, source: &Source, id: String, said_at: Time, now: Time) -> Told {
    let what = value["item"].as_str().unwrap_or_default();
    if matches!(what, "reaction" | "like" | "") || value["published"] == 0 {
        return if what.is_empty() { Told::Unread } else { Told::Ignored };
    }
    let is_comment = what == "comment";
    let names: &[&str] = match is_comment {
        true => &["comment_id"],
        false => &["post_id", "video_id", "photo_id"],
    };
    let Some(object) = names.iter().find_map(|name| id_of(&value[*name])) else {
        return Told::Unread;
    };
    let item = || item(value, page, &object, is_comment, source, now);
    let change = match value["verb"].as_str().unwrap_or_default() {
        "add" => Change::Added(item()),
        // Facebook leaves out what did not change: an edit without words is one of a picture.
        "edited" | "edit" | "update" if value["message"].is_string() => Change::Edited(item()),
        "remove" | "delete" | "hide" => Change::Removed(facebook_item_id(page, &object)),
        "unhide" => Change::Restored(facebook_item_id(page, &object)),
        "" => return Told::Unread,
        _ => return Told::Ignored,
    };
    Told::Event(Box::new(HookEvent { id, said_at, change }))
}

fn item(value: &Value, page: &str, object: &str, is_comment: bool, source: &Source, now: Time) -> Item {
    let parent = ["parent_id", "post_id"].iter().find_map(|name| id_of(&value[*name]));
    Item {
        id: facebook_item_id(page, object),
        kind: if is_comment { ItemKind::Comment } else { ItemKind::Post },
        platform: Platform::Facebook,
        source: source.id.clone(),
        source_rank: source.rank,
        access: Access::OwnPage,
        url: Some(facebook_address(page, object)),
        title: String::new(),
        text: text::nfc(value["message"].as_str().unwrap_or_default().trim()),
        author: value["from"]["name"]
            .as_str()
            .map(text::nfc)
            .or_else(|| id_of(&value["from"]["id"])),
        lang: None,
        published_at: moment(&value["created_time"]).filter(|at| *at <= now),
        collected_at: Some(now),
        parent: parent
            .filter(|_| is_comment)
            .map(|parent| facebook_item_id(page, &parent)),
        thread: None,
        repost_of: None,
        engagement: Engagement::default(),
    }
}

/// An id, which Facebook writes as text or as a number.
fn id_of(value: &Value) -> Option<String> {
    match value {
        Value::String(id) if !id.is_empty() => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

/// A moment: Unix seconds, milliseconds, or the Graph API's `2026-11-20T01:02:03+0000`.
fn moment(value: &Value) -> Option<Time> {
    match value.as_i64() {
        Some(time) if time > 100_000_000_000 => Some(from_unix_ms(time)),
        Some(seconds) => Some(from_unix_ms(seconds.checked_mul(1000)?)),
        None => text::date::parse(value.as_str()?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_hmac_of_these_bytes_with_this_secret_is_a_signature() {
        // RFC 4231, test case 2.
        let right = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let body = b"what do ya want for nothing?";
        assert!(is_signed("Jefe", body, right));
        assert!(!is_signed("Jefe", b"what do ya want for nothing!", right));
        assert!(!is_signed("jefe", body, right));
        assert!(!is_signed("Jefe", body, &right[..70]));
        assert!(!is_signed("Jefe", body, right.trim_start_matches("sha256=")));
        assert!(!is_signed("Jefe", body, "") && !is_signed("", body, right));
    }

    #[test]
    fn moments_are_read_in_every_form_facebook_writes() {
        let expected = text::date::parse("2026-11-20T01:02:03Z");
        for value in [
            serde_json::json!(1_795_136_523),
            serde_json::json!(1_795_136_523_000_i64),
            serde_json::json!("2026-11-20T01:02:03+0000"),
        ] {
            assert_eq!(moment(&value), expected, "{value}");
        }
        assert_eq!(moment(&Value::Null), None);
    }
}
