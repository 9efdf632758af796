//! Every integration test, in one program: a folder a subject, `kit` for what they share.
//!
//! A module whose name begins with `e2e` needs a Docker engine or act; `.config/nextest.toml` lets those run one at a
//! time. One program and not one a file: each of them would be linked with the whole crate by itself.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test that cannot go on has failed, a skipped one says so, and what a test starts gets the PATH of its host"
)]

mod kit;

mod backup {
    mod e2e_dump;
    mod e2e_ours;
    mod e2e_stack;
    mod list;
    mod stage;
}
mod build_push {
    mod builder;
    mod e2e_build;
    mod e2e_cache;
    mod e2e_inputs;
    mod e2e_killed;
    mod e2e_plain;
    mod e2e_platforms;
    mod e2e_scan;
    mod e2e_secret;
    mod git;
    mod guides;
    mod place;
    mod refused;
    mod registry;
    mod scan;
}
mod compose {
    mod differential;
    mod every_key;
}
mod coverage {
    mod baseline;
    mod change;
    mod comment;
    mod e2e_act;
    mod formats;
    mod gate;
    mod layouts;
    mod llvm;
}
mod deploy {
    mod e2e;
    mod e2e_aftermath;
    mod e2e_cut;
    mod e2e_first_contact;
    mod e2e_killed;
    mod e2e_lineage;
    mod e2e_migration;
    mod e2e_orphans;
    mod e2e_plan;
    mod e2e_watch;
    mod e2e_words;
}
mod docker {
    mod e2e_engine;
    mod e2e_engine26;
    mod removal;
}
mod git {
    mod base;
    mod baseline;
    mod diff;
}
mod github;
mod ground {
    mod e2e_sweep;
    mod limits;
}
mod host {
    mod child_process;
    mod guard;
}
mod http {
    mod connector;
    mod probe;
}
mod incident {
    mod bed;
    mod chat;
    mod corpus;
    mod cut;
    mod demo;
    mod e2e_act;
    mod enterprise;
    mod errors;
    mod file;
    mod fingerprint;
    mod flaky;
    mod issue;
    mod lines;
    mod promise;
    mod races;
    mod secrets;
    mod suspects;
    mod template;
    mod why;
}
mod layering;
mod odoo {
    mod literal;
}
mod packaging {
    mod contract;
    mod e2e_action;
    mod e2e_static_binary;
    mod launcher;
    mod release;
    mod workflows;
}
mod registry {
    mod client;
    mod hosted;
    mod kit;
    mod tag;
}
mod runner {
    mod cancel;
    mod contract;
    mod inputs;
    mod process;
    mod recover;
}
mod validate {
    mod bounded;
    mod config;
    mod good;
    mod matchers;
    mod planted;
}
mod version {
    mod python;
}
