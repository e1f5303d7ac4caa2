//! What the operator does on the command line: search, reindex, backup and restore, users, the ledger.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn run(data: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_diemtin"))
        .args(arguments)
        .arg("--data")
        .arg(data)
        .env_remove("DIEMTIN_DATABASE_URL")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// What a command that must succeed wrote to standard output.
fn ok(data: &Path, arguments: &[&str]) -> String {
    let output = run(data, arguments, "");
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

/// Exit code and complaint of a command that must fail.
fn fails(data: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = run(data, arguments, "");
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

/// An archive of three items, one of them a private person's.
fn archive(folder: &Path) -> std::path::PathBuf {
    let data = folder.join("data");
    let file = folder.join("items.ndjson");
    let lines = [
        r#"{"id":"b1","kind":"press","source":"bao-vi-du","source_rank":1,"access":"public","url":"https://baovidu.example/1","title":"Lương hưu tăng từ tháng 7","text":"Người hưởng lương hưu được tăng mức hưởng theo quy định mới của BHXH.","published_at":"2026-11-18T08:00:00+07:00","collected_at":"2026-11-18T08:05:00+07:00"}"#,
        r#"{"id":"b2","kind":"press","source":"bao-vi-du","source_rank":1,"access":"public","url":"https://baovidu.example/2","title":"Đội bóng thắng trận","text":"Trận đấu diễn ra tối qua.","published_at":"2026-11-18T09:00:00+07:00","collected_at":"2026-11-18T09:05:00+07:00"}"#,
        r#"{"id":"p1","kind":"post","platform":"facebook","source":"Nhóm chị Ngân","access":"vendor","url":"https://facebook.example/ngan","author":"ngan.tran.88","text":"lương hưu tháng này trả chậm quá bhxh ơi","published_at":"2026-11-19T08:00:00+07:00","collected_at":"2026-11-19T08:05:00+07:00"}"#,
    ];
    std::fs::write(&file, lines.join("\n")).unwrap();
    ok(&data, &["import", file.to_str().unwrap()]);
    data
}

#[test]
fn what_was_imported_is_found_at_once_and_the_index_may_be_thrown_away() {
    let folder = tempfile::tempdir().unwrap();
    let data = archive(folder.path());
    let found = |query: &str| {
        let rows = ok(&data, &["search", query, "--format", "json"]);
        let id = |row: &str| {
            serde_json::from_str::<serde_json::Value>(row).unwrap()["id"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        rows.lines().map(id).collect::<Vec<_>>()
    };
    assert_eq!(found("luong huu"), ["p1", "b1"]);
    assert_eq!(found("lương hưu chu_de:luong_huu nguon:bao-vi-du"), ["b1"]);
    assert_eq!(found("lien_quan:không"), ["b2"]);
    let rows = ok(
        &data,
        &[
            "search",
            "luong huu",
            "--format",
            "csv",
            "--to",
            "2026-11-19",
            "--from",
            "2026-11-19",
        ],
    );
    assert!(
        rows.lines().count() == 2 && !rows.contains("ngan"),
        "a private person is named: {rows}"
    );
    std::fs::remove_dir_all(data.join("index")).unwrap();
    assert_eq!(found("luong huu"), ["p1", "b1"]);
    assert!(ok(&data, &["reindex"]).starts_with("3 items"));
    let (code, complaint) = fails(&data, &["search", "chude:x"]);
    assert!(code == Some(2) && complaint.contains("chu_de"), "{complaint}");
}

#[test]
fn an_index_of_another_archive_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let data = archive(folder.path());
    for file in ["diemtin.db", "diemtin.db-wal", "diemtin.db-shm"] {
        let _ = std::fs::remove_file(data.join(file));
    }
    assert_eq!(
        ok(&data, &["search", "", "--format", "csv"]).lines().count(),
        1,
        "only the header"
    );
}

#[test]
fn a_backup_brings_everything_back_and_a_changed_byte_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = archive(folder.path());
    let at = diemtin::clock::Clock::real().now();
    let evidence = |data: &Path| diemtin::evidence::Evidence::new(&data.join("evidence"), "", &Default::default());
    let kept = evidence(&data)
        .keep_resource("urn:x", "text/plain", "bản chụp".as_bytes(), false, at)
        .unwrap();
    let file = folder.path().join("sao-luu.tar.gz");
    assert!(ok(&data, &["backup", file.to_str().unwrap()]).starts_with("2 files"));
    let (code, complaint) = fails(&data, &["restore", file.to_str().unwrap()]);
    assert!(code == Some(2) && complaint.contains("not empty"), "{complaint}");

    let other = folder.path().join("moi");
    ok(&other, &["restore", file.to_str().unwrap()]);
    let rows = |data: &Path| ok(data, &["search", "", "--format", "csv"]);
    assert_eq!(rows(&other), rows(&data));
    // The key is not in the backup: the archive works, names open once the key is back.
    let (code, complaint) = fails(&other, &["identity", "p1", "--reason", "xác minh"]);
    assert!(code == Some(1) && complaint.contains("private.key"), "{complaint}");
    std::fs::copy(data.join("private.key"), other.join("private.key")).unwrap();
    assert!(ok(&other, &["identity", "p1", "--reason", "xác minh"]).contains("ngan.tran.88"));
    let content = evidence(&other).content(&kept).unwrap().unwrap();
    assert_eq!(content, "bản chụp".as_bytes());

    // In a run of zeros another bit may stand for the same bytes: the first from the middle on that matters is changed.
    let bytes = std::fs::read(&file).unwrap();
    let unpacked = |bytes: &[u8]| {
        let mut plain = Vec::new();
        let read = std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(bytes), &mut plain);
        read.ok().map(|_| plain)
    };
    let mut candidates = (bytes.len() / 2..bytes.len()).map(|at| {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        changed
    });
    let whole = unpacked(&bytes);
    let changed = candidates.find(|changed| unpacked(changed) != whole);
    std::fs::write(&file, changed.unwrap()).unwrap();
    let third = folder.path().join("ba");
    let (code, complaint) = fails(&third, &["restore", file.to_str().unwrap()]);
    assert!(
        code == Some(1) && complaint.contains("nothing was restored"),
        "{complaint}"
    );
    assert!(!third.exists(), "nothing half-restored is left");
}

#[test]
fn users_are_managed_on_the_command_line_and_the_last_administrator_stays() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let add = |name: &str, password: &str| run(&data, &["user", "add", name, "--role", "administrator"], password);
    assert_eq!(add("quan.tri", "ngắn\n").status.code(), Some(2));
    assert!(add("quan.tri", "một mật khẩu dài\n").status.success());
    assert_eq!(
        add("quan.tri", "một mật khẩu dài\n").status.code(),
        Some(2),
        "a name is taken once"
    );
    assert!(ok(&data, &["user", "list"]).contains("administrator"));
    let token = ok(&data, &["user", "token", "quan.tri", "--name", "máy tính"]);
    assert_eq!(token.trim().len(), 64);
    ok(&data, &["user", "token", "quan.tri", "--name", "máy tính", "--revoke"]);
    assert_eq!(
        fails(&data, &["user", "token", "quan.tri", "--name", "máy tính", "--revoke"]).0,
        Some(1)
    );
    let (code, complaint) = fails(&data, &["user", "role", "quan.tri", "reader"]);
    assert!(
        code == Some(2) && complaint.contains("only administrator"),
        "{complaint}"
    );
    assert_eq!(fails(&data, &["user", "disable", "quan.tri"]).0, Some(2));
    assert_eq!(fails(&data, &["user", "password", "ai-đó"]).0, Some(2));
    assert!(
        run(&data, &["user", "password", "quan.tri"], "mật khẩu mới rất dài\n")
            .status
            .success()
    );
}

#[test]
fn the_ledger_names_every_source_and_calls_an_empty_day_no_ground() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let text = ok(
        &data,
        &[
            "ledger",
            "--from",
            "2026-11-18",
            "--to",
            "2026-11-19",
            "--format",
            "json",
        ],
    );
    let ledger: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(ledger["green"], false);
    assert!(ledger["by_source"].as_array().unwrap().len() > 25);
    assert_eq!(
        ledger["to"], "2026-11-20T00:00:00+07:00",
        "the last day belongs to the period"
    );
}
