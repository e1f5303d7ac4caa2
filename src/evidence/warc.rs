//! WARC/1.1 records (ISO 28500:2017), one gzip member each: what was sent and received, as the client saw it. Pure.

use std::io::{self, BufRead, Read, Write};

use chrono::SecondsFormat;
use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;

use crate::model::Time;
use crate::model::page::Exchange;
use crate::text::{hex, sha256_hex};

/// What stands in place of a credential.
const REDACTED: &str = "REDACTED";

/// Headers that hold credentials.
const SECRET_HEADERS: [&str; 6] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "x-goog-api-key",
];

/// Parameters of an address that hold credentials.
const SECRET_PARAMETERS: [&str; 8] = [
    "key",
    "api_key",
    "apikey",
    "token",
    "access_token",
    "appsecret_proof",
    "client_secret",
    "refresh_token",
];

/// One record, read or to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Named fields in their order, without `Content-Length`.
    pub fields: Vec<(String, String)>,
    /// What follows them.
    pub block: Vec<u8>,
}

/// An HTTP answer inside a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers as the client saw them.
    pub headers: Vec<(String, String)>,
    /// The body before content-decoding.
    pub body: Vec<u8>,
}

impl Record {
    /// A record about itself: which program wrote the file, and how it collects.
    pub fn about(software: &str, contact: &str, file: &str, at: Time) -> Record {
        let block = format!(
            "software: {software}\r\noperator: {contact}\r\nrobots: obey\r\nformat: WARC File Format 1.1\r\n\
             conformsTo: http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r\n"
        );
        let mut record = Record::new("warcinfo", None, at, "application/warc-fields", block.into_bytes());
        record.fields.insert(3, ("WARC-Filename".into(), file.into()));
        record
    }

    /// What was sent.
    pub fn request(exchange: &Exchange) -> Record {
        let url = redacted(&exchange.url);
        let target = url::Url::parse(&url).map_or_else(|_| url.clone(), |url| url[url::Position::BeforePath..].into());
        let head = format!("{} {target} HTTP/1.1\r\n", exchange.method);
        let block = http(head, &exchange.request, &[]);
        Record::new(
            "request",
            Some(&url),
            exchange.at,
            "application/http; msgtype=request",
            block,
        )
    }

    /// What came back to `request`.
    pub fn response(exchange: &Exchange, request: &Record) -> Record {
        let url = redacted(&exchange.url);
        let head = format!("HTTP/1.1 {} {}\r\n", exchange.status, reason(exchange.status));
        let block = http(head, &exchange.response, &exchange.body);
        let mut record = Record::new(
            "response",
            Some(&url),
            exchange.at,
            "application/http; msgtype=response",
            block,
        );
        let payload = format!("sha256:{}", sha256_hex(&exchange.body));
        record.fields.push(("WARC-Payload-Digest".into(), payload));
        record
            .fields
            .push(("WARC-Concurrent-To".into(), request.id().to_owned()));
        if exchange.is_http2 {
            record.fields.push(("WARC-Protocol".into(), "h2".into()));
        }
        record
    }

    /// Bytes that came by another way than HTTP: a row of an import, a tip, a screenshot.
    pub fn resource(address: &str, kind: &str, bytes: Vec<u8>, at: Time) -> Record {
        Record::new("resource", Some(&redacted(address)), at, kind, bytes)
    }

    fn new(kind: &str, target: Option<&str>, at: Time, content: &str, block: Vec<u8>) -> Record {
        let mut fields = vec![
            ("WARC-Type".to_owned(), kind.to_owned()),
            ("WARC-Record-ID".to_owned(), format!("<urn:uuid:{}>", uuid())),
            (
                "WARC-Date".to_owned(),
                at.to_utc().to_rfc3339_opts(SecondsFormat::Millis, true),
            ),
        ];
        if let Some(target) = target {
            fields.push(("WARC-Target-URI".to_owned(), target.to_owned()));
        }
        fields.push(("WARC-Block-Digest".to_owned(), format!("sha256:{}", sha256_hex(&block))));
        fields.push(("Content-Type".to_owned(), content.to_owned()));
        Record { fields, block }
    }

    /// The value of a field.
    pub fn field(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Its name for ever: `<urn:uuid:…>`.
    pub fn id(&self) -> &str {
        self.field("WARC-Record-ID").unwrap_or_default()
    }

    /// The record as it stands in a file, before compression.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"WARC/1.1\r\n".to_vec();
        for (name, value) in &self.fields {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        bytes.extend_from_slice(format!("Content-Length: {}\r\n\r\n", self.block.len()).as_bytes());
        bytes.extend_from_slice(&self.block);
        bytes.extend_from_slice(b"\r\n\r\n");
        bytes
    }

    /// Reads a record as it stands in a file, after decompression.
    ///
    /// # Errors
    /// When it is none, or shorter than it says.
    pub fn parse(bytes: &[u8]) -> io::Result<Record> {
        let bad = |what: &str| io::Error::new(io::ErrorKind::InvalidData, format!("not a WARC record: {what}"));
        let (head, rest) = split_head(bytes).ok_or_else(|| bad("its fields do not end"))?;
        let head = std::str::from_utf8(head).map_err(|_| bad("its fields are not UTF-8"))?;
        let mut lines = head.split("\r\n");
        if !lines.next().is_some_and(|version| version.starts_with("WARC/1.")) {
            return Err(bad("it does not begin with WARC/1."));
        }
        let mut fields: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect();
        let place = fields
            .iter()
            .position(|(name, _)| name.eq_ignore_ascii_case("Content-Length"));
        let length = place.and_then(|place| fields.remove(place).1.parse::<usize>().ok());
        let block = length
            .and_then(|length| rest.get(..length))
            .ok_or_else(|| bad("it is cut short"))?;
        Ok(Record {
            fields,
            block: block.to_vec(),
        })
    }

    /// The HTTP answer it holds, if it is a response.
    pub fn answer(&self) -> Option<Answer> {
        if self.field("WARC-Type") != Some("response") {
            return None;
        }
        let (head, body) = split_head(&self.block)?;
        let head = String::from_utf8_lossy(head);
        let mut lines = head.split("\r\n");
        Some(Answer {
            status: lines.next()?.split(' ').nth(1)?.parse().ok()?,
            headers: lines
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
                .collect(),
            body: body.to_vec(),
        })
    }
}

/// One gzip member. Bytes that are compressed already are only wrapped.
pub fn member(bytes: &[u8], compressed: bool) -> io::Result<Vec<u8>> {
    let level = if compressed {
        Compression::none()
    } else {
        Compression::fast()
    };
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 2), level);
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// A gzip member of exactly `length` bytes that stands where a record was erased: a record that says so, and padding. `None`
/// when the length is too small for one.
///
/// The bytes are stored, not compressed (RFC 1951, section 3.2.4), so that their number is known beforehand.
pub fn filler(length: usize, at: Time) -> Option<Vec<u8>> {
    const STORED: usize = 65_535;
    let framed = length.checked_sub(18)?;
    let blocks = framed.div_ceil(STORED + 5).max(1);
    let payload = framed.checked_sub(5 * blocks)?;
    let date = at.to_utc().to_rfc3339_opts(SecondsFormat::Secs, true);
    let head = |block: usize| {
        format!(
            "WARC/1.1\r\nWARC-Type: metadata\r\nWARC-Record-ID: <urn:uuid:{}>\r\nWARC-Date: {date}\r\nContent-Length: {block:08}\r\n\r\n",
            uuid()
        )
    };
    let block = payload.checked_sub(head(0).len() + 4)?;
    let mut bytes = head(block).into_bytes();
    bytes.extend(b"erased".iter().copied().chain(std::iter::repeat(b' ')).take(block));
    bytes.extend_from_slice(b"\r\n\r\n");
    let mut member = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut chunks = bytes.chunks(STORED).peekable();
    while let Some(chunk) = chunks.next() {
        member.push(u8::from(chunks.peek().is_none()));
        member.extend((chunk.len() as u16).to_le_bytes());
        member.extend((!(chunk.len() as u16)).to_le_bytes());
        member.extend_from_slice(chunk);
    }
    let mut checksum = flate2::Crc::new();
    checksum.update(&bytes);
    member.extend(checksum.sum().to_le_bytes());
    member.extend((bytes.len() as u32).to_le_bytes());
    Some(member)
}

/// Reads the next gzip member whole; `None` at the end.
///
/// # Errors
/// When the member is damaged or ends too early.
pub fn next_member(reader: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    if reader.fill_buf()?.is_empty() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    GzDecoder::new(reader).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// An address without credentials in its parameters.
pub fn redacted(address: &str) -> String {
    let Some((before, query)) = address.split_once('?') else {
        return address.to_owned();
    };
    let parts = query.split('&').map(|part| match part.split_once('=') {
        Some((name, _)) if SECRET_PARAMETERS.contains(&name.to_ascii_lowercase().as_str()) => {
            format!("{name}={REDACTED}")
        }
        _ => part.to_owned(),
    });
    format!("{before}?{}", parts.collect::<Vec<_>>().join("&"))
}

fn http(head: String, headers: &[(String, Vec<u8>)], body: &[u8]) -> Vec<u8> {
    let mut block = head.into_bytes();
    for (name, value) in headers {
        // The body is no longer chunked; readers would look for chunks (as other archivers write it).
        let renamed = name.eq_ignore_ascii_case("transfer-encoding");
        block.extend_from_slice(if renamed {
            b"x-crawler-transfer-encoding"
        } else {
            name.as_bytes()
        });
        block.extend_from_slice(b": ");
        let secret = SECRET_HEADERS.iter().any(|secret| name.eq_ignore_ascii_case(secret));
        block.extend_from_slice(if secret { REDACTED.as_bytes() } else { value });
        block.extend_from_slice(b"\r\n");
    }
    block.extend_from_slice(b"\r\n");
    block.extend_from_slice(body);
    block
}

fn split_head(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some((&bytes[..end], &bytes[end + 4..]))
}

fn reason(status: u16) -> &'static str {
    let status = reqwest::StatusCode::from_u16(status).ok();
    status.and_then(|status| status.canonical_reason()).unwrap_or_default()
}

/// A random UUID (RFC 9562, version 4).
fn uuid() -> String {
    let mut bytes = crate::chance::bytes::<16>();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex(&bytes);
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange() -> Exchange {
        Exchange {
            method: "GET".into(),
            url: "https://api.example/v3/videos?part=snippet&key=BIMAT".into(),
            request: vec![
                ("host".into(), b"api.example".to_vec()),
                ("authorization".into(), b"Bearer BIMAT".to_vec()),
            ],
            status: 200,
            is_http2: true,
            response: vec![
                ("content-type".into(), b"text/html".to_vec()),
                ("transfer-encoding".into(), b"chunked".to_vec()),
            ],
            body: b"\x00\xff\r\n\r\nBHXH".to_vec(),
            at: crate::text::date::parse("2026-11-20T01:02:03Z").unwrap(),
        }
    }

    #[test]
    fn a_record_reads_back_byte_for_byte() {
        let request = Record::request(&exchange());
        let response = Record::response(&exchange(), &request);
        let file = [
            member(&request.bytes(), false).unwrap(),
            member(&response.bytes(), true).unwrap(),
        ]
        .concat();
        let mut reader = &file[..];
        let first = next_member(&mut reader).unwrap().unwrap();
        let second = next_member(&mut reader).unwrap().unwrap();
        assert_eq!(next_member(&mut reader).unwrap(), None);
        assert_eq!(Record::parse(&first).unwrap(), request);
        let answer = Record::parse(&second).unwrap().answer().unwrap();
        assert_eq!(answer.body, exchange().body);
        assert!(
            answer
                .headers
                .iter()
                .any(|(name, _)| name == "x-crawler-transfer-encoding")
        );
    }

    #[test]
    fn no_credential_is_written() {
        let request = Record::request(&exchange());
        let all = [request.bytes(), Record::response(&exchange(), &request).bytes()].concat();
        let all = String::from_utf8_lossy(&all);
        assert!(!all.contains("BIMAT"), "{all}");
        assert!(
            all.contains("GET /v3/videos?part=snippet&key=REDACTED HTTP/1.1"),
            "{all}"
        );
    }

    #[test]
    fn an_erased_record_leaves_a_readable_one_of_the_same_length() {
        let at = crate::text::date::parse("2026-11-20T01:02:03Z").unwrap();
        for length in [300, 301, 5_000, 65_700, 65_800, 200_003] {
            let member = filler(length, at).unwrap();
            assert_eq!(member.len(), length);
            let record = Record::parse(&next_member(&mut &member[..]).unwrap().unwrap()).unwrap();
            assert_eq!(record.field("WARC-Type"), Some("metadata"));
            assert!(record.block.starts_with(b"erased"));
        }
        assert_eq!(filler(50, at), None);
    }

    #[test]
    fn a_torn_record_is_refused() {
        let bytes = Record::request(&exchange()).bytes();
        assert!(Record::parse(&bytes[..bytes.len() - 9]).is_err());
        let whole = member(&bytes, false).unwrap();
        assert!(next_member(&mut &whole[..whole.len() - 3]).is_err());
    }
}
