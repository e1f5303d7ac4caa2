//! Rows of a table to records: which column is which field, and what its cells say.

use std::collections::{BTreeMap, BTreeSet};

use super::columns::{ColumnMap, Field, key, vocabulary};
use super::header::{self, Column};
use super::table::Row;
use super::telling::{self, Address};
use crate::model::item::{Access, Engagement, Item, ItemKind, Platform, Record, RecordError};
use crate::model::{ItemId, SourceId, Time};
use crate::text::{count, date, nearest, nfc, squeeze};

/// Which column of a table is which field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// The columns in their order, with the field each is read as.
    pub columns: Vec<(Column, Option<Field>)>,
    /// Columns of a field, best known first.
    by_field: BTreeMap<Field, Vec<usize>>,
    /// Whether a person said which column is the id.
    id_is_said: bool,
}

impl Mapping {
    /// Finds the header among the first rows of a table and understands it. Also says how many rows come before the data.
    ///
    /// # Errors
    /// Says in Vietnamese what is missing: no header, no column of words, or a column that the map names (with the nearest).
    pub fn find(rows: &[Row], map: Option<&ColumnMap>) -> Result<(Mapping, usize), String> {
        let found = header::find(rows, |columns| score(columns, map));
        let Some(found) = found.filter(|found| map.is_some() || is_convincing(found)) else {
            return Err(match (map, rows.first()) {
                (Some(map), Some(row)) => {
                    missing(map, &Mapping::of_names(&row.cells, None)).unwrap_or_else(|| no_header(rows))
                }
                _ => no_header(rows),
            });
        };
        Ok((Mapping::of(found.columns, map)?, found.rows))
    }

    /// Understands a header whose place is known.
    ///
    /// # Errors
    /// As [`Mapping::find`].
    pub fn of(columns: Vec<Column>, map: Option<&ColumnMap>) -> Result<Mapping, String> {
        let mapping = Mapping::of_columns(columns, map);
        if let Some(problem) = map.and_then(|map| missing(map, &mapping)) {
            return Err(problem);
        }
        let words = [Field::Title, Field::Text, Field::Lead, Field::Excerpt];
        if !words.iter().any(|field| mapping.by_field.contains_key(field)) {
            return Err(format!(
                "không thấy cột tiêu đề hay nội dung trong các cột: {}; chỉ cột bằng --map",
                mapping.names().join(", ")
            ));
        }
        Ok(mapping)
    }

    fn of_names(cells: &[String], map: Option<&ColumnMap>) -> Mapping {
        let column = |cell: &String| Column {
            group: None,
            name: squeeze(&nfc(cell)),
        };
        Mapping::of_columns(cells.iter().map(column).collect(), map)
    }

    fn of_columns(columns: Vec<Column>, map: Option<&ColumnMap>) -> Mapping {
        let fields = fields(&columns, map);
        let mut ranked: BTreeMap<Field, Vec<(usize, usize)>> = BTreeMap::new();
        for (at, field) in fields.iter().enumerate() {
            if let Some((field, place)) = field {
                ranked.entry(*field).or_default().push((*place, at));
            }
        }
        let in_order = |mut columns: Vec<(usize, usize)>| {
            columns.sort_unstable();
            columns.into_iter().map(|(_, at)| at).collect()
        };
        Mapping {
            columns: columns
                .into_iter()
                .zip(fields.into_iter().map(|field| field.map(|(field, _)| field)))
                .collect(),
            by_field: ranked
                .into_iter()
                .map(|(field, columns)| (field, in_order(columns)))
                .collect(),
            id_is_said: map.is_some_and(|map| map.fields.iter().any(|(field, _)| *field == Field::Id)),
        }
    }

    /// Names of all columns that have one.
    fn names(&self) -> Vec<String> {
        let names = self.columns.iter().map(|(column, _)| column.shown());
        names.filter(|name| !name.is_empty()).collect()
    }

    /// Reads one row. The mapping says which cell is what; the rest is told from the address.
    ///
    /// # Errors
    /// Names row, column and remedy when a cell cannot be read, or the row says nothing.
    pub fn record(&self, row: &Row) -> Result<Record, RecordError> {
        RowReader { mapping: self, row }.record()
    }
}

/// The field of each column and how well known it is; the columns of a map are known best, and theirs are no other's.
fn fields(columns: &[Column], map: Option<&ColumnMap>) -> Vec<Option<(Field, usize)>> {
    let said: &[(Field, String)] = map.map_or(&[], |map| &map.fields);
    let field = |column: &Column| {
        if let Some((field, _)) = said.iter().find(|(_, name)| is_named(column, name)) {
            return Some((*field, 0));
        }
        let found = vocabulary().field(column);
        found.filter(|(field, _)| said.iter().all(|(other, _)| other != field))
    };
    columns.iter().map(field).collect()
}

fn is_named(column: &Column, name: &str) -> bool {
    let name = key(name);
    !name.is_empty() && (key(&column.name) == name || key(&column.shown()) == name)
}

/// How many fields a line of columns names.
pub(super) fn score(columns: &[Column], map: Option<&ColumnMap>) -> usize {
    let fields: BTreeSet<Field> = fields(columns, map)
        .into_iter()
        .flatten()
        .map(|(field, _)| field)
        .collect();
    fields.len()
}

/// One known name may be chance, unless the whole file is one column.
fn is_convincing(header: &header::Header) -> bool {
    let named = header.columns.iter().filter(|column| !column.name.is_empty()).count();
    header.score >= 2 || (named == 1 && header.rows == 1)
}

fn missing(map: &ColumnMap, mapping: &Mapping) -> Option<String> {
    let exists = |name: &str| mapping.columns.iter().any(|(column, _)| is_named(column, name));
    let (field, name) = map.fields.iter().find(|(_, name)| !exists(name))?;
    let names = mapping.names();
    Some(match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => format!("tệp không có cột “{name}” cho trường {field}; ý bạn là “{near}”?"),
        None => format!(
            "tệp không có cột “{name}” cho trường {field}; các cột: {}",
            names.join(", ")
        ),
    })
}

fn no_header(rows: &[Row]) -> String {
    let first = rows.first().map(|row| row.cells.join(" | ")).unwrap_or_default();
    let first: String = first.chars().take(120).collect();
    format!("không thấy dòng tên cột (như “Tiêu đề”, “Nội dung”, “Link”); dòng đầu: “{first}”; chỉ cột bằng --map")
}

/// One row being read.
struct RowReader<'a> {
    mapping: &'a Mapping,
    row: &'a Row,
}

impl RowReader<'_> {
    fn record(&self) -> Result<Record, RecordError> {
        self.width()?;
        let address = self.address()?;
        let url = address.as_ref().map(|address| address.url.clone());
        let (platform, kind, stray) = self.platform_and_kind(address.as_ref());
        let author = self.text(Field::Author);
        let source = self.source(stray, url.as_deref(), platform);
        let published_at = self.published()?;
        let (title, text, thread) = self.words(kind)?;
        let (engagement, has_engagement) = self.engagement()?;
        let key = Key {
            kind,
            url: url.as_deref(),
            source: &source,
            author: author.as_deref().unwrap_or_default(),
            published_at,
            words: &format!("{title}\n{text}"),
        };
        let reference = |field| self.text(field).map(|given| telling::reference(&given));
        Ok(Record {
            is_observation: false,
            removed: false,
            has_content: true,
            has_engagement,
            item: Item {
                id: self.id(&key),
                kind,
                platform,
                source: SourceId(source),
                source_rank: self.rank()?,
                access: self.access()?,
                url,
                title,
                text,
                author,
                lang: self.lang(),
                published_at,
                collected_at: self.time(Field::CollectedAt)?,
                parent: reference(Field::Parent),
                thread,
                repost_of: reference(Field::RepostOf),
                engagement,
            },
        })
    }

    fn error(&self, column: String, problem: String) -> RecordError {
        RecordError {
            line: self.row.number,
            field: column,
            problem,
        }
    }

    fn error_at(&self, at: usize, problem: String) -> RecordError {
        self.error(self.mapping.columns[at].0.shown(), problem)
    }

    /// The cells of a field that say something, best column first.
    fn cells(&self, field: Field) -> impl Iterator<Item = (usize, String)> {
        let columns = self.mapping.by_field.get(&field).map_or(&[][..], Vec::as_slice);
        columns.iter().filter_map(|at| {
            let cell = self.row.cells.get(*at).filter(|cell| !cell.is_empty())?;
            let text = nfc(cell).trim().to_owned();
            (!text.is_empty()).then_some((*at, text))
        })
    }

    fn text(&self, field: Field) -> Option<String> {
        self.cells(field).next().map(|(_, text)| text)
    }

    /// A row wider than the header has slipped.
    fn width(&self) -> Result<(), RecordError> {
        let width = self.mapping.columns.len();
        match self.row.cells.iter().skip(width).any(|cell| !cell.trim().is_empty()) {
            false => Ok(()),
            true => Err(self.error(
                "dòng".into(),
                format!(
                    "có {} ô mà chỉ có {width} cột; đặt ô có chứa dấu phân cách vào trong ngoặc kép",
                    self.row.cells.len()
                ),
            )),
        }
    }

    fn address(&self) -> Result<Option<Address>, RecordError> {
        let mut refused = None;
        for (at, text) in self.cells(Field::Url).filter(|(_, text)| !count::is_blank(text)) {
            match telling::address(&text) {
                Some(address) => return Ok(Some(address)),
                None => refused = refused.or(Some((at, text))),
            }
        }
        match refused {
            None => Ok(None),
            Some((at, text)) => Err(self.error_at(
                at,
                format!(
                    "“{}” không phải là địa chỉ; viết đầy đủ https://… hoặc để trống",
                    short(&text)
                ),
            )),
        }
    }

    /// Platform and kind, and what a column `Kênh` says if it names neither: a channel.
    fn platform_and_kind(&self, address: Option<&Address>) -> (Platform, ItemKind, Option<String>) {
        let words = vocabulary();
        let (mut platform, mut kind, mut stray) = (None, None, None);
        for (at, text) in self.cells(Field::Platform).chain(self.cells(Field::Kind)) {
            let (p, k) = (words.platform(&text), words.kind(&text));
            let is_channel = matches!(key(&self.mapping.columns[at].0.name).as_str(), "kenh" | "channel");
            if is_channel && p.is_none() && k.is_none() {
                stray = stray.or(Some(text));
            }
            (platform, kind) = (platform.or(p), kind.or(k));
        }
        // The host knows better than words such as "Báo" or "News" in the name of a page.
        let by_host = address.map(|address| address.platform);
        let told = match (platform, by_host) {
            (None | Some(Platform::Press | Platform::Other), Some(host)) if host != Platform::Press => Some(host),
            (None, host) => host,
            (platform, _) => platform,
        };
        let by_source = || self.text(Field::Source).and_then(|source| words.platform(&source));
        let platform = told.or_else(by_source).unwrap_or(match kind {
            None | Some(ItemKind::Press) if self.text(Field::Title).is_some() => Platform::Press,
            Some(ItemKind::Press) => Platform::Press,
            _ => Platform::Other,
        });
        let kind = kind.unwrap_or_else(|| telling::kind(address.map(|a| a.url.as_str()), platform));
        // Comments of readers stand under the press, not in it; what vendors call an article elsewhere is a post.
        match (platform, kind) {
            (Platform::Press, ItemKind::Comment) => (Platform::Forum, kind, stray),
            (Platform::Press, _) | (_, ItemKind::Post | ItemKind::Comment | ItemKind::Video) => (platform, kind, stray),
            (_, ItemKind::Press) => (platform, ItemKind::Post, stray),
        }
    }

    fn source(&self, stray: Option<String>, url: Option<&str>, platform: Platform) -> String {
        let host = || crate::text::url::host(url?);
        let given = self.text(Field::Source).or(stray).or_else(host);
        given.map_or_else(|| platform.as_str().to_owned(), |source| squeeze(&source))
    }

    /// Title, text and thread. The words of lead, text and excerpt are joined where one does not hold the other.
    fn words(&self, kind: ItemKind) -> Result<(String, String, Option<String>), RecordError> {
        let mut text = String::new();
        for field in [Field::Lead, Field::Text, Field::Excerpt] {
            let Some(part) = self.text(field) else { continue };
            if part.contains(&text) {
                text = part;
            } else if !text.contains(&part) {
                text = format!("{text}\n\n{part}");
            }
        }
        let mut title = self.text(Field::Title).map(|title| squeeze(&title)).unwrap_or_default();
        let mut thread = self.text(Field::Thread).map(|thread| squeeze(&thread));
        if title.is_empty() && text.is_empty() {
            let at = [Field::Text, Field::Title, Field::Lead, Field::Excerpt]
                .iter()
                .find_map(|field| self.mapping.by_field.get(field)?.first());
            let column = at.map_or(String::new(), |at| self.mapping.columns[*at].0.shown());
            let problem = "dòng không có tiêu đề lẫn nội dung; điền ít nhất một trong hai, hoặc xóa dòng".into();
            return Err(self.error(column, problem));
        }
        if kind != ItemKind::Press && text.is_empty() {
            text = std::mem::take(&mut title);
        } else if matches!(kind, ItemKind::Post | ItemKind::Comment) && telling::repeats(&title, &text) {
            title.clear();
        } else if kind == ItemKind::Comment && !title.is_empty() {
            // What vendors call the title of a comment is the title of what it stands under.
            thread.get_or_insert(std::mem::take(&mut title));
            title.clear();
        }
        Ok((title, text, thread))
    }

    /// The largest number of each field: columns of one field count the same thing in different places.
    fn counts(&self, field: Field) -> Result<Option<i64>, RecordError> {
        let mut largest = None;
        for (at, text) in self.cells(field).filter(|(_, text)| !count::is_blank(text)) {
            let found = count::parse(&text).ok_or_else(|| {
                let problem = format!(
                    "“{}” không phải là số đếm; viết 1234, 1.234, 1,2K hoặc 1,5 nghìn, để trống nếu không có",
                    short(&text)
                );
                self.error_at(at, problem)
            })?;
            largest = largest.max(Some(found));
        }
        Ok(largest)
    }

    fn engagement(&self) -> Result<(Engagement, bool), RecordError> {
        let [reactions, comments, shares, views, all] = [
            self.counts(Field::Reactions)?,
            self.counts(Field::Comments)?,
            self.counts(Field::Shares)?,
            self.counts(Field::Views)?,
            self.counts(Field::Interactions)?,
        ];
        let is_given = [reactions, comments, shares, views, all].iter().any(Option::is_some);
        let is_fine = [reactions, comments, shares].iter().flatten().any(|n| *n > 0);
        let engagement = Engagement {
            reactions: if is_fine { reactions } else { all.or(reactions) }.unwrap_or(0),
            comments: comments.unwrap_or(0),
            shares: shares.unwrap_or(0),
            views: views.unwrap_or(0),
        };
        Ok((engagement, is_given))
    }

    /// Day and time of publishing, in one column or two.
    fn published(&self) -> Result<Option<Time>, RecordError> {
        let clock = self
            .cells(Field::PublishedTime)
            .chain(self.cells(Field::PublishedAt).filter(|(_, text)| is_clock(text)))
            .find(|(_, text)| !count::is_blank(text));
        let mut refused = None;
        for (at, text) in self.cells(Field::PublishedAt).filter(|(_, text)| !is_clock(text)) {
            match (moment(&text), &clock) {
                (Some(day), Some((clock_at, clock))) if !has_clock(&text) && is_midnight(day) => {
                    let whole = format!("{clock} {}", day.format("%d-%m-%Y"));
                    let time = date::parse(&whole).or_else(|| date::parse(clock));
                    return time.map(Some).ok_or_else(|| self.no_time(*clock_at, clock));
                }
                (Some(time), _) => return Ok(Some(time)),
                (None, _) if count::is_blank(&text) => {}
                (None, _) => refused = refused.or(Some((at, text))),
            }
        }
        match refused {
            Some((at, text)) => Err(self.no_time(at, &text)),
            None => Ok(clock.and_then(|(_, text)| date::parse(&text))),
        }
    }

    fn time(&self, field: Field) -> Result<Option<Time>, RecordError> {
        match self.cells(field).find(|(_, text)| !count::is_blank(text)) {
            None => Ok(None),
            Some((at, text)) => moment(&text).map(Some).ok_or_else(|| self.no_time(at, &text)),
        }
    }

    fn no_time(&self, at: usize, text: &str) -> RecordError {
        self.error_at(
            at,
            format!(
                "“{}” không phải là thời gian rõ ràng; viết 20/11/2026 08:40 hoặc 2026-11-20 08:40",
                short(text)
            ),
        )
    }

    fn rank(&self) -> Result<u8, RecordError> {
        match self.cells(Field::SourceRank).next() {
            None => Ok(3),
            Some((at, text)) => match text.parse() {
                Ok(rank @ 1..=3) => Ok(rank),
                _ => Err(self.error_at(at, format!("“{}” không phải là hạng; viết 1, 2 hoặc 3", short(&text)))),
            },
        }
    }

    fn access(&self) -> Result<Access, RecordError> {
        match self.cells(Field::Access).next() {
            None => Ok(Access::Vendor),
            Some((at, text)) => vocabulary().access(&text).ok_or_else(|| {
                let words: Vec<&str> = Access::ALL.iter().map(|access| access.as_str()).collect();
                self.error_at(
                    at,
                    format!(
                        "“{}” không hiểu được; viết một trong: {}",
                        short(&text),
                        words.join(", ")
                    ),
                )
            }),
        }
    }

    fn lang(&self) -> Option<String> {
        let given = self.text(Field::Lang)?;
        let is_code = given.len() == 2 && given.bytes().all(|byte| byte.is_ascii_alphabetic());
        vocabulary()
            .language(&given)
            .or_else(|| is_code.then(|| given.to_ascii_lowercase()))
    }

    /// An article is known by its address, as when we collect it ourselves; all else first by the vendor's id.
    fn id(&self, key: &Key<'_>) -> ItemId {
        let by_url = key
            .url
            .filter(|url| telling::is_own_address(url, key.kind))
            .map(ItemId::from_url);
        let given = self.text(Field::Id);
        let by_vendor = given.and_then(|given| match self.mapping.id_is_said {
            true => Some(telling::plain_id(&given)),
            false => telling::vendor_id(&given),
        });
        let found = match key.kind {
            ItemKind::Press => by_url.or(by_vendor),
            _ => by_vendor.or(by_url),
        };
        found.unwrap_or_else(|| {
            let time = key.published_at.map_or(String::new(), |time| time.to_rfc3339());
            telling::hashed_id(&[key.source, key.author, &time, key.words])
        })
    }
}

/// What tells one item from another.
struct Key<'a> {
    kind: ItemKind,
    url: Option<&'a str>,
    source: &'a str,
    author: &'a str,
    published_at: Option<Time>,
    words: &'a str,
}

/// A cell as an error quotes it.
fn short(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// A time as text or as the day number of a spreadsheet.
fn moment(text: &str) -> Option<Time> {
    date::parse(text).or_else(|| date::from_excel_serial(text.replace(',', ".").parse().ok()?))
}

fn is_midnight(time: Time) -> bool {
    time.time() == chrono::NaiveTime::MIN
}

/// `8:40`, `8h40`, `8 giờ`: a digit and then the mark of hours.
fn has_clock(text: &str) -> bool {
    let marks = text.match_indices([':', 'h', 'g']);
    marks
        .into_iter()
        .any(|(at, _)| text[..at].trim_end().ends_with(|c: char| c.is_ascii_digit()))
}

/// Whether a cell is a time of day without a day.
fn is_clock(text: &str) -> bool {
    let length = text.len();
    (4..=14).contains(&length)
        && text.starts_with(|c: char| c.is_ascii_digit())
        && has_clock(text)
        && !text.contains(['/', '-', '.'])
        && date::parse(&format!("{text} 20-11-2026")).is_some()
}

#[cfg(test)]
#[path = "mapping_tests.rs"]
mod tests;
