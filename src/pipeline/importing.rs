//! Items from files: the inbox folder and `diemtin import`.
//!
//! Lines are read in their order; the first line with an id is the item, later ones are observations of it. Bad lines are
//! named and set aside; good ones are written down in one transaction per batch.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::collect::inbox;
use crate::model::item::{Observation, Record, RecordError};
use crate::model::{ItemId, Time};
use crate::store::{Inserted, NewItem, Store};

/// Lines written down in one transaction.
const BATCH: usize = 500;

/// What came of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
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
    /// The store failed; what was written before stays.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
}

/// Imports a file of items. With `dry_run` nothing is written; the counts are what would be.
///
/// # Errors
/// When the file cannot be read or the store fails.
pub async fn file(
    store: &Store,
    path: &Path,
    dry_run: bool,
    now: Time,
    mut progress: impl FnMut(&Imported),
) -> Result<Imported, ImportError> {
    let unreadable = |source| ImportError::Read {
        path: path.to_owned(),
        source,
    };
    let opened = std::fs::File::open(path).map_err(unreadable)?;
    let mut done = Imported::default();
    let mut records = inbox::records(opened);
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
        write(store, batch, dry_run, now, &mut done).await?;
        progress(&done);
    }
}

async fn write(
    store: &Store,
    batch: Vec<Record>,
    dry_run: bool,
    now: Time,
    done: &mut Imported,
) -> Result<(), ImportError> {
    let ids: Vec<ItemId> = batch.iter().map(|record| record.item.id.clone()).collect();
    let mut seen: BTreeSet<ItemId> = store.known_items(&ids).await?;
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
    if dry_run {
        done.new += items.len();
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

/// Imports every file that lies in the inbox, oldest name first, and moves it to `inbox/done/`; what was refused of it is
/// named in `inbox/done/<file>.errors.txt`. Files whose name begins with a dot are still being written.
///
/// # Errors
/// When the folder cannot be read or the store fails; files not moved are imported again, which changes nothing.
pub async fn inbox(store: &Store, folder: &Path, now: Time) -> Result<Imported, ImportError> {
    let unreadable = |source| ImportError::Read {
        path: folder.to_owned(),
        source,
    };
    std::fs::create_dir_all(folder.join("done")).map_err(unreadable)?;
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(unreadable)?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_file() && !path.file_name().unwrap_or_default().to_string_lossy().starts_with('.'))
        .collect();
    files.sort();
    let mut all = Imported::default();
    for path in files {
        let found = file(store, &path, false, now, |_| {}).await?;
        let name = path.file_name().unwrap_or_default().to_owned();
        if !found.errors.is_empty() {
            let text: String = found.errors.iter().map(|error| format!("{error}\n")).collect();
            let log = folder
                .join("done")
                .join(format!("{}.errors.txt", name.to_string_lossy()));
            std::fs::write(log, text).map_err(unreadable)?;
            tracing::warn!(file = %name.to_string_lossy(), refused = found.errors.len(), "lines of an import were refused");
        }
        std::fs::rename(&path, folder.join("done").join(&name)).map_err(unreadable)?;
        all.lines += found.lines;
        all.new += found.new;
        all.versions += found.versions;
        all.known += found.known;
        all.observations += found.observations;
        all.errors.extend(found.errors);
    }
    Ok(all)
}
