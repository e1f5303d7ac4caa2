//! The alert feed for programs: Atom (RFC 4287), JSON Feed 1.1, server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use atom_syndication::{Content, Entry, Feed, Link, Text};
use axum::Json;
use axum::extract::State as Given;
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, Stream};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{Failure, Site, State};
use crate::clock::Clock;
use crate::model::alert::Alert;

/// Alerts in a feed.
const MOST: i64 = 100;

async fn recent(state: &Site) -> Result<Vec<Alert>, Failure> {
    let now = state.clock.now();
    Ok(state
        .store
        .alerts_between(now - chrono::Duration::days(30), now, MOST)
        .await?)
}

fn title(state: &Site) -> String {
    let sample = if state.config.agency.is_sample {
        "[MẪU] DỮ LIỆU MẪU – KHÔNG CÓ THẬT – "
    } else {
        ""
    };
    format!("{sample}Cảnh báo – {}", state.config.agency.name)
}

fn heading(alert: &Alert) -> String {
    format!("[{}] {}: {}", alert.level.label(), alert.kind.label(), alert.title)
}

pub(super) async fn atom(Given(state): Given<State>) -> Result<Response, Failure> {
    let base = state.config.public_url();
    let alerts = recent(&state).await?;
    let entry = |alert: &Alert| {
        let address = format!("{base}/alerts/{}", alert.id);
        Entry {
            id: address.clone(),
            title: Text::plain(heading(alert)),
            updated: alert.updated_at,
            links: vec![Link {
                href: address,
                ..Link::default()
            }],
            content: Some(Content {
                value: Some(alert.reason.clone()),
                content_type: Some("text".into()),
                ..Content::default()
            }),
            ..Entry::default()
        }
    };
    let feed = Feed {
        title: Text::plain(title(&state)),
        id: format!("{base}/alerts.atom"),
        updated: alerts
            .iter()
            .map(|a| a.updated_at)
            .max()
            .unwrap_or_else(|| state.clock.now()),
        entries: alerts.iter().map(entry).collect(),
        ..Feed::default()
    };
    Ok((
        [(header::CONTENT_TYPE, "application/atom+xml; charset=utf-8")],
        feed.to_string(),
    )
        .into_response())
}

pub(super) async fn json(Given(state): Given<State>) -> Result<Json<Value>, Failure> {
    let base = state.config.public_url();
    let item = |alert: &Alert| {
        json!({ "id": alert.id, "url": format!("{base}/alerts/{}", alert.id), "title": heading(alert),
                "content_text": alert.reason, "date_published": alert.opened_at.to_rfc3339(),
                "date_modified": alert.updated_at.to_rfc3339(), "tags": alert.topics })
    };
    let items: Vec<Value> = recent(&state).await?.iter().map(item).collect();
    Ok(Json(
        json!({ "version": "https://jsonfeed.org/version/1.1", "title": title(&state), "home_page_url": base,
                    "feed_url": format!("{base}/alerts.json"), "items": items }),
    ))
}

/// Events as they come; `Last-Event-ID` resumes after the event of that number.
pub(super) async fn stream(
    Given(state): Given<State>,
    axum::Extension(stop): axum::Extension<CancellationToken>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let last = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .unwrap_or(0_i64);
    let real = Clock::real();
    let events = stream::unfold((last, Vec::new()), move |(mut last, mut waiting)| {
        let (state, real, stop) = (state.clone(), real.clone(), stop.clone());
        async move {
            loop {
                if stop.is_cancelled() {
                    return None;
                }
                if let Some(event) = waiting.pop() {
                    return Some((Ok(event), (last, waiting)));
                }
                for stored in state.store.alert_events_after(last, 50).await.ok()? {
                    last = stored.id;
                    let data = serde_json::to_string(&stored.event).ok()?;
                    waiting.insert(0, Event::default().id(stored.id.to_string()).event("alert").data(data));
                }
                if waiting.is_empty() {
                    real.sleep(Duration::from_millis(500)).await;
                }
            }
        }
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}
