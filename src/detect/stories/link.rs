//! Average link: the two groups whose texts are on average most alike join, until none are alike enough.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap};

use super::CLOSED_AFTER_HOURS;
use super::features::{Table, Vector};

/// Mean likeness at which two groups are one story.
const ALIKE: f32 = 0.11;
/// Likeness of two texts below which it counts as none.
const FAINT: f32 = 0.02;

struct Candidate {
    likeness: f32,
    pair: (usize, usize),
    sizes: (usize, usize),
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.likeness
            .total_cmp(&other.likeness)
            .then_with(|| other.pair.cmp(&self.pair))
    }
}
impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Candidate {}

struct Group {
    size: usize,
    first: i64,
    last: i64,
    /// Sum of the likenesses to the texts of each neighbour.
    near: BTreeMap<usize, f32>,
}

/// Joins the texts `long`; returns each with the smallest member of its group.
pub fn average(long: &[usize], vectors: &[Vector], hours: &[i64]) -> Vec<(usize, usize)> {
    let mut groups: BTreeMap<usize, Group> = long
        .iter()
        .map(|&i| {
            let group = Group {
                size: 1,
                first: hours[i],
                last: hours[i],
                near: BTreeMap::new(),
            };
            (i, group)
        })
        .collect();
    likenesses(long, vectors, &mut groups);
    let mut heap: BinaryHeap<Candidate> = BinaryHeap::new();
    for (&a, group) in &groups {
        heap.extend(
            group
                .near
                .iter()
                .filter(|(b, _)| a < **b)
                .map(|(&b, &sum)| candidate(&groups, a, b, sum)),
        );
    }
    let mut root: BTreeMap<usize, usize> = long.iter().map(|&i| (i, i)).collect();
    while let Some(best) = heap.pop() {
        if best.likeness < ALIKE {
            break;
        }
        let (a, b) = best.pair;
        let current = |i| groups.get(&i).map(|g| g.size);
        if current(a) != Some(best.sizes.0) || current(b) != Some(best.sizes.1) || !open(&groups[&a], &groups[&b]) {
            continue;
        }
        root.insert(b, a);
        join(&mut groups, a, b);
        heap.extend(
            groups[&a]
                .near
                .iter()
                .map(|(&c, &sum)| candidate(&groups, a.min(c), a.max(c), sum)),
        );
    }
    long.iter().map(|&i| (i, find(&root, i))).collect()
}

fn find(root: &BTreeMap<usize, usize>, mut i: usize) -> usize {
    while root[&i] != i {
        i = root[&i];
    }
    i
}

fn candidate(groups: &BTreeMap<usize, Group>, a: usize, b: usize, sum: f32) -> Candidate {
    let sizes = (groups[&a].size, groups[&b].size);
    Candidate {
        likeness: sum / (sizes.0 * sizes.1) as f32,
        pair: (a, b),
        sizes,
    }
}

/// Whether neither story was closed when the other began.
fn open(a: &Group, b: &Group) -> bool {
    a.first - b.last <= CLOSED_AFTER_HOURS && b.first - a.last <= CLOSED_AFTER_HOURS
}

fn join(groups: &mut BTreeMap<usize, Group>, a: usize, b: usize) {
    let gone = groups.remove(&b).expect("b is a current group");
    for (&c, &sum) in gone.near.iter().filter(|(c, _)| **c != a) {
        let other = groups.get_mut(&c).expect("neighbours are current groups");
        other.near.remove(&b);
        *other.near.entry(a).or_insert(0.0) += sum;
        *groups
            .get_mut(&a)
            .expect("a is a current group")
            .near
            .entry(c)
            .or_insert(0.0) += sum;
    }
    let group = groups.get_mut(&a).expect("a is a current group");
    group.near.remove(&b);
    group.size += gone.size;
    group.first = group.first.min(gone.first);
    group.last = group.last.max(gone.last);
}

/// Likenesses of all pairs through an inverted index, without the features that a tenth of the texts bear.
fn likenesses(long: &[usize], vectors: &[Vector], groups: &mut BTreeMap<usize, Group>) {
    let common = (long.len() / 10).max(30);
    let mut index: Table<Vec<(usize, f32)>> = Table::default();
    for &i in long {
        for &(feature, weight) in &vectors[i] {
            index.entry(feature).or_default().push((i, weight));
        }
    }
    index.retain(|_, bearers| (2..=common).contains(&bearers.len()));
    let mut sums = vec![0.0_f32; vectors.len()];
    for &i in long {
        let mut touched: Vec<usize> = Vec::new();
        for (feature, weight) in &vectors[i] {
            for &(j, other) in index.get(feature).into_iter().flatten().take_while(|(j, _)| *j < i) {
                if sums[j] == 0.0 {
                    touched.push(j);
                }
                sums[j] += weight * other;
            }
        }
        for j in touched {
            let sum = std::mem::take(&mut sums[j]);
            if sum >= FAINT {
                groups.get_mut(&i).expect("i is long").near.insert(j, sum);
                groups.get_mut(&j).expect("j is long").near.insert(i, sum);
            }
        }
    }
}
