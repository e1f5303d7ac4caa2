//! The server: one port, every host by its `Host` header, and a log of what was asked.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, Response, StatusCode, header};
use tokio_util::sync::CancellationToken;
use unicode_normalization::UnicodeNormalization;

use super::faults::Fault;
use super::outlets::{self, Cms, Outlet};
use super::pieces::{Piece, visible};
use super::{Logged, feeds, forum, pages, trouble};
use crate::clock::Clock;
use crate::model::Time;

/// Requests for a feed that a rate-limited outlet refuses before it answers.
const REFUSED: u32 = 2;

/// What the requests share.
#[derive(Debug)]
pub(super) struct Shared {
    clock: Clock,
    is_bad_day: bool,
    log: Mutex<Vec<Logged>>,
    /// How often a fault that wears off was shown, by host.
    shown: Mutex<BTreeMap<&'static str, u32>>,
}

impl Shared {
    pub(super) fn new(clock: Clock, is_bad_day: bool) -> Self {
        Self {
            clock,
            is_bad_day,
            log: Mutex::default(),
            shown: Mutex::default(),
        }
    }

    pub(super) fn requests(&self) -> Vec<Logged> {
        self.log.lock().expect("no code panics while it holds the lock").clone()
    }

    /// Whether a fault that shows only the first `times` times shows now.
    fn shows(&self, host: &'static str, times: u32) -> bool {
        let mut shown = self.shown.lock().expect("no code panics while it holds the lock");
        let count = shown.entry(host).or_default();
        *count += 1;
        *count <= times
    }
}

/// Serves until `stop` is called.
pub(super) async fn serve(listener: tokio::net::TcpListener, state: Arc<Shared>, stop: CancellationToken) {
    let app = axum::Router::new().fallback(answer).with_state(state);
    let served = axum::serve(listener, app).with_graceful_shutdown(async move { stop.cancelled().await });
    if let Err(error) = served.await {
        tracing::error!(%error, "the newsroom stopped serving");
    }
}

/// An answer before its headers are made.
struct Answer {
    status: StatusCode,
    kind: &'static str,
    body: String,
    headers: Vec<(HeaderName, String)>,
}

impl Answer {
    fn ok(kind: &'static str, body: String) -> Self {
        Self {
            status: StatusCode::OK,
            kind,
            body,
            headers: Vec::new(),
        }
    }

    fn html(body: String) -> Self {
        Self::ok("text/html; charset=utf-8", body)
    }

    fn bare(status: StatusCode, body: &str) -> Self {
        Self {
            status,
            ..Self::ok("text/plain; charset=utf-8", body.to_owned())
        }
    }

    fn with(mut self, name: HeaderName, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }
}

async fn answer(State(state): State<Arc<Shared>>, request: Request) -> Response<axum::body::Body> {
    let now = state.clock.now();
    let host = host(&request);
    let path = request.uri().path_and_query().map_or("/", |p| p.as_str()).to_owned();
    let trouble = state.is_bad_day.then(|| trouble::at(&host, now)).flatten();
    let broken = trouble.and_then(|trouble| trouble.answer(&path));
    let response = broken.unwrap_or_else(|| {
        let mut answer = respond(&state, &host, &path, now);
        if let Some(trouble) = trouble {
            answer.body = trouble.retold(answer.body, &path);
        }
        finish(answer, request.headers())
    });
    state
        .log
        .lock()
        .expect("no code panics while it holds the lock")
        .push(Logged {
            at: now,
            host,
            path,
            status: response.status().as_u16(),
        });
    response
}

fn host(request: &Request) -> String {
    let header = request
        .headers()
        .get(header::HOST)
        .and_then(|value| value.to_str().ok());
    let host = header.or(request.uri().host()).unwrap_or_default();
    host.split(':').next().unwrap_or_default().to_lowercase()
}

fn respond(state: &Shared, host: &str, path: &str, now: Time) -> Answer {
    let plain = path.split('?').next().unwrap_or(path);
    let missing = || Answer::bare(StatusCode::NOT_FOUND, "Không có trang này.\n");
    if plain == "/robots.txt" && outlets::hosts().contains(&host) {
        return Answer::ok("text/plain; charset=utf-8", robots(outlets::by_host(host)));
    }
    if let Some(outlet) = outlets::by_host(host) {
        return press(state, outlet, path, now);
    }
    match host {
        outlets::VIDEOS => path
            .strip_prefix("/feeds/videos.xml?channel_id=")
            .and_then(|id| feeds::channel(id, now))
            .map_or_else(missing, |body| Answer::ok("text/xml; charset=UTF-8", body)),
        outlets::FORUM | outlets::READERS => forum::page(host, plain, now).map_or_else(missing, Answer::html),
        _ => missing(),
    }
}

fn robots(outlet: Option<&Outlet>) -> String {
    let has = |fault| outlet.is_some_and(|outlet| outlet.has(fault));
    let mut text = String::from("User-agent: *\nDisallow: /tim-kiem\n");
    if has(Fault::DisallowedSection) {
        text.push_str("Disallow: /giai-tri/\n");
    }
    if has(Fault::CrawlDelay) {
        text.push_str("Crawl-delay: 5\n");
    }
    text
}

fn press(state: &Shared, outlet: &'static Outlet, path: &str, now: Time) -> Answer {
    let plain = path.split('?').next().unwrap_or(path);
    if plain == "/rss/home.rss" && outlet.cms != Cms::Sharepoint {
        return feed(state, outlet, now);
    }
    if let Some(answer) = piece(state, outlet, path, now) {
        return answer;
    }
    if plain == "/" || plain == outlet.section() {
        let page = composed(outlet, pages::listing(outlet, now));
        return stamped(Answer::html(page), outlet, now);
    }
    Answer {
        status: StatusCode::NOT_FOUND,
        ..Answer::html(pages::not_found(outlet))
    }
}

fn feed(state: &Shared, outlet: &'static Outlet, now: Time) -> Answer {
    if outlet.has(Fault::RateLimit) && state.shows(outlet.host, REFUSED) {
        let refusal = Answer::bare(StatusCode::TOO_MANY_REQUESTS, "Quá nhiều yêu cầu.\n");
        return refusal.with(header::RETRY_AFTER, 20);
    }
    if outlet.has(Fault::HtmlForFeed) {
        return Answer::html(pages::not_found(outlet));
    }
    let feed = Answer::ok(
        "application/rss+xml; charset=utf-8",
        composed(outlet, feeds::rss(outlet, now)),
    );
    stamped(feed, outlet, now)
}

fn piece(state: &Shared, outlet: &'static Outlet, path: &str, now: Time) -> Option<Answer> {
    // Addresses name the same page when their canonical forms agree: SharePoint's query comes in any order and case.
    let canonical = |path: &str| crate::text::url::canonical(&format!("http://{}{path}", outlet.host));
    let asked = canonical(path)?;
    let piece = visible(outlet, now)
        .into_iter()
        .find(|piece| canonical(&piece.path).as_ref() == Some(&asked))?;
    if piece.is_dead {
        return Some(match outlet.has(Fault::DeadToHome) {
            true => Answer::bare(StatusCode::FOUND, "").with(header::LOCATION, format!("http://{}/", outlet.host)),
            false => Answer::html(pages::not_found(outlet)),
        });
    }
    if outlet.has(Fault::UnavailableOnce) && state.shows(outlet.host, 1) {
        let refusal = Answer::bare(StatusCode::SERVICE_UNAVAILABLE, "Máy chủ bận.\n");
        return Some(refusal.with(header::RETRY_AFTER, 5));
    }
    let ahead = state.is_bad_day.then(|| trouble::at(outlet.host, now)).flatten();
    let ahead = ahead.map_or(chrono::Duration::zero(), |trouble| trouble.ahead());
    let piece = &Piece {
        published_at: piece.published_at + ahead,
        ..piece.clone()
    };
    let modified = piece.published_at.to_utc().format("%a, %d %b %Y %H:%M:%S GMT");
    let page = composed(outlet, pages::article(outlet, piece, now));
    Some(Answer::html(page).with(header::LAST_MODIFIED, modified))
}

/// Adds the time of the newest piece.
fn stamped(answer: Answer, outlet: &Outlet, now: Time) -> Answer {
    match visible(outlet, now).first() {
        None => answer,
        Some(newest) => {
            let at = newest.published_at.to_utc().format("%a, %d %b %Y %H:%M:%S GMT");
            answer.with(header::LAST_MODIFIED, at)
        }
    }
}

/// The page in the normal form the outlet writes.
fn composed(outlet: &Outlet, page: String) -> String {
    if outlet.has(Fault::Decomposed) {
        page.nfd().collect()
    } else {
        page
    }
}

/// Headers, validators and compression: 304 where the asker already has it.
fn finish(answer: Answer, asked: &HeaderMap) -> Response<axum::body::Body> {
    let given = |name: HeaderName| {
        asked
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let etag = format!("\"{}\"", &crate::text::sha256_hex(answer.body.as_bytes())[..16]);
    let modified = answer.headers.iter().find(|(name, _)| *name == header::LAST_MODIFIED);
    let known = match given(header::IF_NONE_MATCH) {
        "" => modified.is_some_and(|(_, at)| at == given(header::IF_MODIFIED_SINCE)),
        tag => tag.trim_start_matches("W/") == etag,
    };
    let mut response = Response::builder();
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    let body = if answer.status == StatusCode::OK {
        response = response
            .header(header::ETAG, etag)
            .header(header::VARY, "Accept-Encoding");
        if known {
            return built(response.status(StatusCode::NOT_MODIFIED), Vec::new());
        }
        match given(header::ACCEPT_ENCODING)
            .contains("gzip")
            .then(|| gzip(&answer.body))
        {
            Some(Ok(small)) => {
                response = response.header(header::CONTENT_ENCODING, "gzip");
                small
            }
            _ => answer.body.into_bytes(),
        }
    } else {
        answer.body.into_bytes()
    };
    built(
        response.status(answer.status).header(header::CONTENT_TYPE, answer.kind),
        body,
    )
}

fn built(response: axum::http::response::Builder, body: Vec<u8>) -> Response<axum::body::Body> {
    response
        .body(axum::body::Body::from(body))
        .expect("all headers are written here in ASCII")
}

fn gzip(text: &str) -> std::io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes())?;
    encoder.finish()
}
