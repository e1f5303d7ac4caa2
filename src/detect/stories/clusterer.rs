//! Stories as items arrive: one pass over centroids, found through an index of bounded lists.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::features::{Idf, Table, Terms, Vector, dot};
use super::{CLOSED_AFTER_HOURS, StoryDoc, reprint};
use crate::model::story::Assignment;
use crate::model::{ItemId, StoryId};

/// Mean likeness to the texts of a story at which a text joins it.
const JOINS: f32 = 0.2;
/// Mean likeness of their texts at which two stories that grew together are one.
const MERGES: f32 = 0.2;
/// The same for short posts, whose vectors are few words.
const JOINS_SHORT: f32 = 0.22;
/// Features of a text by which it is found.
const KEYS: usize = 40;
/// Stories remembered under one feature, newest last.
const POSTINGS: usize = 48;
/// Stories looked at closely for one text.
const CANDIDATES: usize = 24;
/// Features a centre keeps.
const CENTRE: usize = 1_500;
/// Copies are looked for among so many texts of a story.
const TEXTS: usize = 64;
/// Stories kept in full; older ones keep only their name.
const LIVE: usize = 30_000;

#[derive(Default)]
struct Story {
    name: Option<StoryId>,
    /// Sum of the weights of its texts.
    centre: Vector,
    size: usize,
    last: i64,
    texts: Vec<(ItemId, Vec<u64>)>,
}

/// Groups items one by one, in the order given.
#[derive(Default)]
pub struct Clusterer {
    idf: Idf,
    index: Table<VecDeque<usize>>,
    stories: Vec<Story>,
    merged_into: BTreeMap<usize, usize>,
    of_item: HashMap<ItemId, usize>,
    told: Vec<(Assignment, usize)>,
    live_from: usize,
}

impl Clusterer {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Places one more item. What is answered is as known now; [`Clusterer::assignments`] has later merges applied.
    pub fn add(&mut self, doc: &StoryDoc) -> Assignment {
        let terms = Terms::of(&doc.title, &doc.text);
        self.idf.learn(&terms);
        let vector = self.idf.weigh(&terms);
        let hour = doc.at.timestamp() / 3600;
        let parent = doc
            .parent
            .as_ref()
            .and_then(|p| self.of_item.get(p))
            .map(|s| self.root(*s));
        let needed = if terms.is_short() { JOINS_SHORT } else { JOINS };
        let keys = heaviest(&vector);
        let place = parent.or_else(|| self.nearest(&keys, &vector, hour, needed, None));
        let story = place.unwrap_or_else(|| self.open(doc));
        let reprint_of = self.grow(story, doc, &vector, hour, parent.is_some());
        if parent.is_none() {
            self.remember(&keys, story);
        }
        if place.is_some() && self.stories[story].size.is_power_of_two() {
            self.merge(story, hour);
        }
        self.of_item.insert(doc.id.clone(), story);
        let name = self.name(story);
        let assignment = Assignment {
            id: doc.id.clone(),
            story: name,
            reprint_of,
        };
        self.told.push((assignment.clone(), story));
        assignment
    }

    /// All items in the order given, with merges applied.
    pub fn assignments(&self) -> Vec<Assignment> {
        let now = |(told, story): &(Assignment, usize)| Assignment {
            story: self.name(self.root(*story)),
            ..told.clone()
        };
        self.told.iter().map(now).collect()
    }

    fn name(&self, story: usize) -> StoryId {
        self.stories[story]
            .name
            .clone()
            .expect("every story is named when it opens")
    }

    fn root(&self, mut story: usize) -> usize {
        while let Some(into) = self.merged_into.get(&story) {
            story = *into;
        }
        story
    }

    fn open(&mut self, doc: &StoryDoc) -> usize {
        self.stories.push(Story {
            name: Some(StoryId::founded_by(&doc.id)),
            ..Story::default()
        });
        if self.stories.len() - self.live_from > LIVE {
            let old = &mut self.stories[self.live_from];
            old.centre = Vector::new();
            old.texts = Vec::new();
            self.live_from += 1;
        }
        self.stories.len() - 1
    }

    fn nearest(&self, keys: &[u64], vector: &Vector, hour: i64, needed: f32, but: Option<usize>) -> Option<usize> {
        let mut seen: BTreeMap<usize, usize> = BTreeMap::new();
        for story in keys.iter().filter_map(|key| self.index.get(key)).flatten() {
            let story = self.root(*story);
            if Some(story) != but && story >= self.live_from {
                *seen.entry(story).or_default() += 1;
            }
        }
        let mut candidates: Vec<(usize, usize)> = seen.into_iter().filter(|(_, shared)| *shared > 1).collect();
        candidates.sort_by_key(|(story, shared)| (std::cmp::Reverse(*shared), *story));
        candidates
            .into_iter()
            .take(CANDIDATES)
            .map(|(story, _)| story)
            .filter(|story| (hour - self.stories[*story].last).abs() <= CLOSED_AFTER_HOURS)
            .map(|story| {
                (
                    story,
                    dot(vector, &self.stories[story].centre) / self.stories[story].size.max(1) as f32,
                )
            })
            .filter(|(_, alike)| *alike >= needed)
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
            .map(|(story, _)| story)
    }

    fn grow(&mut self, story: usize, doc: &StoryDoc, vector: &Vector, hour: i64, answer: bool) -> Option<ItemId> {
        let story = &mut self.stories[story];
        story.last = story.last.max(hour);
        if answer {
            return None;
        }
        story.size += 1;
        story.centre = sum(&story.centre, vector);
        let mut texts: Vec<Vec<u64>> = story.texts.iter().map(|(_, shingles)| shingles.clone()).collect();
        texts.push(reprint::shingles(&doc.text));
        let own = texts.len() - 1;
        let source = reprint::copies(&texts).into_iter().find(|(copy, _)| *copy == own);
        if story.texts.len() < TEXTS {
            story.texts.push((doc.id.clone(), texts.swap_remove(own)));
        }
        source.map(|(_, first)| story.texts[first].0.clone())
    }

    fn remember(&mut self, keys: &[u64], story: usize) {
        for key in keys {
            let postings = self.index.entry(*key).or_default();
            if !postings.contains(&story) {
                postings.push_back(story);
            }
            if postings.len() > POSTINGS {
                postings.pop_front();
            }
        }
    }

    /// Looks whether `story` has come to tell the same as another; the older name stays.
    fn merge(&mut self, story: usize, hour: i64) {
        let size = self.stories[story].size.max(1) as f32;
        let mut centre = self.stories[story].centre.clone();
        centre.iter_mut().for_each(|(_, weight)| *weight /= size);
        let keys = heaviest(&centre);
        let Some(other) = self.nearest(&keys, &centre, hour, MERGES, Some(story)) else {
            return;
        };
        let (kept, gone) = (story.min(other), story.max(other));
        let lost = std::mem::take(&mut self.stories[gone]);
        let into = &mut self.stories[kept];
        into.centre = sum(&into.centre, &lost.centre);
        into.size += lost.size;
        into.last = into.last.max(lost.last);
        into.texts.extend(lost.texts);
        into.texts.truncate(TEXTS);
        self.stories[gone].name = lost.name;
        self.merged_into.insert(gone, kept);
    }
}

/// The features with the largest weights.
fn heaviest(vector: &Vector) -> Vec<u64> {
    let mut all = vector.clone();
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    all.into_iter().take(KEYS).map(|(feature, _)| feature).collect()
}

/// The sum of two vectors, cut to the heaviest features.
fn sum(a: &Vector, b: &Vector) -> Vector {
    let mut all: Vector = a.iter().chain(b).copied().collect();
    all.sort_unstable_by_key(|(feature, _)| *feature);
    let mut joined: Vector = Vector::with_capacity(all.len());
    for (feature, weight) in all {
        match joined.last_mut() {
            Some(last) if last.0 == feature => last.1 += weight,
            _ => joined.push((feature, weight)),
        }
    }
    if joined.len() > 2 * CENTRE {
        joined.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        joined.truncate(CENTRE);
        joined.sort_unstable_by_key(|(feature, _)| *feature);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::super::tests::doc;
    use super::*;

    #[test]
    fn a_copy_joins_the_story_of_its_source_and_another_matter_opens_one() {
        let text = "VssID sập từ sáng, đăng nhập báo lỗi hệ thống, quầy khám bệnh xếp hàng dài chờ tra cứu";
        let mut clusterer = Clusterer::new();
        let first = clusterer.add(&doc("a", 0, text));
        let copy = clusterer.add(&doc("b", 1, text));
        let other = clusterer.add(&doc("c", 2, "Đoàn xe đạp cổ động đi qua chợ trong lễ ra quân ở tỉnh"));
        assert_eq!(copy.story, first.story);
        assert_eq!(copy.reprint_of, Some("a".into()));
        assert_ne!(other.story, first.story);
        assert_eq!(clusterer.assignments(), vec![first, copy, other]);
    }
}
