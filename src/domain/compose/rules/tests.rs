//! What the tests of the rules share: a stack from text, and what is found in it.

use std::collections::{BTreeMap, BTreeSet};

mod open;

use super::*;
use crate::domain::compose::load::{Project, load};
use crate::domain::compose::stack::Stack;
use crate::domain::compose::variables::{Open, Values};
use crate::domain::known::checkout;

/// What is found in a stack with one service `web` that has these keys.
pub fn told(service: &str) -> Vec<String> {
    told_of(&format!("services:\n  # the only one\n  web: {{{service}}}\n"))
}

/// What is found in a file, as `level id line message`.
pub fn told_of(text: &str) -> Vec<String> {
    told_in(Mode::PullRequest, &[("compose.yaml", text)])
}

/// The same where it runs, with other files beside it; a file without text is a folder.
pub fn told_in(mode: Mode, files: &[(&str, &str)]) -> Vec<String> {
    let mut findings = found(mode, files);
    findings.sort_by(|one, other| one.order().cmp(&other.order()));
    let one = |one: Finding| {
        format!(
            "{} {} {} {}",
            format!("{:?}", one.level).to_lowercase(),
            one.rule.id,
            one.span.start.line,
            one.message
        )
    };
    findings.into_iter().map(one).collect()
}

/// Everything found.
pub fn found(mode: Mode, files: &[(&str, &str)]) -> Vec<Finding> {
    let tracked = files.iter().map(|(path, _)| (*path).to_owned()).collect::<BTreeSet<_>>();
    let known = checkout(files, Some(tracked));
    let values = [("SET", "1"), ("EMPTY", "")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    let open = if mode == Mode::PullRequest {
        Open::Named(BTreeSet::from(["UNKNOWN".to_owned(), "OTHER".to_owned()]))
    } else {
        Open::Nothing
    };
    let project = Project {
        files: vec![files[0].0.to_owned()],
        folder: String::new(),
        values: Values { known: BTreeMap::from(values), open },
    };
    let loaded = load(&project, &known);
    let context = Context {
        stack: Stack::of(&loaded.model),
        asked: &loaded.asked,
        source: ".env.example",
        known: &known,
        mode,
        is_whole: loaded.is_whole,
        asked_near: Cell::new(0),
    };
    let (mut findings, open) = check(&context);
    let is_ignored = |one: &&IfIgnored| one.path.contains("ignored");
    let ignored = open.iter().filter(is_ignored).map(|one| one.path.clone()).collect();
    findings.extend(open.into_iter().filter_map(|one| one.settle(&ignored)));
    findings.extend(loaded.findings);
    findings
}

/// Whether something with this id is found in a service.
pub fn fires(id: &str, service: &str) -> bool {
    told(service).iter().any(|one| one.contains(&format!(" {id} ")))
}

/// The same for a file.
pub fn fires_in(id: &str, text: &str) -> bool {
    told_of(text).iter().any(|one| one.contains(&format!(" {id} ")))
}

/// Each of `yes` has a finding with the id, each of `no` has none. They are the keys of a service.
#[track_caller]
pub fn table(id: &str, yes: &[&str], no: &[&str]) {
    for service in yes {
        assert!(fires(id, service), "{id} is not in {service}: {:#?}", told(service));
    }
    for service in no {
        assert!(!fires(id, service), "{id} is in {service}: {:#?}", told(service));
    }
}

/// The same for whole files.
#[track_caller]
pub fn table_of(id: &str, yes: &[&str], no: &[&str]) {
    for text in yes {
        assert!(fires_in(id, text), "{id} is not in {text}: {:#?}", told_of(text));
    }
    for text in no {
        assert!(!fires_in(id, text), "{id} is in {text}: {:#?}", told_of(text));
    }
}

#[test]
fn ids_are_distinct_and_of_one_form() {
    let ids: Vec<&str> = all().map(|rule| rule.id).collect();
    let distinct: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), distinct.len());
    for rule in all() {
        assert!(
            rule.id.bytes().all(|b| b.is_ascii_lowercase() || b"-.".contains(&b)),
            "{}",
            rule.id
        );
        assert!(!rule.about.is_empty() && rule.help.ends_with('.'), "{}", rule.id);
    }
}

#[test]
fn a_production_stack_has_nothing_above_a_notice() {
    let text = include_str!("good.yaml");
    let folders = ["config", "addons"].map(|path| (path, ""));
    let files = [("compose.yaml", text), ("odoo.conf", "[options]\n"), ("Dockerfile", "FROM x\n")];
    let files: Vec<_> = files.into_iter().chain(folders).collect();
    let told = told_in(Mode::PullRequest, &files);
    let above: Vec<_> = told.iter().filter(|one| !one.starts_with("notice")).collect();
    assert!(above.is_empty(), "{above:#?}");
}
