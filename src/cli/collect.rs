//! `diemtin collect`: one round of collecting and analysing.

use super::{Common, Failure, Outcome, context};
use crate::model::SourceId;

#[derive(clap::Args)]
pub struct Arguments {
    /// Only this source; may be given several times
    #[arg(long, value_name = "ID")]
    source: Vec<String>,
}

pub async fn collect(common: &Common, arguments: Arguments) -> Outcome {
    let service = context::service(context::config(common)?).await?;
    for id in &arguments.source {
        if service.catalogue.find_source(&SourceId::from(id.as_str())).is_none() {
            return Err(Failure::Usage(format!("there is no source `{id}` in the catalogue")));
        }
    }
    let collecting = service.collecting()?;
    collecting.prepare().await?;
    let mut rounds = tokio::task::JoinSet::new();
    let wanted = |id: &SourceId| arguments.source.is_empty() || arguments.source.iter().any(|s| s == id.as_str());
    for source in collecting.active().filter(|source| wanted(&source.id)) {
        let (collecting, source, now) = (collecting.clone(), source.clone(), service.clock.now());
        rounds.spawn(async move {
            collecting.store.make_feeds_due(&source.id, now).await?;
            while collecting.round(&source).await? > 0 {}
            Ok::<_, crate::store::Error>(())
        });
    }
    while let Some(ended) = rounds.join_next().await {
        ended??;
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
    println!(
        "{items} new items, {relevant} relevant, {events} alert events, {} entries wait",
        service.store.waiting_entries().await?
    );
    Ok(())
}
