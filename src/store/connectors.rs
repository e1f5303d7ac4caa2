//! Connectors to official APIs: how each is, and the ledger of what is spent of a day's quota.

use super::backend::{reading, writing};
use super::{Result, Store, from_word};
use crate::model::connector::{Connector, Quota, Standing};
use crate::model::{Time, from_unix_ms};

#[derive(sqlx::FromRow)]
struct Row {
    name: String,
    label: String,
    platform: String,
    standing: String,
    reason: String,
    remedy: String,
    since: Option<i64>,
    last_ok: Option<i64>,
    resume: Option<i64>,
    failures: i64,
}

impl TryFrom<Row> for Connector {
    type Error = super::Error;

    fn try_from(row: Row) -> Result<Self> {
        let key = format!("connectors {}", row.name);
        Ok(Connector {
            platform: from_word(&key, &row.platform)?,
            standing: from_word(&key, &row.standing)?,
            name: row.name,
            label: row.label,
            reason: row.reason,
            remedy: row.remedy,
            since: row.since.map(from_unix_ms),
            last_ok: row.last_ok.map(from_unix_ms),
            resume: row.resume.map(from_unix_ms),
            failures: row.failures,
        })
    }
}

impl Store {
    /// Makes the configured connectors known: new ones begin, the rest keep their state, but one whose access had ended is
    /// asked at once, for its credential may be a new one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_connectors(&self, configured: &[Connector]) -> Result<()> {
        writing!(self, |tx| {
            for connector in configured {
                sqlx::query(
                    "insert into connectors (name, label, platform, standing, reason, remedy, failures)
                     values ($1, $2, $3, $4, '', '', 0)
                     on conflict (name) do update set label = excluded.label,
                       resume = case when connectors.standing = $5 then null else connectors.resume end",
                )
                .bind(&connector.name)
                .bind(&connector.label)
                .bind(connector.platform.as_str())
                .bind(Standing::New.as_str())
                .bind(Standing::Ended.as_str())
                .execute(&mut *tx)
                .await?;
            }
        });
        Ok(())
    }

    /// Takes out the connectors that are not `configured` any more, with their alarms; their errands stay, so that nothing
    /// is read twice if they come back.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drop_connectors(&self, configured: &[Connector], now: Time) -> Result<()> {
        writing!(self, |tx| {
            let known: Vec<(String,)> = sqlx::query_as("select name from connectors")
                .fetch_all(&mut *tx)
                .await?;
            for (name,) in known {
                if !configured.iter().any(|connector| connector.name == name) {
                    sqlx::query("delete from connectors where name = $1")
                        .bind(&name)
                        .execute(&mut *tx)
                        .await?;
                    sqlx::query("update alarms set ended = $2 where source = $1 and ended is null")
                        .bind(&name)
                        .bind(now.timestamp_millis())
                        .execute(&mut *tx)
                        .await?;
                }
            }
        });
        Ok(())
    }

    /// All connectors, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_connectors(&self) -> Result<Vec<Connector>> {
        let sql = "select name, label, platform, standing, reason, remedy, since, last_ok, resume, failures
                   from connectors order by name";
        let rows: Vec<Row> = reading!(self, |db| sqlx::query_as(sql).fetch_all(db).await?);
        rows.into_iter().map(Connector::try_from).collect()
    }

    /// The connector called `name`.
    ///
    /// # Errors
    /// When the database fails or there is none.
    pub async fn find_connector(&self, name: &str) -> Result<Connector> {
        let sql = "select name, label, platform, standing, reason, remedy, since, last_ok, resume, failures
                   from connectors where name = $1";
        let row: Option<Row> = reading!(self, |db| sqlx::query_as(sql).bind(name).fetch_optional(db).await?);
        row.ok_or_else(|| super::Error::NotFound(format!("connector {name}")))?
            .try_into()
    }

    /// Writes down how a connector is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn record_connector(&self, connector: &Connector) -> Result<()> {
        let ms = |time: Option<Time>| time.map(|t| t.timestamp_millis());
        writing!(self, |tx| sqlx::query(
            "update connectors set standing = $2, reason = $3, remedy = $4, since = $5, last_ok = $6, resume = $7,
                                   failures = $8 where name = $1"
        )
        .bind(&connector.name)
        .bind(connector.standing.as_str())
        .bind(&connector.reason)
        .bind(&connector.remedy)
        .bind(ms(connector.since))
        .bind(ms(connector.last_ok))
        .bind(ms(connector.resume))
        .bind(connector.failures)
        .execute(&mut *tx)
        .await?
        .rows_affected());
        Ok(())
    }

    /// Spends one of `granted` calls of a bucket on a day, before the call is made: a process killed between the two has
    /// spent too much in the ledger, never at the provider. Returns whether there was one left.
    ///
    /// # Errors
    /// When the database fails; then nothing may be called.
    pub async fn spend(&self, provider: &str, bucket: &str, day: &str, granted: i64) -> Result<bool> {
        if granted <= 0 {
            return Ok(false);
        }
        let sql = "insert into quota (provider, bucket, day, used, granted) values ($1, $2, $3, 1, $4)
                   on conflict (provider, bucket, day)
                   do update set used = quota.used + 1, granted = excluded.granted where quota.used < excluded.granted";
        let spent = writing!(self, |tx| sqlx::query(sql)
            .bind(provider)
            .bind(bucket)
            .bind(day)
            .bind(granted)
            .execute(&mut *tx)
            .await?
            .rows_affected());
        Ok(spent > 0)
    }

    /// Notes that the provider says a bucket is empty for the day, whatever our own count.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn exhaust(&self, provider: &str, bucket: &str, day: &str) -> Result<()> {
        let sql = "update quota set used = granted where provider = $1 and bucket = $2 and day = $3";
        writing!(self, |tx| sqlx::query(sql)
            .bind(provider)
            .bind(bucket)
            .bind(day)
            .execute(&mut *tx)
            .await?
            .rows_affected());
        Ok(())
    }

    /// What was spent of each bucket of a provider on a day.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn quota(&self, provider: &str, day: &str) -> Result<Vec<Quota>> {
        let sql = "select provider, bucket, used, granted from quota where provider = $1 and day = $2 order by bucket";
        let rows: Vec<(String, String, i64, i64)> = reading!(self, |db| sqlx::query_as(sql)
            .bind(provider)
            .bind(day)
            .fetch_all(db)
            .await?);
        let quota = |(provider, bucket, used, granted)| Quota {
            provider,
            bucket,
            used,
            granted,
        };
        Ok(rows.into_iter().map(quota).collect())
    }
}
