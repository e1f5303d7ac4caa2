//! Who handed items in, and the pictures that came with them.

use std::collections::BTreeMap;

use super::backend::{reading, writing};
use super::evidence::insert_evidence;
use super::items::{NEXT_SEQ, Observed, confirm, insert_batch, keep_wording, pairs_of, replace_text};
use super::private::{Guarded, insert_sealed};
use super::{Inserted, NewItem, Result, Store, from_json, from_word, to_json};
use crate::model::capture::{Capture, KeptPicture};
use crate::model::evidence::Kept;
use crate::model::item::Item;
use crate::model::{ItemId, Time, from_unix_ms};

/// How many items were handed in, of one way and province.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedIn {
    /// `manual` or `tip`.
    pub access: String,
    /// Province (id), empty where none was told.
    pub province: String,
    /// Items handed in.
    pub items: i64,
    /// Relevant ones among them.
    pub relevant: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    item: String,
    username: String,
    province: String,
    access: String,
    form: String,
    arrival: Option<String>,
    place: String,
    at: i64,
}

impl TryFrom<Row> for Capture {
    type Error = super::Error;
    fn try_from(row: Row) -> Result<Capture> {
        let name = format!("capture {}", row.item);
        Ok(Capture {
            access: from_word(&name, &row.access)?,
            form: from_word(&name, &row.form)?,
            arrival: row.arrival.map(|word| from_word(&name, &word)).transpose()?,
            item: ItemId(row.item),
            user: row.username,
            at: from_unix_ms(row.at),
            province: Some(row.province).filter(|province| !province.is_empty()),
            place: row.place,
        })
    }
}

/// Notes a capture inside a transaction; the same item by the same person for the same province again changes nothing.
macro_rules! insert_capture {
    ($tx:ident, $capture:expr) => {{
        let capture: &Capture = $capture;
        sqlx::query(
            "insert into capture (item, username, province, access, form, arrival, place, at)
             values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (item, username, province) do nothing",
        )
        .bind(capture.item.as_str())
        .bind(&capture.user)
        .bind(capture.province.as_deref().unwrap_or_default())
        .bind(capture.access.as_str())
        .bind(capture.form.as_str())
        .bind(capture.arrival.map(|arrival| arrival.as_str()))
        .bind(&capture.place)
        .bind(capture.at.timestamp_millis())
        .execute(&mut *$tx)
        .await?;
    }};
}

impl Store {
    /// Writes down what was handed in: the item unless it is known, which then stays as it is, the pictures with their
    /// evidence where that is new, and who did it; all in one transaction. Returns whether the item was new.
    ///
    /// # Errors
    /// When the database fails; then nothing is written.
    pub async fn insert_captured(
        &self,
        new: &NewItem,
        pictures: &[(KeptPicture, Option<Kept>)],
        capture: &Capture,
        now: Time,
    ) -> Result<bool> {
        let is_social = new.item.is_social();
        Ok(writing!(self, |tx| {
            let known: Option<(String,)> = sqlx::query_as("select id from items where id = $1")
                .bind(new.item.id.as_str())
                .fetch_optional(&mut *tx)
                .await?;
            let is_new = known.is_none() && insert_batch!(self, tx, &[new], now) == [Inserted::New];
            for (picture, evidence) in pictures {
                insert_evidence!(tx, evidence.iter());
                sqlx::query(
                    "insert into capture_pictures (item, name, media_type, title) values ($1, $2, $3, $4)
                     on conflict (item, name) do nothing",
                )
                .bind(capture.item.as_str())
                .bind(&picture.name)
                .bind(&picture.media_type)
                // People call pictures after whom they show.
                .bind(if is_social { "" } else { picture.title.as_str() })
                .execute(&mut *tx)
                .await?;
            }
            insert_capture!(tx, capture);
            is_new
        }))
    }

    /// Notes who handed in items that are in the archive or will be.
    ///
    /// # Errors
    /// When the database fails; then nothing is written.
    pub async fn insert_captures(&self, captures: &[Capture]) -> Result<()> {
        writing!(self, |tx| {
            for capture in captures {
                insert_capture!(tx, capture);
            }
        });
        Ok(())
    }

    /// What was handed in last as `access`, newest first, with the item once it is in the archive.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_captures(&self, access: &str, limit: i64) -> Result<Vec<(Capture, Option<Item>)>> {
        let sql = "select item, username, province, access, form, arrival, place, at from capture
                   where access = $1 order by at desc, item limit $2";
        let rows: Vec<Row> = reading!(self, |db| sqlx::query_as(sql)
            .bind(access)
            .bind(limit)
            .fetch_all(db)
            .await?);
        let mut captures = Vec::with_capacity(rows.len());
        for row in rows {
            let capture = Capture::try_from(row)?;
            let item = self.find_item(&capture.item).await?;
            captures.push((capture, item));
        }
        Ok(captures)
    }

    /// Who handed an item in, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn captures_of(&self, id: &ItemId) -> Result<Vec<Capture>> {
        let sql = "select item, username, province, access, form, arrival, place, at from capture
                   where item = $1 order by at, username";
        let rows: Vec<Row> = reading!(self, |db| sqlx::query_as(sql).bind(id.as_str()).fetch_all(db).await?);
        rows.into_iter().map(Capture::try_from).collect()
    }

    /// The pictures handed in with an item.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn pictures_of(&self, id: &ItemId) -> Result<Vec<KeptPicture>> {
        let sql = "select name, media_type, title from capture_pictures where item = $1 order by title, name";
        let rows: Vec<(String, String, String)> =
            reading!(self, |db| sqlx::query_as(sql).bind(id.as_str()).fetch_all(db).await?);
        let picture = |(name, media_type, title)| KeptPicture {
            name,
            media_type,
            title,
        };
        Ok(rows.into_iter().map(picture).collect())
    }

    /// Names of the pictures of an item that no other item has.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_pictures_of(&self, id: &ItemId) -> Result<Vec<String>> {
        let sql = "select p.name from capture_pictures p where p.item = $1
                   and not exists (select 1 from capture_pictures o where o.name = p.name and o.item <> p.item)
                   order by p.name";
        let rows: Vec<(String,)> = reading!(self, |db| sqlx::query_as(sql).bind(id.as_str()).fetch_all(db).await?);
        Ok(rows.into_iter().map(|(name,)| name).collect())
    }

    /// How many items people handed in during a period, by way and province; items that a file marked so are counted too.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn handed_in(&self, from: Time, to: Time) -> Result<Vec<HandedIn>> {
        let sql = "select access, province, count(*), cast(sum(relevant) as bigint) from (
                     select c.access, c.province, c.item, coalesce(i.relevant, 0) as relevant
                     from (select distinct item, access, province from capture where at > $1 and at <= $2) c
                     left join items i on i.id = c.item
                     union all
                     select i.access, '', i.id, i.relevant from items i
                     where i.access in ('manual', 'tip') and i.collected > $1 and i.collected <= $2
                       and not exists (select 1 from capture c where c.item = i.id)
                   ) h group by access, province order by access, province";
        let rows: Vec<(String, String, i64, i64)> = reading!(self, |db| sqlx::query_as(sql)
            .bind(from.timestamp_millis())
            .bind(to.timestamp_millis())
            .fetch_all(db)
            .await?);
        let line = |(access, province, items, relevant)| HandedIn {
            access,
            province,
            items,
            relevant,
        };
        Ok(rows.into_iter().map(line).collect())
    }
}
