//! `diemtin digest`: composes and freezes an edition, writes it in all its forms.

use std::path::PathBuf;

use chrono::NaiveDate;

use super::{Common, Failure, Outcome, context};
use crate::model::digest::{DigestKind, EditionKey};
use crate::pipeline::publishing::planned_time;

#[derive(clap::Args)]
pub struct Arguments {
    /// press or social
    #[arg(long)]
    kind: DigestKind,
    /// Day it is for [default: today]
    #[arg(long, value_name = "D")]
    date: Option<NaiveDate>,
    /// Folder for .html, .txt, .docx and .eml
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    /// Send it to the recipients of its plan
    #[arg(long)]
    send: bool,
}

pub async fn digest(common: &Common, arguments: Arguments) -> Outcome {
    let service = context::service(context::config(common)?).await?;
    let publishing = service.publishing()?;
    let date = arguments.date.unwrap_or_else(|| service.clock.now().date_naive());
    let plan = publishing
        .plans
        .iter()
        .find(|plan| plan.kind == arguments.kind)
        .cloned();
    let audience = plan
        .as_ref()
        .map_or_else(|| "leaders".to_owned(), |plan| plan.audience.clone());
    let recipients = plan
        .filter(|_| arguments.send)
        .map(|plan| plan.recipients)
        .unwrap_or_default();
    let key = EditionKey {
        kind: arguments.kind,
        date,
        revision: 1,
        audience,
    };
    let id = key.id();
    let planned = planned_time(&publishing.plans, arguments.kind, date);
    if service.store.find_edition(&id).await?.is_none() {
        let (edition, rendered) = publishing.compose(key, planned, false).await?;
        let domain = "localhost";
        service
            .store
            .freeze_edition(&edition, &rendered, &recipients, planned, !arguments.send, domain)
            .await?;
    }
    let stored = service
        .store
        .find_edition(&id)
        .await?
        .ok_or_else(|| Failure::Work(format!("{id} was not frozen")))?;
    std::fs::create_dir_all(&arguments.out)?;
    let path = |ending: &str| arguments.out.join(format!("{id}.{ending}"));
    std::fs::write(path("html"), &stored.rendered.html)?;
    std::fs::write(path("txt"), &stored.rendered.text)?;
    std::fs::write(path("docx"), &stored.rendered.docx)?;
    let message_id = crate::model::delivery::message_id(&id, "preview", "localhost");
    let eml = crate::deliver::message(
        &stored.edition,
        &stored.rendered,
        &publishing.from,
        "preview@localhost",
        &message_id,
        stored.edition.composed_at,
    )?;
    std::fs::write(path("eml"), eml)?;
    if arguments.send {
        publishing.send_pending().await?;
    }
    println!(
        "{id}: {} lines; written to {}",
        stored.edition.lines().count(),
        arguments.out.display()
    );
    Ok(())
}
