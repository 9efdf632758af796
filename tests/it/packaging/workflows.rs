//! The repository's own workflows: who may write, what is pinned, and that a release trusts the right run of CI.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value as Yaml;

/// The SHA that each action was verified by.
const PINS: [(&str, &str); 3] = [
    ("actions/checkout", "3d3c42e5aac5ba805825da76410c181273ba90b1"),
    ("actions/download-artifact", "3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c"),
    ("actions/upload-artifact", "bbbca2ddaa5d8feaa63e36b76fdaad77386f024f"),
];

/// What builds, or runs what was built on the machine of the job.
const FOREIGN: [&str; 6] =
    ["cargo", "rustup", "scripts/dist", "scripts/release-tree", ".ci/run", "make "];

fn workflow(name: &str) -> Yaml {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/workflows").join(name);
    serde_saphyr::from_str(&fs_err::read_to_string(path).unwrap()).unwrap()
}

fn jobs(yaml: &Yaml) -> impl Iterator<Item = (&str, &Yaml)> {
    yaml["jobs"].as_object().unwrap().iter().map(|(name, job)| (name.as_str(), job))
}

fn steps(job: &Yaml) -> &[Yaml] {
    job["steps"].as_array().unwrap()
}

/// All scripts of a job in one text.
fn scripts(job: &Yaml) -> String {
    steps(job).iter().filter_map(|step| step["run"].as_str()).collect()
}

fn can_write(job: &Yaml) -> bool {
    job["permissions"].as_object().unwrap().values().any(|grant| grant != "read")
}

fn runs_foreign_code(job: &Yaml) -> bool {
    FOREIGN.iter().any(|program| scripts(job).contains(program))
}

/// The jobs that a job waits for, directly.
fn needs(job: &Yaml) -> Vec<&str> {
    match &job["needs"] {
        Yaml::String(name) => vec![name],
        Yaml::Array(names) => names.iter().filter_map(Yaml::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Whether a job, or one that it waits for, waits for the environment.
fn is_guarded(yaml: &Yaml, job: &Yaml) -> bool {
    job["environment"] == "release"
        || needs(job).iter().any(|name| is_guarded(yaml, &yaml["jobs"][name]))
}

#[test]
fn who_runs_foreign_code_cannot_write_and_who_writes_is_guarded() {
    let yaml = workflow("release.yml");
    assert_eq!(yaml["permissions"], serde_json::json!({}));
    let of = |wanted: &dyn Fn(&Yaml) -> bool| -> BTreeSet<&str> {
        jobs(&yaml).filter(|(_, job)| wanted(job)).map(|(name, _)| name).collect()
    };
    assert_eq!(of(&runs_foreign_code), BTreeSet::from(["assemble", "build"]));
    assert_eq!(of(&can_write), BTreeSet::from(["finish", "image", "index", "publish"]));
    assert!(jobs(&yaml).all(|(_, job)| !can_write(job) || is_guarded(&yaml, job)));
    assert!(!is_guarded(&yaml, &yaml["jobs"]["assemble"]), "the rule knows the difference");
    let ci = workflow("ci.yml");
    assert!(jobs(&ci).all(|(_, job)| runs_foreign_code(job) && !can_write(job)));
}

#[test]
fn every_action_is_pinned_and_no_checkout_keeps_the_token() {
    for name in ["ci.yml", "release.yml"] {
        let yaml = workflow(name);
        for step in jobs(&yaml).flat_map(|(_, job)| steps(job)) {
            let script = step["run"].as_str().unwrap_or_default();
            assert!(!script.contains("${{"), "{name}: an expression in a script: {script}");
            let Some(used) = step["uses"].as_str() else { continue };
            let (action, sha) = used.split_once('@').unwrap();
            assert!(PINS.contains(&(action, sha)), "{name}: {used}");
            let kept = &step["with"]["persist-credentials"];
            assert!(action != "actions/checkout" || kept == false, "{name}: {kept}");
        }
    }
}

#[test]
fn one_rustc_builds_everywhere() {
    let [ci, release] = ["ci.yml", "release.yml"].map(workflow);
    let version = ci["env"]["RUSTUP_TOOLCHAIN"].as_str().unwrap();
    assert_eq!(release["env"]["RUSTUP_TOOLCHAIN"], version);
    let least = env!("CARGO_PKG_RUST_VERSION");
    assert!(version.starts_with(&format!("{least}.")), "{version}: Cargo.toml says {least}");
    for (name, job) in jobs(&ci).chain(jobs(&release)).filter(|(_, job)| runs_foreign_code(job)) {
        let install = "rustup toolchain install \"$RUSTUP_TOOLCHAIN\"";
        assert!(scripts(job).contains(install), "{name}: {install}");
    }
    assert!(!Path::new(env!("CARGO_MANIFEST_DIR")).join("rust-toolchain.toml").exists());
}

#[test]
fn the_sums_go_from_build_to_publish() {
    let jobs = &workflow("release.yml")["jobs"];
    for arch in ["x64", "arm64"] {
        assert_eq!(jobs["build"]["outputs"][arch], format!("${{{{ steps.sum.outputs.{arch} }}}}"));
        for job in ["assemble", "publish"] {
            let wanted = format!("${{{{ needs.build.outputs.{arch} }}}}");
            let told = steps(&jobs[job]).iter();
            let told = told.filter(|step| step["env"][arch.to_uppercase()] == *wanted).count();
            assert_eq!(told, 1, "{job}: {arch}");
        }
    }
    for (job, check) in [
        ("assemble", "scripts/release-tree \"$RUNNER_TEMP/tree\" \"$RUNNER_TEMP/sums\""),
        (
            "publish",
            "scripts/release-commit \"$RUNNER_TEMP/tree\" \"$VERSION\" \"$RUNNER_TEMP/sums\"",
        ),
        ("publish", "sha256sum --check --strict"),
    ] {
        assert!(scripts(&jobs[job]).contains(check), "{job}: {check}");
    }
}

#[test]
fn the_steps_come_in_the_order_that_can_be_run_again() {
    let jobs = &workflow("release.yml")["jobs"];
    let order = [
        ("build", "plan"),
        ("assemble", "build"),
        ("publish", "assemble"),
        ("image", "publish"),
        ("index", "image"),
        ("finish", "index"),
    ];
    for (later, former) in order {
        assert!(needs(&jobs[later]).contains(&former), "{later} waits for {former}");
    }
    let finish = scripts(&jobs["finish"]);
    let [public, tags] = ["release-publish public", "release-tags"].map(|name| finish.find(name));
    assert!(public.is_some() && public < tags, "tags move last: {finish}");
    for step in
        ["image", "index", "finish", "build", "assemble"].iter().flat_map(|job| steps(&jobs[job]))
    {
        let upload = step["uses"].as_str().is_some_and(|used| used.contains("upload-artifact"));
        assert!(!upload || step["with"]["overwrite"] == true, "a second attempt uploads again");
    }
}

#[test]
fn the_run_of_ci_that_is_trusted_is_the_push_of_this_commit_and_nobody_cancels_it() {
    let plan = scripts(&workflow("release.yml")["jobs"]["plan"]);
    for word in [
        "--workflow ci.yml",
        "--branch \"$GITHUB_REF_NAME\"",
        "--event push",
        "--commit \"$GITHUB_SHA\"",
        "scripts/release-check \"$VERSION\" \"$GITHUB_REF_NAME\"",
    ] {
        assert!(plan.contains(word), "{word}: {plan}");
    }
    let ci = workflow("ci.yml");
    let pull_request = "github.event_name == 'pull_request'";
    let concurrency = &ci["concurrency"];
    assert_eq!(concurrency["cancel-in-progress"], format!("${{{{ {pull_request} }}}}"));
    // A waiting run is cancelled by the next one of its group, whatever cancel-in-progress says.
    let group = format!("ci-${{{{ {pull_request} && github.ref || github.sha }}}}");
    assert_eq!(concurrency["group"], group);
    assert_eq!(ci["on"]["push"]["branches"], serde_json::json!(["main", "backport/*"]));
}
