//! Style and scripts of the pages, compiled in. htmx and its SSE extension are unchanged copies (BSD Zero Clause).

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::Failure;

pub(super) async fn asset(Path(name): Path<String>) -> Result<Response, Failure> {
    let (kind, text) = match name.as_str() {
        "app.css" => (
            "text/css; charset=utf-8",
            include_str!("../../templates/assets/app.css"),
        ),
        "htmx.js" => ("text/javascript", include_str!("../../templates/assets/htmx.min.js")),
        "htmx-sse.js" => (
            "text/javascript",
            include_str!("../../templates/assets/htmx-sse.min.js"),
        ),
        _ => return Err(Failure::NotFound),
    };
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "max-age=3600")];
    Ok((headers, text).into_response())
}
