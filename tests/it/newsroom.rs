//! The newsroom: its day is reachable at its time, and it errs only on purpose.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use diemtin::clock::Clock;
use diemtin::model::item::{Access, Platform, Record};
use diemtin::model::{ItemId, Time};
use diemtin::newsroom::{self, Newsroom, Options};

/// A newsroom on a free port and a client that reaches it at `http://<host>:<port>`.
struct Reader {
    newsroom: Newsroom,
    client: reqwest::Client,
    clock: Clock,
}

impl Reader {
    async fn at(now: Time) -> Self {
        let clock = Clock::manual(now);
        let options = Options {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            clock: clock.clone(),
            inbox: None,
            is_bad_day: false,
        };
        let newsroom = newsroom::start(options).await.unwrap();
        let client = crate::support::client::client(&newsroom.hosts(), newsroom.addr);
        Self {
            newsroom,
            client,
            clock,
        }
    }

    fn request(&self, url: &str) -> reqwest::RequestBuilder {
        let mut url = url::Url::parse(url).unwrap();
        url.set_port(Some(self.newsroom.addr.port())).unwrap();
        self.client.get(url)
    }

    async fn get(&self, url: &str) -> (u16, String) {
        let response = self.request(url).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// The answer after the faults that wear off.
    async fn insist(&self, url: &str) -> (u16, String) {
        let mut answer = self.get(url).await;
        for _ in 0..3 {
            if !matches!(answer.0, 429 | 503) {
                break;
            }
            answer = self.get(url).await;
        }
        answer
    }

    fn move_to(&self, time: Time) {
        self.clock
            .advance((time - self.clock.now()).to_std().unwrap_or_default());
    }
}

#[tokio::test]
async fn every_public_item_is_reachable_at_its_time_and_not_before() {
    let day = newsroom::day();
    let reader = Reader::at(day.start).await;
    let mut items: Vec<_> = day.items.iter().filter(|item| item.access == Access::Public).collect();
    items.sort_by_key(|item| item.published_at);
    for item in items {
        let published = item.published_at.unwrap();
        let url = newsroom::url_of(item.id.as_str()).unwrap();
        let words = item
            .text
            .split(['\n', '"', '&'])
            .next()
            .unwrap()
            .chars()
            .take(40)
            .collect::<String>();
        let shows = |page: &str| diemtin::text::nfc(page).contains(&words);
        reader.move_to(published - chrono::Duration::seconds(1));
        if item.platform == Platform::Youtube {
            continue;
        }
        assert!(!shows(&reader.insist(url).await.1), "{} is too early", item.id);
        reader.move_to(published);
        let (status, page) = reader.insist(url).await;
        assert_eq!(status, 200, "{}: {url}", item.id);
        assert!(shows(&page), "{}: {url}: {words}", item.id);
        assert!(page.contains("DỮ LIỆU MẪU") || diemtin::text::nfc(&page).contains("DỮ LIỆU MẪU"));
    }
    reader.newsroom.stop().await;
}

#[tokio::test]
async fn every_feed_of_every_source_lists_the_items_of_its_outlet_unless_it_is_broken_on_purpose() {
    let reader = Reader::at(newsroom::day().end + chrono::Duration::minutes(20)).await;
    let mut broken = Vec::new();
    for (name, toml) in reader.newsroom.source_files() {
        let source: diemtin::model::source::Source = toml::from_str(&toml).unwrap();
        for feed in &source.feeds {
            let (status, body) = reader.insist(&feed.url).await;
            assert_eq!(status, 200, "{name}: {}", feed.url);
            let of_feed = matches!(feed.kind.as_str(), "feed" | "channel");
            if of_feed && feed_rs::parser::parse(body.as_bytes()).is_err() {
                broken.push(name.clone());
            }
        }
    }
    assert_eq!(broken, ["tap-chi-an-sinh-vi-du.toml", "bao-tinh-xanh.toml"]);
    reader.newsroom.stop().await;
}

#[tokio::test]
async fn listings_and_feeds_together_link_every_article_and_thread_of_the_day() {
    let day = newsroom::day();
    let reader = Reader::at(day.end + chrono::Duration::minutes(20)).await;
    let mut all = String::new();
    for (_, toml) in reader.newsroom.source_files() {
        let source: diemtin::model::source::Source = toml::from_str(&toml).unwrap();
        for feed in &source.feeds {
            all.push_str(&reader.insist(&feed.url).await.1);
        }
    }
    for (id, url) in newsroom::expected() {
        let path = url.splitn(4, '/').nth(3).unwrap();
        let path = path.split("/post-").next().unwrap();
        let key = path
            .rsplit_once("ItemID=")
            .map_or(path.to_owned(), |(_, item)| format!("ItemID={item}"));
        assert!(all.contains(&key), "{id}: {url}");
    }
    reader.newsroom.stop().await;
}

#[tokio::test]
async fn what_the_asker_already_has_is_answered_304_and_pages_travel_compressed() {
    let reader = Reader::at(newsroom::day().end).await;
    let feed = "http://thongtanvidu.example/rss/home.rss";
    let full = reader.request(feed).send().await.unwrap();
    let (etag, modified) = (full.headers()["etag"].clone(), full.headers()["last-modified"].clone());
    for (name, value) in [("If-None-Match", etag), ("If-Modified-Since", modified)] {
        let again = reader.request(feed).header(name, value).send().await.unwrap();
        assert_eq!(again.status(), 304, "{name}");
    }
    let packed = reader
        .request(feed)
        .header("Accept-Encoding", "gzip")
        .send()
        .await
        .unwrap();
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    assert_eq!(packed.bytes().await.unwrap()[..2], [0x1f, 0x8b]);
    reader.newsroom.stop().await;
}

#[tokio::test]
async fn faults_of_the_field_are_served_on_purpose_and_logged() {
    let reader = Reader::at(newsroom::day().end).await;
    let limited = "http://nhipsongvidu.example/rss/home.rss";
    let first = reader.request(limited).send().await.unwrap();
    assert_eq!(
        (
            first.status().as_u16(),
            first.headers()["retry-after"].to_str().unwrap()
        ),
        (429, "20")
    );
    assert_eq!(reader.insist(limited).await.0, 200);
    let busy = newsroom::url_of("x034").unwrap();
    assert_eq!(reader.get(busy).await.0, 503);
    assert_eq!(reader.get(busy).await.0, 200);
    let robots = reader.get("http://baonuimau.example/robots.txt").await.1;
    assert!(robots.contains("Crawl-delay: 5"));
    assert!(
        reader
            .get("http://sucvocvidu.example/robots.txt")
            .await
            .1
            .contains("Disallow: /giai-tri/")
    );
    assert!(
        reader
            .get("http://baovidu.example/rss/home.rss")
            .await
            .1
            .contains("GMT+7")
    );
    let truncated = reader.get("http://doanhthuongvidu.example/rss/home.rss").await.1;
    assert!(!truncated.contains("</rss>"));
    let log = reader.newsroom.requests();
    let statuses: Vec<u16> = log
        .iter()
        .filter(|l| l.host == "nhipsongvidu.example")
        .map(|l| l.status)
        .collect();
    assert_eq!(statuses, [429, 429, 200]);
    reader.newsroom.stop().await;
}

#[tokio::test]
async fn a_dead_article_is_sent_home_or_says_so_with_status_200() {
    let reader = Reader::at(newsroom::day().end).await;
    let mut outcomes = Vec::new();
    for host in ["ansinhvidu.example", "tin24vidu.example"] {
        let feed = reader.get(&format!("http://{host}/rss/home.rss")).await.1;
        for link in feed
            .split("<link>")
            .skip(2)
            .filter_map(|rest| rest.split("</link>").next())
        {
            let link = diemtin::text::url::absolute(&format!("http://{host}/"), link).unwrap();
            let (status, page) = reader.get(&link).await;
            if status != 200 || page.contains("Không tìm thấy trang") {
                outcomes.push((host, status));
            }
        }
    }
    assert_eq!(outcomes, [("ansinhvidu.example", 302), ("tin24vidu.example", 200)]);
    reader.newsroom.stop().await;
}

#[tokio::test]
async fn files_appear_in_the_inbox_at_their_time_and_once_across_a_restart() {
    let day = newsroom::day();
    let folder = tempfile::tempdir().unwrap();
    let half_past = day.start + chrono::Duration::minutes(30);
    let start = |clock: &Clock| {
        newsroom::start(Options {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            clock: clock.clone(),
            inbox: Some(folder.path().into()),
            is_bad_day: false,
        })
    };
    let clock = Clock::manual(day.start);
    let first = start(&clock).await.unwrap();
    clock.advance((half_past - day.start).to_std().unwrap());
    let vendor = folder.path().join("vendor-2026-11-19T0034.ndjson");
    appears(&vendor).await;
    assert_eq!(names(folder.path()).len(), 1);
    let line = std::fs::read_to_string(&vendor).unwrap();
    let record = Record::parse(1, line.lines().next().unwrap()).unwrap();
    assert_eq!(record.item.id, ItemId("x001".into()));
    first.stop().await;
    std::fs::remove_file(&vendor).unwrap();
    let second = start(&clock).await.unwrap();
    clock.advance(Duration::from_secs(30 * 60));
    appears(&folder.path().join("vendor-2026-11-19T0104.ndjson")).await;
    assert!(!vendor.exists());
    second.stop().await;
}

async fn appears(path: &Path) {
    let waiting = async {
        while !path.exists() {
            tokio::task::yield_now().await;
        }
    };
    diemtin::clock::within(Duration::from_secs(10), waiting).await.unwrap();
}

fn names(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !name.starts_with('.')).collect()
}
