//! The append-only log of evidence: a Merkle tree over leaves (RFC 9162, section 2.1). Pure.
//!
//! A leaf of the log is the SHA-256 of salt and record. Erasing a record drops its bytes and its salt; the leaf stays, says
//! nothing about them any more, and every other proof holds.

use sha2::{Digest, Sha256};

/// A SHA-256.
pub type Hash = [u8; 32];

/// The hash of a leaf's place in the tree.
fn leaf(data: &Hash) -> Hash {
    Sha256::new().chain_update([0]).chain_update(data).finalize().into()
}

fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new()
        .chain_update([1])
        .chain_update(left)
        .chain_update(right)
        .finalize()
        .into()
}

/// The tree over all leaves, its whole nodes computed once: the root of any beginning of the log and the path of any leaf
/// then cost the square of the tree's height.
#[derive(Debug, Clone)]
pub struct Tree {
    /// The leaves' hashes, then the nodes over two of the level below; a node without a partner is not there.
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// The tree over `leaves`.
    pub fn new(leaves: &[Hash]) -> Tree {
        let mut levels = vec![leaves.iter().map(leaf).collect::<Vec<_>>()];
        while let Some(below) = levels.last().filter(|below| below.len() > 1) {
            levels.push(below.chunks_exact(2).map(|pair| node(&pair[0], &pair[1])).collect());
        }
        Tree { levels }
    }

    /// Leaves in it.
    pub fn len(&self) -> usize {
        self.levels[0].len()
    }

    /// Whether it has no leaf.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The root of its first `size` leaves (section 2.1.1); `None` when it has fewer.
    pub fn root(&self, size: usize) -> Option<Hash> {
        match size {
            0 => Some(Sha256::digest([]).into()),
            size if size > self.len() => None,
            size => Some(self.over(0, size)),
        }
    }

    /// The node over `count` leaves from `start`, as the standard splits them: at the largest power of two below.
    fn over(&self, start: usize, count: usize) -> Hash {
        if count.is_power_of_two() {
            let height = count.trailing_zeros() as usize;
            return self.levels[height][start >> height];
        }
        let left = split(count);
        node(&self.over(start, left), &self.over(start + left, count - left))
    }

    /// The hashes that lead from leaf `index` to the root, lowest first (section 2.1.3.1).
    pub fn path(&self, index: usize) -> Vec<Hash> {
        let (mut path, mut start, mut count) = (Vec::new(), 0, self.len());
        while count > 1 && index < self.len() {
            let left = split(count);
            if index < start + left {
                path.push(self.over(start + left, count - left));
                count = left;
            } else {
                path.push(self.over(start, left));
                (start, count) = (start + left, count - left);
            }
        }
        path.reverse();
        path
    }
}

/// The largest power of two below `count`, which is at least 2.
fn split(count: usize) -> usize {
    1 << (usize::BITS - 1 - (count - 1).leading_zeros())
}

/// Whether leaf `data` stands at `index` of the tree of `size` leaves with this root (section 2.1.3.2).
pub fn is_in(data: &Hash, index: usize, size: usize, path: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, leaf(data));
    for other in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node(other, &hash);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            hash = node(&hash, other);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && hash == *root
}

/// A hash from its hexadecimal form.
pub fn from_hex(text: &str) -> Option<Hash> {
    crate::text::unhex(text)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(count: u8) -> Vec<Hash> {
        (0..count).map(|n| [n; 32]).collect()
    }

    #[test]
    fn every_leaf_is_proven_and_nothing_else_is() {
        for count in 1..40 {
            let leaves = leaves(count);
            let tree = Tree::new(&leaves);
            let root = tree.root(leaves.len()).unwrap();
            for (index, data) in leaves.iter().enumerate() {
                let path = tree.path(index);
                assert!(is_in(data, index, leaves.len(), &path, &root), "{index} of {count}");
                assert!(!is_in(&[99; 32], index, leaves.len(), &path, &root));
                assert!(!is_in(data, index + 1, leaves.len(), &path, &root) || count == 1);
                let mut torn = path.clone();
                if let Some(hash) = torn.first_mut() {
                    hash[0] ^= 1;
                    assert!(!is_in(data, index, leaves.len(), &torn, &root));
                }
            }
        }
    }

    /// The definition of the standard, word for word.
    fn defined(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [one] => leaf(one),
            many => {
                let (left, right) = many.split_at(split(many.len()));
                node(&defined(left), &defined(right))
            }
        }
    }

    #[test]
    fn the_root_of_every_beginning_is_that_of_the_standard() {
        let leaves = leaves(70);
        let tree = Tree::new(&leaves);
        for size in 0..=leaves.len() {
            assert_eq!(tree.root(size), Some(defined(&leaves[..size])), "{size}");
        }
        assert_eq!(tree.root(leaves.len() + 1), None);
        assert_eq!(
            crate::text::hex(&tree.root(0).unwrap()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
