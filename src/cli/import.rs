//! `diemtin import`: items from a file of any kind.

use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};

use super::{Common, Failure, Outcome, context};
use crate::collect::columns::ColumnMap;
use crate::collect::opening::FileError;
use crate::model::item::{Item, RecordError, masked_author};
use crate::pipeline::importing::{self, ImportError, Imported};

/// Characters of a text that a preview shows.
const SHOWN: usize = 100;

#[derive(clap::Args)]
pub struct Arguments {
    /// CSV, TSV, XLSX, JSON or NDJSON, also gzip; told by the bytes
    file: PathBuf,
    /// Mapping of columns: a TOML file, or the name of one in maps/ of the data folder
    #[arg(long, value_name = "NAME")]
    map: Option<String>,
    /// Show how the file is read and count, write nothing
    #[arg(long)]
    dry_run: bool,
}

pub async fn import(common: &Common, arguments: Arguments) -> Outcome {
    let file = &arguments.file;
    if !file.is_file() {
        return Err(Failure::Usage(format!("there is no file {}", file.display())));
    }
    let config = context::config(common)?;
    let map = arguments
        .map
        .as_deref()
        .map(|name| read_map(name, &config.data))
        .transpose()?;
    let service = context::service(config).await?;
    let bar = ProgressBar::new_spinner().with_style(
        ProgressStyle::with_template("{spinner} {msg} ({elapsed})").unwrap_or(ProgressStyle::default_spinner()),
    );
    let now = service.clock.now();
    let dry_run = arguments.dry_run;
    let done = importing::file(&service.store, file, map.as_ref(), dry_run, now, |so_far| {
        bar.set_message(format!("đã đọc {} dòng, {} tin mới", so_far.lines, so_far.new));
        bar.tick();
    })
    .await
    .map_err(failure)?;
    if !dry_run {
        let mut understanding = service.understanding().await?;
        loop {
            let step = understanding.step(service.clock.now()).await?;
            if step.items == 0 {
                break;
            }
            bar.set_message(format!("{} tin chờ phân tích", service.store.count_unanalysed().await?));
            bar.tick();
        }
    }
    bar.finish_and_clear();
    if !dry_run {
        super::search::index_changes(&service).await?;
    } else {
        print_preview(&done);
    }
    for error in &done.errors {
        eprintln!("{}: {}", file.display(), told(error));
    }
    println!(
        "{} dòng: {} tin mới, {} tin đổi nội dung, {} tin đã có, {} lần quan sát, {} dòng bị từ chối{}",
        done.lines,
        done.new,
        done.versions,
        done.known,
        done.observations,
        done.errors.len(),
        if dry_run { " (chạy thử, chưa ghi gì)" } else { "" }
    );
    refused(&done, file, dry_run)
}

/// A wrong map is wrong usage; everything else is the file's fault.
fn failure(error: ImportError) -> Failure {
    match error {
        ImportError::File {
            problem: FileError::Map(problem),
            ..
        } => Failure::Usage(format!("--map: {problem}")),
        other => other.into(),
    }
}

/// Exit code 1 when rows were refused, with the file that names them.
fn refused(done: &Imported, file: &Path, dry_run: bool) -> Outcome {
    let count = done.errors.len();
    if count == 0 {
        return Ok(());
    }
    if dry_run {
        return Err(Failure::Work(format!(
            "{count} dòng sẽ bị từ chối; sửa rồi chạy thử lại"
        )));
    }
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".errors.csv");
    let log = file.with_file_name(name);
    let kept = match importing::write_errors(&log, &done.errors) {
        Ok(()) => format!("danh sách ở {}", log.display()),
        Err(error) => format!("không ghi được {}: {error}", log.display()),
    };
    Err(Failure::Work(format!(
        "{count} dòng bị từ chối, các dòng khác đã nhập; {kept}; sửa rồi nhập lại cả tệp, dòng đã có không nhập hai lần"
    )))
}

/// The map people named: a path, or a file in `maps/` of the data folder.
fn read_map(name: &str, data: &Path) -> Result<ColumnMap, Failure> {
    let folder = data.join("maps");
    let places = [PathBuf::from(name), folder.join(format!("{name}.toml"))];
    let Some(path) = places.iter().find(|path| path.is_file()) else {
        return Err(Failure::Usage(format!(
            "--map: không có tệp {} hay {}{}",
            places[0].display(),
            places[1].display(),
            known_maps(&folder)
        )));
    };
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::Usage(format!("--map: không đọc được {}: {error}", path.display())))?;
    ColumnMap::parse(&path.display().to_string(), &text).map_err(|problem| Failure::Usage(format!("--map: {problem}")))
}

fn known_maps(folder: &Path) -> String {
    let files = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    let maps = files.filter(|path| path.extension().is_some_and(|ending| ending == "toml"));
    let mut names: Vec<String> = maps
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    match names.is_empty() {
        true => String::new(),
        false => format!("; đang có: {}", names.join(", ")),
    }
}

/// A refused row as people are told of it.
fn told(error: &RecordError) -> String {
    format!("dòng {}, cột “{}”: {}", error.line, error.field, error.problem)
}

fn print_preview(done: &Imported) {
    println!("Tệp: {}", done.shape);
    if let Some(mapping) = &done.mapping {
        println!("Cột → trường:");
        let mut ignored = Vec::new();
        for (column, field) in &mapping.columns {
            match field {
                Some(field) => println!("  {} → {field}", column.shown()),
                None if column.name.is_empty() => {}
                None => ignored.push(column.shown()),
            }
        }
        let none = ignored.is_empty().then(|| "không có".to_owned());
        println!("Cột bỏ qua: {}", none.unwrap_or_else(|| ignored.join(", ")));
    }
    println!("{} tin đầu:", done.preview.len());
    for (at, item) in done.preview.iter().enumerate() {
        println!("{}", preview(at + 1, item));
    }
}

/// One item in a few lines; of a private person only the first letter.
fn preview(number: usize, item: &Item) -> String {
    let time = item.published_at.map_or("không rõ giờ".into(), |time| {
        time.format("%d/%m/%Y %H:%M").to_string()
    });
    let author = item.author.as_deref().map(|author| match item.is_social() {
        true => masked_author(author),
        false => author.to_owned(),
    });
    let seen = item.engagement;
    let mut lines = vec![format!(
        "{number}. {} · {} · {} · {}{} · mã {}",
        item.platform.label(),
        item.kind.label(),
        time,
        item.source,
        author.map_or(String::new(), |author| format!(" · {author}")),
        item.id
    )];
    lines.extend(
        [&item.title, &item.text]
            .into_iter()
            .filter(|text| !text.is_empty())
            .map(|text| shortened(text)),
    );
    lines.extend(item.url.clone());
    lines.push(format!(
        "thích {}, bình luận {}, chia sẻ {}, xem {}",
        seen.reactions, seen.comments, seen.shares, seen.views
    ));
    lines.join("\n   ")
}

fn shortened(text: &str) -> String {
    let text = crate::text::squeeze(text);
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
