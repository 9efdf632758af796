//! The architecture as a test: reads every file below `src/` and names the line that breaks a rule of `src/lib.rs`.

use std::path::{Path, PathBuf};

mod deletions;
mod rules;
mod source;

use source::{Source, read};

type Rule = fn(&[Source]) -> Vec<String>;

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    files.into_iter().chain(folders.iter().flat_map(|folder| self::files(folder))).collect()
}

fn crate_sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = files(&root);
    files.retain(|path| path.extension().is_some_and(|ending| ending == "rs"));
    files.sort();
    files
        .iter()
        .map(|path| {
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
            read(name, &std::fs::read_to_string(path).unwrap())
        })
        .collect()
}

/// The rule finds something at `place` in the first set of files and nothing in the second.
#[track_caller]
fn fires(rule: Rule, place: &str, wrong: &[(&str, &str)], right: &[(&str, &str)]) {
    let sources = |files: &[(&str, &str)]| -> Vec<Source> {
        files.iter().map(|(file, text)| read(file, text)).collect()
    };
    let found = rule(&sources(wrong));
    assert!(found.iter().any(|line| line.starts_with(place)), "{place} not in {found:?}");
    let found = rule(&sources(right));
    assert!(found.is_empty(), "{found:?}");
}

/// Read once for all rules: parsing the crate is what takes the time.
#[test]
fn the_crate_keeps_the_rules() {
    let rules: [Rule; 11] = [
        rules::rooms,
        rules::adapters,
        rules::ghosts,
        rules::stories,
        rules::cycles,
        rules::names,
        rules::owned_paths,
        rules::printing,
        rules::synchronous,
        rules::budgets,
        rules::traits,
    ];
    let sources = crate_sources();
    let found: Vec<String> = rules.iter().flat_map(|rule| rule(&sources)).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn rooms_fires() {
    let report = ("report.rs", "");
    let inline = ("domain.rs", "\nfn f() { crate::report::x() }");
    fires(rules::rooms, "domain.rs:2", &[inline, report], &[("domain.rs", ""), report]);
    let grouped = ("domain/a.rs", "use crate::{failure, report::x};");
    fires(
        rules::rooms,
        "domain/a.rs:1",
        &[grouped, report],
        &[("cli.rs", "use crate::report::x;"), report],
    );
    let relative = ("domain/a.rs", "use super::super::report::x;");
    let tested = ("domain/a.rs", "#[cfg(test)]\nmod tests { use crate::report::x; }");
    fires(rules::rooms, "domain/a.rs:1", &[relative, report], &[tested, report]);
    let in_macro = ("domain/a.rs", "fn f() { g!(1, crate::report::x(2)); }");
    fires(rules::rooms, "domain/a.rs:1", &[in_macro, report], &[report]);
}

#[test]
fn adapters_fires() {
    let (host, runner) = (("adapters/host.rs", ""), ("adapters/runner.rs", ""));
    let wrong = ("adapters/git.rs", "use crate::adapters::runner::X;");
    let right = ("adapters/git.rs", "use crate::adapters::host::X;");
    fires(rules::adapters, "adapters/git.rs:1", &[wrong, runner], &[right, host]);
}

#[test]
fn ghosts_fires() {
    let all =
        ["git", "docker", "postgres", "storage", "registry", "github", "chat", "host", "http"];
    let files: Vec<String> = all.iter().map(|name| format!("adapters/{name}.rs")).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|file| (file.as_str(), "")).collect();
    fires(rules::ghosts, "adapters/git.rs:1", &files[1..], &files);
}

#[test]
fn stories_fires() {
    let (backup, steps) = (("actions/backup.rs", ""), ("actions/steps.rs", ""));
    let wrong = ("actions/deploy/switch.rs", "use crate::actions::backup::run;");
    let right = ("actions/deploy/switch.rs", "use crate::actions::{World, steps::x};");
    fires(rules::stories, "actions/deploy/switch.rs:1", &[wrong, backup], &[right, steps, backup]);
}

#[test]
fn cycles_fires() {
    let (a, b) = (("domain/a.rs", "use super::b::X;"), ("domain/b.rs", "use super::c::X;"));
    let back = ("domain/c.rs", "use crate::domain::a::X;");
    let parent = ("domain/a.rs", "use super::Y;");
    let children = ("domain.rs", "pub use self::a::X;");
    fires(rules::cycles, "domain::a:1", &[a, b, back], &[parent, children]);
}

#[test]
fn names_fires() {
    fires(rules::names, "domain/utils.rs", &[("domain/utils.rs", "")], &[("domain/lock.rs", "")]);
}

#[test]
fn owned_paths_fires() {
    let wrong = ("actions/a.rs", "use std::{fmt, fs};");
    let right = ("adapters/host/a.rs", "use std::{fmt, fs};");
    fires(rules::owned_paths, "actions/a.rs:1", &[wrong], &[right]);
    let wrong = ("main.rs", "fn main() { std::process::exit(1) }");
    let right = ("main.rs", "fn main() -> std::process::ExitCode { x() }");
    fires(rules::owned_paths, "main.rs:1", &[wrong], &[right]);
}

#[test]
fn printing_fires() {
    let text = "fn f() { println!(\"x\") }";
    fires(rules::printing, "cli.rs:1", &[("cli.rs", text)], &[("adapters/runner/a.rs", text)]);
}

#[test]
fn synchronous_fires() {
    let text = "async fn f() {}";
    fires(rules::synchronous, "domain.rs:1", &[("domain.rs", text)], &[("actions.rs", text)]);
}

#[test]
fn budgets_fires() {
    let lines = |count: usize| "const A: u8 = 1;\n".repeat(count);
    let short = "fn f() {}\n".repeat(200);
    let (long, fitting) = (lines(601), lines(600));
    fires(rules::budgets, "a.rs:1", &[("a.rs", &long)], &[("a.rs", &fitting)]);
    let tested = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", lines(10), lines(600));
    fires(rules::budgets, "main.rs:1", &[("main.rs", &lines(61))], &[("main.rs", &tested)]);
    let tall = |body: usize| format!("{short}fn tall() {{\n{}}}\n", "x();\n".repeat(body));
    fires(rules::budgets, "a.rs:201", &[("a.rs", &tall(79))], &[("a.rs", &tall(78))]);
}

#[test]
fn traits_fires() {
    let one = "trait T {}\nimpl T for A {}";
    let two = "trait T {}\nimpl T for A {}\nimpl T for B {}";
    fires(rules::traits, "a.rs:1", &[("a.rs", one)], &[("a.rs", two)]);
}
