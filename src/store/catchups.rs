//! Catch-ups: how far archives of sources were read back.

use super::backend::{reading, writing};
use super::{Result, Store};
use crate::model::{SourceId, Time, from_unix_ms};

/// A catch-up of one archive of a source.
#[derive(Debug, Clone, PartialEq)]
pub struct Catchup {
    /// The source.
    pub source: SourceId,
    /// The archive, as its source file has it.
    pub archive: String,
    /// How far back it is read.
    pub since: Time,
    /// When it began: later days belong to the feeds.
    pub opened: Time,
    /// What is still to be read, as JSON.
    pub progress: String,
    /// Whether it is finished.
    pub is_done: bool,
    /// Failures in a row at the present address.
    pub failures: i64,
}

type Row = (String, String, i64, i64, String, String, i64);

fn catchup((source, archive, since, opened, progress, state, failures): Row) -> Catchup {
    Catchup {
        source: SourceId(source),
        archive,
        since: from_unix_ms(since),
        opened: from_unix_ms(opened),
        progress,
        is_done: state == "done",
        failures,
    }
}

impl Store {
    /// Opens a catch-up. One that is open and reaches as far back goes on as it is; any other begins anew.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_catchup(
        &self,
        source: &SourceId,
        archive: &str,
        since: Time,
        progress: &str,
        now: Time,
    ) -> Result<()> {
        let sql =
            "insert into catchups (source, archive, since, opened, progress, state) values ($1, $2, $3, $4, $5, 'open')
                   on conflict (source, archive) do update set since = excluded.since, opened = excluded.opened,
                     progress = excluded.progress, state = 'open', failures = 0, lease_until = 0
                   where catchups.state <> 'open' or catchups.since > excluded.since";
        writing!(self, |tx| sqlx::query(sql)
            .bind(source.as_str())
            .bind(archive)
            .bind(since.timestamp_millis())
            .bind(now.timestamp_millis())
            .bind(progress)
            .execute(&mut *tx)
            .await?
            .rows_affected());
        Ok(())
    }

    /// An open catch-up of `source`, leased for `lease_ms`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_catchup(&self, source: &SourceId, now: Time, lease_ms: i64) -> Result<Option<Catchup>> {
        let sql = "update catchups set lease_until = $1
                   where source = $2 and state = 'open' and lease_until <= $3
                     and archive = (select min(archive) from catchups
                                    where source = $2 and state = 'open' and lease_until <= $3)
                   returning source, archive, since, opened, progress, state, failures";
        let ms = now.timestamp_millis();
        let row: Option<Row> = writing!(self, |tx| sqlx::query_as(sql)
            .bind(ms + lease_ms)
            .bind(source.as_str())
            .bind(ms)
            .fetch_optional(&mut *tx)
            .await?);
        Ok(row.map(catchup))
    }

    /// Writes down a step of a catch-up and ends its lease; with `not_before` it rests until then.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn record_catchup(&self, catchup: &Catchup, not_before: Option<Time>) -> Result<()> {
        let sql = "update catchups set progress = $3, state = $4, failures = $5, lease_until = $6
                   where source = $1 and archive = $2";
        writing!(self, |tx| sqlx::query(sql)
            .bind(catchup.source.as_str())
            .bind(&catchup.archive)
            .bind(&catchup.progress)
            .bind(if catchup.is_done { "done" } else { "open" })
            .bind(catchup.failures)
            .bind(not_before.map_or(0, |time| time.timestamp_millis()))
            .execute(&mut *tx)
            .await?
            .rows_affected());
        Ok(())
    }

    /// All catch-ups, open and done.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_catchups(&self) -> Result<Vec<Catchup>> {
        let sql =
            "select source, archive, since, opened, progress, state, failures from catchups order by source, archive";
        let rows: Vec<Row> = reading!(self, |db| sqlx::query_as(sql).fetch_all(db).await?);
        Ok(rows.into_iter().map(catchup).collect())
    }
}
