//! Short posts: each points at the one text that holds most of its distinctive words.

use std::collections::BTreeMap;

use super::CLOSED_AFTER_HOURS;
use super::features::{Table, Vector};

/// Share of a post's weight that the other text must hold.
const SHARE: f32 = 0.10;
/// Distinctive features both must have.
const SHARED: usize = 4;
/// A feature is distinctive when it weighs this many times the mean of the post's features.
const DISTINCTIVE: f32 = 0.6;
/// Bearers above which a feature finds nobody.
const BEARERS: usize = 400;

/// Finds the text nearest to a post.
pub struct Nearest {
    index: Table<Vec<usize>>,
}

impl Nearest {
    /// Indexes all texts.
    pub fn new(vectors: &[Vector]) -> Nearest {
        let mut index: Table<Vec<usize>> = Table::default();
        for (i, vector) in vectors.iter().enumerate() {
            for (feature, _) in vector {
                index.entry(*feature).or_default().push(i);
            }
        }
        index.retain(|_, bearers| (2..=BEARERS).contains(&bearers.len()));
        Nearest { index }
    }

    /// The text outside its own group that post `i` belongs to, with the share of its weight found there.
    pub fn of(&self, i: usize, vectors: &[Vector], hours: &[i64], groups: &[usize]) -> Option<(f32, usize)> {
        let mut found: BTreeMap<usize, (f32, usize)> = BTreeMap::new();
        let mean = 1.0 / (vectors[i].len().max(1) as f32);
        for &(feature, weight) in &vectors[i] {
            for &j in self.index.get(&feature).into_iter().flatten() {
                if groups[i] != groups[j] && (hours[i] - hours[j]).abs() <= CLOSED_AFTER_HOURS {
                    let entry = found.entry(j).or_insert((0.0, 0));
                    entry.0 += weight * weight;
                    entry.1 += usize::from(weight * weight >= DISTINCTIVE * mean);
                }
            }
        }
        found
            .into_iter()
            .filter(|(_, (held, shared))| *shared >= SHARED && *held >= SHARE)
            .map(|(j, (held, _))| (held, j))
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))
    }
}

/// Where a group of posts points: the strongest tie of its members.
pub fn strongest(ties: impl Iterator<Item = (f32, usize)>) -> Option<usize> {
    ties.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))
        .map(|(_, to)| to)
}

/// Follows every pointer to its end: the group of a long text, or the smallest member of a ring of posts.
pub fn follow(points_at: &[Option<usize>], groups: &[usize]) -> Vec<usize> {
    (0..groups.len())
        .map(|start| {
            let mut path = vec![start];
            loop {
                let here = path[path.len() - 1];
                match points_at[here] {
                    None => return groups[here],
                    Some(next) => match path.iter().position(|p| *p == next) {
                        Some(ring) => return path[ring..].iter().copied().min().unwrap_or(start),
                        None => path.push(next),
                    },
                }
            }
        })
        .collect()
}
