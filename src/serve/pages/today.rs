//! The last 24 hours at a glance.

use askama::Template;
use axum::extract::State as Given;

use super::{Frame, Page, last_day, page};
use crate::model::alert::Alert;
use crate::model::story::Story;
use crate::serve::State;
use crate::serve::login::Viewer;
use crate::serve::shown::shown;
use crate::store::DayCounts;

/// Stories on the page.
const STORIES: i64 = 40;

struct StoryRow {
    story: Story,
    topic: String,
    last: String,
}

#[derive(Template)]
#[template(path = "web/today.html")]
struct Today {
    frame: Frame,
    counts: DayCounts,
    topics: Vec<(String, String, i64)>,
    alerts: Vec<Alert>,
    stories: Vec<StoryRow>,
    silent: Vec<String>,
    sources: usize,
}

impl Today {
    fn of_sentiment(&self, label: &str) -> i64 {
        self.counts.sentiments.get(label).copied().unwrap_or(0)
    }
}

pub(in crate::serve) async fn today(Given(site): Given<State>, viewer: Viewer) -> Page {
    let (from, to) = last_day(&site);
    let name = |id: &str| {
        let topic = site.catalogue.knowledge.find_topic(id);
        topic.map_or_else(|| id.to_owned(), |topic| topic.name.clone())
    };
    let row = |story: Story| StoryRow {
        topic: name(&story.topic),
        last: shown(&story.last_at),
        story,
    };
    let counts = site.store.day_counts(from, to).await?;
    let mut topics: Vec<(String, String, i64)> = counts
        .topics
        .iter()
        .filter(|(id, _)| !id.is_empty())
        .map(|(id, n)| (id.clone(), name(id), *n))
        .collect();
    topics.sort_by_key(|(id, _, n)| (-n, id.clone()));
    topics.truncate(8);
    let period = crate::model::digest::Period { from, to };
    let coverage = crate::pipeline::ledger::coverage(&site.store, &site.catalogue, &period).await?;
    let stories = site.store.stories_between(from, to, STORIES).await?;
    page(&Today {
        frame: Frame::of(&site, &viewer),
        counts,
        topics,
        alerts: site.store.alerts_between(from, to, 20).await?,
        stories: stories.into_iter().map(row).collect(),
        silent: coverage.silent,
        sources: coverage.sources,
    })
}
