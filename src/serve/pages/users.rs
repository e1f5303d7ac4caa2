//! Users and the audit log, for the administrator. Users are managed on the command line (`diemtin user`).

use askama::Template;
use axum::extract::State as Given;

use super::{Frame, Page, page};
use crate::model::user::Role;
use crate::serve::State;
use crate::serve::login::Viewer;
use crate::serve::shown::shown;
use crate::store::{AuditLine, User};

#[derive(Template)]
#[template(path = "web/users.html")]
struct Users {
    frame: Frame,
    users: Vec<User>,
    lines: Vec<AuditLine>,
}

/// What was done, in words.
fn action(name: &str) -> &str {
    match name {
        "login" => "đăng nhập",
        "login_failed" => "đăng nhập sai",
        "logout" => "đăng xuất",
        "alert" => "xử lý cảnh báo",
        "snapshot" => "xem bản chụp",
        "export" => "xuất dữ liệu",
        "missed" => "báo bài bỏ sót",
        "capture" => "ghi nhận",
        "tip" => "tin báo",
        "user" => "quản lý người dùng",
        other => other,
    }
}

pub(in crate::serve) async fn users(Given(site): Given<State>, viewer: Viewer) -> Page {
    viewer.must_be(Role::Administrator)?;
    page(&Users {
        frame: Frame::of(&site, &viewer),
        users: site.store.list_users().await?,
        lines: site.store.audit_lines(200).await?,
    })
}
