//! Errands of connectors: what is asked next, where reading stands, and what is never asked again and why.

use super::backend::{reading, writing};
use super::{Result, Store, from_word};
use crate::model::connector::{Errand, ErrandKind};
use crate::model::{ItemId, Time, from_unix_ms};

#[derive(sqlx::FromRow)]
struct Row {
    connector: String,
    kind: String,
    subject: String,
    item: Option<String>,
    due: i64,
    step: i64,
    cursor: String,
}

impl TryFrom<Row> for Errand {
    type Error = super::Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Errand {
            kind: from_word(&format!("errands {} {}", row.connector, row.subject), &row.kind)?,
            connector: row.connector,
            subject: row.subject,
            item: row.item.map(ItemId),
            due: from_unix_ms(row.due),
            step: row.step,
            cursor: row.cursor,
        })
    }
}

/// Open errands of `$1` that may be done: samplings only of what is relevant, and of the posts of own pages.
macro_rules! open {
    ($columns:literal, $rest:literal) => {
        concat!(
            "select ",
            $columns,
            " from errands e left join items i on i.id = e.item
             where e.connector = $1 and e.closed is null
               and (e.kind not in ('sample', 'sample_comment') or i.relevant = 1
                    or (i.access = 'own_page' and i.kind = 'post')) ",
            $rest
        )
    };
}

impl Store {
    /// Writes errands down; those known already stay as they are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_errands(&self, errands: &[Errand]) -> Result<()> {
        writing!(self, |tx| {
            for errand in errands {
                sqlx::query(
                    "insert into errands (connector, kind, subject, item, due, step, cursor)
                     values ($1, $2, $3, $4, $5, $6, $7) on conflict (connector, kind, subject) do nothing",
                )
                .bind(&errand.connector)
                .bind(errand.kind.as_str())
                .bind(&errand.subject)
                .bind(errand.item.as_ref().map(ItemId::as_str))
                .bind(errand.due.timestamp_millis())
                .bind(errand.step)
                .bind(&errand.cursor)
                .execute(&mut *tx)
                .await?;
            }
        });
        Ok(())
    }

    /// Opens an errand that may have been done before; one that is open goes on where it stands.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn renew_errand(&self, errand: &Errand) -> Result<()> {
        self.open_errands(std::slice::from_ref(errand)).await?;
        let sql = "update errands set closed = null, due = $4, cursor = ''
                   where connector = $1 and kind = $2 and subject = $3 and closed is not null";
        writing!(self, |tx| sqlx::query(sql)
            .bind(&errand.connector)
            .bind(errand.kind.as_str())
            .bind(&errand.subject)
            .bind(errand.due.timestamp_millis())
            .execute(&mut *tx)
            .await?
            .rows_affected());
        Ok(())
    }

    /// Whether an errand was ever written down.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_errand(&self, connector: &str, kind: ErrandKind, subject: &str) -> Result<bool> {
        Ok(self.why_closed(connector, kind, subject).await?.is_some())
    }

    /// Whether an errand is to be done again.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_open(&self, connector: &str, kind: ErrandKind, subject: &str) -> Result<bool> {
        Ok(self.why_closed(connector, kind, subject).await? == Some(None))
    }

    /// Why an errand was ended: `None` when there is none, `Some(None)` when it is open.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn why_closed(&self, connector: &str, kind: ErrandKind, subject: &str) -> Result<Option<Option<String>>> {
        let sql = "select closed from errands where connector = $1 and kind = $2 and subject = $3";
        Ok(reading!(self, |db| sqlx::query_scalar(sql)
            .bind(connector)
            .bind(kind.as_str())
            .bind(subject)
            .fetch_optional(db)
            .await?))
    }

    /// The errand to do next: what finds new things, then what is about relevant items, then the rest; among them what
    /// was done least often, then in order of time. `scarce`: the rest waits.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next_errand(&self, connector: &str, now: Time, scarce: bool) -> Result<Option<Errand>> {
        let sql = open!(
            "e.connector, e.kind, e.subject, e.item, e.due, e.step, e.cursor",
            "and e.due <= $2 and ($3 = 0 or e.item is null or i.relevant = 1)
             order by case when e.item is null then 0 when i.relevant = 1 then 1 else 2 end, e.step, e.due, e.kind,
                      e.subject limit 1"
        );
        let row: Option<Row> = reading!(self, |db| sqlx::query_as(sql)
            .bind(connector)
            .bind(now.timestamp_millis())
            .bind(i64::from(scarce))
            .fetch_optional(db)
            .await?);
        row.map(Errand::try_from).transpose()
    }

    /// Errands of one kind that are due, for calls that answer many at a time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn due_errands(&self, connector: &str, kind: ErrandKind, now: Time, limit: i64) -> Result<Vec<Errand>> {
        let sql = open!(
            "e.connector, e.kind, e.subject, e.item, e.due, e.step, e.cursor",
            "and e.kind = $2 and e.due <= $3
             order by case when i.relevant = 1 then 0 else 1 end, e.due, e.subject limit $4"
        );
        let rows: Vec<Row> = reading!(self, |db| sqlx::query_as(sql)
            .bind(connector)
            .bind(kind.as_str())
            .bind(now.timestamp_millis())
            .bind(limit)
            .fetch_all(db)
            .await?);
        rows.into_iter().map(Errand::try_from).collect()
    }

    /// When an errand of the connector is due next; `None` when there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next_errand_due(&self, connector: &str) -> Result<Option<Time>> {
        let sql = open!("min(e.due)", "");
        let due: Option<i64> = reading!(self, |db| sqlx::query_scalar(sql).bind(connector).fetch_one(db).await?);
        Ok(due.map(from_unix_ms))
    }

    /// Writes down where an errand stands: when it is due, its step and cursor. It is open afterwards.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn record_errand(&self, errand: &Errand) -> Result<()> {
        let sql = "update errands set due = $4, step = $5, cursor = $6, closed = null
                   where connector = $1 and kind = $2 and subject = $3";
        writing!(self, |tx| sqlx::query(sql)
            .bind(&errand.connector)
            .bind(errand.kind.as_str())
            .bind(&errand.subject)
            .bind(errand.due.timestamp_millis())
            .bind(errand.step)
            .bind(&errand.cursor)
            .execute(&mut *tx)
            .await?
            .rows_affected());
        Ok(())
    }

    /// Lets an errand wait until `due`; where it stands stays as it was written down last.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn postpone_errand(&self, errand: &Errand, due: Time) -> Result<()> {
        let sql = "update errands set due = $4 where connector = $1 and kind = $2 and subject = $3";
        writing!(self, |tx| sqlx::query(sql)
            .bind(&errand.connector)
            .bind(errand.kind.as_str())
            .bind(&errand.subject)
            .bind(due.timestamp_millis())
            .execute(&mut *tx)
            .await?
            .rows_affected());
        Ok(())
    }

    /// Ends an errand for good, saying why.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn close_errand(&self, connector: &str, kind: ErrandKind, subject: &str, why: &str) -> Result<()> {
        let sql = "update errands set closed = $4 where connector = $1 and kind = $2 and subject = $3";
        writing!(self, |tx| sqlx::query(sql)
            .bind(connector)
            .bind(kind.as_str())
            .bind(subject)
            .bind(why)
            .execute(&mut *tx)
            .await?
            .rows_affected());
        Ok(())
    }

    /// Opens an errand anew, due at `due`, if it was ended for `why`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn reopen_errand(
        &self,
        connector: &str,
        kind: ErrandKind,
        subject: &str,
        why: &str,
        due: Time,
    ) -> Result<()> {
        let sql = "update errands set closed = null, due = $5, cursor = ''
                   where connector = $1 and kind = $2 and subject = $3 and closed = $4";
        writing!(self, |tx| sqlx::query(sql)
            .bind(connector)
            .bind(kind.as_str())
            .bind(subject)
            .bind(why)
            .bind(due.timestamp_millis())
            .execute(&mut *tx)
            .await?
            .rows_affected());
        Ok(())
    }
}
