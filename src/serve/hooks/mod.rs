//! Receivers of signed deliveries: platforms push what happened on accounts of the agency.
//!
//! No login, a signature instead, over the bytes as they came. A delivery is answered only when all it says is in the
//! archive, in one transaction, so that nothing is lost after the answer; told twice it changes nothing. Each receiver
//! answers 404 until it is configured.

mod facebook;

mod zalo;

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use secrecy::{ExposeSecret, SecretString};

use super::{Failure, State};
use crate::catalogue::Catalogue;
use crate::config::Hooks;
use crate::evidence::Evidence;
use crate::model::hook::HookEvent;
use crate::model::{SourceId, Time};

/// Longest delivery in bytes: Facebook puts up to a thousand changes into one.
const LONGEST: usize = 8 << 20;

/// What a delivery says.
#[derive(Debug, Default, PartialEq)]
struct Delivery {
    /// Events of items of accounts that are ours.
    events: Vec<HookEvent>,
    /// Senders that are not configured, with how many events came of each.
    unknown: BTreeMap<String, i64>,
    /// Events that are no words of anybody: reactions, follows, read receipts.
    ignored: i64,
    /// Events that are not as documented: their bytes are kept all the same.
    unread: i64,
}

/// What one event is.
enum Told {
    Event(Box<HookEvent>),
    Ignored,
    Unread,
}

impl Delivery {
    fn take(&mut self, told: Told) {
        match told {
            Told::Event(event) => self.events.push(*event),
            Told::Ignored => self.ignored += 1,
            Told::Unread => self.unread += 1,
        }
    }
}

pub(super) fn router() -> Router<State> {
    Router::new()
        .route("/hooks/facebook", get(facebook::verify).post(facebook::receive))
        .route("/hooks/zalo", post(zalo::receive))
        .layer(DefaultBodyLimit::max(LONGEST))
}

/// Whether the receivers that are configured can work: secrets that prove something, sources that exist.
///
/// # Errors
/// Names the key at fault and what to write there.
pub fn check(hooks: &Hooks, catalogue: &Catalogue) -> Result<(), String> {
    if let Some(facebook) = &hooks.facebook {
        demand("hooks.facebook.app_secret", facebook.app_secret.as_ref())?;
        demand("hooks.facebook.verify_token", facebook.verify_token.as_ref())?;
        if facebook.pages.is_empty() {
            return Err("hooks.facebook: name at least one [[hooks.facebook.page]] with id and source".into());
        }
        for page in &facebook.pages {
            known("hooks.facebook.page.source", &page.source, catalogue)?;
        }
    }
    if let Some(zalo) = &hooks.zalo {
        demand("hooks.zalo.oa_secret", zalo.oa_secret.as_ref())?;
        known("hooks.zalo.source", &zalo.source, catalogue)?;
    }
    Ok(())
}

/// An empty secret would be everybody's.
fn demand(key: &str, secret: Option<&SecretString>) -> Result<(), String> {
    match secret.is_some_and(|secret| !secret.expose_secret().trim().is_empty()) {
        true => Ok(()),
        false => {
            let variable = format!("DIEMTIN_{}", key.to_uppercase().replace('.', "_"));
            Err(format!(
                "{key} is missing or empty: set it, best by the environment variable {variable}"
            ))
        }
    }
}

fn known(key: &str, id: &SourceId, catalogue: &Catalogue) -> Result<(), String> {
    catalogue.find_source(id).map(|_| ()).ok_or_else(|| {
        format!("{key} names `{id}`, which is no file in sources/; write the file first or name one that exists")
    })
}

/// Counts a delivery that nobody signed who may, and refuses it.
async fn refuse(site: &State, platform: &str) -> Failure {
    tracing::warn!(platform, "a delivery with a wrong signature was refused");
    let counted = site
        .store
        .count("hook_forged", &SourceId::from(platform), 1, site.clock.now())
        .await;
    counted.map_or_else(Failure::from, |()| Failure::WrongSignature)
}

/// Keeps what a signed delivery says: the bytes as evidence, its events once each, the rest as counts.
async fn keep(site: &State, platform: &str, body: &[u8], delivery: Delivery, now: Time) -> Result<(), Failure> {
    for (sender, n) in &delivery.unknown {
        tracing::warn!(
            platform,
            sender,
            "a delivery of an account that is not configured was not kept"
        );
        let sender = SourceId(format!("{platform} {sender}"));
        site.store.count("hook_unknown", &sender, *n, now).await?;
    }
    for (gate, n) in [("hook_ignored", delivery.ignored), ("hook_unread", delivery.unread)] {
        if n > 0 {
            site.store.count(gate, &SourceId::from(platform), n, now).await?;
        }
    }
    let events = site.store.unknown_events(delivery.events).await?;
    // What could not be read is kept as it came, to be read when it is understood.
    let is_puzzle = delivery.unread > 0 && site.store.find_evidence(&Evidence::name(body)).await?.is_none();
    if events.is_empty() && !is_puzzle {
        return Ok(());
    }
    let address = format!("urn:diemtin:hooks:{platform}");
    let kept = site
        .evidence
        .keep_resource(&address, "application/json", body, true, now)?;
    site.evidence.sync()?;
    let method = format!("hook-{platform}");
    let fresh = site.store.record_events(&events, &kept, &method, now).await?;
    tracing::info!(platform, fresh, "a delivery was kept");
    Ok(())
}
