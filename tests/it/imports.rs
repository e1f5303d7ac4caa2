//! Files of vendors become items: every kind of file, bad rows named, nothing twice, nothing secret.

use std::path::PathBuf;
use std::process::Output;

use crate::support::program::run;
use diemtin::model::item::{Access, Item, ItemKind, Platform};
use diemtin::model::{ItemId, Time};
use diemtin::pipeline::importing::{self, ImportError, Imported};
use diemtin::store::{Store, Target};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

/// An empty archive with files beside it.
struct Desk {
    folder: tempfile::TempDir,
    store: Store,
}

impl Desk {
    async fn new() -> Desk {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Target::Sqlite(folder.path().join("diemtin.db")))
            .await
            .unwrap();
        Desk { folder, store }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    async fn try_import(&self, name: &str, bytes: &[u8]) -> Result<Imported, ImportError> {
        let path = self.write(name, bytes);
        importing::file(&self.store, &path, None, false, now(), |_| {}).await
    }

    async fn import(&self, name: &str, bytes: &[u8]) -> Imported {
        self.try_import(name, bytes).await.unwrap()
    }

    /// All items, in the order of their ids.
    async fn items(&self) -> Vec<Item> {
        let mut items = self.store.items_unanalysed(1000).await.unwrap();
        items.sort_by(|a, b| a.id.cmp(&b.id));
        items
    }

    async fn item(&self, id: &str) -> Item {
        self.store.find_item(&ItemId::from(id)).await.unwrap().unwrap()
    }
}

fn now() -> Time {
    diemtin::text::date::parse("2026-11-20 10:00").unwrap()
}

fn time(item: &Item) -> String {
    item.published_at.unwrap().format("%Y-%m-%dT%H:%M").to_string()
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The header of an export of Meltwater, and rows of an invented day.
fn meltwater() -> Vec<u8> {
    let header = "Date\tHeadline\tURL\tOpening Text\tHit Sentence\tSource\tInfluencer\tCountry\tSubregion\tLanguage\tReach\t\
                  Desktop Reach\tMobile Reach\tTwitter Social Echo\tFacebook Social Echo\tReddit Social Echo\t\
                  National Viewership\tEngagement\tAVE\tSentiment\tKey Phrases\tInput Name\tKeywords\tViews\tLikes\t\
                  Replies\tComments\tShares\tAuthor Name\tDocument ID\tAlternate Date Format\tTime";
    let rows = [
        "19-Nov-2026 08:40AM\tLương hưu tăng từ tháng 7\thttps://baovidu.example/luong-huu-5.html?utm_source=mw\t\
         Người hưởng lương hưu được tăng mức hưởng.\tBHXH Việt Nam cho biết, mức tăng là 8%.\tBáo Ví Dụ\t\tVietnam\t\t\
         Vietnamese\t1,234,567\t1\t2\t0\t12\t0\t0\t12\t3.5\tneutral\tlương hưu\tBHXH\tBHXH\t\t\t\t\t\tPhóng Viên Mẫu\t\
         DOCMW000111222\tNov 19, 2026\t8:40 AM",
        "19-Nov-2026 09:15PM\t\thttps://www.facebook.com/nhom.vidu/posts/88001\t\t\"Lương hưu chậm quá, có ai \"\"bị\"\" như em không\"\t\
         Facebook\tChị Mẫu\tVietnam\t\tVietnamese\t5400\t\t\t\t\t\t\t1,2K\t\tnegative\t\tBHXH\t\t2.5K\t1.100\t\t95\t5\t\t\
         DOCMW000111223\tNov 19, 2026\t9:15 PM",
    ];
    let text = format!("\u{feff}{header}\r\n{}\r\n", rows.join("\r\n"));
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[tokio::test]
async fn an_export_of_meltwater_is_read_as_it_comes_and_the_second_time_changes_nothing() {
    let desk = Desk::new().await;
    let done = desk.import("export.csv", &meltwater()).await;
    assert_eq!(
        (done.lines, done.new, done.errors.len()),
        (2, 2, 0),
        "{:?}",
        done.errors
    );
    assert!(done.shape.starts_with("TSV, UTF-16LE"), "{}", done.shape);
    let press = desk
        .item(ItemId::from_url("https://baovidu.example/luong-huu-5.html").as_str())
        .await;
    assert_eq!(
        (press.kind, press.platform, press.access),
        (ItemKind::Press, Platform::Press, Access::Vendor)
    );
    assert_eq!(
        press.text,
        "Người hưởng lương hưu được tăng mức hưởng.\n\nBHXH Việt Nam cho biết, mức tăng là 8%."
    );
    assert_eq!(
        (press.lang.as_deref(), time(&press).as_str()),
        (Some("vi"), "2026-11-19T08:40")
    );
    assert_eq!(
        (press.source.as_str(), press.author.as_deref()),
        ("Báo Ví Dụ", Some("Phóng Viên Mẫu"))
    );
    let post = desk.item("DOCMW000111223").await;
    assert_eq!((post.kind, post.platform), (ItemKind::Post, Platform::Facebook));
    assert_eq!(post.text, "Lương hưu chậm quá, có ai \"bị\" như em không");
    assert_eq!(time(&post), "2026-11-19T21:15");
    assert!(post.author.unwrap().starts_with("c*** p_"), "a private person");
    let seen = post.engagement;
    assert_eq!(
        (seen.reactions, seen.comments, seen.shares, seen.views),
        (1_100, 95, 5, 2_500)
    );

    let before = desk.items().await;
    let again = desk.import("export-2.csv", &meltwater()).await;
    assert_eq!(
        (again.new, again.versions, again.known, again.observations),
        (0, 0, 2, 0)
    );
    assert_eq!(desk.items().await, before);
}

/// A monthly table as offices write it: a title, a header of two lines with merged cells, numbers as people say them.
fn monthly_table() -> Vec<u8> {
    let mut book = Workbook::new();
    book.add_worksheet().set_name("Trống").unwrap();
    book.add_worksheet()
        .set_name("Bìa")
        .unwrap()
        .write(0, 0, "BÁO CÁO THÁNG 11")
        .unwrap();
    let sheet = book.add_worksheet().set_name("Tháng 11").unwrap();
    let plain = Format::new();
    let mut merge = |first: (u32, u16), last: (u32, u16), text: &str| {
        sheet
            .merge_range(first.0, first.1, last.0, last.1, text, &plain)
            .unwrap();
    };
    merge((0, 0), (0, 8), "BÁO CÁO THÔNG TIN MẠNG XÃ HỘI THÁNG 11/2026");
    for (column, name) in ["STT", "Nội dung", "Nguồn", "Link", "Ngày đăng"]
        .into_iter()
        .enumerate()
    {
        merge((2, column as u16), (3, column as u16), name);
    }
    merge((2, 5), (2, 7), "Tương tác");
    merge((2, 8), (3, 8), "Người đăng");
    for (column, name) in [(5, "Lượt thích"), (6, "Bình luận"), (7, "Chia sẻ")] {
        sheet.write(3, column, name).unwrap();
    }
    let day = Format::new().set_num_format("dd/mm/yyyy hh:mm");
    sheet.write(4, 0, 1).unwrap();
    sheet
        .write(4, 1, "Thẻ BHYT của em bị báo hết hạn,\nphải làm sao ạ")
        .unwrap();
    sheet.write(4, 2, "Hỏi đáp BHXH Ví Dụ").unwrap();
    sheet
        .write_url(
            4,
            3,
            rust_xlsxwriter::Url::new("https://www.facebook.com/groups/vidu/posts/9").set_text("Xem"),
        )
        .unwrap();
    let moment = ExcelDateTime::from_ymd(2026, 11, 19)
        .unwrap()
        .and_hms(8, 40, 0)
        .unwrap();
    sheet.write_datetime_with_format(4, 4, &moment, &day).unwrap();
    sheet.write(4, 5, "1,5 nghìn").unwrap();
    sheet.write(4, 6, 1234).unwrap();
    sheet.write(4, 7, "2K").unwrap();
    sheet.write(4, 8, "Bạn Mẫu").unwrap();
    sheet.write(6, 0, 2).unwrap();
    sheet.write(6, 1, "Xin hỏi thủ tục gộp sổ").unwrap();
    sheet.write(6, 3, "https://www.tiktok.com/@vidu/video/7").unwrap();
    sheet.write(6, 4, "18/11/2026 21:05").unwrap();
    sheet.write(6, 12, "ghi chú bên lề").unwrap();
    book.save_to_buffer().unwrap()
}

#[tokio::test]
async fn a_workbook_with_a_title_and_a_merged_header_of_two_lines_is_read() {
    let desk = Desk::new().await;
    let done = desk.import("bao-cao", &monthly_table()).await;
    assert_eq!(
        (done.lines, done.new, done.errors.len()),
        (2, 2, 0),
        "{:?}",
        done.errors
    );
    assert_eq!(done.shape, "XLSX, trang “Tháng 11”, tên cột ở dòng 4");
    let post = desk
        .item(ItemId::from_url("https://www.facebook.com/groups/vidu/posts/9").as_str())
        .await;
    assert_eq!(post.platform, Platform::Facebook);
    assert_eq!(post.text, "Thẻ BHYT của em bị báo hết hạn,\nphải làm sao ạ");
    assert_eq!(time(&post), "2026-11-19T08:40");
    let seen = post.engagement;
    assert_eq!((seen.reactions, seen.comments, seen.shares), (1_500, 1_234, 2_000));
    assert_eq!(post.source.as_str(), "Hỏi đáp BHXH Ví Dụ");
    assert!(post.author.unwrap().starts_with("b*** p_"), "a private person");
    let video = desk
        .item(ItemId::from_url("https://www.tiktok.com/@vidu/video/7").as_str())
        .await;
    assert_eq!((video.kind, video.platform), (ItemKind::Video, Platform::Tiktok));
    let again = desk.import("bao-cao", &monthly_table()).await;
    assert_eq!((again.new, again.versions, again.known), (0, 0, 2));
}

#[test]
fn bad_rows_are_named_and_kept_in_a_table_and_good_ones_are_imported() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("thang-11.csv"));
    let rows = "Tiêu đề,Nội dung,Link,Ngày đăng,Lượt thích\n\
                Lương hưu tăng,Từ tháng 7,https://baovidu.example/1,19/11/2026 08:40,12\n\
                BHYT học sinh,Mức đóng mới,https://baovidu.example/2,31/02/2026,\n\
                \n\
                Gộp sổ,Thủ tục,https://baovidu.example/3,19/11/2026,nhiều\n\
                ,,https://baovidu.example/4,,\n";
    std::fs::write(&file, rows).unwrap();
    let path = file.to_str().unwrap();
    let log = folder.path().join("thang-11.csv.errors.csv");

    let dry = run(&data, &["import", path, "--dry-run"]);
    assert_eq!(dry.status.code(), Some(1));
    assert!(
        complaint(&dry).contains("dòng 3, cột “Ngày đăng”"),
        "{}",
        complaint(&dry)
    );
    assert!(!log.exists(), "a dry run writes nothing");

    let output = run(&data, &["import", path]);
    assert_eq!(output.status.code(), Some(1));
    for named in [
        "dòng 3, cột “Ngày đăng”: “31/02/2026” không phải là thời gian rõ ràng; viết 20/11/2026 08:40",
        "dòng 5, cột “Lượt thích”: “nhiều” không phải là số đếm; viết 1234",
        "dòng 6, cột “Nội dung”: dòng không có tiêu đề lẫn nội dung",
        "thang-11.csv.errors.csv",
    ] {
        assert!(complaint(&output).contains(named), "{named}: {}", complaint(&output));
    }
    assert!(out(&output).contains("4 dòng: 1 tin mới"), "{}", out(&output));
    let table = std::fs::read_to_string(&log).unwrap();
    assert!(
        table.starts_with("\u{feff}Dòng,Cột,Vấn đề và cách sửa\n3,Ngày đăng,"),
        "{table}"
    );
    assert_eq!(table.lines().count(), 4);

    // The mended file is imported whole; what was there already stays one.
    let mended = rows
        .replace("31/02", "28/02")
        .replace("nhiều", "9")
        .replace(",,https://baovidu.example/4,,\n", "");
    std::fs::write(&file, mended).unwrap();
    let output = run(&data, &["import", path]);
    assert!(output.status.success(), "{}", complaint(&output));
    assert!(
        out(&output).contains("3 dòng: 2 tin mới, 0 tin đổi nội dung, 1 tin đã có"),
        "{}",
        out(&output)
    );
}

#[tokio::test]
async fn json_is_an_array_or_a_list_of_items_in_our_shape_or_the_vendors() {
    let desk = Desk::new().await;
    let ours = r#"[{"id":"x1","kind":"post","platform":"facebook","source":"Nhóm Ví Dụ","access":"tip","text":"rút bhxh một lần",
        "published_at":"2026-11-19T08:40:00+07:00"},{"kind":"post"},7]"#;
    let done = desk.import("a.json", ours.as_bytes()).await;
    assert_eq!((done.new, done.errors.len()), (1, 2));
    assert_eq!((done.errors[0].line, done.errors[0].field.as_str()), (2, "id"));
    assert_eq!(desk.item("x1").await.access, Access::Tip);
    let theirs = r#"{"total":1,"items":[{"title":"Tin","content":"BHXH một lần","link":"https://baovidu.example/9",
        "publish_date":"2026-11-19 08:40","engagement":{"likes":"1,2K"}}]}"#;
    assert_eq!(desk.import("b.json", theirs.as_bytes()).await.new, 1);
    let item = desk.item(ItemId::from_url("https://baovidu.example/9").as_str()).await;
    assert_eq!((item.text.as_str(), item.engagement.reactions), ("BHXH một lần", 1_200));
    let lines =
        "{\"id\":\"x2\",\"text\":\"BHYT\"}\n{\"id\":\"x1\",\"observation\":true,\"engagement\":{\"views\":5}}\n";
    let done = desk.import("c.ndjson", lines.as_bytes()).await;
    assert_eq!((done.new, done.observations), (1, 1), "as before");
}

/// Text as old Vietnamese programs write it: a base letter, then its tone.
fn windows_1258(text: &str) -> Vec<u8> {
    let byte_of = |c: char| (0..=255_u8).find(|byte| encoding_rs::WINDOWS_1258.decode(&[*byte]).0.chars().eq([c]));
    let mut bytes = Vec::new();
    for c in text.chars() {
        if let Some(byte) = byte_of(c) {
            bytes.push(byte);
            continue;
        }
        let is_tone = |c: &char| matches!(*c as u32, 0x300 | 0x301 | 0x303 | 0x309 | 0x323);
        let mut parts = Vec::new();
        unicode_normalization::char::decompose_canonical(c, |part| parts.push(part));
        let (tones, base): (Vec<char>, Vec<char>) = parts.into_iter().partition(is_tone);
        let base = unicode_normalization::UnicodeNormalization::nfc(base.into_iter());
        bytes.extend(base.chain(tones).map(|c| byte_of(c).unwrap()));
    }
    bytes
}

#[tokio::test]
async fn a_semicolon_file_in_windows_1258_is_read() {
    let desk = Desk::new().await;
    let text = "Tiêu đề;Nội dung;Nguồn;Ngày đăng;Lượt xem\r\n\
                Hưởng BHXH một lần;Người lao động được hưởng, nếu đủ điều kiện;Báo Ví Dụ;19/11/2026;1.234\r\n";
    let done = desk.import("cu.txt", &windows_1258(text)).await;
    assert!(
        done.shape
            .starts_with("CSV, windows-1258, phân cách bằng dấu chấm phẩy"),
        "{}",
        done.shape
    );
    assert_eq!((done.new, done.errors.len()), (1, 0), "{:?}", done.errors);
    let items = desk.items().await;
    assert_eq!(items[0].title, "Hưởng BHXH một lần");
    assert_eq!(items[0].text, "Người lao động được hưởng, nếu đủ điều kiện");
    assert_eq!(
        (items[0].source.as_str(), items[0].engagement.views),
        ("Báo Ví Dụ", 1_234)
    );
    assert_eq!(
        desk.import("cu.txt", &windows_1258(text)).await.known,
        1,
        "its id comes of its words"
    );
}

#[tokio::test]
async fn what_bears_a_mark_of_secrecy_is_refused_unstored_and_leaves_the_inbox() {
    let desk = Desk::new().await;
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write(0, 3, "Tuyệt mật").unwrap();
    sheet.write(1, 0, "Nội dung").unwrap();
    sheet.write(2, 0, "điều không ai được biết").unwrap();
    let csv = "Tiêu đề,Nội dung\nTin thường,x\nđiều không ai được biết,\"BỘ VÍ DỤ\n(TỐI MẬT)\nSố 1\"\n";
    let files = [
        ("a.csv", csv.as_bytes().to_vec()),
        ("b.xlsx", book.save_to_buffer().unwrap()),
    ];
    for (name, bytes) in &files {
        let error = desk.try_import(name, bytes).await.unwrap_err().to_string();
        assert!(error.ends_with("không đưa tài liệu mật lên hệ thống này"), "{error}");
        desk.write(&format!("inbox/{name}"), bytes);
    }
    desk.write(
        "inbox/c.csv",
        "Tiêu đề,Nội dung\nBảo mật,Đổi mật khẩu VssID\n".as_bytes(),
    );
    let inbox = desk.folder.path().join("inbox");
    let done = importing::inbox(&desk.store, &inbox, now()).await.unwrap();
    assert_eq!((done.new, done.errors.len()), (1, 2));
    assert_eq!(desk.items().await.len(), 1);
    for (name, _) in files {
        assert!(
            !inbox.join(name).exists() && !inbox.join("done").join(name).exists(),
            "{name} is gone"
        );
        let log = std::fs::read_to_string(inbox.join("done").join(format!("{name}.errors.csv"))).unwrap();
        assert!(log.contains("không đưa tài liệu mật lên hệ thống này"), "{log}");
        assert!(!log.contains("không ai được biết") && !log.contains("TỐI MẬT"), "{log}");
    }
    assert!(inbox.join("done/c.csv.20261120T100000.sealed").exists());
    assert!(!inbox.join("done/c.csv.errors.csv").exists());
}

#[tokio::test]
async fn a_file_of_the_inbox_that_is_no_table_does_not_hold_up_the_others() {
    let desk = Desk::new().await;
    desk.write("inbox/a.pdf", b"%PDF-1.7");
    desk.write(
        "inbox/b.csv",
        "Nội dung;Link\nBHXH;https://voz.vn/t/1\n;\nBHYT;ở đâu\n".as_bytes(),
    );
    let inbox = desk.folder.path().join("inbox");
    let done = importing::inbox(&desk.store, &inbox, now()).await.unwrap();
    assert_eq!((done.new, done.errors.len()), (1, 2));
    let log = |name: &str| std::fs::read_to_string(inbox.join("done").join(name)).unwrap();
    assert!(
        log("a.pdf.errors.csv").contains("lưu thành .xlsx hoặc .csv"),
        "{}",
        log("a.pdf.errors.csv")
    );
    assert!(
        log("b.csv.errors.csv").contains("4,Link,“ở đâu” không phải là địa chỉ"),
        "{}",
        log("b.csv.errors.csv")
    );
    for name in ["a.pdf", "b.csv"] {
        assert!(
            inbox.join(format!("done/{name}.20261120T100000.sealed")).exists(),
            "{name}"
        );
    }
    assert_eq!(
        importing::inbox(&desk.store, &inbox, now()).await.unwrap(),
        Imported::default()
    );
}

#[test]
fn a_map_outranks_what_is_known_and_its_mistakes_are_answered_with_the_nearest_name() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("x.csv"));
    std::fs::create_dir_all(data.join("maps")).unwrap();
    std::fs::write(
        &file,
        "Cột A,Nhan,Nội dung,Link\nLương hưu,an,nháp,https://facebook.com/vidu/posts/1\n",
    )
    .unwrap();
    let path = file.to_str().unwrap();
    let map = |text: &str| std::fs::write(data.join("maps/vendor.toml"), text).unwrap();
    let import = |arguments: &[&str]| run(&data, &[&["import", path], arguments].concat());

    map("text = \"Cột A\"\nauthor = \"Nhan\"\n");
    let dry = import(&["--map", "vendor", "--dry-run"]);
    assert!(dry.status.success(), "{}", complaint(&dry));
    for shown in [
        "CSV, UTF-8, phân cách bằng dấu phẩy, tên cột ở dòng 1",
        "  Cột A → text",
        "  Link → url",
        "Cột bỏ qua: Nội dung",
        "1. Facebook · bài đăng",
        "Lương hưu",
        "1 dòng: 1 tin mới",
        "chưa ghi gì",
    ] {
        assert!(out(&dry).contains(shown), "{shown}: {}", out(&dry));
    }
    assert!(
        run(&data, &["search", "luong huu", "--format", "csv"])
            .stdout
            .iter()
            .filter(|b| **b == b'\n')
            .count()
            == 1
    );
    for (text, answer) in [
        ("titel = \"Cột A\"", "“title”"),
        ("text = \"Cột B\"", "ý bạn là “Cột A”?"),
        ("text", "title = \"Tiêu đề\""),
    ] {
        map(text);
        let output = import(&["--map", "vendor"]);
        assert_eq!(output.status.code(), Some(2), "{}", complaint(&output));
        assert!(complaint(&output).contains(answer), "{answer}: {}", complaint(&output));
    }
    let output = import(&["--map", "vendro"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(complaint(&output).contains("đang có: vendor"), "{}", complaint(&output));
    map("text = \"Cột A\"\n");
    let by_path = data.join("maps/vendor.toml");
    assert!(import(&["--map", by_path.to_str().unwrap()]).status.success());
    assert!(
        out(&run(&data, &["search", "luong huu", "--format", "csv"]))
            .lines()
            .count()
            == 2
    );
}
