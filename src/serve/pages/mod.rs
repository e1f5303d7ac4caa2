//! The pages. Wording and layout stand in `templates/web/`.

pub(super) mod alerts;

pub(super) mod audit;

pub(super) mod capture;

pub(super) mod digests;

pub(super) mod identity;

pub(super) mod items;

pub(super) mod missed;

pub(super) mod search;

pub(super) mod sources;

pub(super) mod tip;

pub(super) mod today;

pub(super) mod users;

use askama::Template;
use axum::response::Html;

use super::login::Viewer;
use super::shown::shown;
use super::{Failure, Site};
use crate::model::user::Role;

type Page = Result<Html<String>, Failure>;

/// What the frame of every page needs.
pub(super) struct Frame {
    pub agency: String,
    pub is_sample: bool,
    pub now: String,
    /// Who is logged in; empty for nobody.
    pub user: String,
    pub role: &'static str,
    pub csrf: String,
    pub has_session: bool,
    pub is_administrator: bool,
    pub is_editor: bool,
}

impl Frame {
    /// The frame of a page for this viewer.
    pub fn of(site: &Site, viewer: &Viewer) -> Self {
        Self {
            user: viewer.name.clone(),
            role: viewer.role.label(),
            csrf: viewer.csrf.clone(),
            has_session: viewer.has_session,
            is_administrator: viewer.role == Role::Administrator,
            is_editor: viewer.role >= Role::Editor,
            ..Self::nobody(site)
        }
    }

    /// The frame of a page for somebody who is not logged in.
    pub fn nobody(site: &Site) -> Self {
        Self {
            agency: site.config.agency.name.clone(),
            is_sample: site.config.agency.is_sample,
            now: shown(&site.clock.now()),
            user: String::new(),
            role: "",
            csrf: String::new(),
            has_session: false,
            is_administrator: false,
            is_editor: false,
        }
    }
}

fn page(template: &impl Template) -> Page {
    Ok(Html(template.render()?))
}

/// The day that pages without a period show.
fn last_day(site: &Site) -> (crate::model::Time, crate::model::Time) {
    let now = site.clock.now();
    (now - chrono::Duration::hours(24), now)
}
