//! `diemtin run`: the service.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{Common, Failure, Outcome, context};
use crate::pipeline::service::Service;

#[derive(clap::Args)]
pub struct Arguments {
    /// What this process does
    #[arg(long, value_delimiter = ',', default_value = "collect,analyse,deliver,web")]
    roles: Vec<Role>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// Collects sources, imports the inbox and takes in the tips
    Collect,
    /// Understands, groups, warns
    Analyse,
    /// Composes and sends editions
    Deliver,
    /// Serves pages, feeds and API
    Web,
}

pub async fn run(common: &Common, arguments: Arguments) -> Outcome {
    let config = context::config(common)?;
    let data = config.data.clone();
    let service = context::service(config).await?;
    let _lock = if service.store.is_postgres() {
        None
    } else {
        Some(crate::store::lock_service(&data).map_err(|error| Failure::Usage(error.to_string()))?)
    };
    service.end_leases().await?;
    let guarded = service.guard().await?;
    if guarded.items > 0 {
        // What was indexed before may hold names.
        crate::search::Index::renew(&data.join("index"))?;
    }
    let stop = CancellationToken::new();
    let has = |role| arguments.roles.contains(&role);
    let mut tasks = tokio::task::JoinSet::new();
    if has(Role::Collect) {
        std::fs::create_dir_all(service.inbox())?;
        let (collecting, token) = (service.collecting()?, stop.clone());
        let (collected, imported) = (collecting.evidence.clone(), collecting.evidence.clone());
        let (connecting, connected) = (service.connecting(&collecting)?, stop.clone());
        tasks.spawn(async move { connecting.run(connected).await.map_err(|error| error.to_string()) });
        tasks.spawn(async move { collecting.run(token).await.map_err(|error| error.to_string()) });
        let (this, token) = (service.clone(), stop.clone());
        let (that, evidence, sealed) = (service.clone(), collected, stop.clone());
        let (retaining, kept, retained) = (service.clone(), evidence.clone(), stop.clone());
        tasks.spawn(async move {
            that.seal_loop(evidence, sealed).await;
            Ok(())
        });
        tasks.spawn(async move {
            retaining.retain_loop(kept, retained).await;
            Ok(())
        });
        tasks.spawn(async move {
            this.import_loop(imported, token).await;
            Ok(())
        });
    }
    if has(Role::Analyse) {
        let (this, understanding, token) = (service.clone(), service.understanding().await?, stop.clone());
        tasks.spawn(async move {
            this.analyse_loop(understanding, token).await;
            Ok(())
        });
    }
    if has(Role::Deliver) {
        let (this, publishing, token) = (service.clone(), Arc::new(service.publishing()?), stop.clone());
        let (that, carrier, watched) = (service.clone(), publishing.carrier.clone(), stop.clone());
        tasks.spawn(async move {
            that.alarm_loop(carrier, watched).await;
            Ok(())
        });
        tasks.spawn(async move {
            this.deliver_loop(publishing, token).await;
            Ok(())
        });
    }
    if has(Role::Web) {
        let address = start_web(&service, stop.clone()).await?;
        println!("Trang web: http://{address}/");
    }
    tracing::info!(roles = ?arguments.roles, data = %data.display(), "the service runs");
    stopped().await?;
    tracing::info!("stopping");
    stop.cancel();
    while let Some(ended) = tasks.join_next().await {
        ended?.map_err(Failure::Work)?;
    }
    service.store.close().await;
    Ok(())
}

/// Ctrl-C, or the signal by which service managers stop programs.
async fn stopped() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

/// Serves the pages and keeps their search index; returns the address they are at.
pub async fn start_web(service: &Service, stop: CancellationToken) -> Result<SocketAddr, Failure> {
    let address = service.config.web.listen;
    crate::serve::may_listen(address, &service.store.list_users().await?).map_err(Failure::Usage)?;
    crate::serve::check_hooks(&service.config.hooks, &service.catalogue).map_err(Failure::Usage)?;
    let listener = tokio::net::TcpListener::bind(address).await.map_err(|error| {
        Failure::Usage(format!(
            "cannot listen on {address}: {error}; choose another with web.listen"
        ))
    })?;
    let bound = listener.local_addr()?;
    let searching = service.searching()?;
    let (this, token, index) = (service.clone(), stop.clone(), searching.clone());
    tokio::spawn(async move { this.index_loop(index, token).await });
    let service = service.clone();
    tokio::spawn(async move {
        if let Err(error) = crate::serve::serve(listener, service, searching, stop).await {
            tracing::error!(%error, "the web pages ended");
        }
    });
    Ok(bound)
}
