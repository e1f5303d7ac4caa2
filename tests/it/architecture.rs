//! The one-way flow of the pipeline, read from the `use crate::` and `crate::` paths of the sources.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Module → what it may import. A module may always import itself.
const ALLOWED: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("chance", &[]),
    ("model", &["text"]),
    ("clock", &["model"]),
    ("config", &["model", "private"]),
    ("catalogue", &["model", "text"]),
    ("collect", &["model", "text", "clock", "chance", "config"]),
    ("extract", &["model", "text"]),
    ("learn", &["text"]),
    ("analyse", &["model", "text", "learn"]),
    ("detect", &["model", "text"]),
    ("digest", &["model", "text"]),
    ("deliver", &["model", "text", "clock", "config"]),
    ("private", &["model", "text", "chance"]),
    ("evidence", &["model", "text", "chance", "private"]),
    ("store", &["model", "text", "clock", "private"]),
    ("search", &["model", "text", "private"]),
    ("newsroom", &["model", "text", "clock"]),
];

/// Modules that join the others and may import anything above them, lowest first.
const JOINING: &[&str] = &["pipeline", "serve", "cli"];

#[test]
fn modules_import_only_what_stands_before_them_in_the_pipeline() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let allowed: BTreeMap<_, _> = ALLOWED.iter().copied().collect();
    let mut wrong = Vec::new();
    for file in rust_files(&src) {
        let module = file
            .strip_prefix(&src)
            .unwrap()
            .components()
            .next()
            .unwrap()
            .as_os_str();
        let module = module.to_str().unwrap().trim_end_matches(".rs");
        if matches!(module, "lib" | "main") {
            continue;
        }
        for (number, line) in fs::read_to_string(&file).unwrap().lines().enumerate() {
            for target in targets(line) {
                let joins = JOINING.iter().position(|m| *m == module);
                let fine = target == module
                    || match joins {
                        Some(rank) => !JOINING[rank..].contains(&target.as_str()),
                        None => allowed.get(module).is_some_and(|list| list.contains(&target.as_str())),
                    };
                if !fine {
                    wrong.push(format!(
                        "{}:{}: {module} must not import {target}",
                        file.display(),
                        number + 1
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_has_a_place_in_the_pipeline() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let lib = fs::read_to_string(src.join("lib.rs")).unwrap();
    for line in lib.lines().filter_map(|l| l.strip_prefix("pub mod ")) {
        let name = line.trim_end_matches(';');
        let known = JOINING.contains(&name) || ALLOWED.iter().any(|(m, _)| *m == name);
        assert!(
            known,
            "lib.rs has the module {name}, which tests/it/architecture.rs does not place"
        );
    }
}

/// First path segments after `crate::` in a line, also inside braces: `crate::{model, text::fold}`.
fn targets(line: &str) -> Vec<String> {
    let code = line.split("//").next().unwrap_or_default();
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        if at > 0 && code.as_bytes()[at - 1] == b'$' {
            continue;
        }
        let rest = &code[at + 7..];
        let first = |s: &str| {
            s.trim()
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect::<String>()
        };
        if let Some(group) = rest.strip_prefix('{') {
            found.extend(group.split(',').map(first).filter(|s| !s.is_empty()));
        } else {
            found.push(first(rest));
        }
    }
    found.retain(|name| name != "word_enum");
    found
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files
}
