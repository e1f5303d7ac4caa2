//! What names private persons: sealed when an item is written, opened for a stated reason on record.

use std::borrow::Cow;

use super::backend::{claiming, reading, writing};
use super::{Result, Store, from_json, to_json};
use crate::model::entry::Entry;
use crate::model::evidence::{Kept, Place};
use crate::model::item::{Item, Observation, masked_text};
use crate::model::{ItemId, Time};
use crate::private::person::{self, Identity};

/// Key of the place whose bytes are still to be erased.
const LEFT: &str = "evidence_left";

/// An item as it may be kept, and what was taken out of it, sealed.
pub(super) struct Guarded<'a> {
    pub item: Cow<'a, Item>,
    pub sealed: Option<Vec<u8>>,
}

/// Keeps what was sealed of an item inside a transaction.
macro_rules! insert_sealed {
    ($tx:ident, $id:expr, $sealed:expr, $now:expr) => {
        sqlx::query(
            "insert into private_author (item, sealed, stored) values ($1, $2, $3) on conflict (item) do nothing",
        )
        .bind($id.as_str())
        .bind($sealed)
        .bind($now.timestamp_millis())
        .execute(&mut *$tx)
        .await?
    };
}

pub(super) use insert_sealed;

/// Masks accounts named in earlier wordings and observations of a social item inside a transaction.
macro_rules! guard_history {
    ($tx:ident, $id:expr) => {{
        let versions: Vec<(i64, String, String)> =
            sqlx::query_as("select at, title, body from item_versions where item = $1")
                .bind($id)
                .fetch_all(&mut *$tx)
                .await?;
        for (at, title, body) in &versions {
            sqlx::query("update item_versions set title = $3, body = $4 where item = $1 and at = $2")
                .bind($id)
                .bind(at)
                .bind(masked_text(title))
                .bind(masked_text(body))
                .execute(&mut *$tx)
                .await?;
        }
        let seen: Vec<(i64, String)> = sqlx::query_as("select at, observation from observations where item = $1")
            .bind($id)
            .fetch_all(&mut *$tx)
            .await?;
        for (at, json) in &seen {
            let mut observation: Observation = from_json(&format!("observations {}", $id), json)?;
            observation.title = observation.title.as_deref().map(masked_text);
            observation.text = observation.text.as_deref().map(masked_text);
            sqlx::query("update observations set observation = $3 where item = $1 and at = $2")
                .bind($id)
                .bind(at)
                .bind(to_json(&observation)?)
                .execute(&mut *$tx)
                .await?;
        }
    }};
}

impl Store {
    /// The item without what names a private person, and that sealed.
    pub(super) fn guard<'a>(&self, item: &'a Item) -> Result<Guarded<'a>> {
        let Some((kept, identity)) = person::parted(item, &self.vault)? else {
            let item = Cow::Borrowed(item);
            return Ok(Guarded { item, sealed: None });
        };
        let sealed = self
            .vault
            .seal(item.id.as_str().as_bytes(), to_json(&identity)?.as_bytes())?;
        Ok(Guarded {
            item: Cow::Owned(kept),
            sealed: Some(sealed),
        })
    }

    /// Opens what names the person behind an item; `None` when nothing is kept: the item names nobody, or its time was over.
    /// Who asked and why is written down in the same transaction, before anything is given out.
    ///
    /// # Errors
    /// When the database fails, or the key is not the one it was sealed with.
    pub async fn open_identity(&self, id: &ItemId, user: &str, reason: &str, now: Time) -> Result<Option<Identity>> {
        let sealed: Option<(Vec<u8>,)> = writing!(self, |tx| {
            sqlx::query(
                "insert into audit (at, username, action, subject, detail) values ($1, $2, 'identity', $3, $4)",
            )
            .bind(now.timestamp_millis())
            .bind(user)
            .bind(id.as_str())
            .bind(reason)
            .execute(&mut *tx)
            .await?;
            sqlx::query_as("select sealed from private_author where item = $1")
                .bind(id.as_str())
                .fetch_optional(&mut *tx)
                .await?
        });
        sealed.map(|(sealed,)| self.unsealed(id, &sealed)).transpose()
    }

    fn unsealed(&self, id: &ItemId, sealed: &[u8]) -> Result<Identity> {
        let json = self.vault.open(id.as_str().as_bytes(), sealed)?;
        from_json(&format!("private_author {id}"), &String::from_utf8_lossy(&json))
    }

    /// Whether something that names a person is kept of an item.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_identity(&self, id: &ItemId) -> Result<bool> {
        let sql = "select 1 from private_author where item = $1";
        let row: Option<(i32,)> = reading!(self, |db| sqlx::query_as(sql)
            .bind(id.as_str())
            .fetch_optional(db)
            .await?);
        Ok(row.is_some())
    }

    /// How many identities are kept, and whether the newest opens with the present key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn probe_identities(&self) -> Result<(i64, bool)> {
        let kept: i64 = reading!(self, |db| sqlx::query_scalar("select count(*) from private_author")
            .fetch_one(db)
            .await?);
        let sql = "select item, sealed from private_author order by stored desc, item limit 1";
        let newest: Option<(String, Vec<u8>)> = reading!(self, |db| sqlx::query_as(sql).fetch_optional(db).await?);
        let opens = newest.is_none_or(|(id, sealed)| self.unsealed(&ItemId(id), &sealed).is_ok());
        Ok((kept, opens))
    }

    /// Takes what names private persons out of items that an earlier version kept in clear, and out of their earlier
    /// wordings and observations, at most `limit` in one transaction. Returns how many items it looked at.
    ///
    /// # Errors
    /// When the database fails or there is no key; what earlier batches did stays.
    pub async fn guard_items(&self, limit: i64, now: Time) -> Result<usize> {
        self.maintain(&["pragma secure_delete = on"], &[]).await?;
        let sql = claiming!(
            self,
            "select id, item from items where guarded = 0 order by id limit $1",
            ""
        );
        Ok(writing!(self, |tx| {
            let rows: Vec<(String, String)> = sqlx::query_as(sql).bind(limit).fetch_all(&mut *tx).await?;
            for (id, json) in &rows {
                let before: Item = from_json(&format!("items {id}"), json)?;
                let is_social = before.is_social();
                let Guarded { item, sealed } = self.guard(&before)?;
                sqlx::query("update items set item = $2, source = $3, guarded = 1 where id = $1")
                    .bind(id)
                    .bind(to_json(item.as_ref())?)
                    .bind(item.source.as_str())
                    .execute(&mut *tx)
                    .await?;
                if let Some(sealed) = sealed {
                    // Its time runs since it was collected, not since it was sealed.
                    insert_sealed!(tx, item.id, sealed, item.collected_at.unwrap_or(now));
                }
                if is_social {
                    guard_history!(tx, id);
                }
            }
            rows.len()
        }))
    }

    /// Takes authors out of what feeds said of entries, at most `limit` in one transaction: by-lines are read from the
    /// page, and a feed of a forum names private persons. Returns how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn guard_entries(&self, limit: i64) -> Result<usize> {
        let sql = "select url, entry from entries where entry like '%\"author\":\"%' limit $1";
        Ok(writing!(self, |tx| {
            let rows: Vec<(String, String)> = sqlx::query_as(sql).bind(limit).fetch_all(&mut *tx).await?;
            for (url, json) in &rows {
                let mut entry: Entry = from_json(&format!("entries {url}"), json)?;
                entry.author = None;
                sqlx::query("update entries set entry = $2 where url = $1")
                    .bind(url)
                    .bind(to_json(&entry)?)
                    .execute(&mut *tx)
                    .await?;
            }
            rows.len()
        }))
    }

    /// Frees what stood in clear: the write-ahead log is emptied, PostgreSQL writes the tables anew.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn scrub(&self) -> Result<()> {
        let postgres = [
            "vacuum (full) items",
            "vacuum (full) item_versions",
            "vacuum (full) observations",
            "vacuum (full) entries",
        ];
        self.maintain(&["vacuum", "pragma wal_checkpoint(truncate)"], &postgres)
            .await
    }

    /// Records of social items that stand in clear, after the leaf `after`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_social_evidence(&self, after: &str, limit: i64) -> Result<Vec<Kept>> {
        let sql = "select leaf, name, url, file, start, length, salt, at from evidence e
                   where leaf > $1 and file is not null and file not like 'private/%'
                     and exists (select 1 from items i where i.snapshot = e.name
                                 and (i.platform <> 'press' or i.kind <> 'press'))
                   order by leaf limit $2";
        let rows: Vec<super::evidence::Row> = reading!(self, |db| sqlx::query_as(sql)
            .bind(after)
            .bind(limit)
            .fetch_all(db)
            .await?);
        Ok(rows.into_iter().map(Kept::from).collect())
    }

    /// Says that the record of a leaf stands at `to` now, and in the same transaction that what stands at `from` is still to
    /// be erased.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn move_evidence(&self, leaf: &str, from: &Place, to: &Place) -> Result<()> {
        writing!(self, |tx| {
            sqlx::query("update evidence set file = $2, start = $3, length = $4 where leaf = $1 and file is not null")
                .bind(leaf)
                .bind(&to.file)
                .bind(i64::try_from(to.start).unwrap_or(i64::MAX))
                .bind(i64::try_from(to.length).unwrap_or(i64::MAX))
                .execute(&mut *tx)
                .await?;
            sqlx::query(
                "insert into meta (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value",
            )
            .bind(LEFT)
            .bind(format!("{} {} {}", from.start, from.length, from.file))
            .execute(&mut *tx)
            .await?;
        });
        Ok(())
    }

    /// Where the bytes of a record that was moved are still to be erased: [`Store::move_evidence`] was the last that was done.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn left_by_moving(&self) -> Result<Option<Place>> {
        let value = self.find_meta(LEFT).await?.unwrap_or_default();
        let place = |value: &str| {
            let mut parts = value.splitn(3, ' ');
            Some(Place {
                start: parts.next()?.parse().ok()?,
                length: parts.next()?.parse().ok()?,
                file: parts.next()?.to_owned(),
            })
        };
        Ok(place(&value))
    }

    /// Says that nothing is left to be erased of records that were moved.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn nothing_left_by_moving(&self) -> Result<()> {
        self.set_meta(LEFT, "").await
    }
}
