//! Items that report the same event are one story.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use diemtin::detect::stories::{self, Clusterer, Figures, StoryDoc, partition, score};
use diemtin::model::from_unix_ms;
use diemtin::model::item::Record;
use diemtin::model::story::Assignment;
use serde_json::Value;

/// A file for evaluation beside the project, where there is one.
pub fn shared(name: &str) -> Option<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/eval")
        .join(name);
    let text = std::fs::read_to_string(path).ok();
    if text.is_none() {
        eprintln!("skipped: ../shared not here");
    }
    text
}

#[test]
fn stories_agree_with_readers_whatever_the_order() {
    let Some(text) = shared("stories-dev.ndjson") else {
        return;
    };
    let whole = stories::run(text.as_bytes(), Some("story"), false)
        .unwrap()
        .figures
        .unwrap();
    eprintln!("whole {whole:?}");
    let mut lines: Vec<&str> = text.lines().collect();
    let mut sum = (0.0, 0.0);
    for round in 0..10_u64 {
        lines.sort_by_key(|l| diemtin::text::sha256_hex(format!("{round}{}", &l[..20]).as_bytes()));
        let shuffled = lines.join("\n");
        if round < 2 {
            let again = stories::run(shuffled.as_bytes(), Some("story"), false)
                .unwrap()
                .figures
                .unwrap();
            assert!((again.f1 - whole.f1).abs() < 1e-9, "depends on the order: {again:?}");
        }
        let online = stories::run(shuffled.as_bytes(), Some("story"), true)
            .unwrap()
            .figures
            .unwrap();
        sum = (sum.0 + online.f1 / 10.0, sum.1 + online.ari / 10.0);
    }
    eprintln!("online, mean of ten orders {sum:?}");
    assert!(whole.f1 >= 0.93 && whole.ari >= 0.855, "{whole:?}");
    assert!(sum.0 >= 0.89 && sum.1 >= 0.79, "{sum:?}");
}

fn day() -> Option<(Vec<StoryDoc>, HashMap<String, String>)> {
    let text = shared("day.jsonl")?;
    let (mut docs, mut events) = (Vec::new(), HashMap::new());
    for (number, line) in text.lines().enumerate() {
        let raw: Value = serde_json::from_str(line).unwrap();
        let record = Record::parse(number + 1, line).unwrap();
        if record.is_observation || raw["relevant"] != Value::Bool(true) {
            continue;
        }
        if let Some(event) = raw["event"].as_str() {
            events.insert(record.item.id.0.clone(), event.to_owned());
        }
        docs.push(StoryDoc::of(&record.item, from_unix_ms(0)));
    }
    Some((docs, events))
}

#[test]
fn a_day_of_press_and_posts_falls_into_its_events() {
    let Some((docs, events)) = day() else { return };
    let told = partition(&docs);
    let pairs: Vec<(&str, &str)> = told
        .iter()
        .filter_map(|a| Some((a.story.as_str(), events.get(a.id.as_str())?.as_str())))
        .collect();
    let figures: Figures = score(&pairs);
    let mut one_by_one = Clusterer::new();
    docs.iter().for_each(|doc| drop(one_by_one.add(doc)));
    let merged = one_by_one.assignments();
    let known = |a: &'_ Assignment| Some((a.story.0.clone(), events.get(a.id.as_str())?.clone()));
    let grown: Vec<(String, String)> = merged.iter().filter_map(known).collect();
    let grown = score(&grown.iter().map(|(s, e)| (s.as_str(), e.as_str())).collect::<Vec<_>>());
    eprintln!("one by one {grown:?}");
    assert!(grown.precision >= 0.9, "{grown:?}");
    let mut table: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for (story, event) in &pairs {
        *table.entry(event).or_default().entry(story).or_default() += 1;
    }
    for (event, stories) in &table {
        let (all, most) = (
            stories.values().sum::<usize>(),
            stories.values().max().copied().unwrap_or(0),
        );
        eprintln!("{event}: {stories:?}");
        assert!(all < 7 || 4 * most >= 3 * all, "{event} is split: {stories:?}");
    }
    eprintln!("{figures:?}");
    assert!(figures.precision >= 0.97 && figures.f1 >= 0.9, "{figures:?}");
}

#[test]
fn a_time_line_of_copies_keeps_the_earliest_as_the_source() {
    let Some((mut docs, _)) = day() else { return };
    let told = partition(&docs);
    docs.reverse();
    assert_eq!(told, partition(&docs));
    let copy = told.iter().find(|a| a.id.as_str() == "x032").unwrap();
    assert_eq!(copy.reprint_of.as_ref().map(|i| i.as_str()), Some("x027"));
}
