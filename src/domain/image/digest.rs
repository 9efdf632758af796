//! The digest of a manifest or a layer: what its bytes are, whatever they are called.

use std::fmt;

use sha2::{Digest as _, Sha256, Sha512};

use super::Invalid;

/// How a digest is calculated: the algorithms that the OCI image specification registers and registries use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// SHA-256, 64 hex digits.
    Sha256,
    /// SHA-512, 128 hex digits.
    Sha512,
}

impl Algorithm {
    const ALL: [Self; 2] = [Self::Sha256, Self::Sha512];

    /// The name before the colon.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    const fn digits(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }

    fn hex(self, bytes: &[u8]) -> String {
        match self {
            Self::Sha256 => hex(&Sha256::digest(bytes)),
            Self::Sha512 => hex(&Sha512::digest(bytes)),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `sha256:` or `sha512:` and the digits, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest {
    algorithm: Algorithm,
    hex: String,
}

impl Digest {
    /// Reads a digest.
    ///
    /// # Errors
    /// What of it no digest may have, or that its algorithm is another.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let invalid = |why| Err(Invalid::new("digest", text, why));
        let Some((name, digits)) = text.split_once(':') else {
            return invalid("it has no `sha256:` before it");
        };
        let Some(algorithm) = Algorithm::ALL.into_iter().find(|one| one.name() == name) else {
            return invalid("its algorithm is neither sha256 nor sha512");
        };
        if !digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return invalid("it has a character that is no digit or letter from a to f");
        }
        if digits.len() != algorithm.digits() {
            return invalid("it is not 64 (sha256) or 128 (sha512) hex digits long");
        }
        Ok(Self { algorithm, hex: digits.to_owned() })
    }

    /// The SHA-256 of some bytes, which is what registries use.
    pub fn of(bytes: &[u8]) -> Self {
        let algorithm = Algorithm::Sha256;
        Self { algorithm, hex: algorithm.hex(bytes) }
    }

    /// Whether these bytes have this digest.
    pub fn is_of(&self, bytes: &[u8]) -> bool {
        self.algorithm.hex(bytes) == self.hex
    }

    /// How it is calculated.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The digits without the algorithm's name.
    pub fn hex(&self) -> &str {
        &self.hex
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.name(), self.hex)
    }
}
