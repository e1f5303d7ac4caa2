//! `diemtin eval`: scores a labelled file with the service.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::output::Table;
use super::{Common, Failure, Outcome};
use crate::analyse::Analyser;
use crate::learn::Model;
use crate::pipeline::scoring::{self, Options};
use crate::pipeline::training;

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
    /// Score a classifier of one's own, trained with `diemtin train`
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Field that holds the text, with --model
    #[arg(long, value_name = "FIELD", default_value = "text")]
    text: String,
    /// Field that holds the label, with --model
    #[arg(long, value_name = "FIELD", default_value = "label")]
    label: String,
    /// Score by rules alone, to see what the models add
    #[arg(long)]
    rules: bool,
    /// Score with this model of the service instead of the shipped one
    #[arg(long, value_name = "FILE", conflicts_with = "rules")]
    understanding: Option<PathBuf>,
}

pub fn eval(common: &Common, arguments: Arguments) -> Outcome {
    if let Some(folder) = &arguments.model {
        return classifier(common, &arguments, folder);
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
    let analyser = match &arguments.understanding {
        _ if arguments.rules => Analyser::with_model(&catalogue.knowledge, None),
        None => Analyser::new(&catalogue.knowledge),
        Some(path) => Analyser::with_model(&catalogue.knowledge, Some(Arc::new(read_model(path)?))),
    };
    let figures = scoring::score(&analyser, &text, options)?;
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

fn read_model(path: &Path) -> Result<Model, Failure> {
    let bytes =
        std::fs::read(path).map_err(|error| Failure::Usage(format!("cannot read {}: {error}", path.display())))?;
    Model::from_bytes(&bytes).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
}

/// Scores a classifier of one's own.
fn classifier(common: &Common, arguments: &Arguments, folder: &Path) -> Outcome {
    let model = read_model(&folder.join(super::train::MODEL))?;
    let texts = training::labelled(&arguments.file, &arguments.text, &arguments.label)?;
    let watch = crate::clock::stopwatch();
    let found = training::score(&model, &texts, arguments.fold);
    let seconds = watch.elapsed().as_secs_f64();
    let mut rows = vec![
        vec![
            "accuracy".into(),
            format!("{:.4}", found.accuracy),
            texts.len().to_string(),
        ],
        vec![
            "macro-F1".into(),
            format!("{:.4}", found.macro_f1),
            texts.len().to_string(),
        ],
        vec![
            "texts per second".into(),
            format!("{:.0}", texts.len() as f64 / seconds),
            texts.len().to_string(),
        ],
    ];
    for (label, (precision, recall, f1, count)) in &found.labels {
        for (name, value) in [("precision", precision), ("recall", recall), ("F1", f1)] {
            rows.push(vec![
                format!("{label}: {name}"),
                format!("{value:.4}"),
                count.to_string(),
            ]);
        }
    }
    Table {
        columns: vec!["figure", "value", "of"],
        rows,
    }
    .print(common.format)?;
    Ok(())
}
