//! People are warned early of what spreads, and only of that.

use std::path::PathBuf;

use diemtin::detect::warn::{Detector, Seen};
use diemtin::model::alert::{AlertEvent, AlertEventKind, AlertKind, Level};
use diemtin::model::analysis::{Analysis, ContentKind, Misinformation, Sentiment, SentimentLabel, TopicScore, Verdict};
use diemtin::model::item::{Engagement, Item, Record};
use diemtin::model::knowledge::{Knowledge, Rumour};
use diemtin::model::rule::Rule;
use diemtin::model::{ItemId, StoryId, Time};
use serde_json::{Value, json};

use crate::tells_stories::shared;

fn rules() -> Vec<Rule> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("alerts/rules");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        let mut rule: Rule = toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        rule.id = path.file_stem().unwrap().to_str().unwrap().to_owned();
        rule
    };
    files.iter().map(read).collect()
}

fn rumour(id: &str, kind: &str, severity: u8, claim: &str) -> Rumour {
    let value = json!({"type": kind, "severity": severity, "observed": true, "status": "", "claim": claim,
        "variants": [], "look_alikes": [], "refuted_by": [], "correct_info": "", "response_line": "",
        "departments": ["truyen_thong"]});
    Rumour {
        id: id.into(),
        ..serde_json::from_value(value).unwrap()
    }
}

fn knowledge() -> Knowledge {
    Knowledge {
        rules: rules(),
        rumours: vec![
            rumour(
                "scam_gia_han_the",
                "identity_impersonation",
                4,
                "Thẻ BHYT của người hưu phải gia hạn qua liên kết",
            ),
            rumour("scam_mua_so", "scam", 4, "Thu mua, cầm cố sổ BHXH giá cao, hợp pháp"),
            rumour(
                "price_bhyt_6pct",
                "fabricated_price_increase",
                3,
                "Mức đóng BHYT tăng lên 6 %",
            ),
        ],
        version: "test".into(),
        ..Knowledge::default()
    }
}

/// An analysis that agrees with the labels of a line.
fn analysis(line: &Value) -> Analysis {
    let word = |field: &str| line[field].as_str().unwrap_or("none");
    let topics = line["topics"].as_array().into_iter().flatten();
    Analysis {
        id: word("id").into(),
        lang: "vi".into(),
        relevant: line["relevant"] == Value::Bool(true),
        relevance: 1.0,
        topics: topics
            .map(|t| TopicScore {
                id: t.as_str().unwrap().into(),
                score: 1.0,
            })
            .collect(),
        sentiment: Sentiment {
            label: word("sentiment").parse().unwrap_or(SentimentLabel::Neutral),
            score: 1.0,
        },
        content_kind: word("content_kind").parse().unwrap_or(ContentKind::Comment),
        misinformation: Misinformation {
            verdict: word("misinformation").parse().unwrap_or(Verdict::None),
            score: 1.0,
            rumour_id: line["rumour_id"].as_str().map(str::to_owned),
            facts: Vec::new(),
        },
        provinces: Vec::new(),
        reasons: Vec::new(),
        version: "test".into(),
    }
}

fn tell(detector: &mut Detector, line: &Value) -> Vec<AlertEvent> {
    let item: Item = Record::parse(1, &line.to_string()).unwrap().item;
    let at = item.collected_at.unwrap();
    if line["observation"] == Value::Bool(true) {
        return detector.engage(&item.id, item.engagement, at);
    }
    let analysis = analysis(line);
    if !analysis.relevant {
        return detector.tick(at);
    }
    let story = StoryId::from(
        line["event"]
            .as_str()
            .map_or_else(|| format!("s-{}", item.id), |e| format!("s-{e}")),
    );
    let title = if item.title.is_empty() {
        item.text.clone()
    } else {
        item.title.clone()
    };
    detector.observe(&Seen {
        item: &item,
        analysis: &analysis,
        story: &story,
        story_title: &title,
        reprint_of: None,
        at,
    })
}

fn day() -> Option<Vec<Value>> {
    let mut lines: Vec<Value> = shared("day.jsonl")?
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let time = |line: &Value| time(line["collected_at"].as_str().unwrap());
    lines.sort_by_key(time);
    Some(lines)
}

fn time(text: &str) -> Time {
    diemtin::text::date::parse(text).unwrap()
}

fn post(n: usize, at: &str, verdict: &str, kind: &str, extra: Value) -> Value {
    let mut line = json!({"id": format!("p{n}"), "kind": "post", "platform": "facebook", "source": "Nhóm Ví Dụ",
        "author": format!("nguoi_{n}"), "text": format!("Bài viết số {n}"), "collected_at": at, "relevant": true,
        "topics": ["bhxh_mot_lan"], "content_kind": kind, "misinformation": verdict, "event": "viec"});
    for (field, value) in extra.as_object().unwrap() {
        line[field] = value.clone();
    }
    line
}

#[test]
fn a_day_is_warned_of_in_time_and_without_noise() {
    let Some(lines) = day() else { return };
    let mut detector = Detector::new(&knowledge());
    let events: Vec<AlertEvent> = lines.iter().flat_map(|line| tell(&mut detector, line)).collect();
    for e in &events {
        eprintln!(
            "{} {} {:?} {} {}\n    {}",
            e.at, e.event, e.alert.level, e.alert.kind, e.alert.id, e.alert.reason
        );
    }
    let opened: Vec<&AlertEvent> = events.iter().filter(|e| e.event == AlertEventKind::Open).collect();
    let of_story = |story: &str| {
        opened
            .iter()
            .filter(|e| e.alert.story == Some(StoryId::from(story)))
            .collect::<Vec<_>>()
    };
    let scam = opened
        .iter()
        .find(|e| e.alert.rumour_id.as_deref() == Some("scam_gia_han_the"))
        .unwrap();
    assert!(scam.alert.items.len() <= 2 && scam.alert.kind == AlertKind::Impersonation);
    let tax = opened.iter().find(|e| e.alert.kind == AlertKind::Rumour).unwrap();
    assert!(tax.at <= time("2026-11-19T10:09:00+07:00"), "{}", tax.at);
    let outage = of_story("s-su-co-vssid-19-11");
    assert!(outage.iter().all(|e| e.alert.kind == AlertKind::ComplaintWave));
    assert!(outage[0].at <= time("2026-11-19T08:15:00+07:00"), "{}", outage[0].at);
    assert!(of_story("s-le-ra-quan-tinh-xanh").is_empty() && of_story("s-ket-qua-10-thang").is_empty());
    let bought = opened
        .iter()
        .find(|e| e.alert.rumour_id.as_deref() == Some("scam_mua_so"))
        .unwrap();
    assert!(
        !bought.alert.reason.contains("bác bỏ"),
        "denials of another rumour: {}",
        bought.alert.reason
    );
    assert!(opened.len() <= 6, "{}", opened.len());
}

#[test]
fn a_replay_gives_the_same_alerts_and_nothing_leaks_from_the_future() {
    let Some(lines) = day() else { return };
    let run = |part: &[Value]| {
        let mut detector = Detector::new(&knowledge());
        part.iter()
            .flat_map(|line| tell(&mut detector, line))
            .collect::<Vec<_>>()
    };
    let whole = run(&lines);
    assert_eq!(whole, run(&lines));
    let half = run(&lines[..lines.len() / 2]);
    assert_eq!(half, whole[..half.len()]);
}

#[test]
fn copies_of_one_text_and_one_busy_author_are_not_independent() {
    let mut detector = Detector::new(&knowledge());
    let same = |n| {
        post(
            n,
            "2026-11-19T09:00:00+07:00",
            "rumour",
            "claim",
            json!({"text": "Chuyển cho người thân"}),
        )
    };
    assert!((1..=3).all(|n| tell(&mut detector, &same(n)).is_empty()));
    let mut detector = Detector::new(&knowledge());
    let one = |n| {
        post(
            n,
            "2026-11-19T09:00:00+07:00",
            "rumour",
            "claim",
            json!({"author": "mot_nguoi"}),
        )
    };
    assert!((1..=3).all(|n| tell(&mut detector, &one(n)).is_empty()));
}

#[test]
fn denials_stand_in_the_reason_and_never_raise() {
    let mut detector = Detector::new(&knowledge());
    let at = "2026-11-19T09:00:00+07:00";
    assert!(tell(&mut detector, &post(1, at, "debunk", "report", json!({}))).is_empty());
    assert!(tell(&mut detector, &post(2, at, "rumour", "claim", json!({}))).is_empty());
    let events = tell(&mut detector, &post(3, at, "rumour", "claim", json!({})));
    assert_eq!(events.len(), 1);
    let reason = &events[0].alert.reason;
    assert!(
        reason.starts_with("2 bài của 2 tài khoản") && reason.ends_with("đã có 1 tin bác bỏ."),
        "{reason}"
    );
    assert!(
        !reason.contains("nguoi_") && reason.contains("09:00 ngày 19/11"),
        "{reason}"
    );
}

#[test]
fn press_reports_and_the_agency_itself_assert_nothing() {
    let mut detector = Detector::new(&knowledge());
    for n in 1..=6 {
        let own = json!({"access": "own_page"});
        assert!(
            tell(
                &mut detector,
                &post(n, "2026-11-19T09:00:00+07:00", "rumour", "claim", own)
            )
            .is_empty()
        );
        let press = json!({"kind": "press", "platform": "press", "id": format!("q{n}")});
        assert!(
            tell(
                &mut detector,
                &post(n, "2026-11-19T09:00:00+07:00", "rumour", "report", press)
            )
            .is_empty()
        );
    }
}

#[test]
fn an_alert_goes_quiet_and_a_later_wave_is_a_new_one() {
    let mut detector = Detector::new(&knowledge());
    let wave = |from: usize, day: u32| -> Vec<Value> {
        (from..from + 2)
            .map(|n| {
                post(
                    n,
                    &format!("2026-11-{day}T09:00:00+07:00"),
                    "rumour",
                    "claim",
                    json!({"event": "viec"}),
                )
            })
            .collect()
    };
    let first: Vec<_> = wave(1, 10).iter().flat_map(|l| tell(&mut detector, l)).collect();
    let quiet = detector.tick(time("2026-11-13T09:00:00+07:00"));
    assert_eq!(quiet[0].event, AlertEventKind::Resolve);
    assert!(quiet[0].alert.resolved && quiet[0].alert.id == first[0].alert.id);
    let second: Vec<_> = wave(3, 14).iter().flat_map(|l| tell(&mut detector, l)).collect();
    assert_eq!(second[0].event, AlertEventKind::Open);
    assert_ne!(second[0].alert.id, first[0].alert.id);
    assert_eq!(second[0].alert.items, vec![ItemId::from("p3"), ItemId::from("p4")]);
}

#[test]
fn a_restart_finds_its_open_alerts_again_without_telling_them_twice() {
    let mut detector = Detector::new(&knowledge());
    let lines: Vec<Value> = (1..=2)
        .map(|n| post(n, "2026-11-19T09:00:00+07:00", "rumour", "claim", json!({})))
        .collect();
    let opened: Vec<_> = lines.iter().flat_map(|l| tell(&mut detector, l)).collect();
    let mut again = Detector::new(&knowledge());
    again.restore(&[opened[0].alert.clone()]);
    assert!(lines.iter().all(|l| tell(&mut again, l).is_empty()));
    assert_eq!(again.alerts().next().unwrap().items, opened[0].alert.items);
}

#[test]
fn an_answered_alert_is_raised_by_further_evidence() {
    let mut detector = Detector::new(&knowledge());
    let at = "2026-11-19T09:00:00+07:00";
    let opened: Vec<_> = (1..=2)
        .flat_map(|n| tell(&mut detector, &post(n, at, "rumour", "claim", json!({}))))
        .collect();
    detector.answered(&opened[0].alert.id);
    let events = tell(&mut detector, &post(3, at, "rumour", "claim", json!({})));
    assert_eq!(events[0].event, AlertEventKind::Raise);
    assert_eq!(events[0].alert.level, Level::Watch);
    let later = Engagement {
        shares: 900,
        ..Engagement::default()
    };
    assert!(detector.engage(&"p3".into(), later, time(at)).is_empty());
}

#[test]
fn every_rule_has_cases_on_both_sides_and_a_sentence_of_its_own() {
    for rule in rules() {
        assert!(
            rule.cases.iter().any(|c| c.level == 0),
            "{} has no negative case",
            rule.id
        );
        assert!(
            rule.cases.iter().any(|c| c.level > 0),
            "{} has no positive case",
            rule.id
        );
        assert!(
            rule.reason.contains("{count}") && rule.reason.contains("{first}"),
            "{}",
            rule.id
        );
        assert!(
            rule.levels.is_sorted_by_key(|l| l.level),
            "{} has levels out of order",
            rule.id
        );
    }
}
