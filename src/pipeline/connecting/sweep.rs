//! Readings of what is new, page by page: where one stands is kept, so that a killed process goes on there.

use serde::{Deserialize, Serialize};

use crate::model::Time;

/// How far back the first sweep goes, in days.
const FIRST_DAYS: i64 = 7;

/// A reading of what is new.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sweep {
    /// What was published after it is asked for.
    pub after: Time,
    /// When the present sweep began.
    pub began: Time,
    /// Where it goes on; `None` at its first page.
    pub token: Option<String>,
}

impl Sweep {
    /// The sweep a cursor holds, or the first; one that has not begun begins now.
    pub fn of(cursor: &str, now: Time) -> Self {
        let first = Self {
            after: now - chrono::Duration::days(FIRST_DAYS),
            began: now,
            token: None,
        };
        let mut sweep = serde_json::from_str(cursor).unwrap_or(first);
        if sweep.token.is_none() {
            sweep.began = now;
        }
        sweep
    }

    /// Goes on at `next`, or ends: the next sweep asks for what was published since `overlap` hours before this one began,
    /// for platforms list some things later than they were published.
    pub fn step(&mut self, next: Option<String>, overlap: i64) {
        if next.is_none() {
            self.after = self.began - chrono::Duration::hours(overlap);
        }
        self.token = next;
    }

    /// Whether the sweep has ended.
    pub fn is_done(&self) -> bool {
        self.token.is_none()
    }

    /// As the cursor of an errand.
    pub fn cursor(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_that_was_cut_off_goes_on_and_the_next_overlaps_it() {
        let at = |hours| crate::model::from_unix_ms(1_795_000_000_000) + chrono::Duration::hours(hours);
        let mut sweep = Sweep::of("", at(0));
        sweep.step(Some("p2".into()), 24);
        let mut again = Sweep::of(&sweep.cursor(), at(5));
        assert_eq!((again.began, again.token.as_deref()), (at(0), Some("p2")));
        again.step(None, 24);
        assert!(again.is_done());
        assert_eq!(Sweep::of(&again.cursor(), at(30)).after, at(-24));
        assert_eq!(Sweep::of(&again.cursor(), at(30)).began, at(30));
    }
}
