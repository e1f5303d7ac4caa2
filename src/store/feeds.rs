//! Feeds: what is remembered between two checks, and a row per check.

use super::backend::{reading, writing};
use super::{Result, Store};
use crate::model::entry::FeedState;
use crate::model::{SourceId, Time, from_unix_ms};

#[derive(sqlx::FromRow)]
struct Row {
    source: String,
    url: String,
    etag: Option<String>,
    last_modified: Option<String>,
    next_check: i64,
    interval_seconds: i64,
    failures: i64,
    last_ok: Option<i64>,
    last_new: Option<i64>,
    last_error: String,
}

impl From<Row> for FeedState {
    fn from(row: Row) -> Self {
        FeedState {
            source: SourceId(row.source),
            url: row.url,
            etag: row.etag,
            last_modified: row.last_modified,
            next_check: from_unix_ms(row.next_check),
            interval_seconds: row.interval_seconds,
            failures: row.failures,
            last_ok: row.last_ok.map(from_unix_ms),
            last_new: row.last_new.map(from_unix_ms),
            last_error: row.last_error,
        }
    }
}

impl Store {
    /// Makes the feeds of the catalogue known: new ones are due at once, vanished ones are dropped, the rest keep their state.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sync_feeds(&self, feeds: &[(SourceId, String)], now: Time) -> Result<()> {
        writing!(self, |tx| {
            for (source, url) in feeds {
                sqlx::query(
                    "insert into feeds (source, url, next_check, interval_seconds) values ($1, $2, $3, 600)
                     on conflict (source, url) do nothing",
                )
                .bind(source.as_str())
                .bind(url)
                .bind(now.timestamp_millis())
                .execute(&mut *tx)
                .await?;
            }
            let known: Vec<(String, String)> = sqlx::query_as("select source, url from feeds")
                .fetch_all(&mut *tx)
                .await?;
            for (source, url) in known {
                if !feeds.iter().any(|(s, u)| s.as_str() == source && *u == url) {
                    sqlx::query("delete from feeds where source = $1 and url = $2")
                        .bind(source)
                        .bind(url)
                        .execute(&mut *tx)
                        .await?;
                }
            }
        });
        Ok(())
    }

    /// The feeds of `source` that are due, leased for `lease_ms` so that no other process checks them meanwhile.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_due_feeds(&self, source: &SourceId, now: Time, lease_ms: i64) -> Result<Vec<FeedState>> {
        let sql = "update feeds set lease_until = $1
                   where source = $2 and next_check <= $3 and lease_until <= $3
                   returning source, url, etag, last_modified, next_check, interval_seconds, failures, last_ok, last_new,
                             last_error";
        let now = now.timestamp_millis();
        let rows: Vec<Row> = writing!(self, |tx| sqlx::query_as(sql)
            .bind(now + lease_ms)
            .bind(source.as_str())
            .bind(now)
            .fetch_all(&mut *tx)
            .await?);
        Ok(rows.into_iter().map(FeedState::from).collect())
    }

    /// Writes down one check: the feed's new state, which also ends the lease, and a row for the ledger.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn record_check(
        &self,
        state: &FeedState,
        status: u16,
        listed: usize,
        fresh: usize,
        now: Time,
    ) -> Result<()> {
        writing!(self, |tx| {
            sqlx::query(
                "update feeds set etag = $3, last_modified = $4, next_check = $5, interval_seconds = $6, failures = $7,
                                  last_ok = $8, last_new = $9, last_error = $10, lease_until = 0
                 where source = $1 and url = $2",
            )
            .bind(state.source.as_str())
            .bind(&state.url)
            .bind(&state.etag)
            .bind(&state.last_modified)
            .bind(state.next_check.timestamp_millis())
            .bind(state.interval_seconds)
            .bind(state.failures)
            .bind(state.last_ok.map(|t| t.timestamp_millis()))
            .bind(state.last_new.map(|t| t.timestamp_millis()))
            .bind(&state.last_error)
            .execute(&mut *tx)
            .await?;
            sqlx::query(
                "insert into checks (source, feed, at, ok, status, listed, fresh, error)
                 values ($1, $2, $3, $4, $5, $6, $7, $8)",
            )
            .bind(state.source.as_str())
            .bind(&state.url)
            .bind(now.timestamp_millis())
            .bind(i64::from(state.last_error.is_empty()))
            .bind(i64::from(status))
            .bind(listed as i64)
            .bind(fresh as i64)
            .bind(&state.last_error)
            .execute(&mut *tx)
            .await?;
        });
        Ok(())
    }

    /// When the next feed or entry of `source` is due; `None` when nothing is planned.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next_due(&self, source: &SourceId) -> Result<Option<Time>> {
        let sql = "select min(due) from (
                     select max(next_check, lease_until) as due from feeds where source = $1
                     union all
                     select max(next_attempt, lease_until) as due from entries where source = $1 and state = 'pending'
                     union all
                     select max(recheck_at, lease_until) as due from entries
                       where source = $1 and state = 'stored' and recheck_at is not null
                     union all
                     select lease_until as due from catchups where source = $1 and state = 'open') t";
        let postgres = "select min(due) from (
                     select greatest(next_check, lease_until) as due from feeds where source = $1
                     union all
                     select greatest(next_attempt, lease_until) as due from entries where source = $1 and state = 'pending'
                     union all
                     select greatest(recheck_at, lease_until) as due from entries
                       where source = $1 and state = 'stored' and recheck_at is not null
                     union all
                     select lease_until as due from catchups where source = $1 and state = 'open') t";
        let sql = if self.is_postgres() { postgres } else { sql };
        let due: Option<i64> = reading!(self, |db| sqlx::query_scalar(sql)
            .bind(source.as_str())
            .fetch_one(db)
            .await?);
        Ok(due.map(from_unix_ms))
    }

    /// Makes every feed due now: one round of collecting on demand.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn make_feeds_due(&self, source: &SourceId, now: Time) -> Result<()> {
        let sql = "update feeds set next_check = $2 where source = $1 and next_check > $2";
        writing!(self, |tx| sqlx::query(sql)
            .bind(source.as_str())
            .bind(now.timestamp_millis())
            .execute(&mut *tx)
            .await?
            .rows_affected());
        Ok(())
    }

    /// Ends all leases on feeds and entries: the one service on this database has just started, so nobody holds them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_collecting_leases(&self) -> Result<()> {
        writing!(self, |tx| {
            sqlx::query("update feeds set lease_until = 0 where lease_until > 0")
                .execute(&mut *tx)
                .await?;
            sqlx::query("update entries set lease_until = 0 where lease_until > 0")
                .execute(&mut *tx)
                .await?;
            sqlx::query("update catchups set lease_until = 0 where lease_until > 0")
                .execute(&mut *tx)
                .await?;
        });
        Ok(())
    }

    /// All feeds with their state.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_feeds(&self) -> Result<Vec<FeedState>> {
        let sql = "select source, url, etag, last_modified, next_check, interval_seconds, failures, last_ok, last_new,
                          last_error from feeds order by source, url";
        let rows: Vec<Row> = reading!(self, |db| sqlx::query_as(sql).fetch_all(db).await?);
        Ok(rows.into_iter().map(FeedState::from).collect())
    }
}
