//! Where what was seen is kept, and what proves it.

use super::Time;

/// Where a record stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Name of the file in the folder.
    pub file: String,
    /// First byte of its gzip member.
    pub start: u64,
    /// Length of the member in bytes.
    pub length: u64,
}

/// A record that was written, as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// SHA-256 of what the record says, content codings taken off: the item's snapshot.
    pub name: String,
    /// The address it came from, without credentials.
    pub url: String,
    /// Where it stands.
    pub place: Place,
    /// Random, so that the leaf says nothing about content that was erased; hexadecimal.
    pub salt: String,
    /// SHA-256 of salt and record; hexadecimal.
    pub leaf: String,
    /// When it was received.
    pub at: Time,
}
