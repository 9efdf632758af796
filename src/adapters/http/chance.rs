//! Chance for the waits between requests, so that jobs that were refused together do not come back together.

use std::sync::atomic::{AtomicU64, Ordering};

/// A sequence of numbers that follows from its seed (splitmix64).
#[derive(Debug)]
pub struct Chance(AtomicU64);

impl Chance {
    /// A sequence; the same seed gives the same.
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// The next number, from 0 to 1.
    pub fn jitter(&self) -> f64 {
        let step = 0x9E37_79B9_7F4A_7C15;
        let mut z = self.0.fetch_add(step, Ordering::Relaxed).wrapping_add(step);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let top = u32::try_from((z ^ (z >> 31)) >> 32).unwrap_or(0);
        f64::from(top) / f64::from(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_differ_and_stay_within_one() {
        let chance = Chance::new(7);
        let numbers: Vec<f64> = (0..1000).map(|_| chance.jitter()).collect();
        assert!(numbers.iter().all(|number| (0.0..=1.0).contains(number)));
        assert!(
            numbers.iter().any(|number| *number < 0.1)
                && numbers.iter().any(|number| *number > 0.9)
        );
        assert_ne!(Chance::new(8).jitter().to_bits(), Chance::new(7).jitter().to_bits());
    }
}
