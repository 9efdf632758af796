//! One run written in several formats: the same lines of the same files, and shards joined are the tool's own joined report.

use std::collections::BTreeMap;

use mta_actions::domain::coverage::report::Measured;

use super::fixtures::{joined, read};

type Files = BTreeMap<String, Measured>;

/// What the test compares: each file's lines, each with whether it is covered.
fn lines(files: &Files) -> BTreeMap<&str, Vec<(u32, bool)>> {
    files.iter().map(|(name, file)| (name.as_str(), file.lines.iter().collect())).collect()
}

fn arms(files: &Files) -> BTreeMap<&str, (u64, u64)> {
    let ratios = files.iter().map(|(name, file)| (name.as_str(), file.branch_ratio()));
    ratios.map(|(name, ratio)| (name, (ratio.covered, ratio.total))).collect()
}

#[track_caller]
fn same_lines(reports: &[&[&str]]) {
    let first = joined(reports[0]);
    assert!(!first.is_empty(), "{:?} has no lines", reports[0]);
    for other in &reports[1..] {
        assert_eq!(lines(&joined(other)), lines(&first), "{other:?} and {:?}", reports[0]);
    }
}

#[track_caller]
fn same_branches(reports: &[&[&str]]) {
    let first = joined(reports[0]);
    for other in &reports[1..] {
        assert_eq!(arms(&joined(other)), arms(&first), "{other:?} and {:?}", reports[0]);
    }
}

#[test]
fn coverage_py() {
    same_lines(&[
        &["coverage-py/line.xml"],
        &["coverage-py/line.json"],
        &["coverage-py/line.info"],
        &["coverage-py/branch.xml"],
        &["coverage-py/branch.json"],
        &["coverage-py/branch.info"],
    ]);
    same_branches(&[
        &["coverage-py/branch.xml"],
        &["coverage-py/branch.json"],
        &["coverage-py/branch.info"],
    ]);
}

#[test]
fn shards_joined_are_what_coverage_combine_makes_of_them() {
    for kind in ["xml", "json", "info"] {
        let [one, two, both] = ["shard1", "shard2", "combined"]
            .map(|name| format!("coverage-py-docker/{name}.{kind}"));
        same_lines(&[&[&both], &[&one, &two], &[&two, &one], &[&one, &two, &both, &one]]);
        same_branches(&[&[&both], &[&one, &two], &[&two, &one], &[&one, &two, &both, &one]]);
    }
}

/// Shards in different formats have their lines in common. Their branches have other names in each format.
#[test]
fn shards_of_different_formats_join_by_line() {
    let wanted: &[&str] = &["coverage-py-docker/combined.xml"];
    same_lines(&[wanted, &["coverage-py-docker/shard1.info", "coverage-py-docker/shard2.xml"]]);
    same_lines(&[wanted, &["coverage-py-docker/shard1.json", "coverage-py-docker/shard2.info"]]);
}

#[test]
fn one_build_of_gcc() {
    let texts: &[&str] =
        &["gcov/cart.cpp.gcov", "gcov/main.cpp.gcov", "gcov/tax.cpp.gcov", "gcov/price.h.gcov"];
    same_lines(&[
        &["gcov/lcov-2.info"],
        &["gcov/lcov-1.info"],
        &["gcov/gcovr-1.info"],
        &["gcov/gcovr-2.info"],
        &["gcov/cobertura.xml"],
        &["gcov/clover.xml"],
        texts,
    ]);
    same_branches(&[
        &["gcov/lcov-2.info"],
        &["gcov/lcov-1.info"],
        &["gcov/gcovr-1.info"],
        &["gcov/gcovr-2.info"],
        &["gcov/cobertura.xml"],
    ]);
}

/// gcov's JSON was written for one of the three compiled files: all of it, and a part of the header.
#[test]
fn gcov_text_and_json() {
    let (text, json) = (joined(&["gcov/cart.cpp.gcov"]), joined(&["gcov/cart.gcov.json"]));
    assert_eq!(lines(&text)["cart.cpp"], lines(&json)["cart.cpp"]);
    assert_eq!(arms(&text)["cart.cpp"], arms(&json)["cart.cpp"]);
}

#[test]
fn llvm_cov() {
    same_lines(&[&["llvm/lcov.info"], &["llvm/export.json"]]);
    same_lines(&[&["llvm-cpp/lcov.info"], &["llvm-cpp/export.json"]]);
}

#[test]
fn istanbul() {
    let reports: [&[&str]; 4] = [
        &["istanbul/coverage-final.json"],
        &["istanbul/lcov.info"],
        &["istanbul/cobertura.xml"],
        &["istanbul/clover.xml"],
    ];
    same_lines(&reports);
    same_branches(&reports);
}

/// The two lines between `:nocov:` aside, which only the first of them leaves out.
#[test]
fn simplecov() {
    same_lines(&[&["simplecov/resultset.json"], &["simplecov/files.json"]]);
    let mut raw = lines(&joined(&["simplecov/files.json"]))["lib/cart.rb"].clone();
    raw.retain(|(line, _)| ![23, 24].contains(line));
    assert_eq!(lines(&joined(&["simplecov/coverage.json"]))["lib/cart.rb"], raw);
    same_branches(&[&["simplecov/resultset.json"], &["simplecov/coverage.json"]]);
}

/// Clover counts the line of a method as a line of its own kind; `PHPUnit` leaves it out of Cobertura.
#[test]
fn phpunit() {
    let (clover, cobertura) = (joined(&["phpunit/clover.xml"]), joined(&["phpunit/cobertura.xml"]));
    let mut cart = lines(&clover)["Cart.php"].clone();
    cart.retain(|(line, _)| ![9, 19].contains(line));
    assert_eq!(cart, lines(&cobertura)["Cart.php"]);
    assert_eq!(lines(&clover)["functions.php"], lines(&cobertura)["functions.php"]);
}

/// Two modules have the package `org/shop`: their files stay apart.
#[test]
fn jacoco_groups_are_part_of_the_name() {
    let names: Vec<String> = read("jacoco/report.xml").files.into_keys().collect();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(
        names.iter().any(|name| name.starts_with("store/") && name.ends_with("org/shop/Cart.java")),
        "{names:?}"
    );
    assert!(
        names
            .iter()
            .any(|name| name.starts_with("billing/") && name.ends_with("org/shop/Tax.java")),
        "{names:?}"
    );
}
