//! Reads `sources/` and `alerts/` into the model; refuses what is wrong, with file, line, key and the nearest valid name.
//!
//! A file is what its type in [`crate::model`] says; unknown keys are refused. All errors of all files are reported, not
//! the first. Without folders the catalogue compiled into the program is read, so that it runs anywhere.

mod checks;

mod files;

use std::collections::BTreeMap;
use std::path::Path;

use chrono::NaiveDate;

use crate::model::SourceId;
use crate::model::knowledge::Knowledge;
use crate::model::source::{Family, Layout, Source};
use files::Files;

/// Everything that people wrote down: sources and knowledge, cross-checked.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// Sources, in the order of their ids.
    pub sources: Vec<Source>,
    /// CMS families by id.
    pub families: BTreeMap<String, Family>,
    /// Topics, rumours, facts, departments, provinces, rules.
    pub knowledge: Knowledge,
}

/// One thing wrong with one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataError {
    /// The file, as it was found.
    pub file: String,
    /// Line, from 1; 0 when it is the file as a whole.
    pub line: usize,
    /// The key at fault, may be empty.
    pub key: String,
    /// What is wrong and what to do.
    pub problem: String,
}

impl std::fmt::Display for DataError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.problem)
    }
}

/// Everything wrong with the data files, one error a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the data files have {} errors:\n{}", .0.len(), .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Refused(pub Vec<DataError>);

/// Reads the catalogue from folders, or what is compiled in where none is given.
///
/// # Errors
/// [`Refused`] with every error of every file.
pub fn load(sources: Option<&Path>, alerts: Option<&Path>) -> Result<Catalogue, Refused> {
    let mut errors = Vec::new();
    let source_files = sources.map_or_else(Files::embedded_sources, |path| Files::of_folder(path, &mut errors));
    let alert_files = alerts.map_or_else(Files::embedded_alerts, |path| Files::of_folder(path, &mut errors));
    let knowledge = files::knowledge(&alert_files, &mut errors);
    let families = files::families(&source_files, &mut errors);
    let sources = files::sources(&source_files, &knowledge.relevance.search, &mut errors);
    Catalogue {
        sources,
        families,
        knowledge,
    }
    .checked(&source_files, &alert_files, errors)
}

impl Catalogue {
    /// This catalogue's knowledge and families with other sources, given as (name, TOML): the newsroom's.
    ///
    /// # Errors
    /// [`Refused`] with every error of every file.
    pub fn with_sources(&self, sources: &[(String, String)]) -> Result<Catalogue, Refused> {
        let mut errors = Vec::new();
        let given = Files::given(sources);
        let sources = files::sources(&given, &self.knowledge.relevance.search, &mut errors);
        Catalogue {
            sources,
            families: self.families.clone(),
            knowledge: self.knowledge.clone(),
        }
        .checked(&given, &Files::default(), errors)
    }

    fn checked(self, sources: &Files, alerts: &Files, mut errors: Vec<DataError>) -> Result<Catalogue, Refused> {
        // Files that could not be read would make everything that refers to them look wrong.
        if errors.is_empty() {
            checks::cross_check(&self, sources, alerts, &mut errors);
        }
        if errors.is_empty() {
            Ok(self)
        } else {
            Err(Refused(errors))
        }
    }

    /// The source called `id`.
    pub fn find_source(&self, id: &SourceId) -> Option<&Source> {
        self.sources.iter().find(|source| source.id == *id)
    }

    /// The source one of whose hosts serves `url`.
    pub fn source_of_url(&self, url: &str) -> Option<&Source> {
        let host = crate::text::url::host(url)?;
        self.sources.iter().find(|source| source.serves(&host))
    }

    /// Where things stand on a page of `source` published on `day`.
    pub fn layout(&self, source: &Source, day: NaiveDate) -> Layout {
        source.layout(source.family.as_ref().and_then(|id| self.families.get(id)), day)
    }
}
