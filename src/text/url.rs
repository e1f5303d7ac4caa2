//! Addresses: one canonical form for one piece, however it was found.

use url::Url;

/// Query parameters that say how a reader came, not what is read.
const TRACKING: &[&str] = &[
    "fbclid", "gclid", "gclsrc", "dclid", "msclkid", "yclid", "mc_cid", "mc_eid", "zarsrc", "gidzl", "igshid",
    "mibextid", "_ga", "ref", "source", "amp", "OtItem",
];

/// Prefixes of such parameters.
const TRACKING_PREFIXES: &[&str] = &["utm_", "itm_", "vgclid"];

/// Hosts outside `.vn` whose mobile and AMP hosts serve the same paths.
const SAME_ON_MOBILE: &[&str] = &["vnexpress.net", "youtube.com", "facebook.com", "baomoi.com"];

/// The canonical form of an absolute http(s) address: no fragment, no tracking parameters, lower-case host, sorted query;
/// the desktop host for mobile and AMP ones; of a SharePoint item only its `ItemID`.
///
/// `None` when it is no such address.
pub fn canonical(address: &str) -> Option<String> {
    let mut url = Url::parse(address.trim()).ok()?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return None;
    }
    url.set_fragment(None);
    desktop_host(&mut url);
    cut_listing_state(&mut url);
    let mut pairs: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| !is_tracking(name))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    if let Some(item) = sharepoint_item(&url, &pairs) {
        let path = url.path().to_ascii_lowercase();
        url.set_path(&path);
        pairs = vec![item];
    }
    if pairs.is_empty() {
        url.set_query(None);
    } else {
        pairs.sort();
        url.query_pairs_mut().clear().extend_pairs(pairs);
    }
    Some(url.into())
}

fn is_tracking(name: &str) -> bool {
    TRACKING.contains(&name) || TRACKING_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

fn desktop_host(url: &mut Url) {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.').to_owned();
    let bare = ["m.", "amp.", "mobile."]
        .iter()
        .find_map(|prefix| host.strip_prefix(prefix));
    let host = match bare {
        Some(bare) if bare.ends_with(".vn") && !PUBLIC_SUFFIXES.contains(&bare) => bare,
        Some(bare) if SAME_ON_MOBILE.contains(&bare) => bare,
        _ => &host,
    };
    // An IP address or an odd host stays as it is.
    let _ = url.set_host(Some(host));
}

/// Second levels of `.vn` under which others register: what stands before them is a name, not a mobile host.
const PUBLIC_SUFFIXES: &[&str] = &[
    "com.vn",
    "net.vn",
    "org.vn",
    "edu.vn",
    "gov.vn",
    "info.vn",
    "name.vn",
    "pro.vn",
    "health.vn",
    "biz.vn",
    "ac.vn",
];

/// MasterCMS writes the state of its listing into the path: `/tin-123.html&s_cond=&BRSR=30`.
fn cut_listing_state(url: &mut Url) {
    let path = url.path().to_owned();
    if let Some((before, after)) = path.split_once('&')
        && before.ends_with(".html")
        && (after.starts_with("s_cond=") || after.starts_with("BRSR="))
    {
        url.set_path(before);
    }
}

fn sharepoint_item(url: &Url, pairs: &[(String, String)]) -> Option<(String, String)> {
    url.path().to_ascii_lowercase().ends_with(".aspx").then_some(())?;
    let (_, id) = pairs.iter().find(|(name, _)| name.eq_ignore_ascii_case("itemid"))?;
    (!id.is_empty()).then(|| ("ItemID".to_owned(), id.clone()))
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_piece_has_one_address_however_it_was_found() {
        for (found, canonical_form) in [
            (
                "https://VnExpress.net:443/a-5.html?fbclid=x#box_comment_vne",
                "https://vnexpress.net/a-5.html",
            ),
            (
                "https://m.vnexpress.net/a-5.html?utm_source=zalo",
                "https://vnexpress.net/a-5.html",
            ),
            ("https://amp.baodautu.vn/a-d5.html", "https://baodautu.vn/a-d5.html"),
            ("https://m.gov.vn/a", "https://m.gov.vn/a"),
            ("https://m.example.com/a", "https://m.example.com/a"),
            ("https://a.vn/x?b=2&a=1&zarsrc=30", "https://a.vn/x?a=1&b=2"),
            ("https://a.vn/tin-5.html&s_cond=&BRSR=30", "https://a.vn/tin-5.html"),
            (
                "https://a.vn/kinh-te&s_cond=&BRSR=30",
                "https://a.vn/kinh-te&s_cond=&BRSR=30",
            ),
            (
                "https://a.gov.vn/tintuc/Pages/bhyt.aspx?CateID=169&OtItem=date&ItemID=12",
                "https://a.gov.vn/tintuc/pages/bhyt.aspx?ItemID=12",
            ),
            (
                "https://a.gov.vn/tintuc/pages/BHYT.aspx?ItemID=12&CateID=169",
                "https://a.gov.vn/tintuc/pages/bhyt.aspx?ItemID=12",
            ),
        ] {
            assert_eq!(canonical(found).as_deref(), Some(canonical_form), "{found}");
        }
        assert_eq!(canonical("javascript:void(0)"), None);
    }

    proptest! {
        #[test]
        fn the_canonical_form_is_its_own_canonical_form(path in "[a-zA-Z0-9/&=.?#%-]{0,40}", host in "(m\\.|amp\\.|www\\.)?[a-z]{1,8}\\.(vn|com\\.vn|net)") {
            let once = canonical(&format!("https://{host}/{path}"));
            prop_assert_eq!(once.as_deref().and_then(canonical), once);
        }

        #[test]
        fn no_address_makes_it_panic(text in "\\PC{0,80}") {
            let _ = (canonical(&text), absolute("https://a.vn/b", &text), host(&text));
        }
    }
}
