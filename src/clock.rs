//! The only place that asks for the time or waits.
//!
//! A [`Clock`] is passed to whoever needs one: the real one, a scaled one that lets a day pass in seconds (demo), or one
//! that a test moves by hand.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::model::{Time, from_unix_ms};

/// A source of time that can be waited on. Cheap to clone; clones share one time.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Kind>);

#[derive(Debug)]
enum Kind {
    Real,
    Scaled(Scale),
    Manual {
        now: Mutex<Time>,
        moved: tokio::sync::Notify,
    },
}

/// How a scaled clock maps real time to its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Real moment (Unix milliseconds) at which the clock showed `start`.
    pub epoch_ms: i64,
    /// What it showed then.
    pub start: Time,
    /// What it shows when it falls back to the pace of real time.
    pub end: Time,
    /// How many of its seconds pass in one real second until `end`.
    pub factor: f64,
}

impl Scale {
    fn at(&self, real_ms: i64) -> Time {
        let elapsed = (real_ms - self.epoch_ms).max(0) as f64;
        let fast_ms = (self.end - self.start).num_milliseconds() as f64;
        let shown = if elapsed * self.factor <= fast_ms {
            elapsed * self.factor
        } else {
            fast_ms + (elapsed - fast_ms / self.factor)
        };
        self.start + chrono::Duration::milliseconds(shown as i64)
    }
}

impl Clock {
    /// The time of this machine.
    pub fn real() -> Self {
        Self(Arc::new(Kind::Real))
    }

    /// A clock that runs faster than real time until the end of its scale.
    pub fn scaled(scale: Scale) -> Self {
        Self(Arc::new(Kind::Scaled(scale)))
    }

    /// A clock that stands still until [`Clock::advance`] moves it.
    pub fn manual(now: Time) -> Self {
        Self(Arc::new(Kind::Manual {
            now: Mutex::new(now),
            moved: tokio::sync::Notify::new(),
        }))
    }

    /// The moment it shows.
    pub fn now(&self) -> Time {
        match &*self.0 {
            Kind::Real => from_unix_ms(real_ms()),
            Kind::Scaled(scale) => scale.at(real_ms()),
            Kind::Manual { now, .. } => *now.lock().expect("no code panics while it holds the lock"),
        }
    }

    /// Waits until it shows `until`.
    pub async fn sleep_until(&self, until: Time) {
        match &*self.0 {
            Kind::Manual { moved, .. } => {
                let mut notified = std::pin::pin!(moved.notified());
                loop {
                    notified.as_mut().enable();
                    if self.now() >= until {
                        return;
                    }
                    notified.as_mut().await;
                    notified.set(moved.notified());
                }
            }
            Kind::Real | Kind::Scaled(_) => loop {
                let left = (until - self.now()).num_milliseconds();
                if left <= 0 {
                    return;
                }
                pause(Duration::from_millis((left as f64 / self.pace()).ceil().max(1.0) as u64)).await;
            },
        }
    }

    /// Waits for `duration` of its own time.
    pub async fn sleep(&self, duration: Duration) {
        let until = self.now() + chrono::Duration::from_std(duration).unwrap_or(chrono::Duration::days(365));
        self.sleep_until(until).await;
    }

    /// Moves a manual clock forward and wakes who waits; does nothing to others.
    pub fn advance(&self, by: Duration) {
        if let Kind::Manual { now, moved } = &*self.0 {
            let mut now = now.lock().expect("no code panics while it holds the lock");
            *now += chrono::Duration::from_std(by).expect("a test moves the clock by a sane amount");
            drop(now);
            moved.notify_waiters();
        }
    }

    /// How many of its seconds pass in a real one at this moment.
    fn pace(&self) -> f64 {
        match &*self.0 {
            Kind::Scaled(scale) if self.now() < scale.end => scale.factor,
            _ => 1.0,
        }
    }
}

/// Real milliseconds since the Unix epoch; for measuring and for starting a scaled clock.
pub fn real_ms() -> i64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the machine for the time"
    )]
    chrono::Utc::now().timestamp_millis()
}

/// A monotonic reading for measuring how long work took.
pub fn stopwatch() -> std::time::Instant {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the machine for the time"
    )]
    std::time::Instant::now()
}

async fn pause(real: Duration) {
    #[expect(clippy::disallowed_methods, reason = "the one place that waits")]
    tokio::time::sleep(real).await;
}

/// Gives `work` at most `limit` of real time: for sockets, whose peers know nothing of our clock.
///
/// # Errors
/// When the time ran out.
pub async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Result<T, TimedOut> {
    #[expect(clippy::disallowed_methods, reason = "the one place that waits")]
    tokio::time::timeout(limit, work).await.map_err(|_| TimedOut)
}

/// The work was not done within its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("took too long")]
pub struct TimedOut;

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    #[test]
    fn a_scaled_clock_runs_fast_to_its_end_and_then_at_the_pace_of_real_time() {
        let start = crate::model::vietnam().with_ymd_and_hms(2026, 11, 19, 0, 0, 0).unwrap();
        let scale = Scale {
            epoch_ms: 1_000,
            start,
            end: start + chrono::Duration::hours(24),
            factor: 3_600.0,
        };
        assert_eq!(scale.at(2_000), start + chrono::Duration::hours(1));
        assert_eq!(
            scale.at(26_000),
            start + chrono::Duration::hours(24) + chrono::Duration::seconds(1)
        );
    }

    #[tokio::test]
    async fn who_waits_on_a_manual_clock_wakes_when_it_is_moved_there() {
        let start = crate::model::vietnam().with_ymd_and_hms(2026, 11, 19, 0, 0, 0).unwrap();
        let clock = Clock::manual(start);
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(60)).await }
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(60));
        waiting.await.unwrap();
        assert_eq!(clock.now(), start + chrono::Duration::seconds(60));
    }
}
