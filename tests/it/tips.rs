//! The folder of tips: mails, texts and JSON become items, once each, counted by province; nothing secret stays.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::Timelike;
use diemtin::catalogue::Catalogue;
use diemtin::evidence::Evidence;
use diemtin::model::digest::Period;
use diemtin::model::item::{Access, Item, Record};
use diemtin::model::{ItemId, Time};
use diemtin::pipeline::ledger::{Ledger, ledger};
use diemtin::pipeline::understanding::Understanding;
use diemtin::pipeline::{erasing, importing, tipping};
use diemtin::private::frames;
use diemtin::store::Store;

use crate::captures::REFUSED;
use crate::support::store::on_both;
use crate::tells_stories::shared;

fn now() -> Time {
    diemtin::text::date::parse("2026-11-20T10:00:00+07:00").unwrap()
}

fn mail(subject: &str, body: &str) -> String {
    format!(
        "From: Ngan Tran <ngan.tran@vidu.example>\r\nTo: tinbao@vidu.example\r\nSubject: {subject}\r\n\
         Date: Thu, 19 Nov 2026 08:40:00 +0700\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=cut\r\n\r\n--cut\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n\
         --cut\r\nContent-Type: image/png\r\nContent-Disposition: attachment; filename=anh.png\r\n\
         Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgoAAAANSUhEUg==\r\n\
         --cut\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=cv.pdf\r\n\r\n%PDF-1.7\r\n--cut--\r\n"
    )
}

/// A folder of tips with an archive and evidence beside it.
struct Box {
    folder: tempfile::TempDir,
    evidence: Evidence,
    catalogue: Catalogue,
}

impl Box {
    fn new(store: &Store) -> Box {
        let folder = tempfile::tempdir().unwrap();
        Box {
            evidence: Evidence::new(&folder.path().join("evidence"), "test", store.vault()),
            catalogue: diemtin::catalogue::load(None, None).unwrap(),
            folder,
        }
    }

    fn drop(&self, name: &str, bytes: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("tips").join(name)
    }

    /// The files put away under this name: they are sealed, their names tell when.
    fn sealed(&self, name: &str) -> Vec<PathBuf> {
        let path = self.path(name);
        let all = frames::sealed_files(path.parent().unwrap()).unwrap();
        let wanted = path.file_name().unwrap().to_str().unwrap();
        let named = |path: &PathBuf| frames::parts(path).unwrap().0.ends_with(wanted);
        all.into_iter().map(|(path, _)| path).filter(named).collect()
    }

    async fn take(&self, store: &Store) -> tipping::Tipped {
        let tips = self.folder.path().join("tips");
        tipping::folder(store, &self.evidence, &self.catalogue, &tips, now())
            .await
            .unwrap()
    }

    async fn ledger(&self, store: &Store) -> Ledger {
        let period = Period {
            from: now() - chrono::Duration::days(2),
            to: now(),
        };
        ledger(store, &self.catalogue, &period).await.unwrap()
    }
}

#[tokio::test]
async fn mails_texts_and_json_of_the_folder_become_tips_and_bad_files_say_why() {
    on_both(async |store: Store| {
        let tips = Box::new(&store);
        tips.drop("a.eml", &mail("Tin nhan la", "Có người nhắn đòi phí gia hạn thẻ BHYT."));
        tips.drop("thanh_hoa/b.txt", "Loa phường nói sắp cấm rút BHXH một lần");
        tips.drop("new/1763600000.M1P2.may", &mail("Hoi", "Thẻ BHYT của tôi có bị khóa không?"));
        let lines = "{\"text\":\"Chốt sổ thuê\",\"platform\":\"zalo\",\"province\":\"Huế\",\"arrival\":\"zalo_oa\"}\n{\"title\":\"x\"}\n";
        tips.drop("c.ndjson", lines);
        tips.drop("d.docx", "PK");
        tips.drop("e.eml", "khong phai thu");
        tips.drop(".dang-ghi.eml", "From: a@b.example");
        let done = tips.take(&store).await;
        assert_eq!((done.files, done.new, done.failed, done.secret), (6, 4, 2, 0), "{done:?}");
        for name in ["done/a.eml", "done/thanh_hoa/b.txt", "done/new/1763600000.M1P2.may", "done/c.ndjson"] {
            assert_eq!(tips.sealed(name).len(), 1, "{name}");
            assert!(!tips.path(name).exists(), "{name}");
        }
        let reason = |name: &str| std::fs::read_to_string(tips.path(name)).unwrap();
        assert!(tips.sealed("failed/d.docx").len() == 1 && reason("failed/d.docx.txt").contains(".eml, .txt, .json"));
        assert!(reason("failed/e.eml.txt").contains("không phải là thư"));
        assert!(reason("failed/c.ndjson.errors.csv").contains("2,text"), "{}", reason("failed/c.ndjson.errors.csv"));
        assert!(tips.path(".dang-ghi.eml").exists());
        let items = store.items_unanalysed(10).await.unwrap();
        assert!(items.len() == 4 && items.iter().all(|item| item.access == Access::Tip));
        let letter = items.iter().find(|item| item.title == "Tin nhan la").unwrap();
        assert_eq!(letter.text, "Có người nhắn đòi phí gia hạn thẻ BHYT.");
        let sender = store.open_identity(&letter.id, "lan", "theo tin báo", now()).await.unwrap();
        assert_eq!(sender.unwrap().author.as_deref(), Some("Ngan Tran"));
        assert_eq!(letter.clone().masked().author.as_deref(), Some("n***"));
        assert_eq!(letter.published_at, diemtin::text::date::parse("2026-11-19T08:40:00+07:00"));
        let view = store.find_item_view(&letter.id).await.unwrap().unwrap();
        assert_eq!(view.warnings, ["tệp đính kèm không được lưu: cv.pdf"]);
        let pictures = store.pictures_of(&letter.id).await.unwrap();
        let kept = store.find_evidence(&pictures[0].name).await.unwrap().unwrap();
        assert!(tips.evidence.content(&kept).unwrap().unwrap().starts_with(b"\x89PNG"));
        tips.drop("a.eml", &mail("Fwd", "Có người nhắn  đòi phí gia hạn thẻ BHYT."));
        let again = tips.take(&store).await;
        assert_eq!((again.files, again.new, again.known), (1, 0, 1));
        let mails = tips.sealed("done/a.eml").len();
        assert_eq!(mails, 2, "a file does not take the place of another of its name");
        let counted: Vec<_> = tips.ledger(&store).await.handed_in;
        let counted: Vec<_> = counted.iter().map(|line| (line.province.as_deref(), line.items)).collect();
        assert_eq!(counted, [(None, 2), (Some("Huế"), 1), (Some("Thanh Hóa"), 1)]);
    })
    .await;
}

#[tokio::test]
async fn a_file_of_tips_with_a_stamp_is_deleted_and_only_that_is_told() {
    on_both(async |store: Store| {
        let tips = Box::new(&store);
        tips.drop("a.eml", &mail("Cong van", "Kế hoạch kín\r\nTUYỆT MẬT\r\nSố 1"));
        tips.drop("b.txt", "Kế hoạch kín\nMẬT\n");
        tips.drop("c.json", "[{\"text\":\"Kế hoạch kín\\nTỐI MẬT\"}]");
        tips.drop("[MẬT] Kế hoạch kín.txt", "chữ thường");
        let done = tips.take(&store).await;
        assert_eq!((done.files, done.new, done.secret), (4, 0, 4), "{done:?}");
        assert_eq!(store.items_unanalysed(10).await.unwrap(), []);
        let left: Vec<PathBuf> = std::fs::read_dir(tips.path(""))
            .unwrap()
            .map(|e| e.unwrap().path())
            .collect();
        assert_eq!(left, [tips.path("failed")]);
        for entry in std::fs::read_dir(tips.path("failed")).unwrap() {
            let path = entry.unwrap().path();
            assert!(!path.to_string_lossy().contains("Kế hoạch"), "{}", path.display());
            let said = std::fs::read_to_string(&path).unwrap();
            assert_eq!(said, format!("{REFUSED}; tệp đã bị xóa khỏi hộp tin báo\n"));
        }
        assert!(!tips.folder.path().join("evidence").exists());
    })
    .await;
}

#[tokio::test]
async fn erasing_a_tip_takes_its_mail_its_pictures_and_who_handed_it_in() {
    on_both(async |store: Store| {
        let tips = Box::new(&store);
        tips.drop(
            "hue/a.eml",
            &mail("Tin nhan", "Có người nhắn đòi phí gia hạn thẻ BHYT."),
        );
        tips.take(&store).await;
        let id = store.items_unanalysed(10).await.unwrap().remove(0).id;
        let pictures = store.pictures_of(&id).await.unwrap();
        let data = tips.folder.path();
        let erased = erasing::erase(&store, &tips.evidence, data, &id, "theo yêu cầu", now())
            .await
            .unwrap();
        assert_eq!((erased.records, erased.lines), (1, 1), "{erased:?}");
        assert!(tips.sealed("done/hue/a.eml").is_empty());
        assert!(store.find_evidence(&pictures[0].name).await.unwrap().is_none());
        assert!(store.captures_of(&id).await.unwrap().is_empty() && store.pictures_of(&id).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_came_before_what_it_answers_is_understood_again() {
    on_both(async |store: Store| {
        let tips = Box::new(&store);
        let mut understanding = Understanding::start(store.clone(), &tips.catalogue, now())
            .await
            .unwrap();
        let comment = "{\"id\":\"c1\",\"kind\":\"comment\",\"platform\":\"facebook\",\"parent\":\"p1\",\
                       \"text\":\"chờ từ sáng chưa được, quá tệ\"}";
        tips.drop("a.ndjson", comment);
        tips.take(&store).await;
        understanding.step(now()).await.unwrap();
        let relevant = async |store: &Store| {
            let view = store.find_item_view(&ItemId::from("c1")).await.unwrap().unwrap();
            view.analysis.unwrap().relevant
        };
        assert!(!relevant(&store).await, "alone it says nothing of insurance");
        let post =
            "{\"id\":\"p1\",\"platform\":\"facebook\",\"text\":\"Ai đi làm thẻ BHYT ở BHXH phường hôm nay chưa?\"}";
        tips.drop("b.ndjson", post);
        tips.take(&store).await;
        assert_eq!(understanding.step(now()).await.unwrap().items, 2);
        assert!(relevant(&store).await, "under a post about health insurance it does");
    })
    .await;
}

#[tokio::test]
async fn a_labelled_day_comes_in_by_its_own_ways_whole_and_joined() {
    let Some(day) = shared("day.jsonl") else { return };
    on_both(async |store: Store| {
        let tips = Box::new(&store);
        let inbox = tips.folder.path().join("inbox");
        std::fs::create_dir_all(&inbox).unwrap();
        // Observations say only which item they are of.
        let records: Vec<Record> = day
            .lines()
            .enumerate()
            .map(|(n, line)| Record::parse(n + 1, line).unwrap())
            .collect();
        let mut ways: BTreeMap<ItemId, Access> = BTreeMap::new();
        let mut files: BTreeMap<String, String> = BTreeMap::new();
        let mut file_of: BTreeMap<ItemId, String> = BTreeMap::new();
        for (record, line) in records.iter().zip(day.lines()) {
            let way = *ways.entry(record.item.id.clone()).or_insert(record.item.access);
            // A vendor's file every half hour; everything else as its collector would bring it.
            let at = record.item.collected_at.unwrap();
            let half_hour = format!("{}-{}", at.format("%d-%H"), at.minute() / 30 * 30);
            let name = match way {
                Access::Vendor => format!("vendor-{half_hour}.ndjson"),
                way => format!("{way}.ndjson"),
            };
            file_of.entry(record.item.id.clone()).or_insert_with(|| name.clone());
            let file = files.entry(name).or_default();
            file.push_str(line);
            file.push('\n');
        }
        for (name, lines) in &files {
            match name.as_str() {
                "tip.ndjson" => tips.drop(name, lines),
                _ => std::fs::write(inbox.join(name), lines).unwrap(),
            }
        }
        let handed = tips.take(&store).await;
        let imported = importing::inbox(&store, &inbox, now()).await.unwrap();
        assert_eq!(imported.errors, []);
        assert_eq!(handed.new + imported.new, 162);
        assert_eq!(handed.observations + imported.observations, 116);
        let came: BTreeMap<ItemId, Item> = store
            .items_unanalysed(1_000)
            .await
            .unwrap()
            .into_iter()
            .map(|item| (item.id.clone(), item))
            .collect();
        assert_eq!(came.len(), 162);
        for (id, way) in &ways {
            assert_eq!(came[id].access, *way, "{id}");
        }
        let mut understanding = Understanding::start(store.clone(), &tips.catalogue, now())
            .await
            .unwrap();
        while understanding.step(now()).await.unwrap().items > 0 {}
        let mut elsewhere = 0;
        for item in came.values() {
            let Some(parent) = &item.parent else { continue };
            let answers = store.answers_to(parent).await.unwrap();
            assert!(
                answers.iter().any(|view| view.item.id == item.id),
                "{} hangs loose",
                item.id
            );
            elsewhere += usize::from(file_of[parent] != file_of[&item.id]);
        }
        assert!(elsewhere > 10, "few parents stand in another file: {elsewhere}");
        let ledger = tips.ledger(&store).await;
        assert_eq!(
            ledger
                .handed_in
                .iter()
                .map(|line| (line.access.as_str(), line.items))
                .collect::<Vec<_>>(),
            [("tip", 12)]
        );
        assert!(
            ledger.not_covered.iter().any(|what| what.contains("nhóm kín")),
            "{:?}",
            ledger.not_covered
        );
        assert!(
            ledger.not_covered.iter().any(|what| what.contains("Zalo")),
            "{:?}",
            ledger.not_covered
        );
        let zalo = ledger.platforms.iter().find(|line| line.platform == "Zalo").unwrap();
        assert_eq!(zalo.items.get(Access::Tip.label()), Some(&9));
        let again = tips.take(&store).await;
        assert_eq!((again.files, again.new), (0, 0));
    })
    .await;
}
