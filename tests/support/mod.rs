//! Real servers and stores for the promises to users.

pub mod client;

pub mod mailbox;

pub mod outlets;

pub mod program;

pub mod score;

pub mod store;
