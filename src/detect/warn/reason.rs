//! The words of an alert: its heading and why it fired. Platforms are named, people never.

use chrono::Duration;

use crate::model::Time;
use crate::model::alert::Alert;
use crate::model::item::Platform;
use crate::model::knowledge::Rumour;
use crate::model::rule::GroupBy;
use crate::model::vietnam;
use crate::text::squeeze;

use super::Detector;
use super::window::Group;

/// Characters of a heading.
const HEADING: usize = 160;

impl Detector {
    /// The rumour's claim, the topic's name, or the story's headline.
    pub(super) fn title(&self, rule: usize, group: &Group, rumour: Option<&Rumour>, alert: &Alert) -> String {
        if let Some(rumour) = rumour {
            return shorten(&rumour.claim);
        }
        let topic = alert
            .topics
            .first()
            .and_then(|id| self.topics.get(id))
            .map(|(name, _)| name.clone());
        let headline = group
            .evidence
            .iter()
            .map(|e| e.story_title.as_str())
            .find(|t| !t.trim().is_empty());
        match (self.rules[rule].group_by, headline) {
            (GroupBy::Topic, _) | (_, None) => topic.unwrap_or_else(|| alert.kind.label().to_owned()),
            (_, Some(headline)) => shorten(headline),
        }
    }
}

/// One line without a closing full stop, cut at a word.
fn shorten(text: &str) -> String {
    let line = squeeze(text);
    let line = line.trim_end_matches('.');
    if line.chars().count() <= HEADING {
        return line.to_owned();
    }
    let cut: String = line.chars().take(HEADING).collect();
    let end = cut.rfind(' ').unwrap_or(cut.len());
    format!("{}…", &cut[..end])
}

/// The rule's sentence with its numbers filled in.
pub fn sentence(pattern: &str, group: &Group, subject: &str, denied: usize) -> String {
    let first = group.evidence.iter().min_by_key(|e| e.published);
    let since = group.evidence.iter().map(|e| e.published).min();
    let last = group.evidence.iter().map(|e| e.at).max();
    let authors: std::collections::BTreeSet<&String> = group.evidence.iter().map(|e| &e.author).collect();
    let span = since.zip(last).map_or(Duration::zero(), |(from, to)| to - from);
    let mut text = pattern
        .replace("{count}", &group.evidence.len().to_string())
        .replace("{sources}", &authors.len().to_string())
        .replace("{subject}", subject)
        .replace("{since}", &since.map(moment).unwrap_or_default())
        .replace("{span}", &length(span))
        .replace("{first}", first.map_or("chưa rõ", |e| place(e.platform)));
    if denied > 0 {
        text.push_str(&format!("; đã có {denied} tin bác bỏ"));
    }
    text.push('.');
    text
}

fn moment(time: Time) -> String {
    time.with_timezone(&vietnam()).format("%H:%M ngày %d/%m").to_string()
}

fn length(span: Duration) -> String {
    match span.num_minutes() {
        ..1 => "chưa đầy 1 phút".to_owned(),
        minutes @ 1..90 => format!("{minutes} phút"),
        minutes @ 90..2880 => format!("{} giờ", (minutes + 30) / 60),
        minutes => format!("{} ngày", (minutes + 720) / 1440),
    }
}

fn place(platform: Platform) -> &'static str {
    match platform {
        Platform::Press => "báo chí, trang tin",
        Platform::Facebook => "Facebook",
        Platform::Youtube => "YouTube",
        Platform::Zalo => "Zalo",
        Platform::Tiktok => "TikTok",
        Platform::Telegram => "Telegram",
        Platform::Forum => "diễn đàn, bình luận bạn đọc",
        Platform::Sms => "tin nhắn SMS",
        Platform::Threads => "Threads",
        Platform::Other => "nền tảng khác",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_the_unit_people_use() {
        assert_eq!(length(Duration::minutes(45)), "45 phút");
        assert_eq!(length(Duration::minutes(125)), "2 giờ");
        assert_eq!(length(Duration::hours(72)), "3 ngày");
    }

    #[test]
    fn a_long_claim_is_cut_at_a_word() {
        let cut = shorten(&"bảo hiểm ".repeat(60));
        assert!(cut.ends_with('…') && cut.chars().count() <= HEADING + 1);
    }
}
