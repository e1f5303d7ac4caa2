//! Telegram channels, bridges and readers' comments, each against a server on loopback that answers under the real names over
//! TLS: nothing lost, nothing twice, a clear line when access ends.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::TimeZone;
use diemtin::clock::Clock;
use diemtin::config::Config;
use diemtin::model::digest::Period;
use diemtin::model::item::{Item, ItemKind, Platform};
use diemtin::model::source::Source;
use diemtin::model::{ItemId, Time, vietnam};
use diemtin::pipeline::collecting::Collecting;
use diemtin::pipeline::ledger::{Ledger, ledger};
use diemtin::pipeline::service::Service;
use diemtin::store::{Store, Target};

use crate::support::outlets::{self, Outlets};

/// Answers by host, path and query; and what was asked for in order.
#[derive(Default)]
struct Pages(BTreeMap<String, (u16, String)>, Vec<String>);

#[derive(Clone, Default)]
struct Site(Arc<Mutex<Pages>>);

impl Site {
    fn set(&self, address: &str, body: impl Into<String>) {
        self.fail(address, 200, body);
    }

    fn fail(&self, address: &str, status: u16, body: impl Into<String>) {
        self.0.lock().unwrap().0.insert(address.into(), (status, body.into()));
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().1)
    }
}

async fn answer(State(site): State<Site>, request: Request) -> Response {
    let host = request.headers()[header::HOST].to_str().unwrap().to_owned();
    let path = request.uri().path_and_query().unwrap().as_str();
    let address = format!("{}{path}", host.split(':').next().unwrap());
    let mut state = site.0.lock().unwrap();
    state.1.push(address.clone());
    let Some((status, body)) = state.0.get(&address) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = match body.chars().next() {
        Some('{' | '[') => "application/json",
        _ if body.starts_with("<rss") => "application/rss+xml",
        _ => "text/html; charset=utf-8",
    };
    let status = StatusCode::from_u16(*status).unwrap();
    (status, [(header::CONTENT_TYPE, kind)], body.clone()).into_response()
}

struct Scene {
    site: Site,
    clock: Clock,
    store: Store,
    service: Service,
    collecting: Arc<Collecting>,
    source: Source,
    outlets: Option<Outlets>,
    _folder: tempfile::TempDir,
}

fn start() -> Time {
    vietnam().with_ymd_and_hms(2026, 11, 20, 9, 0, 0).unwrap()
}

/// A source collected from `hosts` on loopback; `lines` of its file follow what every file says.
async fn scene(kind: &str, lines: &str, hosts: &[&str], with_comments: bool) -> Scene {
    let site = Site::default();
    let router = Router::new().fallback(answer).with_state(site.clone());
    let outlets = outlets::serve_router(hosts, router).await;
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("authority.pem");
    std::fs::write(&authority, &outlets.authority).unwrap();
    let store = Store::open(&Target::Sqlite(folder.path().join("t.db"))).await.unwrap();
    let file = format!(
        "name = \"Nguồn Mẫu\"\nkind = \"{kind}\"\nhome = \"https://{}/\"\nrank = 2\nchannel = \"mang_xa_hoi\"\n\
         status = \"active\"\nchecked = \"2026-11-20\"\nevidence = [\"invented\"]\n{lines}",
        hosts[0]
    );
    let base = diemtin::catalogue::load(None, None).unwrap();
    let catalogue = base.with_sources(&[(format!("{kind}/nguon-mau.toml"), file)]).unwrap();
    let clock = Clock::manual(start());
    let mut config = Config {
        data: folder.path().into(),
        ..Config::default()
    };
    config.network.resolve = hosts.iter().map(|host| ((*host).to_owned(), outlets.address)).collect();
    config.network.ca_file = Some(authority);
    config.collect.spacing_seconds = 0.0;
    config.collect.reader_comments = with_comments;
    let service = Service {
        config: Arc::new(config),
        catalogue: Arc::new(catalogue),
        store: store.clone(),
        clock: clock.clone(),
    };
    let collecting = service.collecting().unwrap();
    collecting.prepare().await.unwrap();
    let source = service.catalogue.sources[0].clone();
    Scene {
        site,
        clock,
        store,
        service,
        collecting,
        source,
        outlets: Some(outlets),
        _folder: folder,
    }
}

impl Scene {
    /// Works until nothing is due.
    async fn work(&self) {
        for _ in 0..200 {
            if self.collecting.round(&self.source).await.unwrap() == 0 {
                return;
            }
        }
        panic!("the source never came to rest");
    }

    async fn pass(&self, hours: u64) {
        self.clock.advance(Duration::from_secs(hours * 3600));
        self.work().await;
    }

    async fn item(&self, url: &str) -> Option<Item> {
        self.store.find_item(&ItemId::from_url(url)).await.unwrap()
    }

    async fn is_removed(&self, url: &str) -> bool {
        let view = self.store.find_item_view(&ItemId::from_url(url)).await.unwrap();
        view.unwrap().removed
    }

    async fn count(&self, gate: &str) -> i64 {
        let (from, to) = (start().date_naive(), self.clock.now().date_naive());
        let counts = self.store.gate_counts(from, to).await.unwrap();
        counts.get(gate).copied().unwrap_or_default()
    }

    async fn ledger(&self) -> Ledger {
        let to = self.clock.now();
        let period = Period {
            from: to - chrono::Duration::hours(24),
            to,
        };
        ledger(&self.store, &self.service.catalogue, &period).await.unwrap()
    }
}

const CHANNEL: &str = "[[feed]]\nurl = \"https://t.me/s/kenhmau\"\nkind = \"telegram\"\n";

fn url(number: i64) -> String {
    format!("https://t.me/kenhmau/{number}")
}

fn channel_post(number: i64, words: &str, views: &str) -> String {
    format!(
        "<div class=\"tgme_widget_message_wrap js-widget_message_wrap\"><div class=\"tgme_widget_message js-widget_message\" \
         data-post=\"kenhmau/{number}\"><div class=\"tgme_widget_message_text js-message_text\">{words}</div>\
         <span class=\"tgme_widget_message_views\">{views}</span><a class=\"tgme_widget_message_date\" href=\"{}\">\
         <time datetime=\"2026-11-20T01:00:00+00:00\">01:00</time></a></div></div>",
        url(number)
    )
}

impl Site {
    /// A page of the channel, as it shows `numbers`; `before` is what it was asked with, `older` the link it offers.
    fn channel(&self, before: Option<i64>, numbers: &[i64], older: Option<i64>) {
        let posts: String = numbers
            .iter()
            .map(|n| channel_post(*n, &format!("Lương hưu kỳ {n}"), "1.5K"))
            .collect();
        self.channel_of(before, &posts, older);
    }

    fn channel_of(&self, before: Option<i64>, posts: &str, older: Option<i64>) {
        let link = older.map_or(String::new(), |n| {
            format!("<a class=\"tme_messages_more js-messages_more\" data-before=\"{n}\" href=\"/s/kenhmau?before={n}\"></a>")
        });
        let query = before.map_or(String::new(), |n| format!("?before={n}"));
        self.set(
            &format!("t.me/s/kenhmau{query}"),
            format!("<html><section class=\"tgme_channel_history\">{link}{posts}</section></html>"),
        );
    }

    fn is_gone(&self, number: i64) {
        self.set(
            &format!("t.me/kenhmau/{number}?embed=1&mode=tme"),
            "<html><div class=\"tgme_widget_message_error\">Post not found</div></html>",
        );
    }
}

#[tokio::test]
async fn a_channel_is_read_back_to_the_last_post_seen_and_observed_again() {
    let scene = scene("social", CHANNEL, &["t.me"], false).await;
    scene.site.channel(None, &[3, 4], Some(3));
    scene.site.channel(Some(3), &[1, 2], None);
    scene.work().await;
    let item = scene.item(&url(4)).await.unwrap();
    assert_eq!((item.kind, item.platform), (ItemKind::Post, Platform::Telegram));
    assert_eq!((item.text.as_str(), item.engagement.views), ("Lương hưu kỳ 4", 1_500));
    assert_eq!(
        item.published_at,
        diemtin::text::date::parse("2026-11-20T08:00:00+07:00")
    );
    assert!(scene.item(&url(1)).await.is_some());
    scene.site.asked();

    let edited = [
        channel_post(9, "Lương hưu kỳ 9", "7"),
        channel_post(10, "Lương hưu kỳ 10", "8"),
    ];
    scene.site.channel_of(None, &edited.concat(), Some(9));
    scene.site.channel(Some(9), &[7, 8], Some(7));
    let edited = [
        channel_post(4, "Đính chính: lương hưu kỳ 4", "2K"),
        channel_post(6, "Lương hưu kỳ 6", "9"),
    ];
    scene.site.channel_of(Some(7), &edited.concat(), Some(4));
    scene.pass(3).await;
    let asked = scene.site.asked();
    let pages: Vec<&String> = asked
        .iter()
        .filter(|address| !address.ends_with("robots.txt"))
        .collect();
    assert_eq!(
        pages,
        ["t.me/s/kenhmau", "t.me/s/kenhmau?before=9", "t.me/s/kenhmau?before=7"],
        "not further back than what is known"
    );
    for number in [6, 7, 8, 9, 10] {
        assert!(scene.item(&url(number)).await.is_some(), "{number} is missing");
    }
    let item = scene.item(&url(4)).await.unwrap();
    assert_eq!(
        (item.text.as_str(), item.engagement.views),
        ("Đính chính: lương hưu kỳ 4", 2_000)
    );
    assert_eq!(scene.store.versions_of(&item.id).await.unwrap().len(), 1);
    let names = scene.store.snapshots_of(&item.id).await.unwrap().unwrap();
    for name in &names {
        assert!(scene.store.find_evidence(name).await.unwrap().is_some());
    }
    assert_eq!(names.len(), 2);
    let platforms = scene.ledger().await.platforms;
    let telegram = platforms.iter().find(|line| line.platform == "Telegram").unwrap();
    assert_eq!((telegram.sources, telegram.answered), (1, 1));
}

#[tokio::test]
async fn older_posts_that_could_not_be_read_are_read_at_the_next_check() {
    let scene = scene("social", CHANNEL, &["t.me"], false).await;
    scene.site.channel(None, &[1], None);
    scene.work().await;
    scene.site.channel(None, &[4, 5], Some(4));
    scene.site.fail("t.me/s/kenhmau?before=4", 500, "");
    scene.pass(3).await;
    assert!(scene.item(&url(5)).await.is_some() && scene.item(&url(3)).await.is_none());
    assert_eq!(scene.count("older_failed").await, 1);
    scene.site.channel(Some(4), &[1, 2, 3], None);
    scene.pass(3).await;
    for number in [2, 3] {
        assert!(scene.item(&url(number)).await.is_some(), "{number} was lost");
    }
}

#[tokio::test]
async fn a_channel_longer_than_one_check_goes_is_read_as_far_as_it_goes_and_counted() {
    let scene = scene("social", CHANNEL, &["t.me"], false).await;
    let page = |n: i64| (n == 0, 100 - 2 * n);
    for n in 0..20 {
        let (is_first, last) = page(n);
        let before = (!is_first).then_some(last + 1);
        scene.site.channel(before, &[last - 1, last], Some(last - 1));
    }
    scene.work().await;
    assert_eq!(scene.site.asked().len(), 11, "robots.txt and ten pages");
    assert_eq!(scene.count("older_left").await, 1);
}

#[tokio::test]
async fn a_post_that_vanished_is_removed_only_when_its_own_page_says_so() {
    let scene = scene("social", CHANNEL, &["t.me"], false).await;
    scene.site.channel(None, &[1, 2, 3, 4, 5, 6], None);
    scene.work().await;
    scene.site.channel(None, &[1, 5], None);
    scene.site.is_gone(2);
    scene.site.set(
        "t.me/kenhmau/3?embed=1&mode=tme",
        channel_post(3, "Lương hưu kỳ 3", "1"),
    );
    scene.site.fail("t.me/kenhmau/4?embed=1&mode=tme", 503, "");
    scene.pass(3).await;
    let removed = |number| {
        let (scene, url) = (&scene, url(number));
        async move { scene.is_removed(&url).await }
    };
    assert!(removed(2).await, "its page says that it is gone");
    assert!(
        !removed(3).await && !removed(4).await,
        "shown elsewhere, and not answered"
    );
    scene.site.asked();
    scene.site.is_gone(4);
    scene.site.is_gone(6);
    scene.pass(3).await;
    assert!(removed(4).await && removed(6).await && !removed(3).await);
    assert_eq!(scene.count("removed").await, 3);
    let asked = scene.site.asked();
    let again = |n: i64| asked.iter().any(|address| address.contains(&format!("/{n}?embed")));
    assert!(!again(2) && !again(3), "what is known is not asked again: {asked:?}");
    assert!(scene.item(&url(2)).await.is_some(), "what was collected stays");
}

#[tokio::test]
async fn a_channel_out_of_reach_is_called_so_and_one_without_preview_is_called_that() {
    let mut scene = scene("social", CHANNEL, &["t.me"], false).await;
    scene.site.channel(None, &[1], None);
    scene.work().await;
    scene.site.set(
        "t.me/s/kenhmau",
        "<html><div class=\"tgme_page_description\">Kênh Mẫu</div></html>",
    );
    scene.pass(3).await;
    let line = &scene.ledger().await.by_source[0];
    assert!(line.health.reason.contains("không cho xem công khai"), "{line:?}");
    scene.outlets = None;
    for _ in 0..3 {
        scene.pass(12).await;
    }
    let line = &scene.ledger().await.by_source[0];
    assert_eq!(line.health.state.label(), "không tiếp cận được", "{line:?}");
    assert!(line.health.remedy.contains("network.proxy"), "{line:?}");
    assert!(scene.item(&url(1)).await.is_some());
}

const BRIDGE: &str =
    "[[feed]]\nurl = \"https://cau.example/fb/trang-mau\"\nkind = \"bridge\"\nplatform = \"facebook\"\n";

fn bridged(entries: &str) -> String {
    format!(
        "<rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel><title>Trang Mẫu</title>{entries}</channel></rss>"
    )
}

fn bridged_entry(number: u32, words: &str) -> String {
    format!(
        "<item><title>{}…</title><link>https://www.facebook.com/trangmau/posts/{number}?fbclid=x</link><dc:creator>trang.mau</dc:creator>\
         <description>ngắn</description><content:encoded><![CDATA[<p>{words}</p><img src=\"a.jpg\">]]></content:encoded>\
         <pubDate>Fri, 20 Nov 2026 08:00:00 +0700</pubDate></item>",
        words.split(' ').take(2).collect::<Vec<_>>().join(" ")
    )
}

#[tokio::test]
async fn entries_of_a_bridge_are_posts_of_its_platform_whole_and_once() {
    let scene = scene("social", BRIDGE, &["cau.example"], false).await;
    let post = |n: u32| format!("https://www.facebook.com/trangmau/posts/{n}");
    let (one, two) = (
        bridged_entry(1, "Lương hưu tháng này"),
        bridged_entry(2, "Nghe nói cấm rút"),
    );
    scene
        .site
        .set("cau.example/fb/trang-mau", bridged(&format!("{one}{two}")));
    scene.work().await;
    let item = scene.item(&post(1)).await.unwrap();
    assert_eq!((item.kind, item.platform), (ItemKind::Post, Platform::Facebook));
    assert_eq!((item.title.as_str(), item.text.as_str()), ("", "Lương hưu tháng này"));
    assert_eq!(item.author.as_deref(), Some("trang.mau"));
    let edited = bridged_entry(1, "Lương hưu tháng này, đã đính chính");
    scene.site.set("cau.example/fb/trang-mau", bridged(&edited));
    scene.pass(3).await;
    scene.pass(3).await;
    assert_eq!(scene.store.versions_of(&item.id).await.unwrap().len(), 1);
    assert!(!scene.is_removed(&post(2)).await, "a feed forgets old entries");
    assert_eq!(scene.store.count_unanalysed().await.unwrap(), 2);
    assert_eq!(
        scene.site.asked().iter().filter(|a| a.contains("facebook.com")).count(),
        0
    );
}

#[tokio::test]
async fn a_bridge_that_reports_its_own_failure_is_broken_and_its_report_is_no_post() {
    let scene = scene("social", BRIDGE, &["cau.example"], false).await;
    let report =
        "<item><title>Bridge returned error 403! (20781)</title><link>https://cau.example/?error=1</link></item>";
    scene.site.set("cau.example/fb/trang-mau", bridged(report));
    for _ in 0..6 {
        scene.pass(6).await;
    }
    let line = &scene.ledger().await.by_source[0];
    assert!(line.health.reason.contains("cầu nối RSS báo lỗi"), "{line:?}");
    assert_eq!(scene.store.count_unanalysed().await.unwrap(), 0);
}

#[test]
fn a_bridge_says_where_its_posts_stand_and_a_channel_is_named_by_its_public_page() {
    let base = diemtin::catalogue::load(None, None).unwrap();
    let refused = |feed: &str| {
        let file = format!(
            "name = \"Nguồn Mẫu\"\nkind = \"social\"\nrank = 2\nchannel = \"mang_xa_hoi\"\nstatus = \"draft\"\n\
             checked = \"2026-11-20\"\n[[feed]]\nurl = \"https://cau.example/a\"\n{feed}"
        );
        let answer = base.with_sources(&[("social/nguon-mau.toml".into(), file)]);
        answer.map(|_| ()).map_err(|refused| refused.to_string())
    };
    assert_eq!(refused("kind = \"bridge\"\nplatform = \"tiktok\"\n"), Ok(()));
    assert!(
        refused("kind = \"bridge\"\n")
            .unwrap_err()
            .contains("platform = \"facebook\"")
    );
    assert!(refused("platform = \"tiktok\"\n").unwrap_err().contains("leave it out"));
    assert!(refused("kind = \"telegram\"\n").unwrap_err().contains("t.me/s/NAME"));
}

const VNEXPRESS: &str =
    "family = \"vnexpress\"\ncomments = \"vnexpress\"\n[[feed]]\nurl = \"https://vnexpress.net/rss\"\n";
const TUOITRE: &str = "family = \"vccorp\"\ncomments = \"tuoitre\"\n[[feed]]\nurl = \"https://tuoitre.vn/rss\"\n";
const ASKED: &str = "objectid=99&objecttype=1&siteid=1003159&sort_by=like&is_onload=1&limit=2";
const OFFERED: &str = r#"<div data-component-input='{"type":"comment","article_id":99,"article_type":1,"site_id":1003159,"limit":2}'></div>"#;

impl Site {
    /// An article about `about`, listed in the feed of its outlet; `extra` stands on its page.
    fn article(&self, place: &str, about: &str, day: &str, extra: &str) {
        let (host, _) = place.split_once('/').unwrap();
        let feed = format!("<item><title>{about}: chuyện ở xã Mẫu</title><link>https://{place}</link></item>");
        self.set(&format!("{host}/rss"), bridged(&feed));
        self.set(
            place,
            format!(
                "<!DOCTYPE html><html lang=\"vi\"><head><title>{about}: chuyện ở xã Mẫu</title>\
                 <meta property=\"article:published_time\" content=\"{day}T08:00:00+07:00\"></head><body><article>\
                 <h1>{about}: chuyện ở xã Mẫu</h1><p>Người dân xã Mẫu kể chuyện {about} với phóng viên trong buổi sáng ở nhà văn \
                 hóa thôn, có đông người tham dự và nhiều câu hỏi được trả lời.</p></article>{extra}</body></html>"
            ),
        );
    }

    fn vnexpress(&self, query: &str, answer: &serde_json::Value) {
        self.set(&format!("usi-saas.vnexpress.net/index/{query}"), answer.to_string());
    }
}

fn reader(id: u32, likes: u32, replies: serde_json::Value) -> serde_json::Value {
    serde_json::json!({"comment_id": id, "parent_id": id, "article_id": 99, "full_name": "Bạn đọc Mẫu",
        "content": format!("Lương hưu của tôi, ý kiến {id}"), "creation_time": 1_795_136_523, "userlike": likes, "replys": replies})
}

fn answered(total: u32, items: &[serde_json::Value]) -> serde_json::Value {
    serde_json::json!({"error": 0, "data": {"total": total, "totalitem": 9, "items": items}})
}

fn comment_of(outlet: &str, id: u32) -> ItemId {
    diemtin::collect::social_ids::reader_comment_id(outlet, &id.to_string())
}

fn asked_for_comments(scene: &Scene) -> Vec<String> {
    let mut asked = scene.site.asked();
    asked.retain(|address| address.starts_with("usi-saas.") || address.starts_with("id."));
    asked
}

#[tokio::test]
async fn readers_comments_with_replies_and_pages_are_kept_once_below_their_article_and_marked() {
    let hosts = ["vnexpress.net", "usi-saas.vnexpress.net"];
    let scene = scene("press", VNEXPRESS, &hosts, true).await;
    scene.site.article(
        "vnexpress.net/luong-huu-99.html",
        "Lương hưu và BHXH",
        "2026-11-20",
        OFFERED,
    );
    let none = serde_json::Value::Null;
    let part = serde_json::json!({"total": 2, "items": [reader(3, 0, none.clone())]});
    let both = [reader(1, 4, serde_json::json!([])), reader(2, 1, part)];
    scene
        .site
        .vnexpress(&format!("get?{ASKED}&offset=0"), &answered(3, &both));
    scene.site.vnexpress(
        &format!("get?{ASKED}&offset=2"),
        &answered(3, &[reader(5, 0, none.clone())]),
    );
    let replies = [reader(3, 0, none.clone()), reader(4, 0, none.clone())];
    scene
        .site
        .vnexpress(&format!("getreplay?{ASKED}&offset=0&id=2"), &answered(2, &replies));
    scene.work().await;
    let article = scene.item("https://vnexpress.net/luong-huu-99.html").await.unwrap();
    for id in 1..=5 {
        let item = scene.store.find_item(&comment_of("vnexpress", id)).await.unwrap();
        let item = item.unwrap_or_else(|| panic!("the comment {id} is missing"));
        assert_eq!(
            (item.kind, item.platform, item.source_rank),
            (ItemKind::Comment, Platform::Forum, 3)
        );
        assert_eq!(
            (item.parent.as_ref(), item.thread.as_deref()),
            (Some(&article.id), Some(article.title.as_str()))
        );
    }
    let view = scene
        .store
        .find_item_view(&comment_of("vnexpress", 1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (view.method.as_str(), view.item.engagement.reactions),
        ("comments-undocumented", 4)
    );
    assert!(view.warnings[0].contains("never documented"));
    assert!(
        scene
            .store
            .find_evidence(view.snapshot.as_deref().unwrap())
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(
        asked_for_comments(&scene).len(),
        4,
        "robots.txt, two pages, one list of replies"
    );
    let line = scene.ledger().await.by_source.remove(0);
    assert!(line.comments.unwrap().contains("không được công bố"));

    // When the article is looked at again so are its comments.
    let later = [reader(1, 9, none.clone()), reader(6, 0, none)];
    scene
        .site
        .vnexpress(&format!("get?{ASKED}&offset=0"), &answered(2, &later));
    scene.pass(1).await;
    let grown = scene
        .store
        .find_item(&comment_of("vnexpress", 1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(grown.engagement.reactions, 9);
    assert!(
        scene
            .store
            .find_item(&comment_of("vnexpress", 6))
            .await
            .unwrap()
            .is_some()
    );
    assert!(scene.store.versions_of(&grown.id).await.unwrap().is_empty());
    scene.site.asked();
    for _ in 0..30 {
        scene.pass(6).await;
    }
    let looks = asked_for_comments(&scene)
        .iter()
        .filter(|a| a.contains("offset=0"))
        .count();
    assert_eq!(looks, 3, "after six hours, a day and three days, then no more");
}

#[tokio::test]
async fn comments_are_not_asked_for_unless_wanted_offered_young_and_relevant() {
    let hosts = ["vnexpress.net", "usi-saas.vnexpress.net"];
    let cases = [
        (false, "Lương hưu và BHXH", "2026-11-20", OFFERED),
        (true, "Lương hưu và BHXH", "2026-11-20", "<div>bình luận đã tắt</div>"),
        (true, "Lương hưu và BHXH", "2026-11-10", OFFERED),
        (true, "Trận bóng đá chiều qua", "2026-11-20", OFFERED),
    ];
    for (with_comments, about, day, extra) in cases {
        let scene = scene("press", VNEXPRESS, &hosts, with_comments).await;
        scene.site.article("vnexpress.net/luong-huu-99.html", about, day, extra);
        scene.work().await;
        assert_eq!(
            asked_for_comments(&scene),
            Vec::<String>::new(),
            "{about} {day} {extra}"
        );
    }
}

#[tokio::test]
async fn comments_that_robots_txt_forbids_are_left_alone_and_said_to_be() {
    let hosts = ["vnexpress.net", "usi-saas.vnexpress.net"];
    let scene = scene("press", VNEXPRESS, &hosts, true).await;
    scene.site.article(
        "vnexpress.net/luong-huu-99.html",
        "Lương hưu và BHXH",
        "2026-11-20",
        OFFERED,
    );
    scene
        .site
        .set("usi-saas.vnexpress.net/robots.txt", "User-agent: *\nDisallow: /\n");
    scene.work().await;
    assert!(scene.item("https://vnexpress.net/luong-huu-99.html").await.is_some());
    assert_eq!(asked_for_comments(&scene), ["usi-saas.vnexpress.net/robots.txt"]);
    let told = scene.ledger().await.by_source.remove(0).comments.unwrap();
    assert!(told.contains("robots.txt không cho phép"), "{told}");
    assert_eq!(scene.count("comments_failed").await, 1);
}

#[tokio::test]
async fn a_blocked_comment_interface_is_told_and_read_again_when_it_answers() {
    let hosts = ["tuoitre.vn", "id.tuoitre.vn"];
    let scene = scene("press", TUOITRE, &hosts, true).await;
    let article = "tuoitre.vn/luong-huu-20261120083000001.htm";
    scene.site.article(article, "Lương hưu và BHXH", "2026-11-20", "");
    let comments =
        "id.tuoitre.vn/api/getlist-comment.api?objId=20261120083000001&objType=1&sort=2&pagesize=100&pageindex=1";
    scene
        .site
        .set(comments, "<html><script>document.cookie='__stat=BLOCK'</script></html>");
    scene.work().await;
    let told = || async { scene.ledger().await.by_source.remove(0).comments.unwrap() };
    assert!(told().await.contains("đã đổi hoặc không cho đọc nữa"));
    let list = serde_json::json!([{"id": 7, "sender_fullname": "Bạn đọc", "content": "Bao giờ có lương hưu?",
        "published_date": "2026-11-20T08:40:00", "reactions": {"1": 2}, "child_count": 0}]);
    let answer = serde_json::json!({"Success": true, "Data": list.to_string()});
    scene.site.set(comments, answer.to_string());
    scene.pass(1).await;
    let item = scene.store.find_item(&comment_of("tuoitre", 7)).await.unwrap().unwrap();
    assert_eq!(
        (item.text.as_str(), item.engagement.reactions),
        ("Bao giờ có lương hưu?", 2)
    );
    assert!(told().await.contains("1 ý kiến"));
}
