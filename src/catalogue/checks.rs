//! What types cannot say: ids that must exist, selectors that must parse, cases that must be there.

use std::collections::{BTreeMap, BTreeSet};

use super::files::Files;
use super::{Catalogue, DataError};
use crate::model::knowledge::TextCase;
use crate::model::source::{FeedKind, Layout, Source, Status};
use crate::text::nearest;

struct Reporter<'a> {
    files: &'a Files,
    errors: &'a mut Vec<DataError>,
}

impl Reporter<'_> {
    /// An error at the line of `path` where `value` stands.
    fn at(&mut self, path: &str, key: &str, value: &str, problem: String) {
        let line = self.files.line_of(path, value);
        self.errors.push(DataError {
            file: self.files.shown(path),
            line,
            key: key.into(),
            problem,
        });
    }

    /// An error unless every one of `ids` is among `valid`.
    fn known(&mut self, path: &str, key: &str, ids: &[String], valid: &BTreeSet<&str>) {
        for id in ids.iter().filter(|id| !valid.contains(id.as_str())) {
            let hint = nearest(id, valid.iter().copied())
                .map(|n| format!("; did you mean `{n}`?"))
                .unwrap_or_default();
            self.at(path, key, &format!("\"{id}\""), format!("`{id}` is not known{hint}"));
        }
    }
}

/// Checks one source by itself.
pub(super) fn source(source: &Source, path: &str, files: &Files, errors: &mut Vec<DataError>) {
    let mut report = Reporter { files, errors };
    if !is_id(source.id.as_str()) {
        report.at(
            path,
            "",
            "",
            "the file name is the id: lower-case letters, digits, `-` and `_` only".into(),
        );
    }
    if !(1..=3).contains(&source.rank) {
        report.at(path, "rank", "rank", format!("{} is not 1, 2 or 3", source.rank));
    }
    if let Some(home) = &source.home
        && let Err(problem) = public_address(home)
    {
        report.at(path, "home", home, problem);
    }
    let folder = path.split_once('/').map(|(folder, _)| folder);
    if let Some(folder) = folder.filter(|folder| *folder != source.kind.as_str()) {
        let problem = format!("`{}` does not belong into the folder `{folder}`", source.kind);
        report.at(path, "kind", "kind", problem);
    }
    if source.status == Status::Active && source.feeds.is_empty() {
        let problem = "is active but names no [[feed]], so nothing would ever be collected; make it a draft";
        report.at(path, "status", "status", problem.into());
    }
    if source.status == Status::Active && source.evidence.is_empty() {
        let problem = "is active without evidence; say what proves its feeds, or make it a draft";
        report.at(path, "status", "status", problem.into());
    }
    for feed in &source.feeds {
        if let Err(problem) = public_address(&feed.url) {
            report.at(path, "url", &feed.url, problem);
        }
        if feed.kind == FeedKind::Telegram && !is_channel(&feed.url) {
            let problem = "a channel's public page is https://t.me/s/NAME, without anything behind the name";
            report.at(path, "url", &feed.url, problem.into());
        }
        let problem = match (feed.kind, feed.platform) {
            (FeedKind::Bridge, None) => {
                "a bridge must say where its posts stand: platform = \"facebook\", \"tiktok\", …"
            }
            (FeedKind::Bridge, Some(_)) | (_, None) => continue,
            _ => "`platform` belongs to a feed of kind \"bridge\" only; leave it out",
        };
        report.at(path, "platform", &feed.url, problem.into());
    }
    for search in &source.searches {
        let address = search.feed("bhxh").url;
        let problem = match search.url.contains("{q}") {
            true => public_address(&address).err(),
            false => Some("has no {q} where the words to search for stand".into()),
        };
        if let Some(problem) = problem {
            report.at(path, "url", &search.url, problem);
        }
        if search.permitted.as_ref().is_some_and(|why| why.trim().is_empty()) {
            let problem = "says nothing; name what permits it, or leave it out";
            report.at(path, "permitted", "permitted", problem.into());
        }
    }
    for archive in &source.archives {
        if let Err(problem) = archive_address(&archive.url) {
            report.at(path, "url", &archive.url, problem);
        }
    }
    for layout in &source.layouts {
        selectors(layout, path, &mut report);
    }
}

/// The address of an archive: public, with known placeholders only.
fn archive_address(template: &str) -> Result<(), String> {
    let names = ["{yyyy}", "{mm}", "{m}", "{dd}", "{d}", "{n}"];
    let filled = names
        .iter()
        .fold(template.to_owned(), |text, name| text.replace(name, "1"));
    if filled.contains(['{', '}']) {
        return Err(format!(
            "`{template}` holds an unknown placeholder; there are {}",
            names.join(" ")
        ));
    }
    public_address(&filled)
}

/// An address of a source file: http(s), a host by name, no private literal.
fn public_address(address: &str) -> Result<(), String> {
    let url = url::Url::parse(address).map_err(|error| format!("`{address}` is not an address: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("`{address}` must begin with http:// or https://"));
    }
    match url.host() {
        Some(url::Host::Domain(name)) if name != "localhost" && name.contains('.') => Ok(()),
        _ => Err(format!(
            "`{address}` must name a public host; private addresses belong into the configuration"
        )),
    }
}

/// Whether an address is the public page of a Telegram channel.
fn is_channel(address: &str) -> bool {
    let name = address.split_once("://t.me/s/").map(|(_, name)| name);
    name.is_some_and(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

fn selectors(layout: &Layout, path: &str, report: &mut Reporter<'_>) {
    let lists = [
        ("title", &layout.title),
        ("summary", &layout.summary),
        ("body", &layout.body),
        ("author", &layout.author),
        ("published", &layout.published),
        ("modified", &layout.modified),
        ("drop", &layout.drop),
        ("links", &layout.links),
    ];
    for (key, list) in lists {
        for selector in list {
            let css = selector.rsplit_once('@').map_or(selector.as_str(), |(css, _)| css);
            if let Err(error) = scraper::Selector::parse(css) {
                report.at(
                    path,
                    key,
                    selector,
                    format!("`{selector}` is not a CSS selector: {error}"),
                );
            }
        }
    }
    if let Some(pattern) = &layout.article_url
        && let Err(error) = regex::Regex::new(pattern)
    {
        report.at(
            path,
            "article_url",
            "article_url",
            format!("is not a regular expression: {error}"),
        );
    }
}

/// Checks what files say of one another.
pub(super) fn cross_check(catalogue: &Catalogue, sources: &Files, alerts: &Files, errors: &mut Vec<DataError>) {
    let knowledge = &catalogue.knowledge;
    let topics: BTreeSet<&str> = knowledge.topics.iter().map(|t| t.id.as_str()).collect();
    let facts: BTreeSet<&str> = knowledge.all_facts().map(|f| f.id.as_str()).collect();
    let departments: BTreeSet<&str> = knowledge.departments.keys().map(String::as_str).collect();
    let audiences: BTreeSet<&str> = knowledge.audiences.keys().map(String::as_str).collect();
    let provinces: BTreeSet<&str> = knowledge.provinces.provinces.iter().map(|p| p.id.as_str()).collect();
    let families: BTreeSet<&str> = catalogue.families.keys().map(String::as_str).collect();

    let mut report = Reporter { files: sources, errors };
    for family in catalogue.families.values() {
        selectors(&family.layout, &format!("families/{}.toml", family.id), &mut report);
    }
    let mut addresses: BTreeMap<&str, &str> = BTreeMap::new();
    for source in &catalogue.sources {
        let path = path_of(source, sources);
        report.known(&path, "family", source.family.as_slice(), &families);
        report.known(&path, "province", source.province.as_slice(), &provinces);
        for feed in &source.feeds {
            if let Some(other) = addresses.insert(&feed.url, source.id.as_str()) {
                report.at(
                    &path,
                    "url",
                    &feed.url,
                    format!("`{}` stands in {other} already", feed.url),
                );
            }
        }
    }

    if knowledge
        .topics
        .iter()
        .all(|topic| !alerts.has(&format!("topics/{}.toml", topic.id)))
    {
        return; // the knowledge was checked when it was read; only the sources are new
    }
    let mut report = Reporter { files: alerts, errors };
    for topic in &knowledge.topics {
        let path = format!("topics/{}.toml", topic.id);
        report.known(&path, "department", &topic.department, &departments);
        report.known(&path, "audiences", &topic.audiences, &audiences);
        demand_cases(&path, &topic.cases, false, &mut report);
    }
    for rumour in &knowledge.rumours {
        let path = format!("rumours/{}.toml", rumour.id);
        report.known(&path, "departments", &rumour.departments, &departments);
        report.known(&path, "refuted_by", &rumour.refuted_by, &facts);
        if !(1..=5).contains(&rumour.severity) {
            report.at(
                &path,
                "severity",
                "severity",
                format!("{} is not 1 to 5", rumour.severity),
            );
        }
        demand_cases(&path, &rumour.cases, true, &mut report);
    }
    let mut seen = BTreeSet::new();
    for fact in knowledge.all_facts() {
        let path = fact_path(&fact.id, alerts);
        report.known(&path, "topics", &fact.topics, &topics);
        if !seen.insert(&fact.id) {
            report.at(
                &path,
                "id",
                &format!("\"{}\"", fact.id),
                format!("the fact `{}` stands here twice", fact.id),
            );
        }
        if matches!((fact.valid_from, fact.valid_to), (Some(from), Some(to)) if from > to) {
            report.at(
                &path,
                "valid_to",
                &format!("\"{}\"", fact.id),
                format!("`{}` ends before it begins", fact.id),
            );
        }
    }
    for rule in &knowledge.rules {
        let path = format!("rules/{}.toml", rule.id);
        report.known(&path, "topics", &rule.topics, &topics);
        if rule.levels.is_empty() || !rule.levels.is_sorted_by(|a, b| a.level <= b.level) {
            report.at(&path, "level", "[[level]]", "needs levels, lowest first".into());
        }
        if rule.cases.is_empty() {
            report.at(&path, "case", "", "needs at least one [[case]] that proves it".into());
        }
    }
}

fn demand_cases(path: &str, cases: &[TextCase], also_negative: bool, report: &mut Reporter<'_>) {
    if !cases.iter().any(|case| case.matches == Some(true)) {
        report.at(path, "case", "", "needs at least one [[case]] with match = true".into());
    }
    if also_negative && !cases.iter().any(|case| case.matches == Some(false)) {
        report.at(
            path,
            "case",
            "",
            "needs at least one [[case]] with match = false".into(),
        );
    }
}

fn is_id(id: &str) -> bool {
    !id.is_empty()
        && id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'))
}

fn path_of(source: &Source, files: &Files) -> String {
    let name = format!("{}.toml", source.id);
    files.path_ending(&name).unwrap_or(name)
}

fn fact_path(id: &str, files: &Files) -> String {
    files
        .path_with(&format!("id = \"{id}\""))
        .unwrap_or_else(|| "facts".into())
}
