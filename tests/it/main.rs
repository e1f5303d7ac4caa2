//! One binary for all promises to users; a module each.

#[path = "../support/mod.rs"]
mod support;

mod architecture;
mod bad_day;
mod captures;
mod collects;
mod connects;
mod data_files;
mod delivers;
mod extracts;
mod facebook;
mod hooks;
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
mod tips;
mod understands;
mod warns;
mod youtube;
