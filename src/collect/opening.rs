//! Opens a file of items, whatever it is: CSV, TSV, XLSX, JSON or NDJSON, told by its bytes and not by its name.
//!
//! A file is read twice: first for marks of secrecy, so that nothing of a marked one is kept, then for its records.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde_json::{Map, Value};

use super::columns::ColumnMap;
use super::decoding::{self, Peeked};
use super::header::{self, Column};
use super::inbox;
use super::mapping::{self, Mapping};
use super::table::{self, Row, Rows, Sheet};
use crate::model::item::{Record, RecordError};
use crate::text::secrecy;

/// Largest file of a kind that must lie in memory as a whole.
const LARGEST: usize = 512 << 20;

/// So much of a text tells its delimiter and its header.
const SAMPLE: usize = 256 << 10;

/// A NUL among so many first bytes makes a file binary.
const BINARY: usize = 4096;

/// Objects whose keys are the columns of a file of JSON.
const SAMPLE_OBJECTS: usize = 100;

/// Keys that only the contract's shape of an item has beside `id`.
const CONTRACT: &[&str] = &[
    "kind",
    "text",
    "access",
    "collected_at",
    "published_at",
    "engagement",
    "observation",
    "removed",
    "thread",
];

/// The records of a file, in its order.
pub type Records = Box<dyn Iterator<Item = Result<Record, RecordError>> + Send>;

/// A file that was understood.
pub struct Opened {
    /// What it is, for people: `CSV, UTF-8, phân cách bằng dấu chấm phẩy, tên cột ở dòng 2`.
    pub shape: String,
    /// How its columns are read; `None` for items in the shape of the contract.
    pub mapping: Option<Mapping>,
    /// Its records; a row that cannot be read is an error of its own.
    pub records: Records,
}

/// Why nothing of a file is read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system cannot read it.
    #[error("không đọc được tệp: {0}")]
    Read(#[from] io::Error),
    /// It bears a mark of secrecy.
    #[error("{}", secrecy::MESSAGE)]
    Secret,
    /// It is none of the kinds, or its columns are not understood.
    #[error("{0}")]
    Unknown(String),
    /// The given map does not fit it.
    #[error("{0}")]
    Map(String),
}

/// What the first bytes say.
enum Kind {
    Workbook,
    Json,
    Lines,
    Table,
}

/// Opens a file. With a map its columns are read as the map says.
///
/// # Errors
/// When nothing of it can be read, or nothing may be kept.
pub fn open(path: &Path, map: Option<&ColumnMap>) -> Result<Opened, FileError> {
    let peek = || decoding::peek(File::open(path)?);
    let peeked = peek()?;
    match kind(&peeked)? {
        Kind::Workbook => workbook(
            table::workbook(peeked.whole(LARGEST)?).map_err(FileError::Unknown)?,
            map,
        ),
        Kind::Json => json(peeked, map),
        Kind::Lines => lines(peek, peeked, map),
        Kind::Table => delimited(peek, peeked, map),
    }
}

fn kind(peeked: &Peeked) -> Result<Kind, FileError> {
    let head = &peeked.head;
    let unknown = |what: &str| {
        Err(FileError::Unknown(format!(
            "{what}; lưu thành .xlsx hoặc .csv rồi nhập lại"
        )))
    };
    if head.starts_with(b"PK\x03\x04") {
        return Ok(Kind::Workbook);
    }
    if head.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return unknown("tệp là bảng tính Excel kiểu cũ (.xls) hoặc có mật khẩu");
    }
    let charset = peeked.charset;
    if head.starts_with(b"%PDF") || (head[..head.len().min(BINARY)].contains(&0) && !charset.starts_with("UTF-16")) {
        return unknown("tệp không phải là bảng hay văn bản");
    }
    let text = peeked.sample(SAMPLE);
    let text = text.trim_start();
    match text.chars().next() {
        None => unknown("tệp trống"),
        Some('<') => unknown("tệp là trang HTML hoặc XML"),
        Some('[') => Ok(Kind::Json),
        Some('{') if is_document(text) => Ok(Kind::Json),
        Some('{') => Ok(Kind::Lines),
        Some(_) => Ok(Kind::Table),
    }
}

/// Whether text that begins with `{` is one document rather than an object a line.
fn is_document(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or_default();
    match serde_json::from_str::<Value>(first) {
        Ok(value) => value.get("items").is_some_and(Value::is_array),
        // A line cut between two tokens goes on below; one that is broken elsewhere is a bad line.
        Err(error) if error.is_eof() => match lines.next() {
            None => first.contains("\"items\""),
            Some(next) => first.trim_end().ends_with(['{', '[', ',', ':']) || !next.trim_start().starts_with('{'),
        },
        Err(_) => false,
    }
}

fn workbook(sheets: Vec<Sheet>, map: Option<&ColumnMap>) -> Result<Opened, FileError> {
    let mut cells = sheets.iter().flat_map(|sheet| &sheet.rows).flat_map(|row| &row.cells);
    if cells.any(|cell| secrecy::is_marked(cell)) {
        return Err(FileError::Secret);
    }
    // A cover has rows too, but no header.
    let mut refused = None;
    for sheet in sheets.into_iter().filter(|sheet| !sheet.rows.is_empty()) {
        match find(&sheet.rows, map) {
            Ok((mapping, before)) => return Ok(of_sheet(sheet, mapping, before)),
            Err(problem) => refused = refused.or(Some(problem)),
        }
    }
    Err(refused.unwrap_or_else(|| FileError::Unknown("bảng tính không có dòng nào".into())))
}

fn of_sheet(sheet: Sheet, mapping: Mapping, before: usize) -> Opened {
    let header = before.checked_sub(1).map_or(1, |at| sheet.rows[at].number);
    let (reader, width) = (mapping.clone(), mapping.columns.len());
    let read = move |mut row: Row| {
        // What stands right of a sheet's table are notes; only in delimited text does it mean that the row has slipped.
        row.cells.truncate(width);
        reader.record(&row)
    };
    let rows = sheet
        .rows
        .into_iter()
        .skip(before)
        .filter(move |row| !row.cells.iter().take(width).all(|cell| cell.is_empty()));
    Opened {
        shape: format!("XLSX, trang “{}”, tên cột ở dòng {header}", sheet.name),
        mapping: Some(mapping),
        records: Box::new(rows.map(read)),
    }
}

fn find(rows: &[Row], map: Option<&ColumnMap>) -> Result<(Mapping, usize), FileError> {
    Mapping::find(rows, map).map_err(|problem| wrong_columns(problem, map))
}

fn wrong_columns(problem: String, map: Option<&ColumnMap>) -> FileError {
    match map {
        Some(_) => FileError::Map(problem),
        None => FileError::Unknown(problem),
    }
}

fn delimited(
    peek: impl Fn() -> io::Result<Peeked>,
    peeked: Peeked,
    map: Option<&ColumnMap>,
) -> Result<Opened, FileError> {
    let charset = peeked.charset;
    let sample = peeked.sample(SAMPLE);
    let delimiter = table::delimiter(&sample, |columns: &[Column]| mapping::score(columns, map));
    if Rows::new(peeked.text()?, delimiter).bears_a_mark() {
        return Err(FileError::Secret);
    }
    let mut rows = Rows::new(peek()?.text()?, delimiter);
    let first: Vec<_> = rows.by_ref().take(header::FIRST_ROWS).collect();
    let whole: Vec<Row> = first.iter().map_while(|row| row.as_ref().ok()).cloned().collect();
    let (mapping, before) = find(&whole, map)?;
    let header = before.checked_sub(1).map_or(1, |at| whole[at].number);
    let (name, mark) = match delimiter {
        b'\t' => ("TSV", "tab"),
        b';' => ("CSV", "dấu chấm phẩy"),
        b',' => ("CSV", "dấu phẩy"),
        _ => ("CSV", "dấu đã khai báo"),
    };
    let reader = mapping.clone();
    let rows = first.into_iter().skip(before).chain(rows);
    Ok(Opened {
        shape: format!("{name}, {charset}, phân cách bằng {mark}, tên cột ở dòng {header}"),
        mapping: Some(mapping),
        records: Box::new(rows.map(move |row| reader.record(&row?))),
    })
}

fn json(peeked: Peeked, map: Option<&ColumnMap>) -> Result<Opened, FileError> {
    let shape = format!("JSON, {}", peeked.charset);
    let mut text = String::new();
    peeked.text()?.take(LARGEST as u64 + 1).read_to_string(&mut text)?;
    if text.len() > LARGEST {
        let problem = format!("tệp JSON lớn hơn {} MiB; chia nhỏ tệp hoặc dùng NDJSON", LARGEST >> 20);
        return Err(FileError::Unknown(problem));
    }
    let document: Value = serde_json::from_str(&text)
        .map_err(|error| FileError::Unknown(format!("tệp JSON hỏng: {error}; xuất lại tệp")))?;
    drop(text);
    if is_marked(&document) {
        return Err(FileError::Secret);
    }
    let list = match document {
        Value::Array(list) => list,
        Value::Object(mut object) => match object.remove("items") {
            Some(Value::Array(list)) => list,
            _ => return Err(FileError::Unknown("tệp JSON phải là […] hoặc {\"items\": […]}".into())),
        },
        _ => return Err(FileError::Unknown("tệp JSON phải là […] hoặc {\"items\": […]}".into())),
    };
    let objects: Vec<_> = list
        .iter()
        .filter_map(Value::as_object)
        .take(SAMPLE_OBJECTS)
        .cloned()
        .collect();
    let entries = list.into_iter().enumerate().map(|(at, value)| (at + 1, value));
    if map.is_none() && objects.first().is_none_or(is_of_contract) {
        let read = |(number, value): (usize, Value)| Record::from_object(number, object(number, &value)?);
        return Ok(Opened {
            shape,
            mapping: None,
            records: Box::new(entries.map(read)),
        });
    }
    let keys = Keys::of(&objects, map)?;
    Ok(Opened {
        shape,
        mapping: Some(keys.mapping.clone()),
        records: Box::new(entries.map(move |(number, value)| keys.record(number, &value))),
    })
}

fn is_of_contract(object: &Map<String, Value>) -> bool {
    object.contains_key("id") && CONTRACT.iter().any(|key| object.contains_key(*key))
}

fn object(number: usize, value: &Value) -> Result<&Map<String, Value>, RecordError> {
    value.as_object().ok_or_else(|| RecordError {
        line: number,
        field: "json".into(),
        problem: "không phải là một đối tượng {…}".into(),
    })
}

/// Objects whose keys are columns.
struct Keys {
    mapping: Mapping,
    /// Group and name of a key → its column.
    places: HashMap<(Option<String>, String), usize>,
}

impl Keys {
    fn of(objects: &[Map<String, Value>], map: Option<&ColumnMap>) -> Result<Keys, FileError> {
        let (mut columns, mut places) = (Vec::new(), HashMap::new());
        for (group, name, _) in objects.iter().flat_map(leaves) {
            let next = places.len();
            places.entry((group.clone(), name.clone())).or_insert_with(|| {
                columns.push(Column { group, name });
                next
            });
        }
        let mapping = Mapping::of(columns, map).map_err(|problem| wrong_columns(problem, map))?;
        Ok(Keys { mapping, places })
    }

    fn record(&self, number: usize, value: &Value) -> Result<Record, RecordError> {
        let mut cells = vec![String::new(); self.places.len()];
        for (group, name, text) in leaves(object(number, value)?) {
            if let Some(at) = self.places.get(&(group, name)) {
                cells[*at] = text;
            }
        }
        self.mapping.record(&Row { number, cells })
    }
}

/// Keys and values of an object, those of objects in it with the key above.
fn leaves(object: &Map<String, Value>) -> Vec<(Option<String>, String, String)> {
    let mut leaves = Vec::new();
    for (key, value) in object {
        match value {
            Value::Object(inner) => {
                let each = |(name, value): (&String, &Value)| (Some(key.clone()), name.clone(), plain(value));
                leaves.extend(inner.iter().map(each));
            }
            _ => leaves.push((None, key.clone(), plain(value))),
        }
    }
    leaves
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// Marks in any string of a value.
pub(super) fn is_marked(value: &Value) -> bool {
    match value {
        Value::String(text) => secrecy::is_marked(text),
        Value::Array(list) => list.iter().any(is_marked),
        Value::Object(object) => object.values().any(is_marked),
        _ => false,
    }
}

fn lines(peek: impl Fn() -> io::Result<Peeked>, peeked: Peeked, map: Option<&ColumnMap>) -> Result<Opened, FileError> {
    let charset = peeked.charset;
    let mut objects = Vec::new();
    for line in inbox::lines(peeked.bytes()) {
        let Ok((_, line)) = line else { continue };
        let value: Option<Value> = serde_json::from_str(&line).ok();
        if value.as_ref().map_or_else(|| secrecy::is_marked(&line), is_marked) {
            return Err(FileError::Secret);
        }
        if let Some(Value::Object(object)) = value
            && objects.len() < SAMPLE_OBJECTS
        {
            objects.push(object);
        }
    }
    let shape = format!("NDJSON, {charset}");
    let is_contract = map.is_none() && objects.first().is_none_or(|object| object.contains_key("id"));
    if is_contract {
        return Ok(Opened {
            shape,
            mapping: None,
            records: Box::new(inbox::records(peek()?.bytes())),
        });
    }
    let keys = Keys::of(&objects, map)?;
    let mapping = keys.mapping.clone();
    let read = move |line: Result<(usize, String), RecordError>| {
        let (number, line) = line?;
        let value = serde_json::from_str(&line).map_err(|error| RecordError {
            line: number,
            field: "json".into(),
            problem: format!("không phải là một đối tượng JSON: {error}"),
        })?;
        keys.record(number, &value)
    };
    Ok(Opened {
        shape,
        mapping: Some(mapping),
        records: Box::new(inbox::lines(peek()?.bytes()).map(read)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(bytes: &[u8]) -> Result<Opened, FileError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tep");
        std::fs::write(&path, bytes).unwrap();
        open(&path, None)
    }

    fn texts(bytes: &[u8]) -> Vec<String> {
        let said = |record: Result<Record, RecordError>| record.map_or_else(|e| format!("! {e}"), |r| r.item.text);
        opened(bytes).unwrap().records.map(said).collect()
    }

    #[test]
    fn the_bytes_tell_what_a_file_is() {
        let kinds = [
            (
                "Tiêu đề,Nội dung\na,b\n",
                "CSV, UTF-8, phân cách bằng dấu phẩy, tên cột ở dòng 1",
            ),
            ("\u{feff}Tiêu đề\tNội dung\na\tb\n", "TSV, UTF-8, phân cách bằng tab"),
            (
                "sep=;\nTiêu đề;Nội dung\na;b\n",
                "CSV, UTF-8, phân cách bằng dấu chấm phẩy, tên cột ở dòng 2",
            ),
            ("[{\"id\":\"1\",\"text\":\"b\"}]", "JSON"),
            (
                "{\n \"total\": 1,\n \"items\": [{\"id\":\"1\",\"text\":\"b\"}]}",
                "JSON",
            ),
            ("{\"items\":[\n{\"id\":\"1\",\"text\":\"b\"}\n]}", "JSON"),
            ("{\"id\":\"1\",\"text\":\"b\"}\n", "NDJSON"),
        ];
        for (text, shape) in kinds {
            let found = opened(text.as_bytes()).unwrap();
            assert!(found.shape.starts_with(shape), "{text}: {}", found.shape);
            assert_eq!(texts(text.as_bytes()), ["b"], "{text}");
        }
    }

    #[test]
    fn what_is_no_table_says_what_to_do() {
        for (bytes, word) in [
            (&b""[..], "trống"),
            (b"%PDF-1.7", "không phải là bảng"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1", ".xls"),
            (b"<html><table>", "HTML"),
            (b"{\"total\":1,\n\"rows\":[]}", "items"),
            (b"[{\"a\":1}", "hỏng"),
            (b"a,b\n1,2\n", "--map"),
        ] {
            let error = opened(bytes).map(|_| ()).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn objects_of_other_makers_are_read_by_their_keys() {
        let text = r#"[{"headline":"a","content":"b","url":"https://facebook.com/1","author":{"name":"Ngân","id":7},
            "engagement":{"likes":"1,2K"},"tags":["x","y"]}]"#;
        let item = opened(text.as_bytes()).unwrap().records.next().unwrap().unwrap().item;
        assert_eq!((item.text.as_str(), item.author.as_deref()), ("b", Some("Ngân")));
        assert_eq!(item.engagement.reactions, 1_200);
        assert_eq!(item.access, crate::model::item::Access::Vendor);
    }

    #[test]
    fn a_bad_first_line_does_not_make_lines_a_document() {
        let text = "{\"id\":\"1\",\"text\":\"cut\n{\"id\":\"2\",\"text\":\"b\"}\n";
        let found = texts(text.as_bytes());
        assert!(found[0].starts_with("! line 1") && found[1] == "b", "{found:?}");
    }

    #[test]
    fn a_mark_of_secrecy_anywhere_refuses_the_file() {
        let long = format!("Tiêu đề,Nội dung\n{}x,MẬT\n", "a,b\n".repeat(200_000));
        for text in [
            long.as_str(),
            "BỘ TÀI CHÍNH,,TỐI MẬT\nTiêu đề,Nội dung\na,b\n",
            "Tiêu đề,Nội dung\na,\"b\nTuyệt mật\nc\"\n",
            "[{\"id\":\"1\",\"text\":\"a\\nM\\u1eacT\\nb\"}]",
            "{\"id\":\"1\",\"text\":\"a\"}\n{\"id\":\"2\",\"title\":\"[MẬT]\"}\n",
            "{\"id\":\"1\",\"text\":\"a\"}\nMẬT\n",
            "Kính gửi\n\nMẬT\n\nVề việc",
        ] {
            assert!(
                matches!(opened(text.as_bytes()), Err(FileError::Secret)),
                "{}",
                &text.chars().take(40).collect::<String>()
            );
        }
        assert_eq!(
            texts("Tiêu đề,Nội dung\na,đổi mật khẩu và bảo mật\n".as_bytes()).len(),
            1
        );
    }
}
