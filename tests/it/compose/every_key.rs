//! Every key of the schema with every odd value, against the loader of Compose itself.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::differential::{compared, is_absent};

const SCHEMA: &str = include_str!("../../../src/domain/compose/schema/compose-spec.json");

/// What a person writes where something else belongs.
const VALUES: [&str; 17] = [
    "5",
    "-1",
    "1.5",
    "true",
    "\"true\"",
    "\"5\"",
    "\"\"",
    "null",
    "[]",
    "{}",
    "[a, b]",
    "[a, a]",
    "{a: b}",
    "[{}]",
    "a b",
    "5s",
    "2024-01-02",
];

/// On how many of the cases the two disagree still: it only gets less.
const KNOWN: usize = 420;

/// Deepest path that is drawn, from the top.
const DEPTH: usize = 7;

/// A step of a path: a key, or the item of a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Key(String),
    Item,
}

/// Every path of the schema below the top.
fn paths() -> Vec<Vec<Step>> {
    let root: Json = serde_json::from_str(SCHEMA).unwrap();
    let mut found = BTreeSet::new();
    walk((&root, &root), &mut Vec::new(), &mut found);
    found.into_iter().filter(|path| !path.is_empty()).collect()
}

fn walk((root, schema): (&Json, &Json), path: &mut Vec<Step>, found: &mut BTreeSet<Vec<Step>>) {
    if path.len() > DEPTH {
        return;
    }
    found.insert(path.clone());
    if let Some(reference) = schema["$ref"].as_str() {
        let there = root.pointer(reference.trim_start_matches('#')).unwrap();
        return walk((root, there), path, found);
    }
    for branch in schema["oneOf"].as_array().into_iter().flatten() {
        walk((root, branch), path, found);
    }
    let mut below = |step: Step, schema: &Json| {
        path.push(step);
        walk((root, schema), path, found);
        path.pop();
    };
    for (key, schema) in schema["properties"].as_object().into_iter().flatten() {
        below(Step::Key(key.clone()), schema);
    }
    for (pattern, schema) in schema["patternProperties"].as_object().into_iter().flatten() {
        if pattern != "^x-" {
            below(Step::Key("k".to_owned()), schema);
        }
    }
    if schema["additionalProperties"].is_object() {
        below(Step::Key("k".to_owned()), &schema["additionalProperties"]);
    }
    if schema["items"].is_object() {
        below(Step::Item, &schema["items"]);
    }
}

/// A file with a value at a path, and a service beside it that is whole.
fn file(path: &[Step], value: &str) -> String {
    let inner = path.iter().skip(2).rev().fold(value.to_owned(), |inner, step| match step {
        Step::Key(key) => format!("{{{key}: {inner}}}"),
        Step::Item => format!("[{inner}]"),
    });
    let (Some(Step::Key(first)), second) = (path.first(), path.get(1)) else {
        return String::new();
    };
    match (first.as_str(), second) {
        ("services", Some(_)) if path.len() == 2 => format!("services: {{k: {value}}}\n"),
        ("services", Some(_)) => {
            let Some(Step::Key(key)) = path.get(2) else { return String::new() };
            let inner =
                path.iter().skip(3).rev().fold(value.to_owned(), |inner, step| match step {
                    Step::Key(key) => format!("{{{key}: {inner}}}"),
                    Step::Item => format!("[{inner}]"),
                });
            let image = if key == "image" { "" } else { "image: x, " };
            format!("services: {{k: {{{image}{key}: {inner}}}}}\n")
        }
        ("services", None) => format!("services: {value}\n"),
        (top, None) => format!("services: {{k: {{image: x}}}}\n{top}: {value}\n"),
        (top, Some(Step::Key(key))) => {
            format!("services: {{k: {{image: x}}}}\n{top}: {{{key}: {inner}}}\n")
        }
        (top, Some(Step::Item)) => format!("services: {{k: {{image: x}}}}\n{top}: [{inner}]\n"),
    }
}

#[test]
#[ignore = "deep: every key of the schema with every odd value, some thousand runs of Compose"]
fn deep_every_key_of_the_schema_with_every_odd_value() {
    if is_absent() {
        return;
    }
    let cases: Vec<String> =
        paths().iter().flat_map(|path| VALUES.iter().map(|value| file(path, value))).collect();
    let cases: Vec<String> = cases.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    let all = compared(&cases);
    let told = format!("{} of {} cases:\n\n{}", all.len(), cases.len(), all.join("\n---\n"));
    assert!(all.len() <= KNOWN, "more than {KNOWN}: {told}");
    assert_eq!(all.len(), KNOWN, "fewer than before, so let `KNOWN` say it: {told}");
}
