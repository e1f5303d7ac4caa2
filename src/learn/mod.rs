//! Small linear models over words, letters and the signals of rules: trained here, reproducible, and open about their reasons.
//!
//! Pure: documents in, models and scores out. Nothing here knows what the labels mean.

mod features;
mod model;
mod svm;
mod train;

pub use features::Document;
pub use model::{Contribution, Model, ModelError, Read, Scores};
pub use train::{Example, Settings, Task, train};
