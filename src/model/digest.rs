//! Digests: one frozen edition of the press digest or of the digest of public opinion on social networks.

use serde::{Deserialize, Serialize};

use super::{EditionId, ItemId, StoryId, Time};
use crate::word_enum;

word_enum!(
    /// The two products.
    DigestKind {
        /// Điểm tin báo chí.
        Press = "press",
        /// Điểm thông tin dư luận trên mạng xã hội.
        Social = "social",
    }
);

impl DigestKind {
    /// The title people see.
    pub fn label(self) -> &'static str {
        match self {
            DigestKind::Press => "Điểm tin báo chí",
            DigestKind::Social => "Điểm thông tin dư luận trên mạng xã hội",
        }
    }
}

/// What identifies an edition: one of each key is ever frozen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditionKey {
    /// Which product.
    pub kind: DigestKind,
    /// Day it is for.
    pub date: chrono::NaiveDate,
    /// 1 for the first; a correction is the next.
    pub revision: u32,
    /// For whom: `leaders` by default.
    pub audience: String,
}

impl EditionKey {
    /// The id made of the key: `press-2026-11-20-r1-leaders`.
    pub fn id(&self) -> EditionId {
        EditionId(format!(
            "{}-{}-r{}-{}",
            self.kind, self.date, self.revision, self.audience
        ))
    }
}

/// The stretch of time an edition covers: from (exclusive) to (inclusive) by time of collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// After this moment.
    pub from: Time,
    /// Until and including this moment.
    pub to: Time,
}

/// A source of a line: outlet, time and link.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// The item.
    pub item: ItemId,
    /// Name of the outlet as printed.
    pub outlet: String,
    /// Headline there; empty for a post.
    pub title: String,
    /// Link, if it may be shown.
    pub url: Option<String>,
    /// When it was published.
    pub published_at: Time,
    /// SHA-256 of the snapshot kept, if any.
    pub snapshot: Option<String>,
}

/// One line of a digest: one story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The story; never twice in an edition.
    pub story: StoryId,
    /// Headline.
    pub title: String,
    /// What it says, in indirect speech with at most two quoted sentences.
    pub summary: String,
    /// Outlet, time and link of the representative item first, then others.
    pub references: Vec<Reference>,
    /// How many further outlets reprinted it ("+n báo đăng lại").
    pub reprints: usize,
    /// Units concerned.
    pub departments: Vec<String>,
    /// What to do ("tham mưu"), or nothing.
    pub proposal: Option<String>,
    /// Sentiment of the story: `negative`, `neutral`, `positive`.
    pub sentiment: String,
    /// Importance it was ranked by, for explanation.
    pub importance: f64,
}

/// A heading with its lines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// Heading as printed.
    pub heading: String,
    /// Lines in order.
    pub lines: Vec<Line>,
}

/// A count with the count of the period before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What is counted, as printed.
    pub label: String,
    /// This period.
    pub count: i64,
    /// The period before, if it was watched.
    pub before: Option<i64>,
}

/// What was and was not seen in the period ("Tình hình thu thập").
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// Active sources.
    pub sources: usize,
    /// Sources that answered in the period.
    pub answered: usize,
    /// Names of sources that did not.
    pub silent: Vec<String>,
    /// Names of rank-1 sources among them.
    pub silent_rank1: Vec<String>,
    /// What is not covered at all: closed groups, Zalo.
    pub not_covered: Vec<String>,
}

impl Coverage {
    /// Green: all rank-1 sources and at least 95 % of active sources answered. Only then may silence be called quiet.
    pub fn is_green(&self) -> bool {
        self.sources > 0 && self.silent_rank1.is_empty() && self.answered * 100 >= self.sources * 95
    }
}

/// An edition as composed: everything the renderers need and nothing they must look up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Edition {
    /// Its key.
    pub key: EditionKey,
    /// What it covers.
    pub period: Period,
    /// When it was composed.
    pub composed_at: Time,
    /// The body above the agency.
    pub parent: String,
    /// Name of the agency as of its date.
    pub agency: String,
    /// The unit that publishes it.
    pub unit: String,
    /// Whether everything in it is invented (demo).
    pub is_sample: bool,
    /// Whether it goes out after its time.
    pub is_late: bool,
    /// Sections in order; those without lines are left out.
    pub sections: Vec<Section>,
    /// Figures of the period.
    pub figures: Vec<Figure>,
    /// Coverage of the period.
    pub coverage: Coverage,
    /// A sentence in place of lines on an empty day.
    pub note: Option<String>,
}

impl Edition {
    /// All lines over all sections.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        self.sections.iter().flat_map(|s| s.lines.iter())
    }
}

/// An edition as it goes out. All forms are made from one [`Edition`].
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    /// Subject of the mail.
    pub subject: String,
    /// HTML of the mail.
    pub html: String,
    /// Plain text of the mail.
    pub text: String,
    /// Word document.
    pub docx: Vec<u8>,
}
