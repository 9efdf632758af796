//! How images are built, as the inputs say it.

use secrecy::SecretString;

use crate::actions::build_push::faults::{Faults, given};
use crate::actions::build_push::scan::asked::Scans;
use crate::domain::image::Platform;
use crate::domain::input::Values;
use crate::domain::shown::visible;
use crate::domain::tags::{Immutable, Recipe};

/// How images are built.
#[derive(Clone, Debug)]
pub struct Wishes {
    /// The Dockerfile; empty for the one in the context.
    pub file: String,
    /// The stage that is wanted; empty for the last one.
    pub target: String,
    /// For what it is built; none for the engine's own platform.
    pub platforms: Vec<String>,
    /// Arguments of the Dockerfile.
    pub build_args: Vec<(String, SecretString)>,
    /// Further folders.
    pub build_contexts: Vec<String>,
    /// Labels of the user's own.
    pub labels: Vec<String>,
    /// What a step may read that nobody else may.
    pub secrets: Vec<(String, SecretString)>,
    /// Keys of steps.
    pub ssh: Vec<String>,
    /// `none` or `host`; empty for the engine's own.
    pub network: String,
    /// Whether nothing is kept from earlier builds.
    pub no_cache: bool,
    /// Whether base images are looked for in their registries also where they are here.
    pub pull: bool,
    /// What attests how it was built.
    pub provenance: String,
    /// Whether it is pushed.
    pub push: bool,
    /// When the tag of a version stays where it is.
    pub immutable: Immutable,
    /// How it is scanned.
    pub scan: Scans,
}

impl Wishes {
    /// Reads them.
    pub fn read(values: &Values, recipe: Option<&Recipe>, faults: &mut Faults) -> Self {
        let text = |name: &str| given(values, name).unwrap_or_default();
        for platform in values.list("platforms") {
            faults.keep(Platform::parse(platform).map_err(|why| format!("`platforms`: {why}")));
        }
        for (name, form) in [("labels", "name=value"), ("build-contexts", "name=path")] {
            let wrong = values
                .list(name)
                .iter()
                .find(|line| line.split_once('=').is_none_or(|(name, _)| name.trim().is_empty()));
            if let Some(line) = wrong {
                faults.add(format!(
                    "`{name}` has the line \"{}\", and wants `{form}`",
                    visible(line)
                ));
            }
        }
        for (id, _) in values.map("secrets") {
            if id.is_empty() || id.contains([',', '"', '\n']) {
                faults.add(format!(
                    "`secrets` has the name \"{}\", which no secret may have",
                    visible(id)
                ));
            }
        }
        let push = values.flag("push");
        if !push && values.text("immutable").is_some() {
            faults.add("`immutable` has no meaning with `push: false`: no tag moves");
        }
        Self {
            file: values.path("file").map(ToString::to_string).unwrap_or_default(),
            target: text("target"),
            platforms: values.list("platforms").to_vec(),
            build_args: values.map("build-args").to_vec(),
            build_contexts: values.list("build-contexts").to_vec(),
            labels: values.list("labels").to_vec(),
            secrets: values.map("secrets").to_vec(),
            ssh: values.list("ssh").to_vec(),
            network: text("network"),
            no_cache: values.flag("no-cache"),
            pull: values.flag("pull"),
            provenance: text("provenance"),
            push,
            immutable: immutable(values.text("immutable"), recipe),
            scan: Scans::read(values, faults),
        }
    }
}

/// A release is one image for ever; an environment's version may move until it was promoted.
fn immutable(word: Option<&str>, recipe: Option<&Recipe>) -> Immutable {
    match (word, recipe) {
        (Some("error"), _) | (None, Some(Recipe::Release)) => Immutable::Error,
        (Some("skip"), _) => Immutable::Skip,
        (Some("overwrite"), _) => Immutable::Overwrite,
        _ => Immutable::Promoted,
    }
}
