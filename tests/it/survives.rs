//! Killed while it collects many sources, the program loses nothing and stores nothing twice.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use diemtin::store::{Store, Target};
use tokio_util::task::AbortOnDropHandle;

/// Articles of each source.
const ARTICLES: usize = 5;

fn host(n: usize) -> String {
    format!("bao{n:03}.example")
}

fn feed(n: usize) -> String {
    let item = |i: usize| {
        let link = format!("http://{}/luong-huu-{i}.html", host(n));
        format!("<item><title>Lương hưu: chuyện {n}-{i}</title><link>{link}</link></item>")
    };
    let items: String = (0..ARTICLES).map(item).collect();
    format!("<rss version=\"2.0\"><channel><title>Báo {n}</title>{items}</channel></rss>")
}

fn article(n: &str, path: &str) -> String {
    format!(
        "<!DOCTYPE html><html lang=\"vi\"><head><title>Lương hưu</title>\
         <meta property=\"article:published_time\" content=\"2026-11-19T08:00:00+07:00\"></head><body><article>\
         <h1>Lương hưu: chuyện {n}{path}</h1><p>Người hưởng lương hưu của bảo hiểm xã hội kể chuyện {n}{path} với phóng viên \
         trong buổi sáng ở nhà văn hóa thôn, có đông người tham dự và nhiều câu hỏi.</p></article></body></html>"
    )
}

/// Serves all sources; counts how often each page was answered.
async fn serve() -> (
    std::net::SocketAddr,
    Arc<Mutex<BTreeMap<String, usize>>>,
    AbortOnDropHandle<()>,
) {
    let asked: Arc<Mutex<BTreeMap<String, usize>>> = Arc::default();
    let counter = asked.clone();
    let app = Router::new().fallback(move |request: Request| {
        let counter = counter.clone();
        async move {
            let name = request.headers()[header::HOST].to_str().unwrap_or_default().to_owned();
            let number = name
                .trim_start_matches("bao")
                .split('.')
                .next()
                .unwrap_or_default()
                .to_owned();
            let path = request.uri().path().to_owned();
            *counter.lock().unwrap().entry(format!("{number}{path}")).or_default() += 1;
            match (number.parse(), path.as_str()) {
                (Ok(n), "/rss") => ([(header::CONTENT_TYPE, "text/xml")], feed(n)).into_response(),
                (Ok(_), path) if path.starts_with("/luong-huu-") => (
                    [(header::CONTENT_TYPE, "text/html; charset=utf-8")],
                    article(&number, path),
                )
                    .into_response(),
                _ => StatusCode::NOT_FOUND.into_response(),
            }
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (address, asked, AbortOnDropHandle::new(task))
}

/// Source files and a configuration that reaches them.
fn configure(folder: &Path, sources: usize, address: std::net::SocketAddr) -> std::path::PathBuf {
    let press = folder.join("sources/press");
    std::fs::create_dir_all(&press).unwrap();
    let mut resolve = String::new();
    for n in 0..sources {
        let text = format!(
            "name = \"Báo {n}\"\nkind = \"press\"\nhome = \"http://{0}/\"\nrank = 3\nchannel = \"bao_chi\"\nstatus = \"active\"\n\
             checked = \"2026-11-20\"\nevidence = [\"invented\"]\n[[feed]]\nurl = \"http://{0}/rss\"\n",
            host(n)
        );
        std::fs::write(press.join(format!("bao{n:03}.toml")), text).unwrap();
        resolve.push_str(&format!("\"{}\" = \"{address}\"\n", host(n)));
    }
    let config = folder.join("diemtin.toml");
    let text = format!(
        "data = \"{}\"\nsources = \"{}\"\n[collect]\nspacing_seconds = 0.0\n[network.resolve]\n{resolve}",
        folder.join("data").display(),
        folder.join("sources").display()
    );
    std::fs::write(&config, text).unwrap();
    config
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn killed_while_collecting(sources: usize, kills: u64) {
    let (address, asked, _server) = serve().await;
    let folder = tempfile::tempdir().unwrap();
    let config = configure(folder.path(), sources, address);
    let program = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_diemtin"));
        command.args(["run", "--roles", "collect", "--config"]).arg(&config);
        command
            .env_remove("DIEMTIN_DATABASE_URL")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.current_dir(folder.path());
        command
    };
    let real = diemtin::clock::Clock::real();
    let mut state = 5_u64;
    for _ in 0..kills {
        let mut running = Killed(program().spawn().unwrap());
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        real.sleep(Duration::from_millis(250 + (state >> 33) % 700)).await;
        running.0.kill().unwrap();
        running.0.wait().unwrap();
    }
    let mut running = Killed(program().spawn().unwrap());
    let wanted = sources * ARTICLES;
    let mut found = 0;
    for _ in 0..600 {
        real.sleep(Duration::from_millis(200)).await;
        let Ok(store) = Store::open(&Target::Sqlite(folder.path().join("data/diemtin.db"))).await else {
            continue;
        };
        let views = store.item_views_after(0, i64::MAX).await.unwrap();
        let urls: BTreeSet<_> = views.iter().map(|(_, view)| view.item.url.clone()).collect();
        assert_eq!(urls.len(), views.len(), "an article is stored twice");
        found = urls.len();
        store.close().await;
        if found == wanted {
            break;
        }
    }
    assert_eq!(found, wanted, "articles are lost");
    running.0.kill().unwrap();
    running.0.wait().unwrap();
    evidence_holds(&folder.path().join("data"), wanted);
    let most = asked.lock().unwrap().values().copied().max().unwrap_or_default();
    println!(
        "{sources} sources, {kills} kills: {found} articles, none lost, none twice; a page was asked for at most {most} times"
    );
}

/// What every article was read from is proven, and the next start makes every file readable to its end.
fn evidence_holds(data: &Path, wanted: usize) {
    let evidence = diemtin::evidence::Evidence::new(&data.join("evidence"), "", &Default::default());
    evidence.recover().unwrap();
    for path in std::fs::read_dir(data.join("evidence")).unwrap() {
        let path = path.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let mut records = Vec::new();
        let read = std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(&bytes[..]), &mut records);
        assert!(read.is_ok(), "{}: {read:?}", path.display());
    }
    let day = diemtin::clock::Clock::real().now().date_naive().to_string();
    let output = crate::support::program::run(data, &["verify", "day", &day]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains(&format!("{wanted} bản lưu: {wanted} đúng")),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_collects_nothing_is_lost_or_stored_twice() {
    killed_while_collecting(30, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes; scripts/prove runs it"]
async fn killed_fifty_times_over_300_sources() {
    killed_while_collecting(300, 50).await;
}
