//! `diemtin stories`: stories over items in file order.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;

use super::output::Table;
use super::{Common, Failure, Outcome};
use crate::detect::stories;

#[derive(clap::Args)]
pub struct Arguments {
    /// Items (NDJSON), also gzip
    file: PathBuf,
    /// Print assignments as first made, without later merges
    #[arg(long)]
    online: bool,
    /// Field with the true story: prints B-cubed F1 and ARI instead of assignments
    #[arg(long, value_name = "FIELD")]
    gold: Option<String>,
}

pub fn stories(common: &Common, arguments: Arguments) -> Outcome {
    let file = File::open(&arguments.file)
        .map_err(|error| Failure::Usage(format!("cannot read {}: {error}", arguments.file.display())))?;
    let is_gzip = arguments.file.extension().is_some_and(|e| e == "gz");
    let reader: Box<dyn BufRead> = if is_gzip {
        Box::new(BufReader::new(flate2::read::MultiGzDecoder::new(file)))
    } else {
        Box::new(BufReader::new(file))
    };
    let outcome = stories::run(reader, arguments.gold.as_deref(), arguments.online)?;
    let mut out = std::io::stdout().lock();
    match outcome.figures {
        Some(f) => {
            let row = |name: &str, value: f64| vec![name.to_owned(), format!("{value:.4}"), f.items.to_string()];
            let rows = vec![
                row("B-cubed precision", f.precision),
                row("B-cubed recall", f.recall),
                row("B-cubed F1", f.f1),
                row("ARI", f.ari),
            ];
            drop(out);
            Table {
                columns: vec!["figure", "value", "over"],
                rows,
            }
            .print(common.format)?;
        }
        None => outcome
            .assignments
            .iter()
            .try_for_each(|assignment| writeln!(out, "{}", stories::ndjson(assignment)))?,
    }
    Ok(())
}
