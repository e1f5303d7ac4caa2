//! The Facebook connector against a server on loopback that speaks the Graph API: nothing lost, nothing twice, usage obeyed,
//! a clear line when access ends.

use std::path::Path;

use diemtin::clock::Clock;
use diemtin::collect::social_ids::facebook_address;
use diemtin::config::{Config, Facebook, FacebookPage};
use diemtin::model::ItemId;
use diemtin::model::digest::Period;
use diemtin::model::item::Access;
use diemtin::pipeline::ledger::ledger;

use crate::support::connected::{Connected, leaks, start};
use crate::support::graph::{Graph, PAGE, TOKEN};
use crate::support::store::on_both;
use crate::support::youtube::{KEY, Youtube};

fn config(server: &Graph) -> Config {
    Config {
        facebook: Some(Facebook {
            base_url: server.base_url(),
            pages: vec![FacebookPage {
                id: PAGE.into(),
                source: Some("fb_bhxh".into()),
                token: TOKEN.into(),
                own: true,
            }],
        }),
        ..Config::default()
    }
}

async fn scene(folder: &Path) -> (Graph, Connected) {
    let clock = Clock::manual(start());
    let server = Graph::start(clock.clone()).await;
    let connected = Connected::start(folder, clock, config(&server)).await;
    (server, connected)
}

fn url(object: &str) -> String {
    facebook_address(PAGE, object)
}

#[tokio::test]
async fn posts_and_comments_of_all_levels_are_found_once_over_all_pages_on_both_databases() {
    on_both(async |store| {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(start());
        let server = Graph::start(clock.clone()).await;
        server.know().page = 3;
        for n in 0..7 {
            server.post(&format!("{n}"), &format!("Thông báo chi trả lương hưu số {n}"));
        }
        server.post("anh", "");
        for n in 0..8 {
            server.comment("3", None, &format!("c{n}"), &format!("Ý kiến {n}"));
        }
        server.comment("3", Some("c1"), "r", "Trả lời");
        let connected = Connected::on(store, folder.path(), clock, config(&server)).await;
        connected.work().await;
        let once = connected.texts().await;
        assert_eq!(once.len(), 8 + 9, "{once:?}");
        assert!(once.iter().any(|text| text.contains("đã thêm một ảnh")));
        let reply = connected
            .store
            .find_item(&ItemId::from_url(&url("3_r")))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(reply.parent, Some(ItemId::from_url(&url("3_c1"))));
        assert_eq!(reply.thread.as_deref(), Some("Thông báo chi trả lương hưu số 3"));
        assert_eq!((reply.access, reply.source.as_str()), (Access::OwnPage, "fb_bhxh"));
        connected.pass(60, 5).await;
        assert_eq!(connected.texts().await, once, "nothing twice");
        server.post("moi", "Lịch chi trả mới");
        connected.pass(10, 1).await;
        assert_eq!(connected.texts().await.len(), once.len() + 1);
    })
    .await;
}

#[tokio::test]
async fn edits_are_versions_and_what_is_deleted_or_hidden_is_marked_with_all_below_it() {
    let folder = tempfile::tempdir().unwrap();
    let (server, connected) = scene(folder.path()).await;
    server.post("1", "Lịch chi trả lương hưu tháng 12");
    server.post("2", "Bài đăng nhầm");
    for id in ["a", "b", "c"] {
        server.comment("1", None, id, &format!("Bao giờ có lương hưu, {id}?"));
        server.comment("1", Some(id), &format!("{id}r"), "Tôi cũng chờ");
    }
    server.comment("2", None, "x", "Nhầm gì thế");
    connected.work().await;
    {
        let mut known = server.know();
        known.posts.get_mut("77_1").unwrap().text = Some("Lịch chi trả lương hưu tháng 12 (sửa)".into());
        let below = known.comments.get_mut("77_1").unwrap();
        below.retain(|(id, _)| id != "1_b" && id != "1_br");
        below.iter_mut().find(|(id, _)| id == "1_c").unwrap().1.is_hidden = true;
        known.posts.remove("77_2");
        known.comments.remove("77_2");
    }
    connected.pass(61, 1).await;
    let versions = connected
        .store
        .versions_of(&ItemId::from_url(&url("77_1")))
        .await
        .unwrap();
    assert_eq!(versions.len(), 1, "{versions:?}");
    for gone in ["77_2", "2_x", "1_b", "1_br", "1_c", "1_cr"] {
        assert!(connected.is_removed(&url(gone)).await, "{gone}");
    }
    for there in ["77_1", "1_a", "1_ar"] {
        assert!(!connected.is_removed(&url(there)).await, "{there}");
    }
    server.asked();
    connected.pass(60, 80).await;
    let asked = server.asked();
    assert!(
        !asked.iter().any(|call| call.contains("77_2")),
        "what is gone is left alone"
    );
}

#[tokio::test]
async fn posts_of_own_pages_are_sampled_at_1_6_24_and_72_hours_many_in_a_call() {
    let folder = tempfile::tempdir().unwrap();
    let (server, connected) = scene(folder.path()).await;
    for n in 0..60 {
        server.post(&format!("{n}"), &format!("Thông báo số {n}"));
    }
    connected.work().await;
    let published = connected.clock.now();
    let mut calls = Vec::new();
    for hour in 1..=80 {
        server.know().posts.get_mut("77_5").unwrap().likes += 10;
        // Comments would be read too; only the posts themselves are counted here.
        server.asked();
        connected.pass(60, 1).await;
        let asked = server.asked();
        calls.extend(asked.iter().filter(|call| call.starts_with('?')).map(|_| hour));
    }
    assert_eq!(calls, [1, 1, 6, 6, 24, 24, 72, 72], "60 posts in two calls each time");
    let seen = connected
        .store
        .observations_of(&ItemId::from_url(&url("77_5")))
        .await
        .unwrap();
    let hours: Vec<i64> = seen
        .iter()
        .map(|seen| (seen.collected_at - published).num_hours())
        .collect();
    // Sweeps of new posts overlap by a day and see counts too.
    assert!([1, 6, 24, 72].iter().all(|hour| hours.contains(hour)), "{hours:?}");
    assert_eq!(seen.last().unwrap().engagement.unwrap().reactions, 1 + 720);
}

#[tokio::test]
async fn usage_headers_are_obeyed_to_the_minute() {
    let folder = tempfile::tempdir().unwrap();
    let (server, connected) = scene(folder.path()).await;
    for n in 0..3 {
        server.post(&format!("{n}"), &format!("Thông báo số {n}"));
    }
    server.know().usage = vec![(
        "x-app-usage",
        r#"{"call_count":80,"total_time":25,"total_cputime":25}"#.into(),
    )];
    connected.work().await;
    assert_eq!(server.asked().len(), 1, "one call, then a pause");
    connected.pass(1, 2).await;
    assert_eq!(server.asked().len(), 2, "one call a minute");
    let business = r#"{"77":[{"type":"pages","call_count":97,"total_cputime":9,"total_time":9,"estimated_time_to_regain_access":23}]}"#;
    server.know().usage = vec![("x-business-use-case-usage", business.into())];
    connected.pass(1, 1).await;
    server.asked();
    let told = connected.told("facebook:77").await;
    assert!(told.starts_with("chậm") && told.contains("97 %"), "{told}");
    connected.pass(1, 22).await;
    assert_eq!(
        server.asked(),
        Vec::<String>::new(),
        "nothing before access is given back"
    );
    server.know().usage.clear();
    connected.pass(1, 1).await;
    assert!(!server.asked().is_empty() && connected.told("facebook:77").await.starts_with("tốt"));
    server.know().refuses = Some((32, "(#32) Page request limit reached"));
    connected.pass(10, 1).await;
    assert_eq!(server.asked().len(), 1, "a refusal for load ends the round");
    assert!(connected.told("facebook:77").await.starts_with("chậm"));
}

#[tokio::test]
async fn a_token_that_expires_is_told_with_when_and_what_to_do_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (server, connected) = scene(folder.path()).await;
    server.post("1", "Lịch chi trả lương hưu");
    connected.work().await;
    let outbox = folder.path().join("outbox");
    let carrier = diemtin::deliver::Carrier::Outbox(diemtin::deliver::Outbox::new(&outbox));
    server.know().refuses = Some((190, "Error validating access token: Session has expired"));
    connected.pass(30, 1).await;
    server.post("2", "Bài đăng khi mất quyền");
    server.asked();
    connected.pass(30, 12).await;
    assert!(server.asked().len() <= 6);
    assert!(!connected.is_removed(&url("77_1")).await, "no access is no removal");
    let told = connected.told("facebook:77").await;
    for part in [
        "bị chặn",
        "Fanpage BHXH Việt Nam",
        "đã hết hạn",
        "20:30 20/11/2026",
        "đăng nhập lại",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let page = connected.page("/sources").await;
    assert!(
        page.contains("Kết nối API chính thức") && page.contains("đã hết hạn"),
        "{page}"
    );
    let ledger = connected.page("/api/ledger").await;
    assert!(
        ledger.contains("\"connectors\"") && ledger.contains("blocked"),
        "{ledger}"
    );
    assert_eq!(connected.service.watch_sources(&carrier).await.unwrap(), 1);
    let mail = std::fs::read_dir(&outbox).unwrap().flatten().next().unwrap();
    let message = std::fs::read_to_string(mail.path()).unwrap();
    assert!(message.contains("To: truc@bhxh-mau.example"), "{message}");
    // A new token means a restart: the connector asks at once, and what was posted in between comes.
    server.know().refuses = None;
    connected.connecting.prepare().await.unwrap();
    connected.work().await;
    assert!(
        connected
            .texts()
            .await
            .iter()
            .any(|text| text.contains("khi mất quyền"))
    );
    assert_eq!(connected.service.watch_sources(&carrier).await.unwrap(), 0);
}

#[tokio::test]
async fn a_post_that_only_we_may_not_see_any_more_is_not_called_removed() {
    let folder = tempfile::tempdir().unwrap();
    let (server, connected) = scene(folder.path()).await;
    server.post("1", "Lịch chi trả lương hưu");
    connected.work().await;
    server.know().refuses = Some((100, "Unsupported get request. Object with ID '77' does not exist"));
    connected.pass(61, 3).await;
    assert!(!connected.is_removed(&url("77_1")).await);
}

#[tokio::test]
async fn the_token_is_found_nowhere_though_every_answer_repeats_it() {
    let folder = tempfile::tempdir().unwrap();
    let (server, connected) = scene(folder.path()).await;
    server.know().page = 2;
    for n in 0..9 {
        server.post(&format!("{n}"), &format!("Lịch chi trả lương hưu số {n}"));
        server.comment("1", None, &format!("c{n}"), "Bao giờ có lương hưu?");
    }
    connected.work().await;
    assert_eq!(connected.texts().await.len(), 18);
    connected.understand().await;
    let period = Period {
        from: start() - chrono::Duration::hours(24),
        to: connected.clock.now(),
    };
    let ledger = ledger(&connected.store, &connected.service.catalogue, &period).await;
    let ledger = serde_json::to_string(&ledger.unwrap()).unwrap();
    assert!(ledger.contains("Facebook: Fanpage BHXH Việt Nam") && !ledger.contains(TOKEN));
    connected.store.close().await;
    drop(connected.connecting);
    drop(connected.service);
    assert_eq!(leaks(folder.path(), TOKEN), Vec::<String>::new());
    assert_ne!(
        leaks(folder.path(), "REDACTED"),
        Vec::<String>::new(),
        "evidence was kept"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_itself_reads_both_platforms_and_names_no_credential_in_logs_and_exports() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::real();
    let (graph, youtube) = (Graph::start(clock.clone()).await, Youtube::start(clock).await);
    graph.post("1", "Lịch chi trả lương hưu tháng 12");
    graph.comment("1", None, "c", "Bao giờ có lương hưu?");
    youtube.video("v1", "Lương hưu tháng 12");
    youtube.comment("v1", None, "y", "Bao giờ có lương hưu?");
    let (sources, data) = (folder.path().join("sources"), folder.path().join("data"));
    std::fs::create_dir_all(sources.join("press")).unwrap();
    let draft = "name = \"Báo Nháp\"\nkind = \"press\"\nrank = 3\nchannel = \"bao_chi\"\nstatus = \"draft\"\nchecked = \"2026-11-20\"\n\
        evidence = [\"invented\"]\n";
    std::fs::write(sources.join("press/bao-nhap.toml"), draft).unwrap();
    let config = format!(
        "sources = {sources:?}\n[collect]\nspacing_seconds = 0.0\n[network]\nallow = [\"{}\", \"{}\"]\n\
         [youtube]\nbase_url = \"{}\"\nsearch = [\"lương hưu\"]\n\
         [facebook]\nbase_url = \"{}\"\n[[facebook.page]]\nid = \"{PAGE}\"\nown = true\n",
        graph.address,
        youtube.address,
        youtube.base_url(),
        graph.base_url()
    );
    let file = folder.path().join("diemtin.toml");
    std::fs::write(&file, config).unwrap();
    let run = |arguments: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_diemtin"))
            .args(arguments)
            .args([
                "--config".as_ref(),
                file.as_os_str(),
                "--data".as_ref(),
                data.as_os_str(),
            ])
            .env_remove("DIEMTIN_DATABASE_URL")
            .env("DIEMTIN_FACEBOOK_TOKEN", TOKEN)
            .env("DIEMTIN_YOUTUBE_KEY", KEY)
            .env("RUST_LOG", "trace")
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(output.status.success(), "{said}");
        assert!(!said.contains(TOKEN) && !said.contains(KEY), "a credential is named");
        said
    };
    let said = run(&["collect"]);
    assert!(said.contains("4 new items, 4 relevant"), "{said}");
    assert!(run(&["ledger", "--format", "json"]).contains("units 2/10000"));
    assert!(run(&["search", "", "--format", "csv"]).contains("Lịch chi trả"));
    run(&["backup", folder.path().join("sao-luu.tar.gz").to_str().unwrap()]);
    for secret in [TOKEN, KEY] {
        assert_eq!(leaks(folder.path(), secret), Vec::<String>::new());
    }
}

/// A public client for Python reads the same server, so what it speaks is the real protocol.
#[tokio::test(flavor = "multi_thread")]
async fn a_public_client_reads_the_same_server() {
    let server = Graph::start(Clock::manual(start())).await;
    server.know().page = 2;
    for n in 0..5 {
        server.post(&format!("{n}"), &format!("Lịch chi trả số {n}"));
    }
    server.comment("1", None, "c", "Bao giờ có lương hưu?");
    let script = r#"
import sys, facebook
facebook.FACEBOOK_GRAPH_URL = sys.argv[1]
api = facebook.GraphAPI(access_token=sys.argv[2], version="3.1")
# The library leads a page of a list to its next address as it stands.
print(len(list(api.get_all_connections("77", "published_posts", fields="id,message"))))
print(api.get_connections("77_1", "comments", filter="stream")["data"][0]["message"])
print(sorted(api.get_objects(["77_1", "77_2"], fields="message")))
try:
    api.get_object("77_9")
except facebook.GraphAPIError as error:
    print(error.code)
"#;
    let root = format!("http://{}/", server.address);
    let Some(said) = crate::support::program::python("facebook", script, &[&root, TOKEN]).await else {
        return;
    };
    assert_eq!(said, "5\nBao giờ có lương hưu?\n['77_1', '77_2']\n100\n");
}
