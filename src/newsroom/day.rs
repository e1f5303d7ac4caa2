//! The day: items as they come into being, what is seen of them later, and the verdicts expected of a reader.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::model::item::{Access, Item, Observation, Record};
use crate::model::{ItemId, Time};
use crate::text::date;

const LINES: &str = include_str!("day.ndjson");

/// A day of invented press and posts.
#[derive(Debug, Clone)]
pub struct Day {
    /// A bit before the first item is published.
    pub start: Time,
    /// A bit after the last line is collected.
    pub end: Time,
    /// Items in the order in which they are collected, with the ids, addresses and sources of the written day.
    pub items: Vec<Item>,
    /// What was seen of them later, in order.
    pub observations: Vec<Observation>,
}

impl Day {
    /// The item with the day's id `id`.
    pub fn item(&self, id: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.id.as_str() == id)
    }

    /// Items collectors can fetch.
    pub(super) fn public(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.access == Access::Public)
    }

    /// Engagement of the item `id` as it shows at `now`.
    pub(super) fn engagement(&self, item: &Item, now: Time) -> crate::model::item::Engagement {
        self.observations
            .iter()
            .filter(|seen| seen.id == item.id && seen.collected_at <= now)
            .filter_map(|seen| seen.engagement)
            .next_back()
            .unwrap_or(item.engagement)
    }
}

/// What a person says of an item (the guide is `eval/LABELS.md`).
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct Labels {
    /// Whether it is about the sector.
    pub relevant: bool,
    /// Topics, main one first.
    pub topics: Vec<String>,
    /// Stance toward the sector.
    pub sentiment: String,
    /// What the text does.
    pub content_kind: String,
    /// Verdict.
    pub misinformation: String,
    /// Entry of the rumour catalogue.
    pub rumour_id: Option<String>,
    /// The event it tells of.
    pub event: Option<String>,
}

static DAY: LazyLock<Day> = LazyLock::new(read);

/// The day, read once.
pub fn day() -> &'static Day {
    &DAY
}

fn read() -> Day {
    let (mut items, mut observations): (Vec<Item>, Vec<Observation>) = Default::default();
    for (number, line) in LINES.lines().enumerate() {
        let record = Record::parse(number + 1, line).expect("the day compiled in is well formed");
        if record.is_observation {
            observations.push(record.into_observation(moment("2026-11-20T07:00:00+07:00")));
        } else {
            items.push(record.item);
        }
    }
    Day {
        start: moment("2026-11-19T00:05:00+07:00"),
        end: moment("2026-11-20T07:05:00+07:00"),
        items,
        observations,
    }
}

fn moment(text: &str) -> Time {
    date::parse(text).expect("the day's limits are RFC 3339")
}

/// The verdicts expected of a reader, by the day's id.
pub fn labels() -> BTreeMap<ItemId, Labels> {
    LINES
        .lines()
        .filter_map(|line| {
            let value: serde_json::Value = serde_json::from_str(line).ok()?;
            let id = ItemId(value.get("id")?.as_str()?.to_owned());
            Some((id, serde_json::from_value(value).ok()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_holds_162_items_with_labels_and_116_observations_within_its_limits() {
        let day = day();
        assert_eq!((day.items.len(), day.observations.len()), (162, 116));
        assert_eq!(labels().len(), 162);
        let published = day.items.iter().filter_map(|item| item.published_at);
        assert!(published.min().is_some_and(|first| day.start < first));
        let collected = day.items.iter().filter_map(|item| item.collected_at);
        let last = collected.chain(day.observations.iter().map(|o| o.collected_at)).max();
        assert!(last.is_some_and(|last| last < day.end));
    }

    #[test]
    fn the_agency_is_a_sample_wherever_it_is_named() {
        assert!(!LINES.contains("BHXH Việt Nam"));
    }
}
