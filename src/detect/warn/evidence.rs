//! One item as evidence of a group.

use crate::model::item::{Engagement, Platform};
use crate::model::{ItemId, StoryId, Time};
use crate::text::fold::fold;

use super::Seen;

/// What a rule counts of one item.
#[derive(Debug, Clone)]
pub struct Evidence {
    pub item: ItemId,
    /// Who wrote it, never shown.
    pub author: String,
    pub platform: Platform,
    /// When we saw it.
    pub at: Time,
    /// When it counts as published.
    pub published: Time,
    /// Whether it is a near-copy of another item.
    pub copy: bool,
    /// Its letters and digits without accents, by which the same text is known again.
    pub wording: String,
    pub severity: u8,
    pub engagement: Engagement,
    pub story: StoryId,
    pub story_title: String,
    pub rumour: Option<String>,
    pub topics: Vec<String>,
}

impl Evidence {
    pub fn of(seen: &Seen<'_>, severity: u8) -> Evidence {
        let item = seen.item;
        Evidence {
            item: item.id.clone(),
            author: format!(
                "{} {}",
                item.platform,
                item.author.as_deref().unwrap_or(item.source.as_str())
            ),
            platform: item.platform,
            at: seen.at,
            published: item.time(seen.at).min(seen.at),
            copy: seen.reprint_of.is_some(),
            wording: fold(&item.full_text())
                .chars()
                .filter(|c| c.is_alphanumeric())
                .collect(),
            severity,
            engagement: item.engagement,
            story: seen.story.clone(),
            story_title: seen.story_title.to_owned(),
            rumour: seen.analysis.misinformation.rumour_id.clone(),
            topics: seen.analysis.topics.iter().map(|t| t.id.clone()).collect(),
        }
    }

    /// Reactions, comments and shares.
    pub fn reach(&self) -> i64 {
        self.engagement.reactions + self.engagement.comments + self.engagement.shares
    }
}
