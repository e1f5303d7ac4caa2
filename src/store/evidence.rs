//! Where evidence stands.

use super::backend::reading;
use super::{Result, Store};
use crate::model::evidence::{Kept, Place};
use crate::model::from_unix_ms;

/// Writes a kept record down inside a transaction.
macro_rules! insert_evidence {
    ($tx:ident, $kept:expr) => {{
        let kept: &crate::model::evidence::Kept = $kept;
        sqlx::query(
            "insert into evidence (leaf, name, url, file, start, length, salt, at)
             values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (leaf) do nothing",
        )
        .bind(&kept.leaf)
        .bind(&kept.name)
        .bind(&kept.url)
        .bind(&kept.place.file)
        .bind(i64::try_from(kept.place.start).unwrap_or(i64::MAX))
        .bind(i64::try_from(kept.place.length).unwrap_or(i64::MAX))
        .bind(&kept.salt)
        .bind(kept.at.timestamp_millis())
        .execute(&mut *$tx)
        .await?;
    }};
}

pub(super) use insert_evidence;

#[derive(sqlx::FromRow)]
struct Row {
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
