//! What is new out there: polite HTTP, feeds, sitemaps, listing pages, forums, imports.
