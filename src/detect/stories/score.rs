//! How well stories agree with gold, and the work of `diemtin stories`.

use std::collections::HashMap;
use std::hash::Hash;
use std::io::BufRead;

use super::{Clusterer, StoryDoc, partition};
use crate::model::from_unix_ms;
use crate::model::item::{Record, RecordError};
use crate::model::story::Assignment;

/// Documents up to which a file is grouped as a whole; larger ones one by one.
const WHOLE: usize = 20_000;

/// Agreement with gold, each 0 to 1 (ARI may fall below 0).
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Figures {
    /// Items that have a gold story.
    pub items: usize,
    /// B-cubed precision: how far a story holds one event only.
    pub precision: f64,
    /// B-cubed recall: how far an event is in one story.
    pub recall: f64,
    /// Their harmonic mean.
    pub f1: f64,
    /// Adjusted Rand index.
    pub ari: f64,
}

/// The stories of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// In the order of the file.
    pub assignments: Vec<Assignment>,
    /// Agreement with the gold field, where one was named.
    pub figures: Option<Figures>,
}

/// Why a file could not be grouped.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The file broke off.
    #[error("the file cannot be read: {0}; check the path and the disk")]
    Read(#[from] std::io::Error),
    /// A line is not an item.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// Groups the items of an NDJSON file, in file order; observations and repeated ids are passed over.
///
/// # Errors
/// When the file cannot be read or a line is not an item.
pub fn run(reader: impl BufRead, gold: Option<&str>, online: bool) -> Result<Outcome, RunError> {
    let mut docs: Vec<StoryDoc> = Vec::new();
    let mut labels: HashMap<String, String> = HashMap::new();
    let mut seen = std::collections::HashSet::new();
    for (number, line) in reader.lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let record = Record::parse(number + 1, &line)?;
        if record.is_observation || !seen.insert(record.item.id.clone()) {
            continue;
        }
        if let Some(label) = gold.and_then(|field| label(&line, field)) {
            labels.insert(record.item.id.0.clone(), label);
        }
        docs.push(StoryDoc::of(&record.item, from_unix_ms(0)));
    }
    let assignments = tell(&docs, online);
    let figures = gold.map(|_| {
        let judged = assignments
            .iter()
            .filter_map(|a| Some((a.story.as_str(), labels.get(a.id.as_str())?.as_str())));
        score(&judged.collect::<Vec<_>>())
    });
    Ok(Outcome { assignments, figures })
}

fn label(line: &str, field: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(line).ok()?;
    match value.get(field)? {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn tell(docs: &[StoryDoc], online: bool) -> Vec<Assignment> {
    if !online && docs.len() <= WHOLE {
        let mut of: HashMap<_, _> = partition(docs).into_iter().map(|a| (a.id.clone(), a)).collect();
        return docs.iter().filter_map(|d| of.remove(&d.id)).collect();
    }
    let mut clusterer = Clusterer::new();
    let first: Vec<Assignment> = docs.iter().map(|d| clusterer.add(d)).collect();
    if online { first } else { clusterer.assignments() }
}

/// One line of output: `{"id","story","reprint_of"}`.
pub fn ndjson(assignment: &Assignment) -> String {
    serde_json::to_string(assignment).expect("an assignment is plain text")
}

/// B-cubed and adjusted Rand index over pairs of told and gold story (Amigó et al. 2009; Hubert and Arabie 1985).
pub fn score(pairs: &[(&str, &str)]) -> Figures {
    let told = count(pairs.iter().map(|p| p.0));
    let gold = count(pairs.iter().map(|p| p.1));
    let both = count(pairs.iter().copied());
    let n = pairs.len().max(1) as f64;
    let precision = both.iter().map(|((t, _), c)| c * c / told[t]).sum::<f64>() / n;
    let recall = both.iter().map(|((_, g), c)| c * c / gold[g]).sum::<f64>() / n;
    let f1 = if precision + recall > 0.0 {
        2.0 * precision * recall / (precision + recall)
    } else {
        0.0
    };
    let choose = |c: &f64| c * (c - 1.0) / 2.0;
    let (a, b) = (
        told.values().map(choose).sum::<f64>(),
        gold.values().map(choose).sum::<f64>(),
    );
    let index = both.values().map(choose).sum::<f64>();
    let expected = a * b / choose(&n).max(1.0);
    let most = (a + b) / 2.0;
    let ari = if (most - expected).abs() < 1e-12 {
        1.0
    } else {
        (index - expected) / (most - expected)
    };
    Figures {
        items: pairs.len(),
        precision,
        recall,
        f1,
        ari,
    }
}

fn count<K: Eq + Hash>(keys: impl Iterator<Item = K>) -> HashMap<K, f64> {
    let mut counts = HashMap::new();
    for key in keys {
        *counts.entry(key).or_insert(0.0) += 1.0;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn perfect_stories_score_one_and_one_big_heap_loses_precision() {
        let perfect = score(&[("a", "x"), ("a", "x"), ("b", "y")]);
        assert_eq!((perfect.f1, perfect.ari), (1.0, 1.0));
        let heap = score(&[("a", "x"), ("a", "x"), ("a", "y"), ("a", "y")]);
        assert_eq!((heap.precision, heap.recall, heap.ari), (0.5, 1.0, 0.0));
    }

    #[test]
    fn a_broken_line_is_named() {
        let error = run("{\"id\":\"a\"}\n{".as_bytes(), None, false).unwrap_err();
        assert!(error.to_string().starts_with("line 2"));
    }
}
