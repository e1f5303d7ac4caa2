//! Taking one item, or its words, out of the archive for good.

use super::backend::{reading, writing};
use super::{Result, Store, from_json, to_json};
use crate::model::alert::{Alert, AlertEvent};
use crate::model::analysis::Analysis;
use crate::model::entry::Entry;
use crate::model::item::{Access, Engagement, Item};
use crate::model::{ItemId, Time};

/// What stands in place of words that were erased.
const ERASED: &str = "(tin đã xóa theo quy định)";

/// Tables whose rows are an item's own.
const OWN: [&str; 9] = [
    "delete from item_versions where item = $1",
    "delete from observations where item = $1",
    "delete from analyses where item = $1",
    "delete from item_topics where item = $1",
    "delete from item_provinces where item = $1",
    "delete from story_items where item = $1",
    "delete from private_author where item = $1",
    "delete from capture where item = $1",
    "delete from capture_pictures where item = $1",
];

/// What is left of it elsewhere: its row, and its story's headline when that was its own.
const SHARED: [&str; 3] = [
    "delete from items where id = $1",
    "delete from stories where lead_item = $1
     and not exists (select 1 from story_items s where s.story = stories.id)",
    "update stories set title = '(tin đã xóa theo quy định)',
     lead_item = (select min(s.item) from story_items s where s.story = stories.id) where lead_item = $1",
];

/// What stands in place of words whose time was over.
const EXPIRED: &str = "(nội dung đã xóa khi hết thời hạn lưu)";

/// What goes of an item whose time was over, but its row and its analysis.
const EXPIRING: [&str; 4] = [
    "delete from item_versions where item = $1",
    "delete from observations where item = $1",
    "delete from private_author where item = $1",
    "update stories set title = '(tin đã xóa theo quy định)' where lead_item = $1",
];

/// Statements that free the space of erased rows; PostgreSQL writes the tables anew, so that nothing of them is left.
const POSTGRES: [&str; 8] = [
    "vacuum (full) items",
    "vacuum (full) item_versions",
    "vacuum (full) analyses",
    "vacuum (full) private_author",
    "vacuum (full) stories",
    "vacuum (full) entries",
    "vacuum (full) alerts",
    "vacuum (full) alert_events",
];

/// Takes an item's words out of alerts and their events inside a transaction, and its id too when it `$goes`.
macro_rules! forget_in_alerts {
    ($tx:ident, $item:expr, $named:expr, $goes:expr) => {{
        let alerts: Vec<(String, String)> = sqlx::query_as("select id, alert from alerts where alert like $1")
            .bind($named)
            .fetch_all(&mut *$tx)
            .await?;
        for (id, json) in alerts {
            let mut alert: Alert = from_json(&format!("alerts {id}"), &json)?;
            forget(&mut alert, $item, $goes);
            sqlx::query("update alerts set alert = $2 where id = $1")
                .bind(&id)
                .bind(to_json(&alert)?)
                .execute(&mut *$tx)
                .await?;
        }
        let events: Vec<(i64, String)> = sqlx::query_as("select id, body from alert_events where body like $1")
            .bind($named)
            .fetch_all(&mut *$tx)
            .await?;
        for (id, json) in events {
            let mut event: AlertEvent = from_json(&format!("alert_events {id}"), &json)?;
            forget(&mut event.alert, $item, $goes);
            sqlx::query("update alert_events set body = $2 where id = $1")
                .bind(id)
                .bind(to_json(&event)?)
                .execute(&mut *$tx)
                .await?;
        }
    }};
}

impl Store {
    /// Takes what a platform no longer confirms out of an item: words, author, address, counts of the platform, earlier
    /// wordings, what was seen of it, and its words in stories and alerts. The item itself, its place in its story and what
    /// was decided about it stay, so that figures do not change.
    ///
    /// # Errors
    /// When the database fails; then nothing is taken out.
    pub async fn expire_item(&self, item: &Item) -> Result<()> {
        self.maintain(&["pragma secure_delete = on"], &[]).await?;
        let id = item.id.as_str();
        let named = format!("%{}%", to_json(&item.id)?);
        let bare = Item {
            url: None,
            title: String::new(),
            text: EXPIRED.into(),
            author: None,
            thread: None,
            engagement: Engagement::default(),
            ..item.clone()
        };
        writing!(self, |tx| {
            for sql in EXPIRING {
                sqlx::query(sql).bind(id).execute(&mut *tx).await?;
            }
            let analysis: Option<(String,)> = sqlx::query_as("select analysis from analyses where item = $1")
                .bind(id)
                .fetch_optional(&mut *tx)
                .await?;
            if let Some((json,)) = analysis {
                let mut analysis: Analysis = from_json(&format!("analyses {id}"), &json)?;
                analysis.reasons.clear();
                sqlx::query("update analyses set analysis = $2 where item = $1")
                    .bind(id)
                    .bind(to_json(&analysis)?)
                    .execute(&mut *tx)
                    .await?;
            }
            let seq: i64 = sqlx::query_scalar(super::items::NEXT_SEQ)
                .bind(1_i64)
                .fetch_one(&mut *tx)
                .await?;
            sqlx::query("update items set item = $2, seq = $3, expired = 1 where id = $1")
                .bind(id)
                .bind(to_json(&bare)?)
                .bind(seq)
                .execute(&mut *tx)
                .await?;
            forget_in_alerts!(tx, item, &named, false);
        });
        Ok(())
    }

    /// Takes an item and everything read of it out of the archive, its words out of alerts; the leaves of its evidence
    /// stay in the log without content or salt. Its address stays, so that it is not collected again. Returns the ids of
    /// the editions that name it: those were sent, and are not changed.
    ///
    /// # Errors
    /// When the database fails; then nothing is taken out.
    pub async fn erase_item(&self, item: &Item, evidence: &[String], now: Time) -> Result<Vec<String>> {
        // Freed pages of SQLite are written over.
        self.maintain(&["pragma secure_delete = on"], &[]).await?;
        let id = item.id.as_str();
        let named = format!("%{}%", to_json(&item.id)?);
        // A tip, or a comment captured by hand, gives the address of what it is about.
        let is_about = item.access == Access::Tip || (item.access == Access::Manual && item.parent.is_some());
        let own = item.url.as_deref().filter(|_| !is_about);
        let titled = format!("%\"title\":{}%", to_json(&item.title)?);
        writing!(self, |tx| {
            sqlx::query("insert into erased (item, at) values ($1, $2) on conflict (item) do nothing")
                .bind(id)
                .bind(now.timestamp_millis())
                .execute(&mut *tx)
                .await?;
            for sql in OWN.into_iter().chain(SHARED) {
                sqlx::query(sql).bind(id).execute(&mut *tx).await?;
            }
            let entries: Vec<(String,)> = sqlx::query_as("select url from entries where url = $1 or entry like $2")
                .bind(own.unwrap_or_default())
                .bind(if item.title.is_empty() { "" } else { &titled })
                .fetch_all(&mut *tx)
                .await?;
            for (url,) in entries {
                let bare = Entry {
                    url: url.clone(),
                    ..Entry::default()
                };
                sqlx::query(
                    "update entries set entry = $2, state = 'gone', reason = 'erased', recheck_at = null where url = $1",
                )
                .bind(&url)
                .bind(to_json(&bare)?)
                .execute(&mut *tx)
                .await?;
            }
            forget_in_alerts!(tx, item, &named, true);
            for name in evidence {
                sqlx::query(
                    "update evidence set name = null, url = null, file = null, start = null, length = null, salt = null,
                     erased = $2 where name = $1",
                )
                .bind(name)
                .bind(now.timestamp_millis())
                .execute(&mut *tx)
                .await?;
            }
        });
        self.maintain(&["vacuum", "pragma wal_checkpoint(truncate)"], &POSTGRES)
            .await?;
        let editions: Vec<(String,)> = reading!(self, |db| sqlx::query_as(
            "select id from editions where edition like $1 order by id"
        )
        .bind(&named)
        .fetch_all(db)
        .await?);
        Ok(editions.into_iter().map(|(id,)| id).collect())
    }
}

impl Store {
    /// Whether an item was erased.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_erased(&self, id: &ItemId) -> Result<bool> {
        let found: Option<i64> = reading!(self, |db| sqlx::query_scalar("select at from erased where item = $1")
            .bind(id.as_str())
            .fetch_optional(db)
            .await?);
        Ok(found.is_some())
    }
}

/// Takes an item's words out of an alert: a headline that quotes it, wherever that stands; and the item when it `goes`.
fn forget(alert: &mut Alert, item: &Item, goes: bool) {
    alert.items.retain(|id| !goes || *id != item.id);
    let quoted = alert.title.trim_end_matches('…').trim();
    if !quoted.is_empty() && crate::text::squeeze(&item.full_text()).contains(quoted) {
        let title = std::mem::replace(&mut alert.title, ERASED.to_owned());
        alert.reason = alert.reason.replace(&title, ERASED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headline_of_a_story_is_replaced_by_the_same_words_as_that_of_an_alert() {
        assert!(SHARED[2].contains(ERASED) && EXPIRING[3].contains(ERASED));
    }
}
