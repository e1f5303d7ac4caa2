//! Finds the header among the first rows of a table: below a title, in one line or two.

use super::table::Row;
use crate::text::{count, date, nfc, squeeze};

/// Rows among which the header is looked for.
pub(super) const FIRST_ROWS: usize = 40;

/// Longest name of a column.
const LONGEST: usize = 80;

/// A column as the header names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The name above it, where the header has two lines: `Tương tác`.
    pub group: Option<String>,
    /// Its own name; may be empty.
    pub name: String,
}

impl Column {
    /// The whole name as shown to people.
    pub fn shown(&self) -> String {
        match &self.group {
            Some(group) => format!("{group} / {}", self.name),
            None => self.name.clone(),
        }
    }
}

/// Where the header stands and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    /// The columns in their order.
    pub columns: Vec<Column>,
    /// How many rows there are before the first row of data.
    pub rows: usize,
    /// How well it was understood, as `score` said.
    pub score: usize,
}

/// The best header among the first rows: `score` says how many fields a line of columns names. The first of equals wins.
pub(super) fn find(rows: &[Row], score: impl Fn(&[Column]) -> usize) -> Option<Header> {
    let mut best: Option<Header> = None;
    for (at, row) in rows.iter().enumerate().take(FIRST_ROWS) {
        if !names_only(row) {
            continue;
        }
        let two = rows.get(at + 1).filter(|next| names_only(next));
        let candidates = [Some((one_line(row), 1)), two.map(|next| (two_lines(row, next), 2))];
        for (columns, lines) in candidates.into_iter().flatten() {
            let score = score(&columns);
            if score > best.as_ref().map_or(0, |header| header.score) {
                let rows = at + lines;
                best = Some(Header { columns, rows, score });
            }
        }
    }
    // Official tables number their columns below the names.
    let is_numbered = |header: &Header| rows.get(header.rows).is_some_and(numbers_columns);
    best.map(|header| match is_numbered(&header) {
        true => Header {
            rows: header.rows + 1,
            ..header
        },
        false => header,
    })
}

/// `1 | 2 | 3` or `(1) | (2) | (3)`: at least three, each greater than the one before.
fn numbers_columns(row: &Row) -> bool {
    let cells = row.cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty());
    let numbers: Option<Vec<u8>> = cells.map(|cell| cell.trim_matches(['(', ')']).parse().ok()).collect();
    numbers.is_some_and(|numbers| numbers.len() >= 3 && numbers.is_sorted_by(|a, b| a < b))
}

/// Whether a row may be one of names: short words, no numbers, dates or addresses.
fn names_only(row: &Row) -> bool {
    let is_value = |cell: &String| {
        cell.chars().count() > LONGEST
            || cell.contains("://")
            || count::parse(cell).is_some()
            || (cell.contains(|c: char| c.is_ascii_digit()) && date::parse(cell).is_some())
    };
    row.cells.iter().any(|cell| !cell.trim().is_empty()) && !row.cells.iter().any(is_value)
}

fn name(cell: &str) -> String {
    squeeze(&nfc(cell))
}

fn one_line(row: &Row) -> Vec<Column> {
    let column = |cell: &String| Column {
        group: None,
        name: name(cell),
    };
    row.cells.iter().map(column).collect()
}

/// Two lines as one: the upper names the group of what stands below and right of it.
fn two_lines(upper: &Row, lower: &Row) -> Vec<Column> {
    let cell = |row: &Row, at: usize| row.cells.get(at).map_or(String::new(), |cell| name(cell));
    let mut group = String::new();
    let width = upper.cells.len().max(lower.cells.len());
    (0..width)
        .map(|at| {
            let (above, below) = (cell(upper, at), cell(lower, at));
            if !above.is_empty() {
                group.clone_from(&above);
            } else if below.is_empty() {
                group.clear();
            }
            match () {
                () if below.is_empty() || below == above => Column {
                    group: None,
                    name: above,
                },
                () => Column {
                    group: Some(group.clone()).filter(|group| !group.is_empty()),
                    name: below,
                },
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(lines: &[&str]) -> Vec<Row> {
        let row = |(at, line): (usize, &&str)| Row {
            number: at + 1,
            cells: line.split('|').map(str::to_owned).collect(),
        };
        lines.iter().enumerate().map(row).collect()
    }

    fn known(columns: &[Column]) -> usize {
        let known = ["Tiêu đề", "Nội dung", "Thích", "Bình luận"];
        columns
            .iter()
            .filter(|column| known.contains(&column.name.as_str()))
            .count()
    }

    #[test]
    fn a_title_above_and_a_second_line_below_are_understood() {
        let rows = rows(&[
            "BÁO CÁO THÁNG 11||",
            "",
            "Tiêu đề|Nội dung|Tương tác|",
            "||Thích|Bình luận",
            "Lương hưu|tăng|3|4",
        ]);
        let header = find(&rows, known).unwrap();
        assert_eq!((header.rows, header.score), (4, 4));
        assert_eq!(header.columns[3].shown(), "Tương tác / Bình luận");
        assert_eq!(header.columns[0].shown(), "Tiêu đề");
    }

    #[test]
    fn numbers_below_the_names_belong_to_the_header() {
        let rows = rows(&["Tiêu đề|Nội dung|Thích", "(1)|(2)|(3)", "a|b|3"]);
        assert_eq!(find(&rows, known).unwrap().rows, 2);
    }

    #[test]
    fn a_row_of_data_is_no_second_line() {
        let rows = rows(&["Tiêu đề|Ghi chú", "Thích|3", "Bình luận|x"]);
        assert_eq!(find(&rows, known).unwrap().rows, 1);
        assert_eq!(find(&rows[1..2], known), None);
    }
}
