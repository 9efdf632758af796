//! Random words that foreign text cannot guess: delimiters and tokens.

use std::hash::{BuildHasher, Hasher, RandomState};

/// 128 fresh random bits as 32 hex digits.
///
/// Where the system's source of randomness fails, the standard library's hasher keys stand in: a log must go on.
pub(super) fn hex128() -> String {
    let mut bytes = [0_u8; 16];
    let number = match getrandom::fill(&mut bytes) {
        Ok(()) => u128::from_be_bytes(bytes),
        Err(_) => (u128::from(hasher_bits()) << 64) | u128::from(hasher_bits()),
    };
    format!("{number:032x}")
}

fn hasher_bits() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_long_and_differ() {
        let (one, two) = (hex128(), hex128());
        assert_eq!(one.len(), 32);
        assert_ne!(one, two);
        assert_ne!(hasher_bits(), hasher_bits());
    }
}
