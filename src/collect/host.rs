//! Politeness: one request at a time to a host, spaced, and silence when the host asks for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use url::Url;

use super::schedule::backoff;
use crate::chance;
use crate::clock::Clock;
use crate::model::Time;

/// Longest time a host may tell us to stay away; a broken header must not silence an outlet for a year.
const LONGEST_HOLD: Duration = Duration::from_secs(24 * 3600);
/// Longest spacing taken from Crawl-delay.
const LONGEST_SPACING: Duration = Duration::from_secs(3600);
/// First pause after a 429 or 503 that names no time, and the longest.
const HOLD: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(3600)];

/// All hosts asked so far.
#[derive(Debug)]
pub struct Hosts {
    clock: Clock,
    spacing: Duration,
    known: Mutex<HashMap<String, Arc<Host>>>,
}

/// One host.
#[derive(Debug)]
pub struct Host {
    /// Name, and the port where it is not the scheme's own.
    pub name: String,
    /// Held for as long as a request runs: who holds it is the only one that talks to the host.
    slot: tokio::sync::Mutex<Slot>,
    mood: Mutex<Mood>,
}

/// When the host may be asked again.
#[derive(Debug)]
struct Slot {
    next_at: Time,
}

/// What the host told us.
#[derive(Debug)]
struct Mood {
    spacing: Duration,
    held_until: Option<Time>,
    refusals: u32,
}

/// The right to ask a host once; the next request goes out `spacing` after it is dropped or done.
pub struct Turn<'a> {
    slot: tokio::sync::MutexGuard<'a, Slot>,
    host: &'a Host,
    clock: &'a Clock,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.slot.next_at = self.clock.now() + span(self.host.spacing());
    }
}

impl Hosts {
    /// No hosts yet; `spacing` is the shortest time between two requests to one.
    pub fn new(clock: Clock, spacing: Duration) -> Self {
        Self {
            clock,
            spacing,
            known: Mutex::default(),
        }
    }

    /// The host of an address. http and https of one name are one host.
    pub fn of(&self, url: &Url) -> Arc<Host> {
        let mut name = url.host_str().unwrap_or_default().to_lowercase();
        if let Some(port) = url.port() {
            name = format!("{name}:{port}");
        }
        let mut known = self.known.lock().expect("no code panics while it holds the lock");
        let host = known.entry(name.clone()).or_insert_with(|| {
            Arc::new(Host {
                name,
                slot: tokio::sync::Mutex::new(Slot {
                    next_at: self.clock.now(),
                }),
                mood: Mutex::new(Mood {
                    spacing: self.spacing,
                    held_until: None,
                    refusals: 0,
                }),
            })
        });
        host.clone()
    }
}

impl Host {
    /// Waits until it is our turn to ask.
    ///
    /// # Errors
    /// With the moment until which the host wants silence, at once.
    pub async fn turn<'a>(&'a self, clock: &'a Clock) -> Result<Turn<'a>, Time> {
        self.is_open(clock.now())?;
        let slot = self.slot.lock().await;
        self.is_open(clock.now())?;
        clock.sleep_until(slot.next_at).await;
        Ok(Turn {
            slot,
            host: self,
            clock,
        })
    }

    fn is_open(&self, now: Time) -> Result<(), Time> {
        match self.mood().held_until {
            Some(until) if until > now => Err(until),
            _ => Ok(()),
        }
    }

    fn mood(&self) -> std::sync::MutexGuard<'_, Mood> {
        self.mood.lock().expect("no code panics while it holds the lock")
    }

    fn spacing(&self) -> Duration {
        self.mood().spacing
    }

    /// Takes a Crawl-delay into account, if it is longer than our own spacing.
    pub fn slow_down(&self, delay: Duration) {
        let mut mood = self.mood();
        mood.spacing = mood.spacing.max(delay.min(LONGEST_SPACING));
    }

    /// The host answered as usual.
    pub fn is_content(&self) {
        let mut mood = self.mood();
        mood.refusals = 0;
        mood.held_until = None;
    }

    /// The host answered 429 or 503; gives the moment until which it is left alone.
    pub fn hold(&self, retry_after: Option<&str>, now: Time) -> Time {
        let mut mood = self.mood();
        mood.refusals = mood.refusals.saturating_add(1);
        let pause = retry_after
            .and_then(|value| retry_after_pause(value, now))
            .unwrap_or_else(|| backoff(mood.refusals, HOLD[0], HOLD[1], chance::fraction()));
        let until = now + span(pause.min(LONGEST_HOLD));
        mood.held_until = Some(until);
        until
    }
}

/// What `Retry-After` asks for: seconds or an HTTP date (RFC 9110, section 10.2.3).
pub fn retry_after_pause(value: &str, now: Time) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = chrono::DateTime::parse_from_rfc2822(value).ok()?;
    Some((at.to_utc() - now.to_utc()).to_std().unwrap_or_default())
}

fn span(duration: Duration) -> chrono::Duration {
    chrono::Duration::from_std(duration).unwrap_or(chrono::Duration::days(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::from_unix_ms;

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let now = from_unix_ms(784_111_777_000); // Sun, 06 Nov 1994 08:49:37 GMT
        assert_eq!(retry_after_pause("120", now), Some(Duration::from_secs(120)));
        assert_eq!(
            retry_after_pause("Sun, 06 Nov 1994 08:50:37 GMT", now),
            Some(Duration::from_secs(60))
        );
        assert_eq!(
            retry_after_pause("Sat, 05 Nov 1994 08:50:37 GMT", now),
            Some(Duration::ZERO)
        );
        assert_eq!(retry_after_pause("soon", now), None);
    }

    #[tokio::test]
    async fn a_host_that_asks_for_silence_gets_it_and_no_longer_than_a_day() {
        let clock = Clock::manual(from_unix_ms(0));
        let hosts = Hosts::new(clock.clone(), Duration::ZERO);
        let host = hosts.of(&Url::parse("https://a.example/x").unwrap());
        let until = host.hold(Some("999999999"), clock.now());
        assert_eq!(until - clock.now(), chrono::Duration::hours(24));
        assert_eq!(host.turn(&clock).await.err(), Some(until));
        clock.advance(LONGEST_HOLD);
        assert!(host.turn(&clock).await.is_ok());
    }

    #[test]
    fn http_and_https_of_one_name_are_one_host_and_another_port_is_another() {
        let hosts = Hosts::new(Clock::manual(from_unix_ms(0)), Duration::ZERO);
        let of = |url: &str| hosts.of(&Url::parse(url).unwrap());
        assert!(Arc::ptr_eq(&of("http://a.example/1"), &of("https://A.example/2")));
        assert!(!Arc::ptr_eq(&of("http://a.example/"), &of("http://a.example:81/")));
    }
}
