//! The faults of the field, each served on purpose by the outlets that list it in [`super::outlets`].

/// What an outlet does wrong. None makes a piece of the day unreachable for a collector that behaves well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The first two requests for its feed are answered 429 with `Retry-After: 20`.
    RateLimit,
    /// The first request for one of its articles is answered 503.
    UnavailableOnce,
    /// Dates in its feed are written `… GMT+7`.
    GmtPlus7,
    /// A title in its feed holds a lone `&`.
    LoneAmpersand,
    /// Its feed breaks off in the middle of the last (oldest) entry during the first twenty minutes of every hour.
    TruncatedFeed,
    /// Links in its feed carry tracking parameters.
    Tracking,
    /// Its dead article redirects to the home page.
    DeadToHome,
    /// Its dead article answers 200 with a page that says it does not exist.
    SoftNotFound,
    /// The headline in its JSON-LD is entity-encoded twice.
    DoubleEncoded,
    /// Times in its JSON-LD have a space before the offset, and the author is empty.
    SpacedOffset,
    /// Where its feed was promised it answers an HTML page; the listing is good.
    HtmlForFeed,
    /// Its pages are written in normal form D.
    Decomposed,
    /// Links on its listing and in its feed are relative.
    RelativeLinks,
    /// Its robots.txt asks for five seconds between requests.
    CrawlDelay,
    /// Its robots.txt disallows a section, which holds only noise.
    DisallowedSection,
}

/// `text` entity-encoded twice, as some publishers write it into JSON-LD: `ễ` becomes `&amp;#7877;`.
pub(super) fn encode_twice(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_ascii() {
                c.to_string()
            } else {
                format!("&amp;#{};", u32::from(c))
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn letters_with_marks_are_encoded_twice() {
        assert_eq!(super::encode_twice("quỹ"), "qu&amp;#7929;");
    }
}
