//! The same lines for docker/metadata-action and here: what it makes of them, and what is made here where that differs.
//!
//! Its tags are those of its own table of patterns (README, `type=semver`) and of its rules: the order of priorities,
//! the first of two same tags, `[^a-zA-Z0-9._-]+` to one hyphen. What differs on purpose stands in [`DIFFERENT`].

use jiff::civil::date;

use super::{Facts, GitRef, Recipe, plan};
use crate::domain::version::Version;

const SHA: &str = "860c1904a1ce19322e91ac35af1ab07466440c37";

/// The tags of some lines. As there, the version is that of the git tag; on a branch it is what a file would say.
fn tags(lines: &str, git_ref: &str) -> String {
    let GitRef::Tag(tag) = GitRef::parse(git_ref) else { return made(lines, git_ref, "9.9.9") };
    made(lines, git_ref, tag)
}

fn made(lines: &str, git_ref: &str, version: &str) -> String {
    let version = Version::parse(version).ok();
    let facts = Facts {
        version: version.as_ref(),
        lack: None,
        sha: SHA,
        git_ref: GitRef::parse(git_ref),
        default_branch: Some("master"),
        at: date(2020, 1, 10).at(0, 30, 0, 0),
    };
    match Recipe::patterns(lines).and_then(|recipe| plan(&recipe, &facts)) {
        Ok(plan) => plan.set().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        Err(failure) => format!("{}: {}", failure.what, failure.why),
    }
}

const MASTER: &str = "refs/heads/master";
const DEV: &str = "refs/heads/dev";
const FEATURE: &str = "refs/heads/feature/a b";
const PULL: &str = "refs/pull/2/merge";
const RELEASE: &str = "refs/tags/v1.2.3";
const BEFORE: &str = "refs/tags/v2.0.8-beta.67";

/// Lines (`;` for a new one), what is built, and the tags of both.
const SAME: [(&str, &str, &str); 53] = [
    // type=semver
    ("type=semver,pattern={{raw}}", RELEASE, "v1.2.3"),
    ("type=semver,pattern={{version}}", RELEASE, "1.2.3"),
    ("type=semver,pattern={{major}}.{{minor}}", RELEASE, "1.2"),
    ("type=semver,pattern=v{{major}}", RELEASE, "v1"),
    ("type=semver,pattern={{minor}}", RELEASE, "2"),
    ("type=semver,pattern={{patch}}", RELEASE, "3"),
    ("type=semver,pattern={{ major }}.{{ minor }}.{{ patch }}", RELEASE, "1.2.3"),
    ("type=semver,pattern={{raw}}", BEFORE, "v2.0.8-beta.67"),
    ("type=semver,pattern={{version}}", BEFORE, "2.0.8-beta.67"),
    ("type=semver,pattern={{major}}.{{minor}}", BEFORE, "2.0.8-beta.67"),
    ("type=semver,pattern={{major}}.{{minor}}.{{patch}}", BEFORE, "2.0.8-beta.67"),
    ("type=semver,pattern=v{{version}}", BEFORE, "2.0.8-beta.67"),
    ("type=semver,pattern={{major}};type=semver,pattern={{version}}", BEFORE, "2.0.8-beta.67"),
    ("type=semver,pattern={{major}},suffix=-alpine", BEFORE, "2.0.8-beta.67-alpine"),
    ("type=semver,pattern={{version}}", "refs/tags/v1.2.3+build.5", "1.2.3"),
    ("type=semver,pattern={{raw}}", "refs/tags/v1.2.3+build.5", "v1.2.3-build.5"),
    ("type=semver,pattern={{version}},value=v1.0.0", MASTER, "1.0.0"),
    ("type=semver,pattern={{major}},value=3.1.4-rc.1;x", DEV, "3.1.4-rc.1 x"),
    ("type=semver,pattern={{version}};x", "refs/tags/1.2", "x"),
    ("type=semver,pattern={{version}},value=a.b;x", RELEASE, "x"),
    ("type=semver,pattern={{version}},value=", RELEASE, "1.2.3"),
    ("type=semver,pattern={{version}};type=ref,event=pr", PULL, "pr-2"),
    // type=ref
    ("type=ref,event=branch", MASTER, "master"),
    ("type=ref,event=branch", FEATURE, "feature-a-b"),
    ("type=ref,event=branch,prefix=b-,suffix=-x", DEV, "b-dev-x"),
    ("type=ref,event=tag", RELEASE, "v1.2.3"),
    ("type=ref,event=tag", "refs/tags/sometag/x", "sometag-x"),
    ("type=ref,event=pr", PULL, "pr-2"),
    ("type=ref,event=pr,prefix=", PULL, "2"),
    ("type=ref,event=branch;type=ref,event=tag;type=ref,event=pr", DEV, "dev"),
    // type=edge
    ("type=edge;type=ref,event=branch", MASTER, "edge master"),
    ("type=edge;type=ref,event=branch", DEV, "dev"),
    ("type=edge,branch=dev", DEV, "edge"),
    ("type=edge,branch=;x", MASTER, "edge x"),
    ("type=edge,prefix=b-,suffix=-x", MASTER, "b-edge-x"),
    // type=sha
    ("type=sha", MASTER, "sha-860c190"),
    ("type=sha,format=long", MASTER, "sha-860c1904a1ce19322e91ac35af1ab07466440c37"),
    ("type=sha,prefix=,suffix=-x", MASTER, "860c190-x"),
    ("type=sha,prefix={{branch}}-", DEV, "dev-860c190"),
    // type=raw
    ("type=raw,value=foo;type=raw,bar;baz", DEV, "foo bar baz"),
    ("type=raw,foo;type=raw,bar,enable=false;type=raw,baz,enable=true", MASTER, "foo baz"),
    ("type=raw,value=stable,enable={{is_default_branch}};x", MASTER, "stable x"),
    ("type=raw,value=stable,enable={{is_default_branch}};x", DEV, "x"),
    ("type=raw,value=stable,enable={{is_default_branch}};x", RELEASE, "x"),
    ("type=raw,value=next,enable={{is_not_default_branch}};x", DEV, "next x"),
    ("type=raw,value=a/b+c", DEV, "a-b-c"),
    ("type=raw,\"value=a,b\",prefix=x-", DEV, "x-a-b"),
    (
        "type=raw,value={{branch}}-{{sha}}-{{date 'YYYYMMDD-HHmmss'}}",
        DEV,
        "dev-860c190-20200110-003000",
    ),
    // Order, and the first of two same tags.
    ("type=sha;type=ref,event=branch;foo;type=edge", MASTER, "edge master foo sha-860c190"),
    ("type=sha,priority=2000;a;type=raw,value=b,priority=250;a", MASTER, "sha-860c190 b a"),
    ("type=ref,event=tag;type=semver,pattern={{raw}}", RELEASE, "v1.2.3"),
    ("type=ref,event=branch;type=raw,value=dev;dev", DEV, "dev"),
    // Comments.
    ("# all;type=sha # the commit;  ;#x", MASTER, "sha-860c190"),
];

/// Lines, what is built, its tags, ours.
const DIFFERENT: [(&str, &str, &str, &str); 16] = [
    // Its tag is none that a registry takes; ours is.
    ("type=ref,event=branch", "refs/heads/-weird.branch", "-weird.branch", "weird.branch"),
    ("type=ref,event=branch", "refs/heads/.x", ".x", "x"),
    ("type=raw,value=-;x", DEV, "- x", "x"),
    // What it makes of an expression without a value is left out.
    ("type=sha,prefix={{branch}}-;x", PULL, "-860c190 x", "x"),
    ("type=raw,value=a,suffix=-{{tag}};x", DEV, "a- x", "x"),
    // Two texts that come to one tag: both are kept.
    ("type=raw,value=a/b;type=raw,value=a-b", DEV, "a-b", "a-b a-b-d44362d"),
    (
        "latest;type=ref,event=branch,priority=1",
        "refs/heads/latest",
        "latest",
        "latest latest-5e1e2bc",
    ),
    // A branch does not take the place of what is for the highest version.
    ("type=ref,event=branch", "refs/heads/latest", "latest", "latest-5e1e2bc"),
    // The version of what is built is known on every branch, not only on git tags.
    ("type=semver,pattern={{version}};x", DEV, "x", "9.9.9 x"),
    // `latest` is never added: a line has to say it.
    ("type=semver,pattern={{version}}", RELEASE, "1.2.3 latest", "1.2.3"),
    ("type=ref,event=tag", RELEASE, "v1.2.3 latest", "v1.2.3"),
    ("type=semver,pattern={{version}};x", "refs/tags/V1.2.3", "x", "1.2.3 x"),
    // A branch that is called as a version is another tag than that version.
    ("{{version}};type=ref,event=branch", "refs/heads/9.9.9", "9.9.9", "9.9.9 9.9.9-9024e01"),
    // `edge` may have another name.
    ("type=edge,value=nightly", MASTER, "edge", "nightly"),
    // It writes `&` in an expression as HTML.
    ("{{branch}}", "refs/heads/a&b", "a-amp-b", "a-b"),
    // An attribute keeps what is behind its second `=`.
    ("type=raw,value=a=b", DEV, "a", "a-b"),
];

#[test]
fn the_same_tags_as_metadata_action() {
    for (lines, git_ref, expected) in SAME {
        assert_eq!(tags(&lines.replace(';', "\n"), git_ref), expected, "{lines} of {git_ref}");
    }
}

#[test]
fn what_differs_from_metadata_action() {
    for (lines, git_ref, theirs, ours) in DIFFERENT {
        assert_ne!(theirs, ours, "{lines}");
        assert_eq!(tags(&lines.replace(';', "\n"), git_ref), ours, "{lines} of {git_ref}");
    }
    let long = format!("refs/heads/{}", "x".repeat(148));
    assert_eq!(tags("type=ref,event=branch", &long).len(), 128, "it makes a tag of 148 characters");
}

/// What is refused by name, and never read as something else.
#[test]
fn what_is_not_read_yet() {
    for line in ["type=match,pattern=x", "type=pep440,pattern={{version}}", "type=schedule"] {
        let told = tags(line, RELEASE);
        assert!(told.ends_with("of docker/metadata-action is not supported yet"), "{told}");
    }
    for (line, why) in [
        ("type=sha,x", "`x` is not `key=value`"),
        ("type=raw,a,b", "`b` is not `key=value`"),
        ("type=raw,a,value=b", "`a` is not `key=value`"),
        ("type=raw", "`type=raw` needs `value`"),
        (
            "type=sha#x",
            "`type=sha#x` is not known; did you mean `type=sha`?; known are raw, semver, ref, sha, edge",
        ),
    ] {
        assert!(tags(line, RELEASE).ends_with(why), "{line}: {}", tags(line, RELEASE));
    }
}
