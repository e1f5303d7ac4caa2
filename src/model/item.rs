//! Items: what was published, in our own terms, and what was seen of them later.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ItemId, SourceId, Time};

/// Defines an enum written in lower snake case in JSON, TOML and SQL.
#[macro_export]
macro_rules! word_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// All values, in the order of their definition.
            #[allow(dead_code, reason = "not every enum is listed somewhere")]
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The word used in JSON, data files and the database.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(word: &str) -> Result<Self, String> {
                match word {
                    $($word => Ok($name::$variant),)+
                    _ => Err(format!("`{word}` is not one of: {}", [$($word),+].join(", "))),
                }
            }
        }
    };
}

word_enum!(
    /// What an item is.
    ItemKind {
        /// An article of an outlet.
        Press = "press",
        /// A post of an account, page or forum thread starter.
        Post = "post",
        /// An answer under a post, article or video.
        Comment = "comment",
        /// A video with its title and description.
        Video = "video",
    }
);

word_enum!(
    /// Where an item was published.
    Platform {
        /// Newspapers, magazines, broadcasters, portals.
        Press = "press",
        /// Facebook.
        Facebook = "facebook",
        /// YouTube.
        Youtube = "youtube",
        /// Zalo.
        Zalo = "zalo",
        /// TikTok.
        Tiktok = "tiktok",
        /// Telegram.
        Telegram = "telegram",
        /// Forums and reader comments.
        Forum = "forum",
        /// Text messages.
        Sms = "sms",
        /// Threads.
        Threads = "threads",
        /// Anything else.
        Other = "other",
    }
);

word_enum!(
    /// How the item came to us; decides what may be shown and how coverage is counted.
    Access {
        /// Fetched by our collectors from a public address.
        Public = "public",
        /// The agency's own page through its API.
        OwnPage = "own_page",
        /// A vendor's export.
        Vendor = "vendor",
        /// Sent in by a person.
        Tip = "tip",
        /// Entered by hand.
        Manual = "manual",
    }
);

impl ItemKind {
    /// The words people see.
    pub fn label(self) -> &'static str {
        match self {
            ItemKind::Press => "bài báo",
            ItemKind::Post => "bài đăng",
            ItemKind::Comment => "bình luận",
            ItemKind::Video => "video",
        }
    }
}

impl Platform {
    /// The words people see.
    pub fn label(self) -> &'static str {
        match self {
            Platform::Press => "báo chí",
            Platform::Facebook => "Facebook",
            Platform::Youtube => "YouTube",
            Platform::Zalo => "Zalo",
            Platform::Tiktok => "TikTok",
            Platform::Telegram => "Telegram",
            Platform::Forum => "diễn đàn",
            Platform::Sms => "tin nhắn",
            Platform::Threads => "Threads",
            Platform::Other => "khác",
        }
    }
}

impl Access {
    /// The words people see.
    pub fn label(self) -> &'static str {
        match self {
            Access::Public => "công khai",
            Access::OwnPage => "trang của Ngành",
            Access::Vendor => "nhà cung cấp",
            Access::Tip => "người dân báo tin",
            Access::Manual => "nhập tay",
        }
    }
}

/// Reactions, comments, shares and views as last seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Engagement {
    /// Likes and other reactions.
    pub reactions: i64,
    /// Comments and replies.
    pub comments: i64,
    /// Shares and reposts.
    pub shares: i64,
    /// Views.
    pub views: i64,
}

/// One published piece in our own terms; text is NFC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Item {
    /// Its identity: the same piece found twice has the same id.
    pub id: ItemId,
    /// What it is.
    pub kind: ItemKind,
    /// Where it was published.
    pub platform: Platform,
    /// The outlet or account: a source id for collected items, the name given by an import otherwise.
    pub source: SourceId,
    /// Reach of the source: 1 national, 2 sector or province, 3 everything else.
    pub source_rank: u8,
    /// How it came to us.
    pub access: Access,
    /// Canonical address, if it has one.
    pub url: Option<String>,
    /// Headline; empty for posts and comments.
    pub title: String,
    /// Lead and body, or the words of the post; paragraphs separated by a blank line.
    pub text: String,
    /// By-line or account name as given; of a private person in the archive a first letter and a token, `n*** p_…`
    /// (`private::person`). Masked wherever it is shown ([`masked_author`]).
    pub author: Option<String>,
    /// Language as declared, ISO 639-1; detected by analysis when absent.
    pub lang: Option<String>,
    /// When the publisher says it was published.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub published_at: Option<Time>,
    /// When we first saw it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub collected_at: Option<Time>,
    /// The earlier item it answers.
    pub parent: Option<ItemId>,
    /// Title or gist of what a comment answers; taken from the parent when absent.
    pub thread: Option<String>,
    /// The item it was copied from, where the platform says so.
    pub repost_of: Option<ItemId>,
    /// As seen when collected.
    pub engagement: Engagement,
}

impl Item {
    /// Title and text as one string: `title + "\n" + text`. Spans of reasons count its Unicode characters.
    pub fn full_text(&self) -> String {
        format!("{}\n{}", self.title, self.text)
    }

    /// When it counts as published: the publisher's word, else our first sight of it, else `at`.
    pub fn time(&self, at: Time) -> Time {
        self.published_at.or(self.collected_at).unwrap_or(at)
    }

    /// The item without what tells who a private person is: as it may be shown outside the archive.
    pub fn masked(mut self) -> Self {
        if !self.is_social() {
            return self;
        }
        if self.source_rank == 3 {
            self.source = self.platform.as_str().into();
            self.url = None;
        }
        self.author = self.author.as_deref().map(masked_author);
        self.title = masked_text(&self.title);
        self.text = masked_text(&self.text);
        self.thread = self.thread.as_deref().map(masked_text);
        self
    }

    /// Whether people on a social platform wrote it, rather than a newsroom.
    pub fn is_social(&self) -> bool {
        self.kind != ItemKind::Press || self.platform != Platform::Press
    }
}

/// What was seen of a known item later: grown engagement, an edit, or its removal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// The item observed.
    pub id: ItemId,
    /// When.
    pub collected_at: Time,
    /// Engagement at that time, if seen.
    pub engagement: Option<Engagement>,
    /// The new headline, if edited.
    pub title: Option<String>,
    /// The new text, if edited.
    pub text: Option<String>,
    /// Whether the item is gone.
    pub removed: bool,
}

/// One line of an import: an item seen for the first time, or an observation of one seen before.
///
/// Which of the two it is depends on what the reader already has: see [`Record::into_observation`].
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The line as an item.
    pub item: Item,
    /// Whether the line says itself that it is an observation (`"observation": true` or `"removed": true`).
    pub is_observation: bool,
    /// Whether the item is reported as removed.
    pub removed: bool,
    /// Whether `title` or `text` stood in the line.
    pub has_content: bool,
    /// Whether `engagement` stood in the line.
    pub has_engagement: bool,
}

/// Why a line of an import was refused.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("line {line}: {field}: {problem}")]
pub struct RecordError {
    /// Number of the line, from 1.
    pub line: usize,
    /// The field at fault, or `json`.
    pub field: String,
    /// What is wrong and what is expected.
    pub problem: String,
}

impl Record {
    /// Reads one NDJSON line of the shape "Item" of the contract. Unknown fields are ignored, missing optional ones are fine.
    ///
    /// # Errors
    /// Names the line and the field when the JSON is broken, `id` is missing, or a value is not of its type.
    pub fn parse(line_number: usize, line: &str) -> Result<Record, RecordError> {
        let error = |problem: String| RecordError {
            line: line_number,
            field: "json".into(),
            problem,
        };
        let value: serde_json::Value =
            serde_json::from_str(line).map_err(|e| error(format!("not a JSON object: {e}")))?;
        let object = value
            .as_object()
            .ok_or_else(|| error("expected one JSON object a line".into()))?;
        Record::from_object(line_number, object)
    }

    /// Reads one JSON object of the shape "Item" of the contract, the `line_number`th of its file; see [`Record::parse`].
    ///
    /// # Errors
    /// Names the line and the field when `id` is missing or a value is not of its type.
    pub fn from_object(
        line_number: usize,
        object: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<Record, RecordError> {
        let error = |field: &str, problem: String| RecordError {
            line: line_number,
            field: field.into(),
            problem,
        };
        let fields = Fields {
            object,
            line: line_number,
        };
        let id = fields
            .text("id")?
            .filter(|s| !s.is_empty())
            .ok_or_else(|| error("id", "is missing".into()))?;
        let kind = fields.word("kind", ItemKind::Press)?;
        let default_platform = if kind == ItemKind::Press {
            Platform::Press
        } else {
            Platform::Other
        };
        let engagement = match object.get("engagement") {
            None | Some(serde_json::Value::Null) => Engagement::default(),
            Some(v) => serde_json::from_value(v.clone()).map_err(|e| error("engagement", e.to_string()))?,
        };
        let flag = |name: &str| object.get(name).and_then(serde_json::Value::as_bool).unwrap_or(false);
        let nfc = |text: Option<String>| crate::text::nfc(text.as_deref().unwrap_or_default().trim());
        Ok(Record {
            is_observation: flag("observation") || flag("removed"),
            removed: flag("removed"),
            has_content: object.contains_key("title") || object.contains_key("text"),
            has_engagement: object.contains_key("engagement"),
            item: Item {
                id: ItemId(id),
                kind,
                platform: fields.word("platform", default_platform)?,
                source: SourceId(nfc(fields.text("source")?)),
                source_rank: fields.rank()?,
                access: fields.word("access", Access::Manual)?,
                url: fields.text("url")?.filter(|s| !s.is_empty()),
                title: nfc(fields.text("title")?),
                text: nfc(fields.text("text")?),
                author: fields.text("author")?.filter(|s| !s.is_empty()),
                lang: fields.text("lang")?,
                published_at: fields.time("published_at")?,
                collected_at: fields.time("collected_at")?,
                parent: fields.text("parent")?.map(ItemId),
                thread: fields.text("thread")?.map(|t| crate::text::nfc(&t)),
                repost_of: fields.text("repost_of")?.map(ItemId),
                engagement,
            },
        })
    }

    /// The line as an observation of an item already known, seen `at` when the line gives no time.
    pub fn into_observation(self, at: Time) -> Observation {
        let content = |text: String| {
            if self.has_content && !text.is_empty() {
                Some(text)
            } else {
                None
            }
        };
        Observation {
            id: self.item.id,
            collected_at: self.item.collected_at.unwrap_or(at),
            engagement: self.has_engagement.then_some(self.item.engagement),
            title: content(self.item.title),
            text: content(self.item.text),
            removed: self.removed,
        }
    }
}

/// Typed access to the fields of one line.
struct Fields<'a> {
    object: &'a serde_json::Map<String, serde_json::Value>,
    line: usize,
}

impl Fields<'_> {
    fn error(&self, field: &str, problem: String) -> RecordError {
        RecordError {
            line: self.line,
            field: field.into(),
            problem,
        }
    }

    fn text(&self, field: &str) -> Result<Option<String>, RecordError> {
        match self.object.get(field) {
            None | Some(serde_json::Value::Null) => Ok(None),
            Some(serde_json::Value::String(s)) => Ok(Some(s.clone())),
            Some(serde_json::Value::Number(n)) => Ok(Some(n.to_string())),
            Some(other) => Err(self.error(field, format!("expected text, found {other}"))),
        }
    }

    fn word<T: std::str::FromStr<Err = String>>(&self, field: &str, default: T) -> Result<T, RecordError> {
        match self.text(field)? {
            None => Ok(default),
            Some(word) => word.parse().map_err(|e| self.error(field, e)),
        }
    }

    fn time(&self, field: &str) -> Result<Option<Time>, RecordError> {
        let Some(text) = self.text(field)? else { return Ok(None) };
        crate::text::date::parse(&text).map(Some).ok_or_else(|| {
            self.error(
                field,
                format!("`{text}` is not a time; write RFC 3339, e.g. 2026-11-19T08:40:00+07:00"),
            )
        })
    }

    fn rank(&self) -> Result<u8, RecordError> {
        match self.object.get("source_rank").and_then(serde_json::Value::as_u64) {
            None => Ok(3),
            Some(rank @ 1..=3) => Ok(rank as u8),
            Some(other) => Err(self.error("source_rank", format!("{other} is not 1, 2 or 3"))),
        }
    }
}

/// A text as it may be shown: accounts named in it (`@name`) keep their first letter only. As long as `text` in characters,
/// so that positions agree.
pub fn masked_text(text: &str) -> String {
    let mut since_at = None;
    let mut before = ' ';
    text.chars()
        .map(|c| {
            since_at = match since_at {
                _ if c == '@' && !before.is_alphanumeric() => Some(0),
                Some(n) if c.is_alphanumeric() || matches!(c, '.' | '_') => Some(n + 1),
                _ => None,
            };
            before = c;
            if since_at.is_some_and(|n| n > 1) { '*' } else { c }
        })
        .collect()
}

/// An account's name as it may be shown: the first letter and asterisks, so that nobody is named.
pub fn masked_author(author: &str) -> String {
    match author.trim_start_matches('@').chars().next() {
        Some(first) => format!("{first}***"),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_with_defaults_and_unknown_fields_are_ignored() {
        let record = Record::parse(1, r#"{"id":"x1","text":"Lương hưu","notes":1}"#).unwrap();
        assert_eq!(record.item.kind, ItemKind::Press);
        assert_eq!(record.item.source_rank, 3);
        assert!(!record.is_observation);
    }

    #[test]
    fn a_bad_field_is_named_with_its_line() {
        let error = Record::parse(7, r#"{"id":"x1","published_at":"hôm qua đó"}"#).unwrap_err();
        assert_eq!((error.line, error.field.as_str()), (7, "published_at"));
        let error = Record::parse(8, r#"{"id":"x1","platform":"orkut"}"#).unwrap_err();
        assert!(
            error.to_string().contains("`orkut` is not one of: press, facebook"),
            "{error}"
        );
    }

    #[test]
    fn an_account_is_shown_by_its_first_letter_only() {
        assert_eq!(masked_author("@mebau.thang8"), "m***");
        assert_eq!(
            masked_text("cảm ơn @mebau.t8, mail a@b.vn"),
            "cảm ơn @m*******, mail a@b.vn"
        );
    }
}
