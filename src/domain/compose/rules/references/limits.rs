//! Two ways to say one thing, and long forms without what they need.

use crate::domain::compose::rules::references::CONTRADICTION;
use crate::domain::compose::stack::Service;
use crate::domain::finding::Finding;
use crate::domain::interpolate::HOLE;
use crate::domain::yaml::{Entry, Node};

/// The old key of a limit and the new one.
const TWICE: [(&str, &str, &str); 4] = [
    ("cpus", "limits", "cpus"),
    ("mem_limit", "limits", "memory"),
    ("pids_limit", "limits", "pids"),
    ("mem_reservation", "reservations", "memory"),
];

/// Checks one service.
pub fn check(service: &Service<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let resources = service.get("deploy").and_then(|deploy| deploy.get("resources"));
    for (old, kind, new) in TWICE {
        let (Some(node), Some(kinds)) = (service.get(old), resources.and_then(|one| one.get(kind)))
        else {
            continue;
        };
        // A limit that is left out there counts as another one: none.
        let is_open = node.is_open() || kinds.get(new).is_some_and(Node::is_open);
        if !is_open && kinds.get(new).and_then(amount) != amount(node) {
            let what = format!(
                "`{}` has `{old}` and another `deploy.resources.{kind}.{new}`",
                service.name()
            );
            findings.push(
                Finding::new(&CONTRADICTION, node.span.clone(), what).hint("keep one of them"),
            );
        }
    }
    findings.extend(platform(service));
    findings.extend(ports(service));
    findings.extend(volumes(service));
    findings.extend(hosts(service));
    findings
}

/// `1g` and `1024m` are one amount.
fn amount(node: &Node) -> Option<String> {
    let text = node.as_text()?.to_ascii_lowercase();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let power =
        ["", "k", "m", "g", "t", "p"].iter().rposition(|prefix| unit.trim().starts_with(prefix))?;
    let scale = i32::try_from(power).ok()?;
    Some(format!("{:.6}", number.parse::<f64>().ok()? * 1024_f64.powi(scale)))
}

fn platform(service: &Service<'_>) -> Option<Finding> {
    let own = service.get("platform")?;
    let platforms = service.get("build")?.get("platforms")?;
    let is_among = platforms.items().iter().any(|one| one.as_text() == own.as_text());
    let is_open = own.is_open() || platforms.items().iter().any(Node::is_open);
    (!is_among && !is_open && !platforms.items().is_empty()).then(|| {
        let what = format!("`build.platforms` of `{}` lacks its `platform`", service.name());
        Finding::new(&CONTRADICTION, platforms.span.clone(), what)
    })
}

fn is_long(node: &Node) -> bool {
    !node.entries().is_empty()
}

fn ports(service: &Service<'_>) -> Vec<Finding> {
    let ports = service.get("ports").map(Node::items).unwrap_or_default();
    let without = ports.iter().filter(|port| is_long(port) && port.get("target").is_none());
    without
        .map(|port| {
            let what = format!(
                "a port of `{}` has no `target`: the port in the container",
                service.name()
            );
            Finding::new(&CONTRADICTION, port.span.clone(), what)
        })
        .collect()
}

fn volumes(service: &Service<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for volume in service.get("volumes").map(Node::items).unwrap_or_default() {
        let kind = volume.get("type").and_then(Node::as_text);
        let lacks =
            |key: &str| volume.get(key).and_then(Node::as_template).is_none_or(str::is_empty);
        let what = if volume.as_text() == Some("") {
            format!("a mount of `{}` is empty", service.name())
        } else if is_long(volume) && lacks("target") {
            format!("a mount of `{}` has no `target`: the path in the container", service.name())
        } else if kind == Some("bind") && lacks("source") {
            format!("a bind mount of `{}` has no `source`: the path on the host", service.name())
        } else {
            continue;
        };
        let at = volume.entries().first().map_or(&volume.span, |Entry { key, .. }| &key.span);
        findings.push(Finding::new(&CONTRADICTION, at.clone(), what));
    }
    findings
}

/// `name:address` or `name=address`.
fn hosts(service: &Service<'_>) -> Vec<Finding> {
    let hosts = service.get("extra_hosts").map(Node::items).unwrap_or_default();
    let without = hosts
        .iter()
        .filter(|host| !host.as_template().is_some_and(|text| text.contains([':', '=', HOLE])));
    without
        .map(|host| {
            let what = format!("an item of `extra_hosts` of `{}` has no address", service.name());
            Finding::new(&CONTRADICTION, host.span.clone(), what).hint("write `name:address`")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::domain::compose::rules::tests::table;

    #[test]
    fn one_thing_is_said_once_and_whole() {
        table(
            "compose.contradiction",
            &[
                "image: 'a:1', mem_limit: 1g, deploy: {resources: {limits: {memory: 2g}}}",
                "image: 'a:1', cpus: 1, deploy: {resources: {limits: {cpus: '2'}}}",
                "image: 'a:1', platform: x, build: {context: ., platforms: [y]}",
                "image: 'a:1', ports: [{published: '80'}]",
                "image: 'a:1', volumes: [{type: bind, target: /x}]",
                "image: 'a:1', volumes: [{type: volume, source: x}]",
                "image: 'a:1', volumes: ['']",
                "image: 'a:1', mem_limit: 1g, deploy: {resources: {limits: {cpus: '1'}}}",
                "image: 'a:1', extra_hosts: [x]",
            ],
            &[
                "image: 'a:1', mem_limit: 1g, deploy: {resources: {limits: {memory: 1024m}}}",
                "image: 'a:1', platform: x, build: {context: ., platforms: [y, x]}",
                "image: 'a:1', ports: [{target: 80}], extra_hosts: ['a:::1', 'b=1.2.3.4'], volumes: [{type: tmpfs, target: /x}, /y]",
            ],
        );
        table(
            "compose.undefined-reference",
            &["image: 'a:1', links: ['gone:x']", "image: 'a:1', volumes_from: [gone]"],
            &["image: 'a:1', volumes_from: ['container:x']"],
        );
        table(
            "compose.duplicate-item",
            &["image: 'a:1', cap_add: [X, X]"],
            &["image: 'a:1', cap_add: [X, Y]"],
        );
    }
}
