//! The analysts' index and its query language: full text, accents optional, newest first.
//!
//! The index is derived from the store and may be deleted at any time. Its last commit carries how far into the store's
//! sequence of changes it reaches, so that whoever tails the store goes on exactly there. Nothing private is in it: account
//! names of social posts are not indexed, and a hit is an id that is read from the store.

mod document;

mod plan;

mod query;

mod vocabulary;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tantivy::collector::{Count, TopDocs};
use tantivy::directory::error::LockError;
use tantivy::schema::Value;
use tantivy::{IndexReader, ReloadPolicy, TantivyDocument, TantivyError};

use crate::model::{ItemId, Time};

pub use document::Document;
pub use query::{Field, Query, QueryError};
pub use vocabulary::Vocabulary;

use document::Fields;

/// Changes when documents are indexed in another way; an index of another version is built anew.
const VERSION: u32 = 1;
/// Memory of the writer in bytes; tantivy's least is 15 MB.
const WRITER_BYTES: usize = 32_000_000;
/// Values of one facet.
const FACET_VALUES: usize = 40;

/// Why the index could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The index is damaged, or the disk is.
    #[error("search index {path}: {source}; `diemtin reindex` builds it anew")]
    Index {
        /// Folder of the index.
        path: PathBuf,
        /// What tantivy says.
        source: TantivyError,
    },
    /// The folder cannot be made or cleared.
    #[error("search index {path}: {source}")]
    Io {
        /// Folder of the index.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// Result of the index.
pub type Result<T, E = SearchError> = std::result::Result<T, E>;

/// How far the index reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Which archive it was made from.
    pub archive: String,
    /// Number of the last change in it.
    pub seq: i64,
}

/// What is asked for beside the query.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Published at this time or later.
    pub from: Option<Time>,
    /// Published before this time.
    pub to: Option<Time>,
    /// Only items judged relevant.
    pub relevant_only: bool,
}

/// One screen of hits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hits {
    /// How many match.
    pub total: usize,
    /// The ones asked for, newest first.
    pub ids: Vec<ItemId>,
    /// How many match by value of each facet, commonest first.
    pub facets: Vec<(Field, Vec<(String, u64)>)>,
}

/// The index on disk. Cheap to clone; clones share the reader.
#[derive(Clone)]
pub struct Index {
    folder: PathBuf,
    index: tantivy::Index,
    reader: IndexReader,
    opstamp: Arc<AtomicU64>,
    fields: Fields,
}

impl Index {
    /// Opens the index in `folder`; one that is not there, damaged or of another version is begun anew.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn open(folder: &Path) -> Result<Self> {
        match Self::open_present(folder) {
            Ok(index) if index.position()?.is_some() || index.is_empty() => Ok(index),
            Ok(_) => Self::renew(folder),
            Err(SearchError::Index { source, .. }) if folder.exists() => {
                tracing::warn!(%source, folder = %folder.display(), "the search index is unusable and is built anew");
                Self::renew(folder)
            }
            Err(error) => Err(error),
        }
    }

    /// Deletes what is in `folder` and begins an empty index.
    ///
    /// # Errors
    /// When the folder cannot be cleared.
    pub fn renew(folder: &Path) -> Result<Self> {
        if folder.exists() {
            std::fs::remove_dir_all(folder).map_err(|source| SearchError::Io {
                path: folder.to_owned(),
                source,
            })?;
        }
        Self::open_present(folder)
    }

    fn open_present(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(|source| SearchError::Io {
            path: folder.to_owned(),
            source,
        })?;
        let wrong = |source| SearchError::Index {
            path: folder.to_owned(),
            source,
        };
        let directory = tantivy::directory::MmapDirectory::open(folder).map_err(|error| wrong(error.into()))?;
        let (schema, fields) = document::schema();
        let index = tantivy::Index::open_or_create(directory, schema).map_err(wrong)?;
        document::register_tokenizers(&index);
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()
            .map_err(wrong)?;
        let opstamp = index.load_metas().map_err(wrong)?.opstamp;
        Ok(Self {
            folder: folder.to_owned(),
            index,
            reader,
            opstamp: Arc::new(AtomicU64::new(opstamp)),
            fields,
        })
    }

    fn wrong(&self, source: TantivyError) -> SearchError {
        SearchError::Index {
            path: self.folder.clone(),
            source,
        }
    }

    fn is_empty(&self) -> bool {
        self.reader.searcher().num_docs() == 0
    }

    /// How far it reaches; `None` when empty or of another version.
    ///
    /// # Errors
    /// When the index is damaged.
    pub fn position(&self) -> Result<Option<Position>> {
        let metas = self.index.load_metas().map_err(|source| self.wrong(source))?;
        Ok(metas.payload.as_deref().and_then(|payload| {
            let mut parts = payload.split(' ');
            let version: u32 = parts.next()?.parse().ok()?;
            let (seq, archive) = (parts.next()?.parse().ok()?, parts.next()?.to_owned());
            (version == VERSION).then_some(Position { archive, seq })
        }))
    }

    /// The one writer; `None` while another process writes. The lock ends with the process that holds it.
    ///
    /// # Errors
    /// When the index is damaged.
    pub fn writer(&self) -> Result<Option<Writer>> {
        match self.index.writer_with_num_threads(1, WRITER_BYTES) {
            Ok(writer) => Ok(Some(Writer {
                index: self.clone(),
                writer: Mutex::new(writer),
            })),
            Err(TantivyError::LockFailure(LockError::LockBusy, _)) => Ok(None),
            Err(source) => Err(self.wrong(source)),
        }
    }

    /// The items that match, newest first, with their number and facets.
    ///
    /// # Errors
    /// When the index is damaged.
    pub fn search(&self, query: &Query, filter: &Filter, limit: usize, offset: usize) -> Result<Hits> {
        self.refresh()?;
        let searcher = self.reader.searcher();
        let plan = plan::plan(query, filter, &self.fields);
        let run = || -> tantivy::Result<Hits> {
            let top = TopDocs::with_limit(limit.max(1))
                .and_offset(offset)
                .order_by_fast_field::<i64>("published", tantivy::Order::Desc);
            let (total, top, facets) = searcher.search(&plan, &(Count, top, document::facets(FACET_VALUES)))?;
            let mut ids = Vec::with_capacity(top.len());
            for (_, address) in top.into_iter().take(limit) {
                let found: TantivyDocument = searcher.doc(address)?;
                let id = found.get_first(self.fields.id).and_then(|value| value.as_str());
                ids.extend(id.map(ItemId::from));
            }
            Ok(Hits {
                total,
                ids,
                facets: document::facet_counts(facets),
            })
        };
        run().map_err(|source| self.wrong(source))
    }

    /// Makes what other processes committed visible.
    fn refresh(&self) -> Result<()> {
        let opstamp = self.index.load_metas().map_err(|source| self.wrong(source))?.opstamp;
        if self.opstamp.swap(opstamp, Ordering::AcqRel) != opstamp {
            self.reader.reload().map_err(|source| self.wrong(source))?;
        }
        Ok(())
    }
}

/// The writer of an index; while it lives no other process writes.
pub struct Writer {
    index: Index,
    writer: Mutex<tantivy::IndexWriter>,
}

impl Writer {
    /// Adds documents, replacing those of the same id, and commits them with the position they reach.
    ///
    /// # Errors
    /// When the index cannot be written; then it stays as it was.
    pub fn add(&self, documents: &[Document], reached: &Position) -> Result<()> {
        let mut writer = self.writer.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let fields = &self.index.fields;
        let mut run = || -> tantivy::Result<()> {
            for document in documents {
                writer.delete_term(tantivy::Term::from_field_text(fields.id, document.id.as_str()));
                writer.add_document(document.to_tantivy(fields))?;
            }
            let mut commit = writer.prepare_commit()?;
            commit.set_payload(&format!("{VERSION} {} {}", reached.seq, reached.archive));
            commit.commit()?;
            Ok(())
        };
        run().map_err(|source| self.index.wrong(source))?;
        self.index.refresh()
    }

    /// Takes everything out, to begin anew from another archive.
    ///
    /// # Errors
    /// When the index cannot be written.
    pub fn clear(&self, archive: &str) -> Result<()> {
        let writer = self.writer.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        writer
            .delete_all_documents()
            .map_err(|source| self.index.wrong(source))?;
        drop(writer);
        let start = Position {
            archive: archive.to_owned(),
            seq: 0,
        };
        self.add(&[], &start)
    }
}

#[cfg(test)]
mod tests;
