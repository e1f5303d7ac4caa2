//! Alarms to the operator about sources, and addresses that people reported as missed.

use std::collections::BTreeMap;

use super::backend::{reading, writing};
use super::{Result, Store};
use crate::model::{SourceId, Time, from_unix_ms};

/// An alarm about a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Its number.
    pub id: i64,
    /// The source.
    pub source: SourceId,
    /// Since when.
    pub opened: Time,
    /// Why, in Vietnamese.
    pub reason: String,
}

/// An address somebody reported as missed: a permanent case of recall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// Canonical URL.
    pub url: String,
    /// When it was reported.
    pub at: Time,
    /// By whom.
    pub user: String,
    /// Why it was missed, as known then.
    pub verdict: String,
    /// What the reporter wrote.
    pub note: String,
}

impl Store {
    /// When feeds of each source listed something new since `from`, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn news_times(&self, from: Time) -> Result<BTreeMap<SourceId, Vec<Time>>> {
        let sql = "select source, at from checks where at > $1 and fresh > 0 order by at, id";
        let rows: Vec<(String, i64)> = reading!(self, |db| sqlx::query_as(sql)
            .bind(from.timestamp_millis())
            .fetch_all(db)
            .await?);
        let mut times: BTreeMap<SourceId, Vec<Time>> = BTreeMap::new();
        for (source, at) in rows {
            times.entry(SourceId(source)).or_default().push(from_unix_ms(at));
        }
        Ok(times)
    }

    /// Methods by which articles of each source collected since `from` were read.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn read_methods(&self, from: Time) -> Result<BTreeMap<SourceId, Vec<String>>> {
        let sql = "select source, method from items where collected > $1 and kind = 'press' and method <> 'import'";
        let rows: Vec<(String, String)> = reading!(self, |db| sqlx::query_as(sql)
            .bind(from.timestamp_millis())
            .fetch_all(db)
            .await?);
        let mut methods: BTreeMap<SourceId, Vec<String>> = BTreeMap::new();
        for (source, method) in rows {
            methods.entry(SourceId(source)).or_default().push(method);
        }
        Ok(methods)
    }

    /// Opens an alarm about a source unless one is open. Returns whether it is new.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_alarm(&self, source: &SourceId, reason: &str, now: Time) -> Result<bool> {
        let sql = "insert into alarms (source, opened, reason)
                   select $1, $2, $3 where not exists (select 1 from alarms where source = $1 and ended is null)";
        let opened = writing!(self, |tx| sqlx::query(sql)
            .bind(source.as_str())
            .bind(now.timestamp_millis())
            .bind(reason)
            .execute(&mut *tx)
            .await?
            .rows_affected());
        Ok(opened > 0)
    }

    /// Ends the open alarm about a source, if there is one. Returns whether there was.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_alarm(&self, source: &SourceId, now: Time) -> Result<bool> {
        let sql = "update alarms set ended = $2 where source = $1 and ended is null";
        let ended = writing!(self, |tx| sqlx::query(sql)
            .bind(source.as_str())
            .bind(now.timestamp_millis())
            .execute(&mut *tx)
            .await?
            .rows_affected());
        Ok(ended > 0)
    }

    /// Open alarms, oldest first; only those nobody was told of yet when asked.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_alarms(&self, only_untold: bool) -> Result<Vec<Alarm>> {
        let sql = "select id, source, opened, reason from alarms where ended is null and ($1 = 0 or told is null)
                   order by id";
        let rows: Vec<(i64, String, i64, String)> = reading!(self, |db| sqlx::query_as(sql)
            .bind(i64::from(only_untold))
            .fetch_all(db)
            .await?);
        let alarm = |(id, source, opened, reason)| Alarm {
            id,
            source: SourceId(source),
            opened: from_unix_ms(opened),
            reason,
        };
        Ok(rows.into_iter().map(alarm).collect())
    }

    /// Notes that the operator was told of an alarm.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mark_told(&self, alarm: i64, now: Time) -> Result<()> {
        writing!(self, |tx| sqlx::query("update alarms set told = $2 where id = $1")
            .bind(alarm)
            .bind(now.timestamp_millis())
            .execute(&mut *tx)
            .await?
            .rows_affected());
        Ok(())
    }

    /// Keeps an address somebody reported as missed; one reported before stays as it was.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_missed(&self, missed: &Missed) -> Result<()> {
        let sql = "insert into missed (url, at, username, verdict, note) values ($1, $2, $3, $4, $5)
                   on conflict (url) do nothing";
        writing!(self, |tx| sqlx::query(sql)
            .bind(&missed.url)
            .bind(missed.at.timestamp_millis())
            .bind(&missed.user)
            .bind(&missed.verdict)
            .bind(&missed.note)
            .execute(&mut *tx)
            .await?
            .rows_affected());
        Ok(())
    }

    /// Addresses reported as missed, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_missed(&self, limit: i64) -> Result<Vec<Missed>> {
        let sql = "select url, at, username, verdict, note from missed order by at desc, url limit $1";
        let rows: Vec<(String, i64, String, String, String)> =
            reading!(self, |db| sqlx::query_as(sql).bind(limit).fetch_all(db).await?);
        let missed = |(url, at, user, verdict, note)| Missed {
            url,
            at: from_unix_ms(at),
            user,
            verdict,
            note,
        };
        Ok(rows.into_iter().map(missed).collect())
    }
}
