//! Registries for tests: the real program, servers that answer as the hosted ones do, and what goes wrong between.
//!
//! | what | when |
//! |---|---|
//! | [`Distribution`] | a real registry: open, with a password, with tokens, with and without deletion |
//! | [`TokenServer`] | gives the tokens that the real one takes; users, rights, wrong and missing answers |
//! | [`Content`] | pushes an image, a list, an index with attestations; [`Repository`] the single pieces |
//! | [`FaultProxy`] | in front of any of them: fails, cuts, redirects, drops headers, makes pages of the tags |
//! | [`FakeHub`] | Docker Hub: challenge, tokens for nothing, quota |
//! | [`FakeGhcr`] | GHCR: challenge, 403 of its token server, pages of tags, no deletion |
//!
//! A test begins with `if !installed() { return; }`: all but the token server and the proxy run the real program.
//!
//! ```ignore
//! let registry = Distribution::open().await;
//! let image = Content::image(&registry.url(), "acme/shop").tag("v1").push().await;
//! let proxy = FaultProxy::before(&registry.url()).await;
//! proxy.once("PUT /v2/acme/shop/manifests/", Fault::LoseAnswer);
//! // ... what is to be tested works at proxy.url() ...
//! assert_eq!(proxy.lines(), ["PUT /v2/acme/shop/manifests/v2", "PUT /v2/acme/shop/manifests/v2"]);
//! ```
//!
//! Measured on the program (2.8.3): what it answers to which `Accept`. Taken from issues and documents, and not
//! measured here: the texts of Docker Hub and GHCR. What the two hold is a real registry behind them, so that their
//! answers about manifests are those of the program.

mod content;
mod distribution;
mod forward;
mod ghcr;
mod hosted;
mod hub;
mod pages;
mod proxy;
mod tokens;
mod wire;

pub use content::*;
pub use distribution::*;
pub use ghcr::*;
pub use hub::*;
pub use pages::*;
pub use proxy::*;
pub use tokens::*;
pub use wire::{Answer, Ending};
