//! Runs the cases that the data files carry: what `diemtin check` proves.

use std::path::Path;

use chrono::NaiveDate;

use crate::analyse::{Analyser, Context};
use crate::catalogue::Catalogue;
use crate::model::analysis::{Analysis, Verdict};
use crate::model::item::{Access, Engagement, Item, ItemKind, Platform};
use crate::model::knowledge::TextCase;
use crate::model::page::Page;
use crate::model::source::{PageCase, Source};
use crate::model::{ItemId, SourceId, Time, vietnam};

/// What a run of all cases found.
#[derive(Debug, Default)]
pub struct Report {
    /// Cases run.
    pub ran: usize,
    /// Each failed case: file, what was expected, what came out.
    pub failures: Vec<String>,
    /// Page cases left out because their pages are not here (they live in the repository, not in the program).
    pub left_out: usize,
}

impl Report {
    fn expect(&mut self, file: &str, case: &str, holds: bool, problem: impl FnOnce() -> String) {
        if !holds {
            self.failures
                .push(format!("{file}: case `{}`: {}", shorten(case), problem()));
        }
    }
}

/// Runs every case of `catalogue`; pages are looked up in `sites` (`tests/sites` of the repository).
pub fn run(catalogue: &Catalogue, sites: Option<&Path>) -> Report {
    let mut report = Report::default();
    texts(catalogue, &mut report);
    for source in &catalogue.sources {
        for case in &source.cases {
            match sites
                .map(|folder| folder.join(source.id.as_str()).join(&case.page))
                .filter(|path| path.is_file())
            {
                Some(path) => page(catalogue, source, case, &path, &mut report),
                None => report.left_out += 1,
            }
        }
    }
    report
}

fn texts(catalogue: &Catalogue, report: &mut Report) {
    let knowledge = &catalogue.knowledge;
    let analyser = Analyser::new(knowledge);
    for case in &knowledge.relevance.cases {
        check_text(&analyser, "alerts/relevance.toml", case, |_| None, report);
    }
    for topic in &knowledge.topics {
        let file = format!("alerts/topics/{}.toml", topic.id);
        for case in &topic.cases {
            check_text(
                &analyser,
                &file,
                case,
                |a| Some(a.topics.iter().any(|t| t.id == topic.id)),
                report,
            );
        }
    }
    for rumour in &knowledge.rumours {
        let file = format!("alerts/rumours/{}.toml", rumour.id);
        for case in &rumour.cases {
            check_text(&analyser, &file, case, |a| Some(asserts(a, &rumour.id)), report);
        }
    }
    for (file, cases) in knowledge
        .facts
        .iter()
        .map(|f| (format!("alerts/facts: {}", f.subject), &f.cases))
    {
        for case in cases {
            check_text(&analyser, &file, case, |_| None, report);
        }
    }
    for case in &knowledge.provinces.cases {
        check_text(&analyser, "alerts/provinces.toml", case, |_| None, report);
    }
}

/// Whether the text was found to assert the rumour: flagged, or as far as its cap allows.
fn asserts(analysis: &Analysis, rumour: &str) -> bool {
    let verdict = analysis.misinformation.verdict;
    analysis.misinformation.rumour_id.as_deref() == Some(rumour)
        && (verdict.is_flagged() || verdict == Verdict::NeedsCheck)
}

fn check_text(
    analyser: &Analyser,
    file: &str,
    case: &TextCase,
    matched: impl Fn(&Analysis) -> Option<bool>,
    report: &mut Report,
) {
    report.ran += 1;
    let at = noon(case.at.unwrap_or_else(default_day));
    let context = Context {
        thread: case.thread.as_deref(),
        parent: None,
        at,
        source_province: None,
        fold: false,
    };
    let found = analyser.analyse(&item_of(case, at), &context);
    if let Some(expected) = case.matches {
        let got = matched(&found).unwrap_or(found.relevant);
        report.expect(file, &case.text, got == expected, || {
            let what = if expected {
                "expected a match"
            } else {
                "expected no match"
            };
            format!("{what}; found topics {:?}, {:?}", ids(&found), found.misinformation)
        });
    }
    if let Some(expected) = case.relevant {
        report.expect(file, &case.text, found.relevant == expected, || {
            format!("expected relevant = {expected}")
        });
    }
    if let Some(expected) = case.verdict {
        let got = found.misinformation.verdict;
        report.expect(file, &case.text, got == expected, || {
            format!("expected {expected}, found {got}")
        });
    }
    if let Some(fact) = &case.fact {
        let got = found
            .misinformation
            .facts
            .iter()
            .find(|f| f.id == *fact)
            .map(|f| f.verdict);
        report.expect(file, &case.text, got == case.fact_verdict, || {
            format!(
                "fact {fact}: expected {:?}, found {got:?} of {:?}",
                case.fact_verdict, found.misinformation.facts
            )
        });
    }
    if let Some(expected) = &case.provinces {
        report.expect(file, &case.text, found.provinces == *expected, || {
            format!("expected provinces {expected:?}, found {:?}", found.provinces)
        });
    }
}

fn ids(analysis: &Analysis) -> Vec<&str> {
    analysis.topics.iter().map(|t| t.id.as_str()).collect()
}

fn page(catalogue: &Catalogue, source: &Source, case: &PageCase, path: &Path, report: &mut Report) {
    report.ran += 1;
    let file = format!("sources: {}", source.id);
    let body = match std::fs::read(path) {
        Ok(body) => body,
        Err(error) => {
            return report
                .failures
                .push(format!("{file}: cannot read {}: {error}", path.display()));
        }
    };
    let now = noon(source.checked);
    let layout = catalogue.layout(source, source.checked);
    if !case.links.is_empty() {
        let html = crate::text::decode::decode(&body, None).text;
        let links: Vec<_> = crate::collect::listing::links(&html, &case.url, &layout)
            .into_iter()
            .map(|l| l.url)
            .collect();
        report.expect(&file, &case.page, links == case.links, || {
            format!("found the links {links:?}")
        });
        return;
    }
    let fetched = Page {
        url: case.url.clone(),
        final_url: case.url.clone(),
        status: 200,
        content_type: Some("text/html".into()),
        etag: None,
        last_modified: None,
        body,
        fetched_at: now,
        exchanges: Vec::new(),
    };
    match crate::extract::page(&fetched, source.family.as_deref().unwrap_or_default(), &layout, now) {
        Err(error) => report.failures.push(format!("{file}: case `{}`: {error}", case.page)),
        Ok(found) => {
            if let Some(title) = &case.title {
                report.expect(&file, &case.page, found.title == *title, || {
                    format!("found the title `{}`", found.title)
                });
            }
            if let Some(time) = &case.published_at {
                let expected = crate::text::date::parse(time);
                report.expect(&file, &case.page, found.published_at == expected, || {
                    format!("expected {time}, found {:?}", found.published_at)
                });
            }
            for phrase in &case.contains {
                report.expect(&file, &case.page, found.text.contains(phrase), || {
                    format!("the text lacks `{phrase}`")
                });
            }
            for phrase in &case.lacks {
                report.expect(&file, &case.page, !found.text.contains(phrase), || {
                    format!("the text has `{phrase}`")
                });
            }
        }
    }
}

fn item_of(case: &TextCase, at: Time) -> Item {
    let kind = case.kind.unwrap_or(ItemKind::Post);
    Item {
        id: ItemId::from("case"),
        kind,
        platform: if kind == ItemKind::Press {
            Platform::Press
        } else {
            Platform::Facebook
        },
        source: SourceId::from("case"),
        source_rank: 3,
        access: Access::Public,
        url: None,
        title: case.title.clone(),
        text: case.text.clone(),
        author: None,
        lang: None,
        published_at: Some(at),
        collected_at: Some(at),
        parent: None,
        thread: case.thread.clone(),
        repost_of: None,
        engagement: Engagement::default(),
    }
}

/// The day cases without a date are read as: the day the knowledge was first written down.
fn default_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 20).expect("a calendar day")
}

fn noon(day: NaiveDate) -> Time {
    let naive = day.and_hms_opt(12, 0, 0).expect("noon is a time of day");
    naive
        .and_local_timezone(vietnam())
        .single()
        .expect("a fixed offset has one local time")
}

fn shorten(text: &str) -> String {
    match text.chars().count() {
        0..=60 => text.to_owned(),
        _ => format!("{}…", text.chars().take(60).collect::<String>()),
    }
}
