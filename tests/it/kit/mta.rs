//! The binary under test, under a limit: a small input that makes it take the machine's memory fails its own test, by
//! name, and no other.

use std::ffi::OsStr;
use std::process::Command;

/// What the binary may reserve. Each thread's allocator reserves 64 MiB of addresses, so that this is far above what it
/// takes: that is `peak`.
const ADDRESSES: &str = "--as=4294967296";

/// The binary. For what starts no Docker client: Go reserves more addresses than the limit.
pub fn mta() -> Command {
    limited(env!("CARGO_BIN_EXE_mta"))
}

/// The binary where it starts Docker clients, without a limit.
pub fn mta_with_docker() -> Command {
    Command::new(env!("CARGO_BIN_EXE_mta"))
}

/// A program under the limit.
pub fn limited(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("/usr/bin/prlimit");
    command.arg(ADDRESSES).arg(program);
    command
}

/// The most memory, in bytes, that a child of this process took, of those that it waited for.
pub fn peak() -> u64 {
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_CHILDREN);
    // `ru_maxrss` is in KiB on Linux.
    u64::try_from(usage.unwrap().max_rss()).unwrap() * 1024
}
