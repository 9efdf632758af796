//! One manifest: its facts with their places, and what is wrong with it alone.

mod keys;
pub mod rules;
mod values;

use crate::domain::event::Level;
use crate::domain::finding::{Finding, Point, Span};
use crate::domain::odoo::literal::{self, Node, NotLiteral, Problem, Value};

/// A text and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The text.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// Whether Odoo would install a module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Installable {
    /// It would.
    #[default]
    Yes,
    /// The manifest says no.
    No,
    /// The manifest cannot be read.
    Unknown,
}

/// When Odoo installs a module without being asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AutoInstall {
    /// Never.
    #[default]
    Never,
    /// When all its dependencies are there.
    WithDependencies,
    /// When these are there.
    With(Vec<Written>),
}

/// What a manifest says, and what is wrong with it.
#[derive(Clone, Debug, Default)]
pub struct Manifest {
    /// The file.
    pub path: String,
    /// `name`.
    pub name: Option<Written>,
    /// `version`.
    pub version: Option<Written>,
    /// `depends`.
    pub depends: Vec<Written>,
    /// Files of `data` in their order, and of its former names.
    pub data: Vec<Written>,
    /// Files of `demo` and of its former name.
    pub demo: Vec<Written>,
    /// Files of `qweb`.
    pub qweb: Vec<Written>,
    /// Paths and patterns of `assets`, without bundles that are included.
    pub assets: Vec<Written>,
    /// `installable`.
    pub installable: Installable,
    /// `auto_install`.
    pub auto_install: AutoInstall,
    /// Python packages of `external_dependencies`.
    pub python: Vec<Written>,
    /// What is wrong with the manifest alone.
    pub findings: Vec<Finding>,
}

/// Reads a manifest. `path` is where findings say that it is.
pub fn read(path: &str, text: &str) -> Manifest {
    let mut manifest = match literal::parse(text) {
        Ok(Node { value: Value::Dict(pairs), start, end }) => {
            let whole = Node { value: Value::Dict(pairs), start, end };
            dictionary(path, &whole)
        }
        Ok(other) => {
            let message = format!("the manifest is {}, not a dictionary", other.kind());
            unread(path, Finding::new(&rules::NOT_DICT, keys::span(path, &other), message))
        }
        Err(error) => unread(path, not_literal(path, &error)),
    };
    if path.rsplit('/').next() == Some("__openerp__.py") && manifest.installable != Installable::No
    {
        let message = "the manifest has its former name `__openerp__.py`";
        let finding = Finding::new(&rules::RENAMED, Span::file(path), message);
        manifest.findings.push(finding.hint("Rename it to `__manifest__.py`."));
    }
    manifest.findings.sort_by(|one, other| one.order().cmp(&other.order()));
    manifest
}

fn unread(path: &str, finding: Finding) -> Manifest {
    let (path, installable) = (path.to_owned(), Installable::Unknown);
    Manifest { path, installable, findings: vec![finding], ..Manifest::default() }
}

fn not_literal(path: &str, error: &NotLiteral) -> Finding {
    let NotLiteral { at, reason, .. } = error;
    let end = Point { column: at.column.saturating_add(1), ..*at };
    let span = Span { file: path.into(), start: *at, end };
    match error.problem {
        Problem::Syntax => {
            Finding::new(&rules::SYNTAX, span, format!("the manifest is not valid: {reason}"))
        }
        Problem::Expression => {
            let message = format!("the manifest may hold only literals, and here is {reason}");
            Finding::new(&rules::NOT_LITERAL, span, message)
        }
        Problem::Limit => {
            let message = format!("the manifest is not checked, because it holds {reason}");
            Finding::new(&rules::NOT_LITERAL, span, message).with_level(Level::Notice)
        }
    }
}

fn dictionary(path: &str, whole: &Node) -> Manifest {
    let Value::Dict(pairs) = &whole.value else { return Manifest::default() };
    let reader = values::Reader { path, pairs };
    let mut manifest = reader.facts();
    if manifest.installable != Installable::No {
        manifest.findings = keys::check(path, pairs);
        manifest.findings.extend(keys::duplicates(path, whole));
        manifest.findings.extend(reader.check(&manifest));
    }
    manifest
}

#[cfg(test)]
mod tests;
