//! `diemtin verify`: proves an item or a day against the evidence.

use chrono::NaiveDate;

use super::{Common, Failure, Outcome, context};
use crate::model::ItemId;
use crate::pipeline::sealing::{self, Outcome as Proven};

#[derive(clap::Args)]
pub struct Arguments {
    /// `item` or `day`
    what: What,
    /// Id of the item, or the day as 2026-11-20
    which: String,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum What {
    /// What an item was read from
    Item,
    /// Everything received on a day
    Day,
}

pub async fn verify(common: &Common, arguments: Arguments) -> Outcome {
    let service = context::service(context::config(common)?).await?;
    let evidence = service.evidence();
    sealing::seal(&service.store, &evidence, &service.clock).await?;
    let (proofs, broken_roots) = match arguments.what {
        What::Item => sealing::prove_item(&service.store, &evidence, &ItemId(arguments.which.clone())).await?,
        What::Day => {
            let day: NaiveDate = arguments
                .which
                .parse()
                .map_err(|_| Failure::Usage(format!("`{}` is no day; write it as 2026-11-20", arguments.which)))?;
            let from = context::time(&format!("{day}T00:00:00+07:00"))?;
            let to = from + chrono::Duration::days(1);
            sealing::prove_between(&service.store, &evidence, from, to).await?
        }
    };
    let mut failed = broken_roots.len();
    for root in &broken_roots {
        println!(
            "SAI  gốc của {} lá lúc {}: nhật ký đã bị sửa",
            root.size,
            root.at.to_rfc3339()
        );
    }
    let count = |outcome: &Proven| proofs.iter().filter(|proof| proof.outcome == *outcome).count();
    for proof in &proofs {
        if let Proven::Broken(what) = &proof.outcome {
            failed += 1;
            println!("SAI  lá {}: {} {what}", proof.position, proof.url);
        }
    }
    println!(
        "{} bản lưu: {} đúng, {} đã xóa theo quy định, {} không có trong thư mục dữ liệu này, \
         {} niêm phong mà thiếu khóa, {failed} sai",
        proofs.len(),
        count(&Proven::Proven),
        count(&Proven::Erased),
        count(&Proven::Absent),
        count(&Proven::Locked),
    );
    if let Some(root) = service.store.roots().await?.last() {
        println!(
            "Gốc nhật ký: {} ({} lá, {})",
            root.root,
            root.size,
            root.at.to_rfc3339()
        );
    }
    match failed {
        0 => Ok(()),
        n => Err(Failure::Work(format!("{n} proofs failed; the lines above name them"))),
    }
}
