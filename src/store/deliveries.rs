//! Deliveries: claimed by one worker at a time, every try on record, the uncertain case with a name.

use super::backend::{claiming, reading, writing};
use super::{Error, Result, Store, from_word};
use crate::model::delivery::{Delivery, DeliveryState, SendOutcome};
use crate::model::{EditionId, Time, from_unix_ms};

/// A delivery in the hands of a worker.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// The delivery, now `sending`.
    pub delivery: Delivery,
    /// Whether it may have arrived before: sent once more with the same Message-ID.
    pub is_repeat: bool,
}

/// One try of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Number of the try.
    pub number: i64,
    /// When it ended.
    pub at: Time,
    /// How it ended: `sent`, `retry`, `failed`, `uncertain`.
    pub outcome: String,
    /// What the server or the system said.
    pub answer: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    edition: String,
    recipient: String,
    state: String,
    message_id: String,
    attempts: i64,
    next_attempt: i64,
    last_answer: String,
}

impl TryFrom<Row> for Delivery {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self> {
        Ok(Delivery {
            id: row.id,
            edition: EditionId(row.edition),
            recipient: row.recipient,
            state: from_word(&format!("deliveries {}", row.id), &row.state)?,
            message_id: row.message_id,
            attempts: row.attempts,
            next_attempt: from_unix_ms(row.next_attempt),
            last_answer: row.last_answer,
        })
    }
}

/// Tries after which an uncertain delivery is not repeated again: the first and one repeat.
const REPEATS: i64 = 1;

impl Store {
    /// Takes the next delivery that is due, if any: pending ones, and uncertain ones that were not repeated yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_delivery(&self, now: Time, lease_ms: i64) -> Result<Option<Claimed>> {
        let sql = claiming!(
            self,
            "select id, edition, recipient, state, message_id, attempts, next_attempt, last_answer from deliveries
             where next_attempt <= $1 and (state = 'pending' or (state = 'uncertain' and
               (select count(*) from attempts a where a.delivery = deliveries.id and a.outcome = 'uncertain') <= $2))
             order by next_attempt, id limit 1",
            ""
        );
        let ms = now.timestamp_millis();
        let row: Option<Row> = writing!(self, |tx| {
            let row: Option<Row> = sqlx::query_as(sql)
                .bind(ms)
                .bind(REPEATS)
                .fetch_optional(&mut *tx)
                .await?;
            if let Some(row) = &row {
                sqlx::query(
                    "update deliveries set state = 'sending', attempts = attempts + 1, lease_until = $2 where id = $1",
                )
                .bind(row.id)
                .bind(ms + lease_ms)
                .execute(&mut *tx)
                .await?;
            }
            row
        });
        row.map(|row| {
            let is_repeat = row.state == DeliveryState::Uncertain.as_str();
            let mut delivery = Delivery::try_from(row)?;
            delivery.state = DeliveryState::Sending;
            delivery.attempts += 1;
            Ok(Claimed { delivery, is_repeat })
        })
        .transpose()
    }

    /// Writes down how a try ended. `next` is when a retry may come; `last_try` turns a retry into a failure.
    ///
    /// # Errors
    /// When the delivery is not in the hands of a worker any more, or the database fails.
    pub async fn record_attempt(
        &self,
        delivery: &Delivery,
        outcome: &SendOutcome,
        next: Time,
        last_try: bool,
        now: Time,
    ) -> Result<DeliveryState> {
        let (state, word, answer) = match outcome {
            SendOutcome::Sent(answer) => (DeliveryState::Sent, "sent", answer),
            SendOutcome::Retry(answer) if last_try => (DeliveryState::Failed, "failed", answer),
            SendOutcome::Retry(answer) => (DeliveryState::Pending, "retry", answer),
            SendOutcome::GiveUp(answer) => (DeliveryState::Failed, "failed", answer),
            SendOutcome::Uncertain(answer) => (DeliveryState::Uncertain, "uncertain", answer),
        };
        writing!(self, |tx| {
            let moved = sqlx::query(
                "update deliveries set state = $2, next_attempt = $3, last_answer = $4, lease_until = 0
                 where id = $1 and state = 'sending' and attempts = $5",
            )
            .bind(delivery.id)
            .bind(state.as_str())
            .bind(next.timestamp_millis())
            .bind(answer)
            .bind(delivery.attempts)
            .execute(&mut *tx)
            .await?;
            if moved.rows_affected() != 1 {
                return Err(Error::Refused(format!(
                    "delivery {} is not being sent by this worker",
                    delivery.id
                )));
            }
            sqlx::query("insert into attempts (delivery, number, at, outcome, answer) values ($1, $2, $3, $4, $5)")
                .bind(delivery.id)
                .bind(delivery.attempts)
                .bind(now.timestamp_millis())
                .bind(word)
                .bind(answer)
                .execute(&mut *tx)
                .await?;
        });
        Ok(state)
    }

    /// Deliveries whose worker was not heard of until its lease ran out become uncertain: they may have arrived.
    /// With `all`, those of every worker: the one service on this database has just started.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn expire_deliveries(&self, now: Time, all: bool) -> Result<usize> {
        let ms = now.timestamp_millis();
        let until = if all { i64::MAX } else { ms };
        let count;
        writing!(self, |tx| {
            let lost: Vec<(i64, i64)> =
                sqlx::query_as("select id, attempts from deliveries where state = 'sending' and lease_until <= $1")
                    .bind(until)
                    .fetch_all(&mut *tx)
                    .await?;
            for (id, number) in &lost {
                let answer = "the process ended before the answer was recorded";
                sqlx::query(
                    "update deliveries set state = 'uncertain', next_attempt = $2, last_answer = $3, lease_until = 0
                     where id = $1",
                )
                .bind(*id)
                .bind(ms)
                .bind(answer)
                .execute(&mut *tx)
                .await?;
                sqlx::query(
                    "insert into attempts (delivery, number, at, outcome, answer) values ($1, $2, $3, 'uncertain', $4)",
                )
                .bind(*id)
                .bind(*number)
                .bind(ms)
                .bind(answer)
                .execute(&mut *tx)
                .await?;
            }
            count = lost.len();
        });
        Ok(count)
    }

    /// The deliveries of an edition with their tries.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deliveries_of(&self, edition: &EditionId) -> Result<Vec<(Delivery, Vec<Attempt>)>> {
        let sql =
            "select id, edition, recipient, state, message_id, attempts, next_attempt, last_answer from deliveries
                   where edition = $1 order by recipient";
        let rows: Vec<Row> = reading!(self, |db| sqlx::query_as(sql)
            .bind(edition.as_str())
            .fetch_all(db)
            .await?);
        let mut found = Vec::new();
        for row in rows {
            let delivery = Delivery::try_from(row)?;
            let tries: Vec<(i64, i64, String, String)> = reading!(self, |db| sqlx::query_as(
                "select number, at, outcome, answer from attempts where delivery = $1 order by id"
            )
            .bind(delivery.id)
            .fetch_all(db)
            .await?);
            let tries = tries
                .into_iter()
                .map(|(number, at, outcome, answer)| Attempt {
                    number,
                    at: from_unix_ms(at),
                    outcome,
                    answer,
                })
                .collect();
            found.push((delivery, tries));
        }
        Ok(found)
    }

    /// How many deliveries are neither sent, failed nor kept.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_deliveries(&self) -> Result<i64> {
        let sql = "select count(*) from deliveries where state in ('pending', 'sending')";
        Ok(reading!(self, |db| sqlx::query_scalar(sql).fetch_one(db).await?))
    }
}
