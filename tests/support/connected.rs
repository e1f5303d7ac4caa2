//! A service with connectors to servers on loopback, on a clock that the test moves.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeZone;
use diemtin::clock::Clock;
use diemtin::config::Config;
use diemtin::model::{ItemId, Time, vietnam};
use diemtin::pipeline::connecting::Connecting;
use diemtin::pipeline::service::Service;
use diemtin::private::{KEY_FILE, Vault, frames};
use diemtin::store::{Store, Target};

/// When the tests begin: eight in the evening, five hours into a Pacific day.
pub fn start() -> Time {
    vietnam().with_ymd_and_hms(2026, 11, 20, 20, 0, 0).unwrap()
}

/// The service, its connectors prepared as at a start.
pub struct Connected {
    pub service: Service,
    pub connecting: Connecting,
    pub store: Store,
    pub clock: Clock,
}

impl Connected {
    /// Starts on `data`; `config` names the connectors. What stood there is found again.
    pub async fn start(data: &Path, clock: Clock, config: Config) -> Self {
        let store = Store::open(&Target::Sqlite(data.join("diemtin.db"))).await.unwrap();
        Self::on(store, data, clock, config).await
    }

    /// Starts on a store.
    pub async fn on(store: Store, data: &Path, clock: Clock, mut config: Config) -> Self {
        config.data = data.into();
        config.collect.spacing_seconds = 0.0;
        config.operator.recipients = vec!["truc@bhxh-mau.example".into()];
        let addresses = [
            config.youtube.as_ref().map(|youtube| youtube.base_url.clone()),
            config.facebook.as_ref().map(|facebook| facebook.base_url.clone()),
        ];
        let host = |url: String| url.split('/').nth(2).unwrap().to_owned();
        config.network.allow = addresses.into_iter().flatten().map(host).collect();
        let service = Service {
            config: Arc::new(config),
            catalogue: Arc::new(diemtin::catalogue::load(None, None).unwrap()),
            store: store.clone(),
            clock: clock.clone(),
        };
        let connecting = service.connecting(&service.collecting().unwrap()).unwrap();
        connecting.prepare().await.unwrap();
        Self {
            service,
            connecting,
            store,
            clock,
        }
    }

    /// Works until nothing is due.
    pub async fn work(&self) {
        for link in &self.connecting.links {
            let mut rounds = 0;
            while link.round().await.unwrap() > 0 {
                rounds += 1;
                assert!(rounds < 2_000, "the connector never came to rest");
            }
        }
    }

    /// Analyses what came in.
    pub async fn understand(&self) {
        let mut understanding = self.service.understanding().await.unwrap();
        while understanding.step(self.clock.now()).await.unwrap().items > 0 {}
    }

    /// Lets time pass in steps of `minutes` and works after each.
    pub async fn pass(&self, minutes: u64, times: usize) {
        for _ in 0..times {
            self.clock.advance(Duration::from_secs(minutes * 60));
            self.work().await;
        }
    }

    /// Texts of all items, by id.
    pub async fn texts(&self) -> Vec<String> {
        let all = self
            .store
            .items_between(Time::default(), self.clock.now(), false, 10_000);
        let mut texts: Vec<String> = all
            .await
            .unwrap()
            .into_iter()
            .map(|view| view.item.full_text())
            .collect();
        texts.sort();
        texts
    }

    /// Whether the item at `url` is marked as removed.
    pub async fn is_removed(&self, url: &str) -> bool {
        let view = self.store.find_item_view(&ItemId::from_url(url)).await.unwrap();
        view.unwrap_or_else(|| panic!("there is no {url}")).removed
    }

    /// How a connector is: state, reason and remedy on one line.
    pub async fn told(&self, name: &str) -> String {
        let connector = self.store.find_connector(name).await.unwrap();
        let health = diemtin::collect::social::standing::health(&connector, self.clock.now());
        format!("{}: {}; {}", health.state.label(), health.reason, health.remedy)
    }
}

impl Connected {
    /// A page of the service as a browser gets it.
    pub async fn page(&self, path: &str) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = tokio_util::sync::CancellationToken::new();
        let _ends = stop.clone().drop_guard();
        let searching = self.service.searching().unwrap();
        tokio::spawn(diemtin::serve::serve(listener, self.service.clone(), searching, stop));
        let client = super::client::client(&[], address);
        let answer = client.get(format!("http://{address}{path}")).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.text().await.unwrap()
    }
}

/// What stands in a sealed file of evidence, one member of gzip after another; nothing for another file.
fn unsealed(path: &Path) -> Vec<u8> {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let name = name.trim_end_matches(".open");
    let mut folders = path.ancestors().map(|folder| folder.join(KEY_FILE));
    let key = folders.find(|key| key.exists());
    let Some(key) = key.filter(|_| path.parent().unwrap().ends_with("evidence/private")) else {
        return Vec::new();
    };
    let (vault, file) = (Vault::at(&key), format!("private/{name}"));
    let bytes = std::fs::read(path).unwrap();
    let (mut reader, mut plain, mut start) = (&bytes[..], Vec::new(), 0);
    while let Some(frame) = frames::next(&mut reader).unwrap() {
        plain.extend(frames::content(&vault, &file, start, &frame).unwrap());
        start += frame.len() as u64;
    }
    plain
}

/// Files below `folder` in which `secret` stands, also inside gzip members and what is sealed.
pub fn leaks(folder: &Path, secret: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let (bytes, sealed, mut plain) = (std::fs::read(&path).unwrap(), unsealed(&path), Vec::new());
            // What is no gzip stays as it is; a file still being written ends early.
            let _ = std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(&bytes[..]), &mut plain);
            let _ = std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(&sealed[..]), &mut plain);
            let holds = |bytes: &[u8]| bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            if holds(&bytes) || holds(&plain) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}
