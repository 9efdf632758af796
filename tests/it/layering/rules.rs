//! The rules. Each answers with lines `file:line: what is wrong`; none means it holds.
#![expect(
    clippy::similar_names,
    reason = "paths and parts come in pairs; the test prints the figures"
)]

use std::collections::{BTreeMap, BTreeSet};

use super::source::Source;

/// Who may use whom: a room may use those before it.
const ROOMS: [&str; 7] = ["failure", "domain", "report", "adapters", "actions", "cli", "main"];

/// Inside `adapters`: (who, may use).
const ADAPTERS: [(&str, &[&str]); 7] = [
    ("git", &["host"]),
    ("docker", &["host"]),
    ("postgres", &["docker", "host"]),
    ("storage", &["host", "http"]),
    ("registry", &["host", "http"]),
    ("github", &["http"]),
    ("chat", &["http"]),
];

/// What stories share.
const SHARED: [&str; 2] = ["steps", "inputs"];

/// (path, modules that own it)
const OWNED: [(&str, &[&str]); 9] = [
    ("std::fs", &["adapters::host", "adapters::runner"]),
    ("fs_err", &["adapters::host", "adapters::runner", "adapters::storage"]),
    ("tokio::fs", &["adapters::host", "adapters::runner"]),
    ("std::env", &["adapters::host", "adapters::runner", "main"]),
    ("std::process", &["adapters::host"]),
    ("tokio::process", &["adapters::host"]),
    ("std::net", &["adapters::http", "adapters::docker"]),
    ("tokio::net", &["adapters::http", "adapters::docker"]),
    ("std::os::unix::net", &["adapters::http", "adapters::docker"]),
];

/// Plain values in modules that otherwise reach the world.
const VALUES: [&str; 6] = [
    "std::process::ExitCode",
    "std::net::IpAddr",
    "std::net::Ipv4Addr",
    "std::net::Ipv6Addr",
    "std::net::SocketAddr",
    "std::env::consts",
];

const PRINTING: [&str; 5] = ["print", "println", "eprint", "eprintln", "dbg"];
const VAGUE: [&str; 4] = ["utils", "helpers", "common", "misc"];

fn below(module: &str, owner: &str) -> bool {
    module == owner || module.starts_with(&format!("{owner}::"))
}

fn modules(sources: &[Source]) -> BTreeSet<String> {
    sources.iter().map(|source| source.module.join("::")).collect()
}

/// The arrows of a file to other modules of the crate, with their lines.
fn arrows(source: &Source, known: &BTreeSet<String>) -> Vec<(String, usize)> {
    let inside = source.paths.iter().filter(|path| path.what[0] == "crate");
    inside
        .filter_map(|path| {
            let names = &path.what[1..];
            let module = (1..=names.len()).rev().map(|length| names[..length].join("::"));
            Some((module.into_iter().find(|name| known.contains(name))?, path.line))
        })
        .filter(|(target, _)| *target != source.module.join("::"))
        .collect()
}

fn each_arrow(
    sources: &[Source],
    wrong: impl Fn(&[&str], &[&str]) -> Option<String>,
) -> Vec<String> {
    let known = modules(sources);
    let mut found = Vec::new();
    for source in sources {
        let from: Vec<&str> = source.module.iter().map(String::as_str).collect();
        for (target, line) in arrows(source, &known) {
            let to: Vec<&str> = target.split("::").collect();
            found.extend(wrong(&from, &to).map(|why| format!("{}:{line}: {why}", source.file)));
        }
    }
    found
}

/// Rooms use only the rooms before them.
pub fn rooms(sources: &[Source]) -> Vec<String> {
    let rank = |module: &[&str]| ROOMS.iter().position(|room| module.first() == Some(room));
    each_arrow(sources, |from, to| {
        let (Some(user), Some(used)) = (rank(from), rank(to)) else { return None };
        (used > user)
            .then(|| format!("`{}` may not use `{}` (rooms)", from.join("::"), to.join("::")))
    })
}

/// Adapters use only the adapters that the design names; nobody uses `runner`.
pub fn adapters(sources: &[Source]) -> Vec<String> {
    each_arrow(sources, |from, to| {
        let (["adapters", user, ..], ["adapters", used, ..]) = (from, to) else { return None };
        let allowed = ADAPTERS.iter().any(|(who, may)| who == user && may.contains(used));
        (user != used && !allowed).then(|| format!("adapter `{user}` may not use adapter `{used}`"))
    })
}

/// The rules speak of adapters that are there.
pub fn ghosts(sources: &[Source]) -> Vec<String> {
    let known = modules(sources);
    let named = ADAPTERS.iter().flat_map(|(who, may)| may.iter().chain([who]));
    let ghosts = named.filter(|name| !known.contains(&format!("adapters::{name}")));
    ghosts.map(|name| format!("adapters/{name}.rs:1: is not there, and a rule names it")).collect()
}

/// Stories never import one another, nor do the shared steps import a story.
pub fn stories(sources: &[Source]) -> Vec<String> {
    each_arrow(sources, |from, to| {
        let (["actions", user, ..], ["actions", used, ..]) = (from, to) else { return None };
        (user != used && !SHARED.contains(used))
            .then(|| format!("`actions::{user}` may not use the story `actions::{used}`"))
    })
}

/// No cycle between modules; a parent and what lies below it count as one.
pub fn cycles(sources: &[Source]) -> Vec<String> {
    let known = modules(sources);
    let mut reach: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources {
        let from = source.module.join("::");
        let targets = arrows(source, &known).into_iter().map(|(target, _)| target);
        let outside = targets.filter(|to| !below(to, &from) && !below(&from, to));
        reach.insert(from.clone(), outside.collect());
    }
    loop {
        let further = |to: &String| reach.get(to).cloned().unwrap_or_default();
        let next: BTreeMap<String, BTreeSet<String>> = reach
            .iter()
            .map(|(from, to)| {
                (from.clone(), to.iter().flat_map(further).chain(to.clone()).collect())
            })
            .collect();
        if next == reach {
            break;
        }
        reach = next;
    }
    let looped = reach.iter().filter(|(from, to)| to.contains(*from));
    looped
        .map(|(from, to)| {
            let others =
                to.iter().filter(|other| reach.get(*other).is_some_and(|o| o.contains(from)));
            let ring: Vec<&str> = others.map(String::as_str).collect();
            format!("{from}:1: module is in a cycle: {}", ring.join(", "))
        })
        .collect()
}

/// No module has a name that says nothing.
pub fn names(sources: &[Source]) -> Vec<String> {
    let vague =
        sources.iter().filter(|s| s.module.iter().any(|name| VAGUE.contains(&name.as_str())));
    vague.map(|source| format!("{}:1: name the module after what is in it", source.file)).collect()
}

/// Paths to files, environment, processes and network stay with their owners.
pub fn owned_paths(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        let module = source.module.join("::");
        for path in &source.paths {
            let name = path.what.join("::");
            let owned = OWNED.iter().find(|(owned, _)| below(&name, owned));
            let Some((owned, owners)) = owned else { continue };
            let value = VALUES.iter().any(|value| below(&name, value));
            if !value && !owners.iter().any(|owner| below(&module, owner)) {
                let owners = owners.join(" and ");
                found.push(format!("{}:{}: `{owned}` belongs to {owners}", source.file, path.line));
            }
        }
    }
    found
}

/// Only the runner prints.
pub fn printing(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|s| !below(&s.module.join("::"), "adapters::runner")) {
        for call in source.macros.iter().filter(|call| PRINTING.contains(&call.what.as_str())) {
            let (file, line, name) = (&source.file, call.line, &call.what);
            found.push(format!("{file}:{line}: `{name}!` belongs to adapters::runner"));
        }
    }
    found
}

/// Decisions and words are synchronous.
pub fn synchronous(sources: &[Source]) -> Vec<String> {
    let pure =
        |s: &&Source| matches!(s.module.first().map(String::as_str), Some("domain" | "report"));
    let wrong =
        sources.iter().filter(pure).flat_map(|s| s.asyncs.iter().map(move |at| (s, at.line)));
    wrong.map(|(s, line)| format!("{}:{line}: no `async` in domain and report", s.file)).collect()
}

/// Files, functions and `main.rs` keep to their budgets.
pub fn budgets(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    let mut heights = Vec::new();
    for source in sources {
        let limit = if source.file == "main.rs" { 60 } else { 600 };
        if source.lines > limit {
            found.push(format!("{}:1: {} lines, at most {limit}", source.file, source.lines));
        }
        for function in &source.functions {
            heights.push(function.what.lines);
            if function.what.lines > 80 {
                let (name, lines) = (&function.what.name, function.what.lines);
                let place = format!("{}:{}", source.file, function.line);
                found.push(format!("{place}: `{name}` has {lines} lines, at most 80"));
            }
        }
    }
    heights.sort_unstable();
    let at = |share: usize| heights.get(heights.len() * share / 100).copied().unwrap_or(0);
    println!("functions: {}, median {} lines, p99 {}", heights.len(), at(50), at(99));
    if at(99) > 60 || at(50) > 10 {
        found.push(format!("src:1: functions: median {} (10), p99 {} (60)", at(50), at(99)));
    }
    found
}

/// Few traits, each with two implementations.
pub fn traits(sources: &[Source]) -> Vec<String> {
    let all: Vec<_> = sources.iter().flat_map(|s| s.traits.iter().map(move |at| (s, at))).collect();
    let mut found = Vec::new();
    for (source, at) in &all {
        let impls = sources.iter().flat_map(|s| &s.impls).filter(|name| **name == at.what).count();
        if impls < 2 {
            let (file, line, name) = (&source.file, at.line, &at.what);
            found.push(format!(
                "{file}:{line}: trait `{name}` has {impls} implementations, needs 2"
            ));
        }
    }
    if all.len() > 3 {
        found.push(format!("src:1: {} traits, at most 3", all.len()));
    }
    found
}
