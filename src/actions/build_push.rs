//! `build-push`: builds images, pushes them and sets their tags; says what they will be called, and whether one is there.

use crate::actions::{Ending, World};
use crate::domain::action::{ActionSpec, AfterCancel, OutputSpec, no_rules};
use crate::domain::input::Values;
use crate::failure::Outcome;

mod asking;
mod build;
mod builder;
mod caching;
mod ending;
mod exists;
mod facts;
mod faults;
mod inputs;
mod keeping;
mod plan;
mod registries;
mod replaced;
mod scan;
mod secrets;
mod table;
#[cfg(test)]
mod tests;
mod versions;
mod wishes;
mod workshop;

use inputs::{Inputs, Mode};

/// What `build-push` is to the outside.
pub const SPEC: ActionSpec = ActionSpec {
    name: "build-push",
    about: "Builds an image, pushes it once, and lets all its tags point to it; says before which tags those are.",
    long_about: "`mode: build` finds the version of what is in the repository, makes the tags from it, builds with BuildKit, pushes \
        the image under the tag of its commit, and sets the other tags by requests to the registry, those that move \
        from release to release last: so each tag points to a whole image at any moment. `mode: plan` says all that \
        beforehand, `mode: exists` looks for one image by one request: both read only, and need no Docker engine.",
    inputs: table::INPUTS,
    examples: &[&["image", "environment", "version-from"], &["mode", "ref"]],
    outputs: OUTPUTS,
    outcomes: OUTCOMES,
    icon: "package",
    color: "blue",
    after_cancel: AfterCancel::Ends,
    rules: no_rules,
};

/// As those of an action that judges, and one for an image of which not all tags are set.
const OUTCOMES: &[Outcome] = &[
    Outcome::Done,
    Outcome::Failed,
    Outcome::NeedsPerson,
    Outcome::BadInput,
    Outcome::Bug,
    Outcome::Unavailable,
];

const OUTPUTS: &[OutputSpec] = &[
    OutputSpec {
        name: "result",
        doc: "How it ended: `done`, `failed`, `needs-person`, `bad-input`, `bug` or `unavailable`.",
    },
    OutputSpec {
        name: "version",
        doc: "The version of the first image, such as `1.4.0`; empty if no tag needs one.",
    },
    OutputSpec {
        name: "version-source",
        doc: "Where it was found: `frontend/package.json:3`, `input version`, or `tag v1.4.0`.",
    },
    OutputSpec {
        name: "tags",
        doc: "The references that point to what is built, or would, one a line: `ghcr.io/acme/shop:uat-v1.4.0`; several images one after another.",
    },
    OutputSpec {
        name: "primary-ref",
        doc: "The one of them that says most exactly what is built: by its commit, else by its version, else the first.",
    },
    OutputSpec {
        name: "kept",
        doc: "The references that stay where they are, at a higher version, one a line.",
    },
    OutputSpec {
        name: "exists",
        doc: "With `mode: exists`: `true` or `false`; empty if it could not be found out.",
    },
    OutputSpec {
        name: "digest",
        doc: "The digest of the image that was pushed (the first of several), or that exists: `sha256:...`.",
    },
    OutputSpec {
        name: "ref",
        doc: "The image that was pushed by its digest: `ghcr.io/acme/shop@sha256:...`; of several the first.",
    },
    OutputSpec {
        name: "refs",
        doc: "The references that were set, in the order in which they were, one a line.",
    },
    OutputSpec {
        name: "media-type",
        doc: "What its manifest is: of one image, or an index of several platforms.",
    },
    OutputSpec {
        name: "platforms",
        doc: "With `details: true`: its platforms, separated by commas.",
    },
    OutputSpec {
        name: "size",
        doc: "How many bytes a pull takes. Of several platforms: empty; with `mode: exists` and `details: true` that of the largest.",
    },
    OutputSpec {
        name: "scan-result",
        doc: "What the gate of the scan says: `passed`, `failed`, or `off` where there is none; empty if nothing was scanned, or it could not be found out.",
    },
    OutputSpec {
        name: "vulnerabilities",
        doc: "How many findings the scan has, as JSON: `total`, `failing` (those that count), `new`, and by severity `critical`, `high`, `medium`, `low`, `negligible`, `unknown`.",
    },
    OutputSpec { name: "sarif-file", doc: "Path of the findings as SARIF, for code scanning." },
    OutputSpec {
        name: "json",
        doc: "The whole plan as JSON: a list of `image`, `version`, `version-source`, `tags` with `tag`, `change` and `version`, and `left-out`; of a build `digest`, `ref`, `refs`, `size`, `built`, `seconds`, `steps`, `cached-steps` and `scan` too.",
    },
];

/// Builds, plans, or looks.
pub async fn run(values: &Values, world: World<'_>) -> Ending {
    let inputs = match Inputs::read(values) {
        Ok(inputs) => inputs,
        Err(failure) => return ending::of_failures(&[failure]),
    };
    let reads = async {
        match &inputs.mode {
            Mode::Build(asked, wishes) => build::story(asked, wishes, &inputs.login, world).await,
            Mode::Plan(asked) => plan::story(asked, &inputs.login, world).await,
            Mode::Exists(asked) => {
                exists::story(asked, &inputs.login, world).await.map_err(|failure| vec![failure])
            }
        }
    };
    // A build tells itself how far it came; what only reads is left where it is.
    let told = if matches!(inputs.mode, Mode::Build(..)) {
        reads.await
    } else {
        tokio::select! {
            biased;
            () = world.cancel.cancelled() => Err(vec![registries::cancelled("it had not come to its end")]),
            told = reads => told,
        }
    };
    told.unwrap_or_else(|failures| ending::of_failures(&failures))
}
