//! What people may write for the ids of a field: names with or without accents.

use std::collections::BTreeMap;

use super::query::Field;
use crate::text::fold::fold;
use crate::text::nearest;

/// Ids by field and by the names people know them by.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    ids: BTreeMap<Field, BTreeMap<String, String>>,
    labels: BTreeMap<(Field, String), String>,
    open: Vec<Field>,
}

impl Vocabulary {
    /// Lets people write `name` for `id`; the first name of an id is its label.
    pub fn add(&mut self, field: Field, id: &str, name: &str) {
        let ids = self.ids.entry(field).or_default();
        for key in [key(name), key(id)] {
            ids.entry(key).or_insert_with(|| id.to_owned());
        }
        self.labels
            .entry((field, id.to_owned()))
            .or_insert_with(|| name.to_owned());
    }

    /// Lets a field also hold ids that nobody listed.
    pub fn open(&mut self, field: Field) {
        self.open.push(field);
    }

    /// The name of an id, or the id.
    pub fn label<'a>(&'a self, field: Field, id: &'a str) -> &'a str {
        self.labels.get(&(field, id.to_owned())).map_or(id, String::as_str)
    }

    /// The id meant by what somebody wrote.
    ///
    /// # Errors
    /// Says, in Vietnamese, that there is no such value, and the nearest one.
    pub(super) fn find(&self, field: Field, written: &str) -> Result<String, String> {
        let wanted = key(written);
        let ids = self.ids.get(&field);
        if let Some(id) = ids.and_then(|ids| ids.get(&wanted)) {
            return Ok(id.clone());
        }
        if self.open.contains(&field) {
            return Ok(written.to_owned());
        }
        let names = ids.into_iter().flat_map(|ids| ids.keys().map(String::as_str));
        let hint = nearest(&wanted, names)
            .and_then(|name| Some(self.label(field, ids?.get(name)?)))
            .map(|name| format!("; có phải “{name}”?"))
            .unwrap_or_default();
        Err(format!("trường {} không có giá trị “{written}”{hint}", field.label()))
    }
}

/// The form in which names are compared: folded, `_` and `-` as spaces.
fn key(name: &str) -> String {
    crate::text::squeeze(&fold(name).replace(['_', '-'], " "))
}
