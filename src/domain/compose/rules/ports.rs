//! Ports of the host: taken twice, or open to everybody.

use crate::domain::compose::rules::Context;
use crate::domain::compose::stack::{Host, Port, Program, Published, Service};
use crate::domain::event::Level;
use crate::domain::finding::{Finding, Rule};
use crate::domain::limit::LIMIT;

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

/// Most published ports of a stack that are compared with each other.
const MOST: usize = 5_000;

/// Checks every published port.
pub fn check(context: &Context<'_>) -> Vec<Finding> {
    let all: Vec<Taken<'_>> = context
        .stack
        .services
        .iter()
        .flat_map(|service| {
            service.ports().into_iter().map(|port| Taken { service: *service, port })
        })
        .collect();
    if let Some(taken) = all.get(MOST) {
        let what =
            format!("the stack publishes {} ports, and at most {MOST} are checked", all.len());
        return vec![Finding::new(&LIMIT, taken.port.span.clone(), what)];
    }
    let mut findings = conflicts(&all);
    let is_proxy = |service: &Service<'_>| matches!(service.program(), Some(Program::Proxy(_)));
    let proxy = context.stack.services.iter().find(|service| is_proxy(service));
    for Taken { service, port } in all.iter().filter(|taken| !is_local(&taken.port)) {
        let is_data = matches!(service.program(), Some(Program::Datastore(_)));
        if is_data || is_data_port(port) {
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
    findings
}

/// Whether a port is known to be reached from this host alone, or may be.
pub fn is_local(port: &Port) -> bool {
    match port.host {
        Host::At(address) => address.is_loopback(),
        Host::All => false,
        Host::Open => true,
    }
}

/// Whether a port of the container is one of a datastore. Ranges and UDP are something else: media, game servers.
fn is_data_port(port: &Port) -> bool {
    let is_one = |(first, last): (u16, u16)| first == last && DATA_PORTS.contains(&first);
    port.target.is_some_and(is_one) && port.protocol.as_deref() == Some("tcp")
}

fn published(service: &Service<'_>, port: &Port) -> Finding {
    let target = match port.target {
        Some((first, last)) if first == last => first.to_string(),
        _ => String::new(),
    };
    let noun = if target.is_empty() { "a port".to_owned() } else { format!("the port {target}") };
    let what = format!("{noun} of `{}` is published to the whole network", service.name());
    let hint = match port.published {
        _ if target.is_empty() => "remove it, or publish to 127.0.0.1 only".to_owned(),
        Published::Range(..) if !port.shown.contains('$') => {
            format!("remove it; for a look from the host: \"127.0.0.1:{}:{target}\"", port.shown)
        }
        _ => format!("remove it; for a look from the host: \"127.0.0.1:{target}:{target}\""),
    };
    Finding::new(&DATASTORE_PUBLISHED, port.span.clone(), what).hint(hint)
}

/// A published port and whose it is.
struct Taken<'a> {
    service: Service<'a>,
    port: Port,
}

/// Each port with the first one that it cannot be published beside.
fn conflicts(all: &[Taken<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, taken) in all.iter().enumerate() {
        let Taken { service, port } = taken;
        let Published::Range(first, last) = port.published else { continue };
        let replicas = service.replicas();
        let is_too_few = u64::from(last - first) + 1 < replicas.saturating_mul(width(port));
        if replicas > 1 && is_too_few {
            let what = format!(
                "`{}` runs {replicas} times, and each container wants the port {}",
                service.name(),
                named(port)
            );
            findings.push(
                Finding::new(&CONFLICT, port.span.clone(), what)
                    .hint("let the proxy publish, or give a range as wide as the number"),
            );
        }
        let before = all.iter().take(at);
        if let Some(other) = before.into_iter().find(|other| clash(other, taken)) {
            findings.push(conflict(other, taken));
        }
    }
    findings
}

/// How many ports of the container it publishes.
fn width(port: &Port) -> u64 {
    port.target.map_or(1, |(first, last)| u64::from(last - first) + 1)
}

/// Where the host chooses one of a range, it finds a free one. What is not known clashes with nothing.
fn clash(one: &Taken<'_>, other: &Taken<'_>) -> bool {
    let (Published::Range(first, last), Published::Range(from, to)) =
        (one.port.published, other.port.published)
    else {
        return false;
    };
    let is_free = |port: &Port, width: u16| width > 0 && port.target.is_some_and(|(a, b)| a == b);
    let overlaps = first <= to && from <= last;
    let is_chosen = is_free(&one.port, last - first) && is_free(&other.port, to - from);
    let hosts = match (one.port.host, other.port.host) {
        (Host::Open, _) | (_, Host::Open) => false,
        (Host::All, _) | (_, Host::All) => true,
        (Host::At(one), Host::At(other)) => one == other,
    };
    let protocols = one.port.protocol.is_some() && one.port.protocol == other.port.protocol;
    // Two files may publish the same ports of a service: Compose takes them for one.
    let offset = |port: &Port, published: u16| {
        port.target.map(|(target, _)| i32::from(published) - i32::from(target))
    };
    let is_same = one.service.name() == other.service.name()
        && one.port.host == other.port.host
        && (width(&one.port) > 1 || width(&other.port) > 1)
        && offset(&one.port, first) == offset(&other.port, from);
    let is_whole = !is_chosen || (first, last) == (from, to);
    overlaps && hosts && protocols && is_whole && !is_same
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
        named(&second.port)
    );
    let finding = Finding::new(&CONFLICT, second.port.span.clone(), what);
    if never_together(&first.service, &second.service) {
        return finding
            .with_level(Level::Warning)
            .hint("they are in different profiles: it holds as long as nobody starts both");
    }
    finding
}

/// A port with variables in quotes, another one without.
fn named(port: &Port) -> String {
    if port.shown.contains('$') { format!("`{}`", port.shown) } else { port.shown.clone() }
}

fn never_together(one: &Service<'_>, other: &Service<'_>) -> bool {
    let (a, b) = (one.profiles(), other.profiles());
    !a.is_empty() && !b.is_empty() && !a.iter().any(|profile| b.contains(profile))
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
