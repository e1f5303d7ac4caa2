//! The running service: its parts, and the loops of its roles.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::collecting::Collecting;
use super::importing;
use super::publishing::{self, Publishing};
use super::searching::{Searching, SearchingError};
use super::tipping;
use super::understanding::Understanding;
use crate::analyse::Analyser;
use crate::catalogue::Catalogue;
use crate::clock::Clock;
use crate::collect::fetch::Fetcher;
use crate::collect::gate::Gate;
use crate::config::Config;
use crate::deliver::Carrier;
use crate::evidence::Evidence;
use crate::store::Store;

/// How long the analyse and deliver loops wait when there is nothing to do, by the service's clock.
const PAUSE: Duration = Duration::from_secs(5);
/// How long they wait after the store failed.
const AFTER_FAILURE: Duration = Duration::from_secs(30);
/// How long the watch over the sources waits, by the service's clock.
const WATCH_PAUSE: Duration = Duration::from_secs(300);
/// How often the log of evidence is continued.
const SEAL_PAUSE: Duration = Duration::from_secs(60);
/// How often what is kept for a time only is looked through.
const RETAIN_PAUSE: Duration = Duration::from_secs(24 * 3600);
/// How long the index waits for changes, in real time: what is searched must be fresh however fast the day goes.
const INDEX_PAUSE: Duration = Duration::from_millis(500);

/// The parts that the roles share.
#[derive(Clone)]
pub struct Service {
    /// The configuration.
    pub config: Arc<Config>,
    /// Sources and knowledge.
    pub catalogue: Arc<Catalogue>,
    /// The archive.
    pub store: Store,
    /// The time.
    pub clock: Clock,
}

/// Why the service could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// The network part of the configuration is unusable.
    #[error("collecting: {0}")]
    Fetch(#[from] crate::collect::fetch::FetchError),
    /// The evidence of an earlier run cannot be read.
    #[error("the evidence folder cannot be read: {0}")]
    Evidence(std::io::Error),
    /// Private persons' data of an earlier version cannot be protected.
    #[error("protecting private persons' data: {0}")]
    Guard(#[from] super::guarding::GuardError),
    /// The mail part of the configuration is unusable.
    #[error("mail: {0}")]
    Deliver(#[from] crate::deliver::DeliverError),
}

impl Service {
    /// Folder into which others drop files to import.
    pub fn inbox(&self) -> PathBuf {
        self.config.data.join("inbox")
    }

    /// Folder into which others drop tips.
    pub fn tips(&self) -> PathBuf {
        self.config.data.join("tips")
    }

    /// What was seen.
    pub fn evidence(&self) -> Evidence {
        let folder = self.config.data.join("evidence");
        Evidence::new(&folder, &self.config.collect.contact, self.store.vault())
    }

    /// The collecting role.
    ///
    /// # Errors
    /// When the network part of the configuration is unusable.
    pub fn collecting(&self) -> Result<Arc<Collecting>, StartError> {
        let config = &self.config.collect;
        let evidence = self.evidence();
        evidence.recover().map_err(StartError::Evidence)?;
        Ok(Arc::new(Collecting {
            catalogue: self.catalogue.clone(),
            store: self.store.clone(),
            evidence,
            fetcher: Fetcher::new(config, &self.config.network, self.clock.clone())?,
            clock: self.clock.clone(),
            feed_minutes: config.feed_minutes,
            sample_one_in: config.sample_one_in,
            reader_comments: config.reader_comments,
            gate: Gate::new(&self.catalogue.knowledge),
            // Whether an item concerns the sector is decided by rules alone.
            analyser: Analyser::with_model(&self.catalogue.knowledge, None),
            sharing: super::sharing::Sharing::new(
                self.store.clone(),
                self.clock.clone(),
                chrono::Duration::milliseconds((config.spacing_seconds * 1000.0) as i64),
            ),
        }))
    }

    /// The analysing role, its detector rebuilt from the store.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn understanding(&self) -> Result<Understanding, StartError> {
        Ok(Understanding::start(self.store.clone(), &self.catalogue, self.clock.now()).await?)
    }

    /// The delivering role.
    ///
    /// # Errors
    /// When the mail part of the configuration is unusable.
    pub fn publishing(&self) -> Result<Publishing, StartError> {
        Ok(Publishing {
            store: self.store.clone(),
            catalogue: self.catalogue.clone(),
            clock: self.clock.clone(),
            agency: self.config.agency.clone(),
            plans: self.config.digests.clone(),
            public_url: self.config.public_url(),
            from: self.config.mail.from.clone(),
            carrier: Carrier::from_config(&self.config.mail, &publishing::outbox(&self.config.data))?,
            max_attempts: self.config.mail.max_attempts,
        })
    }

    /// The archive as analysts search it.
    ///
    /// # Errors
    /// When the folder of the index cannot be used.
    pub fn searching(&self) -> Result<Searching, crate::search::SearchError> {
        Searching::open(self.store.clone(), &self.catalogue, &self.config.data.join("index"))
    }

    /// Keeps the index up to date, until `stop`; while another process does, it only waits to take over.
    pub async fn index_loop(&self, searching: Searching, stop: CancellationToken) {
        let real = Clock::real();
        let mut writer = None;
        while !stop.is_cancelled() {
            let pause = match self.index_once(&searching, &mut writer).await {
                Ok(()) => INDEX_PAUSE,
                Err(error) => {
                    tracing::error!(%error, "the search index could not be brought up to date; trying again");
                    writer = None;
                    AFTER_FAILURE
                }
            };
            stop.run_until_cancelled(real.sleep(pause)).await;
        }
    }

    async fn index_once(
        &self,
        searching: &Searching,
        writer: &mut Option<Arc<crate::search::Writer>>,
    ) -> Result<(), SearchingError> {
        if writer.is_none() {
            *writer = searching.writer()?;
        }
        if let Some(writer) = writer {
            searching.catch_up(writer, |_| {}).await?;
        }
        Ok(())
    }

    /// Imports what lies in the inbox and in the folder of tips, again and again, until `stop`.
    pub async fn import_loop(&self, evidence: Evidence, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let mut pause = PAUSE;
            if let Err(error) = importing::inbox(&self.store, &self.inbox(), self.clock.now()).await {
                tracing::error!(%error, "the inbox could not be imported; trying again");
                pause = AFTER_FAILURE;
            }
            let (store, now) = (&self.store, self.clock.now());
            if let Err(error) = tipping::folder(store, &evidence, &self.catalogue, &self.tips(), now).await {
                tracing::error!(%error, "the tips could not be taken in; trying again");
                pause = AFTER_FAILURE;
            }
            stop.run_until_cancelled(self.clock.sleep(pause)).await;
        }
    }

    /// Understands what comes in, until `stop`.
    pub async fn analyse_loop(&self, mut understanding: Understanding, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let pause = match understanding.step(self.clock.now()).await {
                Ok(done) if done.items > 0 => continue,
                Ok(_) => PAUSE,
                Err(error) => {
                    tracing::error!(%error, "items could not be analysed; trying again");
                    AFTER_FAILURE
                }
            };
            stop.run_until_cancelled(self.clock.sleep(pause)).await;
        }
    }

    /// Gives what was received its place in the log of evidence, every minute, until `stop`.
    pub async fn seal_loop(&self, evidence: Evidence, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = super::sealing::seal(&self.store, &evidence, &self.clock).await {
                tracing::error!(%error, "the log of evidence could not be continued; trying again");
            }
            stop.run_until_cancelled(self.clock.sleep(SEAL_PAUSE)).await;
        }
    }

    /// Deletes on schedule what names private persons, now and once a day, until `stop`. A part of collecting: pages and
    /// files lie where they were collected.
    pub async fn retain_loop(&self, evidence: Evidence, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let now = self.clock.now();
            let retention = &self.config.retention;
            let pause = match super::retaining::retain(&self.store, &evidence, &self.config.data, retention, now).await
            {
                Ok(_) => RETAIN_PAUSE,
                Err(error) => {
                    tracing::error!(%error, "what is kept for a time only could not be deleted; trying again");
                    AFTER_FAILURE
                }
            };
            stop.run_until_cancelled(self.clock.sleep(pause)).await;
        }
    }

    /// Makes the key at the first start, protects what an earlier version left in clear, and warns when identities were
    /// sealed with another key than the present one.
    ///
    /// # Errors
    /// When key, store or files cannot be used.
    pub async fn guard(&self) -> Result<super::guarding::Guarded, StartError> {
        self.store.vault().prepare().map_err(crate::store::Error::Private)?;
        let guarded = super::guarding::guard(&self.store, &self.evidence(), &self.config.data, &self.clock).await?;
        let (kept, opens) = self.store.probe_identities().await?;
        if !opens {
            tracing::warn!(
                kept,
                "identities of private persons were sealed with another key and cannot be opened; put that key file back"
            );
        }
        Ok(guarded)
    }

    /// Composes what is due and sends what is pending, until `stop`.
    pub async fn deliver_loop(&self, publishing: Arc<Publishing>, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let pause = match self.deliver_once(&publishing).await {
                Ok(()) => PAUSE,
                Err(error) => {
                    tracing::error!(%error, "editions could not be composed or sent; trying again");
                    AFTER_FAILURE
                }
            };
            stop.run_until_cancelled(self.clock.sleep(pause)).await;
        }
    }

    /// Watches the sources and tells the operator, until `stop`.
    pub async fn alarm_loop(&self, carrier: Carrier, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = self.watch_sources(&carrier).await {
                tracing::error!(%error, "the sources could not be watched; trying again");
            }
            stop.run_until_cancelled(self.clock.sleep(WATCH_PAUSE)).await;
        }
    }

    async fn deliver_once(&self, publishing: &Publishing) -> Result<(), publishing::PublishError> {
        publishing.compose_due().await?;
        publishing.send_pending().await?;
        Ok(())
    }

    /// After a start as the only service on this database: nobody else holds what the last one had claimed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn end_leases(&self) -> Result<(), StartError> {
        if !self.store.is_postgres() {
            self.store.end_collecting_leases().await?;
            self.store.expire_deliveries(self.clock.now(), true).await?;
        }
        Ok(())
    }
}
