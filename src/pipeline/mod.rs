//! Joins the stages with the store: the only module that knows their order.

pub mod alarming;

pub mod backup;

pub mod capturing;

pub mod cases;

pub mod catching_up;

pub mod collecting;

mod commenting;

pub mod connecting;

pub mod erasing;

pub mod guarding;

pub mod importing;

pub mod ledger;

mod posts;

mod telegram;

pub mod proving;

pub mod publishing;

pub mod recall;

pub mod retaining;

pub mod scoring;

pub mod sealing;

pub mod searching;

pub mod service;

pub mod sharing;

pub mod telling;

pub mod tipping;

pub mod training;

pub mod understanding;
