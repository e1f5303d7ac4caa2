//! Joins the stages with the store: the only module that knows their order.

pub mod cases;

pub mod collecting;

pub mod importing;

pub mod publishing;

pub mod scoring;

pub mod service;

pub mod understanding;
