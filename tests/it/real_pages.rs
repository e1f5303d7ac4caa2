//! Saved pages of real outlets, served on loopback under their real names and read through their real source files: the
//! whole way from feed to stored item, with `[network]` resolve, ca_file and proxy. Needs `../shared/pages`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use diemtin::model::ItemId;
use diemtin::store::{Store, Target};

use crate::support::outlets::{self, Outlets, Pages};

const OUTLETS: [&str; 4] = ["vnexpress", "dantri", "nld", "baodautu"];

fn shared() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/pages");
    if !folder.join("expected.json").exists() {
        eprintln!("skipped: ../shared/pages is not here");
        return None;
    }
    Some(folder)
}

fn expected(folder: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(folder.join("expected.json")).unwrap()).unwrap()
}

fn place(url: &str) -> (String, String) {
    let url = url::Url::parse(url).unwrap();
    (url.host_str().unwrap().to_owned(), url.path().to_owned())
}

async fn serve(folder: &Path, expected: &serde_json::Value) -> Outlets {
    let (mut pages, mut feeds): (Pages, BTreeMap<String, String>) = Default::default();
    for outlet in OUTLETS {
        for part in ["article", "listing"] {
            let page = &expected[outlet][part];
            let (host, path) = place(page["url"].as_str().unwrap());
            let body = std::fs::read(folder.join(page["file"].as_str().unwrap())).unwrap();
            pages.insert(format!("{host}{path}"), ("text/html; charset=utf-8", body));
        }
        let article = &expected[outlet]["article"];
        let text = |key: &str| article[key].as_str().unwrap().replace('&', "&amp;");
        let (host, _) = place(article["url"].as_str().unwrap());
        let feed = format!(
            "<rss version=\"2.0\"><channel><title>{outlet}</title><item><title>{}</title><link>{}</link>\
             <description>{}</description></item></channel></rss>",
            text("title"),
            text("url"),
            text("summary")
        );
        feeds.insert(host, feed);
    }
    let hosts: Vec<String> = feeds.keys().cloned().collect();
    outlets::serve(&hosts.iter().map(String::as_str).collect::<Vec<_>>(), pages, feeds).await
}

/// Collects one outlet with the real program and its real source file.
async fn collect(data: &Path, outlet: &str, network: &str) -> serde_json::Value {
    let config = data.join("diemtin.toml");
    // Every entry is fetched, whatever the gate says: what is proven here is reading, not choosing.
    let text = format!("[collect]\nsample_one_in = 1\nspacing_seconds = 0.02\n\n[network]\n{network}");
    std::fs::write(&config, text).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_diemtin"));
    command
        .args(["collect", "--source", outlet, "--config"])
        .arg(&config)
        .arg("--data")
        .arg(data)
        .env_remove("DIEMTIN_DATABASE_URL")
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = tokio::task::block_in_place(|| command.output()).unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{outlet}: {complaint}");
    let store = Store::open(&Target::Sqlite(data.join("diemtin.db"))).await.unwrap();
    let folder = shared().unwrap();
    let url = expected(&folder)[outlet]["article"]["url"].as_str().unwrap().to_owned();
    let canonical = diemtin::text::url::canonical(&url).unwrap();
    let item = store.find_item(&ItemId::from_url(&canonical)).await.unwrap();
    store.close().await;
    serde_json::to_value(item.unwrap_or_else(|| panic!("{outlet}: {canonical} was not stored; {complaint}"))).unwrap()
}

fn check(outlet: &str, item: &serde_json::Value, article: &serde_json::Value) {
    let text = item["text"].as_str().unwrap();
    assert_eq!(item["title"], article["title"], "{outlet}");
    assert!(
        text.starts_with(article["summary"].as_str().unwrap()),
        "{outlet}: {text}"
    );
    let minute = |value: &serde_json::Value| value.as_str().unwrap()[..16].to_owned();
    assert_eq!(
        minute(&item["published_at"]),
        minute(&article["published_at"]),
        "{outlet}"
    );
    if article["author"].is_string() {
        assert_eq!(item["author"], article["author"], "{outlet}");
    }
    // Word for word but for what expected.json leaves out: the genuine text boxes of NLĐ (docs/quality.md).
    let words = |text: &str| {
        diemtin::text::nfc(text)
            .split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let (read, gold) = (words(text), words(article["text"].as_str().unwrap()));
    match outlet {
        "nld" => assert!(read.len() > gold.len() && read.len() < gold.len() * 13 / 10, "{outlet}"),
        _ => assert_eq!(read, gold, "{outlet}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn real_outlets_are_collected_over_tls_through_their_own_source_files() {
    let Some(folder) = shared() else { return };
    let expected = expected(&folder);
    let served = serve(&folder, &expected).await;
    for outlet in OUTLETS {
        let data = tempfile::tempdir().unwrap();
        let authority = data.path().join("authority.pem");
        std::fs::write(&authority, &served.authority).unwrap();
        let (host, _) = place(expected[outlet]["article"]["url"].as_str().unwrap());
        let network = format!(
            "ca_file = \"{}\"\nresolve = {{ \"{host}\" = \"{}\" }}\n",
            authority.display(),
            served.address
        );
        let item = collect(data.path(), outlet, &network).await;
        check(outlet, &item, &expected[outlet]["article"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn real_outlets_are_collected_through_a_proxy() {
    let Some(folder) = shared() else { return };
    let expected = expected(&folder);
    let served = serve(&folder, &expected).await;
    let proxy = outlets::proxy_to(served.address).await;
    let data = tempfile::tempdir().unwrap();
    let authority = data.path().join("authority.pem");
    std::fs::write(&authority, &served.authority).unwrap();
    let network = format!(
        "ca_file = \"{}\"\nproxy = \"http://{}\"\n",
        authority.display(),
        proxy.address
    );
    let item = collect(data.path(), "dantri", &network).await;
    check("dantri", &item, &expected["dantri"]["article"]);
    assert!(proxy.led.load(Ordering::Relaxed) > 0, "the proxy was not asked");
}

#[test]
fn real_listings_give_their_articles_and_no_navigation() {
    let Some(folder) = shared() else { return };
    let expected = expected(&folder);
    for outlet in OUTLETS {
        let listing = &expected[outlet]["listing"];
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_diemtin"))
            .args(["inspect", "listing"])
            .arg(folder.join(listing["file"].as_str().unwrap()))
            .args(["--url", listing["url"].as_str().unwrap(), "--source", outlet])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let links: Vec<&str> = found["links"]
            .as_array()
            .unwrap()
            .iter()
            .map(|l| l["url"].as_str().unwrap())
            .collect();
        let wanted: Vec<&str> = listing["links"]
            .as_array()
            .unwrap()
            .iter()
            .map(|l| l.as_str().unwrap())
            .collect();
        assert_eq!(links, wanted, "{outlet}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_live_asks_an_outlet_and_says_what_to_change_in_its_file() {
    let Some(folder) = shared() else { return };
    let expected = expected(&folder);
    let served = serve(&folder, &expected).await;
    let data = tempfile::tempdir().unwrap();
    let authority = data.path().join("authority.pem");
    std::fs::write(&authority, &served.authority).unwrap();
    let config = data.path().join("diemtin.toml");
    let network = format!(
        "[collect]\nspacing_seconds = 0.02\n[network]\nca_file = \"{}\"\nresolve = {{ \"dantri.com.vn\" = \"{}\" }}\n",
        authority.display(),
        served.address
    );
    std::fs::write(&config, network).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_diemtin"));
    command
        .args(["check", "--live", "dantri", "--config"])
        .arg(&config)
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = tokio::task::block_in_place(|| command.output()).unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    // The saved page is months old: everything is read, but a feed without fresh entries proves nothing.
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("1 entries") && said.contains("(not fresh)"), "{said}");
    assert!(said.contains("title h1[data-slot=title]: 1"), "{said}");
    assert!(
        said.contains("-status = \"active\"") && said.contains("+status = \"draft\""),
        "{said}"
    );
}
