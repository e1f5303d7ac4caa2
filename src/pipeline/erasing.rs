//! Lawful erasure (Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15, Điều 14): an item, everything read of it and the bytes it was
//! read from. The log of evidence keeps the leaves, which say nothing about them, so that every other proof holds.

use std::path::{Path, PathBuf};

use crate::evidence::Evidence;
use crate::model::{ItemId, Time};
use crate::private::{Vault, frames, lacks_key};
use crate::store::Store;

/// Characters of a text that tell it from others, when leftovers are looked for.
const TELLING: usize = 48;

/// Why nothing was erased, or not all.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// There is no such item.
    #[error("there is no item {0}")]
    NoItem(ItemId),
    /// A file cannot be read or written.
    #[error("{path}: {source}; run the command again when that is mended")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

fn at(path: &Path) -> impl Fn(std::io::Error) -> EraseError + '_ {
    move |source| EraseError::Io {
        path: path.to_owned(),
        source,
    }
}

/// What was erased.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Erased {
    /// Records of evidence written over.
    pub records: usize,
    /// Lines taken out of imported files.
    pub lines: usize,
    /// Editions that name it: they were sent.
    pub editions: Vec<String>,
    /// Files below the data folder in which the text still stands: sent mails, exports, backups.
    pub left: Vec<PathBuf>,
}

/// Erases an item from the archive, the evidence and the imported files below `data`. The search index is derived: it is to
/// be rebuilt afterwards.
///
/// # Errors
/// When there is no such item, or store or files fail; what is left is erased by running it again.
pub async fn erase(
    store: &Store,
    evidence: &Evidence,
    data: &Path,
    id: &ItemId,
    reason: &str,
    now: Time,
) -> Result<Erased, EraseError> {
    let item = store
        .find_item(id)
        .await?
        .ok_or_else(|| EraseError::NoItem(id.clone()))?;
    let mut names = store.snapshots_of(id).await?.unwrap_or_default();
    names.extend(store.hook_records_of(id).await?);
    names.extend(store.own_pictures_of(id).await?);
    names.sort();
    names.dedup();
    let mut erased = Erased::default();
    for name in &names {
        if let Some(kept) = store.find_evidence(name).await? {
            evidence
                .erase(&kept.place, now)
                .map_err(at(Path::new(&kept.place.file)))?;
            erased.records += 1;
        }
    }
    let (tips, vault) = (data.join("tips"), store.vault());
    for folder in [data.join("inbox/done"), tips.join("done"), tips.join("failed")] {
        erased.lines += strip_imports(&folder, id, vault)?;
    }
    erased.lines += strip_mails(&tips.join("done"), id, vault, now)?;
    erased.editions = store.erase_item(&item, &names, now).await?;
    store.audit(now, "cli", "erase", id.as_str(), reason).await?;
    let telling: String = item.text.chars().take(TELLING).collect();
    if telling.chars().count() == TELLING {
        erased.left = holding(data, telling.as_bytes(), store.vault())?;
    }
    Ok(erased)
}

/// Takes the lines of an item out of imported NDJSON files, also sealed ones. Compressed files are not opened; what is left
/// in them is told.
fn strip_imports(folder: &Path, id: &ItemId, vault: &Vault) -> Result<usize, EraseError> {
    let mut taken = 0;
    for path in files(folder)? {
        let Ok(text) = String::from_utf8(content(&path, vault)?) else {
            continue;
        };
        let is_of = |line: &&str| {
            let line: Option<serde_json::Value> = serde_json::from_str(line).ok();
            line.and_then(|line| line.get("id")?.as_str().map(|found| found == id.as_str())) == Some(true)
        };
        let lines = text.lines().filter(is_of).count();
        if lines > 0 {
            let rest: String = text
                .lines()
                .filter(|line| !is_of(line))
                .map(|line| format!("{line}\n"))
                .collect();
            match frames::is_sealed(&path) {
                true => frames::seal_from(vault, &mut rest.as_bytes(), &path),
                false => std::fs::write(&path, rest),
            }
            .map_err(at(&path))?;
            taken += lines;
        }
    }
    Ok(taken)
}

/// What a file says, a sealed one opened; nothing for one whose key is not here: nobody can read it.
fn content(path: &Path, vault: &Vault) -> Result<Vec<u8>, EraseError> {
    let read = match frames::parts(path) {
        Some(_) => frames::open_file(vault, path),
        None => std::fs::read(path),
    };
    match read {
        Err(error) if lacks_key(&error) => {
            tracing::warn!(file = %path.display(), "its key is not here, so it is not looked through");
            Ok(Vec::new())
        }
        other => other.map_err(at(path)),
    }
}

/// Deletes mails and texts that told of an item. Returns how many there were.
fn strip_mails(folder: &Path, id: &ItemId, vault: &Vault, now: Time) -> Result<usize, EraseError> {
    let mut taken = 0;
    for path in files(folder)? {
        let plain = frames::parts(&path).map_or_else(|| path.clone(), |(name, _)| PathBuf::from(name));
        if super::tipping::is_of(&plain, &content(&path, vault)?, id, now) {
            std::fs::remove_file(&path).map_err(at(&path))?;
            taken += 1;
        }
    }
    Ok(taken)
}

/// All files below a folder; none when it is not there.
fn files(folder: &Path) -> Result<Vec<PathBuf>, EraseError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(at(folder)(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(at(folder))?.path();
        match path.is_dir() {
            true => found.extend(files(&path)?),
            false => found.push(path),
        }
    }
    found.sort();
    Ok(found)
}

/// The files in which some bytes stand, also sealed, but those of the index, which is rebuilt.
fn holding(data: &Path, bytes: &[u8], vault: &Vault) -> Result<Vec<PathBuf>, EraseError> {
    let index = data.join("index");
    let mut found = Vec::new();
    for path in files(data)? {
        if path.starts_with(&index) {
            continue;
        }
        if memchr::memmem::find(&content(&path, vault)?, bytes).is_some() {
            found.push(path);
        }
    }
    Ok(found)
}
