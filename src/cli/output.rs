//! How results and logs are printed.

use std::io::{IsTerminal, Write};

use tracing_subscriber::EnvFilter;

/// How rows and results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Aligned columns for people.
    Table,
    /// One JSON object a line.
    Json,
    /// Comma-separated, with a header.
    Csv,
}

/// Rows with named columns.
pub struct Table {
    /// Names of the columns.
    pub columns: Vec<&'static str>,
    /// The rows, each as long as `columns`.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Prints the rows to stdout.
    pub fn print(&self, format: Format) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        match format {
            Format::Table => self.aligned(&mut out),
            Format::Csv => self.csv(&mut out),
            Format::Json => self.json(&mut out),
        }
    }

    fn aligned(&self, out: &mut impl Write) -> std::io::Result<()> {
        let width = |column: usize| {
            let cells = self.rows.iter().map(|row| row[column].chars().count());
            cells.chain([self.columns[column].chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let mut line = |cells: &[&str]| {
            let padded: Vec<String> = cells
                .iter()
                .zip(&widths)
                .map(|(cell, w)| format!("{cell:<w$}"))
                .collect();
            writeln!(out, "{}", padded.join("  ").trim_end())
        };
        line(&self.columns)?;
        self.rows
            .iter()
            .try_for_each(|row| line(&row.iter().map(String::as_str).collect::<Vec<_>>()))
    }

    fn csv(&self, out: &mut impl Write) -> std::io::Result<()> {
        let quote = |cell: &str| match cell.contains([',', '"', '\n']) {
            true => format!("\"{}\"", cell.replace('"', "\"\"")),
            false => cell.to_owned(),
        };
        writeln!(out, "{}", self.columns.join(","))?;
        self.rows
            .iter()
            .try_for_each(|row| writeln!(out, "{}", row.iter().map(|c| quote(c)).collect::<Vec<_>>().join(",")))
    }

    fn json(&self, out: &mut impl Write) -> std::io::Result<()> {
        self.rows.iter().try_for_each(|row| {
            let object: serde_json::Map<_, _> = self
                .columns
                .iter()
                .zip(row)
                .map(|(name, cell)| ((*name).to_owned(), cell.clone().into()))
                .collect();
            writeln!(out, "{}", serde_json::Value::Object(object))
        })
    }
}

/// Logs go to stderr: what `RUST_LOG` says, else warnings, and for a service what it does; as JSON when nobody watches.
pub fn start_logging(is_service: bool) {
    let default = if is_service {
        "info,tantivy=warn,sqlx=warn"
    } else {
        "error"
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if is_service && !std::io::stderr().is_terminal() {
        builder.json().init();
    } else {
        builder
            .with_target(false)
            .with_ansi(std::io::stderr().is_terminal())
            .init();
    }
}
