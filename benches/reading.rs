//! Reading on one core: feeds beside feed-rs, pages of saved sites, posts with every decision.
//!
//! ```text
//! cargo bench --bench reading                    prints one figure a line
//! PYTHON=python3 cargo bench --bench reading     also lets that Python's trafilatura read the unknown sites' pages
//! ```
//! CPU seconds of this process count; each part runs for at least two of them.

use std::io::BufRead;
use std::path::{Path, PathBuf};

use diemtin::analyse::{Analyser, Context};
use diemtin::clock::{self, Clock};
use diemtin::collect::feed;
use diemtin::model::item::Record;
use diemtin::model::page::Page;
use diemtin::model::source::Layout;

#[path = "../tests/support/score.rs"]
mod score;

fn main() {
    feeds();
    pages();
    unknown_sites();
    posts();
}

/// CPU seconds used so far (proc(5): utime and stime in clock ticks, 100 a second on Linux).
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    let all: Vec<&str> = after_name.split_whitespace().collect();
    (all[11].parse::<f64>().unwrap() + all[12].parse::<f64>().unwrap()) / 100.0
}

/// How often `work` is done in a CPU second.
fn rate(mut work: impl FnMut()) -> f64 {
    work();
    let start = cpu();
    let mut times = 0;
    while cpu() - start < 2.0 {
        for _ in 0..10 {
            work();
        }
        times += 10;
    }
    f64::from(times) / (cpu() - start)
}

fn feeds() {
    let item = |n: usize| {
        format!(
            "<item><title><![CDATA[Lương hưu tháng {n}: chi trả qua tài khoản &amp; tiền mặt]]></title>\
             <link>https://bao.example/luong-huu-thang-{n}-20261119{n:04}.htm</link><guid>{n}</guid>\
             <pubDate>Thu, 19 Nov 2026 08:{:02}:00 +0700</pubDate><description><![CDATA[<a href=\"x\"><img src=\"https://bao.example/anh/{n}.jpg\">\
             </a>Cơ quan bảo hiểm xã hội tỉnh bắt đầu chi trả lương hưu, trợ cấp bảo hiểm xã hội hằng tháng cho người hưởng.]]></description></item>",
            n % 60
        )
    };
    let items: String = (0..50).map(item).collect();
    let feed = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><rss version=\"2.0\"><channel><title>Báo</title>{items}</channel></rss>"
    );
    let now = Clock::real().now();
    let ours = rate(|| {
        let document = feed::parse(feed.as_bytes(), Some("text/xml"), "https://bao.example/rss", now).unwrap();
        assert_eq!(document.entries.len(), 50);
    });
    let theirs = rate(|| {
        assert_eq!(feed_rs::parser::parse(feed.as_bytes()).unwrap().entries.len(), 50);
    });
    println!(
        "feeds of 50 items: {ours:.0} per CPU s; feed-rs alone {theirs:.0}; ratio {:.2}",
        ours / theirs
    );
}

/// The files below a folder with a name's ending.
fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
}

fn page_of(url: &str, body: Vec<u8>, now: diemtin::model::Time) -> Page {
    Page {
        url: url.into(),
        final_url: url.into(),
        status: 200,
        content_type: Some("text/html".into()),
        etag: None,
        last_modified: None,
        body,
        fetched_at: now,
        exchanges: Vec::new(),
    }
}

fn pages() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/pages");
    let mut saved = Vec::new();
    files(&shared, ".html", &mut saved);
    if saved.is_empty() {
        println!("pages: left out, ../shared/pages is not here");
        return;
    }
    saved.sort();
    let now = Clock::real().now();
    let pages: Vec<Page> = saved
        .iter()
        .map(|path| page_of("https://bao.example/a-1.html", std::fs::read(path).unwrap(), now))
        .collect();
    let bytes: usize = pages.iter().map(|page| page.body.len()).sum();
    let described = Layout {
        body: vec![
            "article, .detail-content, .fck_detail, [itemprop=articleBody], #article-body, .article__body, main".into(),
        ],
        ..Layout::default()
    };
    for (name, layout) in [
        ("with a body selector", described),
        ("general extractor", Layout::default()),
    ] {
        let rounds = rate(|| {
            for page in &pages {
                let _ = diemtin::extract::page(page, "", &layout, now);
            }
        });
        println!(
            "saved pages, {name}: {:.0} per CPU s ({} pages of {:.0} kB in the mean)",
            rounds * pages.len() as f64,
            pages.len(),
            bytes as f64 / pages.len() as f64 / 1000.0
        );
    }
}

/// Pages of sites nobody has described (WCXB): ours beside the candidates for a general extractor, quality and speed.
fn unknown_sites() {
    let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/pages/wcxb-dev.ndjson.gz");
    let Ok(file) = std::fs::File::open(&packed) else {
        println!("unknown sites: left out, ../shared/pages is not here");
        return;
    };
    let lines = std::io::BufReader::new(flate2::read::GzDecoder::new(file)).lines();
    let cases: Vec<serde_json::Value> = lines
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect();
    let text = |case: &serde_json::Value, field: &str| case[field].as_str().unwrap_or_default().to_owned();
    let now = Clock::real().now();
    let ours = |case: &serde_json::Value| {
        let page = page_of(&text(case, "url"), text(case, "html").into_bytes(), now);
        diemtin::extract::page(&page, "", &Layout::default(), now).map_or_else(|_| String::new(), |read| read.text)
    };
    let readability = |case: &serde_json::Value| {
        let config = dom_smoothie::Config {
            text_mode: dom_smoothie::TextMode::Formatted,
            ..dom_smoothie::Config::default()
        };
        let reader = dom_smoothie::Readability::new(text(case, "html"), Some(&text(case, "url")), Some(config));
        let read = reader.ok().and_then(|mut reader| reader.parse().ok());
        read.map(|read| read.text_content.to_string()).unwrap_or_default()
    };
    type Reader<'a> = &'a dyn Fn(&serde_json::Value) -> String;
    for (name, read) in [("ours", &ours as Reader<'_>), ("dom_smoothie alone", &readability)] {
        let (start, watch) = (cpu(), clock::stopwatch());
        let mut worst = std::time::Duration::ZERO;
        let texts: Vec<String> = cases
            .iter()
            .map(|case| {
                let watch = clock::stopwatch();
                let read = read(case);
                worst = worst.max(watch.elapsed());
                read
            })
            .collect();
        let seconds = (cpu() - start).max(watch.elapsed().as_secs_f64() / 100.0);
        told(name, &cases, &texts, seconds);
        println!("  the worst page: {} ms", worst.as_millis());
    }
    if let Ok(python) = std::env::var("PYTHON") {
        let script = "import gzip, json, sys, time, trafilatura\n\
            cases = [json.loads(line) for line in gzip.open(sys.argv[1], 'rt')]\n\
            start = time.process_time()\n\
            texts = [trafilatura.extract(case['html'], include_comments=False) or '' for case in cases]\n\
            print(json.dumps([time.process_time() - start, texts]))";
        let output = std::process::Command::new(python)
            .args(["-c", script])
            .arg(&packed)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let (seconds, texts): (f64, Vec<String>) = serde_json::from_slice(&output.stdout).unwrap();
        told("trafilatura", &cases, &texts, seconds);
    }
}

fn told(name: &str, cases: &[serde_json::Value], texts: &[String], seconds: f64) {
    let (mut precision, mut recall) = (0.0, 0.0);
    for (case, text) in cases.iter().zip(texts) {
        let (p, r) = score::score(text, case["text"].as_str().unwrap_or_default());
        (precision, recall) = (precision + p, recall + r);
    }
    let n = cases.len() as f64;
    println!(
        "unknown sites, {name}: F1 {:.4} (precision {:.4}, recall {:.4}), {:.0} pages per CPU s",
        score::f1((precision / n, recall / n)),
        precision / n,
        recall / n,
        n / seconds
    );
}

fn posts() {
    let mut texts = Vec::new();
    let mut found = Vec::new();
    files(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus"),
        ".jsonl",
        &mut found,
    );
    for file in found {
        texts.push(std::fs::read_to_string(file).unwrap());
    }
    let items: Vec<_> = texts
        .iter()
        .flat_map(|text| text.lines().enumerate())
        .filter_map(|(n, line)| Record::parse(n + 1, line).ok())
        .map(|record| record.item)
        .filter(|item| item.is_social())
        .collect();
    let catalogue = diemtin::catalogue::load(None, None).unwrap();
    let analyser = Analyser::new(&catalogue.knowledge);
    let at = Clock::real().now();
    let rounds = rate(|| {
        for item in &items {
            let context = Context {
                thread: item.thread.as_deref(),
                parent: None,
                at,
                source_province: None,
                fold: false,
            };
            analyser.analyse(item, &context);
        }
    });
    println!(
        "posts with every decision: {:.0} per CPU s ({} posts)",
        rounds * items.len() as f64,
        items.len()
    );
}
