//! Joins the stages with the store: the only module that knows their order.

pub mod scoring;
