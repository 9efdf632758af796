//! `mta recover` as the second step of an action, where there is nothing to put right or no engine to do it with.

use serde_json::json;

use crate::kit::scene::{Ran, Scene};

/// What `deploy`, `backup` and the umbrella pass, with words that other actions give another meaning.
const INPUTS: [(&str, &str); 4] =
    [("mode", "create"), ("project-name", "shop"), ("env", "not a map"), ("keep-last", "x")];

fn scene() -> Scene {
    let scene = Scene::of("recover");
    for name in ["work", "temp", "state"] {
        fs_err::create_dir(scene.path(name)).unwrap();
    }
    scene
}

/// A run where no engine answers.
fn run(scene: &Scene, more: &[(&str, &str)]) -> Ran {
    let state = scene.path("state");
    let mut inputs = INPUTS.to_vec();
    inputs.push(("state-dir", state.to_str().unwrap()));
    inputs.extend(more);
    let nowhere = format!("unix://{}", scene.path("no.sock").display());
    scene.run_with("push", &json!({}), &inputs, &[("DOCKER_HOST", &nowhere)])
}

fn record(scene: &Scene, pending: Option<&str>) {
    fs_err::create_dir_all(scene.path("state/shop")).unwrap();
    let state = json!({"version": 1, "current": null, "pending": pending, "lineage": []});
    fs_err::write(scene.path("state/shop/state.json"), state.to_string()).unwrap();
}

#[test]
fn where_nothing_was_begun_it_says_so_and_makes_nothing() {
    let scene = scene();
    let ran = run(&scene, &[]);
    assert_eq!(ran.code, 0, "{}", ran.log);
    ran.says("nothing was begun");
    assert!(ran.summary.contains("nothing was begun"), "{}", ran.summary);
    assert_eq!(fs_err::read_dir(scene.path("state")).unwrap().count(), 0);
}

#[test]
fn without_an_engine_it_is_green_where_nothing_is_pending() {
    let scene = scene();
    record(&scene, None);
    let ran = run(&scene, &[]);
    assert_eq!(ran.code, 0, "{}", ran.log);
    ran.says("nothing was left pending");
}

#[test]
fn without_an_engine_a_pending_release_is_an_error() {
    let scene = scene();
    record(&scene, Some("20261123T020304Z-1a2b3c4-4711.1"));
    let ran = run(&scene, &[]);
    assert_eq!(ran.code, 75, "{}", ran.log);
    assert!(ran.log.contains("::error"), "{}", ran.log);
}

#[test]
fn inputs_that_the_first_step_refused_do_not_make_it_fail() {
    for wrong in [("lock-wait", "soon"), ("project-name", "NO NAME"), ("state-dir", "a\0b")] {
        let scene = scene();
        let ran = scene.run("push", &json!({}), &[wrong]);
        assert_eq!(ran.code, 0, "{wrong:?}: {}", ran.log);
        ran.says("nothing was begun");
    }
}

#[test]
fn after_an_action_that_changes_nothing_there_is_nothing_to_recover() {
    for action in ["validate-config", "coverage-gate", "depoly"] {
        let scene = scene();
        record(&scene, Some("20261123T020304Z-1a2b3c4-4711.1"));
        let ran = run(&scene, &[("action", action)]);
        assert_eq!(ran.code, 0, "{action}: {}", ran.log);
    }
}

#[test]
fn by_hand_a_wrong_input_is_told() {
    let scene = scene();
    let ran = scene.by_hand(&["--lock-wait", "soon"]);
    assert_eq!(ran.code, 64, "{}", ran.log);
    ran.says("lock-wait");
    let ran = scene.by_hand(&["--project-name", "NO NAME"]);
    assert_eq!(ran.code, 64, "{}", ran.log);
}
