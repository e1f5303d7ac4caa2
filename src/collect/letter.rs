//! Mails with tips (RFC 5322, MIME): subject, words, sender, pictures. Pure.

use mail_parser::{Message, MessageParser, MimeHeaders, PartType};

use crate::model::Time;
use crate::model::capture::Picture;
use crate::text::{self, date, html, secrecy};

/// A mail as it concerns us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its subject; may be empty.
    pub subject: String,
    /// What it says: the plain part, or the HTML part as lines; may be empty when there are pictures.
    pub text: String,
    /// Name of the sender, or the address: a private person.
    pub sender: Option<String>,
    /// When it was sent, as it says itself.
    pub sent: Option<Time>,
    /// Its pictures.
    pub pictures: Vec<Picture>,
    /// What was not kept of it and why, for people.
    pub warnings: Vec<String>,
}

/// Why a mail is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LetterError {
    /// It bears a mark of secrecy, in its words, its subject or the name of an attachment.
    #[error("{}", secrecy::MESSAGE)]
    Secret,
    /// It is no mail.
    #[error("tệp không phải là thư: không có From và Subject; lưu lại thư ở dạng .eml")]
    NoMail,
    /// There is nothing in it.
    #[error(
        "thư không có chữ và không có ảnh; nếu nội dung nằm trong tệp đính kèm khác, dán nội dung vào trang Tin báo"
    )]
    Empty,
}

/// Reads a mail as it lies in a file.
///
/// # Errors
/// When it is none, says nothing, or may not be kept.
pub fn read(bytes: &[u8]) -> Result<Letter, LetterError> {
    let message = MessageParser::default().parse(bytes).ok_or(LetterError::NoMail)?;
    if message.from().is_none() && message.subject().is_none() {
        return Err(LetterError::NoMail);
    }
    if is_marked(&message) {
        return Err(LetterError::Secret);
    }
    let words = message.text_bodies().filter_map(|part| match &part.body {
        PartType::Text(plain) => Some(lines(plain)),
        PartType::Html(markup) => Some(html::lines(markup)),
        _ => None,
    });
    let words: Vec<String> = words.filter(|words| !words.is_empty()).collect();
    let sender = message.from().and_then(|from| from.first());
    let sender = sender.and_then(|sender| sender.name().or(sender.address()));
    let mut letter = Letter {
        subject: text::squeeze(&text::nfc(message.subject().unwrap_or_default())),
        text: words.join("\n\n"),
        sender: sender
            .map(|name| text::squeeze(&text::nfc(name)))
            .filter(|name| !name.is_empty()),
        sent: message.date().and_then(|date| date::parse(&date.to_rfc3339())),
        pictures: Vec::new(),
        warnings: Vec::new(),
    };
    for part in message.attachments() {
        let name = part.attachment_name().unwrap_or_default();
        match Picture::read(name, part.contents().to_vec()) {
            Ok(picture) => letter.pictures.push(picture),
            Err(_) if name.is_empty() => letter.warnings.push("tệp đính kèm không tên không được lưu".into()),
            Err(_) => letter.warnings.push(format!("tệp đính kèm không được lưu: {name}")),
        }
    }
    match letter.text.is_empty() && letter.pictures.is_empty() {
        true => Err(LetterError::Empty),
        false => Ok(letter),
    }
}

/// Plain text without the white space at the ends of lines and more than one blank line.
fn lines(plain: &str) -> String {
    let plain = text::nfc(plain);
    let mut kept: Vec<&str> = plain.lines().map(str::trim_end).collect();
    kept.dedup_by(|line, before| line.is_empty() && before.is_empty());
    kept.join("\n").trim().to_owned()
}

/// Marks in the words of a mail, of mails in it, and in names.
fn is_marked(message: &Message<'_>) -> bool {
    message.subject().is_some_and(secrecy::is_marked)
        || message.parts.iter().any(|part| {
            part.attachment_name().is_some_and(secrecy::is_marked_name)
                || match &part.body {
                    PartType::Text(plain) => secrecy::is_marked(plain),
                    PartType::Html(markup) => secrecy::is_marked(&html::lines(markup)),
                    PartType::Message(inner) => is_marked(inner),
                    _ => false,
                }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "From: =?UTF-8?B?Q2jhu4sgTmfDom4=?= <ngan.tran@vidu.example>\r\nTo: tinbao@vidu.example\r\n\
                        Subject: =?UTF-8?Q?Tin_nh=E1=BA=AFn_l=E1=BA=A1?=\r\nDate: Thu, 19 Nov 2026 08:40:00 +0700\r\n\
                        MIME-Version: 1.0\r\n";

    fn mail(kind: &str, body: &str) -> Vec<u8> {
        format!("{HEAD}Content-Type: {kind}\r\n\r\n{body}").into_bytes()
    }

    fn with_attachment(head: &str, body: &str) -> Vec<u8> {
        let whole = format!(
            "--cut\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGửi kèm.\r\n--cut\r\n{head}\r\n\r\n{body}\r\n--cut--\r\n"
        );
        mail("multipart/mixed; boundary=cut", &whole)
    }

    #[test]
    fn the_plain_words_the_sender_and_the_time_of_a_mail_are_read() {
        let body = "--cut\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>sai</p>\r\n--cut\r\n\
                    Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
                    Th=E1=BA=BB BHYT h=E1=BA=BFt h=E1=BA=A1n?\r\n\r\n\r\n\r\nXin h=E1=BB=8Fi.\r\n--cut--\r\n";
        let letter = read(&mail("multipart/alternative; boundary=cut", body)).unwrap();
        assert_eq!(letter.subject, "Tin nhắn lạ");
        assert_eq!(letter.sender.as_deref(), Some("Chị Ngân"));
        assert_eq!(letter.sent, date::parse("2026-11-19T08:40:00+07:00"));
        assert!(
            letter.text.ends_with("Thẻ BHYT hết hạn?\n\nXin hỏi."),
            "{}",
            letter.text
        );
    }

    #[test]
    fn a_mail_of_html_alone_is_read_as_lines() {
        let letter = read(&mail(
            "text/html; charset=utf-8",
            "<p>Kính gửi</p><p>Có người <b>lừa</b> đảo</p>",
        ))
        .unwrap();
        assert_eq!(letter.text, "Kính gửi\nCó người lừa đảo");
    }

    #[test]
    fn pictures_are_taken_and_everything_else_is_named() {
        let picture = "Content-Type: image/png; name=anh.png\r\nContent-Disposition: attachment; filename=anh.png\r\n\
                       Content-Transfer-Encoding: base64";
        let letter = read(&with_attachment(picture, "iVBORw0KGgo=")).unwrap();
        assert_eq!(
            (letter.pictures.len(), letter.pictures[0].name.as_str()),
            (1, "anh.png")
        );
        assert!(letter.warnings.is_empty());
        let other = "Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=cv.pdf";
        let letter = read(&with_attachment(other, "%PDF-1.7")).unwrap();
        assert_eq!(letter.warnings, ["tệp đính kèm không được lưu: cv.pdf"]);
    }

    #[test]
    fn a_mark_of_secrecy_anywhere_refuses_the_mail() {
        let attached = |head: &str, body: &str| with_attachment(head, body);
        let inner =
            "From: a@vidu.example\r\nSubject: x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nSố 1\r\nMẬT\r\n";
        for bytes in [
            mail("text/plain; charset=utf-8", "Kính gửi\r\nTỐI MẬT\r\n"),
            mail("text/html; charset=utf-8", "<div>Kính gửi</div><div> <b>M</b>ẬT </div>"),
            attached(
                "Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: attachment; filename=a.txt",
                "TUYỆT MẬT",
            ),
            attached(
                "Content-Type: application/pdf\r\nContent-Disposition: attachment; filename*=UTF-8''%5BM%E1%BA%ACT%5D.pdf",
                "x",
            ),
            attached("Content-Type: message/rfc822", inner),
            String::from_utf8(mail("text/plain", "x"))
                .unwrap()
                .replace("=?UTF-8?Q?Tin_nh=E1=BA=AFn_l=E1=BA=A1?=", "=?UTF-8?B?TeG6rFQ=?=")
                .into_bytes(),
        ] {
            assert_eq!(
                read(&bytes),
                Err(LetterError::Secret),
                "{}",
                String::from_utf8_lossy(&bytes)
            );
        }
        assert!(read(&mail("text/plain; charset=utf-8", "đổi mật khẩu, bảo mật")).is_ok());
    }

    #[test]
    fn what_is_no_mail_or_says_nothing_is_told_apart() {
        assert_eq!(read(b"chi la mot dong chu"), Err(LetterError::NoMail));
        assert_eq!(read(&mail("text/plain", "\r\n \r\n")), Err(LetterError::Empty));
    }
}
