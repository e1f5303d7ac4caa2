//! `diemtin erase`: lawful erasure of an item.

use super::{Common, Failure, Outcome, context};
use crate::model::ItemId;
use crate::pipeline::erasing;

#[derive(clap::Args)]
pub struct Arguments {
    /// Id of the item
    id: String,
    /// Why, and on whose request: stands in the record of actions
    #[arg(long)]
    reason: String,
}

pub async fn erase(common: &Common, arguments: Arguments) -> Outcome {
    if arguments.reason.trim().is_empty() {
        return Err(Failure::Usage(
            "say with --reason why it is erased, and on whose request".into(),
        ));
    }
    let config = context::config(common)?;
    let data = config.data.clone();
    let service = context::service(config).await?;
    let _lock = match service.store.is_postgres() {
        true => None,
        false => Some(crate::store::lock_service(&data).map_err(|error| Failure::Usage(error.to_string()))?),
    };
    let id = ItemId(arguments.id);
    let now = service.clock.now();
    let erased = erasing::erase(&service.store, &service.evidence(), &data, &id, &arguments.reason, now).await?;
    crate::search::Index::renew(&data.join("index"))?;
    super::search::index_changes(&service).await?;
    println!(
        "Đã xóa {id}: {} bản lưu bằng chứng, {} dòng trong tệp đã nhập; lý do đã ghi vào nhật ký thao tác.",
        erased.records, erased.lines
    );
    for edition in &erased.editions {
        println!("Bản điểm tin {edition} đã phát hành có nhắc tin này: đính chính hoặc thu hồi.");
    }
    for path in &erased.left {
        println!("Nội dung còn trong {}: thu hồi hoặc xóa riêng.", path.display());
    }
    Ok(())
}
