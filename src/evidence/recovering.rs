//! After a kill: the torn end of what was being written is cut off. And sealed files of which nothing is kept any more go.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Seek};
use std::path::{Path, PathBuf};

use super::{Evidence, OPEN, PRIVATE, is_sealed, warc};
use crate::model::Time;
use crate::private::frames;

/// Days after which a file is surely closed and every row of it written.
const SETTLED_DAYS: i64 = 2;

impl Evidence {
    /// Cuts off what killed processes left torn, and closes their files. Returns how many there were.
    ///
    /// # Errors
    /// When a file cannot be read or changed.
    pub fn recover(&self) -> io::Result<usize> {
        let mut recovered = 0;
        let private = self.0.folder.join(PRIVATE);
        for path in [files(&self.0.folder)?, files(&private)?].concat() {
            if path.extension().is_none_or(|extension| extension != OPEN) {
                continue;
            }
            let file = OpenOptions::new().read(true).write(true).open(&path)?;
            // A file that is locked is being written by another process.
            if file.try_lock().is_err() {
                continue;
            }
            let whole = whole(&file, path.starts_with(&private))?;
            if whole < file.metadata()?.len() {
                tracing::warn!(file = %path.display(), whole, "the end of an evidence file was torn and is cut off");
                file.set_len(whole)?;
            }
            file.sync_all()?;
            fs::rename(&path, path.with_extension(""))?;
            recovered += 1;
        }
        Ok(recovered)
    }

    /// Deletes sealed files that are none of `wanted` and old enough that no row of theirs is still to be written. Returns
    /// how many.
    ///
    /// # Errors
    /// When the folder cannot be read or changed.
    pub fn clear(&self, wanted: &BTreeSet<String>, now: Time) -> io::Result<usize> {
        let before = (now - chrono::Duration::days(SETTLED_DAYS))
            .format("%Y%m%d")
            .to_string();
        let mut cleared = 0;
        for path in files(&self.0.folder.join(PRIVATE))? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let place = format!("{PRIVATE}/{name}");
            if frames::is_sealed(&path) && is_sealed(&place) && name[..] < before[..] && !wanted.contains(&place) {
                fs::remove_file(&path)?;
                cleared += 1;
            }
        }
        Ok(cleared)
    }
}

/// The files of a folder; none when it is not there.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    entries.map(|entry| Ok(entry?.path())).collect()
}

/// How much of a file is whole members or frames, in bytes.
fn whole(file: &File, is_private: bool) -> io::Result<u64> {
    let mut reader = BufReader::new(file);
    let mut whole = 0;
    loop {
        let next = match is_private {
            true => frames::next(&mut reader),
            false => warc::next_member(&mut reader),
        };
        match next {
            Ok(Some(_)) => whole = reader.stream_position()?,
            _ => return Ok(whole),
        }
    }
}
