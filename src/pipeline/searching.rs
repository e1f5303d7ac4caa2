//! Joins the store with the search index: keeps the index up to date, answers queries with items.

use std::path::Path;
use std::sync::Arc;

use crate::catalogue::Catalogue;
use crate::model::analysis::{ContentKind, SentimentLabel, Verdict};
use crate::model::item::{Access, ItemKind, Platform};
use crate::search::{
    Document, Field, Filter, Hits, Index, Position, Query, QueryError, SearchError, Vocabulary, Writer,
};
use crate::store::{ItemView, Store};

/// Items indexed in one commit.
const BATCH: i64 = 2_000;

/// Why a search failed.
#[derive(Debug, thiserror::Error)]
pub enum SearchingError {
    /// The query was not understood; the message is for people, in Vietnamese.
    #[error("{0}")]
    Query(#[from] QueryError),
    /// The index failed.
    #[error(transparent)]
    Index(#[from] SearchError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// The thread that searched ended early.
    #[error("the search was interrupted")]
    Interrupted,
}

/// Items found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// How many match.
    pub total: usize,
    /// The ones asked for, newest first.
    pub items: Vec<ItemView>,
    /// How many match by value of each facet, commonest first.
    pub facets: Vec<(Field, Vec<(String, u64)>)>,
}

/// The archive as analysts search it. Cheap to clone.
#[derive(Clone)]
pub struct Searching {
    store: Store,
    index: Index,
    /// Names that may be written for ids.
    pub vocabulary: Arc<Vocabulary>,
}

impl Searching {
    /// Opens the index in `folder`; what it lacks is added by [`Searching::catch_up`].
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(store: Store, catalogue: &Catalogue, folder: &Path) -> Result<Self, SearchError> {
        Ok(Self {
            store,
            index: Index::open(folder)?,
            vocabulary: Arc::new(vocabulary(catalogue)),
        })
    }

    /// The right to write the index; `None` while another process has it.
    ///
    /// # Errors
    /// When the index is damaged.
    pub fn writer(&self) -> Result<Option<Arc<Writer>>, SearchError> {
        Ok(self.index.writer()?.map(Arc::new))
    }

    /// Indexes what changed in the store since the last time, `progress` being told how many so far. An index of another
    /// archive, or of a later state of this one, begins anew. Returns how many items were indexed.
    ///
    /// # Errors
    /// When the store or the index fails; what was committed stays.
    pub async fn catch_up(
        &self,
        writer: &Arc<Writer>,
        mut progress: impl FnMut(usize),
    ) -> Result<usize, SearchingError> {
        let (archive, last) = self.store.archive(&crate::chance::token()).await?;
        let position = self.index.position()?;
        let mut reached = match position {
            Some(position) if position.archive == archive && position.seq <= last => position,
            _ => {
                writer.clear(&archive)?;
                Position { archive, seq: 0 }
            }
        };
        let mut done = 0;
        loop {
            let changed = self.store.item_views_after(reached.seq, BATCH).await?;
            let Some((seq, _)) = changed.last() else {
                return Ok(done);
            };
            reached.seq = *seq;
            done += changed.len();
            let documents: Vec<Document> = changed.into_iter().map(|(_, view)| document(view)).collect();
            let (writer, position) = (writer.clone(), reached.clone());
            tokio::task::spawn_blocking(move || writer.add(&documents, &position))
                .await
                .map_err(|_| SearchingError::Interrupted)??;
            progress(done);
        }
    }

    /// How many changes of the store the index does not have yet.
    ///
    /// # Errors
    /// When the store or the index fails.
    pub async fn behind(&self) -> Result<i64, SearchingError> {
        let (archive, last) = self.store.archive(&crate::chance::token()).await?;
        let reached = self.index.position()?.filter(|position| position.archive == archive);
        Ok(last - reached.map_or(0, |position| position.seq))
    }

    /// The items that match a query, newest first.
    ///
    /// # Errors
    /// When the query is not understood, or store or index fail.
    pub async fn search(
        &self,
        text: &str,
        filter: Filter,
        limit: usize,
        offset: usize,
    ) -> Result<Found, SearchingError> {
        let query = Query::parse(text, &self.vocabulary)?;
        let index = self.index.clone();
        let hits: Hits = tokio::task::spawn_blocking(move || index.search(&query, &filter, limit, offset))
            .await
            .map_err(|_| SearchingError::Interrupted)??;
        Ok(Found {
            total: hits.total,
            items: self.store.item_views(&hits.ids).await?,
            facets: hits.facets,
        })
    }
}

fn document(view: ItemView) -> Document {
    let item = view.item;
    let is_press = !item.is_social();
    let mut ids = vec![
        (Field::Source, item.source.0.clone()),
        (Field::Platform, item.platform.as_str().to_owned()),
        (Field::Kind, item.kind.as_str().to_owned()),
        (Field::Access, item.access.as_str().to_owned()),
    ];
    // A source that is a person's account is that person's name.
    if !is_press && item.source_rank == 3 {
        ids.remove(0);
    }
    let analysis = view.analysis.filter(|analysis| analysis.relevant);
    if let Some(analysis) = &analysis {
        ids.push((Field::Sentiment, analysis.sentiment.label.as_str().to_owned()));
        ids.push((Field::ContentKind, analysis.content_kind.as_str().to_owned()));
        ids.push((Field::Verdict, analysis.misinformation.verdict.as_str().to_owned()));
        ids.extend(analysis.topics.iter().map(|t| (Field::Topic, t.id.clone())));
        ids.extend(
            analysis
                .misinformation
                .rumour_id
                .iter()
                .map(|r| (Field::Rumour, r.clone())),
        );
        ids.extend(analysis.provinces.iter().map(|p| (Field::Province, p.clone())));
    }
    let time = item.published_at.or(item.collected_at);
    Document {
        published: time.map_or(0, |time| time.timestamp()),
        relevant: analysis.is_some(),
        ids,
        author: item.author.filter(|_| is_press),
        id: item.id,
        title: item.title,
        text: item.text,
    }
}

fn vocabulary(catalogue: &Catalogue) -> Vocabulary {
    let mut vocabulary = Vocabulary::default();
    let knowledge = &catalogue.knowledge;
    for topic in &knowledge.topics {
        vocabulary.add(Field::Topic, &topic.id, &topic.name);
    }
    for province in &knowledge.provinces.provinces {
        vocabulary.add(Field::Province, &province.id, &province.name);
    }
    for rumour in &knowledge.rumours {
        vocabulary.add(Field::Rumour, &rumour.id, &rumour.claim);
    }
    for source in &catalogue.sources {
        vocabulary.add(Field::Source, source.id.as_str(), &source.name);
    }
    vocabulary.open(Field::Source);
    let mut words =
        |field, values: &[(&str, &str)]| values.iter().for_each(|(id, name)| vocabulary.add(field, id, name));
    macro_rules! all {
        ($field:ident, $type:ident) => {
            words(
                Field::$field,
                &$type::ALL
                    .iter()
                    .map(|v| (v.as_str(), v.label()))
                    .collect::<Vec<_>>(),
            )
        };
    }
    all!(Platform, Platform);
    all!(Kind, ItemKind);
    all!(Access, Access);
    all!(Sentiment, SentimentLabel);
    all!(ContentKind, ContentKind);
    all!(Verdict, Verdict);
    vocabulary
}

/// Columns and rows in which items are exported; private persons are masked.
pub fn export_rows(items: &[ItemView], now: crate::model::Time) -> (Vec<&'static str>, Vec<Vec<String>>) {
    let columns = vec![
        "id",
        "published_at",
        "source",
        "platform",
        "kind",
        "title",
        "topics",
        "sentiment",
        "content_kind",
        "verdict",
        "provinces",
        "story",
        "url",
    ];
    let row = |view: &ItemView| {
        let item = view.item.clone().masked();
        let analysis = view.analysis.as_ref().filter(|analysis| analysis.relevant);
        let word = |of: fn(&crate::model::analysis::Analysis) -> &'static str| analysis.map_or("", of).to_owned();
        let topics: Vec<&str> = analysis.iter().flat_map(|a| &a.topics).map(|t| t.id.as_str()).collect();
        vec![
            item.id.to_string(),
            item.time(now).to_rfc3339(),
            item.source.to_string(),
            item.platform.to_string(),
            item.kind.to_string(),
            super::telling::headline(&item),
            topics.join(" "),
            word(|a| a.sentiment.label.as_str()),
            word(|a| a.content_kind.as_str()),
            word(|a| a.misinformation.verdict.as_str()),
            analysis.map(|a| a.provinces.join(" ")).unwrap_or_default(),
            view.story.as_ref().map(ToString::to_string).unwrap_or_default(),
            item.url.unwrap_or_default(),
        ]
    };
    (columns, items.iter().map(row).collect())
}
