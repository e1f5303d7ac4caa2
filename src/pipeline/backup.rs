//! Backup and restore of a data folder: one tar.gz with the database, the evidence, the outbox, what waits in the
//! inbox and the tips, and a list of their hashes. The search index is derived and left out.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use crate::store::Store;

const DATABASE: &str = "diemtin.db";
const MANIFEST: &str = "MANIFEST.sha256";
const FOLDERS: [&str; 4] = ["evidence", "outbox", "inbox", "tips"];

/// Why there is no backup, or it could not be brought back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The store cannot be copied.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Restoring would mix with what is there.
    #[error("{0} is not empty; restore into a new folder with --data, or move the old one away")]
    NotEmpty(PathBuf),
    /// The file is damaged or no backup.
    #[error("{path}: {problem}; nothing was restored")]
    Damaged {
        /// The backup.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
}

fn at(path: &Path) -> impl Fn(io::Error) -> BackupError + '_ {
    move |source| BackupError::Io {
        path: path.to_owned(),
        source,
    }
}

/// Writes the backup of `data` to `file` while the service may be running; the database first, so that all evidence it
/// names is in the backup too. Returns how many files it holds.
///
/// # Errors
/// When something cannot be read or written; then no file is left behind.
pub async fn backup(store: &Store, data: &Path, file: &Path) -> Result<usize, BackupError> {
    let partial = file.with_extension("partial");
    let copy = data.join(format!(".backup-{}.db", std::process::id()));
    let result = write(store, data, &copy, &partial).await;
    let _ = std::fs::remove_file(&copy);
    match result {
        Ok(files) => {
            std::fs::rename(&partial, file).map_err(at(file))?;
            Ok(files)
        }
        Err(error) => {
            let _ = std::fs::remove_file(&partial);
            Err(error)
        }
    }
}

async fn write(store: &Store, data: &Path, copy: &Path, partial: &Path) -> Result<usize, BackupError> {
    store.copy_to(copy).await?;
    let out = File::create(partial).map_err(at(partial))?;
    let mut archive = tar::Builder::new(GzEncoder::new(out, Compression::fast()));
    let mut manifest = BTreeMap::new();
    add(&mut archive, &mut manifest, copy, DATABASE)?;
    for folder in FOLDERS {
        for (path, name) in files(&data.join(folder), folder).map_err(at(data))? {
            match add(&mut archive, &mut manifest, &path, &name) {
                // A file of the inbox may have been imported and moved since it was listed.
                Err(BackupError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
                other => other?,
            }
        }
    }
    let list: String = manifest
        .iter()
        .map(|(name, hash)| format!("{hash}  {name}\n"))
        .collect();
    let mut header = tar::Header::new_gnu();
    header.set_size(list.len() as u64);
    header.set_mode(0o600);
    archive
        .append_data(&mut header, MANIFEST, list.as_bytes())
        .map_err(at(partial))?;
    let encoder = archive.into_inner().map_err(at(partial))?;
    encoder.finish().and_then(|out| out.sync_all()).map_err(at(partial))?;
    Ok(manifest.len())
}

/// Files below `folder` with their names in the backup; those still being written (a leading dot) are left out.
fn files(folder: &Path, prefix: &str) -> io::Result<Vec<(PathBuf, String)>> {
    let mut found = Vec::new();
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let inner = format!("{prefix}/{name}");
        match entry.file_type()?.is_dir() {
            true => found.extend(files(&entry.path(), &inner)?),
            false => found.push((entry.path(), inner)),
        }
    }
    found.sort();
    Ok(found)
}

/// Hashes what passes through.
struct Hashing<T> {
    inner: T,
    hash: Sha256,
}

impl<T> Hashing<T> {
    fn new(inner: T) -> Self {
        Self {
            inner,
            hash: Sha256::new(),
        }
    }

    fn hex(self) -> String {
        crate::text::hex(&self.hash.finalize())
    }
}

impl<T: Read> Read for Hashing<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.hash.update(&buffer[..n]);
        Ok(n)
    }
}

fn add(
    archive: &mut tar::Builder<impl Write>,
    manifest: &mut BTreeMap<String, String>,
    path: &Path,
    name: &str,
) -> Result<(), BackupError> {
    let file = File::open(path).map_err(at(path))?;
    let mut header = tar::Header::new_gnu();
    let size = file.metadata().map_err(at(path))?.len();
    header.set_size(size);
    header.set_mode(0o600);
    // A file that grows meanwhile is taken as long as it was.
    let mut reader = Hashing::new(file.take(size));
    archive.append_data(&mut header, name, &mut reader).map_err(at(path))?;
    manifest.insert(name.to_owned(), reader.hex());
    Ok(())
}

/// Brings back what [`backup`] wrote into `data`, which must be new or empty. Returns how many files it holds.
///
/// # Errors
/// When the backup is damaged, not one, or `data` is in use; then `data` is as it was.
pub fn restore(file: &Path, data: &Path) -> Result<usize, BackupError> {
    if std::fs::read_dir(data).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(BackupError::NotEmpty(data.to_owned()));
    }
    let name = data.file_name().unwrap_or_default().to_string_lossy();
    let partial = data.with_file_name(format!(".{name}.restoring-{}", std::process::id()));
    std::fs::create_dir_all(&partial).map_err(at(&partial))?;
    let result = unpack(file, &partial).and_then(|files| {
        if data.exists() {
            std::fs::remove_dir(data).map_err(at(data))?;
        }
        std::fs::rename(&partial, data).map_err(at(data))?;
        Ok(files)
    });
    if result.is_err() {
        let _ = std::fs::remove_dir_all(&partial);
    }
    result
}

fn unpack(file: &Path, into: &Path) -> Result<usize, BackupError> {
    let damaged = |problem: String| BackupError::Damaged {
        path: file.to_owned(),
        problem,
    };
    let bad = |error: io::Error| damaged(error.to_string());
    let input = File::open(file).map_err(at(file))?;
    let mut archive = tar::Archive::new(GzDecoder::new(input));
    let mut found = BTreeMap::new();
    let mut manifest = None;
    for entry in archive.entries().map_err(bad)? {
        let mut entry = entry.map_err(bad)?;
        let name = entry.path().map_err(bad)?.into_owned();
        if !name.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(damaged(format!("it holds the unsafe path {}", name.display())));
        }
        if name == Path::new(MANIFEST) {
            let mut text = String::new();
            entry.read_to_string(&mut text).map_err(bad)?;
            manifest = Some(text);
            continue;
        }
        let path = into.join(&name);
        std::fs::create_dir_all(path.parent().unwrap_or(into)).map_err(at(&path))?;
        let mut reader = Hashing::new(entry);
        let mut out = File::create(&path).map_err(at(&path))?;
        io::copy(&mut reader, &mut out).map_err(bad)?;
        found.insert(name.to_string_lossy().into_owned(), reader.hex());
    }
    // What stands between the files is in no list: the checksum at the end of all tells whether it was changed.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(bad)?;
    let manifest = manifest.ok_or_else(|| damaged(format!("it has no {MANIFEST}: not a backup, or cut short")))?;
    let listed: BTreeMap<String, String> = manifest
        .lines()
        .filter_map(|line| line.split_once("  "))
        .map(|(hash, name)| (name.to_owned(), hash.to_owned()))
        .collect();
    let wrong = listed.iter().find(|(name, hash)| found.get(*name) != Some(hash));
    match wrong {
        Some((name, _)) => Err(damaged(format!("{name} is missing or was changed"))),
        None if !listed.contains_key(DATABASE) => Err(damaged("it holds no database".into())),
        None => Ok(listed.len()),
    }
}
