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

/// The largest power of two below `size`, which is at least 2.
fn split(size: usize) -> usize {
    1 << (usize::BITS - 1 - (size - 1).leading_zeros())
}

/// The root of the tree over `leaves` (section 2.1.1).
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [one] => leaf(one),
        many => {
            let (left, right) = many.split_at(split(many.len()));
            node(&root(left), &root(right))
        }
    }
}

/// The hashes that lead from leaf `index` to the root, lowest first (section 2.1.3.1).
pub fn path(leaves: &[Hash], index: usize) -> Vec<Hash> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut lower, other) = match index.checked_sub(left.len()) {
        None => (path(left, index), root(right)),
        Some(index) => (path(right, index), root(left)),
    };
    lower.push(other);
    lower
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
    let mut hash = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (at, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(hash)
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
            let root = root(&leaves);
            for (index, data) in leaves.iter().enumerate() {
                let path = path(&leaves, index);
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

    #[test]
    fn the_root_is_that_of_the_standard() {
        // Empty tree and a tree of one: RFC 9162, section 2.1.1.
        let hex = |hash: Hash| hash.iter().map(|b| format!("{b:02x}")).collect::<String>();
        assert_eq!(
            hex(root(&[])),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(root(&leaves(1)), super::leaf(&[0; 32]));
        assert_eq!(
            root(&leaves(3)),
            node(
                &node(&super::leaf(&[0; 32]), &super::leaf(&[1; 32])),
                &super::leaf(&[2; 32])
            )
        );
        assert_eq!(from_hex(&hex([171; 32])), Some([171; 32]));
        assert_eq!(from_hex("é"), None);
    }
}
