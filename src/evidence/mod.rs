//! What was seen, kept so that it can be proven: WARC files, written once and never changed but by lawful erasure.
//!
//! `data/evidence/20261120-1f3a…-0001.warc.gz`: requests and answers with a gzip member each. A process writes files of its
//! own, each with `.open` behind its name until it is full or a day old. A member is written in one piece; what a killed
//! process left torn at the end is cut off by the next start.

pub mod log;
mod warc;

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use sha2::{Digest, Sha256};

pub use warc::{Answer, Record, redacted};

use crate::model::Time;
use crate::model::evidence::{Kept, Place};
use crate::model::page::Page;
use crate::text::{coding, hex, sha256_hex};

/// A file is closed when it is longer than this, in bytes.
const FULL: u64 = 256 << 20;
/// Longest body that is given back, in bytes.
const LONGEST: usize = 64 << 20;
const OPEN: &str = "open";

/// A folder of evidence. Cheap to clone; clones write the same file.
#[derive(Debug, Clone)]
pub struct Evidence(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    contact: String,
    writing: Mutex<Option<Writing>>,
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
    /// The evidence in `folder`, which is made when first written to; `contact` stands in its files.
    pub fn new(folder: &Path, contact: &str) -> Self {
        Self(Arc::new(Inner {
            folder: folder.to_owned(),
            contact: contact.to_owned(),
            writing: Mutex::default(),
        }))
    }

    /// The name under which `bytes` are or would be kept: their SHA-256 in hexadecimal.
    pub fn name(bytes: &[u8]) -> String {
        sha256_hex(bytes)
    }

    /// Keeps what led to a page: every request and answer of it. `None` for a page that came by no exchange.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn keep(&self, page: &Page) -> io::Result<Option<Kept>> {
        let mut kept = None;
        for exchange in &page.exchanges {
            let request = Record::request(exchange);
            let response = Record::response(exchange, &request);
            let is_coded = exchange
                .response
                .iter()
                .any(|(name, _)| name.eq_ignore_ascii_case("content-encoding"));
            self.append(&request, false)?;
            kept = Some(self.kept(&response, is_coded, Self::name(&page.body), exchange.at)?);
        }
        Ok(kept)
    }

    /// Keeps bytes that came by another way than HTTP, under an address of their own.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn keep_resource(&self, address: &str, kind: &str, bytes: &[u8], at: Time) -> io::Result<Kept> {
        let record = Record::resource(address, kind, bytes.to_vec(), at);
        self.kept(&record, false, Self::name(bytes), at)
    }

    fn kept(&self, record: &Record, is_coded: bool, name: String, at: Time) -> io::Result<Kept> {
        let place = self.append(record, is_coded)?;
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
    fn append(&self, record: &Record, is_coded: bool) -> io::Result<Place> {
        let member = warc::member(&record.bytes(), is_coded)?;
        let at = record
            .field("WARC-Date")
            .and_then(crate::text::date::parse)
            .unwrap_or_default();
        let mut writing = self.writing();
        let day = at.date_naive();
        if writing
            .as_ref()
            .is_some_and(|open| open.length >= FULL || open.day != day)
        {
            *writing = None;
        }
        let open = match &mut *writing {
            Some(open) => open,
            none => none.insert(self.0.begin(at)?),
        };
        let place = Place {
            file: open.name.clone(),
            start: open.length,
            length: member.len() as u64,
        };
        if let Err(error) = open.file.write_all(&member) {
            // What was written of it would make the rest unreadable.
            let _ = open
                .file
                .set_len(open.length)
                .and_then(|()| open.file.seek(SeekFrom::End(0)));
            return Err(error);
        }
        open.length += member.len() as u64;
        Ok(place)
    }

    /// Waits until everything written has reached the disk.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn sync(&self) -> io::Result<()> {
        self.writing().as_ref().map_or(Ok(()), |open| open.file.sync_data())
    }

    fn writing(&self) -> MutexGuard<'_, Option<Writing>> {
        self.0.writing.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The record at a place, and its bytes as the leaf was made of them; `None` when its file is not in this folder.
    ///
    /// # Errors
    /// When the file cannot be read or the record is damaged.
    pub fn read(&self, place: &Place) -> io::Result<Option<(Record, Vec<u8>)>> {
        let Some(mut file) = self.0.find(&place.file)? else {
            return Ok(None);
        };
        file.seek(SeekFrom::Start(place.start))?;
        let mut member = vec![0; usize::try_from(place.length).unwrap_or(usize::MAX).min(LONGEST)];
        io::Read::read_exact(&mut file, &mut member)?;
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
        let filler =
            warc::filler(length, at).ok_or_else(|| io::Error::other("the record is too short to be replaced"))?;
        let name = self.0.folder.join(&place.file);
        let open = self.0.folder.join(format!("{}.{OPEN}", place.file));
        let path = if name.exists() { name } else { open };
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.seek(SeekFrom::Start(place.start))?;
        file.write_all(&filler)?;
        file.sync_all()
    }

    /// Cuts off what killed processes left torn, and closes their files. Returns how many there were.
    ///
    /// # Errors
    /// When a file cannot be read or changed.
    pub fn recover(&self) -> io::Result<usize> {
        let mut recovered = 0;
        let entries = match fs::read_dir(&self.0.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_none_or(|extension| extension != OPEN) {
                continue;
            }
            let file = OpenOptions::new().read(true).write(true).open(&path)?;
            // A file that is locked is being written by another process.
            if file.try_lock().is_err() {
                continue;
            }
            let mut reader = BufReader::new(&file);
            let mut whole = 0;
            while let Ok(Some(_)) = warc::next_member(&mut reader) {
                whole = reader.stream_position()?;
            }
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
}

impl Inner {
    fn begin(&self, at: Time) -> io::Result<Writing> {
        fs::create_dir_all(&self.folder)?;
        let name = format!("{}-{}.warc.gz", at.format("%Y%m%d"), &crate::chance::token()[..12]);
        let path = self.folder.join(format!("{name}.{OPEN}"));
        let mut file = OpenOptions::new().create_new(true).append(true).open(&path)?;
        file.lock()?;
        let software = concat!("diemtin/", env!("CARGO_PKG_VERSION"));
        let about = warc::member(&Record::about(software, &self.contact, &name, at).bytes(), false)?;
        file.write_all(&about)?;
        Ok(Writing {
            name,
            path,
            file,
            length: about.len() as u64,
            day: at.date_naive(),
        })
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
mod tests {
    use super::*;
    use crate::model::page::Exchange;

    fn page(text: &str) -> Page {
        let at = crate::text::date::parse("2026-11-20T01:02:03Z").unwrap();
        let body = warc::member(text.as_bytes(), false).unwrap();
        let exchange = |url: &str, status, body: &[u8]| Exchange {
            method: "GET".into(),
            url: url.into(),
            request: Vec::new(),
            status,
            is_http2: false,
            response: vec![("content-encoding".into(), b"gzip".to_vec())],
            body: body.to_vec(),
            at,
        };
        Page {
            url: "http://bao.example/a".into(),
            final_url: "http://bao.example/b".into(),
            status: 200,
            content_type: None,
            etag: None,
            last_modified: None,
            body: text.into(),
            fetched_at: at,
            exchanges: vec![
                exchange("http://bao.example/a", 301, b""),
                exchange("http://bao.example/b", 200, &body),
            ],
        }
    }

    #[test]
    fn what_is_kept_comes_back_and_a_changed_byte_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let evidence = Evidence::new(folder.path(), "a@b.vn");
        let kept = evidence.keep(&page("<h1>Lương hưu</h1>")).unwrap().unwrap();
        assert_eq!(kept.url, "http://bao.example/b");
        assert_eq!(
            evidence.content(&kept).unwrap().unwrap(),
            "<h1>Lương hưu</h1>".as_bytes()
        );
        let (_, bytes) = evidence.read(&kept.place).unwrap().unwrap();
        assert_eq!(leaf(&crate::text::unhex(&kept.salt).unwrap(), &bytes), kept.leaf);
        drop(evidence);

        let path = folder.path().join(&kept.place.file);
        let mut file = fs::read(&path).unwrap();
        let at = usize::try_from(kept.place.start + kept.place.length / 2).unwrap();
        file[at] ^= 1;
        fs::write(&path, file).unwrap();
        assert!(Evidence::new(folder.path(), "").content(&kept).is_err());
    }

    #[test]
    fn what_a_killed_process_left_torn_is_cut_and_the_rest_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let evidence = Evidence::new(folder.path(), "");
        let kept = evidence.keep(&page("một")).unwrap().unwrap();
        evidence.keep(&page("hai")).unwrap();
        assert_eq!(
            Evidence::new(folder.path(), "").recover().unwrap(),
            0,
            "another process writes it"
        );
        let open = evidence.writing().take().unwrap();
        open.file.set_len(open.length - 5).unwrap();
        open.file.unlock().unwrap();
        std::mem::forget(open);
        let evidence = Evidence::new(folder.path(), "");
        assert_eq!(evidence.recover().unwrap(), 1);
        assert_eq!(evidence.content(&kept).unwrap().unwrap(), "một".as_bytes());
        let path = folder.path().join(&kept.place.file);
        let mut reader = BufReader::new(File::open(path).unwrap());
        let mut members = 0;
        while warc::next_member(&mut reader).unwrap().is_some() {
            members += 1;
        }
        assert_eq!(
            members, 8,
            "about, two times request and answer twice, the last answer torn off"
        );
    }
}
