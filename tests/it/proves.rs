//! What was seen is proven offline; a changed byte is named; what was erased is gone and every other proof holds.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use crate::support::program::run;
use axum::Router;
use axum::extract::Request;
use axum::http::header;
use axum::response::IntoResponse;
use diemtin::clock::Clock;
use diemtin::config::Config;
use diemtin::pipeline::service::Service;
use diemtin::store::{Store, Target};

/// Words that stand in one article only.
const SECRET: &str = "bà Mẫu Thị Ví Dụ ở thôn Bịa kể chuyện riêng của nhà mình";

fn article(n: usize) -> String {
    let own = if n == 2 {
        SECRET
    } else {
        "người dân chờ đến lượt"
    };
    let filler = "Người hưởng lương hưu nhận tiền qua tài khoản. ".repeat(60);
    format!(
        "<!DOCTYPE html><html lang=vi><head><title>Lương hưu {n}</title></head><body><article><h1>Lương hưu số {n}</h1>\
         <p>Bảo hiểm xã hội xã {n} chi trả lương hưu: {own}.</p><p>{filler}</p></article></body></html>"
    )
}

/// An archive of three articles collected from a server on loopback.
async fn collected(data: &Path) {
    let app = Router::new().fallback(|request: Request| async move {
        let path = request.uri().path().to_owned();
        let link = |n: usize| {
            format!("<item><title>Lương hưu số {n}</title><link>http://bao.example/luong-huu-{n}.html</link></item>")
        };
        match path.as_str() {
            "/rss" => format!(
                "<rss version=\"2.0\"><channel><title>Báo</title>{}</channel></rss>",
                (1..4).map(link).collect::<String>()
            )
            .into_response(),
            path if path.starts_with("/luong-huu-") => {
                let n = path
                    .trim_start_matches("/luong-huu-")
                    .trim_end_matches(".html")
                    .parse()
                    .unwrap();
                (
                    [
                        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
                        (header::SET_COOKIE, "phien=BIMAT"),
                    ],
                    article(n),
                )
                    .into_response()
            }
            _ => axum::http::StatusCode::NOT_FOUND.into_response(),
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let file = "name = \"Báo Mẫu\"\nkind = \"press\"\nhome = \"http://bao.example/\"\nrank = 2\nchannel = \"bao_chi\"\n\
        status = \"active\"\nchecked = \"2026-11-20\"\nevidence = [\"invented\"]\n[[feed]]\nurl = \"http://bao.example/rss\"\n";
    let mut config = Config {
        data: data.into(),
        ..Config::default()
    };
    config.network.resolve = [("bao.example".to_owned(), address)].into();
    config.collect.spacing_seconds = 0.0;
    let knowledge = diemtin::catalogue::load(None, None).unwrap();
    let service = Service {
        config: Arc::new(config),
        catalogue: Arc::new(
            knowledge
                .with_sources(&[("press/bao-mau.toml".into(), file.into())])
                .unwrap(),
        ),
        store: Store::open(&Target::Sqlite(data.join("diemtin.db"))).await.unwrap(),
        clock: Clock::real(),
    };
    let collecting = service.collecting().unwrap();
    collecting.prepare().await.unwrap();
    let source = service.catalogue.sources[0].clone();
    while collecting.round(&source).await.unwrap() > 0 {}
    let mut understanding = service.understanding().await.unwrap();
    while understanding.step(Clock::real().now()).await.unwrap().items > 0 {}
    drop(collecting);
    service.store.close().await;
    server.abort();
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn today() -> String {
    Clock::real().now().date_naive().to_string()
}

async fn id_of(data: &Path, number: usize) -> String {
    let store = Store::open(&Target::Sqlite(data.join("diemtin.db"))).await.unwrap();
    let (from, to) = (
        diemtin::model::from_unix_ms(0),
        Clock::real().now() + chrono::Duration::days(1),
    );
    let all = store.items_between(from, to, false, 10).await.unwrap();
    store.close().await;
    let url = format!("http://bao.example/luong-huu-{number}.html");
    let found = all
        .into_iter()
        .find(|view| view.item.url.as_deref() == Some(&url))
        .unwrap();
    found.item.id.to_string()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// Files that hold some words, also in gzip members.
fn holding(data: &Path, words: &str) -> Vec<PathBuf> {
    let has = |bytes: &[u8]| bytes.windows(words.len()).any(|w| w == words.as_bytes());
    let mut found = files(data);
    found.retain(|path| {
        let bytes = std::fs::read(path).unwrap();
        let mut plain = Vec::new();
        let unpacked = std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(&bytes[..]), &mut plain);
        has(&bytes) || unpacked.is_ok() && has(&plain)
    });
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn items_and_days_are_proven_and_a_changed_byte_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    collected(&data).await;
    let day = run(&data, &["verify", "day", &today()]);
    assert!(
        day.status.success() && said(&day).contains("3 bản lưu: 3 đúng"),
        "{}",
        said(&day)
    );
    let item = run(&data, &["verify", "item", &id_of(&data, 2).await]);
    assert!(
        item.status.success() && said(&item).contains("1 bản lưu: 1 đúng"),
        "{}",
        said(&item)
    );
    assert!(holding(&data, "phien=BIMAT").is_empty(), "a cookie was kept");

    let warc = files(&data.join("evidence")).pop().unwrap();
    let mut bytes = std::fs::read(&warc).unwrap();
    let near_end = bytes.len() - 60;
    bytes[near_end] ^= 1;
    std::fs::write(&warc, &bytes).unwrap();
    let day = run(&data, &["verify", "day", &today()]);
    let name = warc.file_name().unwrap().to_string_lossy().into_owned();
    assert!(
        !day.status.success() && said(&day).contains(&name) && said(&day).contains("2 đúng"),
        "{}",
        said(&day)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_erased_is_found_nowhere_and_the_days_proofs_hold() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    collected(&data).await;
    run(&data, &["reindex"]);
    assert!(run(&data, &["verify", "day", &today()]).status.success());
    assert!(!holding(&data, SECRET).is_empty());
    let id = id_of(&data, 2).await;
    let without = run(&data, &["erase", &id, "--reason", " "]);
    assert_eq!(without.status.code(), Some(2));
    let erased = run(&data, &["erase", &id, "--reason", "yêu cầu của chủ thể dữ liệu"]);
    assert!(
        erased.status.success() && said(&erased).contains("1 bản lưu"),
        "{}",
        said(&erased)
    );
    assert_eq!(holding(&data, SECRET), Vec::<PathBuf>::new());
    assert!(!said(&erased).contains("Nội dung còn trong"), "{}", said(&erased));
    let day = run(&data, &["verify", "day", &today()]);
    assert!(
        day.status.success() && said(&day).contains("2 đúng, 1 đã xóa theo quy định"),
        "{}",
        said(&day)
    );
    let again = run(&data, &["erase", &id, "--reason", "x"]);
    assert!(said(&again).contains("there is no item"), "{}", said(&again));
}

/// Another program reads the files: warcio, where it is installed.
#[tokio::test(flavor = "multi_thread")]
async fn the_files_are_read_by_warcio() {
    // scripts/test installs it and says where; then it must be there.
    let Ok(python) = std::env::var("WARCIO_PYTHON") else {
        eprintln!("skipped: WARCIO_PYTHON names no Python with warcio; scripts/test does");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    collected(&data).await;
    let warc = files(&data.join("evidence")).pop().unwrap();
    let script = "import sys\nfrom warcio.archiveiterator import ArchiveIterator\nfor r in ArchiveIterator(open(sys.argv[1],'rb'), check_digests='raise'):\n  body = r.content_stream().read()\n  print(r.rec_type, r.rec_headers.get_header('WARC-Target-URI'), len(body))";
    let output = Command::new(&python).args(["-c", script]).arg(&warc).output().unwrap();
    let text = said(&output);
    assert!(output.status.success(), "{text}");
    for n in 1..4 {
        let line = format!("response http://bao.example/luong-huu-{n}.html {}", article(n).len());
        assert!(text.contains(&line), "{line}\n{text}");
    }
}
