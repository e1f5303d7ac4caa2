//! From publication to a searchable, analysed item, in real time (`scripts/prove latency`).

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::header;
use axum::response::IntoResponse;
use diemtin::clock::{Clock, real_ms};
use diemtin::config::Config;
use diemtin::model::from_unix_ms;
use diemtin::pipeline::service::Service;
use diemtin::search::Filter;
use diemtin::store::{Store, Target};
use tokio_util::sync::CancellationToken;

const HOSTS: usize = 10;
/// Articles of each host.
const ARTICLES: i64 = 6;
/// Real milliseconds between two articles of a host; hosts are shifted against each other.
const GAP_MS: i64 = 19_000;

fn host(n: usize) -> String {
    format!("bao{n:02}.example")
}

/// When article `i` of host `n` is published, in milliseconds after the start.
fn published(n: usize, i: i64) -> i64 {
    20_000 + i * GAP_MS + n as i64 * 1_700
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes; scripts/prove runs it"]
async fn from_publication_to_search() {
    let start = real_ms();
    let app = Router::new().fallback(move |request: Request| async move {
        let name = request.headers()[header::HOST].to_str().unwrap_or_default().to_owned();
        let n: usize = name[3..5].parse().unwrap_or_default();
        let path = request.uri().path().to_owned();
        let visible = (0..ARTICLES).filter(|i| start + published(n, *i) <= real_ms());
        let at = |i: i64| from_unix_ms(start + published(n, i)).to_rfc3339();
        match path.as_str() {
            "/robots.txt" => "".into_response(),
            "/rss" => {
                let item = |i| format!("<item><title>Lương hưu chuyện {n} {i}</title><link>http://{name}/luong-huu-{i}.html</link></item>");
                let items: String = visible.map(item).collect();
                format!("<rss version=\"2.0\"><channel><title>Báo</title>{items}<item><title>Cũ</title><link>http://{name}/cu.html</link></item></channel></rss>").into_response()
            }
            _ => {
                let i: i64 = path.trim_start_matches("/luong-huu-").trim_end_matches(".html").parse().unwrap_or_default();
                let page = format!(
                    "<!DOCTYPE html><html lang=vi><head><title>Lương hưu</title><meta property=\"article:published_time\" content=\"{}\">\
                     </head><body><article><h1>Lương hưu chuyện {n} {i}</h1><p>Bảo hiểm xã hội chi trả lương hưu cho người hưởng \
                     ở xã số {n} trong ngày thứ {i}, mã bài mabai{n}x{i}.</p></article></body></html>",
                    at(i)
                );
                ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
            }
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });

    let folder = tempfile::tempdir().unwrap();
    let files: Vec<_> = (0..HOSTS)
        .map(|n| {
            let host = host(n);
            let text = format!(
                "name = \"Báo {n}\"\nkind = \"press\"\nhome = \"http://{host}/\"\nrank = 2\nchannel = \"bao_chi\"\nstatus = \"active\"\n\
                 checked = \"2026-11-20\"\nevidence = [\"invented\"]\n[[feed]]\nurl = \"http://{host}/rss\"\nevery_minutes = 1\n"
            );
            (format!("press/bao{n:02}.toml"), text)
        })
        .collect();
    let mut config = Config {
        data: folder.path().into(),
        ..Config::default()
    };
    config.network.resolve = (0..HOSTS).map(|n| (host(n), address)).collect();
    config.collect.feed_minutes = [1, 1];
    let knowledge = diemtin::catalogue::load(None, None).unwrap();
    let service = Service {
        config: Arc::new(config),
        catalogue: Arc::new(knowledge.with_sources(&files).unwrap()),
        store: Store::open(&Target::Sqlite(folder.path().join("diemtin.db")))
            .await
            .unwrap(),
        clock: Clock::real(),
    };
    let stop = CancellationToken::new();
    let (collecting, token) = (service.collecting().unwrap(), stop.clone());
    tokio::spawn(async move { collecting.run(token).await.unwrap() });
    let (this, understanding, token) = (service.clone(), service.understanding().await.unwrap(), stop.clone());
    tokio::spawn(async move { this.analyse_loop(understanding, token).await });
    let searching = service.searching().unwrap();
    let (this, index, token) = (service.clone(), searching.clone(), stop.clone());
    tokio::spawn(async move { this.index_loop(index, token).await });

    let mut waiting: Vec<(usize, i64)> = (0..HOSTS).flat_map(|n| (0..ARTICLES).map(move |i| (n, i))).collect();
    let all = waiting.len();
    let mut delays: Vec<f64> = Vec::new();
    let last = start + published(HOSTS, ARTICLES) + 90_000;
    while !waiting.is_empty() && real_ms() < last {
        let mut still = Vec::new();
        for (n, i) in waiting {
            let word = format!("mabai{n}x{i}");
            let found = searching.search(&word, Filter::default(), 1, 0).await.unwrap();
            match found.total {
                0 => still.push((n, i)),
                _ => delays.push((real_ms() - start - published(n, i)) as f64 / 1000.0),
            }
        }
        waiting = still;
        Clock::real().sleep(std::time::Duration::from_millis(100)).await;
    }
    stop.cancel();
    delays.sort_by(f64::total_cmp);
    println!(
        "publication to search: {} of {all} articles; feeds checked every 60 s; median {:.1} s, slowest {:.1} s",
        delays.len(),
        delays[delays.len() / 2],
        delays[delays.len() - 1]
    );
    assert!(waiting.is_empty(), "never found: {waiting:?}");
}
