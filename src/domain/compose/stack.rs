//! A loaded model as rules look at it: services with what they publish, mount and need.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::domain::finding::Span;
use crate::domain::image::Parts;
use crate::domain::interpolate::HOLE;
use crate::domain::yaml::{Entry, Key, Node};

/// A model.
#[derive(Clone, Debug)]
pub struct Stack<'a> {
    /// The whole model.
    pub model: &'a Node,
    /// The services, in the order of the files.
    pub services: Vec<Service<'a>>,
    /// Where each service stands among them.
    by_name: BTreeMap<&'a str, usize>,
    /// Services of which another one waits for the end.
    ended: BTreeSet<&'a str>,
    /// The names of networks, volumes, secrets and configs.
    declared_names: BTreeMap<&'static str, BTreeSet<&'a str>>,
}

/// A service.
#[derive(Clone, Copy, Debug)]
pub struct Service<'a> {
    /// Its name, and where that stands.
    pub key: &'a Key,
    /// What it says.
    pub node: &'a Node,
}

/// A port that a service publishes on the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// The address of the host.
    pub host: Host,
    /// The ports of the host.
    pub published: Published,
    /// The ports of the container, both ends included; none where they are not known.
    pub target: Option<(u16, u16)>,
    /// `tcp`, `udp`, `sctp`; none where it is not known.
    pub protocol: Option<String>,
    /// The published ports as they may be shown: `8080`, `8000-8002/udp`, and with variables the whole `${WEB}:80`.
    pub shown: String,
    /// Where it stands.
    pub span: Span,
}

/// The address of the host that a port is published to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// All of them.
    All,
    /// This one.
    At(IpAddr),
    /// Only the host knows.
    Open,
}

/// The ports of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// The engine chooses.
    Any,
    /// These, both ends included.
    Range(u16, u16),
    /// Only the host knows.
    Open,
}

/// What a service mounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount<'a> {
    /// `volume`, `bind`, `tmpfs`, ...; empty where it is not known.
    pub kind: &'a str,
    /// The volume's name or the path; none for a volume without a name, and where it is not known.
    pub source: Option<&'a str>,
    /// Whether there is a source, known or not.
    pub is_named: bool,
    /// The path as written, with its variables.
    pub written: &'a str,
    /// The path in the container, with `HOLE` for what is not known.
    pub target: &'a str,
    /// The same as written.
    pub written_target: &'a str,
    /// Whether the container cannot write.
    pub access: Access,
    /// Whether Compose makes the source of a bind mount where it is not there.
    pub is_made: bool,
    /// Where it stands.
    pub span: &'a Span,
}

/// Whether a mount can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It can.
    Write,
    /// It cannot.
    ReadOnly,
}

impl<'a> Stack<'a> {
    /// Looks at a model.
    pub fn of(model: &'a Node) -> Self {
        let services = model.get("services").map(Node::entries).unwrap_or_default();
        let services = services.iter().map(|Entry { key, value }| Service { key, node: value });
        let services: Vec<Service<'a>> = services.collect();
        let by_name = services.iter().enumerate().map(|(at, one)| (one.name(), at)).collect();
        let is_end = |entry: &&Entry| {
            entry.value.get("condition").and_then(Node::as_text)
                == Some("service_completed_successfully")
        };
        let ended = services.iter().flat_map(Service::depends_on).filter(is_end);
        let ended = ended.map(|entry| entry.key.text.as_str()).collect();
        let kinds = ["networks", "volumes", "secrets", "configs"].into_iter();
        let declared_names = kinds.map(|kind| {
            let entries = model.get(kind).map(Node::entries).unwrap_or_default();
            (kind, entries.iter().map(|entry| entry.key.text.as_str()).collect())
        });
        Self { model, services, by_name, ended, declared_names: declared_names.collect() }
    }

    /// The service of that name.
    pub fn service(&self, name: &str) -> Option<Service<'a>> {
        self.by_name.get(name).and_then(|at| self.services.get(*at)).copied()
    }

    /// Whether another service waits for the end of this one.
    pub fn is_waited_for(&self, service: &Service<'_>) -> bool {
        self.ended.contains(service.name())
    }

    /// The declared networks, volumes, secrets or configs.
    pub fn declared(&self, kind: &str) -> &'a [Entry] {
        self.model.get(kind).map(Node::entries).unwrap_or_default()
    }

    /// Whether a network, volume, secret or config of that name is declared.
    pub fn declares(&self, kind: &str, name: &str) -> bool {
        self.declared_names.get(kind).is_some_and(|names| names.contains(name))
    }

    /// The names of the services.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.services.iter().map(Service::name)
    }
}

impl<'a> Service<'a> {
    /// Its name.
    pub fn name(&self) -> &'a str {
        &self.key.text
    }

    /// Where its name stands.
    pub fn span(&self) -> Span {
        self.key.span.clone()
    }

    /// A key of it.
    pub fn get(&self, key: &str) -> Option<&'a Node> {
        self.node.get(key).filter(|node| !node.is_null())
    }

    /// The text of a key.
    pub fn text(&self, key: &str) -> Option<&'a str> {
        self.get(key).and_then(Node::as_text)
    }

    /// Whether a part of it is missing: it extends something that could not be read.
    pub fn is_partial(&self) -> bool {
        self.get("extends").is_some()
    }

    /// The image with its variables put in; none where it is not known.
    pub fn image(&self) -> Option<&'a str> {
        self.text("image").filter(|image| !image.is_empty())
    }

    /// What kind of program its image is, if that is known.
    pub fn program(&self) -> Option<Program> {
        Program::of(self.image()?)
    }

    /// The variables that it gets from the file.
    pub fn environment(&self) -> &'a [Entry] {
        self.get("environment").map(Node::entries).unwrap_or_default()
    }

    /// What it needs, with the condition.
    pub fn depends_on(&self) -> &'a [Entry] {
        self.get("depends_on").map(Node::entries).unwrap_or_default()
    }

    /// The networks that it is in; nothing where it says nothing.
    pub fn networks(&self) -> &'a [Entry] {
        self.get("networks").map(Node::entries).unwrap_or_default()
    }

    /// The profiles that start it; none where it always starts.
    pub fn profiles(&self) -> Vec<&'a str> {
        let profiles = self.get("profiles").map(Node::items).unwrap_or_default();
        profiles.iter().filter_map(Node::as_text).collect()
    }

    /// The labels.
    pub fn labels(&self) -> &'a [Entry] {
        self.get("labels").map(Node::entries).unwrap_or_default()
    }

    /// The mounts.
    pub fn mounts(&self) -> Vec<Mount<'a>> {
        let volumes = self.get("volumes").map(Node::items).unwrap_or_default();
        volumes.iter().filter_map(mount).collect()
    }

    /// The published ports. Those that cannot be read are left to the rule of values.
    pub fn ports(&self) -> Vec<Port> {
        let ports = self.get("ports").map(Node::items).unwrap_or_default();
        ports.iter().map(port).collect()
    }

    /// How many of it run.
    pub fn replicas(&self) -> u64 {
        let deploy = self.get("deploy").and_then(|deploy| deploy.get("replicas"));
        let number = |node: &Node| node.as_text().and_then(|text| text.parse().ok());
        deploy.and_then(number).or_else(|| self.get("scale").and_then(number)).unwrap_or(1)
    }

    /// Its health check, unless it is switched off.
    pub fn healthcheck(&self) -> Option<&'a Node> {
        let check = self.get("healthcheck")?;
        let test = check.get("test");
        let none = test.is_some_and(|test| {
            test.items().first().and_then(Node::as_text) == Some("NONE")
                || test.as_text() == Some("NONE")
        });
        let off = check.get("disable").is_some_and(Node::is_true);
        (!none && !off && test.is_some()).then_some(check)
    }
}

fn mount(node: &Node) -> Option<Mount<'_>> {
    let text = |key: &str| node.get(key).and_then(Node::as_text);
    let source = node.get("source");
    let target = node.get("target")?;
    let is_open = node.get("type").is_some_and(Node::is_open);
    let is_yes = |node: &Node| node.is_true() || node.is_open();
    let read_only = node.get("read_only").is_some_and(is_yes);
    let made = node.get("bind").and_then(|bind| bind.get("create_host_path"));
    Some(Mount {
        kind: if is_open { "" } else { text("type").unwrap_or("volume") },
        source: text("source").filter(|source| !source.is_empty()),
        is_named: source.and_then(Node::as_template).is_some_and(|source| !source.is_empty()),
        written: source.map(Node::shown).unwrap_or_default(),
        target: target.as_template()?,
        written_target: target.shown(),
        access: if read_only { Access::ReadOnly } else { Access::Write },
        is_made: made.is_none_or(is_yes),
        span: source.map_or(&node.span, |source| &source.span),
    })
}

fn port(node: &Node) -> Port {
    let part =
        |key: &str| node.get(key).and_then(Node::as_template).filter(|text| !text.is_empty());
    let range = |text: &str| {
        let number = |text: &str| text.parse::<u16>().ok();
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        number(first).zip(number(last)).filter(|(first, last)| first <= last)
    };
    let published = match part("published") {
        Some(text) if text.contains(HOLE) => Published::Open,
        text => match text.and_then(range) {
            None | Some((0, _)) => Published::Any,
            Some((first, last)) => Published::Range(first, last),
        },
    };
    let host = match part("host_ip") {
        Some(text) if text.contains(HOLE) => Host::Open,
        text => match text.and_then(|text| text.parse::<IpAddr>().ok()) {
            Some(address) if !address.is_unspecified() => Host::At(address),
            _ => Host::All,
        },
    };
    let protocol = part("protocol").unwrap_or("tcp").to_ascii_lowercase();
    let is_written = |node: &Node| node.scalar().is_some_and(|scalar| scalar.written.is_some());
    let shown = match node.get("published") {
        Some(node) if is_written(node) => node.shown().to_owned(),
        Some(node) if protocol == "tcp" => node.shown().to_owned(),
        Some(node) => format!("{}/{protocol}", node.shown()),
        None => String::new(),
    };
    Port {
        host,
        published,
        target: part("target").and_then(range),
        protocol: Some(protocol).filter(|protocol| !protocol.contains(HOLE)),
        shown,
        span: node.span.clone(),
    }
}

/// A program whose habits are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// Keeps data: the name and the port that only the stack may reach.
    Datastore(&'static str),
    /// Takes requests from outside and passes them on.
    Proxy(&'static str),
    /// Something else whose official image has no health check.
    Other(&'static str),
}

/// Image names, by their last part.
const PROGRAMS: &[(&str, Program)] = &[
    ("postgres", Program::Datastore("postgres")),
    ("postgis", Program::Datastore("postgres")),
    ("pgvector", Program::Datastore("postgres")),
    ("timescaledb", Program::Datastore("postgres")),
    ("mysql", Program::Datastore("mysql")),
    ("mariadb", Program::Datastore("mariadb")),
    ("redis", Program::Datastore("redis")),
    ("valkey", Program::Datastore("redis")),
    ("mongo", Program::Datastore("mongo")),
    ("elasticsearch", Program::Datastore("elasticsearch")),
    ("rabbitmq", Program::Datastore("rabbitmq")),
    ("memcached", Program::Datastore("memcached")),
    ("traefik", Program::Proxy("traefik")),
    ("nginx", Program::Proxy("nginx")),
    ("haproxy", Program::Proxy("haproxy")),
    ("caddy", Program::Proxy("caddy")),
    ("odoo", Program::Other("odoo")),
];

impl Program {
    /// By an image reference: the last part of its name, without tag and digest.
    pub fn of(image: &str) -> Option<Self> {
        let last = Parts::of(image).last();
        PROGRAMS.iter().find(|(known, _)| *known == last).map(|(_, program)| *program)
    }

    /// Whether the image is the official one, whose lack of a health check is known.
    pub fn is_official(image: &str) -> bool {
        let name = Parts::of(image).name;
        let name = name.trim_start_matches("docker.io/").trim_start_matches("library/");
        !name.contains('/') && Self::of(image).is_some()
    }
}
