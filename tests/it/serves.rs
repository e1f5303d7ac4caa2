//! The pages and feeds show what the archive holds, to this machine only.

use std::net::SocketAddr;
use std::sync::Arc;

use chrono::TimeZone;
use diemtin::clock::Clock;
use diemtin::config::Config;
use diemtin::model::alert::{Alert, AlertEvent, AlertEventKind, AlertKind, AlertState, Level};
use diemtin::model::item::{Access, Engagement, Item, ItemKind, Platform};
use diemtin::model::{AlertId, ItemId, SourceId, Time, vietnam};
use diemtin::pipeline::service::Service;
use diemtin::store::{NewItem, Store, Target};
use tokio_util::sync::CancellationToken;

fn now() -> Time {
    vietnam().with_ymd_and_hms(2026, 11, 19, 9, 0, 0).unwrap()
}

/// A served archive with one private post and one alert; it ends with the test.
struct Served {
    address: SocketAddr,
    stop: CancellationToken,
    _folder: tempfile::TempDir,
    store: Store,
}

impl Drop for Served {
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

async fn served() -> Served {
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
        text: "<b>Nghe nói cấm rút</b>".into(),
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
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    tokio::spawn(diemtin::serve::serve(listener, service, stop.clone()));
    Served {
        address,
        stop,
        _folder: folder,
        store,
    }
}

async fn get(served: &Served, path: &str) -> (u16, String) {
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
    for path in ["/", "/alerts", "/alerts/a-1", "/items/x1", "/digests", "/sources"] {
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
    ] {
        let (_, page) = get(&served, path).await;
        assert!(!page.contains("ngan.tran"), "{path} names the author");
        assert!(!page.contains("facebook.example"), "{path} leads to the author");
        assert!(!page.contains("<b>Nghe"), "{path} runs the author's markup");
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
    assert!(diemtin::serve::may_listen("0.0.0.0:8080".parse().unwrap()).is_err());
}
