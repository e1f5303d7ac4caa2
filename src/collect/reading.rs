//! How the words of a feed are read, whatever parser found them: addresses, plain text, dates.

use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::Datelike;
use regex::Regex;

use crate::model::Time;
use crate::text;

/// How far ahead of our clock a date may lie before it cannot be true: +7 mislabelled as GMT is seven hours.
const AHEAD_MINUTES: i64 = 10;
/// Viet Nam's offset from GMT.
const OFFSET_MINUTES: i64 = 7 * 60;

/// What the words of a feed are read against.
pub struct Reading<'a> {
    /// Where the feed came from.
    pub base_url: &'a str,
    /// The moment against which dates are judged.
    pub now: Time,
    /// What is known and learnt of the zone the feed writes.
    pub zone: Arc<Zone>,
}

/// What is known and learnt of the zone a feed writes.
#[derive(Debug)]
pub struct Zone {
    now: Time,
    /// Whether it is known to write Viet Nam's time and call it GMT.
    is_local_as_gmt: bool,
    /// How many dates were seen that only this mistake explains.
    ahead: AtomicUsize,
}

impl Zone {
    /// Nothing learnt yet.
    pub fn new(now: Time, is_local_as_gmt: bool) -> Arc<Self> {
        Arc::new(Self {
            now,
            is_local_as_gmt,
            ahead: AtomicUsize::new(0),
        })
    }

    /// How many dates were seen that only the mistake explains.
    pub fn ahead(&self) -> usize {
        self.ahead.load(Ordering::Relaxed)
    }

    /// A date as the feed means it: one called GMT that lies up to seven hours ahead is Viet Nam's time by another name,
    /// and in a feed known for it so is every date called GMT.
    pub fn moment(&self, raw: &str) -> Option<Time> {
        let time = moment(raw)?;
        let upper = raw.trim_end().to_ascii_uppercase();
        if !["GMT", "UTC", "Z", "+0000", "+00:00"]
            .iter()
            .any(|zone| upper.ends_with(zone))
        {
            return Some(time);
        }
        let ahead = (time - self.now).num_minutes();
        let is_mistake = (AHEAD_MINUTES..=OFFSET_MINUTES + AHEAD_MINUTES).contains(&ahead);
        self.ahead.fetch_add(usize::from(is_mistake), Ordering::Relaxed);
        match is_mistake || self.is_local_as_gmt {
            true => Some(time - chrono::Duration::minutes(OFFSET_MINUTES)),
            false => Some(time),
        }
    }
}

impl Reading<'_> {
    /// An absolute http(s) address; one that was escaped twice is put right.
    pub fn address(&self, link: &str) -> Option<String> {
        let link = link.trim().replace("&amp;", "&");
        if link.is_empty() {
            return None;
        }
        text::url::absolute(self.base_url, &link).or_else(|| text::url::absolute(&link, ""))
    }

    /// Plain text of a title or summary, which may have been escaped more than once.
    pub fn plain(&self, raw: &str) -> String {
        static MARKUP: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"</?[A-Za-z][^<>]*>|<!--|&(?:#\d+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);")
                .expect("the expression is valid")
        });
        let mut out = raw.to_string();
        for _ in 0..3 {
            if !MARKUP.is_match(&out) {
                break;
            }
            out = text::html::plain(&out);
        }
        text::squeeze(&text::nfc(&out))
    }

    /// A date that can be true.
    pub fn time(&self, raw: &str) -> Option<Time> {
        self.zone.moment(raw).and_then(|time| self.plausible(time))
    }

    /// The date, if it can be true.
    pub fn plausible(&self, time: Time) -> Option<Time> {
        let latest = self.now + chrono::Duration::minutes(AHEAD_MINUTES);
        (time.year() >= 1990 && time <= latest).then_some(time)
    }
}

/// A date as a feed writes it; a weekday that does not belong to it is overlooked.
pub fn moment(raw: &str) -> Option<Time> {
    let raw = raw.trim();
    text::date::parse(raw).or_else(|| text::date::parse(raw.split_once(',')?.1.trim()))
}
