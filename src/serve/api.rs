//! The JSON API with its OpenAPI description: what programs read. Private persons' handles are not in it.

use axum::extract::{Path, Query, State as Given};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use utoipa::openapi::OpenApi;
use utoipa::{IntoParams, OpenApi as _, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::login::Viewer;
use super::shown::PublicItem;
use super::{Failure, Site, State};
use crate::model::alert::{Alert, AlertState};
use crate::model::digest::Period;
use crate::model::story::Story;
use crate::model::user::Role;
use crate::model::{AlertId, ItemId, Time};
use crate::pipeline::ledger::{Ledger, SourceLine, ledger};
use crate::search::Filter;
use crate::text::secrecy;

/// Rows of an answer when none are asked for, and at most.
const USUAL: usize = 50;
const MOST: usize = 500;

type Answer<T> = Result<Json<T>, Failure>;

#[derive(utoipa::OpenApi)]
#[openapi(info(
    title = "điểm tin",
    description = "Media monitoring of social, health and unemployment insurance. On loopback without users the API is \
                   open; else send `Authorization: Bearer <token>` (`diemtin user token`)."
))]
struct Description;

/// The routes and what describes them.
pub(super) fn router() -> (Router<State>, OpenApi) {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(items))
        .routes(routes!(item))
        .routes(routes!(stories))
        .routes(routes!(alerts))
        .routes(routes!(alert))
        .routes(routes!(act))
        .routes(routes!(digests))
        .routes(routes!(sources))
        .routes(routes!(whole_ledger))
        .split_for_parts()
}

macro_rules! list {
    ($name:ident, $rows:ident, $row:ty) => {
        /// A list; `sample` says that everything in it is invented.
        #[derive(Serialize, ToSchema)]
        struct $name {
            sample: bool,
            $rows: Vec<$row>,
        }

        impl $name {
            fn of(site: &Site, $rows: Vec<$row>) -> Json<Self> {
                let sample = site.config.agency.is_sample;
                Json(Self { sample, $rows })
            }
        }
    };
}

list!(Stories, stories, Story);
list!(Alerts, alerts, Alert);
list!(Digests, digests, DigestRow);
list!(Sources, sources, SourceLine);

/// A period; both days belong to it. Moments in RFC 3339 may be given too.
#[derive(Deserialize, IntoParams)]
struct Asked {
    /// First day, `2026-11-01`.
    from: Option<String>,
    /// Last day.
    to: Option<String>,
}

impl Asked {
    /// The period asked for; the last `days` days when none is.
    fn period(&self, site: &Site, days: i64) -> Result<Period, Failure> {
        let (from, to) = span(&self.from, &self.to)?;
        let to = to.unwrap_or_else(|| site.clock.now());
        Ok(Period {
            from: from.unwrap_or(to - chrono::Duration::days(days)),
            to,
        })
    }
}

pub(super) fn span(from: &Option<String>, to: &Option<String>) -> Result<(Option<Time>, Option<Time>), Failure> {
    crate::text::date::span(from.as_deref(), to.as_deref()).map_err(Failure::Wrong)
}

#[derive(Deserialize, IntoParams)]
struct Wanted {
    /// Query; empty asks for everything.
    #[serde(default)]
    q: String,
    /// First day of publishing.
    from: Option<String>,
    /// Last day of publishing.
    to: Option<String>,
    /// Rows, at most 500.
    limit: Option<usize>,
    /// Rows to leave out.
    #[serde(default)]
    offset: usize,
}

/// Items found.
#[derive(Serialize, ToSchema)]
struct FoundItems {
    sample: bool,
    /// How many match.
    total: usize,
    /// Newest first.
    items: Vec<PublicItem>,
    /// By field: values with the number of matching items.
    facets: std::collections::BTreeMap<String, Vec<(String, u64)>>,
}

/// Items that match a query, newest first.
#[utoipa::path(get, path = "/api/items", params(Wanted), responses((status = 200, body = FoundItems)))]
async fn items(Given(site): Given<State>, Query(wanted): Query<Wanted>) -> Answer<FoundItems> {
    let (from, to) = span(&wanted.from, &wanted.to)?;
    let filter = Filter {
        from,
        to,
        relevant_only: false,
    };
    let limit = wanted.limit.unwrap_or(USUAL).min(MOST);
    let found = site.searching.search(&wanted.q, filter, limit, wanted.offset).await?;
    let facet = |(field, values): (crate::search::Field, Vec<(String, u64)>)| (field.as_str().to_owned(), values);
    Ok(Json(FoundItems {
        sample: site.config.agency.is_sample,
        total: found.total,
        items: found.items.into_iter().map(PublicItem::from).collect(),
        facets: found.facets.into_iter().map(facet).collect(),
    }))
}

/// One item.
#[utoipa::path(get, path = "/api/items/{id}", params(("id" = String, Path)),
               responses((status = 200, body = PublicItem), (status = 404)))]
async fn item(Given(site): Given<State>, Path(id): Path<String>) -> Answer<PublicItem> {
    let view = site.store.find_item_view(&ItemId(id)).await?;
    Ok(Json(view.ok_or(Failure::NotFound)?.into()))
}

/// Stories with an item collected in the period (the last 24 hours), those with most sources first.
#[utoipa::path(get, path = "/api/stories", params(Asked), responses((status = 200, body = Stories)))]
async fn stories(Given(site): Given<State>, Query(asked): Query<Asked>) -> Answer<Stories> {
    let period = asked.period(&site, 1)?;
    let rows = site.store.stories_between(period.from, period.to, MOST as i64).await?;
    Ok(Stories::of(&site, rows))
}

/// Alerts that changed in the period (the last 30 days), loudest and newest first.
#[utoipa::path(get, path = "/api/alerts", params(Asked), responses((status = 200, body = Alerts)))]
async fn alerts(Given(site): Given<State>, Query(asked): Query<Asked>) -> Answer<Alerts> {
    let period = asked.period(&site, 30)?;
    let rows = site.store.alerts_between(period.from, period.to, MOST as i64).await?;
    Ok(Alerts::of(&site, rows))
}

/// One alert.
#[utoipa::path(get, path = "/api/alerts/{id}", params(("id" = String, Path)),
               responses((status = 200, body = Alert), (status = 404)))]
async fn alert(Given(site): Given<State>, Path(id): Path<String>) -> Answer<Alert> {
    let alert = site.store.find_alert(&AlertId(id)).await?;
    Ok(Json(alert.ok_or(Failure::NotFound)?))
}

/// What somebody does with an alert.
#[derive(Deserialize, ToSchema)]
struct Action {
    /// State to move it to; its present one to comment only.
    to: AlertState,
    /// Why.
    #[serde(default)]
    comment: String,
}

/// Moves an alert to another state, or comments on it. Needs the role duty_officer, and a token.
#[utoipa::path(post, path = "/api/alerts/{id}/actions", params(("id" = String, Path)), request_body = Action,
               responses((status = 200, body = Alert), (status = 403), (status = 404), (status = 409)))]
async fn act(
    Given(site): Given<State>,
    viewer: Viewer,
    Path(id): Path<String>,
    Json(action): Json<Action>,
) -> Answer<Alert> {
    viewer.must_be(Role::DutyOfficer)?;
    if secrecy::is_marked(&action.comment) {
        return Err(Failure::Wrong(secrecy::MESSAGE.into()));
    }
    let id = AlertId(id);
    let now = site.clock.now();
    site.store
        .move_alert(&id, action.to, &viewer.name, action.comment.trim(), now)
        .await?;
    let detail = action.to.as_str();
    site.store
        .audit(now, &viewer.name, "alert", id.as_str(), detail)
        .await?;
    let alert = site.store.find_alert(&id).await?;
    Ok(Json(alert.ok_or(Failure::NotFound)?))
}

/// A frozen edition and what became of it.
#[derive(Serialize, ToSchema)]
struct DigestRow {
    id: String,
    kind: String,
    /// Day it is for.
    day: String,
    subject: String,
    composed: String,
    /// Kept unsent on purpose.
    kept: bool,
    sent: i64,
    deliveries: i64,
}

/// Editions, newest first.
#[utoipa::path(get, path = "/api/digests", responses((status = 200, body = Digests)))]
async fn digests(Given(site): Given<State>) -> Answer<Digests> {
    let editions = site.store.list_editions(200).await?;
    let row = |e: crate::store::EditionSummary| DigestRow {
        id: e.id.to_string(),
        kind: e.kind.to_string(),
        day: e.day,
        subject: e.subject,
        composed: e.composed.to_rfc3339(),
        kept: e.kept,
        sent: e.sent.0,
        deliveries: e.sent.1,
    };
    Ok(Digests::of(&site, editions.into_iter().map(row).collect()))
}

/// Sources and how they did in the period (the last 24 hours).
#[utoipa::path(get, path = "/api/sources", params(Asked), responses((status = 200, body = Sources)))]
async fn sources(Given(site): Given<State>, Query(asked): Query<Asked>) -> Answer<Sources> {
    let found = ledger(&site.store, &site.catalogue, &asked.period(&site, 1)?).await?;
    Ok(Sources::of(&site, found.by_source))
}

/// What was and was not seen in the period (the last 24 hours).
#[utoipa::path(get, path = "/api/ledger", params(Asked), responses((status = 200, body = Ledger)))]
async fn whole_ledger(Given(site): Given<State>, Query(asked): Query<Asked>) -> Answer<Ledger> {
    Ok(Json(
        ledger(&site.store, &site.catalogue, &asked.period(&site, 1)?).await?,
    ))
}
