//! What is said of the database when a run ends after its migration had begun, and that the commands that are printed work.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::kit::mta::mta_with_docker;
use crate::kit::shop::{deployed, done, orders};
use crate::kit::stack::{IMAGE, Ran, Stack, docker, docker_out, eventually};

/// The inputs of a deploy whose migration takes orders away.
fn migrating(then: &str) -> Vec<(&'static str, String)> {
    let script = format!(
        "PGPASSWORD=$(cat /run/secrets/password) psql -q -h db -U chief -d shop -c 'DELETE FROM orders WHERE n > 4' && {then}"
    );
    vec![
        ("database-service", "db".to_owned()),
        ("migrate-service", "db".to_owned()),
        ("migrate-command", format!("sh -c {}", shlex::try_quote(&script).unwrap())),
    ]
}

fn inputs<'a>(all: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    all.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// Runs the command that a log prints, as a person would paste it.
fn run_what_is_printed(stack: &Stack, log: &str, action: &str) {
    let from = log.find(&format!("`mta {action} ")).unwrap_or_else(|| panic!("{action}: {log}"));
    let line = log[from + 1..].split('`').next().unwrap();
    let words = shlex::split(line).unwrap();
    let mut command = mta_with_docker();
    command.args(&words[1..]).env_clear().current_dir(stack.path("")).stdin(Stdio::null());
    for name in ["PATH", "HOME", "DOCKER_HOST", "DOCKER_CONFIG"] {
        if let Ok(value) = std::env::var(name) {
            command.env(name, value);
        }
    }
    let done = command.output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{line}: {}{said}", String::from_utf8_lossy(&done.stdout));
}

fn says(ran: &Ran, words: &[&str]) {
    for words in words {
        assert!(ran.log.contains(words), "{words}: {}", ran.log);
        assert!(!ran.log.contains("nothing was changed"), "{}", ran.log);
    }
}

#[test]
fn a_migration_that_fails_half_way_is_told_with_the_command_that_undoes_it() {
    if !docker() {
        return;
    }
    let stack = deployed();
    let ran = stack.run("deploy", &inputs(&migrating("exit 3")));
    assert_eq!((ran.code, ran.outputs["result"].as_str()), (4, "needs-person"), "{}", ran.log);
    says(&ran, &["the migration failed", "may be half migrated", "is the backup shop_20"]);
    assert_eq!(orders(&stack), "4");
    assert!(ran.summary.contains("Backup made before: `shop_20"), "{}", ran.summary);
    run_what_is_printed(&stack, &ran.log, "rollback");
    assert_eq!(orders(&stack), "10");
}

#[test]
fn a_migration_that_went_well_is_told_when_the_application_did_not() {
    if !docker() {
        return;
    }
    let mut stack = deployed();
    stack.flag("env", "HEALTH=false");
    let ran = stack.run("deploy", &inputs(&migrating("true")));
    assert_eq!((ran.code, ran.outputs["result"].as_str()), (2, "rolled-back"), "{}", ran.log);
    says(&ran, &["runs again", "The database was migrated", "is the backup shop_20"]);
    run_what_is_printed(&stack, &ran.log, "rollback");
    assert_eq!(orders(&stack), "10");
}

/// A deployed stack in which a deploy was killed when half of its migration was done.
fn killed_while_migrating() -> Stack {
    let stack = deployed();
    let migration = migrating("sleep 600");
    let mut command = stack.command("deploy", &inputs(&migration));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    eventually("half a migration", || orders(&stack) == "4");
    child.kill().unwrap();
    child.wait().unwrap();
    stack
}

#[test]
fn a_run_that_was_killed_while_it_migrated_is_told_of_by_the_next() {
    if !docker() {
        return;
    }
    let stack = killed_while_migrating();
    let ran = stack.run("recover", &[]);
    assert_eq!(ran.code, 0, "{}", ran.log);
    says(&ran, &["ended early", "may be half migrated", "is the backup shop_20"]);
    assert!(ran.log.contains("::warning "), "{}", ran.log);
    assert!(ran.summary.contains("may be half migrated"), "{}", ran.summary);
    run_what_is_printed(&stack, &ran.log, "rollback");
    assert_eq!(orders(&stack), "10");
    let again = stack.run("recover", &[]);
    assert!(!again.log.contains("migrated"), "it is told once: {}", again.log);
}

#[test]
fn a_backup_settles_what_a_killed_run_left_before_it_is_made() {
    if !docker() {
        return;
    }
    let stack = killed_while_migrating();
    assert!(state(&stack)["pending"].is_string());
    let ran = stack.run("backup", &[]);
    done(&ran);
    says(&ran, &["was left pending by a run that ended early", "may be half migrated"]);
    assert!(state(&stack)["pending"].is_null(), "{}", state(&stack));
    let settled = ran.log.find("was left pending").unwrap();
    let backed_up = ran.log.find(&ran.outputs["backup"]).unwrap();
    assert!(settled < backed_up, "{}", ran.log);
}

#[test]
fn backups_of_deploys_are_counted_apart() {
    if !docker() {
        return;
    }
    let stack = deployed();
    done(&stack.run("backup", &[]));
    let migration = migrating("true");
    let inputs = [&inputs(&migration)[..], &[("keep-last", "1")]].concat();
    let deployed = [(); 2].map(|()| {
        let ran = stack.run("deploy", &inputs);
        done(&ran);
        made_by(&stack)
    });
    assert_eq!(deployed, [["backup", "deploy"]; 2], "the second took the first one's place");
}

/// What is recorded of the project.
fn state(stack: &Stack) -> Value {
    serde_json::from_slice(&fs_err::read(stack.state("state.json")).unwrap()).unwrap()
}

/// Which actions made the backups of the database `shop`, the oldest first.
fn made_by(stack: &Stack) -> Vec<String> {
    let folder = fs_err::read_dir(stack.state("backups/shop")).unwrap();
    let files = folder.map(|file| file.unwrap().path());
    let manifests = files.filter(|file| file.to_string_lossy().ends_with(".manifest.json"));
    let mut manifests: Vec<Value> = manifests
        .map(|file| serde_json::from_slice(&fs_err::read(file).unwrap()).unwrap())
        .collect();
    manifests.sort_by_key(|manifest| manifest["sequence"].as_u64());
    manifests.iter().map(|one| one["made_by"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_runs_is_brought_to_what_is_recorded() {
    if !docker() {
        return;
    }
    let stack = Stack::new(
        "services:\n  app:\n    image: ${APP}\n    init: true\n    command: [sleep, '${SLEEP:-600}']\n",
    );
    let other = format!("mta-test/{}:other", stack.project);
    let made = docker_out(&["create", "--label", "mta.test=other", IMAGE]);
    docker_out(&["commit", "--change", "LABEL mta.test=other", &made, &other]);
    docker_out(&["rm", &made]);
    let deploy = |image: &str| done(&stack.run("deploy", &[("env", &format!("APP={image}"))]));
    let image = || docker_out(&["inspect", "-f", "{{.Image}}", &stack.containers()["app"]]);
    deploy(IMAGE);
    let (recorded, first) = (fs_err::read(stack.state("state.json")).unwrap(), image());
    deploy(&other);
    assert_ne!(image(), first);
    fs_err::write(stack.state("state.json"), &recorded).unwrap();
    let recovers = || {
        let ran = stack.run("recover", &[]);
        assert_eq!(ran.code, 0, "{}", ran.log);
        assert!(ran.log.contains("what runs is not what is recorded"), "{}", ran.log);
        let again = stack.run("recover", &[]);
        assert!(again.log.contains("nothing was left pending"), "{}", again.log);
        ran
    };
    recovers();
    assert_eq!(image(), first);

    let settings = format!("APP={IMAGE}\nSLEEP=500");
    done(&stack.run("deploy", &[("env", &settings)]));
    fs_err::write(stack.state("state.json"), recorded).unwrap();
    let ran = recovers();
    assert!(ran.summary.contains("ran with other settings than release"), "{}", ran.summary);
    let command = docker_out(&["inspect", "-f", "{{.Config.Cmd}}", &stack.containers()["app"]]);
    assert_eq!(command, "[sleep 600]");
    Command::new("docker").args(["rmi", &other]).output().unwrap();
}

#[test]
fn a_deploy_that_needs_no_database_goes_on_while_a_restore_cannot_be_undone() {
    if !docker() {
        return;
    }
    let compose = "
x-run: &run
  image: IMAGE
  init: true
  command: [sleep, '600']
  environment: {VERSION: '${VERSION:-v1}'}
  healthcheck: {test: [CMD, 'true'], interval: 1s}
services: {app: *run, db: *run}
";
    let stack = Stack::new(&compose.replace("IMAGE", IMAGE));
    let version = || docker_out(&["exec", &stack.containers()["app"], "printenv", "VERSION"]);
    done(&stack.run("deploy", &[]));
    // A restore was cut off, and what runs as the database is none that could be asked.
    let mut recorded = state(&stack);
    let restore = serde_json::json!({ "service": "db", "database": "shop", "id": "1" });
    recorded["restore"] = restore.clone();
    fs_err::write(stack.state("state.json"), recorded.to_string()).unwrap();

    let ran = stack.run("deploy", &[("env", "VERSION=v2")]);
    done(&ran);
    let title = "title=a restore that ended early is not undone yet";
    assert!(ran.log.contains(title), "{}", ran.log);
    assert_eq!(version(), "v2");
    assert_eq!(state(&stack)["restore"], restore, "it is not forgotten");

    let needs = [
        ("env", "VERSION=v3"),
        ("database-service", "db"),
        ("migrate-service", "app"),
        ("migrate-command", "true"),
    ];
    let refused = stack.run("deploy", &needs);
    assert_eq!((refused.code, version().as_str()), (1, "v2"), "{}", refused.log);
    assert_eq!(state(&stack)["restore"], restore);
}
