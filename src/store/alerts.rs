//! Alerts, what happened to them by themselves, and what people did with them.

use super::backend::{reading, writing};
use super::{Error, Result, Store, from_json, from_word, to_json};
use crate::model::alert::{Alert, AlertEvent, AlertState};
use crate::model::{AlertId, Time, from_unix_ms};

/// An event with its number, from which a reader of the live feed resumes.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredEvent {
    /// Its number, growing.
    pub id: i64,
    /// The event.
    pub event: AlertEvent,
}

/// What a person did with an alert.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertAction {
    /// When.
    pub at: Time,
    /// Who.
    pub user: String,
    /// State before.
    pub from: AlertState,
    /// State after; the same as before for a comment.
    pub to: AlertState,
    /// What they wrote.
    pub comment: String,
}

impl Store {
    /// Writes down events and the alerts as they stand after them; an event already known is left out, and the state
    /// that people gave an alert stays. Returns the numbers of the new events.
    ///
    /// # Errors
    /// When the database fails; then none is written.
    pub async fn record_alert_events(&self, events: &[AlertEvent]) -> Result<Vec<i64>> {
        let mut numbers = Vec::new();
        writing!(self, |tx| {
            for event in events {
                let alert = &event.alert;
                let number: Option<i64> = sqlx::query_scalar(
                    "insert into alert_events (alert, at, event, level, items, body) values ($1, $2, $3, $4, $5, $6)
                     on conflict (alert, event, level, items) do nothing returning id",
                )
                .bind(alert.id.as_str())
                .bind(event.at.timestamp_millis())
                .bind(event.event.as_str())
                .bind(i64::from(u8::from(alert.level)))
                .bind(alert.items.len() as i64)
                .bind(to_json(event)?)
                .fetch_optional(&mut *tx)
                .await?;
                let Some(number) = number else { continue };
                numbers.push(number);
                sqlx::query(
                    "insert into alerts (id, opened, updated, level, kind, state, resolved, alert)
                     values ($1, $2, $3, $4, $5, $6, $7, $8)
                     on conflict (id) do update set updated = excluded.updated, level = excluded.level,
                       resolved = excluded.resolved, alert = excluded.alert",
                )
                .bind(alert.id.as_str())
                .bind(alert.opened_at.timestamp_millis())
                .bind(alert.updated_at.timestamp_millis())
                .bind(i64::from(u8::from(alert.level)))
                .bind(alert.kind.as_str())
                .bind(alert.state.as_str())
                .bind(i64::from(alert.resolved))
                .bind(to_json(alert)?)
                .execute(&mut *tx)
                .await?;
            }
        });
        Ok(numbers)
    }

    /// Alerts changed in a period, loudest and newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn alerts_between(&self, from: Time, to: Time, limit: i64) -> Result<Vec<Alert>> {
        let sql = "select id, state, alert from alerts where updated > $1 and opened <= $2
                   order by resolved, level desc, updated desc, id limit $3";
        let rows: Vec<(String, String, String)> = reading!(self, |db| sqlx::query_as(sql)
            .bind(from.timestamp_millis())
            .bind(to.timestamp_millis())
            .bind(limit)
            .fetch_all(db)
            .await?);
        rows.into_iter()
            .map(|(id, state, json)| alert(&id, &state, &json))
            .collect()
    }

    /// The alert called `id`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_alert(&self, id: &AlertId) -> Result<Option<Alert>> {
        let row: Option<(String, String)> = reading!(self, |db| sqlx::query_as(
            "select state, alert from alerts where id = $1"
        )
        .bind(id.as_str())
        .fetch_optional(db)
        .await?);
        row.map(|(state, json)| alert(id.as_str(), &state, &json)).transpose()
    }

    /// Events after the number `after`, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn alert_events_after(&self, after: i64, limit: i64) -> Result<Vec<StoredEvent>> {
        let sql = "select id, body from alert_events where id > $1 order by id limit $2";
        let rows: Vec<(i64, String)> = reading!(self, |db| sqlx::query_as(sql)
            .bind(after)
            .bind(limit)
            .fetch_all(db)
            .await?);
        rows.into_iter()
            .map(|(id, json)| {
                Ok(StoredEvent {
                    id,
                    event: from_json(&format!("alert_events {id}"), &json)?,
                })
            })
            .collect()
    }

    /// What happened to an alert by itself, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn events_of(&self, id: &AlertId) -> Result<Vec<StoredEvent>> {
        let sql = "select id, body from alert_events where alert = $1 order by id";
        let rows: Vec<(i64, String)> = reading!(self, |db| sqlx::query_as(sql).bind(id.as_str()).fetch_all(db).await?);
        rows.into_iter()
            .map(|(id, json)| {
                Ok(StoredEvent {
                    id,
                    event: from_json(&format!("alert_events {id}"), &json)?,
                })
            })
            .collect()
    }

    /// Moves an alert to a state, or comments on it when `to` is its present one; who, when and why are kept.
    ///
    /// # Errors
    /// When the alert is unknown or the move is not one of [`AlertState::next`].
    pub async fn move_alert(&self, id: &AlertId, to: AlertState, user: &str, comment: &str, now: Time) -> Result<()> {
        let name = format!("alerts {id}");
        writing!(self, |tx| {
            let state: Option<(String,)> = sqlx::query_as("select state from alerts where id = $1")
                .bind(id.as_str())
                .fetch_optional(&mut *tx)
                .await?;
            let from: AlertState = from_word(&name, &state.ok_or_else(|| Error::NotFound(name.clone()))?.0)?;
            if from != to && !from.next().contains(&to) {
                return Err(Error::Refused(format!("an alert in state {from} cannot become {to}")));
            }
            sqlx::query("update alerts set state = $2 where id = $1")
                .bind(id.as_str())
                .bind(to.as_str())
                .execute(&mut *tx)
                .await?;
            sqlx::query(
                "insert into alert_actions (alert, at, username, from_state, to_state, comment)
                 values ($1, $2, $3, $4, $5, $6)",
            )
            .bind(id.as_str())
            .bind(now.timestamp_millis())
            .bind(user)
            .bind(from.as_str())
            .bind(to.as_str())
            .bind(comment)
            .execute(&mut *tx)
            .await?;
        });
        Ok(())
    }

    /// What people did with an alert, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn alert_actions(&self, id: &AlertId) -> Result<Vec<AlertAction>> {
        let sql = "select at, username, from_state, to_state, comment from alert_actions where alert = $1 order by id";
        let rows: Vec<(i64, String, String, String, String)> =
            reading!(self, |db| sqlx::query_as(sql).bind(id.as_str()).fetch_all(db).await?);
        rows.into_iter()
            .map(|(at, user, from, to, comment)| {
                Ok(AlertAction {
                    at: from_unix_ms(at),
                    user,
                    from: from_word("alert_actions", &from)?,
                    to: from_word("alert_actions", &to)?,
                    comment,
                })
            })
            .collect()
    }
}

/// The alert with the state that people gave it.
fn alert(id: &str, state: &str, json: &str) -> Result<Alert> {
    let name = format!("alerts {id}");
    let mut alert: Alert = from_json(&name, json)?;
    alert.state = from_word(&name, state)?;
    Ok(alert)
}
