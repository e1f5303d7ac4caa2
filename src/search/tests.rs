use proptest::prelude::*;

use super::*;

fn vocabulary() -> Vocabulary {
    let mut vocabulary = Vocabulary::default();
    vocabulary.add(Field::Topic, "luong_huu", "Lương hưu");
    vocabulary.add(Field::Sentiment, "negative", "tiêu cực");
    vocabulary.open(Field::Source);
    vocabulary
}

fn parse(text: &str) -> Result<Query, QueryError> {
    Query::parse(text, &vocabulary())
}

fn document(id: &str, title: &str, text: &str, day: u32) -> Document {
    let time = chrono::NaiveDate::from_ymd_opt(2026, 11, day)
        .unwrap()
        .and_hms_opt(8, 0, 0);
    Document {
        id: id.into(),
        title: title.into(),
        text: text.into(),
        published: time
            .unwrap()
            .and_local_timezone(crate::model::vietnam())
            .unwrap()
            .timestamp(),
        relevant: true,
        ids: vec![(Field::Topic, "luong_huu".into()), (Field::Source, format!("bao-{id}"))],
        author: None,
    }
}

fn reached(seq: i64) -> Position {
    Position {
        archive: "a".into(),
        seq,
    }
}

fn filled(folder: &Path) -> Index {
    let index = Index::open(folder).unwrap();
    let writer = index.writer().unwrap().unwrap();
    let documents = [
        document(
            "x1",
            "Lương hưu tăng 8%",
            "Từ 1/7 mức hưởng tăng, theo Nghị định mới.",
            18,
        ),
        document("x2", "luong huu thang 12 tra som", "tin tu bhxh, ai cung vui", 19),
        document("x3", "Thẻ BHYT điện tử", "Dùng VssID thay thẻ giấy khi khám bệnh.", 20),
    ];
    writer.add(&documents, &reached(3)).unwrap();
    index
}

fn found(index: &Index, query: &str) -> Vec<String> {
    let hits = index.search(&parse(query).unwrap(), &Filter::default(), 10, 0).unwrap();
    assert_eq!(hits.total, hits.ids.len());
    hits.ids.into_iter().map(|id| id.0).collect()
}

#[test]
fn accents_count_only_where_they_are_typed_and_the_newest_comes_first() {
    let folder = tempfile::tempdir().unwrap();
    let index = filled(folder.path());
    assert_eq!(found(&index, "luong huu"), ["x2", "x1"]);
    assert_eq!(found(&index, "lương hưu"), ["x1"]);
    assert_eq!(found(&index, "LƯƠNG"), ["x1"]);
    assert_eq!(found(&index, "\"hưu lương\""), Vec::<String>::new());
    assert_eq!(found(&index, "vss*"), ["x3"]);
    assert_eq!(found(&index, "1/7"), ["x1"]);
}

#[test]
fn operators_fields_and_days_narrow_the_search() {
    let folder = tempfile::tempdir().unwrap();
    let index = filled(folder.path());
    assert_eq!(found(&index, "bhyt OR tang"), ["x3", "x1"]);
    assert_eq!(found(&index, "chu_de:\"lương hưu\" -nguon:bao-x1"), ["x3", "x2"]);
    assert_eq!(found(&index, "KHÔNG (bhyt HOẶC tang)"), ["x2"]);
    assert_eq!(found(&index, "tiêu_đề:thẻ"), ["x3"]);
    assert_eq!(found(&index, "ngay:18/11/2026..2026-11-19"), ["x2", "x1"]);
    assert_eq!(found(&index, "tu:2026-11-20"), ["x3"]);
    assert_eq!(found(&index, "den:2026-11-18"), ["x1"]);
    assert_eq!(found(&index, ""), ["x3", "x2", "x1"]);
}

#[test]
fn facets_count_all_hits_not_only_those_shown() {
    let folder = tempfile::tempdir().unwrap();
    let hits = filled(folder.path())
        .search(&Query::All, &Filter::default(), 1, 1)
        .unwrap();
    assert_eq!((hits.total, hits.ids), (3, vec!["x2".into()]));
    let topics = &hits.facets.iter().find(|(field, _)| *field == Field::Topic).unwrap().1;
    assert_eq!(*topics, [("luong_huu".to_owned(), 3)]);
}

#[test]
fn a_document_written_again_replaces_itself_and_the_position_survives() {
    let folder = tempfile::tempdir().unwrap();
    let index = filled(folder.path());
    let writer = index.writer().unwrap().unwrap();
    writer
        .add(&[document("x1", "Đính chính", "", 21)], &reached(4))
        .unwrap();
    drop((index, writer));
    let index = Index::open(folder.path()).unwrap();
    assert_eq!(found(&index, ""), ["x1", "x3", "x2"]);
    assert_eq!(index.position().unwrap(), Some(reached(4)));
}

#[test]
fn a_second_writer_waits_and_a_damaged_index_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let index = filled(folder.path());
    let writer = index.writer().unwrap().unwrap();
    assert!(Index::open(folder.path()).unwrap().writer().unwrap().is_none());
    drop((index, writer));
    std::fs::write(folder.path().join("meta.json"), "{").unwrap();
    let index = Index::open(folder.path()).unwrap();
    assert_eq!(index.position().unwrap(), None);
    assert!(index.writer().unwrap().is_some());
}

#[test]
fn errors_name_the_place_and_what_to_write() {
    let problem = |text| parse(text).unwrap_err().to_string();
    assert_eq!(problem("thẻ AND"), "ký tự thứ 8: thiếu điều kiện ở cuối câu hỏi");
    assert_eq!(problem("a \"b c"), "ký tự thứ 3: thiếu dấu ngoặc kép đóng");
    assert_eq!(problem("(a OR b"), "ký tự thứ 1: dấu “(” không có dấu “)” đóng");
    assert!(problem("a)").starts_with("ký tự thứ 2: "));
    assert_eq!(
        problem("chu_dề:x").as_str(),
        "ký tự thứ 1: trường chu_de không có giá trị “x”"
    );
    assert_eq!(
        problem("chude:x"),
        "ký tự thứ 1: không có trường “chude”; có phải “chu_de:”?"
    );
    assert!(
        problem("chu_de:luong_hu").ends_with("có phải “Lương hưu”?"),
        "{}",
        problem("chu_de:luong_hu")
    );
    assert!(problem("ngay:31/02/2026").contains("không phải là ngày"));
    assert!(problem("!!!").contains("không có chữ hay số"));
}

#[test]
fn a_time_or_an_address_is_no_field() {
    assert!(parse("7:00 https://baovidu.example/a").is_ok());
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "[ -~àđệ“”\\-:()|*\"]{0,60}") {
        let _ = parse(&text);
    }

    #[test]
    fn words_joined_by_or_are_never_fewer_than_any_of_them(a in "[a-z]{1,6}", b in "[a-z]{1,6}") {
        let query = parse(&format!("{a} OR {b}")).unwrap();
        prop_assert_eq!(query, Query::Or(vec![parse(&a).unwrap(), parse(&b).unwrap()]));
    }
}
