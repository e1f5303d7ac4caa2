//! Opening the two databases, and the macros that run one SQL text on either.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};

use super::{Error, Store};
use crate::private::{KEY_FILE, Vault};

/// Which database to open.
#[derive(Debug, Clone)]
pub enum Target {
    /// A SQLite file; made when it is not there.
    Sqlite(PathBuf),
    /// A PostgreSQL database by URL.
    Postgres(SecretString),
}

/// Connections to one of the two databases.
#[derive(Debug, Clone)]
pub(super) enum Pool {
    /// One connection that writes, several that read: with several writers most read-then-write transactions fail.
    Sqlite {
        write: SqlitePool,
        read: SqlitePool,
    },
    Postgres(PgPool),
}

/// Readers beside the one writer of SQLite, and connections to PostgreSQL.
const CONNECTIONS: u32 = 6;

/// Runs `$body` with `$db` bound to a connection pool for reading.
macro_rules! reading {
    ($store:expr, |$db:ident| $body:expr) => {
        match &$store.pool {
            $crate::store::backend::Pool::Sqlite { read: $db, .. } => $body,
            $crate::store::backend::Pool::Postgres($db) => $body,
        }
    };
}

/// Runs `$body` in one short transaction; an early `?` in it rolls everything back.
macro_rules! writing {
    ($store:expr, |$tx:ident| $body:expr) => {
        match &$store.pool {
            $crate::store::backend::Pool::Sqlite { write, .. } => {
                let mut $tx = write.begin_with("begin immediate").await?;
                let result = $body;
                $tx.commit().await?;
                result
            }
            $crate::store::backend::Pool::Postgres(pool) => {
                let mut $tx = pool.begin().await?;
                let result = $body;
                $tx.commit().await?;
                result
            }
        }
    };
}

/// A statement that claims rows: on PostgreSQL it skips rows another worker is claiming, which SQLite, with its one
/// writer, neither knows nor needs.
macro_rules! claiming {
    ($store:expr, $before:literal, $after:literal) => {
        if $store.is_postgres() {
            concat!($before, " for update skip locked ", $after)
        } else {
            concat!($before, $after)
        }
    };
}

pub(super) use {claiming, reading, writing};

impl Store {
    /// Opens a database and brings it to the present schema.
    ///
    /// # Errors
    /// When it cannot be reached, opened or migrated.
    pub async fn open(target: &Target) -> Result<Self, Error> {
        let (pool, vault) = match target {
            Target::Sqlite(path) => (open_sqlite(path).await?, Vault::at(&path.with_file_name(KEY_FILE))),
            Target::Postgres(url) => {
                let pool = PgPoolOptions::new()
                    .max_connections(CONNECTIONS)
                    .acquire_timeout(Duration::from_secs(10))
                    .connect(url.expose_secret())
                    .await?;
                sqlx::migrate!("migrations/postgres").run(&pool).await?;
                (Pool::Postgres(pool), Vault::default())
            }
        };
        Ok(Self {
            pool,
            vault,
            together: Default::default(),
        })
    }

    /// The store with its key for private persons' data elsewhere than beside the database of SQLite; on PostgreSQL it has
    /// none without.
    #[must_use]
    pub fn with_vault(self, vault: Vault) -> Self {
        Self { vault, ..self }
    }

    /// What seals and opens what names private persons.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Whether this is PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        matches!(self.pool, Pool::Postgres(_))
    }

    /// Closes all connections; SQLite folds its write-ahead log into the file.
    pub async fn close(&self) {
        match &self.pool {
            Pool::Sqlite { write, read } => {
                read.close().await;
                write.close().await;
            }
            Pool::Postgres(pool) => pool.close().await,
        }
    }

    /// Writes a consistent copy of a SQLite database to `file` while the service runs.
    ///
    /// # Errors
    /// On PostgreSQL, whose own tool `pg_dump` does this, and when the copy cannot be written.
    pub async fn copy_to(&self, file: &Path) -> Result<(), Error> {
        match &self.pool {
            Pool::Sqlite { write, .. } => {
                sqlx::query("vacuum into $1")
                    .bind(file.to_string_lossy().into_owned())
                    .execute(write)
                    .await?;
                Ok(())
            }
            Pool::Postgres(_) => Err(Error::NotOnPostgres("copy the database with pg_dump")),
        }
    }
}

impl Store {
    /// Runs statements of the one or the other database that stand outside transactions, on the connection that writes.
    pub(super) async fn maintain(&self, sqlite: &[&'static str], postgres: &[&'static str]) -> Result<(), Error> {
        match &self.pool {
            Pool::Sqlite { write, .. } => {
                for statement in sqlite {
                    sqlx::query(*statement).execute(write).await?;
                }
            }
            Pool::Postgres(pool) => {
                for statement in postgres {
                    sqlx::query(*statement).execute(pool).await?;
                }
            }
        }
        Ok(())
    }
}

async fn open_sqlite(path: &Path) -> Result<Pool, Error> {
    let options = SqliteConnectOptions::from_str("sqlite:")?
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(30));
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options.clone())
        .await?;
    sqlx::migrate!("migrations/sqlite").run(&write).await?;
    let read = SqlitePoolOptions::new()
        .max_connections(CONNECTIONS)
        .connect_with(options.read_only(true))
        .await?;
    Ok(Pool::Sqlite { write, read })
}

/// Holds the service's place: while it lives no second service may run on the same data folder.
#[derive(Debug)]
pub struct ServiceLock(#[expect(dead_code, reason = "the lock lives as long as the file is open")] std::fs::File);

/// Takes the place of the one service on `data`.
///
/// # Errors
/// [`Error::Locked`] when another process holds it.
pub fn lock_service(data: &Path) -> Result<ServiceLock, Error> {
    let path = data.join("service.lock");
    let file = std::fs::File::options()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(Error::Io)?;
    match file.try_lock() {
        Ok(()) => Ok(ServiceLock(file)),
        Err(std::fs::TryLockError::WouldBlock) => Err(Error::Locked(data.to_owned())),
        Err(std::fs::TryLockError::Error(error)) => Err(Error::Io(error)),
    }
}
