//! What is done to the bytes of a feed before a strict parser sees them, so that one bad byte never costs a feed.

use std::io::Read;
use std::sync::LazyLock;

use regex::Regex;

use crate::text::{decode, nfc};

/// Longest sitemap after unpacking, as the sitemap protocol allows (50 MB).
const MAX_UNPACKED_BYTES: u64 = 50 * 1024 * 1024;

/// A feed's body as text, and whether reading it as text already needed a repair.
pub struct Readable {
    /// The text, NFC.
    pub text: String,
    /// Whether bytes were damaged, control characters stood in it, or the declared charset was wrong.
    pub repaired: bool,
}

/// Unpacks and decodes a body.
pub fn readable(body: &[u8], content_type: Option<&str>) -> Readable {
    if body.starts_with(&[0x1f, 0x8b]) {
        let mut unpacked = Vec::new();
        let complete = flate2::read::MultiGzDecoder::new(body)
            .take(MAX_UNPACKED_BYTES)
            .read_to_end(&mut unpacked)
            .is_ok();
        let inner = decoded(&unpacked, None);
        return Readable {
            repaired: inner.repaired || !complete,
            ..inner
        };
    }
    decoded(body, content_type)
}

fn decoded(body: &[u8], content_type: Option<&str>) -> Readable {
    if let Some(text) = damaged_utf8(body) {
        return Readable { text, repaired: true };
    }
    let decoded = decode::decode(body, content_type);
    let is_wide = decoded.charset.starts_with("UTF-16");
    let has_controls = !is_wide && body.iter().any(|b| *b < 0x20 && !b"\t\n\r".contains(b));
    let misdeclared = declared_charset(&decoded.text).is_some_and(|name| name != decoded.charset);
    Readable {
        repaired: decoded.lossy || has_controls || misdeclared,
        text: decoded.text,
    }
}

/// UTF-8 in which a few bytes are wrong, e.g. cut in the middle of a letter; `None` when it is whole or something else.
fn damaged_utf8(body: &[u8]) -> Option<String> {
    if std::str::from_utf8(body).is_ok() || encoding_rs::Encoding::for_bom(body).is_some() {
        return None;
    }
    let text = String::from_utf8_lossy(body);
    let bad = text.chars().filter(|c| *c == '\u{fffd}').count();
    let good = text.chars().filter(|c| !c.is_ascii()).count() - bad;
    // Legacy single-byte text read as UTF-8 has next to no valid sequence; damaged UTF-8 has hundreds for one bad byte.
    (good >= 5 * bad || (bad == 1 && text.ends_with('\u{fffd}'))).then(|| nfc(&text))
}

/// The WHATWG name of the charset that an XML declaration names.
fn declared_charset(text: &str) -> Option<&'static str> {
    static DECLARED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"^\s*<\?xml[^>]*?encoding\s*=\s*["']([^"']+)["']"#).expect("the expression is valid")
    });
    let label = DECLARED.captures(text)?.get(1)?.as_str();
    encoding_rs::Encoding::for_label(label.as_bytes()).map(encoding_rs::Encoding::name)
}

/// The document without its XML declaration and what stands before it.
///
/// The text is UTF-8 by now, whatever the declaration says.
pub fn without_declaration(text: &str) -> &str {
    let text = text.trim_start();
    match text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) {
        Some((_, rest)) => rest.trim_start(),
        None => text,
    }
}

/// Makes XML of what feeds write by hand: junk around the root gone, lone `&` and `<` escaped, references to control
/// characters dropped, a missing or unknown RSS version read as 2.0.
pub fn xml(text: &str) -> String {
    let document = escape_lone(within_root(text));
    static VERSION: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"(?i)<rss\b([^>]*?)(/?)>"#).expect("the expression is valid"));
    static ATTRIBUTE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"(?i)\s+version\s*=\s*("[^"]*"|'[^']*')"#).expect("the expression is valid"));
    let Some(root) = VERSION.captures(&document) else {
        return document;
    };
    let known = ["\"2.0\"", "\"0.91\"", "\"0.92\"", "'2.0'", "'0.91'", "'0.92'"];
    let version = ATTRIBUTE.captures(&root[1]).map(|c| c[1].to_string());
    if version.is_some_and(|v| known.contains(&v.as_str())) {
        return document;
    }
    let attributes = ATTRIBUTE.replace_all(&root[1], "").into_owned();
    let fixed = format!("<rss version=\"2.0\"{attributes}{}>", &root[2]);
    document.replacen(&root[0], &fixed, 1)
}

/// From the opening tag of the root to its closing tag; to the end where it is cut off.
fn within_root(text: &str) -> &str {
    static ROOT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)<(rss|rdf:rdf|feed|urlset|sitemapindex)[\s>]").expect("the expression is valid")
    });
    let Some(found) = ROOT.captures(text) else { return text };
    let start = found.get(0).expect("group 0 is the match").start();
    let close = format!("</{}", found[1].to_ascii_lowercase());
    let rest = &text[start..];
    match rest.to_ascii_lowercase().rfind(&close) {
        Some(at) => match rest[at..].find('>') {
            Some(end) => &rest[..=at + end],
            None => rest,
        },
        None => rest,
    }
}

fn escape_lone(text: &str) -> String {
    static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
            .expect("the expression is valid")
    });
    // HTML lets these end without a semicolon before anything but a letter, a digit or `=` (HTML, section 13.2.5.73).
    static BARE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^(&(?:amp|lt|gt|quot))(?:[^A-Za-z0-9=;]|$)").expect("the expression is valid"));
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let taken = if rest.starts_with("<![CDATA[") {
            let end = rest.find("]]>").map_or(rest.len(), |end| end + 3);
            out.push_str(&rest[..end]);
            end
        } else if let Some(after) = rest.strip_prefix('<') {
            let is_tag = after.starts_with(|c: char| c.is_ascii_alphabetic() || "/!?_".contains(c));
            out.push_str(if is_tag { "<" } else { "&lt;" });
            1
        } else if let Some(reference) = REFERENCE.find(rest) {
            if !is_control_reference(reference.as_str()) {
                out.push_str(reference.as_str());
            }
            reference.end()
        } else if let Some(bare) = BARE.captures(rest) {
            out.push_str(&bare[1]);
            out.push(';');
            bare[1].len()
        } else {
            out.push_str("&amp;");
            1
        };
        rest = &rest[taken..];
    }
    out.push_str(rest);
    out
}

/// Whether a numeric reference names a character that XML 1.0 forbids (section 2.2).
fn is_control_reference(reference: &str) -> bool {
    let digits = reference.trim_start_matches("&#").trim_end_matches(';');
    if digits.len() == reference.len() - 1 {
        return false;
    }
    let number = match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None if reference.starts_with("&#") => digits.parse(),
        None => return false,
    };
    !number.is_ok_and(|n| matches!(n, 9 | 10 | 13) || (n >= 0x20 && char::from_u32(n).is_some()))
}

/// Whether the text is well-formed XML to its end.
pub fn is_well_formed(text: &str) -> bool {
    let mut reader = quick_xml::Reader::from_str(text);
    let mut depth = 0_i64;
    loop {
        match reader.read_event() {
            Err(_) => return false,
            Ok(quick_xml::events::Event::Start(_)) => depth += 1,
            Ok(quick_xml::events::Event::End(_)) => depth -= 1,
            Ok(quick_xml::events::Event::Eof) => return depth == 0,
            Ok(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lone_signs_are_escaped_and_what_is_right_is_kept() {
        let fixed = xml("<rss version=\"2.0\"><t>A & B < 5 &amp; &#7871;&#11; &nbsp;<![CDATA[a & b]]></t></rss>junk");
        assert_eq!(
            fixed,
            "<rss version=\"2.0\"><t>A &amp; B &lt; 5 &amp; &#7871; &nbsp;<![CDATA[a & b]]></t></rss>"
        );
    }

    #[test]
    fn a_missing_version_is_two() {
        assert!(xml("<rss xmlns:a='x'><channel/></rss>").starts_with("<rss version=\"2.0\" xmlns:a='x'>"));
    }

    #[test]
    fn a_body_cut_inside_a_letter_stays_utf8() {
        let bytes = "<a>bảo hiểm y tế".as_bytes();
        let read = readable(&bytes[..bytes.len() - 1], None);
        assert!(
            read.repaired && read.text.starts_with("<a>bảo hiểm y t"),
            "{}",
            read.text
        );
    }
}
