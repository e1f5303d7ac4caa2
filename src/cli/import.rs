//! `diemtin import`: items from a file.

use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};

use super::{Common, Failure, Outcome, context};
use crate::pipeline::importing;

#[derive(clap::Args)]
pub struct Arguments {
    /// NDJSON or JSON Lines, also gzip
    file: PathBuf,
    /// Mapping of columns (not available yet)
    #[arg(long, value_name = "NAME")]
    map: Option<String>,
    /// Read and count, write nothing
    #[arg(long)]
    dry_run: bool,
}

pub async fn import(common: &Common, arguments: Arguments) -> Outcome {
    let name = arguments
        .file
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let known = [".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz"]
        .iter()
        .any(|ending| name.ends_with(ending));
    if arguments.map.is_some() || !known {
        return Err(Failure::Usage(format!(
            "{}: only NDJSON (.ndjson, .jsonl, also .gz) can be imported in this version",
            arguments.file.display()
        )));
    }
    if !arguments.file.is_file() {
        return Err(Failure::Usage(format!("there is no file {}", arguments.file.display())));
    }
    let config = context::config(common)?;
    let service = context::service(config).await?;
    let bar = ProgressBar::new_spinner().with_style(
        ProgressStyle::with_template("{spinner} {msg} ({elapsed})").unwrap_or(ProgressStyle::default_spinner()),
    );
    let now = service.clock.now();
    let done = importing::file(&service.store, &arguments.file, arguments.dry_run, now, |so_far| {
        bar.set_message(format!("{} lines read, {} new items", so_far.lines, so_far.new));
        bar.tick();
    })
    .await?;
    if !arguments.dry_run {
        let mut understanding = service.understanding().await?;
        loop {
            let step = understanding.step(service.clock.now()).await?;
            if step.items == 0 {
                break;
            }
            bar.set_message(format!(
                "{} items wait for analysis",
                service.store.count_unanalysed().await?
            ));
            bar.tick();
        }
    }
    bar.finish_and_clear();
    if !arguments.dry_run {
        super::search::index_changes(&service).await?;
    }
    for error in &done.errors {
        eprintln!("{}: {error}", arguments.file.display());
    }
    println!(
        "{} lines: {} new items, {} changed, {} known, {} observations, {} refused{}",
        done.lines,
        done.new,
        done.versions,
        done.known,
        done.observations,
        done.errors.len(),
        if arguments.dry_run {
            " (nothing was written)"
        } else {
            ""
        }
    );
    match done.errors.len() {
        0 => Ok(()),
        n => Err(Failure::Work(format!(
            "{n} lines were refused; mend them and import the file again"
        ))),
    }
}
