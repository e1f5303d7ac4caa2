//! Bytes to rows of cells: delimited text as a stream, the sheets of a workbook.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx};
use chrono::{Duration, NaiveDate};

use super::columns::key;
use super::header;
use crate::model::item::RecordError;
use crate::text::secrecy;

/// Marks that may part the cells of a line.
pub(super) const DELIMITERS: [u8; 3] = *b",;\t";

/// Columns read of a sheet; what stands further right is a slip.
const MOST_COLUMNS: u32 = 512;

/// Longest cell; a longer one comes of a quotation mark that is not closed.
const LONGEST_CELL: usize = 1 << 20;

/// What cells say that only link to an address.
const LINK_WORDS: &[&str] = &[
    "",
    "link",
    "url",
    "xem",
    "xem bai",
    "xem bai viet",
    "xem chi tiet",
    "chi tiet",
    "tai day",
    "xem tai day",
    "click",
    "view",
    "open",
];

/// One row of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// Its number as a spreadsheet counts, from 1.
    pub number: usize,
    /// Its cells; trailing ones may be missing.
    pub cells: Vec<String>,
}

impl Row {
    /// Whether nothing stands in it.
    pub fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}

/// The rows of delimited text in UTF-8, blank ones left out.
pub(super) struct Rows<R> {
    reader: csv::Reader<R>,
    record: csv::StringRecord,
    number: usize,
    is_over: bool,
}

impl<R: Read> Rows<R> {
    /// Reads text whose cells are parted by `delimiter`.
    pub(super) fn new(text: R, delimiter: u8) -> Self {
        let reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .has_headers(false)
            .buffer_capacity(64 * 1024)
            .from_reader(text);
        Rows {
            reader,
            record: csv::StringRecord::new(),
            number: 0,
            is_over: false,
        }
    }

    /// Whether any cell bears a mark of secrecy, however long it is. Reads to the end.
    pub(super) fn bears_a_mark(mut self) -> bool {
        while self.reader.read_record(&mut self.record).unwrap_or(false) {
            if self.record.iter().any(secrecy::is_marked) {
                return true;
            }
        }
        false
    }

    fn error(&self, field: &str, problem: String) -> RecordError {
        RecordError {
            line: self.number,
            field: field.into(),
            problem,
        }
    }

    /// The next row, blank or not.
    fn next_row(&mut self) -> Result<Option<Row>, RecordError> {
        let before = self.reader.position().line();
        let found = self.reader.read_record(&mut self.record);
        if !found.map_err(|error| self.error("tệp", format!("không đọc tiếp được: {error}; chép lại tệp")))?
        {
            return Ok(None);
        }
        // Blank lines are passed over but counted, as spreadsheets do; lines inside a cell are no rows.
        let inside: usize = self.record.iter().map(|cell| cell.matches('\n').count()).sum();
        let lines = usize::try_from(self.reader.position().line() - before).unwrap_or_default();
        self.number += lines.saturating_sub(inside).max(1);
        Ok(Some(Row {
            number: self.number,
            cells: self.record.iter().map(str::to_owned).collect(),
        }))
    }
}

impl<R: Read> Iterator for Rows<R> {
    type Item = Result<Row, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.is_over {
            match self.next_row() {
                Ok(Some(row)) if row.is_blank() => {}
                Ok(Some(row)) if row.cells.iter().any(|cell| cell.len() > LONGEST_CELL) => {
                    return Some(Err(
                        self.error("dòng", "có ô dài hơn 1 MiB; tìm dấu ngoặc kép chưa đóng".into())
                    ));
                }
                Ok(Some(row)) => return Some(Ok(row)),
                Ok(None) => self.is_over = true,
                Err(error) => {
                    self.is_over = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

/// The mark that parts cells, told from the first lines: the one with which `score` understands the best header, then the
/// one with which the rows are most alike.
pub(super) fn delimiter(head: &str, score: impl Fn(&[header::Column]) -> usize) -> u8 {
    if let Some(said) = head.trim_start_matches('\u{feff}').strip_prefix("sep=") {
        return *said.as_bytes().first().unwrap_or(&b',');
    }
    let worth = |delimiter: &u8| {
        let rows: Vec<Row> = Rows::new(head.as_bytes(), *delimiter)
            .flatten()
            .take(header::FIRST_ROWS)
            .collect();
        let understood = header::find(&rows, &score).map_or(0, |header| header.score);
        let mut widths: BTreeMap<usize, usize> = BTreeMap::new();
        for row in rows.iter().filter(|row| row.cells.len() > 1) {
            *widths.entry(row.cells.len()).or_default() += 1;
        }
        (understood, widths.into_values().max().unwrap_or(0))
    };
    // `max_by_key` gives the last of equals: the comma.
    DELIMITERS
        .iter()
        .rev()
        .max_by_key(|mark| worth(mark))
        .copied()
        .unwrap_or(b',')
}

/// A sheet of a workbook.
#[derive(Debug, Clone, Default)]
pub(super) struct Sheet {
    /// Its name.
    pub name: String,
    /// Its rows, blank ones left out.
    pub rows: Vec<Row>,
}

/// The sheets of an XLSX workbook, visible ones first. Cells that are merged in the first rows all say what the merged one says.
///
/// # Errors
/// Says in Vietnamese why the workbook cannot be read.
pub(super) fn workbook(bytes: Vec<u8>) -> Result<Vec<Sheet>, String> {
    let damaged = |error: calamine::XlsxError| {
        format!("không đọc được bảng tính XLSX ({error}); mở bằng Excel và lưu lại thành .xlsx không đặt mật khẩu")
    };
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
    let mut sheets = book.sheets_metadata().to_vec();
    sheets.retain(|sheet| sheet.typ == SheetType::WorkSheet);
    sheets.sort_by_key(|sheet| sheet.visible != SheetVisible::Visible);
    let read = |sheet: calamine::Sheet| {
        let name = sheet.name;
        let mut rows = cells(&mut book, &name).map_err(damaged)?;
        link(&mut book, &name, &mut rows);
        merge(&mut book, &name, &mut rows);
        Ok(Sheet {
            name,
            rows: rows.into_values().filter(|row| !row.is_blank()).collect(),
        })
    };
    sheets.into_iter().map(read).collect()
}

type Book = Xlsx<Cursor<Vec<u8>>>;

/// Only cells that exist are kept: a slip in the last cell of a sheet must not cost the memory of all between.
fn cells(book: &mut Book, name: &str) -> Result<BTreeMap<u32, Row>, calamine::XlsxError> {
    let mut rows: BTreeMap<u32, Row> = BTreeMap::new();
    let mut reader = book.worksheet_cells_reader(name)?;
    while let Some(cell) = reader.next_cell()? {
        let (row, column) = cell.get_position();
        let text = shown(cell.get_value());
        if column < MOST_COLUMNS && !text.is_empty() {
            put(&mut rows, row, column, text);
        }
    }
    Ok(rows)
}

fn put(rows: &mut BTreeMap<u32, Row>, row: u32, column: u32, text: String) {
    let (number, column) = (row as usize + 1, column as usize);
    let found = rows.entry(row).or_insert_with(|| Row {
        number,
        cells: Vec::new(),
    });
    if found.cells.len() <= column {
        found.cells.resize(column + 1, String::new());
    }
    found.cells[column] = text;
}

/// The text of a cell; days as ISO 8601.
fn shown(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty | DataRef::Error(_) => String::new(),
        DataRef::Int(n) => n.to_string(),
        // A spreadsheet keeps fifteen digits; the exponent shows that the rest is lost.
        DataRef::Float(n) if n.abs() >= 1e15 => format!("{n:e}"),
        DataRef::Float(n) => n.to_string(),
        DataRef::Bool(b) => b.to_string(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::DateTime(time) if time.is_duration() || time.as_f64() < 1.0 => clock(time.as_f64()),
        DataRef::DateTime(time) => {
            let (year, month, day, hour, minute, second, milli) = time.to_ymd_hms_milli();
            let day = NaiveDate::from_ymd_opt(year.into(), month.into(), day.into());
            let time =
                day.and_then(|day| day.and_hms_milli_opt(hour.into(), minute.into(), second.into(), milli.into()));
            // Fractions of a day are seldom whole seconds.
            let rounded = time.and_then(|time| time.checked_add_signed(Duration::milliseconds(500)));
            rounded.map_or_else(String::new, |time| time.format("%Y-%m-%d %H:%M:%S").to_string())
        }
    }
}

/// A fraction of a day as a time of day.
fn clock(fraction: f64) -> String {
    let seconds = (fraction * 86_400.0).round() as i64;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// A cell that says "Xem" and links to an address stands for the address.
fn link(book: &mut Book, name: &str, rows: &mut BTreeMap<u32, Row>) {
    for link in book.hyperlinks_by_sheet_name(name).unwrap_or_default() {
        let (row, column) = link.range.start;
        let Some(target) = link.target.filter(|target| target.starts_with("http")) else {
            continue;
        };
        let cell = rows.get_mut(&row).and_then(|row| row.cells.get_mut(column as usize));
        if let Some(cell) = cell
            && LINK_WORDS.contains(&key(cell).as_str())
        {
            *cell = target;
        }
    }
}

fn merge(book: &mut Book, name: &str, rows: &mut BTreeMap<u32, Row>) {
    let last = rows.keys().nth(header::FIRST_ROWS).copied().unwrap_or(u32::MAX);
    for area in book.merge_cells_by_sheet_name(name).unwrap_or_default() {
        let (top, left) = area.start;
        let height = area.end.0.saturating_sub(top);
        // Higher areas are a layout, not a header.
        if top > last || height > 3 || area.end.1 >= MOST_COLUMNS {
            continue;
        }
        let said = rows.get(&top).and_then(|row| row.cells.get(left as usize)).cloned();
        let Some(said) = said.filter(|said| !said.trim().is_empty()) else {
            continue;
        };
        for row in top..=area.end.0 {
            (left..=area.end.1).for_each(|column| put(rows, row, column, said.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(columns: &[header::Column]) -> usize {
        columns
            .iter()
            .filter(|c| ["Tiêu đề", "Nội dung", "Nguồn"].contains(&c.name.as_str()))
            .count()
    }

    #[test]
    fn the_delimiter_is_the_one_that_makes_the_header_readable() {
        for (text, expected) in [
            ("Tiêu đề,Nội dung\na;b,c\n", b','),
            ("Tiêu đề;Nội dung\na,b,c;d\n", b';'),
            ("Tiêu đề\tNội dung\na,b\tc;d\n", b'\t'),
            ("Báo cáo, tháng 11, năm 2026\nTiêu đề;\"Nội dung\"\n", b';'),
            ("sep=;\na,b\n", b';'),
            ("a;b\nc;d\n", b';'),
            ("", b','),
        ] {
            assert_eq!(delimiter(text, score), expected, "{text}");
        }
    }

    #[test]
    fn rows_have_the_numbers_a_spreadsheet_gives_them() {
        let text = "a,b\r\n\r\n\"c\nd\ne\",f\r\ng,h\r\n,\r\ni";
        let rows: Vec<Row> = Rows::new(text.as_bytes(), b',').map(Result::unwrap).collect();
        let numbers: Vec<usize> = rows.iter().map(|row| row.number).collect();
        assert_eq!(numbers, [1, 3, 4, 6]);
        assert_eq!(rows[1].cells, ["c\nd\ne", "f"]);
    }

    #[test]
    fn what_is_no_workbook_says_what_to_do() {
        let error = workbook(b"PK\x03\x04rest".to_vec()).unwrap_err();
        assert!(error.contains("lưu lại thành .xlsx"), "{error}");
    }

    #[test]
    fn times_of_a_sheet_are_rounded_to_the_second() {
        assert_eq!(clock(0.361_111_11), "08:40:00");
        assert_eq!(clock(1.5), "36:00:00");
    }
}
