//! Helpers shared by tests.

pub mod knowledge;
