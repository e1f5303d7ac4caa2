//! When a feed is asked again: sooner where there is news, later where there is none, much later where it fails. Pure.

use std::time::Duration;

use crate::model::Time;
use crate::model::entry::FeedState;

/// Longest pause after failures in a row: a quarter of a day, so that an outlet that comes back is noticed the same day.
const LONGEST_PAUSE: Duration = Duration::from_secs(6 * 3600);

/// What became of one check of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckOutcome {
    /// It listed something not seen before.
    News,
    /// It answered, with nothing new (also 304).
    NoNews,
    /// It did not answer, or with nothing that can be read.
    Failed {
        /// Moment before which the host asked to be left alone.
        not_before: Option<Time>,
    },
}

/// When the feed is due again, and the interval in seconds to remember as `interval_seconds`.
///
/// `state` is as before this check; `limits` are the shortest and longest interval in minutes; `jitter` lies in 0..1
/// and spreads checks by a tenth, failures by a half. Failures leave the interval as it was.
pub fn next_check(state: &FeedState, outcome: CheckOutcome, now: Time, limits: [u32; 2], jitter: f64) -> (Time, i64) {
    let shortest = i64::from(limits[0].max(1)) * 60;
    let longest = (i64::from(limits[1]) * 60).max(shortest);
    let interval = state.interval_seconds.clamp(shortest, longest);
    match outcome {
        CheckOutcome::Failed { not_before } => {
            let failures = u32::try_from(state.failures).unwrap_or(0).saturating_add(1);
            let pause = backoff(failures, Duration::from_secs(shortest as u64), LONGEST_PAUSE, jitter);
            let due = now + chrono::Duration::seconds(pause.as_secs() as i64);
            (not_before.map_or(due, |until| until.max(due)), interval)
        }
        CheckOutcome::News | CheckOutcome::NoNews => {
            let wanted = if outcome == CheckOutcome::News {
                interval / 2
            } else {
                interval * 3 / 2
            };
            let interval = wanted.clamp(shortest, longest);
            let spread = (interval as f64 * (0.9 + 0.2 * jitter)) as i64;
            let spread = spread.clamp(shortest, longest);
            (now + chrono::Duration::seconds(spread), interval)
        }
    }
}

/// Pause after `failures` in a row: `base` doubled for each but the first, at most `longest`, shortened by up to a half
/// by `jitter` in 0..1 so that those who failed together do not come back together.
pub fn backoff(failures: u32, base: Duration, longest: Duration, jitter: f64) -> Duration {
    let doubled = base.saturating_mul(1_u32 << failures.saturating_sub(1).min(20));
    doubled.min(longest).mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::from_unix_ms;

    fn state(interval_seconds: i64, failures: i64) -> FeedState {
        FeedState {
            source: "bao-vi-du".into(),
            url: "https://baovidu.example/rss".into(),
            etag: None,
            last_modified: None,
            next_check: from_unix_ms(0),
            interval_seconds,
            failures,
            last_ok: None,
            last_new: None,
            last_error: String::new(),
        }
    }

    #[test]
    fn news_shortens_the_interval_and_silence_lengthens_it_within_the_limits() {
        let now = from_unix_ms(1_760_000_000_000);
        let ask = |seconds, outcome| next_check(&state(seconds, 0), outcome, now, [5, 120], 0.5).1;
        assert_eq!(ask(3600, CheckOutcome::News), 1800);
        assert_eq!(ask(3600, CheckOutcome::NoNews), 5400);
        assert_eq!(ask(300, CheckOutcome::News), 300);
        assert_eq!(ask(7200, CheckOutcome::NoNews), 7200);
        assert_eq!(ask(0, CheckOutcome::NoNews), 450);
    }

    #[test]
    fn failures_double_the_pause_up_to_six_hours_and_a_host_that_names_a_time_is_left_alone_until_then() {
        let now = from_unix_ms(1_760_000_000_000);
        let failed = CheckOutcome::Failed { not_before: None };
        let pause = |failures| {
            let (due, _) = next_check(&state(600, failures), failed, now, [5, 120], 0.0);
            (due - now).num_minutes()
        };
        assert_eq!([pause(0), pause(1), pause(2), pause(40)], [5, 10, 20, 360]);
        let until = now + chrono::Duration::hours(8);
        let told = CheckOutcome::Failed {
            not_before: Some(until),
        };
        assert_eq!(next_check(&state(600, 0), told, now, [5, 120], 0.9).0, until);
    }

    #[test]
    fn jitter_never_leaves_the_limits() {
        let now = from_unix_ms(1_760_000_000_000);
        for jitter in [0.0, 0.3, 0.999] {
            for outcome in [CheckOutcome::News, CheckOutcome::NoNews] {
                for seconds in [0, 300, 1000, 7200, 99_999] {
                    let (due, _) = next_check(&state(seconds, 0), outcome, now, [5, 120], jitter);
                    assert!((300..=7200).contains(&(due - now).num_seconds()));
                }
            }
        }
    }
}
