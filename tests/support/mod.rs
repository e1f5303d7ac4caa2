//! Real servers and stores for the promises to users.

pub mod store;
