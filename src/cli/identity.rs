//! `diemtin identity`: what names the person behind an item, for the operator.

use std::path::PathBuf;

use super::{Common, Failure, Outcome, context};
use crate::model::ItemId;

#[derive(clap::Args)]
pub struct Arguments {
    /// Id of the item
    id: String,
    /// Why, and for which case: stands in the record of actions
    #[arg(long)]
    reason: String,
    /// Also write the page the item was read from to this file
    #[arg(long, value_name = "FILE")]
    snapshot: Option<PathBuf>,
}

pub async fn identity(common: &Common, arguments: Arguments) -> Outcome {
    let reason = arguments.reason.trim();
    if reason.is_empty() {
        return Err(Failure::Usage("say with --reason for which case it is opened".into()));
    }
    let service = context::service(context::config(common)?).await?;
    let id = ItemId(arguments.id);
    let (store, now) = (&service.store, service.clock.now());
    let view = store.find_item_view(&id).await?;
    let view = view.ok_or_else(|| Failure::Usage(format!("there is no item {id}")))?;
    match store.open_identity(&id, super::user::OPERATOR, reason, now).await? {
        Some(identity) => println!("{}", serde_json::to_string_pretty(&identity)?),
        None => println!("Không có gì để mở: tin không nêu tên người riêng tư, hoặc đã hết thời hạn lưu."),
    }
    let Some(path) = arguments.snapshot else { return Ok(()) };
    let name = view.snapshot.unwrap_or_default();
    let kept = store.find_evidence(&name).await?;
    let kept = kept.ok_or_else(|| Failure::Work(format!("no page of {id} is kept")))?;
    store
        .audit(now, super::user::OPERATOR, "snapshot", id.as_str(), reason)
        .await?;
    let bytes = service.evidence().content(&kept)?;
    let bytes = bytes.ok_or_else(|| Failure::Work("its file is not in this data folder".into()))?;
    std::fs::write(&path, bytes)?;
    eprintln!("{}", path.display());
    Ok(())
}
