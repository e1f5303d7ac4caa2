//! The pages. Wording and layout stand in `templates/web/`.

use askama::Template;
use axum::extract::{Path, State as Given};
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};

use super::api::last_day;
use super::{Failure, State};
use crate::model::alert::Alert;
use crate::model::analysis::Reason;
use crate::model::item::{Item, masked_author};
use crate::model::story::Story;
use crate::model::{AlertId, EditionId, ItemId, StoryId, Time};
use crate::store::{
    AlertAction, Attempt, DayCounts, EditionSummary, ItemView, SourceHealth, StoredEdition, StoredEvent,
};

type Page = Result<Html<String>, Failure>;

/// What the frame of every page needs.
struct Frame {
    agency: String,
    is_sample: bool,
    now: String,
}

fn frame(state: &State) -> Frame {
    Frame {
        agency: state.config.agency.name.clone(),
        is_sample: state.config.agency.is_sample,
        now: shown(&state.clock.now()),
    }
}

/// A moment as pages show it.
fn shown(time: &Time) -> String {
    time.format("%H:%M %d/%m/%Y").to_string()
}

fn page(template: &impl Template) -> Page {
    Ok(Html(template.render()?))
}

#[derive(Template)]
#[template(path = "web/today.html")]
struct Today {
    frame: Frame,
    counts: DayCounts,
    alerts: Vec<Alert>,
    stories: Vec<(Story, String)>,
}

pub(super) async fn today(Given(state): Given<State>) -> Page {
    let (from, to) = last_day(&state);
    let stories = state.store.stories_between(from, to, 40).await?;
    page(&Today {
        frame: frame(&state),
        counts: state.store.day_counts(from, to).await?,
        alerts: state.store.alerts_between(from, to, 20).await?,
        stories: stories
            .into_iter()
            .map(|story| {
                let last = shown(&story.last_at);
                (story, last)
            })
            .collect(),
    })
}

#[derive(Template)]
#[template(path = "web/alerts.html")]
struct Alerts {
    frame: Frame,
    alerts: Vec<(Alert, String)>,
}

pub(super) async fn alerts(Given(state): Given<State>) -> Page {
    let now = state.clock.now();
    let alerts = state
        .store
        .alerts_between(now - chrono::Duration::days(30), now, 200)
        .await?;
    page(&Alerts {
        frame: frame(&state),
        alerts: alerts
            .into_iter()
            .map(|alert| {
                let at = shown(&alert.updated_at);
                (alert, at)
            })
            .collect(),
    })
}

#[derive(Template)]
#[template(path = "web/alert.html")]
struct AlertPage {
    frame: Frame,
    alert: Alert,
    evidence: Vec<Shown>,
    departments: Vec<String>,
    answer: Option<(String, String)>,
    events: Vec<StoredEvent>,
    actions: Vec<AlertAction>,
}

pub(super) async fn alert(Given(state): Given<State>, Path(id): Path<String>) -> Page {
    let id = AlertId(id);
    let alert = state.store.find_alert(&id).await?.ok_or(Failure::NotFound)?;
    let knowledge = &state.catalogue.knowledge;
    let names = alert
        .departments
        .iter()
        .filter_map(|id| knowledge.departments.get(id))
        .map(|d| d.name.clone());
    let rumour = alert.rumour_id.as_deref().and_then(|id| knowledge.find_rumour(id));
    page(&AlertPage {
        frame: frame(&state),
        evidence: state
            .store
            .item_views(&alert.items)
            .await?
            .into_iter()
            .map(|v| Shown::of(&state, v))
            .collect(),
        departments: names.collect(),
        answer: rumour.map(|r| (r.response_line.clone(), r.correct_info.clone())),
        events: state.store.events_of(&id).await?,
        actions: state.store.alert_actions(&id).await?,
        alert,
    })
}

/// An item as pages show it: private persons by the first letter only.
struct Shown {
    id: ItemId,
    title: String,
    text: String,
    source: String,
    author: String,
    at: String,
    url: Option<String>,
    view: ItemView,
}

impl Shown {
    fn of(state: &State, view: ItemView) -> Self {
        let item: &Item = &view.item;
        let is_social = item.is_social();
        let author = item.author.clone().unwrap_or_default();
        let name = state
            .catalogue
            .find_source(&item.source)
            .map_or_else(|| item.source.to_string(), |s| s.name.clone());
        Self {
            id: item.id.clone(),
            title: crate::pipeline::understanding::headline(item),
            text: item.text.clone(),
            source: if is_social && item.source_rank == 3 {
                item.platform.to_string()
            } else {
                name
            },
            author: if is_social { masked_author(&author) } else { author },
            at: shown(&item.time(state.clock.now())),
            url: item.url.clone().filter(|_| !is_social),
            view,
        }
    }

    fn reasons(&self) -> Vec<&Reason> {
        self.view
            .analysis
            .iter()
            .flat_map(|a| &a.reasons)
            .filter(|r| !r.text.is_empty())
            .collect()
    }
}

#[derive(Template)]
#[template(path = "web/story.html")]
struct StoryPage {
    frame: Frame,
    story: Story,
    items: Vec<Shown>,
}

pub(super) async fn story(Given(state): Given<State>, Path(id): Path<String>) -> Page {
    let story = state.store.find_story(&StoryId(id)).await?.ok_or(Failure::NotFound)?;
    let items = state.store.story_items(&story.id).await?;
    page(&StoryPage {
        frame: frame(&state),
        items: items.into_iter().map(|view| Shown::of(&state, view)).collect(),
        story,
    })
}

#[derive(Template)]
#[template(path = "web/item.html")]
struct ItemPage {
    frame: Frame,
    item: Shown,
    answers: Vec<Shown>,
    versions: Vec<(Time, String, String)>,
    kept: bool,
}

pub(super) async fn item(Given(state): Given<State>, Path(id): Path<String>) -> Page {
    let id = ItemId(id);
    let view = state.store.find_item_view(&id).await?.ok_or(Failure::NotFound)?;
    let kept = match &view.snapshot {
        Some(name) => state.snapshots().get(name)?.is_some(),
        None => false,
    };
    page(&ItemPage {
        frame: frame(&state),
        answers: state
            .store
            .answers_to(&id)
            .await?
            .into_iter()
            .map(|v| Shown::of(&state, v))
            .collect(),
        versions: state.store.versions_of(&id).await?,
        item: Shown::of(&state, view),
        kept,
    })
}

/// The bytes as received, as plain text: nothing in them runs.
pub(super) async fn snapshot(Given(state): Given<State>, Path(id): Path<String>) -> Result<Response, Failure> {
    let view = state
        .store
        .find_item_view(&ItemId(id))
        .await?
        .ok_or(Failure::NotFound)?;
    let name = view.snapshot.ok_or(Failure::NotFound)?;
    let bytes = state.snapshots().get(&name)?.ok_or(Failure::NotFound)?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], bytes).into_response())
}

#[derive(Template)]
#[template(path = "web/digests.html")]
struct Digests {
    frame: Frame,
    editions: Vec<EditionSummary>,
}

pub(super) async fn digests(Given(state): Given<State>) -> Page {
    page(&Digests {
        frame: frame(&state),
        editions: state.store.list_editions(200).await?,
    })
}

#[derive(Template)]
#[template(path = "web/digest.html")]
struct DigestPage {
    frame: Frame,
    stored: StoredEdition,
    deliveries: Vec<(crate::model::delivery::Delivery, Vec<Attempt>)>,
}

pub(super) async fn digest(Given(state): Given<State>, Path(id): Path<String>) -> Page {
    let id = EditionId(id);
    let stored = state.store.find_edition(&id).await?.ok_or(Failure::NotFound)?;
    page(&DigestPage {
        frame: frame(&state),
        deliveries: state.store.deliveries_of(&id).await?,
        stored,
    })
}

/// An edition in one of its forms: `html`, `txt`, `docx`.
pub(super) async fn digest_form(
    Given(state): Given<State>,
    Path((id, form)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let stored = state
        .store
        .find_edition(&EditionId(id))
        .await?
        .ok_or(Failure::NotFound)?;
    let word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    Ok(match form.as_str() {
        "html" => Html(stored.rendered.html).into_response(),
        "txt" => (
            [(header::CONTENT_TYPE, "text/plain; charset=utf-8")],
            stored.rendered.text,
        )
            .into_response(),
        "docx" => ([(header::CONTENT_TYPE, word)], stored.rendered.docx).into_response(),
        _ => return Err(Failure::NotFound),
    })
}

#[derive(Template)]
#[template(path = "web/sources.html")]
struct Sources {
    frame: Frame,
    rows: Vec<(crate::model::source::Source, SourceHealth, String)>,
    gates: Vec<(String, i64)>,
}

pub(super) async fn sources(Given(state): Given<State>) -> Page {
    let (from, to) = last_day(&state);
    let health = state.store.source_health(from, to).await?;
    let rows = state.catalogue.sources.iter().map(|source| {
        let h = health.get(&source.id).cloned().unwrap_or_default();
        let last = h.last_ok.as_ref().map(shown).unwrap_or_default();
        (source.clone(), h, last)
    });
    page(&Sources {
        frame: frame(&state),
        rows: rows.collect(),
        gates: state
            .store
            .gate_counts(from.date_naive(), to.date_naive())
            .await?
            .into_iter()
            .collect(),
    })
}
