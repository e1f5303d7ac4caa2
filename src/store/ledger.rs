//! What was and was not seen: counts at each gate, the health of sources, figures of a period.

use std::collections::BTreeMap;

use super::backend::{reading, writing};
use super::{Result, Store};
use crate::model::{SourceId, Time, from_unix_ms};

/// Adds to a count: day, gate, source, how many.
pub(super) const COUNT: &str = "insert into gate_counts (day, gate, source, n) values ($1, $2, $3, $4)
    on conflict (day, gate, source) do update set n = gate_counts.n + excluded.n";

/// Adds to a count inside a transaction.
macro_rules! count {
    ($tx:ident, $gate:expr, $source:expr, $n:expr, $now:expr) => {
        sqlx::query($crate::store::ledger::COUNT)
            .bind($now.date_naive().to_string())
            .bind($gate)
            .bind($source)
            .bind($n)
            .execute(&mut *$tx)
            .await?
    };
}

pub(super) use count;

/// How a source has done.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SourceHealth {
    /// Checks in the period, and those that were answered.
    pub checks: i64,
    /// Checks that were answered.
    pub answered: i64,
    /// Last answered check in the period.
    pub last_ok: Option<Time>,
    /// Entries that were new in the period.
    pub fresh: i64,
    /// Items stored in the period.
    pub items: i64,
    /// Those of them that are relevant.
    pub relevant: i64,
    /// What went wrong last in the period, empty when nothing.
    pub last_error: String,
}

/// Counts of a period for the head of a page or digest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DayCounts {
    /// Items collected.
    pub items: i64,
    /// Relevant ones.
    pub relevant: i64,
    /// Relevant ones by platform.
    pub platforms: BTreeMap<String, i64>,
    /// Relevant ones by sentiment.
    pub sentiments: BTreeMap<String, i64>,
    /// Relevant ones by main topic.
    pub topics: BTreeMap<String, i64>,
    /// Relevant ones by verdict.
    pub verdicts: BTreeMap<String, i64>,
}

impl Store {
    /// Adds `n` to the count of `gate` for `source` on the day of `at`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count(&self, gate: &str, source: &SourceId, n: i64, at: Time) -> Result<()> {
        writing!(self, |tx| {
            count!(tx, gate, source.as_str(), n, at);
        });
        Ok(())
    }

    /// Counts at each gate from one day to another, over all sources.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn gate_counts(&self, from: chrono::NaiveDate, to: chrono::NaiveDate) -> Result<BTreeMap<String, i64>> {
        let sql = "select gate, cast(sum(n) as bigint) from gate_counts where day >= $1 and day <= $2 group by gate";
        let rows: Vec<(String, i64)> = reading!(self, |db| sqlx::query_as(sql)
            .bind(from.to_string())
            .bind(to.to_string())
            .fetch_all(db)
            .await?);
        Ok(rows.into_iter().collect())
    }

    /// Items stored in a period by platform and way of access, with how many of them are relevant.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn items_by_platform(&self, from: Time, to: Time) -> Result<Vec<(String, String, i64, i64)>> {
        let sql = "select platform, access, count(*), cast(coalesce(sum(relevant), 0) as bigint) from items
                   where collected > $1 and collected <= $2 group by platform, access order by platform, access";
        Ok(reading!(self, |db| sqlx::query_as(sql)
            .bind(from.timestamp_millis())
            .bind(to.timestamp_millis())
            .fetch_all(db)
            .await?))
    }

    /// How each source did in a period, by checks of its feeds and items stored.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn source_health(&self, from: Time, to: Time) -> Result<BTreeMap<SourceId, SourceHealth>> {
        let (from, to) = (from.timestamp_millis(), to.timestamp_millis());
        let mut health: BTreeMap<SourceId, SourceHealth> = BTreeMap::new();
        let checks: Vec<(String, i64, i64, Option<i64>, i64)> = reading!(self, |db| {
            sqlx::query_as(
            "select source, count(*), cast(sum(ok) as bigint), max(case when ok = 1 then at end), cast(sum(fresh) as bigint)
             from checks where at > $1 and at <= $2 group by source"
        )
        .bind(from)
        .bind(to)
        .fetch_all(db)
        .await?
        });
        for (source, checks, answered, last_ok, fresh) in checks {
            let entry = health.entry(SourceId(source)).or_default();
            (entry.checks, entry.answered, entry.fresh) = (checks, answered, fresh);
            entry.last_ok = last_ok.map(from_unix_ms);
        }
        let items: Vec<(String, i64, i64)> = reading!(self, |db| sqlx::query_as(
            "select source, count(*), cast(sum(relevant) as bigint) from items
             where collected > $1 and collected <= $2 group by source"
        )
        .bind(from)
        .bind(to)
        .fetch_all(db)
        .await?);
        for (source, items, relevant) in items {
            let entry = health.entry(SourceId(source)).or_default();
            (entry.items, entry.relevant) = (items, relevant);
        }
        let errors: Vec<(String, String)> = reading!(self, |db| sqlx::query_as(
            "select source, error from checks where id in
               (select max(id) from checks where at > $1 and at <= $2 group by source) and ok = 0"
        )
        .bind(from)
        .bind(to)
        .fetch_all(db)
        .await?);
        for (source, error) in errors {
            health.entry(SourceId(source)).or_default().last_error = error;
        }
        Ok(health)
    }

    /// Counts of the items collected in a period.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn day_counts(&self, from: Time, to: Time) -> Result<DayCounts> {
        let (from, to) = (from.timestamp_millis(), to.timestamp_millis());
        let (items, relevant): (i64, i64) = reading!(self, |db| {
            sqlx::query_as(
            "select count(*), cast(coalesce(sum(relevant), 0) as bigint) from items where collected > $1 and collected <= $2"
        )
        .bind(from)
        .bind(to)
        .fetch_one(db)
        .await?
        });
        let mut counts = DayCounts {
            items,
            relevant,
            ..DayCounts::default()
        };
        let rows: Vec<(String, String, Option<String>, String, i64)> = reading!(self, |db| {
            sqlx::query_as(
            "select i.platform, a.sentiment, a.topic, a.verdict, count(*) from items i join analyses a on a.item = i.id
             where i.relevant = 1 and i.collected > $1 and i.collected <= $2
             group by i.platform, a.sentiment, a.topic, a.verdict"
        )
        .bind(from)
        .bind(to)
        .fetch_all(db)
        .await?
        });
        for (platform, sentiment, topic, verdict, n) in rows {
            *counts.platforms.entry(platform).or_default() += n;
            *counts.sentiments.entry(sentiment).or_default() += n;
            *counts.topics.entry(topic.unwrap_or_default()).or_default() += n;
            *counts.verdicts.entry(verdict).or_default() += n;
        }
        Ok(counts)
    }
}
