//! What was and was not seen in a period ("tình hình thu thập").

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::catalogue::Catalogue;
use crate::collect::health::{Health, State};
use crate::model::digest::{Coverage, Period};
use crate::model::source::{Source, Status};
use crate::store::{Result, SourceHealth, Store};

/// What was and was not seen in a period.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ledger {
    /// Begin of the period (exclusive), RFC 3339.
    pub from: String,
    /// End of the period (inclusive), RFC 3339.
    pub to: String,
    /// Whether all sources of rank 1 and at least 95 % of active sources answered.
    pub green: bool,
    /// Active sources.
    pub sources: usize,
    /// Active sources that answered.
    pub answered: usize,
    /// Names of active sources that did not.
    pub silent: Vec<String>,
    /// Platforms and groups that are not covered at all.
    pub not_covered: Vec<String>,
    /// Entries and items counted at each gate.
    pub gates: BTreeMap<String, i64>,
    /// How each source did.
    pub by_source: Vec<SourceLine>,
}

/// How one source did.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourceLine {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Reach: 1 national, 2 sector or province, 3 everything else.
    pub rank: u8,
    /// Whether it is collected, as its file says.
    pub status: String,
    /// Times its feeds were asked.
    pub checks: i64,
    /// Times they answered.
    pub answered: i64,
    /// When one last answered, RFC 3339.
    pub last_ok: Option<String>,
    /// Items stored.
    pub items: i64,
    /// Relevant ones among them.
    pub relevant: i64,
    /// How it is now: state, why and what to do.
    pub health: Health,
    /// What went wrong last, in the words of the program; empty when nothing.
    pub last_error: String,
}

fn is_collected(source: &Source) -> bool {
    source.status == Status::Active && !source.feeds.is_empty()
}

/// Which active sources answered in a period, and what is not covered at all.
///
/// # Errors
/// When the store fails.
pub async fn coverage(store: &Store, catalogue: &Catalogue, period: &Period) -> Result<Coverage> {
    let health = store.source_health(period.from, period.to).await?;
    Ok(coverage_of(catalogue, &health))
}

fn coverage_of(catalogue: &Catalogue, health: &BTreeMap<crate::model::SourceId, SourceHealth>) -> Coverage {
    let mut coverage = Coverage {
        not_covered: vec!["nhóm kín Facebook".into(), "Zalo (ngoài tin người dân gửi)".into()],
        ..Coverage::default()
    };
    for source in catalogue.sources.iter().filter(|source| is_collected(source)) {
        coverage.sources += 1;
        if health.get(&source.id).is_some_and(|h| h.answered > 0) {
            coverage.answered += 1;
            continue;
        }
        coverage.silent.push(source.name.clone());
        if source.rank == 1 {
            coverage.silent_rank1.push(source.name.clone());
        }
    }
    coverage
}

/// The ledger of a period.
///
/// # Errors
/// When the store fails.
pub async fn ledger(store: &Store, catalogue: &Catalogue, period: &Period) -> Result<Ledger> {
    let health = store.source_health(period.from, period.to).await?;
    let coverage = coverage_of(catalogue, &health);
    let mut states = super::alarming::healths(store, catalogue, period.to).await?;
    let mut line = |source: &Source| {
        let health = health.get(&source.id).cloned().unwrap_or_default();
        SourceLine {
            id: source.id.to_string(),
            name: source.name.clone(),
            rank: source.rank,
            status: source.status.to_string(),
            checks: health.checks,
            answered: health.answered,
            last_ok: health.last_ok.map(|time| time.to_rfc3339()),
            items: health.items,
            relevant: health.relevant,
            last_error: health.last_error,
            health: states.remove(&source.id).unwrap_or(Health {
                state: State::Unknown,
                reason: String::new(),
                remedy: String::new(),
            }),
        }
    };
    Ok(Ledger {
        from: period.from.to_rfc3339(),
        to: period.to.to_rfc3339(),
        green: coverage.is_green(),
        gates: store
            .gate_counts(period.from.date_naive(), period.to.date_naive())
            .await?,
        by_source: catalogue.sources.iter().map(&mut line).collect(),
        sources: coverage.sources,
        answered: coverage.answered,
        silent: coverage.silent,
        not_covered: coverage.not_covered,
    })
}
