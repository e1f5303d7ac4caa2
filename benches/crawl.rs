//! Collecting beside a tuned Scrapy: pages per CPU second over 50 loopback hosts, with robots.txt, bookkeeping, gzip and
//! storing on; and one round over 1,000 feeds of which 990 have not changed.
//!
//! ```text
//! cargo bench --bench crawl             collects; prints one figure a line
//! SCRAPY=python3 cargo bench --bench crawl   also runs benches/crawl_scrapy.py with that Python, and prints the ratio
//! ```
//! The server, the collector and Scrapy are processes of their own; only the CPU time of the collectors counts.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use diemtin::clock::{Clock, stopwatch};
use diemtin::config::Config;
use diemtin::pipeline::service::Service;
use diemtin::store::{Store, Target};

const HOSTS: usize = 50;
const PAGES: usize = 100;
const FEEDS: usize = 20;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    match arguments.get(1).map(String::as_str) {
        Some("serve") => runtime.block_on(serve()),
        Some("collect") => runtime.block_on(collect(arguments[2].parse().unwrap(), false)),
        Some("feeds") => runtime.block_on(collect(arguments[2].parse().unwrap(), true)),
        _ => compare(),
    }
}

/// Runs all parts and prints the figures.
fn compare() {
    let me = std::env::current_exe().unwrap();
    let mut server = Command::new(&me).arg("serve").stdout(Stdio::piped()).spawn().unwrap();
    let mut address = String::new();
    BufReader::new(server.stdout.take().unwrap())
        .read_line(&mut address)
        .unwrap();
    let address = address.trim();
    let pages = (HOSTS * PAGES) as f64;
    let run = |name: &str, mut command: Command| {
        let (before, watch) = (children_cpu(), stopwatch());
        let output = command.stderr(Stdio::inherit()).output().unwrap();
        let cpu = children_cpu() - before;
        print!("{}", String::from_utf8_lossy(&output.stdout));
        assert!(output.status.success(), "{name} failed");
        println!(
            "{name}: {:.1} s, {cpu:.1} CPU s, {:.0} pages/CPU s",
            watch.elapsed().as_secs_f64(),
            pages / cpu
        );
        pages / cpu
    };
    let mut ours = Command::new(&me);
    ours.args(["collect", address]);
    let ours = run("diemtin", ours);
    if let Ok(python) = std::env::var("SCRAPY") {
        let mut theirs = Command::new(python);
        theirs.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/crawl_scrapy.py"));
        theirs.args([address, &HOSTS.to_string()]);
        println!("ratio to Scrapy: {:.1}", ours / run("scrapy", theirs));
    }
    let output = Command::new(&me).args(["feeds", address]).output().unwrap();
    print!("{}", String::from_utf8_lossy(&output.stdout));
    server.kill().unwrap();
    server.wait().unwrap();
}

/// CPU seconds of processes waited for (proc(5): cutime and cstime in clock ticks, 100 a second on Linux).
fn children_cpu() -> f64 {
    cpu([15, 16])
}

fn own_cpu() -> f64 {
    cpu([13, 14])
}

fn cpu(fields: [usize; 2]) -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    let all: Vec<&str> = after_name.split_whitespace().collect();
    fields
        .iter()
        .map(|field| all[field - 2].parse::<f64>().unwrap())
        .sum::<f64>()
        / 100.0
}

fn host(n: usize) -> String {
    format!("bao{n:02}.example")
}

fn article(host: usize, page: usize) -> String {
    let paragraph = "<p>Người lao động đóng bảo hiểm xã hội đủ thời gian theo quy định được hưởng lương hưu hằng tháng; cơ quan \
                     bảo hiểm xã hội địa phương tiếp nhận hồ sơ và trả kết quả qua bưu điện hoặc dịch vụ công trực tuyến.</p>";
    let link = "<li><a href=\"/tin-lien-quan-1.htm\" title=\"Tin khác\"><img src=\"data:,\" data-src=\"/a.jpg\">Tin khác</a></li>";
    format!(
        "<!DOCTYPE html><html lang=\"vi\"><head><meta charset=\"utf-8\"><title>Lương hưu: chuyện {host}-{page}</title>\
         <meta property=\"article:published_time\" content=\"2026-11-19T08:{:02}:00+07:00\">\
         <link rel=\"canonical\" href=\"http://{}/luong-huu-{page}.htm\"></head><body><ul>{}</ul>\
         <h1 class=\"detail-title\" data-role=\"title\">Lương hưu: chuyện {host}-{page}</h1>\
         <h2 class=\"detail-sapo\" data-role=\"sapo\">Chuyện lương hưu và bảo hiểm xã hội số {host}-{page}.</h2>\
         <div class=\"detail-author\">Nguyễn Mẫu</div><div class=\"detail-content afcbc-body\" data-role=\"content\">{}</div>\
         <ul>{}</ul></body></html>",
        page % 60,
        self::host(host),
        link.repeat(120),
        paragraph.repeat(25),
        link.repeat(120),
    )
}

fn feed(host: usize) -> String {
    let item = |page: usize| {
        format!(
            "<item><title>Lương hưu: chuyện {host}-{page}</title><link>http://{}/luong-huu-{page}.htm</link></item>",
            self::host(host)
        )
    };
    let items: String = (0..PAGES).map(item).collect();
    format!("<rss version=\"2.0\"><channel><title>Báo {host}</title>{items}</channel></rss>")
}

async fn serve() {
    let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    println!("127.0.0.1:{port}");
    std::io::stdout().flush().unwrap();
    let mut pages: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for n in 0..HOSTS {
        for page in 0..PAGES {
            pages.insert(format!("{n} /luong-huu-{page}.htm"), gzip(&article(n, page)));
        }
        pages.insert(format!("{n} /rss/home.rss"), gzip(&feed(n)));
        for number in 0..FEEDS {
            pages.insert(format!("{n} /rss/{number}.rss"), gzip(&feed(n)));
        }
    }
    let pages = Arc::new(pages);
    let app = Router::new().fallback(move |request: Request| {
        let pages = pages.clone();
        async move { answer(&pages, &request) }
    });
    axum::serve(listener, app).await.unwrap();
}

fn answer(pages: &BTreeMap<String, Vec<u8>>, request: &Request) -> Response {
    let name = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    // bao07.example of the collector, 127.0.1.7 of Scrapy.
    let name = name.split(':').next().unwrap_or_default();
    let digits = name
        .strip_prefix("127.0.1.")
        .or(name.strip_prefix("bao").and_then(|rest| rest.strip_suffix(".example")));
    let path = request.uri().path();
    if path == "/robots.txt" {
        return "User-agent: *\nDisallow: /cam\n".into_response();
    }
    let found = digits
        .and_then(|n| n.parse::<usize>().ok())
        .and_then(|n| pages.get(&format!("{n} {path}")));
    let Some(body) = found else {
        return StatusCode::NOT_FOUND.into_response();
    };
    // 990 of 1,000 feeds never change; ten do at every check.
    let is_lively = digits == Some("00") && path.starts_with("/rss/") && path.len() == "/rss/1.rss".len();
    if request.headers().contains_key(header::IF_NONE_MATCH) && !is_lively {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let kind = if path.ends_with(".rss") {
        "application/rss+xml"
    } else {
        "text/html; charset=utf-8"
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_ENCODING, "gzip"),
        (header::ETAG, "\"1\""),
    ];
    (headers, body.clone()).into_response()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn source_file(n: usize, feeds: bool) -> (String, String) {
    let host = host(n);
    let mut text = format!(
        "name = \"Báo {n}\"\nkind = \"press\"\nhome = \"http://{host}/\"\nrank = 2\nchannel = \"bao_chi\"\nstatus = \"active\"\n\
         checked = \"2026-11-20\"\nevidence = [\"invented\"]\nfamily = \"vccorp\"\n"
    );
    let addresses: Vec<String> = match feeds {
        true => (0..FEEDS).map(|number| format!("/rss/{number}.rss")).collect(),
        false => vec!["/rss/home.rss".into()],
    };
    for address in addresses {
        text.push_str(&format!("[[feed]]\nurl = \"http://{host}{address}\"\n"));
    }
    (format!("press/bao{n:02}.toml"), text)
}

/// Collects everything once; with `feeds`, then checks all feeds again and reports that round alone.
async fn collect(server: SocketAddr, feeds: bool) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Target::Sqlite(folder.path().join("bench.db")))
        .await
        .unwrap();
    let base = diemtin::catalogue::load(None, None).unwrap();
    let files: Vec<_> = (0..HOSTS).map(|n| source_file(n, feeds)).collect();
    let mut config = Config {
        data: folder.path().into(),
        ..Config::default()
    };
    config.network.resolve = (0..HOSTS).map(|n| (host(n), server)).collect();
    config.collect.spacing_seconds = 0.0;
    let service = Service {
        config: Arc::new(config),
        catalogue: Arc::new(base.with_sources(&files).unwrap()),
        store: store.clone(),
        clock: Clock::real(),
    };
    let collecting = service.collecting().unwrap();
    collecting.prepare().await.unwrap();
    let rounds = async || {
        let mut tasks = tokio::task::JoinSet::new();
        for source in service.catalogue.sources.clone() {
            let collecting = collecting.clone();
            tasks.spawn(async move { while collecting.round(&source).await.unwrap() > 0 {} });
        }
        while let Some(ended) = tasks.join_next().await {
            ended.unwrap();
        }
    };
    rounds().await;
    let stored = store
        .items_between(diemtin::model::from_unix_ms(0), Clock::real().now(), false, i64::MAX)
        .await
        .unwrap();
    assert_eq!(stored.len(), HOSTS * PAGES, "not everything was stored");
    if feeds {
        let now = Clock::real().now();
        for source in &service.catalogue.sources {
            store.make_feeds_due(&source.id, now).await.unwrap();
        }
        let (before, watch) = (own_cpu(), stopwatch());
        rounds().await;
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .unwrap_or_default();
        println!(
            "round over {} feeds, 990 of them 304: {:.1} s, {:.2} CPU s; peak memory of the process (with the 5,000 pages before) {}",
            HOSTS * FEEDS,
            watch.elapsed().as_secs_f64(),
            own_cpu() - before,
            peak.trim()
        );
    }
}
