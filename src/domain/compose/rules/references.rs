//! Names that a service uses and nobody declares, and declarations that say nothing or too much.

use std::collections::BTreeMap;

mod limits;

use crate::domain::compose::rules::Context;
use crate::domain::compose::rules::externals::is_external;
use crate::domain::compose::stack::Service;
use crate::domain::event::Level;
use crate::domain::finding::{Finding, Rule, Span};
use crate::domain::interpolate::HOLE;
use crate::domain::yaml::{Entry, Key, Node};

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

/// The attribute `version`.
pub const OBSOLETE: Rule = Rule {
    id: "compose.obsolete-version",
    level: Level::Notice,
    about: "the attribute `version`, which means nothing any more",
    help: "Compose prints a warning in each run. Delete the line.",
};

/// The rules of this file.
pub const RULES: &[&Rule] =
    &[&UNDEFINED, &NOTHING_TO_RUN, &CONTAINER_NAME, &CONTRADICTION, &OBSOLETE];

/// Checks every name.
pub fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        context.stack.services.iter().flat_map(|service| of_service(context, service)).collect();
    findings.extend(container_names(context));
    findings.extend(resources(context));
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
    let has_image =
        service.get("image").and_then(Node::as_template).is_some_and(|it| !it.is_empty());
    if !has_image
        && !service.is_partial()
        && service.get("build").is_none()
        && service.get("provider").is_none()
    {
        let what = format!("the service `{name}` has neither `image` nor `build`");
        findings.push(Finding::new(&NOTHING_TO_RUN, service.span(), what));
    }
    for Entry { key, .. } in service.networks() {
        let is_default = key.text == "default";
        let finding = undefined(context, service, ("networks", &Name::of(key)));
        findings.extend(finding.filter(|_| !is_default));
    }
    for mount in service.mounts().iter().filter(|mount| mount.kind == "volume") {
        if let Some(text) = mount.source {
            let name = Name { text, shown: mount.written, span: mount.span };
            findings.extend(undefined(context, service, ("volumes", &name)));
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
            let Some(source) = item.get("source").filter(|source| !source.is_open()) else {
                continue;
            };
            let text = source.as_text().unwrap_or_default();
            let name = Name { text, shown: source.shown(), span: &source.span };
            findings.extend(undefined(context, service, (kind, &name)));
        }
    }
    let needed = service.depends_on().iter();
    findings.extend(
        needed.filter_map(|entry| undefined_service(context, service, &Name::of(&entry.key))),
    );
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
        Some(Name::behind("", (text, item)))
    });
    named.filter_map(|name| undefined_service(context, service, &name)).collect()
}

/// A name that has to be declared.
struct Name<'a> {
    text: &'a str,
    shown: &'a str,
    span: &'a Span,
}

impl<'a> Name<'a> {
    fn of(key: &'a Key) -> Self {
        Self { text: &key.text, shown: key.shown(), span: &key.span }
    }

    /// The name behind a prefix and before a colon. With variables in it the whole is shown.
    fn behind(prefix: &str, (text, node): (&'a str, &'a Node)) -> Self {
        let text = text.strip_prefix(prefix).unwrap_or(text);
        let text = text.split(':').next().unwrap_or(text);
        let shown = if node.shown().contains('$') { node.shown() } else { text };
        Self { text, shown, span: &node.span }
    }

    /// Whether nothing can be said of it: a part is not known, or a part of the stack could not be read.
    fn is_open(&self, context: &Context<'_>) -> bool {
        self.text.contains(HOLE) || !context.is_whole
    }
}

fn undefined(
    context: &Context<'_>,
    service: &Service<'_>,
    (kind, name): (&str, &Name<'_>),
) -> Option<Finding> {
    if name.is_open(context) || context.stack.declares(kind, name.text) {
        return None;
    }
    let noun = kind.trim_end_matches('s');
    let what = format!(
        "the service `{}` uses the {noun} `{}`, which is declared nowhere",
        service.name(),
        name.shown
    );
    let declared = context.stack.declared(kind).iter().map(|entry| entry.key.text.as_str());
    let hint = match context.nearest(name.text, declared) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("declare it under `{kind}:`"),
    };
    Some(Finding::new(&UNDEFINED, name.span.clone(), what).hint(hint))
}

fn undefined_service(
    context: &Context<'_>,
    service: &Service<'_>,
    name: &Name<'_>,
) -> Option<Finding> {
    if name.is_open(context) || context.stack.service(name.text).is_some() {
        return None;
    }
    let what = format!(
        "the service `{}` needs the service `{}`, which is not there",
        service.name(),
        name.shown
    );
    let near = context.nearest(name.text, context.stack.names());
    let hint = near.map(|near| format!("did you mean `{near}`?")).unwrap_or_default();
    Some(Finding::new(&UNDEFINED, name.span.clone(), what).hint(hint))
}

/// `network_mode: service:x`, and what it excludes.
fn modes(context: &Context<'_>, service: &Service<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for key in ["network_mode", "ipc", "pid"] {
        let Some(node) = service.get(key) else { continue };
        if let Some(text) = node.as_text().filter(|text| text.starts_with("service:")) {
            let name = Name::behind("service:", (text, node));
            findings.extend(undefined_service(context, service, &name));
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
        let what =
            format!("the service `{}` has a container name and runs several times", service.name());
        findings.push(
            Finding::new(&CONTAINER_NAME, name.span.clone(), what).hint("delete `container_name`"),
        );
    }
    let scale = service.get("scale").and_then(Node::as_text);
    let replicas = service.get("deploy").and_then(|deploy| deploy.get("replicas"));
    if let (Some(scale), Some(replicas)) = (scale, replicas)
        && !replicas.is_open()
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
                let what = format!(
                    "the container name `{}` is also that of the service `{other}`",
                    node.shown()
                );
                findings.push(Finding::new(&CONTAINER_NAME, node.span.clone(), what));
            }
            None => {
                seen.insert(name, service.name());
            }
        }
    }
    findings
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

#[cfg(test)]
mod tests {
    use crate::domain::compose::rules::Mode;
    use crate::domain::compose::rules::tests::{table, table_of, told};

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
}
