//! điểm tin: collects press and social posts about social, health and unemployment insurance, understands them, warns
//! early of misinformation and writes the daily digests.
//!
//! ```text
//! Source → Feed → Entry → Page → Item → Analysis → Story ─┐
//!                                                         ├→ Alert
//!                     Rumour, Fact, Rule (data) ──────────┤
//!                                                         └→ Edition → Delivery → Attempt
//! ```
//!
//! Modules stand in the order of the pipeline. Text stages are pure; only `collect`, `deliver` and `newsroom` touch the
//! network, only `store` touches SQL, and only `pipeline` knows the order.
#![deny(missing_docs)]

/// Parsing pages and preparing texts is mostly small allocations; this one takes a fifth off both (docs/benchmarks.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub mod clock;

pub mod chance;

pub mod text;

pub mod model;

pub mod config;

pub mod catalogue;

pub mod collect;

pub mod extract;

pub mod learn;

pub mod analyse;

pub mod detect;

pub mod digest;

pub mod deliver;

pub mod private;

pub mod evidence;

pub mod store;

pub mod search;

pub mod newsroom;

pub mod pipeline;

pub mod serve;

pub mod cli;
