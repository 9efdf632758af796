//! The registries of the tests are what they say they are: the real program as it was measured, and each fault.

mod content;
mod hosts;
mod proxy;
mod tokens;
