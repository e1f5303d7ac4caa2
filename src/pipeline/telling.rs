//! From a partition of a window of items to what changes in the archive: where items stand, stories as they now are, and
//! where vanished ones went. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use crate::model::item::Item;
use crate::model::story::{Assignment, Story};
use crate::model::{ItemId, StoryId, Time};
use crate::store::WindowItem;

/// What is to be written down.
#[derive(Debug, Default, PartialEq)]
pub struct Changes {
    /// Items that stand elsewhere than before, or are new.
    pub assignments: Vec<Assignment>,
    /// The stories they are in or left, as they now are.
    pub stories: Vec<Story>,
    /// Stories that are no more, and those most of their items went to.
    pub redirects: Vec<(StoryId, StoryId)>,
}

/// One story of the partition: its items, each with the item it is a copy of.
type Members<'a> = Vec<(&'a WindowItem, Option<ItemId>)>;

/// Compares a partition of `window` with what is written down. `fresh` was analysed since. What lies outside `reach` as
/// a whole is left as it is: at the edges of the window the partition does not see all there is.
pub fn changes(
    window: &[WindowItem],
    partition: Vec<Assignment>,
    fresh: &BTreeSet<&ItemId>,
    reach: &RangeInclusive<Time>,
) -> Changes {
    let items: BTreeMap<&ItemId, &WindowItem> = window.iter().map(|w| (&w.item.id, w)).collect();
    let mut founded: BTreeMap<StoryId, Members<'_>> = BTreeMap::new();
    for told in partition {
        if let Some(item) = items.get(&told.id) {
            founded.entry(told.story).or_default().push((item, told.reprint_of));
        }
    }
    let told = renamed(founded, &items);
    let is_moved = |id: &StoryId, (w, copy): &(&WindowItem, Option<ItemId>)| {
        w.story.as_ref() != Some(id) || w.reprint_of != *copy || fresh.contains(&w.item.id)
    };
    let mut left: BTreeMap<&StoryId, BTreeMap<&StoryId, usize>> = BTreeMap::new();
    for (id, members) in &told {
        for old in members.iter().filter_map(|(w, _)| w.story.as_ref()) {
            *left.entry(old).or_default().entry(id).or_default() += 1;
        }
    }
    let is_left = |id: &StoryId| left.get(id).is_some_and(|to| to.keys().any(|new| *new != id));
    let mut changes = Changes::default();
    for (id, members) in &told {
        let is_near = members.iter().any(|(w, _)| reach.contains(&w.at));
        let moved: Vec<_> = members.iter().filter(|member| is_moved(id, member)).collect();
        if !is_near || moved.is_empty() && !is_left(id) {
            continue;
        }
        changes.stories.push(describe(id, members));
        changes
            .assignments
            .extend(moved.into_iter().map(|(w, copy)| Assignment {
                id: w.item.id.clone(),
                story: id.clone(),
                reprint_of: copy.clone(),
            }));
    }
    let written: BTreeSet<&StoryId> = changes.stories.iter().map(|story| &story.id).collect();
    changes.redirects = left
        .iter()
        .filter(|(old, _)| !told.contains_key(**old))
        .filter_map(|(old, to)| {
            let (new, _) = to.iter().max_by_key(|(_, n)| **n)?;
            written.contains(new).then(|| ((*old).clone(), (*new).clone()))
        })
        .collect();
    changes
}

/// A story that began before the window keeps its name: its earliest item within the window bears it.
fn renamed<'a>(
    founded: BTreeMap<StoryId, Members<'a>>,
    items: &BTreeMap<&ItemId, &WindowItem>,
) -> BTreeMap<StoryId, Members<'a>> {
    let names: BTreeSet<StoryId> = items.keys().map(|id| StoryId::founded_by(id)).collect();
    let mut groups: Vec<(StoryId, Members<'a>)> = founded.into_iter().collect();
    groups.sort_by_key(|(id, members)| (members[0].0.at, id.clone()));
    let mut told: BTreeMap<StoryId, Members<'a>> = BTreeMap::new();
    for (id, members) in groups {
        let older = members[0].0.story.clone();
        let name = older.filter(|name| !names.contains(name) && !told.contains_key(name));
        told.insert(name.unwrap_or(id), members);
    }
    told
}

/// A story as people see it: represented by the press item of the best-ranked source, originals before reprints.
fn describe(id: &StoryId, members: &Members<'_>) -> Story {
    let lead = members
        .iter()
        .min_by_key(|(w, copy)| {
            (
                w.item.title.is_empty(),
                copy.is_some(),
                w.item.source_rank,
                w.at,
                w.item.id.clone(),
            )
        })
        .map_or(members[0].0, |(w, _)| *w);
    let times = members.iter().map(|(w, _)| w.at);
    let sources: BTreeSet<_> = members.iter().map(|(w, _)| &w.item.source).collect();
    Story {
        id: id.clone(),
        title: headline(&lead.item),
        lead_item: lead.item.id.clone(),
        first_at: times.clone().min().unwrap_or(lead.at),
        last_at: times.max().unwrap_or(lead.at),
        items: members.len() as i64,
        sources: sources.len() as i64,
        topic: main_topic(members),
    }
}

/// The topic most items of a story are about; the first by id of several.
fn main_topic(members: &Members<'_>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for topic in members.iter().filter_map(|(w, _)| w.topic.as_deref()) {
        *counts.entry(topic).or_default() += 1;
    }
    let most = counts.iter().max_by_key(|(topic, n)| (**n, std::cmp::Reverse(**topic)));
    most.map(|(topic, _)| (*topic).to_owned()).unwrap_or_default()
}

/// The headline, or the first words of a post.
pub fn headline(item: &Item) -> String {
    if !item.title.is_empty() {
        return item.title.clone();
    }
    let text = crate::text::squeeze(&item.text);
    match text.char_indices().nth(90) {
        None => text,
        Some((end, _)) => format!(
            "{}…",
            text[..end].rsplit_once(' ').map_or(&text[..end], |(head, _)| head)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(day: i64) -> Time {
        crate::model::from_unix_ms(1_790_000_000_000 + day * 86_400_000)
    }

    fn known(id: &str, day: i64, story: Option<&str>) -> WindowItem {
        let line = serde_json::json!({"id": id, "kind": "press", "platform": "press", "source": id, "title": id,
            "text": id, "published_at": time(day).to_rfc3339()});
        WindowItem {
            item: crate::model::item::Record::parse(1, &line.to_string()).unwrap().item,
            at: time(day),
            story: story.map(StoryId::from),
            reprint_of: None,
            topic: None,
        }
    }

    fn told(id: &str, story: &str) -> Assignment {
        Assignment {
            id: id.into(),
            story: story.into(),
            reprint_of: None,
        }
    }

    fn changed(window: &[WindowItem], partition: Vec<Assignment>, fresh: &str) -> Changes {
        changes(
            window,
            partition,
            &BTreeSet::from([&ItemId::from(fresh)]),
            &(time(0)..=time(9)),
        )
    }

    #[test]
    fn only_what_changed_is_written() {
        let window = [
            known("a", 1, Some("s-a")),
            known("b", 2, Some("s-b")),
            known("c", 3, None),
        ];
        let partition = vec![told("a", "s-a"), told("b", "s-b"), told("c", "s-b")];
        let changes = changed(&window, partition, "c");
        assert_eq!(changes.assignments, vec![told("c", "s-b")]);
        let stories: Vec<_> = changes.stories.iter().map(|s| (s.id.as_str(), s.items)).collect();
        assert_eq!(stories, vec![("s-b", 2)]);
    }

    #[test]
    fn a_story_whose_founder_is_older_than_the_window_keeps_its_name() {
        let window = [known("b", 1, Some("s-old")), known("c", 2, None)];
        let changes = changed(&window, vec![told("b", "s-b"), told("c", "s-b")], "c");
        assert_eq!(changes.assignments, vec![told("c", "s-old")]);
        assert_eq!(changes.redirects, vec![]);
    }

    #[test]
    fn a_story_that_went_into_another_leads_there_and_one_that_lost_items_is_told_anew() {
        let window = [
            known("a", 1, Some("s-a")),
            known("b", 2, Some("s-b")),
            known("c", 3, Some("s-a")),
        ];
        let changes = changed(&window, vec![told("a", "s-a"), told("b", "s-a"), told("c", "s-c")], "b");
        assert_eq!(changes.redirects, vec![("s-b".into(), "s-a".into())]);
        let stories: Vec<_> = changes.stories.iter().map(|s| (s.id.as_str(), s.items)).collect();
        assert_eq!(stories, vec![("s-a", 2), ("s-c", 1)]);
    }

    #[test]
    fn what_lies_at_the_edges_of_the_window_is_left_alone() {
        let window = [known("a", -5, Some("s-x")), known("b", 2, None)];
        let changes = changed(&window, vec![told("a", "s-a"), told("b", "s-b")], "b");
        assert_eq!(changes.assignments, vec![told("b", "s-b")]);
    }
}
