//! What builds on this machine, and what of the inputs it cannot do. Pure.

use crate::failure::{Failure, Outcome};

/// What to install where buildx is missing.
pub const INSTALL: &str = "install it (`docker-buildx-plugin` of Docker's repository; Debian, Ubuntu: `docker-buildx`); \
     `docker buildx version` must answer";

/// What builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Docker's plugin buildx, with the first two numbers of its version.
    Buildx(u32, u32),
    /// `docker build` without the plugin.
    Plain(Plain),
}

/// How `docker build` builds without buildx.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plain {
    /// By the BuildKit of the engine: the `docker` command before version 23 can do that itself.
    BuildKit,
    /// As before BuildKit: all that a newer `docker` command has without buildx.
    Legacy,
}

/// An input, from which version of buildx on it can be had, and what else can do it.
struct Need {
    input: &'static str,
    since: (u32, u32),
    plain: Option<Plain>,
}

const fn since(input: &'static str, since: (u32, u32)) -> Need {
    Need { input, since, plain: None }
}

const fn or(input: &'static str, plain: Plain) -> Need {
    Need { input, since: (0, 0), plain: Some(plain) }
}

/// Inputs that not everything that builds can do. Those that are not here it can.
const NEEDS: [Need; 21] = [
    since("allow", (0, 0)),
    since("annotations", (0, 12)),
    since("attests", (0, 10)),
    since("build-contexts", (0, 8)),
    since("builder", (0, 0)),
    since("buildx-args", (0, 0)),
    since("cache", (0, 0)),
    since("cache-from", (0, 0)),
    since("cache-to", (0, 0)),
    or("cgroup-parent", Plain::Legacy),
    since("no-cache-filters", (0, 8)),
    since("outputs", (0, 0)),
    since("platforms", (0, 0)),
    since("provenance", (0, 10)),
    since("sbom", (0, 10)),
    or("secret-envs", Plain::BuildKit),
    or("secret-files", Plain::BuildKit),
    or("secrets", Plain::BuildKit),
    or("shm-size", Plain::Legacy),
    or("ssh", Plain::BuildKit),
    or("ulimit", Plain::Legacy),
];

impl Way {
    /// What of these inputs cannot be had in this way, as a failure that names all of them; `None` where all can. Of the
    /// input `platforms` only several platforms count, of `provenance` only what is not `false`.
    pub fn lack(self, wanted: &[&str]) -> Option<Failure> {
        let needs = NEEDS.iter().filter(|need| wanted.contains(&need.input));
        let lacking: Vec<&Need> = needs.filter(|need| !self.can(need)).collect();
        let names: Vec<String> = lacking.iter().map(|need| format!("`{}`", need.input)).collect();
        let newest = lacking.iter().map(|need| need.since).max()?;
        let names = names.join(", ");
        Some(match self {
            Self::Buildx(major, minor) => {
                Failure::new(Outcome::Unavailable, format!("buildx {major}.{minor} is too old for {names}"))
                    .why(format!("buildx {}.{} or newer is needed", newest.0, newest.1))
                    .help("install a newer one (`docker-buildx-plugin` of Docker's repository), or leave those inputs out")
            }
            Self::Plain(_) => {
                Failure::new(Outcome::Unavailable, format!("{names} cannot be had without buildx"))
                    .why(format!("Docker's plugin buildx was not found, and {} cannot do that", self.name()))
                    .help(format!("{INSTALL}; or leave those inputs out"))
            }
        })
    }

    /// What builds, in a few words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Buildx(..) => "buildx",
            Self::Plain(Plain::BuildKit) => "`docker build` with the engine's own BuildKit",
            Self::Plain(Plain::Legacy) => "`docker build` with the builder from before BuildKit",
        }
    }

    fn can(self, need: &Need) -> bool {
        match self {
            Self::Buildx(major, minor) => (major, minor) >= need.since,
            Self::Plain(plain) => need.plain == Some(plain),
        }
    }
}

impl Plain {
    /// What a build costs that is not done by buildx.
    pub const fn costs(self) -> &'static str {
        match self {
            Self::BuildKit => {
                "no cache in the registry, one platform, no attestations or annotations, and no list of steps in the summary"
            }
            Self::Legacy => {
                "the whole context is sent for each build, stages are built one after another, `RUN --mount` and other words \
                 of newer Dockerfiles are refused; no cache in the registry, no secrets, no SSH keys, one platform, no \
                 attestations or annotations, and no list of steps in the summary"
            }
        }
    }
}

/// The way of a `docker` command that says this of its version: `Docker version 28.2.2, build e6534b4`. `None` for what is
/// no Docker, such as podman under that name.
pub fn plain(version: &str) -> Option<Plain> {
    let number = version.trim().strip_prefix("Docker version ")?;
    let (major, _) = numbers(number);
    Some(if major < 23 { Plain::BuildKit } else { Plain::Legacy })
}

/// The first two numbers of a version: 0 and 13 of `0.13.1+ds1`.
pub fn numbers(version: &str) -> (u32, u32) {
    let mut parts =
        version.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_as_they_are_written() {
        for (version, expected) in [
            ("0.13.1+ds1", (0, 13)),
            ("0.9.1", (0, 9)),
            ("1.0.0-rc1", (1, 0)),
            ("", (0, 0)),
            ("x", (0, 0)),
        ] {
            assert_eq!(numbers(version), expected, "{version}");
        }
        for (version, expected) in [
            ("Docker version 20.10.24+dfsg1, build 297e128\n", Some(Plain::BuildKit)),
            ("Docker version 23.0.0, build e92dd87", Some(Plain::Legacy)),
            ("Docker version 28.2.2, build e6534b4", Some(Plain::Legacy)),
            ("podman version 4.3.1", None),
            ("", None),
        ] {
            assert_eq!(plain(version), expected, "{version}");
        }
    }

    #[test]
    fn what_cannot_be_done_is_refused_by_name() {
        let wanted = ["annotations", "sbom", "secrets", "ulimit", "add-hosts"];
        let lack = |way: Way| way.lack(&wanted).map(|failure| failure.what);
        assert_eq!(lack(Way::Buildx(0, 12)), None);
        assert_eq!(lack(Way::Buildx(0, 11)).unwrap(), "buildx 0.11 is too old for `annotations`");
        let old = Way::Buildx(0, 9).lack(&wanted).unwrap();
        assert_eq!(old.what, "buildx 0.9 is too old for `annotations`, `sbom`");
        assert_eq!(old.why, "buildx 0.12 or newer is needed");
        assert_eq!(
            lack(Way::Plain(Plain::BuildKit)).unwrap(),
            "`annotations`, `sbom`, `ulimit` cannot be had without buildx"
        );
        assert_eq!(
            lack(Way::Plain(Plain::Legacy)).unwrap(),
            "`annotations`, `sbom`, `secrets` cannot be had without buildx"
        );
        for way in [Way::Buildx(0, 1), Way::Plain(Plain::BuildKit), Way::Plain(Plain::Legacy)] {
            assert_eq!(way.lack(&[]), None);
            assert_eq!(way.lack(&["add-hosts", "network"]), None);
        }
        let failure = Way::Plain(Plain::Legacy).lack(&["ssh"]).unwrap();
        assert!(failure.to_string().contains("docker-buildx"), "{failure}");
    }
}
