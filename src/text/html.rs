//! Fragments of HTML to plain text.

/// The words of an HTML fragment: entities decoded, tags and scripts gone, NFC, white space squeezed.
pub fn plain(fragment: &str) -> String {
    let parsed = scraper::Html::parse_fragment(fragment);
    let words: Vec<&str> = parsed
        .tree
        .nodes()
        .filter(|node| {
            !node.ancestors().any(|a| {
                a.value()
                    .as_element()
                    .is_some_and(|e| matches!(e.name(), "script" | "style"))
            })
        })
        .filter_map(|node| node.value().as_text().map(|text| &**text))
        .collect();
    super::squeeze(&super::nfc(&words.join(" ")))
}
