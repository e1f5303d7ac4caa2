//! Why something could not be shown, and how that is told: as a page to people, as JSON to programs.

use askama::Template;
use axum::extract::{Request, State as Given};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};

use super::State;
use super::pages::Frame;
use crate::model::user::Role;
use crate::pipeline::searching::SearchingError;

/// Why something could not be shown or done.
#[derive(Debug)]
pub enum Failure {
    /// There is no such thing.
    NotFound,
    /// The request is wrong; the message says how, in Vietnamese.
    Wrong(String),
    /// Nobody is logged in.
    NoLogin,
    /// The user may not do this; the role that may.
    NotAllowed(Role),
    /// Only a person who logged in may do this.
    NotInPerson,
    /// The form does not come from a page of ours, or is too old.
    Forged,
    /// Too many wrong passwords.
    TooMany,
    /// Somebody else was faster.
    Conflict,
    /// Asked for under a name that is not ours.
    OtherHost,
    /// A delivery whose signature is wrong.
    WrongSignature,
    /// The store or a template failed; logged where it is turned into an answer.
    Broken(String),
}

impl From<crate::store::Error> for Failure {
    fn from(error: crate::store::Error) -> Self {
        match error {
            crate::store::Error::NotFound(_) => Self::NotFound,
            crate::store::Error::Refused(_) => Self::Conflict,
            crate::store::Error::Private(error) if error.lacks_key() => {
                Self::Wrong("Không mở được: khóa đang dùng không phải khóa đã niêm phong; đặt lại tệp khóa cũ.".into())
            }
            other => Self::Broken(other.to_string()),
        }
    }
}

impl From<SearchingError> for Failure {
    fn from(error: SearchingError) -> Self {
        match error {
            SearchingError::Query(error) => Self::Wrong(error.to_string()),
            other => Self::Broken(other.to_string()),
        }
    }
}

impl From<askama::Error> for Failure {
    fn from(error: askama::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

/// The words of a failure, carried beside the answer to [`explain`].
#[derive(Clone)]
struct Words(String);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, words) = match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "Không có trang hoặc mục này.".into()),
            Self::Wrong(words) => (StatusCode::BAD_REQUEST, words),
            Self::NoLogin => (StatusCode::UNAUTHORIZED, "Cần đăng nhập hoặc mã truy cập.".into()),
            Self::NotAllowed(role) => (
                StatusCode::FORBIDDEN,
                format!("Việc này cần quyền “{}” trở lên.", role.label()),
            ),
            Self::NotInPerson => (
                StatusCode::FORBIDDEN,
                "Việc này cần một người đăng nhập bằng mật khẩu; khi chưa có người dùng, người vận hành dùng lệnh \
                 `diemtin identity`."
                    .into(),
            ),
            Self::Forged => (
                StatusCode::FORBIDDEN,
                "Biểu mẫu đã cũ hoặc không gửi từ trang này; tải lại trang rồi thử lại.".into(),
            ),
            Self::TooMany => (
                StatusCode::TOO_MANY_REQUESTS,
                "Sai mật khẩu quá nhiều lần; thử lại sau 15 phút.".into(),
            ),
            Self::Conflict => (
                StatusCode::CONFLICT,
                "Mục này vừa được người khác thay đổi; xem lại rồi thử lại.".into(),
            ),
            Self::OtherHost => (
                StatusCode::MISDIRECTED_REQUEST,
                "Địa chỉ này không được phục vụ; xem web.public_url trong cấu hình.".into(),
            ),
            Self::WrongSignature => (StatusCode::FORBIDDEN, "Chữ ký không đúng.".into()),
            Self::Broken(problem) => {
                tracing::error!(%problem, "a request could not be answered");
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "Hệ thống gặp lỗi, xin thử lại sau.".into(),
                )
            }
        };
        let mut response = (status, words.clone()).into_response();
        response.extensions_mut().insert(Words(words));
        response
    }
}

#[derive(Template)]
#[template(path = "web/failure.html")]
struct FailurePage {
    frame: Frame,
    words: String,
}

/// Dresses a failure for whoever asked: JSON under `/api`, a page for people, the plain words for anything else.
pub(super) async fn explain(Given(site): Given<State>, request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let is_person = (request.headers().get(header::ACCEPT))
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("text/html"));
    let response = next.run(request).await;
    let Some(Words(words)) = response.extensions().get::<Words>().cloned() else {
        return response;
    };
    let status = response.status();
    if is_api {
        return (status, axum::Json(serde_json::json!({ "error": words }))).into_response();
    }
    let frame = Frame::nobody(&site);
    let page = FailurePage { frame, words };
    match page.render() {
        Ok(html) if is_person => (status, Html(html)).into_response(),
        _ => response,
    }
}
