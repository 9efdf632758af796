//! A checkout in which `build-push` runs, as a runner starts it.

use std::process::Command;

use serde_json::json;

use crate::kit::scene::{Ran, Scene};

/// The commit of the runs.
pub const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

/// A checkout of files, without git: the runner says commit and branch.
pub struct Place {
    scene: Scene,
    git_ref: String,
}

impl Place {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let scene = Scene::of("build-push");
        for name in ["work", "temp"] {
            fs_err::create_dir(scene.path(name)).unwrap();
        }
        for (path, text) in files {
            scene.write(path, text);
        }
        Self { scene, git_ref: "refs/heads/main".to_owned() }
    }

    /// The same on another branch, tag or pull request: `refs/tags/v1.2.3`.
    pub fn at(mut self, git_ref: &str) -> Self {
        git_ref.clone_into(&mut self.git_ref);
        self
    }

    pub fn scene(&self) -> &Scene {
        &self.scene
    }

    /// A run of `mode: plan`, if no other one is asked for.
    pub fn run(&self, inputs: &[(&str, &str)]) -> Ran {
        self.run_with(inputs, &[])
    }

    pub fn run_with(&self, inputs: &[(&str, &str)], env: &[(&str, &str)]) -> Ran {
        self.scene.ran(&self.planning(inputs).envs(env.iter().copied()).output().unwrap())
    }

    /// The same, to be started.
    pub fn planning(&self, inputs: &[(&str, &str)]) -> Command {
        let mode = [("mode", "plan")]
            .into_iter()
            .filter(|_| inputs.iter().all(|(name, _)| *name != "mode"));
        self.command(&mode.chain(inputs.iter().copied()).collect::<Vec<_>>())
    }

    /// A run, to be started.
    pub fn command(&self, inputs: &[(&str, &str)]) -> Command {
        let event = json!({"repository": {"default_branch": "main", "full_name": "org/shop"}});
        let mut command = self.scene.command("push", &event, inputs);
        command.env("GITHUB_SHA", SHA).env("GITHUB_REF", &self.git_ref).env("GITHUB_ACTOR", "ada");
        command
    }
}

/// The tags of the output, without the name of the image.
pub fn tags(ran: &Ran) -> Vec<String> {
    let references = ran.output("tags").lines();
    references.map(|reference| reference.rsplit(':').next().unwrap().to_owned()).collect()
}
