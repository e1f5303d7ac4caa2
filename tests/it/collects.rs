//! Collecting is polite and guarded: real HTTP on loopback, a clock that runs fast.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use diemtin::clock::{Clock, Scale, real_ms};
use diemtin::collect::fetch::{Disposition, FetchError, Fetcher, Refusal, Request};
use diemtin::config::{Collect, Network};
use diemtin::model::from_unix_ms;

/// What the server saw: path and real arrival time, and how many requests were in flight at most.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Log>>);

#[derive(Default)]
struct Log {
    asked: Vec<(String, i64)>,
    running: usize,
    most: usize,
}

impl Seen {
    fn count(&self, path: &str) -> usize {
        self.0.lock().unwrap().asked.iter().filter(|(p, _)| p == path).count()
    }
}

async fn answer(State(seen): State<Seen>, uri: Uri, headers: HeaderMap) -> Response {
    {
        let mut log = seen.0.lock().unwrap();
        log.asked.push((uri.path().to_string(), real_ms()));
        log.running += 1;
        log.most = log.most.max(log.running);
    }
    let response = respond(uri.path(), &headers).await;
    seen.0.lock().unwrap().running -= 1;
    response
}

async fn respond(path: &str, headers: &HeaderMap) -> Response {
    match path {
        "/robots.txt" if headers[header::HOST] == "cham.example" => "User-agent: *\nCrawl-delay: 20\n".into_response(),
        "/robots.txt" => "User-agent: *\nDisallow: /cam\n".into_response(),
        "/tag" if headers.get(header::IF_NONE_MATCH).is_some_and(|tag| tag == "\"v1\"") => {
            StatusCode::NOT_MODIFIED.into_response()
        }
        "/tag" => ([(header::ETAG, "\"v1\"")], "một").into_response(),
        "/ban" => (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "90")]).into_response(),
        "/qua-tai" => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        "/mat" => StatusCode::NOT_FOUND.into_response(),
        "/vong" => Redirect::temporary("/vong").into_response(),
        "/toi-cam" => Redirect::temporary("/cam/1").into_response(),
        "/toi-trong" => Redirect::temporary("http://[::ffff:10.0.0.1]/").into_response(),
        "/toi-tin" => Redirect::permanent("/tin").into_response(),
        "/bom" => ([(header::CONTENT_ENCODING, "gzip")], BOMB.clone()).into_response(),
        "/treo" => std::future::pending().await,
        _ => {
            tokio::task::yield_now().await;
            format!("trang {path} cho {}", headers[header::USER_AGENT].to_str().unwrap()).into_response()
        }
    }
}

/// Sixteen mebibytes of nothing in a few kilobytes; packed before anybody waits for it.
static BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&vec![0; 16 * 1024 * 1024]).unwrap();
    packed.finish().unwrap()
});

async fn serve() -> (SocketAddr, Seen) {
    let seen = Seen::default();
    let app = Router::new().fallback(answer).with_state(seen.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (address, seen)
}

/// A clock a hundred times faster than real time.
fn fast() -> Clock {
    let start = from_unix_ms(1_795_000_000_000);
    Clock::scaled(Scale {
        epoch_ms: real_ms(),
        start,
        end: start + chrono::Duration::days(2),
        factor: 100.0,
    })
}

fn fetcher(hosts: &[(&str, SocketAddr)], clock: Clock) -> Fetcher {
    let resolve: BTreeMap<String, SocketAddr> = hosts.iter().map(|(name, to)| (name.to_string(), *to)).collect();
    let collect = Collect {
        spacing_seconds: 4.0,
        max_body_mib: 1,
        timeout_seconds: 1,
        ..Collect::default()
    };
    let network = Network {
        resolve,
        ..Network::default()
    };
    Fetcher::new(&collect, &network, clock).unwrap()
}

async fn get(fetcher: &Fetcher, url: &str) -> Result<diemtin::model::page::Page, FetchError> {
    fetcher.get(Request::new(url)).await
}

#[tokio::test]
async fn a_host_is_asked_one_at_a_time_and_spaced() {
    let (address, seen) = serve().await;
    let fetcher = fetcher(&[("bao.example", address)], fast());
    let urls: Vec<String> = (0..4).map(|n| format!("http://bao.example/tin-{n}")).collect();
    let pages = futures::future::join_all(urls.iter().map(|url| get(&fetcher, url))).await;
    assert!(pages.iter().all(Result::is_ok), "{pages:?}");
    let log = seen.0.lock().unwrap();
    assert_eq!(
        (log.most, log.asked.len(), log.asked[0].0.as_str()),
        (1, 5, "/robots.txt")
    );
    for pair in log.asked.windows(2) {
        // 4 s of the clock are 40 ms; its readings are whole milliseconds.
        assert!(pair[1].1 - pair[0].1 >= 38, "{:?}", log.asked);
    }
    let body = String::from_utf8(pages[0].as_ref().unwrap().body.clone()).unwrap();
    assert!(body.contains("diemtin/") && body.contains("(+https://"), "{body}");
}

#[tokio::test]
async fn robots_txt_is_obeyed_also_after_a_redirect() {
    let (address, seen) = serve().await;
    let fetcher = fetcher(&[("bao.example", address)], fast());
    for url in ["http://bao.example/cam/1", "http://bao.example/toi-cam"] {
        let error = get(&fetcher, url).await.unwrap_err();
        assert!(matches!(error, FetchError::Forbidden { .. }), "{error}");
        assert_eq!(error.disposition(), Disposition::GiveUp);
    }
    assert_eq!((seen.count("/cam/1"), seen.count("/robots.txt")), (0, 1));
}

#[tokio::test]
async fn an_unchanged_page_is_not_sent_again_and_a_redirect_is_followed() {
    let (address, _) = serve().await;
    let fetcher = fetcher(&[("bao.example", address)], fast());
    let first = get(&fetcher, "http://bao.example/tag").await.unwrap();
    assert_eq!(first.etag.as_deref(), Some("\"v1\""));
    let again = Request {
        etag: first.etag,
        ..Request::new("http://bao.example/tag")
    };
    let again = fetcher.get(again).await.unwrap();
    assert_eq!((again.status, again.body.len()), (304, 0));
    let moved = get(&fetcher, "http://bao.example/toi-tin").await.unwrap();
    assert_eq!(moved.final_url, "http://bao.example/tin");
    assert_eq!(moved.url, "http://bao.example/toi-tin");
}

#[tokio::test]
async fn a_host_that_refuses_for_load_is_left_alone_and_others_are_not() {
    let (address, seen) = serve().await;
    let (other, _) = serve().await;
    let clock = fast();
    let fetcher = fetcher(&[("bao.example", address), ("khac.example", other)], clock.clone());
    let before = clock.now();
    let error = get(&fetcher, "http://bao.example/ban").await.unwrap_err();
    let Disposition::Retry {
        not_before: Some(until),
    } = error.disposition()
    else {
        panic!("{error}");
    };
    assert!(until >= before + chrono::Duration::seconds(90));
    let held = get(&fetcher, "http://bao.example/tin").await.unwrap_err();
    assert!(matches!(held, FetchError::Held { .. }), "{held}");
    assert_eq!(seen.count("/tin"), 0);
    assert!(get(&fetcher, "http://khac.example/tin").await.is_ok());
    let error = get(&fetcher, "http://khac.example/qua-tai").await.unwrap_err();
    assert!(
        matches!(error.disposition(), Disposition::Retry { not_before: Some(_) }),
        "{error}"
    );
    clock.sleep_until(until).await;
    assert!(get(&fetcher, "http://bao.example/tin").await.is_ok());
}

#[tokio::test]
async fn a_circle_a_bomb_and_a_missing_page_are_given_up() {
    let (address, seen) = serve().await;
    let fetcher = fetcher(&[("bao.example", address)], fast());
    assert!(BOMB.len() < 200_000);
    let circle = get(&fetcher, "http://bao.example/vong").await.unwrap_err();
    assert!(matches!(circle, FetchError::Redirects { .. }), "{circle}");
    assert_eq!(seen.count("/vong"), 11);
    let bomb = get(&fetcher, "http://bao.example/bom").await.unwrap_err();
    assert!(matches!(bomb, FetchError::TooLarge { .. }), "{bomb}");
    let missing = get(&fetcher, "http://bao.example/mat").await.unwrap_err();
    assert_eq!(missing.entry_state(), diemtin::model::entry::EntryState::Gone);
}

#[tokio::test]
async fn a_server_that_hangs_times_out_while_another_is_served() {
    let (address, _) = serve().await;
    let (other, _) = serve().await;
    let fetcher = fetcher(&[("treo.example", address), ("bao.example", other)], fast());
    let hanging = get(&fetcher, "http://treo.example/treo");
    let served = async {
        let page = get(&fetcher, "http://bao.example/tin").await;
        (page.is_ok(), real_ms())
    };
    let ((error, hung_at), (is_served, served_at)) =
        futures::future::join(async { (hanging.await.unwrap_err(), real_ms()) }, served).await;
    assert!(matches!(error, FetchError::TooSlow { .. }), "{error}");
    assert!(is_served && served_at < hung_at);
}

#[tokio::test]
async fn an_unreachable_robots_txt_means_later_not_yes() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = listener.local_addr().unwrap();
    drop(listener);
    let error = get(&fetcher(&[("bao.example", closed)], fast()), "http://bao.example/")
        .await
        .unwrap_err();
    assert!(matches!(error, FetchError::RobotsUnreachable { .. }), "{error}");
    assert!(matches!(
        error.disposition(),
        Disposition::Retry { not_before: Some(_) }
    ));
}

#[tokio::test]
async fn inner_addresses_are_refused_by_literal_by_name_and_by_redirect() {
    let (address, seen) = serve().await;
    let fetcher = fetcher(&[("bao.example", address)], fast());
    let port = address.port();
    for url in [
        format!("http://127.0.0.1:{port}/tin"),
        "http://127.0.0.1/".into(),
        "http://2130706433/".into(),
        "http://[::ffff:10.0.0.1]/".into(),
        "http://localhost/".into(),
        "http://bao.example/toi-trong".into(),
    ] {
        let error = get(&fetcher, &url).await.unwrap_err();
        let is_refused = matches!(
            &error,
            FetchError::Refused {
                refusal: Refusal::NotPublic(_),
                ..
            }
        );
        assert!(is_refused, "{url}: {error}");
    }
    assert_eq!(seen.count("/tin"), 0);
}

#[tokio::test]
async fn an_address_the_operator_allows_is_fetched() {
    let (address, _) = serve().await;
    let network = Network {
        allow: vec![address.to_string()],
        ..Network::default()
    };
    let collect = Collect {
        spacing_seconds: 0.0,
        ..Collect::default()
    };
    let fetcher = Fetcher::new(&collect, &network, Clock::manual(from_unix_ms(0))).unwrap();
    assert_eq!(
        get(&fetcher, &format!("http://{address}/tin")).await.unwrap().status,
        200
    );
}

#[tokio::test]
async fn a_longer_crawl_delay_wins() {
    let (address, seen) = serve().await;
    let fetcher = fetcher(&[("cham.example", address)], fast());
    get(&fetcher, "http://cham.example/1").await.unwrap();
    get(&fetcher, "http://cham.example/2").await.unwrap();
    let log = seen.0.lock().unwrap();
    // 20 s of the clock are 200 ms.
    assert!(log.asked[2].1 - log.asked[1].1 >= 198, "{:?}", log.asked);
}

#[tokio::test]
async fn robots_txt_is_believed_for_two_hours() {
    let (address, seen) = serve().await;
    let clock = Clock::manual(from_unix_ms(0));
    let collect = Collect {
        spacing_seconds: 0.0,
        ..Collect::default()
    };
    let network = Network {
        resolve: BTreeMap::from([("bao.example".to_string(), address)]),
        ..Network::default()
    };
    let fetcher = Fetcher::new(&collect, &network, clock.clone()).unwrap();
    for (hours, read) in [(0, 1), (1, 1), (2, 2)] {
        clock.advance(std::time::Duration::from_secs(hours * 3600));
        get(&fetcher, "http://bao.example/tin").await.unwrap();
        assert_eq!(seen.count("/robots.txt"), read);
    }
}
