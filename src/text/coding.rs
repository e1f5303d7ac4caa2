//! Content codings of HTTP bodies (RFC 9110, section 8.4.1; RFC 7932 for br, RFC 8878 for zstd), with a limit.

use std::io::Read;

/// What this program can decode, as `Accept-Encoding` names it.
pub const ACCEPTED: &str = "gzip, deflate, br, zstd";

/// Most codings one body may be wrapped in.
const MOST_CODINGS: usize = 3;

/// A decoded body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The bytes, at most as many as asked for.
    pub bytes: Vec<u8>,
    /// Whether there were more.
    pub cut: bool,
}

/// Why a body cannot be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodingError {
    /// A coding nobody asked for.
    #[error("the body is coded as `{0}`, which was not asked for")]
    Unknown(String),
    /// The bytes are not what the header says, or end too early.
    #[error("the body is no complete {coding}: {problem}")]
    Damaged {
        /// The coding.
        coding: String,
        /// What is wrong.
        problem: String,
    },
}

/// Takes the codings of a `Content-Encoding` header off, last first, and keeps at most `limit` bytes of each result.
///
/// # Errors
/// When a coding is unknown or the bytes are damaged.
pub fn decode(bytes: &[u8], codings: &str, limit: usize) -> Result<Decoded, CodingError> {
    let mut decoded: Option<Decoded> = None;
    let codings: Vec<String> = codings
        .split(',')
        .map(|coding| coding.trim().to_ascii_lowercase())
        .collect();
    if codings.len() > MOST_CODINGS {
        return Err(CodingError::Unknown(codings.join(", ")));
    }
    for coding in codings
        .iter()
        .rev()
        .filter(|coding| !matches!(coding.as_str(), "" | "identity"))
    {
        let coded = decoded.as_ref().map_or(bytes, |decoded| &decoded.bytes);
        if !coded.is_empty() {
            decoded = Some(one(coded, coding, limit)?);
        }
    }
    Ok(decoded.unwrap_or_else(|| Decoded {
        bytes: bytes[..bytes.len().min(limit)].to_vec(),
        cut: bytes.len() > limit,
    }))
}

fn one(bytes: &[u8], coding: &str, limit: usize) -> Result<Decoded, CodingError> {
    let result = match coding {
        "gzip" | "x-gzip" => read(flate2::read::MultiGzDecoder::new(bytes), limit),
        // Servers disagree whether "deflate" has the zlib header that the standard asks for.
        "deflate" => read(flate2::read::ZlibDecoder::new(bytes), limit)
            .or_else(|_| read(flate2::read::DeflateDecoder::new(bytes), limit)),
        "br" => read(brotli_decompressor::Decompressor::new(bytes, 4096), limit),
        "zstd" => zstd::stream::read::Decoder::new(bytes).and_then(|decoder| read(decoder, limit)),
        other => return Err(CodingError::Unknown(other.into())),
    };
    result.map_err(|error| CodingError::Damaged {
        coding: coding.into(),
        problem: error.to_string(),
    })
}

fn read(decoder: impl Read, limit: usize) -> std::io::Result<Decoded> {
    let mut bytes = Vec::new();
    decoder.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    let cut = bytes.len() > limit;
    bytes.truncate(limit);
    Ok(Decoded { bytes, cut })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn each_coding_comes_off_and_a_bomb_is_cut() {
        let text = "Lương hưu tháng 11. ".repeat(500).into_bytes();
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        zlib.write_all(&text).unwrap();
        let mut raw = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        raw.write_all(&text).unwrap();
        let zstd = zstd::encode_all(&text[..], 1).unwrap();
        for (bytes, coding) in [
            (text.clone(), ""),
            (gzip(&text), "GZIP"),
            (zlib.finish().unwrap(), "deflate"),
            (raw.finish().unwrap(), "deflate"),
            (zstd, "zstd"),
            (gzip(&gzip(&text)), "gzip, gzip"),
        ] {
            assert_eq!(decode(&bytes, coding, 1 << 20).unwrap().bytes, text, "{coding}");
        }
        let bomb = decode(&gzip(&vec![0; 5 << 20]), "gzip", 1 << 20).unwrap();
        assert!(bomb.cut && bomb.bytes.len() == 1 << 20);
    }

    #[test]
    fn damage_and_unknown_codings_are_named() {
        let whole = gzip(b"BHXH");
        let torn = decode(&whole[..whole.len() - 6], "gzip", 100).unwrap_err();
        assert!(torn.to_string().contains("no complete gzip"), "{torn}");
        assert_eq!(
            decode(&[1], "compress", 100),
            Err(CodingError::Unknown("compress".into()))
        );
        assert!(decode(b"plain", "br", 100).is_err());
    }
}
