//! Text files as a stream of UTF-8, whatever they are written in; gzip comes off first.

use std::io::{self, BufReader, Cursor, Read};

use encoding_rs::{CoderResult, Decoder, Encoding};

use crate::text::decode;

/// So much of a file tells its charset, its kind and its header.
const HEAD: usize = 1 << 20;

/// A file opened far enough to tell what it is; reading begins at its first byte.
pub(super) struct Peeked {
    /// Its first bytes, without gzip.
    pub head: Vec<u8>,
    /// The name of the charset, as [`decode`] tells it from them.
    pub charset: &'static str,
    rest: Box<dyn Read + Send>,
}

/// Takes gzip off and reads the first bytes. A stream that breaks among them breaks when reading comes there.
///
/// # Errors
/// When the file cannot be read at all.
pub(super) fn peek<R: Read + Send + 'static>(reader: R) -> io::Result<Peeked> {
    let mut rest: Box<dyn Read + Send> = Box::new(BufReader::new(reader));
    let mut head = Vec::new();
    rest.by_ref().take(2).read_to_end(&mut head)?;
    if head == [0x1f, 0x8b] {
        let packed = Cursor::new(std::mem::take(&mut head)).chain(rest);
        rest = Box::new(flate2::read::MultiGzDecoder::new(packed));
    }
    if let Err(error) = rest.by_ref().take(HEAD as u64).read_to_end(&mut head) {
        rest = Box::new(Broken(Some(error)));
    }
    let charset = decode::decode(whole_lines(&head, HEAD), None).charset;
    Ok(Peeked { head, charset, rest })
}

/// The bytes up to their last line break when there are as many as were asked for: a character cut in two would make UTF-8
/// look like something else.
fn whole_lines(bytes: &[u8], asked: usize) -> &[u8] {
    if bytes.len() < asked {
        return bytes;
    }
    match (
        bytes.iter().rposition(|byte| *byte == b'\n'),
        std::str::from_utf8(bytes),
    ) {
        (Some(at), _) => &bytes[..=at],
        (None, Err(error)) if error.error_len().is_none() => &bytes[..error.valid_up_to()],
        (None, _) => bytes,
    }
}

/// What is left of a broken stream: why it broke.
struct Broken(Option<io::Error>);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

impl Peeked {
    /// All bytes.
    pub(super) fn bytes(self) -> impl Read + Send {
        Cursor::new(self.head).chain(self.rest)
    }

    /// All bytes in memory, if there are not more than `limit`.
    pub(super) fn whole(self, limit: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.bytes().take(limit as u64 + 1).read_to_end(&mut bytes)?;
        if bytes.len() > limit {
            let problem = format!(
                "tệp lớn hơn {} MiB; chia nhỏ tệp, hoặc dùng CSV hay NDJSON",
                limit >> 20
            );
            return Err(io::Error::other(problem));
        }
        Ok(bytes)
    }

    /// The first lines as text, at most `longest` bytes of them.
    pub(super) fn sample(&self, longest: usize) -> String {
        let cut = whole_lines(&self.head[..longest.min(self.head.len())], longest);
        match Encoding::for_label(self.charset.as_bytes()) {
            Some(encoding) => encoding.decode(cut).0.into_owned(),
            None => decode::decode(cut, None).text,
        }
    }

    /// The text as UTF-8 without its mark; what is no text in the charset becomes U+FFFD.
    pub(super) fn text(self) -> io::Result<Box<dyn Read + Send>> {
        let Some(encoding) = Encoding::for_label(self.charset.as_bytes()) else {
            // TCVN3 has no decoder that streams; such files are old and small.
            let mut bytes = Vec::new();
            self.bytes().read_to_end(&mut bytes)?;
            return Ok(Box::new(Cursor::new(decode::decode(&bytes, None).text.into_bytes())));
        };
        Ok(Box::new(Utf8 {
            reader: self.bytes(),
            decoder: encoding.new_decoder(),
            waiting: Vec::new(),
            at: 0,
            is_over: false,
        }))
    }
}

/// Bytes of a charset in, UTF-8 out.
struct Utf8<R> {
    reader: R,
    decoder: Decoder,
    waiting: Vec<u8>,
    at: usize,
    is_over: bool,
}

impl<R: Read> Utf8<R> {
    fn fill(&mut self) -> io::Result<()> {
        let mut raw = vec![0; 64 * 1024];
        let length = self.reader.read(&mut raw)?;
        self.is_over = length == 0;
        let longest = self.decoder.max_utf8_buffer_length(length).unwrap_or(4 * raw.len());
        self.waiting.resize(longest.max(16), 0);
        let (result, _, written, _) = self
            .decoder
            .decode_to_utf8(&raw[..length], &mut self.waiting, self.is_over);
        debug_assert_eq!(result, CoderResult::InputEmpty);
        self.waiting.truncate(written);
        self.at = 0;
        Ok(())
    }
}

impl<R: Read> Read for Utf8<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at == self.waiting.len() {
            if self.is_over {
                return Ok(0);
            }
            self.fill()?;
        }
        let length = into.len().min(self.waiting.len() - self.at);
        into[..length].copy_from_slice(&self.waiting[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const TEXT: &str = "Tiêu đề;Nội dung\nLương hưu;Bảo hiểm xã hội, không được hưởng\n";

    fn read(bytes: Vec<u8>) -> (&'static str, String) {
        let peeked = peek(Cursor::new(bytes)).unwrap();
        let charset = peeked.charset;
        let mut text = String::new();
        peeked.text().unwrap().read_to_string(&mut text).unwrap();
        (charset, crate::text::nfc(&text))
    }

    /// As editors for windows-1258 write it: base letters with their mark following, where no letter has both.
    pub(in crate::collect) fn windows_1258(text: &str) -> Vec<u8> {
        let (table, mut bytes) = (encoding_rs::WINDOWS_1258, Vec::new());
        let byte_of = |c: char| (0..=255_u8).find(|byte| table.decode(&[*byte]).0.chars().eq([c]));
        for c in text.chars() {
            match byte_of(c) {
                Some(byte) => bytes.push(byte),
                None => {
                    let mut parts = Vec::new();
                    unicode_normalization::char::decompose_canonical(c, |part| parts.push(part));
                    let tone = parts
                        .iter()
                        .position(|p| matches!(*p as u32, 0x300 | 0x301 | 0x303 | 0x309 | 0x323));
                    let tone = parts.remove(tone.unwrap());
                    let base: String = unicode_normalization::UnicodeNormalization::nfc(parts.into_iter()).collect();
                    bytes.extend(base.chars().chain([tone]).map(|c| byte_of(c).unwrap()));
                }
            }
        }
        bytes
    }

    #[test]
    fn every_charset_comes_out_as_utf_8() {
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let big = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
        let marked = format!("\u{feff}{TEXT}");
        for (name, bytes) in [
            ("UTF-8", TEXT.as_bytes().to_vec()),
            ("UTF-8", marked.clone().into_bytes()),
            ("UTF-16LE", wide(TEXT)),
            ("UTF-16LE", wide(&marked)),
            ("UTF-16BE", big(TEXT)),
            ("UTF-16BE", big(&marked)),
            ("windows-1258", windows_1258(TEXT)),
        ] {
            assert_eq!(read(bytes), (name, TEXT.to_owned()), "{name}");
        }
    }

    #[test]
    fn gzip_comes_off_and_long_files_are_not_cut_in_a_character() {
        let text = "bảo hiểm ".repeat(200_000);
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(text.as_bytes()).unwrap();
        assert!(read(packed.finish().unwrap()).1 == text);
        let lines = "lương hưu của người lao động\n".repeat(60_000);
        assert!(read(lines.clone().into_bytes()) == ("UTF-8", lines));
    }

    #[test]
    fn what_must_lie_in_memory_has_a_limit() {
        let peeked = peek(Cursor::new(vec![b'x'; 3 << 20])).unwrap();
        assert!(peeked.whole(1 << 20).unwrap_err().to_string().contains("1 MiB"));
    }
}
