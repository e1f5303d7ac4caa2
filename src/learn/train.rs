//! Examples to a model: vocabulary, one machine per label, probabilities from held-out scores.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::Document;
use super::features::{self, Feature};
use super::model::{Class, Head, Model, Vocabulary};
use super::svm::{self, Sparse};

/// A document with its labels for each task; none where a task does not concern it.
#[derive(Debug, Clone)]
pub struct Example {
    /// What is read.
    pub document: Document,
    /// Examples of one group never stand on both sides when held-out scores are made: copies of one text.
    pub group: usize,
    /// For each task its labels, by the name of the task.
    pub labels: BTreeMap<String, Vec<String>>,
}

/// A decision to be learnt.
#[derive(Debug, Clone)]
pub struct Task {
    /// Its name.
    pub name: String,
    /// Whether several labels may hold at once.
    pub is_multi: bool,
    /// What an error costs; larger fits the examples closer.
    pub cost: f64,
    /// How much rare labels are raised, 0 (as they come) to 1 (all alike).
    pub balance: f64,
}

/// How to train.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Documents a feature must occur in.
    pub least_documents: u32,
    /// Parts for held-out scores.
    pub folds: usize,
    /// Seed of the order in which examples are seen.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            least_documents: 2,
            folds: 4,
            seed: 1,
        }
    }
}

/// Trains one model with a head for each task; `note` is kept in it. The same examples give the same bytes.
pub fn train(examples: &[Example], tasks: &[Task], settings: &Settings, note: &str) -> Model {
    let read: Vec<Vec<Feature>> = examples.iter().map(|example| features::of(&example.document)).collect();
    let vocabulary = vocabulary(&read, settings.least_documents);
    let vectors: Vec<Sparse> = read.iter().map(|features| vocabulary.vector(features)).collect();
    let heads = tasks
        .iter()
        .map(|task| head(task, examples, &vectors, vocabulary.len(), settings))
        .collect();
    Model::new(vocabulary, heads, note)
}

/// Every feature of enough documents, with the logarithm of how rare it is (smoothed, as scikit-learn's).
fn vocabulary(read: &[Vec<Feature>], least: u32) -> Vocabulary {
    let mut documents: FxHashMap<u64, u32> = FxHashMap::default();
    for feature in read.iter().flatten() {
        *documents.entry(feature.key).or_default() += 1;
    }
    let all = read.len() as f64;
    let mut known: Vec<(u64, f32)> = documents
        .into_iter()
        .filter(|(_, count)| *count >= least)
        .map(|(key, count)| (key, (((1.0 + all) / (1.0 + f64::from(count))).ln() + 1.0) as f32))
        .collect();
    known.sort_by_key(|(key, _)| *key);
    Vocabulary::new(known)
}

fn head(task: &Task, examples: &[Example], vectors: &[Sparse], features: usize, settings: &Settings) -> Head {
    let concerned: Vec<usize> = (0..examples.len())
        .filter(|i| examples[*i].labels.contains_key(&task.name))
        .collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for label in concerned.iter().flat_map(|i| &examples[*i].labels[&task.name]) {
        *counts.entry(label).or_default() += 1;
    }
    let classes_of = counts.iter().map(|(label, count)| {
        let is = |i: &usize| examples[*i].labels[&task.name].iter().any(|l| l == label);
        let positive: Vec<bool> = concerned.iter().map(is).collect();
        let cost: Vec<f64> = match task.is_multi {
            // As many examples as there are, weighed towards equal halves.
            true => {
                let share = *count as f64 / concerned.len() as f64;
                let raised = ((1.0 - share) / share).powf(task.balance).min(30.0);
                positive
                    .iter()
                    .map(|yes| task.cost * if *yes { raised } else { 1.0 })
                    .collect()
            }
            // As if every label had as many examples, in every machine.
            false => {
                let all = concerned.len() as f64 / counts.len() as f64;
                let of = |i: &usize| counts[examples[*i].labels[&task.name][0].as_str()] as f64;
                concerned
                    .iter()
                    .map(|i| task.cost * (all / of(i)).powf(task.balance))
                    .collect()
            }
        };
        let part = |keep: &dyn Fn(usize) -> bool| {
            let chosen: Vec<usize> = (0..concerned.len())
                .filter(|at| keep(examples[concerned[*at]].group % settings.folds))
                .collect();
            let x: Vec<&Sparse> = chosen.iter().map(|at| &vectors[concerned[*at]]).collect();
            let y: Vec<bool> = chosen.iter().map(|at| positive[*at]).collect();
            let c: Vec<f64> = chosen.iter().map(|at| cost[*at]).collect();
            (x, y, c)
        };
        let mut held = vec![0.0; concerned.len()];
        for fold in 0..settings.folds {
            let (x, y, c) = part(&|group| group != fold);
            let weights = svm::train(&x, &y, &c, features, settings.seed);
            for (at, i) in concerned.iter().enumerate() {
                if examples[*i].group % settings.folds == fold {
                    held[at] = svm::score(&weights, &vectors[*i]);
                }
            }
        }
        let sigmoid = svm::platt(&held, &positive);
        let (x, y, c) = part(&|_| true);
        let class = Class {
            label: (*label).to_owned(),
            weights: svm::train(&x, &y, &c, features, settings.seed),
            sigmoid,
            raise: 1.0,
        };
        let probability = |score: &f64| 1.0 / (1.0 + (sigmoid.0 * score + sigmoid.1).exp());
        (class, held.iter().map(probability).collect::<Vec<f64>>(), positive)
    });
    let (mut classes, mut held, mut truth) = (Vec::new(), Vec::new(), Vec::new());
    for (class, probabilities, positive) in classes_of {
        classes.push(class);
        held.push(probabilities);
        truth.push(positive);
    }
    if !task.is_multi {
        let raises = raises(&held, &truth);
        classes
            .iter_mut()
            .zip(raises)
            .for_each(|(class, raise)| class.raise = raise);
    }
    Head {
        name: task.name.clone(),
        is_multi: task.is_multi,
        classes,
    }
}

/// By how much each label's probability is raised before labels are compared, so that the mean F1 of all labels on held-out
/// examples is largest: what is rare is else never told. Found label by label, three times round.
fn raises(held: &[Vec<f64>], truth: &[Vec<bool>]) -> Vec<f64> {
    let mut raises = vec![1.0_f64; held.len()];
    let mut best = mean_f1(held, truth, &raises);
    for _ in 0..3 {
        for label in 0..held.len() {
            let before = raises[label];
            let mut chosen = before;
            for step in -10..=10 {
                raises[label] = (f64::from(step) * 0.1).exp();
                let found = mean_f1(held, truth, &raises);
                if found > best + 1e-4 {
                    (best, chosen) = (found, raises[label]);
                }
            }
            raises[label] = chosen;
        }
    }
    raises
}

fn mean_f1(held: &[Vec<f64>], truth: &[Vec<bool>], raises: &[f64]) -> f64 {
    let labels = held.len();
    let (mut hits, mut told) = (vec![0.0; labels], vec![0.0; labels]);
    for at in 0..held.first().map_or(0, Vec::len) {
        let score = |label: &usize| held[*label][at] * raises[*label];
        let Some(first) = (0..labels).max_by(|a, b| score(a).total_cmp(&score(b))) else {
            continue;
        };
        told[first] += 1.0;
        hits[first] += if truth[first][at] { 1.0 } else { 0.0 };
    }
    let f1 = |label: usize| {
        let all = truth[label].iter().filter(|yes| **yes).count() as f64;
        2.0 * hits[label] / (all + told[label]).max(1.0)
    };
    (0..labels).map(f1).sum::<f64>() / labels as f64
}
