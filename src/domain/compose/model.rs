//! The model that `docker compose config --format json` resolved, and what a release changes in it.
//!
//! It was rendered below one folder and will run from another (see [`Model::relocate`]); every image is pinned to what
//! was pulled; a service that mounts files of the checkout carries a label with their content, so that it is recreated
//! when they change and no other is.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::domain::compose::host_port::HostPort;

/// Label with the digest of the mounted files of a service.
pub const CONTENT_LABEL: &str = "dev.mta.content";

/// The settings that let a service live in a namespace of another one.
const NAMESPACES: [&str; 3] = ["network_mode", "ipc", "pid"];

/// A resolved Compose project.
#[derive(Clone, Debug, PartialEq)]
pub struct Model(Value);

/// A path of the host that a service uses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostPath {
    /// The service.
    pub service: String,
    /// The absolute path.
    pub path: String,
    /// What it is for.
    pub purpose: Purpose,
}

/// What a path of the host is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// A bind mount: a file or a folder, created as a folder if absent.
    Bind,
    /// The file of a Compose secret.
    Secret,
    /// The file of a Compose config.
    Config,
}

/// A named volume that a service mounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedVolume {
    /// The service.
    pub service: String,
    /// Path in the container.
    pub target: String,
    /// Its key in the top-level `volumes:`.
    pub key: String,
    /// Its name on the engine.
    pub volume: String,
    /// Whether Compose makes an empty one where there is none: not if it is external, or comes from a driver.
    pub starts_empty: bool,
}

impl Model {
    /// Reads what Compose printed. The error is the JSON reader's.
    pub fn parse(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json).map(|map: Map<String, Value>| Self(Value::Object(map)))
    }

    /// A model put together elsewhere; anything but an object counts as empty.
    pub fn from_value(value: Value) -> Self {
        if value.is_object() { Self(value) } else { Self(json!({})) }
    }

    /// JSON that Compose reads back to the same project.
    pub fn to_json(&self) -> String {
        format!("{:#}\n", self.0)
    }

    /// Makes every service one that always runs: Compose has left out those whose profile is off.
    pub fn forget_profiles(&mut self) {
        for (_, service) in self.services_mut() {
            service.remove("profiles");
        }
    }

    /// Names of the services, sorted.
    pub fn services(&self) -> Vec<String> {
        let mut names: Vec<_> = self.service_map().keys().cloned().collect();
        names.sort();
        names
    }

    /// Services that must run: all whose number of replicas is not zero.
    pub fn expected(&self) -> Vec<String> {
        self.services().into_iter().filter(|name| self.replicas(name) > 0).collect()
    }

    /// The model with one service only, for judging it alone.
    #[must_use]
    pub fn only(&self, service: &str) -> Self {
        let mut alone = self.clone();
        if let Some(services) = alone.0.get_mut("services").and_then(Value::as_object_mut) {
            services.retain(|name, _| name == service);
        }
        alone
    }

    /// Services without a restart policy and without a health check: they may be jobs that end.
    pub fn may_finish(&self) -> Vec<String> {
        let ends = |service: &Value| {
            let restart = service["restart"].as_str().unwrap_or("no");
            restart == "no" && service.get("healthcheck").is_none()
        };
        self.services().into_iter().filter(|name| ends(&self.service_map()[name])).collect()
    }

    /// The services that a service depends on, of those that name any.
    pub fn depends_on(&self) -> BTreeMap<String, Vec<String>> {
        let names = |service: &Value| match &service["depends_on"] {
            Value::Object(map) => map.keys().cloned().collect(),
            list => array(list).iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        };
        let all = self.service_map().iter().map(|(name, service)| (name.clone(), names(service)));
        all.filter(|(_, names): &(_, Vec<String>)| !names.is_empty()).collect()
    }

    /// The services whose containers a service is bound to: it lives in a namespace of theirs (`network_mode: service:...`,
    /// `ipc`, `pid`), or mounts their volumes.
    pub fn bound_to(&self, service: &str) -> Vec<String> {
        let node = &self.0["services"][service];
        let namespaces = NAMESPACES.iter().filter_map(|key| sharing(&node[key]));
        let volumes = array(&node["volumes_from"]).iter().filter_map(Value::as_str);
        let volumes = volumes.filter_map(|from| from.split(':').next());
        namespaces.chain(volumes.filter(|name| *name != "container")).map(str::to_owned).collect()
    }

    /// Whether a service mounts what others mount (`volumes_from`).
    pub fn borrows_volumes(&self, service: &str) -> bool {
        !array(&self.0["services"][service]["volumes_from"]).is_empty()
    }

    /// Names the containers in whose namespaces services live, as Compose does before it compares settings. `containers`
    /// are ids by service; where a service has none, its name stays.
    pub fn join_namespaces(&mut self, containers: &BTreeMap<String, String>) {
        for (_, service) in self.services_mut() {
            for key in NAMESPACES {
                let id = service.get(key).and_then(sharing).and_then(|name| containers.get(name));
                if let Some(id) = id.cloned() {
                    service.insert(key.into(), json!(format!("container:{id}")));
                }
            }
        }
    }

    /// The image that a service names.
    pub fn image(&self, service: &str) -> Option<&str> {
        self.service_map().get(service)?["image"].as_str()
    }

    /// Services that are built from the checkout.
    pub fn built(&self) -> Vec<String> {
        let builds =
            |name: &String| self.service_map()[name].get("build").is_some_and(|b| !b.is_null());
        self.services().into_iter().filter(builds).collect()
    }

    /// Every path of the host that a service uses, sorted.
    pub fn host_paths(&self) -> Vec<HostPath> {
        let mut paths = BTreeSet::new();
        for (name, service) in self.service_map() {
            for volume in array(&service["volumes"]) {
                if volume["type"] == "bind" {
                    insert(&mut paths, name, &volume["source"], Purpose::Bind);
                }
            }
            for (list, purpose) in [("secrets", Purpose::Secret), ("configs", Purpose::Config)] {
                for used in array(&service[list]) {
                    let Some(source) = used["source"].as_str().or(used.as_str()) else { continue };
                    insert(&mut paths, name, &self.0[list][source]["file"], purpose);
                }
            }
        }
        paths.into_iter().collect()
    }

    /// The named volumes that services mount.
    pub fn named_volumes(&self) -> Vec<NamedVolume> {
        let mut found = Vec::new();
        for (service, node) in self.service_map() {
            for mount in array(&node["volumes"]).iter().filter(|mount| mount["type"] == "volume") {
                let (Some(key), Some(target)) =
                    (mount["source"].as_str(), mount["target"].as_str())
                else {
                    continue;
                };
                let declared = &self.0["volumes"][key];
                found.push(NamedVolume {
                    service: service.clone(),
                    target: undoubled(target),
                    key: key.to_owned(),
                    volume: undoubled(declared["name"].as_str().unwrap_or(key)),
                    starts_empty: starts_empty(declared),
                });
            }
        }
        found
    }

    /// The ports of the host that the services that run publish. A range of which the engine takes a free one is none.
    pub fn published(&self) -> Vec<HostPort> {
        let services = self.expected();
        let ports = services.iter().flat_map(|name| array(&self.service_map()[name]["ports"]));
        let port = |port: &Value| {
            let published = match &port["published"] {
                Value::String(text) => text.parse().ok()?,
                number => u16::try_from(number.as_u64()?).ok()?,
            };
            let text = |key: &str| port[key].as_str().unwrap_or_default();
            HostPort::new(text("host_ip"), published, text("protocol"))
        };
        ports.filter_map(port).collect()
    }

    /// Whether some text of the model is this path, holds it as in `device=PATH`, or is a folder above it.
    pub fn refers_to(&self, path: &str) -> bool {
        let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
        let mut found = false;
        visit_strings(&mut self.0.clone(), &mut |text| {
            let above = text.strip_suffix('/').unwrap_or(text);
            let is_above = above.starts_with('/')
                && path.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'));
            let holds =
                text.split_once(path).is_some_and(|(_, behind)| !behind.starts_with(goes_on));
            found |= is_above || holds;
        });
        found
    }

    /// The paths of the model below a folder, relative to it.
    pub fn below(&self, folder: &str) -> Vec<String> {
        let mut found = BTreeSet::new();
        visit_strings(&mut self.0.clone(), &mut |text| {
            let rest = text.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
            found.extend(rest.map(str::to_owned));
        });
        found.into_iter().collect()
    }

    /// Lets every path below `from` start with `to` instead, wherever in the model it stands.
    pub fn relocate(&mut self, from: &str, to: &str) {
        visit_strings(&mut self.0, &mut |text| {
            if let Some(rest) = text.strip_prefix(from)
                && (rest.is_empty() || rest.starts_with('/'))
            {
                *text = format!("{to}{rest}");
            }
        });
    }

    /// Replaces each image by the local tag that pins it, and leaves nothing to pull or to build.
    pub fn pin(&mut self, pins: &BTreeMap<String, String>) {
        for (name, service) in self.services_mut() {
            for gone in ["build", "env_file", "develop", "pull_policy"] {
                service.remove(gone);
            }
            if let Some(pin) = pins.get(name) {
                service.insert("image".into(), json!(pin));
                service.insert("pull_policy".into(), json!("never"));
            }
        }
    }

    /// Labels a service with the digest of the files that it mounts.
    pub fn label_content(&mut self, service: &str, digest: &str) {
        for (_, service) in self.services_mut().filter(|(name, _)| *name == service) {
            let labels = service.entry("labels").or_insert_with(|| json!({}));
            match labels {
                Value::Object(labels) => {
                    labels.insert(CONTENT_LABEL.into(), json!(digest));
                }
                Value::Array(labels) => labels.push(json!(format!("{CONTENT_LABEL}={digest}"))),
                other => *other = json!({ CONTENT_LABEL: digest }),
            }
        }
    }

    /// Whether a service uses `healthcheck.start_interval`, which engines before 25 refuse after they have created the
    /// containers.
    pub fn uses_start_interval(&self) -> Vec<String> {
        let uses = |name: &String| {
            let interval = &self.service_map()[name]["healthcheck"]["start_interval"];
            !interval.is_null()
        };
        self.services().into_iter().filter(uses).collect()
    }

    /// How many containers a service shall have.
    pub fn replicas(&self, name: &str) -> u64 {
        let service = &self.service_map()[name];
        service["scale"].as_u64().or(service["deploy"]["replicas"].as_u64()).unwrap_or(1)
    }

    fn service_map(&self) -> &Map<String, Value> {
        static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
        self.0["services"].as_object().unwrap_or(&NONE)
    }

    fn services_mut(&mut self) -> impl Iterator<Item = (&String, &mut Map<String, Value>)> {
        let services = self.0.get_mut("services").and_then(Value::as_object_mut);
        services
            .into_iter()
            .flatten()
            .filter_map(|(name, service)| Some((name, service.as_object_mut()?)))
    }
}

/// Compose doubles each `$` of what it prints, so that it reads it back as it was.
pub fn undoubled(text: &str) -> String {
    text.replace("$$", "$")
}

/// The service that a namespace is shared with.
fn sharing(mode: &Value) -> Option<&str> {
    mode.as_str()?.strip_prefix("service:")
}

fn starts_empty(volume: &Value) -> bool {
    let external = !matches!(&volume["external"], Value::Null | Value::Bool(false));
    let options = volume["driver_opts"].as_object().is_some_and(|options| !options.is_empty());
    !external && !options && matches!(volume["driver"].as_str(), None | Some("" | "local"))
}

fn insert(paths: &mut BTreeSet<HostPath>, service: &str, path: &Value, purpose: Purpose) {
    if let Some(path) = path.as_str() {
        paths.insert(HostPath { service: service.to_owned(), path: undoubled(path), purpose });
    }
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn visit_strings(value: &mut Value, visit: &mut dyn FnMut(&mut String)) {
    match value {
        Value::String(text) => visit(text),
        Value::Array(items) => items.iter_mut().for_each(|item| visit_strings(item, visit)),
        Value::Object(map) => map.values_mut().for_each(|item| visit_strings(item, visit)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_referred_to_by_itself_and_by_folders_above_it() {
        let model = Model::from_value(json!({
            "services": {"a": {"volumes": [{"source": "/r/conf"}, {"source": "/r/data/"}], "x": "o=bind,device=/r/dev/ice"}},
            "secrets": {"pw": {"file": "/r/secrets/pw"}}
        }));
        for path in ["/r/conf", "/r/conf/a/b", "/r/data/x", "/r/dev/ice", "/r/secrets/pw"] {
            assert!(model.refers_to(path), "{path}");
        }
        for path in ["/r/config", "/r/secrets/pw2", "/r/secrets/p", "/r/dat", "/r/x"] {
            assert!(!model.refers_to(path), "{path}");
        }
        assert_eq!(model.below("/r"), ["conf", "data/", "secrets/pw"]);
    }

    fn shop() -> Model {
        Model::from_value(json!({
            "name": "shop",
            "services": {
                "app": {
                    "image": "shop:v1",
                    "build": { "context": "/r/app" },
                    "restart": "always",
                    "secrets": [{ "source": "pw" }],
                    "volumes": [
                        { "type": "bind", "source": "/r/conf/a$$b.cfg", "target": "/c" },
                        { "type": "volume", "source": "data", "target": "/d" },
                        { "type": "bind", "source": "/etc/localtime", "target": "/t" }
                    ]
                },
                "init": { "image": "busybox" },
                "idle": { "image": "busybox", "restart": "no", "deploy": { "replicas": 0 } }
            },
            "secrets": { "pw": { "file": "/r/secrets/pw" }, "unused": { "file": "/r/u" } }
        }))
    }

    #[test]
    fn who_lives_in_a_namespace_names_the_container_that_is_there() {
        let mut model = Model::from_value(json!({ "services": {
            "side": { "network_mode": "service:app", "ipc": "service:gone", "pid": "host" },
            "app": { "volumes_from": ["db:ro", "container:x"] }
        }}));
        assert_eq!(model.bound_to("side"), ["app", "gone"]);
        assert_eq!((model.bound_to("app"), model.bound_to("nosuch")), (vec!["db".into()], vec![]));
        assert!(model.borrows_volumes("app") && !model.borrows_volumes("side"));
        model.join_namespaces(&[("app".to_owned(), "abc".to_owned())].into());
        let side = &model.0["services"]["side"];
        let joined = [&side["network_mode"], &side["ipc"], &side["pid"]];
        assert_eq!(joined, ["container:abc", "service:gone", "host"]);
    }

    #[test]
    fn paths_of_the_host_are_those_that_services_use() {
        let paths: Vec<_> = shop().host_paths().into_iter().map(|p| (p.path, p.purpose)).collect();
        assert_eq!(
            paths,
            [
                ("/etc/localtime".to_owned(), Purpose::Bind),
                ("/r/conf/a$b.cfg".to_owned(), Purpose::Bind),
                ("/r/secrets/pw".to_owned(), Purpose::Secret),
            ]
        );
    }

    #[test]
    fn ports_of_the_host_are_those_that_are_certain_to_be_taken() {
        let ports = json!([
            { "target": 80, "published": "8080", "protocol": "tcp", "host_ip": "127.0.0.1" },
            { "target": 53, "published": 5353, "protocol": "udp" },
            { "target": 81, "published": "8000-8002", "protocol": "tcp" },
            { "target": 82, "protocol": "tcp" },
            { "target": 83, "published": "0" }
        ]);
        let idle = json!({ "ports": [{ "target": 1, "published": "1" }], "scale": 0 });
        let model = Model::from_value(json!({
            "services": { "app": { "ports": ports }, "idle": idle, "db": {} }
        }));
        let shown: Vec<_> = model.published().iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["127.0.0.1:8080", "5353/udp"]);
    }

    #[test]
    fn named_volumes_have_the_name_that_the_engine_knows() {
        let mut shop = shop().0;
        shop["volumes"] = json!({ "data": { "name": "shop_da$$ta" } });
        let found = Model::from_value(shop).named_volumes();
        let shown: Vec<_> = found
            .iter()
            .map(|v| (v.service.as_str(), v.target.as_str(), v.volume.as_str(), v.starts_empty))
            .collect();
        assert_eq!(shown, [("app", "/d", "shop_da$ta", true)]);
    }

    #[test]
    fn relocation_moves_whole_components_only() {
        let mut model = Model::from_value(
            json!({ "services": { "a": { "x": ["/r/f", "/r", "/rest", "see /r/f"] } } }),
        );
        model.relocate("/r", "/w");
        let expected = json!({ "services": { "a": { "x": ["/w/f", "/w", "/rest", "see /r/f"] } } });
        assert_eq!(model, Model::from_value(expected));
    }

    #[test]
    fn pinned_services_neither_pull_nor_build() {
        let mut model = shop();
        model.pin(&BTreeMap::from([("app".to_owned(), "mta/shop-app:1".to_owned())]));
        assert_eq!(model.image("app"), Some("mta/shop-app:1"));
        assert_eq!(model.0["services"]["app"]["pull_policy"], "never");
        assert_eq!(model.built(), [""; 0]);
        assert_eq!(model.image("init"), Some("busybox"));
    }

    #[test]
    fn the_content_label_joins_labels_of_either_form() {
        let mut model = Model::from_value(json!({
            "services": { "a": { "labels": { "x": "1" } }, "b": { "labels": ["x=1"] }, "c": {} }
        }));
        for service in ["a", "b", "c", "absent"] {
            model.label_content(service, "d");
        }
        assert_eq!(model.0["services"]["a"]["labels"], json!({ "x": "1", CONTENT_LABEL: "d" }));
        assert_eq!(
            model.0["services"]["b"]["labels"],
            json!(["x=1", format!("{CONTENT_LABEL}=d")])
        );
        assert_eq!(model.0["services"]["c"]["labels"], json!({ CONTENT_LABEL: "d" }));
    }

    #[test]
    fn jobs_and_idle_services_are_told_apart() {
        assert_eq!(shop().expected(), ["app", "init"]);
        assert_eq!(shop().may_finish(), ["idle", "init"]);
        assert_eq!(shop().built(), ["app"]);
    }

    #[test]
    fn what_a_service_depends_on_is_read_in_both_forms() {
        let model = Model::from_value(json!({ "services": {
            "app": { "depends_on": { "db": { "condition": "service_started" }, "cache": {} } },
            "web": { "depends_on": ["app"] },
            "db": { "depends_on": null }
        } }));
        let depends_on = model.depends_on();
        let shown: Vec<_> =
            depends_on.iter().map(|(k, v)| format!("{k}: {}", v.join(" "))).collect();
        assert_eq!(shown, ["app: db cache", "web: app"]);
    }

    #[test]
    fn a_model_without_services_is_empty_not_a_crash() {
        assert!(Model::parse("[]").is_err());
        let mut model = Model::from_value(json!([]));
        assert_eq!(model.services(), [""; 0]);
        model.relocate("/a", "/b");
        assert_eq!(Model::from_value(json!({ "services": null })).expected(), [""; 0]);
    }
}
