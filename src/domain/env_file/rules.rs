//! What is wrong with an env file by itself, and with `.env` beside its example.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::env_file::read::{Assignment, EnvFile, Quotes, SYNTAX};
use crate::domain::event::Level;
use crate::domain::finding::{Finding, Rule, Span};
use crate::domain::input::nearest;
use crate::domain::interpolate::hash;
use crate::domain::secret_key::looks_secret;
use crate::domain::secrets::placeholder::{is_form, is_placeholder};
use crate::domain::shown::pasted;

/// There is no `.env`.
pub const MISSING: Rule = Rule {
    id: "env.missing",
    level: Level::Error,
    about: "an env file that is not there",
    help: "The stack starts with empty values, or not at all.",
};

/// A key of the example is not in `.env`.
pub const KEY_MISSING: Rule = Rule {
    id: "env.key-missing",
    level: Level::Error,
    about: "a key of the example that the env file does not have",
    help: "The stack starts without it.",
};

/// A key without a value where the example has one.
pub const EMPTY: Rule = Rule {
    id: "env.empty-value",
    level: Level::Error,
    about: "an empty value of a key that the example fills",
    help: "A GitHub secret that is not set writes `KEY=` without a word.",
};

/// A value that was never filled in.
pub const PLACEHOLDER: Rule = Rule {
    id: "env.placeholder",
    level: Level::Error,
    about: "a value that was never filled in: `changeme`, or that of the example",
    help: "The stack would run with a password that everybody can read in the repository.",
};

/// A key that stands twice.
pub const DUPLICATE_KEY: Rule = Rule {
    id: "env.duplicate-key",
    level: Level::Error,
    about: "a key that stands twice in an env file",
    help: "The last one counts, whatever the first one says.",
};

/// A password hash whose dollar signs are taken for variables.
pub const UNESCAPED_DOLLAR: Rule = Rule {
    id: "env.unescaped-dollar",
    level: Level::Error,
    about: "dollar signs in an env file that are taken for variables",
    help: "Compose mangles the value without a word. Put it in single quotes.",
};

/// Blanks round the equals sign.
pub const DELIMITER: Rule = Rule {
    id: "env.delimiter",
    level: Level::Warning,
    about: "blanks round the `=`, or a `:` in its place",
    help: "Compose takes it; `docker run --env-file`, shells and systemd do not.",
};

/// A value with blanks and no quotes.
pub const UNQUOTED_SPACE: Rule = Rule {
    id: "env.unquoted-space",
    level: Level::Notice,
    about: "a value with blanks and without quotes",
    help: "Compose takes it; a shell that reads the file runs the second word as a command.",
};

/// A key that no shell can have.
pub const KEY_FORM: Rule = Rule {
    id: "env.key-form",
    level: Level::Warning,
    about: "a key that begins with a digit, or has other characters than letters, digits and `_`",
    help: "Programs in the container cannot read such a variable.",
};

/// Line ends of Windows.
pub const CRLF: Rule = Rule {
    id: "env.crlf",
    level: Level::Warning,
    about: "an env file with line ends of Windows",
    help: "Other readers than Compose take the carriage return for a part of each value.",
};

/// A mark at the beginning of the file.
pub const BOM: Rule = Rule {
    id: "env.bom",
    level: Level::Warning,
    about: "an env file that begins with a byte order mark",
    help: "Other readers take it for a part of the first key.",
};

/// Nothing says which variables the stack needs.
pub const EXAMPLE_MISSING: Rule = Rule {
    id: "env.example-missing",
    level: Level::Warning,
    about: "variables without defaults, and no example that names them",
    help: "Nobody can tell from the repository what the host has to set, and a missing one is found by the deploy only.",
};

/// Everybody on the host can read it.
pub const PERMISSIONS: Rule = Rule {
    id: "env.permissions",
    level: Level::Error,
    about: "an env or secret file that others on the host can read",
    help: "Every account on the host can read the passwords.",
};

/// The rules of env files.
pub const RULES: &[&Rule] = &[
    &SYNTAX,
    &MISSING,
    &KEY_MISSING,
    &EMPTY,
    &PLACEHOLDER,
    &DUPLICATE_KEY,
    &UNESCAPED_DOLLAR,
    &DELIMITER,
    &UNQUOTED_SPACE,
    &KEY_FORM,
    &CRLF,
    &BOM,
    &EXAMPLE_MISSING,
    &PERMISSIONS,
];

/// What is wrong with a file by itself, example or not.
pub fn form(file: &EnvFile, text: &str) -> Vec<Finding> {
    let mut findings = file.findings.clone();
    if text.starts_with('\u{feff}') {
        let what = "the file begins with a byte order mark";
        findings.push(
            Finding::new(&BOM, Span::line(&file.path, 1), what)
                .hint("save it as UTF-8 without BOM"),
        );
    }
    if let Some(at) = text.find("\r\n") {
        let before = text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count();
        let line = u32::try_from(before).unwrap_or(0) + 1;
        let what = "the file has line ends of Windows";
        findings.push(
            Finding::new(&CRLF, Span::line(&file.path, line), what)
                .hint("run `dos2unix` on it, and set `*.env text eol=lf` in .gitattributes"),
        );
    }
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    let lines: Vec<&str> = text.trim_start_matches('\u{feff}').lines().collect();
    for one in &file.assignments {
        let first = seen.insert(&one.key, one.key_span.start.line);
        if let Some(first) = first.filter(|_| !one.key.is_empty()) {
            let what = format!(
                "the key `{}` stands here again; the first is in line {first}, and this one counts",
                one.key
            );
            findings.push(Finding::new(&DUPLICATE_KEY, one.key_span.clone(), what));
        }
        let line = lines.get(one.key_span.start.line as usize - 1).copied();
        findings.extend(of_line(one, line.unwrap_or_default()));
    }
    findings
}

fn of_line(one: &Assignment, line: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(value) = &one.value else { return findings };
    let span = || one.value_span.clone();
    let is_open = one.quotes != Quotes::Single;
    if is_open && (hash(value).is_some() || (looks_secret(&one.key) && has_loose_dollar(value))) {
        let what =
            format!("the dollar signs in the value of `{}` are taken for variables", one.key);
        findings.push(
            Finding::new(&UNESCAPED_DOLLAR, span(), what)
                .hiding(span())
                .hint("put the value in single quotes"),
        );
    }
    if one.quotes == Quotes::None && value.contains(' ') {
        let what = format!("the value of `{}` has blanks and no quotes", one.key);
        findings.push(Finding::new(&UNQUOTED_SPACE, span(), what).hint("put it in quotes"));
    }
    if one.key.is_empty() {
        let what = "nothing stands before the `=`: Compose passes over this line";
        findings.push(Finding::new(&KEY_FORM, one.key_span.clone(), what));
        return findings;
    }
    if !is_name(&one.key) {
        let what = format!("`{}` is no name that a program can read as a variable", one.key);
        findings.push(Finding::new(&KEY_FORM, one.key_span.clone(), what));
    }
    let between = line.chars().skip(one.key_span.end.column as usize - 1).collect::<String>();
    if !between.starts_with('=')
        || (between.starts_with("= ") && !between.trim_end().ends_with('='))
    {
        let what = format!("`{}` is not parted from its value by a plain `=`", one.key);
        findings.push(
            Finding::new(&DELIMITER, one.key_span.clone(), what)
                .hint(format!("write `{}=value`", one.key)),
        );
    }
    findings
}

/// A `$` that is no `${NAME}` and not doubled: in a password it is meant as such.
fn has_loose_dollar(value: &str) -> bool {
    let plain = value.replace("$$", "");
    plain
        .match_indices('$')
        .any(|(at, _)| plain.get(at + 1..).is_some_and(|rest| !rest.starts_with('{')))
}

fn is_name(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Most missing keys of a file for which the nearest own one is looked for.
const NEAR: usize = 100;

/// What an env file on the host lacks against its example, and what was never filled in.
pub fn filled(file: &EnvFile, example: Option<&EnvFile>) -> Vec<Finding> {
    let models = example.into_iter().flat_map(|example| &example.assignments);
    let models: BTreeMap<&str, &Assignment> = models.map(|one| (one.key.as_str(), one)).collect();
    let model = |one: &Assignment| models.get(one.key.as_str())?.value.as_deref();
    let mut findings: Vec<Finding> =
        file.assignments.iter().filter_map(|one| never_filled(one, model(one))).collect();
    let Some(example) = example else { return findings };
    let mut asked_near = 0;
    let own: BTreeSet<&str> = file.assignments.iter().map(|one| one.key.as_str()).collect();
    let theirs: BTreeSet<&str> = example.assignments.iter().map(|one| one.key.as_str()).collect();
    for one in example.assignments.iter().filter(|one| !own.contains(one.key.as_str())) {
        let others = own.iter().copied().filter(|key| !theirs.contains(key));
        let what = format!(
            "`{}` has no key `{}`, which {} has in line {}",
            file.path, one.key, example.path, one.key_span.start.line
        );
        asked_near += 1;
        let near = if asked_near > NEAR { None } else { nearest(&one.key, others) };
        let hint = match near {
            Some(near) => format!("did you mean it by `{near}`?"),
            None => format!("add `{}=...`", one.key),
        };
        findings.push(Finding::new(&KEY_MISSING, Span::file(&file.path), what).hint(hint));
    }
    findings
}

fn never_filled(one: &Assignment, model: Option<&str>) -> Option<Finding> {
    let value = one.value.as_deref()?;
    if value.is_empty() {
        let is_filled = model.is_some_and(|model| !model.is_empty());
        let what = format!("`{}` is empty, and the example has a value", one.key);
        let hint = "is the secret of that name set in GitHub?";
        return is_filled.then(|| Finding::new(&EMPTY, one.key_span.clone(), what).hint(hint));
    }
    let is_model = looks_secret(&one.key) && model == Some(value);
    let is_secret = looks_secret(&one.key);
    let is_open = if is_secret { is_placeholder(value) } else { is_form(value) };
    if !is_open && !is_model {
        return None;
    }
    let why =
        if is_model { "still has the value of the example" } else { "still has a placeholder" };
    let what = format!("`{}` {why}", one.key);
    let finding =
        Finding::new(&PLACEHOLDER, one.value_span.clone(), what).hiding(one.value_span.clone());
    Some(if looks_secret(&one.key) { finding } else { finding.with_level(Level::Warning) })
}

/// A file with secrets whose mode lets others in: its path, and how that may be shown. `mode` is that of the file
/// system.
pub fn permissions((path, shown): (&str, &str), mode: u32, owner: Owner) -> Option<Finding> {
    let open = mode & 0o077;
    let what = match owner {
        Owner::Other if open == 0 => {
            format!("`{shown}` belongs to another account than the one that deploys")
        }
        _ if open != 0 => format!(
            "`{shown}` has mode {:04o}: others on this host can read or change it",
            mode & 0o7777
        ),
        _ => return None,
    };
    let hint = pasted("chmod 600", path)
        .filter(|_| path == shown)
        .unwrap_or_else(|| "give it the mode 0600: read and written by its owner alone".to_owned());
    Some(Finding::new(&PERMISSIONS, Span::file(shown), what).hint(hint))
}

/// Whose a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Ours.
    Own,
    /// Somebody else's.
    Other,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::env_file::read::read;

    fn ids(findings: Vec<Finding>) -> Vec<String> {
        findings.into_iter().map(|one| format!("{}:{}", one.rule.id, one.span.start.line)).collect()
    }

    #[test]
    fn files_have_a_form() {
        for (text, expected) in [
            ("A=1\nB=2\n", &[][..]),
            ("A=1\nA=2\n", &["env.duplicate-key:2"]),
            ("AUTH=u:$apr1$abc$x\n", &["env.unescaped-dollar:1"]),
            ("AUTH='u:$apr1$abc$x'\n", &[]),
            ("DB_PASSWORD=a$b\n", &["env.unescaped-dollar:1"]),
            ("DB_PASSWORD=${OTHER}\nPATH=$HOME/x\nX_TOKEN=a$$b\n", &[]),
            ("A = 1\n", &["env.delimiter:1"]),
            ("A: 1\n", &["env.delimiter:1"]),
            ("A= 1\n", &["env.delimiter:1"]),
            ("export A=1\nB=\n", &[]),
            ("A=x y\n", &["env.unquoted-space:1"]),
            ("A='x y' # c\nB=x # c\n", &[]),
            ("1A=1\nA.B=2\n", &["env.key-form:1", "env.key-form:2"]),
            ("A=1\r\n", &["env.crlf:1"]),
            ("\u{feff}A=1\n", &["env.bom:1"]),
            ("A B\n", &["env.syntax:1"]),
            ("=x\n=y\n", &["env.key-form:1", "env.key-form:2"]),
        ] {
            assert_eq!(ids(form(&read(".env", text), text)), expected, "{text:?}");
        }
    }

    #[test]
    fn an_env_file_is_filled_as_its_example_says() {
        let example = read(".env.example", "DB_PASSWORD=odoo-dev\nHOST=db\nMAIL=\nTZ=UTC\n");
        for (text, expected) in [
            ("DB_PASSWORD=Zx81kk\nHOST=db\nMAIL=\nTZ=UTC\n", &[][..]),
            ("DB_PASSWORD=odoo-dev\nHOST=db\nMAIL=x\nTZ=UTC\n", &["env.placeholder:1"]),
            ("DB_PASSWORD=changeme\nHOST=db\nMAIL=x\nTZ=UTC\n", &["env.placeholder:1"]),
            ("DB_PASSWORD=\nHOST=db\nMAIL=\nTZ=UTC\n", &["env.empty-value:1"]),
            ("DB_PASSWORD=Zx81kk\nHOTS=db\nMAIL=\nTZ=UTC\n", &["env.key-missing:0"]),
        ] {
            assert_eq!(ids(filled(&read(".env", text), Some(&example))), expected, "{text:?}");
        }
        let near = filled(&read(".env", "HOTS=db"), Some(&example));
        assert!(near.iter().any(|one| one.hint == "did you mean it by `HOTS`?"), "{near:?}");
    }

    #[test]
    fn others_are_kept_out() {
        for (mode, owner, fires) in [
            (0o600, Owner::Own, false),
            (0o640, Owner::Own, true),
            (0o100_644, Owner::Own, true),
            (0o600, Owner::Other, true),
        ] {
            assert_eq!(permissions((".env", ".env"), mode, owner).is_some(), fires, "{mode:o}");
        }
    }
}
