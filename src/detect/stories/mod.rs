//! Stories: which items report the same event, and which are copies of another.
//!
//! Long texts join by average link over TF-IDF; short posts point at the text they share most distinctive words with.

mod clusterer;
mod features;
mod link;
mod reprint;
mod score;
mod short;

use std::collections::{BTreeMap, HashMap};

use crate::model::item::{Item, Platform};
use crate::model::story::Assignment;
use crate::model::{ItemId, SourceId, StoryId, Time};

pub use clusterer::Clusterer;
pub use score::{Figures, Outcome, RunError, ndjson, run, score};

use features::{Idf, Terms, Vector};

/// Hours after its last item at which a story is closed to further ones.
pub const CLOSED_AFTER_HOURS: i64 = 72;

/// Times that groups of posts look for a text they belong to.
const ROUNDS: usize = 2;

/// What grouping needs to know of one item.
#[derive(Debug, Clone, PartialEq)]
pub struct StoryDoc {
    /// The item.
    pub id: ItemId,
    /// Its headline, may be empty.
    pub title: String,
    /// Its text.
    pub text: String,
    /// When it counts as published.
    pub at: Time,
    /// Its outlet or account.
    pub source: SourceId,
    /// Where it was published.
    pub platform: Platform,
    /// The item it answers: a comment belongs to the story of its parent.
    pub parent: Option<ItemId>,
}

impl StoryDoc {
    /// The document of an item that counts as published `at` when it says nothing itself.
    pub fn of(item: &Item, at: Time) -> StoryDoc {
        StoryDoc {
            id: item.id.clone(),
            title: item.title.clone(),
            text: item.text.clone(),
            at: item.time(at),
            source: item.source.clone(),
            platform: item.platform,
            parent: item.parent.clone(),
        }
    }
}

/// Groups `docs` as a whole. The result is in the order of `(at, id)` and does not depend on the order of `docs`.
pub fn partition(docs: &[StoryDoc]) -> Vec<Assignment> {
    let mut sorted: Vec<&StoryDoc> = docs.iter().collect();
    sorted.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    sorted.dedup_by(|a, b| a.id == b.id);
    let terms: Vec<Terms> = sorted.iter().map(|d| Terms::of(&d.title, &d.text)).collect();
    let mut idf = Idf::default();
    terms.iter().for_each(|t| idf.learn(t));
    let vectors: Vec<Vector> = terms.iter().map(|t| idf.weigh(t)).collect();
    let hours: Vec<i64> = sorted.iter().map(|d| d.at.timestamp() / 3600).collect();
    let groups = group(&sorted, &terms, &vectors, &hours);
    assignments(&sorted, &groups)
}

/// The number of the group of each document.
fn group(docs: &[&StoryDoc], terms: &[Terms], vectors: &[Vector], hours: &[i64]) -> Vec<usize> {
    let position: HashMap<&ItemId, usize> = docs.iter().enumerate().map(|(i, d)| (&d.id, i)).collect();
    let parent = |i: usize| {
        docs[i]
            .parent
            .as_ref()
            .and_then(|p| position.get(p).copied())
            .filter(|p| *p != i)
    };
    let long: Vec<usize> = (0..docs.len())
        .filter(|&i| !terms[i].is_short() && parent(i).is_none())
        .collect();
    let mut groups: Vec<usize> = (0..docs.len()).collect();
    for (member, root) in link::average(&long, vectors, hours) {
        groups[member] = root;
    }
    let answers: Vec<Option<usize>> = (0..docs.len()).map(parent).collect();
    let mut groups = short::follow(&answers, &groups);
    let nearest = short::Nearest::new(vectors);
    for _ in 0..ROUNDS {
        let mut posts: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        (0..docs.len()).for_each(|i| posts.entry(groups[i]).or_default().push(i));
        posts.retain(|_, members| members.iter().all(|&i| terms[i].is_short()));
        let mut points_at = vec![None; docs.len()];
        for (root, members) in posts {
            let own = members.into_iter().filter(|&i| answers[i].is_none());
            let ties = own.filter_map(|i| nearest.of(i, vectors, hours, &groups));
            points_at[root] = short::strongest(ties).map(|to| groups[to]);
        }
        let roots = short::follow(&points_at, &(0..docs.len()).collect::<Vec<_>>());
        groups = groups.iter().map(|&g| roots[g]).collect();
    }
    groups
}

/// Names the groups after their earliest item and finds the copies within each. `docs` are in order of time.
fn assignments(docs: &[&StoryDoc], groups: &[usize]) -> Vec<Assignment> {
    let mut members: HashMap<usize, Vec<usize>> = HashMap::new();
    for (i, group) in groups.iter().enumerate() {
        members.entry(*group).or_default().push(i);
    }
    let mut copies: Vec<Option<usize>> = vec![None; docs.len()];
    for list in members.values().filter(|list| list.len() > 1) {
        let shingles: Vec<_> = list.iter().map(|&i| reprint::shingles(&docs[i].text)).collect();
        for (copy, source) in reprint::copies(&shingles) {
            copies[list[copy]] = Some(list[source]);
        }
    }
    (0..docs.len())
        .map(|i| Assignment {
            id: docs[i].id.clone(),
            story: StoryId::founded_by(&docs[members[&groups[i]][0]].id),
            reprint_of: copies[i].map(|source| docs[source].id.clone()),
        })
        .collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::from_unix_ms;

    pub fn doc(id: &str, hour: i64, text: &str) -> StoryDoc {
        StoryDoc {
            id: id.into(),
            title: String::new(),
            text: text.into(),
            at: from_unix_ms(1_790_000_000_000 + hour * 3_600_000),
            source: "nguon".into(),
            platform: Platform::Facebook,
            parent: None,
        }
    }

    #[test]
    fn posts_that_share_only_the_words_of_the_sector_stay_apart() {
        let docs = [
            doc("a", 0, "bảo hiểm xã hội một lần của em bao giờ có tiền vậy mọi người"),
            doc("b", 1, "bảo hiểm xã hội tự nguyện đóng ở đâu vậy mọi người ơi"),
        ];
        let told = partition(&docs);
        assert_ne!(told[0].story, told[1].story);
    }

    #[test]
    fn a_comment_belongs_to_the_story_of_its_parent() {
        let mut answer = doc("b", 1, "y chang");
        answer.parent = Some("a".into());
        let told = partition(&[answer, doc("a", 0, "VssID sập từ sáng đăng nhập báo lỗi hệ thống")]);
        assert_eq!(told[1].story, StoryId::from("s-a"));
    }

    #[test]
    fn a_post_a_week_later_opens_a_story_of_its_own() {
        let text = "VssID sập từ sáng, đăng nhập báo lỗi hệ thống, quầy khám xếp hàng dài";
        let told = partition(&[doc("a", 0, text), doc("b", 1, text), doc("c", 200, text)]);
        assert_eq!(told[0].story, told[1].story);
        assert_ne!(told[0].story, told[2].story);
        assert_eq!(told[1].reprint_of, Some("a".into()));
    }
}
