//! Forms as they are posted: from a page of ours or by a program with a token, and without marks of secrecy.

use std::collections::BTreeMap;

use axum::Form;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use subtle::ConstantTimeEq;

use super::Failure;
use super::login::{Viewer, is_same_site};
use crate::model::capture::{LARGEST_PICTURE, Picture};
use crate::text::secrecy;

/// Largest form taken, in bytes: a picture and a megabyte of words.
pub(super) const LARGEST: usize = LARGEST_PICTURE + (1 << 20);

/// The fields of a form that this viewer's page sent.
pub(super) struct Posted(pub BTreeMap<String, String>);

impl Posted {
    pub fn field(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |value| value.trim())
    }
}

impl<S: Send + Sync> FromRequest<S> for Posted {
    type Rejection = Failure;
    async fn from_request(request: Request, site: &S) -> Result<Self, Failure> {
        let sender = Sender::of(&request)?;
        let form = Form::<BTreeMap<String, String>>::from_request(request, site).await;
        let Form(fields) = form.map_err(|_| Failure::Wrong("biểu mẫu không đọc được".into()))?;
        sender.vouch(&fields)?;
        Ok(Posted(fields))
    }
}

/// Who sends a form, and whether their browser says that it stands on our site.
struct Sender {
    viewer: Viewer,
    is_same_site: bool,
}

impl Sender {
    fn of(request: &Request) -> Result<Self, Failure> {
        let viewer = request.extensions().get::<Viewer>().cloned().ok_or(Failure::NoLogin)?;
        let is_same_site = is_same_site(request.headers());
        Ok(Self { viewer, is_same_site })
    }

    /// Lets on fields that come from a page of ours, or from a program with a token; nothing that bears a mark of secrecy.
    fn vouch(&self, fields: &BTreeMap<String, String>) -> Result<(), Failure> {
        let sent = fields.get("csrf").map_or("", String::as_str);
        let is_theirs = bool::from(sent.as_bytes().ct_eq(self.viewer.csrf.as_bytes()));
        let is_vouched = self.viewer.has_token || (self.is_same_site && is_theirs);
        if !is_vouched {
            return Err(Failure::Forged);
        }
        match fields.values().any(|value| secrecy::is_marked(value)) {
            true => Err(self.refuse_secret()),
            false => Ok(()),
        }
    }

    /// The answer to what bears a mark of secrecy; only that it was sent is logged.
    fn refuse_secret(&self) -> Failure {
        tracing::warn!(user = %self.viewer.name, "a form with a mark of secrecy was refused");
        Failure::Wrong(secrecy::MESSAGE.into())
    }
}

/// The fields of a form that this viewer's page sent, and the picture in it. Nothing of it has been written anywhere.
pub(super) struct Uploaded {
    pub fields: BTreeMap<String, String>,
    /// The picture, or what is wrong with it; `None` when none was chosen.
    pub picture: Option<Result<Picture, String>>,
}

impl<S: Send + Sync> FromRequest<S> for Uploaded {
    type Rejection = Failure;
    async fn from_request(request: Request, site: &S) -> Result<Self, Failure> {
        let kind = request.headers().get(CONTENT_TYPE);
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
