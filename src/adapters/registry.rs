//! Registries of images, by the OCI's distribution specification 1.1 (<https://github.com/opencontainers/distribution-spec>)
//! and Docker's token flow (<https://distribution.github.io/distribution/spec/auth/token/>).
//!
//! | file | what is in it |
//! |---|---|
//! | `client` | [`Client`]: requests to one registry, with login, redirects, retries and a budget of time |
//! | `address` | which addresses may be asked, and which of them may be told a password. Pure |
//! | `token` | what a registry demands, answered: a token or a password |
//! | `retry` | which requests are repeated, and after how long. Pure |
//! | `manifests` | whether an image is there, by one request; its manifest, checked against its digest; tags set to it |
//! | `tags` | the tags of a repository, all pages of them |
//! | `login` | credentials of this machine: Docker's configuration and credential helpers |
//! | `wire` | one exchange: bounded in time and size |
//! | `errors` | what went wrong: absent, forbidden, limited and unreachable are different answers |

mod address;
mod client;
mod errors;
mod login;
mod manifests;
mod retry;
mod tags;
mod token;
mod wire;

pub use client::{Client, Settings};
pub use errors::{Doing, Error, Refusal};
pub use login::credentials;
pub use manifests::{Details, Found, Whole};
pub use retry::Tempo;
