//! The models that are shipped: rebuilt from the corpus that lies beside them, small, and open about their reasons.

use std::path::Path;

use diemtin::analyse::{Analyser, Context, learnt};
use diemtin::model::item::Record;
use diemtin::pipeline::training;

fn corpus() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

#[test]
fn the_shipped_model_was_trained_from_this_corpus() {
    let model = learnt::shipped().expect("models/understanding.dtm is a model");
    let corpus = training::corpus_version(&corpus()).unwrap();
    assert_eq!(
        model.note(),
        corpus,
        "the corpus changed: run `diemtin train` and commit models/"
    );
    assert!(model.to_bytes().len() < 50_000_000);
}

#[test]
fn the_corpus_is_large_and_every_line_is_an_item() {
    let mut items = 0;
    for path in training::corpus_files(&corpus()).unwrap() {
        let text = std::fs::read_to_string(&path).unwrap();
        for (number, line) in text.lines().enumerate() {
            Record::parse(number + 1, line).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            items += 1;
        }
    }
    assert!(items >= 4_000, "{items}");
}

#[test]
fn a_decision_of_the_model_shows_the_words_it_rests_on() {
    let catalogue = diemtin::catalogue::load(None, None).unwrap();
    let analyser = Analyser::new(&catalogue.knowledge);
    let item = Record::parse(
        1,
        r#"{"id":"x","kind":"post","platform":"facebook","text":"Làm ăn kiểu gì mà hồ sơ BHXH của tôi ngâm ba tháng trời, gọi điện thì đùn đẩy, chán không buồn nói."}"#,
    )
    .unwrap()
    .item;
    let context = Context {
        thread: None,
        parent: None,
        at: diemtin::text::date::parse("2026-11-20T08:00:00+07:00").unwrap(),
        source_province: None,
        fold: false,
    };
    let analysis = analyser.analyse(&item, &context);
    assert_eq!(analysis.sentiment.label.as_str(), "negative");
    let reason = analysis
        .reasons
        .iter()
        .find(|reason| reason.what == "sentiment:negative")
        .unwrap();
    assert!(item.text.contains(&reason.text), "{reason:?}");
}

#[test]
fn a_labelled_file_that_lacks_a_field_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    std::fs::write(&path, "{\"text\":\"a\",\"label\":1}\n{\"text\":\"b\"}\n").unwrap();
    let error = training::labelled(&path, "text", "label").unwrap_err().to_string();
    assert!(error.contains("line 2") && error.contains("`label`"), "{error}");
}
