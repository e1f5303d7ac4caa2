//! Stories and which items tell them; a story that vanished into another stays an address.

use super::backend::{reading, writing};
use super::{Result, Store, from_json};
use crate::model::item::Item;
use crate::model::story::{Assignment, Story};
use crate::model::{ItemId, StoryId, Time, from_unix_ms};

/// Rows written with one statement.
const TOGETHER: usize = 500;

/// A relevant item of the window over which stories are made.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowItem {
    /// The item.
    pub item: Item,
    /// When it counts as published.
    pub at: Time,
    /// The story it is in now.
    pub story: Option<StoryId>,
    /// The item it is told to be a copy of now.
    pub reprint_of: Option<ItemId>,
    /// Its main topic.
    pub topic: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    title: String,
    lead_item: String,
    first_at: i64,
    last_at: i64,
    items: i64,
    sources: i64,
    topic: String,
}

impl From<Row> for Story {
    fn from(row: Row) -> Self {
        Story {
            id: StoryId(row.id),
            title: row.title,
            lead_item: ItemId(row.lead_item),
            first_at: from_unix_ms(row.first_at),
            last_at: from_unix_ms(row.last_at),
            items: row.items,
            sources: row.sources,
            topic: row.topic,
        }
    }
}

impl Store {
    /// Relevant items published from `from` to `to`, in canonical order: what stories are made of.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn story_window(&self, from: Time, to: Time) -> Result<Vec<WindowItem>> {
        type Row = (String, i64, Option<String>, Option<String>, Option<String>);
        let sql = "select i.item, i.published, s.story, s.reprint_of, a.topic from items i
                   left join story_items s on s.item = i.id left join analyses a on a.item = i.id
                   where i.relevant = 1 and i.analysed = 1 and i.published >= $1 and i.published <= $2
                   order by i.published, i.id";
        let rows: Vec<Row> = reading!(self, |db| sqlx::query_as(sql)
            .bind(from.timestamp_millis())
            .bind(to.timestamp_millis())
            .fetch_all(db)
            .await?);
        rows.into_iter()
            .map(|(json, at, story, reprint_of, topic)| {
                Ok(WindowItem {
                    item: from_json("items", &json)?,
                    at: from_unix_ms(at),
                    story: story.map(StoryId),
                    reprint_of: reprint_of.map(ItemId),
                    topic,
                })
            })
            .collect()
    }

    /// Relevant items that no story tells yet, as a process leaves them that dies between understanding and telling.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn untold_items(&self) -> Result<Vec<(ItemId, Time)>> {
        let sql = "select i.id, i.published from items i left join story_items s on s.item = i.id
                   where i.relevant = 1 and i.analysed = 1 and s.item is null order by i.published, i.id";
        let rows: Vec<(String, i64)> = reading!(self, |db| sqlx::query_as(sql).fetch_all(db).await?);
        Ok(rows
            .into_iter()
            .map(|(id, at)| (ItemId(id), from_unix_ms(at)))
            .collect())
    }

    /// Writes down what changed in a partition: where items stand, the stories as they are now, and where vanished ones
    /// went.
    ///
    /// # Errors
    /// When the database fails; then nothing is changed.
    pub async fn record_partition(
        &self,
        assignments: &[Assignment],
        stories: &[Story],
        redirects: &[(StoryId, StoryId)],
    ) -> Result<()> {
        writing!(self, |tx| {
            for some in assignments.chunks(TOGETHER) {
                let mut query = sqlx::QueryBuilder::new("insert into story_items (item, story, reprint_of) ");
                query.push_values(some, |mut row, assignment| {
                    row.push_bind(assignment.id.as_str())
                        .push_bind(assignment.story.as_str())
                        .push_bind(assignment.reprint_of.as_ref().map(ItemId::as_str));
                });
                query
                    .push(" on conflict (item) do update set story = excluded.story, reprint_of = excluded.reprint_of");
                query.build().execute(&mut *tx).await?;
            }
            for (old, new) in redirects {
                sqlx::query("delete from stories where id = $1")
                    .bind(old.as_str())
                    .execute(&mut *tx)
                    .await?;
                sqlx::query("update story_items set story = $2 where story = $1")
                    .bind(old.as_str())
                    .bind(new.as_str())
                    .execute(&mut *tx)
                    .await?;
                sqlx::query(
                    "insert into story_redirects (old, new) values ($1, $2) on conflict (old) do update set new = excluded.new",
                )
                .bind(old.as_str())
                .bind(new.as_str())
                .execute(&mut *tx)
                .await?;
            }
            for some in stories.chunks(TOGETHER) {
                let mut query = sqlx::QueryBuilder::new("delete from story_redirects where old in (");
                let mut places = query.separated(", ");
                for story in some {
                    places.push_bind(story.id.as_str());
                }
                query.push(")");
                query.build().execute(&mut *tx).await?;
                let mut query = sqlx::QueryBuilder::new(
                    "insert into stories (id, title, lead_item, first_at, last_at, items, sources, topic) ",
                );
                query.push_values(some, |mut row, story| {
                    row.push_bind(story.id.as_str())
                        .push_bind(&story.title)
                        .push_bind(story.lead_item.as_str())
                        .push_bind(story.first_at.timestamp_millis())
                        .push_bind(story.last_at.timestamp_millis())
                        .push_bind(story.items)
                        .push_bind(story.sources)
                        .push_bind(&story.topic);
                });
                query.push(
                    " on conflict (id) do update set title = excluded.title, lead_item = excluded.lead_item,
                       first_at = excluded.first_at, last_at = excluded.last_at, items = excluded.items,
                       sources = excluded.sources, topic = excluded.topic",
                );
                query.build().execute(&mut *tx).await?;
            }
        });
        Ok(())
    }

    /// The story called `id`, or the one it went into.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_story(&self, id: &StoryId) -> Result<Option<Story>> {
        let mut id = id.clone();
        // A redirect can lead to a story that was redirected later; each hop is newer than the last, so few suffice.
        for _ in 0..8 {
            let row: Option<Row> = reading!(self, |db| sqlx::query_as(
                "select id, title, lead_item, first_at, last_at, items, sources, topic from stories where id = $1"
            )
            .bind(id.as_str())
            .fetch_optional(db)
            .await?);
            if let Some(row) = row {
                return Ok(Some(row.into()));
            }
            let next: Option<(String,)> = reading!(self, |db| sqlx::query_as(
                "select new from story_redirects where old = $1"
            )
            .bind(id.as_str())
            .fetch_optional(db)
            .await?);
            match next {
                Some((new,)) => id = StoryId(new),
                None => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Stories with an item collected in a period, those with most sources first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn stories_between(&self, from: Time, to: Time, limit: i64) -> Result<Vec<Story>> {
        let sql = "select id, title, lead_item, first_at, last_at, items, sources, topic from stories
                   where id in (select s.story from story_items s join items i on i.id = s.item
                                where i.collected > $1 and i.collected <= $2)
                   order by sources desc, items desc, last_at desc, id limit $3";
        let rows: Vec<Row> = reading!(self, |db| sqlx::query_as(sql)
            .bind(from.timestamp_millis())
            .bind(to.timestamp_millis())
            .bind(limit)
            .fetch_all(db)
            .await?);
        Ok(rows.into_iter().map(Story::from).collect())
    }
}
