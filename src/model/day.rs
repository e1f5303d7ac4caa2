//! Days in data files: TOML's own dates (`checked = 2026-11-20`) and text (`"2026-11-20"`) alike.

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, Serializer};

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Date(toml::value::Datetime),
    Text(String),
}

impl Written {
    fn day<E: serde::de::Error>(&self) -> Result<NaiveDate, E> {
        let text = match self {
            Written::Date(date) => date.to_string(),
            Written::Text(text) => text.clone(),
        };
        text.parse()
            .map_err(|_| E::custom(format!("`{text}` is not a date like 2026-07-01")))
    }
}

/// Reads a day.
///
/// # Errors
/// When it is no calendar day.
pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<NaiveDate, D::Error> {
    Written::deserialize(input)?.day()
}

/// Writes a day as text.
///
/// # Errors
/// When the output fails.
pub fn serialize<S: Serializer>(day: &NaiveDate, output: S) -> Result<S::Ok, S::Error> {
    output.serialize_str(&day.to_string())
}

/// Days that may be absent.
pub mod option {
    use super::{Deserialize, Deserializer, NaiveDate, Serializer, Written};

    /// Reads a day that may be absent.
    ///
    /// # Errors
    /// When it is no calendar day.
    pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Option<NaiveDate>, D::Error> {
        Option::<Written>::deserialize(input)?
            .map(|written| written.day())
            .transpose()
    }

    /// Writes a day that may be absent.
    ///
    /// # Errors
    /// When the output fails.
    pub fn serialize<S: Serializer>(day: &Option<NaiveDate>, output: S) -> Result<S::Ok, S::Error> {
        match day {
            Some(day) => output.serialize_some(&day.to_string()),
            None => output.serialize_none(),
        }
    }
}
