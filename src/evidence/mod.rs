//! Snapshots of what was seen, by the hash of their bytes.
//!
//! `data/snapshots/ab/cd….gz`: the body as it was read, compressed, named by its SHA-256. Writing the same bytes again is
//! harmless; a file is complete or not there, because it is renamed into its place.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// A folder of snapshots.
#[derive(Debug, Clone)]
pub struct Snapshots {
    folder: PathBuf,
}

impl Snapshots {
    /// The snapshots in `folder`, which is made when first written to.
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// The name under which `bytes` are or would be kept: their SHA-256 in hexadecimal.
    pub fn name(bytes: &[u8]) -> String {
        crate::text::sha256_hex(bytes)
    }

    /// Keeps `bytes` and returns their name.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn put(&self, bytes: &[u8]) -> io::Result<String> {
        let name = Self::name(bytes);
        let path = self.path(&name);
        if path.exists() {
            return Ok(name);
        }
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder)?;
        let partial = folder.join(format!(".{name}.{}", std::process::id()));
        let mut encoder = GzEncoder::new(fs::File::create(&partial)?, Compression::fast());
        encoder.write_all(bytes)?;
        encoder.finish()?.sync_data()?;
        fs::rename(&partial, &path)?;
        Ok(name)
    }

    /// The bytes kept under `name`, if they are there.
    ///
    /// # Errors
    /// When the file cannot be read, is damaged, or does not hash to its name.
    pub fn get(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let is_name = name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit());
        let path = self.path(if is_name { name } else { return Ok(None) });
        let file = match fs::File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut bytes = Vec::new();
        GzDecoder::new(file).read_to_end(&mut bytes)?;
        if Self::name(&bytes) != name {
            return Err(io::Error::other(format!(
                "the snapshot {name} was changed: its bytes have another hash"
            )));
        }
        Ok(Some(bytes))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(&name[..2]).join(format!("{}.gz", &name[2..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_and_a_changed_byte_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let snapshots = Snapshots::new(folder.path());
        let name = snapshots.put("<h1>Lương hưu</h1>".as_bytes()).unwrap();
        assert_eq!(snapshots.put("<h1>Lương hưu</h1>".as_bytes()).unwrap(), name);
        assert_eq!(snapshots.get(&name).unwrap().unwrap(), "<h1>Lương hưu</h1>".as_bytes());
        assert_eq!(snapshots.get("../../etc/passwd").unwrap(), None);
        let other = snapshots.put(b"other").unwrap();
        fs::copy(snapshots.path(&other), snapshots.path(&name)).unwrap();
        assert!(snapshots.get(&name).unwrap_err().to_string().contains("was changed"));
    }
}
