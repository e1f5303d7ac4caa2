//! Snapshots of what was seen, by the hash of their bytes.
