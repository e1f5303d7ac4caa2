//! Addresses: one canonical form for one piece, however it was found.

use url::Url;

/// Query parameters that say how a reader came, not what is read.
const TRACKING: &[&str] = &["fbclid", "gclid", "zarsrc", "igshid", "ref", "source", "OtItem"];

/// The canonical form of an absolute http(s) address: no fragment, no tracking parameters, lower-case host, sorted query.
///
/// `None` when it is no such address.
pub fn canonical(address: &str) -> Option<String> {
    let mut url = Url::parse(address.trim()).ok()?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return None;
    }
    url.set_fragment(None);
    let mut pairs: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| !name.starts_with("utm_") && !TRACKING.contains(&name.as_ref()))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    if pairs.is_empty() {
        url.set_query(None);
    } else {
        pairs.sort();
        url.query_pairs_mut().clear().extend_pairs(pairs);
    }
    Some(url.into())
}

/// `link` as an absolute http(s) address, read on the page `base`.
pub fn absolute(base: &str, link: &str) -> Option<String> {
    let url = Url::parse(base).ok()?.join(link.trim()).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.into())
}

/// The host of an address without `www.`.
pub fn host(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    Some(url.host_str()?.trim_start_matches("www.").to_lowercase())
}
