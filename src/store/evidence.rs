//! Where evidence stands.

use super::backend::{reading, writing};
use super::{Result, Store};
use crate::model::evidence::{Kept, Place};
use crate::model::{Time, from_unix_ms};

/// Writes kept records down inside a transaction.
macro_rules! insert_evidence {
    ($tx:ident, $records:expr) => {{
        let records: Vec<&crate::model::evidence::Kept> = $records.collect();
        if !records.is_empty() {
            let bytes = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
            let mut query =
                sqlx::QueryBuilder::new("insert into evidence (leaf, name, url, file, start, length, salt, at) ");
            query.push_values(records, |mut row, kept| {
                row.push_bind(&kept.leaf)
                    .push_bind(&kept.name)
                    .push_bind(&kept.url)
                    .push_bind(&kept.place.file)
                    .push_bind(bytes(kept.place.start))
                    .push_bind(bytes(kept.place.length))
                    .push_bind(&kept.salt)
                    .push_bind(kept.at.timestamp_millis());
            });
            query.push(" on conflict (leaf) do nothing");
            query.build().execute(&mut *$tx).await?;
        }
    }};
}

pub(super) use insert_evidence;

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    leaf: String,
    name: String,
    url: String,
    file: String,
    start: i64,
    length: i64,
    salt: String,
    at: i64,
}

impl From<Row> for Kept {
    fn from(row: Row) -> Kept {
        Kept {
            name: row.name,
            url: row.url,
            place: Place {
                file: row.file,
                start: row.start.unsigned_abs(),
                length: row.length.unsigned_abs(),
            },
            salt: row.salt,
            leaf: row.leaf,
            at: from_unix_ms(row.at),
        }
    }
}

impl Store {
    /// The evidence whose content has the SHA-256 `name`, unless it was erased.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_evidence(&self, name: &str) -> Result<Option<Kept>> {
        let sql = "select leaf, name, url, file, start, length, salt, at from evidence
                   where name = $1 and erased is null order by at limit 1";
        let row: Option<Row> = reading!(self, |db| sqlx::query_as(sql).bind(name).fetch_optional(db).await?);
        Ok(row.map(Kept::from))
    }
}

/// One leaf of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedLeaf {
    /// Its place in the log, from 0.
    pub position: i64,
    /// SHA-256 of salt and record; hexadecimal.
    pub leaf: String,
    /// The record; `None` when it was erased.
    pub kept: Option<Kept>,
    /// When it was received.
    pub at: Time,
}

/// The root of the log after its first `size` leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRoot {
    /// Leaves under it.
    pub size: i64,
    /// SHA-256; hexadecimal.
    pub root: String,
    /// When it was computed.
    pub at: Time,
}

#[derive(sqlx::FromRow)]
struct LeafRow {
    position: i64,
    leaf: String,
    name: Option<String>,
    url: Option<String>,
    file: Option<String>,
    start: Option<i64>,
    length: Option<i64>,
    salt: Option<String>,
    at: i64,
}

impl From<LeafRow> for LoggedLeaf {
    fn from(row: LeafRow) -> LoggedLeaf {
        let kept = row
            .name
            .zip(row.url)
            .zip(row.file)
            .zip(row.start)
            .zip(row.length)
            .zip(row.salt);
        LoggedLeaf {
            kept: kept.map(|(((((name, url), file), start), length), salt)| {
                Kept::from(Row {
                    leaf: row.leaf.clone(),
                    name,
                    url,
                    file,
                    start,
                    length,
                    salt,
                    at: row.at,
                })
            }),
            position: row.position,
            leaf: row.leaf,
            at: from_unix_ms(row.at),
        }
    }
}

impl Store {
    /// Gives records their places in the log, in the order they were received, and returns how many leaves it has now.
    /// Places are given under the lock of one row, so that they have no gaps and never change.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn seal_evidence(&self, most: i64) -> Result<i64> {
        Ok(writing!(self, |tx| {
            let mut size: i64 =
                sqlx::query_scalar("update sequence set value = value where name = 'evidence' returning value")
                    .fetch_one(&mut *tx)
                    .await?;
            let waiting: Vec<(String,)> =
                sqlx::query_as("select leaf from evidence where position is null order by at, leaf limit $1")
                    .bind(most)
                    .fetch_all(&mut *tx)
                    .await?;
            for (leaf,) in &waiting {
                sqlx::query("update evidence set position = $2 where leaf = $1")
                    .bind(leaf)
                    .bind(size)
                    .execute(&mut *tx)
                    .await?;
                size += 1;
            }
            sqlx::query("update sequence set value = $1 where name = 'evidence'")
                .bind(size)
                .execute(&mut *tx)
                .await?;
            size
        }))
    }

    /// The leaves of the log in order, up to `size`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn log_leaves(&self, size: i64) -> Result<Vec<String>> {
        let sql = "select leaf from evidence where position < $1 order by position";
        let rows: Vec<(String,)> = reading!(self, |db| sqlx::query_as(sql).bind(size).fetch_all(db).await?);
        Ok(rows.into_iter().map(|(leaf,)| leaf).collect())
    }

    /// The leaves of what was received in a stretch of time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn logged_between(&self, from: Time, to: Time) -> Result<Vec<LoggedLeaf>> {
        let sql = "select position, leaf, name, url, file, start, length, salt, at from evidence
                   where at > $1 and at <= $2 and position is not null order by position";
        let rows: Vec<LeafRow> = reading!(self, |db| sqlx::query_as(sql)
            .bind(from.timestamp_millis())
            .bind(to.timestamp_millis())
            .fetch_all(db)
            .await?);
        Ok(rows.into_iter().map(LoggedLeaf::from).collect())
    }

    /// The leaf of the evidence called `name`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn logged(&self, name: &str) -> Result<Option<LoggedLeaf>> {
        let sql = "select position, leaf, name, url, file, start, length, salt, at from evidence
                   where name = $1 and position is not null order by at limit 1";
        let row: Option<LeafRow> = reading!(self, |db| sqlx::query_as(sql).bind(name).fetch_optional(db).await?);
        Ok(row.map(LoggedLeaf::from))
    }

    /// Keeps a root; the same size again changes nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_root(&self, root: &LogRoot) -> Result<()> {
        let sql = "insert into evidence_roots (size, root, at) values ($1, $2, $3) on conflict (size) do nothing";
        writing!(self, |tx| sqlx::query(sql)
            .bind(root.size)
            .bind(&root.root)
            .bind(root.at.timestamp_millis())
            .execute(&mut *tx)
            .await?
            .rows_affected());
        Ok(())
    }

    /// All roots, smallest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn roots(&self) -> Result<Vec<LogRoot>> {
        let sql = "select size, root, at from evidence_roots order by size";
        let rows: Vec<(i64, String, i64)> = reading!(self, |db| sqlx::query_as(sql).fetch_all(db).await?);
        let root = |(size, root, at)| LogRoot {
            size,
            root,
            at: from_unix_ms(at),
        };
        Ok(rows.into_iter().map(root).collect())
    }
}
