//! What a reader of a digest relies on: the right headline, lead, time, author and words of every page.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use diemtin::extract;
use diemtin::model::page::{Extraction, Page};
use diemtin::model::source::{Family, Layout, Source};
use diemtin::text::date;

use crate::support::score::{f1, score};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page(url: &str, body: Vec<u8>) -> Page {
    Page {
        url: url.into(),
        final_url: url.into(),
        status: 200,
        content_type: Some("text/html".into()),
        etag: None,
        last_modified: None,
        body,
        fetched_at: now(),
        exchanges: Vec::new(),
    }
}

fn now() -> date::Time {
    date::parse("2026-11-20 10:00:00").unwrap()
}

fn toml_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();
    files
}

fn family(id: &str) -> Family {
    let path = root().join("sources/families").join(format!("{id}.toml"));
    toml::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Every source file with its id.
fn sources() -> Vec<(String, Source)> {
    ["press", "broadcast", "portal", "forum", "social"]
        .iter()
        .flat_map(|kind| toml_files(&root().join("sources").join(kind)))
        .map(|path| {
            let id = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let source = toml::from_str(&fs::read_to_string(&path).unwrap());
            (id.clone(), source.unwrap_or_else(|e| panic!("{id}: {e}")))
        })
        .collect()
}

fn profile(id: &str) -> (String, Layout) {
    let (_, source) = sources().into_iter().find(|(found, _)| found == id).unwrap();
    let family_id = source.family.clone().unwrap_or_default();
    let family = source.family.as_deref().map(family);
    (family_id, source.layout(family.as_ref(), now().date_naive()))
}

/// Links of a listing as the layout names them, each once.
fn links(html: &str, base: &str, layout: &Layout) -> Vec<String> {
    let document = scraper::Html::parse_document(html);
    let wanted = layout.article_url.as_deref().map(|r| regex::Regex::new(r).unwrap());
    let mut seen = HashSet::new();
    layout
        .links
        .iter()
        .flat_map(|css| {
            let selector = scraper::Selector::parse(css).unwrap();
            document
                .select(&selector)
                .map(|a| a.attr("href").unwrap().to_owned())
                .collect::<Vec<_>>()
        })
        .filter_map(|href| diemtin::text::url::absolute(base, href.split('#').next().unwrap_or_default()))
        .filter(|url| wanted.as_ref().is_none_or(|w| w.is_match(url)))
        .filter(|url| seen.insert(url.clone()))
        .collect()
}

#[test]
fn every_source_file_reads_and_its_selectors_are_css() {
    let sources = sources();
    assert!(sources.iter().filter(|(_, s)| s.kind.as_str() == "press").count() >= 25);
    let families: Vec<Layout> = toml_files(&root().join("sources/families"))
        .iter()
        .map(|path| {
            toml::from_str::<Family>(&fs::read_to_string(path).unwrap())
                .unwrap()
                .layout
        })
        .collect();
    for layout in sources.iter().flat_map(|(_, s)| &s.layouts).chain(&families) {
        let lists = [
            &layout.title,
            &layout.summary,
            &layout.body,
            &layout.author,
            &layout.published,
            &layout.modified,
        ];
        for selector in lists.into_iter().chain([&layout.drop, &layout.links]).flatten() {
            let css = selector.rsplit_once('@').map_or(selector.as_str(), |(css, _)| css);
            assert!(scraper::Selector::parse(css).is_ok(), "{selector}");
        }
        assert!(
            layout
                .article_url
                .as_deref()
                .is_none_or(|r| regex::Regex::new(r).is_ok())
        );
    }
    for (id, source) in &sources {
        let active = source.status.as_str() == "active";
        assert!(!active || !source.feeds.is_empty(), "{id} is active without a feed");
    }
}

#[test]
fn invented_pages_in_the_markup_of_each_family_are_read_as_their_source_files_say() {
    let mut families = HashSet::new();
    for (id, source) in sources() {
        let (name, layout) = profile(&id);
        for case in &source.cases {
            let file = root().join("tests/sites").join(&id).join(&case.page);
            let body = fs::read(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
            families.insert(name.clone());
            if !case.links.is_empty() {
                let html = String::from_utf8(body).unwrap();
                assert_eq!(links(&html, &case.url, &layout), case.links, "{id}");
                continue;
            }
            let read =
                extract::page(&page(&case.url, body), &name, &layout, now()).unwrap_or_else(|e| panic!("{id}: {e}"));
            assert_eq!(Some(&read.title), case.title.as_ref(), "{id}");
            assert_eq!(read.published_at.map(|t| t.to_rfc3339()), case.published_at, "{id}");
            for phrase in &case.contains {
                assert!(read.text.contains(phrase), "{id} lacks {phrase}: {}", read.text);
            }
            for phrase in &case.lacks {
                assert!(!read.text.contains(phrase), "{id} has {phrase}: {}", read.text);
            }
        }
    }
    assert!(families.len() >= 8, "{families:?}");
}

fn saved(outlet: &str, known: bool) -> Option<(serde_json::Value, Extraction)> {
    let folder = root().join("../shared/pages");
    let expected = fs::read_to_string(folder.join("expected.json")).ok()?;
    let expected: serde_json::Value = serde_json::from_str(&expected).unwrap();
    let article = expected[outlet]["article"].clone();
    let body = fs::read(folder.join(article["file"].as_str().unwrap())).unwrap();
    let (name, layout) = if known { profile(outlet) } else { Default::default() };
    let read = extract::page(&page(article["url"].as_str().unwrap(), body), &name, &layout, now()).unwrap();
    Some((article, read))
}

/// Authors the saved pages show; `expected.json` has only the first, the others stand on the pages.
const SAVED: &[(&str, &str)] = &[
    ("vnexpress", "Hà Thu"),
    ("dantri", "Tri Túc"),
    ("nld", "Minh Chiến"),
    ("baodautu", "Nguyên Minh"),
];

/// The expected text with the boxes of type `content`: `expected.json` leaves them out, but they are the outlet's own text.
fn with_boxes(expected: &serde_json::Value) -> String {
    let file = root().join("../shared/pages").join(expected["file"].as_str().unwrap());
    let document = scraper::Html::parse_document(&fs::read_to_string(file).unwrap());
    let boxes = scraper::Selector::parse(".VCSortableInPreviewMode[type=content]").unwrap();
    let words = document
        .select(&boxes)
        .map(|b| diemtin::text::html::plain(&b.inner_html()));
    std::iter::once(expected["text"].as_str().unwrap().to_owned())
        .chain(words)
        .collect::<Vec<_>>()
        .join("\n\n")
}

#[test]
fn saved_pages_of_known_outlets_are_read_exactly() {
    for (outlet, author) in SAVED {
        let Some((expected, read)) = saved(outlet, true) else {
            eprintln!("skipped: ../shared not here");
            return;
        };
        let given = f1(score(&read.text, expected["text"].as_str().unwrap()));
        let f1 = f1(score(&read.text, &with_boxes(&expected)));
        eprintln!(
            "{outlet}: F1 as given {given:.4}, with boxes {f1:.4} by {}, author {:?}, {:?}",
            read.method, read.author, read.warnings
        );
        assert_eq!(read.title, expected["title"].as_str().unwrap());
        assert_eq!(read.summary, expected["summary"].as_str().unwrap());
        let minute = |t: date::Time| t.format("%Y-%m-%dT%H:%M").to_string();
        let time = date::parse(expected["published_at"].as_str().unwrap()).unwrap();
        assert_eq!(minute(read.published_at.unwrap()), minute(time), "{outlet}");
        assert_eq!(read.author.as_deref(), Some(*author), "{outlet}");
        assert!(f1 >= 0.985, "{outlet}: {f1}");
    }
}

#[test]
fn saved_pages_of_unknown_outlets_keep_nearly_all_of_their_text() {
    let mut sum = 0.0;
    for (outlet, _) in SAVED {
        let Some((expected, read)) = saved(outlet, false) else {
            eprintln!("skipped: ../shared not here");
            return;
        };
        let f1 = f1(score(&read.text, expected["text"].as_str().unwrap()));
        eprintln!(
            "{outlet} without profile: F1 {f1:.4} by {}, {:?}",
            read.method, read.published_at
        );
        sum += f1;
    }
    assert!(sum / 4.0 >= 0.94, "{}", sum / 4.0);
}

#[test]
fn saved_listings_give_their_articles_in_order() {
    let folder = root().join("../shared/pages");
    let Ok(expected) = fs::read_to_string(folder.join("expected.json")) else {
        eprintln!("skipped: ../shared not here");
        return;
    };
    let expected: serde_json::Value = serde_json::from_str(&expected).unwrap();
    for (outlet, _) in SAVED {
        let listing = &expected[outlet]["listing"];
        let html = fs::read_to_string(folder.join(listing["file"].as_str().unwrap())).unwrap();
        let wanted: Vec<String> = serde_json::from_value(listing["links"].clone()).unwrap();
        let found = links(&html, listing["url"].as_str().unwrap(), &profile(outlet).1);
        let missing: Vec<_> = wanted.iter().filter(|w| !found.contains(w)).collect();
        let extra: Vec<_> = found.iter().filter(|f| !wanted.contains(f)).collect();
        assert_eq!(found, wanted, "{outlet}: missing {missing:?}, extra {extra:?}");
    }
}

#[test]
fn articles_of_unknown_sites_are_read_as_well_as_by_the_best_libraries() {
    let Ok(packed) = fs::read(root().join("../shared/pages/wcxb-dev.ndjson.gz")) else {
        eprintln!("skipped: ../shared not here");
        return;
    };
    let mut lines = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&packed[..]), &mut lines).unwrap();
    let (mut precision, mut recall, mut n, mut failed) = (0.0, 0.0, 0.0, 0);
    for line in lines.lines().step_by(3) {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let (Some(html), Some(gold)) = (case["html"].as_str(), case["text"].as_str()) else {
            continue;
        };
        let body = html.as_bytes().to_vec();
        let read = extract::page(
            &page(case["url"].as_str().unwrap(), body),
            "",
            &Layout::default(),
            now(),
        );
        failed += usize::from(read.is_err());
        let (p, r) = score(&read.map(|e| e.text).unwrap_or_default(), gold);
        (precision, recall, n) = (precision + p, recall + r, n + 1.0);
    }
    let f1 = f1((precision / n, recall / n));
    eprintln!(
        "wcxb: P {:.4} R {:.4} F1 {f1:.4}, {failed} of {n} failed",
        precision / n,
        recall / n
    );
    assert!(f1 >= 0.85, "{f1}");
}

#[test]
fn pages_that_are_no_article_say_why() {
    use extract::ExtractError::{Challenge, Gone, NoText, RedirectedHome};
    let read = |body: &str| {
        extract::page(
            &page("https://a.vn/tin-1.html", body.into()),
            "",
            &Layout::default(),
            now(),
        )
    };
    assert_eq!(
        read("<title>404 - Không tìm thấy trang</title><p>Trang không có").unwrap_err(),
        Gone
    );
    let cookie = "<script>document.cookie=\"D1N=abc\";location.reload()</script>";
    assert_eq!(read(cookie).unwrap_err(), Challenge("D1N"));
    assert_eq!(read("<html><body></body></html>").unwrap_err(), NoText);
    let mut home = page("https://a.vn/tin-1.html", b"<p>x".to_vec());
    home.final_url = "https://a.vn/?utm_source=x".into();
    assert_eq!(
        extract::page(&home, "", &Layout::default(), now()).unwrap_err(),
        RedirectedHome
    );
}

#[test]
fn a_page_nobody_has_described_gives_its_time_only_when_it_shows_one() {
    let read = |more: &str| {
        let body = format!(
            "<title>Tin</title><p class=post-time>- 07/03/2026 08:47</p>{more}<p>{}</p>",
            "Một câu dài. ".repeat(40)
        );
        let read = extract::page(
            &page("https://a.vn/tin-1.html", body.into()),
            "",
            &Layout::default(),
            now(),
        );
        read.unwrap().published_at
    };
    assert_eq!(read(""), date::parse("2026-03-07 08:47:00"));
    assert_eq!(read("<p class=post-time>06/03/2026 10:00</p>"), None);
}

#[test]
fn a_hostile_page_is_bounded() {
    let deep = format!("<title>x</title>{}chữ", "<div>".repeat(300_000));
    let _ = extract::page(
        &page("https://a.vn/tin-1.html", deep.into()),
        "",
        &Layout::default(),
        now(),
    );
    let formatting = format!("<p>{}chữ", "<b><i>".repeat(100_000));
    let _ = extract::page(
        &page("https://a.vn/tin-1.html", formatting.into()),
        "",
        &Layout::default(),
        now(),
    );
}

/// Mutations of the invented pages, from a seed; `MUTATIONS` many (scripts/prove fuzz runs 10,000).
#[test]
fn mutated_pages_are_read_or_refused_and_never_hang() {
    let many = std::env::var("MUTATIONS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(100);
    let mut seeds = Vec::new();
    for folder in fs::read_dir(root().join("tests/sites")).unwrap().flatten() {
        seeds.extend(fs::read(folder.path().join("article.html")).ok());
    }
    let mut state = 11_u64;
    let mut random = |below: usize| {
        // SplitMix64 (Steele et al. 2014).
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % below.max(1) as u64) as usize
    };
    let (mut refused, mut slowest) = (0, std::time::Duration::ZERO);
    for n in 0..many {
        let mut bytes = seeds[n % seeds.len()].clone();
        for _ in 0..=random(8) {
            let at = random(bytes.len());
            match random(6) {
                0 => bytes[at] = random(256) as u8,
                1 => drop(bytes.drain(at..(at + random(300)).min(bytes.len()))),
                2 => bytes.extend_from_within(at..(at + random(2000)).min(bytes.len())),
                3 => drop(bytes.splice(
                    at..at,
                    *b"<div><table><script type=\"application/ld+json\">{\"@type\":[",
                )),
                4 => drop(bytes.splice(at..at, b"<div>".repeat(random(400)))),
                _ => drop(bytes.splice(at..at, *b"\xff\xfe&#x110000;<!--")),
            }
            if bytes.is_empty() {
                bytes.push(b' ');
            }
        }
        let watch = diemtin::clock::stopwatch();
        let read = extract::page(
            &page("https://bao.example/a-1.html", bytes),
            "",
            &Layout::default(),
            now(),
        );
        refused += usize::from(read.is_err());
        slowest = slowest.max(watch.elapsed());
    }
    println!("{many} mutated pages: {refused} refused with a reason, slowest {slowest:?}, no panic");
}
