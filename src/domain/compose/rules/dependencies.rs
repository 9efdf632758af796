//! What starts before what.

use std::collections::BTreeSet;

use crate::domain::compose::rules::Context;
use crate::domain::compose::stack::{Program, Service};
use crate::domain::event::Level;
use crate::domain::finding::{Finding, Rule};
use crate::domain::yaml::Node;

/// Services that wait for each other.
pub const CYCLE: Rule = Rule {
    id: "compose.dependency-cycle",
    level: Level::Error,
    about: "services that wait for each other in a circle",
    help: "Compose refuses the file.",
};

/// `service_healthy` on a service without a health check.
pub const NOT_CHECKABLE: Rule = Rule {
    id: "compose.healthy-without-healthcheck",
    level: Level::Error,
    about: "`condition: service_healthy` on a service that has no health check",
    help: "The stack never starts: Compose waits for a health that nobody reports.",
};

/// The rules of this file.
pub const RULES: &[&Rule] = &[&CYCLE, &NOT_CHECKABLE];

/// Checks the order of starting.
pub fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = cycles(context);
    findings.extend(context.stack.services.iter().flat_map(|service| waits(context, service)));
    findings
}

/// Each circle once, at the service of it that comes first.
fn cycles(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    for service in &context.stack.services {
        let mut path = vec![service.name()];
        if let Some(circle) = circle(context, service, (&mut path, &mut done)) {
            let first =
                circle.first().and_then(|name| context.stack.service(name)).unwrap_or(*service);
            let what = format!("services wait for each other in a circle: {}", circle.join(" -> "));
            let at = first.get("depends_on").map_or(first.span(), |node| node.span.clone());
            findings.push(Finding::new(&CYCLE, at, what));
        }
    }
    findings
}

fn circle<'a>(
    context: &Context<'a>,
    service: &Service<'a>,
    (path, done): (&mut Vec<&'a str>, &mut BTreeSet<&'a str>),
) -> Option<Vec<&'a str>> {
    if done.contains(service.name()) {
        return None;
    }
    for entry in service.depends_on() {
        let name = entry.key.text.as_str();
        if let Some(at) = path.iter().position(|known| *known == name) {
            done.extend(path.iter().copied());
            return Some(path.iter().skip(at).copied().chain([name]).collect());
        }
        let Some(next) = context.stack.service(name) else { continue };
        path.push(name);
        let found = circle(context, &next, (path, done));
        path.pop();
        if found.is_some() {
            return found;
        }
    }
    done.insert(service.name());
    None
}

fn waits(context: &Context<'_>, service: &Service<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for entry in service.depends_on() {
        let condition = entry.value.get("condition");
        let other = context.stack.service(&entry.key.text);
        let (Some(condition), Some(other)) = (condition, other) else { continue };
        if condition.as_text() != Some("service_healthy")
            || other.healthcheck().is_some()
            || other.is_partial()
        {
            continue;
        }
        let name = other.name();
        let is_known =
            other.get("build").is_none() && other.image().is_some_and(Program::is_official);
        let is_off = other
            .get("healthcheck")
            .is_some_and(|check| check.get("test").is_some() || check.get("disable").is_some());
        let (level, what) = if is_known || is_off {
            (
                Level::Error,
                format!(
                    "`{}` waits for `{name}` to be healthy, which has no health check",
                    service.name()
                ),
            )
        } else {
            (
                Level::Warning,
                format!(
                    "`{}` waits for `{name}` to be healthy; unless its image brings a health check, that never happens",
                    service.name()
                ),
            )
        };
        let finding = Finding::new(&NOT_CHECKABLE, condition.span.clone(), what).with_level(level);
        findings.push(finding.hint(snippet(&other)));
    }
    findings
}

/// A health check to paste.
pub fn snippet(service: &Service<'_>) -> String {
    let user = service.environment().iter().find(|entry| entry.key.text == "POSTGRES_USER");
    let user = user.and_then(|entry| entry.value.as_written()).unwrap_or("postgres");
    let test = match service.program() {
        Some(Program::Datastore("postgres")) => {
            format!("[CMD-SHELL, \"pg_isready -h localhost -U {user}\"]")
        }
        Some(Program::Datastore("redis")) => "[CMD, redis-cli, ping]".to_owned(),
        Some(Program::Datastore("mysql")) => "[CMD, mysqladmin, ping, -h, localhost]".to_owned(),
        Some(Program::Datastore("mariadb")) => {
            "[CMD, healthcheck.sh, --connect, --innodb_initialized]".to_owned()
        }
        Some(Program::Datastore("rabbitmq")) => "[CMD, rabbitmq-diagnostics, -q, ping]".to_owned(),
        Some(Program::Proxy("traefik")) => "[CMD, traefik, healthcheck, --ping]".to_owned(),
        Some(Program::Other("odoo")) => {
            "[CMD, curl, -f, http://localhost:8069/web/health]".to_owned()
        }
        _ => "[CMD, curl, -f, http://localhost:PORT/PATH]".to_owned(),
    };
    let ports =
        service.get("expose").and_then(|expose| expose.items().first()).and_then(Node::as_text);
    let test = test.replace("PORT", ports.unwrap_or("PORT"));
    format!(
        "add to `{}`: healthcheck: {{ test: {test}, interval: 10s, retries: 5 }}",
        service.name()
    )
}

#[cfg(test)]
mod tests {
    use crate::domain::compose::rules::tests::{table_of, told_of};

    #[test]
    fn circles_are_named() {
        let text = "services:\n  a: {image: 'x:1', depends_on: [b]}\n  b: {image: 'x:1', depends_on: [c]}\n  c: {image: 'x:1', depends_on: [a]}\n  d: {image: 'x:1', depends_on: [a]}\n";
        let told: Vec<_> = told_of(text).into_iter().filter(|one| one.contains("cycle")).collect();
        assert_eq!(
            told,
            [
                "error compose.dependency-cycle 2 services wait for each other in a circle: a -> b -> c -> a"
            ]
        );
        table_of(
            "compose.dependency-cycle",
            &["services: {a: {image: 'x:1', depends_on: [a]}}"],
            &[
                "services: {a: {image: 'x:1', depends_on: [b, c]}, b: {image: 'x:1', depends_on: [c]}, c: {image: 'x:1'}}",
            ],
        );
    }

    #[test]
    fn waiting_for_health_needs_a_health_check() {
        let stack = |db: &str| {
            format!(
                "services:\n  a: {{image: 'x:1', depends_on: {{db: {{condition: service_healthy}}}}}}\n  db: {{{db}}}\n"
            )
        };
        let level = |db: &str| {
            told_of(&stack(db))
                .into_iter()
                .find(|one| one.contains("healthy-without"))
                .map(|one| one.split(' ').next().unwrap().to_owned())
        };
        for (db, expected) in [
            ("image: 'postgres:16.4'", Some("error")),
            ("image: 'docker.io/library/postgres:16.4'", Some("error")),
            ("image: 'me/app:1'", Some("warning")),
            ("build: .", Some("warning")),
            ("image: 'me/app:1', healthcheck: {disable: true}", Some("error")),
            ("image: 'postgres:16.4', healthcheck: {test: [CMD, x]}", None),
        ] {
            assert_eq!(level(db).as_deref(), expected, "{db}");
        }
    }
}
