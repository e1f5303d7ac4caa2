//! What understanding promises: measured on the labelled files beside the project.

#[path = "../support/mod.rs"]
mod support;

use diemtin::analyse::{Analyser, Context};
use diemtin::model::Time;
use diemtin::model::analysis::Verdict;
use diemtin::model::item::Record;
use diemtin::pipeline::scoring::{Figure, Options, score};

fn at() -> Time {
    diemtin::text::date::parse("2026-11-20T12:00:00+07:00").unwrap()
}

fn figures(file: &str) -> Option<Vec<Figure>> {
    let Some(shared) = support::knowledge::shared() else {
        eprintln!("skipped: ../shared not here");
        return None;
    };
    let analyser = Analyser::new(&support::knowledge::knowledge(&shared));
    let text = std::fs::read_to_string(shared.join("eval").join(file)).unwrap();
    let found = score(
        &analyser,
        &text,
        Options {
            at: at(),
            no_thread: false,
            fold: false,
        },
    )
    .unwrap();
    for f in &found {
        println!("{file}: {}: {:.3} ({})", f.name, f.value, f.basis);
    }
    Some(found)
}

fn value(figures: &[Figure], name: &str) -> f64 {
    figures.iter().find(|f| f.name == name).unwrap().value
}

#[test]
fn innocent_texts_are_hardly_ever_accused() {
    if let Some(found) = figures("dev.jsonl") {
        assert!(value(&found, "false accusations") <= 0.02);
    }
}

#[test]
fn a_day_of_items_is_understood() {
    if let Some(found) = figures("day.jsonl") {
        assert!(value(&found, "relevance recall") >= 0.9);
    }
}

#[test]
fn values_are_held_against_the_facts_of_their_time() {
    if let Some(found) = figures("facts-dev.jsonl") {
        assert!(value(&found, "facts right, of those judged") >= 0.8);
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Sentence {
    kind: String,
    thread: String,
    text: String,
    relevant: bool,
    verdict: String,
}

#[derive(serde::Deserialize)]
struct Sentences {
    sentence: Vec<Sentence>,
}

#[test]
fn sentences_of_our_own_are_understood_in_every_spelling() {
    let Some(shared) = support::knowledge::shared() else {
        eprintln!("skipped: ../shared not here");
        return;
    };
    let analyser = Analyser::new(&support::knowledge::knowledge(&shared));
    let all: Sentences = toml::from_str(include_str!("../support/sentences.toml")).unwrap();
    let mut wrong = Vec::new();
    for s in &all.sentence {
        let line = serde_json::json!({"id": "own", "kind": s.kind, "text": s.text}).to_string();
        let item = Record::parse(1, &line).unwrap().item;
        let thread = Some(s.thread.as_str()).filter(|t| !t.is_empty());
        let context = Context {
            thread,
            parent: None,
            at: at(),
            source_province: None,
            fold: false,
        };
        let found = analyser.analyse(&item, &context);
        let verdict = found.misinformation.verdict;
        let right = match s.verdict.as_str() {
            "flagged" => verdict.is_flagged(),
            "not_flagged" => !verdict.is_flagged(),
            exact => exact.parse::<Verdict>().unwrap() == verdict,
        };
        if !right || found.relevant != s.relevant {
            wrong.push(format!("{} → relevant {}, {verdict}", s.text, found.relevant));
        }
        for reason in &found.reasons {
            let full: Vec<char> = item.full_text().chars().collect();
            let words: String = full[reason.span[0]..reason.span[1]].iter().collect();
            assert_eq!(words, reason.text, "the span of {} leads to its words", reason.what);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
