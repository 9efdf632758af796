//! What is built, as arguments of `docker buildx build`.
//!
//! The order of the arguments is that of docker/build-push-action, so that both can be compared: one list after another,
//! then the single ones, the context last.

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
    /// `name=value`.
    pub labels: Vec<String>,
    /// Secrets of steps.
    pub secrets: Vec<Secret>,
    /// `default`, or `id=path of a key or socket`.
    pub ssh: Vec<String>,
    /// What builds, by its name in `docker buildx ls`; empty for the one that is used now.
    pub builder: String,
    /// `none` or `host`; empty for the engine's own.
    pub network: String,
    /// Whether nothing is kept from earlier builds.
    pub no_cache: bool,
    /// Whether the base images are looked for in their registries also where they are here.
    pub pull: bool,
    /// What attests how it was built: `false`, `true`, `mode=max`; empty for what BuildKit does by itself.
    pub provenance: String,
}

impl Order {
    /// The arguments behind `docker`: the build of one image under one name, which is pushed where `push` says so.
    /// `metadata` is the file into which BuildKit writes what it made.
    pub fn arguments(&self, name: &str, push: bool, metadata: &str) -> Vec<String> {
        let mut all = vec!["buildx".to_owned(), "build".to_owned()];
        let lists: [(&str, &[String]); 5] = [
            ("--build-arg", &self.build_args),
            ("--build-context", &self.build_contexts),
            ("--cache-from", &self.cache_from),
            ("--cache-to", &self.cache_to),
            ("--label", &self.labels),
        ];
        for (flag, values) in lists {
            all.extend(values.iter().map(|value| both(flag, value)));
        }
        one(&mut all, "--file", &self.file);
        one(&mut all, "--platform", &self.platforms.join(","));
        one(&mut all, "--provenance", &self.provenance);
        for Secret { id, file } in &self.secrets {
            all.push(both("--secret", &format!("id={id},src={file}")));
        }
        all.extend(self.ssh.iter().map(|value| both("--ssh", value)));
        all.push(both("--tag", name));
        one(&mut all, "--target", &self.target);
        one(&mut all, "--builder", &self.builder);
        all.push(both("--metadata-file", metadata));
        one(&mut all, "--network", &self.network);
        let flags = [("--no-cache", self.no_cache), ("--pull", self.pull), ("--push", push)];
        all.extend(flags.into_iter().filter(|(_, is_on)| *is_on).map(|(flag, _)| flag.to_owned()));
        // What stands behind is a folder, also where it begins with a hyphen.
        let context = if self.context.is_empty() { "." } else { &self.context };
        let inside = context.starts_with('-').then(|| format!("./{context}"));
        all.push(inside.unwrap_or_else(|| context.to_owned()));
        all
    }
}

fn one(all: &mut Vec<String>, flag: &str, value: &str) {
    if !value.is_empty() {
        all.push(both(flag, value));
    }
}

/// A flag and its value as one argument: a value that begins with a hyphen is no flag then.
fn both(flag: &str, value: &str) -> String {
    format!("{flag}={value}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_asked_for_is_no_argument() {
        let plain = Order::default().arguments("r.io/a:1", false, "/t/m.json");
        assert_eq!(plain, ["buildx", "build", "--tag=r.io/a:1", "--metadata-file=/t/m.json", "."]);
        let pushed = Order { context: "backend".into(), ..Order::default() };
        let pushed = pushed.arguments("r.io/a:1", true, "/t/m.json");
        assert_eq!(pushed[4..], ["--push", "backend"]);
    }

    #[test]
    fn every_wish_is_an_argument_and_none_is_taken_for_another() {
        let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        let order = Order {
            context: "-x".into(),
            file: "docker/Dockerfile.uat".into(),
            target: "runtime".into(),
            platforms: texts(&["linux/amd64", "linux/arm64"]),
            build_args: texts(&["VERSION=1.4.0", "LIST=a,b", "--push=1"]),
            build_contexts: texts(&["docs=../docs"]),
            cache_from: texts(&["type=registry,ref=r.io/a:cache"]),
            cache_to: texts(&["type=registry,ref=r.io/a:cache,mode=max"]),
            labels: texts(&["a=b c"]),
            secrets: vec![Secret { id: "npmrc".into(), file: "/t/s/0".into() }],
            ssh: texts(&["default"]),
            builder: "wide".into(),
            network: "host".into(),
            no_cache: true,
            pull: true,
            provenance: "mode=max".into(),
        };
        insta::assert_snapshot!(order.arguments("r.io/a:1", true, "/t/m.json").join("\n"), @r"
        buildx
        build
        --build-arg=VERSION=1.4.0
        --build-arg=LIST=a,b
        --build-arg=--push=1
        --build-context=docs=../docs
        --cache-from=type=registry,ref=r.io/a:cache
        --cache-to=type=registry,ref=r.io/a:cache,mode=max
        --label=a=b c
        --file=docker/Dockerfile.uat
        --platform=linux/amd64,linux/arm64
        --provenance=mode=max
        --secret=id=npmrc,src=/t/s/0
        --ssh=default
        --tag=r.io/a:1
        --target=runtime
        --builder=wide
        --metadata-file=/t/m.json
        --network=host
        --no-cache
        --pull
        --push
        ./-x
        ");
    }
}
