//! Real servers and stores for the promises to users.

pub mod client;

pub mod connected;

pub mod graph;

pub mod mailbox;

pub mod outlets;

pub mod program;

pub mod score;

pub mod store;

pub mod youtube;
