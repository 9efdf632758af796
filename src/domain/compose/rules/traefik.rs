//! Labels of Traefik: routers that reach nothing, dashboards that everybody reaches.

use std::collections::BTreeMap;

use crate::domain::compose::rules::Context;
use crate::domain::compose::rules::ports::is_local;
use crate::domain::compose::stack::{Mount, Program, Service};
use crate::domain::event::Level;
use crate::domain::finding::{Finding, Rule};
use crate::domain::interpolate::HOLE;
use crate::domain::yaml::{Entry, Node};

/// A routed service that Traefik cannot reach.
pub const NETWORK: Rule = Rule {
    id: "compose.traefik-network",
    level: Level::Warning,
    about: "a service that Traefik routes to and shares no network with",
    help: "Requests end in a gateway timeout after a deploy that looked fine.",
};

/// A label that names a network in which the service is not.
pub const OTHER_NETWORK: Rule = Rule {
    id: "compose.traefik-other-network",
    level: Level::Error,
    about: "`traefik.docker.network` names a network in which the service is not",
    help: "Traefik does not find the network, and takes any other of the container: requests end in a gateway timeout, or not, from one start to the next.",
};

/// A port that has to be guessed.
pub const PORT: Rule = Rule {
    id: "compose.traefik-port",
    level: Level::Warning,
    about: "a routed service of which Traefik has to guess the port",
    help: "Traefik takes the first exposed port of the image, or none: requests end in `Bad Gateway`.",
};

/// One router name for two services.
pub const ROUTER: Rule = Rule {
    id: "compose.traefik-duplicate-router",
    level: Level::Warning,
    about: "a router that two services declare",
    help: "Traefik drops both.",
};

/// The dashboard without a password.
pub const DASHBOARD: Rule = Rule {
    id: "compose.traefik-dashboard",
    level: Level::Warning,
    about: "the dashboard of Traefik without authentication",
    help: "Everybody sees all routes and services.",
};

/// The rules of this file.
pub const RULES: &[&Rule] = &[&NETWORK, &OTHER_NETWORK, &PORT, &ROUTER, &DASHBOARD];

/// Checks the labels of every service.
pub fn check(context: &Context<'_>) -> Vec<Finding> {
    let proxy =
        context.stack.services.iter().find(|one| one.program() == Some(Program::Proxy("traefik")));
    let mut findings = duplicates(context);
    for service in context.stack.services.iter().filter(|service| is_routed(service)) {
        if let Some(proxy) = proxy {
            findings.extend(network(context, service, proxy));
        }
        findings.extend(port(service));
        findings.extend(dashboard(service));
    }
    findings.extend(proxy.and_then(insecure));
    findings
}

fn label<'a>(service: &Service<'a>, name: &str) -> Option<&'a Entry> {
    service.labels().iter().find(|entry| entry.key.text.eq_ignore_ascii_case(name))
}

fn is_routed(service: &Service<'_>) -> bool {
    let off = label(service, "traefik.enable")
        .is_some_and(|entry| entry.value.is_open() || entry.value.as_text() == Some("false"));
    !off && routers(service).next().is_some()
}

/// A label of a router.
#[derive(Clone, Copy)]
struct Router<'a> {
    name: &'a str,
    /// The name as it may be shown.
    shown: &'a str,
    entry: &'a Entry,
}

/// The labels of routers whose names are known.
fn routers<'a>(service: &Service<'a>) -> impl Iterator<Item = Router<'a>> {
    fn router(label: &str) -> Option<&str> {
        label.strip_prefix("traefik.http.routers.")?.split('.').next()
    }
    service.labels().iter().filter_map(|entry| {
        let name = router(&entry.key.text).filter(|name| !name.contains(HOLE))?;
        Some(Router { name, shown: router(entry.key.shown()).unwrap_or("?"), entry })
    })
}

fn names<'a>(service: &Service<'a>) -> Vec<&'a str> {
    match service.networks() {
        [] => vec!["default"],
        networks => networks.iter().map(|entry| entry.key.text.as_str()).collect(),
    }
}

fn network(context: &Context<'_>, service: &Service<'_>, proxy: &Service<'_>) -> Option<Finding> {
    let is_elsewhere = |one: &Service<'_>| one.get("network_mode").is_some() || one.is_partial();
    let is_open = |one: &Service<'_>| one.networks().iter().any(|entry| entry.key.is_open());
    if is_elsewhere(proxy) || is_elsewhere(service) || is_open(proxy) || is_open(service) {
        return None;
    }
    let (ours, theirs) = (names(service), names(proxy));
    if !ours.iter().any(|name| theirs.contains(name)) {
        let what = format!(
            "`{}` is routed by `{}` and shares no network with it",
            service.name(),
            proxy.name()
        );
        let theirs: Vec<&str> = match proxy.networks() {
            [] => vec!["default"],
            networks => networks.iter().map(|entry| entry.key.shown()).collect(),
        };
        let hint = format!("put it into one of: {}", theirs.join(", "));
        return Some(Finding::new(&NETWORK, service.span(), what).hint(hint));
    }
    if let Some(said) = label(service, "traefik.docker.network") {
        let text = said.value.as_text()?;
        let is_one = ours.iter().any(|key| may_be(context, key, text));
        return (!is_one).then(|| {
            let what = format!(
                "`traefik.docker.network` of `{}` names `{}`, in which the service is not",
                service.name(),
                said.value.shown()
            );
            let hint = "name a network of the service as the engine does: `PROJECT_NETWORK`, or its `name:`";
            Finding::new(&OTHER_NETWORK, said.value.span.clone(), what).hint(hint)
        });
    }
    let has_default = match default_network(proxy) {
        Fallback::Nothing => false,
        Fallback::Unknown => true,
        Fallback::Network(name) => ours.iter().any(|key| may_be(context, key, name)),
    };
    if ours.len() > 1 && !has_default {
        let what = format!(
            "`{}` is in several networks, and nothing says by which one `{}` reaches it",
            service.name(),
            proxy.name()
        );
        return Some(
            Finding::new(&NETWORK, service.span(), what)
                .hint("add the label `traefik.docker.network=NAME`, or give `--providers.docker.network=NAME` to Traefik"),
        );
    }
    None
}

/// Whether a network of the stack may have this name on the engine. Without `name:` the project's stands before its
/// key; the key alone is what Traefik finds in no container, and then it takes the only network that there is.
fn may_be(context: &Context<'_>, key: &str, name: &str) -> bool {
    let declared = context.stack.declared("networks").iter().find(|entry| entry.key.text == key);
    let named = declared.and_then(|entry| entry.value.get("name"));
    match named {
        Some(named) => named.is_open() || named.as_text() == Some(name) || name == key,
        None => name == key || name.strip_suffix(key).is_some_and(|rest| rest.ends_with('_')),
    }
}

/// The network that Traefik takes where no label says one.
enum Fallback<'a> {
    Nothing,
    /// It stands in a file of Traefik, or comes of a variable.
    Unknown,
    Network(&'a str),
}

fn default_network<'a>(proxy: &Service<'a>) -> Fallback<'a> {
    let command = proxy.get("command");
    let single = command.and_then(Node::as_template).into_iter().flat_map(str::split_whitespace);
    let items = command.map(Node::items).unwrap_or_default();
    let words = single.chain(items.iter().filter_map(Node::as_template));
    let by_word = words.into_iter().find_map(|word| {
        let (key, value) = word.split_once('=')?;
        key.eq_ignore_ascii_case("--providers.docker.network").then_some(value)
    });
    let variable = proxy.environment().iter();
    let variable = variable
        .filter(|entry| entry.key.text == "TRAEFIK_PROVIDERS_DOCKER_NETWORK")
        .find_map(|entry| entry.value.as_template());
    let is_file = |mount: &Mount<'_>| {
        let name = mount.target.rsplit('/').next().unwrap_or_default();
        mount.target.starts_with("/etc/traefik") || name.starts_with("traefik.")
    };
    match by_word.or(variable) {
        Some(name) if name.contains(HOLE) => Fallback::Unknown,
        Some(name) => Fallback::Network(name),
        None if proxy.mounts().iter().any(is_file) || proxy.get("configs").is_some() => {
            Fallback::Unknown
        }
        None => Fallback::Nothing,
    }
}

fn port(service: &Service<'_>) -> Option<Finding> {
    let is_said = service.labels().iter().any(|entry| {
        entry.key.text.starts_with("traefik.http.services.")
            && entry.key.text.ends_with(".loadbalancer.server.port")
    });
    let is_internal = routers(service).any(|one| one.entry.value.as_text() == Some("api@internal"));
    let is_open = service.labels().iter().any(|entry| entry.key.is_open()) || service.is_partial();
    let elsewhere = service.labels().iter().any(|entry| entry.key.text.ends_with(".service"));
    if is_said || is_internal || is_open || elsewhere || service.get("expose").is_some() {
        return None;
    }
    let Router { shown: name, entry, .. } = routers(service).next()?;
    let what =
        format!("nothing says which port of `{}` the router `{name}` reaches", service.name());
    let hint =
        format!("add the label `traefik.http.services.{name}.loadbalancer.server.port=PORT`");
    Some(Finding::new(&PORT, entry.key.span.clone(), what).hint(hint))
}

fn duplicates(context: &Context<'_>) -> Vec<Finding> {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    let mut findings = Vec::new();
    for service in &context.stack.services {
        let mut own: BTreeMap<&str, Router<'_>> = BTreeMap::new();
        routers(service).for_each(|one| {
            own.entry(one.name).or_insert(one);
        });
        for (name, router) in own {
            if let Some(other) = seen.insert(name, service.name()) {
                let name = router.shown;
                let what =
                    format!("the router `{name}` is declared by `{other}` too: Traefik drops both");
                findings.push(Finding::new(&ROUTER, router.entry.key.span.clone(), what));
            }
        }
    }
    findings
}

/// Most middlewares of a router that are looked for.
const MIDDLEWARES: usize = 100;

/// A router to the dashboard without a middleware that asks for a password.
fn dashboard(service: &Service<'_>) -> Option<Finding> {
    let Router { name, shown, entry } = routers(service).find(|one| {
        let entry = one.entry;
        entry.key.text.ends_with(".service") && entry.value.as_text() == Some("api@internal")
    })?;
    let used = label(service, &format!("traefik.http.routers.{name}.middlewares"))
        .map(|entry| &entry.value);
    if used.is_some_and(Node::is_open) || service.is_partial() {
        return None;
    }
    let used = used.and_then(Node::as_text).unwrap_or_default();
    let guards = ["basicauth", "digestauth", "forwardauth", "ipallowlist", "ipwhitelist"];
    let is_guarded = used.split(',').take(MIDDLEWARES).map(str::trim).any(|middleware| {
        let name = middleware.split('@').next().unwrap_or(middleware);
        let prefix = format!("traefik.http.middlewares.{name}.");
        let mut own =
            service.labels().iter().filter(|entry| entry.key.text.starts_with(&prefix)).peekable();
        let is_elsewhere = own.peek().is_none() && !name.is_empty();
        is_elsewhere
            || own.any(|entry| {
                guards.iter().any(|guard| entry.key.text.to_ascii_lowercase().contains(guard))
            })
    });
    (!is_guarded).then(|| {
        let name = shown;
        let what = format!("the router `{name}` shows the dashboard of Traefik to everybody");
        let hint = format!("add a middleware: `traefik.http.middlewares.NAME.basicauth.users=...` and `traefik.http.routers.{name}.middlewares=NAME`");
        Finding::new(&DASHBOARD, entry.key.span.clone(), what).hint(hint)
    })
}

/// `--api.insecure=true` with port 8080 published.
fn insecure(proxy: &Service<'_>) -> Option<Finding> {
    let command = proxy.get("command")?;
    let words: Vec<&Node> = if command.as_template().is_some() {
        vec![command]
    } else {
        command.items().iter().collect()
    };
    let says = |node: &&Node| {
        let text = node.as_template().unwrap_or_default().to_ascii_lowercase();
        text.split_whitespace()
            .any(|word| word == "--api.insecure" || word == "--api.insecure=true")
    };
    let node = words.into_iter().find(says)?;
    let is_open =
        proxy.ports().iter().any(|port| port.target == Some((8080, 8080)) && !is_local(port));
    let what = format!(
        "`{}` publishes the dashboard of Traefik without a password (`api.insecure`)",
        proxy.name()
    );
    is_open.then(|| {
        Finding::new(&DASHBOARD, node.span.clone(), what)
            .hint("publish 8080 to 127.0.0.1 only, or route the dashboard with a password")
    })
}

#[cfg(test)]
mod tests {
    use crate::domain::compose::rules::tests::table_of;

    fn stack(service: &str, proxy: &str) -> String {
        format!(
            "services: {{p: {{image: 'traefik:v3', {proxy}}}, a: {{image: 'x:1', {service}}}}}\nnetworks: {{n: , m: }}\n"
        )
    }

    const ROUTE: &str = "labels: ['traefik.http.routers.a.rule=Host(`x`)', 'traefik.http.services.a.loadbalancer.server.port=80']";

    #[test]
    fn routed_services_share_a_network() {
        table_of(
            "compose.traefik-network",
            &[
                &stack(&format!("{ROUTE}, networks: [m]"), "networks: [n]"),
                &stack(&format!("{ROUTE}, networks: [m, n]"), "networks: [n]"),
            ],
            &[
                &stack(&format!("{ROUTE}, networks: [n]"), "networks: [n]"),
                &stack(ROUTE, "restart: always"),
                &stack("networks: [m]", "networks: [n]"),
                &stack(&format!("{ROUTE}, networks: [m]"), "network_mode: host"),
            ],
        );
    }

    #[test]
    fn a_label_names_a_network_of_the_service() {
        let named = |name: &str| {
            format!(
                "{}, 'traefik.docker.network={name}'], networks: [m, n]",
                ROUTE.trim_end_matches(']')
            )
        };
        let proxy = "networks: [n]";
        table_of(
            "compose.traefik-other-network",
            &[&stack(&named("other"), proxy), &stack(&named("shop_o"), proxy)],
            &[
                &stack(&named("n"), proxy),
                &stack(&named("shop_n"), proxy),
                &stack(&named("$UNKNOWN"), proxy),
                &stack(ROUTE, "restart: always"),
                &stack(&named("net"), proxy).replace("n: , m: ", "n: {name: net}, m: "),
                &stack(&named("net"), proxy).replace("n: , m: ", "n: {name: $UNKNOWN}, m: "),
            ],
        );
        let two = format!("{ROUTE}, networks: [m, n]");
        table_of(
            "compose.traefik-network",
            &[&stack(&two, "networks: [n], command: --providers.docker.network=other")],
            &[
                &stack(&two, "networks: [n], command: ['--providers.docker.network=shop_n']"),
                &stack(&two, "networks: [n], command: --api --providers.docker.network=n"),
                &stack(&two, "networks: [n], environment: {TRAEFIK_PROVIDERS_DOCKER_NETWORK: n}"),
                &stack(&two, "networks: [n], volumes: ['./traefik.yml:/etc/traefik/traefik.yml']"),
                &stack(&named("n"), proxy),
            ],
        );
    }

    #[test]
    fn ports_are_said_and_routers_are_one() {
        table_of(
            "compose.traefik-port",
            &[&stack("labels: ['traefik.http.routers.a.rule=Host(`x`)']", "restart: always")],
            &[
                &stack(ROUTE, "restart: always"),
                &stack(
                    "labels: ['traefik.enable=false', 'traefik.http.routers.a.rule=x']",
                    "restart: always",
                ),
            ],
        );
        table_of(
            "compose.traefik-duplicate-router",
            &[&stack(ROUTE, ROUTE)],
            &[&stack(ROUTE, "labels: ['traefik.http.routers.b.rule=x']")],
        );
    }

    #[test]
    fn dashboards_have_a_password() {
        let dashboard =
            "'traefik.http.routers.d.service=api@internal', 'traefik.http.routers.d.rule=x'";
        table_of(
            "compose.traefik-dashboard",
            &[
                &stack("restart: always", &format!("labels: [{dashboard}]")),
                &stack(
                    "restart: always",
                    &format!(
                        "labels: [{dashboard}, 'traefik.http.routers.d.middlewares=z', 'traefik.http.middlewares.z.compress=true']"
                    ),
                ),
                &stack("restart: always", "command: [--api.insecure=true], ports: ['8080:8080']"),
            ],
            &[
                &stack(
                    "restart: always",
                    &format!(
                        "labels: [{dashboard}, 'traefik.http.routers.d.middlewares=z', 'traefik.http.middlewares.z.basicauth.users=x']"
                    ),
                ),
                &stack(
                    "restart: always",
                    &format!(
                        "labels: [{dashboard}, 'traefik.http.routers.d.middlewares=auth@file']"
                    ),
                ),
                &stack(
                    "restart: always",
                    "command: [--api.insecure=true], ports: ['127.0.0.1:8080:8080']",
                ),
            ],
        );
    }
}
