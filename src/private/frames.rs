//! Sealed bytes one after another in a file: the length in four bytes (little-endian), then what [`Vault::seal`] gives.
//!
//! A frame belongs to its file and its place in it, so that frames cannot change places. Whole files are sealed in frames of
//! a megabyte.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::{PrivateError, Vault};

/// Ends the name of a sealed file.
pub const SEALED: &str = "sealed";
/// Bytes of a file in one frame.
const CHUNK: usize = 1 << 20;
/// Bytes that say how long a frame is.
pub const LENGTH: usize = 4;
/// Longest frame that is believed, in bytes: the longest page kept, and room for headers.
const LONGEST: usize = 128 << 20;

/// The place a frame is sealed for.
fn place(file: &str, start: u64) -> Vec<u8> {
    format!("{file} {start}").into_bytes()
}

/// A frame for the byte `start` of `file`.
///
/// # Errors
/// When the key cannot be used or the bytes are too many.
pub fn frame(vault: &Vault, file: &str, start: u64, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let sealed = vault.seal(&place(file, start), bytes)?;
    let length = u32::try_from(sealed.len()).map_err(io::Error::other)?;
    Ok([&length.to_le_bytes()[..], &sealed[..]].concat())
}

/// What a whole frame, its length included, says.
///
/// # Errors
/// When the key is not there or the frame was changed.
pub fn content(vault: &Vault, file: &str, start: u64, frame: &[u8]) -> io::Result<Vec<u8>> {
    let sealed = frame.get(LENGTH..).ok_or(PrivateError::Damaged)?;
    Ok(vault.open(&place(file, start), sealed)?)
}

/// The next frame with its length, `None` at the end of the file.
///
/// # Errors
/// When it is cut short or no frame.
pub fn next(reader: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut frame = vec![0; LENGTH];
    let read = reader.by_ref().take(LENGTH as u64).read(&mut frame)?;
    if read == 0 {
        return Ok(None);
    }
    reader.read_exact(&mut frame[read..])?;
    let length = u32::from_le_bytes([frame[0], frame[1], frame[2], frame[3]]) as usize;
    if !(1..=LONGEST).contains(&length) {
        return Err(io::Error::other(PrivateError::Damaged));
    }
    frame.resize(LENGTH + length, 0);
    reader.read_exact(&mut frame[LENGTH..])?;
    Ok(Some(frame))
}

/// Seals a file into another, whole or not at all; the plain one is left.
///
/// # Errors
/// When a file or the key cannot be used.
pub fn seal_file(vault: &Vault, plain: &Path, sealed: &Path) -> io::Result<()> {
    seal_from(vault, &mut BufReader::new(File::open(plain)?), sealed)
}

/// Seals bytes into a file, whole or not at all.
///
/// # Errors
/// When the file or the key cannot be used.
pub fn seal_from(vault: &Vault, reader: &mut impl Read, sealed: &Path) -> io::Result<()> {
    let name = name_of(sealed);
    let partial = sealed.with_file_name(format!(".{name}.partial"));
    let written = write_frames(vault, reader, &name, &partial).and_then(|()| fs::rename(&partial, sealed));
    if written.is_err() {
        let _ = fs::remove_file(&partial);
    }
    written
}

fn write_frames(vault: &Vault, reader: &mut impl Read, name: &str, partial: &Path) -> io::Result<()> {
    let mut out = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(partial)?;
    let mut start = 0;
    loop {
        let mut chunk = Vec::new();
        reader.by_ref().take(CHUNK as u64).read_to_end(&mut chunk)?;
        // An empty frame is the end: a file cut short at a frame is noticed.
        let frame = frame(vault, name, start, &chunk)?;
        out.write_all(&frame)?;
        start += frame.len() as u64;
        if chunk.is_empty() {
            return out.sync_all();
        }
    }
}

/// What a sealed file says.
///
/// # Errors
/// When it cannot be read, the key is not there, or it was changed or cut short.
pub fn open_file(vault: &Vault, sealed: &Path) -> io::Result<Vec<u8>> {
    let mut reader = BufReader::new(File::open(sealed)?);
    let name = name_of(sealed);
    let (mut all, mut start) = (Vec::new(), 0);
    while let Some(frame) = next(&mut reader)? {
        let chunk = content(vault, &name, start, &frame)?;
        if chunk.is_empty() {
            return Ok(all);
        }
        all.extend(chunk);
        start += frame.len() as u64;
    }
    Err(PrivateError::Damaged.into())
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The name under which a file is sealed at a time: `a.csv` becomes `a.csv.20261120T100000.sealed`.
pub fn sealed_name(name: &str, at: crate::model::Time) -> String {
    format!("{name}.{}.{SEALED}", at.format("%Y%m%dT%H%M%S"))
}

/// What a file of this name was called and when it was sealed; `None` for a name of another form.
pub fn parts(path: &Path) -> Option<(String, crate::model::Time)> {
    let name = name_of(path);
    let (plain, stamp) = name.strip_suffix(SEALED)?.strip_suffix('.')?.rsplit_once('.')?;
    let at = chrono::NaiveDateTime::parse_from_str(stamp, "%Y%m%dT%H%M%S").ok()?;
    Some((
        plain.to_owned(),
        at.and_local_timezone(crate::model::vietnam()).single()?,
    ))
}

/// Whether a file is sealed, by its name.
pub fn is_sealed(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == SEALED)
}

/// The sealed files of a folder with the times they were sealed; none when the folder is not there.
///
/// # Errors
/// When the folder cannot be read.
pub fn sealed_files(folder: &Path) -> io::Result<Vec<(PathBuf, crate::model::Time)>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        found.extend(parts(&path).map(|(_, at)| (path, at)));
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_sealed_in_frames_that_cannot_change_places_or_be_cut() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::at(&folder.path().join("k"));
        let plain: Vec<u8> = (0..CHUNK * 2 + 7).map(|n| (n % 251) as u8).collect();
        fs::write(folder.path().join("a"), &plain).unwrap();
        let sealed = folder.path().join("a.sealed");
        seal_file(&vault, &folder.path().join("a"), &sealed).unwrap();
        assert_eq!(open_file(&vault, &sealed).unwrap(), plain);

        let bytes = fs::read(&sealed).unwrap();
        let first = LENGTH + u32::from_le_bytes(bytes[..4].try_into().unwrap()) as usize;
        let swapped = [&bytes[first..2 * first], &bytes[..first], &bytes[2 * first..]].concat();
        for wrong in [
            &swapped[..],
            &bytes[..first],
            &bytes[..bytes.len() - 1],
            &bytes[first..],
        ] {
            fs::write(&sealed, wrong).unwrap();
            assert!(open_file(&vault, &sealed).is_err());
        }
        fs::write(folder.path().join("b.sealed"), &bytes).unwrap();
        assert!(
            open_file(&vault, &folder.path().join("b.sealed")).is_err(),
            "under another name"
        );
    }

    #[test]
    fn the_name_of_a_sealed_file_tells_when() {
        let at = crate::text::date::parse("2026-11-20 10:00").unwrap();
        let name = sealed_name("báo cáo.csv", at);
        assert_eq!(name, "báo cáo.csv.20261120T100000.sealed");
        assert_eq!(parts(Path::new(&name)), Some(("báo cáo.csv".into(), at)));
        assert_eq!(parts(Path::new("a.sealed")), None);
    }
}
