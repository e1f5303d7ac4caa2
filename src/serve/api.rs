//! The JSON API: what programs read. Private persons' handles are not in it.

use axum::Json;
use axum::extract::State as Given;
use serde_json::{Value, json};

use super::{Failure, State};

type Answer = Result<Json<Value>, Failure>;

/// The day that lists without a period show.
pub(super) fn last_day(state: &State) -> (crate::model::Time, crate::model::Time) {
    let now = state.clock.now();
    (now - chrono::Duration::hours(24), now)
}

pub(super) async fn alerts(Given(state): Given<State>) -> Answer {
    let now = state.clock.now();
    let alerts = state
        .store
        .alerts_between(now - chrono::Duration::days(30), now, 500)
        .await?;
    Ok(Json(
        json!({ "sample": state.config.agency.is_sample, "alerts": alerts }),
    ))
}

pub(super) async fn stories(Given(state): Given<State>) -> Answer {
    let (from, to) = last_day(&state);
    let stories = state.store.stories_between(from, to, 500).await?;
    Ok(Json(
        json!({ "sample": state.config.agency.is_sample, "stories": stories }),
    ))
}

pub(super) async fn digests(Given(state): Given<State>) -> Answer {
    let editions = state.store.list_editions(200).await?;
    let rows: Vec<Value> = editions
        .iter()
        .map(|e| {
            json!({ "id": e.id, "kind": e.kind, "day": e.day, "subject": e.subject, "composed": e.composed.to_rfc3339(),
                    "kept": e.kept, "sent": e.sent.0, "deliveries": e.sent.1 })
        })
        .collect();
    Ok(Json(
        json!({ "sample": state.config.agency.is_sample, "digests": rows }),
    ))
}

pub(super) async fn sources(Given(state): Given<State>) -> Answer {
    let (from, to) = last_day(&state);
    let health = state.store.source_health(from, to).await?;
    let rows: Vec<Value> = state
        .catalogue
        .sources
        .iter()
        .map(|source| {
            let h = health.get(&source.id).cloned().unwrap_or_default();
            json!({ "id": source.id, "name": source.name, "rank": source.rank, "status": source.status,
                    "checks": h.checks, "answered": h.answered, "last_ok": h.last_ok.map(|t| t.to_rfc3339()),
                    "items": h.items, "relevant": h.relevant, "last_error": h.last_error })
        })
        .collect();
    Ok(Json(
        json!({ "sample": state.config.agency.is_sample, "sources": rows }),
    ))
}
