//! Items, their versions and what was seen of them later.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use futures::FutureExt;

use super::backend::{reading, writing};
use super::entries::NextLook;
use super::evidence::insert_evidence;
use super::ledger::count;
use super::private::{Guarded, insert_sealed};
use super::{Result, Store, from_json, to_json};
use crate::model::entry::{EntryState, StoredEntry};
use crate::model::evidence::Kept;
use crate::model::item::{Item, Observation, masked_text};
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

/// Items written with one statement: far below the parameters a statement may have.
const TOGETHER: usize = 100;

/// Takes the next numbers of the items' sequence and gives the last; the row lock makes numbers become visible in order.
pub(super) const NEXT_SEQ: &str = "update sequence set value = value + $1 where name = 'items' returning value";

/// Keeps what an item said until a moment, in milliseconds.
macro_rules! keep_wording {
    ($tx:ident, $id:expr, $until:expr, $title:expr, $text:expr, $snapshot:expr) => {
        sqlx::query(
            "insert into item_versions (item, at, title, body, snapshot) values ($1, $2, $3, $4, $5)
             on conflict (item, at) do nothing",
        )
        .bind($id.as_str())
        .bind($until)
        .bind($title)
        .bind($text)
        .bind($snapshot)
        .execute(&mut *$tx)
        .await?
    };
}

/// Keeps the text of `before` as a version and gives the item its new words; it waits for analysis again.
macro_rules! replace_text {
    ($tx:ident, $before:expr, $title:expr, $text:expr, $snapshot:expr, $now:expr) => {{
        let read_from: (Option<String>,) = sqlx::query_as("select snapshot from items where id = $1")
            .bind($before.id.as_str())
            .fetch_one(&mut *$tx)
            .await?;
        keep_wording!(
            $tx,
            $before.id,
            $now.timestamp_millis(),
            &$before.title,
            &$before.text,
            &read_from.0
        );
        let mut after = $before.clone();
        after.title.clone_from($title);
        after.text.clone_from($text);
        let seq: i64 = sqlx::query_scalar(NEXT_SEQ).bind(1_i64).fetch_one(&mut *$tx).await?;
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

/// The rows of a table, two columns of text each, whose first column is one of `$ids`.
macro_rules! pairs_of {
    ($tx:ident, $select:literal, $ids:expr, $order:literal) => {{
        let mut query = sqlx::QueryBuilder::new($select);
        let mut places = query.separated(", ");
        for id in $ids {
            places.push_bind(id);
        }
        query.push($order);
        let rows: Vec<(String, String)> = query.build_query_as().fetch_all(&mut *$tx).await?;
        rows
    }};
}

/// Writes items down inside a transaction, each id once and without what names a private person, which is sealed; gives
/// what became of each.
macro_rules! insert_batch {
    ($store:expr, $tx:ident, $batch:expr, $now:expr) => {{
        let (batch, now): (&[&NewItem], Time) = ($batch, $now);
        let guarded: Vec<Guarded> = batch.iter().map(|new| $store.guard(&new.item)).collect::<Result<_>>()?;
        insert_evidence!($tx, batch.iter().filter_map(|new| new.evidence.as_ref()));
        let ids = || batch.iter().map(|new| new.item.id.as_str().to_owned());
        let known = pairs_of!($tx, "select id, item from items where id in (", ids(), ")");
        let known: BTreeMap<String, String> = known.into_iter().collect();
        let seen = pairs_of!(
            $tx,
            "select item, observation from observations where item in (",
            ids(),
            ") order by item, at"
        );
        let (mut outcomes, mut fresh) = (Vec::with_capacity(batch.len()), Vec::new());
        for (new, guarded) in batch.iter().zip(&guarded) {
            let item: &Item = &guarded.item;
            outcomes.push(match known.get(item.id.as_str()) {
                None => {
                    if let Some(sealed) = &guarded.sealed {
                        insert_sealed!($tx, item.id, sealed, now);
                    }
                    fresh.push((*new, Observed::of(item, &seen)?));
                    Inserted::New
                }
                Some(json) => {
                    let before: Item = from_json(&format!("items {}", item.id), json)?;
                    if (&before.title, &before.text) == (&item.title, &item.text) {
                        confirm!($tx, item, now);
                        Inserted::Known
                    } else {
                        replace_text!($tx, before, &item.title, &item.text, &new.snapshot, now);
                        Inserted::Version
                    }
                }
            });
        }
        if !fresh.is_empty() {
            let count = fresh.len() as i64;
            let last: i64 = sqlx::query_scalar(NEXT_SEQ).bind(count).fetch_one(&mut *$tx).await?;
            let mut rows = Vec::with_capacity(fresh.len());
            for ((new, observed), seq) in fresh.iter().zip(last - count + 1..) {
                rows.push((*new, observed, seq, to_json(&observed.item)?, to_json(&new.warnings)?));
            }
            let mut query = sqlx::QueryBuilder::new(
                "insert into items (id, seq, source, kind, platform, access, published, collected, parent, item,
                                    snapshot, method, warnings, removed, guarded, refreshed) ",
            );
            query.push_values(rows, |mut row, (new, observed, seq, json, warnings)| {
                let item = &observed.item;
                row.push_bind(item.id.as_str())
                    .push_bind(seq)
                    .push_bind(item.source.as_str())
                    .push_bind(item.kind.as_str())
                    .push_bind(item.platform.as_str())
                    .push_bind(item.access.as_str())
                    .push_bind(item.time(now).timestamp_millis())
                    .push_bind(item.collected_at.unwrap_or(now).timestamp_millis())
                    .push_bind(item.parent.as_ref().map(|parent| parent.as_str()))
                    .push_bind(json)
                    .push_bind(&new.snapshot)
                    .push_bind(&new.method)
                    .push_bind(warnings)
                    .push_bind(i64::from(observed.removed))
                    .push_bind(1_i64)
                    .push_bind(now.timestamp_millis());
            });
            query.build().execute(&mut *$tx).await?;
            for (new, observed) in &fresh {
                for (until, title, text) in &observed.wordings {
                    keep_wording!($tx, new.item.id, *until, title, text, &new.snapshot);
                }
            }
            // Answers that came before what they answer are understood again.
            let mut query = sqlx::QueryBuilder::new("update items set analysed = 0 where analysed = 1 and parent in (");
            let mut places = query.separated(", ");
            for (new, _) in &fresh {
                places.push_bind(new.item.id.as_str());
            }
            query.push(")");
            query.build().execute(&mut *$tx).await?;
        }
        outcomes
    }};
}

/// Notes that the platform still shows an item, once a day where that decides how long it may be kept.
macro_rules! confirm {
    ($tx:ident, $item:expr, $now:expr) => {
        if $item.platform == crate::model::item::Platform::Youtube {
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
pub(super) fn without_names(observation: &Observation, item: Option<&Item>) -> Observation {
    let mut kept = observation.clone();
    if item.is_none_or(Item::is_social) {
        kept.title = kept.title.as_deref().map(masked_text);
        kept.text = kept.text.as_deref().map(masked_text);
    }
    kept
}

/// An item as the observations that came before it say it is.
pub(super) struct Observed {
    pub(super) item: Item,
    pub(super) removed: bool,
    /// Wordings that were edited before it came: until when, title and text.
    pub(super) wordings: Vec<(i64, String, String)>,
}

impl Observed {
    pub(super) fn of(item: &Item, seen: &[(String, String)]) -> Result<Self> {
        let mut observed = Self {
            item: item.clone(),
            removed: false,
            wordings: Vec::new(),
        };
        let item = &mut observed.item;
        for (id, json) in seen.iter().filter(|(id, _)| id == item.id.as_str()) {
            let observation: Observation = from_json(&format!("observations {id}"), json)?;
            item.engagement = observation.engagement.unwrap_or(item.engagement);
            observed.removed |= observation.removed;
            let title = observation.title.unwrap_or_else(|| item.title.clone());
            let text = observation.text.unwrap_or_else(|| item.text.clone());
            if (&title, &text) != (&item.title, &item.text) {
                let before = (
                    std::mem::replace(&mut item.title, title),
                    std::mem::replace(&mut item.text, text),
                );
                let until = observation.collected_at.timestamp_millis();
                observed.wordings.push((until, before.0, before.1));
            }
        }
        Ok(observed)
    }
}

/// Writes one observation down inside a transaction and applies it, if its item is known. Gives whether it was new.
macro_rules! observe {
    ($tx:ident, $observation:expr, $snapshot:expr) => {{
        let observation: &Observation = $observation;
        let at = observation.collected_at;
        let known: Option<(String,)> = sqlx::query_as("select item from items where id = $1")
            .bind(observation.id.as_str())
            .fetch_optional(&mut *$tx)
            .await?;
        let before: Option<Item> = known
            .map(|(json,)| from_json(&format!("items {}", observation.id), &json))
            .transpose()?;
        let observation = &crate::store::items::without_names(observation, before.as_ref());
        let inserted = sqlx::query(
            "insert into observations (item, at, observation) values ($1, $2, $3) on conflict (item, at) do nothing",
        )
        .bind(observation.id.as_str())
        .bind(at.timestamp_millis())
        .bind(to_json(observation)?)
        .execute(&mut *$tx)
        .await?;
        let is_fresh = inserted.rows_affected() > 0;
        if let Some(before) = before.filter(|_| is_fresh) {
            if !observation.removed {
                confirm!($tx, before, at);
            }
            // An older wording told late never takes the place of a newer one.
            let later: Vec<(String,)> =
                sqlx::query_as("select observation from observations where item = $1 and at > $2 order by at")
                    .bind(observation.id.as_str())
                    .bind(at.timestamp_millis())
                    .fetch_all(&mut *$tx)
                    .await?;
            let mut is_newest = true;
            for (json,) in &later {
                let later: Observation = from_json(&format!("observations {}", observation.id), json)?;
                is_newest &= later.title.is_none() && later.text.is_none();
            }
            let title = observation
                .title
                .as_ref()
                .filter(|_| is_newest)
                .unwrap_or(&before.title);
            let text = observation.text.as_ref().filter(|_| is_newest).unwrap_or(&before.text);
            if (title, text) != (&before.title, &before.text) {
                replace_text!($tx, before, title, text, $snapshot, at);
            }
            let mut after = before.clone();
            after.title.clone_from(title);
            after.text.clone_from(text);
            after.engagement = observation.engagement.unwrap_or(before.engagement);
            sqlx::query("update items set item = $2, removed = case when $3 = 1 then 1 else removed end where id = $1")
                .bind(observation.id.as_str())
                .bind(to_json(&after)?)
                .bind(i64::from(observation.removed))
                .execute(&mut *$tx)
                .await?;
        }
        is_fresh
    }};
}

/// Cuts items into runs of at most [`TOGETHER`] in which no id comes twice.
fn runs<'a>(items: impl IntoIterator<Item = &'a NewItem>) -> Vec<Vec<&'a NewItem>> {
    let mut runs: Vec<Vec<&NewItem>> = Vec::new();
    let mut ids = BTreeSet::new();
    for new in items {
        let is_repeated = !ids.insert(&new.item.id);
        match runs.last_mut() {
            Some(run) if run.len() < TOGETHER && !is_repeated => run.push(new),
            _ => {
                ids = BTreeSet::from([&new.item.id]);
                runs.push(vec![new]);
            }
        }
    }
    runs
}

/// An article with the entry that led to it, waiting to be written.
#[derive(Debug, Clone)]
pub(super) struct Article {
    new: NewItem,
    entry: StoredEntry,
    look: Option<NextLook>,
    now: Time,
}

pub(super) use {confirm, insert_batch, keep_wording, observe, pairs_of, replace_text};

impl Store {
    /// Writes items down, all in one transaction. The same id again changes nothing unless title or text changed. What names
    /// a private person is sealed and kept apart.
    ///
    /// # Errors
    /// When the database fails or there is no key; then none is written.
    pub async fn insert_items(&self, items: &[NewItem], now: Time) -> Result<Vec<Inserted>> {
        let mut outcomes = Vec::with_capacity(items.len());
        writing!(self, |tx| {
            for run in runs(items) {
                outcomes.extend(insert_batch!(self, tx, &run, now));
            }
        });
        Ok(outcomes)
    }

    /// Writes down the item an entry led to, ends the entry and plans the next look at it, in one transaction; with
    /// what other tasks have to write at the same time, in the same one.
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
        let article = Article {
            new: new.clone(),
            entry: entry.clone(),
            look,
            now,
        };
        let write = |articles: Vec<Article>| async move { self.insert_articles(&articles).await }.boxed();
        self.together.write(article, write).await
    }

    async fn insert_articles(&self, articles: &[Article]) -> Result<Vec<Inserted>> {
        let Some(now) = articles.iter().map(|article| article.now).max() else {
            return Ok(Vec::new());
        };
        let mut outcomes = Vec::with_capacity(articles.len());
        writing!(self, |tx| {
            for run in runs(articles.iter().map(|article| &article.new)) {
                outcomes.extend(insert_batch!(self, tx, &run, now));
            }
            let mut ends = sqlx::QueryBuilder::new(
                "update entries set state = 'stored', reason = v.column2, finished_at = v.column3, recheck_at = v.column4,
                                    modified = v.column5, lease_until = 0 from (",
            );
            ends.push_values(articles, |mut row, article| {
                let ms = |of: fn(NextLook) -> Option<Time>| article.look.and_then(of).map(|t| t.timestamp_millis());
                row.push_bind(&article.entry.url)
                    .push_bind(&article.new.method)
                    .push_bind(article.now.timestamp_millis())
                    .push_bind(ms(|look| look.next))
                    .push_bind(ms(|look| look.modified));
            });
            ends.push(") as v where entries.url = v.column1 and entries.state = 'pending' returning entries.source");
            let ended: Vec<(String,)> = ends.build_query_as().fetch_all(&mut *tx).await?;
            let mut counts = BTreeMap::<String, i64>::new();
            for (source,) in ended {
                *counts.entry(source).or_default() += 1;
            }
            for (source, n) in counts {
                count!(tx, EntryState::Stored.as_str(), source, n, now);
            }
        });
        Ok(outcomes)
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
                let is_fresh = observe!(tx, observation, None::<&str>);
                fresh += usize::from(is_fresh);
            }
        });
        Ok(fresh)
    }

    /// Notes that their platform still shows items, where that decides how long they may be kept.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn confirm_items(&self, items: &[Item], now: Time) -> Result<()> {
        if items.is_empty() {
            return Ok(());
        }
        writing!(self, |tx| {
            for item in items {
                confirm!(tx, item, now);
            }
        });
        Ok(())
    }

    /// The item as it may be kept: without what names a private person.
    ///
    /// # Errors
    /// When there is no key.
    pub fn kept_form<'a>(&self, item: &'a Item) -> Result<Cow<'a, Item>> {
        Ok(self.guard(item)?.item)
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

    /// Items that wait for analysis, in order of collecting; what came together, in order of publication.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn items_unanalysed(&self, limit: i64) -> Result<Vec<Item>> {
        let sql = "select id, item from items where analysed = 0 order by collected, published, id limit $1";
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
