//! What is said of the database when a run ends after its migration had begun, and that the commands that are printed work.

use std::process::{Command, Stdio};

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

#[test]
fn a_run_that_was_killed_while_it_migrated_is_told_of_by_the_next() {
    if !docker() {
        return;
    }
    let stack = deployed();
    let migration = migrating("sleep 600");
    let mut command = stack.command("deploy", &inputs(&migration));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    eventually("half a migration", || orders(&stack) == "4");
    child.kill().unwrap();
    child.wait().unwrap();
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
fn what_runs_is_brought_to_what_is_recorded() {
    if !docker() {
        return;
    }
    let stack = Stack::new(
        "services:\n  app:\n    image: ${APP}\n    init: true\n    command: [sleep, '600']\n",
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
    fs_err::write(stack.state("state.json"), recorded).unwrap();
    let ran = stack.run("recover", &[]);
    assert_eq!(ran.code, 0, "{}", ran.log);
    assert!(ran.log.contains("what runs is not what is recorded"), "{}", ran.log);
    assert_eq!(image(), first);
    let again = stack.run("recover", &[]);
    assert!(again.log.contains("nothing was left pending"), "{}", again.log);
    Command::new("docker").args(["rmi", &other]).output().unwrap();
}
