//! A composite `action.yml`, and the few expressions that our actions use. What is not known here is refused loudly:
//! a test must not pass because an expression was read as something else.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

/// One composite action.
pub struct Manifest {
    pub inputs: Vec<(String, Option<String>)>,
    pub outputs: Vec<(String, String)>,
    pub steps: Vec<Step>,
}

/// One inner step that runs a script.
pub struct Step {
    pub id: Option<String>,
    pub condition: String,
    pub shell: String,
    pub run: String,
    pub env: Vec<(String, String)>,
}

impl Manifest {
    /// Reads `action.yml` of a folder.
    pub fn read(folder: &Path) -> Self {
        let text = fs_err::read_to_string(folder.join("action.yml")).unwrap();
        let document: Value = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(document["runs"]["using"], "composite", "only composite actions are run here");
        let steps = document["runs"]["steps"].as_array().expect("runs.steps is a list");
        Self {
            inputs: table(&document["inputs"], |value| value.get("default").map(scalar)),
            outputs: table(&document["outputs"], |value| scalar(&value["value"])),
            steps: steps.iter().map(step).collect(),
        }
    }

    /// The `inputs` context: names keep the caller's spelling, defaults are added under the manifest's, names that the
    /// manifest does not know stay.
    pub fn inputs(&self, with: &[(String, String)]) -> Map<String, Value> {
        let given = |name: &str| with.iter().any(|(key, _)| key.eq_ignore_ascii_case(name));
        let defaults = self.inputs.iter().filter(|(name, _)| !given(name));
        let defaults =
            defaults.map(|(name, value)| (name.clone(), value.clone().unwrap_or_default()));
        with.iter().cloned().chain(defaults).map(|(key, value)| (key, value.into())).collect()
    }

    /// Names given that the manifest does not know: a warning, nothing more.
    pub fn unexpected(&self, with: &[(String, String)]) -> Vec<String> {
        let known = |key: &str| self.inputs.iter().any(|(name, _)| name.eq_ignore_ascii_case(key));
        with.iter().filter(|(key, _)| !known(key)).map(|(key, _)| key.clone()).collect()
    }
}

fn table<T>(value: &Value, of: impl Fn(&Value) -> T) -> Vec<(String, T)> {
    let entries = value.as_object().into_iter().flatten();
    entries.map(|(name, value)| (name.clone(), of(value))).collect()
}

fn scalar(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

fn step(value: &Value) -> Step {
    assert!(value.get("uses").is_none(), "inner `uses:` steps are not run here");
    let text = |key: &str| value.get(key).map(scalar);
    Step {
        id: text("id"),
        condition: bare(&text("if").unwrap_or_else(|| "success()".to_owned())),
        shell: text("shell").expect("a run step has a shell"),
        run: text("run").expect("a step has `run`"),
        env: table(&value["env"], scalar),
    }
}

/// A condition with or without its `${{ }}`.
fn bare(condition: &str) -> String {
    let inner = condition.trim().strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}"));
    inner.unwrap_or(condition).trim().to_owned()
}

/// What expressions are evaluated against.
pub struct Contexts {
    pub inputs: Map<String, Value>,
    pub github: BTreeMap<&'static str, String>,
    pub steps: BTreeMap<String, Vec<(String, String)>>,
}

impl Contexts {
    /// The text with every `${{ }}` replaced.
    pub fn expand(&self, text: &str) -> String {
        let mut parts = text.split("${{");
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (expression, rest) = part.split_once("}}").expect("an expression ends with }}");
            out += &self.evaluate(expression.trim());
            out += rest;
        }
        out
    }

    fn evaluate(&self, expression: &str) -> String {
        if expression.eq_ignore_ascii_case("toJSON(inputs)") {
            return serde_json::to_string_pretty(&self.inputs).unwrap();
        }
        let parts: Vec<&str> = expression.split('.').collect();
        match parts[..] {
            ["inputs", name] => {
                let found = self.inputs.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
                found.map(|(_, value)| scalar(value)).unwrap_or_default()
            }
            ["github", name] => self
                .github
                .get(name)
                .cloned()
                .unwrap_or_else(|| panic!("github.{name} is not known here")),
            ["job", "status"] => "success".to_owned(),
            ["steps", id, "outputs", name] => {
                let pairs = self.steps.get(id).map(Vec::as_slice).unwrap_or_default().iter();
                let last = pairs.rev().find(|(key, _)| key.eq_ignore_ascii_case(name));
                last.map(|(_, value)| value.clone()).unwrap_or_default()
            }
            _ => panic!("the expression '{expression}' is not known here"),
        }
    }
}
