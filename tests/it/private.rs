//! Private persons are named nowhere in clear, opened by role with a reason on record, and forgotten on schedule.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use chrono::TimeZone;
use diemtin::clock::Clock;
use diemtin::collect::captured::Filled;
use diemtin::config::{Config, FacebookHook, HookPage};
use diemtin::evidence::Evidence;
use diemtin::model::capture::{CaptureForm, Picture};
use diemtin::model::item::Item;
use diemtin::model::user::Role;
use diemtin::model::{ItemId, Time, vietnam};
use diemtin::pipeline::capturing::Hand;
use diemtin::pipeline::sealing::{self, Outcome};
use diemtin::pipeline::service::Service;
use diemtin::pipeline::{backup, erasing, guarding, importing, retaining, tipping};
use diemtin::private::frames;
use diemtin::private::person::Identity;
use diemtin::store::{Limits, Store, User};
use hmac::{Hmac, KeyInit, Mac};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::support::store::on_both;

/// An account and a name that stand nowhere else.
const HANDLE: &str = "ngan.kin.7788";
const NAME: &str = "Ngân Kín Tiếng Bảy";
/// Signs what Facebook pushes.
const SECRET: &str = "bí mật của ứng dụng";
const DAY: u64 = 24 * 3600;

fn start() -> Time {
    vietnam().with_ymd_and_hms(2026, 11, 19, 5, 0, 0).unwrap()
}

/// A forum with a thread and a feed, a channel, and a newspaper.
async fn answer(request: Request) -> axum::response::Response {
    let html = |body: String| ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], body).into_response();
    let words = "Người hưởng lương hưu hỏi bảo hiểm xã hội vì sao trả chậm. ".repeat(12);
    let feed = |link: &str, who: &str| {
        format!(
            "<rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel><title>F</title><item>\
             <title>Lương hưu trả chậm</title><link>{link}</link><dc:creator>{who}</dc:creator></item></channel></rss>"
        )
        .into_response()
    };
    match request.uri().path() {
        "/forums/luong-huu.1/" => html(
            "<h1 class=\"p-title-value\">Lương hưu</h1><div class=\"structItem structItem--thread\"><div class=\"structItem-title\">\
             <a href=\"/threads/luong-huu-cham.5/\" data-tp-primary=\"on\">Lương hưu chậm</a></div></div>"
                .into(),
        ),
        "/threads/luong-huu-cham.5/" => html(format!(
            "<h1 class=\"p-title-value\">Lương hưu chậm</h1><article class=\"message js-post\" data-author=\"{HANDLE}\" \
             id=\"js-post-9\"><time class=\"u-dt\" datetime=\"2026-11-19T04:00:00+0700\">sáng</time>\
             <div class=\"message-body\"><div class=\"bbWrapper\">Lương hưu tháng này bảo hiểm xã hội trả chậm, gọi {HANDLE} nhé, \
             cảm ơn @{HANDLE}</div></div></article>"
        )),
        "/forum.rss" => feed("http://dien-dan.example/bai-1.html", HANDLE),
        "/bao.rss" => feed("http://bao.example/bai-2.html", "Trần Thị Mẫu"),
        "/bai-1.html" | "/bai-2.html" => {
            let who = if request.uri().path() == "/bai-1.html" { NAME } else { "Trần Thị Mẫu" };
            html(format!(
                "<html lang=vi><head><title>Lương hưu trả chậm</title><script type=\"application/ld+json\">{{\"@type\":\"NewsArticle\",\
                 \"headline\":\"Lương hưu trả chậm\",\"author\":{{\"@type\":\"Person\",\"name\":\"{who}\"}}}}</script></head><body><article>\
                 <h1>Lương hưu trả chậm</h1><p>{words}</p><p>{words}</p></article></body></html>"
            ))
        }
        "/kenh.xml" => format!(
            "<feed xmlns:yt=\"http://www.youtube.com/xml/schemas/2015\" xmlns:media=\"http://search.yahoo.com/mrss/\" \
             xmlns=\"http://www.w3.org/2005/Atom\"><title>{HANDLE}</title><entry><id>yt:video:a</id><title>Lương hưu bị cắt</title>\
             <link rel=\"alternate\" href=\"https://www.youtube.com/watch?v=a\"/><author><name>{HANDLE}</name></author>\
             <published>2026-11-18T02:30:00+00:00</published><media:group><media:description>Bảo hiểm xã hội cắt lương hưu\
             </media:description><media:community><media:statistics views=\"1234\"/></media:community></media:group></entry></feed>"
        )
        .into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A service on a folder, its sources served on loopback.
struct Scene {
    service: Service,
    data: PathBuf,
    _served: AbortOnDropHandle<()>,
}

async fn scene(store: Store) -> Scene {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let app = Router::new().fallback(answer);
    let served = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let source = |name: &str, kind: &str, rank: u8, channel: &str, host: &str, feeds: &str| {
        format!(
            "name = \"{name}\"\nkind = \"{kind}\"\nhome = \"http://{host}/\"\nrank = {rank}\nchannel = \"{channel}\"\n\
             status = \"active\"\nchecked = \"2026-11-20\"\nevidence = [\"invented\"]\n{feeds}"
        )
    };
    let feed = |url: &str, kind: &str| format!("[[feed]]\nurl = \"http://{url}\"\nkind = \"{kind}\"\nours = true\n");
    let boards = feed("dien-dan.example/forums/luong-huu.1/", "forum") + &feed("dien-dan.example/forum.rss", "feed");
    let sources = [
        (
            "forum/dien-dan.toml",
            source("Diễn đàn", "forum", 3, "mang_xa_hoi", "dien-dan.example", &boards),
        ),
        (
            "social/kenh.toml",
            source(
                "Kênh",
                "social",
                3,
                "mang_xa_hoi",
                "kenh.example",
                &feed("kenh.example/kenh.xml", "channel"),
            ),
        ),
        (
            "press/bao.toml",
            source(
                "Báo",
                "press",
                2,
                "bao_chi",
                "bao.example",
                &feed("bao.example/bao.rss", "feed"),
            ),
        ),
    ];
    let sources: Vec<(String, String)> = sources.map(|(name, text)| (name.to_owned(), text)).into();
    let data = store.vault().path().unwrap().parent().unwrap().to_owned();
    let mut config = Config::load(None, |_| None).unwrap();
    config.data.clone_from(&data);
    let hosts = ["dien-dan.example", "kenh.example", "bao.example"];
    config.network.resolve = hosts.map(|host| (host.to_owned(), address)).into();
    config.collect.spacing_seconds = 0.0;
    config.hooks.facebook = Some(FacebookHook {
        app_secret: Some(SECRET.into()),
        verify_token: Some("từ khóa".into()),
        pages: vec![HookPage {
            id: "1000".into(),
            source: "kenh".into(),
        }],
    });
    let knowledge = diemtin::catalogue::load(None, None).unwrap();
    let service = Service {
        config: Arc::new(config),
        catalogue: Arc::new(knowledge.with_sources(&sources).unwrap()),
        store,
        clock: Clock::manual(start()),
    };
    Scene {
        service,
        data,
        _served: AbortOnDropHandle::new(served),
    }
}

impl Scene {
    /// Plants the person in the inbox, collects and imports, understands, composes and indexes.
    async fn play(&self) {
        let (service, now) = (&self.service, self.service.clock.now());
        std::fs::create_dir_all(service.inbox()).unwrap();
        let at = "2026-11-19T04:30:00+07:00";
        let lines = [
            format!(
                r#"{{"id":"v1","kind":"post","platform":"facebook","source":"@{HANDLE}","access":"vendor","url":"https://facebook.example/{HANDLE}/posts/1","author":"{HANDLE}","text":"lương hưu bhxh trả chậm quá @{HANDLE} ơi","collected_at":"{at}"}}"#
            ),
            format!(
                r#"{{"id":"v1","observation":true,"text":"lương hưu bhxh trả chậm quá, hỏi @{HANDLE}","collected_at":"2026-11-19T04:40:00+07:00"}}"#
            ),
            format!(
                r#"{{"id":"t1","kind":"post","platform":"zalo","source":"Báo tin","access":"tip","author":"{NAME}","text":"nghe nói bhxh cắt lương hưu","collected_at":"{at}"}}"#
            ),
        ];
        std::fs::write(service.inbox().join("tin.ndjson"), lines.join("\n")).unwrap();
        let table = format!(
            "Nền tảng,Nội dung,Đường dẫn,Người đăng,Ngày đăng\nFacebook,Lương hưu bảo hiểm xã hội chậm,https://facebook.example/p/2,{NAME},19/11/2026 04:00\n"
        );
        std::fs::write(service.inbox().join("thang-11.csv"), table).unwrap();
        let imported = importing::inbox(&service.store, &service.inbox(), now).await.unwrap();
        assert_eq!((imported.new, imported.errors.len()), (3, 0), "{:?}", imported.errors);
        let collecting = service.collecting().unwrap();
        collecting.prepare().await.unwrap();
        for source in &service.catalogue.sources {
            for _ in 0..50 {
                if collecting.round(source).await.unwrap() == 0 {
                    break;
                }
            }
        }
        self.hand_in(&collecting.evidence, now).await;
        self.push().await;
        sealing::seal(&service.store, &collecting.evidence, &service.clock)
            .await
            .unwrap();
        drop(collecting);
        let mut understanding = service.understanding().await.unwrap();
        while understanding.step(now).await.unwrap().items > 0 {}
        let publishing = service.publishing().unwrap();
        assert!(publishing.due().await.unwrap().is_empty(), "the service starts here");
        service.clock.advance(Duration::from_secs(2 * 3600));
        assert!(publishing.compose_due().await.unwrap() > 0);
        publishing.send_pending().await.unwrap();
        self.index().await;
    }

    /// The person writes to the box of tips; an editor captures what they commented, with a picture.
    async fn hand_in(&self, evidence: &Evidence, now: Time) {
        let service = &self.service;
        let png = format!("\u{89}PNG {HANDLE}");
        let mail = format!(
            "From: {NAME} <{HANDLE}@vidu.example>\r\nSubject: Hoi\r\nDate: Thu, 19 Nov 2026 04:40:00 +0700\r\n\
             MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
             Nghe @{HANDLE} kể bảo hiểm xã hội cắt lương hưu\r\n"
        );
        std::fs::create_dir_all(service.tips()).unwrap();
        std::fs::write(service.tips().join("thu.eml"), mail).unwrap();
        std::fs::write(service.tips().join("hong.eml"), format!("khong phai thu cua {HANDLE}")).unwrap();
        let tipped = tipping::folder(&service.store, evidence, &service.catalogue, &service.tips(), now)
            .await
            .unwrap();
        assert_eq!((tipped.new, tipped.failed), (1, 1), "{tipped:?}");
        let fields = [
            ("platform", "facebook"),
            ("comment", "on"),
            ("url", "https://facebook.example/ngan.kin.7788/posts/1"),
            ("author", HANDLE),
            ("text", "Tôi là ngan.kin.7788, lương hưu bhxh chưa có"),
        ];
        let picture = Picture {
            name: format!("{HANDLE}.png"),
            media_type: "image/png",
            bytes: png.into_bytes(),
        };
        let filled = Filled {
            form: CaptureForm::Screenshot,
            fields: &fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            picture: Some(&picture),
        };
        let hand = Hand {
            user: "lan".into(),
            ..Hand::default()
        };
        let captured = service.capture(evidence, &filled, hand).await.unwrap();
        assert_eq!(captured.1, diemtin::pipeline::capturing::Outcome::New);
    }

    /// Facebook pushes a comment of the person and an edit of it.
    async fn push(&self) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let (service, searching) = (self.service.clone(), self.service.searching().unwrap());
        let served = tokio::spawn(diemtin::serve::serve(listener, service, searching, stop.clone()));
        for (verb, time) in [("add", 1_795_039_200), ("edited", 1_795_039_260)] {
            let said = serde_json::json!({"object": "page", "entry": [{"id": "1000", "time": time, "changes": [{"field": "feed",
                "value": {"from": {"id": "555", "name": HANDLE}, "item": "comment", "verb": verb, "post_id": "1000_7",
                          "comment_id": "7_9", "created_time": 1_795_039_200,
                          "message": format!("{HANDLE} hỏi lương hưu bhxh, {verb}, @{HANDLE}")}}]}]})
            .to_string();
            let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
            mac.update(said.as_bytes());
            let signature = format!("sha256={}", diemtin::text::hex(&mac.finalize().into_bytes()));
            let request = crate::support::client::client(&[], address)
                .post(format!("http://{address}/hooks/facebook"))
                .header("x-hub-signature-256", signature)
                .body(said);
            assert_eq!(request.send().await.unwrap().status(), 200);
        }
        stop.cancel();
        served.await.unwrap().unwrap();
    }

    async fn index(&self) -> diemtin::pipeline::searching::Searching {
        let searching = self.service.searching().unwrap();
        let writer = searching.writer().unwrap().unwrap();
        searching.catch_up(&writer, |_| {}).await.unwrap();
        searching
    }

    async fn items(&self) -> BTreeMap<String, Item> {
        let views = self.service.store.item_views_after(0, 100).await.unwrap();
        let named = |item: Item| (format!("{} {} {}", item.platform, item.kind, item.access), item);
        views.into_iter().map(|(_, view)| named(view.item)).collect()
    }

    async fn item(&self, what: &str) -> Item {
        let mut items = self.items().await;
        let all: Vec<String> = items.keys().cloned().collect();
        items.remove(what).unwrap_or_else(|| panic!("no {what} among {all:?}"))
    }

    async fn opened(&self, id: &ItemId) -> Option<Identity> {
        let store = &self.service.store;
        store
            .open_identity(id, "lan", "vụ việc 12/2026", start())
            .await
            .unwrap()
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found
}

/// Bytes as they stand and, where they are gzip, unpacked.
fn readings(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut plain = Vec::new();
    let unpacked = std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(bytes), &mut plain);
    [Some(bytes.to_vec()), unpacked.ok().map(|_| plain)]
        .into_iter()
        .flatten()
        .collect()
}

fn has(bytes: &[u8], needle: &[u8]) -> bool {
    let lower = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_lowercase();
    memchr::memmem::find(bytes, needle).is_some() || lower(bytes).contains(&lower(needle))
}

/// Files below the folder that name the person.
fn naming(data: &Path) -> Vec<PathBuf> {
    let mut found = files(data);
    found.retain(|path| {
        let bytes = std::fs::read(path).unwrap();
        let all = readings(&bytes);
        all.iter()
            .any(|bytes| has(bytes, HANDLE.as_bytes()) || has(bytes, NAME.as_bytes()))
    });
    found
}

/// Rows of PostgreSQL that name the person, as text.
async fn rows_naming(url: &str) -> Vec<String> {
    let pool = sqlx::PgPool::connect(url).await.unwrap();
    let tables: Vec<(String,)> = sqlx::query_as("select tablename::text from pg_tables where schemaname = 'public'")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert!(tables.len() > 20, "{tables:?}");
    let mut found = Vec::new();
    for (table,) in tables {
        let sql = format!("select t::text from \"{table}\" t");
        let rows: Vec<(String,)> = sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(&pool).await.unwrap();
        let named = rows.into_iter().map(|(row,)| row);
        found.extend(named.filter(|row| has(row.as_bytes(), HANDLE.as_bytes()) || row.contains(NAME)));
    }
    pool.close().await;
    found
}

async fn plants_and_looks(store: Store) -> Scene {
    let scene = scene(store).await;
    scene.play().await;
    assert_eq!(naming(&scene.data), Vec::<PathBuf>::new());
    scene
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_handle_is_found_nowhere_in_clear_and_opens_with_a_reason() {
    on_both(async |store: Store| {
        let scene = plants_and_looks(store.clone()).await;
        for what in [
            "facebook post vendor",
            "zalo post tip",
            "forum post public",
            "forum press public",
            "youtube video public",
            "facebook comment own_page",
            "facebook comment manual",
        ] {
            let item = scene.item(what).await;
            let author = item.author.clone().unwrap();
            assert!(author.starts_with("n*** p_"), "{what}: {author}");
            let Some(identity) = scene.opened(&item.id).await else {
                panic!("{what} has no identity");
            };
            let name = identity.author.unwrap();
            assert!(name == HANDLE || name == NAME, "{what}: {name}");
        }
        let press = scene.item("press press public").await;
        assert_eq!(
            press.author.as_deref(),
            Some("Trần Thị Mẫu"),
            "journalists keep their by-line"
        );
        assert_eq!(scene.opened(&press.id).await, None);
        let first = store.audit_lines(20).await.unwrap();
        assert_eq!(
            first.iter().filter(|line| line.action == "identity").count(),
            8,
            "{first:?}"
        );
        assert_eq!(
            (first[0].user.as_str(), first[0].detail.as_str()),
            ("lan", "vụ việc 12/2026")
        );

        let by_id = store.find_item(&ItemId::from("v1")).await.unwrap().unwrap();
        assert!(
            by_id.url.is_none() && by_id.source.as_str().starts_with("p_"),
            "{by_id:?}"
        );
        assert!(by_id.text.contains("@n***"), "{}", by_id.text);

        // The same name on two platforms is not known to be the same person.
        let forum = scene.item("forum post public").await;
        assert_ne!(
            scene.item("forum press public").await.author,
            scene.item("zalo post tip").await.author
        );

        let searching = scene.index().await;
        let found = async |query: &str| searching.search(query, Default::default(), 10, 0).await;
        assert!(found("luong huu").await.unwrap().total >= 4);
        assert_eq!(found("7788").await.unwrap().total, 0);
        for query in [
            format!("tac_gia:\"{}\"", forum.author.clone().unwrap()),
            format!("nguon:{}", by_id.source),
            by_id.source.as_str().to_uppercase(),
        ] {
            let refused = found(&query).await.unwrap_err().to_string();
            assert!(refused.contains("không theo dõi cá nhân"), "{query}: {refused}");
        }

        // Every page is proven, the sealed ones too; without the key that is said, and nothing is called changed.
        let (from, to) = (start() - chrono::Duration::days(1), start() + chrono::Duration::days(2));
        let evidence = scene.service.evidence();
        let (proofs, _) = sealing::prove_between(&store, &evidence, from, to).await.unwrap();
        assert!(
            proofs.len() >= 4 && proofs.iter().all(|proof| proof.outcome == Outcome::Proven),
            "{proofs:?}"
        );
        let keyless = diemtin::evidence::Evidence::new(&scene.data.join("evidence"), "", &Default::default());
        let (proofs, _) = sealing::prove_between(&store, &keyless, from, to).await.unwrap();
        let count = |outcome| proofs.iter().filter(|proof| proof.outcome == outcome).count();
        assert_eq!(
            (count(Outcome::Proven), count(Outcome::Proven) + count(Outcome::Locked)),
            (1, proofs.len())
        );

        if !store.is_postgres() {
            let key = std::fs::read(scene.data.join("private.key")).unwrap();
            let file = scene.data.join("sao-luu.tar.gz");
            backup::backup(&store, &scene.data, &file).await.unwrap();
            let copy = readings(&std::fs::read(&file).unwrap()).pop().unwrap();
            assert!(!has(&copy, HANDLE.as_bytes()) && memchr::memmem::find(&copy, &key).is_none());
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_row_of_postgresql_names_the_person() {
    if crate::support::store::is_left_out() {
        return;
    }
    let (url, folder) = (crate::support::store::postgres_url(), tempfile::tempdir().unwrap());
    let store = crate::support::store::open_postgres(&url, folder.path()).await;
    plants_and_looks(store.clone()).await;
    assert_eq!(rows_naming(&url).await, Vec::<String>::new());
    // The search finds what stands in clear: a mark of a by-line.
    store.set_meta("dò", HANDLE).await.unwrap();
    assert_eq!(rows_naming(&url).await.len(), 1);
    store.close().await;
}

/// What the pages are asked by.
struct Browser {
    address: SocketAddr,
    cookie: String,
}

impl Browser {
    async fn log_in(address: SocketAddr, name: &str) -> Browser {
        let answer = crate::support::client::client(&[], address)
            .post(format!("http://{address}/login"))
            .form(&[("name", name), ("password", "mật khẩu dài"), ("next", "/")])
            .send()
            .await
            .unwrap();
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        Browser { address, cookie }
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let request = crate::support::client::client(&[], self.address)
            .get(format!("http://{}{path}", self.address))
            .header("accept", "text/html")
            .header("cookie", &self.cookie);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn open(&self, id: &str, what: &str, reason: &str) -> (u16, String) {
        let (_, page) = self.get(&format!("/items/{id}")).await;
        let csrf = page
            .split_once("name=\"csrf\" value=\"")
            .map_or("", |(_, rest)| rest.split('"').next().unwrap());
        let request = crate::support::client::client(&[], self.address)
            .post(format!("http://{}/items/{id}/identity", self.address))
            .header("cookie", &self.cookie)
            .form(&[("csrf", csrf), ("what", what), ("reason", reason)]);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_opened_in_the_pages_by_role_with_a_reason_and_that_is_written_down() {
    on_both(async |store: Store| {
        let scene = plants_and_looks(store.clone()).await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let searching = scene.index().await;
        tokio::spawn(diemtin::serve::serve(
            listener,
            scene.service.clone(),
            searching,
            stop.clone(),
        ));
        let nobody = Browser {
            address,
            cookie: String::new(),
        };
        let (status, page) = nobody.open("v1", "identity", "vụ việc 12/2026").await;
        assert!(
            status == 403 && !page.contains(HANDLE),
            "without users only the operator's command opens: {page}"
        );
        for (name, role) in [
            ("doc", Role::Reader),
            ("bien", Role::Editor),
            ("truc", Role::DutyOfficer),
            ("quan", Role::Administrator),
        ] {
            let password = diemtin::serve::hash_password("mật khẩu dài").unwrap();
            let user = User {
                name: name.into(),
                role,
                password,
                disabled: false,
            };
            store.save_user(&user, start()).await.unwrap();
        }
        for name in ["doc", "bien"] {
            let browser = Browser::log_in(address, name).await;
            assert!(!browser.get("/items/v1").await.1.contains("Mở danh tính"));
            assert_eq!(browser.get("/items/v1/identity").await.0, 403);
            assert_eq!(browser.open("v1", "identity", "vụ việc 12/2026").await.0, 403);
        }
        let officer = Browser::log_in(address, "truc").await;
        let (_, page) = officer.get("/items/v1").await;
        assert!(page.contains("Mở danh tính") && !page.contains(HANDLE), "{page}");
        assert_eq!(officer.open("v1", "identity", "xem").await.0, 400, "a reason is needed");
        let before = store
            .audit_lines(100)
            .await
            .unwrap()
            .iter()
            .filter(|line| line.action == "identity")
            .count();
        assert_eq!(before, 0, "what was refused opened nothing");
        let (status, page) = officer.open("v1", "identity", "phối hợp xác minh, CV 12/2026").await;
        assert!(status == 200 && page.contains(HANDLE), "{page}");
        let forum = scene.item("forum post public").await.id;
        assert_eq!(
            officer.get(&format!("/items/{forum}/snapshot")).await.0,
            400,
            "a page of a forum needs a reason"
        );
        let (status, page) = officer
            .open(forum.as_str(), "snapshot", "phối hợp xác minh, CV 12/2026")
            .await;
        assert!(status == 200 && page.contains(HANDLE), "{page}");

        assert_eq!(officer.get("/audit").await.0, 403);
        let administrator = Browser::log_in(address, "quan").await;
        let (status, page) = administrator.get("/audit").await;
        assert!(
            status == 200 && page.contains("mở danh tính") && page.contains("CV 12/2026"),
            "{page}"
        );
        assert!(!page.contains(HANDLE));
        for path in [
            "/api/items?q=luong+huu",
            "/api/items/v1",
            "/search.csv?q=luong+huu&all=1",
            "/items/v1",
            "/alerts.json",
        ] {
            let (_, answer) = administrator.get(path).await;
            assert!(!answer.contains(HANDLE) && !answer.contains("p_"), "{path}: {answer}");
        }
        stop.cancel();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_simulated_year_nothing_private_is_left_and_the_figures_and_the_press_are() {
    on_both(async |store: Store| {
        let scene = plants_and_looks(store.clone()).await;
        let (clock, retention) = (&scene.service.clock, &scene.service.config.retention);
        let evidence = scene.service.evidence();
        let done = scene.service.inbox().join("done");
        let (video, tip) = (scene.item("youtube video public").await.id, ItemId::from("t1"));
        let counts = async || {
            store
                .day_counts(start() - chrono::Duration::days(2), start() + chrono::Duration::days(2))
                .await
                .unwrap()
        };
        let before = counts().await;
        assert!(before.relevant >= 5, "{}", before.relevant);
        for day in 1..=366 {
            clock.advance(Duration::from_secs(DAY));
            let now = clock.now();
            let deleted = retaining::retain(&store, &evidence, &scene.data, retention, now)
                .await
                .unwrap();
            let words = store.find_item(&video).await.unwrap().unwrap().text;
            assert_eq!(words.contains("cắt lương hưu"), day < 30, "day {day}: {deleted}");
            assert_eq!(
                store.has_identity(&tip).await.unwrap(),
                day < 90,
                "day {day}: {deleted}"
            );
            assert_eq!(
                store.has_identity(&ItemId::from("v1")).await.unwrap(),
                day < 365,
                "day {day}: {deleted}"
            );
            for folder in ["tips/done", "tips/failed"] {
                let left = files(&scene.data.join(folder));
                assert_eq!(left.is_empty(), day >= 90, "day {day}: {left:?}");
            }
            assert_eq!(
                frames::sealed_files(&done).unwrap().is_empty(),
                day >= 365,
                "day {day}: {deleted}"
            );
        }
        assert_eq!(store.probe_identities().await.unwrap().0, 0);
        assert_eq!(files(&scene.data.join("evidence/private")), Vec::<PathBuf>::new());
        let expired = store.find_item_view(&video).await.unwrap().unwrap();
        assert!(expired.item.author.is_none() && expired.item.url.is_none() && expired.item.engagement.views == 0);
        assert!(expired.analysis.unwrap().reasons.is_empty());
        let after = counts().await;
        assert_eq!(
            (after.items, after.relevant),
            (before.items, before.relevant),
            "figures stay"
        );
        let press = scene.item("press press public").await;
        assert!(press.text.contains("trả chậm") && press.author.is_some());
        let (proofs, broken) =
            sealing::prove_between(&store, &evidence, start() - chrono::Duration::days(1), clock.now())
                .await
                .unwrap();
        assert!(broken.is_empty() && proofs.iter().any(|proof| proof.outcome == Outcome::Proven));
        assert!(
            proofs
                .iter()
                .all(|proof| matches!(proof.outcome, Outcome::Proven | Outcome::Erased)),
            "{proofs:?}"
        );
        let lines = store.audit_lines(1_000).await.unwrap();
        let runs: Vec<_> = lines.iter().filter(|line| line.action == "retention").collect();
        assert_eq!(runs.len(), 366, "every run is a line");
        assert!(runs[0].detail.contains("đã xóa 0 tên"), "{}", runs[0].detail);
        assert!(runs.iter().any(|line| !line.detail.contains("đã xóa 0 tên")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_folder_of_an_earlier_version_is_protected_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&diemtin::store::Target::Sqlite(folder.path().join("diemtin.db")))
        .await
        .unwrap();
    let scene = scene(store.clone()).await;
    scene.play().await;
    let forum = scene.item("forum post public").await;
    let Some(identity) = scene.opened(&forum.id).await else {
        panic!("nothing was sealed");
    };
    // As the version before left it: the name in the row, the page in clear, the vendor's file too.
    let clear = Item {
        author: identity.author,
        ..forum.clone()
    };
    let pool = sqlx::SqlitePool::connect(&format!("sqlite:{}", folder.path().join("diemtin.db").display()))
        .await
        .unwrap();
    sqlx::query("update items set item = $2, guarded = 0 where id = $1")
        .bind(forum.id.as_str())
        .bind(serde_json::to_string(&clear).unwrap())
        .execute(&pool)
        .await
        .unwrap();
    sqlx::query("delete from private_author where item = $1")
        .bind(forum.id.as_str())
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    let snapshot = store.snapshots_of(&forum.id).await.unwrap().unwrap().remove(0);
    let kept = store.find_evidence(&snapshot).await.unwrap().unwrap();
    let evidence = scene.service.evidence();
    let page = evidence.content(&kept).unwrap().unwrap();
    let open = evidence
        .keep_resource(&kept.url, "text/html", &page, false, kept.at)
        .unwrap();
    store.move_evidence(&kept.leaf, &kept.place, &open.place).await.unwrap();
    drop(evidence);
    let done = scene.service.inbox().join("done");
    std::fs::write(done.join("cu.csv"), format!("Người đăng\n{HANDLE}\n")).unwrap();
    assert_eq!(naming(&scene.data).len(), 3, "{:?}", naming(&scene.data));

    let guarded = scene.service.guard().await.unwrap();
    let expected = guarding::Guarded {
        items: 1,
        entries: 0,
        records: 1,
        files: 1,
    };
    assert_eq!(guarded, expected);
    assert_eq!(naming(&scene.data), Vec::<PathBuf>::new());
    assert_eq!(
        store.find_item(&forum.id).await.unwrap().unwrap(),
        forum,
        "the same token as before"
    );
    assert!(scene.opened(&forum.id).await.is_some());
    let limit = forum.collected_at.unwrap();
    let limits = Limits {
        youtube: limit,
        tips: limit,
        private: limit,
    };
    assert!(store.delete_identities(&limits).await.unwrap() > 0);
    assert!(
        scene.opened(&forum.id).await.is_none(),
        "its time runs since it was collected"
    );
    assert_eq!(
        scene.service.guard().await.unwrap(),
        guarding::Guarded::default(),
        "once is enough"
    );

    // Killed after a page was moved and before it was erased where it had stood.
    let evidence = scene.service.evidence();
    let open = evidence
        .keep_resource(&kept.url, "text/html", &page, false, kept.at)
        .unwrap();
    let sealed = evidence.seal(&open.place).unwrap().unwrap();
    store.move_evidence(&kept.leaf, &open.place, &sealed).await.unwrap();
    drop(evidence);
    assert_eq!(naming(&scene.data).len(), 1);
    scene.service.guard().await.unwrap();
    assert_eq!(naming(&scene.data), Vec::<PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn erasing_takes_the_identity_and_the_lines_in_the_sealed_file() {
    on_both(async |store: Store| {
        let scene = plants_and_looks(store.clone()).await;
        let id = ItemId::from("v1");
        let (evidence, now) = (scene.service.evidence(), scene.service.clock.now());
        let reason = "yêu cầu của chủ thể dữ liệu, số 3";
        let erased = erasing::erase(&store, &evidence, &scene.data, &id, reason, now)
            .await
            .unwrap();
        assert_eq!(erased.lines, 2, "the item and what was seen of it later");
        assert!(!store.has_identity(&id).await.unwrap());
        let sealed = frames::sealed_files(&scene.service.inbox().join("done")).unwrap();
        let opened = |path: &PathBuf| frames::open_file(store.vault(), path).unwrap();
        let all: Vec<u8> = sealed.iter().flat_map(|(path, _)| opened(path)).collect();
        assert!(!has(&all, HANDLE.as_bytes()) && has(&all, NAME.as_bytes()));
        assert!(scene.opened(&ItemId::from("t1")).await.is_some(), "others stay");
    })
    .await;
}
