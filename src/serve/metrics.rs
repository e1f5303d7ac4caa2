//! Figures for Prometheus: what the process counted since its start, and how the archive stands now.

use std::sync::LazyLock;

use axum::extract::State as Given;
use metrics::gauge;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use super::{Failure, State};
use crate::model::digest::Period;

/// One recorder a process; a second one would get nothing.
static RECORDER: LazyLock<Option<PrometheusHandle>> =
    LazyLock::new(|| PrometheusBuilder::new().install_recorder().ok());

/// Begins to count.
pub(super) fn start() {
    LazyLock::force(&RECORDER);
}

pub(super) async fn metrics(Given(site): Given<State>) -> Result<String, Failure> {
    let now = site.clock.now();
    let period = Period {
        from: now - chrono::Duration::hours(24),
        to: now,
    };
    let day = site.store.day_counts(period.from, period.to).await?;
    let coverage = crate::pipeline::ledger::coverage(&site.store, &site.catalogue, &period).await?;
    gauge!("diemtin_items_24h").set(day.items as f64);
    gauge!("diemtin_relevant_items_24h").set(day.relevant as f64);
    let handed_in = site.store.handed_in(period.from, period.to).await?;
    for access in ["manual", "tip"] {
        let ours = handed_in.iter().filter(|came| came.access == access);
        gauge!("diemtin_handed_in_24h", "access" => access).set(ours.map(|came| came.items as f64).sum::<f64>());
    }
    gauge!("diemtin_items_unanalysed").set(site.store.count_unanalysed().await? as f64);
    gauge!("diemtin_entries_waiting").set(site.store.waiting_entries().await? as f64);
    gauge!("diemtin_deliveries_open").set(site.store.open_deliveries().await? as f64);
    gauge!("diemtin_search_behind").set(site.searching.behind().await? as f64);
    gauge!("diemtin_sources_active").set(coverage.sources as f64);
    gauge!("diemtin_sources_silent_24h").set(coverage.silent.len() as f64);
    gauge!("diemtin_coverage_green_24h").set(f64::from(u8::from(coverage.is_green())));
    let handle = RECORDER.as_ref();
    handle
        .map(PrometheusHandle::render)
        .ok_or_else(|| Failure::Broken("metrics are recorded elsewhere".into()))
}
