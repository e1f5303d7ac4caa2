//! Connectors to official APIs, beside collecting: what is found becomes errands, errands become items and observations.
//!
//! Each connector has a task of its own that does one errand after the other. An errand is finished in the store only after
//! what it brought is written down: a killed process asks the same once more and writes the same rows.

mod facebook;
mod sweep;
mod writing;
mod youtube;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::collecting::Collecting;
use super::service::{Service, StartError};
use crate::clock::Clock;
use crate::collect::fetch::{Disposition, FetchError};
use crate::collect::social::{Trouble, schedule, standing};
use crate::model::Time;
use crate::model::connector::{Connector, Errand};
use crate::model::item::Platform;
use crate::store::{Error, Store};

pub use facebook::FacebookPage;
pub use youtube::Youtube;

/// Shortest and longest sleep of a connector with nothing to do.
const SLEEP: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(300)];
/// How long a connector rests that another process has, or after the store failed.
const REST: Duration = Duration::from_secs(30);
/// How long a question rests that was refused by itself, in hours.
const ODD_HOURS: i64 = 1;

/// Why an errand was not done.
#[derive(Debug)]
pub enum Stop {
    /// The store failed.
    Store(Error),
    /// The platform did not answer it.
    Trouble(Trouble),
    /// The connector is to wait; what was read so far is written down.
    Wait,
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

/// What is asked, and how.
enum Platforms {
    Youtube(Youtube),
    Facebook(FacebookPage),
}

/// One connector at work.
pub struct Link {
    /// Its name in the store.
    pub name: String,
    label: String,
    collecting: Arc<Collecting>,
    platform: Platforms,
}

/// All connectors that are configured.
pub struct Connecting {
    /// Each of them.
    pub links: Vec<Arc<Link>>,
    store: Store,
    clock: Clock,
}

impl Service {
    /// The connectors of the configuration, beside `collecting`, whose store, evidence and hosts they share.
    ///
    /// # Errors
    /// When an address in the configuration is none.
    pub fn connecting(&self, collecting: &Arc<Collecting>) -> Result<Connecting, StartError> {
        let mut links = Vec::new();
        let mut link = |name: String, label: String, platform| {
            links.push(Arc::new(Link {
                name,
                label,
                collecting: collecting.clone(),
                platform,
            }));
        };
        if let Some(config) = &self.config.youtube {
            let youtube = Youtube::new(config, collecting.clone())?;
            link(youtube::NAME.into(), youtube::LABEL.into(), Platforms::Youtube(youtube));
        }
        if let Some(config) = &self.config.facebook {
            for page in &config.pages {
                let page = FacebookPage::new(page, &config.base_url, collecting.clone())?;
                link(page.name.clone(), page.label.clone(), Platforms::Facebook(page));
            }
        }
        Ok(Connecting {
            links,
            store: self.store.clone(),
            clock: self.clock.clone(),
        })
    }
}

impl Connecting {
    /// Makes the connectors and what each is to begin with known to the store.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn prepare(&self) -> crate::store::Result<()> {
        let now = self.clock.now();
        let known: Vec<Connector> = self.links.iter().map(|link| link.fresh()).collect();
        self.store.open_connectors(&known).await?;
        self.store.drop_connectors(&known, now).await?;
        for link in &self.links {
            for errand in link.beginnings(now) {
                self.store.renew_errand(&errand).await?;
            }
        }
        Ok(())
    }

    /// Runs the task of every connector until `stop`.
    ///
    /// # Errors
    /// When the connectors cannot be written down at the start.
    pub async fn run(&self, stop: CancellationToken) -> crate::store::Result<()> {
        self.prepare().await?;
        let tasks = self.links.iter().map(|link| stop.run_until_cancelled(link.watch()));
        futures::future::join_all(tasks).await;
        Ok(())
    }
}

impl Link {
    fn fresh(&self) -> Connector {
        standing::fresh(self.name.clone(), self.label.clone(), self.platform())
    }

    fn platform(&self) -> Platform {
        match &self.platform {
            Platforms::Youtube(_) => Platform::Youtube,
            Platforms::Facebook(_) => Platform::Facebook,
        }
    }

    fn beginnings(&self, now: Time) -> Vec<Errand> {
        match &self.platform {
            Platforms::Youtube(youtube) => youtube.beginnings(now),
            Platforms::Facebook(page) => page.beginnings(now),
        }
    }

    fn host(&self) -> &str {
        match &self.platform {
            Platforms::Youtube(youtube) => youtube.host(),
            Platforms::Facebook(page) => page.host(),
        }
    }

    async fn watch(&self) {
        let clock = &self.collecting.clock;
        loop {
            let did = match self.collecting.sharing.may_ask(self.host()).await {
                Ok(true) => self.round().await,
                Ok(false) => {
                    clock.sleep(REST).await;
                    continue;
                }
                Err(error) => Err(error),
            };
            match did {
                Ok(0) => self.sleep().await,
                Ok(_) => {}
                // Another process, with another configuration, knows nothing of this connector.
                Err(Error::NotFound(_)) if self.collecting.store.open_connectors(&[self.fresh()]).await.is_ok() => {}
                Err(error) => {
                    tracing::error!(connector = %self.name, %error, "the store failed; trying again");
                    clock.sleep(REST).await;
                }
            }
        }
    }

    /// Sleeps until something may be due.
    async fn sleep(&self) {
        let now = self.collecting.clock.now();
        let [shortest, longest] = SLEEP.map(|pause| now + chrono::Duration::from_std(pause).unwrap_or_default());
        let due = self.collecting.store.next_errand_due(&self.name).await.ok().flatten();
        let due = due.unwrap_or(longest).clamp(shortest, longest);
        self.collecting.clock.sleep_until(due).await;
    }

    /// Does the errand that is due first, if the connector may ask now. Returns how many it did.
    ///
    /// # Errors
    /// When the store fails; the errand comes again.
    pub async fn round(&self) -> crate::store::Result<usize> {
        let (store, now) = (&self.collecting.store, self.collecting.clock.now());
        let connector = store.find_connector(&self.name).await?;
        if connector.resume.is_some_and(|resume| resume > now) {
            return Ok(0);
        }
        let scarce = match &self.platform {
            Platforms::Youtube(youtube) => youtube.is_scarce(now).await?,
            Platforms::Facebook(_) => false,
        };
        let Some(errand) = store.next_errand(&self.name, now, scarce).await? else {
            return Ok(0);
        };
        let done = match &self.platform {
            Platforms::Youtube(youtube) => youtube.run(&errand).await,
            Platforms::Facebook(page) => page.run(&errand).await,
        };
        match done {
            Ok(()) | Err(Stop::Wait) => Ok(1),
            Err(Stop::Store(error)) => Err(error),
            Err(Stop::Trouble(trouble)) => {
                self.refused(&errand, &trouble).await?;
                Ok(1)
            }
        }
    }

    /// Writes down that an errand was refused: the connector waits, or the one question does.
    async fn refused(&self, errand: &Errand, trouble: &Trouble) -> crate::store::Result<()> {
        let (store, now) = (&self.collecting.store, self.collecting.clock.now());
        let next_day = schedule::next_quota_day(now);
        tracing::warn!(connector = %self.name, kind = %errand.kind, subject = %errand.subject, ?trouble, "not answered");
        match trouble {
            // A search waits for the calls of the next day while everything else goes on.
            Trouble::Spent(youtube::SEARCH) => {
                return store.postpone_errand(errand, next_day).await;
            }
            Trouble::Odd(_) | Trouble::Gone | Trouble::CommentsDisabled | Trouble::BadCursor => {
                let due = now + chrono::Duration::hours(ODD_HOURS);
                store.postpone_errand(errand, due).await?;
            }
            _ => {}
        }
        let mut connector = store.find_connector(&self.name).await?;
        standing::refused(&mut connector, trouble, next_day, now);
        store.record_connector(&connector).await
    }
}

/// What a request that brought no answer means for a connector.
fn trouble_of(error: &FetchError) -> Trouble {
    match (error, error.disposition()) {
        (FetchError::Held { until, .. }, _) => Trouble::Limited(Some(*until)),
        (FetchError::Status { status: 429 | 503, .. }, Disposition::Retry { not_before }) => {
            Trouble::Limited(not_before)
        }
        _ => Trouble::Away(error.to_string()),
    }
}

/// Notes that a connector has answered.
async fn answered(store: &Store, name: &str, now: Time) -> crate::store::Result<()> {
    let mut connector = store.find_connector(name).await?;
    standing::answered(&mut connector, now);
    store.record_connector(&connector).await
}

/// Plans the next sampling of what was sampled now; the last one ends the errand.
async fn advance(store: &Store, mut errand: Errand, now: Time) -> crate::store::Result<()> {
    let item = match &errand.item {
        Some(id) => store.find_item(id).await?,
        None => None,
    };
    let published = item.map(|item| item.time(now));
    match published.and_then(|published| schedule::next_sample(published, errand.step + 1, now)) {
        Some((step, due)) => {
            (errand.step, errand.due) = (step, due);
            store.record_errand(&errand).await
        }
        None => {
            store
                .close_errand(&errand.connector, errand.kind, &errand.subject, "sampled")
                .await
        }
    }
}
