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

/// Runs a script with the Python that scripts/test makes ready and returns what it wrote; `None`, which is said, where there
/// is none with `module`.
pub async fn python(module: &str, script: &str, arguments: &[&str]) -> Option<String> {
    let Ok(python) = std::env::var("WARCIO_PYTHON") else {
        eprintln!("skipped: WARCIO_PYTHON names no Python with {module}; scripts/test does");
        return None;
    };
    let run = |script: &str, arguments: &[&str]| {
        let mut command = Command::new(&python);
        command
            .args(["-c", script])
            .args(arguments)
            .env("PYTHONIOENCODING", "utf-8");
        command.output().unwrap()
    };
    if !run(&format!("import {module}"), &[]).status.success() {
        eprintln!("skipped: {python} has no {module}; scripts/test installs it");
        return None;
    }
    // The server runs on other threads meanwhile.
    let output = tokio::task::block_in_place(|| run(script, arguments));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}
