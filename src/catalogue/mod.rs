//! Reads `sources/` and `alerts/` into the model; refuses what is wrong, with file, line, key and the nearest valid name.
