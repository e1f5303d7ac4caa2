//! Stories: the items that report the same event.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ItemId, StoryId, Time};

/// Where one item stands among the stories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Assignment {
    /// The item.
    pub id: ItemId,
    /// Its story.
    pub story: StoryId,
    /// The item it is a near-copy of, if any ("đăng lại").
    pub reprint_of: Option<ItemId>,
}

/// An event with what leaders see of it; derived from its items.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Story {
    /// Its id: an address for ever once shown.
    pub id: StoryId,
    /// Headline taken from its representative item.
    pub title: String,
    /// The item whose headline represents it.
    pub lead_item: ItemId,
    /// First and last time an item of it was published.
    #[schema(value_type = String, format = DateTime)]
    pub first_at: Time,
    /// Last time an item of it was published.
    #[schema(value_type = String, format = DateTime)]
    pub last_at: Time,
    /// Number of items.
    pub items: i64,
    /// Number of different sources.
    pub sources: i64,
    /// Main topic, empty if none.
    pub topic: String,
}
