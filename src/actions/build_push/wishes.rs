//! How images are built, as the inputs say it.

use secrecy::SecretString;

use crate::actions::build_push::caching::Caching;
use crate::actions::build_push::faults::{Faults, given};
use crate::actions::build_push::scan::asked::Scans;
use crate::actions::build_push::secrets::Secrets;
use crate::domain::build::{
    Attestations, Cache, Order, Sandbox, annotation_fault, argument_fault, output_faults,
};
use crate::domain::image::Platform;
use crate::domain::input::Values;
use crate::domain::shown::visible;
use crate::domain::tags::{Immutable, Recipe};

/// Lists that have a form, and what it is: what stands between name and value, and how both are written.
const FORMS: [(&str, &[char], &str); 5] = [
    ("labels", &['='], "name=value"),
    ("build-contexts", &['='], "name=path"),
    ("add-hosts", &[':', '='], "name:address"),
    ("ulimit", &['='], "name=soft:hard"),
    ("attests", &['='], "type=..."),
];

/// How images are built.
#[derive(Clone, Debug)]
pub struct Wishes {
    /// What is the same for all images. What an image is told about itself, and its secrets, are not in it.
    pub order: Order,
    /// Arguments of the Dockerfile.
    pub build_args: Vec<(String, SecretString)>,
    /// Labels of the user's own.
    pub labels: Vec<String>,
    /// What a step may read that nobody else may.
    pub secrets: Secrets,
    /// Whether it is pushed.
    pub push: bool,
    /// When the tag of a version stays where it is.
    pub immutable: Immutable,
    /// Where results of steps are kept, and what builds.
    pub caching: Caching,
    /// How it is scanned.
    pub scan: Scans,
}

impl Wishes {
    /// Reads them.
    pub fn read(values: &Values, recipe: Option<&Recipe>, faults: &mut Faults) -> Self {
        let push = values.flag("push");
        if !push && values.text("immutable").is_some() {
            faults.add("`immutable` has no meaning with `push: false`: no tag moves");
        }
        let order = order(values);
        check(values, faults);
        check_attestations(&order.attestations, faults);
        for why in output_faults(&order.outputs, push, order.load) {
            faults.add(why);
        }
        let scan = Scans::read(values, faults);
        let mut order = order;
        if scan.runs_a_tool() && !push {
            // What is scanned is what the engine has under the name: it must be what was built.
            for why in unscanned(&order) {
                faults.add(why);
            }
            order.load |= order.outputs.is_empty();
        }
        Self {
            order,
            build_args: values.map("build-args").to_vec(),
            labels: values.list("labels").to_vec(),
            secrets: Secrets::read(values, faults),
            push,
            immutable: immutable(values.text("immutable"), recipe),
            caching: Caching::read(values, faults),
            scan,
        }
    }

    /// The first input that the engine's own builder cannot do; `None` where it can do all.
    pub fn of_a_full_builder(&self) -> Option<&'static str> {
        let Order { attestations, annotations, platforms, .. } = &self.order;
        let asked = [
            ("several `platforms`", platforms.len() > 1),
            ("`provenance`", is_wished(&attestations.provenance)),
            ("`sbom`", is_wished(&attestations.sbom)),
            ("`attests`", !attestations.others.is_empty()),
            // BuildKit would build the image, and leave them out without a word.
            ("`annotations`", !annotations.is_empty()),
        ];
        asked.into_iter().find(|(_, is_asked)| *is_asked).map(|(what, _)| what)
    }

    /// The inputs that are given and that not everything that builds can do.
    pub fn wanted(&self) -> Vec<&'static str> {
        let Order { attestations, sandbox, .. } = &self.order;
        let given = [
            ("allow", !sandbox.allow.is_empty()),
            ("annotations", !self.order.annotations.is_empty()),
            ("attests", !attestations.others.is_empty()),
            ("build-contexts", !self.order.build_contexts.is_empty()),
            ("builder", !self.caching.builder.is_empty()),
            ("buildx-args", !self.order.more.is_empty()),
            ("cache", !matches!(self.caching.cache, Cache::Auto | Cache::Off)),
            ("cache-from", !self.caching.from.is_empty()),
            ("cache-to", !self.caching.to.is_empty()),
            ("cgroup-parent", !sandbox.cgroup_parent.is_empty()),
            ("no-cache-filters", !self.order.no_cache_filters.is_empty()),
            ("outputs", !self.order.outputs.is_empty()),
            ("platforms", self.order.platforms.len() > 1),
            ("provenance", is_wished(&attestations.provenance)),
            ("sbom", is_wished(&attestations.sbom)),
            ("shm-size", !sandbox.shm_size.is_empty()),
            ("ssh", !self.order.ssh.is_empty()),
            ("ulimit", !sandbox.ulimits.is_empty()),
        ];
        let given = given.into_iter().filter(|(_, is_given)| *is_given).map(|(name, _)| name);
        given.chain(self.secrets.inputs()).collect()
    }
}

/// Why a scanner would not see what is built, where it is not pushed.
fn unscanned(order: &Order) -> Vec<String> {
    let is_in_engine = |output: &String| output.trim() == "type=docker";
    let mut why = Vec::new();
    if !order.outputs.iter().all(is_in_engine) {
        why.push("`scan` with `push: false` looks at the engine's own image, and `outputs` puts it elsewhere: leave `outputs` out");
    }
    if order.platforms.len() > 1 {
        why.push("`scan` with `push: false` looks at the engine's own image, which is of one platform: leave `platforms` out");
    }
    why.into_iter().map(str::to_owned).collect()
}

/// What is the same for all images.
fn order(values: &Values) -> Order {
    let text = |name: &str| given(values, name).unwrap_or_default();
    let list = |name: &str| values.list(name).to_vec();
    Order {
        file: values.path("file").map(ToString::to_string).unwrap_or_default(),
        target: text("target"),
        platforms: list("platforms"),
        build_contexts: list("build-contexts"),
        annotations: list("annotations"),
        attestations: Attestations {
            provenance: text("provenance"),
            sbom: text("sbom"),
            others: list("attests"),
        },
        outputs: list("outputs"),
        ssh: list("ssh"),
        sandbox: Sandbox {
            network: text("network"),
            add_hosts: list("add-hosts"),
            allow: list("allow"),
            cgroup_parent: text("cgroup-parent"),
            shm_size: text("shm-size"),
            ulimits: list("ulimit"),
        },
        no_cache: values.flag("no-cache"),
        no_cache_filters: list("no-cache-filters"),
        pull: values.flag("pull"),
        load: values.flag("load"),
        more: list("buildx-args"),
        ..Order::default()
    }
}

/// What is wrong with lines and words.
fn check(values: &Values, faults: &mut Faults) {
    for platform in values.list("platforms") {
        faults.keep(Platform::parse(platform).map_err(|why| format!("`platforms`: {why}")));
    }
    for (name, between, form) in FORMS {
        let has_form = |line: &&String| {
            line.split_once(between).is_some_and(|(name, _)| !name.trim().is_empty())
        };
        if let Some(line) = values.list(name).iter().find(|line| !has_form(line)) {
            let line = visible(line);
            faults.add(format!("`{name}` has the line \"{line}\", and wants `{form}`"));
        }
    }
    if values.flag("no-cache") && !values.list("no-cache-filters").is_empty() {
        faults.add(
            "`no-cache` and `no-cache-filters` are both given: one of them says what is meant",
        );
    }
    let annotations = values.list("annotations").iter().filter_map(|line| annotation_fault(line));
    let arguments = values.list("buildx-args").iter().filter_map(|line| argument_fault(line));
    annotations.chain(arguments).for_each(|why| faults.add(why));
    if let Some(size) = given(values, "shm-size").filter(|size| !is_size(size)) {
        let size = visible(&size);
        faults.add(format!("`shm-size` is \"{size}\", and wants a size such as `512m` or `2g`"));
    }
}

/// What `provenance` and `sbom` say, a line of `attests` may say in their place, and not too.
fn check_attestations(attestations: &Attestations, faults: &mut Faults) {
    let given =
        [("provenance", &attestations.provenance), ("sbom", &attestations.sbom)].into_iter();
    for (input, _) in given.filter(|(_, value)| !value.is_empty()) {
        let kind = format!("type={input}");
        let says = |line: &String| line.split(',').any(|field| field.trim() == kind);
        if attestations.others.iter().any(says) {
            faults.add(format!(
                "`{input}` and `{kind}` in `attests` are both given: one of them says what is meant"
            ));
        }
    }
}

/// Whether an attestation is wished: it is not without a word, or where the word is no.
fn is_wished(word: &str) -> bool {
    !matches!(word.to_lowercase().as_str(), "" | "false" | "0" | "disabled=true")
}

/// A size as Docker reads it: a number, and a unit of one or two letters.
fn is_size(text: &str) -> bool {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let has_number = unit.len() < text.len();
    has_number
        && matches!(unit.to_lowercase().as_str(), "" | "b" | "k" | "kb" | "m" | "mb" | "g" | "gb")
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
