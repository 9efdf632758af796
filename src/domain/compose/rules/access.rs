//! Rights that reach past the container.

use crate::domain::compose::rules::Context;
use crate::domain::compose::stack::{Access, Mount, Program, Service};
use crate::domain::event::Level;
use crate::domain::finding::{Finding, Rule};
use crate::domain::image::Parts;
use crate::domain::yaml::Node;

/// A privileged container.
pub const PRIVILEGED: Rule = Rule {
    id: "compose.privileged",
    level: Level::Warning,
    about: "a privileged container",
    help: "Whoever gets into it has the host. Name the device or the capability that it needs.",
};

/// Namespaces of the host.
pub const HOST_NAMESPACE: Rule = Rule {
    id: "compose.host-namespace",
    level: Level::Warning,
    about: "a container in the host's network, process or IPC namespace",
    help: "It sees and reaches what the host does, past all networks of the stack.",
};

/// Capabilities that are nearly root.
pub const CAPABILITY: Rule = Rule {
    id: "compose.dangerous-capability",
    level: Level::Warning,
    about: "a capability that is nearly root",
    help: "SYS_ADMIN and its like lead out of the container.",
};

/// The engine's socket.
pub const SOCKET: Rule = Rule {
    id: "compose.docker-socket",
    level: Level::Warning,
    about: "a container that has the engine's socket",
    help: "Whoever can write to the socket has the host; read-only protects the file, not the engine. A socket proxy passes only what is needed.",
};

/// The host's own folders.
pub const HOST_MOUNT: Rule = Rule {
    id: "compose.host-root-mount",
    level: Level::Warning,
    about: "a container that has the host's root or system folders",
    help: "Whoever gets into it can read or change the host.",
};

/// The rules of this file.
pub const RULES: &[&Rule] = &[&PRIVILEGED, &HOST_NAMESPACE, &CAPABILITY, &SOCKET, &HOST_MOUNT];

const CAPABILITIES: [&str; 8] = [
    "ALL",
    "SYS_ADMIN",
    "SYS_PTRACE",
    "SYS_MODULE",
    "SYS_RAWIO",
    "NET_ADMIN",
    "DAC_READ_SEARCH",
    "BPF",
];

const SYSTEM: [&str; 7] = ["/", "/etc", "/root", "/boot", "/usr", "/var", "/dev"];

/// Checks every service.
pub fn check(context: &Context<'_>) -> Vec<Finding> {
    context.stack.services.iter().flat_map(of_service).collect()
}

fn of_service(service: &Service<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let name = service.name();
    if let Some(node) = service.get("privileged").filter(|node| node.is_true()) {
        let what = format!("`{name}` is privileged: it has every right of the host");
        findings.push(
            Finding::new(&PRIVILEGED, node.span.clone(), what)
                .hint("name what it needs under `cap_add` or `devices`"),
        );
    }
    for (key, noun) in [
        ("network_mode", "network"),
        ("pid", "processes"),
        ("ipc", "shared memory"),
        ("userns_mode", "users"),
    ] {
        if let Some(node) = service.get(key).filter(|node| node.as_text() == Some("host")) {
            let what = format!("`{name}` shares the {noun} of the host (`{key}: host`)");
            findings.push(Finding::new(&HOST_NAMESPACE, node.span.clone(), what));
        }
    }
    for node in service.get("cap_add").map(Node::items).unwrap_or_default() {
        let text = node.as_text().unwrap_or_default().to_ascii_uppercase();
        let capability = text.strip_prefix("CAP_").unwrap_or(&text);
        if CAPABILITIES.contains(&capability) {
            let what = format!("`{name}` has the capability {capability}");
            findings.push(Finding::new(&CAPABILITY, node.span.clone(), what));
        }
    }
    findings.extend(service.mounts().iter().filter_map(|mount| mounted(service, mount)));
    findings
}

/// Images that pass on a part of the engine's API: what the hint of this rule recommends.
fn is_socket_proxy(image: &str) -> bool {
    let last = Parts::of(image).last();
    matches!(last, "docker-socket-proxy" | "socket-proxy" | "docker-proxy-acl" | "cetusguard")
}

fn mounted(service: &Service<'_>, mount: &Mount<'_>) -> Option<Finding> {
    let source = mount.source.filter(|_| mount.kind == "bind")?;
    let name = service.name();
    if source.ends_with("/docker.sock") || source.ends_with("/podman.sock") {
        if service.image().is_some_and(is_socket_proxy) {
            return None;
        }
        let is_proxy = matches!(service.program(), Some(Program::Proxy("traefik")));
        let level = if is_proxy && mount.access == Access::ReadOnly {
            Level::Notice
        } else {
            Level::Warning
        };
        let what = format!("`{name}` has the engine's socket: whoever gets into it has the host");
        return Some(
            Finding::new(&SOCKET, mount.span.clone(), what)
                .with_level(level)
                .hint("put a socket proxy between, such as tecnativa/docker-socket-proxy"),
        );
    }
    let path = source.trim_end_matches('/');
    let path = if path.is_empty() { "/" } else { path };
    if !SYSTEM.contains(&path)
        || (path == "/" && mount.access == Access::ReadOnly && mount.target.starts_with("/host"))
    {
        return None;
    }
    let what = format!("`{name}` mounts `{}` of the host", mount.written);
    Some(
        Finding::new(&HOST_MOUNT, mount.span.clone(), what)
            .hint("mount only the file or folder that it needs"),
    )
}

#[cfg(test)]
mod tests {
    use crate::domain::compose::rules::tests::{table, told};

    #[test]
    fn rights_past_the_container_are_told() {
        table(
            "compose.privileged",
            &["image: 'a:1', privileged: true", "image: 'a:1', privileged: 'yes'"],
            &["image: 'a:1', privileged: false"],
        );
        table(
            "compose.host-namespace",
            &["image: 'a:1', network_mode: host", "image: 'a:1', pid: host"],
            &["image: 'a:1', network_mode: bridge"],
        );
        table(
            "compose.dangerous-capability",
            &["image: 'a:1', cap_add: [SYS_ADMIN]", "image: 'a:1', cap_add: [cap_net_admin]"],
            &["image: 'a:1', cap_add: [NET_BIND_SERVICE]", "image: 'a:1', cap_drop: [ALL]"],
        );
        table(
            "compose.docker-socket",
            &["image: 'a:1', volumes: ['/var/run/docker.sock:/var/run/docker.sock:ro']"],
            &[
                "image: 'a:1', volumes: ['/run/x.sock:/x.sock']",
                "image: 'tecnativa/docker-socket-proxy:0.3', volumes: ['/var/run/docker.sock:/var/run/docker.sock:ro']",
                "image: 'lscr.io/linuxserver/socket-proxy:3', volumes: ['/var/run/docker.sock:/var/run/docker.sock:ro']",
            ],
        );
        table(
            "compose.host-root-mount",
            &["image: 'a:1', volumes: ['/:/host']", "image: 'a:1', volumes: ['/etc/:/x:ro']"],
            &["image: 'a:1', volumes: ['/etc/localtime:/etc/localtime:ro', '/:/host:ro']"],
        );
        let socket =
            "image: 'traefik:v3', volumes: ['/var/run/docker.sock:/var/run/docker.sock:ro']";
        assert!(told(socket).iter().any(|one| one.starts_with("notice compose.docker-socket")));
    }
}
