//! Analyses, and items as the pages and digests read them: with everything derived from them.

use super::backend::{reading, writing};
use super::{Result, Store, from_json, to_json};
use crate::model::analysis::Analysis;
use crate::model::item::Item;
use crate::model::{ItemId, StoryId, Time};

/// An item with what was derived from it.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemView {
    /// The item.
    pub item: Item,
    /// Its analysis, once it has one.
    pub analysis: Option<Analysis>,
    /// Its story, if relevant.
    pub story: Option<StoryId>,
    /// The item it is a near-copy of.
    pub reprint_of: Option<ItemId>,
    /// SHA-256 of what was received.
    pub snapshot: Option<String>,
    /// What extraction answered by.
    pub method: String,
    /// What looked wrong on the way.
    pub warnings: Vec<String>,
    /// Whether its publisher removed it.
    pub removed: bool,
}

#[derive(sqlx::FromRow)]
struct Row {
    item: String,
    analysis: Option<String>,
    story: Option<String>,
    reprint_of: Option<String>,
    snapshot: Option<String>,
    method: String,
    warnings: String,
    removed: i64,
    seq: i64,
}

/// The columns of a view; callers append joins and conditions.
macro_rules! view {
    ($rest:literal) => {
        concat!(
            "select i.item, a.analysis, s.story, s.reprint_of, i.snapshot, i.method, i.warnings, i.removed, i.seq from items i ",
            "left join analyses a on a.item = i.id left join story_items s on s.item = i.id ",
            $rest
        )
    };
}

impl TryFrom<Row> for ItemView {
    type Error = super::Error;
    fn try_from(row: Row) -> Result<Self> {
        Ok(ItemView {
            item: from_json("items", &row.item)?,
            analysis: row.analysis.map(|json| from_json("analyses", &json)).transpose()?,
            story: row.story.map(StoryId),
            reprint_of: row.reprint_of.map(ItemId),
            snapshot: row.snapshot,
            method: row.method,
            warnings: from_json("items.warnings", &row.warnings)?,
            removed: row.removed != 0,
        })
    }
}

fn views(rows: Vec<Row>) -> Result<Vec<ItemView>> {
    rows.into_iter().map(ItemView::try_from).collect()
}

impl Store {
    /// Writes down analyses, all in one transaction; an earlier analysis of the same item is replaced.
    ///
    /// # Errors
    /// When the database fails; then none is written.
    pub async fn record_analyses(&self, analyses: &[Analysis], now: Time) -> Result<()> {
        writing!(self, |tx| {
            for analysis in analyses {
                let id = analysis.id.as_str();
                sqlx::query(
                    "insert into analyses (item, at, version, relevant, sentiment, content_kind, verdict, rumour, topic, analysis)
                     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                     on conflict (item) do update set at = excluded.at, version = excluded.version,
                       relevant = excluded.relevant, sentiment = excluded.sentiment, content_kind = excluded.content_kind,
                       verdict = excluded.verdict, rumour = excluded.rumour, topic = excluded.topic,
                       analysis = excluded.analysis",
                )
                .bind(id)
                .bind(now.timestamp_millis())
                .bind(&analysis.version)
                .bind(i64::from(analysis.relevant))
                .bind(analysis.sentiment.label.as_str())
                .bind(analysis.content_kind.as_str())
                .bind(analysis.misinformation.verdict.as_str())
                .bind(&analysis.misinformation.rumour_id)
                .bind(analysis.topics.first().map(|t| t.id.clone()))
                .bind(to_json(analysis)?)
                .execute(&mut *tx)
                .await?;
                sqlx::query("delete from item_topics where item = $1")
                    .bind(id)
                    .execute(&mut *tx)
                    .await?;
                sqlx::query("delete from item_provinces where item = $1")
                    .bind(id)
                    .execute(&mut *tx)
                    .await?;
                for (place, topic) in analysis.topics.iter().enumerate() {
                    sqlx::query("insert into item_topics (item, topic, place, score) values ($1, $2, $3, $4)")
                        .bind(id)
                        .bind(&topic.id)
                        .bind(place as i64)
                        .bind(f64::from(topic.score))
                        .execute(&mut *tx)
                        .await?;
                }
                for province in &analysis.provinces {
                    sqlx::query("insert into item_provinces (item, province) values ($1, $2)")
                        .bind(id)
                        .bind(province)
                        .execute(&mut *tx)
                        .await?;
                }
                let seq: i64 =
                    sqlx::query_scalar("update sequence set value = value + 1 where name = 'items' returning value")
                        .fetch_one(&mut *tx)
                        .await?;
                sqlx::query("update items set analysed = 1, relevant = $2, seq = $3 where id = $1")
                    .bind(id)
                    .bind(i64::from(analysis.relevant))
                    .bind(seq)
                    .execute(&mut *tx)
                    .await?;
            }
        });
        Ok(())
    }

    /// An item with everything derived from it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_item_view(&self, id: &ItemId) -> Result<Option<ItemView>> {
        let row: Option<Row> = reading!(self, |db| sqlx::query_as(view!("where i.id = $1"))
            .bind(id.as_str())
            .fetch_optional(db)
            .await?);
        row.map(ItemView::try_from).transpose()
    }

    /// Items with everything derived from them, in the order of `ids`; unknown ones are left out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn item_views(&self, ids: &[ItemId]) -> Result<Vec<ItemView>> {
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            found.extend(self.find_item_view(id).await?);
        }
        Ok(found)
    }

    /// The items of a story, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn story_items(&self, story: &StoryId) -> Result<Vec<ItemView>> {
        let sql = view!("where s.story = $1 order by i.published, i.id");
        views(reading!(self, |db| sqlx::query_as(sql)
            .bind(story.as_str())
            .fetch_all(db)
            .await?))
    }

    /// The newest items collected in a period, relevant ones only when asked.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn items_between(&self, from: Time, to: Time, relevant: bool, limit: i64) -> Result<Vec<ItemView>> {
        let sql = view!(
            "where i.collected > $1 and i.collected <= $2 and i.relevant >= $3 order by i.collected desc, i.id limit $4"
        );
        views(reading!(self, |db| sqlx::query_as(sql)
            .bind(from.timestamp_millis())
            .bind(to.timestamp_millis())
            .bind(i64::from(relevant))
            .bind(limit)
            .fetch_all(db)
            .await?))
    }

    /// Items changed after the change numbered `seq`, with the number of each, in order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn item_views_after(&self, seq: i64, limit: i64) -> Result<Vec<(i64, ItemView)>> {
        let sql = view!("where i.seq > $1 order by i.seq limit $2");
        let rows: Vec<Row> = reading!(self, |db| sqlx::query_as(sql)
            .bind(seq)
            .bind(limit)
            .fetch_all(db)
            .await?);
        rows.into_iter()
            .map(|row| Ok((row.seq, ItemView::try_from(row)?)))
            .collect()
    }

    /// The items that answer `id`, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn answers_to(&self, id: &ItemId) -> Result<Vec<ItemView>> {
        let sql = view!("where i.parent = $1 order by i.published, i.id");
        views(reading!(self, |db| sqlx::query_as(sql)
            .bind(id.as_str())
            .fetch_all(db)
            .await?))
    }
}
