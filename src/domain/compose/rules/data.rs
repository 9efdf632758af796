//! Data that has to outlive its container.

use crate::domain::compose::rules::Context;
use crate::domain::compose::stack::{Mount, Program, Service};
use crate::domain::event::Level;
use crate::domain::finding::{Finding, Rule};
use crate::domain::interpolate::HOLE;
use crate::domain::yaml::Node;

/// A database whose data is in no volume of its own.
pub const NO_VOLUME: Rule = Rule {
    id: "compose.datastore-without-volume",
    level: Level::Warning,
    about: "a database whose data lies in no named volume",
    help: "`docker compose down` or a new image leaves the data in an anonymous volume that nothing finds again.",
};

/// The rules of this file.
pub const RULES: &[&Rule] = &[&NO_VOLUME];

/// Programs whose data has to be kept, and where they write it.
const KEEPERS: &[(&str, &str)] = &[
    ("postgres", "/var/lib/postgresql"),
    ("mysql", "/var/lib/mysql"),
    ("mariadb", "/var/lib/mysql"),
    ("mongo", "/data/db"),
    ("elasticsearch", "/usr/share/elasticsearch/data"),
    ("rabbitmq", "/var/lib/rabbitmq"),
];

/// Checks every database.
pub fn check(context: &Context<'_>) -> Vec<Finding> {
    context.stack.services.iter().filter_map(finding).collect()
}

fn finding(service: &Service<'_>) -> Option<Finding> {
    let Program::Datastore(name) = service.program()? else { return None };
    let (_, own) = KEEPERS.iter().find(|(known, _)| *known == name)?;
    let set = service.environment().iter().find(|entry| entry.key.text == "PGDATA");
    let is_open = |mount: &Mount<'_>| mount.kind.is_empty() || mount.target.contains(HOLE);
    if set.is_some_and(|entry| entry.value.is_open())
        || service.is_partial()
        || service.mounts().iter().any(is_open)
    {
        return None;
    }
    let folder = set.and_then(|entry| entry.value.as_text()).unwrap_or(own);
    let shown = set.map_or(*own, |entry| entry.value.shown());
    let holds = |target: &str| is_within(folder, target) || is_within(target, own);
    let is_kept = service.mounts().iter().any(|mount| mount.is_named && holds(mount.target));
    let tmpfs = service.get("tmpfs").map(Node::items).unwrap_or_default();
    let is_meant = tmpfs.iter().filter_map(Node::as_text).any(holds)
        || service.mounts().iter().any(|mount| mount.kind == "tmpfs" && holds(mount.target));
    if is_kept || is_meant || service.get("volumes_from").is_some() {
        return None;
    }
    let what = format!("the data of `{}` ({shown}) lies in no named volume", service.name());
    let hint = format!(
        "add `volumes: [{}-data:{own}]`, and `{0}-data:` under `volumes:` at the top",
        service.name()
    );
    Some(Finding::new(&NO_VOLUME, service.span(), what).hint(hint))
}

fn is_within(path: &str, folder: &str) -> bool {
    let folder = folder.trim_end_matches('/');
    path == folder || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use crate::domain::compose::rules::tests::table;

    #[test]
    fn data_is_kept() {
        table(
            "compose.datastore-without-volume",
            &[
                "image: 'postgres:16'",
                "image: 'postgres:16', volumes: [/var/lib/postgresql/data]",
                "image: 'mariadb:11', volumes: ['cfg:/etc/mysql']",
            ],
            &[
                "image: 'postgres:16', volumes: ['pg:/var/lib/postgresql/data']",
                "image: 'postgres:18', volumes: ['pg:/var/lib/postgresql']",
                "image: 'postgres:16', environment: {PGDATA: /pg}, volumes: ['pg:/pg']",
                "image: 'postgres:16', volumes: ['./pg:/var/lib/postgresql/data']",
                "image: 'postgres:16', tmpfs: /var/lib/postgresql/data",
                "image: 'redis:7'",
                "image: 'a:1'",
            ],
        );
    }
}
