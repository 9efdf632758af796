//! Short forms become long ones, so that files can be joined and rules read one form only. What has a wrong shape stays
//! as it is: the schema says so.

use crate::domain::compose::mount;
use crate::domain::compose::port;
use crate::domain::yaml::{Entry, Key, Node, Value};

/// Rewrites a whole file.
pub fn canonical(root: &mut Node) {
    let Value::Mapping(entries) = &mut root.value else { return };
    for entry in entries {
        match entry.key.text.as_str() {
            "services" => each(&mut entry.value, service),
            "networks" | "volumes" | "secrets" | "configs" => each(&mut entry.value, resource),
            _ => {}
        }
    }
}

fn each(node: &mut Node, change: fn(&mut Node)) {
    if let Value::Mapping(entries) = &mut node.value {
        for entry in entries {
            change(&mut entry.value);
        }
    }
}

/// Rewrites one service.
pub fn service(service: &mut Node) {
    let Value::Mapping(entries) = &mut service.value else { return };
    for Entry { key, value } in entries {
        match key.text.as_str() {
            "environment" | "labels" | "annotations" | "sysctls" => pairs(value),
            "ports" => items(value, port::long),
            "volumes" => items(value, mount::long),
            "depends_on" => named(value, dependency),
            "networks" | "models" => named(value, nothing),
            "env_file" => list(value, |item| wrapped(item, "path")),
            "secrets" | "configs" => items(value, |item| wrapped(item, "source")),
            "dns" | "dns_search" | "tmpfs" | "label_file" => list(value, |item| item),
            "build" => build(value),
            "deploy" => within(value, "labels", pairs),
            "extends" => *value = wrapped(value.clone(), "service"),
            _ => {}
        }
    }
}

fn build(value: &mut Node) {
    *value = wrapped(value.clone(), "context");
    within(value, "args", pairs);
    within(value, "labels", pairs);
    within(value, "additional_contexts", pairs);
    within(value, "secrets", |value| items(value, |item| wrapped(item, "source")));
}

fn within(node: &mut Node, key: &str, change: fn(&mut Node)) {
    if let Value::Mapping(entries) = &mut node.value {
        let found = entries.iter_mut().filter(|entry| entry.key.text == key);
        found.for_each(|entry| change(&mut entry.value));
    }
}

/// A network, volume, secret or config: nothing said is an empty mapping, `external: {name: x}` is `external: true`.
fn resource(node: &mut Node) {
    if node.is_null() {
        node.value = Value::Mapping(Vec::new());
    }
    let named = node.get("external").and_then(|external| external.entry("name")).cloned();
    if let Some(Entry { key, value }) = named {
        let mut external = Node::text(&key.span, "true");
        external.tag.clone_from(&node.tag);
        let at = node.entry("external").map(|entry| entry.key.clone());
        if let Some(at) = at {
            node.set(at, external);
        }
        node.set(key, value);
    }
    within(node, "labels", pairs);
}

/// `K=V` items become keys; an item without `=` has no value of its own.
fn pairs(node: &mut Node) {
    let Value::Sequence(items) = &node.value else { return };
    let mut made = Node { value: Value::Mapping(Vec::new()), ..node.clone() };
    for item in items {
        let Some(text) = item.as_template() else { continue };
        let Some((name, value)) = text.split_once('=') else {
            made.set(item.key(text), nothing(item));
            continue;
        };
        let written = item.shown().split_once('=').filter(|(name, _)| !name.contains('$'));
        let mut value = item.piece(value);
        let key = match (written, &mut value.value) {
            (Some((_, written)), Value::Scalar(scalar)) => {
                scalar.written = scalar.written.is_some().then(|| written.to_owned());
                Key::new(name, &item.span)
            }
            _ => item.key(name),
        };
        made.set(key, value);
    }
    *node = made;
}

fn items(node: &mut Node, change: impl Fn(Node) -> Node) {
    if let Value::Sequence(items) = &mut node.value {
        let old = std::mem::take(items);
        items.extend(old.into_iter().map(change));
    }
}

/// One text is a list of one.
fn list(node: &mut Node, change: fn(Node) -> Node) {
    if node.as_template().is_some() {
        let item = Node { tag: None, ..node.clone() };
        node.value = Value::Sequence(vec![item]);
    }
    items(node, change);
}

/// A text is a mapping with that one key.
fn wrapped(node: Node, key: &str) -> Node {
    if node.as_template().is_none() {
        return node;
    }
    let key = Key::new(key, &node.span);
    let tag = node.tag.clone();
    let inner = Node { tag: None, ..node };
    let mut made =
        Node::made(&inner.span.clone(), Value::Mapping(vec![Entry { key, value: inner }]));
    made.tag = tag;
    made
}

/// A list of names is a mapping of them.
fn named(node: &mut Node, value: fn(&Node) -> Node) {
    let Value::Sequence(items) = &node.value else { return };
    let mut made = Node { value: Value::Mapping(Vec::new()), ..node.clone() };
    for item in items {
        if let Some(name) = item.as_template() {
            made.set(item.key(name), value(item));
        }
    }
    *node = made;
}

fn dependency(item: &Node) -> Node {
    let key = Key::new("condition", &item.span);
    let value = Node::text(&item.span, "service_started");
    Node::made(&item.span, Value::Mapping(vec![Entry { key, value }]))
}

fn nothing(item: &Node) -> Node {
    let mut node = Node::text(&item.span, "");
    if let Value::Scalar(scalar) = &mut node.value {
        scalar.kind = crate::domain::yaml::Kind::Null;
    }
    node
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::yaml::read;

    fn long(service: &str) -> String {
        let text = format!("services:\n  w: {{{service}}}\n");
        let mut root = read("f", &text).roots.remove(0);
        canonical(&mut root);
        shown(root.get("services").unwrap().get("w").unwrap())
    }

    fn shown(node: &Node) -> String {
        match &node.value {
            Value::Scalar(scalar) => scalar.text.clone(),
            Value::Sequence(items) => {
                format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(","))
            }
            Value::Mapping(entries) => {
                let pair = |entry: &Entry| format!("{}={}", entry.key.text, shown(&entry.value));
                format!("{{{}}}", entries.iter().map(pair).collect::<Vec<_>>().join(","))
            }
        }
    }

    #[test]
    fn short_forms_become_long_ones() {
        for (short, expected) in [
            ("environment: [A=1, B, 'C=x=y']", "{environment={A=1,B=,C=x=y}}"),
            ("environment: {A: 1}", "{environment={A=1}}"),
            ("depends_on: [a]", "{depends_on={a={condition=service_started}}}"),
            ("networks: [a]", "{networks={a=}}"),
            ("env_file: .env", "{env_file=[{path=.env}]}"),
            ("env_file: [a, {path: b}]", "{env_file=[{path=a},{path=b}]}"),
            ("secrets: [a]", "{secrets=[{source=a}]}"),
            ("build: .", "{build={context=.}}"),
            ("build: {context: ., args: [A=1]}", "{build={context=.,args={A=1}}}"),
            ("dns: 1.1.1.1", "{dns=[1.1.1.1]}"),
            ("extends: base", "{extends={service=base}}"),
            ("command: [a, b]", "{command=[a,b]}"),
            ("ports: [\"80\"]", "{ports=[{target=80,protocol=tcp}]}"),
            ("volumes: [\"db:/b\"]", "{volumes=[{type=volume,source=db,target=/b}]}"),
        ] {
            assert_eq!(long(short), expected, "{short}");
        }
    }

    #[test]
    fn resources_have_one_form() {
        let mut root = read("f", "volumes: {a: , b: {external: {name: x}}}").roots.remove(0);
        canonical(&mut root);
        assert_eq!(shown(root.get("volumes").unwrap()), "{a={},b={external=true,name=x}}");
    }
}
