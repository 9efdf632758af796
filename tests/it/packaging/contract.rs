//! The generated files are what the tables say, and the tables keep their own rules.

use std::collections::BTreeSet;
use std::path::Path;

use mta_actions::actions;
use mta_actions::domain::action::JUDGES;
use mta_actions::domain::input::{Need, check};
use mta_actions::report::docs::{Layout, files, keep_hand_written, readme};
use serde_json::Value as Yaml;

use crate::kit::mta::mta;
use crate::kit::scene::git_in;

/// Icons of Feather that the tables use; a new one is added here after a look at the list that actionlint knows.
const ICONS: [&str; 8] = [
    "alert-circle",
    "search",
    "upload-cloud",
    "archive",
    "rotate-ccw",
    "layers",
    "check-circle",
    "package",
];

const COLORS: [&str; 8] =
    ["white", "yellow", "blue", "green", "orange", "red", "purple", "gray-dark"];

fn manifests() -> Vec<(String, Yaml)> {
    [Layout::Source, Layout::Release]
        .into_iter()
        .flat_map(|layout| files(actions::ALL, layout))
        .filter(|(path, _)| path.as_str().ends_with("action.yml"))
        .map(|(path, text)| (path.to_string(), serde_saphyr::from_str(&text).unwrap()))
        .collect()
}

fn words<'a>(yaml: &'a Yaml, key: &str) -> &'a str {
    yaml[key].as_str().unwrap_or_default()
}

#[test]
fn the_files_of_the_repository_are_the_generated_ones() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (path, generated) in files(actions::ALL, Layout::Source) {
        let there = fs_err::read_to_string(root.join(&path)).ok();
        let wanted = keep_hand_written(there.as_deref(), &generated);
        assert!(there.as_deref() == Some(&wanted), "{path} differs: run `mta docs --write`");
    }
}

#[test]
fn every_manifest_has_name_description_and_branding() {
    for (path, yaml) in manifests() {
        assert!(!words(&yaml, "name").is_empty(), "{path}: name");
        assert!(!words(&yaml, "description").is_empty(), "{path}: description");
        assert!(ICONS.contains(&words(&yaml["branding"], "icon")), "{path}: icon");
        assert!(COLORS.contains(&words(&yaml["branding"], "color")), "{path}: color");
        for (name, input) in yaml["inputs"].as_object().unwrap() {
            let text = words(input, "description");
            assert!(!text.is_empty() && !text.contains("${{"), "{path}: input {name}");
        }
    }
}

#[test]
fn the_words_of_result_are_the_outcomes_of_the_action() {
    for action in actions::ALL {
        let words = action.outcomes.iter().map(|outcome| format!("`{}`", outcome.word()));
        let words: Vec<String> = words.collect();
        let (last, first) = words.split_last().unwrap();
        let doc = format!("How it ended: {} or {last}.", first.join(", "));
        assert_eq!(action.outputs[0].doc, doc, "{}", action.name);
    }
}

#[test]
fn every_output_of_a_composite_has_its_value_and_result_is_the_first() {
    for (path, yaml) in manifests() {
        let outputs = yaml["outputs"].as_object().unwrap();
        assert_eq!(outputs.keys().next().map(String::as_str), Some("result"), "{path}");
        for (name, output) in outputs {
            assert!(!words(output, "description").is_empty(), "{path}: output {name}");
            let value = format!("${{{{ steps.run.outputs.{name} }}}}");
            let wanted = if path == "docker/action.yml" { "" } else { value.as_str() };
            assert_eq!(words(output, "value"), wanted, "{path}: output {name}");
        }
    }
}

#[test]
fn no_expression_reaches_a_script_and_every_script_execs() {
    for (path, yaml) in manifests().into_iter().filter(|(path, _)| path != "docker/action.yml") {
        let steps = yaml["runs"]["steps"].as_array().unwrap();
        assert_eq!(words(&steps[0], "id"), "run", "{path}");
        for step in steps {
            let script = words(step, "run");
            assert!(!script.contains("${{"), "{path}: {script}");
            assert!(script.lines().last().unwrap().starts_with("exec \"$mta\" "), "{path}");
            assert_eq!(words(step, "shell"), "sh", "{path}");
            assert_eq!(words(&step["env"], "MTA_INPUTS"), "${{ toJSON(inputs) }}", "{path}");
        }
        let leaves_nothing =
            ["build-push/", "coverage-gate/", "validate-config/", "create-failure-issue/"];
        if leaves_nothing.iter().any(|action| path.contains(action)) {
            assert_eq!(
                steps.len(),
                1,
                "{path}: it leaves nothing that a cancel would have to put right"
            );
            continue;
        }
        assert_eq!(steps.len(), 2, "{path}: a second step recovers after a cancel");
        assert_eq!(words(&steps[1], "if"), "cancelled()", "{path}");
    }
}

/// A manifest that uses another context in these places is not loaded at all (`action_yaml.json` of the runner).
#[test]
fn expressions_stand_only_where_the_runner_takes_them() {
    for (path, yaml) in manifests() {
        for (name, input) in yaml["inputs"].as_object().unwrap() {
            let default = words(input, "default");
            let may_be = !default.contains("${{") || default == "${{ github.token }}";
            assert!(may_be, "{path}: the default of {name}: {default}");
        }
        if path == "docker/action.yml" {
            let environment = yaml["runs"]["env"].as_object().unwrap();
            let values: Vec<_> = environment.values().filter_map(|value| value.as_str()).collect();
            assert_eq!(values, ["${{ toJSON(inputs) }}"], "only `inputs` may stand there");
            assert_eq!(words(&yaml["inputs"]["token"], "default"), "${{ github.token }}");
        }
    }
}

#[test]
fn the_path_of_the_binary_fits_the_place_of_the_manifest() {
    for (path, yaml) in manifests().into_iter().filter(|(path, _)| path != "docker/action.yml") {
        let ups = "../".repeat(path.matches('/').count());
        let wanted = format!("\"$GITHUB_ACTION_PATH/{ups}dist/mta-linux-x64\"");
        assert!(words(&yaml["runs"]["steps"][0], "run").contains(&wanted), "{path}: {wanted}");
    }
}

#[test]
fn the_umbrella_sets_no_default() {
    for (path, yaml) in manifests() {
        if path == "action.yml" || path == "docker/action.yml" {
            let mut inputs = yaml["inputs"].as_object().unwrap().clone();
            if path == "docker/action.yml" {
                inputs.remove("token").unwrap();
            }
            assert!(inputs.values().all(|input| input["default"].is_null()), "{path}");
            assert_eq!(inputs["action"]["required"], true, "{path}");
        }
    }
}

#[test]
fn defaults_and_examples_are_of_their_kind() {
    for action in actions::ALL {
        for input in action.inputs {
            if let Need::Default(text) = input.need {
                check(input, text).unwrap_or_else(|fault| panic!("{}: {fault}", action.name));
            }
            assert!(!input.examples.is_empty(), "{}: {} has no example", action.name, input.name);
            for text in input.examples {
                check(input, text).unwrap_or_else(|fault| panic!("{}: {fault}", action.name));
            }
        }
    }
}

/// What a reader copies first. The actions that judge a checkout are run with it: whatever they find, it is not an input.
#[test]
fn the_first_example_of_a_readme_has_the_inputs_that_it_takes() {
    for action in actions::ALL {
        let text = readme(action);
        let (_, block) = text.split_once("```yaml\n").unwrap();
        let steps: Yaml = serde_saphyr::from_str(block.split_once("```").unwrap().0).unwrap();
        let with = steps[0]["with"].as_object().cloned().unwrap_or_default();
        assert!(with.keys().eq(action.examples[0]), "{}: {with:?}", action.name);
        if action.outcomes == JUDGES {
            let folder = tempfile::tempdir().unwrap();
            fs_err::write(folder.path().join("VERSION"), "1.4.0\n").unwrap();
            git_in(folder.path(), &["init", "-q"]);
            git_in(folder.path(), &["add", "-A"]);
            git_in(folder.path(), &["commit", "-q", "-m", "first"]);
            let mut command = mta();
            command.arg(action.name).current_dir(&folder).env("HOME", folder.path());
            // Nobody is asked anything.
            command.env("HTTPS_PROXY", "http://127.0.0.1:9");
            let output = command.env("MTA_INPUTS", Yaml::from(with).to_string()).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!matches!(output.status.code(), Some(64 | 70)), "{}: {said}", action.name);
        }
    }
}

#[test]
fn names_are_unique_and_kebab_case() {
    for action in actions::ALL {
        let inputs: Vec<_> = action.inputs.iter().map(|input| input.name).collect();
        let outputs: Vec<_> = action.outputs.iter().map(|output| output.name).collect();
        assert!(!inputs.contains(&"action"), "{}: the umbrella's own input", action.name);
        for names in [inputs, outputs] {
            let unique: BTreeSet<_> = names.iter().collect();
            assert_eq!(unique.len(), names.len(), "{}: {names:?}", action.name);
            for name in names {
                let kebab =
                    name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
                assert!(kebab && !name.starts_with('-'), "{}: {name}", action.name);
            }
        }
    }
}
