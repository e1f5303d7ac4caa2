//! `diemtin collect`: one round of collecting and analysing, or a catch-up back to a day.

use indicatif::{ProgressBar, ProgressStyle};

use super::{Common, Failure, Outcome, context};
use crate::collect::archive::Progress;
use crate::model::SourceId;
use crate::pipeline::service::Service;

#[derive(clap::Args)]
pub struct Arguments {
    /// Only this source; may be given several times
    #[arg(long, value_name = "ID")]
    source: Vec<String>,
    /// Read the archives of the sources back to this day, after an outage or for a new source; can be stopped and goes on
    #[arg(long, value_name = "D")]
    since: Option<String>,
}

pub async fn collect(common: &Common, arguments: Arguments) -> Outcome {
    let since = arguments.since.as_deref().map(context::time).transpose()?;
    let config = context::config(common)?;
    let data = config.data.clone();
    let service = context::service(config).await?;
    for id in &arguments.source {
        if service.catalogue.find_source(&SourceId::from(id.as_str())).is_none() {
            return Err(Failure::Usage(format!("there is no source `{id}` in the catalogue")));
        }
    }
    let collecting = service.collecting()?;
    collecting.prepare().await?;
    let wanted = |id: &SourceId| arguments.source.is_empty() || arguments.source.iter().any(|s| s == id.as_str());
    let now = service.clock.now();
    for source in collecting.active().filter(|source| wanted(&source.id)) {
        service.store.make_feeds_due(&source.id, now).await?;
        if let Some(since) = since
            && collecting.catch_up(source, since).await? == 0
        {
            eprintln!(
                "{}: its file names no [[archive]], so only its feeds are read",
                source.id
            );
        }
    }
    // Two processes asking the same hosts would not be polite: a running service does the work.
    let lock = match service.store.is_postgres() {
        true if !collecting.sharing.is_alone().await? => {
            println!("a service collects into this database: it collects what was asked for");
            return Ok(());
        }
        true => None,
        false => match crate::store::lock_service(&data) {
            Ok(lock) => Some(lock),
            Err(crate::store::Error::Locked(_)) => {
                println!("a service runs on {}: it collects what was asked for", data.display());
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        },
    };
    let mut rounds = tokio::task::JoinSet::new();
    for source in collecting.active().filter(|source| wanted(&source.id)) {
        let (collecting, source) = (collecting.clone(), source.clone());
        rounds.spawn(async move {
            while collecting.round(&source).await? > 0 {}
            Ok::<_, crate::store::Error>(())
        });
    }
    let watching = watch(service.clone(), since.is_some());
    while let Some(ended) = rounds.join_next().await {
        ended??;
    }
    watching.abort();
    if arguments.source.is_empty() {
        let connecting = service.connecting(&collecting)?;
        connecting.prepare().await?;
        for link in &connecting.links {
            while link.round().await? > 0 {}
        }
    }
    let mut understanding = service.understanding().await?;
    let (mut items, mut relevant, mut events) = (0, 0, 0);
    loop {
        let step = understanding.step(service.clock.now()).await?;
        if step.items == 0 {
            break;
        }
        items += step.items;
        relevant += step.relevant;
        events += step.events;
    }
    super::search::index_changes(&service).await?;
    drop(lock);
    println!(
        "{items} new items, {relevant} relevant, {events} alert events, {} entries wait",
        service.store.waiting_entries().await?
    );
    for catchup in service
        .store
        .list_catchups()
        .await?
        .iter()
        .filter(|c| since.is_some() && wanted(&c.source))
    {
        let progress: Progress = serde_json::from_str(&catchup.progress).unwrap_or_default();
        println!(
            "{}: {} addresses of the archive read, {} entries listed, {} of them new, {} failed{}",
            catchup.source,
            progress.done,
            progress.listed,
            progress.fresh,
            progress.failed.len(),
            if catchup.is_done {
                ""
            } else {
                ", not finished: run it again"
            }
        );
        progress
            .failed
            .iter()
            .for_each(|problem| eprintln!("{}: {problem}", catchup.source));
    }
    Ok(())
}

/// Shows how far the catch-ups are, on standard error when it is a terminal.
fn watch(service: Service, is_catching_up: bool) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let real = crate::clock::Clock::real();
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} addresses, {msg} ({elapsed})");
        let bar = ProgressBar::new(0).with_style(style.unwrap_or(ProgressStyle::default_bar()));
        if !is_catching_up {
            return;
        }
        loop {
            real.sleep(std::time::Duration::from_millis(500)).await;
            let Ok(catchups) = service.store.list_catchups().await else {
                continue;
            };
            let all: Vec<Progress> = catchups
                .iter()
                .filter_map(|c| serde_json::from_str(&c.progress).ok())
                .collect();
            let done: usize = all.iter().map(|progress| progress.done).sum();
            let left: usize = all.iter().map(|progress| progress.queue.len()).sum();
            bar.set_length((done + left) as u64);
            bar.set_position(done as u64);
            let waiting = service.store.waiting_entries().await.unwrap_or_default();
            bar.set_message(format!("{waiting} entries wait"));
        }
    })
}
