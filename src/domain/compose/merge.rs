//! One compose file over another, both with long forms only (see `canonical`), by the rules of the Compose
//! Specification (13-merge): mappings are joined, lists get longer, some lists have keys, some values are replaced.

use std::collections::BTreeMap;

use crate::domain::compose::rules::MERGE;
use crate::domain::finding::Finding;
use crate::domain::yaml::{Entry, Node, Value};

/// Puts `over` on top of `base`. What cannot be joined is a finding, and `base` keeps what it had.
pub fn merge(base: &mut Node, over: Node, findings: &mut Vec<Finding>) {
    Merge { findings, path: Vec::new() }.node(base, over);
}

/// Takes away what `!reset` marks and the marks of `!override`, in a file that is the base of others.
pub fn settle(node: &mut Node) {
    match &mut node.value {
        Value::Mapping(entries) => {
            entries.retain(|entry| !is(&entry.value, "!reset"));
            for entry in entries {
                settle(&mut entry.value);
            }
        }
        Value::Sequence(items) => {
            items.retain(|item| !is(item, "!reset"));
            items.iter_mut().for_each(settle);
        }
        Value::Scalar(_) => {}
    }
    node.tag = None;
}

fn is(node: &Node, tag: &str) -> bool {
    node.tag.as_deref() == Some(tag)
}

struct Merge<'a> {
    findings: &'a mut Vec<Finding>,
    path: Vec<String>,
}

impl Merge<'_> {
    fn node(&mut self, base: &mut Node, mut over: Node) {
        if is(&over, "!override") || self.replaces() {
            settle(&mut over);
            *base = over;
            return;
        }
        if over.is_null() {
            return;
        }
        let span = over.span.clone();
        match (&mut base.value, over.value) {
            (Value::Mapping(_), Value::Mapping(entries)) => self.mapping(base, entries),
            (Value::Sequence(items), Value::Sequence(more)) => {
                let key = self.item_key();
                let places = items.iter().enumerate().filter_map(|(at, one)| Some((key(one)?, at)));
                let mut places: BTreeMap<String, usize> = places.collect();
                for mut item in more {
                    settle(&mut item);
                    let own = key(&item);
                    let known = own.as_ref().and_then(|own| places.get(own)).copied();
                    if let Some(place) = known.and_then(|at| items.get_mut(at)) {
                        *place = item;
                    } else {
                        places.extend(own.map(|own| (own, items.len())));
                        items.push(item);
                    }
                }
            }
            (Value::Scalar(_), value) => *base = Node { span, tag: None, value },
            (_, value) => {
                let over = Node { span, tag: None, value };
                let (path, former) = (self.path.join("."), base.span.clone());
                let what = format!(
                    "`{path}` is {} here and {} in {}:{}: the two cannot be joined",
                    over.noun(),
                    base.noun(),
                    former.file,
                    former.start.line
                );
                self.findings.push(
                    Finding::new(&MERGE, over.span, what)
                        .hint("write both in the same form, or put `!override` before the value"),
                );
            }
        }
    }

    fn mapping(&mut self, base: &mut Node, entries: Vec<Entry>) {
        if self.is_other_logging(base, &entries) {
            base.value = Value::Mapping(entries);
            return;
        }
        for Entry { key, mut value } in entries {
            if is(&value, "!reset") {
                base.remove(&key.text);
                continue;
            }
            let Value::Mapping(known) = &mut base.value else { return };
            match known.iter_mut().find(|entry| entry.key.text == key.text) {
                Some(known) if !key.text.starts_with("x-") => {
                    self.path.push(key.shown().to_owned());
                    self.node(&mut known.value, value);
                    self.path.pop();
                }
                _ => {
                    settle(&mut value);
                    base.set(key, value);
                }
            }
        }
    }

    /// Options of one logging driver mean nothing to another.
    fn is_other_logging(&self, base: &Node, entries: &[Entry]) -> bool {
        let [first, _, last] = &self.path[..] else { return false };
        let driver = entries.iter().find(|entry| entry.key.text == "driver");
        let (before, after) = (base.get("driver"), driver.map(|entry| &entry.value));
        first == "services"
            && last == "logging"
            && before.zip(after).is_some_and(|(one, other)| one.as_text() != other.as_text())
    }

    fn service_key(&self) -> Option<&str> {
        match &self.path[..] {
            [first, _, key] if first == "services" => Some(key),
            _ => None,
        }
    }

    fn replaces(&self) -> bool {
        let test = matches!(&self.path[..], [first, _, check, key]
            if first == "services" && check == "healthcheck" && key == "test");
        test || matches!(self.service_key(), Some("command" | "entrypoint"))
    }

    /// What makes two items of the list at this path the same.
    fn item_key(&self) -> fn(&Node) -> Option<String> {
        match self.service_key() {
            Some("ports") => port_key,
            Some("volumes" | "tmpfs" | "devices") => |item| part_of(item, "target"),
            Some("secrets" | "configs") => {
                |item| part_of(item, "target").or_else(|| part_of(item, "source"))
            }
            Some("env_file") => |item| part_of(item, "path"),
            _ => |item| identity(item).map(str::to_owned),
        }
    }
}

fn part_of(item: &Node, key: &str) -> Option<String> {
    identity(item.get(key).unwrap_or(item)).map(str::to_owned)
}

/// What two values have to share to be the same: of what is not known, its variables.
fn identity(node: &Node) -> Option<&str> {
    node.as_text().or_else(|| node.as_written())
}

fn port_key(item: &Node) -> Option<String> {
    let text = |key, other: &str| item.get(key).and_then(identity).unwrap_or(other).to_owned();
    let target = identity(item.get("target")?)?;
    let (host, published, protocol) =
        (text("host_ip", "0.0.0.0"), text("published", ""), text("protocol", "tcp"));
    Some(format!("{host}:{published}:{target}/{protocol}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::yaml::read;

    /// The result as compact text, and what was found.
    fn merged(base: &str, over: &str) -> (String, Vec<String>) {
        let root = |text| read("f", text).roots.remove(0);
        let (mut base, mut findings) = (root(base), Vec::new());
        settle(&mut base);
        merge(&mut base, root(over), &mut findings);
        (shown(&base), findings.into_iter().map(|one| one.message).collect())
    }

    fn shown(node: &Node) -> String {
        match &node.value {
            Value::Scalar(scalar) => scalar.text.clone(),
            Value::Sequence(items) => {
                format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(","))
            }
            Value::Mapping(entries) => {
                let pair = |entry: &Entry| format!("{}:{}", entry.key.text, shown(&entry.value));
                format!("{{{}}}", entries.iter().map(pair).collect::<Vec<_>>().join(","))
            }
        }
    }

    #[test]
    fn each_kind_of_value_is_joined_by_its_rule() {
        for (base, over, expected) in [
            ("{a: 1}", "{a: 2, b: 3}", "{a:2,b:3}"),
            ("{a: {x: 1}}", "{a: {y: 2}}", "{a:{x:1,y:2}}"),
            ("{a: [1]}", "{a: [2, 1]}", "{a:[1,2]}"),
            ("{a: 1}", "{a: !reset null}", "{}"),
            ("{a: [1]}", "{a: !override [2]}", "{a:[2]}"),
            ("{a: !reset 1, b: 2}", "{}", "{b:2}"),
            ("{a: {x: 1}}", "{a: }", "{a:{x:1}}"),
            ("{x-a: {x: 1}}", "{x-a: {y: 1}}", "{x-a:{y:1}}"),
            (
                "{services: {w: {command: [a]}}}",
                "{services: {w: {command: b}}}",
                "{services:{w:{command:b}}}",
            ),
            (
                "{services: {w: {healthcheck: {test: [a], retries: 1}}}}",
                "{services: {w: {healthcheck: {test: [b]}}}}",
                "{services:{w:{healthcheck:{test:[b],retries:1}}}}",
            ),
            (
                "{services: {w: {volumes: [{source: a, target: /x}]}}}",
                "{services: {w: {volumes: [{source: b, target: /x}, {source: c, target: /y}]}}}",
                "{services:{w:{volumes:[{source:b,target:/x},{source:c,target:/y}]}}}",
            ),
            (
                "{services: {w: {ports: [{target: 80, published: 1}]}}}",
                "{services: {w: {ports: [{target: 80, published: 2}, {target: 80, published: 1, host_ip: 0.0.0.0}]}}}",
                "{services:{w:{ports:[{target:80,published:1,host_ip:0.0.0.0},{target:80,published:2}]}}}",
            ),
            (
                "{services: {w: {logging: {driver: a, options: {x: 1}}}}}",
                "{services: {w: {logging: {driver: b}}}}",
                "{services:{w:{logging:{driver:b}}}}",
            ),
            (
                "{services: {w: {logging: {driver: a, options: {x: 1}}}}}",
                "{services: {w: {logging: {options: {y: 1}}}}}",
                "{services:{w:{logging:{driver:a,options:{x:1,y:1}}}}}",
            ),
        ] {
            assert_eq!(merged(base, over), (expected.to_owned(), vec![]), "{base} {over}");
        }
    }

    #[test]
    fn what_cannot_be_joined_is_said() {
        let (result, told) = merged("{a: {x: 1}}", "{a: [1]}");
        assert_eq!(result, "{a:{x:1}}");
        assert_eq!(told, ["`a` is a list here and a mapping in f:1: the two cannot be joined"]);
    }
}
