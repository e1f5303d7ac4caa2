use super::*;

fn row(number: usize, cells: &[&str]) -> Row {
    Row {
        number,
        cells: cells.iter().map(|cell| (*cell).to_owned()).collect(),
    }
}

/// The record of one row under a header.
fn read(header: &[&str], cells: &[&str]) -> Result<Item, RecordError> {
    let (mapping, rows) = Mapping::find(&[row(1, header)], None).unwrap();
    assert_eq!(rows, 1);
    mapping.record(&row(2, cells)).map(|record| record.item)
}

#[test]
fn a_vendors_row_becomes_an_item() {
    let header = [
        "STT",
        "Tiêu đề",
        "Nội dung",
        "Nguồn",
        "Kênh",
        "Link",
        "Ngày đăng",
        "Người đăng",
        "Lượt thích",
        "Bình luận",
        "Chia sẻ",
        "Lượt xem",
    ];
    let cells = [
        "1",
        "",
        "Lương hưu chậm",
        "Nhóm Ví Dụ",
        "Facebook",
        "https://facebook.com/g/posts/88",
        "19/11/2026 08:40",
        "Chị Ngân",
        "1,2K",
        "1.234",
        "",
        "2 triệu",
    ];
    let item = read(&header, &cells).unwrap();
    assert_eq!(
        (item.platform, item.kind, item.access),
        (Platform::Facebook, ItemKind::Post, Access::Vendor)
    );
    assert_eq!(
        (item.source.as_str(), item.author.as_deref()),
        ("Nhóm Ví Dụ", Some("Chị Ngân"))
    );
    assert_eq!(item.published_at.unwrap().to_rfc3339(), "2026-11-19T08:40:00+07:00");
    let seen = item.engagement;
    assert_eq!(
        (seen.reactions, seen.comments, seen.shares, seen.views),
        (1_200, 1_234, 0, 2_000_000)
    );
    assert_eq!(item.id, ItemId::from_url("https://facebook.com/g/posts/88"));
    assert_eq!(item.source_rank, 3);
}

#[test]
fn platform_and_kind_come_from_columns_else_from_the_address() {
    let told = |header: &[&str], cells: &[&str]| {
        let item = read(header, cells).unwrap();
        (item.platform, item.kind)
    };
    let by_url = |url: &str| told(&["Nội dung", "Link"], &["x", url]);
    assert_eq!(
        by_url("https://www.tiktok.com/@a/video/1"),
        (Platform::Tiktok, ItemKind::Video)
    );
    assert_eq!(by_url("https://baovidu.example/1"), (Platform::Press, ItemKind::Press));
    assert_eq!(by_url("https://voz.vn/t/1"), (Platform::Forum, ItemKind::Post));
    let typed = |word: &str, url: &str| told(&["Nội dung", "Loại", "Link"], &["x", word, url]);
    assert_eq!(
        typed("Bình luận", "https://facebook.com/1"),
        (Platform::Facebook, ItemKind::Comment)
    );
    assert_eq!(
        typed("Bình luận", "https://baovidu.example/1"),
        (Platform::Forum, ItemKind::Comment)
    );
    assert_eq!(typed("Báo điện tử", ""), (Platform::Press, ItemKind::Press));
    assert_eq!(
        typed("Article", "https://facebook.com/1"),
        (Platform::Facebook, ItemKind::Post)
    );
    assert_eq!(
        typed("Website", "https://baovidu.example/1"),
        (Platform::Press, ItemKind::Press)
    );
    assert_eq!(typed("Instagram", ""), (Platform::Other, ItemKind::Post));
    assert_eq!(
        told(&["Tiêu đề", "Nguồn"], &["x", "Báo Ví Dụ"]),
        (Platform::Press, ItemKind::Press)
    );
    assert_eq!(
        told(&["Nội dung", "Nguồn"], &["x", "Facebook"]),
        (Platform::Facebook, ItemKind::Post)
    );
    let item = read(&["Nội dung", "Kênh"], &["x", "VTV Ví Dụ"]).unwrap();
    assert_eq!(
        item.source.as_str(),
        "VTV Ví Dụ",
        "a channel that is no platform is the source"
    );
}

#[test]
fn one_item_has_one_id_and_two_items_have_two() {
    let id = |header: &[&str], cells: &[&str]| read(header, cells).unwrap().id;
    let header = ["ID", "Nội dung", "Link"];
    let press = ItemId::from_url("https://baovidu.example/1");
    assert_eq!(
        id(&header, &["100200300", "x", "https://baovidu.example/1?utm_source=z"]),
        press,
        "as we collect it"
    );
    assert_eq!(
        id(&header, &["fb_1_2", "x", "https://facebook.com/1"]).as_str(),
        "fb_1_2"
    );
    assert_eq!(
        id(&header, &["3", "x", "https://facebook.com/1"]),
        ItemId::from_url("https://facebook.com/1")
    );
    let header = ["Loại", "Nội dung", "Link", "Tác giả", "Ngày"];
    let comment = |text: &str, author: &str| {
        id(
            &header,
            &["Bình luận", text, "https://facebook.com/1", author, "19/11/2026"],
        )
    };
    assert_eq!(comment("x", "a"), comment("x", "a"));
    assert_ne!(comment("x", "a"), comment("x", "b"));
    assert_ne!(comment("x", "a"), comment("y", "a"));
}

#[test]
fn days_and_times_are_joined_and_spreadsheet_days_are_read() {
    let at = |header: &[&str], cells: &[&str]| {
        let item = read(header, cells).unwrap();
        item.published_at
            .map_or("none".into(), |time| time.format("%Y-%m-%dT%H:%M").to_string())
    };
    let two = ["Nội dung", "Ngày đăng", "Giờ đăng"];
    assert_eq!(at(&two, &["x", "19/11/2026", "8h40"]), "2026-11-19T08:40");
    assert_eq!(at(&two, &["x", "19/11/2026 09:00", "08:40"]), "2026-11-19T09:00");
    assert_eq!(at(&two, &["x", "46345", "8:40 AM"]), "2026-11-19T08:40");
    assert_eq!(at(&two, &["x", "Ngày 19/11/2026", "8:40 CH"]), "2026-11-19T20:40");
    assert_eq!(at(&two, &["x", "", ""]), "none");
    assert_eq!(
        at(&["Nội dung", "Ngày", "Thời gian"], &["x", "19/11/2026", "08:40:30"]),
        "2026-11-19T08:40"
    );
    let one = ["Nội dung", "Date"];
    assert_eq!(at(&one, &["x", "19-Nov-2026 08:40AM"]), "2026-11-19T08:40");
    assert_eq!(at(&one, &["x", "2026-11-19T01:40:00Z"]), "2026-11-19T08:40");
    assert_eq!(at(&one, &["x", "46345,361111"]), "2026-11-19T08:40");
}

#[test]
fn a_cell_that_cannot_be_read_is_named_with_row_column_and_remedy() {
    let header = ["Nội dung", "Ngày đăng", "Lượt thích", "Link"];
    for (cells, column, word) in [
        (["x", "31/02/2026", "", ""], "Ngày đăng", "20/11/2026 08:40"),
        (["x", "", "nhiều", ""], "Lượt thích", "1,5 nghìn"),
        (["x", "", "", "ở đâu đó"], "Link", "https://"),
        (["", "19/11/2026", "3", ""], "Nội dung", "không có tiêu đề lẫn nội dung"),
    ] {
        let error = read(&header, &cells).unwrap_err();
        assert_eq!((error.line, error.field.as_str()), (2, column));
        assert!(error.problem.contains(word), "{error}");
    }
    let error = read(&["Nội dung", "Link"], &["x", "", "", "y"]).unwrap_err();
    assert!(error.problem.contains("ngoặc kép"), "{error}");
}

#[test]
fn words_of_several_columns_are_joined_once() {
    let header = ["Headline", "Opening Text", "Hit Sentence", "URL"];
    let press = "https://baovidu.example/1";
    let item = read(&header, &["Tin", "Mở đầu.", "Câu được nhắc.", press]).unwrap();
    assert_eq!(
        (item.title.as_str(), item.text.as_str()),
        ("Tin", "Mở đầu.\n\nCâu được nhắc.")
    );
    assert_eq!(
        read(&header, &["Tin", "Câu.", "Câu. Dài hơn.", press]).unwrap().text,
        "Câu. Dài hơn."
    );
    let post = read(
        &header,
        &["Lương hưu chậm…", "", "Lương hưu chậm quá", "https://facebook.com/1"],
    )
    .unwrap();
    assert_eq!((post.title.as_str(), post.text.as_str()), ("", "Lương hưu chậm quá"));
}

#[test]
fn all_interactions_as_one_number_count_where_nothing_finer_is_given() {
    let header = ["Nội dung", "Engagement", "Likes", "Comments"];
    let seen = |cells: &[&str]| read(&header, cells).unwrap().engagement;
    assert_eq!(seen(&["x", "30", "", ""]).reactions, 30);
    assert_eq!(seen(&["x", "30", "0", "0"]).reactions, 30);
    let fine = seen(&["x", "30", "20", "10"]);
    assert_eq!((fine.reactions, fine.comments), (20, 10));
}

#[test]
fn a_map_outranks_the_names_that_are_known() {
    let map = ColumnMap::parse("m", "text = \"Tiêu đề\"\nid = \"Số\"").unwrap();
    let rows = [row(1, &["Tiêu đề", "Nội dung", "Số"])];
    let (mapping, _) = Mapping::find(&rows, Some(&map)).unwrap();
    let item = mapping.record(&row(2, &["a", "b", "7"])).unwrap().item;
    assert_eq!(
        (item.title.as_str(), item.text.as_str(), item.id.as_str()),
        ("", "a", "7")
    );
    let map = ColumnMap::parse("m", "text = \"Nội dug\"").unwrap();
    let error = Mapping::find(&rows, Some(&map)).unwrap_err();
    assert!(error.contains("“Nội dug”") && error.contains("“Nội dung”"), "{error}");
}

#[test]
fn a_table_without_a_header_says_what_is_expected() {
    let error = Mapping::find(&[row(1, &["a", "b"])], None).unwrap_err();
    assert!(error.contains("“Tiêu đề”") && error.contains("--map"), "{error}");
    let error = Mapping::find(&[row(1, &["Link", "Ngày đăng"])], None).unwrap_err();
    assert!(error.contains("cột tiêu đề hay nội dung"), "{error}");
    assert!(Mapping::find(&[row(1, &["Nội dung"])], None).is_ok());
}
