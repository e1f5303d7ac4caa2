//! The query language: `"rút một lần" AND (chu_de:bhxh_mot_lan OR sac_thai:"tiêu cực") -nguon:vnexpress`.
//!
//! ```text
//! query   = or
//! or      = and { ("OR" | "HOẶC" | "|") and }
//! and     = unary { ["AND" | "VÀ"] unary }
//! unary   = ("NOT" | "KHÔNG" | "-") unary | primary
//! primary = "(" or ")" | [field ":"] (word | word "*" | "\"" phrase "\"")
//! ```
//!
//! A word typed with accents is looked for with them, any other without. Operators are written in capitals.

use chrono::{Datelike, Months, NaiveDate};

use super::vocabulary::Vocabulary;
use crate::private::person::is_token;
use crate::text::fold::{fold, lower};
use crate::text::nearest;

/// Longest query in characters, and deepest nesting: beyond that it is not typed by a person.
const LONGEST: usize = 4_000;
const DEEPEST: usize = 40;

/// What a condition is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The headline.
    Title,
    /// The by-line of a press item.
    Author,
    /// The outlet or account.
    Source,
    /// Press, Facebook, YouTube…
    Platform,
    /// Article, post, comment, video.
    Kind,
    /// How the item came to us.
    Access,
    /// Topics.
    Topic,
    /// Stance toward the sector.
    Sentiment,
    /// Claim, complaint, question…
    ContentKind,
    /// The suggestion about misinformation.
    Verdict,
    /// The rumour or scam matched.
    Rumour,
    /// Provinces.
    Province,
    /// Day, month or year of publishing, or a span of them.
    Day,
    /// Published on this day or later.
    From,
    /// Published on this day or earlier.
    To,
    /// Whether it concerns the sector.
    Relevant,
}

impl Field {
    /// All fields.
    pub const ALL: &'static [Field] = &[
        Field::Title,
        Field::Author,
        Field::Source,
        Field::Platform,
        Field::Kind,
        Field::Access,
        Field::Topic,
        Field::Sentiment,
        Field::ContentKind,
        Field::Verdict,
        Field::Rumour,
        Field::Province,
        Field::Day,
        Field::From,
        Field::To,
        Field::Relevant,
    ];

    /// The fields whose values are counted beside the hits.
    pub const FACETS: &'static [Field] = &[
        Field::Sentiment,
        Field::Topic,
        Field::Platform,
        Field::Source,
        Field::ContentKind,
        Field::Verdict,
        Field::Province,
    ];

    /// Its name in the API and in the index.
    pub fn as_str(self) -> &'static str {
        self.names()[0]
    }

    /// Its name for people, as they type it.
    pub fn label(self) -> &'static str {
        self.names()[1]
    }

    /// English name, Vietnamese name, further ones; all without accents.
    fn names(self) -> &'static [&'static str] {
        match self {
            Field::Title => &["title", "tieu_de"],
            Field::Author => &["author", "tac_gia"],
            Field::Source => &["source", "nguon", "bao"],
            Field::Platform => &["platform", "nen_tang", "kenh"],
            Field::Kind => &["kind", "loai"],
            Field::Access => &["access", "tiep_can"],
            Field::Topic => &["topic", "chu_de"],
            Field::Sentiment => &["sentiment", "sac_thai"],
            Field::ContentKind => &["content_kind", "dang"],
            Field::Verdict => &["verdict", "kiem_chung"],
            Field::Rumour => &["rumour", "tin_don"],
            Field::Province => &["province", "tinh"],
            Field::Day => &["day", "ngay"],
            Field::From => &["from", "tu"],
            Field::To => &["to", "den"],
            Field::Relevant => &["relevant", "lien_quan"],
        }
    }

    /// Whether its values are ids rather than words, dates or yes and no.
    pub fn is_id(self) -> bool {
        !matches!(
            self,
            Field::Title | Field::Author | Field::Day | Field::From | Field::To | Field::Relevant
        )
    }

    fn find(name: &str) -> Option<Field> {
        let name = fold(name);
        Field::ALL.iter().copied().find(|f| f.names().contains(&name.as_str()))
    }
}

/// A query as it was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// Everything.
    All,
    /// These words in this order, in headline or body, or in the field named.
    Words {
        /// Headline or by-line only.
        field: Option<Field>,
        /// The words, folded unless `accented`.
        words: Vec<String>,
        /// Whether accents count.
        accented: bool,
        /// Whether the last word may go on.
        prefix: bool,
    },
    /// A field has this id.
    Id(Field, String),
    /// Published in this span of days; both ends belong to it.
    Published(Option<NaiveDate>, Option<NaiveDate>),
    /// Whether it concerns the sector.
    Relevant(bool),
    /// The opposite.
    Not(Box<Query>),
    /// All of these.
    And(Vec<Query>),
    /// Any of these.
    Or(Vec<Query>),
}

/// Why a query was not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("ký tự thứ {position}: {problem}")]
pub struct QueryError {
    /// Where, in characters from 1.
    pub position: usize,
    /// What is wrong and what to write, in Vietnamese.
    pub problem: String,
}

impl Query {
    /// Reads a query; an empty one asks for everything.
    ///
    /// # Errors
    /// Names the place and what to write there, in Vietnamese.
    pub fn parse(text: &str, vocabulary: &Vocabulary) -> Result<Query, QueryError> {
        let text = crate::text::nfc(text);
        if text.chars().count() > LONGEST {
            return Err(QueryError {
                position: LONGEST,
                problem: format!("câu hỏi dài quá {LONGEST} ký tự"),
            });
        }
        let tokens = tokens(&text)?;
        let end = text.chars().count() + 1;
        let mut parser = Parser {
            tokens: &tokens,
            next: 0,
            depth: 0,
            end,
            vocabulary,
        };
        if tokens.is_empty() {
            return Ok(Query::All);
        }
        let query = parser.or()?;
        match parser.peek() {
            None => Ok(query),
            Some(token) => Err(token.wrong("dấu “)” không có dấu “(” mở trước nó")),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Word {
    Open,
    Close,
    And,
    Or,
    Not,
    /// A word or phrase, in a field if one was named.
    Term {
        field: Option<Field>,
        text: String,
        is_phrase: bool,
    },
}

#[derive(Debug, Clone)]
struct Token {
    position: usize,
    word: Word,
}

impl Token {
    fn wrong(&self, problem: impl Into<String>) -> QueryError {
        QueryError {
            position: self.position,
            problem: problem.into(),
        }
    }
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '«' | '»')
}

fn tokens(text: &str) -> Result<Vec<Token>, QueryError> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        let position = i + 1;
        let word = match chars[i] {
            c if c.is_whitespace() => {
                i += 1;
                continue;
            }
            '(' => Word::Open,
            ')' => Word::Close,
            '|' => Word::Or,
            '-' if chars.get(i + 1).is_some_and(|c| !c.is_whitespace()) => Word::Not,
            _ => {
                let (word, after) = term(&chars, i)?;
                i = after;
                tokens.push(Token { position, word });
                continue;
            }
        };
        i += 1;
        tokens.push(Token { position, word });
    }
    Ok(tokens)
}

/// The term that begins at `start`, and where the next token may begin.
fn term(chars: &[char], start: usize) -> Result<(Word, usize), QueryError> {
    if is_quote(chars[start]) {
        let (text, after) = quoted(chars, start)?;
        return Ok((term_of(None, text, true), after));
    }
    let ends = |c: &char| c.is_whitespace() || matches!(c, '(' | ')' | '|') || is_quote(*c);
    let length = chars[start..].iter().position(ends).unwrap_or(chars.len() - start);
    let raw: String = chars[start..start + length].iter().collect();
    let after = start + length;
    let operator = match raw.as_str() {
        "AND" | "VÀ" => Some(Word::And),
        "OR" | "HOẶC" => Some(Word::Or),
        "NOT" | "KHÔNG" => Some(Word::Not),
        _ => None,
    };
    if let Some(operator) = operator {
        return Ok((operator, after));
    }
    let Some((name, value)) = raw
        .split_once(':')
        .filter(|(name, value)| looks_like_field(name, value))
    else {
        return Ok((term_of(None, raw, false), after));
    };
    let Some(field) = Field::find(name) else {
        let names = Field::ALL.iter().map(|f| f.label());
        let hint = nearest(&fold(name), names.clone()).map_or_else(
            || format!("; các trường: {}", names.collect::<Vec<_>>().join(", ")),
            |name| format!("; có phải “{name}:”?"),
        );
        return Err(QueryError {
            position: start + 1,
            problem: format!("không có trường “{name}”{hint}"),
        });
    };
    if value.is_empty() {
        if chars.get(after).is_some_and(|c| is_quote(*c)) {
            let (text, after) = quoted(chars, after)?;
            return Ok((term_of(Some(field), text, true), after));
        }
        return Err(QueryError {
            position: after + 1,
            problem: format!("thiếu giá trị ngay sau “{}:”", field.label()),
        });
    }
    Ok((term_of(Some(field), value.to_owned(), false), after))
}

fn term_of(field: Option<Field>, text: String, is_phrase: bool) -> Word {
    Word::Term { field, text, is_phrase }
}

/// A name before a colon is meant as a field, unless the whole is an address or a time of day.
fn looks_like_field(name: &str, value: &str) -> bool {
    !name.is_empty() && !value.starts_with("//") && name.chars().all(|c| c.is_alphabetic() || c == '_')
}

fn quoted(chars: &[char], open: usize) -> Result<(String, usize), QueryError> {
    let length = chars[open + 1..].iter().position(|c| is_quote(*c)).ok_or(QueryError {
        position: open + 1,
        problem: "thiếu dấu ngoặc kép đóng".into(),
    })?;
    let close = open + 1 + length;
    Ok((chars[open + 1..close].iter().collect(), close + 1))
}

struct Parser<'a> {
    tokens: &'a [Token],
    next: usize,
    depth: usize,
    end: usize,
    vocabulary: &'a Vocabulary,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.next)
    }

    fn or(&mut self) -> Result<Query, QueryError> {
        let mut parts = vec![self.and()?];
        while self.peek().is_some_and(|t| t.word == Word::Or) {
            self.next += 1;
            parts.push(self.and()?);
        }
        Ok(one_or(parts, Query::Or))
    }

    fn and(&mut self) -> Result<Query, QueryError> {
        let mut parts = vec![self.unary()?];
        while let Some(token) = self.peek() {
            match token.word {
                Word::Or | Word::Close => break,
                Word::And => self.next += 1,
                _ => {}
            }
            parts.push(self.unary()?);
        }
        Ok(one_or(parts, Query::And))
    }

    fn unary(&mut self) -> Result<Query, QueryError> {
        let mut negated = false;
        while self.peek().is_some_and(|t| t.word == Word::Not) {
            self.next += 1;
            negated = !negated;
        }
        let query = self.primary()?;
        Ok(if negated { Query::Not(Box::new(query)) } else { query })
    }

    fn primary(&mut self) -> Result<Query, QueryError> {
        let Some(token) = self.peek() else {
            return Err(QueryError {
                position: self.end,
                problem: "thiếu điều kiện ở cuối câu hỏi".into(),
            });
        };
        self.next += 1;
        match &token.word {
            Word::Open => {
                self.depth += 1;
                if self.depth > DEEPEST {
                    return Err(token.wrong("quá nhiều lớp ngoặc"));
                }
                let query = self.or()?;
                self.depth -= 1;
                match self.peek() {
                    Some(Token { word: Word::Close, .. }) => self.next += 1,
                    _ => return Err(token.wrong("dấu “(” không có dấu “)” đóng")),
                }
                Ok(query)
            }
            Word::Term { field, text, is_phrase } => self
                .condition(*field, text, *is_phrase)
                .map_err(|problem| token.wrong(problem)),
            Word::Close => Err(token.wrong("dấu “)” đứng sai chỗ: trước nó thiếu điều kiện")),
            Word::And | Word::Or | Word::Not => Err(token.wrong("toán tử đứng sai chỗ: thiếu điều kiện ở một bên")),
        }
    }

    fn condition(&self, field: Option<Field>, text: &str, is_phrase: bool) -> Result<Query, String> {
        if is_token(&text.to_lowercase()) {
            return Err(
                "không tra cứu theo tài khoản của người dân: hệ thống theo dõi nội dung, không theo dõi cá nhân".into(),
            );
        }
        match field {
            None | Some(Field::Title | Field::Author) => words(field, text, is_phrase),
            Some(Field::Day) => {
                let (from, to) = days(text)?;
                Ok(Query::Published(Some(from), Some(to)))
            }
            Some(Field::From) => Ok(Query::Published(Some(days(text)?.0), None)),
            Some(Field::To) => Ok(Query::Published(None, Some(days(text)?.1))),
            Some(Field::Relevant) => match fold(text).as_str() {
                "co" | "true" | "1" | "yes" => Ok(Query::Relevant(true)),
                "khong" | "false" | "0" | "no" => Ok(Query::Relevant(false)),
                _ => Err("sau “lien_quan:” viết “có” hoặc “không”".into()),
            },
            Some(field) => Ok(Query::Id(field, self.vocabulary.find(field, text.trim())?)),
        }
    }
}

fn one_or(mut parts: Vec<Query>, join: fn(Vec<Query>) -> Query) -> Query {
    match parts.len() {
        1 => parts.remove(0),
        _ => join(parts),
    }
}

/// The words of a text as the index's tokenizer cuts them.
fn cut(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn words(field: Option<Field>, text: &str, is_phrase: bool) -> Result<Query, String> {
    let accented = fold(text) != lower(text);
    let words = cut(&if accented { lower(text) } else { fold(text) });
    let prefix = !is_phrase && text.ends_with('*');
    let Some(last) = words.last() else {
        return Err(format!("“{text}” không có chữ hay số nào để tìm"));
    };
    if prefix && last.chars().count() < 2 {
        return Err("trước dấu * cần ít nhất hai chữ".into());
    }
    Ok(Query::Words {
        field,
        words,
        accented,
        prefix,
    })
}

/// First and last day of `2026-11-20`, `20/11/2026`, `2026-11`, `11/2026`, `2026` or of a span `a..b` of two of them.
fn days(text: &str) -> Result<(NaiveDate, NaiveDate), String> {
    if let Some((from, to)) = text.split_once("..") {
        let (from, to) = (days(from)?.0, days(to)?.1);
        if from > to {
            return Err(format!("khoảng “{text}” kết thúc trước khi bắt đầu"));
        }
        return Ok((from, to));
    }
    let parts: Option<Vec<u32>> = text.trim().split(['-', '/']).map(|part| part.parse().ok()).collect();
    let of = |y: u32, m: u32, d: u32| NaiveDate::from_ymd_opt(i32::try_from(y).ok()?, m, d);
    let span = match parts.as_deref() {
        Some([y, m, d]) if *y > 999 => of(*y, *m, *d).map(|day| (day, day)),
        Some([d, m, y]) if *y > 999 => of(*y, *m, *d).map(|day| (day, day)),
        Some([y, m] | [m, y]) if *y > 999 => of(*y, *m, 1).map(|first| (first, end_of(first, Months::new(1)))),
        Some([y]) if (1000..10_000).contains(y) => of(*y, 1, 1).map(|first| (first, end_of(first, Months::new(12)))),
        _ => None,
    };
    span.filter(|(day, _)| (1900..10_000).contains(&day.year()))
        .ok_or_else(|| {
            format!("“{text}” không phải là ngày; viết 2026-11-20, 20/11/2026, 2026-11 hoặc 2026-11-01..2026-11-20")
        })
}

fn end_of(first: NaiveDate, length: Months) -> NaiveDate {
    (first + length).pred_opt().unwrap_or(first)
}
