//! From text to trees, bounded: at most `WEIGHT` after aliases, `WIDTH` keys in a mapping, `DEPTH` levels.

use std::collections::BTreeMap;
use std::sync::Arc;

use granit_parser::{
    Event, Marker, Options, Parser, ScalarStyle, Span as Found, StructureStyle, Tag,
};

use crate::domain::event::Level;
use crate::domain::finding::{Finding, Point, Rule, Span};
use crate::domain::interpolate::HOLE;
use crate::domain::yaml::scalar::{self, Kind, Style};
use crate::domain::yaml::{Entry, Key, Node, Scalar, Value};

/// Most nodes of a file, what aliases repeat included and weighed with its text ([`Node::weight`]).
const WEIGHT: usize = 100_000;

/// Most keys of a mapping: each is compared with the others.
const WIDTH: usize = 5_000;

/// Deepest nesting.
const DEPTH: usize = 60;

/// The text is no YAML.
pub const SYNTAX: Rule = Rule {
    id: "yaml.syntax",
    level: Level::Error,
    about: "a file that is no YAML",
    help: "The file cannot be read at all, so nothing in it can be checked or deployed.",
};

/// A key stands twice in one mapping.
pub const DUPLICATE_KEY: Rule = Rule {
    id: "yaml.duplicate-key",
    level: Level::Error,
    about: "a key that stands twice in a mapping",
    help: "Compose refuses the file; other readers silently take the last one. Join the two.",
};

/// A file that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// The documents in it; none if it cannot be read or is empty.
    pub roots: Vec<Node>,
    /// What is wrong with it as YAML.
    pub findings: Vec<Finding>,
}

/// Reads a file. A file that cannot be read to its end has no roots and one finding.
pub fn read(file: &str, text: &str) -> Document {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // What stands for an unknown part must come from nowhere else.
    let held = text.contains(HOLE).then(|| text.replace(HOLE, "\u{fffd}"));
    let text = held.as_deref().unwrap_or(text);
    let mut builder = Builder::new(file, text);
    let mut options = Options::default();
    options.set_emit_comments(false);
    for next in Parser::new_from_str_with_options(text, options) {
        let step = match next {
            Ok((event, found)) => builder.take(event, found),
            Err(error) => {
                let span = Span {
                    file: builder.file.clone(),
                    start: point(error.marker()),
                    end: point(error.marker()),
                };
                Err(Finding::new(&SYNTAX, span, format!("this is no YAML: {}", error.info())))
            }
        };
        if let Err(finding) = step {
            return Document { roots: Vec::new(), findings: vec![finding] };
        }
    }
    Document { roots: builder.roots, findings: builder.findings }
}

/// A collection that is not closed yet.
struct Open {
    span: Span,
    tag: Option<Arc<str>>,
    anchor: usize,
    parts: Parts,
}

enum Parts {
    Sequence(Vec<Node>),
    Mapping {
        entries: Vec<Entry>,
        merged: Vec<Node>,
        /// The first `<<` of it.
        merge: Option<Key>,
        key: Option<Key>,
        style: StructureStyle,
    },
}

struct Builder<'a> {
    file: Arc<str>,
    /// Lines that begin with a tab behind blanks, by number: no reader of Compose takes those before a key.
    tabbed: BTreeMap<u32, &'a str>,
    open: Vec<Open>,
    roots: Vec<Node>,
    findings: Vec<Finding>,
    anchors: BTreeMap<usize, Node>,
    nodes: usize,
}

impl<'a> Builder<'a> {
    fn new(file: &str, text: &'a str) -> Self {
        let tabbed = text
            .lines()
            .zip(1..)
            .filter(|(line, _)| line.trim_start_matches(' ').starts_with('\t'));
        Self {
            file: file.into(),
            tabbed: tabbed.map(|(line, number)| (number, line)).collect(),
            open: Vec::new(),
            roots: Vec::new(),
            findings: Vec::new(),
            anchors: BTreeMap::new(),
            nodes: 0,
        }
    }

    fn span(&self, found: Found) -> Span {
        Span { file: self.file.clone(), start: point(&found.start), end: point(&found.end) }
    }

    fn take(&mut self, event: Event<'_>, found: Found) -> Result<(), Finding> {
        let span = self.span(found);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let (scalar, tag) = scalar_of(text.into_owned(), style, tag.as_deref());
                self.add(Node { span, tag, value: Value::Scalar(scalar) }, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.begin(span, anchor, (own_tag(tag.as_deref()), Parts::Sequence(Vec::new())))
            }
            Event::MappingStart(style, anchor, tag) => {
                let (entries, merged) = (Vec::new(), Vec::new());
                let parts = Parts::Mapping { entries, merged, merge: None, key: None, style };
                self.begin(span, anchor, (own_tag(tag.as_deref()), parts))
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(&span),
            Event::Alias(id) => match self.anchors.get(&id).cloned() {
                Some(node) => {
                    self.count(node.weight(), &span)?;
                    self.add(node, 0)
                }
                None => Err(Finding::new(&SYNTAX, span, "an alias inside of its own anchor")),
            },
            _ => Ok(()),
        }
    }

    fn begin(
        &mut self,
        span: Span,
        anchor: usize,
        (tag, parts): (Option<Arc<str>>, Parts),
    ) -> Result<(), Finding> {
        if self.open.len() >= DEPTH {
            let what = format!("it is nested deeper than {DEPTH} levels");
            return Err(Finding::new(&SYNTAX, span, what));
        }
        self.open.push(Open { span, tag, anchor, parts });
        Ok(())
    }

    fn end(&mut self, end: &Span) -> Result<(), Finding> {
        let Some(Open { mut span, tag, anchor, parts }) = self.open.pop() else { return Ok(()) };
        span.end = end.end;
        let value = match parts {
            Parts::Sequence(items) => Value::Sequence(items),
            Parts::Mapping { entries, merged, .. } => {
                let entries = with_merged(entries, merged)?;
                Value::Mapping(entries)
            }
        };
        self.add(Node { span, tag, value }, anchor)
    }

    /// A node is complete: it belongs to the innermost open collection.
    fn add(&mut self, node: Node, anchor: usize) -> Result<(), Finding> {
        self.count(1, &node.span)?;
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.roots.push(node);
            return Ok(());
        };
        match &mut open.parts {
            Parts::Sequence(items) => items.push(node),
            Parts::Mapping { entries, merged, merge, key, style } => match key.take() {
                None if *style == StructureStyle::Block
                    && is_behind_tab(&self.tabbed, &node.span) =>
                {
                    let what = "a tab stands where only blanks may indent";
                    return Err(Finding::new(&SYNTAX, node.span, what));
                }
                None if entries.len() >= WIDTH => {
                    let what = format!("a mapping has more than {WIDTH} keys");
                    return Err(Finding::new(&SYNTAX, node.span, what));
                }
                None => *key = Some(key_of(node)?),
                Some(key) if key.text == "<<" => {
                    self.findings.extend(repeated(merge.iter(), &key));
                    merge.get_or_insert(key);
                    merged.push(node);
                }
                Some(key) => {
                    self.findings.extend(repeated(entries.iter().map(|entry| &entry.key), &key));
                    entries.retain(|entry| entry.key.text != key.text);
                    entries.push(Entry { key, value: node });
                }
            },
        }
        Ok(())
    }

    fn count(&mut self, nodes: usize, span: &Span) -> Result<(), Finding> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > WEIGHT {
            let what = format!("it has more than {WEIGHT} values, those of aliases included");
            return Err(Finding::new(&SYNTAX, span.clone(), what));
        }
        Ok(())
    }
}

/// Merge keys: what the mapping says itself is stronger, then the earlier ones.
fn with_merged(mut entries: Vec<Entry>, merged: Vec<Node>) -> Result<Vec<Entry>, Finding> {
    for node in merged {
        let sources = match node.value {
            Value::Sequence(items) => items,
            _ => vec![node],
        };
        for source in sources {
            let Value::Mapping(more) = source.value else {
                let what = "a merge key `<<` takes a mapping or a list of mappings";
                return Err(Finding::new(&SYNTAX, source.span, what));
            };
            for entry in more {
                if entries.len() >= WIDTH {
                    let what =
                        format!("a mapping has more than {WIDTH} keys, merged ones included");
                    return Err(Finding::new(&SYNTAX, entry.key.span, what));
                }
                if !entries.iter().any(|known| known.key.text == entry.key.text) {
                    entries.push(entry);
                }
            }
        }
    }
    Ok(entries)
}

fn repeated<'a>(mut before: impl Iterator<Item = &'a Key>, key: &Key) -> Option<Finding> {
    let first = before.find(|one| one.text == key.text)?;
    let line = first.span.start.line;
    let what = format!("the key `{}` stands here again; the first is in line {line}", key.text);
    let hint = if key.text == "<<" {
        "merge several with one key: `<<: [*a, *b]`"
    } else {
        "join the two, or delete one"
    };
    Some(Finding::new(&DUPLICATE_KEY, key.span.clone(), what).hint(hint))
}

fn is_behind_tab(tabbed: &BTreeMap<u32, &str>, span: &Span) -> bool {
    let before = (span.start.column as usize).saturating_sub(1);
    tabbed
        .get(&span.start.line)
        .is_some_and(|line| line.chars().take(before).all(char::is_whitespace))
}

fn key_of(node: Node) -> Result<Key, Finding> {
    match node.value {
        Value::Scalar(scalar) => Ok(Key::new(scalar.text, &node.span)),
        _ => Err(Finding::new(&SYNTAX, node.span, "a key is a list or a mapping, not text")),
    }
}

fn scalar_of(text: String, style: ScalarStyle, tag: Option<&Tag>) -> (Scalar, Option<Arc<str>>) {
    let style = match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
        _ => Style::Block,
    };
    let plain = if style == Style::Plain { scalar::kind(&text) } else { Kind::Text };
    let kind = match tag.and_then(Tag::core_suffix) {
        Some("str") => Kind::Text,
        Some("int") => Kind::Int,
        Some("float") => Kind::Float,
        Some("bool") => Kind::Bool,
        Some("null") => Kind::Null,
        _ => plain,
    };
    (Scalar { text, kind, style, written: None }, own_tag(tag))
}

fn own_tag(tag: Option<&Tag>) -> Option<Arc<str>> {
    let tag = tag?;
    if tag.core_suffix().is_some() {
        return None;
    }
    Some(format!("!{}", tag.suffix()).into())
}

fn point(marker: &Marker) -> Point {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Point { line: number(marker.line()), column: number(marker.col()).saturating_add(1) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn root(text: &str) -> Node {
        let document = read("f", text);
        assert_eq!(document.findings, [], "{text}");
        document.roots.into_iter().next().unwrap()
    }

    fn told(text: &str) -> Vec<String> {
        let findings = read("f", text).findings;
        findings.iter().map(|one| format!("{:?} {}", one.span, one.message)).collect()
    }

    #[test]
    fn keys_and_values_know_their_place() {
        let root = root("a: 1\nb:\n  - 'x y'\n  - é: z\n");
        assert_eq!(format!("{:?}", root.entry("b").unwrap().key.span), "f:2:1-2:2");
        let items = root.get("b").unwrap().items();
        assert_eq!(format!("{:?}", items[0].span), "f:3:5-3:10");
        assert_eq!(items[0].as_text(), Some("x y"));
        assert_eq!(format!("{:?}", items[1].get("é").unwrap().span), "f:4:8-4:9");
        assert_eq!(root.get("a").unwrap().scalar().unwrap().int(), Some(1));
    }

    #[test]
    fn aliases_and_merge_keys_are_resolved() {
        let root =
            root("x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz: {<<: [*x, *y], a: 9}\nl: [*x]\n");
        let pairs: Vec<_> = root
            .get("z")
            .unwrap()
            .entries()
            .iter()
            .map(|one| (one.key.text.as_str(), one.value.as_text().unwrap()))
            .collect();
        assert_eq!(pairs, [("a", "9"), ("b", "2"), ("c", "4")]);
        assert_eq!(root.get("l").unwrap().items()[0].get("a").unwrap().span.start.line, 1);
    }

    #[test]
    fn tags_of_compose_are_kept_and_those_of_yaml_obeyed() {
        let root = root("a: !reset null\nb: !override [1]\nc: !!str 12\n");
        assert_eq!(root.get("a").unwrap().tag.as_deref(), Some("!reset"));
        assert_eq!(root.get("b").unwrap().tag.as_deref(), Some("!override"));
        assert_eq!(root.get("c").unwrap().scalar().unwrap().kind, Kind::Text);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, expected) in [
            ("a: 1\na: 2\n", "f:2:1-2:2 the key `a` stands here again; the first is in line 1"),
            (
                "a: &a {x: 1}\nb: &b {y: 2}\nc:\n  <<: *a\n  <<: *b\n",
                "f:5:3-5:5 the key `<<` stands here again; the first is in line 4",
            ),
            ("a: &x {b: *x}\n", "f:1:"),
            ("<<: 3\n", "f:1:5-1:6 a merge key"),
            ("[a]: 3\n", "f:1:"),
            ("a: [1\nb: 2\n", "f:2:"),
            ("\tb: 2\n", "f:1:"),
        ] {
            let told = told(text);
            assert!(told.len() == 1 && told[0].starts_with(expected), "{text}: {told:?}");
        }
        assert_eq!(told("# only a comment\n"), [""; 0]);
        assert_eq!(read("f", "a: 1\n---\nb: 2\n").roots.len(), 2);
    }

    #[test]
    fn a_bomb_is_refused() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..9 {
            let line: Vec<_> = std::iter::repeat_n(format!("*a{}", level - 1), 9).collect();
            bomb.push_str(&format!("a{level}: &a{level} [{}]\n", line.join(", ")));
        }
        assert!(told(&bomb)[0].contains("more than 100000 values"));
        assert!(
            told(&"[".repeat(1_000))[0].contains("60 levels")
                || !told(&"[".repeat(1_000)).is_empty()
        );
    }

    #[test]
    fn files_are_bounded_in_width_and_in_text_that_aliases_repeat() {
        let wide: String = (0..=5_000).map(|number| format!("k{number}: 1\n")).collect();
        assert!(told(&wide)[0].contains("more than 5000 keys"));
        let merged: String = (0..3_000).map(|number| format!("k{number}: 1, ")).collect();
        let merged = format!("a: &a {{{merged}}}\nb: {{<<: *a, {}}}\n", merged.replace('k', "j"));
        assert!(told(&merged)[0].contains("merged ones included"));
        let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(100_000), "*a, ".repeat(200));
        assert!(told(&long)[0].contains("more than 100000 values"));
        let held = read("f", "a: x\u{fdd0}y\n").roots.remove(0);
        assert_eq!(held.get("a").unwrap().as_text(), Some("x\u{fffd}y"));
    }

    #[test]
    fn a_part_of_a_scalar_has_a_place_where_it_can_be_told() {
        let root = root("a: 'x${Y}'\nb: \"x\\t${Y}\"\nc: |\n  ${Y}\nd: x${Y}\n");
        let part = |key: &str| {
            let part = crate::domain::yaml::part(root.get(key).unwrap(), 1, 5);
            format!("{part:?}")
        };
        assert_eq!(part("a"), "f:1:6-1:10");
        assert_eq!(part("d"), "f:5:5-5:9");
        assert_eq!(part("b"), "f:2:4-2:13");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn nothing_panics(text in "[a-c&*!<:{}\\[\\],'\"|>\\- \n\t#?é]{0,60}") {
            let _ = read("f", &text);
        }
    }
}
