//! What is built, as arguments of `docker buildx build`, or of `docker build` where there is no buildx.
//!
//! The order of the arguments is that of docker/build-push-action, so that both can be compared: what is of the build by
//! name, then what all commands of buildx have in common, the context last. `order/tests.rs` has a table of it.

use super::way::Plain;

#[cfg(test)]
mod tests;

/// A secret that a step of the build may read (`RUN --mount=type=secret,id=...`). Only where it is to be had is told: its
/// value is in no argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// By what name the Dockerfile asks for it.
    pub id: String,
    /// The file that has it.
    pub file: String,
}

/// What is built, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// The folder that is built; empty for the one in which the command runs.
    pub context: String,
    /// The Dockerfile; empty for the one in the context.
    pub file: String,
    /// The stage that is wanted; empty for the last one.
    pub target: String,
    /// For what it is built, such as `linux/arm64`; none for the engine's own platform.
    pub platforms: Vec<String>,
    /// `NAME=value`, which everybody can read in the image.
    pub build_args: Vec<String>,
    /// `name=path`, further folders.
    pub build_contexts: Vec<String>,
    /// Where results of earlier builds are: `type=registry,ref=...`.
    pub cache_from: Vec<String>,
    /// Where results are put for later builds: `type=registry,ref=...,mode=max`.
    pub cache_to: Vec<String>,
    /// `name=value`, in the image's configuration.
    pub labels: Vec<String>,
    /// `name=value` or `index:name=value`, beside the image in its manifest or index.
    pub annotations: Vec<String>,
    /// What attests how it was built.
    pub attestations: Attestations,
    /// Where the result goes, beside the registry: `type=local,dest=out`; none for the builder's own way.
    pub outputs: Vec<String>,
    /// Secrets of steps.
    pub secrets: Vec<Secret>,
    /// `default`, or `id=path of a key or socket`.
    pub ssh: Vec<String>,
    /// What builds, by its name in `docker buildx ls`; empty for the one that is used now.
    pub builder: String,
    /// What steps run in.
    pub sandbox: Sandbox,
    /// Whether nothing is kept from earlier builds.
    pub no_cache: bool,
    /// Stages of which nothing is kept from earlier builds.
    pub no_cache_filters: Vec<String>,
    /// Whether the base images are looked for in their registries also where they are here.
    pub pull: bool,
    /// Whether the image is put into the engine, also where another builder makes it.
    pub load: bool,
    /// Further arguments of buildx, each as it stands.
    pub more: Vec<String>,
}

/// What attests how an image was built, and of what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attestations {
    /// `false`, `true`, `mode=max`; empty for what BuildKit does by itself.
    pub provenance: String,
    /// `false`, `true`, `generator=image`; empty for none.
    pub sbom: String,
    /// `type=...,name=value`.
    pub others: Vec<String>,
}

/// What `RUN` steps run in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sandbox {
    /// `none` or `host`; empty for the engine's own.
    pub network: String,
    /// `host:address`, in `/etc/hosts`.
    pub add_hosts: Vec<String>,
    /// What they may do beyond the usual: `network.host`, `security.insecure`.
    pub allow: Vec<String>,
    /// Above which group of processes theirs is; empty for the engine's own.
    pub cgroup_parent: String,
    /// The size of `/dev/shm`, such as `2g`; empty for the engine's own.
    pub shm_size: String,
    /// `name=soft:hard`.
    pub ulimits: Vec<String>,
}

impl Order {
    /// The arguments behind `docker`: the build of one image under one name by buildx, which pushes it where `push` says so.
    /// `metadata` is the file into which BuildKit writes what it made.
    pub fn arguments(&self, name: &str, push: bool, metadata: &str) -> Vec<String> {
        let Self { sandbox, attestations, .. } = self;
        let mut all = vec!["buildx".to_owned(), "build".to_owned()];
        each(&mut all, "--add-host", &sandbox.add_hosts);
        each(&mut all, "--allow", &sandbox.allow);
        each(&mut all, "--annotation", &self.annotations);
        each(&mut all, "--build-arg", &self.build_args);
        each(&mut all, "--build-context", &self.build_contexts);
        each(&mut all, "--cache-from", &self.cache_from);
        each(&mut all, "--cache-to", &self.cache_to);
        one(&mut all, "--cgroup-parent", &sandbox.cgroup_parent);
        one(&mut all, "--file", &self.file);
        each(&mut all, "--label", &self.labels);
        each(&mut all, "--no-cache-filter", &self.no_cache_filters);
        each(&mut all, "--output", &self.outputs);
        one(&mut all, "--platform", &self.platforms.join(","));
        one(&mut all, "--provenance", &attestations.provenance);
        one(&mut all, "--sbom", &attestations.sbom);
        each(&mut all, "--attest", &attestations.others);
        self.secrets(&mut all);
        one(&mut all, "--shm-size", &sandbox.shm_size);
        each(&mut all, "--ssh", &self.ssh);
        all.push(both("--tag", name));
        one(&mut all, "--target", &self.target);
        each(&mut all, "--ulimit", &sandbox.ulimits);
        one(&mut all, "--builder", &self.builder);
        on(&mut all, "--load", self.load);
        all.push(both("--metadata-file", metadata));
        one(&mut all, "--network", &sandbox.network);
        on(&mut all, "--no-cache", self.no_cache);
        on(&mut all, "--pull", self.pull);
        on(&mut all, "--push", push);
        all.extend(self.more.iter().cloned());
        all.push(self.folder());
        all
    }

    /// The same by `docker build`, which pushes nothing. What it cannot do was refused before ([`super::Way::lack`]); what
    /// only makes a build faster is left out.
    pub fn plain_arguments(&self, name: &str, by: Plain) -> Vec<String> {
        let Self { sandbox, .. } = self;
        let mut all = vec!["build".to_owned()];
        each(&mut all, "--add-host", &sandbox.add_hosts);
        each(&mut all, "--build-arg", &self.build_args);
        one(&mut all, "--cgroup-parent", &sandbox.cgroup_parent);
        one(&mut all, "--file", &self.file);
        each(&mut all, "--label", &self.labels);
        one(&mut all, "--platform", &self.platforms.join(","));
        self.secrets(&mut all);
        one(&mut all, "--shm-size", &sandbox.shm_size);
        each(&mut all, "--ssh", &self.ssh);
        all.push(both("--tag", name));
        one(&mut all, "--target", &self.target);
        each(&mut all, "--ulimit", &sandbox.ulimits);
        one(&mut all, "--network", &sandbox.network);
        on(&mut all, "--no-cache", self.no_cache);
        on(&mut all, "--pull", self.pull);
        all.push(match by {
            Plain::BuildKit => "--progress=plain".to_owned(),
            // A step that fails would leave its container.
            Plain::Legacy => "--force-rm".to_owned(),
        });
        all.push(self.folder());
        all
    }

    fn secrets(&self, all: &mut Vec<String>) {
        for Secret { id, file } in &self.secrets {
            let value = format!("id={id},{}", field(&format!("src={file}")));
            all.push(both("--secret", &value));
        }
    }

    /// The context. What stands behind the flags is a folder, also where it begins with a hyphen.
    fn folder(&self) -> String {
        match self.context.as_str() {
            "" => ".".to_owned(),
            hyphen if hyphen.starts_with('-') => format!("./{hyphen}"),
            other => other.to_owned(),
        }
    }
}

fn each(all: &mut Vec<String>, flag: &str, values: &[String]) {
    all.extend(values.iter().map(|value| both(flag, value)));
}

fn one(all: &mut Vec<String>, flag: &str, value: &str) {
    if !value.is_empty() {
        all.push(both(flag, value));
    }
}

fn on(all: &mut Vec<String>, flag: &str, is_on: bool) {
    if is_on {
        all.push(flag.to_owned());
    }
}

/// A flag and its value as one argument: a value that begins with a hyphen is no flag then.
fn both(flag: &str, value: &str) -> String {
    format!("{flag}={value}")
}

/// A field of a line of CSV, which is how BuildKit reads lists within an argument.
fn field(text: &str) -> String {
    if text.contains([',', '"']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
