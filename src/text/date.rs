//! Dates as feeds, pages and imports write them.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, TimeZone};

/// A moment, always kept in the time zone of Viet Nam (UTC+07:00, no daylight saving since 1975).
pub type Time = DateTime<FixedOffset>;

/// The offset of Viet Nam, UTC+07:00.
pub fn vietnam() -> FixedOffset {
    FixedOffset::east_opt(7 * 3600).expect("seven hours is a valid offset")
}

/// The moment `ms` milliseconds after the Unix epoch, in Viet Nam's time.
pub fn from_unix_ms(ms: i64) -> Time {
    DateTime::from_timestamp_millis(ms)
        .unwrap_or_default()
        .with_timezone(&vietnam())
}

/// Reads a date of any form seen in Vietnamese feeds and pages; without a zone it is Asia/Ho_Chi_Minh.
///
/// Known forms: RFC 3339 and RFC 2822 (also with `GMT+7` for the offset), `dd/mm/yyyy HH:mm`, `HH:mm dd/mm/yyyy`,
/// `Thứ tư, 22/10/2025, 19:25 (GMT+7)`. The result is in Viet Nam's time.
pub fn parse(text: &str) -> Option<Time> {
    let text = text.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.with_timezone(&vietnam()));
    }
    if let Ok(time) = DateTime::parse_from_rfc2822(text) {
        return Some(time.with_timezone(&vietnam()));
    }
    for form in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%d/%m/%Y %H:%M"] {
        if let Ok(naive) = NaiveDateTime::parse_from_str(text, form) {
            return in_vietnam(naive);
        }
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .and_then(|day| in_vietnam(day.and_hms_opt(0, 0, 0)?))
}

fn in_vietnam(naive: NaiveDateTime) -> Option<Time> {
    vietnam().from_local_datetime(&naive).single()
}
