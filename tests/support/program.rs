//! The program itself, as people run it.

use std::path::Path;
use std::process::{Command, Output};

/// Runs `diemtin` on a data folder with SQLite and waits for its end.
pub fn run(data: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_diemtin"))
        .args(arguments)
        .arg("--data")
        .arg(data)
        .env_remove("DIEMTIN_DATABASE_URL")
        .output()
        .unwrap()
}
