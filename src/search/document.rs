//! What of an item is indexed, and how.

use tantivy::aggregation::agg_req::Aggregations;
use tantivy::aggregation::agg_result::{AggregationResult, AggregationResults, BucketResult};
use tantivy::aggregation::{AggContextParams, AggregationCollector, AggregationLimitsGuard, Key};
use tantivy::schema::{FAST, INDEXED, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{SimpleTokenizer, TextAnalyzer, TokenizerManager};
use tantivy::{TantivyDocument, schema};

use super::query::Field;
use crate::model::ItemId;
use crate::text::fold;

/// Words are what [`super::plan::words`] makes of a query, so that both agree.
const WORDS: &str = "words";

/// An item as it is indexed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    /// Its id: a document of the same id is replaced.
    pub id: ItemId,
    /// Headline.
    pub title: String,
    /// Body.
    pub text: String,
    /// When it counts as published, Unix seconds.
    pub published: i64,
    /// Whether it concerns the sector.
    pub relevant: bool,
    /// Ids by field, such as the topics; only fields with [`Field::is_id`].
    pub ids: Vec<(Field, String)>,
    /// By-line of a press item; never the account of a private person.
    pub author: Option<String>,
}

/// Handles of the index's fields.
#[derive(Debug, Clone)]
pub(super) struct Fields {
    pub id: schema::Field,
    pub published: schema::Field,
    pub relevant: schema::Field,
    /// Folded and accented words of headline and body, of the headline, of the by-line.
    pub text: [schema::Field; 2],
    pub title: [schema::Field; 2],
    pub author: [schema::Field; 2],
    ids: Vec<(Field, schema::Field)>,
}

impl Fields {
    pub fn of_ids(&self, field: Field) -> schema::Field {
        let found = self.ids.iter().find(|(f, _)| *f == field);
        found.map_or(self.id, |(_, handle)| *handle)
    }
}

pub(super) fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let indexing = |record| {
        TextFieldIndexing::default()
            .set_tokenizer(WORDS)
            .set_index_option(record)
    };
    let full = TextOptions::default().set_indexing_options(indexing(IndexRecordOption::WithFreqsAndPositions));
    let mut pair =
        |name: &str| ["folded", "accented"].map(|form| builder.add_text_field(&format!("{name}_{form}"), full.clone()));
    let (text, title, author) = (pair("text"), pair("title"), pair("author"));
    let id = builder.add_text_field("id", STRING | STORED);
    let published = builder.add_i64_field("published", INDEXED | FAST);
    let relevant = builder.add_bool_field("relevant", INDEXED);
    let ids = Field::ALL
        .iter()
        .filter(|field| field.is_id())
        .map(|field| (*field, builder.add_text_field(field.as_str(), STRING | FAST)))
        .collect();
    let fields = Fields {
        id,
        published,
        relevant,
        text,
        title,
        author,
        ids,
    };
    (builder.build(), fields)
}

pub(super) fn register_tokenizers(index: &tantivy::Index) {
    index
        .tokenizers()
        .register(WORDS, TextAnalyzer::from(SimpleTokenizer::default()));
}

impl Document {
    pub(super) fn to_tantivy(&self, fields: &Fields) -> TantivyDocument {
        let mut document = TantivyDocument::new();
        document.add_text(fields.id, self.id.as_str());
        document.add_i64(fields.published, self.published);
        document.add_bool(fields.relevant, self.relevant);
        let mut both = |[folded, accented]: [schema::Field; 2], text: &str| {
            document.add_text(folded, fold::fold(text));
            document.add_text(accented, fold::lower(text));
        };
        both(fields.text, &format!("{}\n{}", self.title, self.text));
        both(fields.title, &self.title);
        if let Some(author) = &self.author {
            both(fields.author, author);
        }
        for (field, id) in &self.ids {
            document.add_text(fields.of_ids(*field), id);
        }
        document
    }
}

/// Counts the hits by the values of each facet.
pub(super) fn facets(values: usize) -> AggregationCollector {
    let wanted: serde_json::Map<String, serde_json::Value> = Field::FACETS
        .iter()
        .map(|field| {
            let terms = serde_json::json!({ "terms": { "field": field.as_str(), "size": values } });
            (field.as_str().to_owned(), terms)
        })
        .collect();
    let wanted: Aggregations = serde_json::from_value(wanted.into()).expect("the request is a constant shape");
    let context = AggContextParams::new(AggregationLimitsGuard::default(), TokenizerManager::default());
    AggregationCollector::from_aggs(wanted, context)
}

/// The counts of [`facets`] in the order of [`Field::FACETS`].
pub(super) fn facet_counts(results: AggregationResults) -> Vec<(Field, Vec<(String, u64)>)> {
    let counts = |field: &Field| {
        let AggregationResult::BucketResult(BucketResult::Terms { buckets, .. }) = results.0.get(field.as_str())?
        else {
            return None;
        };
        let values = buckets.iter().filter_map(|bucket| match &bucket.key {
            Key::Str(value) => Some((value.clone(), bucket.doc_count)),
            _ => None,
        });
        Some((*field, values.collect()))
    };
    Field::FACETS.iter().filter_map(counts).collect()
}
