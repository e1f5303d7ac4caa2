//! Posts in feeds that bridges (RSSHub, RSS-Bridge) make of platforms. Pure.

use super::telling::repeats;
use crate::model::entry::Entry;
use crate::model::item::{ItemKind, Platform};

/// What an entry of a platform is.
pub fn kind(platform: Platform) -> ItemKind {
    match platform {
        Platform::Youtube | Platform::Tiktok => ItemKind::Video,
        _ => ItemKind::Post,
    }
}

/// Title and text of an entry: the whole text where the feed carries it, else its summary, else the title. The title of a
/// post that only repeats how the text begins is left out, as bridges fill it so.
pub fn words(entry: &Entry, kind: ItemKind) -> (String, String) {
    let content = crate::text::html::plain(&entry.content);
    let texts = [&content, &entry.summary, &entry.title];
    let text = texts
        .into_iter()
        .find(|text| !text.is_empty())
        .unwrap_or(&content)
        .clone();
    let is_repeated = kind != ItemKind::Video && repeats(&entry.title, &text);
    let title = if is_repeated {
        String::new()
    } else {
        entry.title.clone()
    };
    (title, text)
}

/// Whether an entry is not a post but the bridge's report of a failure, which RSS-Bridge writes into the feed
/// (its option `error.output = "feed"`).
pub fn is_problem(entry: &Entry) -> bool {
    entry.title.starts_with("Bridge returned error")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(title: &str, summary: &str, content: &str) -> Entry {
        Entry {
            title: title.into(),
            summary: summary.into(),
            content: content.into(),
            ..Entry::default()
        }
    }

    #[test]
    fn the_whole_text_is_taken_and_a_title_that_repeats_it_is_left_out() {
        let said = |title: &str, summary: &str, content: &str| words(&entry(title, summary, content), ItemKind::Post);
        let expected = (String::new(), "Nghe nói cấm rút một lần, có thật không?".to_owned());
        assert_eq!(
            said(
                "Nghe nói cấm rút…",
                "Nghe nói",
                "<p>Nghe nói cấm rút một lần, có thật không?</p>"
            ),
            expected
        );
        assert_eq!(said("Hỏi đáp", "Cấm rút?", ""), ("Hỏi đáp".into(), "Cấm rút?".into()));
        assert_eq!(said("Chỉ có tên", "", ""), (String::new(), "Chỉ có tên".into()));
        let video = words(
            &entry("Clip lương hưu", "", "Clip lương hưu tháng này"),
            ItemKind::Video,
        );
        assert_eq!(video.0, "Clip lương hưu");
    }

    #[test]
    fn a_report_of_failure_is_no_post() {
        assert!(is_problem(&entry("Bridge returned error 403! (20781)", "", "")));
        assert!(!is_problem(&entry("Nghe nói cầu hỏng", "", "")));
    }
}
