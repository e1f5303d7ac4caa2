//! Page bytes to an item's words: JSON-LD, meta, selectors, general extractor; dates, canonical URL, forum posts. Pure.
