//! Tags as the guides list them, what becomes of odd names, and what always holds.

use std::collections::BTreeMap;

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::domain::image::Tag;
use crate::domain::version::Version;
use crate::failure::{Failure, Outcome};

const SHA: &str = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d";

fn version(text: &str) -> Version {
    Version::parse(text).unwrap()
}

fn facts<'a>(version: Option<&'a Version>, git_ref: &'a str) -> Facts<'a> {
    Facts {
        version,
        lack: None,
        sha: SHA,
        git_ref: GitRef::parse(git_ref),
        default_branch: Some("main"),
        at: date(2026, 3, 9).at(4, 5, 6, 0),
    }
}

/// The tags in their order; those that stay with what they stand on, those that were changed with what they were.
fn told(recipe: &Recipe, facts: &Facts<'_>, standing: &[(&str, &str)]) -> String {
    let standing =
        standing.iter().map(|(tag, at)| (Tag::parse(tag).unwrap(), version(at))).collect();
    match plan(recipe, facts).map(|plan| plan.standing(&standing)) {
        Ok(plan) => {
            let tags = plan.tags.iter().map(|one| match (&one.fate, &one.instead_of) {
                (Fate::Stays(at), _) => format!("{} stays on {at}", one.tag),
                (Fate::Set, Some(text)) => format!("{} for {text}", one.tag),
                (Fate::Set, None) => one.tag.to_string(),
            });
            let left_out = plan.left_out.iter().map(|one| format!("no {}: {}", one.what, one.why));
            tags.chain(left_out).collect::<Vec<_>>().join(", ")
        }
        Err(failure) => format!("{}: {}", failure.what, failure.why),
    }
}

fn patterns(text: &str, built: &str, git_ref: &str) -> String {
    let built = version(built);
    told(&Recipe::patterns(text).unwrap(), &facts(Some(&built), git_ref), &[])
}

fn refused(line: &str) -> String {
    let Err(Failure { outcome, why, .. }) = Pattern::parse(line) else { panic!("{line} is taken") };
    assert_eq!(outcome, Outcome::BadInput);
    why
}

#[test]
fn the_tags_of_the_guides() {
    let built = version("v1.2.3");
    let on_main = facts(Some(&built), "refs/heads/main");
    let uat = Recipe::Class(Class::parse("uat").unwrap());
    assert_eq!(told(&uat, &on_main, &[]), "uat-latest, uat-v1.2.3, uat-1a2b3c4");
    assert_eq!(told(&Recipe::Release, &on_main, &[]), "1.2.3, 1.2.3-1a2b3c4, latest, main");
    let odoo = version("17.0.1.2.3");
    assert_eq!(
        told(&uat, &facts(Some(&odoo), ""), &[]),
        "uat-latest, uat-v17.0.1.2.3, uat-1a2b3c4"
    );
}

#[test]
fn the_highest_version_keeps_its_tag() {
    let built = version("1.2.3");
    let on_main = facts(Some(&built), "refs/heads/main");
    let uat = Recipe::Class(Class::parse("uat").unwrap());
    for (at, expected) in [
        ("1.3.0", "uat-latest stays on 1.3.0, uat-v1.2.3, uat-1a2b3c4"),
        ("1.2.3", "uat-latest, uat-v1.2.3, uat-1a2b3c4"),
        ("1.2.2", "uat-latest, uat-v1.2.3, uat-1a2b3c4"),
        ("1.2.3.post1", "uat-latest, uat-v1.2.3, uat-1a2b3c4"),
    ] {
        assert_eq!(told(&uat, &on_main, &[("uat-latest", at)]), expected);
    }
    assert_eq!(
        told(
            &Recipe::Release,
            &on_main,
            &[("latest", "2.0.0"), ("main", "2.0.0"), ("1.2.3", "2.0.0")]
        ),
        "1.2.3, 1.2.3-1a2b3c4, latest stays on 2.0.0, main"
    );
    let series = Recipe::patterns("{{major}}\n{{major}}.{{minor}}\n{{version}}").unwrap();
    assert_eq!(
        told(&series, &on_main, &[("1", "1.3.0"), ("1.2", "1.2.2")]),
        "1 stays on 1.3.0, 1.2, 1.2.3"
    );
}

/// Fault 9: what is not merged takes the place of nothing that is.
#[test]
fn a_pull_request_gets_the_tag_of_its_commit_alone() {
    let built = version("1.2.3");
    let pull_request = facts(Some(&built), "refs/pull/12/merge");
    let why = "what is built is a pull request";
    assert_eq!(
        told(&Recipe::Release, &pull_request, &[]),
        format!("1.2.3-1a2b3c4, no 1.2.3: {why}, no latest: {why}, no the branch: {why}")
    );
    let uat = Recipe::Class(Class::parse("uat").unwrap());
    assert_eq!(
        told(&uat, &pull_request, &[]),
        format!("uat-1a2b3c4, no uat-latest: {why}, no uat-v1.2.3: {why}")
    );
    assert_eq!(
        patterns(
            "type=semver,pattern={{version}}\ntype=ref,event=pr",
            "1.2.3",
            "refs/pull/12/merge"
        ),
        format!("pr-12, no type=semver,pattern={{{{version}}}}: {why}")
    );
    assert_eq!(
        patterns("type=semver,pattern={{version}},value=1.0.0", "1.2.3", "refs/pull/12/merge"),
        "1.0.0"
    );
}

/// Fault 9: the guides deploy a feature branch for its tests, by the tag of its commit.
#[test]
fn latest_is_of_the_default_branch_and_of_git_tags() {
    let built = version("1.2.3");
    let of = |git_ref, default_branch| {
        let facts = Facts { default_branch, ..facts(Some(&built), git_ref) };
        told(&Recipe::Release, &facts, &[])
    };
    assert_eq!(
        of("refs/heads/feature/login", Some("main")),
        "1.2.3, 1.2.3-1a2b3c4, feature-login for feature/login, no latest: what is built is not the branch main"
    );
    assert_eq!(of("refs/heads/main", Some("main")), "1.2.3, 1.2.3-1a2b3c4, latest, main");
    assert_eq!(
        of("refs/heads/trunk", None),
        "1.2.3, 1.2.3-1a2b3c4, trunk, no latest: the default branch is not known"
    );
    for (git_ref, default_branch) in [("refs/tags/v1.2.3", Some("main")), ("", None)] {
        assert_eq!(
            of(git_ref, default_branch),
            "1.2.3, 1.2.3-1a2b3c4, latest, no the branch: what is built is not a branch"
        );
    }
    let uat = Recipe::Class(Class::parse("uat").unwrap());
    assert_eq!(
        told(&uat, &facts(Some(&built), "refs/heads/feature/login"), &[]),
        "uat-latest, uat-v1.2.3, uat-1a2b3c4"
    );
}

/// The kinds of the tags of some lines, and which are guarded (`!`).
fn kinds(text: &str, built: &str, git_ref: &str) -> String {
    let built = version(built);
    let plan = plan(&Recipe::patterns(text).unwrap(), &facts(Some(&built), git_ref)).unwrap();
    let guarded: Vec<&Tag> = plan.guarded().iter().map(|one| &one.tag).collect();
    let shown = plan.tags.iter().map(|one| {
        let mark = if guarded.contains(&&one.tag) { "!" } else { "" };
        format!("{} {:?}{mark}", one.tag, one.kind)
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// Fault 6: it is the tag that tells, not how its line made it.
#[test]
fn what_reads_as_the_latest_is_guarded_whatever_made_it() {
    for (line, git_ref, expected) in [
        ("latest", "", "latest Latest!"),
        ("type=raw,value=late,suffix=st", "", "latest Latest!"),
        ("type=raw,value=x,suffix=-latest", "", "x-latest Latest!"),
        ("type=raw,value=latest,suffix=-alpine", "", "latest-alpine Latest!"),
        ("type=raw,value=latest,prefix=uat-,suffix=-alpine", "", "uat-latest-alpine Latest!"),
        ("type=edge,value=latest", "refs/heads/main", "latest Latest!"),
        ("type=edge,prefix=latest-", "refs/heads/main", "latest-edge Latest!"),
        ("type=ref,event=branch,suffix=-latest", "refs/heads/main", "main-latest Latest!"),
        ("type=ref,event=tag", "refs/tags/latest", "latest Latest!"),
        ("{{version}}-latest", "", "1.4.2-latest Latest!"),
        // These do not move, or not by their version.
        ("type=sha,prefix=latest-", "", "latest-1a2b3c4 Commit"),
        ("latest-{{version}}", "", "latest-1.4.2 Version"),
        ("type=ref,event=branch", "refs/heads/latest", "latest-5e1e2bc Ref"),
        ("type=ref,event=branch,suffix=-x", "refs/heads/latest", "latest-x-cb63134 Ref"),
        ("type=ref,event=branch", "refs/heads/uat-latest", "uat-latest-0d08b5a Ref"),
        ("type=ref,event=branch,prefix=b-", "refs/heads/latest-x", "b-latest-x Ref"),
        ("{{branch}}", "refs/heads/latest", "latest-5e1e2bc Ref"),
        ("type=ref,event=branch", "refs/heads/greatest", "greatest Ref"),
        ("type=ref,event=branch", "refs/heads/latest.x", "latest.x Ref"),
        ("stable", "", "stable Other"),
        ("la{{date 'YY'}}test", "", "la26test Other"),
    ] {
        assert_eq!(kinds(line, "1.4.2", git_ref), expected, "{line} {git_ref}");
    }
    let none = facts(None, "refs/heads/main");
    let unknown = plan(&Recipe::patterns("latest").unwrap(), &none).unwrap();
    assert!(unknown.guarded().is_empty(), "what has no version has no order");
}

/// Fault 5: three numbers are the version only where it has no more than those.
#[test]
fn numbers_are_a_series_where_the_version_has_more() {
    let three = "{{major}}.{{minor}}.{{patch}}";
    for (line, built, expected) in [
        (three, "1.4.0", "1.4.0 Version"),
        (three, "1.4.0+build.5", "1.4.0 Version"),
        (three, "17.0.1.2.3", "17.0.1 Series!"),
        (three, "1.4.0.post1", "1.4.0 Series!"),
        ("{{major}}.{{minor}}", "17.0.1.2.3", "17.0 Series!"),
        ("{{major}}.{{minor}}", "1.4.0", "1.4 Series!"),
        ("{{version}}", "17.0.1.2.3", "17.0.1.2.3 Version"),
        ("type=semver,pattern={{major}}.{{minor}}.{{patch}}", "1.4.0", "1.4.0 Version"),
        ("type=semver,pattern={{major}}.{{minor}}.{{patch}}", "1.4.0-rc.1", "1.4.0-rc.1 Version"),
    ] {
        assert_eq!(kinds(line, built, ""), expected, "{line} {built}");
    }
    for before in ["1.4.0-rc.1", "1.4.0rc1"] {
        assert_eq!(
            patterns(&format!("{three}\n{{{{version}}}}"), before, ""),
            format!("{before}, no {three}: {before} comes before a release")
        );
    }
}

/// What a plan asks of the registry, and the rivals of each tag.
#[test]
fn a_guarded_tag_asks_for_its_own_family() {
    let rivals_of = |line: &str, built: &str, listed: &[&str]| {
        let built = version(built);
        let plan = plan(&Recipe::patterns(line).unwrap(), &facts(Some(&built), "")).unwrap();
        let listed: Vec<Tag> = listed.iter().map(|text| Tag::parse(text).unwrap()).collect();
        let asked = plan.guarded();
        let names = asked.iter().flat_map(|one| rivals(one, &listed));
        names.map(|tag| tag.to_string()).collect::<Vec<_>>().join(" ")
    };
    let listed = [
        "1.5.0",
        "1.4.7",
        "a-1.4.7",
        "a-v1.4.8-x",
        "1.4.9-x",
        "a-1.4-x",
        "a-1.5.0-x",
        "f-login-1.4.7",
    ];
    for (line, expected) in [
        ("latest", "1.5.0 1.4.9-x 1.4.7"),
        ("{{major}}.{{minor}}", "1.4.9-x 1.4.7"),
        ("a-{{major}}.{{minor}}-x", "a-v1.4.8-x"),
        ("a-v{{major}}-x", "a-1.5.0-x a-v1.4.8-x"),
        ("type=semver,pattern={{major}}.{{minor}},prefix=a-,suffix=-x", "a-v1.4.8-x"),
        ("type=raw,value={{major}},prefix=f/login-", "f-login-1.4.7"),
        ("type=raw,value=latest,prefix=a-,suffix=-x", "a-1.5.0-x a-v1.4.8-x"),
        ("latest-x", "1.4.9-x"),
        // Their numbers are no beginning of a version.
        ("{{minor}}", ""),
        ("{{major}}-{{minor}}", ""),
        ("type=raw,value={{major}},suffix=/{{sha}}", ""),
        ("{{version}}", ""),
    ] {
        assert_eq!(rivals_of(line, "1.4.2", &listed), expected, "{line}");
    }
}

#[test]
fn what_comes_before_a_release_is_not_the_latest() {
    let built = version("2.0.0-rc.1");
    let on_main = facts(Some(&built), "refs/heads/main");
    assert_eq!(
        told(&Recipe::Release, &on_main, &[]),
        "2.0.0-rc.1, 2.0.0-rc.1-1a2b3c4, main, no latest: 2.0.0-rc.1 comes before a release"
    );
    let uat = Recipe::Class(Class::parse("uat").unwrap());
    assert_eq!(
        told(&uat, &on_main, &[("uat-latest", "1.9.0")]),
        "uat-latest, uat-v2.0.0-rc.1, uat-1a2b3c4"
    );
    assert_eq!(
        patterns("{{version}}\n{{major}}", "2.0.0-rc.1", ""),
        "2.0.0-rc.1, no {{major}}: 2.0.0-rc.1 comes before a release"
    );
}

#[test]
fn without_a_version_only_tags_without_one_are_made() {
    let none = facts(None, "refs/heads/main");
    let wanting = "no version for the tags of the image: a tag has the version in its name, and none was found";
    let uat = Recipe::Class(Class::parse("uat").unwrap());
    let known = crate::failure::Failure::new(
        crate::failure::Outcome::BadInput,
        "no version was found here",
    );
    let with_reason = Facts { lack: Some(&known), ..none };
    assert_eq!(told(&uat, &with_reason, &[]), "no version was found here: ");
    let pull_request = facts(None, "refs/pull/7/merge");
    assert_eq!(
        told(&uat, &pull_request, &[]),
        "uat-1a2b3c4, no uat-latest: what is built is a pull request, no uat-v...: what is built is a pull request"
    );
    for recipe in [uat, Recipe::Release, Recipe::patterns("{{minor}}").unwrap()] {
        assert!(recipe.needs_version());
        assert_eq!(told(&recipe, &none, &[]), wanting);
    }
    // Fault 13: a value may need the version too, and what is switched off needs none.
    for (line, expected) in [
        ("type=semver,pattern={{version}}", true),
        ("type=semver,pattern={{version}},value={{version}}", true),
        ("type=semver,pattern={{version}},value=", true),
        ("type=semver,pattern={{version}},value=1.0.0", false),
        ("type=semver,pattern={{version}},value=1.0.0,prefix={{major}}-", true),
        ("type=semver,pattern={{version}},enable=false", false),
        ("{{version}}", true),
        ("type=raw,value={{raw}},enable={{is_default_branch}}", true),
        ("type=raw,value={{raw}},enable=false", false),
    ] {
        let recipe = Recipe::patterns(&format!("{line}\nx")).unwrap();
        assert_eq!(recipe.needs_version(), expected, "{line}");
        // A line of docker/metadata-action for a version makes no tag where there is none, as there.
        let is_left_out =
            told(&recipe, &none, &[]) == format!("x, no {line}: no version was found");
        assert!(is_left_out || (told(&recipe, &none, &[]) == wanting) == expected, "{line}");
        assert_eq!(
            is_left_out,
            line == "type=semver,pattern={{version}}" || line.ends_with("value="),
            "{line}"
        );
    }
    let free = Recipe::patterns("{{branch}}-{{sha}}\n# a comment\n\ntype=sha").unwrap();
    assert!(!free.needs_version());
    assert_eq!(told(&free, &none, &[]), "main-1a2b3c4, sha-1a2b3c4");
}

#[test]
fn odd_names_become_valid_tags() {
    let built = version("1.2.3");
    let of = |branch: &str| {
        let told =
            told(&Recipe::Release, &facts(Some(&built), &format!("refs/heads/{branch}")), &[]);
        let behind = told.trim_start_matches("1.2.3, 1.2.3-1a2b3c4");
        behind.trim_end_matches(", no latest: what is built is not the branch main").to_owned()
    };
    assert_eq!(of("-weird.branch"), ", weird.branch for -weird.branch");
    let nothing = ", no latest: what is built is not the branch main, no 日本: nothing of it may stand in a tag";
    assert_eq!(of("日本"), nothing);
    assert_eq!(of("latest"), ", latest-5e1e2bc for latest");
    assert_eq!(of("1.2.3"), ", 1.2.3-c47f5b1 for 1.2.3");
    let long = of(&"x".repeat(148));
    assert_eq!(long.split(" for ").next().unwrap().len(), 2 + 128);
    assert_eq!(
        patterns("type=raw,value=a/b\ntype=raw,value=a-b\ntype=raw,value=a/b", "1.0.0", ""),
        "a-b for a/b, a-b-d44362d for a-b"
    );
    let branch = format!("refs/heads/{}", "x".repeat(10_000));
    assert_eq!(
        patterns(&"{{branch}}".repeat(6), "1.0.0", &branch).split(" for ").next().unwrap().len(),
        128
    );
    assert!(
        patterns(&"{{branch}}".repeat(7), "1.0.0", &branch)
            .ends_with("it comes to more than 64 KiB")
    );
    assert_eq!(Class::parse("EU West/1").unwrap().as_str(), "EU-West-1");
    for bad in ["", " ", "../", "日本"] {
        assert!(Class::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn lines_as_teams_know_them() {
    let usual = "type=ref,event=branch\ntype=ref,event=pr\ntype=semver,pattern={{version}}\n\
                 type=semver,pattern={{major}}.{{minor}}\ntype=sha\ntype=raw,value=stable,enable={{is_default_branch}}\ntype=edge";
    assert_eq!(
        patterns(usual, "1.4.0", "refs/heads/main"),
        "1.4.0, 1.4, edge, main, stable, sha-1a2b3c4, no type=ref,event=pr: what is built is not a pull request"
    );
    assert_eq!(
        patterns(
            "type=ref,event=pr\ntype=raw,value=stable,enable={{is_default_branch}}",
            "1.4.0",
            "refs/pull/12/merge"
        ),
        "pr-12, no type=raw,value=stable,enable={{is_default_branch}}: `enable` says false"
    );
    for (line, git_ref, expected) in [
        ("type=sha,format=long,prefix=", "", SHA),
        ("type=sha,prefix={{branch}}-,suffix=-x", "refs/heads/main", "main-1a2b3c4-x"),
        ("type=ref,event=tag", "refs/tags/v1.4.0", "v1.4.0"),
        ("TYPE=raw,VALUE=x", "", "x"),
        ("type=raw,\"value=a\"", "", "a"),
        ("type=semver,pattern=v{{version}},value=2.0.0", "", "v2.0.0"),
        ("type=semver,pattern={{raw}},value=v2.0.0", "", "v2.0.0"),
        ("type=edge,branch=dev", "refs/heads/dev", "edge"),
        ("nightly-{{date}}", "", "nightly-20260309"),
        ("{{date 'YY.MM.DD-HHmmss'}}", "", "26.03.09-040506"),
        ("{{tag}}", "refs/tags/v1", "v1"),
        ("{{ version }}-{{sha}}", "", "1.4.0-1a2b3c4"),
    ] {
        assert_eq!(patterns(line, "1.4.0", git_ref), expected, "{line}");
    }
    assert_eq!(
        patterns("type=semver,pattern={{version}}\nx", "1.4", ""),
        "x, no type=semver,pattern={{version}}: 1.4 is no semantic version"
    );
    let older = Recipe::patterns("type=semver,pattern={{major}}.{{minor}},value=1.2.3").unwrap();
    assert_eq!(
        told(&older, &facts(Some(&version("2.0.0")), ""), &[("1.2", "1.2.5")]),
        "1.2 stays on 1.2.5"
    );
    assert_eq!(
        patterns("{{patch}}\nx", "1.4", ""),
        "x, no {{patch}}: the version 1.4 has too few numbers"
    );
    assert_eq!(
        patterns("{{branch}}", "1.4", "refs/tags/x"),
        "no tag for the image: {{branch}}: what is built is not a branch"
    );
    assert_eq!(
        patterns("type=sha,enable={{branch}}", "1.0", "refs/heads/main"),
        "invalid line \"type=sha,enable={{branch}}\" in tags: `enable` is \"main\", neither true nor false"
    );
    assert_eq!(
        patterns("type=raw,value=b,priority=1\na\ntype=raw,value=c,priority=900", "1.0", ""),
        "c, a, b"
    );
}

#[test]
fn what_is_not_known_is_refused_by_name() {
    for (line, why) in [
        ("type=match,pattern=x", "`type=match` of docker/metadata-action is not supported yet"),
        ("type=schedule", "`type=schedule` of docker/metadata-action is not supported yet"),
        (
            "type=semvr,pattern=x",
            "`type=semvr` is not known; did you mean `type=semver`?; known are raw, semver, ref, sha, edge",
        ),
        ("type=semver", "`type=semver` needs `pattern`"),
        ("type=raw", "`type=raw` needs `value`"),
        ("type=ref", "`type=ref` needs `event`, which is branch, tag or pr"),
        ("type=ref,event=push", "`type=ref` needs `event`, which is branch, tag or pr"),
        ("type=sha,format=12", "`format` of `type=sha` is neither short nor long"),
        (
            "type=sha,length=9",
            "`type=sha` has no attribute `length`; it has format, enable, priority, prefix and suffix",
        ),
        ("type=sha,type=raw", "`type` is there twice"),
        ("type=sha,x", "`x` is not `key=value`"),
        ("type=sha,enable=yes", "`enable` is neither true nor false"),
        ("type=sha,priority=high", "`priority=high` is no number"),
        ("{{version", "a `{{` is not closed"),
        ("{{sha 9}}", "`{{sha}}` takes no argument"),
        (
            "{{date 'Q'}}",
            "`Q` in the format of `{{date}}` is not known; known are YYYY, YY, MM, DD, HH, mm and ss",
        ),
        ("a,b", "`,` cannot be in a tag"),
        ("value=x", "`=` cannot be in a tag"),
        ("v{{version}} latest", "` ` cannot be in a tag"),
    ] {
        assert_eq!(refused(line), why, "{line}");
    }
    assert!(
        refused("{{verion}}")
            .starts_with("the expression `{{verion}}` is not known; did you mean `{{version}}`?")
    );
    assert!(refused("{{date 'YYYY' tz='UTC'}}").contains("in UTC"));
    assert!(refused(&"x".repeat(1001)).contains("longer"));
    assert!(
        Recipe::patterns("# only this").is_err() && Recipe::patterns(&"x\n".repeat(101)).is_err()
    );
}

#[test]
fn a_commit_is_a_commit() {
    let built = version("1.0.0");
    let unknown = Facts { sha: "", ..facts(Some(&built), "") };
    assert!(told(&Recipe::Release, &unknown, &[]).starts_with("the commit is not known"));
    for sha in ["1a2b3c4", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"] {
        let facts = Facts { sha, ..facts(Some(&built), "") };
        assert!(told(&Recipe::Release, &facts, &[]).starts_with("invalid commit"), "{sha}");
    }
}

fn recipe() -> impl Strategy<Value = Recipe> {
    let line = "type=ref,event=branch(,suffix=-latest)?|type=edge,branch=main,value=latest|\
                type=raw,value=late,suffix=st|type=semver,pattern=\\{\\{(version|major|minor)\\}\\}|type=sha|\
                type=raw,value=[a-zé/.-]{1,140}|\\{\\{(version|branch|sha|date|major|tag)\\}\\}-?|\
                [a-zA-Z0-9_.-]{1,140}|latest";
    prop_oneof![
        Just(Recipe::Release),
        "\\PC{1,140}"
            .prop_filter_map("no class", |text| Some(Recipe::Class(Class::parse(&text).ok()?))),
        proptest::collection::vec(line, 1..6)
            .prop_filter_map("no lines", |lines| Recipe::patterns(&lines.join("\n")).ok()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tags_are_valid_and_distinct_and_the_plan_is_the_same_again(
        recipe in recipe(),
        git_ref in "refs/(heads/(\\PC{0,200}|[a-z/-]{1,20}|latest|main|1\\.2\\.3)|tags/(latest|v1)|pull/1/merge)",
        built in "[0-9]{1,3}(\\.[0-9]{1,3}){1,3}([-+][a-z0-9.]{1,8}|rc1)?",
        stands in "[0-9]\\.[0-9]\\.[0-9]",
    ) {
        let (built, stands) = (version(&built), version(&stands));
        let facts = facts(Some(&built), &git_ref);
        let standing = BTreeMap::from([(Tag::latest(), stands.clone())]);
        let planned = plan(&recipe, &facts);
        prop_assert_eq!(&planned, &plan(&recipe, &facts));
        if let Ok(plan) = planned {
            let plan = plan.standing(&standing);
            let mut seen: Vec<&Tag> = plan.tags.iter().map(|one| &one.tag).collect();
            for one in &plan.tags {
                prop_assert_eq!(Tag::parse(one.tag.as_str()), Ok(one.tag.clone()));
                if one.tag == Tag::latest() {
                    prop_assert!(one.is_guarded());
                    let is_lower = built.compared(&stands) == Some(std::cmp::Ordering::Less);
                    prop_assert_eq!(one.fate == Fate::Set, !is_lower);
                }
            }
            let count = seen.len();
            seen.sort();
            seen.dedup();
            prop_assert_eq!(seen.len(), count, "{:?}", plan.tags);
        }
    }

    #[test]
    fn a_guarded_tag_stays_on_each_of_its_rivals(
        recipe in recipe(),
        built in "[0-2](\\.[0-3]){1,4}(-rc\\.[0-9])?",
        listed in proptest::collection::vec("v?[0-3](\\.[0-3]){0,4}(-rc\\.[0-9])?|latest|main-[0-3]\\.1\\.1", 1..20),
    ) {
        let built = version(&built);
        let facts = facts(Some(&built), "refs/heads/main");
        let mut listed: Vec<Tag> = listed.iter().map(|text| Tag::parse(text).unwrap()).collect();
        if let Recipe::Class(class) = &recipe {
            listed.extend((0..3).filter_map(|at| Tag::parse(&format!("{}-v{at}.2.0", class.as_str())).ok()));
        }
        let Ok(planned) = plan(&recipe, &facts) else { return Ok(()) };
        for one in planned.guarded() {
            for rival in rivals(one, &listed) {
                let stands_on = version_for(one, &rival).unwrap();
                let standing = BTreeMap::from([(one.tag.clone(), stands_on.clone())]);
                let plan = planned.clone().standing(&standing);
                let staying: Vec<(&Tag, &Fate)> =
                    plan.tags.iter().filter(|one| one.fate != Fate::Set).map(|one| (&one.tag, &one.fate)).collect();
                prop_assert_eq!(staying, [(&one.tag, &Fate::Stays(stands_on))]);
                prop_assert_eq!(plan.set().count() + 1, plan.tags.len());
            }
        }
    }
}
