//! Reads the field notes beside the project into `Knowledge`, for tests of understanding.

use std::path::{Path, PathBuf};

use diemtin::model::knowledge::{FactFile, Knowledge};
use toml::{Table, Value};

/// The folder of field notes, if it is here.
pub fn shared() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    folder.join("domain").is_dir().then_some(folder)
}

fn table(path: &Path) -> Table {
    std::fs::read_to_string(path).unwrap().parse().unwrap()
}

fn list(value: &Table, key: &str) -> Vec<Table> {
    value[key]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_table().unwrap().clone())
        .collect()
}

fn texts(value: &Value) -> Vec<String> {
    value.clone().try_into().unwrap()
}

/// The knowledge of the field notes.
pub fn knowledge(shared: &Path) -> Knowledge {
    let domain = shared.join("domain");
    let mut knowledge = Knowledge {
        version: "field-notes".into(),
        ..Knowledge::default()
    };
    let topics = table(&domain.join("topics.toml"));
    let anchors = topics["anchors"].as_table().unwrap();
    let words = &mut knowledge.relevance;
    words.strong = texts(&anchors["strong"]);
    words.strong_fold = texts(&anchors["strong_fold"]);
    words.abbr = texts(&anchors["abbr"]);
    words.weak = texts(&anchors["weak"]);
    words.weak_fold = texts(&anchors["weak_fold"]);
    words.not_ours = topics["not_ours"].clone().try_into().unwrap();
    words.teencode = topics["teencode"]["map"].clone().try_into().unwrap();
    knowledge.topics = named(
        list(&topics, "topic"),
        |t: &mut diemtin::model::knowledge::Topic, id| t.id = id,
    );
    knowledge.rumours = named(
        list(&table(&domain.join("rumours.toml")), "rumour"),
        |r: &mut diemtin::model::knowledge::Rumour, id| r.id = id,
    );
    let mut facts = table(&domain.join("facts.toml"));
    for fact in facts["fact"].as_array_mut().unwrap() {
        let empty = Value::Array(Vec::new());
        fact.as_table_mut().unwrap().entry("topics").or_insert(empty);
    }
    knowledge.facts = vec![FactFile {
        subject: "all".into(),
        reviewed: chrono::NaiveDate::from_ymd_opt(2026, 11, 20).unwrap(),
        facts: facts["fact"].clone().try_into().unwrap(),
        cases: Vec::new(),
    }];
    knowledge.provinces = provinces(table(&domain.join("provinces.toml")));
    knowledge
}

fn named<T: serde::de::DeserializeOwned>(tables: Vec<Table>, name: impl Fn(&mut T, String)) -> Vec<T> {
    let read = |mut table: Table| {
        let id = table.remove("id").unwrap().as_str().unwrap().to_owned();
        // The notes leave empty lists out.
        if table.contains_key("claim") {
            table.entry("refuted_by").or_insert_with(|| Value::Array(Vec::new()));
        }
        let mut value: T = Value::Table(table).try_into().unwrap();
        name(&mut value, id);
        value
    };
    tables.into_iter().map(read).collect()
}

fn provinces(mut notes: Table) -> diemtin::model::knowledge::Provinces {
    notes.remove("schema_version");
    notes.insert("valid_from".into(), Value::String("2025-07-01".into()));
    for province in notes["province"].as_array_mut().unwrap() {
        let province = province.as_table_mut().unwrap();
        plain_flag(province);
        for old in province
            .get_mut("old")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            plain_flag(old.as_table_mut().unwrap());
        }
    }
    Value::Table(notes).try_into().unwrap()
}

/// The notes explain an ambiguity in words; the model only needs to know of it.
fn plain_flag(table: &mut Table) {
    if let Some(flag) = table.get_mut("ambiguous") {
        *flag = Value::Boolean(flag.as_bool().unwrap_or(true));
    }
}
