//! What platforms push to us: one event of one item each.

use super::item::Item;
use super::{ItemId, Time};

/// What happened to an item.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It was published.
    Added(Item),
    /// Its words were changed to these.
    Edited(Item),
    /// It was deleted or hidden.
    Removed(ItemId),
    /// It is shown again after it was hidden.
    Restored(ItemId),
}

impl Change {
    /// The item it happened to.
    pub fn item(&self) -> &ItemId {
        match self {
            Change::Added(item) | Change::Edited(item) => &item.id,
            Change::Removed(id) | Change::Restored(id) => id,
        }
    }

    /// The item as the event tells it, where it does.
    pub fn content(&self) -> Option<&Item> {
        match self {
            Change::Added(item) | Change::Edited(item) => Some(item),
            Change::Removed(_) | Change::Restored(_) => None,
        }
    }

    /// The word it is stored under. What takes an item away and what brings it back share one: the later counts.
    pub fn what(&self) -> &'static str {
        match self {
            Change::Added(_) => "added",
            Change::Edited(_) => "edited",
            Change::Removed(_) | Change::Restored(_) => "shown",
        }
    }
}

/// One event as a platform told it.
#[derive(Debug, Clone, PartialEq)]
pub struct HookEvent {
    /// The same event told twice has the same id; made of numbers and names, never of the words of the item.
    pub id: String,
    /// When the platform says it told it.
    pub said_at: Time,
    /// What happened.
    pub change: Change,
}
