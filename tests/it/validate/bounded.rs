//! No pull request can stop a runner: inputs that cost far more than their size end, in little memory, with an answer.

use serde_json::json;

use crate::kit::mta::peak;
use crate::kit::scene::{Scene, git_in};

/// The most memory that a check may take (issue 21).
const MOST: u64 = 256 << 20;

/// Checks a stack, and answers the rules of what was found.
fn rules(files: &[(&str, &str)], mode: &str) -> Vec<String> {
    let scene = Scene::of("validate-config");
    for name in ["work", "temp"] {
        fs_err::create_dir(scene.path(name)).unwrap();
    }
    git_in(&scene.path("work"), &["init", "-q", "-b", "main"]);
    for (path, text) in files {
        scene.write(path, text);
    }
    scene.git(&["add", "-A", "-f"]);
    let ran = scene.run("push", &json!({}), &[("mode", mode)]);
    assert_eq!((ran.code, ran.output("result")), (1, "failed"), "{}", ran.log);
    assert!(peak() < MOST, "{} MiB", peak() >> 20);
    let text = fs_err::read_to_string(ran.output("findings-json")).unwrap();
    let found: serde_json::Value = serde_json::from_str(&text).unwrap();
    let found = found["findings"].as_array().unwrap();
    found.iter().map(|one| one["rule"].as_str().unwrap().to_owned()).collect()
}

fn count(rules: &[String], rule: &str) -> usize {
    rules.iter().filter(|one| *one == rule).count()
}

fn services(number: u32, keys: &str) -> String {
    let one = |number: u32| format!("  s{number}: {{image: 'x:1', {keys}}}\n");
    format!("services:\n{}", (0..number).map(one).collect::<String>())
}

#[test]
fn ranges_of_ports_are_compared_as_ranges() {
    let all = services(200, "ports: ['1-65535:1-65535']");
    assert_eq!(count(&rules(&[("compose.yaml", &all)], "pr"), "compose.port-conflict"), 199);
    let three = services(3, "ports: ['1-65535:1-65535']");
    assert_eq!(count(&rules(&[("compose.yaml", &three)], "pr"), "compose.port-conflict"), 2);
    let many = services(900, "ports: [1, 2, 3, 4, 5, 6]");
    assert_eq!(count(&rules(&[("compose.yaml", &many)], "pr"), "files.limit"), 1);
}

#[test]
fn variables_that_double_each_other_are_refused() {
    let doubling: String =
        (1..30).map(|number| format!("A{number}=$A{0}$A{0}$A{0}$A{0}\n", number - 1)).collect();
    let env = format!("A0={}\n{doubling}", "x".repeat(1000));
    let uses = services(50, "hostname: '$A4$A4$A4'");
    for (file, mode) in [(".env", "deploy"), (".env.example", "pr")] {
        let found = rules(&[("compose.yaml", &uses), (file, &env)], mode);
        assert!(count(&found, "files.limit") > 0, "{mode}: {found:?}");
    }
    let braces = format!("services: {{a: {{image: '{}'}}}}\n", "${A:-".repeat(60_000));
    assert!(count(&rules(&[("compose.yaml", &braces)], "pr"), "compose.template") > 0);
    let uses = format!("services: {{a: {{image: '{}'}}}}\n", "$A".repeat(100_000));
    assert!(count(&rules(&[("compose.yaml", &uses)], "pr"), "files.limit") > 0);
}

#[test]
fn chains_of_files_and_services_end() {
    let one = |number: u32| {
        format!("  s{number}: {{extends: s{}, environment: {{K{number}: x}}}}\n", number + 1)
    };
    let chain: String = (0..400).map(one).collect();
    let chain = format!("services:\n{chain}  s400: {{image: 'x:1'}}\n");
    assert!(count(&rules(&[("compose.yaml", &chain)], "pr"), "compose.extends") > 0);
    let large: String = (0..900).map(|number| format!("K{number}: x, ")).collect();
    let base = format!("  base: {{image: 'x:1', environment: {{{large}}}}}\n");
    let extending: String =
        (0..900).map(|number| format!("  s{number}: {{extends: base}}\n")).collect();
    let stack = format!("services:\n{base}{extending}");
    assert_eq!(count(&rules(&[("compose.yaml", &stack)], "pr"), "files.limit"), 1);
    let part = format!("services: {{}}\nx-a: {{{large}}}\n");
    let names: Vec<String> = (0..900).map(|number| format!("p{number}.yml")).collect();
    let main = format!("include: [{}]\nservices: {{a: {{image: 'x:1'}}}}\n", names.join(", "));
    let mut files = vec![("compose.yaml", main.as_str())];
    files.extend(names.iter().map(|name| (name.as_str(), part.as_str())));
    assert_eq!(count(&rules(&files, "pr"), "files.limit"), 1);
}

#[test]
fn names_and_findings_without_number_are_cut() {
    let many = services(1_001, "restart: always");
    assert_eq!(count(&rules(&[("compose.yaml", &many)], "pr"), "files.limit"), 1);
    let volumes: String = (0..400).map(|number| format!("'gone{number}:/x{number}', ")).collect();
    let undefined = services(40, &format!("volumes: [{volumes}]"));
    let found = rules(&[("compose.yaml", &undefined)], "pr");
    assert_eq!(count(&found, "compose.undefined-reference"), 1_000);
    assert_eq!(count(&found, "files.limit"), 1);
    let unknown: String =
        (0..4_900).map(|number| format!("an_unknown_key_{number}: x, ")).collect();
    let found = rules(&[("compose.yaml", &format!("{{{unknown}}}\n"))], "pr");
    assert_eq!(count(&found, "compose.unknown-key"), 1_000);
    let text = "A B C\n".repeat(4_000);
    let found = rules(&[("compose.yaml", "services: {}\n"), ("x/.env", &text)], "pr");
    assert!(count(&found, "files.limit") > 0, "{found:?}");
    let secrets: String =
        (0..3_000).map(|n| format!("DB_PASSWORD_{n} = \"kX9vQ2mPw7Lz{n}\"\n")).collect();
    let found = rules(&[("compose.yaml", "services: {}\n"), ("settings.py", &secrets)], "pr");
    assert!(count(&found, "files.limit") > 0, "{}", found.len());
}
