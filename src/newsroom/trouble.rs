//! A bad day: what goes wrong at the outlets, when, and how it looks to who asks.

use std::convert::Infallible;
use std::sync::LazyLock;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Response, StatusCode, header};
use chrono::Timelike;
use futures::stream;

use crate::clock::Clock;
use crate::model::Time;

/// What is wrong with a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Connections break before anything is said.
    Outage,
    /// One byte a second, of real time.
    Drip,
    /// Every page leads to another, for ever.
    Redirects,
    /// Every page is two gibibytes of zeros in two megabytes of gzip.
    Bomb,
    /// Pages have other classes than yesterday.
    NewLayout,
    /// robots.txt forbids everything.
    Forbids,
    /// Its clock is three hours ahead.
    Skew,
}

/// Host, first hour, one past the last hour, what is wrong.
const TROUBLES: &[(&str, u32, u32, Trouble)] = &[
    ("baovidu.example", 3, 9, Trouble::Outage),
    ("nhipsongvidu.example", 10, 13, Trouble::Drip),
    ("thongtanvidu.example", 8, 10, Trouble::Redirects),
    ("nguoithovidu.example", 9, 11, Trouble::Bomb),
    ("sucvocvidu.example", 7, 24, Trouble::NewLayout),
    ("tiengnoividu.example", 10, 24, Trouble::Forbids),
    ("baobienmau.example", 6, 20, Trouble::Skew),
];

/// Hosts in trouble on a bad day, with the hours and what it is.
pub fn troubles() -> &'static [(&'static str, u32, u32, Trouble)] {
    TROUBLES
}

/// What is wrong with a host at this time of a bad day.
pub(super) fn at(host: &str, now: Time) -> Option<Trouble> {
    let is_now =
        |(name, from, until, _): &&(&str, u32, u32, Trouble)| *name == host && (*from..*until).contains(&now.hour());
    TROUBLES.iter().find(is_now).map(|(.., trouble)| *trouble)
}

impl Trouble {
    /// The whole answer, where the trouble is not in what the page says.
    pub(super) fn answer(self, path: &str) -> Option<Response<Body>> {
        let built = |response: axum::http::response::Builder, body| response.body(body).ok();
        match self {
            Trouble::Outage => {
                let broken = stream::iter([Err::<Bytes, _>(std::io::Error::other("broken"))]);
                built(Response::builder(), Body::from_stream(broken))
            }
            Trouble::Drip => {
                let drip = stream::unfold((), |()| async {
                    Clock::real().sleep(Duration::from_secs(1)).await;
                    Some((Ok::<_, Infallible>(Bytes::from_static(b"<")), ()))
                });
                built(Response::builder(), Body::from_stream(drip))
            }
            Trouble::Redirects if path != "/robots.txt" => {
                let next = format!("{}a", path.split('?').next().unwrap_or(path));
                let response = Response::builder()
                    .status(StatusCode::FOUND)
                    .header(header::LOCATION, next);
                built(response, Body::empty())
            }
            Trouble::Bomb if path != "/robots.txt" => {
                let response = Response::builder()
                    .header(header::CONTENT_ENCODING, "gzip")
                    .header(header::CONTENT_TYPE, "text/html");
                built(response, Body::from(BOMB.clone()))
            }
            _ => None,
        }
    }

    /// The page as the trouble makes it look.
    pub(super) fn retold(self, page: String, path: &str) -> String {
        match self {
            Trouble::NewLayout => page.replace("detail-", "moi-").replace("data-role", "data-vai"),
            Trouble::Forbids if path == "/robots.txt" => "User-agent: *\nDisallow: /\n".into(),
            _ => page,
        }
    }

    /// How far the host's clock is ahead.
    pub(super) fn ahead(self) -> chrono::Duration {
        chrono::Duration::hours(if self == Trouble::Skew { 3 } else { 0 })
    }
}

/// One gzip member of 16 MiB, 128 times over: a gzip file may have any number (RFC 1952, section 2.2).
static BOMB: LazyLock<Bytes> = LazyLock::new(|| {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let zeros = vec![0; 1 << 20];
    for _ in 0..16 {
        std::io::Write::write_all(&mut encoder, &zeros).expect("memory takes what is written to it");
    }
    let member = encoder.finish().expect("memory takes what is written to it");
    member.repeat(128).into()
});
