//! What git says: the tag of the commit, a clone that lacks it, the default branch.

use serde_json::json;

use super::place::tags;
use crate::kit::scene::{Ran, Scene, git_in};

/// A repository with a commit, and a run in it whose event names no default branch.
fn scene() -> Scene {
    let scene = Scene::of("build-push");
    for name in ["work", "temp"] {
        fs_err::create_dir(scene.path(name)).unwrap();
    }
    scene.git(&["init", "-q", "-b", "trunk"]);
    scene.write("app.py", "");
    scene.commit("first");
    scene
}

fn planned(scene: &Scene, inputs: &[(&str, &str)]) -> Ran {
    let all = [("image", "acme/shop"), ("mode", "plan"), ("offline", "true")];
    let inputs: Vec<(&str, &str)> = inputs.iter().copied().chain(all).collect();
    let sha = scene.git(&["rev-parse", "HEAD"]);
    scene.run_with(
        "push",
        &json!({}),
        &inputs,
        &[("GITHUB_SHA", &sha), ("GITHUB_REF", "refs/heads/trunk")],
    )
}

#[test]
fn the_tag_of_the_commit_is_its_version() {
    let scene = scene();
    let from = [("version-from", "git"), ("tags", "{{version}}")];
    planned(&scene, &from).says("the commit has no tag that is a version");
    scene.git(&["tag", "v1.2.3-rc.1"]);
    assert_eq!(tags(&planned(&scene, &from)), ["1.2.3-rc.1"]);
    scene.git(&["tag", "-a", "-m", "release", "v1.2.3"]);
    let ran = planned(&scene, &from);
    assert_eq!(
        (tags(&ran).join(" ").as_str(), ran.output("version-source")),
        ("1.2.3", "tag v1.2.3")
    );
    // A later commit is not that version.
    scene.commit("second");
    let ran = planned(&scene, &from);
    assert_eq!(ran.code, 64);
    ran.says("it comes after v1.2.3, and is not that version");
    // Nor is it known in a clone without history and tags.
    let origin = format!("file://{}", scene.path("work").display());
    let shallow = Scene::of("build-push");
    fs_err::create_dir(shallow.path("temp")).unwrap();
    git_in(
        scene.path("").as_path(),
        &["clone", "-q", "--depth=1", "--no-tags", &origin, shallow.path("work").to_str().unwrap()],
    );
    planned(&shallow, &from).says("`fetch-depth: 0`");
}

#[test]
fn latest_is_of_the_default_branch_that_the_clone_knows() {
    let scene = scene();
    scene.write("VERSION", "1.4.0");
    scene.commit("version");
    let release = [("tag-set", "release")];
    let ran = planned(&scene, &release);
    assert!(!tags(&ran).contains(&"latest".to_owned()), "{}", ran.log);
    ran.says("the default branch is not known");
    let origin = format!("file://{}", scene.path("work").display());
    let clone = Scene::of("build-push");
    fs_err::create_dir(clone.path("temp")).unwrap();
    git_in(
        scene.path("").as_path(),
        &["clone", "-q", &origin, clone.path("work").to_str().unwrap()],
    );
    let ran = planned(&clone, &release);
    assert!(tags(&ran).contains(&"latest".to_owned()), "{}", ran.log);
}
