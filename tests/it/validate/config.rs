//! `validate-config` from outside: real git, the log, the annotations, the summary and the files that it leaves.

use std::os::unix::fs::PermissionsExt;

use crate::kit::scene::{Ran, Scene, git_in};
use serde_json::{Value, json};

const SECRET: &str = "kX9vQ2mPw7Lz";

/// A repository with these files, all of them committed.
fn scene(files: &[(&str, &str)]) -> Scene {
    let scene = Scene::of("validate-config");
    for name in ["work", "temp"] {
        fs_err::create_dir(scene.path(name)).unwrap();
    }
    git_in(&scene.path("work"), &["init", "-q", "-b", "main"]);
    for (path, text) in files {
        scene.write(path, text);
    }
    scene.commit("first");
    scene
}

fn run(scene: &Scene, inputs: &[(&str, &str)]) -> Ran {
    scene.run("push", &json!({}), inputs)
}

/// `level rule file:line` of each finding, from `findings.json`.
fn told(ran: &Ran) -> Vec<String> {
    let text = fs_err::read_to_string(ran.output("findings-json")).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let one = |one: &Value| {
        let text = |key: &str| one[key].as_str().unwrap().to_owned();
        format!("{} {} {}:{}", text("level"), text("rule"), text("file"), one["line"])
    };
    document["findings"].as_array().unwrap().iter().map(one).collect()
}

const GOOD: [(&str, &str); 9] = [
    ("compose.yaml", include_str!("../../../src/domain/compose/rules/good.yaml")),
    (".gitignore", "/.env\n/ignored/\n"),
    (".env.example", "TZ=UTC\n"),
    ("Dockerfile", "FROM python:3.12\n"),
    ("odoo.conf", "[options]\nproxy_mode = True\n"),
    ("addons/shop/models.py", "from odoo import models\n"),
    ("README.md", "Set `POSTGRES_PASSWORD` in `.env`.\n"),
    ("VERSION", "1.2.3\n"),
    ("tests/test_shop.py", "PASSWORD = 'test'\n"),
];

#[test]
fn a_good_repository_has_nothing_above_a_notice() {
    let scene = scene(&GOOD);
    let ran = run(
        &scene,
        &[("required-files", "VERSION\nDockerfile\n.env.example"), ("fail-on", "warning")],
    );
    let above: Vec<_> = told(&ran).into_iter().filter(|one| !one.starts_with("notice")).collect();
    assert_eq!(above, [""; 0], "{}", ran.log);
    assert_eq!(
        (ran.code, ran.output("result"), ran.output("errors"), ran.output("warnings")),
        (0, "done", "0", "0")
    );
    ran.says("✅ validate-config: 0 errors, 0 warnings").says("1 compose file, 3 services");
}

#[test]
fn two_steps_of_a_job_do_not_overwrite_each_others_files() {
    let scene = scene(&GOOD);
    let first = run(&scene, &[]);
    let before = told(&first);
    scene.write("compose.yaml", "services: {a: {imag: x}}\n");
    let second = run(&scene, &[]);
    for output in ["findings-json", "sarif-file"] {
        assert_ne!(first.output(output), second.output(output));
    }
    assert_eq!(told(&first), before);
    assert_ne!(told(&second), before);
    assert!(first.output("findings-json").ends_with("/mta-validate-config/findings.json"));
    assert!(second.output("findings-json").ends_with("/mta-validate-config-2/findings.json"));
}

/// Twenty defects of twenty kinds, each with the line that it stands in.
fn planted() -> (Vec<(&'static str, String)>, Vec<&'static str>) {
    let compose = format!(
        "\
services:
  web:
    image: odoo:latest
    enviroment: {{}}
    restart: allways
    depends_on:
      db: {{ condition: service_healthy }}
      cache: {{ condition: service_started }}
    ports: [\"8069:8069\"]
    volumes:
      - ./odo.conf:/etc/odoo/odoo.conf
      - dta:/var/lib/odoo
    env_file: missing.env
    labels: {{ auth: \"u:$apr1$abcdefgh$1234567890\" }}
    healthcheck: {{ test: [curl, localhost], interval: 5x }}
  db:
    image: postgres:${{PG_VERSION:?}}
    environment:
      POSTGRES_PASSWORD: {SECRET}
    ports: [\"5432:5432\", \"8069:80\"]
    privileged: true
  a: {{ image: \"a:1\", depends_on: [b] }}
  b: {{ image: \"b:1\", depends_on: [a], build: ./nowhere }}
volumes: {{ data: }}
secrets:
  key: {{ file: ./key.txt }}
"
    );
    let files = vec![
        ("compose.yaml", compose),
        (".env.example", "A=1\nA=2\n".to_owned()),
        ("odoo.conf", "[options]\n".to_owned()),
        ("deploy/.env", format!("DB_PASSWORD={SECRET}\n")),
        ("broken.yaml", "a: [\n".to_owned()),
    ];
    let lines = vec![
        "error compose.unknown-key compose.yaml:4",
        "warning compose.image-unpinned compose.yaml:3",
        "error compose.restart-value compose.yaml:5",
        "error compose.healthy-without-healthcheck compose.yaml:7",
        "error compose.undefined-reference compose.yaml:8",
        "error compose.bind-source-missing compose.yaml:11",
        "error compose.undefined-reference compose.yaml:12",
        "error compose.env-file-missing compose.yaml:13",
        "error compose.unescaped-dollar compose.yaml:14",
        "error compose.healthcheck-form compose.yaml:15",
        "error compose.value compose.yaml:15",
        "error compose.required-variable compose.yaml:17",
        "error secret.compose-literal compose.yaml:19",
        "error compose.datastore-published compose.yaml:20",
        "error compose.port-conflict compose.yaml:20",
        "warning compose.privileged compose.yaml:21",
        "warning compose.datastore-without-volume compose.yaml:16",
        "error compose.dependency-cycle compose.yaml:22",
        "error compose.build-missing compose.yaml:23",
        "error compose.source-missing compose.yaml:26",
        "error env.duplicate-key .env.example:2",
        "error git.secret-file-tracked deploy/.env:0",
        "error git.ignore-missing .env:0",
        "error files.required VERSION:0",
    ];
    (files, lines)
}

#[test]
fn twenty_planted_defects_are_twenty_lines() {
    let (files, lines) = planted();
    let files: Vec<_> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let scene = scene(&files);
    let ran = run(&scene, &[("required-files", "VERSION")]);
    let told = told(&ran);
    for line in &lines {
        assert!(told.iter().any(|one| one == line), "{line} is not in {told:#?}");
    }
    assert_eq!((ran.code, ran.output("result")), (1, "failed"));
    let errors = told.iter().filter(|one| one.starts_with("error")).count();
    assert_eq!(ran.output("errors"), errors.to_string());
    // The runner shows ten: nine and how many more.
    assert_eq!(ran.log.matches("::error ").count(), 9, "{}", ran.log);
    assert!(ran.log.contains("more errors are in the step summary"), "{}", ran.log);
}

#[test]
fn a_secret_is_in_nothing_that_is_left() {
    let (files, _) = planted();
    let files: Vec<_> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let scene = scene(&files);
    let token = format!("gh{}_{}", "p", "16C7e42F292c6912E7710c838347Ae178B4a");
    scene.write(
        "app.py",
        &format!("API = '{token}'\nURL = 'postgres://shop:{SECRET}@db.example.org/x'\n"),
    );
    scene.write("config.ini", &format!("[db]\npassword = {SECRET}\n"));
    for inputs in [&[][..], &[("rules", "secret.*=off")]] {
        let ran = run(&scene, inputs);
        let left = |name: &str| fs_err::read_to_string(ran.output(name)).unwrap();
        for text in [&ran.log, &ran.summary, &left("findings-json"), &left("sarif-file")] {
            assert!(!text.contains(SECRET) && !text.contains(&token), "{text}");
        }
    }
    let by_hand = scene.by_hand(&["--fail-on", "warning"]);
    assert!(!by_hand.log.contains(SECRET) && !by_hand.log.contains(&token), "{}", by_hand.log);
    by_hand.says("app.py:1").says("compose.yaml:19:26").says("POSTGRES_PASSWORD: ************");
}

#[test]
fn on_the_host_the_env_file_has_to_be_there_and_private() {
    let stack = "services: {a: {image: \"a:${TAG:?}\", restart: always, healthcheck: {test: [CMD, x]}, mem_limit: 1g}}\n";
    let scene = scene(&[
        ("compose.yaml", stack),
        (".gitignore", "/.env\n"),
        (".env.example", "TAG=\nDB_PASSWORD=dev\n"),
    ]);
    let deploy = |env: Option<(&str, u32)>| {
        if let Some((text, mode)) = env {
            scene.write(".env", text);
            let path = scene.path("work/.env");
            fs_err::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let ran = run(&scene, &[("mode", "deploy")]);
        (ran.code, told(&ran))
    };
    assert_eq!(run(&scene, &[]).code, 0);
    let (code, found) = deploy(None);
    assert!(code == 1 && found.contains(&"error env.missing .env:0".to_owned()), "{found:?}");
    assert_eq!(deploy(Some(("TAG=1\nDB_PASSWORD=kX9vQ2\n", 0o600))), (0, vec![]));
    let (_, found) = deploy(Some(("TAG=1\nDB_PASSWORD=dev\n", 0o644)));
    assert_eq!(found, ["error env.permissions .env:0", "error env.placeholder .env:2"]);
}

#[test]
fn wrong_inputs_are_bad_input_and_never_clean() {
    let scene = scene(&GOOD);
    for (inputs, words) in [
        (
            &[("rules", "compose.nothing=off\ncompose.schema=loud")][..],
            &["there is no rule `compose.nothing`", "`loud` is no level"][..],
        ),
        (&[("mode", "production")], &["`mode`"]),
        (&[("fail-on", "never")], &["`fail-on`"]),
        (&[("compose-file", "x")], &["Did you mean `compose-files`"]),
    ] {
        let ran = run(&scene, inputs);
        assert_eq!(
            (ran.code, ran.output("result"), ran.output("errors")),
            (64, "bad-input", ""),
            "{}",
            ran.log
        );
        for word in words {
            ran.says(word);
        }
    }
    let ran = run(&scene, &[("compose-files", "gone.yml")]);
    assert_eq!(
        told(&ran).first().map(String::as_str),
        Some("error compose.file-missing gone.yml:0")
    );
    assert_eq!(ran.code, 1);
}

#[test]
fn what_cannot_be_read_is_an_error_and_bounded() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let alias = format!("*a{}", level - 1);
        bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![alias; 9].join(", ")));
    }
    let scene = scene(&[("ok.yml", "services: {a: {image: \"a:1\"}}\n"), ("bomb.yml", &bomb)]);
    let work = scene.path("work");
    fs_err::write(work.join("latin.yml"), b"a: \xe9\n").unwrap();
    fs_err::os::unix::fs::symlink("loop.yml", work.join("loop.yml")).unwrap();
    fs_err::os::unix::fs::symlink("/etc/hostname", work.join("out.yml")).unwrap();
    fs_err::File::create(work.join("large.yml")).unwrap().set_len(100 << 20).unwrap();
    for (file, words) in [
        ("bomb.yml", "more than 100000 values"),
        ("latin.yml", "it is not UTF-8"),
        ("loop.yml", "leads to itself"),
        ("out.yml", "leads out of the checkout"),
        ("large.yml", "bytes, and at most"),
    ] {
        let ran = run(&scene, &[("compose-files", &format!("ok.yml\n{file}"))]);
        ran.says(words);
        assert_eq!((ran.code, ran.output("result")), (1, "failed"), "{file}: {}", ran.log);
    }
}

#[test]
fn names_and_lines_of_files_are_never_commands_or_markdown() {
    let evil = "services:\n  a:\n    image: \"a:1\"\n    \"::error::x\": 1\n    ##[error]y: 2\n    \"<img src=x> | @octocat\": 3\n";
    let scene = scene(&[("compose.yaml", evil)]);
    let ran = run(&scene, &[]);
    for line in ran.log.lines() {
        let is_ours = line.starts_with("::error file=compose.yaml,line=")
            || line.starts_with("::notice file=")
            || line.starts_with("::warning file=");
        assert!(!line.trim_start().starts_with("::") || is_ours, "{line}");
        assert!(!line.contains("##["), "{line}");
    }
    // What stands between backticks is code, where nothing is Markdown.
    let outside: String = ran.summary.split('`').step_by(2).collect();
    assert!(!outside.contains("<img") && !outside.contains("@octocat"), "{}", ran.summary);
}

#[test]
fn a_folder_without_a_repository_is_checked_and_says_what_is_not() {
    let scene = Scene::of("validate-config");
    for name in ["work", "temp"] {
        fs_err::create_dir(scene.path(name)).unwrap();
    }
    scene.write("compose.yaml", "services: {a: {image: \"a:1\", networks: [x]}}\n");
    let ran = run(&scene, &[]);
    ran.says("Not checked: what git tracks and ignores");
    assert!(told(&ran).contains(&"error compose.undefined-reference compose.yaml:1".to_owned()));
    scene.by_hand(&[]).says("not checked: what git tracks and ignores");
}

#[test]
fn odoo_modules_are_read_as_data_and_judged_together() {
    let manifest = "{\n    'name': 'Shop',\n    'version': '16.0.1.0.0',\n    'license': 'LGPL-3',\n    'depends': ['base', 'shop_bse'],\n    'data': ['views/shop.xml'],\n    'name': 'Shop again',\n}\n";
    let scene = scene(&[
        ("compose.yaml", "services: {odoo: {image: \"odoo:17.0\"}}\n"),
        ("addons/shop/__manifest__.py", manifest),
        ("addons/shop/views/shop_view.xml", "<odoo/>\n"),
        ("addons/shop/migrations/16.0.2.0.0/post.py", "x = 1\n"),
        (
            "addons/shop_base/__manifest__.py",
            "{'name': 'Base', 'version': '17.0.1.0.0', 'license': 'LGPL-3', 'depends': []}\n",
        ),
        (
            "addons/evil/__manifest__.py",
            "{'name': __import__('os').system('touch /tmp/mta-was-run')}\n",
        ),
    ]);
    let ran = run(&scene, &[]);
    let told = told(&ran);
    for line in [
        "error odoo.series-mismatch addons/shop/__manifest__.py:3",
        "error odoo.data-missing addons/shop/__manifest__.py:6",
        "error odoo.manifest-duplicate-key addons/shop/__manifest__.py:7",
        "warning odoo.depends-unresolved addons/shop/__manifest__.py:5",
        "error odoo.behind-migrations addons/shop/__manifest__.py:3",
        "error odoo.manifest-not-literal addons/evil/__manifest__.py:1",
    ] {
        assert!(told.iter().any(|one| one == line), "{line} is not in {told:#?}");
    }
    ran.says("3 Odoo modules").says("`addons/shop_base`");
    assert!(!std::path::Path::new("/tmp/mta-was-run").exists());
}
