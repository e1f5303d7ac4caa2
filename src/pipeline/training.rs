//! Models from labelled files: those of the service from `corpus/`, and classifiers of one's own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::analyse::{Analyser, Context, learnt};
use crate::learn::{Document, Example, Model, Settings, Task, train};
use crate::model::Time;
use crate::model::item::Record;
use crate::text::fold::fold;

/// Why nothing was trained or scored.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A line is not as it should be.
    #[error("{path}: line {line}: {problem}")]
    Line {
        /// The file.
        path: PathBuf,
        /// Number from 1.
        line: usize,
        /// What is wrong, and the remedy.
        problem: String,
    },
    /// Nothing to learn from.
    #[error("{0}: fewer than two labels; nothing can be told apart")]
    Empty(PathBuf),
}

fn at(path: &Path) -> impl Fn(std::io::Error) -> TrainError + '_ {
    move |source| TrainError::Io {
        path: path.to_owned(),
        source,
    }
}

/// The decisions of the service that are learnt.
fn tasks() -> Vec<Task> {
    let task = |name: &str, is_multi, cost, balance| Task {
        name: name.into(),
        is_multi,
        cost,
        balance,
    };
    vec![
        task(learnt::SENTIMENT, false, 0.5, 0.3),
        task(learnt::KIND, false, 0.5, 0.3),
        task(learnt::TOPICS, true, 0.5, 0.5),
        task(learnt::CLAIM, false, 0.5, 0.5),
        task(learnt::RUMOUR, true, 1.0, 0.5),
    ]
}

/// The labelled files of a folder, by name.
///
/// # Errors
/// When the folder cannot be read.
pub fn corpus_files(folder: &Path) -> Result<Vec<PathBuf>, TrainError> {
    let entries = std::fs::read_dir(folder).map_err(at(folder))?;
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
        .collect();
    files.sort();
    Ok(files)
}

/// What a model of the service rests on: a hash of its corpus and of the rules whose signals it weighs.
///
/// # Errors
/// When a file cannot be read.
pub fn corpus_version(folder: &Path) -> Result<String, TrainError> {
    let mut all = Vec::new();
    for path in corpus_files(folder)? {
        all.extend(std::fs::read(&path).map_err(at(&path))?);
    }
    Ok(format!("corpus-{}", &crate::text::sha256_hex(&all)[..12]))
}

/// Trains the models of the service from its corpus, as of `now`. The same corpus, rules and program give the same bytes.
///
/// # Errors
/// When a file cannot be read or a line is no labelled item.
pub fn understanding(analyser: &Analyser, folder: &Path, now: Time) -> Result<Model, TrainError> {
    let mut examples = Vec::new();
    for path in corpus_files(folder)? {
        let text = std::fs::read_to_string(&path).map_err(at(&path))?;
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let bad = |problem: String| TrainError::Line {
                path: path.clone(),
                line: number + 1,
                problem,
            };
            let labels = labels(line).map_err(&bad)?;
            let record = Record::parse(number + 1, line).map_err(|error| bad(error.problem))?;
            let group = examples.len();
            // A copy without accents, so that both spellings are understood by one model.
            for fold in [false, true] {
                let context = Context {
                    thread: record.item.thread.as_deref(),
                    parent: None,
                    at: now,
                    source_province: None,
                    fold,
                };
                examples.push(Example {
                    document: analyser.document(&record.item, &context),
                    group,
                    labels: labels.clone(),
                });
            }
        }
    }
    Ok(train(
        &examples,
        &tasks(),
        &Settings::default(),
        &corpus_version(folder)?,
    ))
}

/// The labels of a corpus line; an item that does not concern the sector has only those of claims.
fn labels(line: &str) -> Result<BTreeMap<String, Vec<String>>, String> {
    let line: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let word = |field: &str| {
        let value = line.get(field).and_then(Value::as_str);
        value
            .map(str::to_owned)
            .ok_or_else(|| format!("field `{field}`: a text is missing"))
    };
    let rumour = line.get("rumour_id").and_then(Value::as_str).map(str::to_owned);
    let mut labels = BTreeMap::from([
        (learnt::CLAIM.into(), vec![word("misinformation")?]),
        (learnt::RUMOUR.into(), rumour.into_iter().collect()),
    ]);
    let is_relevant = line
        .get("relevant")
        .and_then(Value::as_bool)
        .ok_or("field `relevant`: true or false is missing")?;
    if !is_relevant {
        return Ok(labels);
    }
    let topics = line
        .get("topics")
        .and_then(Value::as_array)
        .ok_or("field `topics`: a list is missing")?;
    let topics = topics.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    labels.extend([
        (learnt::SENTIMENT.into(), vec![word("sentiment")?]),
        (learnt::KIND.into(), vec![word("content_kind")?]),
        (learnt::TOPICS.into(), topics),
    ]);
    Ok(labels)
}

/// Texts with one label each, from any labelled NDJSON.
///
/// # Errors
/// When the file cannot be read, or a line lacks one of the fields.
pub fn labelled(path: &Path, text: &str, label: &str) -> Result<Vec<(String, String)>, TrainError> {
    let content = std::fs::read_to_string(path).map_err(at(path))?;
    let lines = content.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            let bad = |problem: String| TrainError::Line {
                path: path.to_owned(),
                line: number + 1,
                problem,
            };
            let value: Value = serde_json::from_str(line).map_err(|error| bad(error.to_string()))?;
            let field = |name: &str| match value.get(name) {
                Some(Value::String(word)) => Ok(word.clone()),
                Some(other @ (Value::Number(_) | Value::Bool(_))) => Ok(other.to_string()),
                _ => Err(bad(format!(
                    "no field `{name}`; name the fields with --text and --label"
                ))),
            };
            Ok((field(text)?, field(label)?))
        })
        .collect()
}

fn plain(text: &str, strips: bool) -> Document {
    let text = crate::text::fold::lower(&crate::text::nfc(text));
    Document {
        text: if strips { fold(&text) } else { text },
        ..Document::default()
    }
}

/// The name of the one decision of a classifier of one's own.
const OWN: &str = "label";

/// Trains a classifier of texts; each text is also seen without accents.
///
/// # Errors
/// When there are not two labels.
pub fn classifier(path: &Path, texts: &[(String, String)]) -> Result<Model, TrainError> {
    let labels: std::collections::BTreeSet<&str> = texts.iter().map(|(_, label)| label.as_str()).collect();
    if labels.len() < 2 {
        return Err(TrainError::Empty(path.to_owned()));
    }
    let examples: Vec<Example> = texts
        .iter()
        .enumerate()
        .flat_map(|(group, (text, label))| {
            [false, true].map(|strips| Example {
                document: plain(text, strips),
                group,
                labels: BTreeMap::from([(OWN.to_owned(), vec![label.clone()])]),
            })
        })
        .collect();
    let task = Task {
        name: OWN.into(),
        is_multi: false,
        cost: 0.5,
        balance: 0.7,
    };
    Ok(train(&examples, &[task], &Settings::default(), "classifier"))
}

/// How a classifier does on labelled texts.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassifierScore {
    /// Share of right answers.
    pub accuracy: f64,
    /// Mean of the F1 of all labels.
    pub macro_f1: f64,
    /// For each label precision, recall, F1 and how many texts bear it.
    pub labels: BTreeMap<String, (f64, f64, f64, usize)>,
}

/// Scores a classifier; with `strips` the texts lose their accents first.
pub fn score(model: &Model, texts: &[(String, String)], strips: bool) -> ClassifierScore {
    let mut counts: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    let mut right = 0;
    for (text, label) in texts {
        let scores = model.judge(&model.read(&plain(text, strips)));
        let told = scores
            .get(OWN)
            .and_then(|labels| labels.first())
            .map_or("", |(label, _)| label.as_str());
        counts.entry(label.clone()).or_default()[1] += 1;
        counts.entry(told.to_owned()).or_default()[2] += 1;
        if told == label {
            counts.entry(label.clone()).or_default()[0] += 1;
            right += 1;
        }
    }
    let share = |part: usize, whole: usize| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    let labels: BTreeMap<_, _> = counts
        .into_iter()
        .map(|(label, [hit, all, told])| {
            (
                label,
                (share(hit, told), share(hit, all), share(2 * hit, all + told), all),
            )
        })
        .collect();
    ClassifierScore {
        accuracy: share(right, texts.len()),
        macro_f1: labels.values().map(|(.., f1, _)| f1).sum::<f64>() / labels.len().max(1) as f64,
        labels,
    }
}
