//! Stories and alerts of a period to an edition, and the edition to HTML, text and Word. Pure.
//!
//! A story stands in one section only and never twice; what is below the floor of importance is left out, not padded.
//! Summaries are the source's own words, quoted; wording stands in `templates/`.

mod compose;

mod docx;

mod line;

mod quote;

mod render;

mod social;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::alert::Alert;
use crate::model::analysis::Analysis;
use crate::model::digest::{Coverage, EditionKey, Period};
use crate::model::item::{Item, Platform};
use crate::model::knowledge::Knowledge;
use crate::model::source::Channel;
use crate::model::story::Story;
use crate::model::{ItemId, SourceId, StoryId, Time};

pub use compose::compose;
pub use render::{RenderError, render};

/// How an outlet is printed and ranked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlet {
    /// Name as printed.
    pub name: String,
    /// Reach, 1 to 3.
    pub rank: u8,
    /// Place in the order of outlets.
    pub order: u16,
    /// The channel official reports count it under.
    pub channel: Channel,
}

/// One item of a story.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// The item.
    pub item: Item,
    /// What understanding made of it.
    pub analysis: Analysis,
    /// The item it is a near-copy of.
    pub reprint_of: Option<ItemId>,
    /// SHA-256 of what was received.
    pub snapshot: Option<String>,
}

impl Member {
    /// Whether a newsroom published it.
    pub fn is_press(&self) -> bool {
        self.item.platform == Platform::Press
    }
}

/// A story with its items of the period.
#[derive(Debug, Clone, PartialEq)]
pub struct StoryBrief {
    /// The story.
    pub story: Story,
    /// Its items, oldest first.
    pub members: Vec<Member>,
}

/// Relevant items of a period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All.
    pub items: i64,
    /// Of the press.
    pub press: i64,
    /// Of people on social networks.
    pub social: i64,
    /// Against the sector.
    pub negative: i64,
    /// Neither.
    pub neutral: i64,
    /// For it.
    pub positive: i64,
}

/// Everything an edition is composed from.
#[derive(Debug, Clone)]
pub struct Input<'a> {
    /// Its key.
    pub key: EditionKey,
    /// What it covers.
    pub period: Period,
    /// Now.
    pub now: Time,
    /// The body above the agency.
    pub parent: String,
    /// The agency.
    pub agency: String,
    /// The unit that publishes it.
    pub unit: String,
    /// Whether everything is invented.
    pub is_sample: bool,
    /// Whether it goes out after its time.
    pub is_late: bool,
    /// Stories with items of the period.
    pub stories: Vec<StoryBrief>,
    /// Alerts that changed in the period.
    pub alerts: Vec<Alert>,
    /// What was and was not seen.
    pub coverage: Coverage,
    /// Counts of the period.
    pub counts: Counts,
    /// Counts of the period before, if it was watched.
    pub before: Option<Counts>,
    /// Stories the last edition told.
    pub previous_stories: BTreeSet<StoryId>,
    /// Names of topics and departments, rumours with their answers.
    pub knowledge: &'a Knowledge,
    /// Outlets by source id.
    pub outlets: &'a BTreeMap<SourceId, Outlet>,
}

impl Input<'_> {
    /// The name of an outlet as printed; an imported source is printed as it was given.
    fn outlet_name(&self, source: &SourceId) -> String {
        self.outlets
            .get(source)
            .map_or_else(|| source.to_string(), |outlet| outlet.name.clone())
    }

    fn outlet_order(&self, source: &SourceId) -> u16 {
        self.outlets.get(source).map_or(u16::MAX, |outlet| outlet.order)
    }
}
