//! Files that git should not have, and files that it should be told to leave alone.

use crate::domain::env_file::read::{Assignment, read};
use crate::domain::event::Level;
use crate::domain::finding::{Finding, Rule, Span};
use crate::domain::known::{IfIgnored, Known, name};
use crate::domain::secret_key::looks_secret;
use crate::domain::shown::{is_faithful, pasted};

/// A file with secrets in the repository.
pub const TRACKED: Rule = Rule {
    id: "git.secret-file-tracked",
    level: Level::Error,
    about: "an env or secret file that git tracks",
    help: "Everybody who can read the repository has its secrets, also after it is deleted: they have to be changed.",
};

/// A file with secrets that the next `git add .` takes along.
pub const NOT_IGNORED: Rule = Rule {
    id: "git.ignore-missing",
    level: Level::Error,
    about: "an env or secret file that git does not ignore",
    help: "The next `git add .` commits it.",
};

/// The rules of this file.
pub const RULES: &[&Rule] = &[&TRACKED, &NOT_IGNORED];

/// Endings of files that show what a file looks like, without its values.
pub const EXAMPLES: [&str; 6] = [".example", ".sample", ".template", ".dist", ".tmpl", ".defaults"];

/// Files that hold nothing but secrets.
const SECRETS: [&str; 9] = [
    ".pgpass",
    ".netrc",
    "_netrc",
    ".git-credentials",
    "odoo_pg_pass",
    "id_rsa",
    "id_ed25519",
    "id_ecdsa",
    "id_dsa",
];

/// Endings of files that most often hold a private key.
const KEYS: [&str; 6] = [".key", ".p12", ".pfx", ".jks", ".kdbx", ".ppk"];

/// What a private file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Variables, of which some may be secrets.
    Variables,
    /// Variables that all have defaults: nobody needs the file.
    Defaults,
    /// A secret.
    Secret,
}

/// A file that should stay out of git, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Private {
    /// What it holds.
    pub holds: Holds,
    /// The path.
    pub path: String,
    /// The path as it may be shown: with the names of variables.
    pub shown: String,
    /// Where it is named: the compose file's line; the file itself where nobody names it.
    pub span: Span,
}

/// Checks the index, and that what is private would be ignored. Nothing where there is no repository.
pub fn check(known: &Known, private: &[Private]) -> (Vec<Finding>, Vec<IfIgnored>) {
    let mut open = Vec::new();
    let Some(tracked) = known.tracked() else { return (Vec::new(), open) };
    let mut findings: Vec<Finding> =
        tracked.iter().filter_map(|path| by_name(known, path)).collect();
    for one in private {
        let is_outside = one.path.starts_with(['/', '~']) || one.path.starts_with("..");
        if is_outside || is_example(&one.path) {
            continue;
        }
        if known.is_tracked(&one.path) {
            let is_open = one.holds != Holds::Secret && is_harmless(known, &one.path);
            if by_name(known, &one.path).is_none() && !is_open {
                findings.push(tracked_file(&one.shown, one.span.clone()));
            }
        } else {
            let what = format!(
                "git does not ignore `{}`: the next `git add .` commits its secrets",
                one.shown
            );
            let hint = if is_faithful(&one.path) && !one.shown.contains('$') {
                format!("add the line `/{}` to .gitignore", one.path)
            } else {
                "add it to .gitignore".to_owned()
            };
            let level = if one.holds == Holds::Defaults { Level::Warning } else { Level::Error };
            let finding = Finding::new(&NOT_IGNORED, one.span.clone(), what).with_level(level);
            let other = Some(finding.hint(hint));
            open.push(IfIgnored { path: one.path.clone(), ignored: None, other });
        }
    }
    (findings, open)
}

fn by_name(known: &Known, path: &str) -> Option<Finding> {
    let own = name(path);
    if is_example(path) || is_sample_folder(path) || is_env(path) && is_harmless(known, path) {
        return None;
    }
    if is_env(path) || SECRETS.contains(&own) {
        return Some(tracked_file(path, Span::file(path)));
    }
    KEYS.iter()
        .any(|ending| own.ends_with(ending))
        .then(|| tracked_file(path, Span::file(path)).with_level(Level::Warning))
}

/// An env file is often committed on purpose, with versions and log levels: what is in it decides.
fn is_harmless(known: &Known, path: &str) -> bool {
    let Some(text) = known.text(path) else { return false };
    let has_secret = |one: &Assignment| {
        let value = one.value.as_deref().unwrap_or_default();
        let is_literal = !value.is_empty() && !value.starts_with('$');
        let is_address = value.contains("://") && value.contains('@');
        is_literal && (looks_secret(&one.key) || is_address)
    };
    !read(path, &text).assignments.iter().any(has_secret)
}

fn tracked_file(path: &str, span: Span) -> Finding {
    let what = format!("git tracks `{path}`: whoever can read the repository has its secrets");
    let rest = "add it to .gitignore, and change every secret in it";
    let command = pasted("git rm --cached", path).filter(|_| !path.contains('$'));
    let hint = match command {
        Some(command) => format!("{command}, {rest}"),
        None => format!("take it out of the repository, {rest}"),
    };
    Finding::new(&TRACKED, span, what).hint(hint)
}

/// `.env`, `.env.prod`, `prod.env`, and neither their examples nor what only has to do with one: `.env.d.ts`.
pub fn is_env(path: &str) -> bool {
    let own = name(path);
    let is_other = OTHERS.iter().any(|ending| has_ending(path, ending));
    (own == ".env" || own.starts_with(".env.") || has_ending(path, "env"))
        && !is_example(path)
        && !is_other
}

/// Endings behind `.env.` of templates, code, descriptions, patches and what is encrypted.
const OTHERS: [&str; 31] = [
    "age", "asc", "cjs", "diff", "enc", "erb", "gpg", "html", "j2", "jinja", "jinja2", "js",
    "json", "lock", "md", "mjs", "patch", "py", "rb", "rst", "schema", "sh", "sops", "toml", "tpl",
    "ts", "vault", "xml", "yaml", "yml", "zod",
];

fn has_ending(path: &str, ending: &str) -> bool {
    name(path).rsplit_once('.').is_some_and(|(_, own)| own == ending)
}

/// Whether a file only shows what another one looks like.
pub fn is_example(path: &str) -> bool {
    let own = name(path);
    let inner = [".example.", ".sample.", ".template.", "example.", "sample."];
    EXAMPLES.iter().any(|ending| own.ends_with(ending))
        || inner.iter().any(|part| own.contains(part))
}

fn is_sample_folder(path: &str) -> bool {
    let folders = ["test", "tests", "testdata", "fixtures", "examples", "example"];
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    parts.iter().any(|part| folders.contains(part))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::known::checkout;

    fn told(tracked: &[&str], private: &str, ignored: Option<bool>) -> Vec<String> {
        let files = [("prod.env", "DB_PASSWORD=x\n"), ("common.env", "TZ=UTC\nX_TOKEN=\n")];
        let tracked = tracked.iter().map(|path| (*path).to_owned()).collect::<BTreeSet<_>>();
        let known = checkout(&files, Some(tracked));
        let path = private.to_owned();
        let ignored = if ignored == Some(false) { BTreeSet::new() } else { [path.clone()].into() };
        let span = Span::line("compose.yaml", 3);
        let holds = Holds::Secret;
        let private = [Private { holds, shown: path.clone(), path, span }];
        let (mut findings, open) = check(&known, &private);
        findings.extend(open.into_iter().filter_map(|one| one.settle(&ignored)));
        findings
            .into_iter()
            .map(|one| format!("{:?} {} {}", one.level, one.rule.id, one.span.file))
            .collect()
    }

    #[test]
    fn secrets_are_not_tracked() {
        for path in
            [".env", "deploy/.env.prod", "prod.env", ".pgpass", "ssh/id_rsa", "odoo_pg_pass"]
        {
            assert_eq!(
                told(&[path], "/x", None),
                [format!("Error git.secret-file-tracked {path}")]
            );
        }
        assert_eq!(
            told(&["tls/site.key"], "/x", None),
            ["Warning git.secret-file-tracked tls/site.key"]
        );
        for path in [
            ".env.example",
            ".env.sample",
            ".env.prod.template",
            "example.env",
            "tests/.env",
            "src/keys.py",
            ".envrc.py",
        ] {
            assert_eq!(told(&[path], "/x", None), [""; 0], "{path}");
        }
    }

    #[test]
    fn what_is_private_is_ignored() {
        assert_eq!(told(&[], "secrets/db", Some(false)), ["Error git.ignore-missing compose.yaml"]);
        assert_eq!(told(&[], "secrets/db", Some(true)), [""; 0]);
        assert_eq!(
            told(&["secrets/db"], "secrets/db", None),
            ["Error git.secret-file-tracked compose.yaml"]
        );
        assert_eq!(told(&[], "../db", Some(false)), [""; 0]);
        let span = Span::line("compose.yaml", 3);
        let holds = Holds::Secret;
        let secret = Private { holds, path: "db".into(), shown: "db".into(), span };
        assert_eq!(check(&checkout(&[], None), &[secret]), (vec![], vec![]));
    }

    #[test]
    fn what_an_env_file_holds_decides() {
        for (name, text, fires) in [
            (".env.prod", "LOG_LEVEL=info\nTAG=1\n", false),
            (".env", "LOG_LEVEL=info\n", false),
            (".env", "DB_PASSWORD=\nX_TOKEN=$OTHER\n", false),
            (".env", "LOG_LEVEL=info\nDB_PASSWORD=x\n", true),
            ("prod.env", "DATABASE_URL=postgres://a:b@db/x\n", true),
            (".env.d.ts", "interface Env { DB_PASSWORD: string }\n", false),
            (".env.vault", "DOTENV_VAULT=\"x\"\n", false),
            (".env.j2", "DB_PASSWORD={{ password }}\n", false),
            (".env.schema", "DB_PASSWORD=string\n", false),
            (".env.patch", "DB_PASSWORD=x\n", false),
            (".env.md", "DB_PASSWORD=x\n", false),
            (".env.local", "DB_PASSWORD=x\n", true),
            (".env.bak", "DB_PASSWORD=x\n", true),
        ] {
            let known = checkout(&[(name, text)], Some([name.to_owned()].into()));
            let named = |holds| {
                let span = Span::line("compose.yaml", 3);
                Private { holds, path: name.into(), shown: name.into(), span }
            };
            for private in [vec![], vec![named(Holds::Variables)]] {
                let is_told = !check(&known, &private).0.is_empty();
                assert_eq!(
                    is_told,
                    fires || !private.is_empty() && !is_env(name) && text.contains("PASSWORD="),
                    "{name} {text}"
                );
            }
        }
        let told = |holds| {
            let span = Span::file(".env");
            let private = Private { holds, path: ".env".into(), shown: ".env".into(), span };
            let (_, mut open) = check(&checkout(&[], Some(BTreeSet::new())), &[private]);
            open.remove(0).other.unwrap().level
        };
        assert_eq!((told(Holds::Variables), told(Holds::Defaults)), (Level::Error, Level::Warning));
    }
}
