//! What is kept for a time only: identities of private persons, raw social pages, words that YouTube no longer confirms.

use std::collections::BTreeSet;

use super::backend::{reading, writing};
use super::evidence::Row;
use super::{Result, Store, from_json};
use crate::model::Time;
use crate::model::evidence::Kept;
use crate::model::item::Item;

/// What was stored at or before these times is kept no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// What came from YouTube.
    pub youtube: Time,
    /// What a person sent in.
    pub tips: Time,
    /// Everything else that names private persons.
    pub private: Time,
}

impl Store {
    /// Deletes identities whose time is over. Returns how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_identities(&self, limits: &Limits) -> Result<u64> {
        self.maintain(&["pragma secure_delete = on"], &[]).await?;
        let sql = "delete from private_author where stored <= coalesce(
                     (select case when i.platform = 'youtube' then $1 when i.access = 'tip' then $2 else $3 end
                      from items i where i.id = private_author.item), $3)";
        Ok(writing!(self, |tx| sqlx::query(sql)
            .bind(limits.youtube.timestamp_millis())
            .bind(limits.tips.timestamp_millis())
            .bind(limits.private.timestamp_millis())
            .execute(&mut *tx)
            .await?
            .rows_affected()))
    }

    /// Records of social pages whose time is over, after the leaf `after`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn expired_evidence(&self, limits: &Limits, after: &str, limit: i64) -> Result<Vec<Kept>> {
        let sql = "select leaf, name, url, file, start, length, salt, at from evidence e
                   where leaf > $4 and file like 'private/%' and at <= case
                     when exists (select 1 from items i where i.snapshot = e.name and i.platform = 'youtube')
                       or exists (select 1 from item_versions v join items i on i.id = v.item
                                  where v.snapshot = e.name and i.platform = 'youtube') then $1
                     when exists (select 1 from items i where i.snapshot = e.name and i.access = 'tip') then $2
                     when exists (select 1 from capture_pictures p join capture c on c.item = p.item
                                  where p.name = e.name and c.access = 'tip') then $2
                     else $3 end
                   order by leaf limit $5";
        let rows: Vec<Row> = reading!(self, |db| sqlx::query_as(sql)
            .bind(limits.youtube.timestamp_millis())
            .bind(limits.tips.timestamp_millis())
            .bind(limits.private.timestamp_millis())
            .bind(after)
            .bind(limit)
            .fetch_all(db)
            .await?);
        Ok(rows.into_iter().map(Kept::from).collect())
    }

    /// Says that the bytes of a record are gone: its leaf stays in the log without content or salt.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_evidence(&self, leaf: &str, now: Time) -> Result<()> {
        let sql = "update evidence set name = null, url = null, file = null, start = null, length = null, salt = null,
                   erased = $2 where leaf = $1";
        writing!(self, |tx| sqlx::query(sql)
            .bind(leaf)
            .bind(now.timestamp_millis())
            .execute(&mut *tx)
            .await?
            .rows_affected());
        Ok(())
    }

    /// Files of private evidence in which a record still stands.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn private_files(&self) -> Result<BTreeSet<String>> {
        let sql = "select distinct file from evidence where file like 'private/%'";
        let rows: Vec<(String,)> = reading!(self, |db| sqlx::query_as(sql).fetch_all(db).await?);
        Ok(rows.into_iter().map(|(file,)| file).collect())
    }

    /// Items of YouTube that it last confirmed at `before` or earlier and whose words still stand.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn stale_items(&self, before: Time, limit: i64) -> Result<Vec<Item>> {
        let sql = "select id, item from items where platform = 'youtube' and expired = 0 and refreshed <= $1
                   order by id limit $2";
        let rows: Vec<(String, String)> = reading!(self, |db| sqlx::query_as(sql)
            .bind(before.timestamp_millis())
            .bind(limit)
            .fetch_all(db)
            .await?);
        rows.into_iter()
            .map(|(id, json)| from_json(&format!("items {id}"), &json))
            .collect()
    }

    /// After deleting: PostgreSQL writes the table of identities anew, SQLite empties its write-ahead log; both overwrite.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn settle_deletions(&self) -> Result<()> {
        self.maintain(
            &["pragma wal_checkpoint(truncate)"],
            &["vacuum (full) private_author", "vacuum items", "vacuum observations"],
        )
        .await
    }
}
