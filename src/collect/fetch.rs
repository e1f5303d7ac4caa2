//! Polite, guarded HTTP: the only way anything of ours asks the network for a page.
//!
//! Each hop of a request passes the address guard, the robots.txt of its origin and the slot of its host: one request at
//! a time, spaced by the clock. Hosts never wait for one another.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HOST, HeaderMap, HeaderName, HeaderValue,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION, USER_AGENT,
};
use reqwest::{Response, StatusCode, Version};
use tokio::sync::Semaphore;
use url::Url;

use super::api::Credential;
use super::client::{self, Clients};
use super::failure::failure;
use super::guard::Guard;
use super::host::Hosts;
use super::robots::{self, Robots, Rules};
use crate::clock::{self, Clock};
use crate::config::{Collect, Network};
use crate::model::page::{Exchange, Headers, Page};
use crate::text::coding;

pub use super::failure::{Disposition, FetchError};
pub use super::guard::Refusal;

/// Redirects followed before a chain counts as a loop.
const MAX_REDIRECTS: usize = 10;

/// What to fetch, and what is known of it from the last time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// Absolute http(s) address.
    pub url: String,
    /// `ETag` of the last full answer.
    pub etag: Option<String>,
    /// `Last-Modified` of the last full answer.
    pub last_modified: Option<String>,
}

impl Request {
    /// A request for a page never seen before.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            ..Self::default()
        }
    }
}

/// Whether the host asks to be left alone (RFC 6585, section 4; RFC 9110, sections 10.2.3 and 15.6.4).
fn is_refusal_for_load(status: StatusCode, has_wish: bool) -> bool {
    matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
        || (status.is_server_error() && has_wish)
}

/// Fetches pages. Cheap to clone; clones share hosts, robots.txt files and connections.
#[derive(Debug, Clone)]
pub struct Fetcher(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clients: Clients,
    guard: Guard,
    hosts: Hosts,
    robots: Robots,
    clock: Clock,
    lines: Semaphore,
    timeout: Duration,
    max_bytes: usize,
    user_agent: HeaderValue,
}

/// One answer, body read.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    /// After content-decoding.
    body: Vec<u8>,
}

impl Fetcher {
    /// A fetcher for a configuration; spacing and waiting follow `clock`, time limits are real time.
    ///
    /// # Errors
    /// When the proxy or the certificate file of the configuration is unusable.
    pub fn new(collect: &Collect, network: &Network, clock: Clock) -> Result<Self, FetchError> {
        let guard = Guard::new(network);
        let spacing = Duration::try_from_secs_f64(collect.spacing_seconds)
            .map_err(|_| FetchError::Setup("collect.spacing_seconds must not be negative".into()))?;
        Ok(Self(Arc::new(Inner {
            clients: Clients::new(collect, network, &guard)?,
            guard,
            hosts: Hosts::new(clock.clone(), spacing),
            robots: Robots::default(),
            user_agent: HeaderValue::from_str(&client::user_agent(collect))
                .map_err(|_| FetchError::Setup("collect.contact holds letters that no header may have".into()))?,
            clock,
            lines: Semaphore::new(collect.max_hosts.max(1)),
            timeout: Duration::from_secs(collect.timeout_seconds.max(1)),
            max_bytes: usize::try_from(collect.max_body_mib.max(1) * 1024 * 1024).unwrap_or(usize::MAX),
        })))
    }

    /// Fetches one page. 304 gives a page with that status and an empty body.
    ///
    /// # Errors
    /// When there is no page; [`FetchError::disposition`] says whether to try again.
    pub async fn get(&self, request: Request) -> Result<Page, FetchError> {
        let inner = &self.0;
        let mut url = Url::parse(request.url.trim()).map_err(|error| FetchError::BadAddress {
            url: request.url.clone(),
            problem: error.to_string(),
        })?;
        let headers = conditions(&request);
        let mut exchanges = Vec::new();
        for _ in 0..=MAX_REDIRECTS {
            inner.ask_robots(&url).await?;
            let (answer, exchange) = inner.exchange(&url, headers.clone(), inner.max_bytes, false).await?;
            exchanges.push(exchange);
            if let Some(next) = redirect(&url, &answer) {
                url = next.ok_or_else(|| FetchError::Redirects {
                    url: request.url.clone(),
                })?;
                continue;
            }
            return inner.page(request, url, answer, exchanges);
        }
        Err(FetchError::Redirects { url: request.url })
    }

    /// Asks an official API once, with a credential in a header: no robots.txt, which is for crawlers (RFC 9309, section 1),
    /// and no redirects, so that the credential goes nowhere else. Every status but those that refuse for load gives a page;
    /// the credential stands nowhere in it, even where the answer repeats it.
    ///
    /// # Errors
    /// When there is no answer, or a refusal for load.
    pub(super) async fn ask(&self, url: &Url, header: HeaderName, credential: &Credential) -> Result<Page, FetchError> {
        let inner = &self.0;
        let mut value = credential.header()?;
        value.set_sensitive(true);
        let headers = HeaderMap::from_iter([(header, value), (ACCEPT, HeaderValue::from_static("application/json"))]);
        let (mut answer, mut exchange) = inner.exchange(url, headers, inner.max_bytes, false).await?;
        credential.scrub(&mut answer.body, &mut exchange);
        let request = Request::new(url.as_str());
        Ok(inner.page_of(request, url.clone(), answer, vec![exchange]))
    }
}

impl Inner {
    /// Waits for the slot of the host and asks it once.
    async fn exchange(
        &self,
        url: &Url,
        headers: HeaderMap,
        max_bytes: usize,
        cut: bool,
    ) -> Result<(Answer, Exchange), FetchError> {
        let refused = |refusal| FetchError::Refused {
            url: url.to_string(),
            refusal,
        };
        let pass = self.guard.check(url).map_err(refused)?;
        let host = self.hosts.of(url);
        let turn = host.turn(&self.clock).await.map_err(|until| FetchError::Held {
            host: host.name.clone(),
            until,
        })?;
        let _line = self.lines.acquire().await.expect("the semaphore is never closed");
        let headers = self.always_sent(headers);
        let asked = async {
            let sent = self.clients.of(pass).get(url.clone()).headers(headers.clone()).send();
            let response = sent.await.map_err(|error| failure(url, &error))?;
            read(url, &headers, response, max_bytes, cut, &self.clock).await
        };
        let (answer, exchange) = clock::within(self.timeout, asked).await.unwrap_or_else(|_| {
            Err(FetchError::TooSlow {
                url: url.to_string(),
                seconds: self.timeout.as_secs(),
            })
        })?;
        let wish = text_of(&answer.headers, "retry-after");
        if !is_refusal_for_load(answer.status, wish.is_some()) {
            host.is_content();
            return Ok((answer, exchange));
        }
        let until = host.hold(wish.as_deref(), self.clock.now());
        drop(turn);
        Err(FetchError::Status {
            url: url.to_string(),
            status: answer.status.as_u16(),
            not_before: Some(until),
        })
    }

    /// With the headers that every request of ours bears.
    fn always_sent(&self, mut headers: HeaderMap) -> HeaderMap {
        headers.insert(USER_AGENT, self.user_agent.clone());
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(coding::ACCEPTED));
        headers
    }

    /// Refuses what robots.txt disallows; reads it first where it is unknown or old.
    async fn ask_robots(&self, url: &Url) -> Result<(), FetchError> {
        self.guard.check(url).map_err(|refusal| FetchError::Refused {
            url: url.to_string(),
            refusal,
        })?;
        let origin = self.robots.of(url);
        let mut known = origin.lock().await;
        if known.as_ref().is_none_or(|rules| rules.until <= self.clock.now()) {
            let rules = self.read_robots(url, known.clone()).await?;
            if let Some(delay) = rules.crawl_delay() {
                self.hosts
                    .of(url)
                    .slow_down(Duration::from_secs_f32(delay.min(86_400.0)));
            }
            *known = Some(rules);
        }
        match known.as_ref() {
            Some(Rules {
                problem: Some(problem),
                until,
                ..
            }) => Err(FetchError::RobotsUnreachable {
                url: url.to_string(),
                problem: problem.clone(),
                until: *until,
            }),
            Some(rules) if !rules.allows(url) => Err(FetchError::Forbidden { url: url.to_string() }),
            _ => Ok(()),
        }
    }

    /// Fetches a robots.txt: a missing one allows all, a failing server nothing for now (RFC 9309, section 2.3.1).
    async fn read_robots(&self, url: &Url, before: Option<Rules>) -> Result<Rules, FetchError> {
        let mut at = url.join("/robots.txt").map_err(|error| FetchError::BadAddress {
            url: url.to_string(),
            problem: error.to_string(),
        })?;
        for _ in 0..=robots::MAX_REDIRECTS {
            let answer = match self.exchange(&at, HeaderMap::new(), robots::MAX_BYTES, true).await {
                Ok((answer, _)) => answer,
                // A name that leads to an inner address is refused for good, not for now.
                Err(error @ FetchError::Refused { .. }) if at.origin() == url.origin() => return Err(error),
                Err(error) => return Ok(Rules::unreachable(before, error.to_string(), self.clock.now())),
            };
            match redirect(&at, &answer) {
                Some(Some(next)) => at = next,
                Some(None) => break,
                None if answer.status.is_success() => return Ok(Rules::read(Some(&answer.body), self.clock.now())),
                None if answer.status.is_server_error() => {
                    let problem = format!("the server answered {}", answer.status.as_u16());
                    return Ok(Rules::unreachable(before, problem, self.clock.now()));
                }
                None => break,
            }
        }
        Ok(Rules::read(None, self.clock.now()))
    }

    fn page(&self, request: Request, url: Url, answer: Answer, exchanges: Vec<Exchange>) -> Result<Page, FetchError> {
        let status = answer.status.as_u16();
        if !answer.status.is_success() && status != 304 {
            return Err(FetchError::Status {
                url: url.to_string(),
                status,
                not_before: None,
            });
        }
        Ok(self.page_of(request, url, answer, exchanges))
    }

    fn page_of(&self, request: Request, url: Url, answer: Answer, exchanges: Vec<Exchange>) -> Page {
        let status = answer.status.as_u16();
        let header = |name: &str| text_of(&answer.headers, name);
        Page {
            url: request.url,
            final_url: url.into(),
            status,
            content_type: header(CONTENT_TYPE.as_str()),
            etag: header(ETAG.as_str()),
            last_modified: header(LAST_MODIFIED.as_str()),
            body: if status == 304 { Vec::new() } else { answer.body },
            fetched_at: self.clock.now(),
            exchanges,
        }
    }
}

/// Headers of a conditional request (RFC 9110, section 13.1).
fn conditions(request: &Request) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let wanted = "text/html,application/rss+xml,application/atom+xml,application/xml;q=0.9,*/*;q=0.8";
    headers.insert(ACCEPT, HeaderValue::from_static(wanted));
    for (name, value) in [
        (IF_NONE_MATCH, &request.etag),
        (IF_MODIFIED_SINCE, &request.last_modified),
    ] {
        if let Some(value) = value.as_deref().and_then(|v| v.parse().ok()) {
            headers.insert(name, value);
        }
    }
    headers
}

/// Where an answer redirects to: `None` when it does not, `Some(None)` when to nowhere.
fn redirect(url: &Url, answer: &Answer) -> Option<Option<Url>> {
    if !matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    // Servers send raw UTF-8 in Location; the header is bytes.
    let target = answer
        .headers
        .get(LOCATION)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    Some(target.and_then(|target| {
        let mut next = url.join(target.trim()).ok()?;
        next.set_fragment(None);
        Some(next)
    }))
}

/// Reads a body as it arrives and decodes it, both up to a limit, so that a small bomb cannot become a large body.
async fn read(
    url: &Url,
    sent: &HeaderMap,
    mut response: Response,
    max_bytes: usize,
    cut: bool,
    clock: &Clock,
) -> Result<(Answer, Exchange), FetchError> {
    let too_large = || FetchError::TooLarge {
        url: url.to_string(),
        limit_bytes: max_bytes as u64,
    };
    let mut received: Vec<u8> = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(url, &error))? {
        if received.len() + chunk.len() > max_bytes {
            if !cut {
                return Err(too_large());
            }
            received.extend_from_slice(&chunk[..max_bytes - received.len()]);
            break;
        }
        received.extend_from_slice(&chunk);
    }
    let codings = text_of(response.headers(), CONTENT_ENCODING.as_str()).unwrap_or_default();
    let decoded = coding::decode(&received, &codings, max_bytes).map_err(|error| FetchError::Unreachable {
        url: url.to_string(),
        problem: error.to_string(),
    })?;
    if decoded.cut && !cut {
        return Err(too_large());
    }
    let mut request = headers_of(sent);
    request.insert(0, (HOST.to_string(), url.authority().as_bytes().to_vec()));
    let exchange = Exchange {
        method: "GET".into(),
        url: url.to_string(),
        request,
        status: response.status().as_u16(),
        is_http2: response.version() == Version::HTTP_2,
        response: headers_of(response.headers()),
        body: received,
        at: clock.now(),
    };
    let answer = Answer {
        status: response.status(),
        headers: response.headers().clone(),
        body: decoded.bytes,
    };
    Ok((answer, exchange))
}

fn headers_of(headers: &HeaderMap) -> Headers {
    let pairs = headers.iter();
    pairs
        .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
        .collect()
}

fn text_of(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).trim().to_string())
}
