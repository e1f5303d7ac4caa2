//! Editions: the list, one with its preview and deliveries, and its forms.

use askama::Template;
use axum::extract::{Path, State as Given};
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};

use super::{Frame, Page, page};
use crate::model::EditionId;
use crate::model::delivery::Delivery;
use crate::serve::login::Viewer;
use crate::serve::shown::shown;
use crate::serve::{Failure, State};
use crate::store::{Attempt, EditionSummary, StoredEdition};

/// What a mail may do in the preview: show its own inline styles, nothing else.
const MAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'";

#[derive(Template)]
#[template(path = "web/digests.html")]
struct Digests {
    frame: Frame,
    editions: Vec<EditionSummary>,
}

pub(in crate::serve) async fn digests(Given(site): Given<State>, viewer: Viewer) -> Page {
    page(&Digests {
        frame: Frame::of(&site, &viewer),
        editions: site.store.list_editions(200).await?,
    })
}

#[derive(Template)]
#[template(path = "web/digest.html")]
struct DigestPage {
    frame: Frame,
    stored: StoredEdition,
    deliveries: Vec<(Delivery, Vec<Attempt>)>,
}

pub(in crate::serve) async fn digest(Given(site): Given<State>, viewer: Viewer, Path(id): Path<String>) -> Page {
    let id = EditionId(id);
    let stored = site.store.find_edition(&id).await?.ok_or(Failure::NotFound)?;
    page(&DigestPage {
        frame: Frame::of(&site, &viewer),
        deliveries: site.store.deliveries_of(&id).await?,
        stored,
    })
}

/// An edition in one of its forms: `html`, `txt`, `docx`.
pub(in crate::serve) async fn form(
    Given(site): Given<State>,
    Path((id, form)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let stored = site.store.find_edition(&EditionId(id)).await?;
    let rendered = stored.ok_or(Failure::NotFound)?.rendered;
    let word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    Ok(match form.as_str() {
        "html" => ([(header::CONTENT_SECURITY_POLICY, MAIL_POLICY)], Html(rendered.html)).into_response(),
        "txt" => ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], rendered.text).into_response(),
        "docx" => ([(header::CONTENT_TYPE, word)], rendered.docx).into_response(),
        _ => return Err(Failure::NotFound),
    })
}
