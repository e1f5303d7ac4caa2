//! A small press and social network on loopback: invented outlets in real markup, for demo, tests and benches.
//!
//! One server answers for every host by the `Host` header; the collector reaches it through `[network] resolve`.
//! Everything is invented, and everything follows one clock: a piece is visible from its time of publication on.

mod day;
mod families;
mod faults;
mod feeds;
mod forum;
mod inbox;
mod noise;
mod outlets;
mod pages;
mod pieces;
mod server;
mod trouble;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use crate::clock::Clock;
use crate::model::Time;

pub use day::{Day, Labels, day, labels};
pub use outlets::{hosts, source_files};
pub use pieces::{expected, url_of};
pub use trouble::{Trouble, troubles};

/// How to start a newsroom.
#[derive(Debug, Clone)]
pub struct Options {
    /// Address to listen on; port 0 takes any free one.
    pub listen: SocketAddr,
    /// The time it lives in.
    pub clock: Clock,
    /// Folder into which vendor files, tips and the own page's posts are written; none are written when absent.
    pub inbox: Option<PathBuf>,
    /// Whether it is a bad day: outages, traps, changed layouts ([`troubles`]).
    pub is_bad_day: bool,
}

/// One request the newsroom answered: its own log judges how polite a collector is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// When, by the newsroom's clock.
    pub at: Time,
    /// Host asked for.
    pub host: String,
    /// Path and query.
    pub path: String,
    /// Status of the answer.
    pub status: u16,
}

/// A running newsroom.
#[derive(Debug)]
pub struct Newsroom {
    /// Where it listens.
    pub addr: SocketAddr,
    state: Arc<server::Shared>,
    stop: tokio_util::sync::CancellationToken,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

/// Starts serving the day and, if asked, writing into the inbox.
///
/// # Errors
/// When the address cannot be bound or the inbox folder cannot be created.
pub async fn start(options: Options) -> std::io::Result<Newsroom> {
    let listener = tokio::net::TcpListener::bind(options.listen).await?;
    let addr = listener.local_addr()?;
    let stop = tokio_util::sync::CancellationToken::new();
    let state = Arc::new(server::Shared::new(options.clock.clone(), options.is_bad_day));
    let mut tasks = vec![tokio::spawn(server::serve(listener, state.clone(), stop.clone()))];
    if let Some(folder) = options.inbox {
        std::fs::create_dir_all(&folder)?;
        tasks.push(tokio::spawn(inbox::deliver(folder, options.clock, stop.clone())));
    }
    Ok(Newsroom {
        addr,
        state,
        stop,
        tasks,
    })
}

impl Newsroom {
    /// Stops serving and waits until it has.
    pub async fn stop(self) {
        self.stop.cancel();
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::warn!(%error, "a task of the newsroom ended badly");
            }
        }
    }

    /// Every request answered so far, oldest first.
    pub fn requests(&self) -> Vec<Logged> {
        self.state.requests()
    }

    /// The hosts it answers for: each is to be resolved to [`Newsroom::addr`].
    pub fn hosts(&self) -> Vec<&'static str> {
        hosts()
    }

    /// The source files of its outlets as (file name, TOML).
    pub fn source_files(&self) -> Vec<(String, String)> {
        source_files()
    }
}
