//! "Báo tin, bài bỏ sót": the form, the answer, and all cases so far.

use askama::Template;
use axum::extract::State as Given;

use super::{Frame, Page, page};
use crate::model::ItemId;
use crate::pipeline::recall::Answer;
use crate::serve::login::{Posted, Viewer};
use crate::serve::shown::shown;
use crate::serve::{Failure, State};
use crate::store::Missed;

/// Cases shown.
const CASES: i64 = 200;

struct Case {
    missed: Missed,
    /// The item, once it is in the archive.
    item: Option<ItemId>,
}

#[derive(Template)]
#[template(path = "web/missed.html")]
struct MissedPage {
    frame: Frame,
    answer: Option<Answer>,
    cases: Vec<Case>,
}

impl MissedPage {
    fn found(&self) -> usize {
        self.cases.iter().filter(|case| case.item.is_some()).count()
    }
}

async fn shown_page(site: &State, viewer: &Viewer, answer: Option<Answer>) -> Page {
    let mut cases = Vec::new();
    for missed in site.service.store.list_missed(CASES).await? {
        let item = site.service.store.find_item(&ItemId::from_url(&missed.url)).await?;
        cases.push(Case {
            missed,
            item: item.map(|item| item.id),
        });
    }
    page(&MissedPage {
        frame: Frame::of(site, viewer),
        answer,
        cases,
    })
}

pub(in crate::serve) async fn form(Given(site): Given<State>, viewer: Viewer) -> Page {
    shown_page(&site, &viewer, None).await
}

pub(in crate::serve) async fn report(Given(site): Given<State>, viewer: Viewer, posted: Posted) -> Page {
    let answer = site
        .service
        .report_missed(posted.field("url"), posted.field("note"), &viewer.name)
        .await?;
    let answer = answer.ok_or_else(|| Failure::Wrong("cần một địa chỉ bắt đầu bằng http:// hoặc https://".into()))?;
    shown_page(&site, &viewer, Some(answer)).await
}
