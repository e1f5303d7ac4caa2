//! `diemtin train`: the models of the service, or a classifier of one's own.

use std::path::PathBuf;

use super::{Common, Failure, Outcome, context};
use crate::analyse::Analyser;
use crate::pipeline::training;

/// File of the model inside its folder.
pub const MODEL: &str = "model.dtm";

#[derive(clap::Args)]
pub struct Arguments {
    /// Labelled NDJSON; without it the models of the service are rebuilt from `corpus/`
    file: Option<PathBuf>,
    /// Field that holds the text
    #[arg(long, value_name = "FIELD", default_value = "text")]
    text: String,
    /// Field that holds the label
    #[arg(long, value_name = "FIELD", default_value = "label")]
    label: String,
    /// Folder of the labelled items of the service
    #[arg(long, value_name = "DIR", default_value = "corpus")]
    corpus: PathBuf,
    /// Where to write: a folder for a classifier, `models/` for the service
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub fn train(common: &Common, arguments: Arguments) -> Outcome {
    let watch = crate::clock::stopwatch();
    let (model, path) = match &arguments.file {
        Some(file) => {
            let Some(out) = arguments.out else {
                return Err(Failure::Usage(
                    "say with --out DIR where the model is to be written".into(),
                ));
            };
            let texts = training::labelled(file, &arguments.text, &arguments.label)?;
            (training::classifier(file, &texts)?, out.join(MODEL))
        }
        None => {
            let catalogue = context::catalogue(&context::config(common)?)?;
            let analyser = Analyser::with_model(&catalogue.knowledge, None);
            let now = context::time("2026-11-20T12:00:00+07:00")?;
            let out = arguments.out.unwrap_or_else(|| "models".into());
            (
                training::understanding(&analyser, &arguments.corpus, now)?,
                out.join("understanding.dtm"),
            )
        }
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let bytes = model.to_bytes();
    std::fs::write(&path, &bytes)?;
    let (features, labels) = model.size();
    println!(
        "{}: {features} features, {labels} labels, {} kB, {:.1} s",
        path.display(),
        bytes.len() / 1000,
        watch.elapsed().as_secs_f64()
    );
    Ok(())
}
