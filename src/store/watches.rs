//! Which process collects which host, where several share one database.

use super::backend::{reading, writing};
use super::{Result, Store};
use crate::model::Time;

impl Store {
    /// Says that the process `name` collects, until `until`; the names of all that do, in order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn collectors(&self, name: &str, now: Time, until: Time) -> Result<Vec<String>> {
        writing!(self, |tx| {
            sqlx::query("delete from collectors where until <= $1")
                .bind(now.timestamp_millis())
                .execute(&mut *tx)
                .await?;
            sqlx::query(
                "insert into collectors (name, until) values ($1, $2)
                 on conflict (name) do update set until = excluded.until",
            )
            .bind(name)
            .bind(until.timestamp_millis())
            .execute(&mut *tx)
            .await?;
        });
        let names: Vec<(String,)> = reading!(self, |db| sqlx::query_as("select name from collectors order by name")
            .fetch_all(db)
            .await?);
        Ok(names.into_iter().map(|(name,)| name).collect())
    }

    /// Takes or keeps a host for the process `holder` until `until`. Returns whether it has it: another process may.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hold_host(&self, host: &str, holder: &str, now: Time, until: Time) -> Result<bool> {
        let sql = "insert into watches (host, holder, until) values ($1, $2, $3)
                   on conflict (host) do update set holder = excluded.holder, until = excluded.until
                   where watches.holder = excluded.holder or watches.until <= $4";
        let held = writing!(self, |tx| sqlx::query(sql)
            .bind(host)
            .bind(holder)
            .bind(until.timestamp_millis())
            .bind(now.timestamp_millis())
            .execute(&mut *tx)
            .await?
            .rows_affected());
        Ok(held > 0)
    }

    /// Lets another process have a host from `from` on; nothing if `holder` does not hold it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn release_host(&self, host: &str, holder: &str, from: Time) -> Result<()> {
        writing!(self, |tx| sqlx::query(
            "update watches set until = $3 where host = $1 and holder = $2"
        )
        .bind(host)
        .bind(holder)
        .bind(from.timestamp_millis())
        .execute(&mut *tx)
        .await?
        .rows_affected());
        Ok(())
    }
}
