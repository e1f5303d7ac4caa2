//! What platforms push to us is kept once, whatever the order, and only from who may: the real server on loopback, on both
//! databases.

use std::net::SocketAddr;
use std::sync::Arc;

use chrono::TimeZone;
use diemtin::clock::Clock;
use diemtin::collect::social_ids::{facebook_item_id, zalo_item_id};
use diemtin::config::{Config, FacebookHook, HookPage, Hooks, ZaloHook};
use diemtin::model::digest::Period;
use diemtin::model::item::{Access, ItemKind, Platform};
use diemtin::model::user::Role;
use diemtin::model::{ItemId, Time, vietnam};
use diemtin::pipeline::erasing;
use diemtin::pipeline::ledger::ledger;
use diemtin::pipeline::service::Service;
use diemtin::store::{Store, Target, User};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::store::on_both;

const PAGE: &str = "1000";
const APP_SECRET: &str = "bí mật của ứng dụng";

fn now() -> Time {
    vietnam().with_ymd_and_hms(2026, 11, 20, 9, 0, 0).unwrap()
}

struct Served {
    address: SocketAddr,
    service: Service,
    stop: CancellationToken,
    _folder: tempfile::TempDir,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn configured() -> Hooks {
    Hooks {
        facebook: Some(FacebookHook {
            app_secret: Some(APP_SECRET.into()),
            verify_token: Some("từ khóa".into()),
            pages: vec![HookPage {
                id: PAGE.into(),
                source: "fb_bhxh".into(),
            }],
        }),
        zalo: Some(ZaloHook {
            app_id: "77".into(),
            oa_id: "88".into(),
            oa_secret: Some("bí mật của tài khoản".into()),
            source: "zalo_bhxh".into(),
        }),
    }
}

async fn served(store: &Store, hooks: Hooks) -> Served {
    let folder = tempfile::tempdir().unwrap();
    let config = Config {
        data: folder.path().into(),
        hooks,
        ..Config::default()
    };
    let service = Service {
        config: Arc::new(config),
        catalogue: Arc::new(diemtin::catalogue::load(None, None).unwrap()),
        store: store.clone(),
        clock: Clock::manual(now()),
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let searching = service.searching().unwrap();
    tokio::spawn(diemtin::serve::serve(
        listener,
        service.clone(),
        searching,
        stop.clone(),
    ));
    Served {
        address,
        service,
        stop,
        _folder: folder,
    }
}

async fn post(address: SocketAddr, path: &str, header: &str, signature: &str, body: &str) -> u16 {
    let client = crate::support::client::client(&[], address);
    let request = client
        .post(format!("http://{address}{path}"))
        .header(header, signature)
        .header("content-type", "application/json")
        .body(body.to_owned());
    request.send().await.unwrap().status().as_u16()
}

/// Delivers as Facebook does, rightly signed.
async fn post_facebook(address: SocketAddr, delivery: &Value) -> u16 {
    let body = delivery.to_string();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(APP_SECRET.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let signature = format!("sha256={}", diemtin::text::hex(&mac.finalize().into_bytes()));
    post(address, "/hooks/facebook", "x-hub-signature-256", &signature, &body).await
}

impl Served {
    async fn post(&self, path: &str, header: &str, signature: &str, body: &str) -> u16 {
        post(self.address, path, header, signature, body).await
    }

    async fn facebook(&self, delivery: &Value) -> u16 {
        post_facebook(self.address, delivery).await
    }

    /// Delivers as Zalo does, rightly signed.
    async fn zalo(&self, event: &Value) -> u16 {
        let body = event.to_string();
        let stamp = event["timestamp"].as_str().unwrap();
        let hash = diemtin::text::sha256_hex(format!("77{body}{stamp}bí mật của tài khoản").as_bytes());
        self.post("/hooks/zalo", "x-zevent-signature", &format!("mac={hash}"), &body)
            .await
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let client = crate::support::client::client(&[], self.address);
        let answer = client
            .get(format!("http://{}{path}", self.address))
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn count(&self, gate: &str) -> i64 {
        let day = now().date_naive();
        let counts = self.service.store.gate_counts(day, day).await.unwrap();
        counts.get(gate).copied().unwrap_or_default()
    }
}

/// A delivery of one page at a moment, in Unix seconds.
fn delivery(page: &str, time: i64, values: &[Value]) -> Value {
    let changes: Vec<Value> = values
        .iter()
        .map(|value| json!({"field": "feed", "value": value}))
        .collect();
    json!({"object": "page", "entry": [{"id": page, "time": time, "changes": changes}]})
}

fn status(verb: &str, message: &str) -> Value {
    json!({"from": {"id": PAGE, "name": "Bảo hiểm xã hội Mẫu"}, "message": message, "post_id": format!("{PAGE}_7"),
           "created_time": 1_795_136_500, "item": "status", "published": 1, "verb": verb})
}

fn comment(verb: &str, message: &str) -> Value {
    json!({"from": {"id": "555", "name": "Trần Thị Mẫu"}, "message": message, "post_id": format!("{PAGE}_7"),
           "comment_id": "7_9", "parent_id": format!("{PAGE}_7"), "created_time": 1_795_136_523, "item": "comment", "verb": verb})
}

fn removal() -> Value {
    json!({"from": {"id": "555"}, "post_id": format!("{PAGE}_7"), "comment_id": "7_9", "created_time": 1_795_136_523,
           "item": "comment", "verb": "remove"})
}

/// The state of an archive, to compare.
async fn state(store: &Store, id: &ItemId) -> (Option<String>, bool, usize, usize) {
    let view = store.find_item_view(id).await.unwrap();
    (
        view.as_ref().map(|view| view.item.text.clone()),
        view.is_some_and(|view| view.removed),
        store.observations_of(id).await.unwrap().len(),
        store.versions_of(id).await.unwrap().len(),
    )
}

fn the_comment() -> ItemId {
    facebook_item_id(PAGE, "7_9")
}

#[tokio::test]
async fn facebook_asks_for_the_word_and_only_the_right_one_is_answered() {
    on_both(async |store: Store| {
        let served = served(&store, configured()).await;
        let ask = |token: &str| {
            let query = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs([
                    ("hub.mode", "subscribe"),
                    ("hub.challenge", "11586"),
                    ("hub.verify_token", token),
                ])
                .finish();
            format!("/hooks/facebook?{query}")
        };
        assert_eq!(served.get(&ask("từ khóa")).await, (200, "11586".into()));
        for path in [ask("từ"), ask(""), "/hooks/facebook".into()] {
            assert_eq!(served.get(&path).await.0, 403, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_post_a_comment_its_edit_and_its_removal_are_kept_with_evidence_and_once_each() {
    on_both(async |store: Store| {
        let served = served(&store, configured()).await;
        let said = [
            delivery(
                PAGE,
                1_795_136_530,
                &[
                    status("add", "Lương hưu tháng này"),
                    comment("add", "Bao giờ có lương hưu?"),
                ],
            ),
            delivery(PAGE, 1_795_136_540, &[comment("edited", "Bao giờ có lương hưu vậy?")]),
            delivery(PAGE, 1_795_136_550, &[removal()]),
        ];
        for one in &said {
            assert_eq!(served.facebook(one).await, 200);
        }
        let item = store.find_item(&the_comment()).await.unwrap().unwrap();
        assert_eq!(
            (item.kind, item.platform, item.access, item.source.as_str()),
            (ItemKind::Comment, Platform::Facebook, Access::OwnPage, "fb_bhxh")
        );
        assert_eq!(item.parent, Some(facebook_item_id(PAGE, &format!("{PAGE}_7"))));
        assert_eq!(item.published_at, diemtin::text::date::parse("2026-11-20T01:02:03Z"));
        let after = state(&store, &the_comment()).await;
        assert_eq!(after, (Some("Bao giờ có lương hưu vậy?".into()), true, 2, 1));
        let names = store.snapshots_of(&the_comment()).await.unwrap().unwrap();
        assert_eq!(names.len(), 2, "the edit and the first wording have a record each");
        let evidence = served.service.evidence();
        for (name, one) in names.iter().rev().zip(&said) {
            let kept = store.find_evidence(name).await.unwrap().unwrap();
            assert_eq!(evidence.content(&kept).unwrap().unwrap(), one.to_string().into_bytes());
        }
        // Facebook sends again what it is not sure of; the first wording must not come back.
        for one in &said {
            assert_eq!(served.facebook(one).await, 200);
        }
        assert_eq!(state(&store, &the_comment()).await, after);
        assert_eq!(store.count_unanalysed().await.unwrap(), 2);
        let (_, page) = served.get(&format!("/items/{}", the_comment())).await;
        assert!(page.contains("t***") && !page.contains("Trần Thị"), "{page}");
    })
    .await;
}

#[tokio::test]
async fn a_removal_before_its_comment_and_an_old_edit_after_a_new_one_are_understood() {
    on_both(async |store: Store| {
        let served = served(&store, configured()).await;
        let tell = async |time, value| assert_eq!(served.facebook(&delivery(PAGE, time, &[value])).await, 200);
        tell(1_795_136_560, removal()).await;
        assert_eq!(state(&store, &the_comment()).await, (None, false, 1, 0));
        tell(1_795_136_530, comment("add", "Tin này có thật không?")).await;
        assert_eq!(
            state(&store, &the_comment()).await,
            (Some("Tin này có thật không?".into()), true, 1, 0)
        );
        tell(1_795_136_550, comment("edited", "Mới nhất")).await;
        tell(1_795_136_540, comment("edited", "Cũ hơn")).await;
        assert_eq!(
            state(&store, &the_comment()).await,
            (Some("Mới nhất".into()), true, 2, 1)
        );
        // What the page hid comes back when it shows it again; an older removal told late does not take it away.
        tell(1_795_136_580, comment("unhide", "")).await;
        tell(1_795_136_570, comment("hide", "")).await;
        assert!(!state(&store, &the_comment()).await.1);
        tell(1_795_136_590, comment("hide", "")).await;
        assert!(state(&store, &the_comment()).await.1);
    })
    .await;
}

#[tokio::test]
async fn an_edit_of_what_was_never_told_is_the_item() {
    on_both(async |store: Store| {
        let served = served(&store, configured()).await;
        let edit = delivery(PAGE, 1_795_136_540, &[comment("edited", "Đã sửa")]);
        let add = delivery(PAGE, 1_795_136_530, &[comment("add", "Chưa sửa")]);
        assert_eq!((served.facebook(&edit).await, served.facebook(&add).await), (200, 200));
        assert_eq!(
            state(&store, &the_comment()).await,
            (Some("Đã sửa".into()), false, 1, 0)
        );
    })
    .await;
}

#[tokio::test]
async fn an_erased_comment_leaves_no_record_and_does_not_come_back() {
    on_both(async |store: Store| {
        let served = served(&store, configured()).await;
        let said = [
            delivery(PAGE, 1_795_136_530, &[comment("add", "Số sổ của tôi là 0123")]),
            delivery(PAGE, 1_795_136_540, &[comment("edited", "Số sổ của tôi là 0124")]),
            delivery(PAGE, 1_795_136_550, &[removal()]),
        ];
        for one in &said {
            assert_eq!(served.facebook(one).await, 200);
        }
        let evidence = served.service.evidence();
        let data = &served.service.config.data;
        let erased = erasing::erase(&store, &evidence, data, &the_comment(), "theo yêu cầu", now())
            .await
            .unwrap();
        assert_eq!(erased.records, 3, "also the record of the removal names the person");
        let later = delivery(PAGE, 1_795_136_560, &[comment("edited", "Lại là tôi")]);
        for one in said.iter().chain([&later]) {
            assert_eq!(served.facebook(one).await, 200);
        }
        assert_eq!(state(&store, &the_comment()).await, (None, false, 0, 0));
        for one in said.iter().chain([&later]) {
            let name = diemtin::text::sha256_hex(one.to_string().as_bytes());
            assert!(store.find_evidence(&name).await.unwrap().is_none(), "{one}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_could_not_be_read_is_kept_as_it_came() {
    on_both(async |store: Store| {
        let served = served(&store, configured()).await;
        let said = delivery(
            PAGE,
            1_795_136_530,
            &[json!({"item": "comment", "verb": "add", "id_of_comment": "7_9"})],
        );
        assert_eq!((served.facebook(&said).await, served.facebook(&said).await), (200, 200));
        let name = diemtin::text::sha256_hex(said.to_string().as_bytes());
        let kept = store.find_evidence(&name).await.unwrap().unwrap();
        let bytes = served.service.evidence().content(&kept).unwrap().unwrap();
        assert_eq!(bytes, said.to_string().into_bytes());
    })
    .await;
}

/// The program serving from a folder, killed where the test ends.
struct Running(std::process::Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_survives_a_kill_the_moment_after() {
    use std::io::BufRead;
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("diemtin.toml");
    let text = format!(
        "[web]\nlisten = \"127.0.0.1:0\"\n[hooks.facebook]\nverify_token = \"x\"\n\
         [[hooks.facebook.page]]\nid = \"{PAGE}\"\nsource = \"fb_bhxh\"\n"
    );
    std::fs::write(&config, text).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_diemtin"));
    command
        .args(["run", "--roles", "web", "--config"])
        .arg(&config)
        .arg("--data")
        .arg(folder.path())
        .env_remove("DIEMTIN_DATABASE_URL")
        .env("DIEMTIN_HOOKS_FACEBOOK_APP_SECRET", APP_SECRET)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null());
    let mut running = Running(command.spawn().unwrap());
    let mut line = String::new();
    let stdout = running.0.stdout.take().unwrap();
    tokio::task::block_in_place(|| std::io::BufReader::new(stdout).read_line(&mut line)).unwrap();
    let address = line
        .trim()
        .rsplit("http://")
        .next()
        .unwrap()
        .trim_end_matches('/')
        .parse()
        .unwrap();
    let said = delivery(PAGE, 1_795_136_530, &[comment("add", "Bao giờ có lương hưu?")]);
    assert_eq!(post_facebook(address, &said).await, 200);
    drop(running);
    let store = Store::open(&Target::Sqlite(folder.path().join("diemtin.db")))
        .await
        .unwrap();
    assert_eq!(
        state(&store, &the_comment()).await.0.as_deref(),
        Some("Bao giờ có lương hưu?")
    );
    let evidence = diemtin::evidence::Evidence::new(&folder.path().join("evidence"), "", store.vault());
    assert_eq!(evidence.recover().unwrap(), 1);
    let name = store.snapshots_of(&the_comment()).await.unwrap().unwrap().remove(0);
    let kept = store.find_evidence(&name).await.unwrap().unwrap();
    assert_eq!(evidence.content(&kept).unwrap().unwrap(), said.to_string().into_bytes());
}

#[tokio::test]
async fn one_delivery_told_by_many_lines_at_once_counts_once() {
    on_both(async |store: Store| {
        let served = served(&store, configured()).await;
        let said = delivery(
            PAGE,
            1_795_136_530,
            &[comment("add", "một"), comment("edited", "hai"), removal()],
        );
        let answers = futures::future::join_all((0..8).map(|_| served.facebook(&said))).await;
        assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
        assert_eq!(state(&store, &the_comment()).await, (Some("hai".into()), true, 2, 1));
    })
    .await;
}

#[tokio::test]
async fn a_wrong_signature_is_refused_and_counted_and_nothing_is_kept() {
    on_both(async |store: Store| {
        let served = served(&store, configured()).await;
        let body = delivery(PAGE, 1_795_136_530, &[comment("add", "giả")]).to_string();
        let wrong = format!("sha256={}", "0".repeat(64));
        for signature in [wrong.as_str(), "sha256=", "sha1=ab", ""] {
            let status = served
                .post("/hooks/facebook", "x-hub-signature-256", signature, &body)
                .await;
            assert_eq!(status, 403, "{signature}");
        }
        assert_eq!(
            served.post("/hooks/zalo", "x-zevent-signature", "mac=00", &body).await,
            403
        );
        assert_eq!(served.count("hook_forged").await, 5);
        assert_eq!(state(&store, &the_comment()).await, (None, false, 0, 0));
        assert!(served.get("/sources").await.1.contains("webhook sai chữ ký"));
    })
    .await;
}

#[tokio::test]
async fn a_receiver_is_not_there_until_it_is_configured_and_needs_no_login_then() {
    on_both(async |store: Store| {
        let bare = served(&store, Hooks::default()).await;
        let said = delivery(PAGE, 1_795_136_530, &[comment("add", "x")]);
        assert_eq!(bare.facebook(&said).await, 404);
        assert_eq!(bare.get("/hooks/facebook?hub.mode=subscribe").await.0, 404);
        assert_eq!(bare.zalo(&json!({"timestamp": "1"})).await, 404);
        let user = User {
            name: "lan".into(),
            role: Role::Administrator,
            password: diemtin::serve::hash_password("mật khẩu dài lắm").unwrap(),
            disabled: false,
        };
        store.save_user(&user, now()).await.unwrap();
        let guarded = served(&store, configured()).await;
        assert_eq!(guarded.get("/api/items?q=x").await.0, 401);
        assert_eq!(guarded.facebook(&said).await, 200);
        assert!(store.find_item(&the_comment()).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test]
async fn a_page_that_is_not_ours_is_counted_by_its_number_and_not_kept() {
    on_both(async |store: Store| {
        let served = served(&store, configured()).await;
        let mut said = delivery("2000", 1_795_136_530, &[comment("add", "của trang khác")]);
        said["entry"].as_array_mut().unwrap().push(
            delivery(
                PAGE,
                1_795_136_530,
                &[comment("add", "của ta"), json!({"item": "reaction", "verb": "add"})],
            )["entry"][0]
                .clone(),
        );
        assert_eq!(served.facebook(&said).await, 200);
        assert_eq!(served.facebook(&json!({"object": "page", "entries": []})).await, 200);
        assert!(
            store
                .find_item(&facebook_item_id("2000", "7_9"))
                .await
                .unwrap()
                .is_some_and(|item| item.text == "của ta")
        );
        let period = Period {
            from: now() - chrono::Duration::hours(1),
            to: now(),
        };
        let found = ledger(&store, &served.service.catalogue, &period).await.unwrap();
        assert_eq!(found.unknown_senders.get("facebook 2000"), Some(&1));
        assert_eq!(
            (found.gates.get("hook_ignored"), found.gates.get("hook_unread")),
            (Some(&1), Some(&1))
        );
        assert!(served.get("/sources").await.1.contains("facebook 2000"));
    })
    .await;
}

fn letter(event: &str, message: Value, account: &str) -> Value {
    json!({"app_id": "77", "sender": {"id": "2468"}, "recipient": {"id": account}, "user_id_by_app": "5521",
           "event_name": event, "message": message, "timestamp": "1795136523000"})
}

#[tokio::test]
async fn a_letter_on_zalo_is_kept_once_and_its_sender_is_never_shown() {
    on_both(async |store: Store| {
        let served = served(&store, configured()).await;
        let said = letter(
            "user_send_text",
            json!({"text": "Tôi chưa nhận được lương hưu tháng này", "msg_id": "m1"}),
            "88",
        );
        assert_eq!((served.zalo(&said).await, served.zalo(&said).await), (200, 200));
        let id = zalo_item_id("88", "m1");
        let item = store.find_item(&id).await.unwrap().unwrap();
        assert_eq!(
            (item.kind, item.platform, item.access),
            (ItemKind::Post, Platform::Zalo, Access::OwnPage)
        );
        let sender = store
            .open_identity(&item.id, "lan", "theo thư của dân", now())
            .await
            .unwrap();
        assert_eq!(
            (sender.unwrap().author.as_deref(), item.url.as_deref()),
            (Some("2468"), None)
        );
        assert_eq!(item.published_at, diemtin::text::date::parse("2026-11-20T01:02:03Z"));
        assert_eq!(state(&store, &id).await.2, 0);
        for path in [format!("/items/{id}"), format!("/api/items/{id}")] {
            let (status, page) = served.get(&path).await;
            assert!(
                status == 200 && !page.contains("2468") && !page.contains("zalo_bhxh"),
                "{path}: {page}"
            );
        }
        for other in [
            letter("user_send_sticker", json!({"msg_id": "m2"}), "88"),
            letter("user_seen_message", json!({"msg_id": "m1"}), "88"),
        ] {
            assert_eq!(served.zalo(&other).await, 200);
        }
        assert_eq!(
            served
                .zalo(&letter("user_send_text", json!({"text": "a", "msg_id": "m3"}), "99"))
                .await,
            200
        );
        assert_eq!(
            (served.count("hook_ignored").await, served.count("hook_unknown").await),
            (2, 1)
        );
        assert!(store.find_item(&zalo_item_id("99", "m3")).await.unwrap().is_none());
        // Signed with the account's number in place of the app's: a variant that is not documented officially.
        let body = said.to_string();
        let hash = diemtin::text::sha256_hex(format!("88{body}1795136523000bí mật của tài khoản").as_bytes());
        assert_eq!(
            served
                .post("/hooks/zalo", "x-zevent-signature", &format!("mac={hash}"), &body)
                .await,
            403
        );
    })
    .await;
}

#[test]
fn a_receiver_with_an_empty_secret_or_an_unknown_source_is_refused_with_the_remedy() {
    let catalogue = diemtin::catalogue::load(None, None).unwrap();
    assert_eq!(diemtin::serve::check_hooks(&configured(), &catalogue), Ok(()));
    let mut hooks = configured();
    hooks.facebook.as_mut().unwrap().app_secret = Some(" ".into());
    let error = diemtin::serve::check_hooks(&hooks, &catalogue).unwrap_err();
    assert!(error.contains("DIEMTIN_HOOKS_FACEBOOK_APP_SECRET"), "{error}");
    let mut hooks = configured();
    hooks.zalo.as_mut().unwrap().source = "khong-co".into();
    let error = diemtin::serve::check_hooks(&hooks, &catalogue).unwrap_err();
    assert!(error.contains("khong-co") && error.contains("sources/"), "{error}");
}
