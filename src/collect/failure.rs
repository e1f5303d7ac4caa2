//! Why a fetch brought no page, and what to do about it.

use std::time::Duration;

use url::Url;

use super::guard::Refusal;
use crate::model::Time;
use crate::model::entry::EntryState;

/// What to do about a failed fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Try again later.
    Retry {
        /// Not before this moment, where the host named one.
        not_before: Option<Time>,
    },
    /// Record it and go on: another try will not help.
    GiveUp,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The fetcher cannot be built from its configuration.
    #[error("cannot set up fetching: {0}")]
    Setup(String),
    /// Not an address at all.
    #[error("`{url}` is not an absolute address: {problem}")]
    BadAddress {
        /// The text.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
    /// An address that must not be asked.
    #[error("{url}: {refusal}")]
    Refused {
        /// The address.
        url: String,
        /// Why.
        refusal: Refusal,
    },
    /// Disallowed by robots.txt.
    #[error("{url}: disallowed by robots.txt")]
    Forbidden {
        /// The address.
        url: String,
    },
    /// robots.txt could not be had, so nothing may be fetched for now.
    #[error("{url}: robots.txt cannot be read for now: {problem}")]
    RobotsUnreachable {
        /// The address.
        url: String,
        /// Why.
        problem: String,
        /// When robots.txt is asked for again.
        until: Time,
    },
    /// The host asked for silence.
    #[error("{host} wants no requests until {}", until.to_rfc3339())]
    Held {
        /// The host.
        host: String,
        /// Until when.
        until: Time,
    },
    /// An answer that is no page.
    #[error("{url}: the server answered {status}")]
    Status {
        /// The address.
        url: String,
        /// HTTP status.
        status: u16,
        /// When the host wants to be asked again, if it said so or refused for load.
        not_before: Option<Time>,
    },
    /// More bytes than are read.
    #[error("{url}: longer than {limit_bytes} bytes")]
    TooLarge {
        /// The address.
        url: String,
        /// The limit in bytes.
        limit_bytes: u64,
    },
    /// No complete answer in time.
    #[error("{url}: no complete answer within {seconds} s")]
    TooSlow {
        /// The address.
        url: String,
        /// The limit in seconds.
        seconds: u64,
    },
    /// Redirects without end, or one that leads nowhere.
    #[error("{url}: redirected in a circle or to nowhere")]
    Redirects {
        /// The address asked for.
        url: String,
    },
    /// The connection failed or broke.
    #[error("{url}: {problem}")]
    Unreachable {
        /// The address.
        url: String,
        /// What the network says.
        problem: String,
    },
}

impl FetchError {
    /// Whether to try again, and when.
    pub fn disposition(&self) -> Disposition {
        match self {
            Self::RobotsUnreachable { until, .. } | Self::Held { until, .. } => Disposition::Retry {
                not_before: Some(*until),
            },
            Self::Status { status, not_before, .. } if is_passing(*status) => Disposition::Retry {
                not_before: *not_before,
            },
            Self::TooSlow { .. } | Self::Unreachable { .. } | Self::TooLarge { .. } | Self::Redirects { .. } => {
                Disposition::Retry { not_before: None }
            }
            _ => Disposition::GiveUp,
        }
    }

    /// How often to try in all, and how long to wait after the first try; each pause is twice the one before, six hours at
    /// most. What is likely a mistake of the server costs it a download each time, so it is tried rarely; an outage may last
    /// a day.
    pub fn patience(&self) -> (i64, Duration) {
        match self {
            Self::TooLarge { .. } | Self::Redirects { .. } => (4, Duration::from_secs(30 * 60)),
            _ => (12, Duration::from_secs(60)),
        }
    }

    /// The state of an entry that is given up for this.
    pub fn entry_state(&self) -> EntryState {
        match self {
            Self::Forbidden { .. } => EntryState::Forbidden,
            Self::Refused { .. } | Self::BadAddress { .. } | Self::TooLarge { .. } | Self::Redirects { .. } => {
                EntryState::Refused
            }
            Self::Status { status: 404 | 410, .. } => EntryState::Gone,
            _ => EntryState::Failed,
        }
    }
}

/// Statuses that may be gone tomorrow.
fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599)
}

/// The failure of a request: a refusal by our own resolver, or what the network says, down to its first cause.
pub(super) fn failure(url: &Url, error: &reqwest::Error) -> FetchError {
    let mut problem = error.to_string();
    let mut cause: Option<&(dyn std::error::Error + 'static)> = std::error::Error::source(error);
    while let Some(inner) = cause {
        if let Some(refusal) = inner.downcast_ref::<Refusal>() {
            return FetchError::Refused {
                url: url.to_string(),
                refusal: refusal.clone(),
            };
        }
        problem = inner.to_string();
        cause = inner.source();
    }
    FetchError::Unreachable {
        url: url.to_string(),
        problem,
    }
}
