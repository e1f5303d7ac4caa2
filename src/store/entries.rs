//! Entries: what feeds list and what became of it. Every entry ends in a named state.

use super::backend::{claiming, reading, writing};
use super::ledger::count;
use super::{Result, Store, from_json, from_word, to_json};
use crate::model::entry::{Entry, EntryState, StoredEntry};
use crate::model::{SourceId, Time, from_unix_ms};

/// When a stored article is looked at again, never when `next` is `None`; and what its page calls its last change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextLook {
    /// When.
    pub next: Option<Time>,
    /// The last change the page states.
    pub modified: Option<Time>,
}

#[derive(sqlx::FromRow)]
struct Row {
    url: String,
    source: String,
    feed: String,
    entry: String,
    state: String,
    attempts: i64,
    next_attempt: i64,
    first_seen: i64,
    reason: String,
}

impl TryFrom<Row> for StoredEntry {
    type Error = super::Error;
    fn try_from(row: Row) -> Result<Self> {
        let name = format!("entries {}", row.url);
        Ok(StoredEntry {
            source: SourceId(row.source),
            feed_url: row.feed,
            entry: from_json(&name, &row.entry)?,
            state: from_word(&name, &row.state)?,
            attempts: row.attempts,
            next_attempt: from_unix_ms(row.next_attempt),
            first_seen: from_unix_ms(row.first_seen),
            reason: row.reason,
            url: row.url,
        })
    }
}

/// A stored article that is due to be looked at again.
#[derive(Debug, Clone, PartialEq)]
pub struct Recheck {
    /// Canonical URL, the key of its entry.
    pub url: String,
    /// Address it is fetched from.
    pub fetch_url: String,
    /// How many times it was looked at again, this one included.
    pub number: i64,
    /// What its page called its last change.
    pub modified: Option<Time>,
}

/// An entry to be written down: canonical URL, what the feed says, its state and why.
pub type NewEntry = (String, Entry, EntryState, String);

impl Store {
    /// Writes down what a feed lists; addresses already known stay as they are. Returns how many were new.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_entries(
        &self,
        source: &SourceId,
        feed: &str,
        entries: &[NewEntry],
        now: Time,
    ) -> Result<usize> {
        self.insert_entries_in(source, feed, entries, false, now).await
    }

    /// The same for entries of a catch-up, which are fetched after all fresh ones.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_late_entries(
        &self,
        source: &SourceId,
        feed: &str,
        entries: &[NewEntry],
        now: Time,
    ) -> Result<usize> {
        self.insert_entries_in(source, feed, entries, true, now).await
    }

    async fn insert_entries_in(
        &self,
        source: &SourceId,
        feed: &str,
        entries: &[NewEntry],
        late: bool,
        now: Time,
    ) -> Result<usize> {
        let mut rows = Vec::with_capacity(entries.len());
        for (url, entry, state, reason) in entries {
            rows.push((url, to_json(entry)?, *state, reason));
        }
        let ms = now.timestamp_millis();
        let mut fresh = 0;
        writing!(self, |tx| {
            for (url, json, state, reason) in &rows {
                let done = (*state != EntryState::Pending && *state != EntryState::Sampled).then_some(ms);
                let stored_state = if *state == EntryState::Sampled {
                    EntryState::Pending
                } else {
                    *state
                };
                let result = sqlx::query(
                    "insert into entries (url, source, feed, entry, state, next_attempt, first_seen, finished_at, reason, late)
                     values ($1, $2, $3, $4, $5, $6, $6, $7, $8, $9) on conflict (url) do nothing",
                )
                .bind(url.as_str())
                .bind(source.as_str())
                .bind(feed)
                .bind(json)
                .bind(stored_state.as_str())
                .bind(ms)
                .bind(done)
                .bind(reason.as_str())
                .bind(i64::from(late))
                .execute(&mut *tx)
                .await?;
                if result.rows_affected() > 0 {
                    fresh += 1;
                    let gate = match state {
                        EntryState::Pending => "gate_passed",
                        EntryState::Sampled => "gate_sampled",
                        other => other.as_str(),
                    };
                    count!(tx, gate, source.as_str(), 1_i64, now);
                }
            }
        });
        Ok(fresh)
    }

    /// The entries of `source` that wait and are due, fresh ones before those of a catch-up, oldest first, leased for
    /// `lease_ms`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_entries(
        &self,
        source: &SourceId,
        now: Time,
        limit: i64,
        lease_ms: i64,
    ) -> Result<Vec<StoredEntry>> {
        let sql = claiming!(
            self,
            "update entries set lease_until = $1, attempts = attempts + 1
             where url in (select url from entries
                           where source = $2 and state = 'pending' and next_attempt <= $3 and lease_until <= $3
                           order by late, first_seen, url limit $4",
            ") returning url, source, feed, entry, state, attempts, next_attempt, first_seen, reason"
        );
        let ms = now.timestamp_millis();
        let rows: Vec<Row> = writing!(self, |tx| sqlx::query_as(sql)
            .bind(ms + lease_ms)
            .bind(source.as_str())
            .bind(ms)
            .bind(limit)
            .fetch_all(&mut *tx)
            .await?);
        let mut entries = rows
            .into_iter()
            .map(StoredEntry::try_from)
            .collect::<Result<Vec<_>>>()?;
        entries.sort_by(|a, b| (a.first_seen, &a.url).cmp(&(b.first_seen, &b.url)));
        Ok(entries)
    }

    /// Ends an entry in a state, with the reason; counted under the state's name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn finish_entry(&self, entry: &StoredEntry, state: EntryState, reason: &str, now: Time) -> Result<()> {
        let sql = "update entries set state = $2, reason = $3, finished_at = $4, recheck_at = null, modified = null,
                                      lease_until = 0 where url = $1 and state = 'pending'";
        writing!(self, |tx| {
            let done = sqlx::query(sql)
                .bind(&entry.url)
                .bind(state.as_str())
                .bind(reason)
                .bind(now.timestamp_millis())
                .execute(&mut *tx)
                .await?;
            if done.rows_affected() > 0 {
                count!(tx, state.as_str(), entry.source.as_str(), 1_i64, now);
            }
        });
        Ok(())
    }

    /// Lets an entry wait until `next`, with what went wrong.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn retry_entry(&self, url: &str, next: Time, reason: &str) -> Result<()> {
        let sql =
            "update entries set next_attempt = $2, reason = $3, lease_until = 0 where url = $1 and state = 'pending'";
        writing!(self, |tx| sqlx::query(sql)
            .bind(url)
            .bind(next.timestamp_millis())
            .bind(reason)
            .execute(&mut *tx)
            .await?
            .rows_affected());
        Ok(())
    }

    /// How many entries wait to be fetched.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn waiting_entries(&self) -> Result<i64> {
        let sql = "select count(*) from entries where state = 'pending'";
        Ok(reading!(self, |db| sqlx::query_scalar(sql).fetch_one(db).await?))
    }

    /// Stored articles of `source` that are due to be looked at again, leased for `lease_ms`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_rechecks(
        &self,
        source: &SourceId,
        now: Time,
        limit: i64,
        lease_ms: i64,
    ) -> Result<Vec<Recheck>> {
        let sql = claiming!(
            self,
            "update entries set lease_until = $1, rechecks = rechecks + 1
             where url in (select url from entries
                           where source = $2 and state = 'stored' and recheck_at <= $3 and lease_until <= $3
                           order by recheck_at, url limit $4",
            ") returning url, entry, rechecks, modified"
        );
        let ms = now.timestamp_millis();
        let rows: Vec<(String, String, i64, Option<i64>)> = writing!(self, |tx| sqlx::query_as(sql)
            .bind(ms + lease_ms)
            .bind(source.as_str())
            .bind(ms)
            .bind(limit)
            .fetch_all(&mut *tx)
            .await?);
        rows.into_iter()
            .map(|(url, json, number, modified)| {
                let entry: Entry = from_json(&format!("entries {url}"), &json)?;
                Ok(Recheck {
                    fetch_url: entry.url,
                    url,
                    number,
                    modified: modified.map(from_unix_ms),
                })
            })
            .collect()
    }

    /// Plans when a stored article is looked at again.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn plan_recheck(&self, url: &str, look: NextLook) -> Result<()> {
        let sql = "update entries set recheck_at = $2, modified = $3, lease_until = 0 where url = $1";
        writing!(self, |tx| sqlx::query(sql)
            .bind(url)
            .bind(look.next.map(|t| t.timestamp_millis()))
            .bind(look.modified.map(|t| t.timestamp_millis()))
            .execute(&mut *tx)
            .await?
            .rows_affected());
        Ok(())
    }

    /// Lets an entry that ended without an item be fetched after all. Returns whether there was one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn reopen_entry(&self, url: &str, now: Time) -> Result<bool> {
        let sql = "update entries set state = 'pending', attempts = 0, next_attempt = $2, finished_at = null
                   where url = $1 and state in ('gated_out', 'gone', 'refused', 'failed')";
        let reopened = writing!(self, |tx| sqlx::query(sql)
            .bind(url)
            .bind(now.timestamp_millis())
            .execute(&mut *tx)
            .await?
            .rows_affected());
        Ok(reopened > 0)
    }

    /// What became of an address a feed listed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_entry(&self, url: &str) -> Result<Option<StoredEntry>> {
        let sql = "select url, source, feed, entry, state, attempts, next_attempt, first_seen, reason from entries
                   where url = $1";
        let row: Option<Row> = reading!(self, |db| sqlx::query_as(sql).bind(url).fetch_optional(db).await?);
        row.map(StoredEntry::try_from).transpose()
    }
}
