//! Provinces a text speaks of, as ids of today's 34 units.

use std::collections::BTreeSet;

use super::prepare::Prepared;
use super::words::{Form, Words};
use crate::model::knowledge::Knowledge;
use crate::text::fold;

#[derive(Debug, Clone, Copy, PartialEq)]
struct Name {
    province: usize,
    ambiguous: bool,
    short: bool,
}

/// Compiled names of provinces, old and new.
#[derive(Debug, Clone)]
pub struct Places {
    names: Words<Name>,
    ids: Vec<String>,
    context: Vec<String>,
}

impl Places {
    /// Compiles the names.
    pub fn new(knowledge: &Knowledge) -> Places {
        let mut phrases = Vec::new();
        for (province, p) in knowledge.provinces.provinces.iter().enumerate() {
            let mut add = |name: &str, ambiguous: bool| {
                let short = name.chars().count() <= 3 && name.is_ascii();
                phrases.push((
                    name.to_owned(),
                    Form::Accented,
                    Name {
                        province,
                        ambiguous,
                        short,
                    },
                ));
            };
            add(&p.name, p.ambiguous);
            p.aliases.iter().for_each(|a| add(a, false));
            for old in &p.old {
                add(&old.name, old.ambiguous.is_some());
                old.aliases.iter().for_each(|a| add(a, false));
            }
        }
        Places {
            names: Words::new(phrases),
            ids: knowledge.provinces.provinces.iter().map(|p| p.id.clone()).collect(),
            context: knowledge
                .provinces
                .context_words
                .iter()
                .map(|w| fold::fold(w))
                .collect(),
        }
    }

    /// Ids with the first place of each. An ambiguous or short name needs a context word, an accented one a capital.
    pub fn find(&self, text: &Prepared) -> Vec<(String, usize, usize)> {
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        for hit in self.names.find(text) {
            let context = self.has_context(text, hit.start);
            let accent_free = text.is_accent_free_at(hit.start);
            let fits = match hit.id {
                Name { short: true, .. } => text.social && context,
                Name { ambiguous: true, .. } => context && !accent_free,
                _ => context || accent_free || text.is_capital(hit.start),
            };
            if fits && seen.insert(hit.id.province) {
                found.push((self.ids[hit.id.province].clone(), hit.start, hit.end));
            }
        }
        found
    }

    fn has_context(&self, text: &Prepared, at: usize) -> bool {
        let before = text.folded[..text.folded_byte(at)].trim_end();
        self.context.iter().any(|w| {
            before
                .strip_suffix(w.as_str())
                .is_some_and(|rest| !rest.ends_with(|c: char| c.is_alphanumeric()))
        })
    }
}
