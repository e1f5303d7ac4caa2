//! When things are asked again, and when a day of quota begins. Pure.

use chrono::{Datelike, Duration, FixedOffset, NaiveDate, NaiveTime, TimeZone, Weekday};

use crate::model::Time;

/// Hours after publication at which counts are sampled, so that growth can be seen.
const SAMPLES: [i64; 4] = [1, 6, 24, 72];
/// Comments are read for so many days: as long as YouTube lets its answers be kept without asking again (YouTube API
/// Services Developer Policies, III.E.4).
const COMMENT_DAYS: i64 = 30;
/// Shortest and longest time between two readings of the comments under one post.
const COMMENT_MINUTES: [i64; 2] = [30, 24 * 60];

/// The first sampling from number `step` on that still lies ahead: its number and its time. Those that passed while nobody
/// asked are answered by one asking.
pub fn next_sample(published: Time, step: i64, now: Time) -> Option<(i64, Time)> {
    let steps = SAMPLES.iter().zip(0..).skip(usize::try_from(step).unwrap_or(0));
    steps
        .map(|(hours, number)| (number, published + Duration::hours(*hours)))
        .find(|(_, at)| *at > now)
}

/// When comments are read again: often while the post is young, once a day later; `None` when it is old.
pub fn next_comments(published: Time, now: Time) -> Option<Time> {
    let age = now - published;
    let pause = (age / 6).clamp(
        Duration::minutes(COMMENT_MINUTES[0]),
        Duration::minutes(COMMENT_MINUTES[1]),
    );
    (age < Duration::days(COMMENT_DAYS)).then(|| now + pause)
}

/// How long a search rests so that all `queries` together use half of the calls of a day: the other half is for further
/// pages.
pub fn search_pause(queries: usize, calls_per_day: u32) -> Duration {
    let calls = i64::from(calls_per_day.max(1));
    let minutes = 24 * 60 * 2 * i64::try_from(queries).unwrap_or(1) / calls;
    Duration::minutes(minutes.clamp(30, 24 * 60))
}

/// The day a moment counts to: YouTube's quotas begin anew at midnight Pacific Time
/// (developers.google.com/youtube/v3/getting-started, "quota usage").
pub fn quota_day(at: Time) -> NaiveDate {
    at.with_timezone(&pacific(at)).date_naive()
}

/// When the next such day begins.
pub fn next_quota_day(at: Time) -> Time {
    let day = quota_day(at) + chrono::Days::new(1);
    // Clocks change at two in the morning, so the offset of midnight is that of 08:00 UTC.
    let offset = pacific(utc(day, 8));
    let midnight = day.and_time(NaiveTime::MIN).and_local_timezone(offset).single();
    midnight.unwrap_or_else(|| utc(day, 8)).with_timezone(at.offset())
}

/// Pacific Time: daylight saving from the second Sunday of March to the first of November, changing at two in the morning
/// (Energy Policy Act of 2005, section 110).
fn pacific(at: Time) -> FixedOffset {
    let year = at.to_utc().year();
    let sunday = |month, nth| NaiveDate::from_weekday_of_month_opt(year, month, Weekday::Sun, nth).unwrap_or_default();
    let is_summer = at >= utc(sunday(3, 2), 10) && at < utc(sunday(11, 1), 9);
    FixedOffset::west_opt(if is_summer { 7 } else { 8 } * 3600).expect("a sane offset")
}

fn utc(day: NaiveDate, hour: u32) -> Time {
    let time = day.and_time(NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default());
    chrono::Utc.from_utc_datetime(&time).fixed_offset()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        crate::text::date::parse(text).unwrap()
    }

    #[test]
    fn a_quota_day_begins_at_midnight_in_california_in_summer_and_winter() {
        for (moment, day, next) in [
            ("2026-11-20T14:59:00+07:00", "2026-11-19", "2026-11-20T15:00:00+07:00"),
            ("2026-11-20T15:00:00+07:00", "2026-11-20", "2026-11-21T15:00:00+07:00"),
            ("2026-07-01T13:59:00+07:00", "2026-06-30", "2026-07-01T14:00:00+07:00"),
            ("2026-07-01T14:00:00+07:00", "2026-07-01", "2026-07-02T14:00:00+07:00"),
            // The clocks change on 1 November 2026: that day has 25 hours.
            ("2026-11-01T14:00:00+07:00", "2026-11-01", "2026-11-02T15:00:00+07:00"),
            // And on 8 March 2026, which has 23.
            ("2026-03-08T15:00:00+07:00", "2026-03-08", "2026-03-09T14:00:00+07:00"),
        ] {
            assert_eq!(quota_day(at(moment)).to_string(), day, "{moment}");
            assert_eq!(next_quota_day(at(moment)), at(next), "{moment}");
        }
    }

    #[test]
    fn samplings_lie_at_1_6_24_and_72_hours_and_those_that_passed_are_one() {
        let published = at("2026-11-20T08:00:00+07:00");
        let next = |step, hours| {
            let found = next_sample(published, step, published + Duration::hours(hours));
            found.map(|(step, at)| (step, (at - published).num_hours()))
        };
        assert_eq!(next(0, 0), Some((0, 1)));
        assert_eq!(next(1, 1), Some((1, 6)));
        assert_eq!(next(0, 30), Some((3, 72)));
        assert_eq!(next(0, 80), None);
        assert_eq!(next(4, 73), None);
    }

    #[test]
    fn comments_are_read_often_under_what_is_young_and_not_for_ever() {
        let published = at("2026-11-20T08:00:00+07:00");
        let pause = |hours| {
            let now = published + Duration::hours(hours);
            next_comments(published, now).map(|next| (next - now).num_minutes())
        };
        assert_eq!([pause(0), pause(12), pause(300)], [Some(30), Some(120), Some(1440)]);
        assert_eq!(pause(24 * 31), None);
    }

    #[test]
    fn searches_share_half_of_the_days_calls() {
        assert_eq!(search_pause(4, 100).num_minutes(), 115);
        assert_eq!(search_pause(1, 1000).num_minutes(), 30);
        assert_eq!(search_pause(90, 1).num_hours(), 24);
    }
}
