//! An edition as an Internet message (RFC 5322) with text, HTML and the Word document.

use lettre::Message;
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, MultiPart};

use crate::model::Time;
use crate::model::digest::{DigestKind, Edition, Rendered};

/// Why a message cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// An address is malformed.
    #[error("mail address `{0}` is malformed; write it as name@example.org")]
    Address(String),
    /// The mail part of the configuration is unusable.
    #[error("{0}")]
    Config(String),
    /// The parts cannot be put together.
    #[error("message cannot be built: {0}; check sender and recipient")]
    Build(#[from] lettre::error::Error),
}

/// One message to one recipient. `message_id` is the same on every try; `date` is the time by the clock.
pub fn message(
    edition: &Edition,
    rendered: &Rendered,
    from: &str,
    to: &str,
    message_id: &str,
    date: Time,
) -> Result<Vec<u8>, DeliverError> {
    let body = MultiPart::mixed()
        .multipart(MultiPart::alternative_plain_html(
            rendered.text.clone(),
            rendered.html.clone(),
        ))
        .singlepart(Attachment::new(file_name(edition)).body(rendered.docx.clone(), word_type()));
    let message = Message::builder()
        .from(mailbox(from)?)
        .to(mailbox(to)?)
        .message_id(Some(message_id.into()))
        .date(date.into())
        .subject(rendered.subject.clone())
        .raw_header(header("Auto-Submitted", "auto-generated".into()))
        .raw_header(header(
            "List-Id",
            format!("<{}.{}.diemtin>", edition.key.kind, edition.key.audience),
        ))
        .raw_header(header("X-Diemtin-Edition", edition.key.id().to_string()))
        .multipart(body)?;
    Ok(message.formatted())
}

/// A plain notice to one recipient.
///
/// # Errors
/// When an address is malformed.
pub fn notice(
    from: &str,
    to: &str,
    message_id: &str,
    subject: &str,
    text: &str,
    date: Time,
) -> Result<Vec<u8>, DeliverError> {
    let message = Message::builder()
        .from(mailbox(from)?)
        .to(mailbox(to)?)
        .message_id(Some(message_id.into()))
        .date(date.into())
        .subject(subject)
        .raw_header(header("Auto-Submitted", "auto-generated".into()))
        .header(ContentType::TEXT_PLAIN)
        .body(text.to_owned())?;
    Ok(message.formatted())
}

/// `Name <address>` or an address alone; the name may hold any characters, as people write it in a configuration.
pub(super) fn mailbox(text: &str) -> Result<Mailbox, DeliverError> {
    let wrong = || DeliverError::Address(text.into());
    let (name, address) = match text.trim().strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
        Some((name, address)) => (Some(name.trim().trim_matches('"').to_owned()), address),
        None => (None, text.trim()),
    };
    Ok(Mailbox::new(
        name.filter(|n| !n.is_empty()),
        address.parse().map_err(|_| wrong())?,
    ))
}

fn file_name(edition: &Edition) -> String {
    let name = match edition.key.kind {
        DigestKind::Press => "diem-tin-bao-chi",
        DigestKind::Social => "diem-thong-tin-du-luan",
    };
    format!("{name}-{}.docx", edition.key.date)
}

fn word_type() -> ContentType {
    ContentType::parse("application/vnd.openxmlformats-officedocument.wordprocessingml.document")
        .expect("a constant media type is well formed")
}

fn header(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_brackets_and_accents() {
        let mailbox = mailbox("Điểm tin (mẫu) <diemtin@example.org>").unwrap();
        assert_eq!(mailbox.name.as_deref(), Some("Điểm tin (mẫu)"));
        assert_eq!(mailbox.email.to_string(), "diemtin@example.org");
        assert!(super::mailbox("không phải địa chỉ").is_err());
    }
}
