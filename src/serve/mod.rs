//! Web pages in Vietnamese, the JSON API, the alert feeds.
//!
//! Open on loopback while no user exists; everywhere else, and once one exists, every route but `/healthz`, `/login`, `/assets`
//! and `/hooks` asks for a login or a token (`login`); what comes to `/hooks` is signed (`hooks`). Private persons are shown by a letter only (`shown`).

mod api;

mod assets;

mod failure;

mod feeds;

mod hooks;

mod login;

mod metrics;

mod pages;

mod posted;

mod shown;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State as Given};
use axum::http::{HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::evidence::Evidence;
use crate::model::user::Role;
use crate::pipeline::searching::Searching;
use crate::pipeline::service::Service;
use crate::store::User;

pub use failure::Failure;
pub use hooks::check as check_hooks;
pub use login::{MIN_PASSWORD, hash_password};

/// What every handler works with.
struct Site {
    service: Service,
    evidence: Evidence,
    searching: Searching,
    doors: login::Doors,
}

type State = Arc<Site>;

impl std::ops::Deref for Site {
    type Target = Service;
    fn deref(&self) -> &Service {
        &self.service
    }
}

/// Whether the pages may be served at `address`: anywhere but on loopback an administrator must exist.
///
/// # Errors
/// Says what to do instead.
pub fn may_listen(address: SocketAddr, users: &[User]) -> Result<(), String> {
    let is_managed = users
        .iter()
        .any(|user| user.role == Role::Administrator && !user.disabled && !user.password.is_empty());
    if address.ip().is_loopback() || is_managed {
        return Ok(());
    }
    Err(format!(
        "refusing to serve on {address} before there is an administrator: \
         run `diemtin user add NAME --role administrator`, or listen on 127.0.0.1"
    ))
}

/// Serves until `stop`.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    service: Service,
    searching: Searching,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let ended = stop.clone();
    let site = Site {
        doors: login::Doors::new(listener.local_addr()?.ip().is_loopback()),
        evidence: service.evidence(),
        service,
        searching,
    };
    metrics::start();
    axum::serve(listener, router(Arc::new(site), stop))
        .with_graceful_shutdown(ended.cancelled_owned())
        .await
}

fn router(site: State, stop: CancellationToken) -> Router {
    let (api, openapi) = api::router();
    let openapi = Arc::new(openapi);
    Router::new()
        .merge(pages())
        .route("/alerts.atom", get(feeds::atom))
        .route("/alerts.json", get(feeds::json))
        .route("/api/alerts/stream", get(feeds::stream))
        .route(
            "/openapi.json",
            get(move || async move { axum::Json(openapi.as_ref().clone()) }),
        )
        .route("/metrics", get(metrics::metrics))
        .merge(api)
        .layer(middleware::from_fn_with_state(site.clone(), login::identify))
        .route("/healthz", get(|| async { "ok" }))
        .merge(hooks::router())
        .route("/assets/{name}", get(assets::asset))
        .fallback(|| async { Failure::NotFound })
        .layer(axum::Extension(stop))
        .layer(middleware::from_fn_with_state(site.clone(), failure::explain))
        .layer(middleware::from_fn_with_state(site.clone(), guard))
        .layer(tower_http::catch_panic::CatchPanicLayer::new())
        .with_state(site)
}

fn pages() -> Router<State> {
    let with_picture = || DefaultBodyLimit::max(posted::LARGEST);
    Router::new()
        .route("/", get(pages::today::today))
        .route("/alerts", get(pages::alerts::alerts))
        .route("/alerts/{id}", get(pages::alerts::alert).post(pages::alerts::act))
        .route("/stories/{id}", get(pages::items::story))
        .route("/items/{id}", get(pages::items::item))
        .route("/items/{id}/snapshot", get(pages::items::snapshot))
        .route(
            "/items/{id}/identity",
            get(pages::identity::form).post(pages::identity::open),
        )
        .route("/search", get(pages::search::search))
        .route("/search.csv", get(pages::search::export))
        .route("/digests", get(pages::digests::digests))
        .route("/digests/{id}", get(pages::digests::digest))
        .route("/digests/{id}/{form}", get(pages::digests::form))
        .route("/sources", get(pages::sources::sources))
        .route("/missed", get(pages::missed::form).post(pages::missed::report))
        .route(
            "/capture",
            get(pages::capture::form)
                .post(pages::capture::take)
                .layer(with_picture()),
        )
        .route(
            "/tip",
            get(pages::tip::form).post(pages::tip::take).layer(with_picture()),
        )
        .route("/items/{id}/pictures/{name}", get(pages::items::picture))
        .route("/users", get(pages::users::users))
        .route("/audit", get(pages::audit::audit))
        .route("/login", get(login::form).post(login::login))
        .route("/logout", post(login::logout))
}

/// Answers only for names of ours, so that no page elsewhere can read ours through a rebound name; and says what a browser
/// may do with the answer.
async fn guard(Given(site): Given<State>, request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|value| value.to_str().ok());
    let name = host.and_then(|host| host.parse::<axum::http::uri::Authority>().ok());
    if !name.is_some_and(|name| is_ours(&site, name.host())) {
        return axum::response::IntoResponse::into_response(Failure::OtherHost);
    }
    let mut response = next.run(request).await;
    ::metrics::counter!("diemtin_http_requests_total", "status" => response.status().as_str().to_owned()).increment(1);
    let headers = response.headers_mut();
    let policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                  frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(policy));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The address listened on, `localhost`, and the host of `web.public_url`.
fn is_ours(site: &Site, host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    let public = site
        .config
        .web
        .public_url
        .as_deref()
        .and_then(|url| url::Url::parse(url).ok());
    let is_public = public.is_some_and(|url| url.host_str().is_some_and(|name| name.eq_ignore_ascii_case(host)));
    let is_address = host
        .parse::<IpAddr>()
        .is_ok_and(|address| match site.doors.is_loopback {
            true => address.is_loopback(),
            false => true,
        });
    is_public || is_address || host.eq_ignore_ascii_case("localhost")
}
