//! How well a text was read, as the WCXB benchmark scores it; shared with `benches/reading.rs`.

use std::collections::HashSet;

fn shingles(text: &str) -> HashSet<Vec<String>> {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(str::to_lowercase)
        .collect();
    words.windows(4).map(<[String]>::to_vec).collect()
}

/// Precision and recall of the word 4-gram shingles.
pub fn score(read: &str, gold: &str) -> (f64, f64) {
    let (read, gold) = (shingles(read), shingles(gold));
    let both = read.intersection(&gold).count() as f64;
    (both / (read.len().max(1) as f64), both / (gold.len().max(1) as f64))
}

/// The harmonic mean of precision and recall.
pub fn f1((precision, recall): (f64, f64)) -> f64 {
    2.0 * precision * recall / (precision + recall).max(1e-9)
}
