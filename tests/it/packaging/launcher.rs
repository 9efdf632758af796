//! The script of each action's step, run as the runner runs it: which binary it starts, and what it leaves where there is
//! none that could. Stand-ins for the binaries; neither Docker nor a build is needed.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use mta_actions::actions;
use mta_actions::report::docs::{Layout, files};

use crate::kit::runner::harness::{Job, Record};
use crate::kit::runner::manifest::Manifest;

const BINARIES: [(&str, &str); 2] = [("X64", "mta-linux-x64"), ("ARM64", "mta-linux-arm64")];

/// Of each word that the runner has for a system and for a processor, some; and none, as other runners leave it.
const UNKNOWN: [(&str, &str); 5] =
    [("Linux", "ARM"), ("Linux", "X86"), ("Windows", "X64"), ("macOS", "ARM64"), ("", "")];

/// The generated manifests of a layout below a folder with a space in its name, and `dist/` beside them.
struct Tree {
    folder: tempfile::TempDir,
    /// Command and folder of each composite action.
    actions: Vec<(String, PathBuf)>,
}

impl Tree {
    fn new(layout: Layout) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("a runner/v1");
        let mut actions = Vec::new();
        for (path, text) in files(actions::ALL, layout) {
            let inner = path.parent().unwrap();
            if path.file_name() != Some("action.yml") || inner == "docker" {
                continue;
            }
            fs_err::create_dir_all(root.join(inner)).unwrap();
            fs_err::write(root.join(&path), text).unwrap();
            actions.push((inner.file_name().unwrap_or("umbrella").to_owned(), root.join(inner)));
        }
        assert_eq!(actions.len(), actions::ALL.len() + 1, "each action, and the umbrella");
        Self { folder, actions }
    }

    /// Puts both stand-ins into `dist/`: each says its name and its arguments, and that it is done.
    fn with_binaries(self, mode: u32) -> Self {
        let dist = self.folder.path().join("a runner/v1/dist");
        fs_err::create_dir(&dist).unwrap();
        for (_, name) in BINARIES {
            let path = dist.join(name);
            let script =
                "#!/bin/sh\necho \"ran: ${0##*/} $*\"\necho result=done >>\"$GITHUB_OUTPUT\"\n";
            fs_err::write(&path, script).unwrap();
            fs_err::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        }
        self
    }
}

/// Ended as a run ends that found something outside unavailable, and says why in these words.
fn assert_unavailable(command: &str, record: &Record, words: &[&str]) {
    let shown = format!("{command}: {record:#?}");
    assert_eq!(record.exit_codes, [(0, 75)], "{shown}");
    let verdict = if command == "coverage-gate" { "error" } else { "" };
    for (name, value) in &record.outputs {
        let wanted = match name.as_str() {
            "result" => "unavailable",
            "verdict" => verdict,
            _ => "",
        };
        assert_eq!(value, wanted, "{name} of {shown}");
    }
    let [ours, runners] = record.annotations.as_slice() else { panic!("{shown}") };
    assert_eq!((ours.level.as_str(), ours.title.as_str()), ("error", "mta"), "{shown}");
    assert_eq!(runners.message, "Process completed with exit code 75.", "{shown}");
    for text in [&ours.message, &record.summary] {
        assert!(words.iter().all(|word| text.contains(word)), "{words:?}: {shown}");
    }
    assert!(record.summary.contains(&format!("### ❌ {command}: unavailable\n")), "{shown}");
    assert!(!record.text().contains("ran: "), "{shown}");
    assert!(record.faults.is_empty(), "{shown}");
}

#[test]
fn a_machine_without_a_binary_is_told_what_fits() {
    for layout in [Layout::Source, Layout::Release] {
        let tree = Tree::new(layout).with_binaries(0o755);
        for (command, folder) in &tree.actions {
            for (os, arch) in UNKNOWN {
                let record = Job::uses(folder).machine(os, arch).run();
                let named = format!("there is no binary for {os} on {arch}");
                assert_unavailable(command, &record, &[&named, "X64 or ARM64"]);
            }
        }
    }
}

#[test]
fn a_ref_without_binaries_is_told_which_ref_has_them() {
    for tree in [
        Tree::new(Layout::Source),
        Tree::new(Layout::Release),
        // As an archive leaves them that keeps no modes.
        Tree::new(Layout::Release).with_binaries(0o644),
    ] {
        for (command, folder) in &tree.actions {
            let slash = if command == "umbrella" { "" } else { "/" };
            let wanted = format!(" org/mta-actions{slash}{command}@v1").replace("umbrella", "");
            for (arch, _) in BINARIES {
                let record = Job::uses(folder).machine("Linux", arch).run();
                assert_unavailable(command, &record, &["this ref has no binaries", &wanted]);
            }
        }
    }
}

#[test]
fn the_binary_of_the_machine_runs_with_the_name_of_the_action() {
    for layout in [Layout::Source, Layout::Release] {
        let tree = Tree::new(layout).with_binaries(0o755);
        for (command, folder) in &tree.actions {
            for (arch, name) in BINARIES {
                let record = Job::uses(folder).machine("Linux", arch).run();
                assert_eq!(record.exit_codes, [(0, 0)], "{command}: {record:#?}");
                assert_eq!(record.log, [format!("ran: {name} {command}")]);
                assert_eq!(record.outputs["result"], "done", "{command}");
                assert_eq!(record.summary, "", "{command}: it is the binary's");
            }
        }
    }
}

/// The second step of a job that is cancelled: without a binary, the first one has begun nothing.
#[test]
fn after_a_cancel_there_is_nothing_to_recover_without_a_binary() {
    let recover = |folder: &PathBuf, (os, arch): (&str, &str)| {
        let step = Manifest::read(folder).steps.into_iter().nth(1)?;
        let files = tempfile::tempdir().unwrap();
        let output = Command::new("sh")
            .args(["-e", "-c", &step.run])
            .env("RUNNER_OS", os)
            .env("RUNNER_ARCH", arch)
            .env("GITHUB_ACTION_PATH", folder)
            .env("GITHUB_OUTPUT", files.path().join("output"))
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        Some((output.status.code(), String::from_utf8(said).unwrap()))
    };
    let machines = UNKNOWN.into_iter().chain([("Linux", "X64"), ("Linux", "ARM64")]);
    let mut tried = 0;
    for machine in machines {
        let tree = Tree::new(Layout::Release);
        for (command, folder) in &tree.actions {
            let Some(ended) = recover(folder, machine) else { continue };
            assert_eq!(ended, (Some(0), String::new()), "{command} on {machine:?}");
            tried += 1;
        }
    }
    assert_eq!(tried, 7 * 4, "deploy, backup, rollback and the umbrella, on each machine");
    let tree = Tree::new(Layout::Release).with_binaries(0o755);
    let (_, deploy) = tree.actions.iter().find(|(command, _)| command == "deploy").unwrap();
    let ended = recover(deploy, ("Linux", "X64"));
    assert_eq!(ended, Some((Some(0), "ran: mta-linux-x64 recover\n".to_owned())));
}
