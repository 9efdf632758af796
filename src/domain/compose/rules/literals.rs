//! Secrets that stand in a compose file.

use crate::domain::compose::rules::Context;
use crate::domain::compose::stack::Service;
use crate::domain::event::Level;
use crate::domain::finding::{Finding, Rule, Span};
use crate::domain::secret_key::looks_secret;
use crate::domain::yaml::{Entry, Node, part};

/// A secret as a value of `environment` or a build argument.
pub const LITERAL: Rule = Rule {
    id: "secret.compose-literal",
    level: Level::Error,
    about: "a password or key that stands in a compose file",
    help: "Everybody who can read the repository has it, and all that ever could. Change the secret, and take it from a variable or from `secrets:`.",
};

/// A password within an address.
pub const URL: Rule = Rule {
    id: "secret.compose-url",
    level: Level::Error,
    about: "a password within an address in a compose file",
    help: "Everybody who can read the repository has it. Change the password, and take it from a variable.",
};

/// A secret as a build argument.
pub const BUILD_ARG: Rule = Rule {
    id: "secret.build-arg",
    level: Level::Warning,
    about: "a secret as a build argument",
    help: "Build arguments stay readable in the image's history. Use `build.secrets`.",
};

/// The rules of this file.
pub const RULES: &[&Rule] = &[&LITERAL, &URL, &BUILD_ARG];

/// Checks what each service gets.
pub fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for service in &context.stack.services {
        findings.extend(service.environment().iter().filter_map(|entry| literal(service, entry)));
        let args = service
            .get("build")
            .and_then(|build| build.get("args"))
            .map(Node::entries)
            .unwrap_or_default();
        for entry in args
            .iter()
            .filter(|entry| looks_secret(&entry.key.text) && !entry.key.text.ends_with("_FILE"))
        {
            findings.push(literal(service, entry).unwrap_or_else(|| build_arg(service, entry)));
        }
    }
    findings
}

fn build_arg(service: &Service<'_>, entry: &Entry) -> Finding {
    let (key, name) = (&entry.key, service.name());
    let what =
        format!("the build argument `{}` of `{name}` stays readable in the image", key.shown());
    let hint = "hand it over with `build.secrets` and `RUN --mount=type=secret`";
    Finding::new(&BUILD_ARG, key.span.clone(), what).hint(hint)
}

fn literal(service: &Service<'_>, entry: &Entry) -> Option<Finding> {
    let key = entry.key.shown();
    let written = entry.value.as_written()?;
    if let Some((from, to)) = password_in_address(written) {
        let span = part(&entry.value, from, to);
        let what =
            format!("`{key}` of `{}` holds an address with a password in it", service.name());
        let hint = "take the password from a variable: `${DB_PASSWORD:?}`";
        return Some(Finding::new(&URL, span.clone(), what).hint(hint).hiding(span));
    }
    let is_reference = written.contains('$') && !written.contains("$$");
    let is_nothing = written.is_empty()
        || matches!(
            written.to_ascii_lowercase().as_str(),
            "true" | "false" | "yes" | "no" | "0" | "1" | "none" | "null"
        );
    let is_elsewhere = ["_FILE", "_PATH", "_URL", "_DIR", "_NAME", "_HEADER"]
        .iter()
        .any(|end| key.to_ascii_uppercase().ends_with(end));
    if !looks_secret(key) || is_reference || is_nothing || is_elsewhere || written.starts_with('/')
    {
        return None;
    }
    let span = value_span(entry);
    let what = format!(
        "`{key}` of `{}` has its value in the file ({} characters)",
        service.name(),
        written.chars().count()
    );
    let hint =
        format!("write `{key}: ${{{key}:?}}` and put the value into `.env`, which git ignores");
    Some(Finding::new(&LITERAL, span.clone(), what).hint(hint).hiding(span))
}

/// Of `- KEY=value` the value alone.
fn value_span(entry: &Entry) -> Span {
    if entry.value.span != entry.key.span {
        return entry.value.span.clone();
    }
    let length =
        u32::try_from(entry.value.as_written().unwrap_or_default().chars().count()).unwrap_or(0);
    let mut span = entry.value.span.clone();
    let is_one_line = span.start.line == span.end.line;
    if is_one_line && span.end.column > span.start.column + length {
        span.start.column = span.end.column.saturating_sub(length + 1).max(span.start.column);
    }
    span
}

/// Where the literal password of `scheme://user:password@host` stands, in characters.
pub fn password_in_address(text: &str) -> Option<(usize, usize)> {
    let scheme = text.find("://")?;
    let rest = text.get(scheme + 3..)?;
    let authority = rest.split(['/', '?', '#', ' ']).next()?;
    let (credentials, _) = authority.rsplit_once('@')?;
    let (user, password) = credentials.split_once(':')?;
    let is_literal = !password.is_empty() && !password.contains(['$', '{', '<', '%', '*']);
    if !is_literal || user.contains(char::is_whitespace) {
        return None;
    }
    let before = text.get(..scheme + 3)?.chars().count() + user.chars().count() + 1;
    Some((before, before + password.chars().count()))
}

#[cfg(test)]
mod tests {
    use crate::domain::compose::rules::Mode;
    use crate::domain::compose::rules::tests::{found, table};

    #[test]
    fn secrets_are_no_literals() {
        table(
            "secret.compose-literal",
            &[
                "image: 'a:1', environment: {POSTGRES_PASSWORD: odoo}",
                "image: 'a:1', environment: ['SECRET_KEY=abc']",
                "image: 'a:1', build: {context: ., args: {TOKEN: x1}}",
                "image: 'a:1', environment: {DB_PASS: 12345}",
            ],
            &[
                "image: 'a:1', environment: {POSTGRES_PASSWORD: '${P:?}', X_TOKEN: $SET}",
                "image: 'a:1', environment: {POSTGRES_PASSWORD_FILE: /run/secrets/x}",
                "image: 'a:1', environment: [POSTGRES_PASSWORD]",
                "image: 'a:1', environment: {PASSWORD: '', USE_TOKEN: 'true', NAME: odoo}",
            ],
        );
        table(
            "secret.build-arg",
            &["build: {context: ., args: {TOKEN: $SET}}"],
            &["build: {context: ., args: {VERSION: 1}}"],
        );
        table(
            "secret.compose-url",
            &["image: 'a:1', environment: {DATABASE_URL: 'postgres://odoo:hunter@db/x'}"],
            &[
                "image: 'a:1', environment: {DATABASE_URL: 'postgres://odoo:${P}@db/x', U: 'http://x/a:b@c', V: 'http://u@h'}",
            ],
        );
    }

    #[test]
    fn the_hidden_part_is_the_secret() {
        let text = "services:\n  a:\n    environment:\n      - DB_PASSWORD=hunter2\n      - URL=pg://u:hunter2@h\n  b:\n    environment:\n      DB_PASSWORD: hunter2\n      C_TOKEN: \"hunter2\"\n";
        for finding in found(Mode::PullRequest, &[("c.yml", text)])
            .iter()
            .filter(|one| one.rule.id.starts_with("secret.compose"))
        {
            let hidden = &finding.hidden[0];
            let line = text.lines().nth(hidden.start.line as usize - 1).unwrap();
            let column = u32::try_from(line.find("hunter2").unwrap()).unwrap() + 1;
            assert!(
                hidden.start.column <= column && hidden.end.column >= column + 7,
                "{finding:?}"
            );
            assert!(!finding.message.contains("hunter2") && !finding.hint.contains("hunter2"));
        }
    }
}
