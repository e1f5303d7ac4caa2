//! How processes that collect into one PostgreSQL share the hosts: each host belongs to one of them at a time, so that its
//! spacing holds across all. Which one is told by rendezvous hashing (Thaler and Ravishankar 1998) over the processes
//! alive; a lease in the store keeps a host with its old process until that has let go.

use std::sync::Mutex;

use crate::clock::Clock;
use crate::model::Time;
use crate::store::{Result, Store};

/// Seconds a process counts as alive after its last sign, and after which it gives the next one.
const ALIVE_SECONDS: i64 = 120;
const SIGN_SECONDS: i64 = 30;
/// Minutes a host stays with a process that died: longer than any round of work takes.
const LEASE_MINUTES: i64 = 10;

/// This process among those that collect.
#[derive(Debug)]
pub struct Sharing {
    store: Store,
    clock: Clock,
    name: String,
    spacing: chrono::Duration,
    alive: Mutex<(Option<Time>, Vec<String>)>,
}

impl Sharing {
    /// A process that has not said yet that it collects; `spacing` is what passes between two requests to a host.
    pub fn new(store: Store, clock: Clock, spacing: chrono::Duration) -> Self {
        Self {
            store,
            clock,
            name: crate::chance::token(),
            spacing,
            alive: Mutex::default(),
        }
    }

    /// Whether this process may work on `host` now. On SQLite there is only one, which may.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn may_ask(&self, host: &str) -> Result<bool> {
        if !self.store.is_postgres() {
            return Ok(true);
        }
        let now = self.clock.now();
        let alive = self.alive(now).await?;
        if owner(&alive, host) != Some(self.name.as_str()) {
            // The last request may just have ended: the next owner keeps the distance too.
            self.store.release_host(host, &self.name, now + self.spacing).await?;
            return Ok(false);
        }
        let until = now + chrono::Duration::minutes(LEASE_MINUTES);
        self.store.hold_host(host, &self.name, now, until).await
    }

    /// Whether no other process collects: a command that asks hosts by itself must not do so beside one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_alone(&self) -> Result<bool> {
        if !self.store.is_postgres() {
            return Ok(true);
        }
        // A sign that ends at once: this process is counted and counts for nobody.
        let now = self.clock.now();
        let alive = self.store.collectors(&self.name, now, now).await?;
        Ok(alive.iter().all(|name| *name == self.name))
    }

    async fn alive(&self, now: Time) -> Result<Vec<String>> {
        let known = self
            .alive
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone();
        if known
            .0
            .is_some_and(|at| now - at < chrono::Duration::seconds(SIGN_SECONDS))
        {
            return Ok(known.1);
        }
        let until = now + chrono::Duration::seconds(ALIVE_SECONDS);
        let names = self.store.collectors(&self.name, now, until).await?;
        *self.alive.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = (Some(now), names.clone());
        Ok(names)
    }
}

/// The process that a host belongs to.
fn owner<'a>(names: &'a [String], host: &str) -> Option<&'a str> {
    let weight = |name: &&String| crate::text::sha256_hex(format!("{name} {host}").as_bytes());
    names.iter().max_by_key(weight).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::owner;

    #[test]
    fn hosts_are_spread_and_only_those_of_a_dead_process_move() {
        let three: Vec<String> = ["a", "b", "c"].map(str::to_owned).into();
        let two = &three[..2];
        let hosts: Vec<String> = (0..300).map(|n| format!("bao{n}.example")).collect();
        for name in &three {
            let share = hosts.iter().filter(|host| owner(&three, host) == Some(name)).count();
            assert!((60..140).contains(&share), "{name} has {share}");
        }
        let moved = hosts.iter().filter(|host| owner(&three, host) != owner(two, host));
        assert!(moved.into_iter().all(|host| owner(&three, host) == Some("c")));
    }
}
