//! The items of one group over time, and what is usual for it.

use std::collections::BTreeSet;

use chrono::Duration;

use crate::model::Time;
use crate::model::alert::Alert;

use super::evidence::Evidence;

/// Items that are expected in any window, however quiet the group was.
const FLOOR: f64 = 0.75;

/// What a rule holds about one rumour, story or topic.
#[derive(Debug, Default)]
pub struct Group {
    /// Items since the alert opened, or in the window before it does; oldest first.
    pub evidence: Vec<Evidence>,
    /// When items came, over the history that tells the usual.
    pub times: Vec<Time>,
    /// The alert that is open.
    pub alert: Option<Alert>,
    /// Independent authors when a person last answered.
    pub answered_at: Option<usize>,
}

impl Group {
    /// Takes an item in; false when it is known.
    pub fn admit(&mut self, evidence: Evidence) -> bool {
        if self.evidence.iter().any(|e| e.item == evidence.item) {
            return false;
        }
        self.times.push(evidence.at);
        self.evidence.push(evidence);
        true
    }

    /// Drops what neither window nor history needs.
    pub fn forget(&mut self, window_from: Time, history_from: Time) {
        if self.alert.is_none() {
            self.evidence.retain(|e| e.at > window_from);
        }
        self.times.retain(|t| *t > history_from);
    }

    /// Items seen after `from`; all when `None`.
    pub fn since(&self, from: Option<Time>) -> impl Iterator<Item = &Evidence> {
        self.evidence
            .iter()
            .filter(move |e| from.is_none_or(|from| e.at > from))
    }

    /// Independent authors after `from`: different people, none of them passing on the same text.
    pub fn authors(&self, from: Option<Time>) -> usize {
        let mut texts = BTreeSet::new();
        let mut authors = BTreeSet::new();
        for evidence in self.since(from) {
            if texts.insert(&evidence.wording) && !evidence.copy {
                authors.insert(&evidence.author);
            }
        }
        authors.len()
    }

    /// Items usual in a window of this length: the mean of the windows before it over what was seen, at least a floor.
    pub fn usual(&self, now: Time, window: Duration, started: Time, history: Duration) -> f64 {
        let to = now - window;
        let from = started.max(now - history);
        if to - from < window {
            return FLOOR;
        }
        let windows = (to - from).num_seconds() as f64 / window.num_seconds().max(1) as f64;
        let before = self.times.iter().filter(|t| **t > from && **t <= to).count() as f64;
        FLOOR.max(before / windows)
    }
}

/// Chance of `count` or more where `expected` are usual and items come independently (Poisson).
pub fn tail(count: usize, expected: f64) -> f64 {
    let mut term = (-expected).exp();
    let mut below = 0.0;
    for k in 0..count {
        below += term;
        term *= expected / (k + 1) as f64;
    }
    (1.0 - below).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_where_less_than_one_is_usual_is_rare_and_two_are_not() {
        assert!(tail(4, FLOOR) < 0.01);
        assert!(tail(2, FLOOR) > 0.1);
        assert!((tail(0, 3.0) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_usual_is_the_mean_of_the_windows_before() {
        let start = crate::model::from_unix_ms(1_790_000_000_000);
        let hour = Duration::hours(1);
        let times = (0..20).map(|i| start + Duration::minutes(30 * i)).collect();
        let group = Group {
            times,
            ..Group::default()
        };
        let usual = group.usual(start + hour * 11, hour, start, Duration::days(7));
        assert!((usual - 1.9).abs() < 0.11, "{usual}");
    }
}
