//! The inputs of `validate-config`.

use crate::actions::inputs::{COMPOSE_FILES, PROFILES};
use crate::domain::input::{InputSpec, Kind, Need};

/// In the order of the documentation: what most people set comes first.
pub const INPUTS: &[InputSpec] = &[
    COMPOSE_FILES,
    PROFILES,
    InputSpec {
        name: "required-files",
        kind: Kind::Lines,
        need: Need::Optional,
        doc: "Files that have to be there, one a line.",
        examples: &["VERSION\nDockerfile\n.env.example"],
    },
    InputSpec {
        name: "mode",
        kind: Kind::Choice(&["pr", "deploy"]),
        need: Need::Default("pr"),
        doc: "`pr` looks at the repository; the example of the env file stands for the host's. `deploy` runs on the host before a deploy: the env file has to be there, filled, and for nobody else to read.",
        examples: &["pr", "deploy"],
    },
    InputSpec {
        name: "fail-on",
        kind: Kind::Choice(&["error", "warning"]),
        need: Need::Default("error"),
        doc: "From which level on the step fails.",
        examples: &["warning"],
    },
    InputSpec {
        name: "rules",
        kind: Kind::Words,
        need: Need::Optional,
        doc: "Other levels for single rules, `rule=off|notice|warning|error`; `family.*` means all of a family.",
        examples: &["compose.image-unpinned=error\ncompose.limits-missing=off"],
    },
    InputSpec {
        name: "env-file",
        kind: Kind::Path,
        need: Need::Optional,
        doc: "The env file that Compose reads on the host. Without it: `.env` in the folder of the first compose file.",
        examples: &[".env", ".env.prod"],
    },
    InputSpec {
        name: "env-example",
        kind: Kind::Path,
        need: Need::Optional,
        doc: "The example of the env file. Without it: its name with `.example`, `.sample`, `.template` or `.dist`.",
        examples: &[".env.example"],
    },
    InputSpec {
        name: "addons-paths",
        kind: Kind::Lines,
        need: Need::Optional,
        doc: "Folders with Odoo modules beyond those that `odoo.conf` names. Where one of them holds `base`, a dependency that is in none of them is an error.",
        examples: &["addons\n/opt/odoo/addons"],
    },
    InputSpec {
        name: "odoo-series",
        kind: Kind::Text,
        need: Need::Optional,
        doc: "The series of Odoo. Without it: that of the image's tag.",
        examples: &["17.0"],
    },
    InputSpec {
        name: "scan-secrets",
        kind: Kind::Bool,
        need: Need::Default("true"),
        doc: "Whether every file that git has or would take is looked at for secrets.",
        examples: &["true"],
    },
    InputSpec {
        name: "output-dir",
        kind: Kind::Path,
        need: Need::Optional,
        doc: "Folder for `findings.json` and `findings.sarif`. Without it: a folder in the job's temporary one; by hand, nothing is written.",
        examples: &["validation"],
    },
];
