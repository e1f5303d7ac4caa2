//! The official APIs of platforms: off until a section names a key or a page.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// YouTube Data API v3 (developers.google.com/youtube/v3). A quota day begins at midnight Pacific Time.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Youtube {
    /// API key. Environment: `DIEMTIN_YOUTUBE_KEY`.
    pub key: SecretString,
    /// Where the API is.
    pub base_url: String,
    /// What to search for.
    pub search: Vec<String>,
    /// Channels whose uploads are followed: ids (`UC…`) or handles (`@…`).
    pub channels: Vec<String>,
    /// Calls of `search.list` a day: it has a bucket of its own.
    pub search_calls_per_day: u32,
    /// Units a day for everything else; each call of ours costs one.
    pub units_per_day: u32,
}

impl Default for Youtube {
    fn default() -> Self {
        Self {
            key: SecretString::default(),
            base_url: "https://www.googleapis.com/youtube/v3".into(),
            search: Vec::new(),
            channels: Vec::new(),
            search_calls_per_day: 100,
            units_per_day: 10_000,
        }
    }
}

/// Facebook Graph API (developers.facebook.com/docs/graph-api).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Facebook {
    /// Where the API is, with its version.
    pub base_url: String,
    /// Pages that are read.
    #[serde(rename = "page")]
    pub pages: Vec<FacebookPage>,
}

impl Default for Facebook {
    fn default() -> Self {
        Self {
            base_url: "https://graph.facebook.com/v25.0".into(),
            pages: Vec::new(),
        }
    }
}

/// One Facebook page.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FacebookPage {
    /// Its number.
    pub id: String,
    /// Its file in `sources/social/`, if there is one.
    pub source: Option<String>,
    /// Page token of an own page, or a token with Page Public Content Access. Environment: `DIEMTIN_FACEBOOK_TOKEN_<id>`,
    /// else `DIEMTIN_FACEBOOK_TOKEN`.
    #[serde(default)]
    pub token: SecretString,
    /// Whether it is the agency's own.
    #[serde(default)]
    pub own: bool,
}

impl Youtube {
    /// Takes the key from the environment and says what is wrong with the section.
    pub(super) fn complete(&mut self, environment: &impl Fn(&str) -> Option<String>) -> Result<(), String> {
        if let Some(key) = environment("DIEMTIN_YOUTUBE_KEY") {
            self.key = key.into();
        }
        checked("youtube.key", "DIEMTIN_YOUTUBE_KEY", &self.key)?;
        is_safe("youtube.base_url", &self.base_url)?;
        if self.search.iter().any(|query| query.trim().is_empty()) {
            return Err("youtube.search: a query is empty; take it out".into());
        }
        let is_channel = |given: &str| {
            let id = given.strip_prefix("UC").is_some_and(|rest| rest.len() == 22);
            (id || given.starts_with('@')) && !given.contains(char::is_whitespace)
        };
        match self.channels.iter().find(|channel| !is_channel(channel)) {
            Some(other) => Err(format!(
                "youtube.channels: `{other}` is neither a channel id (UC and 22 more letters) nor a handle (@name)"
            )),
            None => Ok(()),
        }
    }
}

impl Facebook {
    /// Takes tokens from the environment and says what is wrong with the section.
    pub(super) fn complete(&mut self, environment: &impl Fn(&str) -> Option<String>) -> Result<(), String> {
        is_safe("facebook.base_url", &self.base_url)?;
        let mut seen = std::collections::BTreeSet::new();
        for page in &mut self.pages {
            if page.id.is_empty() || !page.id.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(format!(
                    "facebook.page: id `{}` is not the page's number; it stands below \"About\" on the page",
                    page.id
                ));
            }
            if !seen.insert(page.id.clone()) {
                return Err(format!("facebook.page: id {} stands twice; take one out", page.id));
            }
            let own = format!("DIEMTIN_FACEBOOK_TOKEN_{}", page.id);
            let found = environment(&own);
            if let Some(token) = found {
                page.token = token.into();
            } else if page.token.expose_secret().is_empty() {
                page.token = environment("DIEMTIN_FACEBOOK_TOKEN").unwrap_or_default().into();
            }
            checked(&format!("facebook.page {}: token", page.id), &own, &page.token)?;
        }
        Ok(())
    }
}

/// A credential must be there and fit into a header.
fn checked(field: &str, variable: &str, secret: &SecretString) -> Result<(), String> {
    let secret = secret.expose_secret();
    if secret.is_empty() {
        return Err(format!("{field} is missing; write it in the file or set {variable}"));
    }
    if !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(format!(
            "{field} holds spaces or letters that no credential has; copy it again"
        ));
    }
    Ok(())
}

/// Credentials go out over TLS, or to this machine.
fn is_safe(field: &str, address: &str) -> Result<(), String> {
    let rest = address.strip_prefix("http://").unwrap_or_default();
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    match address.starts_with("https://") || matches!(host, "127.0.0.1" | "localhost") {
        true => Ok(()),
        false => Err(format!(
            "{field}: `{address}` must begin with https://, for a credential is sent there"
        )),
    }
}
