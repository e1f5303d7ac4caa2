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
    let utf16 = utf16_without_bom(bytes);
    // Nearly every page; checked once.
    if let (None, Ok(text)) = (utf16, std::str::from_utf8(bytes)) {
        return Decoded {
            text: super::nfc(text),
            charset: encoding_rs::UTF_8.name(),
            lossy: false,
        };
    }
    if let Some(text) = tcvn3(bytes) {
        return Decoded {
            text: super::nfc(&text),
            charset: "TCVN3",
            lossy: false,
        };
    }
    let encoding = encoding_rs::Encoding::for_bom(bytes)
        .map(|(encoding, _)| encoding)
        .or(utf16)
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

/// UTF-16 without a byte order mark: every other byte of its markup is zero, which no UTF-8 text has.
fn utf16_without_bom(bytes: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let head = &bytes[..bytes.len().min(1024) & !1];
    let zeros = |from: usize| head.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, half) = (zeros(0), zeros(1), head.len() / 2);
    if half < 4 {
        None
    } else if odd * 2 > half && even * 10 < half {
        Some(encoding_rs::UTF_16LE)
    } else if even * 2 > half && odd * 10 < half {
        Some(encoding_rs::UTF_16BE)
    } else {
        None
    }
}

/// Letters of TCVN 5712:1993 (VN3, "ABC" fonts) for the bytes A1 to FE; a blank is no letter there.
const TCVN3: &str = concat!(
    "ĂÂÊÔƠƯĐăâêôơưđ      àảãáạ ằẳẵắ       ặầẩẫấậè ẻẽ",
    "éẹềểễếệìỉ   ĩíịò ỏõóọồổỗốộờởỡớợù ủũúụừửữứựỳỷỹýỵ"
);

/// The text, when the bytes are TCVN3: no charset label names it, so that at least four of its commonest words must appear.
fn tcvn3(bytes: &[u8]) -> Option<String> {
    let letters: Vec<char> = TCVN3.chars().collect();
    let mut unknown = 0;
    let text: String = bytes
        .iter()
        .map(|&byte| match byte {
            0..0x80 => byte as char,
            0xa1..=0xfe if letters[usize::from(byte) - 0xa1] != ' ' => letters[usize::from(byte) - 0xa1],
            _ => {
                unknown += 1;
                ' '
            }
        })
        .collect();
    let high = bytes.iter().filter(|byte| !byte.is_ascii()).count();
    let common = ["của", "và", "các", "được", "không", "người", "là", "có", "những", "một"];
    let words: std::collections::HashSet<&str> = text.split_whitespace().collect();
    let seen = common.iter().filter(|word| words.contains(**word)).count();
    (unknown * 20 < high && seen >= 4).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn windows_1258_becomes_composed_text() {
        let bytes = b"<meta charset=windows-1258>b\xe0o hi\xea\xd2m";
        let decoded = decode(bytes, None);
        assert!(decoded.text.ends_with("bào hiểm"), "{}", decoded.text);
        assert_eq!(decoded.charset, "windows-1258");
    }

    #[test]
    fn utf_16_without_a_mark_is_not_taken_for_utf_8() {
        let text = "<html><p>bảo hiểm</p></html>";
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(decode(&le, Some("text/html; charset=utf-8")).text, text);
        assert_eq!(decode(&be, None).text, text);
    }

    #[test]
    fn old_tcvn3_pages_are_told_by_their_words() {
        let letters: Vec<char> = TCVN3.chars().collect();
        assert_eq!(letters.len(), 0xfe - 0xa1 + 1);
        let text = "Người lao động là chủ thể của chính sách và được hưởng các chế độ, không phân biệt, có quyền lợi";
        let bytes: Vec<u8> = text
            .chars()
            .map(|c| match letters.iter().position(|l| *l == c) {
                Some(at) if c != ' ' => at as u8 + 0xa1,
                _ => c as u8,
            })
            .collect();
        assert_eq!(decode(&bytes, Some("text/html; charset=iso-8859-1")).text, text);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = decode(&bytes, Some("text/html; charset=x"));
        }
    }
}
