//! A small press and social network on loopback: invented outlets in real markup, for demo, tests and benches.
