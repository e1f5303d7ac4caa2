//! The live alert feed, and one alert with what people did with it.

use askama::Template;
use axum::extract::{Path, State as Given};
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::{Frame, Page, page};
use crate::model::AlertId;
use crate::model::alert::{Alert, AlertState};
use crate::model::user::Role;
use crate::serve::login::{Posted, Viewer};
use crate::serve::shown::{Shown, shown};
use crate::serve::{Failure, Site, State};
use crate::store::{AlertAction, StoredEvent};

/// Longest comment in characters.
const LONGEST_COMMENT: usize = 2_000;

#[derive(Template)]
#[template(path = "web/alerts.html", blocks = ["rows"])]
struct Alerts {
    frame: Frame,
    alerts: Vec<(Alert, String)>,
}

/// All of the page, or, when htmx asks after an event, only its rows.
pub(in crate::serve) async fn alerts(Given(site): Given<State>, viewer: Viewer, headers: HeaderMap) -> Page {
    let now = site.clock.now();
    let found = site
        .store
        .alerts_between(now - chrono::Duration::days(30), now, 200)
        .await?;
    let row = |alert: Alert| {
        let at = shown(&alert.updated_at);
        (alert, at)
    };
    let all = Alerts {
        frame: Frame::of(&site, &viewer),
        alerts: found.into_iter().map(row).collect(),
    };
    match headers.contains_key("hx-request") {
        true => Ok(Html(all.as_rows().render()?)),
        false => page(&all),
    }
}

#[derive(Template)]
#[template(path = "web/alert.html")]
struct AlertPage {
    frame: Frame,
    alert: Alert,
    evidence: Vec<Shown>,
    departments: Vec<String>,
    /// Response line, correct information.
    answer: Option<(String, String)>,
    events: Vec<StoredEvent>,
    actions: Vec<AlertAction>,
    may_act: bool,
}

pub(in crate::serve) async fn alert(Given(site): Given<State>, viewer: Viewer, Path(id): Path<String>) -> Page {
    page(&alert_page(&site, &viewer, &AlertId(id)).await?)
}

async fn alert_page(site: &State, viewer: &Viewer, id: &AlertId) -> Result<AlertPage, Failure> {
    let alert = site.store.find_alert(id).await?.ok_or(Failure::NotFound)?;
    Ok(AlertPage {
        frame: Frame::of(site, viewer),
        evidence: Shown::all(site, site.store.item_views(&alert.items).await?),
        departments: departments(site, &alert),
        answer: answer(site, &alert),
        events: site.store.events_of(id).await?,
        actions: site.store.alert_actions(id).await?,
        may_act: viewer.role >= Role::DutyOfficer,
        alert,
    })
}

fn departments(site: &Site, alert: &Alert) -> Vec<String> {
    let known = &site.catalogue.knowledge.departments;
    let ids = alert.departments.iter();
    ids.filter_map(|id| known.get(id)).map(|d| d.name.clone()).collect()
}

fn answer(site: &Site, alert: &Alert) -> Option<(String, String)> {
    let rumour = site.catalogue.knowledge.find_rumour(alert.rumour_id.as_deref()?)?;
    Some((rumour.response_line.clone(), rumour.correct_info.clone()))
}

/// Moves an alert, or comments on it.
pub(in crate::serve) async fn act(
    Given(site): Given<State>,
    Path(id): Path<String>,
    viewer: Viewer,
    posted: Posted,
) -> Result<Response, Failure> {
    viewer.must_be(Role::DutyOfficer)?;
    let id = AlertId(id);
    let to: AlertState = posted
        .field("to")
        .parse()
        .map_err(|_| Failure::Wrong("trạng thái không hợp lệ".into()))?;
    let comment = posted.field("comment");
    if comment.chars().count() > LONGEST_COMMENT {
        return Err(Failure::Wrong(format!("ý kiến dài quá {LONGEST_COMMENT} ký tự")));
    }
    let now = site.clock.now();
    site.store.move_alert(&id, to, &viewer.name, comment, now).await?;
    site.store
        .audit(now, &viewer.name, "alert", id.as_str(), to.as_str())
        .await?;
    Ok(Redirect::to(&format!("/alerts/{id}")).into_response())
}
