//! Bytes to text: byte order mark, HTTP charset, declaration in the document, then detection; the result is NFC.

/// Text with the charset it was read as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The text in normal form C.
    pub text: String,
    /// Name of the charset, as WHATWG spells it.
    pub charset: &'static str,
    /// Whether some bytes were no text in that charset and became U+FFFD.
    pub lossy: bool,
}

/// Decodes a document (HTML, XML, JSON, plain) received with `content_type`.
pub fn decode(bytes: &[u8], content_type: Option<&str>) -> Decoded {
    let named = |label: &str| encoding_rs::Encoding::for_label(label.trim_matches(['"', '\'', ' ']).as_bytes());
    let from_header = content_type
        .and_then(|v| v.split("charset=").nth(1))
        .and_then(|v| named(v.split(';').next()?));
    let encoding = encoding_rs::Encoding::for_bom(bytes)
        .map(|(encoding, _)| encoding)
        .or_else(|| std::str::from_utf8(bytes).ok().map(|_| encoding_rs::UTF_8))
        .or(from_header)
        .or_else(|| declared(bytes).and_then(|label| named(&label)))
        .unwrap_or_else(|| {
            let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
            detector.feed(bytes, true);
            detector.guess(Some(b"vn"), chardetng::Utf8Detection::Allow)
        });
    let (text, used, lossy) = encoding.decode(bytes);
    Decoded {
        text: super::nfc(&text),
        charset: used.name(),
        lossy,
    }
}

/// The charset named in the first kilobyte: `<?xml encoding="…"?>`, `<meta charset=…>`.
fn declared(bytes: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(1024)]).to_ascii_lowercase();
    let at = head
        .find("charset=")
        .map(|i| i + 8)
        .or_else(|| head.find("encoding=").map(|i| i + 9))?;
    Some(
        head[at..]
            .trim_start_matches(['"', '\''])
            .chars()
            .take_while(|c| !"\"' />;?".contains(*c))
            .collect(),
    )
}
