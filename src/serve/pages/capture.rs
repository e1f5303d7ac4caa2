//! "Ghi nhận": the form by which people capture what no collector sees, and the bookmarklet that opens it.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Query, State as Given};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{Frame, Page};
use crate::collect::captured::Filled;
use crate::model::ItemId;
use crate::model::capture::{Capture, CaptureForm, Picture};
use crate::model::item::{Access, Platform};
use crate::model::source::SourceKind;
use crate::model::user::Role;
use crate::pipeline::capturing::{CaptureError, Hand, Outcome};
use crate::pipeline::telling::headline;
use crate::serve::login::Viewer;
use crate::serve::posted::Uploaded;
use crate::serve::shown::shown;
use crate::serve::{Failure, Site, State};
use crate::text::secrecy;

/// Captures shown.
const SHOWN: i64 = 50;

/// Forms of this page; tips have one of their own.
const FORMS: [CaptureForm; 5] = [
    CaptureForm::Link,
    CaptureForm::Text,
    CaptureForm::Screenshot,
    CaptureForm::Print,
    CaptureForm::Broadcast,
];

/// What became of a form, for the head of the page.
pub(super) enum Answer {
    Nothing,
    Taken(ItemId, Outcome),
    Refused(String),
}

impl Answer {
    pub fn words(&self) -> &str {
        match self {
            Answer::Nothing => "",
            Answer::Taken(_, Outcome::New) => "Đã ghi nhận.",
            Answer::Taken(_, Outcome::Known) => {
                "Đã có trong kho: nội dung cũ giữ nguyên, lần ghi nhận này được ghi lại."
            }
            Answer::Taken(_, Outcome::Queued) => "Nguồn này đang được thu: đã đưa vào hàng chờ tải.",
            Answer::Refused(problem) => problem,
        }
    }

    /// The item, once it is in the archive.
    pub fn item(&self) -> Option<&ItemId> {
        match self {
            Answer::Taken(id, Outcome::New | Outcome::Known) => Some(id),
            _ => None,
        }
    }
}

/// A capture in a list.
pub(super) struct Row {
    pub capture: Capture,
    pub title: Option<String>,
    /// Why it is not in the archive yet.
    pub waits: String,
}

/// The last captures of one way, private persons masked.
pub(super) async fn rows(site: &Site, access: Access) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    for (capture, item) in site.store.list_captures(access.as_str(), SHOWN).await? {
        let waits = match &item {
            Some(_) => String::new(),
            None => site.explain_missed(&capture.place).await?.verdict,
        };
        rows.push(Row {
            title: item.map(|item| headline(&item.masked())),
            waits,
            capture,
        });
    }
    Ok(rows)
}

#[derive(Template)]
#[template(path = "web/capture.html")]
struct CapturePage<'a> {
    frame: Frame,
    form: CaptureForm,
    fields: &'a BTreeMap<String, String>,
    answer: Answer,
    outlets: Vec<&'a str>,
    bookmarklet: String,
    rows: Vec<Row>,
}

impl CapturePage<'_> {
    fn value(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

async fn shown_page(
    site: &State,
    viewer: &Viewer,
    form: CaptureForm,
    fields: &BTreeMap<String, String>,
    answer: Answer,
    origin: &str,
) -> Page {
    let is_named = |kind| match form {
        CaptureForm::Broadcast => kind == SourceKind::Broadcast,
        _ => kind == SourceKind::Press,
    };
    let outlets = site.catalogue.sources.iter().filter(|source| is_named(source.kind));
    super::page(&CapturePage {
        frame: Frame::of(site, viewer),
        form,
        fields,
        answer,
        outlets: outlets.map(|source| source.name.as_str()).collect(),
        bookmarklet: bookmarklet(origin),
        rows: rows(site, Access::Manual).await?,
    })
}

/// The address under which this browser sees us.
fn origin(site: &Site, headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    match (&site.config.web.public_url, host) {
        (Some(url), _) => url.trim_end_matches('/').to_owned(),
        (None, Some(host)) => format!("http://{host}"),
        (None, None) => site.config.public_url(),
    }
}

/// A script that opens the form with the address, the title and the marked words of the page it is started on.
fn bookmarklet(origin: &str) -> String {
    let origin = serde_json::Value::from(origin);
    format!(
        "javascript:void(function(){{var e=encodeURIComponent,s=String(getSelection()).slice(0,2000);\
         window.open({origin}+'/capture?url='+e(location.href)+'&title='+e(document.title)+'&text='+e(s),'_blank','noopener')}}())"
    )
}

/// The form asked for; the one for links when nothing is.
fn form_of(fields: &BTreeMap<String, String>) -> CaptureForm {
    let asked = fields.get("form").and_then(|word| word.parse().ok());
    asked.filter(|form| FORMS.contains(form)).unwrap_or(CaptureForm::Link)
}

pub(in crate::serve) async fn form(
    Given(site): Given<State>,
    viewer: Viewer,
    headers: HeaderMap,
    Query(given): Query<BTreeMap<String, String>>,
) -> Page {
    viewer.must_be(Role::Editor)?;
    if given.values().any(|value| secrecy::is_marked(value)) {
        return Err(Failure::Wrong(secrecy::MESSAGE.into()));
    }
    let origin = origin(&site, &headers);
    shown_page(&site, &viewer, form_of(&given), &given, Answer::Nothing, &origin).await
}

pub(in crate::serve) async fn take(
    Given(site): Given<State>,
    viewer: Viewer,
    headers: HeaderMap,
    uploaded: Uploaded,
) -> Result<Response, Failure> {
    viewer.must_be(Role::Editor)?;
    let form = form_of(&uploaded.fields);
    let hand = Hand {
        user: viewer.name.clone(),
        ..Hand::default()
    };
    let answer = taken(&site, form, &uploaded, hand).await?;
    let origin = origin(&site, &headers);
    let none = BTreeMap::new();
    let (status, fields) = after(&answer, &uploaded.fields, &none);
    Ok((status, shown_page(&site, &viewer, form, fields, answer, &origin).await?).into_response())
}

/// What is shown after a form: it again with what was written when it was refused, else an empty one.
pub(super) fn after<'a>(
    answer: &Answer,
    written: &'a BTreeMap<String, String>,
    none: &'a BTreeMap<String, String>,
) -> (StatusCode, &'a BTreeMap<String, String>) {
    match answer {
        Answer::Refused(_) => (StatusCode::BAD_REQUEST, written),
        _ => (StatusCode::OK, none),
    }
}

/// Hands a form in; what is wrong with it becomes an answer.
pub(super) async fn taken(site: &Site, form: CaptureForm, uploaded: &Uploaded, hand: Hand) -> Result<Answer, Failure> {
    let picture: Option<&Picture> = match &uploaded.picture {
        Some(Err(problem)) => return Ok(Answer::Refused(format!("Ảnh: {problem}"))),
        Some(Ok(picture)) => Some(picture),
        None => None,
    };
    let filled = Filled {
        form,
        fields: &uploaded.fields,
        picture,
    };
    match site.capture(&site.evidence, &filled, hand).await {
        Ok((id, outcome)) => Ok(Answer::Taken(id, outcome)),
        Err(CaptureError::Refused(refusal)) => Ok(Answer::Refused(refusal.to_string())),
        Err(CaptureError::Store(error)) => Err(error.into()),
        Err(CaptureError::Evidence(error)) => Err(error.into()),
    }
}
