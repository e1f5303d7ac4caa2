//! `diemtin check`: every data file is valid and proves itself.

use std::path::PathBuf;

use super::{Common, Failure, Outcome};

#[derive(clap::Args)]
pub struct Arguments {
    /// Ask the sources for real (not available yet)
    #[arg(long, value_name = "ID", num_args = 0..=1, default_missing_value = "")]
    live: Option<String>,
    /// Folder of saved pages that source files refer to
    #[arg(long, value_name = "DIR", default_value = "tests/sites")]
    sites: PathBuf,
}

pub fn check(common: &Common, arguments: Arguments) -> Outcome {
    if arguments.live.is_some() {
        return Err(Failure::Usage(
            "`check --live` is not available yet in this version".into(),
        ));
    }
    let watch = crate::clock::stopwatch();
    let catalogue = super::context::catalogue(&super::context::config(common)?)?;
    let report = crate::pipeline::cases::run(&catalogue, Some(&arguments.sites));
    for failure in &report.failures {
        eprintln!("{failure}");
    }
    let knowledge = &catalogue.knowledge;
    println!(
        "{} sources, {} topics, {} rumours, {} facts, {} rules: {} cases run, {} failed, {} left out (no page) in {:.1} s",
        catalogue.sources.len(),
        knowledge.topics.len(),
        knowledge.rumours.len(),
        knowledge.all_facts().count(),
        knowledge.rules.len(),
        report.ran,
        report.failures.len(),
        report.left_out,
        watch.elapsed().as_secs_f64(),
    );
    match report.failures.len() {
        0 => Ok(()),
        n => Err(Failure::Work(format!(
            "{n} cases fail; mend the file or the case named above"
        ))),
    }
}
