//! How the sources did in the last 24 hours.

use askama::Template;
use axum::extract::State as Given;

use super::{Frame, Page, last_day, page};
use crate::model::digest::Period;
use crate::pipeline::ledger::{Ledger, ledger};
use crate::serve::State;
use crate::serve::login::Viewer;
use crate::serve::shown::shown;

#[derive(Template)]
#[template(path = "web/sources.html")]
struct Sources {
    frame: Frame,
    ledger: Ledger,
}

/// An RFC 3339 moment of the ledger as pages show it.
fn moment(text: &Option<String>) -> String {
    text.as_deref()
        .and_then(crate::text::date::parse)
        .as_ref()
        .map(shown)
        .unwrap_or_default()
}

/// A gate's name in words.
fn gate(name: &str) -> &str {
    match name {
        "gate_passed" => "qua cổng lọc, đã tải",
        "gate_sampled" => "bị lọc nhưng tải thử để đo sót",
        "gate_missed" => "tải thử thấy có liên quan: cổng lọc sót",
        "gated_out" => "bị lọc: không nhắc đến lĩnh vực",
        "stored" => "đã lưu",
        "failed" => "tải không được",
        "refused" => "bị từ chối: địa chỉ hoặc nội dung không hợp lệ",
        "gone" => "trang không còn",
        "forbidden" => "robots.txt không cho phép",
        "edited" => "bài được sửa",
        "edited_silently" => "bài bị sửa không ghi chú",
        "removed" => "bài bị gỡ",
        "catchup_failed" => "thu bù: trang lưu trữ không đọc được",
        "thread_failed" => "luồng ý kiến không đọc được",
        "hook_forged" => "webhook sai chữ ký, đã từ chối",
        "hook_unknown" => "webhook của trang chưa khai báo, không lưu",
        "hook_ignored" => "webhook không có lời (cảm xúc, theo dõi…)",
        "hook_unread" => "webhook không đúng định dạng",
        "comments_failed" => "ý kiến bạn đọc không đọc được",
        "comments_left" => "ý kiến bạn đọc còn lại chưa đọc",
        "older_failed" => "kênh Telegram: trang cũ hơn không đọc được, lần sau đọc lại",
        "older_left" => "kênh Telegram: quá nhiều bài mới, bài cũ nhất không đọc",
        other => other,
    }
}

/// A status of a source in words.
fn status(name: &str) -> String {
    let parsed = name.parse().map(crate::model::source::Status::label);
    parsed.map_or_else(|_: String| name.to_owned(), str::to_owned)
}

pub(in crate::serve) async fn sources(Given(site): Given<State>, viewer: Viewer) -> Page {
    let (from, to) = last_day(&site);
    page(&Sources {
        frame: Frame::of(&site, &viewer),
        ledger: ledger(&site.store, &site.catalogue, &Period { from, to }).await?,
    })
}
