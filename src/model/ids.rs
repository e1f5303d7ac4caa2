//! Identifiers as types of their own, so that an item's id cannot be passed for a story's.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<T: Into<String>> From<T> for $name {
            fn from(text: T) -> Self {
                Self(text.into())
            }
        }
    };
}

id!(
    /// One published piece: given by the import, or derived from the canonical URL ([`ItemId::from_url`]).
    ItemId
);
id!(
    /// An outlet or account: the name of its file in `sources/`, or the name an import gave.
    SourceId
);
id!(
    /// An event told by one or more items: `s` + the id of the item that founded it, so that it is stable.
    StoryId
);
id!(
    /// A rule firing for one group: derived from both, so that a restart finds the same alert.
    AlertId
);
id!(
    /// A frozen edition of a digest: `press-2026-11-20-r1-leaders`.
    EditionId
);

impl ItemId {
    /// Derives the id of a collected item from its canonical URL: `i` and 16 hexadecimal digits of its SHA-256.
    pub fn from_url(canonical_url: &str) -> Self {
        Self(format!("i{}", &crate::text::sha256_hex(canonical_url.as_bytes())[..16]))
    }
}

impl StoryId {
    /// The story that the item `founder` opens.
    pub fn founded_by(founder: &ItemId) -> Self {
        Self(format!("s-{founder}"))
    }
}
