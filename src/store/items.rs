//! Items, their versions and what was seen of them later.

use super::backend::{reading, writing};
use super::entries::{NextLook, finish};
use super::evidence::insert_evidence;
use super::private::{Guarded, insert_sealed};
use super::{Result, Store, from_json, to_json};
use crate::model::entry::{EntryState, StoredEntry};
use crate::model::evidence::Kept;
use crate::model::item::{Item, Observation, Platform, masked_text};
use crate::model::{ItemId, Time, from_unix_ms};

/// An item to be written down with where it came from.
#[derive(Debug, Clone)]
pub struct NewItem {
    /// The item; `collected_at` is set.
    pub item: Item,
    /// SHA-256 of what was received.
    pub snapshot: Option<String>,
    /// The record of it, where one was written just now.
    pub evidence: Option<Kept>,
    /// What extraction answered by: `json-ld+vccorp`, `import`.
    pub method: String,
    /// What looked wrong on the way.
    pub warnings: Vec<String>,
}

/// What became of an item written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// It was new.
    New,
    /// It was known and has not changed.
    Known,
    /// It was known; title or text changed, so it is a new version and waits for analysis again.
    Version,
}

/// Takes the next number of the items' sequence; the row lock makes numbers become visible in order.
pub(super) const NEXT_SEQ: &str = "update sequence set value = value + 1 where name = 'items' returning value";

/// Keeps the text of `before` as a version and gives the item its new words; it waits for analysis again.
macro_rules! replace_text {
    ($tx:ident, $before:expr, $title:expr, $text:expr, $snapshot:expr, $now:expr) => {{
        sqlx::query(
            "insert into item_versions (item, at, title, body, snapshot)
             values ($1, $2, $3, $4, (select snapshot from items where id = $1)) on conflict (item, at) do nothing",
        )
        .bind($before.id.as_str())
        .bind($now.timestamp_millis())
        .bind(&$before.title)
        .bind(&$before.text)
        .execute(&mut *$tx)
        .await?;
        let mut after = $before.clone();
        after.title.clone_from($title);
        after.text.clone_from($text);
        let seq: i64 = sqlx::query_scalar(NEXT_SEQ).fetch_one(&mut *$tx).await?;
        sqlx::query(
            "update items set item = $2, seq = $3, analysed = 0, expired = 0, refreshed = $5,
             snapshot = coalesce($4, snapshot) where id = $1",
        )
        .bind(after.id.as_str())
        .bind(to_json(&after)?)
        .bind(seq)
        .bind($snapshot)
        .bind($now.timestamp_millis())
        .execute(&mut *$tx)
        .await?;
    }};
}

/// The item with the engagement of observations that came before it.
macro_rules! with_observations {
    ($tx:ident, $item:expr) => {{
        let mut item = $item;
        let seen: Vec<(String,)> = sqlx::query_as("select observation from observations where item = $1 order by at")
            .bind(item.id.as_str())
            .fetch_all(&mut *$tx)
            .await?;
        for (json,) in &seen {
            let observation: Observation = from_json(&format!("observations {}", item.id), json)?;
            if let Some(engagement) = observation.engagement {
                item.engagement = engagement;
            }
        }
        item
    }};
}

/// Writes one item down inside a transaction, without what names a private person, which is sealed.
macro_rules! insert_item {
    ($tx:ident, $new:expr, $guarded:expr, $now:expr) => {{
        let item: &Item = &$guarded.item;
        if let Some(kept) = &$new.evidence {
            insert_evidence!($tx, kept);
        }
        let known: Option<(String,)> = sqlx::query_as("select item from items where id = $1")
            .bind(item.id.as_str())
            .fetch_optional(&mut *$tx)
            .await?;
        match known {
            Some((json,)) => {
                let before: Item = from_json(&format!("items {}", item.id), &json)?;
                if (&before.title, &before.text) == (&item.title, &item.text) {
                    confirm!($tx, item, $now);
                    Inserted::Known
                } else {
                    replace_text!($tx, before, &item.title, &item.text, &$new.snapshot, $now);
                    Inserted::Version
                }
            }
            None => {
                let observed = with_observations!($tx, item.clone());
                let seq: i64 = sqlx::query_scalar(NEXT_SEQ).fetch_one(&mut *$tx).await?;
                let collected = item.collected_at.unwrap_or($now).timestamp_millis();
                sqlx::query(
                    "insert into items (id, seq, source, kind, platform, access, published, collected, parent, item,
                                        snapshot, method, warnings, guarded, refreshed)
                     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1, $14)",
                )
                .bind(item.id.as_str())
                .bind(seq)
                .bind(item.source.as_str())
                .bind(item.kind.as_str())
                .bind(item.platform.as_str())
                .bind(item.access.as_str())
                .bind(item.time($now).timestamp_millis())
                .bind(collected)
                .bind(item.parent.as_ref().map(|p| p.as_str().to_owned()))
                .bind(to_json(&observed)?)
                .bind(&$new.snapshot)
                .bind(&$new.method)
                .bind(to_json(&$new.warnings)?)
                .bind($now.timestamp_millis())
                .execute(&mut *$tx)
                .await?;
                if let Some(sealed) = &$guarded.sealed {
                    insert_sealed!($tx, item.id, sealed, $now);
                }
                Inserted::New
            }
        }
    }};
}

/// Notes that the platform still shows an item, once a day where that decides how long it may be kept.
macro_rules! confirm {
    ($tx:ident, $item:expr, $now:expr) => {
        if $item.platform == Platform::Youtube {
            sqlx::query("update items set refreshed = $2 where id = $1 and refreshed <= $3")
                .bind($item.id.as_str())
                .bind($now.timestamp_millis())
                .bind(($now - chrono::Duration::days(1)).timestamp_millis())
                .execute(&mut *$tx)
                .await?;
        }
    };
}

/// An observation as it may be kept: accounts named in an edit of a social item are masked, as in the item.
fn without_names(observation: &Observation, item: Option<&Item>) -> Observation {
    let mut kept = observation.clone();
    if item.is_none_or(Item::is_social) {
        kept.title = kept.title.as_deref().map(masked_text);
        kept.text = kept.text.as_deref().map(masked_text);
    }
    kept
}

impl Store {
    /// Writes items down, all in one transaction. The same id again changes nothing unless title or text changed. What names
    /// a private person is sealed and kept apart.
    ///
    /// # Errors
    /// When the database fails or there is no key; then none is written.
    pub async fn insert_items(&self, items: &[NewItem], now: Time) -> Result<Vec<Inserted>> {
        let mut outcomes = Vec::with_capacity(items.len());
        let guarded: Vec<Guarded> = items.iter().map(|new| self.guard(&new.item)).collect::<Result<_>>()?;
        writing!(self, |tx| {
            for (new, guarded) in items.iter().zip(&guarded) {
                let outcome = insert_item!(tx, new, guarded, now);
                outcomes.push(outcome);
            }
        });
        Ok(outcomes)
    }

    /// Writes down the item an entry led to, ends the entry and plans the next look at it, in one transaction.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_item_of_entry(
        &self,
        new: &NewItem,
        entry: &StoredEntry,
        look: Option<NextLook>,
        now: Time,
    ) -> Result<Inserted> {
        let guarded = self.guard(&new.item)?;
        Ok(writing!(self, |tx| {
            let outcome = insert_item!(tx, new, guarded, now);
            finish!(tx, entry, EntryState::Stored, new.method.as_str(), look, now);
            outcome
        }))
    }

    /// Writes down what was seen of items later. Of an item not known yet it is kept until the item comes.
    /// Returns how many were new.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_observations(&self, observations: &[Observation]) -> Result<usize> {
        let mut fresh = 0;
        writing!(self, |tx| {
            for observation in observations {
                let known: Option<(String,)> = sqlx::query_as("select item from items where id = $1")
                    .bind(observation.id.as_str())
                    .fetch_optional(&mut *tx)
                    .await?;
                let before: Option<Item> = known
                    .map(|(json,)| from_json(&format!("items {}", observation.id), &json))
                    .transpose()?;
                let observation = &without_names(observation, before.as_ref());
                let at = observation.collected_at;
                let inserted = sqlx::query(
                    "insert into observations (item, at, observation) values ($1, $2, $3) on conflict (item, at) do nothing",
                )
                .bind(observation.id.as_str())
                .bind(at.timestamp_millis())
                .bind(to_json(observation)?)
                .execute(&mut *tx)
                .await?;
                if inserted.rows_affected() == 0 {
                    continue;
                }
                fresh += 1;
                let Some(before) = before else { continue };
                if !observation.removed {
                    confirm!(tx, before, at);
                }
                let title = observation.title.as_ref().unwrap_or(&before.title);
                let text = observation.text.as_ref().unwrap_or(&before.text);
                if (title, text) != (&before.title, &before.text) {
                    replace_text!(tx, before, title, text, None::<String>, at);
                }
                let mut after = before.clone();
                after.title.clone_from(title);
                after.text.clone_from(text);
                after.engagement = observation.engagement.unwrap_or(before.engagement);
                sqlx::query(
                    "update items set item = $2, removed = case when $3 = 1 then 1 else removed end where id = $1",
                )
                .bind(observation.id.as_str())
                .bind(to_json(&after)?)
                .bind(i64::from(observation.removed))
                .execute(&mut *tx)
                .await?;
            }
        });
        Ok(fresh)
    }

    /// The item called `id`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_item(&self, id: &ItemId) -> Result<Option<Item>> {
        let row: Option<(String,)> = reading!(self, |db| sqlx::query_as("select item from items where id = $1")
            .bind(id.as_str())
            .fetch_optional(db)
            .await?);
        row.map(|(json,)| from_json(&format!("items {id}"), &json)).transpose()
    }

    /// Which of `ids` are known.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn known_items(&self, ids: &[ItemId]) -> Result<std::collections::BTreeSet<ItemId>> {
        let mut known = std::collections::BTreeSet::new();
        for some in ids.chunks(100) {
            let places: Vec<String> = (1..=some.len()).map(|place| format!("${place}")).collect();
            let sql = format!("select id from items where id in ({})", places.join(", "));
            let rows: Vec<(String,)> = reading!(self, |db| {
                let mut query = sqlx::query_as(sqlx::AssertSqlSafe(sql));
                for id in some {
                    query = query.bind(id.as_str());
                }
                query.fetch_all(db).await?
            });
            known.extend(rows.into_iter().map(|(id,)| ItemId(id)));
        }
        Ok(known)
    }

    /// Items that wait for analysis, in order of collecting.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn items_unanalysed(&self, limit: i64) -> Result<Vec<Item>> {
        let sql = "select id, item from items where analysed = 0 order by collected, id limit $1";
        let rows: Vec<(String, String)> = reading!(self, |db| sqlx::query_as(sql).bind(limit).fetch_all(db).await?);
        rows.into_iter()
            .map(|(id, json)| from_json(&format!("items {id}"), &json))
            .collect()
    }

    /// How many items wait for analysis.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_unanalysed(&self) -> Result<i64> {
        let sql = "select count(*) from items where analysed = 0";
        Ok(reading!(self, |db| sqlx::query_scalar(sql).fetch_one(db).await?))
    }

    /// What was seen of an item later, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn observations_of(&self, id: &ItemId) -> Result<Vec<Observation>> {
        let sql = "select observation from observations where item = $1 order by at";
        let rows: Vec<(String,)> = reading!(self, |db| sqlx::query_as(sql).bind(id.as_str()).fetch_all(db).await?);
        rows.iter()
            .map(|(json,)| from_json(&format!("observations {id}"), json))
            .collect()
    }

    /// Observations of relevant items seen after `from`, in order of time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn observations_after(&self, from: Time) -> Result<Vec<Observation>> {
        let sql = "select o.observation from observations o join items i on i.id = o.item
                   where o.at > $1 and i.relevant = 1 order by o.at, o.item";
        let rows: Vec<(String,)> = reading!(self, |db| sqlx::query_as(sql)
            .bind(from.timestamp_millis())
            .fetch_all(db)
            .await?);
        rows.iter().map(|(json,)| from_json("observations", json)).collect()
    }

    /// Earlier wordings of an item: until when, title, text; oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn versions_of(&self, id: &ItemId) -> Result<Vec<(Time, String, String)>> {
        let sql = "select at, title, body from item_versions where item = $1 order by at";
        let rows: Vec<(i64, String, String)> =
            reading!(self, |db| sqlx::query_as(sql).bind(id.as_str()).fetch_all(db).await?);
        Ok(rows
            .into_iter()
            .map(|(at, title, text)| (from_unix_ms(at), title, text))
            .collect())
    }

    /// What the wordings of an item were read from, newest first; `None` when there is no such item.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn snapshots_of(&self, id: &ItemId) -> Result<Option<Vec<String>>> {
        let sql = "select snapshot from items where id = $1";
        let now: Option<(Option<String>,)> = reading!(self, |db| sqlx::query_as(sql)
            .bind(id.as_str())
            .fetch_optional(db)
            .await?);
        let Some((now,)) = now else { return Ok(None) };
        let sql = "select snapshot from item_versions where item = $1 and snapshot is not null order by at desc";
        let earlier: Vec<(String,)> = reading!(self, |db| sqlx::query_as(sql).bind(id.as_str()).fetch_all(db).await?);
        let mut names: Vec<String> = now.into_iter().chain(earlier.into_iter().map(|(name,)| name)).collect();
        names.dedup();
        Ok(Some(names))
    }
}
