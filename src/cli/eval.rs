//! `diemtin eval`: scores a labelled file with the service.

use std::path::PathBuf;

use super::output::Table;
use super::{Common, Failure, Outcome};
use crate::analyse::Analyser;
use crate::pipeline::scoring::{self, Options};

#[derive(clap::Args)]
pub struct Arguments {
    /// Labelled items or statements of facts (NDJSON)
    file: PathBuf,
    /// "Now" for items without a time [default: 2026-11-20]
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Ignore parents and threads
    #[arg(long)]
    no_thread: bool,
    /// Strip accents first
    #[arg(long)]
    fold: bool,
    /// Score a classifier of one's own (not available yet)
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
}

pub fn eval(common: &Common, arguments: Arguments) -> Outcome {
    if arguments.model.is_some() {
        return Err(Failure::Usage(
            "`eval --model` is not available yet in this version".into(),
        ));
    }
    let at = super::context::time(arguments.at.as_deref().unwrap_or("2026-11-20T12:00:00+07:00"))?;
    let catalogue = super::context::catalogue(&super::context::config(common)?)?;
    let text = std::fs::read_to_string(&arguments.file)
        .map_err(|error| Failure::Usage(format!("cannot read {}: {error}", arguments.file.display())))?;
    let options = Options {
        at,
        no_thread: arguments.no_thread,
        fold: arguments.fold,
    };
    let figures = scoring::score(&Analyser::new(&catalogue.knowledge), &text, options)?;
    let rows = figures
        .iter()
        .map(|f| vec![f.name.clone(), format!("{:.4}", f.value), f.basis.to_string()])
        .collect();
    Table {
        columns: vec!["figure", "value", "of"],
        rows,
    }
    .print(common.format)?;
    Ok(())
}
