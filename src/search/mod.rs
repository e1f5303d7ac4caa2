//! The analysts' index and its query language; derived from the store, rebuilt at any time.
