//! The inputs and outputs of all actions together, for the umbrella.

use crate::domain::action::ActionSpec;
use crate::domain::input::{InputSpec, Need};

/// Something that several actions have under one name.
pub(super) struct Shared<'a, T> {
    /// The name.
    pub(super) name: &'static str,
    /// The actions that have it, with what each says of it.
    pub(super) of: Vec<(&'a ActionSpec, T)>,
}

/// The inputs of all actions, in the order of the first appearance.
pub(super) fn inputs<'a>(actions: &[&'a ActionSpec]) -> Vec<Shared<'a, &'static InputSpec>> {
    gather(actions, |action| action.inputs.iter().map(|input| (input.name, input)).collect())
}

/// The outputs of all actions with their documentation, in the order of the first appearance.
pub(super) fn outputs<'a>(actions: &[&'a ActionSpec]) -> Vec<Shared<'a, &'static str>> {
    gather(actions, |action| {
        action.outputs.iter().map(|output| (output.name, output.doc)).collect()
    })
}

fn gather<'a, T>(
    actions: &[&'a ActionSpec],
    of: impl Fn(&ActionSpec) -> Vec<(&'static str, T)>,
) -> Vec<Shared<'a, T>> {
    let mut all: Vec<Shared<'a, T>> = Vec::new();
    for action in actions {
        for (name, item) in of(action) {
            match all.iter_mut().find(|shared| shared.name == name) {
                Some(shared) => shared.of.push((action, item)),
                None => all.push(Shared { name, of: vec![(action, item)] }),
            }
        }
    }
    all
}

/// What an input of the umbrella says: its text once where all actions agree, else one line for each.
///
/// Defaults are told and not set: a default in the manifest would be passed to actions that do not know the input.
pub(super) fn input_doc(shared: &Shared<'_, &'static InputSpec>, all: usize) -> String {
    let lines = shared.of.iter().map(|(action, spec)| (action.name, told(spec))).collect();
    by_action(lines, all)
}

/// What an output of the umbrella says.
pub(super) fn output_doc(shared: &Shared<'_, &'static str>, all: usize) -> String {
    let lines = shared.of.iter().map(|(action, doc)| (action.name, (*doc).to_owned())).collect();
    by_action(lines, all)
}

fn told(spec: &InputSpec) -> String {
    match spec.need {
        Need::Required => format!("{} Required.", spec.doc),
        Need::Optional => spec.doc.to_owned(),
        Need::Default(text) => format!("{} Default: `{text}`.", spec.doc),
    }
}

fn by_action(lines: Vec<(&'static str, String)>, all: usize) -> String {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    let count = lines.len();
    for (name, text) in lines {
        match groups.iter_mut().find(|(known, _)| *known == text) {
            Some((_, names)) => names.push(name),
            None => groups.push((text, vec![name])),
        }
    }
    match groups.as_slice() {
        [(text, _)] if count == all => text.clone(),
        _ => {
            let lines = groups.iter().map(|(text, names)| format!("{}: {text}", names.join(", ")));
            lines.collect::<Vec<_>>().join("\n")
        }
    }
}
