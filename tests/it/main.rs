//! One binary for all promises to users; a module each.

#[path = "../support/mod.rs"]
mod support;

mod architecture;
mod bad_day;
mod collects;
mod data_files;
mod delivers;
mod extracts;
mod imports;
mod latency;
mod learns;
mod looks_back;
mod newsroom;
mod operates;
mod plays_the_day;
mod private;
mod proves;
mod real_pages;
mod serves;
mod shares;
mod stores;
mod survives;
mod tells_stories;
mod understands;
mod warns;
