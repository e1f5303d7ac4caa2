//! What forms of capture become.

use super::*;

fn fields(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn now() -> Time {
    date::parse("2026-11-20 10:00").unwrap()
}

fn sources() -> Vec<Source> {
    let text = "name = \"Báo Ví Dụ\"\nkind = \"press\"\nhome = \"https://www.baovidu.example/\"\nrank = 1\nchannel = \"bao_chi\"\n\
                status = \"draft\"\nchecked = \"2026-11-01\"\n";
    let mut source: Source = toml::from_str(text).unwrap();
    source.id = "baovidu".into();
    vec![source]
}

fn draft(form: CaptureForm, pairs: &[(&str, &str)]) -> Result<Draft, Refusal> {
    let picture = Picture::read("anh.png", b"\x89PNG\r\n\x1a\n".to_vec()).unwrap();
    let fields = fields(pairs);
    let filled = Filled {
        form,
        fields: &fields,
        picture: (form == CaptureForm::Screenshot).then_some(&picture),
    };
    filled.draft(&sources(), now())
}

fn item(form: CaptureForm, pairs: &[(&str, &str)]) -> Item {
    draft(form, pairs).unwrap().item
}

#[test]
fn a_printed_page_is_the_same_however_its_words_are_typed_and_another_on_another_page() {
    let with = |source: &str, page: &str, title: &str| {
        let pairs = [
            ("source", source),
            ("issue", "312"),
            ("date", "2026-11-20"),
            ("page", page),
            ("title", title),
        ];
        draft(CaptureForm::Print, &pairs).unwrap()
    };
    let one = with("báo ví dụ", "4", "Lương hưu  tăng");
    assert_eq!((one.item.source.as_str(), one.item.source_rank), ("baovidu", 1));
    assert_eq!(one.place, "báo in số 312 ngày 20/11/2026, trang 4");
    assert_eq!(one.item.id, with("Báo Ví Dụ", "4", "lương hưu tăng").item.id);
    assert_ne!(one.item.id, with("Báo Ví Dụ", "5", "lương hưu tăng").item.id);
    let free = with("Tạp chí Mẫu", "4", "Lương hưu tăng").item;
    assert_eq!((free.source.as_str(), free.source_rank), ("Tạp chí Mẫu", 3));
    assert_eq!((free.access, free.is_social()), (Access::Manual, false));
}

#[test]
fn a_paper_without_a_number_is_told_apart_by_its_day() {
    let on = |day: &str| {
        item(
            CaptureForm::Print,
            &[
                ("source", "Báo Ví Dụ"),
                ("date", day),
                ("page", "4"),
                ("title", "Hỏi đáp BHXH"),
            ],
        )
        .id
    };
    assert_ne!(on("2026-11-19"), on("2026-11-20"));
}

#[test]
fn a_broadcast_is_known_by_channel_time_and_title() {
    let at = |clock: &str, text: &str| {
        let pairs = [
            ("source", "Kênh Mẫu"),
            ("date", "2026-11-20"),
            ("time", clock),
            ("title", "Thời sự"),
            ("text", text),
        ];
        draft(CaptureForm::Broadcast, &pairs).unwrap()
    };
    let one = at("07:00", "Tin về BHYT");
    assert_eq!(one.place, "phát sóng lúc 07:00 20/11/2026");
    assert_eq!(one.item.published_at, date::parse("2026-11-20T07:00:00+07:00"));
    assert_eq!(one.item.id, at("7:00", "Tóm tắt khác").item.id);
    assert_ne!(one.item.id, at("19:00", "Tin về BHYT").item.id);
}

#[test]
fn words_are_known_by_their_address_else_by_themselves_and_where_they_were() {
    let address = [
        ("url", "https://m.facebook.com/a/posts/1?fbclid=x"),
        ("text", "Rút BHXH một lần"),
    ];
    let post = item(CaptureForm::Text, &address);
    assert_eq!(post.id, ItemId::from_url("https://facebook.com/a/posts/1"));
    assert_eq!((post.platform, post.kind), (Platform::Facebook, ItemKind::Post));
    let words = |platform: &str, text: &str| item(CaptureForm::Text, &[("platform", platform), ("text", text)]).id;
    assert_eq!(words("zalo", "Rút  BHXH\nmột lần"), words("zalo", "rút bhxh một lần"));
    assert_ne!(words("zalo", "rút bhxh một lần"), words("sms", "rút bhxh một lần"));
    let pasted = item(
        CaptureForm::Screenshot,
        &[("platform", "zalo"), ("text", "Rút BHXH một lần")],
    );
    assert_eq!(pasted.id, words("zalo", "Rút BHXH một lần"));
}

#[test]
fn a_comment_joins_the_post_whose_address_it_gives() {
    let pairs = [
        ("url", "https://facebook.com/a/posts/1"),
        ("text", "Đúng vậy"),
        ("comment", "1"),
    ];
    let comment = item(CaptureForm::Text, &pairs);
    assert_eq!(comment.kind, ItemKind::Comment);
    assert_eq!(comment.parent, Some(ItemId::from_url("https://facebook.com/a/posts/1")));
    assert_ne!(Some(&comment.id), comment.parent.as_ref());
}

#[test]
fn a_tip_is_its_words_and_not_the_address_it_tells_of() {
    let pairs = [
        ("url", "https://baovidu.example/a-5.html"),
        ("text", "Bài này sai"),
        ("author", "chị Ngân"),
    ];
    let tip = item(CaptureForm::Tip, &pairs);
    assert_eq!((tip.access, tip.kind), (Access::Tip, ItemKind::Post));
    assert_ne!(tip.id, ItemId::from_url("https://baovidu.example/a-5.html"));
    assert!(tip.is_social(), "whoever sent it is a private person");
}

#[test]
fn a_link_that_nobody_fetches_needs_words_and_knows_its_outlet() {
    let url = ("url", "https://baovidu.example/a-5.html");
    let bare = draft(CaptureForm::Link, &[url]).unwrap_err().to_string();
    assert!(bare.contains("không tự tải"), "{bare}");
    let found = item(CaptureForm::Link, &[url, ("title", "Lương hưu tăng")]);
    assert_eq!(
        (found.source.as_str(), found.source_rank, found.kind),
        ("baovidu", 1, ItemKind::Press)
    );
    assert_eq!(found.id, ItemId::from_url("https://baovidu.example/a-5.html"));
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    for (form, pairs, named) in [
        (CaptureForm::Link, vec![("url", "javascript:alert(1)")], "Đường dẫn"),
        (CaptureForm::Text, vec![("platform", "zalo")], "Nội dung"),
        (
            CaptureForm::Text,
            vec![("platform", "orkut"), ("text", "x")],
            "Nền tảng",
        ),
        (
            CaptureForm::Text,
            vec![("text", "x"), ("time", "hôm kia")],
            "Thời gian đăng",
        ),
        (
            CaptureForm::Print,
            vec![("date", "2026-11-20"), ("page", "1"), ("title", "x")],
            "Tên báo",
        ),
        (
            CaptureForm::Print,
            vec![("source", "x"), ("date", "2027-11-20"), ("page", "1"), ("title", "x")],
            "tương lai",
        ),
        (
            CaptureForm::Broadcast,
            vec![
                ("source", "x"),
                ("date", "2026-11-20"),
                ("time", "25:99"),
                ("title", "x"),
            ],
            "Ngày, giờ",
        ),
    ] {
        let said = draft(form, &pairs).unwrap_err().to_string();
        assert!(said.contains(named), "{form} {pairs:?}: {said}");
    }
    let long = "a".repeat(LONGEST_TEXT + 1);
    assert!(
        draft(CaptureForm::Text, &[("text", &long)])
            .unwrap_err()
            .to_string()
            .contains("dài hơn")
    );
}

#[test]
fn a_stamp_in_any_field_or_in_the_name_of_the_picture_refuses_the_form() {
    for pairs in [
        [("text", "Kính gửi\nTỐI MẬT\nVề việc"), ("platform", "zalo")],
        [("text", "x"), ("title", "[MẬT]")],
    ] {
        assert_eq!(draft(CaptureForm::Text, &pairs), Err(Refusal::Secret), "{pairs:?}");
    }
    let picture = Picture::read("Tuyệt mật.jpg", b"\xff\xd8\xff".to_vec()).unwrap();
    let given = fields(&[("text", "x")]);
    let filled = Filled {
        form: CaptureForm::Screenshot,
        fields: &given,
        picture: Some(&picture),
    };
    assert_eq!(filled.draft(&[], now()), Err(Refusal::Secret));
    assert!(draft(CaptureForm::Text, &[("text", "đổi mật khẩu và bảo mật")]).is_ok());
}
