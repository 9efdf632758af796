//! Which builder can do what is asked.
//!
//! The engine's own builder (driver `docker`) makes one platform, attests nothing and writes no cache but one inside the
//! image, unless the engine keeps its images in containerd. All other drivers can do everything
//! (<https://docs.docker.com/build/builders/drivers/>).

use crate::domain::build::Cache;

/// What marks an engine that keeps its images in containerd, in what `docker info` says of its storage.
const STORE: &str = "io.containerd.snapshotter.v1";

/// How long the name of a builder of ours may be, in characters: part of it becomes the name of a container.
const LONGEST: usize = 60;

/// What builds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Builder {
    /// What it is called.
    pub name: String,
    /// How it runs: `docker`, `docker-container`, `kubernetes`, `remote`, `cloud`.
    pub driver: String,
}

impl Builder {
    /// Reads what `docker buildx inspect` says; `None` where it names no driver.
    pub fn parse(text: &str) -> Option<Self> {
        let field = |name: &str| {
            let mut lines = text.lines().filter_map(|line| line.split_once(':'));
            let (_, value) = lines.find(|(field, _)| field.trim() == name)?;
            Some(value.trim().to_owned()).filter(|value| !value.is_empty())
        };
        Some(Self { name: field("Name")?, driver: field("Driver")? })
    }

    /// Whether it makes several platforms, attests and writes caches. `storage` is what `docker info` says of the engine's
    /// storage.
    pub fn is_full(&self, storage: &str) -> bool {
        self.driver != "docker" || storage.contains(STORE)
    }
}

/// How much a build asks of its builder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// What every builder can do.
    Little,
    /// It is done with what the builder can do, whatever that is.
    IfThere,
    /// It is faster with a builder that can do all, and comes to the same without.
    Better,
    /// It cannot be done otherwise; what it is for, in words of the inputs.
    All(&'static str),
}

/// How much is asked. `all` is an input that asks for all, `is_to_be_known` whether it matters what the builder can do even
/// so. `is_kept` says whether the machine keeps what it built until the next run: then the engine has the results of its
/// steps nearer than any registry.
pub fn need(all: Option<&'static str>, is_to_be_known: bool, cache: Cache, is_kept: bool) -> Need {
    if let Some(what) = all {
        return Need::All(what);
    }
    match cache {
        Cache::Registry => Need::All("`cache: registry`"),
        Cache::Local => Need::All("`cache: local`"),
        Cache::Gha => Need::All("`cache: gha`"),
        Cache::Auto if !is_kept => Need::Better,
        Cache::Auto => Need::IfThere,
        Cache::Inline | Cache::Off if is_to_be_known => Need::IfThere,
        Cache::Inline | Cache::Off => Need::Little,
    }
}

/// The name of the builder of a repository: `mta-acme-shop`.
pub fn own_name(repository: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric();
    let words = repository.split(|c| !is_plain(c)).filter(|word| !word.is_empty());
    let name = std::iter::once("mta").chain(words).collect::<Vec<_>>().join("-");
    let cut = &name[..name.len().min(LONGEST)];
    cut.trim_end_matches('-').to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_builder_is_read_from_what_buildx_says() {
        let said = "Name:          default\nDriver:        docker\nLast Activity: 2026-11-30 23:05:10 +0000 UTC\n\n\
                    Nodes:\nName:             node-0\nEndpoint:         default\nStatus:           running\n";
        let builder = Builder::parse(said).unwrap();
        assert_eq!((builder.name.as_str(), builder.driver.as_str()), ("default", "docker"));
        assert!(!builder.is_full("null"));
        assert!(!builder.is_full(r#"[["Backing Filesystem","extfs"]]"#));
        assert!(builder.is_full(r#"[["driver-type","io.containerd.snapshotter.v1"]]"#));
        let other = Builder { driver: "docker-container".to_owned(), ..builder };
        assert!(other.is_full("null"));
        for nothing in ["", "Name: a", "Driver: docker", "Name:\nDriver: docker", "\0"] {
            assert_eq!(Builder::parse(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn what_is_asked_says_which_builder_is_needed() {
        let all = |need| matches!(need, Need::All(_));
        assert_eq!(need(Some("`sbom`"), false, Cache::Off, true), Need::All("`sbom`"));
        for cache in [Cache::Registry, Cache::Local, Cache::Gha] {
            assert!(all(need(None, false, cache, true)), "{cache:?}");
        }
        for cache in [Cache::Inline, Cache::Off] {
            assert_eq!(need(None, false, cache, false), Need::Little, "{cache:?}");
            assert_eq!(need(None, true, cache, false), Need::IfThere, "{cache:?}");
        }
        assert_eq!(need(None, false, Cache::Auto, true), Need::IfThere, "the engine keeps it");
        assert_eq!(need(None, false, Cache::Auto, false), Need::Better);
    }

    #[test]
    fn a_builder_of_ours_is_called_as_its_repository() {
        for (repository, name) in [
            ("acme/shop", "mta-acme-shop"),
            ("Acme/My_Shop.v2", "mta-acme-my-shop-v2"),
            ("--/é", "mta"),
            ("", "mta"),
        ] {
            assert_eq!(own_name(repository), name, "{repository}");
        }
        assert_eq!(own_name(&"a/".repeat(100)).len(), 59);
    }
}
