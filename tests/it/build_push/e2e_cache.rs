//! What a build finds of an earlier one when the engine has forgotten it: against Docker 26, whose own builder writes caches.

use std::process::Command;

use serde_json::Value;

use super::place::Place;
use crate::kit::engine26::Engine26;
use crate::kit::registry::{Distribution, Repository, installed};
use crate::kit::scene::Ran;

/// Two stages, whose steps need no program.
const DOCKERFILE: &str = "FROM scratch AS first\nCOPY one /\nFROM scratch\nCOPY --from=first /one /two\nCOPY VERSION /\n";

struct Shop<'a> {
    engine: &'a Engine26,
    image: String,
}

impl Shop<'_> {
    /// Builds on a branch; how many steps were there already, and of how many.
    fn build(&self, branch: &str, inputs: &[(&str, &str)]) -> (Ran, (u64, u64)) {
        let files = [("VERSION", "1.4.0\n"), ("one", "1\n"), ("Dockerfile", DOCKERFILE)];
        let place = Place::new(&files).at(&format!("refs/heads/{branch}"));
        let own = [("image", self.image.as_str()), ("mode", "build"), ("environment", "uat")];
        let inputs: Vec<_> = own.iter().chain(inputs).copied().collect();
        let ran = place.run_with(&inputs, &self.env());
        assert_eq!((ran.code, ran.output("result")), (0, "done"), "{}", ran.log);
        let json: Value = serde_json::from_str(ran.output("json")).unwrap();
        let number = |name: &str| json[0][name].as_u64().unwrap();
        let steps = (number("cached-steps"), number("steps"));
        (ran, steps)
    }

    fn env(&self) -> Vec<(&'static str, &str)> {
        let folder = std::env::var("DOCKER_CONFIG").map(|folder| &*folder.leak());
        let mut env = vec![("DOCKER_HOST", &*self.engine.host().leak())];
        env.extend(folder.map(|folder| ("DOCKER_CONFIG", folder)));
        env
    }

    /// The engine is as new: what it built is gone.
    fn forget(&self) {
        let all = ["buildx", "prune", "--all", "--force"];
        let out = Command::new("docker").args(all).envs(self.env()).output().unwrap();
        assert!(out.status.success(), "{out:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_built_before_is_found_in_the_registry_and_in_a_folder() {
    if !installed() {
        return;
    }
    let Some(engine) = Engine26::start() else { return };
    let registry = Distribution::open().await;
    let shop = Shop { engine: &engine, image: format!("{}/acme/shop", registry.host()) };
    let repository = Repository::new(&registry.url(), "acme/shop");
    assert_eq!(shop.build("main", &[]).1, (0, 3));
    let mut tags = repository.tags().await;
    tags.sort();
    let caches = ["buildcache", "buildcache-1.4.0-main", "buildcache-main"];
    assert_eq!(tags[..3], caches);
    shop.forget();
    assert_eq!(shop.build("main", &[("cache", "off")]).1, (0, 3), "nothing else keeps them");
    shop.forget();
    // Another branch finds what the default one built, steps of the first stage too, and leaves its names to it.
    let (ran, steps) = shop.build("feature/x", &[]);
    assert_eq!(steps, (3, 3), "{}", ran.log);
    let tags = repository.tags().await;
    assert!(tags.contains(&"buildcache-1.4.0-feature-x".to_owned()), "{tags:?}");
    assert_eq!(
        ran.output("tags").lines().count(),
        3,
        "a cache is no image: {}",
        ran.output("tags")
    );
    let folder = tempfile::tempdir().unwrap();
    let inputs =
        [("cache", "local"), ("cache-folder", folder.path().to_str().unwrap()), ("push", "false")];
    for there in [0, 3, 3] {
        shop.forget();
        let (ran, steps) = shop.build("main", &inputs);
        assert_eq!(steps, (there, 3), "{}", ran.log);
        let names: Vec<_> =
            fs_err::read_dir(folder.path()).unwrap().map(|one| one.unwrap().file_name()).collect();
        assert_eq!(names.len(), 1, "one takes the place of another: {names:?}");
    }
}
