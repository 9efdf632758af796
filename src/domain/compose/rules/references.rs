//! Names that a service uses and nobody declares, and declarations that say nothing or too much.

use std::collections::BTreeMap;

mod limits;

use crate::domain::compose::rules::Context;
use crate::domain::compose::stack::Service;
use crate::domain::event::Level;
use crate::domain::finding::{Finding, Rule, Span};
use crate::domain::input::nearest;
use crate::domain::yaml::{Entry, Node};

/// A network, volume, secret, config or service that is not declared.
pub const UNDEFINED: Rule = Rule {
    id: "compose.undefined-reference",
    level: Level::Error,
    about: "a volume, network, secret, config or service that nobody declares",
    help: "Compose refuses the file.",
};

/// A service with nothing to run.
pub const NOTHING_TO_RUN: Rule = Rule {
    id: "compose.no-image-or-build",
    level: Level::Error,
    about: "a service with neither `image` nor `build`",
    help: "Compose refuses the file.",
};

/// Two containers of one name.
pub const CONTAINER_NAME: Rule = Rule {
    id: "compose.container-name",
    level: Level::Error,
    about: "a container name that two containers would have",
    help: "Compose refuses the file, or the second container does not start.",
};

/// Keys that exclude each other, or of which one is needed.
pub const CONTRADICTION: Rule = Rule {
    id: "compose.contradiction",
    level: Level::Error,
    about: "keys that exclude each other, or of which one is missing",
    help: "Compose refuses the file.",
};

/// Something external that the engine does not have.
pub const EXTERNAL_MISSING: Rule = Rule {
    id: "compose.external-missing",
    level: Level::Error,
    about: "an external network or volume that the engine does not have",
    help: "Compose does not create what is external: the stack would not start.",
};

/// The attribute `version`.
pub const OBSOLETE: Rule = Rule {
    id: "compose.obsolete-version",
    level: Level::Notice,
    about: "the attribute `version`, which means nothing any more",
    help: "Compose prints a warning in each run. Delete the line.",
};

/// The rules of this file.
pub const RULES: &[&Rule] =
    &[&UNDEFINED, &NOTHING_TO_RUN, &CONTAINER_NAME, &CONTRADICTION, &EXTERNAL_MISSING, &OBSOLETE];

/// Checks every name.
pub fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        context.stack.services.iter().flat_map(|service| of_service(context, service)).collect();
    findings.extend(container_names(context));
    findings.extend(resources(context));
    findings.extend(externals(context));
    if let Some(version) = context.stack.model.entry("version") {
        let what = "`version` means nothing any more";
        findings
            .push(Finding::new(&OBSOLETE, version.key.span.clone(), what).hint("delete the line"));
    }
    findings
}

fn of_service(context: &Context<'_>, service: &Service<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let name = service.name();
    if service.image().is_none()
        && service.get("build").is_none()
        && service.get("provider").is_none()
    {
        let what = format!("the service `{name}` has neither `image` nor `build`");
        findings.push(Finding::new(&NOTHING_TO_RUN, service.span(), what));
    }
    for Entry { key, .. } in service.networks() {
        let is_default = key.text == "default";
        let finding = undefined(context, service, ("networks", &key.text, &key.span));
        findings.extend(finding.filter(|_| !is_default));
    }
    for mount in service.mounts().iter().filter(|mount| mount.kind == "volume") {
        if let Some(source) = mount.source {
            findings.extend(undefined(context, service, ("volumes", source, mount.span)));
        }
    }
    let build_secrets = service.get("build").and_then(|build| build.get("secrets"));
    let lists = [
        ("secrets", service.get("secrets")),
        ("secrets", build_secrets),
        ("configs", service.get("configs")),
    ];
    for (kind, list) in lists {
        for item in list.map(Node::items).unwrap_or_default() {
            if let Some(source) = item.get("source") {
                let text = source.as_text().unwrap_or_default();
                findings.extend(undefined(context, service, (kind, text, &source.span)));
            }
        }
    }
    findings.extend(service.depends_on().iter().filter_map(|entry| {
        undefined_service(context, service, (&entry.key.text, &entry.key.span))
    }));
    findings.extend(other_services(context, service));
    findings.extend(modes(context, service));
    findings.extend(limits::check(service));
    findings
}

/// `links` and `volumes_from` name services too.
fn other_services(context: &Context<'_>, service: &Service<'_>) -> Vec<Finding> {
    let items = |key: &str| service.get(key).map(Node::items).unwrap_or_default().iter();
    let named = items("links").chain(items("volumes_from")).filter_map(|item| {
        let text = item.as_text().filter(|text| !text.starts_with("container:"))?;
        Some((text.split(':').next().unwrap_or(text), item))
    });
    named
        .filter_map(|(name, item)| undefined_service(context, service, (name, &item.span)))
        .collect()
}

fn undefined(
    context: &Context<'_>,
    service: &Service<'_>,
    (kind, name, span): (&str, &str, &Span),
) -> Option<Finding> {
    let declared = context.stack.declared(kind);
    if declared.iter().any(|entry| entry.key.text == name) {
        return None;
    }
    let noun = kind.trim_end_matches('s');
    let what = format!(
        "the service `{}` uses the {noun} `{name}`, which is declared nowhere",
        service.name()
    );
    let near = nearest(name, declared.iter().map(|entry| entry.key.text.as_str()));
    let hint = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("declare it under `{kind}:`"),
    };
    Some(Finding::new(&UNDEFINED, span.clone(), what).hint(hint))
}

fn undefined_service(
    context: &Context<'_>,
    service: &Service<'_>,
    (name, span): (&str, &Span),
) -> Option<Finding> {
    if context.stack.service(name).is_some() {
        return None;
    }
    let what =
        format!("the service `{}` needs the service `{name}`, which is not there", service.name());
    let near = nearest(name, context.stack.names());
    let hint = near.map(|near| format!("did you mean `{near}`?")).unwrap_or_default();
    Some(Finding::new(&UNDEFINED, span.clone(), what).hint(hint))
}

/// `network_mode: service:x`, and what it excludes.
fn modes(context: &Context<'_>, service: &Service<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for key in ["network_mode", "ipc", "pid"] {
        let Some(node) = service.get(key) else { continue };
        if let Some(name) = node.as_text().and_then(|text| text.strip_prefix("service:")) {
            findings.extend(undefined_service(context, service, (name, &node.span)));
        }
    }
    if let (Some(mode), Some(_)) = (service.get("network_mode"), service.get("networks")) {
        let what = format!(
            "the service `{}` has `network_mode` and `networks`: they exclude each other",
            service.name()
        );
        findings.push(Finding::new(&CONTRADICTION, mode.span.clone(), what));
    }
    if let (Some(name), true) = (service.get("container_name"), service.replicas() > 1) {
        let what = format!(
            "the service `{}` has a container name and runs {} times",
            service.name(),
            service.replicas()
        );
        findings.push(
            Finding::new(&CONTAINER_NAME, name.span.clone(), what).hint("delete `container_name`"),
        );
    }
    let scale = service.get("scale").and_then(Node::as_text);
    let replicas = service.get("deploy").and_then(|deploy| deploy.get("replicas"));
    if let (Some(scale), Some(replicas)) = (scale, replicas)
        && replicas.as_text() != Some(scale)
    {
        let what =
            format!("the service `{}` has `scale` and another `deploy.replicas`", service.name());
        findings.push(Finding::new(&CONTRADICTION, replicas.span.clone(), what));
    }
    findings
}

fn container_names(context: &Context<'_>) -> Vec<Finding> {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    let mut findings = Vec::new();
    for service in &context.stack.services {
        let Some(node) = service.get("container_name") else { continue };
        let Some(name) = node.as_text() else { continue };
        match seen.get(name) {
            Some(other) => {
                let what =
                    format!("the container name `{name}` is also that of the service `{other}`");
                findings.push(Finding::new(&CONTAINER_NAME, node.span.clone(), what));
            }
            None => {
                seen.insert(name, service.name());
            }
        }
    }
    findings
}

fn is_external(node: &Node) -> bool {
    node.get("external").is_some_and(Node::is_true)
}

/// Secrets and configs say where they come from, once; what is external says nothing else.
fn resources(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (kind, sources) in [
        ("secrets", &["file", "environment"][..]),
        ("configs", &["file", "environment", "content"]),
    ] {
        for Entry { key, value } in context.stack.declared(kind) {
            let given = sources.iter().filter(|source| value.get(source).is_some()).count();
            let is_elsewhere = value.get("external").is_some() || value.get("driver").is_some();
            let what = match given {
                0 if !is_elsewhere => format!(
                    "`{kind}.{}` says nowhere where it comes from: one of {} is needed",
                    key.text,
                    sources.join(", ")
                ),
                0 | 1 => continue,
                _ => format!(
                    "`{kind}.{}` comes from two places: only one of {} may be there",
                    key.text,
                    sources.join(", ")
                ),
            };
            findings.push(Finding::new(&CONTRADICTION, key.span.clone(), what));
        }
    }
    for kind in ["networks", "volumes"] {
        for Entry { key, value } in
            context.stack.declared(kind).iter().filter(|entry| is_external(&entry.value))
        {
            let others = value.entries().iter().filter(|entry| {
                !matches!(entry.key.text.as_str(), "external" | "name")
                    && !entry.key.text.starts_with("x-")
            });
            findings.extend(others.map(|other| {
                let what = format!(
                    "`{kind}.{}` is external: `{}` cannot be set here",
                    key.text, other.key.text
                );
                Finding::new(&CONTRADICTION, other.key.span.clone(), what)
            }));
        }
    }
    findings
}

fn externals(context: &Context<'_>) -> Vec<Finding> {
    let Some(engine) = context.engine else { return Vec::new() };
    let mut findings = Vec::new();
    for (kind, there) in [("networks", &engine.networks), ("volumes", &engine.volumes)] {
        for Entry { key, value } in
            context.stack.declared(kind).iter().filter(|entry| is_external(&entry.value))
        {
            let name = value.get("name").and_then(Node::as_text).unwrap_or(&key.text);
            if !there.contains(name) {
                let noun = kind.trim_end_matches('s');
                let what = format!("the external {noun} `{name}` is not there on this host");
                let hint = format!("create it: docker {noun} create {name}");
                findings.push(Finding::new(&EXTERNAL_MISSING, key.span.clone(), what).hint(hint));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use crate::domain::compose::rules::Mode;
    use crate::domain::compose::rules::tests::{table, table_of, told, told_in};

    #[test]
    fn names_have_to_be_declared() {
        table(
            "compose.undefined-reference",
            &[
                "image: 'a:1', networks: [x]",
                "image: 'a:1', volumes: ['gone:/y']",
                "image: 'a:1', secrets: [x]",
                "build: {context: ., secrets: [x]}",
                "build: {context: ., secrets: [{source: x, target: y}]}",
                "image: 'a:1', configs: [{source: x, target: /y}]",
                "image: 'a:1', depends_on: [x]",
                "image: 'a:1', network_mode: 'service:x'",
            ],
            &[
                "image: 'a:1', networks: [default]",
                "image: 'a:1', volumes: ['./x:/y', /z]",
                "image: 'a:1', network_mode: host",
            ],
        );
        let two = "services: {web: {image: 'a:1', volumes: ['dta:/d'], depends_on: [dbx]}, db: {image: 'b:1'}}\nvolumes: {data: }\n";
        let hints: Vec<_> =
            crate::domain::compose::rules::tests::found(Mode::PullRequest, &[("c.yml", two)])
                .into_iter()
                .filter(|one| one.rule.id == "compose.undefined-reference")
                .map(|one| one.hint)
                .collect();
        assert_eq!(hints, ["did you mean `data`?", "did you mean `db`?"]);
    }

    #[test]
    fn a_service_runs_something_under_one_name() {
        table(
            "compose.no-image-or-build",
            &["restart: always", "image: ''"],
            &["image: 'a:1'", "build: ."],
        );
        table_of(
            "compose.container-name",
            &[
                "services: {a: {image: 'x:1', container_name: one}, b: {image: 'x:1', container_name: one}}",
                "services: {a: {image: 'x:1', container_name: one, deploy: {replicas: 2}}}",
            ],
            &[
                "services: {a: {image: 'x:1', container_name: one}, b: {image: 'x:1', container_name: two}}",
            ],
        );
    }

    #[test]
    fn contradictions_are_told() {
        table(
            "compose.contradiction",
            &[
                "image: 'a:1', network_mode: host, networks: [default]",
                "image: 'a:1', scale: 2, deploy: {replicas: 3}",
            ],
            &["image: 'a:1', network_mode: host", "image: 'a:1', scale: 2, deploy: {replicas: 2}"],
        );
        table_of(
            "compose.contradiction",
            &[
                "services: {}\nsecrets: {a: {}}",
                "services: {}\nsecrets: {a: {file: x, environment: Y}}",
                "services: {}\nvolumes: {a: {external: true, driver: local}}",
            ],
            &[
                "services: {}\nsecrets: {a: {file: x}, b: {external: true}}",
                "services: {}\nvolumes: {a: {external: true, name: n}, b: {external: {name: c}}}",
                "services: {}\nconfigs: {a: {content: x}}",
            ],
        );
        table_of("compose.obsolete-version", &["version: '3'\nservices: {}"], &["services: {}"]);
        assert_eq!(told("image: 'a:1'").iter().filter(|one| one.starts_with("error")).count(), 0);
    }

    #[test]
    fn what_is_external_has_to_be_there_on_the_host() {
        let text = "services: {}\nnetworks: {there: {external: true}, gone: {external: true}, n: {external: true, name: there}}\n";
        let told = told_in(Mode::Deploy, &[("c.yml", text)]);
        assert_eq!(
            told,
            [
                "error compose.external-missing 2 the external network `gone` is not there on this host"
            ]
        );
        assert!(told_in(Mode::PullRequest, &[("c.yml", text)]).is_empty());
    }
}
