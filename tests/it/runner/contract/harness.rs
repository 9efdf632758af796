//! The harness itself: each rule of the runner fires, and does not fire where it must not.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::kit::runner::harness::{Job, Record};

/// An action with one step: `sh`, `id: main`, inputs `Name` (default `world`) and `other`.
fn action(folder: &Path, script: &str, more: &str) {
    let script = script.replace('\n', "\n        ");
    let text = format!(
        "name: t\ndescription: t\ninputs:\n  name:\n    default: world\n  other:\n    description: x\n\
         outputs:\n  result:\n    value: ${{{{ steps.main.outputs.result }}}}\n\
         runs:\n  using: composite\n  steps:\n    - id: main\n      shell: sh\n      env:\n        \
         MTA_INPUTS: ${{{{ toJSON(inputs) }}}}\n      run: |\n        {script}\n{more}"
    );
    fs_err::write(folder.join("action.yml"), text).unwrap();
}

fn run_with(script: &str, more: &str, prepare: impl FnOnce(Job) -> Job) -> Record {
    let folder = tempfile::tempdir().unwrap();
    action(folder.path(), script, more);
    prepare(Job::uses(folder.path())).run()
}

fn run(script: &str) -> Record {
    run_with(script, "", |job| job)
}

#[test]
fn outputs_summary_and_log_of_a_step_that_succeeds() {
    let record = run(
        "echo hello\necho result=done >> \"$GITHUB_OUTPUT\"\necho '# Sum' >> \"$GITHUB_STEP_SUMMARY\"",
    );
    assert_eq!((record.exit_code(), record.failed, record.cancelled), (0, false, false));
    assert_eq!(record.log, ["hello"]);
    assert_eq!(record.outputs["result"], "done");
    assert_eq!(record.summary, "# Sum\n");
    assert!(record.faults.is_empty() && record.annotations.is_empty() && record.signals.is_empty());
}

#[test]
fn outputs_of_a_step_that_fails_are_read_and_its_code_takes_an_error() {
    let record = run("echo result=failed >> \"$GITHUB_OUTPUT\"\nexit 3");
    assert_eq!((record.exit_code(), record.failed), (3, true));
    assert_eq!(record.outputs["result"], "failed");
    assert_eq!(record.annotations[0].message, "Process completed with exit code 3.");
}

#[test]
fn inputs_come_in_one_variable_with_the_callers_spelling_defaults_and_strangers() {
    let record =
        run_with("printf '%s\\n' \"$MTA_INPUTS\"; env | grep ^INPUT_ || echo none", "", |job| {
            job.with("OTHER", "a\"b$HOME`x`").with("typo", "1")
        });
    let text = record.text();
    let json = &text[text.find('{').unwrap()..=text.rfind('}').unwrap()];
    let inputs: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(
        inputs,
        serde_json::json!({ "OTHER": "a\"b$HOME`x`", "typo": "1", "name": "world" })
    );
    assert!(text.ends_with("none"), "{text}");
    assert!(text.contains("Unexpected input(s) 'typo'"));
}

#[test]
fn the_environment_is_the_jobs_and_not_the_hosts() {
    let script =
        "echo \"ref=[$GITHUB_ACTION_REF] host=[$CARGO] job=[$TAG]\"; ls \"$GITHUB_ACTION_PATH\"";
    let record = run_with(script, "", |job| job.env("TAG", "v1"));
    assert_eq!(record.log, ["ref=[] host=[] job=[v1]", "action.yml"]);
}

#[test]
fn commands_are_seen_on_both_streams_and_masks_work_forwards() {
    let record = run("echo pw; echo ::add-mask::pw; echo pw; echo 'x ##[error]boom' >&2");
    let lines: Vec<_> = record.log.iter().filter(|line| !line.contains("boom")).collect();
    assert_eq!(lines, ["pw", "***"], "the order of two streams is not fixed, that of one is");
    assert_eq!(record.annotations[0].message, "boom");
}

#[test]
fn a_secret_of_the_repository_is_masked_from_the_start() {
    let record = run_with(
        "echo s3cr3t; echo result=s3cr3t >> \"$GITHUB_OUTPUT\"; echo s3cr3t >> \"$GITHUB_STEP_SUMMARY\"",
        "",
        |job| job.secret("s3cr3t"),
    );
    assert_eq!((record.log[0].as_str(), record.summary.as_str()), ("***", "***\n"));
    assert_eq!(record.dropped_outputs, ["result"]);
}

#[test]
fn a_malformed_output_file_fails_the_step_but_pairs_before_it_count() {
    let record = run("echo result=1 >> \"$GITHUB_OUTPUT\"; echo broken >> \"$GITHUB_OUTPUT\"");
    assert!(record.failed);
    assert_eq!(record.outputs["result"], "1");
    assert_eq!(record.faults, ["output: Invalid format 'broken'"]);
}

#[test]
fn a_summary_above_the_limit_is_not_shown_and_does_not_fail() {
    let fill = |bytes: usize| {
        run(&format!("head -c {bytes} /dev/zero | tr '\\0' x >> \"$GITHUB_STEP_SUMMARY\""))
    };
    assert_eq!(fill(1_048_576).summary.len(), 1_048_576);
    let record = fill(1_048_577);
    assert_eq!((record.summary.as_str(), record.failed), ("", false));
    assert_eq!((record.annotations.len(), record.faults.len()), (1, 1));
}

const LATER: &str = "    - if: cancelled()\n      shell: sh\n      run: echo recovering\n    \
                     - shell: sh\n      run: echo \"later $SET\"\n    \
                     - if: ${{ failure() }}\n      shell: sh\n      run: echo cleaning\n";

#[test]
fn inner_steps_run_by_their_condition() {
    let fine = run_with("echo SET=env >> \"$GITHUB_ENV\"", LATER, |job| job);
    assert_eq!(fine.log, ["later env"]);
    let failed = run_with("exit 1", LATER, |job| job);
    assert_eq!(failed.log.last().unwrap(), "cleaning");
    assert_eq!(failed.exit_codes, [(0, 1), (3, 0)]);
}

#[test]
fn a_child_that_was_executed_gets_the_interrupt_and_the_cancelled_step_runs() {
    let script = "cat > t.sh <<'E'\ntrap 'echo stopping; exit 4' INT\necho ready\nwhile :; do sleep 0.05; done\nE\nexec sh t.sh";
    let started = Instant::now();
    let record = run_with(script, LATER, |job| job.cancel_at("ready"));
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!((record.exit_codes[0], record.signals), ((0, 4), vec!["INT"]));
    assert_eq!(record.log, ["ready", "stopping", "recovering"]);
    assert!(record.cancelled);
}

#[test]
fn who_ignores_the_interrupt_is_terminated_and_then_killed() {
    let script = "cat > t.sh <<'E'\ntrap '' INT\ntrap 'echo term' TERM\necho ready\nwhile :; do sleep 0.05; done\nE\nexec sh t.sh";
    let started = Instant::now();
    let record = run_with(script, LATER, |job| job.cancel_at("ready"));
    let took = started.elapsed();
    assert!(took >= Duration::from_secs(10) && took < Duration::from_secs(14), "{took:?}");
    assert_eq!(record.signals, ["INT", "TERM", "KILL"]);
    assert_eq!(record.exit_codes[0], (0, 137));
    assert_eq!(record.log, ["ready", "term", "recovering"]);
}

#[test]
fn a_child_that_was_not_executed_never_hears_of_the_cancel() {
    let script = "sh -c 'trap \"echo stopped; exit 1\" INT TERM; echo ready; n=0; while [ $n -lt 180 ]; do sleep 0.05; n=$((n+1)); done; echo orphan'\necho after";
    let record = run_with(script, "", |job| job.cancel_at("ready"));
    assert!(
        !record.text().contains("stopped") && record.text().contains("orphan"),
        "{:?}",
        record.log
    );
}
