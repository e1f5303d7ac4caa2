//! One binary for all promises to users; a module each.

mod architecture;
mod extracts;
