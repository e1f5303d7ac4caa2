//! Mail is handed to a real server, and what is not known for sure is called uncertain.

use diemtin::config::{Mail, MailSecurity};
use diemtin::deliver::{Carrier, message};
use diemtin::model::delivery::SendOutcome;
use diemtin::model::digest::{Coverage, DigestKind, Edition, EditionKey, Period, Rendered};
use diemtin::model::{EditionId, Time};

use crate::support::mailbox::{Mailbox, Manner};

fn time(text: &str) -> Time {
    diemtin::text::date::parse(text).unwrap()
}

fn edition() -> Edition {
    Edition {
        key: EditionKey {
            kind: DigestKind::Press,
            date: time("2026-11-20").date_naive(),
            revision: 1,
            audience: "leaders".into(),
        },
        period: Period {
            from: time("2026-11-19"),
            to: time("2026-11-20"),
        },
        composed_at: time("2026-11-20T06:40:00+07:00"),
        parent: "P".into(),
        agency: "A".into(),
        unit: "U".into(),
        is_sample: true,
        is_late: false,
        sections: vec![],
        figures: vec![],
        coverage: Coverage::default(),
        note: Some("Không có tin".into()),
    }
}

fn rendered() -> Rendered {
    diemtin::digest::render(&edition(), "http://127.0.0.1:8080").unwrap()
}

async fn send(server: &Mailbox, change: impl FnOnce(&mut Mail)) -> SendOutcome {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, &server.certificate).unwrap();
    let mut mail = Mail {
        server: Some(format!("localhost:{}", server.address.port())),
        user: Some("diemtin".into()),
        password: Some("secret".to_owned().into()),
        ca_file: Some(ca),
        timeout_seconds: 5,
        ..Mail::default()
    };
    change(&mut mail);
    let carrier = Carrier::from_config(&mail, folder.path()).unwrap();
    let bytes = message(
        &edition(),
        &rendered(),
        "Điểm tin (mẫu) <diemtin@example.org>",
        "giam.doc@example.org",
        "<press.1@example.org>",
        edition().composed_at,
    )
    .unwrap();
    carrier
        .send(&EditionId::from("press"), "giam.doc@example.org", &bytes)
        .await
}

#[tokio::test]
async fn a_message_goes_out_encrypted_and_signed_in_with_all_its_parts() {
    let server = Mailbox::start(Manner::Takes).await;
    let outcome = send(&server, |_| {}).await;
    assert!(matches!(outcome, SendOutcome::Sent(_)), "{outcome:?}");
    let messages = server.messages();
    assert_eq!(messages.len(), 1);
    let mail = &messages[0];
    for part in [
        "Message-ID: <press.1@example.org>",
        "multipart/alternative",
        "text/plain",
        "text/html",
        ".docx",
    ] {
        assert!(
            mail.contains(part),
            "{part} is missing in\n{}",
            &mail[..mail.len().min(1500)]
        );
    }
    assert!(mail.contains("Auto-Submitted: auto-generated"));
    let date = mail.lines().find_map(|line| line.strip_prefix("Date: ")).unwrap();
    assert_eq!(
        diemtin::text::date::parse(date),
        Some(edition().composed_at),
        "the date is that of the clock"
    );
}

#[tokio::test]
async fn a_server_nobody_vouches_for_gets_nothing() {
    let server = Mailbox::start(Manner::Takes).await;
    let outcome = send(&server, |mail| mail.ca_file = None).await;
    assert!(matches!(outcome, SendOutcome::Retry(_)), "{outcome:?}");
    assert!(server.messages().is_empty());
}

#[tokio::test]
async fn a_wrong_password_and_a_refused_recipient_are_given_up_and_a_busy_server_is_tried_again() {
    let server = Mailbox::start(Manner::Takes).await;
    let outcome = send(&server, |mail| mail.password = Some("wrong".to_owned().into())).await;
    assert!(matches!(outcome, SendOutcome::GiveUp(_)), "{outcome:?}");
    let server = Mailbox::start(Manner::RefusesRecipient(550)).await;
    let outcome = send(&server, |_| {}).await;
    assert!(matches!(outcome, SendOutcome::GiveUp(_)), "{outcome:?}");
    let server = Mailbox::start(Manner::RefusesRecipient(451)).await;
    let outcome = send(&server, |_| {}).await;
    assert!(matches!(outcome, SendOutcome::Retry(_)), "{outcome:?}");
}

#[tokio::test]
async fn a_server_that_hangs_up_before_its_answer_leaves_the_delivery_uncertain() {
    let server = Mailbox::start(Manner::HangsUpAfterMessage).await;
    let outcome = send(&server, |_| {}).await;
    assert!(matches!(outcome, SendOutcome::Uncertain(_)), "{outcome:?}");
    assert_eq!(server.messages().len(), 1);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_tried_again() {
    let server = Mailbox::start(Manner::Takes).await;
    let outcome = send(&server, |mail| mail.server = Some("localhost:1".into())).await;
    assert!(matches!(outcome, SendOutcome::Retry(_)), "{outcome:?}");
}

#[test]
fn an_open_connection_is_refused_off_loopback() {
    let mail = Mail {
        server: Some("smtp.example.org:25".into()),
        security: MailSecurity::None,
        ..Mail::default()
    };
    let error = Carrier::from_config(&mail, std::path::Path::new("outbox"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("loopback only"), "{error}");
}
