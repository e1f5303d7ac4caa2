//! `diemtin search` and `diemtin reindex`.

use indicatif::{ProgressBar, ProgressStyle};

use super::output::{Format, Table};
use super::{Common, Failure, Outcome, context};
use crate::pipeline::searching::{SearchingError, export_rows};
use crate::pipeline::service::Service;
use crate::search::Filter;

#[derive(clap::Args)]
pub struct Arguments {
    /// What to look for; see README for the language
    query: String,
    /// First day of publishing
    #[arg(long, value_name = "D")]
    from: Option<String>,
    /// Last day of publishing
    #[arg(long, value_name = "D")]
    to: Option<String>,
    /// Rows printed, newest first
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
}

pub async fn search(common: &Common, arguments: Arguments) -> Outcome {
    let (from, to) =
        crate::text::date::span(arguments.from.as_deref(), arguments.to.as_deref()).map_err(Failure::Usage)?;
    let service = context::service(context::config(common)?).await?;
    index_changes(&service).await?;
    let searching = service.searching()?;
    let behind = searching.behind().await?;
    if behind > 0 {
        eprintln!("note: {behind} changes are not indexed yet; the running service is at it");
    }
    let filter = Filter {
        from,
        to,
        relevant_only: false,
    };
    let found = searching
        .search(&arguments.query, filter, arguments.limit, 0)
        .await
        .map_err(|error| match error {
            SearchingError::Query(error) => Failure::Usage(error.to_string()),
            other => other.into(),
        })?;
    let (mut columns, mut rows) = export_rows(&found.items, service.clock.now());
    if common.format == Format::Table {
        // People read a line an item; the rest is for programs.
        let keep = [1, 2, 5, 7, 9];
        columns = keep.map(|i| columns[i]).to_vec();
        rows = rows.iter().map(|row| keep.map(|i| row[i].clone()).to_vec()).collect();
    }
    Table { columns, rows }.print(common.format)?;
    eprintln!("{} of {} items", found.items.len(), found.total);
    Ok(())
}

/// Brings the index up to date, unless a running service does.
pub async fn index_changes(service: &Service) -> Result<usize, Failure> {
    let searching = service.searching()?;
    let Some(writer) = searching.writer()? else {
        return Ok(0);
    };
    let bar = ProgressBar::new_spinner().with_style(
        ProgressStyle::with_template("{spinner} {msg} ({elapsed})").unwrap_or(ProgressStyle::default_spinner()),
    );
    let done = searching
        .catch_up(&writer, |n| {
            bar.set_message(format!("{n} items indexed"));
            bar.tick();
        })
        .await?;
    bar.finish_and_clear();
    Ok(done)
}

pub async fn reindex(common: &Common) -> Outcome {
    let config = context::config(common)?;
    let folder = config.data.join("index");
    let service = context::service(config).await?;
    let searching = service.searching()?;
    let busy = || Failure::Usage("a running service writes the index; stop it first".into());
    let writer = searching.writer()?.ok_or_else(busy)?;
    drop((writer, searching));
    crate::search::Index::renew(&folder)?;
    println!("{} items indexed", index_changes(&service).await?);
    Ok(())
}
