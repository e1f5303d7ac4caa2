//! Web pages in Vietnamese, the JSON API, the alert feeds.
//!
//! First version: on loopback only and without login; any other address is refused until users come.

mod api;

mod feeds;

mod pages;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::pipeline::service::Service;

/// What every handler is given.
pub type State = Arc<Service>;

/// Why a page could not be shown.
#[derive(Debug)]
enum Failure {
    /// There is no such thing.
    NotFound,
    /// The store or a template failed; logged where it is turned into an answer.
    Broken(String),
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Broken(error.to_string())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "Không có trang này.").into_response(),
            Self::Broken(problem) => {
                tracing::error!(%problem, "a page could not be shown");
                (StatusCode::INTERNAL_SERVER_ERROR, "Hệ thống gặp lỗi, xin thử lại sau.").into_response()
            }
        }
    }
}

/// Whether the pages may be served at `address`: loopback only while there is no login.
///
/// # Errors
/// Says what to do instead.
pub fn may_listen(address: SocketAddr) -> Result<(), String> {
    match address.ip().is_loopback() {
        true => Ok(()),
        false => Err(format!(
            "refusing to serve on {address}: this version has no login; listen on 127.0.0.1 and use a tunnel"
        )),
    }
}

/// Serves until `stop`.
///
/// # Errors
/// When the listener fails.
pub async fn serve(listener: TcpListener, service: Service, stop: CancellationToken) -> std::io::Result<()> {
    let ended = stop.clone();
    axum::serve(listener, router(Arc::new(service), stop))
        .with_graceful_shutdown(ended.cancelled_owned())
        .await
}

fn router(state: State, stop: CancellationToken) -> Router {
    Router::new()
        .route("/", get(pages::today))
        .route("/alerts", get(pages::alerts))
        .route("/alerts/{id}", get(pages::alert))
        .route("/stories/{id}", get(pages::story))
        .route("/items/{id}", get(pages::item))
        .route("/items/{id}/snapshot", get(pages::snapshot))
        .route("/digests", get(pages::digests))
        .route("/digests/{id}", get(pages::digest))
        .route("/digests/{id}/{form}", get(pages::digest_form))
        .route("/sources", get(pages::sources))
        .route("/alerts.atom", get(feeds::atom))
        .route("/alerts.json", get(feeds::json))
        .route("/api/alerts/stream", get(feeds::stream))
        .route("/api/alerts", get(api::alerts))
        .route("/api/stories", get(api::stories))
        .route("/api/digests", get(api::digests))
        .route("/api/sources", get(api::sources))
        .route("/healthz", get(|| async { "ok" }))
        .layer(axum::Extension(stop))
        .layer(middleware::from_fn(guard))
        .with_state(state)
}

/// Answers only for names of this machine, so that no page elsewhere can read ours through a rebound name; and says what
/// a browser may do with the answer.
async fn guard(request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if !matches!(name, "localhost" | "127.0.0.1" | "[::1]") {
        return (StatusCode::MISDIRECTED_REQUEST, "Địa chỉ này không được phục vụ.").into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'self' 'unsafe-inline'; connect-src 'self'; \
                  frame-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'self'";
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(policy));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
