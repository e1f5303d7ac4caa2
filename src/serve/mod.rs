//! Web pages in Vietnamese, the JSON API, the alert feeds.
