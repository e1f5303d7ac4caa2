//! Alert rules: the named conditions under which people are warned. `alerts/rules/<id>.toml`.

use serde::{Deserialize, Serialize};

use super::alert::{AlertKind, Level};
use super::analysis::{ContentKind, SentimentLabel, Verdict};
use crate::word_enum;

word_enum!(
    /// What the items of one alert have in common.
    GroupBy {
        /// The rumour or scam they match; items in no catalogue by their story.
        Rumour = "rumour",
        /// The story they belong to.
        Story = "story",
        /// Their main topic.
        Topic = "topic",
    }
);

/// When people are warned, about what and how loudly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// File name without `.toml`; not written in the file.
    #[serde(skip)]
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Kind of alert it raises.
    pub kind: AlertKind,
    /// What groups the items of one alert.
    pub group_by: GroupBy,
    /// Verdicts an item must have one of; empty: any.
    #[serde(default)]
    pub verdicts: Vec<Verdict>,
    /// Kinds of content an item must have one of; empty: any.
    #[serde(default)]
    pub content_kinds: Vec<ContentKind>,
    /// Sentiments an item must have one of; empty: any.
    #[serde(default)]
    pub sentiments: Vec<SentimentLabel>,
    /// Topics of which an item must have one; empty: any.
    #[serde(default)]
    pub topics: Vec<String>,
    /// Main topics whose items never count, such as the agency's own campaigns.
    #[serde(default)]
    pub except_topics: Vec<String>,
    /// Levels with their conditions, lowest first; the highest that holds applies.
    #[serde(rename = "level")]
    pub levels: Vec<LevelCondition>,
    /// Length of the window in hours over which items are counted.
    pub window_hours: f64,
    /// Hours without a new item after which the alert is resolved by itself.
    pub quiet_hours: f64,
    /// Sentence of the reason, with placeholders {count}, {sources}, {subject}, {since}, {span}, {first};
    /// without a closing full stop, because a count of denials may follow.
    pub reason: String,
    /// Known false alarms, for people.
    #[serde(default)]
    pub false_alarms: Option<String>,
    /// Small streams with the expected alerts.
    #[serde(default, rename = "case")]
    pub cases: Vec<RuleCase>,
}

/// The named condition of one level. All of its parts must hold over the rule's window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelCondition {
    /// 1 theo dõi, 2 cảnh báo, 3 khẩn.
    pub level: Level,
    /// Items in the window.
    pub min_items: usize,
    /// Independent authors among them: a different author and not a copy.
    #[serde(default)]
    pub min_authors: usize,
    /// Severity of the rumour matched.
    #[serde(default)]
    pub min_severity: u8,
    /// Times the usual count of the same window over the days before.
    #[serde(default)]
    pub min_growth: f64,
    /// Sum of reactions, comments and shares.
    #[serde(default)]
    pub min_engagement: i64,
}

/// A small stream that must, or must not, raise the rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleCase {
    /// Texts of posts by different authors, one minute apart.
    pub texts: Vec<String>,
    /// Level reached, 0 for none.
    pub level: u8,
}
