//! `diemtin ledger`: what was and was not seen in a period.

use super::output::{Format, Table};
use super::{Common, Failure, Outcome, context};
use crate::model::digest::Period;
use crate::pipeline::ledger;

#[derive(clap::Args)]
pub struct Arguments {
    /// First day [default: 24 hours before the end]
    #[arg(long, value_name = "D")]
    from: Option<String>,
    /// Last day [default: now]
    #[arg(long, value_name = "D")]
    to: Option<String>,
}

pub async fn ledger(common: &Common, arguments: Arguments) -> Outcome {
    let (from, to) =
        crate::text::date::span(arguments.from.as_deref(), arguments.to.as_deref()).map_err(Failure::Usage)?;
    let service = context::service(context::config(common)?).await?;
    let to = to.unwrap_or_else(|| service.clock.now());
    let period = Period {
        from: from.unwrap_or(to - chrono::Duration::hours(24)),
        to,
    };
    let found = ledger::ledger(&service.store, &service.catalogue, &period).await?;
    if common.format == Format::Json {
        println!("{}", serde_json::to_string(&found)?);
        return Ok(());
    }
    let row = |line: &ledger::SourceLine| {
        vec![
            line.id.clone(),
            line.rank.to_string(),
            line.status.clone(),
            format!("{}/{}", line.answered, line.checks),
            line.last_ok.clone().unwrap_or_default(),
            line.items.to_string(),
            line.relevant.to_string(),
            line.health.state.to_string(),
            line.last_error.clone(),
        ]
    };
    let table = Table {
        columns: vec![
            "source",
            "rank",
            "status",
            "answered",
            "last_ok",
            "items",
            "relevant",
            "health",
            "last_error",
        ],
        rows: found.by_source.iter().map(row).collect(),
    };
    table.print(common.format)?;
    let verdict = if found.green {
        "đủ căn cứ"
    } else {
        "chưa đủ căn cứ"
    };
    eprintln!(
        "{verdict}: {}/{} nguồn đang thu đã trả lời",
        found.answered, found.sources
    );
    for line in &found.platforms {
        let items: i64 = line.items.values().sum();
        eprintln!(
            "{}: {items} tin, {}/{} nguồn; {}",
            line.platform, line.answered, line.sources, line.cover
        );
    }
    for line in &found.handed_in {
        let from = line.province.as_deref().unwrap_or("không ghi địa phương");
        eprintln!("{}, {from}: {} tin, {} liên quan", line.way, line.items, line.relevant);
    }
    for line in &found.connectors {
        eprintln!(
            "{}: {} {} {}; {}",
            line.label,
            line.health.state.label(),
            line.health.reason,
            line.quota.join(", "),
            line.health.remedy
        );
    }
    for (gate, n) in &found.gates {
        eprintln!("{gate}: {n}");
    }
    for (sender, n) in &found.unknown_senders {
        eprintln!("webhook của trang chưa khai báo trong [hooks], không lưu: {sender}: {n}");
    }
    Ok(())
}
