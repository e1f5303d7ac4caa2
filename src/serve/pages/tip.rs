//! "Tin báo": the form by which officers and provinces hand in what citizens report.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State as Given;
use axum::response::{IntoResponse, Response};

use super::capture::{Answer, Row, after, rows, taken};
use super::{Frame, Page};
use crate::model::capture::{Arrival, CaptureForm};
use crate::model::item::{Access, Platform};
use crate::model::knowledge::Province;
use crate::pipeline::capturing::Hand;
use crate::serve::login::Viewer;
use crate::serve::posted::Uploaded;
use crate::serve::shown::shown;
use crate::serve::{Failure, State};

#[derive(Template)]
#[template(path = "web/tip.html")]
struct TipPage<'a> {
    frame: Frame,
    fields: &'a BTreeMap<String, String>,
    answer: Answer,
    provinces: &'a [Province],
    rows: Vec<Row>,
}

impl TipPage<'_> {
    fn value(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    fn province(&self, id: &str) -> &str {
        let found = self.provinces.iter().find(|province| province.id == id);
        found.map_or("", |province| province.name.as_str())
    }
}

async fn shown_page(site: &State, viewer: &Viewer, fields: &BTreeMap<String, String>, answer: Answer) -> Page {
    super::page(&TipPage {
        frame: Frame::of(site, viewer),
        fields,
        answer,
        provinces: &site.catalogue.knowledge.provinces.provinces,
        rows: rows(site, Access::Tip).await?,
    })
}

pub(in crate::serve) async fn form(Given(site): Given<State>, viewer: Viewer) -> Page {
    shown_page(&site, &viewer, &BTreeMap::new(), Answer::Nothing).await
}

pub(in crate::serve) async fn take(
    Given(site): Given<State>,
    viewer: Viewer,
    uploaded: Uploaded,
) -> Result<Response, Failure> {
    let answer = match hand(&site, &viewer, &uploaded.fields) {
        Ok(hand) => taken(&site, CaptureForm::Tip, &uploaded, hand).await?,
        Err(problem) => Answer::Refused(problem),
    };
    let none = BTreeMap::new();
    let (status, fields) = after(&answer, &uploaded.fields, &none);
    Ok((status, shown_page(&site, &viewer, fields, answer).await?).into_response())
}

/// Where a tip comes from and how it arrived; both may be left open.
fn hand(site: &State, viewer: &Viewer, fields: &BTreeMap<String, String>) -> Result<Hand, String> {
    let given = |name: &str| fields.get(name).map_or("", |value| value.trim());
    let province = match given("province") {
        "" => None,
        word => {
            let found = site.catalogue.knowledge.provinces.find(word);
            Some(found.ok_or("Địa phương: không có trong danh sách")?.id.clone())
        }
    };
    let arrival = match given("arrival") {
        "" => None,
        word => Some(word.parse().map_err(|_| "Kênh tiếp nhận: không có trong danh sách")?),
    };
    Ok(Hand {
        user: viewer.name.clone(),
        province,
        arrival,
    })
}
