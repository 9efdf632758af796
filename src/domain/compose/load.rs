//! The files of a project as one model, as Compose makes it: for each file variables, `extends`, `include`, then one
//! file over the other. Every value of the model still knows its file and line.
//!
//! What stands at a path is asked of [`Known`]. Bounded: what files, aliases, `include` and `extends` make together has at
//! most `MOST` values.

use crate::domain::compose::rules::SCHEMA;
use crate::domain::compose::rules::files::{FILE_MISSING, UNREADABLE};
use crate::domain::compose::variables::{Answers, Asked, Values};
use crate::domain::compose::{canonical, merge, places, schema, typed};
use crate::domain::finding::{Finding, Span};
use crate::domain::known::{Entry, Known, folder};
use crate::domain::limit::LIMIT;
use crate::domain::yaml::{self, Node, Value};

mod extends;
mod include;

/// The most that may be loaded, weighed as [`Node::weight`] does.
const MOST: usize = 200_000;

/// How many bytes of a file that is read count as a value, what it holds apart.
const TEXT: usize = 128;

/// What is to be loaded.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// The compose files, relative to the top; each one over the former.
    pub files: Vec<String>,
    /// The folder that paths in them are relative to.
    pub folder: String,
    /// What variables are worth.
    pub values: Values,
}

/// What was loaded.
#[derive(Debug)]
pub struct Loaded {
    /// The model, long forms only, with paths relative to the top.
    pub model: Node,
    /// The variables that were asked for.
    pub asked: Vec<Asked>,
    /// Every compose file that took part.
    pub files: Vec<String>,
    /// What Compose would refuse.
    pub findings: Vec<Finding>,
    /// Whether all of it was read: a name that is declared nowhere may be declared in what is missing.
    pub is_whole: bool,
}

/// Loads a project.
pub fn load(project: &Project, known: &Known) -> Loaded {
    let mut loader = Loader {
        known,
        answers: Answers::default(),
        files: Vec::new(),
        findings: Vec::new(),
        is_whole: true,
        loaded: 0,
    };
    let blame: Vec<(String, Span)> =
        project.files.iter().map(|file| (file.clone(), Span::file(file))).collect();
    let model = loader.model(project, &blame, &mut Vec::new());
    let is_empty = model.as_ref().is_none_or(|model| model.entries().is_empty());
    if let Some(file) = loader.files.first().filter(|_| is_empty && loader.is_whole) {
        let what = format!("the compose file `{file}` is empty: Compose refuses it");
        loader.findings.push(Finding::new(&SCHEMA, Span::file(file), what));
    }
    let model = model.unwrap_or_else(|| Node::made(&Span::file(""), Value::Mapping(Vec::new())));
    loader.findings.append(&mut loader.answers.findings);
    Loaded {
        model,
        asked: loader.answers.asked,
        files: loader.files,
        findings: loader.findings,
        is_whole: loader.is_whole,
    }
}

struct Loader<'a> {
    known: &'a Known,
    answers: Answers,
    files: Vec<String>,
    findings: Vec<Finding>,
    is_whole: bool,
    /// How much was loaded so far.
    loaded: usize,
}

impl Loader<'_> {
    /// The model of a project or of an included one. `chain` has the files that include it.
    fn model(
        &mut self,
        project: &Project,
        blame: &[(String, Span)],
        chain: &mut Vec<String>,
    ) -> Option<Node> {
        let mut merged: Option<Node> = None;
        for (file, blame) in project.files.iter().zip(blame) {
            for root in self.roots(file, (&blame.0, &blame.1)) {
                let Some(root) = self.prepared(root, (file, project), chain) else { continue };
                if let Some(base) = &mut merged {
                    merge::merge(base, root, &mut self.findings);
                } else {
                    let mut root = root;
                    merge::settle(&mut root);
                    merged = Some(root);
                }
            }
        }
        merged
    }

    /// Counts what is loaded. When it is too much, that is said once, and false is the answer from then on.
    fn spend(&mut self, weight: usize, span: &Span) -> bool {
        let was_within = self.loaded <= MOST;
        self.loaded = self.loaded.saturating_add(weight);
        if was_within && self.loaded > MOST {
            let what = format!(
                "the compose files have more than {MOST} values together, what they include and extend counted: the rest is not read"
            );
            self.findings.push(Finding::new(&LIMIT, span.clone(), what));
            self.is_whole = false;
        }
        self.loaded <= MOST
    }

    /// The documents of a file; what is wrong with it is a finding. The blame is how and where the file is named.
    fn roots(&mut self, file: &str, (shown, blame): (&str, &Span)) -> Vec<Node> {
        let text = match self.known.entry(file) {
            Entry::Text(text) => text,
            Entry::Absent => {
                let what = format!("the compose file `{shown}` is not there");
                self.findings.push(Finding::new(&FILE_MISSING, blame.clone(), what));
                self.is_whole = false;
                return Vec::new();
            }
            entry => {
                let why = match entry {
                    Entry::Unreadable(why) => why,
                    _ => "it is no regular file".to_owned(),
                };
                let what = format!("`{shown}` cannot be read: {why}");
                self.findings.push(Finding::new(&UNREADABLE, blame.clone(), what));
                self.is_whole = false;
                return Vec::new();
            }
        };
        if !self.files.iter().any(|known| known == file) {
            self.files.push(file.to_owned());
        }
        if !self.spend(text.len() / TEXT, blame) {
            return Vec::new();
        }
        let document = yaml::read(file, &text);
        self.is_whole &= document.findings.is_empty();
        self.findings.extend(document.findings);
        let mut roots = document.roots;
        roots.retain(|root| self.spend(root.weight(), &root.span));
        roots
    }

    /// A document with its variables, checked, in long form, with what it extends and includes.
    fn prepared(
        &mut self,
        mut root: Node,
        (file, project): (&str, &Project),
        chain: &mut Vec<String>,
    ) -> Option<Node> {
        if root.is_null() {
            return None;
        }
        self.answers.put_in(&mut root, &project.values);
        self.findings.extend(schema::check(&root));
        self.findings.extend(typed::check(&root));
        let Value::Mapping(_) = root.value else { return None };
        canonical::canonical(&mut root);
        places::settle(&mut root, &project.folder);
        self.extend_services(&mut root, (file, project));
        self.include(&mut root, project, chain);
        Some(root)
    }
}

/// The folder that paths in a file are relative to where nothing else is said.
pub fn folder_of(file: &str) -> String {
    folder(file).to_owned()
}

#[cfg(test)]
mod tests;
