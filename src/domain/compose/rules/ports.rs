//! Ports of the host: taken twice, or open to everybody.

use crate::domain::compose::rules::Context;
use crate::domain::compose::stack::{Port, Program, Service};
use crate::domain::event::Level;
use crate::domain::finding::{Finding, Rule};

/// Two containers want one port of the host.
pub const CONFLICT: Rule = Rule {
    id: "compose.port-conflict",
    level: Level::Error,
    about: "a port of the host that two containers want",
    help: "The second container does not start. Address, protocol and ranges are looked at, a port that the engine chooses conflicts with none.",
};

/// A database that everybody can reach.
pub const DATASTORE_PUBLISHED: Rule = Rule {
    id: "compose.datastore-published",
    level: Level::Error,
    about: "a database or cache that is published to the network",
    help: "Docker opens the port past the host's firewall. Services of the stack reach it without a published port.",
};

/// A service that is published beside the proxy.
pub const BESIDE_PROXY: Rule = Rule {
    id: "compose.published-beside-proxy",
    level: Level::Warning,
    about: "a service that is published to the network although the stack has a proxy",
    help: "Requests to that port go past the proxy: without TLS, without its rules.",
};

/// The rules of this file.
pub const RULES: &[&Rule] = &[&CONFLICT, &DATASTORE_PUBLISHED, &BESIDE_PROXY];

/// Ports by which a datastore is known whatever its image.
const DATA_PORTS: [u16; 9] = [5432, 3306, 6379, 27017, 9200, 5672, 11211, 1433, 9300];

/// Checks every published port.
pub fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = conflicts(context);
    let is_proxy = |service: &Service<'_>| matches!(service.program(), Some(Program::Proxy(_)));
    let proxy = context.stack.services.iter().find(|service| is_proxy(service));
    for service in &context.stack.services {
        for port in service.ports().iter().filter(|port| !is_local(port)) {
            let is_data = matches!(service.program(), Some(Program::Datastore(_)))
                || port.target.is_some_and(|target| DATA_PORTS.contains(&target));
            if is_data {
                findings.push(published(service, port));
            } else if let Some(proxy) = proxy.filter(|_| !is_proxy(service)) {
                let what = format!(
                    "`{}` is published to the network beside the proxy `{}`",
                    service.name(),
                    proxy.name()
                );
                let hint = "remove `ports`, or publish to 127.0.0.1 only";
                findings.push(Finding::new(&BESIDE_PROXY, port.span.clone(), what).hint(hint));
            }
        }
    }
    findings
}

fn is_local(port: &Port) -> bool {
    port.host.is_some_and(|host| host.is_loopback())
}

fn published(service: &Service<'_>, port: &Port) -> Finding {
    let target = port.target.map_or(String::new(), |target| format!(" {target}"));
    let what =
        format!("the port{target} of `{}` is published to the whole network", service.name());
    let published = port.published.map_or(String::new(), |(first, _)| format!("{first}:"));
    let hint =
        format!("remove it; for a look from the host: \"127.0.0.1:{published}{}\"", target.trim());
    Finding::new(&DATASTORE_PUBLISHED, port.span.clone(), what).hint(hint)
}

/// A published port and whose it is.
struct Taken<'a> {
    service: Service<'a>,
    port: Port,
}

fn conflicts(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut all: Vec<Taken<'_>> = Vec::new();
    for service in &context.stack.services {
        for port in service.ports().into_iter().filter(|port| port.published.is_some()) {
            if service.replicas() > 1
                && port
                    .published
                    .is_some_and(|(first, last)| u64::from(last - first) + 1 < service.replicas())
            {
                let what = format!(
                    "`{}` runs {} times, and each container wants the port {}",
                    service.name(),
                    service.replicas(),
                    shown(&port)
                );
                findings.push(
                    Finding::new(&CONFLICT, port.span.clone(), what)
                        .hint("let the proxy publish, or give a range as wide as the number"),
                );
            }
            if let Some(other) = all.iter().find(|other| clash(&other.port, &port)) {
                findings.push(conflict(other, &Taken { service: *service, port: port.clone() }));
            }
            all.push(Taken { service: *service, port });
        }
    }
    findings
}

/// Where the host chooses one of a range, it finds a free one.
fn clash(one: &Port, other: &Port) -> bool {
    let (Some(a), Some(b)) = (one.published, other.published) else { return false };
    let overlaps = a.0 <= b.1 && b.0 <= a.1;
    let hosts = one.host.is_none() || other.host.is_none() || one.host == other.host;
    overlaps && hosts && one.protocol == other.protocol && (a.0 == a.1 || b.0 == b.1 || a == b)
}

fn conflict(first: &Taken<'_>, second: &Taken<'_>) -> Finding {
    let (one, other) = (first.service.name(), second.service.name());
    let place = format!("{}:{}", first.port.span.file, first.port.span.start.line);
    let whose = if one == other {
        format!("`{one}` publishes it already")
    } else {
        format!("`{one}` has it")
    };
    let what = format!(
        "the port {} of the host is wanted by `{other}`, and {whose} ({place})",
        shown(&second.port)
    );
    let finding = Finding::new(&CONFLICT, second.port.span.clone(), what);
    if never_together(&first.service, &second.service) {
        return finding
            .with_level(Level::Warning)
            .hint("they are in different profiles: it holds as long as nobody starts both");
    }
    finding
}

fn never_together(one: &Service<'_>, other: &Service<'_>) -> bool {
    let (a, b) = (one.profiles(), other.profiles());
    !a.is_empty() && !b.is_empty() && !a.iter().any(|profile| b.contains(profile))
}

fn shown(port: &Port) -> String {
    let (first, last) = port.published.unwrap_or_default();
    let range = if first == last { first.to_string() } else { format!("{first}-{last}") };
    if port.protocol == "tcp" { range } else { format!("{range}/{}", port.protocol) }
}

#[cfg(test)]
mod tests {
    use crate::domain::compose::rules::tests::{table, table_of, told_of};

    fn two(a: &str, b: &str) -> Option<String> {
        let text = format!("services:\n  a: {{image: 'x:1', {a}}}\n  b: {{image: 'x:1', {b}}}\n");
        let told = told_of(&text);
        told.into_iter()
            .find(|one| one.contains("port-conflict"))
            .map(|one| one.split(' ').next().unwrap().to_owned())
    }

    #[test]
    fn a_port_of_the_host_is_given_once() {
        for (a, b, expected) in [
            ("ports: ['80:80']", "ports: ['80:8080']", Some("error")),
            ("ports: ['80:80']", "ports: ['127.0.0.1:80:8080']", Some("error")),
            ("ports: ['8000-8010:80-90']", "ports: ['8005:80']", Some("error")),
            ("ports: ['80:80']", "ports: ['80:80/udp']", None),
            ("ports: ['127.0.0.1:80:80']", "ports: ['127.0.0.2:80:80']", None),
            ("ports: ['80']", "ports: ['80']", None),
            ("ports: ['80:80'], profiles: [x]", "ports: ['80:80'], profiles: [y]", Some("warning")),
            ("ports: ['80:80'], profiles: [x]", "ports: ['80:80']", Some("error")),
            ("ports: ['80:80']", "ports: ['81:80']", None),
            ("ports: [{target: 80, published: 80}]", "ports: ['0.0.0.0:80:1']", Some("error")),
        ] {
            assert_eq!(two(a, b).as_deref(), expected, "{a} {b}");
        }
        table(
            "compose.port-conflict",
            &[
                "image: 'a:1', ports: ['80:80'], deploy: {replicas: 2}",
                "image: 'a:1', ports: ['80:80', '80:81']",
            ],
            &[
                "image: 'a:1', ports: ['80-81:80'], deploy: {replicas: 2}",
                "image: 'a:1', ports: ['80']",
            ],
        );
    }

    #[test]
    fn databases_are_not_for_everybody() {
        table(
            "compose.datastore-published",
            &[
                "image: 'postgres:16', ports: ['5432:5432']",
                "image: 'redis:7', ports: ['6379']",
                "image: 'me/db:1', ports: ['15432:5432']",
                "image: 'postgres:16', ports: ['0.0.0.0:5432:5432']",
            ],
            &[
                "image: 'postgres:16', ports: ['127.0.0.1:5432:5432']",
                "image: 'postgres:16', expose: ['5432']",
                "image: 'a:1', ports: ['80:80']",
                "image: 'a:1', ports: ['[::1]:5432:5432']",
            ],
        );
    }

    #[test]
    fn only_the_proxy_publishes() {
        let stack = |ports: &str| {
            format!(
                "services: {{p: {{image: 'traefik:v3', ports: ['80:80']}}, a: {{image: 'x:1', ports: ['{ports}']}}}}"
            )
        };
        table_of(
            "compose.published-beside-proxy",
            &[&stack("8069:8069")],
            &[&stack("127.0.0.1:8069:8069"), "services: {a: {image: 'x:1', ports: ['80:80']}}"],
        );
    }
}
