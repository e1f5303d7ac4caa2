//! Search with filters, and its export.

use askama::Template;
use axum::extract::{Query, State as Given};
use axum::http::{HeaderMap, header};
use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;

use super::{Frame, Page, page};
use crate::model::user::Role;
use crate::pipeline::searching::{SearchingError, export_rows};
use crate::search::{Field, Filter};
use crate::serve::login::Viewer;
use crate::serve::shown::Shown;
use crate::serve::{Failure, Site, State};

/// Hits on one page, and rows of one export.
const PAGE: usize = 20;
const EXPORT: usize = 20_000;

/// What the form of the page sends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::serve) struct Asked {
    q: String,
    from: String,
    to: String,
    /// Any text: also what does not concern the sector.
    all: String,
    page: usize,
}

impl Asked {
    fn filter(&self) -> Result<Filter, String> {
        let (from, to) = crate::text::date::span(Some(&self.from), Some(&self.to))?;
        Ok(Filter {
            from,
            to,
            relevant_only: self.all.is_empty(),
        })
    }

    /// The address that asks for the same with another query or page.
    fn address(&self, path: &str, q: &str, page: usize) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let page = if page == 0 { String::new() } else { page.to_string() };
        let fields = [
            ("q", q),
            ("from", &self.from),
            ("to", &self.to),
            ("all", &self.all),
            ("page", &page),
        ];
        for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        format!("{path}?{}", query.finish())
    }
}

/// A value of a facet: its name, how many, and the search narrowed to it.
struct Narrower {
    name: String,
    count: u64,
    address: String,
}

#[derive(Template)]
#[template(path = "web/search.html", blocks = ["results"])]
struct SearchPage {
    frame: Frame,
    asked: Asked,
    problem: String,
    total: usize,
    items: Vec<Shown>,
    facets: Vec<(&'static str, Vec<Narrower>)>,
    previous: Option<String>,
    next: Option<String>,
    export: Option<String>,
    behind: i64,
}

pub(in crate::serve) async fn search(
    Given(site): Given<State>,
    viewer: Viewer,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Page {
    let mut found = SearchPage {
        frame: Frame::of(&site, &viewer),
        export: (viewer.role >= Role::Analyst).then(|| asked.address("/search.csv", &asked.q, 0)),
        behind: site.searching.behind().await?,
        asked,
        problem: String::new(),
        total: 0,
        items: Vec::new(),
        facets: Vec::new(),
        previous: None,
        next: None,
    };
    match fill(&site, &mut found).await {
        Err(Failure::Wrong(problem)) => found.problem = problem,
        other => other?,
    }
    match headers.contains_key("hx-request") {
        true => Ok(Html(found.as_results().render()?)),
        false => page(&found),
    }
}

async fn fill(site: &State, page: &mut SearchPage) -> Result<(), Failure> {
    let asked = page.asked.clone();
    let filter = asked.filter().map_err(Failure::Wrong)?;
    let start = asked.page * PAGE;
    let found = site.searching.search(&asked.q, filter, PAGE, start).await?;
    page.total = found.total;
    page.items = Shown::all(site, found.items);
    page.facets = found
        .facets
        .into_iter()
        .filter(|(_, values)| values.len() > 1)
        .map(|(field, values)| (heading(field), narrowers(site, &asked, field, values)))
        .collect();
    let to = |number: usize| asked.address("/search", &asked.q, number);
    page.previous = asked.page.checked_sub(1).map(to);
    page.next = (start + PAGE < found.total).then(|| to(asked.page + 1));
    Ok(())
}

fn heading(field: Field) -> &'static str {
    match field {
        Field::Sentiment => "Sắc thái",
        Field::Topic => "Chủ đề",
        Field::Platform => "Nền tảng",
        Field::Source => "Nguồn",
        Field::ContentKind => "Dạng nội dung",
        Field::Verdict => "Kiểm chứng",
        Field::Province => "Địa phương",
        other => other.label(),
    }
}

fn narrowers(site: &Site, asked: &Asked, field: Field, values: Vec<(String, u64)>) -> Vec<Narrower> {
    let narrower = |(id, count): (String, u64)| {
        let name = site.searching.vocabulary.label(field, &id).to_owned();
        let condition = match id.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.')) {
            true => format!("{}:{id}", field.label()),
            false => format!("{}:\"{id}\"", field.label()),
        };
        let q = match asked.q.trim() {
            "" => condition,
            q if q.contains("OR") || q.contains("HOẶC") || q.contains('|') => format!("({q}) {condition}"),
            q => format!("{q} {condition}"),
        };
        Narrower {
            name,
            count,
            address: asked.address("/search", &q, 0),
        }
    };
    values.into_iter().take(12).map(narrower).collect()
}

/// All hits as CSV that Excel opens with its accents.
pub(in crate::serve) async fn export(
    Given(site): Given<State>,
    viewer: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    viewer.must_be(Role::Analyst)?;
    let filter = asked.filter().map_err(Failure::Wrong)?;
    let found = site.searching.search(&asked.q, filter, EXPORT, 0).await;
    let found = found.map_err(|error: SearchingError| Failure::from(error))?;
    let mut csv = String::from("\u{feff}");
    if site.config.agency.is_sample {
        csv.push_str("DỮ LIỆU MẪU – KHÔNG CÓ THẬT\r\n");
    }
    let (columns, rows) = export_rows(&found.items, site.clock.now());
    for row in std::iter::once(columns.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>()).chain(rows) {
        let cells: Vec<String> = row.iter().map(|cell| quoted(cell)).collect();
        csv.push_str(&cells.join(","));
        csv.push_str("\r\n");
    }
    let now = site.clock.now();
    site.store
        .audit(now, &viewer.name, "export", &asked.q, &found.total.to_string())
        .await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"diemtin.csv\""),
    ];
    Ok((headers, csv).into_response())
}

/// A cell (RFC 4180) that a spreadsheet cannot take for a formula.
fn quoted(cell: &str) -> String {
    let guard = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        "'"
    } else {
        ""
    };
    format!("\"{guard}{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_cell_is_quoted_and_no_formula() {
        assert_eq!(quoted("a \"b\", c"), "\"a \"\"b\"\", c\"");
        assert_eq!(quoted("=1+1"), "\"'=1+1\"");
    }
}
