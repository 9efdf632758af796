//! A stack that ran before `mta` came, put together again from what the engine says of its containers.
//!
//! The compose file that made it may be gone or changed; what runs is known exactly. Only what differs from the image's
//! own configuration is written down. Networks and volumes are taken as they are (`external`).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::domain::compose::model::Model;

/// Labels that Compose itself sets.
const COMPOSE_LABELS: &str = "com.docker.compose.";

/// Makes a model from `docker inspect` of the containers and of their images (by image id).
pub fn rebuild(project: &str, containers: &[Value], images: &BTreeMap<String, Value>) -> Model {
    let mut parts = Parts::default();
    for container in containers {
        let labels = &container["Config"]["Labels"];
        let Some(name) = labels["com.docker.compose.service"].as_str() else { continue };
        if let Some(service) = parts.services.get_mut(name) {
            service["scale"] = json!(service["scale"].as_u64().unwrap_or(1) + 1);
            continue;
        }
        let image =
            container["Image"].as_str().and_then(|id| images.get(id)).unwrap_or(&Value::Null);
        let service = parts.service(container, image);
        parts.services.insert(name.to_owned(), service);
    }
    let model = json!({
        "name": project,
        "services": parts.services,
        "networks": parts.networks,
        "volumes": parts.volumes,
    });
    Model::from_value(doubled(model))
}

#[derive(Default)]
struct Parts {
    services: Map<String, Value>,
    networks: Map<String, Value>,
    volumes: Map<String, Value>,
}

impl Parts {
    fn service(&mut self, container: &Value, image: &Value) -> Value {
        let mut service = process(&container["Config"], &image["Config"]);
        service.insert("image".into(), container["Image"].clone());
        self.mounts(&mut service, container);
        self.attach(&mut service, container);
        host_options(&mut service, &container["HostConfig"]);
        if let Some(depends) =
            container["Config"]["Labels"]["com.docker.compose.depends_on"].as_str()
        {
            service.insert("depends_on".into(), depends_on(depends));
        }
        service.retain(|_, value| !is_blank(value));
        Value::Object(service)
    }

    fn mounts(&mut self, service: &mut Map<String, Value>, container: &Value) {
        let mut volumes = Vec::new();
        for mount in array(&container["Mounts"]) {
            let kind = mount["Type"].as_str().unwrap_or("volume");
            let source = if kind == "volume" { &mount["Name"] } else { &mount["Source"] };
            volumes.push(json!({
                "type": kind,
                "source": source,
                "target": mount["Destination"],
                "read_only": mount["RW"] == json!(false),
            }));
            if let (true, Some(name)) = (kind == "volume", source.as_str()) {
                self.volumes.insert(name.to_owned(), json!({ "name": name, "external": true }));
            }
        }
        service.insert("volumes".into(), Value::Array(volumes));
    }

    fn attach(&mut self, service: &mut Map<String, Value>, container: &Value) {
        let mode = container["HostConfig"]["NetworkMode"].as_str().unwrap_or_default();
        if mode == "host" || mode == "none" {
            service.insert("network_mode".into(), json!(mode));
            return;
        }
        let mut attached = Map::new();
        let id = container["Id"].as_str().unwrap_or_default();
        for (name, network) in
            container["NetworkSettings"]["Networks"].as_object().into_iter().flatten()
        {
            let aliases: Vec<&Value> = array(&network["Aliases"])
                .iter()
                .filter(|alias| alias.as_str().is_some_and(|alias| !id.starts_with(alias)))
                .collect();
            let mut link = json!({ "aliases": aliases });
            if let Some(address) = network["IPAMConfig"]["IPv4Address"].as_str() {
                link["ipv4_address"] = json!(address);
            }
            attached.insert(name.clone(), link);
            self.networks.insert(name.clone(), json!({ "name": name, "external": true }));
        }
        service.insert("networks".into(), Value::Object(attached));
    }
}

/// Command, environment and the like, where they are not the image's own.
fn process(config: &Value, image: &Value) -> Map<String, Value> {
    let mut service = Map::new();
    for (key, field) in [
        ("command", "Cmd"),
        ("entrypoint", "Entrypoint"),
        ("working_dir", "WorkingDir"),
        ("user", "User"),
        ("stop_signal", "StopSignal"),
    ] {
        if config[field] != image[field] {
            service.insert(key.into(), config[field].clone());
        }
    }
    let own = array(&image["Env"]);
    let environment: Vec<&Value> =
        array(&config["Env"]).iter().filter(|pair| !own.contains(pair)).collect();
    service.insert("environment".into(), json!(environment));
    if config["Healthcheck"] != image["Healthcheck"] {
        service.insert("healthcheck".into(), healthcheck(&config["Healthcheck"]));
    }
    if let Some(seconds) = config["StopTimeout"].as_u64() {
        service.insert("stop_grace_period".into(), json!(format!("{seconds}s")));
    }
    for (key, field) in [("tty", "Tty"), ("stdin_open", "OpenStdin")] {
        service.insert(key.into(), config[field].clone());
    }
    service.insert("labels".into(), Value::Object(own_labels(&config["Labels"], &image["Labels"])));
    service
}

fn own_labels(labels: &Value, image: &Value) -> Map<String, Value> {
    let labels = labels.as_object().into_iter().flatten();
    labels
        .filter(|(key, value)| !key.starts_with(COMPOSE_LABELS) && image[key.as_str()] != **value)
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

fn healthcheck(check: &Value) -> Value {
    let time = |field: &str| check[field].as_u64().filter(|ns| *ns > 0).map(|ns| format!("{ns}ns"));
    let mut healthcheck = json!({ "test": check["Test"] });
    for (key, field) in
        [("interval", "Interval"), ("timeout", "Timeout"), ("start_period", "StartPeriod")]
    {
        if let Some(time) = time(field) {
            healthcheck[key] = json!(time);
        }
    }
    if let Some(retries) = check["Retries"].as_u64().filter(|retries| *retries > 0) {
        healthcheck["retries"] = json!(retries);
    }
    healthcheck
}

fn host_options(service: &mut Map<String, Value>, host: &Value) {
    let mut ports = Vec::new();
    for (inside, bindings) in host["PortBindings"].as_object().into_iter().flatten() {
        let (target, protocol) = inside.split_once('/').unwrap_or((inside, "tcp"));
        for binding in array(bindings) {
            ports.push(json!({
                "target": target.parse::<u16>().unwrap_or_default(),
                "published": binding["HostPort"],
                "host_ip": binding["HostIp"],
                "protocol": protocol,
            }));
        }
    }
    ports
        .iter_mut()
        .filter_map(Value::as_object_mut)
        .for_each(|port| port.retain(|_, v| !is_blank(v)));
    service.insert("ports".into(), Value::Array(ports));
    let restart = &host["RestartPolicy"];
    let restart =
        match (restart["Name"].as_str().unwrap_or("no"), restart["MaximumRetryCount"].as_u64()) {
            ("on-failure", Some(count)) if count > 0 => format!("on-failure:{count}"),
            ("", _) => "no".to_owned(),
            (name, _) => name.to_owned(),
        };
    service.insert("restart".into(), json!(restart));
    for (key, field) in [
        ("cap_add", "CapAdd"),
        ("cap_drop", "CapDrop"),
        ("extra_hosts", "ExtraHosts"),
        ("dns", "Dns"),
        ("security_opt", "SecurityOpt"),
        ("privileged", "Privileged"),
        ("read_only", "ReadonlyRootfs"),
        ("init", "Init"),
        ("sysctls", "Sysctls"),
    ] {
        service.insert(key.into(), host[field].clone());
    }
    if let Some(tmpfs) = host["Tmpfs"].as_object() {
        let mounts = tmpfs.iter().map(|(path, options)| match options.as_str() {
            Some(options) if !options.is_empty() => json!(format!("{path}:{options}")),
            _ => json!(path),
        });
        service.insert("tmpfs".into(), mounts.collect());
    }
    if let Some(bytes) = host["Memory"].as_u64().filter(|bytes| *bytes > 0) {
        service.insert("mem_limit".into(), json!(bytes.to_string()));
    }
    if let Some(nano) = host["NanoCpus"].as_u64().filter(|nano| *nano > 0) {
        #[expect(
            clippy::cast_precision_loss,
            reason = "Compose takes a decimal number of processors"
        )]
        service.insert("cpus".into(), json!(nano as f64 / 1e9));
    }
}

/// `db:service_healthy:false,cache:service_started:true` as Compose writes it in its label.
fn depends_on(label: &str) -> Value {
    let mut depends = Map::new();
    for part in label.split(',').filter(|part| !part.is_empty()) {
        let mut fields = part.split(':');
        let (Some(name), condition) = (fields.next(), fields.next()) else { continue };
        depends.insert(
            name.to_owned(),
            json!({ "condition": condition.unwrap_or("service_started"), "required": false }),
        );
    }
    Value::Object(depends)
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Number(_) | Value::Bool(true) => false,
    }
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A `$` of the running container is a `$`, not the start of a variable.
fn doubled(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace('$', "$$")),
        Value::Array(items) => items.into_iter().map(doubled).collect(),
        Value::Object(map) => map.into_iter().map(|(key, value)| (key, doubled(value))).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container() -> Value {
        json!({
            "Id": "abcdef0123456789",
            "Image": "sha256:1",
            "Config": {
                "Cmd": ["serve", "--price", "$5"],
                "Entrypoint": ["/entry"],
                "Env": ["PATH=/bin", "MODE=prod"],
                "User": "app",
                "Healthcheck": { "Test": ["CMD", "true"], "Interval": 1_000_000_000u64 },
                "Labels": { "com.docker.compose.service": "app", "com.docker.compose.depends_on": "db:service_healthy:false", "team": "a" }
            },
            "HostConfig": {
                "NetworkMode": "shop_default",
                "RestartPolicy": { "Name": "on-failure", "MaximumRetryCount": 3 },
                "PortBindings": { "8080/tcp": [{ "HostIp": "127.0.0.1", "HostPort": "80" }] },
                "Memory": 1_048_576,
                "Privileged": false
            },
            "Mounts": [
                { "Type": "volume", "Name": "shop_data", "Source": "/x", "Destination": "/data", "RW": true },
                { "Type": "bind", "Source": "/etc/a", "Destination": "/a", "RW": false }
            ],
            "NetworkSettings": { "Networks": { "shop_default": { "Aliases": ["shop-app-1", "app", "abcdef012345"] } } }
        })
    }

    fn images() -> BTreeMap<String, Value> {
        let config = json!({ "Env": ["PATH=/bin"], "Entrypoint": ["/entry"], "User": "" });
        BTreeMap::from([("sha256:1".to_owned(), json!({ "Config": config }))])
    }

    #[test]
    fn what_differs_from_the_image_is_kept_and_nothing_else() {
        let model = rebuild("shop", &[container()], &images());
        let expected = json!({
            "name": "shop",
            "services": { "app": {
                "command": ["serve", "--price", "$$5"],
                "user": "app",
                "environment": ["MODE=prod"],
                "healthcheck": { "test": ["CMD", "true"], "interval": "1000000000ns" },
                "labels": { "team": "a" },
                "image": "sha256:1",
                "volumes": [
                    { "type": "volume", "source": "shop_data", "target": "/data", "read_only": false },
                    { "type": "bind", "source": "/etc/a", "target": "/a", "read_only": true }
                ],
                "networks": { "shop_default": { "aliases": ["shop-app-1", "app"] } },
                "ports": [{ "target": 8080, "published": "80", "host_ip": "127.0.0.1", "protocol": "tcp" }],
                "restart": "on-failure:3",
                "mem_limit": "1048576",
                "depends_on": { "db": { "condition": "service_healthy", "required": false } }
            } },
            "networks": { "shop_default": { "name": "shop_default", "external": true } },
            "volumes": { "shop_data": { "name": "shop_data", "external": true } }
        });
        assert_eq!(model, Model::from_value(expected));
    }

    #[test]
    fn two_containers_of_a_service_are_its_scale() {
        let json = rebuild("shop", &[container(), container()], &images()).to_json();
        assert!(json.contains("\"scale\": 2"), "{json}");
    }

    #[test]
    fn a_container_that_compose_did_not_make_is_left_out() {
        let mut stray = container();
        stray["Config"]["Labels"] = Value::Null;
        assert_eq!(rebuild("shop", &[stray], &images()).services(), [""; 0]);
    }
}
