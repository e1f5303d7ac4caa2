//! The folder of tips: mails, texts and JSON that others drop, each file to an item or some.
//!
//! `data/tips/` and one folder deep: a folder called like a province says where its tips come from, `new` and `cur` are
//! those of a Maildir. What was read goes to `done/`, what could not be to `failed/` with the reason beside it, both sealed. A file that
//! bears a mark of secrecy is deleted, and only that is told.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::catalogue::Catalogue;
use crate::collect::tips;
use crate::collect::told::{self, Refused};
use crate::evidence::Evidence;
use crate::model::capture::{Capture, CaptureForm, Picture};
use crate::model::item::{Access, RecordError};
use crate::model::{ItemId, Time};
use crate::private::{Vault, frames};
use crate::store::Store;
use crate::text::{decode, secrecy, sha256_hex};

use super::capturing::{CaptureError, by_hand, keep_pictures};
use super::importing::{self, ImportError, Imported};

/// Largest file read, in bytes.
const LARGEST: u64 = 32 << 20;
/// Who is written down as having handed in what lies in the folder.
const USER: &str = "hộp thư tin báo";
const DONE: &str = "done";
const FAILED: &str = "failed";

/// Why the folder could not be worked through.
#[derive(Debug, thiserror::Error)]
pub enum TipError {
    /// A file or folder cannot be read or moved.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A tip could not be kept.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// Records could not be written down.
    #[error(transparent)]
    Import(#[from] ImportError),
}

impl From<crate::store::Error> for TipError {
    fn from(error: crate::store::Error) -> Self {
        Self::Capture(error.into())
    }
}

fn at(path: &Path) -> impl Fn(io::Error) -> TipError + '_ {
    move |source| TipError::Io {
        path: path.to_owned(),
        source,
    }
}

/// What came of the folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tipped {
    /// Files read.
    pub files: usize,
    /// Items that were new.
    pub new: usize,
    /// Items that were known.
    pub known: usize,
    /// Observations that were new.
    pub observations: usize,
    /// Files refused and kept in `failed/`.
    pub failed: usize,
    /// Files deleted because of a mark of secrecy.
    pub secret: usize,
}

/// A file of the folder.
struct Dropped {
    path: PathBuf,
    /// The folder in the folder of tips, empty for that itself.
    inner: String,
    name: String,
    /// Province its folder is called after.
    province: Option<String>,
}

/// How the bytes of a file are read.
enum Kind {
    Mail,
    Text,
    Json,
}

impl Dropped {
    fn kind(&self) -> Option<Kind> {
        if matches!(self.inner.as_str(), "new" | "cur") {
            return Some(Kind::Mail);
        }
        match Path::new(&self.name)
            .extension()?
            .to_str()?
            .to_ascii_lowercase()
            .as_str()
        {
            "eml" => Some(Kind::Mail),
            "txt" => Some(Kind::Text),
            "json" | "ndjson" | "jsonl" => Some(Kind::Json),
            _ => None,
        }
    }
}

/// Takes in every file of the folder of tips, in the order of their names. Files whose name begins with a dot are still
/// being written.
///
/// # Errors
/// When the folder cannot be read or store or disk fail; files not moved are read again, which changes nothing.
pub async fn folder(
    store: &Store,
    evidence: &Evidence,
    catalogue: &Catalogue,
    tips: &Path,
    now: Time,
) -> Result<Tipped, TipError> {
    let mut all = Tipped::default();
    for dropped in dropped(catalogue, tips)? {
        let bytes = match read(&dropped.path) {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::error!(%error, "a file of tips cannot be read; trying again");
                continue;
            }
        };
        let hash = sha256_hex(&bytes);
        all.files += 1;
        match take(store, evidence, catalogue, &dropped, bytes, now).await? {
            Ok(took) => {
                all.new += took.new;
                all.known += took.known;
                all.observations += took.observations;
                if !took.errors.is_empty() {
                    let log = place(tips, FAILED, &dropped, &hash, ".errors.csv")?;
                    importing::write_errors(&log, &took.errors).map_err(at(&log))?;
                    tracing::warn!(file = %dropped.name, refused = took.errors.len(), "tips of a file were refused");
                }
                put_away(store.vault(), tips, DONE, &dropped, now)?;
            }
            Err(Refused::Secret) => {
                // Not even its name is kept.
                let log = tips.join(FAILED).join(format!("{}.txt", &hash[..12]));
                fs::create_dir_all(tips.join(FAILED)).map_err(at(tips))?;
                fs::write(&log, format!("{}; tệp đã bị xóa khỏi hộp tin báo\n", secrecy::MESSAGE)).map_err(at(&log))?;
                fs::remove_file(&dropped.path).map_err(at(tips))?;
                tracing::warn!("a file of tips bears a mark of secrecy and was deleted");
                all.secret += 1;
            }
            Err(Refused::Because(reason)) => {
                let log = place(tips, FAILED, &dropped, &hash, ".txt")?;
                fs::write(&log, format!("{reason}\n")).map_err(at(&log))?;
                put_away(store.vault(), tips, FAILED, &dropped, now)?;
                tracing::warn!(file = %dropped.name, %reason, "a file of tips was refused");
                all.failed += 1;
            }
        }
    }
    Ok(all)
}

/// The bytes of a file, one more than the largest at most.
fn read(path: &Path) -> Result<Vec<u8>, TipError> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(at(path))?;
    io::Read::read_to_end(&mut io::Read::take(file, LARGEST + 1), &mut bytes).map_err(at(path))?;
    Ok(bytes)
}

/// Where a file goes below `done` or `failed`; behind its hash where another one of its name lies there.
fn place(tips: &Path, below: &str, dropped: &Dropped, hash: &str, ending: &str) -> Result<PathBuf, TipError> {
    let folder = tips.join(below).join(&dropped.inner);
    fs::create_dir_all(&folder).map_err(at(&folder))?;
    let usual = folder.join(format!("{}{ending}", dropped.name));
    let other = folder.join(format!("{}-{}{ending}", &hash[..12], dropped.name));
    Ok(if usual.exists() { other } else { usual })
}

/// Seals a file below `done` or `failed`: it names whom it is from. Another one of its name and second is not touched.
fn put_away(vault: &Vault, tips: &Path, below: &str, dropped: &Dropped, now: Time) -> Result<(), TipError> {
    let folder = tips.join(below).join(&dropped.inner);
    fs::create_dir_all(&folder).map_err(at(&folder))?;
    let mut to = folder.join(frames::sealed_name(&dropped.name, now));
    let mut n = 1;
    while to.exists() {
        n += 1;
        to = folder.join(frames::sealed_name(&format!("{n}-{}", dropped.name), now));
    }
    let sealed = frames::seal_file(vault, &dropped.path, &to).and_then(|()| fs::remove_file(&dropped.path));
    sealed.map_err(at(&dropped.path))
}

/// The files of the folder of tips, which is made when it is not there, and of those in it, by name.
fn dropped(catalogue: &Catalogue, tips: &Path) -> Result<Vec<Dropped>, TipError> {
    fs::create_dir_all(tips).map_err(at(tips))?;
    let mut found = files_of(tips, "", None)?;
    for (name, path) in entries(tips)? {
        let province = catalogue.knowledge.provinces.find(&name.replace('-', "_"));
        let is_read = province.is_some() || matches!(name.as_str(), "new" | "cur");
        if path.is_dir() && is_read {
            found.extend(files_of(&path, &name, province.map(|province| province.id.clone()))?);
        }
    }
    found.sort_by(|a, b| (&a.inner, &a.name).cmp(&(&b.inner, &b.name)));
    Ok(found)
}

/// The folders below `done` and `failed` of the folder of tips, those themselves too, that are there.
pub(super) fn kept_folders(tips: &Path) -> io::Result<Vec<PathBuf>> {
    let mut waiting = vec![tips.join(DONE), tips.join(FAILED)];
    let mut found = Vec::new();
    waiting.retain(|folder| folder.is_dir());
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder)? {
            waiting.extend(Some(entry?.path()).filter(|path| path.is_dir()));
        }
        found.push(folder);
    }
    Ok(found)
}

fn files_of(folder: &Path, inner: &str, province: Option<String>) -> Result<Vec<Dropped>, TipError> {
    let files = entries(folder)?
        .into_iter()
        .filter(|(name, path)| path.is_file() && !name.starts_with('.'));
    let dropped = |(name, path)| Dropped {
        path,
        inner: inner.to_owned(),
        name,
        province: province.clone(),
    };
    Ok(files.map(dropped).collect())
}

fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, TipError> {
    let entries = fs::read_dir(folder).map_err(at(folder))?.flatten();
    let named = |entry: fs::DirEntry| (entry.file_name().to_string_lossy().into_owned(), entry.path());
    Ok(entries.map(named).collect())
}

/// Takes in one file. The outer error is of the store or the disk, the inner one of the file.
async fn take(
    store: &Store,
    evidence: &Evidence,
    catalogue: &Catalogue,
    dropped: &Dropped,
    bytes: Vec<u8>,
    now: Time,
) -> Result<Result<Imported, Refused>, TipError> {
    if secrecy::is_marked_name(&dropped.name) {
        return Ok(Err(Refused::Secret));
    }
    if bytes.len() as u64 > LARGEST {
        let problem = format!("tệp lớn hơn {} MB; gửi phần liên quan", LARGEST >> 20);
        return Ok(Err(Refused::Because(problem)));
    }
    let told = match dropped.kind() {
        Some(Kind::Json) => {
            let text = decode::decode(&bytes, None).text;
            if tips::is_marked(&text) {
                return Ok(Err(Refused::Secret));
            }
            return take_records(store, catalogue, dropped, &text, now).await.map(Ok);
        }
        Some(Kind::Mail) => told::by_mail(&bytes, now),
        Some(Kind::Text) => told::by_text(&bytes, now),
        None => Err(Refused::Because(
            "chỉ nhận tệp .eml, .txt, .json, .ndjson; đổi dạng tệp rồi thả lại".into(),
        )),
    };
    let told = match told {
        Ok(told) => told,
        Err(refused) => return Ok(Err(refused)),
    };
    let capture = Capture {
        province: dropped.province.clone(),
        arrival: told.arrival,
        ..noted(told.item.id.clone(), now)
    };
    let pictures: Vec<&Picture> = told.pictures.iter().collect();
    let kept = keep_pictures(store, evidence, &capture.item, &pictures, now).await?;
    let new = by_hand(told.item, told.warnings);
    let is_new = store.insert_captured(&new, &kept, &capture, now).await?;
    Ok(Ok(Imported {
        new: usize::from(is_new),
        known: usize::from(!is_new),
        ..Imported::default()
    }))
}

fn noted(item: ItemId, at: Time) -> Capture {
    Capture {
        item,
        access: Access::Tip,
        form: CaptureForm::Tip,
        user: USER.to_owned(),
        at,
        province: None,
        arrival: None,
        place: String::new(),
    }
}

async fn take_records(
    store: &Store,
    catalogue: &Catalogue,
    dropped: &Dropped,
    text: &str,
    now: Time,
) -> Result<Imported, TipError> {
    let mut done = Imported::default();
    let (mut records, mut captures) = (Vec::new(), Vec::new());
    for tip in tips::read(text, &catalogue.knowledge.provinces) {
        done.lines += 1;
        match tip {
            Ok(tip) => {
                let item = &tip.record.item;
                if tip.record.has_content && !tip.record.is_observation {
                    captures.push(Capture {
                        province: tip.province.or_else(|| dropped.province.clone()),
                        arrival: tip.arrival,
                        ..noted(item.id.clone(), item.collected_at.unwrap_or(now))
                    });
                }
                records.push(tip.record);
            }
            Err(error) => done.errors.push(error),
        }
    }
    if done.lines == 0 {
        let problem = "tệp không có tin nào".into();
        done.errors.push(RecordError {
            line: 0,
            field: "tệp".into(),
            problem,
        });
    }
    importing::write(store, records, &mut None, now, &mut done).await?;
    store.insert_captures(&captures).await?;
    Ok(done)
}

/// Whether a file in `done/` holds the tip `id` and nothing else: a mail or a text.
pub(super) fn is_of(path: &Path, bytes: &[u8], id: &ItemId, now: Time) -> bool {
    let told = match path.extension().and_then(|ending| ending.to_str()) {
        Some("txt") => told::by_text(bytes, now),
        Some("json" | "ndjson" | "jsonl") => return false,
        _ => told::by_mail(bytes, now),
    };
    told.is_ok_and(|told| told.item.id == *id)
}
