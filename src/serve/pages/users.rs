//! Users, for the administrator. Users are managed on the command line (`diemtin user`).

use askama::Template;
use axum::extract::State as Given;

use super::{Frame, Page, page};
use crate::model::user::Role;
use crate::serve::State;
use crate::serve::login::Viewer;
use crate::store::User;

#[derive(Template)]
#[template(path = "web/users.html")]
struct Users {
    frame: Frame,
    users: Vec<User>,
}

pub(in crate::serve) async fn users(Given(site): Given<State>, viewer: Viewer) -> Page {
    viewer.must_be(Role::Administrator)?;
    page(&Users {
        frame: Frame::of(&site, &viewer),
        users: site.store.list_users().await?,
    })
}
