//! What platforms push to us: a delivery is one transaction, an event counts once.

use std::collections::BTreeMap;

use super::backend::{reading, writing};
use super::evidence::insert_evidence;
use super::items::{
    Inserted, NEXT_SEQ, Observed, confirm, insert_batch, keep_wording, observe, pairs_of, replace_text,
};
use super::private::{Guarded, insert_sealed};
use super::{NewItem, Result, Store, from_json, to_json};
use crate::model::evidence::Kept;
use crate::model::hook::{Change, HookEvent};
use crate::model::item::{Item, Observation};
use crate::model::{ItemId, Time, from_unix_ms};

/// An event that nobody told before is written down; the one told before stays.
const NEW_EVENT: &str = "insert into hook_events (id, item, what, said, record, received)
    values ($1, $2, $3, $4, $5, $6) on conflict (id) do nothing";
/// Events of the same sort and item that were told later.
const LATER: &str = "select count(*) from hook_events where item = $1 and what = $2 and said > $3";
/// Whether an item is known, how many events told its words, and whether this one was told.
const STANDING: &str = "select (select count(*) from items where id = $1),
    (select count(*) from hook_events where item = $1 and what <> 'shown'),
    (select count(*) from hook_events where id = $2)";

impl Store {
    /// Those of `events` that nobody told before, of items that were not erased: what was erased stays away, also from
    /// the evidence.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unknown_events(&self, events: Vec<HookEvent>) -> Result<Vec<HookEvent>> {
        let mut unknown = Vec::with_capacity(events.len());
        for event in events {
            let (known, told_words, told): (i64, i64, i64) = reading!(self, |db| sqlx::query_as(STANDING)
                .bind(event.change.item().as_str())
                .bind(&event.id)
                .fetch_one(db)
                .await?);
            let is_erased = known == 0 && told_words > 0;
            if told == 0 && !is_erased {
                unknown.push(event);
            }
        }
        Ok(unknown)
    }

    /// Writes down what a delivery says, with the record of it, all in one transaction. An event told before changes
    /// nothing; neither does an edit older than one known, whatever order they come in. `method` is the way items came.
    /// Returns how many events were new.
    ///
    /// # Errors
    /// When the database fails; then nothing of the delivery is written.
    pub async fn record_events(&self, events: &[HookEvent], kept: &Kept, method: &str, now: Time) -> Result<usize> {
        let mut fresh = 0;
        writing!(self, |tx| {
            for event in events {
                let id = event.change.item();
                let told = sqlx::query(NEW_EVENT)
                    .bind(&event.id)
                    .bind(id.as_str())
                    .bind(event.change.what())
                    .bind(event.said_at.timestamp_millis())
                    .bind(&kept.name)
                    .bind(now.timestamp_millis())
                    .execute(&mut *tx)
                    .await?;
                if told.rows_affected() == 0 {
                    continue;
                }
                fresh += 1;
                let later: i64 = sqlx::query_scalar(LATER)
                    .bind(id.as_str())
                    .bind(event.change.what())
                    .bind(event.said_at.timestamp_millis())
                    .fetch_one(&mut *tx)
                    .await?;
                let known: i64 = sqlx::query_scalar("select count(*) from items where id = $1")
                    .bind(id.as_str())
                    .fetch_one(&mut *tx)
                    .await?;
                if let Some(item) = event.change.content().filter(|_| known == 0) {
                    let new = NewItem {
                        item: item.clone(),
                        snapshot: Some(kept.name.clone()),
                        evidence: None,
                        method: method.to_owned(),
                        warnings: Vec::new(),
                    };
                    let _: Vec<Inserted> = insert_batch!(self, tx, &[&new], now);
                }
                if later > 0 {
                    continue;
                }
                // Two events of one moment are two observations.
                let last: Option<i64> = sqlx::query_scalar("select max(at) from observations where item = $1")
                    .bind(id.as_str())
                    .fetch_one(&mut *tx)
                    .await?;
                let at = last.map_or(now, |last| now.max(from_unix_ms(last + 1)));
                if let Some(seen) = self.observation(&event.change, at)? {
                    let _: bool = observe!(tx, &seen, Some(kept.name.as_str()));
                }
                if matches!(event.change, Change::Restored(_)) {
                    sqlx::query("update items set removed = 0 where id = $1")
                        .bind(id.as_str())
                        .execute(&mut *tx)
                        .await?;
                }
            }
            insert_evidence!(tx, std::iter::once(kept));
        });
        Ok(fresh)
    }

    /// What an event lets see of an item that is known, without what names a private person.
    fn observation(&self, change: &Change, at: Time) -> Result<Option<Observation>> {
        let (title, text, removed) = match change {
            Change::Edited(item) => {
                let kept = self.kept_form(item)?.into_owned();
                (Some(kept.title), Some(kept.text), false)
            }
            Change::Removed(_) => (None, None, true),
            Change::Added(_) | Change::Restored(_) => return Ok(None),
        };
        Ok(Some(Observation {
            id: change.item().clone(),
            collected_at: at,
            engagement: None,
            title,
            text,
            removed,
        }))
    }

    /// Names of the records of what told of an item: SHA-256 of their bytes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hook_records_of(&self, id: &ItemId) -> Result<Vec<String>> {
        let sql = "select distinct record from hook_events where item = $1 order by record";
        let rows: Vec<(String,)> = reading!(self, |db| sqlx::query_as(sql).bind(id.as_str()).fetch_all(db).await?);
        Ok(rows.into_iter().map(|(name,)| name).collect())
    }

    /// Counts at one gate from one day to another, by source.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn gate_sources(
        &self,
        gate: &str,
        from: chrono::NaiveDate,
        to: chrono::NaiveDate,
    ) -> Result<BTreeMap<String, i64>> {
        let sql = "select source, cast(sum(n) as bigint) from gate_counts
                   where gate = $1 and day >= $2 and day <= $3 group by source";
        let rows: Vec<(String, i64)> = reading!(self, |db| sqlx::query_as(sql)
            .bind(gate)
            .bind(from.to_string())
            .bind(to.to_string())
            .fetch_all(db)
            .await?);
        Ok(rows.into_iter().collect())
    }
}
