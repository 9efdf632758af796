//! A cancel is seen while a story computes: the runner kills ten seconds after SIGINT.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::kit::scene::{Ran, Scene, lcov};

/// How long a run may take to its outputs after SIGINT (issue 15).
const SOON: Duration = Duration::from_secs(2);

/// Starts a run, interrupts it when its story has computed for a while, and answers what it left.
fn interrupted(scene: &Scene, mut command: Command) -> Ran {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = child.id();
    let began = Instant::now();
    while computed(pid) < Duration::from_millis(300) {
        assert!(began.elapsed() < Duration::from_mins(1), "the story begins");
        std::thread::sleep(Duration::from_millis(5));
    }
    let sent = Instant::now();
    assert!(Command::new("kill").args(["-INT", &pid.to_string()]).status().unwrap().success());
    let ran = scene.ran(&child.wait_with_output().unwrap());
    assert!(sent.elapsed() < SOON, "{:?} after SIGINT\n{}", sent.elapsed(), ran.log);
    ran
}

/// The processor time of the thread `story`: zero until it is there. Fields 14 and 15 of its `stat`, in hundredths of a
/// second (proc(5), `sysconf(_SC_CLK_TCK)` is 100 on Linux).
fn computed(pid: u32) -> Duration {
    let Ok(tasks) = fs_err::read_dir(format!("/proc/{pid}/task")) else { return Duration::ZERO };
    let stats = tasks
        .filter_map(|task| fs_err::read_to_string(task.ok()?.path().join("stat")).ok())
        .filter(|stat| stat.contains("(story)"));
    let ticks = stats.map(|stat| {
        let (_, behind) = stat.rsplit_once(") ").unwrap();
        let fields = behind.split(' ').skip(11).take(2);
        fields.map(|field| field.parse::<u64>().unwrap()).sum::<u64>()
    });
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

fn cancelled(ran: &Ran) {
    assert_eq!((ran.code, ran.output("result")), (75, "unavailable"), "{}", ran.log);
    assert!(ran.log.contains("the run was cancelled"), "{}", ran.log);
    assert!(ran.summary.contains("the run was cancelled"), "{}", ran.summary);
}

#[test]
fn validate_config_with_thousands_of_findings() {
    let scene = Scene::of("validate-config");
    for name in ["work", "temp"] {
        fs_err::create_dir(scene.path(name)).unwrap();
    }
    scene.git(&["init", "-q", "-b", "main"]);
    // As much as is checked at most: services, values, variables.
    let service = |number: u32| {
        let one = |key: u32| format!("      A{key}_TOKEN: hunter${{B{number}_{key}}}\n");
        let environment: String = (0..19).map(one).collect();
        format!("  s{number}:\n    image: x\n    environment:\n{environment}")
    };
    let services: String = (0..1_000).map(service).collect();
    scene.write("compose.yaml", &format!("services:\n{services}"));
    scene.commit("first");
    let ran = interrupted(&scene, scene.command("push", &json!({}), &[]));
    cancelled(&ran);
    assert_eq!(ran.output("errors"), "");
}

#[test]
fn coverage_gate_with_a_large_report() {
    let scene = Scene::new();
    let mut report = lcov(&[("src/a.py", &[1, 2], &[3])]);
    for file in 0..600_000 {
        report.push_str(&format!(
            "SF:src/m{}/f{file}.py\nDA:1,1\nDA:2,0\nend_of_record\n",
            file % 977
        ));
    }
    scene.write("coverage.info", &report);
    let event = scene.push(|_| {});
    let ran = interrupted(&scene, scene.command("push", &event, &[("reports", "coverage.info")]));
    cancelled(&ran);
    assert_eq!(ran.output("verdict"), "error");
}
