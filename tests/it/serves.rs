//! The pages and feeds show what the archive holds, to this machine only.

use std::net::SocketAddr;
use std::sync::Arc;

use chrono::TimeZone;
use diemtin::clock::Clock;
use diemtin::config::Config;
use diemtin::model::alert::{Alert, AlertEvent, AlertEventKind, AlertKind, AlertState, Level};
use diemtin::model::item::{Access, Engagement, Item, ItemKind, Platform};
use diemtin::model::user::Role;
use diemtin::model::{AlertId, ItemId, SourceId, Time, vietnam};
use diemtin::pipeline::service::Service;
use diemtin::store::{NewItem, Store, Target, User};
use tokio_util::sync::CancellationToken;

pub fn now() -> Time {
    vietnam().with_ymd_and_hms(2026, 11, 19, 9, 0, 0).unwrap()
}

/// A served archive with one private post and one alert; it ends with the test.
pub struct Served {
    pub address: SocketAddr,
    pub folder: tempfile::TempDir,
    pub store: Store,
    _pages: Pages,
}

/// Served pages; they end with the test.
pub struct Pages {
    pub address: SocketAddr,
    stop: CancellationToken,
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn alert(level: Level) -> AlertEvent {
    let alert = Alert {
        id: AlertId::from("a-1"),
        rule: "tin_don".into(),
        kind: AlertKind::Rumour,
        level,
        state: AlertState::New,
        title: "Cấm rút một lần".into(),
        reason: "2 bài của 2 người.".into(),
        rumour_id: Some("policy_cam_rut".into()),
        story: None,
        items: vec![ItemId::from("x1")],
        topics: vec!["bhxh_mot_lan".into()],
        departments: vec!["ban_bhxh".into()],
        opened_at: now(),
        updated_at: now(),
        resolved: false,
        version: "t".into(),
    };
    AlertEvent {
        at: now(),
        event: AlertEventKind::Raise,
        alert,
    }
}

/// Serves the pages of a service at a free port of loopback.
pub async fn serve(service: Service) -> Pages {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let searching = service.searching().unwrap();
    let writer = searching.writer().unwrap().unwrap();
    searching.catch_up(&writer, |_| {}).await.unwrap();
    tokio::spawn(diemtin::serve::serve(listener, service, searching, stop.clone()));
    Pages { address, stop }
}

pub async fn served() -> Served {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Target::Sqlite(folder.path().join("t.db"))).await.unwrap();
    let item = Item {
        id: ItemId::from("x1"),
        kind: ItemKind::Post,
        platform: Platform::Facebook,
        source: SourceId::from("Nhóm kín của chị Ngân"),
        source_rank: 3,
        access: Access::Vendor,
        url: Some("https://facebook.example/ngan/1".into()),
        title: String::new(),
        text: "<b>Nghe nói cấm rút</b> bảo hiểm xã hội một lần".into(),
        author: Some("ngan.tran.88".into()),
        lang: None,
        published_at: Some(now()),
        collected_at: Some(now()),
        parent: None,
        thread: None,
        repost_of: None,
        engagement: Engagement::default(),
    };
    let new = NewItem {
        item,
        snapshot: None,
        evidence: None,
        method: "import".into(),
        warnings: vec![],
    };
    store.insert_items(&[new], now()).await.unwrap();
    store.record_alert_events(&[alert(Level::Watch)]).await.unwrap();
    let mut config = Config {
        data: folder.path().into(),
        ..Config::default()
    };
    config.agency.is_sample = true;
    let service = Service {
        config: Arc::new(config),
        catalogue: Arc::new(diemtin::catalogue::load(None, None).unwrap()),
        store: store.clone(),
        clock: Clock::manual(now()),
    };
    let pages = serve(service).await;
    Served {
        address: pages.address,
        folder,
        store,
        _pages: pages,
    }
}

pub async fn get(served: &Served, path: &str) -> (u16, String) {
    let client = crate::support::client::client(&[], served.address);
    let answer = client
        .get(format!("http://{}{path}", served.address))
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn every_page_answers_and_says_that_a_sample_is_one() {
    let served = served().await;
    for path in [
        "/",
        "/alerts",
        "/alerts/a-1",
        "/items/x1",
        "/digests",
        "/sources",
        "/search",
        "/users",
    ] {
        let (status, page) = get(&served, path).await;
        assert_eq!(status, 200, "{path}: {page}");
        assert!(page.contains("DỮ LIỆU MẪU – KHÔNG CÓ THẬT"), "{path}");
    }
    assert_eq!(get(&served, "/items/nobody").await.0, 404);
    assert!(
        get(&served, "/alerts/a-1")
            .await
            .1
            .contains("Gợi ý trả lời (chưa duyệt)")
    );
}

#[tokio::test]
async fn a_private_person_is_shown_by_the_first_letter_and_their_words_cannot_run() {
    let served = served().await;
    for path in [
        "/items/x1",
        "/alerts/a-1",
        "/alerts.atom",
        "/alerts.json",
        "/api/alerts",
        "/api/stories",
        "/api/items?q=cam+rut",
        "/api/items/x1",
        "/search?q=cam+rut&all=1",
        "/search.csv?q=cam+rut&all=1",
    ] {
        let (_, page) = get(&served, path).await;
        assert!(!page.contains("ngan.tran"), "{path} names the author");
        assert!(!page.contains("facebook.example"), "{path} leads to the author");
        let is_data = path.starts_with("/api/") || path.contains(".json") || path.contains(".csv");
        assert!(is_data || !page.contains("<b>Nghe"), "{path} runs the author's markup");
    }
    assert!(get(&served, "/items/x1").await.1.contains("n***"));
}

#[tokio::test]
async fn feeds_are_read_by_a_feed_reader() {
    let served = served().await;
    for path in ["/alerts.atom", "/alerts.json"] {
        let (_, text) = get(&served, path).await;
        let feed = feed_rs::parser::parse(text.as_bytes()).unwrap();
        assert!(
            feed.entries[0]
                .title
                .as_ref()
                .unwrap()
                .content
                .contains("Cấm rút một lần"),
            "{path}"
        );
        assert!(feed.title.unwrap().content.contains("KHÔNG CÓ THẬT"), "{path}");
    }
}

#[tokio::test]
async fn the_live_stream_resumes_after_the_last_event_seen() {
    let served = served().await;
    served
        .store
        .record_alert_events(&[alert(Level::Warning)])
        .await
        .unwrap();
    let client = crate::support::client::client(&[], served.address);
    let mut answer = client
        .get(format!("http://{}/api/alerts/stream", served.address))
        .header("last-event-id", "1")
        .send()
        .await
        .unwrap();
    let first = answer.chunk().await.unwrap().unwrap();
    let text = String::from_utf8_lossy(&first);
    assert!(text.contains("id: 2") && text.contains("\"level\":2"), "{text}");
    assert!(!text.contains("id: 1\n"), "{text}");
}

#[tokio::test]
async fn a_name_of_another_machine_is_not_answered() {
    let served = served().await;
    let client = crate::support::client::client(&["evil.example"], served.address);
    let address = format!("http://evil.example:{}/api/alerts", served.address.port());
    let answer = client.get(address).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 421);
}

pub fn browser(served: &Served) -> reqwest::Client {
    crate::support::client::client(&[], served.address)
}

pub async fn add_user(served: &Served, name: &str, role: Role) {
    let user = User {
        name: name.into(),
        role,
        password: diemtin::serve::hash_password("mật khẩu dài").unwrap(),
        disabled: false,
    };
    served.store.save_user(&user, now()).await.unwrap();
}

/// Logs in and returns the session's cookie.
pub async fn log_in(served: &Served, name: &str, password: &str) -> (u16, String) {
    let answer = browser(served)
        .post(format!("http://{}/login", served.address))
        .form(&[("name", name), ("password", password), ("next", "/alerts/a-1")])
        .send()
        .await
        .unwrap();
    let cookie = answer.headers().get("set-cookie").map(|value| value.to_str().unwrap());
    let cookie = cookie.and_then(|value| value.split(';').next()).unwrap_or_default();
    (answer.status().as_u16(), cookie.to_owned())
}

pub async fn page_as(served: &Served, cookie: &str, path: &str) -> (u16, String) {
    let request = browser(served).get(format!("http://{}{path}", served.address));
    let answer = request
        .header("cookie", cookie)
        .header("accept", "text/html")
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn act(served: &Served, cookie: &str, csrf: &str) -> u16 {
    let request = browser(served).post(format!("http://{}/alerts/a-1", served.address));
    let form = [("to", "acknowledged"), ("comment", "đã gọi"), ("csrf", csrf)];
    request
        .header("cookie", cookie)
        .form(&form)
        .send()
        .await
        .unwrap()
        .status()
        .as_u16()
}

pub fn csrf_in(page: &str) -> String {
    let (_, after) = page.split_once("name=\"csrf\" value=\"").unwrap();
    after.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn once_a_user_exists_every_route_but_health_asks_for_a_login() {
    let served = served().await;
    add_user(&served, "lan", Role::Reader).await;
    for path in [
        "/",
        "/alerts",
        "/items/x1",
        "/search.csv",
        "/api/alerts",
        "/alerts.atom",
        "/openapi.json",
        "/metrics",
    ] {
        assert_eq!(get(&served, path).await.0, 401, "{path}");
    }
    assert_eq!(get(&served, "/healthz").await.0, 200);
    assert_eq!(
        page_as(&served, "", "/alerts").await.0,
        303,
        "people are led to the login page"
    );
    let (status, cookie) = log_in(&served, "lan", "mật khẩu dài").await;
    assert_eq!((status, page_as(&served, &cookie, "/").await.0), (303, 200));
    assert_eq!(log_in(&served, "lan", "mật khẩu sai").await.0, 401);
    assert_eq!(log_in(&served, "ai-đó", "mật khẩu dài").await.0, 401);
}

#[tokio::test]
async fn a_name_guessed_at_too_often_has_to_wait() {
    let served = served().await;
    add_user(&served, "lan", Role::Reader).await;
    for _ in 0..5 {
        assert_eq!(log_in(&served, "lan", "mật khẩu sai").await.0, 401);
    }
    assert_eq!(log_in(&served, "lan", "mật khẩu dài").await.0, 429);
}

#[tokio::test]
async fn an_alert_moves_by_who_may_and_by_a_form_of_ours_and_that_is_written_down() {
    let served = served().await;
    add_user(&served, "doc", Role::Reader).await;
    add_user(&served, "truc", Role::DutyOfficer).await;
    let (_, reader) = log_in(&served, "doc", "mật khẩu dài").await;
    let (_, page) = page_as(&served, &reader, "/alerts/a-1").await;
    assert!(!page.contains("Chuyển: Đã tiếp nhận"));
    assert_eq!(act(&served, &reader, &csrf_in(&page)).await, 403);
    let (_, officer) = log_in(&served, "truc", "mật khẩu dài").await;
    let (_, page) = page_as(&served, &officer, "/alerts/a-1").await;
    assert_eq!(
        act(&served, &officer, "").await,
        403,
        "a form from elsewhere has no token"
    );
    assert_eq!(act(&served, &officer, &csrf_in(&page)).await, 303);
    let (_, page) = page_as(&served, &officer, "/alerts/a-1").await;
    assert!(page.contains("Mới → Đã tiếp nhận") && page.contains("đã gọi"), "{page}");
    let audit = served.store.audit_lines(10).await.unwrap();
    assert_eq!((audit[0].user.as_str(), audit[0].action.as_str()), ("truc", "alert"));
    assert_eq!(page_as(&served, &officer, "/users").await.0, 403);
    let logout = browser(&served).post(format!("http://{}/logout", served.address));
    let answer = logout
        .header("cookie", &officer)
        .form(&[("csrf", csrf_in(&page))])
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 303);
    assert_eq!(page_as(&served, &officer, "/").await.0, 303, "the session is over");
}

#[tokio::test]
async fn a_program_comes_in_with_a_token_until_it_is_revoked() {
    let served = served().await;
    add_user(&served, "truc", Role::DutyOfficer).await;
    served.store.add_token("bí-mật", "truc", "bảng", now()).await.unwrap();
    let token = diemtin::chance::token();
    served.store.add_token(&token, "truc", "màn hình", now()).await.unwrap();
    let ask = || {
        browser(&served)
            .get(format!("http://{}/api/alerts", served.address))
            .bearer_auth(&token)
    };
    assert_eq!(ask().send().await.unwrap().status().as_u16(), 200);
    let post = browser(&served)
        .post(format!("http://{}/api/alerts/a-1/actions", served.address))
        .bearer_auth(&token);
    let answer = post
        .json(&serde_json::json!({ "to": "acknowledged" }))
        .send()
        .await
        .unwrap();
    let moved: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(moved["state"], "acknowledged", "{moved}");
    served.store.revoke_token("truc", "màn hình", now()).await.unwrap();
    assert_eq!(ask().send().await.unwrap().status().as_u16(), 401);
}

#[tokio::test]
async fn the_archive_is_searched_by_page_and_by_program_and_mistakes_are_explained() {
    let served = served().await;
    let (status, answer) = get(&served, "/api/items?q=cam+rut&from=2026-11-19&to=2026-11-19").await;
    let found: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(
        (status, &found["total"], &found["items"][0]["item"]["id"]),
        (200, &1.into(), &"x1".into())
    );
    assert_eq!(found["items"][0]["item"]["author"], "n***");
    let (_, answer) = get(&served, "/api/items?q=cam+rut&to=2026-11-18").await;
    assert!(answer.contains("\"total\":0"), "{answer}");
    let (status, answer) = get(&served, "/api/items?q=(cam").await;
    assert_eq!(status, 400);
    assert!(answer.contains("ký tự thứ 1"), "{answer}");
    let (status, page) = get(&served, "/search?q=(cam").await;
    assert!(status == 200 && page.contains("ký tự thứ 1"), "{page}");
    assert!(
        get(&served, "/search?q=cam+rut&all=1")
            .await
            .1
            .contains("Nghe nói cấm rút")
    );
}

#[tokio::test]
async fn the_api_describes_itself_and_every_described_list_answers() {
    let served = served().await;
    let (_, text) = get(&served, "/openapi.json").await;
    let described: serde_json::Value = serde_json::from_str(&text).unwrap();
    let paths = described["paths"].as_object().unwrap();
    for path in [
        "/api/items",
        "/api/stories",
        "/api/alerts",
        "/api/digests",
        "/api/sources",
        "/api/ledger",
    ] {
        assert!(paths.contains_key(path), "{path} is not described");
        let (status, answer) = get(&served, path).await;
        assert_eq!(status, 200, "{path}: {answer}");
    }
    let (_, ledger) = get(&served, "/api/ledger").await;
    assert!(ledger.contains("\"green\":false"), "nothing was collected: {ledger}");
    let (_, figures) = get(&served, "/metrics").await;
    assert!(figures.contains("diemtin_items_24h 1"), "{figures}");
}

#[tokio::test]
async fn the_words_behind_a_decision_are_marked_in_the_item() {
    let served = served().await;
    let items = served.store.items_unanalysed(10).await.unwrap();
    let catalogue = diemtin::catalogue::load(None, None).unwrap();
    let mut understanding =
        diemtin::pipeline::understanding::Understanding::start(served.store.clone(), &catalogue, now())
            .await
            .unwrap();
    assert_eq!(understanding.step(now()).await.unwrap().items, items.len());
    let (_, page) = get(&served, "/items/x1").await;
    assert!(page.contains("<mark title=\"liên quan\">"), "{page}");
}

#[test]
fn any_address_but_loopback_needs_an_administrator_first() {
    let user = |role, password: &str| User {
        name: "a".into(),
        role,
        password: password.into(),
        disabled: false,
    };
    let open = "0.0.0.0:8080".parse().unwrap();
    assert!(diemtin::serve::may_listen(open, &[]).unwrap_err().contains("user add"));
    assert!(diemtin::serve::may_listen(open, &[user(Role::Editor, "x")]).is_err());
    assert!(diemtin::serve::may_listen(open, &[user(Role::Administrator, "")]).is_err());
    assert!(diemtin::serve::may_listen(open, &[user(Role::Administrator, "x")]).is_ok());
    assert!(diemtin::serve::may_listen("127.0.0.1:8080".parse().unwrap(), &[]).is_ok());
}
