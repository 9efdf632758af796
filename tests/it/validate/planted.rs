//! Values of `.env` stay on the host: one is planted in each key of a stack, and none may come out of any rendering.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::kit::scene::{Scene, git_in};

/// Keys of a service, with a planted value each where `@` stands.
const SERVICE: &[&str] = &[
    "image: '@ x'",
    "image: '@:latest'",
    "image: 'postgres:16', environment: {PGDATA: '@'}",
    "image: 'a:1', restart: '@'",
    "image: 'a:1', ports: ['@:80']",
    "image: 'a:1', ports: ['8080:@']",
    "image: 'a:1', ports: ['@']",
    "image: 'a:1', ports: [{target: 80, published: '@', protocol: '@', host_ip: '@'}]",
    "image: 'a:1', networks: ['@']",
    "image: 'a:1', networks: {default: {ipv4_address: '@'}}",
    "image: 'a:1', volumes: ['@:/x']",
    "image: 'a:1', volumes: ['@']",
    "image: 'a:1', volumes: ['./@.conf:/etc/@.conf']",
    "image: 'a:1', volumes: ['./folder.d:/etc/@.conf', './folder.conf:/etc/@.conf']",
    "image: 'a:1', volumes: [{type: '@', source: '@', target: '@'}]",
    "image: 'a:1', depends_on: ['@']",
    "image: 'a:1', depends_on: {a: {condition: '@'}}",
    "image: 'a:1', container_name: '@'",
    "image: 'a:1', container_name: same-$SAME",
    "image: 'a:1', env_file: '@.env'",
    "image: 'a:1', env_file: [{path: '@', required: true}], label_file: ['@']",
    "image: 'a:1', secrets: ['@'], configs: [{source: '@', target: /x}]",
    "image: 'a:1', healthcheck: {test: ['@', x], interval: '@', retries: '@'}",
    "image: 'a:1', labels: ['traefik.http.routers.r-$SAME.rule=@', 'traefik.http.routers.@.rule=x']",
    "image: 'a:1', labels: ['traefik.http.routers.s-$SAME.service=api@internal', 'traefik.enable=true']",
    "image: 'traefik:v3', networks: ['n-$SAME'], command: ['--@']",
    "image: 'a:1', environment: ['@_PASSWORD=hunter22', 'DB_PASSWORD=@', 'URL=http://a:@@b']",
    "image: 'a:1', network_mode: 'service:@', pid: 'service:@', ipc: '@'",
    "image: 'a:1', links: ['@:x'], volumes_from: ['@'], external_links: ['@']",
    "build: {context: './@'}",
    "build: {context: '.', dockerfile: '@', args: ['@_TOKEN=@'], platforms: ['@']}, platform: '@'",
    "image: 'a:1', pull_policy: '@', mem_limit: '@', cpus: '@', init: '@', shm_size: '@'",
    "image: 'a:1', deploy: {replicas: '@', resources: {limits: {memory: '@', cpus: '@'}}}, scale: '@'",
    "image: 'a:1', mem_limit: '@', ulimits: {nofile: '@'}, stop_grace_period: '@'",
    "image: 'a:1', cap_add: ['@', '@'], dns: '@', extra_hosts: ['@'], profiles: ['@']",
    "image: 'a:1', tmpfs: '@', devices: ['@'], sysctls: ['@'], user: '@', hostname: '@'",
];

/// The same at the top of a file.
const TOP: &[&str] = &[
    "networks: {n: {name: '@', driver: '@', internal: '@'}}",
    "volumes: {v: {name: '@', driver: '@', driver_opts: {device: '@'}}}",
    "secrets: {s: {file: './@'}, t: {environment: '@', file: '@'}, u: {name: '@'}}",
    "configs: {c: {file: './@.conf'}, d: {content: '@', file: '@'}}",
    "include: ['@.yaml']",
    "include: [{path: '@', env_file: '@', project_directory: '@'}]",
    "services: {e: {extends: '@'}}",
    "services: {e: {extends: {file: '@.yml', service: '@'}}}",
    "services: {e: {extends: {file: other.yml, service: '@'}}}",
];

#[test]
fn no_value_of_the_env_file_is_shown() {
    let mut env = "SAME=planted-same\n".to_owned();
    let mut count = 0;
    let mut planted = |text: &str| {
        let mut parts = text.split('@');
        let mut out = parts.next().unwrap().to_owned();
        for part in parts {
            // The `@` of Traefik's own names and of addresses stay.
            if part.starts_with("internal") || out.ends_with("${P") {
                out = format!("{out}@{part}");
                continue;
            }
            count += 1;
            env.push_str(&format!("V{count}=planted-{count}\n"));
            out = format!("{out}${{V{count}}}{part}");
        }
        out
    };
    let services: Vec<String> = SERVICE
        .iter()
        .chain(SERVICE)
        .enumerate()
        .map(|(number, keys)| format!("  s{number}: {{{}}}\n", planted(keys)))
        .collect();
    let mut stacks = vec![format!("services:\n{}", services.concat())];
    for top in TOP {
        let web = if top.starts_with("services") { "" } else { "services: {a: {image: 'x:1'}}\n" };
        stacks.push(format!("{web}{}\n", planted(top)));
    }
    let scene = Scene::of("validate-config");
    for name in ["work", "temp"] {
        fs_err::create_dir(scene.path(name)).unwrap();
    }
    git_in(&scene.path("work"), &["init", "-q", "-b", "main"]);
    scene.write(".gitignore", "/.env\n");
    scene.write("other.yml", "services: {x: {image: 'x:1'}}\n");
    scene.write("folder.conf/x", "");
    scene.commit("first");
    scene.write(".env", &env);
    let file = scene.path("work").join(".env");
    fs_err::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let mut rules = std::collections::BTreeSet::new();
    for stack in &stacks {
        scene.write("compose.yaml", stack);
        let ran = scene.run("push", &json!({}), &[("mode", "deploy")]);
        let files = ["findings-json", "sarif-file"]
            .map(|output| fs_err::read_to_string(ran.output(output)).unwrap());
        for text in [&ran.log, &ran.summary, &files[0], &files[1]] {
            let at = text.find("planted").map(|at| &text[at.saturating_sub(300)..]);
            let shown = at.map(|text| text.chars().take(400).collect::<String>());
            assert_eq!(shown, None, "of {stack}");
        }
        let found: serde_json::Value = serde_json::from_str(&files[0]).unwrap();
        let found = found["findings"].as_array().unwrap();
        rules.extend(found.iter().map(|one| one["rule"].as_str().unwrap().to_owned()));
    }
    for rule in [
        "compose.container-name",
        "compose.env-file-missing",
        "compose.extends",
        "compose.file-missing",
        "compose.healthcheck-form",
        "compose.image-invalid",
        "compose.image-unpinned",
        "compose.restart-value",
        "compose.schema",
        "compose.source-missing",
        "compose.traefik-duplicate-router",
        "compose.undefined-reference",
        "compose.value",
        "git.ignore-missing",
    ] {
        assert!(rules.contains(rule), "{rule} is not tried: {rules:?}");
    }
}
