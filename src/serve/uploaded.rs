//! Forms that may carry a picture.

use std::collections::BTreeMap;

use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{FromRequest, Request};

use super::Failure;
use super::login::{Posted, Sender};
use crate::model::capture::{LARGEST_PICTURE, Picture};
use crate::text::secrecy;

/// Largest form taken, in bytes: a picture and a megabyte of words.
pub(super) const LARGEST: usize = LARGEST_PICTURE + (1 << 20);

/// The fields of a form that this viewer's page sent, and the picture in it. Nothing of it has been written anywhere.
pub(super) struct Uploaded {
    pub fields: BTreeMap<String, String>,
    /// The picture, or what is wrong with it; `None` when none was chosen.
    pub picture: Option<Result<Picture, String>>,
}

impl<S: Send + Sync> FromRequest<S> for Uploaded {
    type Rejection = Failure;
    async fn from_request(request: Request, site: &S) -> Result<Self, Failure> {
        let kind = request.headers().get(axum::http::header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.starts_with("multipart/form-data") {
            let Posted(fields) = Posted::from_request(request, site).await?;
            return Ok(Self { fields, picture: None });
        }
        let sender = Sender::of(&request)?;
        let unreadable = |_| Failure::Wrong("biểu mẫu không đọc được".into());
        let mut parts = Multipart::from_request(request, site).await.map_err(unreadable)?;
        let (mut fields, mut file) = (BTreeMap::new(), None);
        while let Some(part) = parts.next_field().await.map_err(too_large)? {
            let name = part.name().unwrap_or_default().to_owned();
            match part.file_name().map(str::to_owned) {
                Some(title) => {
                    let bytes = part.bytes().await.map_err(too_large)?;
                    if !bytes.is_empty() {
                        file = Some((title, bytes.to_vec()));
                    }
                }
                None => {
                    fields.insert(name, part.text().await.map_err(too_large)?);
                }
            }
        }
        sender.vouch(&fields)?;
        if file.as_ref().is_some_and(|(title, _)| secrecy::is_marked_name(title)) {
            return Err(sender.refuse_secret());
        }
        let picture = file.map(|(title, bytes)| Picture::read(&title, bytes));
        Ok(Self { fields, picture })
    }
}

fn too_large(error: MultipartError) -> Failure {
    match error.status() {
        axum::http::StatusCode::PAYLOAD_TOO_LARGE => {
            Failure::Wrong("biểu mẫu lớn quá; ảnh tối đa 10 MB, cắt bớt hoặc lưu dạng JPEG rồi gửi lại".into())
        }
        _ => Failure::Wrong("biểu mẫu không đọc được".into()),
    }
}
