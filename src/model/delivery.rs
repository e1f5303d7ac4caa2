//! Deliveries: one edition to one recipient, and each try with its answer.

use serde::{Deserialize, Serialize};

use super::{EditionId, Time};
use crate::word_enum;

word_enum!(
    /// Where a delivery stands.
    DeliveryState {
        /// Waiting for its time.
        Pending = "pending",
        /// A worker is sending it; its lease says until when it may be believed.
        Sending = "sending",
        /// The server took it.
        Sent = "sent",
        /// The process died between the server's answer and our record: it may have arrived.
        Uncertain = "uncertain",
        /// Given up; a person must look.
        Failed = "failed",
        /// Kept unsent on purpose: a newer edition took its place after a downtime.
        Kept = "kept",
    }
);

/// One edition to one recipient.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// Row number.
    pub id: i64,
    /// The edition.
    pub edition: EditionId,
    /// Mail address.
    pub recipient: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// `Message-ID`, the same on every try, derived from edition and recipient ([`message_id`]).
    pub message_id: String,
    /// Tries so far.
    pub attempts: i64,
    /// When it may be tried again.
    pub next_attempt: Time,
    /// What the server or the system said last.
    pub last_answer: String,
}

/// How one try ended; decides what happens next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// The server took it, with its answer.
    Sent(String),
    /// Try again later: 4xx, connection refused or lost before the message was handed over.
    Retry(String),
    /// Never again: 5xx, malformed address.
    GiveUp(String),
    /// The connection was lost after the message was handed over and before the answer: it may have arrived.
    Uncertain(String),
}

/// The stable `Message-ID` of an edition to a recipient: a repeat can be recognised by every mail system (RFC 5322, 3.6.4).
pub fn message_id(edition: &EditionId, recipient: &str, domain: &str) -> String {
    let digest = crate::text::sha256_hex(format!("{edition}\n{recipient}").as_bytes());
    format!("<{}.{}@{domain}>", edition, &digest[..24])
}
