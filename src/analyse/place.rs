//! Provinces a text speaks of: today's 34 units and the 63 names people go on using.

use super::lane::Prepared;
use super::matcher::{Form, Hit, Matcher};
use crate::model::knowledge::Provinces;

#[derive(Debug, Clone, PartialEq)]
enum Tag {
    /// A province, and whether its name needs a context word before it.
    Name(usize, bool),
    Context,
}

/// Finds provinces.
#[derive(Debug)]
pub struct Places {
    matcher: Matcher<Tag>,
    ids: Vec<String>,
}

impl Places {
    /// Makes the names ready.
    pub fn new(provinces: &Provinces) -> Self {
        let mut words = Vec::new();
        for (index, province) in provinces.provinces.iter().enumerate() {
            let names = [(&province.name, province.ambiguous, &province.aliases)]
                .into_iter()
                .chain(
                    province
                        .old
                        .iter()
                        .map(|old| (&old.name, old.ambiguous.is_some(), &old.aliases)),
                );
            for (name, ambiguous, aliases) in names {
                words.push((name.clone(), Form::Accented, Tag::Name(index, ambiguous)));
                for alias in aliases {
                    let short = alias.chars().count() <= 4;
                    words.push((alias.clone(), Form::Accented, Tag::Name(index, ambiguous || short)));
                }
            }
        }
        words.extend(
            provinces
                .context_words
                .iter()
                .map(|word| (word.clone(), Form::Accented, Tag::Context)),
        );
        Self {
            matcher: Matcher::new(words),
            ids: provinces.provinces.iter().map(|p| p.id.clone()).collect(),
        }
    }

    /// The provinces named, in the order of their ids, each with where it stands.
    pub fn find(&self, text: &Prepared) -> Vec<(String, [usize; 2])> {
        let hits = self.matcher.find(text);
        let is_inside = |a: [usize; 2], b: [usize; 2]| a != b && a[0] >= b[0] && a[1] <= b[1];
        let is_longest = |hit: &Hit<Tag>| {
            !hits
                .iter()
                .any(|other| matches!(other.tag, Tag::Name(..)) && is_inside(hit.span, other.span))
        };
        let after_context = |hit: &Hit<Tag>| {
            hits.iter()
                .any(|c| c.tag == Tag::Context && c.span[1] <= hit.span[0] && hit.span[0] - c.span[1] <= 2)
        };
        let is_name = |hit: &Hit<Tag>| {
            let first = text.chars.get(hit.span[0]).is_some_and(|c| c.is_uppercase());
            first || text.accent_free
        };
        let mut found: Vec<(String, [usize; 2])> = Vec::new();
        for hit in &hits {
            let Tag::Name(index, needs_context) = hit.tag else {
                continue;
            };
            if !is_longest(hit) || (needs_context && !after_context(hit)) || (!is_name(hit) && !after_context(hit)) {
                continue;
            }
            if !found.iter().any(|(id, _)| *id == self.ids[index]) {
                found.push((self.ids[index].clone(), hit.span));
            }
        }
        found.sort();
        found
    }
}
