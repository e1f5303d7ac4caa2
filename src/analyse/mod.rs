//! Item to Analysis: language, relevance, topics, sentiment, content kind, provinces, claims. Pure.
