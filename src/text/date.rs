//! Dates as feeds, pages and imports write them. A date that may be wrong is no date.

use std::sync::LazyLock;

use chrono::{DateTime, Duration, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};
use regex::{Captures, Regex};

/// A moment, always kept in the time zone of Viet Nam (UTC+07:00, no daylight saving since 1975).
pub type Time = DateTime<FixedOffset>;

/// Longer texts are no dates.
const LONGEST: usize = 120;

const ZONE: &str = r"(?P<zone>z|ict|(?:gmt|utc)(?:\s*[+-]\s*\d{1,2}(?::?\d{2})?)?|[+-]\d{2}(?::?\d{2})?)";

static ISO: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"^(?P<y>\d{{4}})-(?P<m>\d{{1,2}})-(?P<d>\d{{1,2}})(?:(?:t|\s+)(?P<hour>\d{{1,2}}):(?P<min>\d{{2}})(?::(?P<sec>\d{{2}})(?:[.,]\d+)?)?\s*\(?{ZONE}?\)?)?$"
    ))
});

static ENGLISH: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"^(?:[a-z]{{3,9}}\.?,?\s+)?(?P<d>\d{{1,2}})[\s-]+(?P<name>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?,?[\s-]+(?P<y>\d{{4}})(?:,?\s+(?P<hour>\d{{1,2}}):(?P<min>\d{{2}})(?::(?P<sec>\d{{2}}))?\s*(?P<half>am|pm)?\s*\(?{ZONE}?\)?)?$"
    ))
});

static DAY: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?:^|[^\d/.-])(?P<d>\d{1,2})\s?(?P<sep>[/.-]|tháng)\s?(?P<m>\d{1,2})\s?(?:[/.-]|,?\s*năm|,)\s?(?P<y>\d{4})(?:$|[^\d/])",
    )
});

static CLOCK: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?:^|[^\d:])(?P<hour>\d{1,2})\s?[:hg]\s?(?P<min>\d{2})(?::(?P<sec>\d{2}))?(?:\s*(?P<half>am|pm|sa|ch)\b)?")
});

static TRAILING_ZONE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?:\(\s*(?P<a>(?:gmt|utc)\s*[+-]?\s*\d{0,2}(?::?\d{2})?|ict)\s*\)|\b(?P<b>(?:gmt|utc)(?:\s*[+-]\s*\d{1,2}(?::?\d{2})?)?|ict))\s*$",
    )
});

/// Words that may stand around a date without changing it.
static FILLER: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"thứ\s+(?:hai|ba|tư|năm|sáu|bảy|bẩy|[2-7])|chủ\s+nhật|\bcn\b|\b(?:t[2-7])\b|ngày|đăng|xuất bản|lúc|vào|cập nhật|lần cuối|giờ|phút|[\s,;:|()•·–—-]",
    )
});

static AGO: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^(?P<n>\d{1,3})\s*(?P<unit>giây|phút|giờ|tiếng|ngày|tuần)\s+trước$"));

static NEAR_DAY: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(?P<day>hôm nay|hôm qua|hôm kia)(?:\s*,?\s*(?:lúc\s+)?(?P<hour>\d{1,2}):(?P<min>\d{2})(?:\s*(?P<half>am|pm|sa|ch))?)?$",
    )
});

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a constant that the tests compile")
}

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

/// A period as people write it: `from` begins with its day, `to` ends with its day; both may also be moments.
/// The result is from (inclusive) to (exclusive).
///
/// # Errors
/// Names what is not a date, in Vietnamese.
pub fn span(from: Option<&str>, to: Option<&str>) -> Result<(Option<Time>, Option<Time>), String> {
    let read = |text: &str| {
        parse(text)
            .ok_or_else(|| format!("“{text}” không phải là ngày; viết 2026-11-20 hoặc 2026-11-20T07:00:00+07:00"))
    };
    let given = |text: Option<&str>| text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let from = given(from).map(|text| read(&text)).transpose()?;
    let to = given(to)
        .map(|text| {
            Ok::<_, String>(
                read(&text)?
                    + if text.contains(':') {
                        Duration::zero()
                    } else {
                        Duration::days(1)
                    },
            )
        })
        .transpose()?;
    match (from, to) {
        (Some(a), Some(b)) if a >= b => Err("khoảng thời gian kết thúc trước khi bắt đầu".into()),
        both => Ok(both),
    }
}

/// Reads a date of any form seen in Vietnamese feeds and pages; without a zone it is Asia/Ho_Chi_Minh.
///
/// Known forms: RFC 3339 and RFC 2822 (also with `GMT+7`, `+0700` or `ICT` for the offset), day first with the time on
/// either side, with weekday and `Cập nhật lúc`, twelve-hour clocks (`AM`, `PM`, `SA`, `CH`). A day without a time is
/// its midnight. `None` when in doubt: before 1990, other words beside it, day and month exchangeable.
/// The result is in Viet Nam's time.
pub fn parse(text: &str) -> Option<Time> {
    if text.len() > LONGEST {
        return None;
    }
    let text = super::squeeze(&super::nfc(text)).to_lowercase();
    let time = DateTime::parse_from_rfc2822(&text)
        .or_else(|_| DateTime::parse_from_rfc3339(&text))
        .ok()
        .or_else(|| iso(&text))
        .or_else(|| english(&text))
        .or_else(|| vietnamese(&text))?
        .with_timezone(&vietnam());
    (time >= first_plausible()).then_some(time)
}

/// Like [`parse`], for text read at `now`: also `2 giờ trước` and `hôm qua lúc 14:30`, and nothing more than ten
/// minutes ahead of `now`, which can only be a mislabelled zone.
pub fn parse_near(text: &str, now: Time) -> Option<Time> {
    let time = parse(text).or_else(|| relative(text, now))?;
    (time <= now + Duration::minutes(10)).then_some(time)
}

/// A date as spreadsheets keep it: days since 30 December 1899, the time as their fraction, in Viet Nam's time.
/// `None` for numbers that are no day from 1990 to 2100.
pub fn from_excel_serial(serial: f64) -> Option<Time> {
    if !(32_874.0..73_415.0).contains(&serial) {
        return None;
    }
    let seconds = (serial * 86_400.0).round() as i64;
    let day = NaiveDate::from_ymd_opt(1899, 12, 30)?.and_time(NaiveTime::MIN);
    vietnam()
        .from_local_datetime(&day.checked_add_signed(Duration::seconds(seconds))?)
        .single()
}

fn first_plausible() -> Time {
    from_unix_ms(631_126_800_000)
}

fn iso(text: &str) -> Option<Time> {
    let c = ISO.captures(text)?;
    at(
        number(&c, "y")?,
        number(&c, "m")?,
        number(&c, "d")?,
        clock(&c)?,
        zone(&c),
    )
}

fn english(text: &str) -> Option<Time> {
    let c = ENGLISH.captures(text)?;
    let months = "janfebmaraprmayjunjulaugsepoctnovdec";
    let month = months.find(c.name("name")?.as_str())? as i32 / 3 + 1;
    at(number(&c, "y")?, month, number(&c, "d")?, clock(&c)?, zone(&c))
}

/// Day first, the time before or after it, and nothing else but known words.
fn vietnamese(text: &str) -> Option<Time> {
    let (text, offset) = match TRAILING_ZONE.captures(text) {
        Some(c) => {
            let label = c.name("a").or(c.name("b"))?.as_str();
            (&text[..c.get(0)?.start()], offset_of(label)?)
        }
        None => (text, vietnam()),
    };
    let day = DAY.captures(text)?;
    let span = day.name("d")?.start()..day.name("y")?.end();
    let rest = format!("{} {}", &text[..span.start], &text[span.end..]);
    let time = CLOCK.captures(&rest);
    let left = match &time {
        Some(c) => rest.replacen(&rest[c.name("hour")?.start()..c.get(0)?.end()], " ", 1),
        None => rest.clone(),
    };
    if !FILLER.replace_all(&left, "").is_empty() {
        return None;
    }
    let (day_number, month) = day_and_month(&day, time.as_ref())?;
    let time = time.as_ref().map_or(Some(NaiveTime::MIN), clock)?;
    at(number(&day, "y")?, month, day_number, time, Some(Some(offset)))
}

/// Day and month in order; `7/16/2025 9:30:00 AM` is American, `3/7/2026 9:30:00 AM` could be either and is refused.
fn day_and_month(day: &Captures<'_>, time: Option<&Captures<'_>>) -> Option<(i32, i32)> {
    let (first, second) = (number(day, "d")?, number(day, "m")?);
    let american_clock = time
        .is_some_and(|c| matches!(c.name("half").map(|h| h.as_str()), Some("am" | "pm")) && c.name("sec").is_some());
    let slashes = day.name("sep").is_some_and(|s| s.as_str() == "/");
    match american_clock && slashes {
        true if second > 12 => Some((second, first)),
        true if first <= 12 && first != second => None,
        _ => Some((first, second)),
    }
}

/// The captured time of day; midnight when the text has none, `None` when it is impossible.
fn clock(c: &Captures<'_>) -> Option<NaiveTime> {
    if c.name("hour").is_none() {
        return Some(NaiveTime::MIN);
    }
    let hour = number(c, "hour")? as u32;
    let half = c.name("half").map(|h| h.as_str());
    let hour = match half {
        Some("am" | "sa") if hour == 12 => 0,
        Some("pm" | "ch") if hour == 0 => return None,
        Some("pm" | "ch") if hour < 12 => hour + 12,
        _ => hour,
    };
    NaiveTime::from_hms_opt(hour, number(c, "min")? as u32, number(c, "sec").unwrap_or(0) as u32)
}

fn number(c: &Captures<'_>, name: &str) -> Option<i32> {
    c.name(name)?.as_str().parse().ok()
}

/// The captured zone: `Some(None)` when the text names one that is impossible.
fn zone(c: &Captures<'_>) -> Option<Option<FixedOffset>> {
    c.name("zone").map(|zone| offset_of(zone.as_str()))
}

fn offset_of(label: &str) -> Option<FixedOffset> {
    let label: String = label.chars().filter(|c| !c.is_whitespace()).collect();
    if label == "ict" {
        return Some(vietnam());
    }
    let sign = if label.contains('-') { -1 } else { 1 };
    let digits: String = label.chars().filter(char::is_ascii_digit).collect();
    let (hours, minutes) = digits.split_at(if digits.len() > 2 {
        digits.len() - 2
    } else {
        digits.len()
    });
    let seconds = hours.parse().unwrap_or(0) * 3600 + minutes.parse().unwrap_or(0) * 60;
    (seconds <= 14 * 3600).then(|| FixedOffset::east_opt(sign * seconds))?
}

fn at(year: i32, month: i32, day: i32, time: NaiveTime, zone: Option<Option<FixedOffset>>) -> Option<Time> {
    let day = NaiveDate::from_ymd_opt(year, u32::try_from(month).ok()?, u32::try_from(day).ok()?)?;
    let offset = zone.unwrap_or(Some(vietnam()))?;
    offset.from_local_datetime(&NaiveDateTime::new(day, time)).single()
}

fn relative(text: &str, now: Time) -> Option<Time> {
    let text = super::squeeze(&super::nfc(text.get(..LONGEST).unwrap_or(text))).to_lowercase();
    if matches!(text.as_str(), "vừa xong" | "vừa mới" | "mới đây") {
        return Some(now);
    }
    if let Some(c) = AGO.captures(&text) {
        let n = i64::from(number(&c, "n")?);
        let seconds = match c.name("unit")?.as_str() {
            "giây" => 1,
            "phút" => 60,
            "giờ" | "tiếng" => 3_600,
            "ngày" => 86_400,
            _ => 7 * 86_400,
        };
        return Some(now - Duration::seconds(n * seconds));
    }
    let c = NEAR_DAY.captures(&text)?;
    let back = match c.name("day")?.as_str() {
        "hôm nay" => 0,
        "hôm qua" => 1,
        _ => 2,
    };
    let day = now.with_timezone(&vietnam()).date_naive() - Duration::days(back);
    vietnam().from_local_datetime(&day.and_time(clock(&c)?)).single()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn iso_of(text: &str) -> String {
        parse(text).map_or("none".into(), |t| t.format("%Y-%m-%dT%H:%M:%S%:z").to_string())
    }

    #[test]
    fn every_form_of_vietnamese_feeds_and_pages_is_read() {
        for (text, expected) in [
            ("Wed, 16 Jul 2025 09:30:00 GMT+7", "2025-07-16T09:30:00"),
            ("Wed, 16 Jul 2025 09:30:00 GMT +7", "2025-07-16T09:30:00"),
            ("Wed, 16 Jul 2025 09:30:00 GMT+0700", "2025-07-16T09:30:00"),
            ("Wed, 16 Jul 2025 09:30:00 +0700", "2025-07-16T09:30:00"),
            ("Wed, 16 Jul 2025 09:30:00 ICT", "2025-07-16T09:30:00"),
            ("Wed, 16 Jul 2025 09:30:00", "2025-07-16T09:30:00"),
            ("Mon, 16 Jul 2025 02:30:00 GMT", "2025-07-16T09:30:00"),
            ("2025-07-16 09:30:00", "2025-07-16T09:30:00"),
            ("2026-03-07T08:52:11.000 +07:00", "2026-03-07T08:52:11"),
            ("2026-03-07T00:01:00", "2026-03-07T00:01:00"),
            ("2026-11-20T01:02:03+0000", "2026-11-20T08:02:03"),
            ("2026-11-20T01:02:03Z", "2026-11-20T08:02:03"),
            ("2026-03-07", "2026-03-07T00:00:00"),
            ("16/07/2025 09:30", "2025-07-16T09:30:00"),
            ("7/16/2025 9:30:00 AM", "2025-07-16T09:30:00"),
            ("Thứ tư, 22/10/2025, 19:25 (GMT+7)", "2025-10-22T19:25:00"),
            ("Thứ bảy, 7/3/2026, 00:05 (GMT+7)", "2026-03-07T00:05:00"),
            ("07/03/2026 08:06 GMT+7", "2026-03-07T08:06:00"),
            (" - 07/03/2026 08:47", "2026-03-07T08:47:00"),
            ("Thứ Ba, ngày 14/01/2025 - 06:01", "2025-01-14T06:01:00"),
            ("07-03-2026 - 09:40 AM", "2026-03-07T09:40:00"),
            ("07-03-2026 - 00:01 AM", "2026-03-07T00:01:00"),
            ("07-03-2026 - 14:42 PM", "2026-03-07T14:42:00"),
            ("14:42, 10/12/2025", "2025-12-10T14:42:00"),
            ("14:42 | 10/12/2025", "2025-12-10T14:42:00"),
            ("Cập nhật lúc 14:42, ngày 10/12/2025", "2025-12-10T14:42:00"),
            ("10/12/2025 2:42 CH", "2025-12-10T14:42:00"),
            ("10/12/2025 8:42:10 SA", "2025-12-10T08:42:10"),
            ("Chủ nhật, 8 tháng 3, 2026 | 9h05", "2026-03-08T09:05:00"),
            ("Th\u{1b0}\u{301} hai, 09/03/2026 07:00", "2026-03-09T07:00:00"),
        ] {
            assert_eq!(iso_of(text), format!("{expected}+07:00"), "{text}");
        }
    }

    #[test]
    fn what_may_be_another_day_is_no_date() {
        for text in [
            "",
            "hôm nay",
            "31/02/2026 08:00",
            "3/7/2026 9:30:00 AM",
            "16/07/25 09:30",
            "16/07/2025 25:30",
            "0001-01-01T00:00:00",
            "1970-01-01T00:00:00Z",
            "Từ 01/07/2025 đến 31/12/2025",
            "Luật có hiệu lực từ ngày 01/07/2025",
            "2025-07-16T09:30:00+99:00",
            "số 12/2025",
        ] {
            assert_eq!(iso_of(text), "none", "{text}");
        }
    }

    #[test]
    fn relative_times_count_back_from_now_and_the_future_is_refused() {
        let now = parse("2026-11-20 10:00:00").unwrap();
        let near = |text| parse_near(text, now).map(|t| t.format("%d/%m %H:%M").to_string());
        assert_eq!(near("2 giờ trước").as_deref(), Some("20/11 08:00"));
        assert_eq!(near("15 phút trước").as_deref(), Some("20/11 09:45"));
        assert_eq!(near("Hôm qua lúc 14:30").as_deref(), Some("19/11 14:30"));
        assert_eq!(near("Vừa xong").as_deref(), Some("20/11 10:00"));
        assert_eq!(near("20/11/2026 10:09").as_deref(), Some("20/11 10:09"));
        assert_eq!(near("20/11/2026 17:00"), None);
        assert_eq!(near("hôm nay lúc 17:00"), None);
    }

    #[test]
    fn the_days_of_spreadsheets_are_viet_nams() {
        let read = |serial| from_excel_serial(serial).map(|t| t.format("%Y-%m-%dT%H:%M:%S").to_string());
        assert_eq!(read(46_346.0).as_deref(), Some("2026-11-20T00:00:00"));
        assert_eq!(read(46_346.361_111_11).as_deref(), Some("2026-11-20T08:40:00"));
        assert_eq!(read(f64::NAN), None);
        assert_eq!(read(2026.0), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "[0-9/:. a-zA-Zứ+()-]{0,60}|\\PC{0,140}") {
            let now = from_unix_ms(1_800_000_000_000);
            let _ = (parse(&text), parse_near(&text, now));
        }
    }
}
