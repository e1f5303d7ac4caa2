//! One item with its analysis and snapshot; one story with its items.

use askama::Template;
use axum::extract::{Path, State as Given};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::{Frame, Page, page};
use crate::model::capture::{Capture, KeptPicture};
use crate::model::item::Item;
use crate::model::story::Story;
use crate::model::{ItemId, StoryId};
use crate::serve::login::Viewer;
use crate::serve::shown::{Piece, Shown, explain, shown};
use crate::serve::{Failure, State};

/// How a snapshot is sent: nothing in it runs.
pub(super) const PLAIN: &str = "text/plain; charset=utf-8";

#[derive(Template)]
#[template(path = "web/story.html")]
struct StoryPage {
    frame: Frame,
    story: Story,
    topic: String,
    items: Vec<Shown>,
}

pub(in crate::serve) async fn story(Given(site): Given<State>, viewer: Viewer, Path(id): Path<String>) -> Page {
    let story = site.store.find_story(&StoryId(id)).await?.ok_or(Failure::NotFound)?;
    let topic = site.catalogue.knowledge.find_topic(&story.topic);
    page(&StoryPage {
        frame: Frame::of(&site, &viewer),
        items: Shown::all(&site, site.store.story_items(&story.id).await?),
        topic: topic.map(|t| t.name.clone()).unwrap_or_default(),
        story,
    })
}

/// A reason in words: what it led to, and the words, each once.
struct ReasonRow {
    decision: String,
    words: Vec<String>,
}

struct FactRow {
    id: String,
    found: String,
    expected: String,
    verdict: &'static str,
}

#[derive(Template)]
#[template(path = "web/item.html")]
struct ItemPage {
    frame: Frame,
    item: Shown,
    pieces: Vec<Piece>,
    topics: Vec<(String, f32)>,
    provinces: Vec<String>,
    rumour: Option<String>,
    facts: Vec<FactRow>,
    reasons: Vec<ReasonRow>,
    answers: Vec<Shown>,
    /// Earlier wordings: until when, title, text.
    versions: Vec<(String, String, String)>,
    has_snapshot: bool,
    /// Whether this viewer may open what names a person, and there is something to open.
    may_open: bool,
    /// Who handed it in.
    captures: Vec<Capture>,
    pictures: Vec<KeptPicture>,
}

pub(in crate::serve) async fn item(Given(site): Given<State>, viewer: Viewer, Path(id): Path<String>) -> Page {
    let id = ItemId(id);
    let view = site.store.find_item_view(&id).await?.ok_or(Failure::NotFound)?;
    let has_snapshot = match &view.snapshot {
        Some(name) => site.store.find_evidence(name).await?.is_some(),
        None => false,
    };
    let knowledge = &site.catalogue.knowledge;
    let analysis = view.analysis.clone();
    let is_social = view.item.is_social();
    let pictures = site.store.pictures_of(&id).await?;
    let is_sealed = site.store.has_identity(&id).await? || (is_social && (has_snapshot || !pictures.is_empty()));
    let item = Shown::of(&site, view);
    let mut reasons: Vec<ReasonRow> = Vec::new();
    for reason in analysis.iter().flat_map(|a| &a.reasons).filter(|r| !r.text.is_empty()) {
        let decision = explain(&site, &reason.what);
        let words = crate::model::item::masked_text(&reason.text);
        match reasons.iter_mut().find(|row| row.decision == decision) {
            Some(row) if row.words.contains(&words) => {}
            Some(row) => row.words.push(words),
            None => reasons.push(ReasonRow {
                decision,
                words: vec![words],
            }),
        }
    }
    let fact = |fact: &crate::model::analysis::FactCheck| FactRow {
        id: fact.id.clone(),
        found: fact.found.clone(),
        expected: fact.expected.clone(),
        verdict: fact.verdict.label(),
    };
    let name = |id: &str| {
        knowledge
            .find_topic(id)
            .map_or_else(|| id.to_owned(), |t| t.name.clone())
    };
    let province = |id: &String| {
        let mut all = knowledge.provinces.provinces.iter();
        all.find(|p| p.id == *id).map_or_else(|| id.clone(), |p| p.name.clone())
    };
    let masked = |text: &str| match is_social {
        true => crate::model::item::masked_text(text),
        false => text.to_owned(),
    };
    let misinformation = analysis.as_ref().map(|a| &a.misinformation);
    let rumour = misinformation.and_then(|m| knowledge.find_rumour(m.rumour_id.as_deref()?));
    let versions = site.store.versions_of(&id).await?;
    page(&ItemPage {
        frame: Frame::of(&site, &viewer),
        pieces: item.pieces(&site),
        topics: analysis
            .iter()
            .flat_map(|a| &a.topics)
            .map(|t| (name(&t.id), t.score))
            .collect(),
        provinces: analysis.iter().flat_map(|a| &a.provinces).map(province).collect(),
        rumour: rumour.map(|rumour| rumour.claim.clone()),
        facts: misinformation.into_iter().flat_map(|m| &m.facts).map(fact).collect(),
        reasons,
        answers: Shown::all(&site, site.store.answers_to(&id).await?),
        versions: versions
            .iter()
            .map(|(at, title, text)| (shown(at), masked(title), masked(text)))
            .collect(),
        has_snapshot: has_snapshot && !is_social,
        may_open: is_sealed && viewer.must_open_identities().is_ok(),
        captures: site.store.captures_of(&id).await?,
        pictures,
        item,
    })
}

/// The bytes of a press item as received, as plain text: nothing in them runs. Those of a social item name private persons
/// and are opened with a reason (`identity`).
pub(in crate::serve) async fn snapshot(
    Given(site): Given<State>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let view = site.store.find_item_view(&ItemId(id)).await?.ok_or(Failure::NotFound)?;
    must_be_public(&viewer, &view.item)?;
    bytes_of(&site, view.snapshot, PLAIN).await
}

/// A picture handed in with an item; of a social item it names private persons, and is opened with a reason (`identity`).
pub(in crate::serve) async fn picture(
    Given(site): Given<State>,
    viewer: Viewer,
    Path((id, name)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let id = ItemId(id);
    let item = site.store.find_item(&id).await?.ok_or(Failure::NotFound)?;
    let picture = named(&site, &id, &name).await?;
    must_be_public(&viewer, &item)?;
    bytes_of(&site, Some(picture.name), &picture.media_type).await
}

/// Sends those who may open what names private persons to where they state the reason; others may not see it.
fn must_be_public(viewer: &Viewer, item: &Item) -> Result<(), Failure> {
    if !item.is_social() {
        return Ok(());
    }
    viewer.must_open_identities()?;
    Err(Failure::Wrong(format!(
        "Bản chụp của tin mạng xã hội chứa tên người: mở tại /items/{}/identity, ghi lý do.",
        item.id
    )))
}

/// The picture of this name that was handed in with an item.
pub(super) async fn named(site: &State, id: &ItemId, name: &str) -> Result<KeptPicture, Failure> {
    let mut pictures = site.store.pictures_of(id).await?.into_iter();
    pictures.find(|picture| picture.name == name).ok_or(Failure::NotFound)
}

/// What is kept under the name of a snapshot or a picture.
pub(super) async fn bytes_of(site: &State, name: Option<String>, media_type: &str) -> Result<Response, Failure> {
    let name = name.ok_or(Failure::NotFound)?;
    let kept = site.store.find_evidence(&name).await?.ok_or(Failure::NotFound)?;
    let bytes = site.evidence.content(&kept)?.ok_or(Failure::NotFound)?;
    Ok(([(header::CONTENT_TYPE, media_type)], bytes).into_response())
}
