//! Mail by SMTP or into an outbox: one message per recipient, every try with its answer.

mod message;
mod outbox;
pub mod schedule;
mod smtp;

use std::path::Path;

use crate::config::Mail;
use crate::model::EditionId;
use crate::model::delivery::SendOutcome;

pub use message::{DeliverError, message, notice};
pub use outbox::Outbox;
pub use smtp::Smtp;

/// The way messages take.
#[derive(Debug, Clone)]
pub enum Carrier {
    /// A mail server.
    Smtp(Box<Smtp>),
    /// Files in a folder.
    Outbox(Outbox),
}

impl Carrier {
    /// The way a configuration names: its server, or the outbox where none is given.
    ///
    /// # Errors
    /// When the mail part of the configuration is unusable.
    pub fn from_config(mail: &Mail, outbox: &Path) -> Result<Self, DeliverError> {
        match &mail.server {
            Some(server) => Ok(Self::Smtp(Box::new(Smtp::new(mail, server)?))),
            None => Ok(Self::Outbox(Outbox::new(outbox))),
        }
    }

    /// Hands one message over and says how that ended.
    pub async fn send(&self, edition: &EditionId, to: &str, message: &[u8]) -> SendOutcome {
        match self {
            Self::Smtp(smtp) => smtp.send(to, message).await,
            Self::Outbox(outbox) => outbox.send(edition, to, message),
        }
    }
}

/// How long to wait before the next try: one minute, doubled with every try made, at most two hours.
pub fn retry_after(attempts: u32) -> std::time::Duration {
    let minutes = 1_u64 << attempts.saturating_sub(1).min(7);
    std::time::Duration::from_secs(60 * minutes.min(120))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_doubles_and_stops_at_two_hours() {
        let minutes: Vec<u64> = [0, 1, 2, 3, 8, 90].map(|n| retry_after(n).as_secs() / 60).into();
        assert_eq!(minutes, [1, 1, 2, 4, 120, 120]);
    }
}
