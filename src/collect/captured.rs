//! Filled-in forms of capture and tips → items. Pure.

use std::collections::BTreeMap;

use crate::model::capture::{CaptureForm, Picture};
use crate::model::item::{Access, Engagement, Item, ItemKind, Platform};
use crate::model::source::Source;
use crate::model::{ItemId, SourceId, Time};
use crate::text::{self, date, fold, secrecy};

use super::telling::{self, hashed_id};

/// Longest text of a field of one line, and of one of many, in characters.
const LONGEST_LINE: usize = 500;
const LONGEST_TEXT: usize = 100_000;

/// Why a form is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It bears a mark of secrecy.
    #[error("{}", secrecy::MESSAGE)]
    Secret,
    /// A field is missing or wrong.
    #[error("{field}: {problem}")]
    Field {
        /// What the field is called on the page.
        field: &'static str,
        /// What is wrong and what to do, in Vietnamese.
        problem: String,
    },
}

fn wrong(field: &'static str, problem: impl Into<String>) -> Refusal {
    let problem = problem.into();
    Refusal::Field { field, problem }
}

/// A form as it was filled in.
#[derive(Debug)]
pub struct Filled<'a> {
    /// What it is a form of.
    pub form: CaptureForm,
    /// Fields by name: `url`, `title`, `text`, `platform`, `source`, `author`, `comment`, `issue`, `date`, `page`, `time`.
    pub fields: &'a BTreeMap<String, String>,
    /// The picture sent with it.
    pub picture: Option<&'a Picture>,
}

/// What a form becomes.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The item.
    pub item: Item,
    /// Where it stands in print or on the air, in words; may be empty.
    pub place: String,
}

impl Filled<'_> {
    /// Whether a field or the name of the picture bears a mark of secrecy.
    pub fn is_marked(&self) -> bool {
        self.fields.values().any(|value| secrecy::is_marked(value))
            || self
                .picture
                .is_some_and(|picture| secrecy::is_marked_name(&picture.name))
    }

    /// The canonical address given, if any.
    ///
    /// # Errors
    /// When what was given is none.
    pub fn address(&self) -> Result<Option<String>, Refusal> {
        Ok(self.told_address()?.map(|address| address.url))
    }

    /// The item that the form tells of, handed in at `now`; outlets of `sources` are known by their names.
    ///
    /// # Errors
    /// Names the field that is missing or wrong.
    pub fn draft(&self, sources: &[Source], now: Time) -> Result<Draft, Refusal> {
        if self.is_marked() {
            return Err(Refusal::Secret);
        }
        match self.form {
            CaptureForm::Print => self.print(sources, now),
            CaptureForm::Broadcast => self.broadcast(sources, now),
            CaptureForm::Link => self.link(sources, now),
            CaptureForm::Text | CaptureForm::Screenshot | CaptureForm::Tip => self.words(sources, now),
        }
    }

    fn link(&self, sources: &[Source], now: Time) -> Result<Draft, Refusal> {
        let address = self
            .told_address()?
            .ok_or_else(|| wrong("Đường dẫn", "cần một địa chỉ bắt đầu bằng http:// hoặc https://"))?;
        let (title, text) = (self.line("title", "Tiêu đề")?, self.text("text", "Nội dung")?);
        if title.is_empty() && text.is_empty() {
            let problem =
                "địa chỉ này không thuộc nguồn đang thu nên chương trình không tự tải: ghi tiêu đề hoặc dán nội dung";
            return Err(wrong("Nội dung", problem));
        }
        let host = text::url::host(&address.url).unwrap_or_default();
        let known = sources.iter().find(|source| source.serves(&host));
        let (source, source_rank) = known.map_or((SourceId(host), 3), |source| (source.id.clone(), source.rank));
        let item = Item {
            kind: telling::kind(Some(&address.url), address.platform),
            platform: address.platform,
            source,
            source_rank,
            title,
            text,
            author: self.author()?,
            published_at: self.moment(now)?,
            url: Some(address.url.clone()),
            ..blank(ItemId::from_url(&address.url), now)
        };
        Ok(Draft {
            item,
            place: String::new(),
        })
    }

    /// Words copied from somewhere, typed beside a picture, or told by a citizen.
    fn words(&self, sources: &[Source], now: Time) -> Result<Draft, Refusal> {
        let is_tip = self.form == CaptureForm::Tip;
        let (title, text) = (self.line("title", "Tiêu đề")?, self.text("text", "Nội dung")?);
        if text.is_empty() {
            return Err(wrong("Nội dung", "cần ghi hoặc dán nội dung"));
        }
        if self.form == CaptureForm::Screenshot && self.picture.is_none() {
            return Err(wrong("Ảnh", "cần chọn tệp ảnh PNG, JPEG hoặc WebP"));
        }
        let address = self.told_address()?;
        let platform = match (self.value("platform"), &address) {
            ("", Some(address)) => address.platform,
            ("", None) => Platform::Other,
            (word, _) => word
                .parse()
                .map_err(|_| wrong("Nền tảng", "không có trong danh sách"))?,
        };
        let url = address.map(|address| address.url);
        let is_comment = !self.value("comment").is_empty();
        let kind = match is_comment {
            true => ItemKind::Comment,
            false if is_tip => ItemKind::Post,
            false => telling::kind(url.as_deref(), platform),
        };
        // Of a comment the address is often that of what it answers; a tip tells of an address, it does not stand there.
        let own = url
            .as_deref()
            .filter(|url| !is_tip && telling::is_own_address(url, kind));
        let (source, source_rank) = match platform {
            Platform::Press => outlet(&self.line("source", "Nguồn")?, sources),
            _ => (SourceId(self.line("source", "Nguồn")?), 3),
        };
        let item = Item {
            kind,
            platform,
            source: match source.as_str() {
                "" => platform.as_str().into(),
                _ => source,
            },
            source_rank,
            access: if is_tip { Access::Tip } else { Access::Manual },
            parent: url
                .as_deref()
                .filter(|_| is_comment && own.is_none())
                .map(ItemId::from_url),
            author: self.author()?,
            published_at: self.moment(now)?,
            ..blank(own.map_or_else(|| text_id(platform, &text), ItemId::from_url), now)
        };
        Ok(Draft {
            item: Item {
                url,
                title,
                text,
                ..item
            },
            place: String::new(),
        })
    }

    fn print(&self, sources: &[Source], now: Time) -> Result<Draft, Refusal> {
        let (source, source_rank) = outlet(&self.needed("source", "Tên báo")?, sources);
        let (day, page) = (self.needed("date", "Ngày")?, self.needed("page", "Trang")?);
        let (issue, title) = (self.line("issue", "Số báo")?, self.needed("title", "Tiêu đề")?);
        let at = past(date::parse(&day), "Ngày", now)?;
        let number = if issue.is_empty() { &day } else { &issue };
        let id = id_of(&["print", source.as_str(), number, &page, &title]);
        let place = match issue.as_str() {
            "" => format!("báo in ngày {}, trang {page}", at.format("%d/%m/%Y")),
            _ => format!("báo in số {issue} ngày {}, trang {page}", at.format("%d/%m/%Y")),
        };
        let item = Item {
            source,
            source_rank,
            title,
            text: self.text("text", "Trích")?,
            author: self.author()?,
            published_at: Some(at),
            ..blank(id, now)
        };
        Ok(Draft { item, place })
    }

    fn broadcast(&self, sources: &[Source], now: Time) -> Result<Draft, Refusal> {
        let (source, source_rank) = outlet(&self.needed("source", "Kênh")?, sources);
        let (day, clock) = (self.needed("date", "Ngày")?, self.needed("time", "Giờ")?);
        let at = past(date::parse(&format!("{day} {clock}")), "Ngày, giờ", now)?;
        let title = self.needed("title", "Chương trình")?;
        let text = self.text("text", "Tóm tắt")?;
        if text.is_empty() {
            return Err(wrong("Tóm tắt", "cần ghi nội dung đã phát"));
        }
        let id = id_of(&["broadcast", source.as_str(), &at.to_rfc3339(), &title]);
        let item = Item {
            source,
            source_rank,
            title,
            text,
            published_at: Some(at),
            ..blank(id, now)
        };
        Ok(Draft {
            item,
            place: format!("phát sóng lúc {}", at.format("%H:%M %d/%m/%Y")),
        })
    }

    fn value(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", |value| value.trim())
    }

    /// A field of one line, squeezed; may be empty.
    fn line(&self, name: &str, label: &'static str) -> Result<String, Refusal> {
        let line = text::squeeze(&text::nfc(self.value(name)));
        match line.chars().count() > LONGEST_LINE {
            true => Err(wrong(label, format!("dài hơn {LONGEST_LINE} ký tự"))),
            false => Ok(line),
        }
    }

    fn needed(&self, name: &str, label: &'static str) -> Result<String, Refusal> {
        let line = self.line(name, label)?;
        match line.is_empty() {
            true => Err(wrong(label, "cần ghi")),
            false => Ok(line),
        }
    }

    /// A field of many lines; may be empty.
    fn text(&self, name: &str, label: &'static str) -> Result<String, Refusal> {
        let text = text::nfc(self.value(name));
        match text.chars().count() > LONGEST_TEXT {
            true => Err(wrong(
                label,
                format!("dài hơn {LONGEST_TEXT} ký tự; dán phần liên quan"),
            )),
            false => Ok(text),
        }
    }

    fn author(&self) -> Result<Option<String>, Refusal> {
        Ok(Some(self.line("author", "Người đăng")?).filter(|author| !author.is_empty()))
    }

    fn told_address(&self) -> Result<Option<telling::Address>, Refusal> {
        match self.value("url") {
            "" => Ok(None),
            given => telling::address(given)
                .map(Some)
                .ok_or_else(|| wrong("Đường dẫn", "cần một địa chỉ bắt đầu bằng http:// hoặc https://")),
        }
    }

    /// When it was published, where that is told.
    fn moment(&self, now: Time) -> Result<Option<Time>, Refusal> {
        match self.value("time") {
            "" => Ok(None),
            given => past(date::parse(given), "Thời gian đăng", now).map(Some),
        }
    }
}

/// A time that may be: not later than tomorrow, as some papers are dated ahead.
fn past(at: Option<Time>, field: &'static str, now: Time) -> Result<Time, Refusal> {
    match at {
        Some(at) if at <= now + chrono::Duration::days(1) => Ok(at),
        Some(_) => Err(wrong(field, "ở tương lai; xem lại")),
        None => Err(wrong(field, "không đọc được; ghi ngày như 20/11/2026, giờ như 07:30")),
    }
}

/// The outlet that people call `name`: one of the catalogue, or the name as it is with the rank of everything else.
fn outlet(name: &str, sources: &[Source]) -> (SourceId, u8) {
    let wanted = normal(name);
    let known = sources
        .iter()
        .find(|source| normal(&source.name) == wanted || source.id.as_str() == wanted);
    known.map_or_else(|| (name.into(), 3), |source| (source.id.clone(), source.rank))
}

/// Text of which only words and their order are left: normal form, lower case, single spaces.
fn normal(words: &str) -> String {
    fold::lower(&text::squeeze(&text::nfc(words)))
}

fn id_of(parts: &[&str]) -> ItemId {
    let parts: Vec<String> = parts.iter().map(|part| normal(part)).collect();
    hashed_id(&parts.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The id of words that have no address: from themselves and where they were seen.
pub fn text_id(platform: Platform, text: &str) -> ItemId {
    id_of(&["text", platform.as_str(), text])
}

/// An item of the press entered by hand at `now`, with nothing in it yet.
pub fn blank(id: ItemId, now: Time) -> Item {
    Item {
        id,
        kind: ItemKind::Press,
        platform: Platform::Press,
        source: SourceId::default(),
        source_rank: 3,
        access: Access::Manual,
        url: None,
        title: String::new(),
        text: String::new(),
        author: None,
        lang: None,
        published_at: None,
        collected_at: Some(now),
        parent: None,
        thread: None,
        repost_of: None,
        engagement: Engagement::default(),
    }
}

#[cfg(test)]
#[path = "captured_tests.rs"]
mod tests;
