//! Whether an item counts for a rule, and which level a group reaches.

use chrono::Duration;

use crate::model::Time;
use crate::model::alert::{AlertKind, Level};
use crate::model::analysis::ContentKind;
use crate::model::item::{Access, ItemKind};
use crate::model::rule::{LevelCondition, Rule};

use super::window::{Group, tail};
use super::{Detector, Seen};

/// A rise that comes by chance more often than this is none.
const BY_CHANCE: f64 = 0.01;

/// Whether an item counts for a rule. What the agency itself publishes never does, and a press report asserts nothing.
pub fn admits(rule: &Rule, seen: &Seen<'_>) -> bool {
    let analysis = seen.analysis;
    let has = |id: &String| analysis.topics.iter().any(|t| t.id == *id);
    let main = analysis.topics.first().map(|t| &t.id);
    let asserts = rule.kind == AlertKind::Surge
        || !(seen.item.kind == ItemKind::Press && analysis.content_kind == ContentKind::Report);
    analysis.relevant
        && seen.item.access != Access::OwnPage
        && asserts
        && any(&rule.verdicts, &analysis.misinformation.verdict)
        && any(&rule.content_kinds, &analysis.content_kind)
        && any(&rule.sentiments, &analysis.sentiment.label)
        && (rule.topics.is_empty() || rule.topics.iter().any(has))
        && !main.is_some_and(|id| rule.except_topics.contains(id))
}

fn any<T: PartialEq>(allowed: &[T], value: &T) -> bool {
    allowed.is_empty() || allowed.contains(value)
}

/// Length of a rule's window.
pub fn window(rule: &Rule) -> Duration {
    minutes(rule.window_hours)
}

/// Hours of a rule as a duration.
pub fn minutes(hours: f64) -> Duration {
    Duration::minutes((hours * 60.0).round() as i64)
}

impl Detector {
    /// The highest level that holds for a group now.
    pub(super) fn level(&self, rule: usize, group: &Group, now: Time) -> Option<Level> {
        let started = self.started.unwrap_or(now);
        let window = window(&self.rules[rule]);
        let usual = group.usual(now, window, started, Detector::history());
        let levels = self.rules[rule].levels.iter();
        levels
            .filter(|condition| holds(condition, group, now - window, usual))
            .map(|c| c.level)
            .max()
    }
}

fn holds(condition: &LevelCondition, group: &Group, from: Time, usual: f64) -> bool {
    let from = Some(from);
    let count = group.since(from).count();
    let grown =
        condition.min_growth <= 0.0 || (count as f64 >= condition.min_growth * usual && tail(count, usual) < BY_CHANCE);
    count > 0
        && count >= condition.min_items
        && group.since(from).map(|e| e.severity).max() >= Some(condition.min_severity)
        && grown
        && group.since(from).map(|e| e.reach()).sum::<i64>() >= condition.min_engagement
        && group.authors(from) >= condition.min_authors
}
