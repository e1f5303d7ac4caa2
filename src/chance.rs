//! The only place that asks for randomness: secrets and jitter. Nothing that is stored as a result depends on it.

/// `N` bytes from the operating system.
///
/// # Panics
/// When the operating system has no random source, without which no session can be safe.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut buffer = [0; N];
    #[expect(clippy::disallowed_methods, reason = "the one place that asks for randomness")]
    getrandom::fill(&mut buffer).expect("the operating system has a random source");
    buffer
}

/// A secret of 32 random bytes in hexadecimal.
pub fn token() -> String {
    bytes::<32>().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A number in 0..1, for jitter.
pub fn fraction() -> f64 {
    f64::from(u32::from_le_bytes(bytes::<4>())) / (f64::from(u32::MAX) + 1.0)
}
