//! Many analyses to stories and alerts. Pure: values in, values out, as of a clock that is passed in.

pub mod stories;

pub mod warn;
