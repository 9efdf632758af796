//! Health checks: that there is one, and that it says what it should.

use crate::domain::compose::rules::Context;
use crate::domain::compose::rules::dependencies::snippet;
use crate::domain::compose::stack::{Program, Service};
use crate::domain::event::Level;
use crate::domain::finding::{Finding, Rule};
use crate::domain::yaml::Node;

/// A service without a health check.
pub const MISSING: Rule = Rule {
    id: "compose.healthcheck-missing",
    level: Level::Notice,
    about: "a service without a health check",
    help: "A deploy cannot tell whether the service works, only whether it runs. Of a database it is a warning.",
};

/// A test that does not begin with `CMD`, `CMD-SHELL` or `NONE`.
pub const FORM: Rule = Rule {
    id: "compose.healthcheck-form",
    level: Level::Error,
    about: "a health check whose test has the wrong form",
    help: "The engine refuses it, or takes the first word for the kind of test.",
};

/// A test that does not run what it seems to.
pub const COMMAND: Rule = Rule {
    id: "compose.healthcheck-command",
    level: Level::Error,
    about: "a health check that runs something else than it seems to, or nothing",
    help: "The service is never healthy, or always.",
};

/// A check that is green while `PostgreSQL` is still being set up.
pub const SOCKET: Rule = Rule {
    id: "compose.healthcheck-socket",
    level: Level::Notice,
    about: "`pg_isready` on the socket, which also answers while the database is being made",
    help: "PostgreSQL's first start runs a temporary server on the socket: services that wait start too early.",
};

/// The rules of this file.
pub const RULES: &[&Rule] = &[&MISSING, &FORM, &COMMAND, &SOCKET];

/// Checks every service that stays up.
pub fn check(context: &Context<'_>) -> Vec<Finding> {
    context.stack.services.iter().flat_map(|service| of_service(context, service)).collect()
}

fn of_service(context: &Context<'_>, service: &Service<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let test = service.get("healthcheck").and_then(|check| check.get("test"));
    if let Some(test) = test {
        findings.extend(form(service, test));
        findings.extend(socket(service, test));
    }
    let is_off = service
        .get("healthcheck")
        .is_some_and(|check| check.get("disable").is_some() || check.get("test").is_some());
    let has_none = service.healthcheck().is_none() && !is_off && !service.is_partial();
    if has_none && !is_job(context, service) {
        let is_data = matches!(service.program(), Some(Program::Datastore(_)));
        let level = if is_data { Level::Warning } else { Level::Notice };
        let what = format!("`{}` has no health check", service.name());
        findings.push(
            Finding::new(&MISSING, service.span(), what).with_level(level).hint(snippet(service)),
        );
    }
    findings
}

/// Something that runs once: others wait for its end, or nothing starts it again.
pub fn is_job(context: &Context<'_>, service: &Service<'_>) -> bool {
    context.stack.is_waited_for(service)
        || service.text("restart") == Some("no")
        || !service.profiles().is_empty()
}

fn form(service: &Service<'_>, test: &Node) -> Option<Finding> {
    let first = test.items().first();
    if test.is_open() || first.is_some_and(Node::is_open) {
        return None;
    }
    let name = service.name();
    let (rule, what) = match (test.as_text(), first.and_then(Node::as_text)) {
        (Some(_), _) => return None,
        (None, Some("CMD" | "CMD-SHELL")) if test.items().len() < 2 => {
            (&COMMAND, format!("the health check of `{name}` has no command"))
        }
        (None, Some("CMD" | "CMD-SHELL" | "NONE")) => return shell_with_words(service, test),
        (None, Some(_)) => {
            let word = first.map(Node::shown).unwrap_or_default();
            let what = "it has to be CMD, CMD-SHELL or NONE";
            (&FORM, format!("the health check of `{name}` begins with `{word}`: {what}"))
        }
        (None, None) => (&COMMAND, format!("the health check of `{name}` is empty")),
    };
    let at = first.unwrap_or(test).span.clone();
    let hint = "for example: test: [CMD, curl, -f, http://localhost:8069/web/health]";
    Some(Finding::new(rule, at, what).hint(hint))
}

/// `[CMD-SHELL, curl, -f, x]` runs `curl` alone; `[CMD, "a || b"]` looks for a program of that name.
fn shell_with_words(service: &Service<'_>, test: &Node) -> Option<Finding> {
    let items: Vec<&str> = test.items().iter().filter_map(Node::as_template).collect();
    let (what, hint) = match items[..] {
        ["CMD-SHELL", _, _, ..] => (
            "gives CMD-SHELL several words: only the first one is run",
            "write the command as one text behind CMD-SHELL",
        ),
        ["CMD", only] if only.contains(' ') => (
            "gives CMD one text with blanks: it is taken for the name of a program",
            "use CMD-SHELL, or one item for each word",
        ),
        _ => return None,
    };
    let what = format!("the health check of `{}` {what}", service.name());
    Some(Finding::new(&COMMAND, test.span.clone(), what).hint(hint))
}

fn socket(service: &Service<'_>, test: &Node) -> Option<Finding> {
    let words: Vec<&str> = match test.as_template() {
        Some(whole) => vec![whole],
        None => test.items().iter().filter_map(Node::as_template).collect(),
    };
    let command = words.join(" ");
    let has_host =
        command.split_whitespace().any(|word| word.starts_with("-h") || word.starts_with("--host"));
    if !command.contains("pg_isready") || has_host {
        return None;
    }
    let what = format!(
        "the health check of `{}` asks the socket: it is green while the database is still being made",
        service.name()
    );
    Some(Finding::new(&SOCKET, test.span.clone(), what).hint("add `-h localhost` to `pg_isready`"))
}

#[cfg(test)]
mod tests {
    use crate::domain::compose::rules::tests::{table, table_of, told};

    #[test]
    fn services_that_stay_have_a_health_check() {
        table(
            "compose.healthcheck-missing",
            &["image: 'a:1'", "image: 'postgres:16'"],
            &[
                "image: 'a:1', healthcheck: {test: [CMD, x]}",
                "image: 'a:1', healthcheck: {disable: true}",
                "image: 'a:1', restart: 'no'",
                "image: 'a:1', profiles: [x]",
            ],
        );
        assert!(
            told("image: 'postgres:16'")
                .iter()
                .any(|one| one.starts_with("warning compose.healthcheck-missing"))
        );
        table_of(
            "compose.healthcheck-missing",
            &[],
            &[
                "services: {a: {image: 'x:1', healthcheck: {test: x}, depends_on: {b: {condition: service_completed_successfully}}}, b: {image: 'x:1'}}",
            ],
        );
    }

    #[test]
    fn tests_have_a_form() {
        table(
            "compose.healthcheck-form",
            &["image: 'a:1', healthcheck: {test: [curl, x]}"],
            &["image: 'a:1', healthcheck: {test: [CMD]}", "image: 'a:1', healthcheck: {test: x}"],
        );
        table(
            "compose.healthcheck-command",
            &[
                "image: 'a:1', healthcheck: {test: []}",
                "image: 'a:1', healthcheck: {test: [CMD]}",
                "image: 'a:1', healthcheck: {test: [CMD-SHELL, curl, -f]}",
                "image: 'a:1', healthcheck: {test: [CMD, 'a || b']}",
            ],
            &[
                "image: 'a:1', healthcheck: {test: [CMD, curl, x]}",
                "image: 'a:1', healthcheck: {test: [CMD-SHELL, 'curl -f']}",
                "image: 'a:1', healthcheck: {test: 'curl -f'}",
                "image: 'a:1', healthcheck: {test: [NONE]}",
            ],
        );
    }

    #[test]
    fn postgresql_is_asked_by_address() {
        table(
            "compose.healthcheck-socket",
            &[
                "image: 'postgres:16', healthcheck: {test: pg_isready}",
                "image: 'postgres:16', healthcheck: {test: [CMD, pg_isready, -U, x]}",
            ],
            &[
                "image: 'postgres:16', healthcheck: {test: 'pg_isready -h localhost'}",
                "image: 'postgres:16', healthcheck: {test: [CMD, pg_isready, --host=db]}",
            ],
        );
    }
}
