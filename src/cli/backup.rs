//! `diemtin backup` and `diemtin restore`.

use std::path::PathBuf;

use super::{Common, Failure, Outcome, context};
use crate::pipeline::backup::{self, BackupError};

#[derive(clap::Args)]
pub struct Arguments {
    /// The backup, a .tar.gz
    file: PathBuf,
}

fn failure(error: BackupError) -> Failure {
    match error {
        BackupError::NotEmpty(_) | BackupError::Store(crate::store::Error::NotOnPostgres(_)) => {
            Failure::Usage(error.to_string())
        }
        other => Failure::Work(other.to_string()),
    }
}

pub async fn backup(common: &Common, arguments: Arguments) -> Outcome {
    let config = context::config(common)?;
    let store = context::store(&config).await?;
    let files = backup::backup(&store, &config.data, &arguments.file)
        .await
        .map_err(failure)?;
    println!("{files} files in {}", arguments.file.display());
    let key = config.key_file();
    if key.exists() {
        eprintln!(
            "khóa {} không nằm trong bản sao lưu: cất một bản ở nơi khác; thiếu khóa thì kho vẫn dùng được nhưng tên người không mở được",
            key.display()
        );
    }
    Ok(())
}

pub async fn restore(common: &Common, arguments: Arguments) -> Outcome {
    let config = context::config(common)?;
    let files = backup::restore(&arguments.file, &config.data).map_err(failure)?;
    // Opening it proves that the database is one, and brings it to the present schema.
    context::store(&config).await?.close().await;
    println!(
        "{files} files restored to {}; `diemtin run` builds the search index anew",
        config.data.display()
    );
    let key = config.key_file();
    if !key.exists() {
        eprintln!(
            "chưa có khóa {}: đặt lại khóa cũ trước khi chạy `diemtin run`, nếu không tên người đã niêm phong không mở được",
            key.display()
        );
    }
    Ok(())
}
