//! robots.txt as RFC 9309 wants it, read every two hours per origin: it may be kept for a day (section 2.4), but who begins to
//! forbid should not have to wait.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use texting_robots::Robot;
use url::Url;

use crate::model::Time;

/// The product token that robots.txt files address us by.
pub const TOKEN: &str = "diemtin";
/// How much of a robots.txt is read (RFC 9309, section 2.5).
pub const MAX_BYTES: usize = 500 * 1024;
/// Hours for which a robots.txt is believed.
const KEPT_HOURS: i64 = 2;
/// Redirects followed for a robots.txt (RFC 9309, section 2.3.1.2).
pub const MAX_REDIRECTS: usize = 5;

/// What a robots.txt says, until when.
#[derive(Debug, Clone)]
pub struct Rules {
    /// `None` when everything is allowed.
    robot: Option<Arc<Robot>>,
    /// Why it could not be had, so that nothing is allowed for now.
    pub problem: Option<String>,
    /// When it is read again.
    pub until: Time,
}

impl Rules {
    /// Rules of a file that was read, or of one that does not exist (`None`).
    pub fn read(text: Option<&[u8]>, now: Time) -> Self {
        let robot = text.and_then(|bytes| Robot::new(TOKEN, &bytes[..bytes.len().min(MAX_BYTES)]).ok());
        Self {
            robot: robot.map(Arc::new),
            problem: None,
            until: now + chrono::Duration::hours(KEPT_HOURS),
        }
    }

    /// The server failed: nothing is allowed until it is tried again, in a quarter of an hour; what was known of it
    /// before stays in force meanwhile (RFC 9309, section 2.3.1.4).
    pub fn unreachable(before: Option<Rules>, problem: String, now: Time) -> Self {
        let until = now + chrono::Duration::minutes(15);
        match before.filter(|rules| rules.problem.is_none()) {
            Some(rules) => Self { until, ..rules },
            None => Self {
                robot: None,
                problem: Some(problem),
                until,
            },
        }
    }

    /// Whether the address may be fetched.
    pub fn allows(&self, url: &Url) -> bool {
        self.problem.is_none() && self.robot.as_ref().is_none_or(|robot| robot.allowed(url.as_str()))
    }

    /// Seconds between requests that the file asks for.
    pub fn crawl_delay(&self) -> Option<f32> {
        self.robot
            .as_ref()
            .and_then(|robot| robot.delay)
            .filter(|delay| delay.is_finite() && *delay > 0.0)
    }
}

/// What is known of one origin; locked while its robots.txt is fetched, so that it is fetched once.
pub type Origin = Arc<tokio::sync::Mutex<Option<Rules>>>;

/// Rules by origin (scheme, host, port).
#[derive(Debug, Default)]
pub struct Robots(Mutex<HashMap<String, Origin>>);

impl Robots {
    /// What is known of the origin of an address.
    pub fn of(&self, url: &Url) -> Origin {
        let mut known = self.0.lock().expect("no code panics while it holds the lock");
        known.entry(url.origin().ascii_serialization()).or_default().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::from_unix_ms;

    fn allows(rules: &Rules, url: &str) -> bool {
        rules.allows(&Url::parse(url).unwrap())
    }

    #[test]
    fn the_longest_rule_of_our_own_group_wins() {
        let file = b"User-agent: *\nDisallow: /\n\nUser-agent: DiemTin\nDisallow: /tim-kiem\nAllow: /tim-kiem/mo\nCrawl-delay: 5\n";
        let rules = Rules::read(Some(file), from_unix_ms(0));
        assert!(allows(&rules, "https://a.example/tin.html"));
        assert!(!allows(&rules, "https://a.example/tim-kiem?q=bhxh"));
        assert!(allows(&rules, "https://a.example/tim-kiem/mo/1"));
        assert_eq!(rules.crawl_delay(), Some(5.0));
    }

    #[test]
    fn no_file_allows_all_and_a_failing_server_nothing_unless_its_rules_are_known() {
        let now = from_unix_ms(0);
        assert!(allows(&Rules::read(None, now), "https://a.example/"));
        assert!(allows(
            &Rules::read(Some(b"<html>Not found</html>"), now),
            "https://a.example/"
        ));
        assert!(!allows(
            &Rules::unreachable(None, "down".into(), now),
            "https://a.example/"
        ));
        let known = Rules::read(Some(b"User-agent: *\nDisallow: /x"), now);
        let kept = Rules::unreachable(Some(known), "down".into(), now);
        assert!(allows(&kept, "https://a.example/") && !allows(&kept, "https://a.example/x"));
    }
}
