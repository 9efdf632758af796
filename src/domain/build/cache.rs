//! Where the results of steps are kept for later builds.
//!
//! In a registry they are an image of their own, beside those that are built. BuildKit writes it under the name that says
//! most exactly what it is of; the more general names are set to it afterwards, as tags of images are. So a new version, a
//! new branch and a new clone each find what comes nearest to them.

use crate::domain::image::{Repository, Tag};
use crate::domain::tags::clean;

/// What the names of all caches in a registry begin with.
const NAME: &str = "buildcache";

/// How BuildKit writes a cache: of all stages, in the form that every registry takes, and without failing the build.
const WRITTEN: &str = "mode=max,image-manifest=true,oci-mediatypes=true,ignore-error=true";

/// Where the results of steps are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cache {
    /// In the registry where the builder can do that, else in the image.
    Auto,
    /// In the registry, beside the image.
    Registry,
    /// In the image itself: the results of its last stage.
    Inline,
    /// In a folder of the machine.
    Local,
    /// In GitHub's cache.
    Gha,
    /// Nowhere but where the builder keeps them itself.
    Off,
}

impl Cache {
    /// The words of the input, in its order.
    pub const WORDS: [&'static str; 6] = ["auto", "registry", "inline", "local", "gha", "off"];

    /// Reads a word of the input; `auto` without one.
    pub fn of(word: Option<&str>) -> Self {
        match word {
            Some("registry") => Self::Registry,
            Some("inline") => Self::Inline,
            Some("local") => Self::Local,
            Some("gha") => Self::Gha,
            Some("off") => Self::Off,
            _ => Self::Auto,
        }
    }
}

/// What is built, as far as it says which results may be of use.
#[derive(Clone, Copy, Debug)]
pub struct Of<'a> {
    /// The version; `None` if there is none.
    pub version: Option<&'a str>,
    /// The branch, or what stands for it; `None` if it is not known.
    pub branch: Option<&'a str>,
    /// The default branch; `None` if it is not known.
    pub default_branch: Option<&'a str>,
}

/// The names of caches in a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// Those that are read, the nearest first.
    pub read: Vec<Tag>,
    /// The one that BuildKit writes.
    pub written: Tag,
    /// Those that are set to it afterwards.
    pub also: Vec<Tag>,
}

impl Names {
    /// The names for a build: of version and branch, version and default branch, branch, default branch, and of all.
    /// `None` never happens: the name of all is a tag.
    pub fn of(of: Of<'_>) -> Option<Self> {
        let branch = of.branch.or(of.default_branch);
        let both = [branch, of.default_branch];
        let with_version = both.map(|branch| name(&[of.version?, branch?]));
        let without = both.map(|branch| name(&[branch?]));
        let general = name(&[]);
        let mut read: Vec<Tag> = Vec::new();
        for tag in with_version.into_iter().chain(without).chain([general.clone()]).flatten() {
            if !read.contains(&tag) {
                read.push(tag);
            }
        }
        let is_default = branch == of.default_branch;
        let of_branch = branch.and_then(|branch| name(&[branch]));
        let mut also: Vec<Tag> =
            of_branch.into_iter().chain(general.filter(|_| is_default)).collect();
        let written = read.first()?.clone();
        also.retain(|tag| *tag != written);
        Some(Self { read, written, also })
    }
}

/// A name of these parts; `None` where they leave nothing that may stand in one.
fn name(parts: &[&str]) -> Option<Tag> {
    let all: Vec<&str> = std::iter::once(NAME).chain(parts.iter().copied()).collect();
    clean(&all.join("-"))
}

/// Whether a tag is the name of a cache, and no image's.
pub fn is_cache(tag: &Tag) -> bool {
    tag.as_str().strip_prefix(NAME).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// Arguments of `--cache-from` and `--cache-to`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Means {
    /// What is read.
    pub from: Vec<String>,
    /// What is written.
    pub to: Vec<String>,
}

impl Means {
    /// A cache in the registry. Only names that are `there` are read, where that is known. A build that is not pushed
    /// writes none.
    pub fn registry(image: &Repository, names: &Names, there: Option<&[Tag]>, push: bool) -> Self {
        let is_there = |tag: &&Tag| there.is_none_or(|there| there.contains(tag));
        let of = |tag: &Tag| format!("type=registry,ref={}", image.tagged(tag.clone()));
        Self {
            from: names.read.iter().filter(is_there).map(of).collect(),
            to: if push { vec![format!("{},{WRITTEN}", of(&names.written))] } else { Vec::new() },
        }
    }

    /// A cache in the image: read from these tags of it.
    pub fn inline(image: &Repository, tags: &[Tag], push: bool) -> Self {
        let of = |tag: &Tag| format!("type=registry,ref={}", image.tagged(tag.clone()));
        Self {
            from: tags.iter().map(of).collect(),
            to: if push { vec!["type=inline".to_owned()] } else { Vec::new() },
        }
    }

    /// A cache in a folder: read from one, if it is there, and written to another, that takes its place.
    pub fn local(from: Option<&str>, to: &str) -> Self {
        Self {
            from: from.map(|from| field("type=local", "src", from)).into_iter().collect(),
            to: vec![format!("{},mode=max", field("type=local", "dest", to))],
        }
    }

    /// GitHub's cache, under the name of the image.
    pub fn gha(image: &Repository) -> Self {
        let scope = field("type=gha", "scope", &image.familiar());
        Self { to: vec![format!("{scope},mode=max,ignore-error=true")], from: vec![scope] }
    }
}

/// A field more of a line of comma-separated values: quoted where it needs that.
fn field(line: &str, name: &str, value: &str) -> String {
    if value.contains([',', '"']) {
        format!("{line},\"{name}={}\"", value.replace('"', "\"\""))
    } else {
        format!("{line},{name}={value}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(version: Option<&str>, branch: Option<&str>, main: Option<&str>) -> String {
        let of = Of { version, branch, default_branch: main };
        let Names { read, written, also } = Names::of(of).unwrap();
        let line = |tags: &[Tag]| tags.iter().map(Tag::as_str).collect::<Vec<_>>().join(" ");
        format!("{} > {written} {}", line(&read), line(&also))
    }

    #[test]
    fn a_build_reads_what_comes_nearest_and_writes_for_those_that_come() {
        let main = Some("main");
        assert_eq!(
            names(Some("1.4.0"), Some("feature/x"), main),
            "buildcache-1.4.0-feature-x buildcache-1.4.0-main buildcache-feature-x buildcache-main buildcache \
             > buildcache-1.4.0-feature-x buildcache-feature-x"
        );
        assert_eq!(
            names(Some("1.4.0"), main, main),
            "buildcache-1.4.0-main buildcache-main buildcache > buildcache-1.4.0-main buildcache-main buildcache"
        );
        assert_eq!(
            names(None, Some("x"), main),
            "buildcache-x buildcache-main buildcache > buildcache-x "
        );
        assert_eq!(
            names(None, main, main),
            "buildcache-main buildcache > buildcache-main buildcache"
        );
        assert_eq!(names(Some("1"), None, None), "buildcache > buildcache ");
        assert_eq!(
            names(Some("1"), None, main),
            names(Some("1"), main, main),
            "a tag is of the default branch"
        );
        assert_eq!(
            names(Some("1"), Some("x"), None),
            "buildcache-1-x buildcache-x buildcache > buildcache-1-x buildcache-x",
            "what everybody reads is the default branch's"
        );
        assert_eq!(names(None, Some("é"), None), "buildcache-- buildcache > buildcache-- ");
    }

    #[test]
    fn the_name_of_a_cache_is_no_images() {
        for (tag, is_it) in [
            ("buildcache", true),
            ("buildcache-main", true),
            ("buildcache-v1.4.0", true),
            ("buildcaches", false),
            ("uat-buildcache", false),
        ] {
            assert_eq!(is_cache(&Tag::parse(tag).unwrap()), is_it, "{tag}");
        }
        let long = "x".repeat(300);
        let names = Names::of(Of { version: Some("1"), branch: Some(&long), default_branch: None })
            .unwrap();
        assert!(names.read.iter().all(is_cache));
    }

    #[test]
    fn what_is_there_is_read_and_what_is_pushed_is_written() {
        let image = Repository::parse("ghcr.io/acme/shop").unwrap();
        let names =
            Names::of(Of { version: Some("1"), branch: Some("x"), default_branch: Some("main") })
                .unwrap();
        let there = [Tag::parse("buildcache-main").unwrap(), Tag::parse("latest").unwrap()];
        let means = Means::registry(&image, &names, Some(&there), true);
        assert_eq!(means.from, ["type=registry,ref=ghcr.io/acme/shop:buildcache-main"]);
        assert_eq!(
            means.to,
            [
                "type=registry,ref=ghcr.io/acme/shop:buildcache-1-x,mode=max,image-manifest=true,oci-mediatypes=true,\
              ignore-error=true"
            ]
        );
        let means = Means::registry(&image, &names, None, false);
        assert_eq!((means.from.len(), means.to.len()), (5, 0));
        let means = Means::inline(&image, &there[1..], true);
        assert_eq!(means.from, ["type=registry,ref=ghcr.io/acme/shop:latest"]);
        assert_eq!(means.to, ["type=inline"]);
        assert_eq!(Means::inline(&image, &[], false), Means::default());
        let means = Means::local(None, "/c/a,b");
        assert_eq!(
            (means.from.len(), means.to[0].as_str()),
            (0, "type=local,\"dest=/c/a,b\",mode=max")
        );
        assert_eq!(Means::local(Some("/c"), "/d").from, ["type=local,src=/c"]);
        let means = Means::gha(&image);
        assert_eq!(means.from, ["type=gha,scope=ghcr.io/acme/shop"]);
        assert_eq!(means.to, ["type=gha,scope=ghcr.io/acme/shop,mode=max,ignore-error=true"]);
    }

    #[test]
    fn every_word_is_read() {
        let all = Cache::WORDS.map(|word| Cache::of(Some(word)));
        let first =
            [Cache::Auto, Cache::Registry, Cache::Inline, Cache::Local, Cache::Gha, Cache::Off];
        assert_eq!(all, first);
        assert_eq!(Cache::of(None), Cache::Auto);
    }
}
