//! Loading from files that are values.

use std::collections::BTreeMap;

use super::*;
use crate::domain::compose::variables::{Open, State};
use crate::domain::known::checkout;

fn loaded(names: &[&str], files: &[(&str, &str)]) -> Loaded {
    let known = checkout(files, None);
    let project = Project {
        files: names.iter().map(|name| (*name).to_owned()).collect(),
        folder: String::new(),
        values: Values {
            known: BTreeMap::from([
                ("TAG".to_owned(), "1.0".to_owned()),
                ("NONE".to_owned(), String::new()),
            ]),
            open: Open::Nothing,
        },
    };
    load(&project, &known)
}

fn at<'a>(loaded: &'a Loaded, path: &str) -> &'a Node {
    path.split('/').fold(&loaded.model, |node, key| match key.parse::<usize>() {
        Ok(number) => &node.items()[number],
        Err(_) => node.get(key).unwrap_or_else(|| panic!("no {key} of {path}")),
    })
}

fn told(loaded: &Loaded) -> Vec<String> {
    let one = |one: &Finding| format!("{}:{} {}", one.span.file, one.span.start.line, one.message);
    loaded.findings.iter().map(one).collect()
}

#[test]
fn one_file_over_the_other_and_every_value_knows_its_file() {
    let one = "services:\n  web:\n    image: shop:$TAG\n    ports: ['80:80']\n";
    let two = "services:\n  web:\n    image: other\n    ports: ['81:81']\n";
    let loaded = loaded(&["a.yml", "b.yml"], &[("a.yml", one), ("b.yml", two)]);
    assert_eq!(told(&loaded), [""; 0]);
    let image = at(&loaded, "services/web/image");
    assert_eq!(
        (image.as_text(), format!("{:?}", image.span)),
        (Some("other"), "b.yml:3:12-3:17".into())
    );
    assert_eq!(at(&loaded, "services/web/ports/0/published").span.file.as_ref(), "a.yml");
    assert_eq!(at(&loaded, "services/web/ports/1/published").as_text(), Some("81"));
    assert_eq!(loaded.asked[0].state, State::Filled);
}

#[test]
fn variables_are_asked_for_in_each_file_before_the_merge() {
    let one = "services: {web: {image: '${GONE:?set it}', hostname: $NONE}}\n";
    let two = "services: {web: {image: x}}\n";
    let loaded = loaded(&["a.yml", "b.yml"], &[("a.yml", one), ("b.yml", two)]);
    let asked: Vec<_> = loaded.asked.iter().map(|one| (one.name.as_str(), one.state)).collect();
    assert_eq!(asked, [("GONE", State::Unset), ("NONE", State::Empty)]);
    assert_eq!(format!("{:?}", loaded.asked[0].span), "a.yml:1:26-1:41");
}

#[test]
fn extends_from_this_file_and_another_with_its_own_folder() {
    let main =
        "services:\n  a: {extends: b, image: x}\n  b: {extends: {file: base/c.yml, service: c}}\n";
    let base =
        "services:\n  c: {build: ./app, env_file: .env, extends: d}\n  d: {restart: always}\n";
    let loaded = loaded(&["m.yml"], &[("m.yml", main), ("base/c.yml", base)]);
    assert_eq!(told(&loaded), [""; 0]);
    assert_eq!(at(&loaded, "services/a/build/context").as_text(), Some("base/app"));
    assert_eq!(at(&loaded, "services/a/env_file/0/path").as_text(), Some("base/.env"));
    assert_eq!(at(&loaded, "services/a/restart").as_text(), Some("always"));
    assert_eq!(at(&loaded, "services/a/image").as_text(), Some("x"));
    assert_eq!(loaded.files, ["m.yml", "base/c.yml"]);
}

#[test]
fn wrong_extends_are_told() {
    for (main, expected) in [
        (
            "services:\n  a: {extends: bb}\n  b: {}\n",
            "m.yml:2 there is no service `bb` to extend in m.yml",
        ),
        (
            "services:\n  a: {extends: b}\n  b: {extends: a}\n",
            "m.yml:3 services extend each other in a circle: a -> b -> a",
        ),
        (
            "services:\n  a: {extends: {file: no.yml, service: b}}\n",
            "m.yml:2 the compose file `no.yml` is not there",
        ),
    ] {
        let told = told(&loaded(&["m.yml"], &[("m.yml", main)]));
        assert!(told.contains(&expected.to_owned()), "{main}: {told:?}");
    }
}

#[test]
fn includes_join_with_their_own_folder_and_env_file() {
    let main = "include: [sub/i.yml]\nservices:\n  a: {image: x, depends_on: [b]}\n";
    let sub = "services:\n  b: {image: 'b:$OWN', volumes: ['./d:/d']}\nvolumes: {v: }\n";
    let loaded =
        loaded(&["m.yml"], &[("m.yml", main), ("sub/i.yml", sub), ("sub/.env", "OWN=7\nTAG=no\n")]);
    assert_eq!(told(&loaded), [""; 0]);
    assert_eq!(at(&loaded, "services/b/image").as_text(), Some("b:7"));
    assert_eq!(at(&loaded, "services/b/volumes/0/source").as_text(), Some("sub/d"));
    assert!(loaded.model.get("volumes").is_some() && loaded.model.get("include").is_none());
}

#[test]
fn wrong_includes_are_told() {
    let other = ("i.yml", "include: [m.yml]\nservices: {a: {image: y}}\n");
    let told = told(&loaded(
        &["m.yml"],
        &[("m.yml", "include: [i.yml]\nservices: {a: {image: x}}\n"), other],
    ));
    assert!(told.iter().any(|one| one.contains("in a circle: ")), "{told:?}");
    assert!(
        told.iter()
            .any(|one| one
                .contains("`services.a` is also declared by the included file i.yml, line 2")),
        "{told:?}"
    );
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_is_loaded() {
    let reader = |path: &str| match path {
        "a.yml" => Entry::Text("services: {a: {image: x}}\n".into()),
        "bad.yml" => Entry::Text("a: [\n".into()),
        "latin.yml" => Entry::Unreadable("it is not UTF-8".to_owned()),
        _ => Entry::Folder,
    };
    let known = Known::new(reader, None);
    let files = ["a.yml", "bad.yml", "latin.yml", "dir.yml"].map(str::to_owned).to_vec();
    let loaded = load(&Project { files, ..Project::default() }, &known);
    let told = told(&loaded);
    assert!(told[0].starts_with("bad.yml:") && told.len() == 3, "{told:?}");
    assert_eq!(told[1], "latin.yml:0 `latin.yml` cannot be read: it is not UTF-8");
    assert_eq!(told[2], "dir.yml:0 `dir.yml` cannot be read: it is no regular file");
    assert!(loaded.model.get("services").is_some());
}
