//! What was missed is found later, and what was stored is looked at again: a small site on loopback whose pages change.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::TimeZone;
use diemtin::clock::Clock;
use diemtin::config::Config;
use diemtin::model::source::Source;
use diemtin::model::{ItemId, Time, vietnam};
use diemtin::pipeline::collecting::Collecting;
use diemtin::pipeline::service::Service;
use diemtin::store::{Store, Target};
use tokio_util::task::AbortOnDropHandle;

pub const HOST: &str = "baocham.example";

/// Pages by path and query, and what was asked for in order.
#[derive(Default)]
pub struct Pages(BTreeMap<String, String>, Vec<String>);

#[derive(Clone, Default)]
pub struct Site(Arc<Mutex<Pages>>);

impl Site {
    fn set(&self, path: &str, body: &str) {
        self.0.lock().unwrap().0.insert(path.into(), body.into());
    }

    fn remove(&self, path: &str) {
        self.0.lock().unwrap().0.remove(path);
    }

    /// Publishes an article.
    pub fn article(&self, name: &str, day: &str, sentence: &str) {
        let page = format!(
            "<!DOCTYPE html><html lang=\"vi\"><head><title>{name}</title>\
             <meta property=\"og:title\" content=\"Lương hưu và BHXH: chuyện {name}\">\
             <meta property=\"article:published_time\" content=\"{day}T08:00:00+07:00\"></head><body><article>\
             <h1>Lương hưu và BHXH: chuyện {name}</h1><p>Người hưởng lương hưu của bảo hiểm xã hội ở xã Mẫu kể chuyện {name} \
             với phóng viên trong buổi sáng ở nhà văn hóa thôn, có đông người tham dự.</p><p>{sentence}</p></article></body></html>"
        );
        self.set(&format!("/{name}.html"), &page);
    }

    /// Lists articles in the feed.
    fn feed(&self, names: &[&str]) {
        let item = |name: &&str| {
            format!("<item><title>Lương hưu: {name}</title><link>http://{HOST}/{name}.html</link></item>")
        };
        let items: String = names.iter().map(item).collect();
        self.set(
            "/rss",
            &format!("<rss version=\"2.0\"><channel><title>Báo</title>{items}</channel></rss>"),
        );
    }

    /// The sitemap of a day.
    fn sitemap(&self, day: &str, names: &[&str]) {
        let url = |name: &&str| format!("<url><loc>http://{HOST}/{name}.html</loc></url>");
        let urls: String = names.iter().map(url).collect();
        let map = format!("<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">{urls}</urlset>");
        self.set(&format!("/map-{day}.xml"), &map);
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().1)
    }
}

async fn answer(State(site): State<Site>, request: Request) -> Response {
    let path = request.uri().path_and_query().unwrap().as_str().to_owned();
    let mut state = site.0.lock().unwrap();
    state.1.push(path.clone());
    match state.0.get(&path) {
        Some(body) if path.ends_with(".html") => {
            ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], body.clone()).into_response()
        }
        Some(body) => ([(header::CONTENT_TYPE, "text/xml")], body.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

pub struct Scene {
    pub site: Site,
    clock: Clock,
    pub store: Store,
    pub service: Service,
    collecting: Arc<Collecting>,
    source: Source,
    _served: AbortOnDropHandle<()>,
    _folder: tempfile::TempDir,
}

pub fn start() -> Time {
    vietnam().with_ymd_and_hms(2026, 11, 10, 8, 0, 0).unwrap()
}

pub async fn scene() -> Scene {
    let site = Site::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let app = Router::new().fallback(answer).with_state(site.clone());
    let served = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Target::Sqlite(folder.path().join("t.db"))).await.unwrap();
    let file = format!(
        "name = \"Báo Chậm\"\nkind = \"press\"\nhome = \"http://{HOST}/\"\nrank = 1\nchannel = \"bao_chi\"\nstatus = \"active\"\n\
         checked = \"2026-11-20\"\nevidence = [\"invented\"]\n\n[[feed]]\nurl = \"http://{HOST}/rss\"\n\n\
         [[archive]]\nurl = \"http://{HOST}/map-{{yyyy}}-{{mm}}-{{dd}}.xml\"\nkind = \"sitemap\"\n"
    );
    let base = diemtin::catalogue::load(None, None).unwrap();
    let catalogue = base.with_sources(&[("press/bao-cham.toml".into(), file)]).unwrap();
    let clock = Clock::manual(start());
    let mut config = Config {
        data: folder.path().into(),
        ..Config::default()
    };
    config.network.resolve = BTreeMap::from([(HOST.to_owned(), address)]);
    config.collect.spacing_seconds = 0.0;
    config.operator.recipients = vec!["truc@bhxh-mau.example".into()];
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
        _served: AbortOnDropHandle::new(served),
        _folder: folder,
    }
}

impl Scene {
    /// Works until nothing is due.
    pub async fn work(&self) {
        for _ in 0..200 {
            if self.collecting.round(&self.source).await.unwrap() == 0 {
                return;
            }
        }
        panic!("the source never came to rest");
    }

    async fn pass(&self, hours: u64) {
        self.clock.advance(std::time::Duration::from_secs(hours * 3600));
        self.work().await;
    }

    async fn has(&self, name: &str) -> bool {
        let id = ItemId::from_url(&diemtin::text::url::canonical(&format!("http://{HOST}/{name}.html")).unwrap());
        self.store.find_item(&id).await.unwrap().is_some()
    }
}

#[tokio::test]
async fn after_an_outage_the_archive_gives_what_the_feed_no_longer_lists_and_fresh_news_come_first() {
    let scene = scene().await;
    scene.site.article("mot", "2026-11-10", "Ai cũng nghe.");
    scene.site.feed(&["mot"]);
    scene.work().await;
    assert!(scene.has("mot").await);
    for (name, day) in [("hai", "2026-11-11"), ("ba", "2026-11-12"), ("bon", "2026-11-13")] {
        scene.site.article(name, day, "Ai cũng nghe.");
        scene.site.sitemap(day, &[name]);
    }
    scene.site.feed(&["bon"]);
    scene.site.asked();
    scene.pass(3 * 24).await;
    for name in ["hai", "ba", "bon"] {
        assert!(scene.has(name).await, "{name} is missing");
    }
    let asked = scene.site.asked();
    let place = |path: &str| {
        asked
            .iter()
            .position(|p| p == path)
            .unwrap_or_else(|| panic!("{path} in {asked:?}"))
    };
    assert!(
        place("/bon.html") < place("/map-2026-11-13.xml"),
        "fresh news first: {asked:?}"
    );
    assert!(
        !asked.iter().any(|path| path.contains("2026-11-09")),
        "not further back than the outage"
    );
    let catchups = scene.store.list_catchups().await.unwrap();
    assert!(catchups.len() == 1 && catchups[0].is_done);
}

#[tokio::test]
async fn an_edit_nobody_announced_becomes_a_version_and_a_removal_is_marked() {
    let scene = scene().await;
    scene.site.article("mot", "2026-11-10", "Mức hưởng tăng 8%.");
    scene.site.feed(&["mot"]);
    scene.work().await;
    let id = ItemId::from_url(&format!("http://{HOST}/mot.html"));
    let id = match scene.store.find_item(&id).await.unwrap() {
        Some(item) => item.id,
        None => ItemId::from_url(&diemtin::text::url::canonical(&format!("http://{HOST}/mot.html")).unwrap()),
    };
    scene.pass(1).await;
    assert!(
        scene.store.versions_of(&id).await.unwrap().is_empty(),
        "the same text is no version"
    );
    scene.site.article("mot", "2026-11-10", "Mức hưởng tăng 15%.");
    scene.pass(6).await;
    let versions = scene.store.versions_of(&id).await.unwrap();
    assert!(versions.len() == 1 && versions[0].2.contains("tăng 8%"), "{versions:?}");
    assert!(
        scene
            .store
            .find_item(&id)
            .await
            .unwrap()
            .unwrap()
            .text
            .contains("tăng 15%")
    );
    let day = scene.clock.now().date_naive();
    let gates = scene.store.gate_counts(day, day).await.unwrap();
    assert_eq!(gates.get("edited_silently"), Some(&1), "{gates:?}");
    scene.site.remove("/mot.html");
    scene.pass(24).await;
    assert!(scene.store.find_item_view(&id).await.unwrap().unwrap().removed);
    scene.site.asked();
    scene.pass(200).await;
    assert!(
        !scene.site.asked().contains(&"/mot.html".to_owned()),
        "what is gone is left alone"
    );
}

#[tokio::test]
async fn the_operator_is_told_once_when_a_national_paper_falls_silent_and_the_alarm_ends_when_it_is_back() {
    let scene = scene().await;
    let outbox = scene._folder.path().join("outbox");
    let carrier = diemtin::deliver::Carrier::Outbox(diemtin::deliver::Outbox::new(&outbox));
    scene.site.article("mot", "2026-11-10", "Ai cũng nghe.");
    scene.site.feed(&["mot"]);
    scene.work().await;
    assert_eq!(scene.service.watch_sources(&carrier).await.unwrap(), 0);
    scene.site.remove("/rss");
    scene.pass(1).await;
    scene.pass(3).await;
    assert_eq!(scene.service.watch_sources(&carrier).await.unwrap(), 1);
    assert_eq!(
        scene.service.watch_sources(&carrier).await.unwrap(),
        1,
        "the same alarm"
    );
    let mails: Vec<_> = std::fs::read_dir(&outbox).unwrap().flatten().collect();
    assert_eq!(mails.len(), 1, "told once");
    let alarms = scene.store.open_alarms(false).await.unwrap();
    assert!(
        alarms[0].reason.contains("không còn ở địa chỉ này"),
        "{}",
        alarms[0].reason
    );
    scene.site.feed(&["mot"]);
    scene.pass(6).await;
    assert_eq!(scene.service.watch_sources(&carrier).await.unwrap(), 0);
}

#[tokio::test]
async fn who_reports_a_missed_article_is_told_why_and_it_is_fetched_after_all() {
    let scene = scene().await;
    scene.site.article("mot", "2026-11-10", "Ai cũng nghe.");
    scene.site.article("an", "2026-11-10", "Bài không có trong kênh tin.");
    scene.site.feed(&["mot"]);
    scene.work().await;
    let report = async |url: &str| scene.service.report_missed(url, "bạn đọc báo", "lan").await.unwrap();
    let stored = report(&format!("http://{HOST}/mot.html?utm_source=fb")).await.unwrap();
    assert!(
        stored.verdict.starts_with("không sót") && stored.item.is_some(),
        "{stored:?}"
    );
    let unlisted = report(&format!("http://{HOST}/an.html")).await.unwrap();
    assert!(
        unlisted.verdict.contains("chuyên mục chưa theo dõi") && unlisted.is_queued,
        "{unlisted:?}"
    );
    let unknown = report("https://bao-la.example/bai.html").await.unwrap();
    assert!(
        unknown.verdict.contains("chưa có trong danh mục") && !unknown.is_queued,
        "{unknown:?}"
    );
    assert!(report("không phải địa chỉ").await.is_none());
    scene.work().await;
    assert!(scene.has("an").await, "what was reported is fetched");
    assert_eq!(
        scene.store.list_missed(10).await.unwrap().len(),
        3,
        "every case is kept"
    );
}
