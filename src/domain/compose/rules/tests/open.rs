//! Variables of which only the host knows the value: rules are quiet about what they may hold, and decide on the rest.

use super::{told, told_of};

/// What is told above a notice.
fn above(told: Vec<String>) -> Vec<String> {
    told.into_iter().filter(|one| !one.starts_with("notice")).collect()
}

#[test]
fn nothing_is_said_of_what_is_not_known() {
    for service in [
        "image: $UNKNOWN",
        "image: 'r.io/${UNKNOWN}/a:$OTHER'",
        "image: 'a:1', ports: ['${UNKNOWN}:80', '${OTHER}:81']",
        "image: 'a:1', ports: ['$UNKNOWN', '127.0.0.1:$OTHER:80/$UNKNOWN']",
        "image: 'a:1', ports: [{target: 80, published: $UNKNOWN}, {target: $OTHER}]",
        "image: 'postgres:16', volumes: ['$UNKNOWN'], healthcheck: {test: [CMD, x]}",
        "image: 'postgres:16', environment: {PGDATA: $UNKNOWN}, healthcheck: {test: [CMD, x]}",
        "image: 'a:1', volumes: ['${UNKNOWN}/pg:/d', '$UNKNOWN:/e', './$UNKNOWN:/f', '$OTHER']",
        "image: 'a:1', volumes: ['/x:/y:$UNKNOWN']",
        "image: 'a:1', networks: ['$UNKNOWN']",
        "image: 'a:1', networks: {default: {aliases: ['$UNKNOWN']}}",
        "image: 'a:1', depends_on: ['$UNKNOWN'], links: ['$UNKNOWN:x']",
        "image: 'a:1', restart: $UNKNOWN",
        "image: 'a:1', healthcheck: {test: [$UNKNOWN, x], interval: $UNKNOWN, retries: $OTHER}",
        "image: 'a:1', healthcheck: {test: $UNKNOWN, disable: $OTHER}",
        "image: 'a:1', init: $UNKNOWN, privileged: $OTHER, tty: $UNKNOWN",
        "image: 'a:1', mem_limit: $UNKNOWN, cpus: $OTHER, stop_grace_period: $UNKNOWN",
        "image: 'a:1', deploy: {replicas: $UNKNOWN}, container_name: xy",
        "image: 'a:1', scale: $UNKNOWN, deploy: {replicas: $OTHER}",
        "image: 'a:1', mem_limit: 1g, deploy: {resources: {limits: {memory: $UNKNOWN}}}",
        "image: 'a:1', secrets: ['$UNKNOWN'], configs: [{source: $UNKNOWN, target: /x}]",
        "image: 'a:1', env_file: $UNKNOWN, label_file: ['$OTHER']",
        "image: 'a:1', env_file: [{path: x.env, required: $UNKNOWN}]",
        "image: 'a:1', network_mode: $UNKNOWN, pid: 'service:$OTHER'",
        "image: 'a:1', extra_hosts: ['$UNKNOWN'], pull_policy: $UNKNOWN",
        "image: 'a:1', platform: $UNKNOWN, build: {context: $OTHER, platforms: [linux/amd64]}",
        "build: $UNKNOWN",
        "build: {context: ., dockerfile: $UNKNOWN}",
        "image: 'a:1', environment: ['$UNKNOWN=x', 'A=$UNKNOWN']",
        "image: 'a:1', labels: ['traefik.http.routers.$UNKNOWN.rule=x']",
    ] {
        assert_eq!(above(told(service)), [""; 0], "{service}");
    }
    for text in [
        "services: {a: {image: 'x:1', container_name: $UNKNOWN}, b: {image: 'x:1', container_name: $UNKNOWN}}",
        "services: {}\nsecrets: {a: {file: $UNKNOWN}}\nvolumes: {v: {external: true, name: $OTHER}}",
        "services: {}\ninclude: ['$UNKNOWN/compose.yaml']",
        "services:\n  p: {image: 'traefik:v3', networks: [n]}\n  a: {image: 'x:1', networks: ['$UNKNOWN'], labels: ['traefik.http.routers.a.rule=x', 'traefik.http.services.a.loadbalancer.server.port=80']}\nnetworks: {n: }",
    ] {
        assert_eq!(above(told_of(text)), [""; 0], "{text}");
    }
}

#[test]
fn what_is_known_beside_it_is_decided() {
    for (service, rule) in [
        ("image: 'me/db:1', ports: ['0.0.0.0:$UNKNOWN:5432']", "compose.datastore-published"),
        ("image: 'a:1', ports: ['80:80', '0.0.0.0:80:$UNKNOWN']", "compose.port-conflict"),
        ("image: 'a:1', volumes: ['gone:/$UNKNOWN']", "compose.undefined-reference"),
        ("image: 'a:1', networks: ['$UNKNOWN', gone]", "compose.undefined-reference"),
        ("image: 'a:1', privileged: true, tty: $UNKNOWN", "compose.privileged"),
        ("image: '${UNKNOWN:-a}'", "compose.image-unpinned"),
    ] {
        let told = above(told(service));
        assert!(told.iter().any(|one| one.contains(rule)), "{service}: {told:?}");
    }
}

#[test]
fn what_could_not_be_read_is_not_told_as_missing() {
    let extends = "services: {a: {extends: {file: gone.yml, service: x}}}";
    assert_eq!(
        above(told_of(extends)),
        ["error compose.file-missing 1 the compose file `gone.yml` is not there"]
    );
    let include =
        "include: [gone.yml]\nservices: {a: {image: 'x:1', networks: [n], depends_on: [b]}}";
    assert_eq!(
        above(told_of(include)),
        ["error compose.file-missing 1 the compose file `gone.yml` is not there"]
    );
}
