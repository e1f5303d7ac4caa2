//! Scores a labelled file with the service: what `diemtin eval` prints.
//!
//! Two kinds of file, told apart by their fields: labelled items and statements of facts (LABELS.md of the evaluation
//! set). Figures follow the definitions there: `tin_gia_chinh_sach` stays out of topic scores; flagged means rumour, scam,
//! outdated or contradicts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::analyse::{Analyser, Context};
use crate::model::analysis::{Analysis, FactVerdict};
use crate::model::item::{Item, Record, RecordError};
use crate::model::{ItemId, Time};

/// How to read the file.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// "Now" for items without a time.
    pub at: Time,
    /// Ignore parents and threads.
    pub no_thread: bool,
    /// Strip accents first.
    pub fold: bool,
}

/// One figure: name, value between 0 and 1 or a count, and over how many it was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What is measured.
    pub name: String,
    /// The value.
    pub value: f64,
    /// Cases it was taken over.
    pub over: usize,
}

/// Scores the lines of a labelled file.
///
/// # Errors
/// When a line is not an item; the line and field are named.
pub fn score(text: &str, analyser: &Analyser, options: Options) -> Result<Vec<Figure>, RecordError> {
    let mut labelled = Vec::new();
    let mut known: BTreeMap<ItemId, (Item, Analysis)> = BTreeMap::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let raw: Value = serde_json::from_str(line).unwrap_or_default();
        if raw.get("observation").and_then(Value::as_bool) == Some(true) {
            continue;
        }
        let mut item = Record::parse(index + 1, line)?.item;
        if let Some(at) = raw.get("at").and_then(Value::as_str) {
            item.published_at = crate::text::date::parse(at);
        }
        let parent = item
            .parent
            .as_ref()
            .and_then(|id| known.get(id))
            .filter(|_| !options.no_thread);
        let gist = parent.map(|(p, _)| {
            if p.title.is_empty() {
                p.text.clone()
            } else {
                p.title.clone()
            }
        });
        let thread = item.thread.clone().filter(|_| !options.no_thread).or(gist);
        let context = Context {
            thread: thread.as_deref(),
            parent: parent.map(|(_, analysis)| analysis),
            at: options.at,
            source_province: raw.get("province").and_then(Value::as_str),
            fold: options.fold,
        };
        let analysis = analyser.analyse(&item, &context);
        known.insert(item.id.clone(), (item, analysis.clone()));
        labelled.push((raw, analysis));
    }
    let is_facts = labelled.first().is_some_and(|(raw, _)| raw.get("facts").is_some());
    Ok(if is_facts { facts(&labelled) } else { items(&labelled) })
}

type Labelled = [(Value, Analysis)];

fn word<'a>(raw: &'a Value, field: &str) -> &'a str {
    raw.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn share(name: &str, hit: usize, of: usize) -> Figure {
    Figure {
        name: name.into(),
        value: if of == 0 { 0.0 } else { hit as f64 / of as f64 },
        over: of,
    }
}

fn count(name: &str, n: usize, of: usize) -> Figure {
    Figure {
        name: name.into(),
        value: n as f64,
        over: of,
    }
}

fn items(labelled: &Labelled) -> Vec<Figure> {
    let gold_relevant = |raw: &Value| raw.get("relevant").and_then(Value::as_bool).unwrap_or(false);
    let relevant: Vec<&(Value, Analysis)> = labelled.iter().filter(|(raw, _)| gold_relevant(raw)).collect();
    let kept = labelled.iter().filter(|(_, found)| found.relevant).count();
    let right = relevant.iter().filter(|(_, found)| found.relevant).count();
    let mut figures = vec![
        share("relevance recall", right, relevant.len()),
        share("relevance precision", right, kept),
        count("irrelevant kept", kept - right, labelled.len() - relevant.len()),
    ];
    figures.extend(topics(&relevant));
    let pairs = |field: &str, of: fn(&Analysis) -> &'static str| -> Vec<(String, String)> {
        relevant
            .iter()
            .map(|(raw, found)| (word(raw, field).to_owned(), of(found).to_owned()))
            .collect()
    };
    figures.push(macro_f1(
        "sentiment macro-F1",
        &pairs("sentiment", |a| a.sentiment.label.as_str()),
        1,
    ));
    figures.push(macro_f1(
        "content kind macro-F1",
        &pairs("content_kind", |a| a.content_kind.as_str()),
        10,
    ));
    figures.extend(verdicts(labelled));
    figures
}

fn topics(relevant: &[&(Value, Analysis)]) -> Vec<Figure> {
    let (mut both, mut gold_all, mut found_all, mut main, mut mains) = (0, 0, 0, 0, 0);
    for (raw, found) in relevant {
        let gold: Vec<&str> = raw
            .get("topics")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .filter(|t| *t != "tin_gia_chinh_sach")
            .collect();
        let got: Vec<&str> = found
            .topics
            .iter()
            .map(|t| t.id.as_str())
            .filter(|t| *t != "tin_gia_chinh_sach")
            .collect();
        both += got.iter().filter(|t| gold.contains(t)).count();
        gold_all += gold.len();
        found_all += got.len();
        if let Some(first) = gold.first() {
            mains += 1;
            main += usize::from(got.first() == Some(first));
        }
    }
    let f1 = 2.0 * both as f64 / (gold_all + found_all).max(1) as f64;
    vec![
        Figure {
            name: "topics micro-F1".into(),
            value: f1,
            over: gold_all,
        },
        share("main topic right", main, mains),
    ]
}

/// The mean of the classes' F1, over classes with at least `least` labelled cases.
fn macro_f1(name: &str, pairs: &[(String, String)], least: usize) -> Figure {
    let classes: BTreeSet<&str> = pairs.iter().map(|(gold, _)| gold.as_str()).collect();
    let of_class = |class: &str| {
        let both = pairs.iter().filter(|(g, f)| g == class && f == class).count();
        let either =
            pairs.iter().filter(|(g, _)| g == class).count() + pairs.iter().filter(|(_, f)| f == class).count();
        2.0 * both as f64 / either.max(1) as f64
    };
    let counted: Vec<&str> = classes
        .into_iter()
        .filter(|class| pairs.iter().filter(|(g, _)| g == class).count() >= least)
        .collect();
    let sum: f64 = counted.iter().map(|class| of_class(class)).sum();
    Figure {
        name: name.into(),
        value: sum / counted.len().max(1) as f64,
        over: pairs.len(),
    }
}

fn verdicts(labelled: &Labelled) -> Vec<Figure> {
    let is_false = |raw: &Value| {
        matches!(
            word(raw, "misinformation"),
            "rumour" | "scam" | "outdated" | "contradicts"
        )
    };
    let flagged = |found: &Analysis| found.misinformation.verdict.is_flagged();
    let bad: Vec<_> = labelled.iter().filter(|(raw, _)| is_false(raw)).collect();
    let good: Vec<_> = labelled.iter().filter(|(raw, _)| !is_false(raw)).collect();
    let catalogued: Vec<_> = bad
        .iter()
        .filter(|(raw, _)| raw.get("rumour_id").is_some_and(Value::is_string))
        .collect();
    let hits = bad.iter().filter(|(_, found)| flagged(found)).count();
    let accused = good.iter().filter(|(_, found)| flagged(found)).count();
    let unclear = good
        .iter()
        .filter(|(raw, found)| {
            word(raw, "misinformation") != "needs_check" && found.misinformation.verdict.as_str() == "needs_check"
        })
        .count();
    let stances: Vec<_> = labelled
        .iter()
        .filter(|(raw, _)| matches!(word(raw, "misinformation"), "debunk" | "question"))
        .collect();
    let told = stances
        .iter()
        .filter(|(raw, found)| found.misinformation.verdict.as_str() == word(raw, "misinformation"))
        .count();
    vec![
        share("flagged recall", hits, bad.len()),
        share(
            "flagged recall, catalogued",
            catalogued.iter().filter(|(_, f)| flagged(f)).count(),
            catalogued.len(),
        ),
        share("flagged precision", hits, hits + accused),
        share("false accusation", accused, good.len()),
        share("needs_check of the rest", unclear, good.len()),
        share("debunks and questions told apart", told, stances.len()),
    ]
}

fn facts(labelled: &Labelled) -> Vec<Figure> {
    let (mut judged, mut right, mut abstained, mut outdated, mut outdated_right, mut invented) = (0, 0, 0, 0, 0, 0);
    for (raw, found) in labelled {
        let gold: BTreeMap<&str, &str> = raw
            .get("facts")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|fact| (word(fact, "id"), word(fact, "verdict")))
            .filter(|(_, verdict)| *verdict != "unclear")
            .collect();
        let sure = |f: &&crate::model::analysis::FactCheck| f.verdict != FactVerdict::Unclear;
        let got: BTreeMap<&str, &str> = found
            .misinformation
            .facts
            .iter()
            .filter(sure)
            .map(|fact| (fact.id.as_str(), fact.verdict.as_str()))
            .collect();
        for (id, verdict) in &gold {
            outdated += usize::from(*verdict == "outdated");
            match got.get(id) {
                None => abstained += 1,
                Some(answer) => {
                    judged += 1;
                    right += usize::from(answer == verdict);
                    outdated_right += usize::from(*verdict == "outdated" && answer == verdict);
                }
            }
        }
        invented += got.keys().filter(|id| !gold.contains_key(*id)).count();
    }
    vec![
        share("facts right where judged", right, judged),
        share("facts abstained", abstained, judged + abstained),
        share("outdated recognised", outdated_right, outdated),
        count("judged without a label", invented, labelled.len()),
    ]
}
