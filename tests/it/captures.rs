//! What people hand in by forms and a bookmarklet: once each, with who did it, and nothing secret.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use diemtin::collect::captured::Filled;
use diemtin::evidence::Evidence;
use diemtin::model::ItemId;
use diemtin::model::capture::{Arrival, CaptureForm};
use diemtin::model::item::{Access, Item, ItemKind, Platform};
use diemtin::model::user::Role;
use diemtin::pipeline::capturing::{Hand, Outcome};
use diemtin::store::Store;

use crate::serves::{self, Served, add_user, browser, csrf_in, get, log_in, page_as, served};

/// Name and bytes of a picture.
type Chosen<'a> = Option<(&'a str, &'a [u8])>;

/// Fields of a form.
type Fields<'a> = &'a [(&'a str, &'a str)];

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR anh chup man hinh";
/// What is said of what bears a stamp.
pub const REFUSED: &str = "không đưa tài liệu mật lên hệ thống này";

/// A browser with the session of one user, and the token of its forms.
struct Visitor<'a> {
    served: &'a Served,
    cookie: String,
    csrf: String,
}

async fn visitor<'a>(served: &'a Served, name: &str, role: Role) -> Visitor<'a> {
    add_user(served, name, role).await;
    let (_, cookie) = log_in(served, name, "mật khẩu dài").await;
    let csrf = csrf_in(&page_as(served, &cookie, "/tip").await.1);
    Visitor { served, cookie, csrf }
}

impl Visitor<'_> {
    /// Sends a form of several parts, as browsers do.
    async fn send(&self, path: &str, fields: Fields<'_>, picture: Chosen<'_>) -> (u16, String) {
        let mut body = Vec::new();
        for (name, value) in fields.iter().chain(&[("csrf", self.csrf.as_str())]) {
            let part = format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend(part.into_bytes());
        }
        // An empty choice is sent too.
        let (name, bytes) = picture.unwrap_or_default();
        let head = format!(
            "--cut\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        body.extend(head.into_bytes());
        body.extend(bytes);
        body.extend(b"\r\n--cut--\r\n");
        let request = browser(self.served)
            .post(format!("http://{}{path}", self.served.address))
            .header("cookie", &self.cookie)
            .header("content-type", "multipart/form-data; boundary=cut")
            .body(body);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn page(&self, path: &str) -> (u16, String) {
        page_as(self.served, &self.cookie, path).await
    }
}

/// Items of a served archive but the one it begins with.
async fn items(store: &Store) -> Vec<Item> {
    let mut items = store.items_unanalysed(1_000).await.unwrap();
    items.retain(|item| item.id.as_str() != "x1");
    items
}

/// The files below a folder that hold some words.
fn holding(folder: &Path, words: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, words));
        } else if memchr::memmem::find(&std::fs::read(&path).unwrap(), words.as_bytes()).is_some() {
            found.push(path);
        }
    }
    found
}

#[tokio::test]
async fn every_form_makes_one_item_however_often_it_is_sent_and_says_who_sent_it() {
    let served = served().await;
    let lan = visitor(&served, "lan", Role::Editor).await;
    let print = [
        ("form", "print"),
        ("source", "Báo Giấy Mẫu"),
        ("issue", "312"),
        ("date", "2026-11-19"),
        ("page", "4"),
        ("title", "Lương hưu tăng"),
    ];
    let broadcast = [
        ("form", "broadcast"),
        ("source", "Kênh Mẫu"),
        ("date", "2026-11-19"),
        ("time", "07:00"),
        ("title", "Thời sự sáng"),
        ("text", "Tin về thẻ BHYT"),
    ];
    let text = [
        ("form", "text"),
        ("platform", "zalo"),
        ("text", "Nghe nói sắp cấm rút BHXH"),
    ];
    let link = [
        ("form", "link"),
        ("url", "https://blog.example/a?utm_source=x"),
        ("title", "Về lương hưu"),
    ];
    let shot = [
        ("form", "screenshot"),
        ("platform", "facebook"),
        ("text", "Thẻ BHYT hết hạn"),
    ];
    let forms: [(Fields, Chosen, &str); 5] = [
        (&print, None, "số 312 ngày 19/11/2026, trang 4"),
        (&broadcast, None, "phát sóng lúc 07:00 19/11/2026"),
        (&text, None, "Nội dung dán"),
        (&link, None, "Đường dẫn"),
        (&shot, Some(("anh.png", PNG)), "Ảnh chụp màn hình"),
    ];
    for (count, (fields, picture, said)) in forms.into_iter().enumerate() {
        let (status, page) = lan.send("/capture", fields, picture).await;
        assert!(
            status == 200 && page.contains("Đã ghi nhận."),
            "{fields:?}: {status} {page}"
        );
        let (status, page) = lan.send("/capture", fields, picture).await;
        assert!(
            status == 200 && page.contains("Đã có trong kho"),
            "{fields:?}: {status} {page}"
        );
        let items = items(&served.store).await;
        assert_eq!(items.len(), count + 1, "{fields:?}");
        let item = items
            .iter()
            .find(|item| page.contains(&format!("/items/{}\">Xem tin", item.id)));
        let item = item.expect("the answer leads to the item");
        assert_eq!(item.access, Access::Manual);
        let (_, page) = lan.page(&format!("/items/{}", item.id)).await;
        assert!(page.contains(said) && page.contains("lan ghi lúc"), "{page}");
    }
    let lines = served.store.list_captures("manual", 10).await.unwrap();
    assert!(
        lines.len() == 5
            && lines
                .iter()
                .all(|(capture, item)| capture.user == "lan" && item.is_some())
    );
    add_user(&served, "quan", Role::Administrator).await;
    let audit = served.store.audit_lines(20).await.unwrap();
    assert_eq!(
        audit
            .iter()
            .filter(|line| line.action == "capture" && line.detail == "mới")
            .count(),
        5
    );
}

#[tokio::test]
async fn what_is_known_keeps_its_words_and_the_picture_is_kept_beside_it() {
    let served = served().await;
    let lan = visitor(&served, "lan", Role::DutyOfficer).await;
    let url = ("url", "https://www.facebook.com/nhom/posts/7");
    let first = [("form", "text"), url, ("text", "Rút BHXH một lần bị đánh thuế 10%")];
    lan.send("/capture", &first, None).await;
    let second = [("form", "screenshot"), url, ("text", "chữ khác")];
    assert!(
        lan.send("/capture", &second, Some(("anh.jpg", PNG)))
            .await
            .1
            .contains("Đã có trong kho")
    );
    let id = ItemId::from_url("https://www.facebook.com/nhom/posts/7");
    let item = served.store.find_item(&id).await.unwrap().unwrap();
    assert_eq!(
        (item.text.as_str(), item.platform),
        ("Rút BHXH một lần bị đánh thuế 10%", Platform::Facebook)
    );
    let pictures = served.store.pictures_of(&id).await.unwrap();
    assert_eq!((pictures.len(), pictures[0].media_type.as_str()), (1, "image/png"));
    assert_eq!(pictures[0].name, Evidence::name(PNG));
    let (path, opening) = (
        format!("/items/{id}/pictures/{}", pictures[0].name),
        format!("/items/{id}/identity"),
    );
    let page = lan.page(&format!("/items/{id}")).await.1;
    assert!(page.contains(&opening) && !page.contains(&path), "{page}");
    assert_eq!(lan.page(&path).await.0, 400, "a reason is needed");
    let opened = async |what: &str, reason: &str| {
        let fields = [("csrf", lan.csrf.as_str()), ("what", what), ("reason", reason)];
        let request = browser(&served)
            .post(format!("http://{}{opening}", served.address))
            .form(&fields);
        request.header("cookie", &lan.cookie).send().await.unwrap()
    };
    let (name, reason) = (pictures[0].name.as_str(), "vụ việc 12/2026");
    assert_eq!(opened(name, "xem").await.status(), 400);
    assert_eq!(opened("khác", reason).await.status(), 404);
    let answer = opened(name, reason).await;
    assert_eq!(answer.headers()["content-type"], "image/png");
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    assert_eq!(answer.bytes().await.unwrap(), PNG);
    let kept = served.store.find_evidence(name).await.unwrap().unwrap();
    assert!(kept.place.file.starts_with("private/"), "it is sealed: {kept:?}");
    let line = served.store.audit_lines(1).await.unwrap().remove(0);
    assert_eq!((line.action.as_str(), line.detail.as_str()), ("snapshot", reason));
    let reader = visitor(&served, "doc", Role::Editor).await;
    assert_eq!(reader.page(&path).await.0, 403, "it may name private persons");
    assert_eq!(
        lan.page(&format!("/items/x1/pictures/{}", pictures[0].name)).await.0,
        404
    );
}

#[tokio::test]
async fn a_link_of_a_source_that_is_collected_is_fetched_as_that_source_always_is() {
    let scene = crate::looks_back::scene().await;
    scene.site.article("mot", "2026-11-10", "Ai cũng nghe.");
    let pages = serves::serve(scene.service.clone()).await;
    let client = crate::support::client::client(&[], pages.address);
    let capture = format!("http://{}/capture", pages.address);
    let form = client.get(&capture).send().await.unwrap().text().await.unwrap();
    let address = format!("http://{}/mot.html#binh-luan", crate::looks_back::HOST);
    let send = || {
        client
            .post(&capture)
            .form(&[("url", address.as_str()), ("csrf", &csrf_in(&form))])
    };
    let said = send().send().await.unwrap().text().await.unwrap();
    assert!(
        said.contains("đã đưa vào hàng chờ tải") && said.contains("đang chờ tải. được ghi nhận thủ công"),
        "{said}"
    );
    scene.work().await;
    let id = ItemId::from_url(&format!("http://{}/mot.html", crate::looks_back::HOST));
    let item = scene.store.find_item(&id).await.unwrap().expect("it was fetched");
    assert_eq!((item.access, item.kind), (Access::Public, ItemKind::Press));
    assert_eq!(scene.store.captures_of(&id).await.unwrap()[0].user, "máy này");
    let said = send().send().await.unwrap().text().await.unwrap();
    assert!(said.contains("Đã có trong kho"), "{said}");
    let came = scene
        .store
        .handed_in(crate::looks_back::start(), scene.service.clock.now())
        .await;
    let came = came.unwrap();
    assert!(came.is_empty(), "the period begins after its first moment: {came:?}");
    let before = crate::looks_back::start() - chrono::Duration::hours(1);
    let came = scene.store.handed_in(before, scene.service.clock.now()).await.unwrap();
    assert_eq!((came.len(), came[0].access.as_str(), came[0].items), (1, "manual", 1));
}

#[tokio::test]
async fn what_bears_a_stamp_is_refused_and_nothing_of_it_is_stored() {
    let served = served().await;
    let lan = visitor(&served, "lan", Role::Administrator).await;
    let secret = "Kế hoạch tuyệt đối kín\nTỐI MẬT\nSố 12/KH";
    let shot = [
        ("form", "screenshot"),
        ("text", "Kế hoạch tuyệt đối kín"),
        ("platform", "zalo"),
    ];
    let attempts: [(&str, Fields, Chosen); 6] = [
        ("/capture", &[("form", "text"), ("text", secret)], None),
        (
            "/capture",
            &[("form", "link"), ("url", "https://a.example/"), ("text", secret)],
            None,
        ),
        (
            "/capture",
            &[
                ("form", "print"),
                ("title", "[MẬT]"),
                ("text", "Kế hoạch tuyệt đối kín"),
            ],
            None,
        ),
        ("/capture", &shot, Some(("Kế hoạch tuyệt đối kín - TUYỆT MẬT.png", PNG))),
        ("/tip", &[("text", secret), ("author", "chị Ngân")], None),
        (
            "/tip",
            &[("text", "xem ảnh"), ("author", "Kế hoạch tuyệt đối kín")],
            Some(("MẬT.png", PNG)),
        ),
    ];
    for (path, fields, picture) in attempts {
        let (status, page) = lan.send(path, fields, picture).await;
        assert!(status == 400 && page.contains(REFUSED), "{fields:?}: {status} {page}");
        assert!(!page.contains("Kế hoạch tuyệt đối kín"), "it is not shown again");
    }
    let prefilled = lan.page("/capture?text=K%E1%BA%BF%20ho%E1%BA%A1ch%0AM%E1%BA%ACT").await;
    assert!(prefilled.0 == 400 && prefilled.1.contains(REFUSED), "{}", prefilled.1);
    assert_eq!(items(&served.store).await, []);
    assert!(served.store.list_captures("manual", 9).await.unwrap().is_empty());
    assert!(!served.folder.path().join("evidence").exists(), "no picture was kept");
    assert_eq!(
        holding(served.folder.path(), "Kế hoạch tuyệt đối kín"),
        Vec::<PathBuf>::new()
    );
    let fine = [
        ("form", "text"),
        ("platform", "zalo"),
        ("text", "đổi mật khẩu VssID\nbảo mật tài khoản"),
    ];
    assert_eq!(lan.send("/capture", &fine, None).await.0, 200);
}

#[tokio::test]
async fn a_form_that_is_not_in_order_is_shown_again_with_what_was_written() {
    let served = served().await;
    let lan = visitor(&served, "lan", Role::Editor).await;
    let shot = [
        ("form", "screenshot"),
        ("text", "chữ \"trong\" ảnh"),
        ("platform", "zalo"),
    ];
    let large = [PNG, &vec![0; 10 << 20]].concat();
    for (picture, said) in [
        (Some(("anh.png", &b"GIF89a"[..])), "PNG, JPEG hoặc WebP"),
        (Some(("anh.png", &large)), "10 MB"),
        (None, "cần chọn tệp ảnh"),
    ] {
        let (status, page) = lan.send("/capture", &shot, picture).await;
        assert!(status == 400 && page.contains(said), "{status} {page}");
        assert!(page.contains("chữ &#34;trong&#34; ảnh"), "{page}");
    }
    let (status, page) = lan.send("/tip", &[("text", "x"), ("province", "atlantis")], None).await;
    assert!(
        status == 400 && page.contains("Địa phương: không có trong danh sách"),
        "{page}"
    );
    assert_eq!(items(&served.store).await, []);
}

#[tokio::test]
async fn editors_capture_everybody_hands_in_tips_and_only_with_a_form_of_ours() {
    let served = served().await;
    let doc = visitor(&served, "doc", Role::Reader).await;
    assert_eq!(doc.page("/capture").await.0, 403);
    let text = [("form", "text"), ("text", "x")];
    assert_eq!(doc.send("/capture", &text, None).await.0, 403);
    let forged = Visitor {
        csrf: "x".into(),
        cookie: doc.cookie.clone(),
        served: &served,
    };
    assert_eq!(forged.send("/tip", &[("text", "x")], None).await.0, 403);
    assert_eq!(get(&served, "/tip").await.0, 401);
    assert_eq!(items(&served.store).await, []);
    let tip = [
        ("text", "Có người gọi đòi phí gia hạn thẻ BHYT"),
        ("province", "thanh_hoa"),
        ("arrival", "hotline"),
        ("platform", "sms"),
        ("author", "Nguyễn Thị Ngân"),
    ];
    let (status, page) = doc.send("/tip", &tip, Some(("anh.png", PNG))).await;
    assert!(
        status == 200 && page.contains("Đã ghi nhận.") && page.contains("Thanh Hóa"),
        "{page}"
    );
    let item = items(&served.store).await.remove(0);
    assert_eq!((item.access, item.platform), (Access::Tip, Platform::Sms));
    let capture = served.store.captures_of(&item.id).await.unwrap().remove(0);
    assert_eq!(
        (capture.user.as_str(), capture.arrival),
        ("doc", Some(Arrival::Hotline))
    );
    for path in [
        "/tip".to_owned(),
        format!("/items/{}", item.id),
        format!("/api/items/{}", item.id),
    ] {
        let (_, page) = doc.page(&path).await;
        assert!(
            !page.contains("Thị Ngân") && !page.contains("Nguyễn"),
            "{path} names who reported it"
        );
    }
}

#[tokio::test]
async fn the_bookmarklet_fills_the_form_in_and_stores_nothing() {
    let served = served().await;
    let lan = visitor(&served, "lan", Role::Editor).await;
    let (_, page) = lan.page("/capture").await;
    let script = page
        .split("class=\"bookmarklet\" href=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let script = script
        .replace("&#34;", "\"")
        .replace("&#38;", "&")
        .replace("&#39;", "'");
    assert!(script.starts_with("javascript:"), "{script}");
    let opened = format!("window.open(\"http://{}\"+'/capture?url='", served.address);
    assert!(
        script.contains(&opened) && script.contains("getSelection()"),
        "{script}"
    );
    let path = "/capture?url=https%3A%2F%2Fa.example%2F1&title=%3Cscript%3Ealert%281%29%3C%2Fscript%3E&text=B%C3%B4i%20%C4%91en";
    let (status, page) = lan.page(path).await;
    assert!(status == 200 && page.contains("value=\"https://a.example/1\"") && page.contains("Bôi đen"));
    assert!(
        !page.contains("<script>alert"),
        "what another page is called does not run here"
    );
    assert_eq!(items(&served.store).await, []);
    // A browser keeps a strict cookie back when another site opens the window.
    let request = browser(&served)
        .get(format!("http://{}{path}", served.address))
        .header("sec-fetch-site", "cross-site")
        .header("accept", "text/html");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    let page = answer.text().await.unwrap();
    assert!(
        page.contains("http-equiv=\"refresh\" content=\"0;url=/capture?url=https%3A%2F%2Fa.example"),
        "{page}"
    );
}

#[tokio::test]
async fn what_is_handed_in_is_counted_apart_by_way_and_province() {
    let served = served().await;
    let lan = visitor(&served, "lan", Role::Administrator).await;
    lan.send(
        "/capture",
        &[
            ("form", "text"),
            ("platform", "zalo"),
            ("text", "Nhóm kín bàn về rút BHXH"),
        ],
        None,
    )
    .await;
    for province in ["hue", "hue", "thanh_hoa", ""] {
        lan.send(
            "/tip",
            &[("text", "Có người đòi phí làm thẻ BHYT"), ("province", province)],
            None,
        )
        .await;
    }
    let (_, answer) = lan.page("/api/ledger?from=2026-11-19&to=2026-11-19").await;
    let found: serde_json::Value = serde_json::from_str(&answer).unwrap();
    let line = |line: &serde_json::Value| format!("{} {} {}", line["access"], line["province"], line["items"]);
    let lines: Vec<String> = found["handed_in"].as_array().unwrap().iter().map(line).collect();
    assert_eq!(
        lines,
        [
            "\"manual\" null 1",
            "\"tip\" null 1",
            "\"tip\" \"Huế\" 1",
            "\"tip\" \"Thanh Hóa\" 1"
        ]
    );
    let (_, page) = lan.page("/sources").await;
    assert!(
        page.contains("Ghi nhận thủ công và tin báo") && page.contains("<td>Thanh Hóa</td>"),
        "{page}"
    );
    let (_, figures) = lan.page("/metrics").await;
    assert!(figures.contains("diemtin_handed_in_24h{access=\"tip\"} 3"), "{figures}");
}

#[tokio::test]
async fn two_people_who_capture_the_same_are_both_written_down() {
    let scene = crate::looks_back::scene().await;
    let evidence = scene.service.evidence();
    let fields = BTreeMap::from([("text".to_owned(), "Rút BHXH một lần".to_owned())]);
    let filled = Filled {
        form: CaptureForm::Text,
        fields: &fields,
        picture: None,
    };
    let by = |user: &str| Hand {
        user: user.into(),
        ..Hand::default()
    };
    let (id, outcome) = scene.service.capture(&evidence, &filled, by("lan")).await.unwrap();
    assert_eq!(outcome, Outcome::New);
    assert_eq!(
        scene.service.capture(&evidence, &filled, by("binh")).await.unwrap(),
        (id.clone(), Outcome::Known)
    );
    let who: Vec<String> = scene
        .store
        .captures_of(&id)
        .await
        .unwrap()
        .into_iter()
        .map(|c| c.user)
        .collect();
    assert_eq!(who, ["binh", "lan"]);
}
