//! The log of what people and the schedule did, for the administrator.

use askama::Template;
use axum::extract::State as Given;

use super::{Frame, Page, page};
use crate::model::user::Role;
use crate::serve::State;
use crate::serve::login::Viewer;
use crate::serve::shown::shown;
use crate::store::AuditLine;

/// Lines shown.
const LINES: i64 = 1_000;

#[derive(Template)]
#[template(path = "web/audit.html")]
struct Audit {
    frame: Frame,
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
        "identity" => "mở danh tính",
        "retention" => "xóa theo thời hạn lưu",
        "erase" => "xóa theo yêu cầu",
        "export" => "xuất dữ liệu",
        "missed" => "báo bài bỏ sót",
        "capture" => "ghi nhận",
        "tip" => "tin báo",
        "user" => "quản lý người dùng",
        other => other,
    }
}

pub(in crate::serve) async fn audit(Given(site): Given<State>, viewer: Viewer) -> Page {
    viewer.must_be(Role::Administrator)?;
    page(&Audit {
        frame: Frame::of(&site, &viewer),
        lines: site.store.audit_lines(LINES).await?,
    })
}
