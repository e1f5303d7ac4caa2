//! The archive keeps what it is given, on both databases alike.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::TimeZone;
use diemtin::model::alert::{Alert, AlertEvent, AlertEventKind, AlertKind, AlertState, Level};
use diemtin::model::analysis::{Analysis, ContentKind, Misinformation, Sentiment, SentimentLabel, TopicScore, Verdict};
use diemtin::model::delivery::{DeliveryState, SendOutcome};
use diemtin::model::digest::{Coverage, DigestKind, Edition, EditionKey, Period, Rendered};
use diemtin::model::entry::{Entry, EntryState};
use diemtin::model::item::{Access, Engagement, Item, ItemKind, Observation, Platform};
use diemtin::model::story::{Assignment, Story};
use diemtin::model::user::Role;
use diemtin::model::{AlertId, ItemId, SourceId, StoryId, Time, vietnam};
use diemtin::store::{Frozen, Inserted, NewItem, Store, User};

use crate::support::store::on_both;

fn at(hour: u32, minute: u32) -> Time {
    vietnam().with_ymd_and_hms(2026, 11, 19, hour, minute, 0).unwrap()
}

fn item(id: &str, text: &str) -> NewItem {
    NewItem {
        item: Item {
            id: ItemId::from(id),
            kind: ItemKind::Post,
            platform: Platform::Facebook,
            source: SourceId::from("nhom-vi-du"),
            source_rank: 3,
            access: Access::Vendor,
            url: None,
            title: String::new(),
            text: text.into(),
            author: Some("an".into()),
            lang: None,
            published_at: Some(at(8, 0)),
            collected_at: Some(at(8, 5)),
            parent: None,
            thread: None,
            repost_of: None,
            engagement: Engagement::default(),
        },
        snapshot: None,
        evidence: None,
        method: "import".into(),
        warnings: vec![],
    }
}

fn analysis(id: &str) -> Analysis {
    Analysis {
        id: ItemId::from(id),
        lang: "vi".into(),
        relevant: true,
        relevance: 0.9,
        topics: vec![TopicScore {
            id: "luong_huu".into(),
            score: 0.8,
        }],
        sentiment: Sentiment {
            label: SentimentLabel::Neutral,
            score: 0.6,
        },
        content_kind: ContentKind::Question,
        misinformation: Misinformation {
            verdict: Verdict::None,
            score: 0.0,
            rumour_id: None,
            facts: vec![],
        },
        provinces: vec!["hue".into()],
        reasons: vec![],
        version: "t".into(),
    }
}

#[tokio::test]
async fn an_item_is_kept_once_and_a_changed_text_is_a_version() {
    on_both(async |store: Store| {
        let now = at(9, 0);
        assert_eq!(
            store.insert_items(&[item("x1", "một")], now).await.unwrap(),
            [Inserted::New]
        );
        assert_eq!(
            store.insert_items(&[item("x1", "một")], now).await.unwrap(),
            [Inserted::Known]
        );
        store.record_analyses(&[analysis("x1")], now).await.unwrap();
        assert_eq!(store.count_unanalysed().await.unwrap(), 0);
        assert_eq!(
            store.insert_items(&[item("x1", "hai")], at(9, 1)).await.unwrap(),
            [Inserted::Version]
        );
        assert_eq!(
            store.count_unanalysed().await.unwrap(),
            1,
            "a new version is analysed again"
        );
        let versions = store.versions_of(&ItemId::from("x1")).await.unwrap();
        assert_eq!(versions, [(at(9, 1), String::new(), "một".into())]);
        let view = store.find_item_view(&ItemId::from("x1")).await.unwrap().unwrap();
        assert_eq!((view.item.text.as_str(), view.analysis), ("hai", Some(analysis("x1"))));
    })
    .await;
}

#[tokio::test]
async fn an_edit_and_a_removal_that_come_before_their_item_are_kept_and_so_is_the_first_wording() {
    on_both(async |store: Store| {
        let seen = |minute, text: Option<&str>| Observation {
            id: ItemId::from("x3"),
            collected_at: at(10, minute),
            engagement: None,
            title: None,
            text: text.map(str::to_owned),
            removed: text.is_none(),
        };
        store
            .insert_observations(&[seen(0, Some("hai")), seen(1, None)])
            .await
            .unwrap();
        store.insert_items(&[item("x3", "một")], at(10, 2)).await.unwrap();
        let view = store.find_item_view(&ItemId::from("x3")).await.unwrap().unwrap();
        assert_eq!((view.item.text.as_str(), view.removed), ("hai", true));
        let versions = store.versions_of(&ItemId::from("x3")).await.unwrap();
        assert_eq!(versions, [(at(10, 0), String::new(), "một".into())]);
        // The first wording told once more, as by a file imported again, does not come back.
        let mut first = seen(0, Some("một"));
        first.collected_at = at(9, 0);
        store.insert_observations(&[first]).await.unwrap();
        let kept = store.find_item(&ItemId::from("x3")).await.unwrap().unwrap();
        assert_eq!(kept.text, "hai");
    })
    .await;
}

#[tokio::test]
async fn an_observation_that_comes_before_its_item_is_not_lost() {
    on_both(async |store: Store| {
        let seen = Observation {
            id: ItemId::from("x2"),
            collected_at: at(10, 0),
            engagement: Some(Engagement {
                reactions: 7,
                ..Engagement::default()
            }),
            title: None,
            text: None,
            removed: false,
        };
        assert_eq!(
            store.insert_observations(&[seen.clone(), seen.clone()]).await.unwrap(),
            1
        );
        store.insert_items(&[item("x2", "ba")], at(10, 1)).await.unwrap();
        let kept = store.find_item(&ItemId::from("x2")).await.unwrap().unwrap();
        assert_eq!(kept.engagement.reactions, 7);
        assert_eq!(store.observations_of(&ItemId::from("x2")).await.unwrap(), [seen]);
    })
    .await;
}

#[tokio::test]
async fn eight_workers_never_claim_the_same_entry_or_feed() {
    on_both(async |store: Store| {
        let source = SourceId::from("bao");
        let feeds: Vec<_> = (0..20)
            .map(|n| (source.clone(), format!("https://bao.example/{n}.rss")))
            .collect();
        store.sync_feeds(&feeds, at(7, 0)).await.unwrap();
        let entries: Vec<_> = (0..50)
            .map(|n| {
                let url = format!("https://bao.example/{n}.html");
                (
                    url.clone(),
                    Entry {
                        url,
                        ..Entry::default()
                    },
                    EntryState::Pending,
                    "hit".to_owned(),
                )
            })
            .collect();
        assert_eq!(
            store.insert_entries(&source, "f", &entries, at(7, 0)).await.unwrap(),
            50
        );
        assert_eq!(store.insert_entries(&source, "f", &entries, at(7, 0)).await.unwrap(), 0);
        let workers = (0..8).map(|_| {
            let (store, source) = (store.clone(), source.clone());
            tokio::spawn(async move {
                let mine = store.claim_due_feeds(&source, at(7, 1), 60_000).await.unwrap().len();
                let mut urls = Vec::new();
                loop {
                    let claimed = store.claim_entries(&source, at(7, 1), 5, 60_000).await.unwrap();
                    if claimed.is_empty() {
                        return (mine, urls);
                    }
                    urls.extend(claimed.into_iter().map(|e| e.url));
                }
            })
        });
        let done = futures::future::join_all(workers).await;
        let feeds: usize = done.iter().map(|d| d.as_ref().unwrap().0).sum();
        let urls: Vec<String> = done.into_iter().flat_map(|d| d.unwrap().1).collect();
        assert_eq!(
            (feeds, urls.len(), urls.iter().collect::<BTreeSet<_>>().len()),
            (20, 50, 50)
        );
        assert!(
            store.claim_due_feeds(&source, at(7, 1), 1).await.unwrap().is_empty(),
            "leased"
        );
        assert_eq!(
            store.claim_due_feeds(&source, at(7, 3), 1).await.unwrap().len(),
            20,
            "the lease ran out"
        );
    })
    .await;
}

#[tokio::test]
async fn an_entry_ends_in_one_counted_state_together_with_its_item() {
    on_both(async |store: Store| {
        let source = SourceId::from("bao");
        let url = "https://bao.example/1.html".to_owned();
        let entry = Entry {
            url: url.clone(),
            ..Entry::default()
        };
        store
            .insert_entries(
                &source,
                "f",
                &[(url, entry, EntryState::Pending, String::new())],
                at(7, 0),
            )
            .await
            .unwrap();
        let claimed = store
            .claim_entries(&source, at(7, 0), 9, 60_000)
            .await
            .unwrap()
            .remove(0);
        store
            .insert_item_of_entry(&item("x9", "bài"), &claimed, None, at(7, 1))
            .await
            .unwrap();
        store
            .finish_entry(&claimed, EntryState::Failed, "again", at(7, 2))
            .await
            .unwrap();
        let counts = store
            .gate_counts(at(7, 0).date_naive(), at(7, 0).date_naive())
            .await
            .unwrap();
        assert_eq!(counts.get("stored"), Some(&1));
        assert_eq!(counts.get("failed"), None, "an ended entry does not end twice");
        assert_eq!(store.waiting_entries().await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_story_that_went_into_another_stays_an_address() {
    on_both(async |store: Store| {
        store
            .insert_items(&[item("x1", "a"), item("x2", "b")], at(9, 0))
            .await
            .unwrap();
        store
            .record_analyses(&[analysis("x1"), analysis("x2")], at(9, 0))
            .await
            .unwrap();
        let story = |id: &str| Story {
            id: StoryId::from(id),
            title: "Vụ việc".into(),
            lead_item: ItemId::from("x1"),
            first_at: at(8, 0),
            last_at: at(8, 0),
            items: 1,
            sources: 1,
            topic: "luong_huu".into(),
        };
        let put = |item: &str, story: &str| Assignment {
            id: ItemId::from(item),
            story: StoryId::from(story),
            reprint_of: None,
        };
        store
            .record_partition(&[put("x1", "s1"), put("x2", "s2")], &[story("s1"), story("s2")], &[])
            .await
            .unwrap();
        let gone = [(StoryId::from("s2"), StoryId::from("s1"))];
        store
            .record_partition(&[put("x2", "s1")], &[story("s1")], &gone)
            .await
            .unwrap();
        assert_eq!(
            store.find_story(&StoryId::from("s2")).await.unwrap().unwrap().id,
            StoryId::from("s1")
        );
        assert_eq!(store.story_items(&StoryId::from("s1")).await.unwrap().len(), 2);
        assert_eq!(store.stories_between(at(8, 0), at(9, 0), 10).await.unwrap().len(), 1);
        assert_eq!(store.story_window(at(0, 0), at(23, 59)).await.unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn what_is_erased_leaves_its_words_nowhere_and_its_address_known() {
    on_both(async |store: Store| {
        let words = "Nghe người nhà nói từ tháng sau ai rút một lần phải nộp thuế";
        let new = item("x1", words);
        store
            .insert_items(&[new.clone(), item("x2", "chuyện khác")], at(8, 6))
            .await
            .unwrap();
        let alert = Alert {
            id: AlertId::from("a-1"),
            rule: "can_kiem_chung".into(),
            kind: AlertKind::NovelClaim,
            level: Level::Watch,
            state: AlertState::New,
            title: "Nghe người nhà nói từ tháng sau ai rút…".into(),
            reason: "2 bài về “Nghe người nhà nói từ tháng sau ai rút…”".into(),
            rumour_id: None,
            story: None,
            items: vec![ItemId::from("x1"), ItemId::from("x2")],
            topics: vec![],
            departments: vec![],
            opened_at: at(8, 7),
            updated_at: at(8, 7),
            resolved: false,
            version: "t".into(),
        };
        let open = AlertEvent {
            at: at(8, 7),
            event: AlertEventKind::Open,
            alert: alert.clone(),
        };
        store.record_alert_events(std::slice::from_ref(&open)).await.unwrap();
        assert!(store.erase_item(&new.item, &[], at(9, 0)).await.unwrap().is_empty());
        assert!(store.find_item(&new.item.id).await.unwrap().is_none());
        assert!(store.find_item(&ItemId::from("x2")).await.unwrap().is_some());
        let left = store.find_alert(&alert.id).await.unwrap().unwrap();
        let events = store.events_of(&alert.id).await.unwrap();
        assert_eq!(left.items, [ItemId::from("x2")]);
        for alert in events.iter().map(|event| &event.event.alert).chain([&left]) {
            let said = format!("{} {}", alert.title, alert.reason);
            assert!(!said.contains("người nhà") && said.contains("đã xóa"), "{said}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_alert_keeps_the_state_people_gave_it_and_an_event_is_recorded_once() {
    on_both(async |store: Store| {
        let alert = Alert {
            id: AlertId::from("a-1"),
            rule: "rumour".into(),
            kind: AlertKind::Rumour,
            level: Level::Watch,
            state: AlertState::New,
            title: "t".into(),
            reason: "r".into(),
            rumour_id: None,
            story: None,
            items: vec![ItemId::from("x1")],
            topics: vec![],
            departments: vec![],
            opened_at: at(8, 0),
            updated_at: at(8, 0),
            resolved: false,
            version: "t".into(),
        };
        let open = AlertEvent {
            at: at(8, 0),
            event: AlertEventKind::Open,
            alert: alert.clone(),
        };
        assert_eq!(
            store
                .record_alert_events(std::slice::from_ref(&open))
                .await
                .unwrap()
                .len(),
            1
        );
        store
            .move_alert(&alert.id, AlertState::Acknowledged, "lan", "đã xem", at(8, 5))
            .await
            .unwrap();
        assert!(store.record_alert_events(&[open]).await.unwrap().is_empty(), "known");
        let mut louder = alert.clone();
        louder.level = Level::Warning;
        louder.updated_at = at(8, 10);
        let raise = AlertEvent {
            at: at(8, 10),
            event: AlertEventKind::Raise,
            alert: louder,
        };
        assert_eq!(store.record_alert_events(&[raise]).await.unwrap().len(), 1);
        let kept = store.find_alert(&alert.id).await.unwrap().unwrap();
        assert_eq!((kept.state, kept.level), (AlertState::Acknowledged, Level::Warning));
        assert!(
            store
                .move_alert(&alert.id, AlertState::Answered, "lan", "", at(8, 6))
                .await
                .is_err()
        );
        assert_eq!(store.alert_events_after(0, 10).await.unwrap().len(), 2);
        assert_eq!(store.alert_actions(&alert.id).await.unwrap()[0].comment, "đã xem");
        assert_eq!(store.alerts_between(at(7, 0), at(9, 0), 10).await.unwrap().len(), 1);
    })
    .await;
}

fn edition() -> (Edition, Rendered) {
    let edition = Edition {
        key: EditionKey {
            kind: DigestKind::Press,
            date: at(6, 0).date_naive(),
            revision: 1,
            audience: "leaders".into(),
        },
        period: Period {
            from: at(0, 0),
            to: at(6, 0),
        },
        composed_at: at(6, 40),
        parent: "P".into(),
        agency: "A".into(),
        unit: "U".into(),
        is_sample: true,
        is_late: false,
        sections: vec![],
        figures: vec![],
        coverage: Coverage::default(),
        note: None,
    };
    let rendered = Rendered {
        subject: "s".into(),
        html: "<p>".into(),
        text: "t".into(),
        docx: vec![1, 2],
    };
    (edition, rendered)
}

#[tokio::test]
async fn an_edition_is_frozen_once_and_each_delivery_is_claimed_once() {
    on_both(async |store: Store| {
        let (edition, rendered) = edition();
        let to = ["a@b.vn".to_owned(), "c@d.vn".to_owned()];
        let freeze = async || {
            store
                .freeze_edition(&edition, &rendered, &to, at(6, 40), false, "b.vn")
                .await
                .unwrap()
        };
        assert!(matches!(freeze().await, Frozen::New(_)));
        assert!(matches!(freeze().await, Frozen::Existing(_)));
        let claims = futures::future::join_all((0..8).map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.claim_delivery(at(6, 41), 60_000).await.unwrap() })
        }))
        .await;
        let claimed: Vec<_> = claims.into_iter().filter_map(|c| c.unwrap()).collect();
        assert_eq!(claimed.len(), 2);
        let sent = SendOutcome::Sent("250 ok".into());
        let first = &claimed[0].delivery;
        store
            .record_attempt(first, &sent, at(6, 41), false, at(6, 41))
            .await
            .unwrap();
        assert!(
            store
                .record_attempt(first, &sent, at(6, 41), false, at(6, 41))
                .await
                .is_err(),
            "only once"
        );
        assert_eq!(store.open_deliveries().await.unwrap(), 1);
        let listed = store.list_editions(5).await.unwrap();
        assert_eq!(listed[0].sent, (1, 2));
        assert_eq!(store.last_editions().await.unwrap().len(), 1);
        assert_eq!(
            store.find_edition(&edition.key.id()).await.unwrap().unwrap().rendered,
            rendered
        );
    })
    .await;
}

#[tokio::test]
async fn a_delivery_whose_worker_died_is_uncertain_and_is_repeated_once_with_the_same_message_id() {
    on_both(async |store: Store| {
        let (edition, rendered) = edition();
        store
            .freeze_edition(&edition, &rendered, &["a@b.vn".into()], at(6, 40), false, "b.vn")
            .await
            .unwrap();
        let first = store.claim_delivery(at(6, 41), 60_000).await.unwrap().unwrap();
        assert_eq!(
            store.expire_deliveries(at(6, 41), false).await.unwrap(),
            0,
            "the lease still holds"
        );
        assert_eq!(store.expire_deliveries(at(6, 43), false).await.unwrap(), 1);
        let second = store.claim_delivery(at(6, 43), 60_000).await.unwrap().unwrap();
        assert!(second.is_repeat);
        assert_eq!(second.delivery.message_id, first.delivery.message_id);
        assert_eq!(store.expire_deliveries(at(6, 43), true).await.unwrap(), 1);
        let claim = store
            .claim_delivery(at(6, 43) + Duration::from_secs(60), 60_000)
            .await
            .unwrap();
        assert!(claim.is_none(), "not a third time");
        let (delivery, tries) = store.deliveries_of(&edition.key.id()).await.unwrap().remove(0);
        assert_eq!((delivery.state, tries.len()), (DeliveryState::Uncertain, 2));
    })
    .await;
}

#[tokio::test]
async fn a_token_opens_the_door_until_it_is_revoked() {
    on_both(async |store: Store| {
        let user = User {
            name: "lan".into(),
            role: Role::Analyst,
            password: String::new(),
            disabled: false,
        };
        store.save_user(&user, at(8, 0)).await.unwrap();
        store.add_token("bí mật", "lan", "báo cáo", at(8, 0)).await.unwrap();
        assert_eq!(
            store.user_of_secret("bí mật", at(8, 1)).await.unwrap().unwrap().name,
            "lan"
        );
        store.revoke_token("lan", "báo cáo", at(8, 2)).await.unwrap();
        assert!(store.user_of_secret("bí mật", at(8, 3)).await.unwrap().is_none());
        store.open_session("phiên", "lan", at(8, 0), at(9, 0)).await.unwrap();
        assert!(store.user_of_secret("phiên", at(8, 59)).await.unwrap().is_some());
        assert!(store.user_of_secret("phiên", at(9, 0)).await.unwrap().is_none());
        store.audit(at(8, 0), "lan", "login", "", "").await.unwrap();
        assert_eq!(store.audit_lines(5).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn figures_of_a_period_are_counted_in_the_archive() {
    on_both(async |store: Store| {
        store
            .insert_items(&[item("x1", "a"), item("x2", "b")], at(9, 0))
            .await
            .unwrap();
        store.record_analyses(&[analysis("x1")], at(9, 0)).await.unwrap();
        let counts = store.day_counts(at(8, 0), at(9, 0)).await.unwrap();
        assert_eq!((counts.items, counts.relevant, counts.topics["luong_huu"]), (2, 1, 1));
        let health = store.source_health(at(8, 0), at(9, 0)).await.unwrap();
        assert_eq!(health[&SourceId::from("nhom-vi-du")].items, 2);
        assert_eq!(
            store.items_between(at(8, 0), at(9, 0), true, 10).await.unwrap().len(),
            1
        );
        let after = store.item_views_after(0, 10).await.unwrap();
        assert_eq!(
            after.last().unwrap().1.item.id,
            ItemId::from("x1"),
            "what changed last comes last"
        );
    })
    .await;
}

#[test]
fn a_second_service_on_the_same_data_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let held = diemtin::store::lock_service(folder.path()).unwrap();
    let error = diemtin::store::lock_service(folder.path()).unwrap_err().to_string();
    assert!(error.contains("another `diemtin run`"), "{error}");
    drop(held);
    diemtin::store::lock_service(folder.path()).unwrap();
}

#[test]
fn both_databases_have_the_same_tables_and_columns() {
    let columns = |text: &str| -> Vec<String> {
        text.replace("integer primary key autoincrement", "key")
            .replace("bigint generated always as identity primary key", "key")
            .replace("bytea", "blob")
            .lines()
            .map(str::to_owned)
            .collect()
    };
    let of = |database: &str| -> std::collections::BTreeMap<String, Vec<String>> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("migrations")
            .join(database);
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        files
            .map(|path| {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                (name, columns(&std::fs::read_to_string(path).unwrap()))
            })
            .collect()
    };
    assert_eq!(of("sqlite"), of("postgres"));
    assert!(of("sqlite").len() > 3);
}
