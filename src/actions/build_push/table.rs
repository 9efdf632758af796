//! The table of inputs.

use crate::actions::inputs::{PASSWORD, REGISTRY, USERNAME};
use crate::domain::input::{InputSpec, Kind, Need};

/// The inputs of `build-push`.
pub const INPUTS: &[InputSpec] = &[
    InputSpec {
        name: "mode",
        kind: Kind::Choice(&["plan", "exists"]),
        need: Need::Default("plan"),
        doc: "`plan` says what would be tagged; `exists` looks for the image of `ref`.",
        examples: &["exists"],
    },
    InputSpec {
        name: "image",
        kind: Kind::Lines,
        need: Need::Optional,
        doc: "The image without a tag. Several, one a line, get the same tags.",
        examples: &["ghcr.io/acme/shop", "acme/odoo"],
    },
    InputSpec {
        name: "images",
        kind: Kind::Text,
        need: Need::Optional,
        doc: "Several images, each with a version of its own: a YAML list with `image`, and as it needs them `context`, `version-from` and `version`, which count before the inputs of these names.",
        examples: &[
            "- image: ghcr.io/acme/api\n  context: api\n- image: ghcr.io/acme/web\n  version-from: web/package.json",
        ],
    },
    InputSpec {
        name: "environment",
        kind: Kind::Text,
        need: Need::Optional,
        doc: "The environment that it is built for. Its tags are `uat-latest`, `uat-v1.4.0` and `uat-1a2b3c4` (the commit).",
        examples: &["uat"],
    },
    InputSpec {
        name: "tag-class",
        kind: Kind::Text,
        need: Need::Optional,
        doc: "What the tags begin with, where that is not the name of the environment.",
        examples: &["uat"],
    },
    InputSpec {
        name: "tag-set",
        kind: Kind::Choice(&["environment", "release"]),
        need: Need::Optional,
        doc: "`environment` gives the three tags of an environment; `release` gives `1.4.0`, `1.4.0-1a2b3c4`, `latest` and the branch. Without it: `environment` where there is one, else `release`.",
        examples: &["release"],
    },
    InputSpec {
        name: "tags",
        kind: Kind::Lines,
        need: Need::Optional,
        doc: "Tags of your own instead, one a line, with `{{version}}`, `{{major}}`, `{{minor}}`, `{{sha}}`, `{{branch}}`, `{{date 'YYYYMMDD'}}`, or lines of docker/metadata-action of the types `raw`, `semver`, `ref`, `sha` and `edge`.",
        examples: &["{{version}}", "type=semver,pattern={{major}}.{{minor}}"],
    },
    InputSpec {
        name: "version-from",
        kind: Kind::Text,
        need: Need::Default("auto"),
        doc: "Where the version stands: a file with `:key` if it is not the usual one; `git` for the tag of the commit; `value` for the input `version`; `auto` for the one file in `context` that says it, all that say one must agree.",
        examples: &["VERSION", "frontend/package.json", "backend/config/__init__.py:APP_VERSION"],
    },
    InputSpec {
        name: "version",
        kind: Kind::Text,
        need: Need::Optional,
        doc: "The version itself, with `version-from: value`.",
        examples: &["1.4.0"],
    },
    InputSpec {
        name: "context",
        kind: Kind::Path,
        need: Need::Optional,
        doc: "The folder that is built, in which `version-from: auto` looks. Without it: the top of the repository.",
        examples: &["backend"],
    },
    InputSpec {
        name: "offline",
        kind: Kind::Bool,
        need: Need::Default("false"),
        doc: "Whether the registry is not asked: the plan then does not say which tags are there, and none is held back.",
        examples: &["true"],
    },
    InputSpec {
        name: "ref",
        kind: Kind::Text,
        need: Need::Optional,
        doc: "With `mode: exists`: the image, with a tag or a digest.",
        examples: &["ghcr.io/acme/shop:uat-v1.4.0"],
    },
    InputSpec {
        name: "must-exist",
        kind: Kind::Bool,
        need: Need::Default("false"),
        doc: "Whether the step fails where there is no such image. That it could not be found out is a failure always.",
        examples: &["true"],
    },
    InputSpec {
        name: "details",
        kind: Kind::Bool,
        need: Need::Default("false"),
        doc: "Whether platforms and size are found out too. It takes more requests, which Docker Hub counts as pulls.",
        examples: &["true"],
    },
    REGISTRY,
    USERNAME,
    PASSWORD,
    InputSpec {
        name: "token",
        kind: Kind::Secret,
        need: Need::Optional,
        doc: "For ghcr.io, where nothing else says who asks. Without it: the job's own token.",
        examples: &["${{ secrets.PACKAGES_TOKEN }}"],
    },
];
