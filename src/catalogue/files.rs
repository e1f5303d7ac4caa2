//! Files to values: finding them, reading TOML, naming line and key of what is wrong.

use std::collections::BTreeMap;
use std::path::Path;

use rust_embed::RustEmbed;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::{DataError, checks};
use crate::model::SourceId;
use crate::model::knowledge::{FactFile, Knowledge, Provinces, RelevanceWords, Rumour, Topic};
use crate::model::rule::Rule;
use crate::model::source::{Family, Source};

#[derive(RustEmbed)]
#[folder = "sources/"]
#[include = "*.toml"]
struct EmbeddedSources;

#[derive(RustEmbed)]
#[folder = "alerts/"]
#[include = "*.toml"]
struct EmbeddedAlerts;

/// TOML files by their path below the folder (`press/vnexpress.toml`), with the name to show people.
#[derive(Debug, Default)]
pub(super) struct Files {
    files: BTreeMap<String, String>,
    shown: String,
}

impl Files {
    pub fn embedded_sources() -> Self {
        Self::embedded::<EmbeddedSources>("sources")
    }

    pub fn embedded_alerts() -> Self {
        Self::embedded::<EmbeddedAlerts>("alerts")
    }

    fn embedded<E: RustEmbed>(shown: &str) -> Self {
        let text = |path: &str| E::get(path).map(|file| String::from_utf8_lossy(&file.data).into_owned());
        let files = E::iter()
            .filter_map(|path| Some((path.to_string(), text(&path)?)))
            .collect();
        Self {
            files,
            shown: shown.into(),
        }
    }

    pub fn given(files: &[(String, String)]) -> Self {
        Self {
            files: files.iter().cloned().collect(),
            shown: "sources".into(),
        }
    }

    pub fn of_folder(folder: &Path, errors: &mut Vec<DataError>) -> Self {
        let mut found = Self {
            files: BTreeMap::new(),
            shown: folder.display().to_string(),
        };
        found.walk(folder, "", errors);
        found
    }

    fn walk(&mut self, folder: &Path, below: &str, errors: &mut Vec<DataError>) {
        let unreadable = |file: &Path, error: std::io::Error| DataError {
            file: file.display().to_string(),
            line: 0,
            key: String::new(),
            problem: format!("cannot be read: {error}"),
        };
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => return errors.push(unreadable(folder, error)),
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let key = if below.is_empty() {
                name.clone()
            } else {
                format!("{below}/{name}")
            };
            if path.is_dir() {
                self.walk(&path, &key, errors);
            } else if name.ends_with(".toml") {
                match std::fs::read_to_string(&path) {
                    Ok(text) => _ = self.files.insert(key, text),
                    Err(error) => errors.push(unreadable(&path, error)),
                }
            }
        }
    }

    /// The name of a file as people see it.
    pub fn shown(&self, path: &str) -> String {
        format!("{}/{path}", self.shown)
    }

    /// The line on which `needle` first stands in a file; 0 when it does not.
    pub fn line_of(&self, path: &str, needle: &str) -> usize {
        let text = self.files.get(path).map(String::as_str).unwrap_or_default();
        text.lines()
            .position(|line| line.contains(needle))
            .map_or(0, |index| index + 1)
    }

    /// Whether there is such a file.
    pub fn has(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// The path of the file called `name`, in whatever folder.
    pub fn path_ending(&self, name: &str) -> Option<String> {
        self.files
            .keys()
            .find(|path| path.rsplit('/').next() == Some(name))
            .cloned()
    }

    /// The path of the first file that has a line `needle`.
    pub fn path_with(&self, needle: &str) -> Option<String> {
        self.files
            .iter()
            .find(|(_, text)| text.lines().any(|line| line == needle))
            .map(|(path, _)| path.clone())
    }

    /// The files in a folder of this one with the id their name gives: `topics/luong_huu.toml` → `luong_huu`.
    fn in_folder<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = (&'a str, &'a str, &'a str)> {
        self.files.iter().filter_map(move |(path, text)| {
            let id = path.strip_prefix(folder)?.strip_prefix('/')?.strip_suffix(".toml")?;
            Some((path.as_str(), id, text.as_str()))
        })
    }

    fn read<T: DeserializeOwned>(&self, path: &str, text: &str, errors: &mut Vec<DataError>) -> Option<T> {
        match toml::from_str(text) {
            Ok(value) => Some(value),
            Err(error) => {
                errors.push(explain(&self.shown(path), text, &error));
                None
            }
        }
    }

    /// One file that must be there.
    fn one<T: DeserializeOwned + Default>(&self, path: &str, errors: &mut Vec<DataError>) -> T {
        let Some(text) = self.files.get(path) else {
            errors.push(DataError {
                file: self.shown(path),
                line: 0,
                key: String::new(),
                problem: "is missing; restore it from the repository".into(),
            });
            return T::default();
        };
        self.read(path, text, errors).unwrap_or_default()
    }

    /// The first 12 hexadecimal digits of the SHA-256 over names and contents.
    fn version(&self) -> String {
        let mut hash = Sha256::new();
        for (path, text) in &self.files {
            hash.update(path.as_bytes());
            hash.update([0]);
            hash.update(text.as_bytes());
            hash.update([0]);
        }
        crate::text::hex(&hash.finalize()[..6])
    }
}

/// A TOML error as line, key, problem and the nearest valid name.
fn explain(file: &str, text: &str, error: &toml::de::Error) -> DataError {
    let line = error
        .span()
        .map_or(0, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    let message = error.message();
    let words: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let is_name = message.starts_with("unknown field") || message.starts_with("unknown variant");
    let nearest = words
        .split_first()
        .and_then(|(wrong, valid)| crate::text::nearest(wrong, valid.iter().copied()));
    let problem = match (is_name, nearest) {
        (true, Some(nearest)) => format!("{message}; did you mean `{nearest}`?"),
        _ => message.to_owned(),
    };
    let source_line = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let key = source_line
        .split_once('=')
        .map(|(key, _)| key.trim())
        .unwrap_or_default();
    DataError {
        file: file.into(),
        line,
        key: key.into(),
        problem,
    }
}

macro_rules! folder_of {
    ($name:ident, $type:ty) => {
        fn $name(files: &Files, folder: &str, errors: &mut Vec<DataError>) -> Vec<$type> {
            files
                .in_folder(folder)
                .filter_map(|(path, id, text)| {
                    let mut value: $type = files.read(path, text, errors)?;
                    value.id = id.to_owned();
                    Some(value)
                })
                .collect()
        }
    };
}

folder_of!(topics, Topic);
folder_of!(rumours, Rumour);
folder_of!(rules, Rule);
folder_of!(family_list, Family);

/// Everything in `alerts/`.
pub(super) fn knowledge(files: &Files, errors: &mut Vec<DataError>) -> Knowledge {
    Knowledge {
        relevance: files.one::<RelevanceWords>("relevance.toml", errors),
        topics: topics(files, "topics", errors),
        rumours: rumours(files, "rumours", errors),
        facts: files
            .in_folder("facts")
            .filter_map(|(path, _, text)| files.read::<FactFile>(path, text, errors))
            .collect(),
        departments: files.one("departments.toml", errors),
        audiences: files.one("audiences.toml", errors),
        provinces: files.one::<Provinces>("provinces.toml", errors),
        rules: rules(files, "rules", errors),
        version: files.version(),
    }
}

/// Everything in `sources/families/`.
pub(super) fn families(files: &Files, errors: &mut Vec<DataError>) -> BTreeMap<String, Family> {
    family_list(files, "families", errors)
        .into_iter()
        .map(|family| (family.id.clone(), family))
        .collect()
}

/// Every source; the folder groups by kind, the file name is the id. Search pages that may be asked for `words` are feeds
/// like others.
pub(super) fn sources(files: &Files, words: &[String], errors: &mut Vec<DataError>) -> Vec<Source> {
    let mut found = Vec::new();
    for (path, text) in files.files.iter().filter(|(path, _)| !path.starts_with("families/")) {
        let id = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".toml");
        if let Some(mut source) = files.read::<Source>(path, text, errors) {
            source.id = SourceId(id.to_owned());
            checks::source(&source, path, files, errors);
            let permitted = source.searches.iter().filter(|search| search.permitted.is_some());
            let asked: Vec<_> = permitted
                .flat_map(|search| words.iter().map(|words| search.feed(words)))
                .collect();
            source.feeds.extend(asked);
            found.push(source);
        }
    }
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found
}
