//! Brings the data folder of an earlier version to the present protection of private persons: names out of items, pages of
//! social sources and vendors' files sealed. In bounded batches; a start that is interrupted goes on with the next.

use std::path::Path;

use crate::clock::Clock;
use crate::evidence::Evidence;
use crate::model::evidence::Place;
use crate::pipeline::tipping;
use crate::private::frames;
use crate::store::Store;

/// Rows changed in one transaction.
const BATCH: i64 = 500;

/// Why a data folder is not protected yet.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// The store failed, or the key cannot be used.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// A file cannot be sealed.
    #[error("{path}: {source}; the start goes on with the rest next time")]
    Io {
        /// The file.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
}

/// What was brought up to date.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Guarded {
    /// Items looked at.
    pub items: usize,
    /// Entries of feeds from which an author was taken out.
    pub entries: usize,
    /// Records of evidence sealed.
    pub records: usize,
    /// Files of vendors and tips sealed.
    pub files: usize,
}

/// Protects what an earlier version left in clear in files below `data`, in the evidence and in the store. Does nothing where that
/// was done.
///
/// # Errors
/// When store, key or files cannot be used; what was done stays.
pub async fn guard(store: &Store, evidence: &Evidence, data: &Path, clock: &Clock) -> Result<Guarded, GuardError> {
    let mut done = Guarded {
        records: seal_evidence(store, evidence, clock).await?,
        files: seal_files(store, &data.join("inbox/done"), false, clock)?,
        ..Guarded::default()
    };
    let tips = data.join("tips");
    for folder in tipping::kept_folders(&tips).map_err(unread(&tips))? {
        done.files += seal_files(store, &folder, folder.starts_with(tips.join("failed")), clock)?;
    }
    loop {
        let items = store.guard_items(BATCH, clock.now()).await?;
        let entries = store.guard_entries(BATCH).await?;
        done.items += items;
        done.entries += entries;
        if items + entries == 0 {
            break;
        }
    }
    if done.items + done.entries > 0 {
        store.scrub().await?;
    }
    Ok(done)
}

/// Pages of social sources go among the sealed ones: written there first, erased where they stood last.
async fn seal_evidence(store: &Store, evidence: &Evidence, clock: &Clock) -> Result<usize, GuardError> {
    erase_left(store, evidence, clock).await?;
    let (mut sealed, mut after) = (0, String::new());
    loop {
        let open = store.open_social_evidence(&after, BATCH).await?;
        let Some(last) = open.last() else { return Ok(sealed) };
        after.clone_from(&last.leaf);
        for kept in &open {
            let Some(place) = evidence.seal(&kept.place).map_err(failed(&kept.place))? else {
                continue;
            };
            evidence.sync().map_err(failed(&place))?;
            store.move_evidence(&kept.leaf, &kept.place, &place).await?;
            erase_left(store, evidence, clock).await?;
            sealed += 1;
        }
    }
}

/// Erases where the record that was moved last had stood, also after a kill between the two.
async fn erase_left(store: &Store, evidence: &Evidence, clock: &Clock) -> Result<(), GuardError> {
    if let Some(place) = store.left_by_moving().await?.filter(|place| evidence.holds(place)) {
        evidence.erase(&place, clock.now()).map_err(failed(&place))?;
        store.nothing_left_by_moving().await?;
    }
    Ok(())
}

fn failed(place: &Place) -> impl Fn(std::io::Error) -> GuardError + '_ {
    move |source| GuardError::Io {
        path: place.file.clone(),
        source,
    }
}

fn unread(path: &Path) -> impl Fn(std::io::Error) -> GuardError + '_ {
    move |source| GuardError::Io {
        path: path.display().to_string(),
        source,
    }
}

/// Seals files of vendors and tips. What says why one was refused, a text where files `is_failed`, stays readable.
fn seal_files(store: &Store, done: &Path, is_failed: bool, clock: &Clock) -> Result<usize, GuardError> {
    let Ok(entries) = std::fs::read_dir(done) else {
        return Ok(0);
    };
    let mut sealed = 0;
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_note = name.ends_with(".errors.csv") || (name.ends_with(".txt") && is_failed);
        if !path.is_file() || frames::is_sealed(&path) || is_note {
            continue;
        }
        let into = done.join(frames::sealed_name(&name, clock.now()));
        let moved = frames::seal_file(store.vault(), &path, &into).and_then(|()| std::fs::remove_file(&path));
        moved.map_err(unread(&path))?;
        sealed += 1;
    }
    Ok(sealed)
}
