//! A named volume whose name changed: the service would start with an empty one, and its data would be left behind.

use crate::domain::compose::model::{Model, NamedVolume};

/// A volume that a container has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The service of the container.
    pub service: String,
    /// Path in the container.
    pub target: String,
    /// The volume's name on the engine.
    pub volume: String,
}

/// A place at which a service is to mount another volume than it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    /// The volume that it mounts.
    pub old: Held,
    /// The key of the new one in the compose files' `volumes:`.
    pub key: String,
    /// Name of the new one on the engine.
    pub new: String,
}

/// Where a service would leave its data, if the new volumes do not exist yet. `held` are volumes that containers write
/// to.
///
/// None for a volume without a name of its own, for a new one that is external or that a driver fills, and where the
/// service has the old one at another place.
pub fn renamed(model: &Model, held: &[Held]) -> Vec<Renamed> {
    let wanted = model.named_volumes();
    let mut found: Vec<Renamed> = Vec::new();
    for old in held.iter().filter(|old| !is_anonymous(&old.volume)) {
        let of_service = || wanted.iter().filter(|new| new.service == old.service);
        if of_service().any(|new| new.volume == old.volume) {
            continue;
        }
        let here = |new: &&NamedVolume| path(&new.target) == path(&old.target) && new.starts_empty;
        let Some(new) = of_service().find(here) else { continue };
        let renamed = Renamed { old: old.clone(), key: new.key.clone(), new: new.volume.clone() };
        if !found.contains(&renamed) {
            found.push(renamed);
        }
    }
    found
}

/// The engine names a volume that nobody named by 64 hexadecimal digits.
fn is_anonymous(volume: &str) -> bool {
    volume.len() == 64 && volume.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn path(text: &str) -> &str {
    text.trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn held(service: &str, target: &str, volume: &str) -> Held {
        Held { service: service.into(), target: target.into(), volume: volume.into() }
    }

    /// The service `db` with the volume `data` at `/data`.
    fn model(data: &Value) -> Model {
        let volume = json!({ "type": "volume", "source": "data", "target": "/data" });
        Model::from_value(json!({
            "services": { "db": { "volumes": [volume] } },
            "volumes": { "data": data }
        }))
    }

    #[test]
    fn a_volume_of_another_name_at_the_same_place_is_told_with_both_names() {
        let two = [held("db", "/data/", "shop_old"), held("db", "/data", "shop_older")];
        let found = renamed(&model(&json!({ "name": "shop_data" })), &two);
        let shown: Vec<_> =
            found.iter().map(|r| (r.old.volume.as_str(), r.key.as_str(), r.new.as_str())).collect();
        assert_eq!(shown, [("shop_old", "data", "shop_data"), ("shop_older", "data", "shop_data")]);
        let replicas = [held("db", "/data", "old"), held("db", "/data", "old")];
        assert_eq!(renamed(&model(&json!({ "name": "shop_data" })), &replicas).len(), 1);
    }

    #[test]
    fn what_leaves_no_data_behind_is_not_told() {
        let plain = json!({ "name": "shop_data" });
        let anonymous = "0123456789abcdef".repeat(4);
        for (why, data, old) in [
            ("the same", plain.clone(), held("db", "/data", "shop_data")),
            ("another place", plain.clone(), held("db", "/var", "shop_old")),
            ("another service", plain.clone(), held("app", "/data", "shop_old")),
            ("anonymous", plain, held("db", "/data", &anonymous)),
            (
                "external",
                json!({ "name": "shared", "external": true }),
                held("db", "/data", "shop_old"),
            ),
            (
                "filled by a driver",
                json!({ "name": "nfs", "driver_opts": { "device": ":/srv" } }),
                held("db", "/data", "shop_old"),
            ),
            (
                "another driver",
                json!({ "name": "x", "driver": "rexray" }),
                held("db", "/data", "shop_old"),
            ),
        ] {
            assert_eq!(renamed(&model(&data), &[old]), [], "{why}");
        }
    }

    #[test]
    fn a_service_that_has_the_old_volume_elsewhere_can_copy_it() {
        let volumes = json!([
            { "type": "volume", "source": "new", "target": "/data" },
            { "type": "volume", "source": "old", "target": "/old", "read_only": true },
            { "type": "volume", "target": "/cache" },
            { "type": "bind", "source": "/srv", "target": "/srv" }
        ]);
        let model = Model::from_value(json!({
            "services": { "db": { "volumes": volumes }, "app": {} },
            "volumes": { "new": { "name": "shop_new" }, "old": { "name": "shop_old" } }
        }));
        assert_eq!(renamed(&model, &[held("db", "/data", "shop_old")]), []);
        assert_eq!(renamed(&model, &[held("db", "/cache", "shop_cache")]), []);
        assert_eq!(renamed(&model, &[held("db", "/data", "shop_third")]).len(), 1);
    }
}
