//! The YouTube connector against a server on loopback that speaks the Data API: nothing lost, nothing twice, quotas to the
//! call.

use std::path::Path;
use std::time::Duration;

use diemtin::clock::Clock;
use diemtin::config::Config;
use diemtin::model::ItemId;

use crate::support::connected::{Connected, start};
use crate::support::store::on_both;
use crate::support::youtube::{KEY, Youtube};

fn config(server: &Youtube) -> Config {
    Config {
        youtube: Some(diemtin::config::Youtube {
            key: KEY.into(),
            base_url: server.base_url(),
            search: vec!["lương hưu".into()],
            ..Default::default()
        }),
        ..Config::default()
    }
}

fn video(id: &str) -> String {
    format!("https://www.youtube.com/watch?v={id}")
}

fn comment(video: &str, id: &str) -> String {
    format!("https://www.youtube.com/watch?lc={id}&v={video}")
}

async fn scene(folder: &Path) -> (Youtube, Connected) {
    let clock = Clock::manual(start());
    let server = Youtube::start(clock.clone()).await;
    let connected = Connected::start(folder, clock, config(&server)).await;
    (server, connected)
}

#[tokio::test]
async fn videos_comments_and_all_their_answers_are_found_once_over_all_pages_on_both_databases() {
    on_both(async |store| {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(start());
        let server = Youtube::start(clock.clone()).await;
        server.know().page = 3;
        for n in 0..7 {
            server.video(&format!("v{n}"), &format!("Lương hưu số {n}"));
        }
        server.video("khac", "Bóng đá");
        for n in 0..8 {
            server.comment("v3", None, &format!("c{n}"), &format!("Ý kiến {n}"));
        }
        for n in 0..5 {
            server.comment("v3", Some("c1"), &format!("c1.r{n}"), &format!("Trả lời {n}"));
        }
        let connected = Connected::on(store, folder.path(), clock, config(&server)).await;
        connected.work().await;
        let once = connected.texts().await;
        assert_eq!(once.len(), 7 + 8 + 5, "{once:?}");
        let reply = ItemId::from_url(&comment("v3", "c1.r4"));
        let reply = connected.store.find_item(&reply).await.unwrap().unwrap();
        assert_eq!(reply.parent, Some(ItemId::from_url(&comment("v3", "c1"))));
        assert_eq!(reply.thread.as_deref(), Some("Lương hưu số 3"));
        connected.pass(60, 5).await;
        assert_eq!(connected.texts().await, once, "nothing twice");
        let counted: usize = server.know().counted.values().sum();
        let spent = connected.store.quota("youtube", "2026-11-20").await.unwrap();
        let spent: i64 = spent.iter().map(|quota| quota.used).sum();
        assert_eq!(spent, counted as i64, "the ledger is the server's own count");
    })
    .await;
}

#[tokio::test]
async fn edits_are_versions_and_what_is_deleted_is_marked_with_all_below_it() {
    let folder = tempfile::tempdir().unwrap();
    let (server, connected) = scene(folder.path()).await;
    server.video("v1", "Lương hưu tháng 12");
    server.video("v2", "Lương hưu tháng 11");
    for id in ["a", "b"] {
        server.comment("v1", None, id, &format!("Bao giờ có lương hưu, {id}?"));
        server.comment("v1", Some(id), &format!("{id}.r"), "Tôi cũng chờ");
    }
    server.comment("v2", None, "x", "Đã nhận");
    connected.work().await;
    connected.understand().await;
    {
        let mut known = server.know();
        let v1 = known.videos.get_mut("v1").unwrap();
        v1.comments[0].text = "Bao giờ có lương hưu tháng 12?".into();
        v1.comments.retain(|c| !c.id.starts_with('b'));
        known.videos.remove("v2");
    }
    connected.pass(61, 1).await;
    let edited = ItemId::from_url(&comment("v1", "a"));
    let versions = connected.store.versions_of(&edited).await.unwrap();
    assert!(versions.len() == 1 && versions[0].2.contains(", a?"), "{versions:?}");
    for gone in [
        comment("v1", "b"),
        comment("v1", "b.r"),
        video("v2"),
        comment("v2", "x"),
    ] {
        assert!(connected.is_removed(&gone).await, "{gone}");
    }
    assert!(!connected.is_removed(&comment("v1", "a.r")).await);
    server.asked();
    connected.pass(60, 80).await;
    let asked = server.asked();
    assert!(
        !asked.iter().any(|call| call.contains("v2")),
        "what is gone is left alone: {asked:?}"
    );
}

#[tokio::test]
async fn an_erased_comment_does_not_come_back_and_a_query_taken_out_is_not_asked_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let (server, connected) = scene(folder.path()).await;
    server.video("v1", "Lương hưu tháng 12");
    server.comment("v1", None, "a", "Chuyện riêng của tôi");
    connected.work().await;
    let item = ItemId::from_url(&comment("v1", "a"));
    let item = connected.store.find_item(&item).await.unwrap().unwrap();
    connected
        .store
        .erase_item(&item, &[], connected.clock.now())
        .await
        .unwrap();
    connected.pass(60, 3).await;
    assert_eq!(connected.texts().await.len(), 1);
    assert!(
        server
            .asked()
            .iter()
            .filter(|call| call.starts_with("commentThreads?max"))
            .count()
            > 1
    );
    let mut config = config(&server);
    config.youtube.as_mut().unwrap().search = vec!["bảo hiểm".into()];
    let later = Connected::start(folder.path(), connected.clock.clone(), config.clone()).await;
    later.pass(180, 2).await;
    let asked = server.asked();
    assert!(
        asked.iter().any(|call| call.contains("q=bảo hiểm")) && !asked.iter().any(|call| call.contains("q=lương hưu"))
    );
    config.youtube.as_mut().unwrap().search = vec!["lương hưu".into()];
    let again = Connected::start(folder.path(), connected.clock.clone(), config).await;
    again.work().await;
    assert!(server.asked().iter().any(|call| call.contains("q=lương hưu")));
}

#[tokio::test]
async fn disabled_comments_are_remembered_until_the_video_takes_some_again() {
    let folder = tempfile::tempdir().unwrap();
    let (server, connected) = scene(folder.path()).await;
    server.video("v1", "Lương hưu tháng 12");
    server.know().videos.get_mut("v1").unwrap().takes_comments = false;
    connected.work().await;
    connected.understand().await;
    connected.pass(45, 1).await;
    let asked = server.asked();
    let threads = |asked: &[String]| asked.iter().filter(|call| call.starts_with("commentThreads")).count();
    assert_eq!(threads(&asked), 1, "asked once: {asked:?}");
    assert!(connected.told("youtube").await.starts_with("tốt"));
    server.know().videos.get_mut("v1").unwrap().takes_comments = true;
    server.comment("v1", None, "a", "Mở lại rồi");
    connected.pass(60, 1).await;
    assert!(connected.texts().await.iter().any(|text| text.contains("Mở lại rồi")));
}

#[tokio::test]
async fn growth_is_seen_at_1_6_24_and_72_hours_of_relevant_videos_only() {
    let folder = tempfile::tempdir().unwrap();
    let (server, connected) = scene(folder.path()).await;
    server.video("v1", "Lương hưu tháng 12");
    connected.work().await;
    connected.understand().await;
    let published = connected.clock.now();
    let mut sampled = Vec::new();
    for hour in 1..=80 {
        server.know().videos.get_mut("v1").unwrap().views += 100;
        server.asked();
        connected.pass(60, 1).await;
        sampled.extend(
            server
                .asked()
                .iter()
                .filter(|call| call.starts_with("videos"))
                .map(|_| hour),
        );
    }
    assert_eq!(sampled, [1, 6, 24, 72]);
    let seen = connected
        .store
        .observations_of(&ItemId::from_url(&video("v1")))
        .await
        .unwrap();
    let hours: Vec<i64> = seen
        .iter()
        .map(|seen| (seen.collected_at - published).num_hours())
        .collect();
    assert_eq!(hours, [1, 6, 24, 72]);
    assert_eq!(seen[3].engagement.unwrap().views, 10 + 7200);
}

#[tokio::test]
async fn a_video_that_does_not_concern_the_sector_is_not_sampled() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::manual(start());
    let server = Youtube::start(clock.clone()).await;
    let mut config = config(&server);
    let youtube = config.youtube.as_mut().unwrap();
    (youtube.search, youtube.channels) = (vec![], vec!["@kenhmau".into()]);
    server.video("v1", "Bóng đá tối nay");
    let connected = Connected::start(folder.path(), clock, config).await;
    connected.work().await;
    let id = ItemId::from_url(&video("v1"));
    assert!(
        connected.store.find_item(&id).await.unwrap().is_some(),
        "uploads of a channel are read"
    );
    // A stand-in for the verdict of analysis on a description without our words.
    let mut analysis = analysis_of(&connected, &id).await;
    analysis.relevant = false;
    connected
        .store
        .record_analyses(&[analysis], connected.clock.now())
        .await
        .unwrap();
    server.asked();
    connected.pass(60, 30).await;
    assert!(!server.asked().iter().any(|call| call.starts_with("videos")));
}

async fn analysis_of(connected: &Connected, id: &ItemId) -> diemtin::model::analysis::Analysis {
    connected.understand().await;
    let view = connected.store.find_item_view(id).await.unwrap().unwrap();
    view.analysis.unwrap()
}

#[tokio::test]
async fn quotas_hold_to_the_call_over_restarts_and_begin_anew_at_midnight_in_california() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::manual(start());
    let server = Youtube::start(clock.clone()).await;
    // The server grants exactly what the ledger believes: one call too many would be counted, and refused.
    (server.know().grants, server.know().page) = ([4, 12], 2);
    let mut config = config(&server);
    let youtube = config.youtube.as_mut().unwrap();
    (youtube.search_calls_per_day, youtube.units_per_day) = (4, 12);
    youtube.search = vec!["lương hưu".into(), "bảo hiểm".into()];
    for n in 0..12 {
        server.video(&format!("v{n:02}"), &format!("Lương hưu, bảo hiểm số {n}"));
        server.comment(&format!("v{n:02}"), None, &format!("c{n}"), "Bao giờ có lương hưu?");
    }
    for turn in 0..6 {
        // Killed after some calls, wherever that is, and started again on the same data.
        let connected = Connected::start(folder.path(), clock.clone(), config.clone()).await;
        let rounds = async {
            for _ in 0..=turn {
                if connected.connecting.links[0].round().await.unwrap() == 0 {
                    break;
                }
            }
        };
        rounds.await;
        connected.store.close().await;
    }
    let connected = Connected::start(folder.path(), clock.clone(), config.clone()).await;
    connected.work().await;
    connected.understand().await;
    connected.pass(30, 4).await;
    let counted = server.know().counted.clone();
    assert_eq!(counted.get(&("2026-11-20".into(), true)), Some(&4), "{counted:?}");
    assert_eq!(counted.get(&("2026-11-20".into(), false)), Some(&12), "{counted:?}");
    let told = connected.told("youtube").await;
    assert!(told.starts_with("chậm") && told.contains("15:00 21/11/2026"), "{told}");
    for _ in 0..12 {
        connected.clock.advance(Duration::from_secs(24 * 3600));
        connected.work().await;
        connected.understand().await;
        connected.work().await;
    }
    let counted = server.know().counted.clone();
    assert!(
        counted
            .iter()
            .all(|((_, is_search), n)| *n <= if *is_search { 4 } else { 12 }),
        "{counted:?}"
    );
    assert_eq!(
        connected.texts().await.len(),
        24,
        "in the end everything is there, once"
    );
}

#[tokio::test]
async fn who_spends_at_the_same_time_never_spends_more_than_there_is() {
    on_both(async |store| {
        let spending = (0..40).map(|_| store.spend("youtube", "search", "2026-11-20", 7));
        let spent = futures::future::join_all(spending).await;
        assert_eq!(spent.into_iter().filter(|spent| *spent.as_ref().unwrap()).count(), 7);
        assert!(!store.spend("youtube", "units", "2026-11-20", 0).await.unwrap());
        assert!(
            store.spend("youtube", "search", "2026-11-21", 7).await.unwrap(),
            "another day"
        );
        assert_eq!(store.quota("youtube", "2026-11-20").await.unwrap()[0].used, 7);
    })
    .await;
}

#[tokio::test]
async fn when_little_is_left_of_a_day_comments_of_what_is_relevant_come_first() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::manual(start());
    let server = Youtube::start(clock.clone()).await;
    let mut config = config(&server);
    let youtube = config.youtube.as_mut().unwrap();
    (youtube.units_per_day, youtube.search) = (20, vec!["số".into()]);
    let connected = Connected::start(folder.path(), clock, config).await;
    for n in 0..30 {
        server.video(&format!("v{n:02}"), &format!("Lương hưu số {n}"));
        server.comment(&format!("v{n:02}"), None, &format!("c{n}"), "Chờ mãi");
    }
    // The first round finds them; then analysis says which concern the sector.
    connected.connecting.links[0].round().await.unwrap();
    connected.understand().await;
    for n in 0..20 {
        let id = ItemId::from_url(&video(&format!("v{n:02}")));
        let view = connected.store.find_item_view(&id).await.unwrap().unwrap();
        let mut analysis = view.analysis.unwrap();
        analysis.relevant = false;
        connected
            .store
            .record_analyses(&[analysis], connected.clock.now())
            .await
            .unwrap();
    }
    connected.work().await;
    let asked = server.asked();
    let read: Vec<&str> = asked
        .iter()
        .filter_map(|call| call.strip_prefix("commentThreads")?.split("videoId=").nth(1))
        .collect();
    assert!(read[..10].iter().all(|id| *id >= "v20"), "{read:?}");
    assert!(read.len() < 17, "a fifth of the day is kept for what matters: {read:?}");
}

#[tokio::test]
async fn a_reading_that_breaks_off_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (server, connected) = scene(folder.path()).await;
    server.know().page = 2;
    server.video("v1", "Lương hưu tháng 12");
    for n in 0..9 {
        server.comment("v1", None, &format!("c{n}"), &format!("Ý kiến {n}"));
    }
    server.know().breaks_after = Some(4);
    connected.work().await;
    assert!(connected.texts().await.len() < 10);
    let told = connected.told("youtube").await;
    assert!(told.contains("HTTP 502"), "{told}");
    server.know().breaks_after = None;
    server.asked();
    connected.pass(10, 1).await;
    assert_eq!(connected.texts().await.len(), 10);
    let asked = server.asked();
    assert!(
        asked[0].contains("pageToken=p4"),
        "not from the first page again: {asked:?}"
    );
    assert!(connected.told("youtube").await.starts_with("tốt"));
}

#[tokio::test]
async fn a_key_that_ends_is_told_the_operator_once_and_is_found_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let (server, connected) = scene(folder.path()).await;
    server.video("v1", "Lương hưu tháng 12");
    connected.work().await;
    let outbox = folder.path().join("outbox");
    let carrier = diemtin::deliver::Carrier::Outbox(diemtin::deliver::Outbox::new(&outbox));
    assert_eq!(connected.service.watch_sources(&carrier).await.unwrap(), 0);
    server.know().opens = false;
    server.asked();
    connected.pass(30, 12).await;
    assert!(
        server.asked().len() <= 6,
        "a closed door is not knocked at again and again"
    );
    let told = connected.told("youtube").await;
    assert!(
        told.starts_with("bị chặn") && told.contains("API key not valid") && told.contains("thay trong cấu hình"),
        "{told}"
    );
    for _ in 0..2 {
        assert_eq!(connected.service.watch_sources(&carrier).await.unwrap(), 1);
    }
    let mails: Vec<_> = std::fs::read_dir(&outbox).unwrap().flatten().collect();
    assert_eq!(mails.len(), 1, "told once");
    assert_eq!(
        crate::support::connected::leaks(folder.path(), KEY),
        Vec::<String>::new()
    );
    server.know().opens = true;
    connected.pass(61, 1).await;
    assert_eq!(
        connected.service.watch_sources(&carrier).await.unwrap(),
        0,
        "the alarm ends"
    );
}

/// The platform's own client for Python reads the same server, so what it speaks is the real protocol.
#[tokio::test(flavor = "multi_thread")]
async fn the_public_client_of_the_platform_reads_the_same_server() {
    let server = Youtube::start(Clock::manual(start())).await;
    server.know().page = 2;
    for n in 0..5 {
        server.video(&format!("v{n}"), &format!("Lương hưu số {n}"));
    }
    for n in 0..5 {
        server.comment("v1", None, &format!("c{n}"), "Bao giờ có lương hưu?");
    }
    server.comment("v1", Some("c1"), "c1.r", "Tôi cũng chờ");
    let script = r#"
import sys
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError
api = build("youtube", "v3", developerKey=sys.argv[2], static_discovery=True, client_options={"api_endpoint": sys.argv[1]})
def everything(part, request):
    found = []
    while request is not None:
        answer = request.execute()
        found += answer["items"]
        request = part.list_next(request, answer)
    return found
print(len(everything(api.search(), api.search().list(part="snippet", q="lương hưu", type="video"))))
print(len(everything(api.commentThreads(), api.commentThreads().list(part="snippet,replies", videoId="v1"))))
print(api.comments().list(part="snippet", parentId="c1").execute()["items"][0]["snippet"]["textDisplay"])
print(api.videos().list(part="snippet,statistics", id="v1,v2").execute()["items"][1]["statistics"]["viewCount"])
print(api.playlistItems().list(part="contentDetails", playlistId=api.channels().list(part="contentDetails", forHandle="@kenhmau")
    .execute()["items"][0]["contentDetails"]["relatedPlaylists"]["uploads"]).execute()["pageInfo"]["totalResults"])
try:
    api.commentThreads().list(part="snippet", videoId="none").execute()
except HttpError as error:
    print(error.status_code, error.error_details[0]["reason"])
"#;
    let root = format!("http://{}/", server.address);
    let Some(said) = crate::support::program::python("googleapiclient", script, &[&root, KEY]).await else {
        return;
    };
    assert_eq!(said, "5\n5\nTôi cũng chờ\n10\n5\n404 videoNotFound\n");
}
