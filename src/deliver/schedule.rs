//! Which editions are due. Pure: the same plans and times give the same answer.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, Duration, NaiveDate};

use crate::config::DigestPlan;
use crate::model::Time;
use crate::model::digest::DigestKind;
use crate::text::date::vietnam;

/// An edition whose time has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Its plan.
    pub plan: DigestPlan,
    /// Day it is for, in Viet Nam.
    pub date: NaiveDate,
    /// When it was to go out.
    pub at: Time,
    /// Whether it is more than ten minutes after its time.
    pub late: bool,
    /// Whether it is composed and kept unsent because a newer one of its kind and audience takes its place.
    pub keep: bool,
}

/// The editions due at `now`, oldest first. `last` holds the planned time of the last edition composed for each kind and
/// audience; nothing from before `started`, the first start of the service, is due.
pub fn due(plans: &[DigestPlan], last: &BTreeMap<(DigestKind, String), Time>, started: Time, now: Time) -> Vec<Due> {
    let mut found: Vec<Due> = plans
        .iter()
        .flat_map(|plan| {
            let done = last.get(&(plan.kind, plan.audience.clone())).copied();
            missed(plan, done, started, now)
        })
        .collect();
    found.sort_by_key(|due| due.at);
    let mut newest = BTreeMap::new();
    for (index, due) in found.iter().enumerate() {
        newest.insert((due.plan.kind, due.plan.audience.clone()), index);
    }
    for (index, due) in found.iter_mut().enumerate() {
        due.keep = newest.get(&(due.plan.kind, due.plan.audience.clone())) != Some(&index);
    }
    found
}

fn missed(plan: &DigestPlan, done: Option<Time>, started: Time, now: Time) -> Vec<Due> {
    let today = now.with_timezone(&vietnam()).date_naive();
    let from = done.map_or(started, |done| done.max(started));
    let first = from.with_timezone(&vietnam()).date_naive();
    std::iter::successors(Some(first), |day| day.checked_add_days(Days::new(1)))
        .take_while(|day| *day <= today)
        .filter(|day| plan.days.is_empty() || plan.days.contains(&day.weekday()))
        .filter_map(|date| Some((date, date.and_time(plan.at).and_local_timezone(vietnam()).single()?)))
        .filter(|(_, at)| *at >= started && done.is_none_or(|done| *at > done) && *at <= now)
        .map(|(date, at)| Due {
            plan: plan.clone(),
            date,
            at,
            late: now - at > Duration::minutes(10),
            keep: false,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Time {
        Time::parse_from_rfc3339(&format!("{text}:00+07:00")).unwrap()
    }

    fn plan(days: Vec<chrono::Weekday>) -> DigestPlan {
        DigestPlan {
            kind: DigestKind::Press,
            at: chrono::NaiveTime::from_hms_opt(6, 40, 0).unwrap(),
            days,
            audience: "leaders".into(),
            recipients: vec![],
        }
    }

    fn run(days: Vec<chrono::Weekday>, last: Option<&str>, started: &str, now: &str) -> Vec<(u32, bool, bool)> {
        let last = last
            .map(|t| ((DigestKind::Press, "leaders".to_string()), time(t)))
            .into_iter()
            .collect();
        due(&[plan(days)], &last, time(started), time(now))
            .into_iter()
            .map(|due| (due.date.day(), due.late, due.keep))
            .collect()
    }

    #[test]
    fn an_edition_is_due_at_its_minute_and_late_after_ten() {
        let last = Some("2026-11-19T06:40");
        assert_eq!(run(vec![], last, "2026-11-01T00:00", "2026-11-20T06:39"), []);
        assert_eq!(
            run(vec![], last, "2026-11-01T00:00", "2026-11-20T06:40"),
            [(20, false, false)]
        );
        assert_eq!(
            run(vec![], last, "2026-11-01T00:00", "2026-11-20T06:51"),
            [(20, true, false)]
        );
    }

    #[test]
    fn after_a_downtime_only_the_newest_goes_out() {
        let got = run(vec![], Some("2026-11-17T06:40"), "2026-11-01T00:00", "2026-11-20T09:00");
        assert_eq!(got, [(18, true, true), (19, true, true), (20, true, false)]);
    }

    #[test]
    fn nothing_from_before_the_first_start_is_due() {
        assert_eq!(run(vec![], None, "2026-11-20T07:00", "2026-11-20T09:00"), []);
    }

    #[test]
    fn days_of_the_week_are_kept() {
        let got = run(
            vec![chrono::Weekday::Fri],
            Some("2026-11-13T06:40"),
            "2026-11-01T00:00",
            "2026-11-21T07:00",
        );
        assert_eq!(got, [(20, true, false)]);
    }
}
