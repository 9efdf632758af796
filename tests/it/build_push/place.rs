//! A checkout in which `build-push` runs, as a runner starts it.

use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};

use crate::kit::registry::{Repository, accept_all, digest};
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

/// Where Docker's plugins are, if not where they are looked for anyway.
pub fn plugins() -> Option<(&'static str, std::ffi::OsString)> {
    std::env::var_os("DOCKER_CONFIG").map(|folder| ("DOCKER_CONFIG", folder))
}

/// The digest of a manifest, of which the registry has all: what it lists, and what that lists.
pub async fn whole(repository: &Repository, reference: &str) -> String {
    let mut left = vec![("manifests", reference.to_owned())];
    let mut first = None;
    while let Some((kind, one)) = left.pop() {
        if kind == "blobs" {
            let path = format!("blobs/{one}");
            let answer = repository.request(Method::HEAD, &path).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{one} of {reference}");
            continue;
        }
        let answer = repository.manifest(&one, &accept_all()).await;
        assert_eq!(answer.status(), 200, "{one} of {reference}");
        let bytes = answer.bytes().await.unwrap();
        first.get_or_insert_with(|| digest(&bytes));
        let manifest: Value = serde_json::from_slice(&bytes).unwrap();
        for (kind, list) in [("manifests", "manifests"), ("blobs", "layers")] {
            let parts = manifest[list].as_array().into_iter().flatten();
            left.extend(parts.map(|part| (kind, part["digest"].as_str().unwrap().to_owned())));
        }
        let config = manifest["config"]["digest"].as_str();
        left.extend(config.map(|digest| ("blobs", digest.to_owned())));
    }
    first.unwrap()
}
