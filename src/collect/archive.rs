//! How far back an archive of a source is read, address by address. Pure: fetching and storing are the pipeline's.
//!
//! The state of a catch-up is a queue of addresses. Each step takes the first, and what it finds may put more in front: the
//! children of a sitemap index, the next page of a listing. So it can stop anywhere and go on.

use chrono::{Datelike, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::model::Time;
use crate::model::entry::Entry;
use crate::model::source::Archive;

/// Addresses of one catch-up at most: twenty years of months, five of days.
const MOST: usize = 2_000;
/// Pages of a listing at most.
const MOST_PAGES: u32 = 500;
/// Pages in a row that list nothing new before a listing without dates counts as read.
const STALE_PAGES: u32 = 3;

/// What is still to be read of an archive, and what was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// Addresses still to be read, next first.
    pub queue: Vec<String>,
    /// Number of the page of a listing that is next.
    pub page: u32,
    /// Pages in a row that listed nothing new.
    pub stale: u32,
    /// Addresses read.
    pub done: usize,
    /// Entries listed within the period.
    pub listed: usize,
    /// Entries among them that were not known.
    pub fresh: usize,
    /// Addresses that could not be read, with the reason.
    pub failed: Vec<String>,
}

/// Begins to read `archive` from `today` back to `since`.
pub fn begin(archive: &Archive, since: NaiveDate, today: NaiveDate) -> Progress {
    let template = archive.url.as_str();
    let has = |name: &str| template.contains(name);
    let queue = if has("{d}") || has("{dd}") {
        days(since, today).map(|day| on(template, day)).collect()
    } else if has("{m}") || has("{mm}") {
        months(since, today).map(|day| on(template, day)).collect()
    } else if has("{n}") {
        vec![page(template, 1)]
    } else {
        vec![template.to_owned()]
    };
    Progress {
        queue,
        page: 1,
        ..Progress::default()
    }
}

fn days(since: NaiveDate, today: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    std::iter::successors(Some(today), |day| day.checked_sub_days(Days::new(1)))
        .take_while(move |day| *day >= since)
        .take(MOST)
}

fn months(since: NaiveDate, today: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    let first = |day: NaiveDate| day.with_day(1).unwrap_or(day);
    std::iter::successors(Some(first(today)), |day| day.checked_sub_months(Months::new(1)))
        .take_while(move |day| *day >= first(since))
        .take(MOST)
}

fn on(template: &str, day: NaiveDate) -> String {
    template
        .replace("{yyyy}", &day.year().to_string())
        .replace("{mm}", &format!("{:02}", day.month()))
        .replace("{m}", &day.month().to_string())
        .replace("{dd}", &format!("{:02}", day.day()))
        .replace("{d}", &day.day().to_string())
}

fn page(template: &str, n: u32) -> String {
    template.replace("{n}", &n.to_string())
}

impl Progress {
    /// Takes note of a sitemap index: its children that may hold something since `since` come next.
    pub fn read_index(&mut self, children: &[Entry], since: Time) {
        self.taken();
        let wanted = children
            .iter()
            .filter(|child| child.updated_at.is_none_or(|changed| changed >= since))
            .map(|child| child.url.clone())
            .take(MOST.saturating_sub(self.queue.len()));
        self.queue = wanted.chain(std::mem::take(&mut self.queue)).collect();
    }

    /// Takes note of what an address listed, of which `fresh` entries were new; `newest` is the latest day any of them shows.
    pub fn read(
        &mut self,
        archive: &Archive,
        listed: usize,
        fresh: usize,
        newest: Option<NaiveDate>,
        since: NaiveDate,
    ) {
        self.taken();
        self.listed += listed;
        self.fresh += fresh;
        if !archive.url.contains("{n}") || listed == 0 {
            return;
        }
        self.stale = if fresh == 0 { self.stale + 1 } else { 0 };
        let is_read = match newest {
            Some(day) => day < since,
            None => self.stale >= STALE_PAGES,
        };
        if !is_read && self.page < MOST_PAGES {
            self.page += 1;
            self.queue.insert(0, page(&archive.url, self.page));
        }
    }

    /// Takes note of an address that cannot be read.
    pub fn gave_up(&mut self, problem: String) {
        self.taken();
        self.failed.push(problem);
    }

    fn taken(&mut self) {
        if !self.queue.is_empty() {
            self.queue.remove(0);
        }
        self.done += 1;
    }
}

/// Children of a sitemap index that are read at an ordinary check: what changed in the last days, else the newest by name.
pub fn recent_children(children: &[Entry], now: Time) -> Vec<String> {
    let mut dated: Vec<&Entry> = children.iter().filter(|child| child.updated_at.is_some()).collect();
    dated.sort_by_key(|child| std::cmp::Reverse(child.updated_at));
    let since = now - chrono::Duration::days(2);
    let recent: Vec<String> = dated
        .iter()
        .filter(|child| child.updated_at.is_some_and(|changed| changed >= since))
        .take(3)
        .map(|child| child.url.clone())
        .collect();
    match (recent.is_empty(), dated.first()) {
        (false, _) => recent,
        (true, Some(newest)) => vec![newest.url.clone()],
        (true, None) => children
            .iter()
            .map(|child| child.url.clone())
            .max()
            .into_iter()
            .collect(),
    }
}

/// The day an address bears: `…-20260307080054340.htm`, `/2026/03/07/`, or the creation stamp `yyMMddHHmmss…` that ends a
/// VCCorp id. It may lie before the day of publication, never after.
pub fn day_of(url: &str) -> Option<NaiveDate> {
    static STAMP: std::sync::LazyLock<regex::Regex> = std::sync::LazyLock::new(|| {
        let pattern = r"(?:/|-|\D)(20\d{2})[/-]?(0[1-9]|1[0-2])[/-]?(0[1-9]|[12]\d|3[01])(?:\d{4,9})?(?:\D|$)|\d{3}(\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\d{8,9}\.";
        regex::Regex::new(pattern).expect("the pattern is a constant that the tests compile")
    });
    let found = STAMP.captures(url)?;
    let number = |i: usize| found.get(i).and_then(|m| m.as_str().parse::<u32>().ok());
    match (number(1), number(4)) {
        (Some(year), _) => NaiveDate::from_ymd_opt(year as i32, number(2)?, number(3)?),
        (None, Some(year)) => NaiveDate::from_ymd_opt(2000 + year as i32, number(5)?, number(6)?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::source::ArchiveKind;

    fn archive(url: &str) -> Archive {
        Archive {
            url: url.into(),
            kind: ArchiveKind::Sitemap,
        }
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_template_is_read_by_days_months_or_pages_newest_first() {
        let by_day = begin(
            &archive("https://b.example/{yyyy}?m={m}&d={d}"),
            day("2026-10-31"),
            day("2026-11-01"),
        );
        assert_eq!(
            by_day.queue,
            ["https://b.example/2026?m=11&d=1", "https://b.example/2026?m=10&d=31"]
        );
        let by_month = begin(
            &archive("https://b.example/s-{yyyy}-{mm}.xml"),
            day("2025-12-20"),
            day("2026-01-02"),
        );
        assert_eq!(
            by_month.queue,
            ["https://b.example/s-2026-01.xml", "https://b.example/s-2025-12.xml"]
        );
        assert_eq!(
            begin(
                &archive("https://b.example/t/{n}.htm"),
                day("2025-12-20"),
                day("2026-01-02")
            )
            .queue
            .len(),
            1
        );
    }

    #[test]
    fn pages_go_on_until_they_are_older_than_asked_or_nothing_is_new_for_a_while() {
        let listing = archive("https://b.example/t/{n}.htm");
        let since = day("2026-11-01");
        let mut dated = begin(&listing, since, day("2026-11-20"));
        dated.read(&listing, 20, 0, Some(day("2026-11-02")), since);
        assert_eq!(dated.queue, ["https://b.example/t/2.htm"]);
        dated.read(&listing, 20, 20, Some(day("2026-10-31")), since);
        assert!(dated.queue.is_empty());
        let mut undated = begin(&listing, since, day("2026-11-20"));
        for _ in 0..STALE_PAGES {
            assert_eq!(undated.queue.len(), 1);
            undated.read(&listing, 20, 0, None, since);
        }
        assert!(undated.queue.is_empty());
        let mut empty = begin(&listing, since, day("2026-11-20"));
        empty.read(&listing, 0, 0, None, since);
        assert!(empty.queue.is_empty(), "a page that lists nothing is the end");
    }

    #[test]
    fn of_an_index_only_children_that_may_hold_something_are_read() {
        let time = |text: &str| crate::text::date::parse(text);
        let child = |name: &str, changed: Option<Time>| Entry {
            url: format!("https://b.example/{name}"),
            updated_at: changed,
            ..Entry::default()
        };
        let children = [
            child("a", time("2026-10-01")),
            child("b", time("2026-11-05")),
            child("c", None),
        ];
        let mut progress = begin(
            &archive("https://b.example/index.xml"),
            day("2026-11-01"),
            day("2026-11-20"),
        );
        progress.read_index(&children, time("2026-11-01").unwrap());
        assert_eq!(progress.queue, ["https://b.example/b", "https://b.example/c"]);
        assert_eq!(
            recent_children(&children, time("2026-11-06").unwrap()),
            ["https://b.example/b"]
        );
        assert_eq!(
            recent_children(&children[2..], time("2026-11-06").unwrap()),
            ["https://b.example/c"]
        );
    }

    #[test]
    fn an_address_may_bear_its_day() {
        let found = |url: &str| day_of(url).map(|day| day.to_string());
        assert_eq!(
            found("https://dantri.com.vn/a-20260307080054340.htm").as_deref(),
            Some("2026-03-07")
        );
        assert_eq!(
            found("https://nld.com.vn/a-196260307071308923.htm").as_deref(),
            Some("2026-03-07")
        );
        assert_eq!(
            found("https://b.example/2026/03/07/a.html").as_deref(),
            Some("2026-03-07")
        );
        assert_eq!(found("https://vnexpress.net/a-5047363.html"), None);
    }
}
