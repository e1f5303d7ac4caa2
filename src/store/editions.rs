//! Frozen editions of the two digests.

use std::collections::{BTreeMap, BTreeSet};

use super::backend::{reading, writing};
use super::{Result, Store, from_json, from_word, to_json};
use crate::model::delivery::{DeliveryState, message_id};
use crate::model::digest::{DigestKind, Edition, Rendered};
use crate::model::{EditionId, StoryId, Time, from_unix_ms};

/// Whether freezing made an edition or found the one that was there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frozen {
    /// Frozen now.
    New(EditionId),
    /// Frozen before; nothing was changed.
    Existing(EditionId),
}

/// An edition as it was frozen.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredEdition {
    /// Its id.
    pub id: EditionId,
    /// What it says.
    pub edition: Edition,
    /// The forms it goes out in.
    pub rendered: Rendered,
    /// SHA-256 of HTML, text and Word document, one after another.
    pub sha256: String,
    /// Whether it was kept unsent on purpose.
    pub kept: bool,
}

/// An edition as it stands in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditionSummary {
    /// Its id.
    pub id: EditionId,
    /// Which product.
    pub kind: DigestKind,
    /// Day it is for, ISO.
    pub day: String,
    /// Subject of the mail.
    pub subject: String,
    /// When it was composed.
    pub composed: Time,
    /// Whether it was kept unsent on purpose.
    pub kept: bool,
    /// Deliveries sent and in all.
    pub sent: (i64, i64),
}

#[derive(sqlx::FromRow)]
struct Row {
    edition: String,
    subject: String,
    html: String,
    plain: String,
    docx: Vec<u8>,
    sha256: String,
    kept: i64,
}

impl Store {
    /// Freezes an edition with its lines and one delivery per recipient, in one transaction. The same key again changes
    /// nothing. `planned` is the time the schedule gave it; a `kept` one is never sent; `domain` ends its Message-IDs.
    ///
    /// # Errors
    /// When the database fails; then nothing is frozen.
    pub async fn freeze_edition(
        &self,
        edition: &Edition,
        rendered: &Rendered,
        recipients: &[String],
        planned: Time,
        kept: bool,
        domain: &str,
    ) -> Result<Frozen> {
        let id = edition.key.id();
        let bytes = [rendered.html.as_bytes(), rendered.text.as_bytes(), &rendered.docx].concat();
        let state = if kept {
            DeliveryState::Kept
        } else {
            DeliveryState::Pending
        };
        let now = edition.composed_at.timestamp_millis();
        let is_new;
        writing!(self, |tx| {
            let inserted = sqlx::query(
                "insert into editions (id, kind, day, revision, audience, planned, composed, kept, edition, subject, html,
                                       plain, docx, sha256)
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) on conflict do nothing",
            )
            .bind(id.as_str())
            .bind(edition.key.kind.as_str())
            .bind(edition.key.date.to_string())
            .bind(i64::from(edition.key.revision))
            .bind(&edition.key.audience)
            .bind(planned.timestamp_millis())
            .bind(now)
            .bind(i64::from(kept))
            .bind(to_json(edition)?)
            .bind(&rendered.subject)
            .bind(&rendered.html)
            .bind(&rendered.text)
            .bind(&rendered.docx)
            .bind(crate::text::sha256_hex(&bytes))
            .execute(&mut *tx)
            .await?;
            is_new = inserted.rows_affected() > 0;
            if is_new {
                for (number, line) in edition.lines().enumerate() {
                    sqlx::query("insert into edition_lines (edition, number, story, line) values ($1, $2, $3, $4)")
                        .bind(id.as_str())
                        .bind(number as i64 + 1)
                        .bind(line.story.as_str())
                        .bind(to_json(line)?)
                        .execute(&mut *tx)
                        .await?;
                }
                for recipient in recipients {
                    sqlx::query(
                        "insert into deliveries (edition, recipient, state, message_id, next_attempt)
                         values ($1, $2, $3, $4, $5) on conflict (edition, recipient) do nothing",
                    )
                    .bind(id.as_str())
                    .bind(recipient)
                    .bind(state.as_str())
                    .bind(message_id(&id, recipient, domain))
                    .bind(now)
                    .execute(&mut *tx)
                    .await?;
                }
            }
        });
        Ok(if is_new { Frozen::New(id) } else { Frozen::Existing(id) })
    }

    /// The edition called `id`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_edition(&self, id: &EditionId) -> Result<Option<StoredEdition>> {
        let sql = "select edition, subject, html, plain, docx, sha256, kept from editions where id = $1";
        let row: Option<Row> = reading!(self, |db| sqlx::query_as(sql)
            .bind(id.as_str())
            .fetch_optional(db)
            .await?);
        row.map(|row| {
            Ok(StoredEdition {
                id: id.clone(),
                edition: from_json(&format!("editions {id}"), &row.edition)?,
                rendered: Rendered {
                    subject: row.subject,
                    html: row.html,
                    text: row.plain,
                    docx: row.docx,
                },
                sha256: row.sha256,
                kept: row.kept != 0,
            })
        })
        .transpose()
    }

    /// Editions, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_editions(&self, limit: i64) -> Result<Vec<EditionSummary>> {
        let sql = "select id, kind, day, subject, composed, kept,
                     (select count(*) from deliveries d where d.edition = e.id and d.state = 'sent'),
                     (select count(*) from deliveries d where d.edition = e.id)
                   from editions e order by composed desc, id limit $1";
        type Row = (String, String, String, String, i64, i64, i64, i64);
        let rows: Vec<Row> = reading!(self, |db| sqlx::query_as(sql).bind(limit).fetch_all(db).await?);
        rows.into_iter()
            .map(|(id, kind, day, subject, composed, kept, sent, all)| {
                Ok(EditionSummary {
                    kind: from_word(&format!("editions {id}"), &kind)?,
                    id: EditionId(id),
                    day,
                    subject,
                    composed: from_unix_ms(composed),
                    kept: kept != 0,
                    sent: (sent, all),
                })
            })
            .collect()
    }

    /// The planned time of the last edition of each kind and audience: where the schedule goes on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn last_editions(&self) -> Result<BTreeMap<(DigestKind, String), Time>> {
        let sql = "select kind, audience, max(planned) from editions group by kind, audience";
        let rows: Vec<(String, String, i64)> = reading!(self, |db| sqlx::query_as(sql).fetch_all(db).await?);
        rows.into_iter()
            .map(|(kind, audience, planned)| Ok(((from_word("editions", &kind)?, audience), from_unix_ms(planned))))
            .collect()
    }

    /// The end of the period of the last edition of a kind and audience before `day`, and the stories it told.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn edition_before(
        &self,
        kind: DigestKind,
        audience: &str,
        day: chrono::NaiveDate,
    ) -> Result<Option<(Time, BTreeSet<StoryId>)>> {
        let sql = "select edition from editions where kind = $1 and audience = $2 and day < $3
                   order by day desc, revision desc limit 1";
        let row: Option<(String,)> = reading!(self, |db| sqlx::query_as(sql)
            .bind(kind.as_str())
            .bind(audience)
            .bind(day.to_string())
            .fetch_optional(db)
            .await?);
        row.map(|(json,)| {
            let edition: Edition = from_json("editions", &json)?;
            Ok((
                edition.period.to,
                edition.lines().map(|line| line.story.clone()).collect(),
            ))
        })
        .transpose()
    }
}
