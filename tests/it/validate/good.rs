//! Stacks that are good: not one error or warning may be said of them in a pull request. Each stands for a kind.

use std::collections::{BTreeMap, BTreeSet};

use mta_actions::domain::compose::rules::Mode;
use mta_actions::domain::event::Level;
use mta_actions::domain::known::{Entry, Known};
use mta_actions::domain::validation::addons::Facts;
use mta_actions::domain::validation::project::{Request, check};

mod forms;
mod guides;
mod kinds;

/// A stack: what it stands for, and its files. A file without text is a folder.
type Stack = (&'static str, &'static [(&'static str, &'static str)]);

/// What is told of a stack above a notice. Git ignores `.env`, and what lies in `data/` or `secrets/`.
fn told(files: &[(&str, &str)], compose_files: &[&str]) -> Vec<String> {
    let entry = |text: &str| if text.is_empty() { Entry::Folder } else { Entry::Text(text.into()) };
    let mut entries: BTreeMap<String, Entry> =
        files.iter().map(|(path, text)| ((*path).to_owned(), entry(text))).collect();
    entries.insert(".".to_owned(), Entry::Folder);
    let tracked: BTreeSet<String> = files.iter().map(|(path, _)| (*path).to_owned()).collect();
    let known = Known::new(
        move |path| entries.get(path).cloned().unwrap_or(Entry::Absent),
        Some(tracked.clone()),
    );
    let request = Request {
        compose_files: compose_files.iter().map(|one| (*one).to_owned()).collect(),
        env_file: None,
        env_example: None,
        profiles: Vec::new(),
        required: Vec::new(),
        mode: Mode::PullRequest,
        environment: BTreeMap::new(),
        files: tracked,
        odoo: Facts::default(),
    };
    let checked = check(&request, &known);
    let is_ignored = |path: &str| {
        path.rsplit('/').next() == Some(".env")
            || path.split('/').any(|part| part == "data" || part == "secrets")
    };
    let ignored: BTreeSet<String> =
        checked.open.iter().map(|one| one.path.clone()).filter(|path| is_ignored(path)).collect();
    let open = checked.open.into_iter().filter_map(|one| one.settle(&ignored));
    let above = checked.findings.into_iter().chain(open).filter(|one| one.level != Level::Notice);
    above.map(|one| format!("{} {:?} {}", one.rule.id, one.span, one.message)).collect()
}

#[test]
fn nothing_is_said_of_good_stacks() {
    let all = [guides::STACKS, kinds::STACKS, forms::STACKS].concat();
    assert!(all.len() >= 45, "{}", all.len());
    let kinds: BTreeSet<&str> = all.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds.len(), all.len(), "each is another kind");
    let mut wrong = Vec::new();
    for (kind, files) in all {
        let named: Vec<&str> = files
            .iter()
            .map(|(path, _)| *path)
            .filter(|path| path.starts_with("compose.") && path.contains(".prod."))
            .collect();
        let named = if named.is_empty() { named } else { [vec![files[0].0], named].concat() };
        let told = told(files, &named);
        if !told.is_empty() {
            wrong.push(format!("{kind}: {told:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
