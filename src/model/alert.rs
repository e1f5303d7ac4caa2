//! Alerts: a rule firing with its evidence and its state in the hands of people.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AlertId, ItemId, StoryId, Time};
use crate::word_enum;

/// How loud an alert is: 1 theo dõi, 2 cảnh báo, 3 khẩn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Level {
    /// Theo dõi.
    Watch = 1,
    /// Cảnh báo.
    Warning = 2,
    /// Khẩn.
    Urgent = 3,
}

impl Level {
    /// Its number, 1 to 3.
    pub fn number(&self) -> u8 {
        *self as u8
    }

    /// The word people see.
    pub fn label(self) -> &'static str {
        match self {
            Level::Watch => "theo dõi",
            Level::Warning => "cảnh báo",
            Level::Urgent => "khẩn",
        }
    }
}

impl TryFrom<u8> for Level {
    type Error = String;
    fn try_from(number: u8) -> Result<Self, String> {
        match number {
            1 => Ok(Level::Watch),
            2 => Ok(Level::Warning),
            3 => Ok(Level::Urgent),
            other => Err(format!("level {other} is not 1, 2 or 3")),
        }
    }
}

impl From<Level> for u8 {
    fn from(level: Level) -> u8 {
        level as u8
    }
}

word_enum!(
    /// What an alert is about (contract: replay).
    AlertKind {
        /// A known rumour is asserted.
        Rumour = "rumour",
        /// A scam is spreading.
        Scam = "scam",
        /// Old numbers or rules are passed on as current, or a fact is contradicted.
        Outdated = "outdated",
        /// A check-worthy claim that nothing here proves or refutes is spreading.
        NovelClaim = "novel_claim",
        /// Somebody pretends to be the agency.
        Impersonation = "impersonation",
        /// Complaints rise ("phản ánh tăng đột biến"): never misinformation.
        ComplaintWave = "complaint_wave",
        /// Coverage of a topic rises.
        Surge = "surge",
    }
);

impl AlertKind {
    /// The words people see.
    pub fn label(self) -> &'static str {
        match self {
            AlertKind::Rumour => "Tin đồn",
            AlertKind::Scam => "Lừa đảo",
            AlertKind::Outdated => "Thông tin cũ, không khớp quy định",
            AlertKind::NovelClaim => "Thông tin cần kiểm chứng",
            AlertKind::Impersonation => "Mạo danh",
            AlertKind::ComplaintWave => "Phản ánh tăng đột biến",
            AlertKind::Surge => "Lượng tin tăng",
        }
    }
}

word_enum!(
    /// How people stand to an alert.
    AlertState {
        /// Mới.
        New = "new",
        /// Đã tiếp nhận.
        Acknowledged = "acknowledged",
        /// Đang xử lý.
        InProgress = "in_progress",
        /// Đã phản hồi.
        Answered = "answered",
        /// Kết thúc.
        Closed = "closed",
    }
);

impl AlertState {
    /// The words people see.
    pub fn label(self) -> &'static str {
        match self {
            AlertState::New => "Mới",
            AlertState::Acknowledged => "Đã tiếp nhận",
            AlertState::InProgress => "Đang xử lý",
            AlertState::Answered => "Đã phản hồi",
            AlertState::Closed => "Kết thúc",
        }
    }

    /// The states a person may move it to from here: one step forward, or close; a closed one can be reopened.
    pub fn next(self) -> &'static [AlertState] {
        match self {
            AlertState::New => &[AlertState::Acknowledged, AlertState::Closed],
            AlertState::Acknowledged => &[AlertState::InProgress, AlertState::Closed],
            AlertState::InProgress => &[AlertState::Answered, AlertState::Closed],
            AlertState::Answered => &[AlertState::InProgress, AlertState::Closed],
            AlertState::Closed => &[AlertState::InProgress],
        }
    }
}

word_enum!(
    /// What happened to an alert by itself (contract: replay).
    AlertEventKind {
        /// It came into being.
        Open = "open",
        /// Its level rose, or its evidence grew while answered.
        Raise = "raise",
        /// Its level fell.
        Demote = "demote",
        /// It went quiet.
        Resolve = "resolve",
    }
);

/// A rule firing: one line of the live feed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Alert {
    /// Its id, the same after a restart.
    pub id: AlertId,
    /// The rule that fired.
    pub rule: String,
    /// What it is about.
    pub kind: AlertKind,
    /// How loud.
    #[schema(value_type = u8, minimum = 1, maximum = 3)]
    pub level: Level,
    /// How people stand to it.
    pub state: AlertState,
    /// Short heading: the rumour's claim, the story's headline or the topic's name.
    pub title: String,
    /// Why, in one Vietnamese sentence.
    pub reason: String,
    /// The rumour or scam matched.
    pub rumour_id: Option<String>,
    /// The story most of its items belong to.
    pub story: Option<StoryId>,
    /// Its evidence, oldest first.
    pub items: Vec<ItemId>,
    /// Topics of the evidence, commonest first.
    pub topics: Vec<String>,
    /// Departments concerned.
    pub departments: Vec<String>,
    /// When it came into being.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Time,
    /// When it last changed by itself.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Time,
    /// Whether it went quiet by itself.
    pub resolved: bool,
    /// Version of the rules and knowledge that decided.
    pub version: String,
}

/// A change of an alert at a time (contract: replay, without `alert`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AlertEvent {
    /// When, by the service's clock.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    /// What happened.
    pub event: AlertEventKind,
    /// The alert as it stands after it.
    pub alert: Alert,
}
