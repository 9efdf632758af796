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
    match plan(recipe, facts, &standing) {
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
    let feature = facts(Some(&built), "refs/heads/feature/login");
    assert_eq!(
        told(&Recipe::Release, &feature, &[]),
        "1.2.3, 1.2.3-1a2b3c4, latest, feature-login for feature/login"
    );
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
    for recipe in [uat, Recipe::Release, Recipe::patterns("{{minor}}").unwrap()] {
        assert!(recipe.needs_version());
        assert_eq!(told(&recipe, &none, &[]), wanting);
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
        told.trim_start_matches("1.2.3, 1.2.3-1a2b3c4, latest").to_owned()
    };
    assert_eq!(of("-weird.branch"), ", weird.branch for -weird.branch");
    assert_eq!(of("日本"), ", no 日本: nothing of it may stand in a tag");
    assert_eq!(of("latest"), ", latest-5e1e2bc for latest");
    assert_eq!(of("1.2.3"), ", 1.2.3-c47f5b1 for 1.2.3");
    let long = of(&"x".repeat(148));
    assert_eq!(long.split(" for ").next().unwrap().len(), 2 + 128);
    assert_eq!(
        patterns("type=raw,value=a/b\ntype=raw,value=a-b\ntype=raw,value=a/b", "1.0.0", ""),
        "a-b for a/b, a-b-d44362d for a-b"
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
    for sha in ["", "1a2b3c4", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"] {
        let facts = Facts { sha, ..facts(Some(&built), "") };
        assert!(told(&Recipe::Release, &facts, &[]).starts_with("invalid commit"), "{sha}");
    }
}

fn recipe() -> impl Strategy<Value = Recipe> {
    let line = "type=ref,event=branch|type=semver,pattern=\\{\\{(version|major|minor)\\}\\}|type=sha|type=raw,value=[a-zé/.-]{1,140}|\\{\\{(version|branch|sha|date|major|tag)\\}\\}-?|[a-zA-Z0-9_.-]{1,140}|latest";
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
        branch in "\\PC{0,200}|[a-z/-]{1,20}|latest|1\\.2\\.3",
        built in "[0-9]{1,3}(\\.[0-9]{1,3}){1,3}([-+][a-z0-9.]{1,8}|rc1)?",
        stands in "[0-9]\\.[0-9]\\.[0-9]",
    ) {
        let (built, stands) = (version(&built), version(&stands));
        let git_ref = format!("refs/heads/{branch}");
        let facts = facts(Some(&built), &git_ref);
        let standing = BTreeMap::from([(Tag::latest(), stands.clone())]);
        let planned = plan(&recipe, &facts, &standing);
        prop_assert_eq!(&planned, &plan(&recipe, &facts, &standing));
        if let Ok(plan) = planned {
            let mut seen: Vec<&Tag> = plan.tags.iter().map(|one| &one.tag).collect();
            for one in &plan.tags {
                prop_assert_eq!(Tag::parse(one.tag.as_str()), Ok(one.tag.clone()));
                if one.tag == Tag::latest() && one.kind == Kind::Latest {
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
}
