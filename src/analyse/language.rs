//! The language of a text; Vietnamese typed without accents stays Vietnamese.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::prepare::Prepared;
use crate::text::fold;

/// Syllables that tell languages apart, from `lexicon/language.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Language {
    vietnamese: BTreeSet<String>,
    english: BTreeSet<String>,
}

impl Language {
    /// Reads the embedded lists.
    pub fn new() -> Language {
        toml::from_str(include_str!("lexicon/language.toml")).expect("the embedded lexicon is read in a test")
    }

    /// `vi`, `en`, `ko`, `ja`, or what whatlang is sure of; `vi` when nothing tells.
    pub fn detect(&self, text: &Prepared) -> String {
        let letters = text.lower.chars().filter(|c| c.is_alphabetic()).count().max(1);
        let share = |test: fn(char) -> bool| text.lower.chars().filter(|c| test(*c)).count() as f32 / letters as f32;
        if share(|c| matches!(c, '\u{ac00}'..='\u{d7a3}')) > 0.3 {
            return "ko".into();
        }
        if share(|c| matches!(c, '\u{3040}'..='\u{30ff}')) > 0.15 {
            return "ja".into();
        }
        if fold::accent_share(text.lower.chars()) >= 0.05 {
            return "vi".into();
        }
        let count = |list: &BTreeSet<String>| {
            text.folded
                .split(|c: char| !c.is_alphanumeric())
                .filter(|w| list.contains(*w))
                .count()
        };
        let (vietnamese, english) = (count(&self.vietnamese), count(&self.english));
        if vietnamese >= english && vietnamese > 0 {
            return "vi".into();
        }
        if english > 1 {
            return "en".into();
        }
        match whatlang::detect(&text.lower) {
            Some(info) if info.is_reliable() && info.lang() != whatlang::Lang::Vie => match info.lang() {
                whatlang::Lang::Eng => "en".into(),
                whatlang::Lang::Cmn => "zh".into(),
                other => other.code().chars().take(2).collect(),
            },
            _ => "vi".into(),
        }
    }
}

impl Default for Language {
    fn default() -> Self {
        Language::new()
    }
}
