//! What is new out there: polite HTTP, feeds, sitemaps, listing pages, files dropped into the inbox, and what people hand
//! in.
//!
//! In: addresses from `sources/` and bytes. Out: [`crate::model::page::Page`], [`crate::model::entry::Entry`] and
//! [`crate::model::item::Record`]. Only [`fetch`] touches the network; everything else here is pure.

pub mod api;

pub mod archive;

pub mod bridge;

pub mod captured;

pub mod columns;

pub mod comments;

pub mod feed;

pub mod fetch;

pub mod gate;

pub mod header;

pub mod health;

pub mod inbox;

pub mod letter;

pub mod listing;

pub mod mapping;

pub mod opening;

pub mod schedule;

pub mod sitemap;

pub mod social;

pub mod social_ids;

pub mod table;

pub mod tips;

pub mod told;

mod client;

mod decoding;

mod failure;

mod guard;

mod host;

mod jsonfeed;

mod reading;

mod repair;

mod robots;

mod salvage;

mod telling;
