//! A trained model: vocabulary, and for each task the weights of its labels, one byte each.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::Document;
use super::features::{self, BLOCKS, Feature};
use super::svm::Sparse;

/// First bytes of a model file.
const MARK: &[u8; 8] = b"DTMODEL1";

/// Known features with how rare each is.
#[derive(Debug, Clone)]
pub(super) struct Vocabulary {
    places: FxHashMap<u64, u32>,
    known: Vec<(u64, f32)>,
}

impl Vocabulary {
    pub fn new(known: Vec<(u64, f32)>) -> Self {
        let places = known.iter().zip(0..).map(|((key, _), at)| (*key, at)).collect();
        Self { places, known }
    }

    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Features as places with values: 1 + ln(count) times rarity, each block scaled to its length. Signals keep their
    /// strength as it is.
    pub fn vector(&self, features: &[Feature]) -> Sparse {
        self.placed(features)
            .into_iter()
            .map(|(at, value, _)| (at, value))
            .collect()
    }

    fn placed<'a>(&self, features: &'a [Feature]) -> Vec<(u32, f32, &'a Feature)> {
        let mut squares = [0.0_f32; BLOCKS.len()];
        let mut found: Vec<(u32, f32, &Feature)> = Vec::with_capacity(features.len());
        for feature in features {
            let Some(at) = self.places.get(&feature.key) else {
                continue;
            };
            let is_signal = feature.block == features::Block::Signals;
            let value = match is_signal {
                true => feature.count,
                false => (1.0 + feature.count.ln()) * self.known[*at as usize].1,
            };
            squares[feature.block as usize] += if is_signal { 0.0 } else { value * value };
            found.push((*at, value, feature));
        }
        for (_, value, feature) in &mut found {
            let square = squares[feature.block as usize];
            let weight = BLOCKS[feature.block as usize].1;
            *value *= if square > 0.0 { weight / square.sqrt() } else { weight };
        }
        found
    }
}

/// A label with what speaks for it.
#[derive(Debug, Clone)]
pub(super) struct Class {
    pub label: String,
    /// One for each feature, and the bias.
    pub weights: Vec<f32>,
    /// Score to probability.
    pub sigmoid: (f64, f64),
    /// What its probability is multiplied by before labels are compared.
    pub raise: f64,
}

/// The labels of one task.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub name: String,
    pub is_multi: bool,
    pub classes: Vec<Class>,
}

/// A trained model. Cheap to use from many threads.
#[derive(Debug, Clone)]
pub struct Model {
    vocabulary: Vocabulary,
    columns: Vec<Column>,
    /// Whether several labels of a task may hold at once.
    multi: BTreeMap<String, bool>,
    /// For each feature one byte a column.
    weights: Vec<i8>,
    note: String,
}

/// One label of one task.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Column {
    task: String,
    label: String,
    bias: f32,
    /// What one step of a byte is worth.
    step: f32,
    sigmoid: (f64, f64),
    raise: f64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Header {
    note: String,
    features: usize,
    multi: BTreeMap<String, bool>,
    columns: Vec<Column>,
}

/// What a model says of a document: for each task its labels with probabilities, likeliest first. Those of a task with one
/// answer add up to 1.
pub type Scores = BTreeMap<String, Vec<(String, f32)>>;

/// A document as a model reads it: known features with their values and places.
#[derive(Debug, Clone)]
pub struct Read(Vec<Known>);

/// Number of a feature, its value, and its place in the text.
type Known = (u32, f32, Option<(u32, u32)>);

/// Letters of the shortest word that is a reason by itself.
const SHORTEST_REASON: u32 = 4;

/// A word or phrase that spoke for a label.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contribution {
    /// First and one past the last character in the document's text.
    pub place: (usize, usize),
    /// How much it added to the score.
    pub weight: f32,
}

/// Why a file is no model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a model of this version, or damaged: {0}; rebuild it with `diemtin train`")]
pub struct ModelError(String);

impl Model {
    pub(super) fn new(vocabulary: Vocabulary, heads: Vec<Head>, note: &str) -> Model {
        let features = vocabulary.len();
        let multi = heads.iter().map(|head| (head.name.clone(), head.is_multi)).collect();
        let classes: Vec<(&str, &Class)> = heads
            .iter()
            .flat_map(|head| head.classes.iter().map(|class| (head.name.as_str(), class)))
            .collect();
        let step = |class: &Class| {
            let largest = class.weights[..features]
                .iter()
                .fold(0.0_f32, |most, w| most.max(w.abs()));
            (largest / 127.0).max(f32::MIN_POSITIVE)
        };
        let columns: Vec<Column> = classes
            .iter()
            .map(|(task, class)| Column {
                task: (*task).to_owned(),
                label: class.label.clone(),
                bias: class.weights[features],
                step: step(class),
                sigmoid: class.sigmoid,
                raise: class.raise,
            })
            .collect();
        // A feature that moves no label by two steps says next to nothing and is left out.
        let (mut known, mut weights) = (Vec::new(), Vec::new());
        for (at, entry) in vocabulary.known.iter().enumerate() {
            let row: Vec<i8> = classes
                .iter()
                .zip(&columns)
                .map(|((_, class), column)| (class.weights[at] / column.step).round() as i8)
                .collect();
            if row.iter().any(|w| w.unsigned_abs() >= 2) {
                known.push(*entry);
                weights.extend(row);
            }
        }
        Model {
            vocabulary: Vocabulary::new(known),
            columns,
            multi,
            weights,
            note: note.to_owned(),
        }
    }

    /// What was said of it when it was trained: what it was trained from.
    pub fn note(&self) -> &str {
        &self.note
    }

    /// Number of features and of labels.
    pub fn size(&self) -> (usize, usize) {
        (self.vocabulary.len(), self.columns.len())
    }

    /// Reads a document once, for judging and for reasons.
    pub fn read(&self, document: &Document) -> Read {
        let features = features::of(document);
        let placed = self.vocabulary.placed(&features);
        Read(
            placed
                .into_iter()
                .map(|(at, value, feature)| (at, value, feature.place))
                .collect(),
        )
    }

    /// Judges a document.
    pub fn judge(&self, document: &Read) -> Scores {
        let width = self.columns.len();
        let mut sums = vec![0.0_f32; width];
        for (at, value, _) in &document.0 {
            let row = &self.weights[*at as usize * width..][..width];
            for (sum, weight) in sums.iter_mut().zip(row) {
                *sum += value * f32::from(*weight);
            }
        }
        let mut scores: Scores = BTreeMap::new();
        for (column, sum) in self.columns.iter().zip(sums) {
            let score = f64::from(sum * column.step + column.bias);
            let probability = column.raise / (1.0 + (column.sigmoid.0 * score + column.sigmoid.1).exp());
            scores
                .entry(column.task.clone())
                .or_default()
                .push((column.label.clone(), probability as f32));
        }
        for (task, labels) in &mut scores {
            if !self.multi[task] {
                let all: f32 = labels.iter().map(|(_, p)| p).sum();
                labels.iter_mut().for_each(|(_, p)| *p /= all.max(f32::MIN_POSITIVE));
            }
            labels.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        }
        scores
    }

    /// The words of a document that spoke most for a label, strongest first: each carries at least a tenth of all that
    /// spoke for it, so that a text without telling words has no reason rather than a silly one.
    pub fn reasons(&self, document: &Read, task: &str, label: &str, most: usize) -> Vec<Contribution> {
        let Some(column) = self.columns.iter().position(|c| c.task == task && c.label == label) else {
            return Vec::new();
        };
        let weight = |at: u32, value: f32| {
            value * f32::from(self.weights[at as usize * self.columns.len() + column]) * self.columns[column].step
        };
        let mut found: Vec<Contribution> = Vec::new();
        let mut all = 0.0;
        for (at, value, place) in &document.0 {
            let weight = weight(*at, *value).max(0.0);
            let Some((start, end)) = place else { continue };
            all += weight;
            if end - start >= SHORTEST_REASON {
                found.push(Contribution {
                    place: (*start as usize, *end as usize),
                    weight,
                });
            }
        }
        found.retain(|contribution| contribution.weight * 10.0 >= all && contribution.weight > 0.0);
        found.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.place.cmp(&b.place)));
        let mut chosen: Vec<Contribution> = Vec::new();
        for contribution in found {
            let overlaps = |c: &&Contribution| c.place.0 < contribution.place.1 && contribution.place.0 < c.place.1;
            if chosen.len() < most && !chosen.iter().any(|c| overlaps(&c)) {
                chosen.push(contribution);
            }
        }
        chosen
    }

    /// The bytes of its file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let header = Header {
            note: self.note.clone(),
            features: self.vocabulary.len(),
            multi: self.multi.clone(),
            columns: self.columns.clone(),
        };
        let header = serde_json::to_vec(&header).unwrap_or_default();
        let mut bytes = MARK.to_vec();
        bytes.extend((header.len() as u32).to_le_bytes());
        bytes.extend(header);
        for (key, rarity) in &self.vocabulary.known {
            bytes.extend(key.to_le_bytes());
            bytes.extend(rarity.to_le_bytes());
        }
        bytes.extend(self.weights.iter().map(|w| *w as u8));
        bytes
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// When they are no model of this version, or not whole.
    pub fn from_bytes(bytes: &[u8]) -> Result<Model, ModelError> {
        let short = || ModelError("it is cut short".into());
        let rest = bytes
            .strip_prefix(MARK)
            .ok_or_else(|| ModelError("its first bytes are others".into()))?;
        let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(short)?;
        let (header, rest) = rest
            .split_at_checked(u32::from_le_bytes(*length) as usize)
            .ok_or_else(short)?;
        let header: Header = serde_json::from_slice(header).map_err(|error| ModelError(error.to_string()))?;
        let width = header.columns.len();
        if rest.len() != header.features * (12 + width) {
            return Err(short());
        }
        let (known, weights) = rest.split_at(header.features * 12);
        let known = known
            .chunks_exact(12)
            .map(|entry| {
                let (key, rarity) = entry.split_at(8);
                let key = key.try_into().map(u64::from_le_bytes).unwrap_or_default();
                (key, rarity.try_into().map(f32::from_le_bytes).unwrap_or_default())
            })
            .collect();
        Ok(Model {
            vocabulary: Vocabulary::new(known),
            columns: header.columns,
            multi: header.multi,
            weights: weights.iter().map(|byte| *byte as i8).collect(),
            note: header.note,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Example, Settings, Task, train};
    use super::*;

    fn document(text: &str) -> Document {
        Document {
            text: text.into(),
            signals: vec![("x".into(), 1.0)],
            ..Document::default()
        }
    }

    fn model() -> Model {
        let texts = [
            ("cảm ơn cán bộ nhiệt tình", "khen"),
            ("cán bộ nhiệt tình quá, cảm ơn", "khen"),
            ("rất cảm ơn anh chị", "khen"),
            ("chờ lâu quá, bực mình", "chê"),
            ("bực mình vì chờ lâu", "chê"),
            ("làm ăn quá chậm, bực", "chê"),
        ];
        let examples: Vec<Example> = texts
            .iter()
            .cycle()
            .take(24)
            .enumerate()
            .map(|(group, (text, label))| Example {
                document: document(text),
                group,
                labels: BTreeMap::from([("thái độ".to_owned(), vec![(*label).to_owned()])]),
            })
            .collect();
        let task = Task {
            name: "thái độ".into(),
            is_multi: false,
            cost: 1.0,
            balance: 0.5,
        };
        train(&examples, &[task], &Settings::default(), "thử")
    }

    #[test]
    fn it_learns_says_why_and_reads_back_the_same() {
        let model = model();
        let text = document("tôi bực mình lắm");
        let read = model.read(&text);
        let scores = model.judge(&read);
        assert_eq!(scores["thái độ"][0].0, "chê");
        assert!((scores["thái độ"].iter().map(|(_, p)| p).sum::<f32>() - 1.0).abs() < 1e-5);
        let reason = model.reasons(&read, "thái độ", "chê", 1)[0];
        let word: String = text
            .text
            .chars()
            .skip(reason.place.0)
            .take(reason.place.1 - reason.place.0)
            .collect();
        assert!(word.contains("bực"), "{word}");
        let bytes = model.to_bytes();
        assert_eq!(Model::from_bytes(&bytes).unwrap().to_bytes(), bytes);
        assert_eq!(self::model().to_bytes(), bytes, "trained again, bit for bit");
        assert!(Model::from_bytes(&bytes[..bytes.len() - 1]).is_err());
    }
}
