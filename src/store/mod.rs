//! The only module that knows SQL: one text for SQLite and PostgreSQL.
//!
//! One file per noun. Every method is one short transaction and idempotent: a process killed between any two loses
//! nothing and doubles nothing. Times are Unix milliseconds, JSON is text, placeholders are `$1` on both databases.

mod alarms;

mod alerts;

mod analyses;

mod backend;

mod captures;

mod catchups;

mod connectors;

mod deliveries;

mod editions;

mod entries;

mod errands;

mod erasing;

mod evidence;

mod feeds;

mod hooks;

mod items;

mod ledger;

mod private;

mod retention;

mod stories;

mod together;

mod users;

mod watches;

use std::path::PathBuf;

use crate::private::{PrivateError, Vault};

pub use alarms::{Alarm, Missed};
pub use alerts::{AlertAction, StoredEvent};
pub use analyses::ItemView;
pub use backend::{ServiceLock, Target, lock_service};
pub use captures::HandedIn;
pub use catchups::Catchup;
pub use deliveries::{Attempt, Claimed};
pub use editions::{EditionSummary, Frozen, StoredEdition};
pub use entries::{NextLook, Recheck};
pub use evidence::{LogRoot, LoggedLeaf};
pub use items::{Inserted, NewItem};
pub use ledger::{DayCounts, SourceHealth};
pub use retention::Limits;
pub use stories::WindowItem;
pub use users::{AuditLine, User};

/// The archive. Cheap to clone; clones share connections.
#[derive(Debug, Clone)]
pub struct Store {
    pool: backend::Pool,
    vault: Vault,
    together: together::Together<items::Article, Inserted>,
}

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused or is away.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("migration: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A stored row is not what it must be.
    #[error("the row {row} is damaged: {problem}; restore it from a backup")]
    Damaged {
        /// Table and key.
        row: String,
        /// What is wrong with it.
        problem: String,
    },
    /// What was asked for is not there.
    #[error("there is no {0}")]
    NotFound(String),
    /// The change is not allowed from the present state.
    #[error("{0}")]
    Refused(String),
    /// Another service runs on this data folder.
    #[error("another `diemtin run` works on {0}; stop it first, or use another --data")]
    Locked(PathBuf),
    /// Not possible on PostgreSQL.
    #[error("not on PostgreSQL: {0}")]
    NotOnPostgres(&'static str),
    /// A file could not be used.
    #[error("{0}")]
    Io(std::io::Error),
    /// What names private persons could not be sealed or opened.
    #[error(transparent)]
    Private(#[from] PrivateError),
}

impl Error {
    /// Whether trying again later can help.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            Error::Database(
                sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Tls(_)
            )
        )
    }
}

/// Result of the store.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A value as the JSON text of its column.
fn to_json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::Damaged {
        row: std::any::type_name::<T>().into(),
        problem: error.to_string(),
    })
}

/// The value in a JSON column of the row named `row`.
fn from_json<T: serde::de::DeserializeOwned>(row: &str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| Error::Damaged {
        row: row.into(),
        problem: error.to_string(),
    })
}

/// The word in a column of the row named `row`.
fn from_word<T: std::str::FromStr<Err = String>>(row: &str, word: &str) -> Result<T> {
    word.parse().map_err(|problem| Error::Damaged {
        row: row.into(),
        problem,
    })
}

impl Store {
    /// The value kept under `key`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_meta(&self, key: &str) -> Result<Option<String>> {
        let sql = "select value from meta where key = $1";
        Ok(backend::reading!(self, |db| sqlx::query_scalar(sql)
            .bind(key)
            .fetch_optional(db)
            .await?))
    }

    /// Keeps `value` under `key`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_meta(&self, key: &str, value: &str) -> Result<()> {
        let sql =
            "insert into meta (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value";
        backend::writing!(self, |tx| sqlx::query(sql)
            .bind(key)
            .bind(value)
            .execute(&mut *tx)
            .await?
            .rows_affected());
        Ok(())
    }

    /// The name this archive was given when it was made, `fresh` if it has none yet; and the number of its last change.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn archive(&self, fresh: &str) -> Result<(String, i64)> {
        Ok(backend::writing!(self, |tx| {
            sqlx::query("insert into meta (key, value) values ('archive', $1) on conflict (key) do nothing")
                .bind(fresh)
                .execute(&mut *tx)
                .await?;
            let name: String = sqlx::query_scalar("select value from meta where key = 'archive'")
                .fetch_one(&mut *tx)
                .await?;
            let seq: i64 = sqlx::query_scalar("select value from sequence where name = 'items'")
                .fetch_one(&mut *tx)
                .await?;
            (name, seq)
        }))
    }
}
