//! Scores a labelled file: what `diemtin eval` prints, a line a figure.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::Deserialize;

use crate::analyse::{Analyser, Context};
use crate::model::analysis::{Analysis, FactVerdict, SentimentLabel, Verdict};
use crate::model::item::{Item, Record};
use crate::model::{Time, vietnam};

/// How the file is analysed.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// "Now" for items without a date.
    pub at: Time,
    /// Whether parents and threads are ignored.
    pub no_thread: bool,
    /// Whether accents are stripped first.
    pub fold: bool,
}

/// One figure.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Figure {
    /// What was measured.
    pub name: String,
    /// A share in 0..=1 or a count.
    pub value: f64,
    /// What it rests on, such as `37 of 41`.
    pub basis: String,
}

/// Why a file could not be scored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScoreError {
    /// A line is not a labelled item or fact text.
    #[error("line {line}: {problem}; the fields are described in the labelling guide")]
    Line {
        /// Number from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// Nothing to score.
    #[error("the file has no labelled line; give a file with one JSON object a line")]
    Empty,
}

#[derive(Debug, Clone, Deserialize)]
struct Label {
    relevant: bool,
    #[serde(default)]
    topics: Vec<String>,
    sentiment: String,
    content_kind: String,
    misinformation: Verdict,
    #[serde(default)]
    rumour_id: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct FactText {
    at: NaiveDate,
    #[serde(default)]
    facts: Vec<ExpectedFact>,
}

#[derive(Debug, Clone, Deserialize)]
struct ExpectedFact {
    id: String,
    verdict: FactVerdict,
}

/// An item with what people and the program say of it.
struct Pair {
    label: Label,
    found: Analysis,
}

/// Scores a labelled file; which of the two kinds it is shows in its fields.
///
/// # Errors
/// [`ScoreError`] when a line is broken or nothing is labelled.
pub fn score(analyser: &Analyser, file: &str, options: Options) -> Result<Vec<Figure>, ScoreError> {
    let lines: Vec<(usize, &str)> = file.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()).collect();
    let first = lines.first().ok_or(ScoreError::Empty)?;
    if read::<serde_json::Value>(first.0, first.1)?.get("facts").is_some() {
        score_facts(analyser, &lines, options)
    } else {
        Ok(item_figures(&pairs(analyser, &lines, options)?))
    }
}

fn read<T: serde::de::DeserializeOwned>(line: usize, text: &str) -> Result<T, ScoreError> {
    serde_json::from_str(text).map_err(|e| ScoreError::Line {
        line: line + 1,
        problem: e.to_string(),
    })
}

fn record(line: usize, text: &str) -> Result<Record, ScoreError> {
    Record::parse(line + 1, text).map_err(|e| ScoreError::Line {
        line: line + 1,
        problem: e.to_string(),
    })
}

fn pairs(analyser: &Analyser, lines: &[(usize, &str)], options: Options) -> Result<Vec<Pair>, ScoreError> {
    let mut done: BTreeMap<String, (Item, Analysis)> = BTreeMap::new();
    let mut pairs = Vec::new();
    for (line, text) in lines {
        let record = record(*line, text)?;
        if record.is_observation || done.contains_key(record.item.id.as_str()) {
            continue;
        }
        let label: Label = read(*line, text)?;
        let item = record.item;
        let parent = item.parent.as_ref().and_then(|id| done.get(id.as_str()));
        let gist = parent.map(|(p, _)| {
            if p.title.is_empty() {
                p.text.clone()
            } else {
                p.title.clone()
            }
        });
        let context = Context {
            thread: (!options.no_thread)
                .then(|| item.thread.as_deref().or(gist.as_deref()))
                .flatten(),
            parent: parent.filter(|_| !options.no_thread).map(|p| &p.1),
            at: options.at,
            source_province: None,
            fold: options.fold,
        };
        let found = analyser.analyse(&item, &context);
        pairs.push(Pair {
            label,
            found: found.clone(),
        });
        done.insert(item.id.as_str().to_owned(), (item, found));
    }
    if pairs.is_empty() {
        Err(ScoreError::Empty)
    } else {
        Ok(pairs)
    }
}

fn share(name: &str, part: usize, whole: usize) -> Figure {
    Figure {
        name: name.into(),
        value: if whole == 0 { 0.0 } else { part as f64 / whole as f64 },
        basis: format!("{part} of {whole}"),
    }
}

fn item_figures(pairs: &[Pair]) -> Vec<Figure> {
    let count = |test: &dyn Fn(&Pair) -> bool| pairs.iter().filter(|p| test(p)).count();
    let both = count(&|p| p.label.relevant && p.found.relevant);
    let mut figures = vec![
        share("relevance precision", both, count(&|p| p.found.relevant)),
        share("relevance recall", both, count(&|p| p.label.relevant)),
        share(
            "irrelevant kept",
            count(&|p| !p.label.relevant && p.found.relevant),
            count(&|p| !p.label.relevant),
        ),
    ];
    figures.extend(topic_figures(pairs));
    let relevant: Vec<&Pair> = pairs.iter().filter(|p| p.label.relevant).collect();
    let moods: Vec<(String, String)> = relevant
        .iter()
        .map(|p| (p.label.sentiment.clone(), p.found.sentiment.label.to_string()))
        .collect();
    figures.push(macro_f1("sentiment macro-F1", &moods, 1));
    figures.push(share(
        "sentiment accuracy",
        moods.iter().filter(|m| m.0 == m.1).count(),
        moods.len(),
    ));
    let kinds: Vec<(String, String)> = relevant
        .iter()
        .map(|p| (p.label.content_kind.clone(), p.found.content_kind.to_string()))
        .collect();
    figures.push(macro_f1("content kind macro-F1, classes of 10 or more", &kinds, 10));
    figures.extend(verdict_figures(pairs));
    let negative = count(&|p| p.found.sentiment.label == SentimentLabel::Negative);
    figures.push(Figure {
        name: "called negative".into(),
        value: negative as f64,
        basis: format!("of {}", pairs.len()),
    });
    figures
}

/// Topics without `tin_gia_chinh_sach`, which either side may add.
fn topic_figures(pairs: &[Pair]) -> Vec<Figure> {
    const LEFT_OUT: &str = "tin_gia_chinh_sach";
    let (mut hit, mut said, mut right, mut main, mut with_main) = (0, 0, 0, 0, 0);
    for pair in pairs.iter().filter(|p| p.label.relevant) {
        let want: Vec<&str> = pair
            .label
            .topics
            .iter()
            .map(String::as_str)
            .filter(|t| *t != LEFT_OUT)
            .collect();
        let got: Vec<&str> = pair
            .found
            .topics
            .iter()
            .map(|t| t.id.as_str())
            .filter(|t| *t != LEFT_OUT)
            .collect();
        hit += got.iter().filter(|t| want.contains(t)).count();
        said += got.len();
        right += want.len();
        with_main += usize::from(!want.is_empty());
        main += usize::from(!want.is_empty() && want.first() == got.first());
    }
    vec![
        Figure {
            name: "topics micro-F1".into(),
            value: 2.0 * hit as f64 / (said + right).max(1) as f64,
            basis: format!("{hit} hits, {said} given, {right} labelled"),
        },
        share("main topic accuracy", main, with_main),
    ]
}

fn verdict_figures(pairs: &[Pair]) -> Vec<Figure> {
    let count = |test: &dyn Fn(&Pair) -> bool| pairs.iter().filter(|p| test(p)).count();
    let bad = |p: &Pair| p.label.misinformation.is_flagged();
    let innocent = |p: &Pair| {
        matches!(
            p.label.misinformation,
            Verdict::None | Verdict::Question | Verdict::Debunk
        )
    };
    let flagged = |p: &Pair| p.found.misinformation.verdict.is_flagged();
    let catalogued = |p: &Pair| bad(p) && p.label.rumour_id.is_some();
    let is = |p: &Pair, verdict| p.label.misinformation == verdict && p.found.misinformation.verdict == verdict;
    let one = |name: &str, verdict| {
        share(
            name,
            count(&|p| is(p, verdict)),
            count(&|p| p.label.misinformation == verdict),
        )
    };
    vec![
        share(
            "flagged recall (rumour, scam, outdated)",
            count(&|p| bad(p) && flagged(p)),
            count(&bad),
        ),
        share(
            "flagged recall of catalogued",
            count(&|p| catalogued(p) && flagged(p)),
            count(&catalogued),
        ),
        share(
            "right entry named, of catalogued flagged",
            count(&|p| catalogued(p) && flagged(p) && p.label.rumour_id == p.found.misinformation.rumour_id),
            count(&|p| catalogued(p) && flagged(p)),
        ),
        share("flagged precision", count(&|p| bad(p) && flagged(p)), count(&flagged)),
        share(
            "false accusations",
            count(&|p| innocent(p) && flagged(p)),
            count(&innocent),
        ),
        share(
            "needs_check given",
            count(&|p| p.found.misinformation.verdict == Verdict::NeedsCheck),
            pairs.len(),
        ),
        one("debunk told", Verdict::Debunk),
        one("question told", Verdict::Question),
    ]
}

/// Mean F1 of the classes with at least `least` labelled examples.
fn macro_f1(name: &str, pairs: &[(String, String)], least: usize) -> Figure {
    let classes: BTreeSet<&str> = pairs.iter().map(|p| p.0.as_str()).collect();
    let mut parts = Vec::new();
    for class in classes {
        let labelled = pairs.iter().filter(|p| p.0 == class).count();
        if labelled >= least {
            let given = pairs.iter().filter(|p| p.1 == class).count();
            let hit = pairs.iter().filter(|p| p.0 == class && p.1 == class).count();
            parts.push((class, 2.0 * hit as f64 / (labelled + given) as f64));
        }
    }
    let basis = parts
        .iter()
        .map(|(class, f1)| format!("{class} {f1:.2}"))
        .collect::<Vec<_>>()
        .join(", ");
    let value = parts.iter().map(|p| p.1).sum::<f64>() / parts.len().max(1) as f64;
    Figure {
        name: name.into(),
        value,
        basis,
    }
}

fn score_facts(analyser: &Analyser, lines: &[(usize, &str)], options: Options) -> Result<Vec<Figure>, ScoreError> {
    let (mut expected, mut right, mut wrong, mut silent, mut extra) = (0, 0, 0, 0, 0);
    let (mut outdated, mut recognised) = (0, 0);
    for (line, text) in lines {
        let item = record(*line, text)?.item;
        let want: FactText = read(*line, text)?;
        let noon = want
            .at
            .and_hms_opt(12, 0, 0)
            .expect("noon exists")
            .and_local_timezone(vietnam());
        let at = noon
            .single()
            .map_or(options.at, |t| t.with_timezone(&options.at.timezone()));
        let context = Context {
            thread: None,
            parent: None,
            at,
            source_province: None,
            fold: options.fold,
        };
        let found = analyser.analyse(&item, &context).misinformation.facts;
        for fact in &want.facts {
            expected += 1;
            outdated += usize::from(fact.verdict == FactVerdict::Outdated);
            match found.iter().find(|f| f.id == fact.id) {
                None => silent += 1,
                Some(f) if f.verdict == fact.verdict => {
                    right += 1;
                    recognised += usize::from(fact.verdict == FactVerdict::Outdated);
                }
                Some(_) => wrong += 1,
            }
        }
        extra += found
            .iter()
            .filter(|f| !want.facts.iter().any(|w| w.id == f.id))
            .count();
    }
    Ok(vec![
        share("facts right, of those judged", right, right + wrong),
        share("facts left unjudged", silent, expected),
        share("outdated recognised", recognised, outdated),
        Figure {
            name: "judged without a label".into(),
            value: extra as f64,
            basis: format!("in {} texts", lines.len()),
        },
    ])
}
