//! What happens after a crash or a reboot, and how much a service may take.

use crate::domain::compose::rules::Context;
use crate::domain::compose::rules::health::is_job;
use crate::domain::event::Level;
use crate::domain::finding::{Finding, Rule};
use crate::domain::input::nearest;
use crate::domain::yaml::{Kind, Node};

/// A restart policy that is none.
pub const VALUE: Rule = Rule {
    id: "compose.restart-value",
    level: Level::Error,
    about: "a restart policy that does not exist",
    help: "Compose lets it pass, and the engine refuses the container.",
};

/// A service that stays down after a reboot.
pub const MISSING: Rule = Rule {
    id: "compose.restart-missing",
    level: Level::Notice,
    about: "a service that stays down after a crash or a reboot",
    help: "Without `restart` nobody starts the container again.",
};

/// A service that may take all memory.
pub const LIMITS: Rule = Rule {
    id: "compose.limits-missing",
    level: Level::Notice,
    about: "a service without a memory limit",
    help: "One service that leaks takes the database down with it.",
};

/// The rules of this file.
pub const RULES: &[&Rule] = &[&VALUE, &MISSING, &LIMITS];

const POLICIES: [&str; 4] = ["no", "always", "on-failure", "unless-stopped"];

/// Checks every service.
pub fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for service in &context.stack.services {
        let name = service.name();
        let restart = service.get("restart");
        let policy = service.get("deploy").and_then(|deploy| deploy.get("restart_policy"));
        match restart {
            Some(node) => findings.extend(policy_of(name, node)),
            None if policy.is_none() && !is_job(context, service) && !service.is_partial() => {
                let what = format!("`{name}` stays down after a crash or a reboot");
                findings.push(
                    Finding::new(&MISSING, service.span(), what)
                        .hint("add `restart: unless-stopped`"),
                );
            }
            None => {}
        }
        let limits = service
            .get("deploy")
            .and_then(|deploy| deploy.get("resources")?.get("limits")?.get("memory"));
        let is_limited =
            limits.is_some() || service.get("mem_limit").is_some() || service.is_partial();
        if !is_limited && !is_job(context, service) {
            let what = format!("`{name}` may take all memory of the host");
            findings.push(
                Finding::new(&LIMITS, service.span(), what)
                    .hint("add `deploy: { resources: { limits: { memory: 512m } } }`"),
            );
        }
    }
    findings
}

fn policy_of(name: &str, node: &Node) -> Option<Finding> {
    let scalar = node.scalar()?;
    if scalar.kind == Kind::Bool || scalar.is_open() {
        return None;
    }
    let (word, count) = scalar.text.split_once(':').unwrap_or((&scalar.text, "1"));
    let is_known = POLICIES.contains(&word) && count.parse::<u32>().is_ok();
    if is_known && (word == "on-failure" || !scalar.text.contains(':')) {
        return None;
    }
    let what = format!("`{name}` has the restart policy `{}`, which does not exist", node.shown());
    let hint = match nearest(word, POLICIES.into_iter()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("one of {}", POLICIES.join(", ")),
    };
    Some(Finding::new(&VALUE, node.span.clone(), what).hint(hint))
}

#[cfg(test)]
mod tests {
    use crate::domain::compose::rules::tests::table;

    #[test]
    fn policies_exist() {
        table(
            "compose.restart-value",
            &[
                "image: 'a:1', restart: allways",
                "image: 'a:1', restart: 'on-failure:x'",
                "image: 'a:1', restart: 'always:3'",
            ],
            &[
                "image: 'a:1', restart: always",
                "image: 'a:1', restart: 'on-failure:3'",
                "image: 'a:1', restart: 'no'",
                "image: 'a:1'",
            ],
        );
    }

    #[test]
    fn services_come_back_and_have_limits() {
        table(
            "compose.restart-missing",
            &["image: 'a:1'"],
            &[
                "image: 'a:1', restart: always",
                "image: 'a:1', deploy: {restart_policy: {condition: any}}",
                "image: 'a:1', profiles: [x]",
            ],
        );
        table(
            "compose.limits-missing",
            &["image: 'a:1'"],
            &[
                "image: 'a:1', mem_limit: 1g",
                "image: 'a:1', deploy: {resources: {limits: {memory: 1g}}}",
            ],
        );
    }
}
