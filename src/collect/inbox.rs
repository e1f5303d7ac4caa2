//! Files of records: NDJSON or JSONL, one object a line, optionally gzip; read as a stream, line by line.

use std::io::{BufRead, BufReader, Cursor, Read};

use crate::model::item::{Record, RecordError};

/// Longest line read; a longer one is refused and skipped, so that a file without line breaks cannot fill the memory.
const MAX_LINE_BYTES: u64 = 16 * 1024 * 1024;

/// The records of a stream, one a line. Gzip, a byte order mark and UTF-16 are recognised; blank lines are skipped.
///
/// A line that cannot be read is an error of its own; a stream that breaks ends with an error of the field `file`.
pub fn records<R: Read + Send + 'static>(reader: R) -> Records {
    Records { lines: lines(reader) }
}

/// The lines of a stream with their numbers, as [`records`] reads them.
pub(super) fn lines<R: Read + Send + 'static>(reader: R) -> Lines {
    let mut reader: Box<dyn BufRead + Send> = Box::new(BufReader::new(reader));
    let mut problem = None;
    if starts_with(&mut reader, &[0x1f, 0x8b], &mut problem) {
        reader = Box::new(BufReader::new(flate2::bufread::MultiGzDecoder::new(reader)));
    }
    let wide = [&[0xff, 0xfe][..], &[0xfe, 0xff], b"{\0", b"\0{"];
    if let Some(mark) = wide
        .into_iter()
        .find(|mark| starts_with(&mut reader, mark, &mut problem))
    {
        let is_big = matches!(mark[0], 0xfe | 0);
        reader = Box::new(Cursor::new(narrow(reader, is_big, &mut problem)));
    }
    Lines {
        reader,
        line: 0,
        problem,
        is_over: false,
    }
}

fn starts_with(reader: &mut Box<dyn BufRead + Send>, mark: &[u8], problem: &mut Option<String>) -> bool {
    match reader.fill_buf() {
        Ok(buffer) => buffer.starts_with(mark),
        Err(error) => {
            *problem = Some(error.to_string());
            false
        }
    }
}

/// UTF-16 to UTF-8; such exports come from spreadsheets and are small.
fn narrow(mut reader: Box<dyn BufRead + Send>, is_big: bool, problem: &mut Option<String>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Err(error) = reader.read_to_end(&mut bytes) {
        *problem = Some(error.to_string());
    }
    let encoding = if is_big {
        encoding_rs::UTF_16BE
    } else {
        encoding_rs::UTF_16LE
    };
    encoding.decode(&bytes).0.into_owned().into_bytes()
}

/// Iterator of [`records`].
pub struct Records {
    lines: Lines,
}

/// Iterator of [`lines`].
pub(super) struct Lines {
    reader: Box<dyn BufRead + Send>,
    line: usize,
    problem: Option<String>,
    is_over: bool,
}

impl Lines {
    fn error(&self, field: &str, problem: String) -> RecordError {
        RecordError {
            line: self.line,
            field: field.into(),
            problem,
        }
    }

    /// The next line without its end; `None` at the end of the stream.
    fn next_line(&mut self) -> Option<Result<Vec<u8>, RecordError>> {
        let mut line = Vec::new();
        self.line += 1;
        let read = self.reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line);
        match read {
            Err(error) => {
                self.is_over = true;
                Some(Err(self.error("file", format!("cannot be read further: {error}"))))
            }
            Ok(0) => {
                self.is_over = true;
                let problem = self.problem.take()?;
                Some(Err(self.error("file", format!("cannot be read further: {problem}"))))
            }
            Ok(length) if length as u64 == MAX_LINE_BYTES && line.last() != Some(&b'\n') => {
                let skipped = self.reader.skip_until(b'\n');
                self.is_over = skipped.is_err();
                Some(Err(self.error("json", "the line is longer than 16 MiB".into())))
            }
            Ok(_) => Some(Ok(line)),
        }
    }
}

impl Iterator for Lines {
    type Item = Result<(usize, String), RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.is_over {
            let line = match self.next_line()? {
                Ok(line) => line,
                Err(error) => return Some(Err(error)),
            };
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\0' | '\u{1e}'));
            if !text.is_empty() {
                return Some(Ok((self.line, text.to_owned())));
            }
        }
        None
    }
}

impl Iterator for Records {
    type Item = Result<Record, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.lines.next()?;
        Some(line.and_then(|(number, text)| Record::parse(number, &text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const LINES: &str = "\u{feff}{\"id\":\"x1\",\"text\":\"Lương hưu\"}\r\n\r\n{\"id\":\"x2\",\"text\":\"BHYT\"}\nhỏng\n{\"id\":\"x3\"}";

    fn read(bytes: &[u8]) -> Vec<Result<Record, RecordError>> {
        records(Cursor::new(bytes.to_vec())).collect()
    }

    fn ids(found: &[Result<Record, RecordError>]) -> Vec<String> {
        found
            .iter()
            .map(|r| match r {
                Ok(record) => record.item.id.to_string(),
                Err(error) => format!("line {}", error.line),
            })
            .collect()
    }

    #[test]
    fn a_bad_line_costs_only_itself_and_keeps_its_number() {
        assert_eq!(ids(&read(LINES.as_bytes())), ["x1", "x2", "line 4", "x3"]);
    }

    #[test]
    fn gzip_and_utf16_are_recognised_by_their_bytes() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(LINES.as_bytes()).unwrap();
        let packed = packed.finish().unwrap();
        assert_eq!(ids(&read(&packed)), ["x1", "x2", "line 4", "x3"]);
        let wide: Vec<u8> = LINES.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let found = read(&wide);
        assert_eq!(found[0].as_ref().unwrap().item.text, "Lương hưu");
        assert_eq!(ids(&found), ["x1", "x2", "line 4", "x3"]);
    }

    #[test]
    fn a_cut_archive_gives_what_is_whole_and_then_says_that_it_is_cut() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        packed.write_all(LINES.as_bytes()).unwrap();
        let packed = packed.finish().unwrap();
        let found = read(&packed[..packed.len() - 12]);
        assert_eq!(found[0].as_ref().unwrap().item.id.as_str(), "x1");
        assert_eq!(found.last().unwrap().as_ref().unwrap_err().field, "file");
    }
}
