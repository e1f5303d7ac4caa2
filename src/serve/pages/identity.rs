//! "Mở danh tính": what names the person behind an item, for a stated reason, shown once and written down first.

use askama::Template;
use axum::extract::{Path, State as Given};
use axum::response::{Html, IntoResponse, Response};

use super::Frame;
use super::items::{PLAIN, bytes_of, named};
use crate::model::ItemId;
use crate::model::capture::KeptPicture;
use crate::private::person::Identity;
use crate::serve::login::{Posted, Viewer};
use crate::serve::{Failure, State};
use crate::store::ItemView;

/// Shortest reason in characters: a case or a letter is named, not "xem".
pub const SHORTEST_REASON: usize = 10;

#[derive(Template)]
#[template(path = "web/identity.html")]
struct IdentityPage {
    frame: Frame,
    id: ItemId,
    has_snapshot: bool,
    pictures: Vec<KeptPicture>,
    shortest: usize,
    /// `None` before the form is sent; what was found after.
    opened: Option<Option<Identity>>,
}

impl IdentityPage {
    async fn shown(
        site: &State,
        viewer: &Viewer,
        view: &ItemView,
        opened: Option<Option<Identity>>,
    ) -> Result<Response, Failure> {
        let page = IdentityPage {
            frame: Frame::of(site, viewer),
            id: view.item.id.clone(),
            has_snapshot: view.snapshot.is_some(),
            pictures: site.store.pictures_of(&view.item.id).await?,
            shortest: SHORTEST_REASON,
            opened,
        };
        Ok(Html(page.render()?).into_response())
    }
}

async fn found(site: &State, viewer: &Viewer, id: String) -> Result<ItemView, Failure> {
    viewer.must_open_identities()?;
    site.store.find_item_view(&ItemId(id)).await?.ok_or(Failure::NotFound)
}

pub(in crate::serve) async fn form(
    Given(site): Given<State>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let view = found(&site, &viewer, id).await?;
    IdentityPage::shown(&site, &viewer, &view, None).await
}

pub(in crate::serve) async fn open(
    Given(site): Given<State>,
    viewer: Viewer,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Failure> {
    let view = found(&site, &viewer, id).await?;
    let (reason, now) = (posted.field("reason"), site.clock.now());
    if reason.chars().count() < SHORTEST_REASON {
        return Err(Failure::Wrong(format!(
            "Cần nêu lý do, ít nhất {SHORTEST_REASON} ký tự: vụ việc hoặc văn bản yêu cầu."
        )));
    }
    let (what, id) = (posted.field("what"), &view.item.id);
    if what != "identity" {
        let (bytes, media_type) = match what {
            "snapshot" => (view.snapshot.clone(), PLAIN.to_owned()),
            name => {
                let picture = named(&site, id, name).await?;
                (Some(picture.name), picture.media_type)
            }
        };
        site.store
            .audit(now, &viewer.name, "snapshot", id.as_str(), reason)
            .await?;
        return bytes_of(&site, bytes, &media_type).await;
    }
    let opened = site
        .store
        .open_identity(&view.item.id, &viewer.name, reason, now)
        .await?;
    IdentityPage::shown(&site, &viewer, &view, Some(opened)).await
}
