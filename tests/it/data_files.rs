//! The data files are valid, prove themselves, and a wrong one is named with file, line and the nearest valid name.

use std::path::Path;

use diemtin::catalogue;
use diemtin::pipeline::cases;

#[test]
fn every_data_file_proves_itself() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let loaded = catalogue::load(Some(&root.join("sources")), Some(&root.join("alerts"))).unwrap();
    let report = cases::run(&loaded, Some(&root.join("tests/sites")));
    assert!(report.failures.is_empty(), "{}", report.failures.join("\n"));
    assert_eq!(report.left_out, 0, "every page that a source file names is there");
    let knowledge = &loaded.knowledge;
    let counts = (
        knowledge.topics.len(),
        knowledge.rumours.len(),
        knowledge.all_facts().count(),
    );
    assert_eq!(counts, (29, 42, 161));
    assert!(loaded.sources.len() >= 25);
}

#[test]
fn what_is_compiled_in_is_what_lies_in_the_folders() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = catalogue::load(Some(&root.join("sources")), Some(&root.join("alerts"))).unwrap();
    let embedded = catalogue::load(None, None).unwrap();
    assert_eq!(folders.knowledge, embedded.knowledge);
    assert_eq!(folders.sources, embedded.sources);
}

fn refusals(file: &str, text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    catalogue::load(Some(folder.path()), None).unwrap_err().to_string()
}

const SOURCE: &str =
    "name = \"Báo Thử\"\nkind = \"press\"\nrank = 1\nchannel = \"bao_chi\"\nstatus = \"draft\"\nchecked = 2026-11-20\n";

#[test]
fn an_unknown_key_is_named_with_file_line_and_the_nearest_valid_name() {
    let text = format!("{SOURCE}hime = \"https://bao.example\"\n");
    let error = refusals("press/bao-thu.toml", &text);
    assert!(error.contains("press/bao-thu.toml:7: hime"), "{error}");
    assert!(error.contains("did you mean `home`?"), "{error}");
}

#[test]
fn all_errors_of_a_file_are_reported_at_once() {
    let feed = "[[feed]]\nurl = \"http://127.0.0.1/rss\"\n[[article]]\nbody = [\"div[\"]\n";
    let error = refusals(
        "press/bao-thu.toml",
        &format!("{}{feed}", SOURCE.replace("rank = 1", "rank = 7")),
    );
    assert!(error.contains("7 is not 1, 2 or 3"), "{error}");
    assert!(error.contains("must name a public host"), "{error}");
    assert!(error.contains("`div[` is not a CSS selector"), "{error}");
    assert!(error.contains("3 errors"), "{error}");
}

#[test]
fn a_family_that_does_not_exist_is_answered_with_the_nearest_one() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("families")).unwrap();
    std::fs::create_dir_all(folder.path().join("press")).unwrap();
    let family = "name = \"VCCorp\"\nevidence = \"thử\"\n[layout]\nbody = [\"div\"]\n";
    std::fs::write(folder.path().join("families/vccorp.toml"), family).unwrap();
    std::fs::write(
        folder.path().join("press/bao-thu.toml"),
        format!("{SOURCE}family = \"vcorp\"\n"),
    )
    .unwrap();
    let error = catalogue::load(Some(folder.path()), None).unwrap_err().to_string();
    assert!(
        error.contains("`vcorp` is not known; did you mean `vccorp`?"),
        "{error}"
    );
}

#[test]
fn the_table_of_sources_in_the_docs_is_current() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_diemtin"))
        .args(["check", "--table"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let table = String::from_utf8(output.stdout).unwrap();
    let kept =
        std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/sources.md")).unwrap();
    assert!(table == kept, "run: diemtin check --table > docs/sources.md");
}

#[test]
fn an_archive_has_known_placeholders_only() {
    let archive = "[[archive]]\nurl = \"https://bao.example/{nam}.xml\"\nkind = \"sitemap\"\n";
    let error = refusals("press/bao-thu.toml", &format!("{SOURCE}{archive}"));
    assert!(error.contains("unknown placeholder"), "{error}");
}

#[test]
fn every_province_has_the_portal_of_its_office_in_the_catalogue() {
    let catalogue = catalogue::load(None, None).unwrap();
    let provinces = &catalogue.knowledge.provinces.provinces;
    assert_eq!(provinces.len(), 34);
    for province in provinces {
        let is_its = |s: &&diemtin::model::source::Source| {
            s.province.as_deref() == Some(province.id.as_str()) && s.channel == diemtin::model::source::Channel::Own
        };
        assert!(catalogue.sources.iter().any(|s| is_its(&s)), "{}", province.id);
    }
}

#[test]
fn an_active_source_must_be_collectable_and_say_what_proves_it() {
    let text = SOURCE.replace("status = \"draft\"", "status = \"active\"");
    let text: String = text
        .lines()
        .filter(|l| !l.starts_with("evidence"))
        .map(|l| format!("{l}\n"))
        .collect();
    let error = refusals("portal/bao-thu.toml", &format!("{text}home = \"khong phai dia chi\"\n"));
    for problem in [
        "is not an address",
        "does not belong into the folder `portal`",
        "names no [[feed]]",
        "without evidence",
    ] {
        assert!(error.contains(problem), "{problem}: {error}");
    }
}

#[test]
fn a_search_page_is_asked_only_once_it_is_permitted() {
    let file = |lines: &str| {
        let text = format!(
            "name = \"Báo mẫu\"\nkind = \"press\"\nhome = \"https://baomau.vn/\"\nrank = 2\nchannel = \"bao_chi\"\nstatus = \"draft\"\n\
             checked = \"2026-11-20\"\n[[search]]\nurl = \"https://baomau.vn/tim?q={lines}\n"
        );
        let base = diemtin::catalogue::load(None, None).unwrap();
        base.with_sources(&[("press/baomau.toml".into(), text)])
    };
    assert_eq!(file("{q}\"").unwrap().sources[0].feeds, []);
    let permitted = file("{q}\"\npermitted = \"robots.txt of 2026-11-20 allows /tim\"").unwrap();
    let asked: Vec<_> = permitted.sources[0]
        .feeds
        .iter()
        .map(|feed| feed.url.as_str())
        .collect();
    assert_eq!(asked.len(), permitted.knowledge.relevance.search.len());
    assert_eq!(
        asked[0],
        "https://baomau.vn/tim?q=b%E1%BA%A3o+hi%E1%BB%83m+x%C3%A3+h%E1%BB%99i"
    );
    let error = file("bhxh\"").unwrap_err().to_string();
    assert!(error.contains("{q}"), "{error}");
}
