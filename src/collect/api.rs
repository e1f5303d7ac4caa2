//! Official APIs of platforms: one GET with a credential in a header, an answer in JSON.

use reqwest::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::failure::FetchError;
use super::fetch::Fetcher;
use crate::model::page::{Exchange, Page};

/// What stands where a credential stood.
const REDACTED: &[u8] = b"REDACTED";

/// A key or token, and how it is sent. Never prints.
#[derive(Debug, Clone)]
pub struct Credential {
    /// What stands before it in the header: `Bearer `.
    prefix: &'static str,
    secret: SecretString,
}

impl Credential {
    /// The credential as the value of a header.
    pub(super) fn header(&self) -> Result<HeaderValue, FetchError> {
        HeaderValue::from_str(&format!("{}{}", self.prefix, self.secret.expose_secret()))
            .map_err(|_| FetchError::Setup("a credential holds letters that no header may have".into()))
    }

    /// Takes the credential out of what was sent and received: Graph writes it into the addresses of further pages. An
    /// answer that held it is kept decoded, and a header says that it was changed.
    pub(super) fn scrub(&self, body: &mut Vec<u8>, exchange: &mut Exchange) {
        let secret = self.secret.expose_secret();
        let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let without = |bytes: &[u8]| {
            let once = replaced(bytes, secret.as_bytes());
            replaced(once.as_deref().unwrap_or(bytes), encoded.as_bytes()).or(once)
        };
        for (_, value) in exchange.request.iter_mut().chain(&mut exchange.response) {
            if let Some(clean) = without(value) {
                *value = clean;
            }
        }
        if let Some(clean) = without(body) {
            exchange.body.clone_from(&clean);
            *body = clean;
            exchange
                .response
                .retain(|(name, _)| name != "content-encoding" && name != "content-length");
            let note = b"credential taken out".to_vec();
            exchange.response.push(("x-diemtin-changed".into(), note));
        }
    }
}

/// `bytes` with every `needle` replaced; `None` when there is none.
fn replaced(bytes: &[u8], needle: &[u8]) -> Option<Vec<u8>> {
    let mut places = memchr::memmem::find_iter(bytes, needle).peekable();
    places.peek()?;
    let (mut clean, mut from) = (Vec::with_capacity(bytes.len()), 0);
    for at in places {
        clean.extend_from_slice(&bytes[from..at]);
        clean.extend_from_slice(REDACTED);
        from = at + needle.len();
    }
    clean.extend_from_slice(&bytes[from..]);
    Some(clean)
}

/// One API with one credential.
#[derive(Debug, Clone)]
pub struct Api {
    fetcher: Fetcher,
    base: Url,
    header: HeaderName,
    credential: Credential,
}

impl Api {
    /// An API that takes a key in `X-Goog-Api-Key` (cloud.google.com/docs/authentication/api-keys-use).
    ///
    /// # Errors
    /// When `base` is no address.
    pub fn google(fetcher: Fetcher, base: &str, key: SecretString) -> Result<Self, FetchError> {
        let header = HeaderName::from_static("x-goog-api-key");
        Self::new(
            fetcher,
            base,
            header,
            Credential {
                prefix: "",
                secret: key,
            },
        )
    }

    /// An API that takes a bearer token (RFC 6750, section 2.1).
    ///
    /// # Errors
    /// When `base` is no address.
    pub fn bearer(fetcher: Fetcher, base: &str, token: SecretString) -> Result<Self, FetchError> {
        let credential = Credential {
            prefix: "Bearer ",
            secret: token,
        };
        Self::new(fetcher, base, reqwest::header::AUTHORIZATION, credential)
    }

    fn new(fetcher: Fetcher, base: &str, header: HeaderName, credential: Credential) -> Result<Self, FetchError> {
        let base = Url::parse(&format!("{}/", base.trim_end_matches('/'))).map_err(|error| FetchError::BadAddress {
            url: base.to_owned(),
            problem: error.to_string(),
        })?;
        Ok(Self {
            fetcher,
            base,
            header,
            credential,
        })
    }

    /// Host of the API, for sharing it among processes.
    pub fn host(&self) -> &str {
        self.base.host_str().unwrap_or_default()
    }

    /// Asks for `path` below the base with `query`.
    ///
    /// # Errors
    /// When there is no answer, or one that refuses for load; an error in the API's own words is a page.
    pub async fn get<K: AsRef<str>, V: AsRef<str>>(&self, path: &str, query: &[(K, V)]) -> Result<Page, FetchError> {
        let mut url = self.base.join(path).map_err(|error| FetchError::BadAddress {
            url: path.to_owned(),
            problem: error.to_string(),
        })?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.fetcher.ask(&url, self.header.clone(), &self.credential).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_that_an_answer_repeats_is_taken_out_and_the_record_says_so() {
        let credential = Credential {
            prefix: "Bearer ",
            secret: "EAA|BIMAT".into(),
        };
        let mut body = br#"{"next":"https:\/\/g.example\/?access_token=EAA|BIMAT&x=EAA%7CBIMAT"}"#.to_vec();
        let mut exchange = Exchange {
            method: "GET".into(),
            url: "https://g.example/".into(),
            request: vec![("authorization".into(), b"Bearer EAA|BIMAT".to_vec())],
            status: 200,
            is_http2: false,
            response: vec![("content-encoding".into(), b"gzip".to_vec())],
            body: b"packed".to_vec(),
            at: crate::model::from_unix_ms(0),
        };
        credential.scrub(&mut body, &mut exchange);
        let text = format!("{exchange:?}{}", String::from_utf8(body.clone()).unwrap());
        assert!(!text.contains("BIMAT") && serde_json::from_slice::<serde_json::Value>(&body).is_ok());
        assert_eq!(exchange.body, body);
        assert_eq!(exchange.request[0].1, b"Bearer REDACTED");
        assert_eq!(exchange.response[0].0, "x-diemtin-changed");
        assert!(!format!("{credential:?}").contains("BIMAT"));
    }
}
