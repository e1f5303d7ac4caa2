//! What was seen, kept so that it can be proven: WARC files, written once and never changed but by lawful erasure.
//!
//! `data/evidence/20261120-1f3a…-0001.warc.gz`: requests and answers with a gzip member each. A process writes files of its
//! own, each with `.open` behind its name until it is full or a day old. A member is written in one piece; what a killed
//! process left torn at the end is cut off by the next start.
//!
//! Pages that name private persons go to `private/20261120-1f3a…-0001.warc.gz.sealed`: the same members, each sealed as a
//! frame ([`crate::private::frames`]). A leaf is the hash of the record, so proofs are the same wherever a record stands.

pub mod log;

mod recovering;

mod warc;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use sha2::{Digest, Sha256};

pub use warc::{Answer, Record, redacted};

use crate::model::Time;
use crate::model::evidence::{Kept, Place};
use crate::model::page::Page;
use crate::private::{Vault, frames};
use crate::text::{coding, hex, sha256_hex};

/// A file is closed when it is longer than this, in bytes.
const FULL: u64 = 256 << 20;
/// Longest body that is given back, in bytes.
const LONGEST: usize = 64 << 20;
const OPEN: &str = "open";
/// Folder of sealed files.
const PRIVATE: &str = "private";

/// A folder of evidence. Cheap to clone; clones write the same file.
#[derive(Debug, Clone)]
pub struct Evidence(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    contact: String,
    vault: Vault,
    /// The file of what anybody may read, and that of what is sealed.
    writing: [Mutex<Option<Writing>>; 2],
}

/// The file being written.
#[derive(Debug)]
struct Writing {
    name: String,
    path: PathBuf,
    file: File,
    length: u64,
    day: chrono::NaiveDate,
}

impl Evidence {
    /// The evidence in `folder`, which is made when first written to; `contact` stands in its files. Private pages are
    /// sealed and opened with `vault`.
    pub fn new(folder: &Path, contact: &str, vault: &Vault) -> Self {
        Self(Arc::new(Inner {
            folder: folder.to_owned(),
            contact: contact.to_owned(),
            vault: vault.clone(),
            writing: Default::default(),
        }))
    }

    /// The name under which `bytes` are or would be kept: their SHA-256 in hexadecimal.
    pub fn name(bytes: &[u8]) -> String {
        sha256_hex(bytes)
    }

    /// Keeps what led to a page: every request and answer of it; sealed when it `is_private`: it names private persons.
    /// `None` for a page that came by no exchange.
    ///
    /// # Errors
    /// When the folder cannot be written to, or the key cannot be used.
    pub fn keep(&self, page: &Page, is_private: bool) -> io::Result<Option<Kept>> {
        let mut kept = None;
        for exchange in &page.exchanges {
            let request = Record::request(exchange);
            let response = Record::response(exchange, &request);
            let is_coded = exchange
                .response
                .iter()
                .any(|(name, _)| name.eq_ignore_ascii_case("content-encoding"));
            self.append(&request, false, is_private)?;
            kept = Some(self.kept(&response, is_coded, is_private, Self::name(&page.body), exchange.at)?);
        }
        Ok(kept)
    }

    /// Keeps bytes that came by another way than HTTP, under an address of their own; sealed when they name private persons.
    ///
    /// # Errors
    /// When the folder cannot be written to, or the key cannot be used.
    pub fn keep_resource(
        &self,
        address: &str,
        kind: &str,
        bytes: &[u8],
        is_private: bool,
        at: Time,
    ) -> io::Result<Kept> {
        let record = Record::resource(address, kind, bytes.to_vec(), at);
        self.kept(&record, false, is_private, Self::name(bytes), at)
    }

    /// Puts a record that stands in clear among the sealed ones. Where it stood is to be erased after its new place is known.
    ///
    /// # Errors
    /// When it cannot be read or sealed; `None` when its file is not in this folder.
    pub fn seal(&self, place: &Place) -> io::Result<Option<Place>> {
        let Some((record, _)) = self.read(place)? else {
            return Ok(None);
        };
        self.append(&record, false, true).map(Some)
    }

    fn kept(&self, record: &Record, is_coded: bool, is_private: bool, name: String, at: Time) -> io::Result<Kept> {
        let place = self.append(record, is_coded, is_private)?;
        let salt = crate::chance::bytes::<16>();
        Ok(Kept {
            name,
            url: record.field("WARC-Target-URI").unwrap_or_default().to_owned(),
            place,
            leaf: leaf(&salt, &record.bytes()),
            salt: hex(&salt),
            at,
        })
    }

    /// Writes one member in one piece.
    fn append(&self, record: &Record, is_coded: bool, is_private: bool) -> io::Result<Place> {
        let member = warc::member(&record.bytes(), is_coded)?;
        let at = record
            .field("WARC-Date")
            .and_then(crate::text::date::parse)
            .unwrap_or_default();
        let mut writing = self.writing(is_private);
        let day = at.date_naive();
        if writing
            .as_ref()
            .is_some_and(|open| open.length >= FULL || open.day != day)
        {
            *writing = None;
        }
        let open = match &mut *writing {
            Some(open) => open,
            none => none.insert(self.0.begin(at, is_private)?),
        };
        open.append(member, &self.0.vault)
    }

    /// Waits until everything written has reached the disk.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn sync(&self) -> io::Result<()> {
        for is_private in [false, true] {
            if let Some(open) = self.writing(is_private).as_ref() {
                open.file.sync_data()?;
            }
        }
        Ok(())
    }

    fn writing(&self, is_private: bool) -> MutexGuard<'_, Option<Writing>> {
        let writing = &self.0.writing[usize::from(is_private)];
        writing.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The record at a place, and its bytes as the leaf was made of them; `None` when its file is not in this folder.
    ///
    /// # Errors
    /// When the file cannot be read, the record is damaged, or the key of a sealed one is not there.
    pub fn read(&self, place: &Place) -> io::Result<Option<(Record, Vec<u8>)>> {
        let Some(mut file) = self.0.find(&place.file)? else {
            return Ok(None);
        };
        file.seek(SeekFrom::Start(place.start))?;
        let mut member = vec![0; usize::try_from(place.length).unwrap_or(usize::MAX).min(LONGEST)];
        io::Read::read_exact(&mut file, &mut member)?;
        if is_sealed(&place.file) {
            member = frames::content(&self.0.vault, &place.file, place.start, &member)?;
        }
        let bytes = warc::next_member(&mut &member[..])?.unwrap_or_default();
        Ok(Some((Record::parse(&bytes)?, bytes)))
    }

    /// What a record says, content codings taken off.
    ///
    /// # Errors
    /// As [`Evidence::read`], and when what it says is not what `kept` was named by.
    pub fn content(&self, kept: &Kept) -> io::Result<Option<Vec<u8>>> {
        let Some((record, _)) = self.read(&kept.place)? else {
            return Ok(None);
        };
        let bytes = match record.answer() {
            Some(answer) => {
                let codings = answer.headers.iter().find(|(name, _)| name == "content-encoding");
                let codings = codings.map_or("", |(_, value)| value.as_str());
                coding::decode(&answer.body, codings, LONGEST)
                    .map_err(io::Error::other)?
                    .bytes
            }
            None => record.block,
        };
        if Self::name(&bytes) != kept.name {
            return Err(io::Error::other(format!(
                "the evidence {} was changed: its bytes have another hash",
                kept.name
            )));
        }
        Ok(Some(bytes))
    }

    /// Writes over a record, for lawful erasure: what stood there is gone, everything else keeps its place.
    ///
    /// # Errors
    /// When its file is not in this folder or cannot be written to.
    pub fn erase(&self, place: &Place, at: Time) -> io::Result<()> {
        let length = usize::try_from(place.length).unwrap_or(usize::MAX);
        let (start, filler) = match is_sealed(&place.file) {
            // The length before a frame stays, so that the next one is found.
            true => (frames::LENGTH, vec![0; length.saturating_sub(frames::LENGTH)]),
            false => (
                0,
                warc::filler(length, at).ok_or_else(|| io::Error::other("the record is too short to be replaced"))?,
            ),
        };
        let name = self.0.folder.join(&place.file);
        let open = self.0.folder.join(format!("{}.{OPEN}", place.file));
        let path = if name.exists() { name } else { open };
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.seek(SeekFrom::Start(place.start + start as u64))?;
        file.write_all(&filler)?;
        file.sync_all()
    }

    /// Whether the file of a place is in this folder.
    pub fn holds(&self, place: &Place) -> bool {
        matches!(self.0.find(&place.file), Ok(Some(_)))
    }
}

/// Whether records of this file are sealed.
fn is_sealed(file: &str) -> bool {
    Path::new(file).starts_with(PRIVATE)
}

impl Writing {
    /// Writes a member or, in a sealed file, its frame.
    fn append(&mut self, member: Vec<u8>, vault: &Vault) -> io::Result<Place> {
        let bytes = match is_sealed(&self.name) {
            true => frames::frame(vault, &self.name, self.length, &member)?,
            false => member,
        };
        let place = Place {
            file: self.name.clone(),
            start: self.length,
            length: bytes.len() as u64,
        };
        if let Err(error) = self.file.write_all(&bytes) {
            // What was written of it would make the rest unreadable.
            let _ = self
                .file
                .set_len(self.length)
                .and_then(|()| self.file.seek(SeekFrom::End(0)));
            return Err(error);
        }
        self.length += bytes.len() as u64;
        Ok(place)
    }
}

impl Inner {
    fn begin(&self, at: Time, is_private: bool) -> io::Result<Writing> {
        if is_private {
            self.vault.prepare()?;
        }
        let plain = format!("{}-{}.warc.gz", at.format("%Y%m%d"), &crate::chance::token()[..12]);
        let name = match is_private {
            true => format!("{PRIVATE}/{plain}.{}", frames::SEALED),
            false => plain.clone(),
        };
        let path = self.folder.join(format!("{name}.{OPEN}"));
        fs::create_dir_all(path.parent().unwrap_or(&self.folder))?;
        let file = OpenOptions::new().create_new(true).append(true).open(&path)?;
        file.lock()?;
        let software = concat!("diemtin/", env!("CARGO_PKG_VERSION"));
        let about = warc::member(&Record::about(software, &self.contact, &plain, at).bytes(), false)?;
        let mut writing = Writing {
            name,
            path,
            file,
            length: 0,
            day: at.date_naive(),
        };
        writing.append(about, &self.vault)?;
        Ok(writing)
    }

    fn find(&self, name: &str) -> io::Result<Option<File>> {
        for path in [self.folder.join(name), self.folder.join(format!("{name}.{OPEN}"))] {
            match File::open(path) {
                Ok(file) => return Ok(Some(file)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        let closed = self
            .file
            .sync_all()
            .and_then(|()| fs::rename(&self.path, self.path.with_extension("")));
        if let Err(error) = closed {
            tracing::error!(file = %self.path.display(), %error, "an evidence file could not be closed; the next start does it");
        }
    }
}

/// The leaf of a record in the log: SHA-256 of salt and record, in hexadecimal.
pub fn leaf(salt: &[u8], record: &[u8]) -> String {
    hex(&Sha256::new().chain_update(salt).chain_update(record).finalize())
}

#[cfg(test)]
mod tests;
