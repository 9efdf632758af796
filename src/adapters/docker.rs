//! The Docker engine: its API and its command line.

pub mod exec;

/// A connection to the engine.
pub struct Engine {
    pub(in crate::adapters) client: bollard::Docker,
}

impl Engine {
    /// Connects to a socket.
    pub fn unix(path: &str) -> Result<Self, String> {
        bollard::Docker::connect_with_unix(path, 120, bollard::API_DEFAULT_VERSION)
            .map(|client| Self { client })
            .map_err(|error| error.to_string())
    }
}
