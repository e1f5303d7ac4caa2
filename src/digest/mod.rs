//! Stories and alerts of a period to an edition, and the edition to HTML, text and Word. Pure.
