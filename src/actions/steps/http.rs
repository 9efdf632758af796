//! The HTTP client of a story, and chance for its waits.

use crate::adapters::http::{self, Client};
use crate::failure::{Failure, Outcome};

/// The client.
///
/// # Errors
/// The certificates or the proxy variables of this host cannot be used.
pub fn client() -> Result<Client, Failure> {
    http::client().map_err(|error| {
        Failure::new(Outcome::Unavailable, "there is no HTTP client")
            .why(error)
            .help("check SSL_CERT_FILE and the proxy variables")
    })
}

/// A random number, so that jobs that were refused together do not come back together.
pub fn seed() -> u64 {
    let mut seed = [0; 8];
    // Without randomness two jobs may wait equally long, no more.
    let _ = getrandom::fill(&mut seed);
    u64::from_le_bytes(seed)
}
