//! Items from files: the inbox folder and `diemtin import`.
//!
//! Lines and rows are read in their order; the first with an id is the item, later ones are observations of it. Bad ones
//! are named and set aside; good ones are written down in one transaction per batch. A file that bears a mark of secrecy
//! is refused as a whole, before anything of it is written down.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::collect::columns::ColumnMap;
use crate::collect::mapping::Mapping;
use crate::collect::opening::{self, FileError};
use crate::model::item::{Item, Observation, Record, RecordError};
use crate::model::{ItemId, Time};
use crate::private::frames;
use crate::store::{Inserted, NewItem, Store};

/// Lines written down in one transaction.
const BATCH: usize = 2000;

/// Items a dry run shows.
const PREVIEW: usize = 5;

/// What came of an import.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Imported {
    /// What the file is, for people; empty for a folder.
    pub shape: String,
    /// How its columns were read, where it has columns.
    pub mapping: Option<Mapping>,
    /// The first items, of a dry run.
    pub preview: Vec<Item>,
    /// Lines read.
    pub lines: usize,
    /// Items that were new.
    pub new: usize,
    /// Items whose text had changed.
    pub versions: usize,
    /// Items known and unchanged.
    pub known: usize,
    /// Observations that were new.
    pub observations: usize,
    /// Lines refused.
    pub errors: Vec<RecordError>,
}

/// Why an import ended early.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Nothing of the file can be imported.
    #[error("{path}: {problem}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why, and what to do.
        problem: FileError,
    },
    /// The store failed; what was written before stays.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
}

/// Imports a file of items. With a `map` its columns are read as that says. With `dry_run` nothing is written; the counts
/// are what would be.
///
/// # Errors
/// When the file cannot be read or may not be kept, or the store fails.
pub async fn file(
    store: &Store,
    path: &Path,
    map: Option<&ColumnMap>,
    dry_run: bool,
    now: Time,
    mut progress: impl FnMut(&Imported),
) -> Result<Imported, ImportError> {
    let opened = opening::open(path, map).map_err(|problem| refused(path, problem))?;
    let mut done = Imported {
        shape: opened.shape,
        mapping: opened.mapping,
        ..Imported::default()
    };
    let mut records = opened.records;
    let mut dry = dry_run.then(BTreeSet::new);
    loop {
        let before = done.lines;
        let mut batch = Vec::with_capacity(BATCH);
        for result in records.by_ref().take(BATCH) {
            done.lines += 1;
            match result {
                Ok(record) => batch.push(record),
                Err(error) => done.errors.push(error),
            }
        }
        if done.lines == before {
            return Ok(done);
        }
        if dry_run {
            let wanted = PREVIEW - done.preview.len();
            done.preview
                .extend(batch.iter().take(wanted).map(|record| record.item.clone()));
        }
        write(store, batch, &mut dry, now, &mut done).await?;
        progress(&done);
    }
}

/// What stands in the way of reading may go away; what is wrong with the file does not.
fn refused(path: &Path, problem: FileError) -> ImportError {
    let path = path.to_owned();
    match problem {
        FileError::Read(source)
            if matches!(
                source.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::PermissionDenied
            ) =>
        {
            ImportError::Read { path, source }
        }
        problem => ImportError::File { path, problem },
    }
}

/// Writes what was refused of a file as a table that spreadsheets open: row, column, what is wrong and what to do.
///
/// # Errors
/// When it cannot be written.
pub fn write_errors(path: &Path, errors: &[RecordError]) -> std::io::Result<()> {
    let mut table = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    table.write_record(["Dòng", "Cột", "Vấn đề và cách sửa"])?;
    for error in errors {
        let line = match error.line {
            0 => String::new(),
            line => line.to_string(),
        };
        table.write_record([&line, &error.field, &error.problem])?;
    }
    std::fs::write(path, table.into_inner().map_err(|error| error.into_error())?)
}

/// Writes records down: items, and observations of those that are known.
pub(super) async fn write(
    store: &Store,
    batch: Vec<Record>,
    dry: &mut Option<BTreeSet<ItemId>>,
    now: Time,
    done: &mut Imported,
) -> Result<(), ImportError> {
    let ids: Vec<ItemId> = batch.iter().map(|record| record.item.id.clone()).collect();
    let known: BTreeSet<ItemId> = store.known_items(&ids).await?;
    let mut seen = known.clone();
    let (mut items, mut observations): (Vec<NewItem>, Vec<Observation>) = (Vec::new(), Vec::new());
    for record in batch {
        let is_later = seen.contains(&record.item.id) && record.item.collected_at.is_some();
        if record.is_observation || (is_later && record.has_engagement && !record.has_content) {
            observations.push(record.into_observation(now));
            continue;
        }
        seen.insert(record.item.id.clone());
        let mut item = record.item;
        item.collected_at.get_or_insert(now);
        items.push(NewItem {
            item,
            snapshot: None,
            evidence: None,
            method: "import".into(),
            warnings: Vec::new(),
        });
    }
    if let Some(counted) = dry {
        for item in items {
            // Whether a known item has changed is told only when it is written.
            let is_new = !known.contains(&item.item.id) && counted.insert(item.item.id);
            *(if is_new { &mut done.new } else { &mut done.known }) += 1;
        }
        done.observations += observations.len();
        return Ok(());
    }
    for outcome in store.insert_items(&items, now).await? {
        match outcome {
            Inserted::New => done.new += 1,
            Inserted::Known => done.known += 1,
            Inserted::Version => done.versions += 1,
        }
    }
    done.observations += store.insert_observations(&observations).await?;
    Ok(())
}

/// Imports every file that lies in the inbox, oldest name first, and seals it into `inbox/done/`, since vendors' files name
/// private persons; what was refused of it is named in `inbox/done/<file>.errors.csv`. A file that bears a mark of secrecy is deleted. Files whose name begins with
/// a dot are still being written.
///
/// # Errors
/// When the folder cannot be read, the store fails or there is no key; files not moved are imported again, which changes
/// nothing.
pub async fn inbox(store: &Store, folder: &Path, now: Time) -> Result<Imported, ImportError> {
    let unreadable = |source| ImportError::Read {
        path: folder.to_owned(),
        source,
    };
    let done = folder.join("done");
    std::fs::create_dir_all(&done).map_err(unreadable)?;
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(unreadable)?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_file() && is_delivered(path))
        .collect();
    files.sort();
    let mut all = Imported::default();
    for path in files {
        let (found, is_secret) = match file(store, &path, None, false, now, |_| {}).await {
            Err(ImportError::File { problem, .. }) => not_imported(&problem),
            other => (other?, false),
        };
        let name = path.file_name().unwrap_or_default().to_owned();
        if !found.errors.is_empty() {
            let log = done.join(format!("{}.errors.csv", name.to_string_lossy()));
            write_errors(&log, &found.errors).map_err(unreadable)?;
            tracing::warn!(file = %name.to_string_lossy(), refused = found.errors.len(), "rows of an import were refused");
        }
        if !is_secret {
            let sealed = done.join(frames::sealed_name(&name.to_string_lossy(), now));
            frames::seal_file(store.vault(), &path, &sealed).map_err(unreadable)?;
        }
        std::fs::remove_file(&path).map_err(unreadable)?;
        all.lines += found.lines;
        all.new += found.new;
        all.versions += found.versions;
        all.known += found.known;
        all.observations += found.observations;
        all.errors.extend(found.errors);
    }
    Ok(all)
}

/// Whether a file of the inbox was put there to be imported and is whole.
fn is_delivered(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    !name.starts_with('.') && !name.ends_with(".errors.csv")
}

/// What is said of a file of which nothing is imported, and whether it must not stay.
fn not_imported(problem: &FileError) -> (Imported, bool) {
    let is_secret = matches!(problem, FileError::Secret);
    let what_follows = if is_secret {
        "; tệp đã bị xóa khỏi hộp thư đến"
    } else {
        ""
    };
    let error = RecordError {
        line: 0,
        field: "tệp".into(),
        problem: format!("{problem}{what_follows}"),
    };
    let found = Imported {
        errors: vec![error],
        ..Imported::default()
    };
    (found, is_secret)
}
