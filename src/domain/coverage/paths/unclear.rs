//! What is said where names cannot be mapped, with the lines of `path-map` that settle it.

use glob::Pattern;

use crate::domain::coverage::paths::Names;
use crate::domain::coverage::paths::candidates::Rule;

/// Why names cannot be mapped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Unclear {
    /// What was found.
    pub what: String,
    /// Why that is no answer.
    pub why: String,
    /// What to do.
    pub help: String,
}

/// A line of `path-map` that holds for a report.
pub fn line(report: &str, rule: &Rule) -> String {
    let shown = |folder: &str| if folder.is_empty() { "./".to_owned() } else { folder.to_owned() };
    let (from, to) = (shown(&rule.from), shown(&rule.to));
    let divide = if from.contains('=') || to.contains('=') { " = " } else { "=" };
    format!("{} => {from}{divide}{to}", Pattern::escape(report))
}

/// The line of `path-map` that leaves out what begins so.
pub fn line_without(report: &str, from: &str) -> String {
    let from = if from.is_empty() { "./" } else { from };
    let divide = if from.contains('=') { " = " } else { "=" };
    format!("{} => {from}{divide}-", Pattern::escape(report))
}

/// A name that could be either of two files.
pub fn ambiguous(names: &Names<'_>, name: &str, paths: [&str; 2], rules: [&Rule; 2]) -> Unclear {
    let report = names.report;
    Unclear {
        what: format!("`{report}` names `{name}`, which could be `{}` or `{}`", paths[0], paths[1]),
        why: "no prefix fits the report's names better than the other".to_owned(),
        help: format!(
            "say it by the input `path-map`: `{}` or `{}`",
            line(report, rules[0]),
            line(report, rules[1])
        ),
    }
}

/// A name that is a file below two roots of its report.
pub fn below_roots(names: &Names<'_>, name: &str, full: &[String], paths: [&str; 2]) -> Unclear {
    let report = names.report;
    let exact =
        |(full, path): (&String, &str)| format!("`{} => {full} = {path}`", Pattern::escape(report));
    let lines: Vec<String> =
        full.iter().take(1).flat_map(|full| paths.map(|path| exact((full, path)))).collect();
    Unclear {
        what: format!("`{report}` names `{name}`, which could be `{}` or `{}`", paths[0], paths[1]),
        why: "the report has several roots, and both have such a file".to_owned(),
        help: format!("say it by the input `path-map`: {}", lines.join(" or ")),
    }
}

/// A folder of names of which some fit one folder of the repository and some another.
pub fn parted(names: &Names<'_>, name: &str, rules: [&Rule; 2], folder: &str) -> Unclear {
    let report = names.report;
    Unclear {
        what: format!(
            "`{report}` has names below `{folder}` of which some are files of `./{}` and some of `./{}`, such as `{name}`",
            rules[0].to, rules[1].to
        ),
        why: "one folder in a report is one folder of the repository, so some of them only look like ours".to_owned(),
        help: format!(
            "say it by the input `path-map`: `{}` or `{}`",
            line(report, rules[0]),
            line(report, rules[1])
        ),
    }
}

/// Two names that would be one file.
pub fn shared(names: &Names<'_>, both: [&str; 2], path: &str, rules: [&Rule; 2]) -> Unclear {
    let report = names.report;
    Unclear {
        what: format!(
            "`{report}` names `{}` and `{}`, which would both be `{path}`",
            both[0], both[1]
        ),
        why: "one of them may be another project's file of that name".to_owned(),
        help: either(report, rules),
    }
}

/// A folder of the repository that would stand in two places of a report.
pub fn second_place(names: &Names<'_>, name: &str, path: &str, rules: [&Rule; 2]) -> Unclear {
    let (report, [rule, other]) = (names.report, rules);
    Unclear {
        what: format!(
            "`{report}` names `{name}`, which could be `{path}` or no file of the repository"
        ),
        why: format!(
            "`{}` stands for `./{}` there, so `{}` may be another project with files of the same names",
            if other.from.is_empty() { "./" } else { &other.from },
            other.to,
            rule.from
        ),
        help: either(report, rules),
    }
}

/// What is not ours, or that both are.
fn either(report: &str, rules: [&Rule; 2]) -> String {
    format!(
        "say by the input `path-map` what is not yours, `{}` or `{}`, or that both are: `{}` and `{}`",
        line_without(report, &rules[0].from),
        line_without(report, &rules[1].from),
        line(report, rules[0]),
        line(report, rules[1])
    )
}
