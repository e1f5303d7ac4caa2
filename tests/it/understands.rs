//! What understanding promises: measured on the labelled files beside the project.

#[path = "../support/mod.rs"]
mod support;

use diemtin::analyse::Analyser;
use diemtin::model::Time;
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
        assert!(value(&found, "relevance recall") >= 0.85);
    }
}

#[test]
fn values_are_held_against_the_facts_of_their_time() {
    if let Some(found) = figures("facts-dev.jsonl") {
        assert!(value(&found, "facts right, of those judged") >= 0.8);
    }
}
