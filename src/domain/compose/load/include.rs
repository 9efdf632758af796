//! `include`: another project whose services, networks, volumes, secrets and configs join this one.

use crate::domain::compose::load::{Loader, Project, TEXT};
use crate::domain::compose::rules::files::{INCLUDE, NOT_CHECKED};
use crate::domain::env_file::read as env;
use crate::domain::finding::{Finding, Span};
use crate::domain::known::{folder, join};
use crate::domain::yaml::{Entry, Key, Node, Value};

/// Deepest chain of includes.
const DEPTH: usize = 30;

impl Loader<'_> {
    /// Joins what a file includes.
    pub(super) fn include(&mut self, root: &mut Node, project: &Project, chain: &mut Vec<String>) {
        let Some(include) = root.get("include").cloned() else { return };
        root.remove("include");
        for item in include.items() {
            let Some((included, blame)) = self.included(item, project) else { continue };
            let Some(first) = included.files.first().cloned() else { continue };
            if chain.contains(&first) || chain.len() > DEPTH {
                let shown = blame.first().map_or(first.as_str(), |(shown, _)| shown.as_str());
                let what = if chain.len() > DEPTH {
                    format!("more than {DEPTH} files include each other in a row")
                } else {
                    format!("files include each other in a circle: `{shown}` comes again")
                };
                self.findings.push(Finding::new(&INCLUDE, item.span.clone(), what));
                continue;
            }
            chain.push(first);
            let model = self.model(&included, &blame, chain);
            chain.pop();
            if let Some(model) = model.filter(|model| self.spend(model.weight(), &item.span)) {
                self.join(root, model);
            }
        }
    }

    /// The project that an item names, and the place that names each of its files.
    fn included(
        &mut self,
        item: &Node,
        project: &Project,
    ) -> Option<(Project, Vec<(String, Span)>)> {
        let path = item.get("path").unwrap_or(item);
        let paths: Vec<&Node> =
            if path.as_template().is_some() { vec![path] } else { path.items().iter().collect() };
        if let Some(open) = paths.iter().find(|path| path.is_open()) {
            let what = "which file this includes, only the host knows: it is not checked";
            self.findings.push(Finding::new(&NOT_CHECKED, open.span.clone(), what));
            self.is_whole = false;
            return None;
        }
        if let Some(remote) = paths.iter().find(|path| is_remote(path)) {
            let what = "an include from a remote place is not checked: nothing is fetched";
            self.findings.push(Finding::new(&NOT_CHECKED, remote.span.clone(), what));
            self.is_whole = false;
            return None;
        }
        let blame = paths.iter().map(|path| (path.shown().to_owned(), path.span.clone())).collect();
        let files: Vec<String> =
            paths.iter().filter_map(|path| Some(join(&project.folder, path.as_text()?))).collect();
        let own = files.first().map(|file| folder(file).to_owned()).unwrap_or_default();
        let directory = item.get("project_directory").and_then(Node::as_text);
        let directory = directory.map_or(own, |directory| join(&project.folder, directory));
        let mut values = project.values.clone();
        for file in env_files(item, (&directory, project)) {
            let Some(text) = self.known.text(&file) else { continue };
            if !self.spend(text.len() / TEXT, &item.span) {
                return None;
            }
            let (own, finding) = env::read(&file, &text).values(&|name| values.worth(name));
            self.findings.extend(finding);
            for (key, value) in own {
                values.known.entry(key).or_insert(value);
            }
        }
        Some((Project { files, folder: directory, values }, blame))
    }

    /// Joins what an included project declares. The same name for two different things is refused.
    fn join(&mut self, root: &mut Node, model: Node) {
        let Value::Mapping(kinds) = model.value else { return };
        for Entry { key: kind, value } in kinds {
            if !matches!(
                kind.text.as_str(),
                "services" | "networks" | "volumes" | "secrets" | "configs" | "models"
            ) {
                continue;
            }
            if root.get(&kind.text).is_none() {
                let empty = Node::made(&value.span, Value::Mapping(Vec::new()));
                root.set(kind.clone(), empty);
            }
            let Value::Mapping(own) = &mut root.value else { return };
            let Some(target) = own.iter_mut().find(|entry| entry.key.text == kind.text) else {
                return;
            };
            for entry in value.entries() {
                self.join_one((&mut target.value, &kind), entry);
            }
        }
    }

    fn join_one(&mut self, (target, kind): (&mut Node, &Key), entry: &Entry) {
        match target.entry(&entry.key.text) {
            None => target.set(entry.key.clone(), entry.value.clone()),
            Some(own) if is_same(&own.value, &entry.value) => {}
            Some(own) => {
                let there = &entry.key.span;
                let what = format!(
                    "`{}.{}` is also declared by the included file {}, line {}, and otherwise",
                    kind.text, entry.key.text, there.file, there.start.line
                );
                let hint = "an included project cannot be changed here: list its file under `path` with an override";
                self.findings.push(Finding::new(&INCLUDE, own.key.span.clone(), what).hint(hint));
            }
        }
    }
}

/// The env files of an included project.
fn env_files(item: &Node, (directory, project): (&str, &Project)) -> Vec<String> {
    match item.get("env_file") {
        None => vec![join(directory, ".env")],
        Some(file) if file.as_text().is_some() => {
            vec![join(&project.folder, file.as_text().unwrap_or_default())]
        }
        Some(files) => files
            .items()
            .iter()
            .filter_map(|one| Some(join(&project.folder, one.as_text()?)))
            .collect(),
    }
}

fn is_remote(path: &Node) -> bool {
    path.as_text().is_some_and(|text| {
        ["https://", "http://", "git@", "oci://", "git://", "github.com/"]
            .iter()
            .any(|start| text.starts_with(start))
    })
}

/// Whether two nodes say the same, wherever they stand.
fn is_same(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        (Value::Scalar(one), Value::Scalar(other)) => {
            one.text == other.text && one.kind == other.kind
        }
        (Value::Sequence(one), Value::Sequence(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Mapping(ours), Value::Mapping(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().all(|entry| {
                    other.get(&entry.key.text).is_some_and(|it| is_same(&entry.value, it))
                })
        }
        _ => false,
    }
}
