//! Evidence comes back as it was kept, in clear and sealed, also after a kill.

use std::fs::{self, File};
use std::io::BufReader;

use super::*;
use crate::model::page::Exchange;

fn page(text: &str) -> Page {
    let at = crate::text::date::parse("2026-11-20T01:02:03Z").unwrap();
    let body = warc::member(text.as_bytes(), false).unwrap();
    let exchange = |url: &str, status, body: &[u8]| Exchange {
        method: "GET".into(),
        url: url.into(),
        request: Vec::new(),
        status,
        is_http2: false,
        response: vec![("content-encoding".into(), b"gzip".to_vec())],
        body: body.to_vec(),
        at,
    };
    Page {
        url: "http://bao.example/a".into(),
        final_url: "http://bao.example/b".into(),
        status: 200,
        content_type: None,
        etag: None,
        last_modified: None,
        body: text.into(),
        fetched_at: at,
        exchanges: vec![
            exchange("http://bao.example/a", 301, b""),
            exchange("http://bao.example/b", 200, &body),
        ],
    }
}

fn in_folder(folder: &Path) -> Evidence {
    Evidence::new(folder, "a@b.vn", &Vault::at(&folder.join("k")))
}

#[test]
fn what_is_kept_comes_back_and_a_changed_byte_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let evidence = in_folder(folder.path());
    let kept = evidence.keep(&page("<h1>Lương hưu</h1>"), false).unwrap().unwrap();
    assert_eq!(kept.url, "http://bao.example/b");
    assert_eq!(
        evidence.content(&kept).unwrap().unwrap(),
        "<h1>Lương hưu</h1>".as_bytes()
    );
    let (_, bytes) = evidence.read(&kept.place).unwrap().unwrap();
    assert_eq!(leaf(&crate::text::unhex(&kept.salt).unwrap(), &bytes), kept.leaf);
    drop(evidence);

    let path = folder.path().join(&kept.place.file);
    let mut file = fs::read(&path).unwrap();
    let at = usize::try_from(kept.place.start + kept.place.length / 2).unwrap();
    file[at] ^= 1;
    fs::write(&path, file).unwrap();
    assert!(in_folder(folder.path()).content(&kept).is_err());
}

#[test]
fn what_a_killed_process_left_torn_is_cut_and_the_rest_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let evidence = in_folder(folder.path());
    let kept = evidence.keep(&page("một"), false).unwrap().unwrap();
    evidence.keep(&page("hai"), false).unwrap();
    assert_eq!(
        in_folder(folder.path()).recover().unwrap(),
        0,
        "another process writes it"
    );
    let open = evidence.writing(false).take().unwrap();
    open.file.set_len(open.length - 5).unwrap();
    open.file.unlock().unwrap();
    std::mem::forget(open);
    let evidence = in_folder(folder.path());
    assert_eq!(evidence.recover().unwrap(), 1);
    assert_eq!(evidence.content(&kept).unwrap().unwrap(), "một".as_bytes());
    let path = folder.path().join(&kept.place.file);
    let mut reader = BufReader::new(File::open(path).unwrap());
    let mut members = 0;
    while warc::next_member(&mut reader).unwrap().is_some() {
        members += 1;
    }
    assert_eq!(
        members, 8,
        "about, two times request and answer twice, the last answer torn off"
    );
}

#[test]
fn a_private_page_is_sealed_and_comes_back_with_the_same_leaf() {
    let folder = tempfile::tempdir().unwrap();
    let evidence = in_folder(folder.path());
    let plain = evidence.keep(&page("mebau.thang8 hỏi"), false).unwrap().unwrap();
    let kept = evidence.keep(&page("ngan.tran.88 hỏi"), true).unwrap().unwrap();
    evidence.keep(&page("hai"), true).unwrap();
    assert!(kept.place.file.starts_with("private/"), "{}", kept.place.file);
    assert_eq!(evidence.content(&kept).unwrap().unwrap(), "ngan.tran.88 hỏi".as_bytes());
    let (_, bytes) = evidence.read(&kept.place).unwrap().unwrap();
    assert_eq!(leaf(&crate::text::unhex(&kept.salt).unwrap(), &bytes), kept.leaf);

    let moved = evidence.seal(&plain.place).unwrap().unwrap();
    let (_, bytes) = evidence.read(&moved).unwrap().unwrap();
    assert_eq!(
        leaf(&crate::text::unhex(&plain.salt).unwrap(), &bytes),
        plain.leaf,
        "a record proves the same wherever it stands"
    );

    let open = evidence.writing(true).take().unwrap();
    open.file.set_len(open.length - 5).unwrap();
    open.file.unlock().unwrap();
    std::mem::forget(open);
    let evidence = Evidence::new(folder.path(), "", &Vault::at(&folder.path().join("k")));
    assert_eq!(evidence.recover().unwrap(), 1);
    assert_eq!(evidence.content(&kept).unwrap().unwrap(), "ngan.tran.88 hỏi".as_bytes());
    assert!(evidence.read(&moved).is_err(), "the last frame was torn off");
    evidence.erase(&kept.place, kept.at).unwrap();
    assert!(evidence.content(&kept).is_err());
    let other = Evidence::new(folder.path(), "", &Vault::at(&folder.path().join("khác")));
    let error = other.read(&kept.place).unwrap_err();
    assert!(error.to_string().contains("bring it back"), "{error}");
    let later = kept.at + chrono::Duration::days(3);
    assert_eq!(other.clear(&[kept.place.file.clone()].into(), later).unwrap(), 0);
    assert_eq!(other.clear(&Default::default(), later).unwrap(), 1);
}
