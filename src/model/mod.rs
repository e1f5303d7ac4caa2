//! The nouns of the service and the rules that belong to them.
//!
//! Everything here is a value: no I/O, no clock, no SQL, and nothing of ours is imported but [`crate::text`].
//! A type that is written by people in `sources/` or `alerts/` is its file format: it derives `Deserialize` and refuses
//! unknown keys, so the documentation of a field here is the documentation of the key there.

pub mod alert;

pub mod analysis;

pub mod capture;

pub mod connector;

pub mod day;

pub mod delivery;

pub mod digest;

pub mod entry;

pub mod evidence;

pub mod hook;

pub mod ids;

pub mod item;

pub mod knowledge;

pub mod page;

pub mod rule;

pub mod source;

pub mod story;

pub mod user;

pub use ids::{AlertId, EditionId, ItemId, SourceId, StoryId};

pub use crate::text::date::{Time, from_unix_ms, vietnam};
