//! The scripts of a release against a bare repository: each of its rules, and that it can be killed and run again.

mod place;
mod sizes;

use place::{BINARIES, Place, story};

const COMMIT: &str = "scripts/release-commit ../tree 1.0.0 ../sums";

#[test]
fn the_tree_has_known_files_only() {
    let place = Place::new();
    place.build();
    place.lab.write("source/dist/.mta-linux-x64.new", "a build was killed here");
    place.done("scripts/release-tree ../out");
    let names = place.done("cd ../out/dist && ls -A");
    assert_eq!(names, "BUILD\nDockerfile\nSHA256SUMS\nmta-linux-arm64\nmta-linux-x64\n");
    assert_eq!(place.done("cd ../out/docker && ls -A"), "action.yml\n");
    place.done("cd ../out/dist && sha256sum --check --strict SHA256SUMS");

    let source = place.lab.git("source", &["rev-parse", "HEAD"]);
    let build = place.done("cat ../out/dist/BUILD");
    let [commit, x64, arm64] = build.lines().collect::<Vec<_>>()[..] else { panic!("{build}") };
    assert_eq!(commit, format!("commit {source}"));
    assert_eq!(x64, "mta-linux-x64: rustc version 1.95.0 (59807616e 2026-04-14)");
    assert!(arm64.starts_with("mta-linux-arm64: rustc version 1.95.0 "), "{arm64}");
    place.lab.write("source/README.md", "not committed");
    place.done("scripts/release-tree ../out");
    assert!(place.done("cat ../out/dist/BUILD").contains("-dirty\n"));

    for name in ["mta-linux-evil", ".evil", "mta-linux-x64 mta-linux-arm64"] {
        let evil = format!("source/dist/{name}");
        place.lab.write(&evil, "evil");
        let words = format!("dist/{name} is not a file of a release");
        place.refused("scripts/release-tree ../evil", &words);
        assert!(!place.lab.root.join("evil").exists());
        fs_err::remove_file(place.lab.root.join(evil)).unwrap();
    }
}

#[test]
fn the_tree_is_made_of_the_binaries_that_were_built() {
    let place = Place::new();
    place.build();
    let sums = format!("cd dist && sha256sum {} >../../sums", BINARIES.join(" "));
    place.done(&sums);
    let tree = "scripts/release-tree ../out ../sums";
    place.done(tree);
    // What a job output looks like that was never set.
    place.lab.write("sums", "  mta-linux-x64\n  mta-linux-arm64\n");
    place.refused(tree, "does not tell a checksum for each of: mta-linux-x64 mta-linux-arm64");
    place.done(&sums);
    place.done("echo >>dist/mta-linux-arm64");
    place.refused(tree, "mta-linux-arm64: FAILED");
    place.binary("mta-linux-arm64", "1.94.0");
    place.refused("scripts/release-tree ../out", "by different versions of rustc");
    place.lab.write("source/dist/mta-linux-arm64", "of nobody");
    place.refused("scripts/release-tree ../out", "does not tell which rustc built it");
    place.done("rm dist/mta-linux-arm64");
    place.refused(tree, "mta-linux-arm64: FAILED open or read");
    place.done("scripts/release-tree ../out");
}

#[test]
fn a_version_is_the_same_everywhere_and_newer_than_its_line() {
    let place = Place::new();
    let check = |version: &str, branch: &str| format!("scripts/release-check {version} {branch}");
    place.done(&check("1.0.0", "main"));
    place.refused(&check("1.0", "main"), "'1.0' is not a version");
    place.refused(&check("1.0.0-x", "main"), "'1.0.0-x' is not a version");
    place.refused(&check("1.0.1", "main"), "Cargo.toml says 1.0.0, not 1.0.1");
    place.refused(&check("1.0.0", "feature"), "from main or backport/1.0, not from feature");
    place.refused(&check("1.0.0", "backport/1.1"), "not from backport/1.1");
    place.lab.write("source/CHANGELOG.md", "## 0.9.0\n");
    place.refused(&check("1.0.0", "main"), "the first version in CHANGELOG.md is '0.9.0'");

    for version in ["1.0.0-rc.1", "1.0.0", "2.0.0"] {
        place.version(version);
        place.done(&check(version, "main"));
        place.release(version);
    }
    place.version("1.0.1");
    place.done(&check("1.0.1", "backport/1.0"));
    for version in ["1.0.0-rc.2", "2.0.0-rc.1"] {
        place.version(version);
        place.refused(&check(version, "main"), &format!("{version} must be newer"));
    }
}

#[test]
fn a_tagged_version_is_finished_from_its_own_commit_only() {
    let place = Place::new();
    place.tree("a");
    place.done(COMMIT);
    let said = place.done("scripts/release-check 1.0.0 main");
    assert!(said.contains("what is missing of its release will be done"), "{said}");
    place.lab.commit("source", "main went on");
    place.refused("scripts/release-check 1.0.0 main", "v1.0.0 was built from");
}

#[test]
fn a_tree_is_committed_once_and_stays() {
    let place = Place::new();
    place.tree("a");
    place.done(COMMIT);
    let tag = place.lab.sha("origin", "v1.0.0");
    assert!(place.done(COMMIT).contains("v1.0.0 is there already"));
    place.tree("b");
    place.refused(COMMIT, "v1.0.0 is released with other content");
    place.done("scripts/release-commit ../tree 1.0.1 ../sums");
    assert_eq!(place.lab.sha("origin", "v1.0.0"), tag);
    assert_eq!(place.lab.sha("origin", "release"), place.lab.sha("origin", "v1.0.1"));
    assert_eq!(place.lab.sha("origin", "release^"), tag);
}

#[test]
fn a_tree_is_only_committed_when_it_is_what_was_built() {
    let place = Place::new();
    place.tree("a");
    place.lab.write("tree/dist/mta-linux-x64", "evil");
    place.refused(COMMIT, "mta-linux-x64: FAILED");
    place.tree("a");
    for name in ["mta-linux-evil", ".mta-linux-x64.new"] {
        let evil = format!("tree/dist/{name}");
        place.lab.write(&evil, "evil");
        place.refused(COMMIT, &format!("{name} is not a file of a release"));
        fs_err::remove_file(place.lab.root.join(evil)).unwrap();
    }
    place.lab.write("tree/dist/BUILD", "commit 1111111111111111111111111111111111111111\n");
    place.refused(COMMIT, "was not made from");
    assert_eq!(place.lab.git("origin", &["for-each-ref", "refs/tags", "refs/heads/release"]), "");
    place.tree("a");
    place.done(COMMIT);
}

#[test]
fn tags_move_forward_only() {
    let place = Place::new();
    place.tree("a");
    place.refused("scripts/release-tags 1.0.0", "v1.0.0 has no tag");
    for version in ["1.0.0-rc.1", "1.0.0", "1.1.0", "2.0.0", "2.1.0-beta.1"] {
        place.release(version);
    }
    let tags = |names: [&str; 5]| names.map(|name| place.at(name));
    let names = ["v1.0", "v1.1", "v1", "v2.0", "v2"];
    let wanted = ["1.0.0", "1.1.0", "1.1.0", "2.0.0", "2.0.0"];
    assert_eq!(tags(names), wanted.map(|version| format!("Release {version}")));
    assert_eq!(place.at("v2.1"), "", "a pre-release moves none");

    place.release("1.0.10");
    assert_eq!(place.at("v1.0"), "Release 1.0.10");
    place.release("1.1.1");
    assert_eq!(place.at("v1"), "Release 1.1.1");
    // Finished late: its line is further by now.
    place.release("1.0.9");
    let said = place.done("scripts/release-tags 1.0.9");
    assert!(said.contains("v1.0 stays at 1.0.10") && said.contains("v1 stays at 1.1.1"), "{said}");
    let wanted = ["1.0.10", "1.1.1", "1.1.1", "2.0.0", "2.0.0"];
    assert_eq!(tags(names), wanted.map(|version| format!("Release {version}")));

    let main = place.lab.git("source", &["rev-parse", "HEAD"]);
    place.lab.git("origin", &["tag", "--force", "v2", &main]);
    place.refused("scripts/release-tags 2.0.0", "v2 is at");
}

#[test]
fn github_is_told_which_release_is_the_one_to_take() {
    let place = Place::new();
    for version in ["2.0.0", "1.0.1", "3.0.0-rc.1", "2.0.1"] {
        place.release(version);
    }
    let log = place.log();
    let edits: Vec<_> = log.lines().filter(|line| line.starts_with("release edit")).collect();
    let wanted = [
        ("v2.0.0", "--latest"),
        ("v1.0.1", "--latest=false"),
        ("v3.0.0-rc.1", "--prerelease --latest=false"),
        ("v2.0.1", "--latest"),
    ];
    for (edit, (tag, flags)) in edits.iter().zip(wanted) {
        let start = format!("release edit {tag} --draft=false {flags} --notes-file ");
        assert!(edit.starts_with(&start), "{edit}: {start}");
    }
    assert_eq!(edits.len(), wanted.len());
}

#[test]
fn a_release_is_never_made_twice() {
    let place = Place::new();
    place.tree("a");
    place.done(COMMIT);
    let publish = |verb: &str| format!("scripts/release-publish {verb} 1.0.0 ../sums");
    place.refused(&publish("public"), "v1.0.0 has no draft");
    place.lab.write("gh-fails", "");
    place.refused(&publish("draft"), "GitHub does not tell its releases");
    assert_eq!(place.log(), "");
    fs_err::remove_file(place.lab.root.join("gh-fails")).unwrap();
    place.lab.write("gh/v1.0.0", "true\n");
    place.lab.write("gh/v1.0.0~2", "true\n");
    place.refused(&publish("draft"), "GitHub has several releases v1.0.0");
    fs_err::remove_file(place.lab.root.join("gh/v1.0.0~2")).unwrap();
    place.done(&publish("draft"));
    place.done(&publish("public"));
    assert_eq!(place.done(&publish("state")), "public\n");
    let log = place.log();
    assert!(place.done(&publish("draft")).contains("v1.0.0 is public already"));
    assert!(place.done(&publish("public")).contains("v1.0.0 is public already"));
    assert_eq!(place.log(), log, "a public release is left alone");
}

/// Killed before each call of git and gh in turn, a version each, then run again from the start.
#[test]
fn a_release_that_is_killed_anywhere_is_finished_by_the_same_commands() {
    let place = Place::new();
    for call in 1.. {
        let version = format!("1.0.{call}");
        place.tree(&version);
        let ended = place.run_until(&story(&version), call);
        let subject = format!("Release {version}");
        let public = place.lab.root.join(format!("gh/v{version}"));
        let public = || fs_err::read_to_string(&public).is_ok_and(|is| is == "false\n");
        assert_eq!(place.at("v1"), place.at("v1.0"), "{version}: both tags or none");
        assert!(place.at("v1") != subject || public(), "{version}: tags move last");
        assert!(!public() || place.at(&format!("v{version}")) == subject, "{version}: tag first");
        if ended.killed {
            place.done(&story(&version));
        } else {
            assert!(ended.ok, "{}", ended.said);
        }
        assert!(public(), "{version}");
        for tag in [format!("v{version}"), "v1.0".to_owned(), "v1".to_owned()] {
            assert_eq!(place.at(&tag), subject, "{version}: {tag}");
        }
        let commits = place.lab.git("origin", &["rev-list", "--count", "release"]);
        assert_eq!(commits, call.to_string(), "{version}: one commit a release");
        if !ended.killed {
            let made = place.log().matches("release create").count();
            assert_eq!(made, call, "one draft a release");
            assert!(call > 15, "the story has more calls than {call}");
            break;
        }
    }
}
