//! Who asks, what they may do, and whether a form is really theirs.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use askama::Template;
use axum::Form;
use axum::extract::{FromRequestParts, Query, Request, State as Given};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};

use super::pages::Frame;
pub(super) use super::posted::Posted;
use super::{Failure, Site, State};
use crate::model::Time;
use crate::model::user::Role;

/// Shortest password in characters (NIST SP 800-63B asks for at least 8; these guard a public agency).
pub const MIN_PASSWORD: usize = 10;
/// Hours a session lasts: one shift.
const SESSION_HOURS: i64 = 12;
/// Wrong passwords for one name before it has to wait, and for how long.
const MAX_WRONG: u32 = 5;
const WAIT_MINUTES: i64 = 15;
const COOKIE: &str = "diemtin";

/// The Argon2id hash of a password in PHC form, with the parameters of RFC 9106 that the library recommends.
///
/// # Errors
/// When the password is too short, in Vietnamese.
pub fn hash_password(password: &str) -> Result<String, String> {
    if password.chars().count() < MIN_PASSWORD {
        return Err(format!("mật khẩu cần ít nhất {MIN_PASSWORD} ký tự"));
    }
    let salt = crate::chance::bytes::<16>();
    Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|error| error.to_string())
}

fn is_right(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// What guards the site: a secret of this process, and who guessed wrong lately.
pub(super) struct Doors {
    pub is_loopback: bool,
    secret: String,
    wrong: Mutex<HashMap<String, (u32, Time)>>,
}

impl Doors {
    pub fn new(is_loopback: bool) -> Self {
        Self {
            is_loopback,
            secret: crate::chance::token(),
            wrong: Mutex::default(),
        }
    }

    /// Counts a try for `name`; refuses when there were too many.
    fn knock(&self, name: &str, now: Time) -> Result<(), Failure> {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        wrong.retain(|_, (_, until)| *until > now);
        let entry = wrong.entry(name.to_owned()).or_insert((0, now));
        if entry.0 >= MAX_WRONG {
            return Err(Failure::TooMany);
        }
        *entry = (entry.0 + 1, now + chrono::Duration::minutes(WAIT_MINUTES));
        Ok(())
    }

    fn welcome(&self, name: &str) {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}

/// Who asks.
#[derive(Debug, Clone)]
pub(super) struct Viewer {
    pub name: String,
    pub role: Role,
    /// What forms of this viewer must carry; a program with a token needs none.
    pub csrf: String,
    /// Whether they can log out.
    pub has_session: bool,
    /// Whether a program asks, with a token.
    pub has_token: bool,
}

impl Viewer {
    /// Lets on who has at least this role.
    pub fn must_be(&self, role: Role) -> Result<(), Failure> {
        if self.role >= role {
            Ok(())
        } else {
            Err(Failure::NotAllowed(role))
        }
    }

    /// Lets on a person who logged in and whose role may open what names private persons: no program, and nobody while
    /// there are no users.
    pub fn must_open_identities(&self) -> Result<(), Failure> {
        match self.role.may_open_identity() {
            _ if !self.has_session => Err(Failure::NotInPerson),
            true => Ok(()),
            false => Err(Failure::NotAllowed(Role::DutyOfficer)),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Viewer {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        parts.extensions.get::<Viewer>().cloned().ok_or(Failure::NoLogin)
    }
}

/// What the browser says about where a request comes from; absent in old browsers and in programs.
pub(super) fn is_same_site(headers: &HeaderMap) -> bool {
    let said = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    matches!(said, None | Some("same-origin" | "none"))
}

fn csrf_of(secret: &str) -> String {
    crate::text::sha256_hex(format!("csrf {secret}").as_bytes())
}

/// Finds out who asks; sends people to the login page, and programs away, when nobody may.
pub(super) async fn identify(Given(site): Given<State>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    match viewer(&site, request.headers()).await {
        Ok(Some(viewer)) => {
            request.extensions_mut().insert(viewer);
        }
        Ok(None) if path == "/login" => {}
        Ok(None) => {
            let is_page = request.headers().get(header::ACCEPT).and_then(|v| v.to_str().ok());
            if is_page.is_some_and(|accept| accept.contains("text/html")) && !path.starts_with("/api/") {
                let whole = request.uri().path_and_query().map_or(path.as_str(), |p| p.as_str());
                if !is_same_site(request.headers()) {
                    return again(local(whole));
                }
                let query: String = url::form_urlencoded::Serializer::new(String::new())
                    .append_pair("next", whole)
                    .finish();
                return Redirect::to(&format!("/login?{query}")).into_response();
            }
            return Failure::NoLogin.into_response();
        }
        Err(failure) => return failure.into_response(),
    }
    next.run(request).await
}

#[derive(Template)]
#[template(path = "web/again.html")]
struct Again<'a> {
    address: &'a str,
}

/// Browsers keep our cookie back when a page elsewhere leads here: a mail, a bookmarklet. Asked for again from a page of
/// ours they send it.
fn again(address: &str) -> Response {
    match (Again { address }).render() {
        Ok(page) => Html(page).into_response(),
        Err(error) => Failure::from(error).into_response(),
    }
}

async fn viewer(site: &Site, headers: &HeaderMap) -> Result<Option<Viewer>, Failure> {
    let now = site.clock.now();
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let cookie = CookieJar::from_headers(headers)
        .get(COOKIE)
        .map(|c| c.value().to_owned());
    if let Some(secret) = bearer.map(str::to_owned).or(cookie)
        && let Some(user) = site.store.user_of_secret(&secret, now).await?
    {
        return Ok(Some(Viewer {
            name: user.name,
            role: user.role,
            csrf: csrf_of(&secret),
            has_session: bearer.is_none(),
            has_token: bearer.is_some(),
        }));
    }
    if site.doors.is_loopback && site.store.list_users().await?.is_empty() {
        return Ok(Some(Viewer {
            name: "máy này".into(),
            role: Role::Administrator,
            csrf: csrf_of(&site.doors.secret),
            has_session: false,
            has_token: false,
        }));
    }
    Ok(None)
}

#[derive(Template)]
#[template(path = "web/login.html")]
struct LoginPage {
    frame: Frame,
    next: String,
    problem: String,
}

#[derive(serde::Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    next: String,
}

fn login_page(site: &Site, next: &str, problem: &str) -> Result<Html<String>, Failure> {
    let page = LoginPage {
        frame: Frame::nobody(site),
        next: next.to_owned(),
        problem: problem.to_owned(),
    };
    Ok(Html(page.render()?))
}

pub(super) async fn form(Given(site): Given<State>, Query(asked): Query<Asked>) -> Result<Html<String>, Failure> {
    login_page(&site, &asked.next, "")
}

#[derive(serde::Deserialize)]
pub(super) struct Credentials {
    name: String,
    password: String,
    #[serde(default)]
    next: String,
}

pub(super) async fn login(
    Given(site): Given<State>,
    jar: CookieJar,
    headers: HeaderMap,
    Form(given): Form<Credentials>,
) -> Result<Response, Failure> {
    if !is_same_site(&headers) {
        return Err(Failure::Forged);
    }
    let now = site.clock.now();
    site.doors.knock(&given.name, now)?;
    let user = site.store.find_user(&given.name).await?.filter(|user| !user.disabled);
    // An unknown name costs as much time as a wrong password, so that names cannot be guessed by the clock.
    let hash = user.as_ref().map_or(NOBODY, |user| user.password.as_str()).to_owned();
    let right = tokio::task::spawn_blocking(move || is_right(&given.password, &hash))
        .await
        .unwrap_or(false);
    let Some(user) = user.filter(|_| right) else {
        site.store.audit(now, &given.name, "login_failed", "", "").await?;
        let page = login_page(&site, &given.next, "Tên hoặc mật khẩu không đúng.")?;
        return Ok((axum::http::StatusCode::UNAUTHORIZED, page).into_response());
    };
    site.doors.welcome(&user.name);
    let secret = crate::chance::token();
    let expires = now + chrono::Duration::hours(SESSION_HOURS);
    site.store.open_session(&secret, &user.name, now, expires).await?;
    site.store.audit(now, &user.name, "login", "", "").await?;
    let is_https = site
        .config
        .web
        .public_url
        .as_deref()
        .is_some_and(|url| url.starts_with("https:"));
    let cookie = Cookie::build((COOKIE, secret))
        .path("/")
        .http_only(true)
        .secure(is_https)
        .same_site(SameSite::Strict);
    Ok((jar.add(cookie), Redirect::to(local(&given.next))).into_response())
}

/// A hash that no password has, of the same cost as a real one.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ib2R5$T5nPqgLdLnQwKFQ6KG2sVbXUIH0s0g3oOTNn0WSrOvM";

/// Where to go after login: only ever a place of ours.
fn local(next: &str) -> &str {
    match next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n']) {
        true => next,
        false => "/",
    }
}

pub(super) async fn logout(
    Given(site): Given<State>,
    viewer: Viewer,
    jar: CookieJar,
    _: Posted,
) -> Result<Response, Failure> {
    if let Some(cookie) = jar.get(COOKIE) {
        site.store.close_session(cookie.value()).await?;
        site.store
            .audit(site.clock.now(), &viewer.name, "logout", "", "")
            .await?;
    }
    Ok((jar.remove(Cookie::build(COOKIE).path("/")), Redirect::to("/login")).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_by_its_hash_only_and_must_be_long() {
        let hash = hash_password("mật khẩu dài").unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(is_right("mật khẩu dài", &hash) && !is_right("mật khẩu dai", &hash) && !is_right("x", NOBODY));
        assert!(hash_password("ngắn").is_err());
        assert!(
            PasswordHash::new(NOBODY).is_ok(),
            "else an unknown name would answer faster"
        );
    }

    #[test]
    fn after_login_nobody_is_sent_elsewhere() {
        assert_eq!(local("/alerts?x=1"), "/alerts?x=1");
        assert_eq!(
            (local("//evil.example"), local("https://evil.example"), local("/\\evil")),
            ("/", "/", "/")
        );
    }

    #[test]
    fn wrong_guesses_for_one_name_make_that_name_wait() {
        let doors = Doors::new(true);
        let now = crate::model::from_unix_ms(0);
        for _ in 0..MAX_WRONG {
            doors.knock("an", now).unwrap();
        }
        assert!(doors.knock("an", now).is_err() && doors.knock("binh", now).is_ok());
        assert!(
            doors
                .knock("an", now + chrono::Duration::minutes(WAIT_MINUTES + 1))
                .is_ok()
        );
    }
}
