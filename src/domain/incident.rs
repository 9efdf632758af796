//! A broken run as data: what its log says, which lines explain it, and by what it is known again.

pub mod cause;
pub mod fingerprint;
pub mod log;
