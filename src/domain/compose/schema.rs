//! A file against the published schema of the Compose Specification: every violation with its place, unknown keys with
//! the nearest known one. The schema lies in `schema/`; of JSON Schema this is what it uses.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::{Map, Value as Json};

use crate::domain::compose::rules::{DUPLICATE_ITEM, SCHEMA, UNKNOWN_KEY};
use crate::domain::finding::Finding;
use crate::domain::input::nearest;
use crate::domain::yaml::{Entry, Key, Kind, Node, Value};

static ROOT: LazyLock<Json> = LazyLock::new(|| {
    serde_json::from_str(include_str!("schema/compose-spec.json")).unwrap_or_default()
});

/// Checks a whole file.
pub fn check(root: &Node) -> Vec<Finding> {
    against(&ROOT, root, "")
}

/// Checks one service of a file of which nothing else counts.
pub fn check_service(name: &str, service: &Node) -> Vec<Finding> {
    let schema = ROOT.pointer("/definitions/service").unwrap_or(&Json::Null);
    against(schema, service, &format!("services.{name}"))
}

fn against(schema: &Json, node: &Node, path: &str) -> Vec<Finding> {
    let mut check = Check::default();
    check.node(schema, node, path);
    check.findings
}

/// Lists of services and networks of which Compose drops doubles before it looks at the schema (seen of 2.40).
const JOINED: [&str; 17] = [
    "additional_contexts",
    "annotations",
    "args",
    "cap_add",
    "cap_drop",
    "dns",
    "dns_opt",
    "dns_search",
    "environment",
    "expose",
    "labels",
    "links",
    "ports",
    "profiles",
    "sysctls",
    "tmpfs",
    "volumes",
];

#[derive(Default)]
struct Check {
    findings: Vec<Finding>,
    /// How often the nearest name was looked for.
    asked_near: usize,
}

/// Most names of a file for which the nearest known one is looked for.
const NEAR: usize = 200;

impl Check {
    fn nearest<'n>(&mut self, name: &str, known: &[&'n str]) -> Option<&'n str> {
        self.asked_near += 1;
        if self.asked_near > NEAR { None } else { nearest(name, known.iter().copied()) }
    }

    fn say(&mut self, node: &Node, what: String) {
        self.findings.push(Finding::new(&SCHEMA, node.span.clone(), what));
    }

    fn node(&mut self, schema: &Json, node: &Node, path: &str) {
        let Some(schema) = resolved(schema) else { return };
        if node.tag.as_deref() == Some("!reset") {
            return;
        }
        if let Some(Json::Array(branches)) = schema.get("oneOf") {
            self.one_of(branches, node, path);
        }
        if let Some(types) = schema.get("type")
            && !names(types).iter().any(|name| has_type(node, name))
        {
            return self.say(node, wrong_type(path, node, &names(types)));
        }
        self.scalar(schema, node, path);
        self.mapping(schema, node, path);
        self.sequence(schema, node, path);
    }

    /// Of several branches the one that the value's own kind chooses is the one that was meant.
    fn one_of(&mut self, branches: &[Json], node: &Node, path: &str) {
        let fits = |branch: &&Json| {
            // What is only tried needs no help with names.
            let mut check = Self { asked_near: NEAR, ..Self::default() };
            check.node(branch, node, path);
            check.findings.is_empty()
        };
        if branches.iter().any(|branch| fits(&branch)) {
            return;
        }
        let of_kind = |branch: &&Json| {
            let schema = resolved(branch);
            let types = schema.and_then(|schema| schema.get("type")).map(names);
            types.is_none_or(|types| types.iter().any(|name| has_type(node, name)))
        };
        if let Some(branch) = branches.iter().find(of_kind) {
            return self.node(branch, node, path);
        }
        let types = branches.iter().filter_map(|one| resolved(one)?.get("type"));
        let types: Vec<&str> = types.flat_map(names).collect();
        self.say(node, wrong_type(path, node, &types));
    }

    fn scalar(&mut self, schema: &Map<String, Json>, node: &Node, path: &str) {
        let Some(scalar) = node.scalar().filter(|scalar| !scalar.is_open()) else { return };
        if let Some(Json::Array(words)) = schema.get("enum")
            && !words.iter().any(|word| word.as_str() == Some(&scalar.text))
        {
            let words: Vec<_> = words.iter().filter_map(Json::as_str).collect();
            let near = self.nearest(&scalar.text, &words);
            let near = near.map_or(String::new(), |word| format!("; did you mean `{word}`?"));
            let what = format!("`{path}` is none of {}{near}", words.join(", "));
            self.say(node, what);
        }
        let number = scalar.text.replace('_', "").parse::<f64>().ok();
        let number = number.filter(|_| matches!(scalar.kind, Kind::Int | Kind::Float));
        if let (Some(number), Some(least)) = (number, schema.get("minimum").and_then(Json::as_f64))
            && number < least
        {
            self.say(node, format!("`{path}` is less than {least}"));
        }
        if let (Some(number), Some(most)) = (number, schema.get("maximum").and_then(Json::as_f64))
            && number > most
        {
            self.say(node, format!("`{path}` is more than {most}"));
        }
        if let Some(pattern) = schema.get("pattern").and_then(Json::as_str)
            && !holds(pattern, &scalar.text)
        {
            self.say(node, format!("`{path}` has a form that is not allowed: `{pattern}`"));
        }
    }

    fn mapping(&mut self, schema: &Map<String, Json>, node: &Node, path: &str) {
        if !matches!(node.value, Value::Mapping(_)) {
            return;
        }
        let known = schema.get("properties").and_then(Json::as_object);
        let patterns = schema.get("patternProperties").and_then(Json::as_object);
        for Entry { key, value } in node.entries() {
            let inner =
                if path.is_empty() { key.text.clone() } else { format!("{path}.{}", key.text) };
            let by_name = known.and_then(|known| known.get(&key.text));
            let by_pattern = patterns.into_iter().flatten();
            let by_pattern = by_pattern.filter(|(pattern, _)| key_matches(pattern, &key.text));
            let schemas: Vec<&Json> =
                by_name.into_iter().chain(by_pattern.map(|(_, one)| one)).collect();
            match (&schemas[..], schema.get("additionalProperties")) {
                ([], Some(Json::Bool(false))) => self.unknown(key, (schema, node), path),
                ([], Some(more @ Json::Object(_))) => self.node(more, value, &inner),
                (schemas, _) => schemas.iter().for_each(|one| self.node(one, value, &inner)),
            }
        }
        for name in schema.get("required").map(names).unwrap_or_default() {
            if node.get(name).is_none() {
                self.say(node, format!("`{path}` needs the key `{name}`"));
            }
        }
    }

    fn unknown(&mut self, key: &Key, (schema, parent): (&Map<String, Json>, &Node), path: &str) {
        let known = schema.get("properties").and_then(Json::as_object);
        let mut names: Vec<&str> =
            known.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        names.retain(|name| parent.get(name).is_none());
        let place = if path.is_empty() { "at the top".to_owned() } else { format!("in `{path}`") };
        let finding = if names.is_empty() {
            let what = format!(
                "`{}` is no allowed name {place}: letters, digits, `.`, `_`, `-`",
                key.text
            );
            Finding::new(&UNKNOWN_KEY, key.span.clone(), what)
        } else {
            let what = format!("Compose knows no key `{}` {place}", key.text);
            let hint = match self.nearest(&key.text, &names) {
                Some(name) => format!("did you mean `{name}`?"),
                None => "keys of your own begin with `x-`".to_owned(),
            };
            Finding::new(&UNKNOWN_KEY, key.span.clone(), what).hint(hint)
        };
        self.findings.push(finding);
    }

    fn sequence(&mut self, schema: &Map<String, Json>, node: &Node, path: &str) {
        if let Some(items) = schema.get("items") {
            for (number, item) in node.items().iter().enumerate() {
                self.node(items, item, &format!("{path}[{number}]"));
            }
        }
        if schema.get("uniqueItems") == Some(&Json::Bool(true)) {
            let mut seen = BTreeSet::new();
            let is_joined = ["services.", "networks."].iter().any(|top| path.starts_with(top))
                && path.rsplit('.').next().is_some_and(|key| JOINED.contains(&key));
            let rule = if is_joined { &DUPLICATE_ITEM } else { &SCHEMA };
            for item in node.items() {
                if item.as_text().is_some_and(|text| !seen.insert(text)) {
                    let what = format!("`{path}` holds the same item twice");
                    self.findings.push(Finding::new(rule, item.span.clone(), what));
                }
            }
        }
    }
}

/// A schema with its reference followed.
fn resolved(schema: &Json) -> Option<&Map<String, Json>> {
    let mut schema = schema.as_object()?;
    for _ in 0..8 {
        let Some(reference) = schema.get("$ref").and_then(Json::as_str) else { break };
        schema = ROOT.pointer(reference.trim_start_matches('#'))?.as_object()?;
    }
    Some(schema)
}

fn names(types: &Json) -> Vec<&str> {
    match types {
        Json::String(name) => vec![name],
        Json::Array(names) => names.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

fn has_type(node: &Node, name: &str) -> bool {
    let kind = node.scalar().map(|scalar| scalar.kind);
    match name {
        "object" => matches!(node.value, Value::Mapping(_)),
        "array" => matches!(node.value, Value::Sequence(_)),
        "string" => kind == Some(Kind::Text),
        "boolean" => kind == Some(Kind::Bool),
        "integer" => kind == Some(Kind::Int),
        "number" => matches!(kind, Some(Kind::Int | Kind::Float)),
        "null" => kind == Some(Kind::Null),
        _ => true,
    }
}

fn wrong_type(path: &str, node: &Node, types: &[&str]) -> String {
    let noun = |name: &&str| match *name {
        "object" => "a mapping",
        "array" => "a list",
        "string" => "text",
        "boolean" => "a truth value",
        "integer" => "a whole number",
        "number" => "a number",
        _ => "nothing",
    };
    let mut wanted: Vec<_> = types.iter().map(noun).collect();
    wanted.dedup();
    let path = if path.is_empty() { "the file" } else { path };
    let quote = if wanted == ["text"] && node.scalar().is_some_and(|one| one.kind != Kind::Null) {
        "; put it in quotes"
    } else {
        ""
    };
    format!("`{path}` is {} where Compose takes {}{quote}", node.noun(), wanted.join(" or "))
}

/// The patterns of keys that the schema has.
fn key_matches(pattern: &str, key: &str) -> bool {
    match pattern {
        "^x-" => key.starts_with("x-"),
        "^[a-zA-Z0-9._-]+$" => {
            !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        }
        "^[a-z]+$" => !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase()),
        _ => !key.is_empty(),
    }
}

/// The patterns of values that the schema has; they are not anchored.
fn holds(pattern: &str, text: &str) -> bool {
    if pattern.starts_with('[') {
        let inner = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
        return text
            .as_bytes()
            .windows(2)
            .any(|two| matches!(two, [a, b] if a.is_ascii_alphanumeric() && inner(*b)));
    }
    let words = pattern.split('|').filter(|word| !word.contains('['));
    words.clone().any(|word| text.contains(word)) || is_every(text)
}

/// `every_2d`
fn is_every(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("every_") else { return false };
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.starts_with(['w', 'd', 'h', 'm', 's'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::yaml::read;

    fn told(text: &str) -> Vec<(String, String)> {
        let findings = check(&read("f", text).roots.remove(0));
        let one = |one: Finding| {
            let at = |column: u32| usize::try_from(column).unwrap() - 1;
            let place: String = text.chars().skip(at(one.span.start.column)).take(12).collect();
            (place, format!("{}|{}", one.message, one.hint))
        };
        findings.into_iter().map(one).collect()
    }

    #[test]
    fn violations_have_their_place_and_words() {
        for (text, expected) in [
            (
                "services: {a: {enviroment: {}}}",
                "enviroment @ Compose knows no key `enviroment` in `services.a`|did you mean `environment`?",
            ),
            (
                "servces: {}",
                "servces @ Compose knows no key `servces` at the top|did you mean `services`?",
            ),
            (
                "services: {a: {image: 5}}",
                "5 @ `services.a.image` is a whole number where Compose takes text; put it in quotes|",
            ),
            (
                "services: {a: {ports: x}}",
                "x @ `services.a.ports` is text where Compose takes a list|",
            ),
            (
                "services: {a: {depends_on: {b: {condition: healthy}}}}",
                "healthy @ `services.a.depends_on.b.condition` is none of service_started, service_healthy, service_completed_successfully",
            ),
            (
                "services: {a: {depends_on: {b: {}}}}",
                "{}}}} @ `services.a.depends_on.b` needs the key `condition`|",
            ),
            (
                "services: {a: {cpu_percent: 200}}",
                "200 @ `services.a.cpu_percent` is more than 100|",
            ),
            (
                "services: {a: {healthcheck: {interval: 10}}}",
                "10 @ `services.a.healthcheck.interval` is a whole number where Compose takes text; put it in quotes|",
            ),
            (
                "services: {a: {group_add: [X, X]}}",
                "X] @ `services.a.group_add` holds the same item twice|",
            ),
            (
                "volumes: {a: {labels: [x=1, x=1]}}",
                "x=1]}} @ `volumes.a.labels` holds the same item twice|",
            ),
            (
                "services: {a b: {}}",
                "a b @ `a b` is no allowed name in `services`: letters, digits, `.`, `_`, `-`|",
            ),
            (
                "services: {a: {build: {contxt: .}}}",
                "contxt @ Compose knows no key `contxt` in `services.a.build`|did you mean `context`?",
            ),
            (
                "services: {a: {pull_policy: sometimes}}",
                "sometimes @ `services.a.pull_policy` has a form",
            ),
            (
                "services: {a: {container_name: '-'}}",
                "'-' @ `services.a.container_name` has a form",
            ),
            ("services: []", "[] @ `services` is a list where Compose takes a mapping|"),
            ("[]", "[] @ `the file` is a list where Compose takes a mapping|"),
        ] {
            assert_eq!(told(text).len(), 1, "{text}");
            let (place, words) = expected.split_once(" @ ").unwrap();
            let (found, told) = told(text).remove(0);
            assert!(found.starts_with(place) && told.starts_with(words), "{text}: {found} {told}");
        }
    }

    #[test]
    fn what_compose_takes_is_taken() {
        for text in [
            "name: x\nservices:\n  a:\n    image: b\n    ports: [80, '8080:80', {target: 80}]\n    command: [a, b]\n    x-own: 1\nx-top: [1]\n",
            "services: {a: {environment: {A: , B: 1, C: true}, build: ., env_file: [{path: x, required: false}]}}",
            "services: {a: {deploy: {replicas: '2', resources: {limits: {cpus: '0.5', memory: 1g}}}, pull_policy: every_2d}}",
            "services: {a: {healthcheck: {test: !reset null}}}",
            "networks: {a: , b: {external: true}}\nvolumes: {c: }\n",
            "services: {a: {depends_on: {b: {condition: service_healthy, restart: true}}}}",
        ] {
            assert_eq!(told(text), [], "{text}");
        }
    }

    #[test]
    fn the_schema_is_whole() {
        assert!(ROOT.pointer("/definitions/service/properties/image").is_some());
    }
}
