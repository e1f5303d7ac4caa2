//! What understanding promises: measured on the labelled files beside the project, floors that are only ever raised.

use std::path::PathBuf;

use diemtin::analyse::Analyser;
use diemtin::pipeline::scoring::{Figure, Options, score};

/// The figures of a labelled file; `None`, said aloud, where the files are not.
fn figures(file: &str) -> Option<Vec<Figure>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/eval")
        .join(file);
    if !path.is_file() {
        eprintln!("skipped: ../shared not here");
        return None;
    }
    let catalogue = diemtin::catalogue::load(None, None).unwrap();
    let at = diemtin::text::date::parse("2026-11-20T12:00:00+07:00").unwrap();
    let options = Options {
        at,
        no_thread: false,
        fold: false,
    };
    let found = score(
        &Analyser::new(&catalogue.knowledge),
        &std::fs::read_to_string(path).unwrap(),
        options,
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

/// Figures with their floors: raised when understanding gets better, never lowered.
#[test]
fn understanding_stays_above_its_floors() {
    let Some(found) = figures("dev.jsonl") else { return };
    let floors = [
        ("relevance precision", 0.99),
        ("relevance recall", 0.97),
        ("topics micro-F1", 0.77),
        ("main topic accuracy", 0.79),
        ("sentiment macro-F1", 0.81),
        ("content kind macro-F1, classes of 10 or more", 0.82),
        ("flagged recall (rumour, scam, outdated)", 0.61),
        ("flagged recall of catalogued", 0.96),
        ("flagged precision", 0.97),
        ("debunk told", 0.95),
        ("question told", 0.9),
    ];
    for (name, floor) in floors {
        assert!(
            value(&found, name) >= floor,
            "{name}: {} is below its floor {floor}",
            value(&found, name)
        );
    }
    assert!(value(&found, "false accusations") <= 0.0, "nobody innocent is accused");
    assert!(value(&found, "irrelevant kept") <= 0.05);
}

#[test]
fn a_day_of_items_is_understood() {
    let Some(found) = figures("day.jsonl") else { return };
    assert!(value(&found, "relevance recall") >= 0.93);
    assert!(value(&found, "false accusations") <= 0.0);
}

#[test]
fn values_are_held_against_the_facts_of_their_time() {
    let Some(found) = figures("facts-dev.jsonl") else {
        return;
    };
    assert!(value(&found, "facts right, of those judged") >= 0.99);
    assert!(value(&found, "facts left unjudged") <= 0.63);
}
