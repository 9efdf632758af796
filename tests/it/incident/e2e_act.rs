//! `create-failure-issue` as a workflow uses it, run by act from the release tree: red, red, green is one issue that is
//! closed.

use serde_json::json;

use super::bed::{Bed, job};
use crate::kit::act::{act, release_tree, seen};
use crate::kit::github::{Fault, TOKEN, denied};
use crate::kit::scene::Scene;

/// `thing` succeeds or not, as the commit has it.
const WORKFLOW: &str = "
name: nightly
on: [push]
permissions: { contents: read }
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: Run the thing
        run: sh ./thing
  failure:
    needs: [test]
    if: always()
    runs-on: ubuntu-latest
    permissions: { issues: write, actions: read, contents: read }
    steps:
      - uses: org/mta-actions/create-failure-issue@v1
        id: failure
        with: { INPUTS }
      - run: echo \"SEEN $TEST $OUTCOME $RESULT $ACTION $NUMBER $OCCURRENCES\"
        if: always()
        env:
          TEST: ${{ needs.test.result }}
          OUTCOME: ${{ steps.failure.outcome }}
          RESULT: ${{ steps.failure.outputs.result }}
          ACTION: ${{ steps.failure.outputs.action }}
          NUMBER: ${{ steps.failure.outputs.issue-number }}
          OCCURRENCES: ${{ steps.failure.outputs.occurrences }}
";

/// `acme/app` on the fake GitHub, and its checkout in which act runs the workflow.
struct Nights {
    bed: Bed,
    scene: Scene,
    tree: String,
}

impl Nights {
    /// Without a run yet; the workflow gives the action these inputs. `None` where there is no act.
    async fn new(inputs: &str) -> Option<Self> {
        let tree = release_tree()?;
        let scene = Scene::of("create-failure-issue");
        fs_err::create_dir(scene.path("work")).unwrap();
        scene.git(&["init", "-q", "-b", "main"]);
        // act reads the repository's name there.
        scene.git(&["remote", "add", "origin", "https://github.com/acme/app"]);
        scene.write(".github/workflows/ci.yml", &WORKFLOW.replace("INPUTS", inputs));
        scene.commit("begin");
        Some(Self { bed: Bed::new().await, scene, tree })
    }

    /// Pushes a commit with this script, and runs the workflow for it. Answers what its last step saw.
    async fn night(&self, number: u64, thing: &str) -> String {
        let Self { bed, scene, tree } = self;
        let before = scene.git(&["rev-parse", "HEAD"]);
        scene.write("thing", thing);
        let after = scene.commit("change");
        bed.github.push(&after);
        let event = json!({"ref": "refs/heads/main", "before": before, "after": after, "forced": false,
            "repository": {"default_branch": "main"}});
        let (id, file) = (500 + number, "acme/app/.github/workflows/ci.yml@refs/heads/main");
        let mut command = act(scene, tree, ("push", &event));
        command.args(["--actor", "ann", "--secret"]).arg(format!("GITHUB_TOKEN={TOKEN}"));
        for (name, value) in [
            ("GITHUB_API_URL", bed.github.url()),
            ("GITHUB_RUN_ID", id.to_string()),
            ("GITHUB_RUN_NUMBER", number.to_string()),
            ("GITHUB_RUN_ATTEMPT", "1".to_owned()),
            ("GITHUB_WORKFLOW_REF", file.to_owned()),
            ("RUNNER_NAME", "here".to_owned()),
        ] {
            command.arg("--env").arg(format!("{name}={value}"));
        }
        let (seen, log) = tokio::task::spawn_blocking(move || seen(command)).await.unwrap();
        assert_eq!(bed.github.violations(), [""; 0], "{log}");
        assert!(!log.contains(TOKEN), "{log}");
        assert!(!seen.is_empty(), "{log}");
        seen
    }

    /// GitHub tells of the run what act is about to make of it.
    fn tell(&self, number: u64, conclusion: &str) {
        let mut failure = job("failure", "skipped", 30);
        failure["status"] = json!("in_progress");
        failure["conclusion"] = json!(null);
        failure["completed_at"] = json!(null);
        failure["runner_name"] = json!("here");
        self.bed.github.set_jobs((500 + number, 1), vec![job("test", conclusion, number), failure]);
        let line = |text: &str| format!("2026-11-30T10:{number:02}:05.1234567Z {text}\n");
        let begin = line("##[group]Run sh ./thing") + &line("##[endgroup]");
        let end = line("##[error]Process completed with exit code 3.");
        self.bed.log(9000 + number, &(begin + &line("error: the thing is broken") + &end));
    }

    /// "METHOD path" of the requests since so many that are no mere look.
    fn writes(&self, since: usize) -> Vec<String> {
        let requests = self.bed.github.requests().split_off(since).into_iter();
        let writes = requests.filter(|request| request.method != "GET");
        writes.map(|request| format!("{} {}", request.method, request.path())).collect()
    }

    /// The issue was opened, updated and closed by these three requests and a comment, and counts two failures.
    fn has_one_closed_issue(&self) {
        let issue = self.bed.issue();
        assert!(!issue.is_open, "{issue:#?}");
        assert_eq!(issue.reason.as_deref(), Some("completed"));
        assert_eq!(issue.title, "nightly fails on main: test");
        assert!(issue.body.contains("| Failed runs | 2 |"), "{}", issue.body);
        let comments = self.bed.comments();
        assert_eq!(comments.len(), 1, "{comments:?}");
        assert!(comments[0].starts_with("All that was broken succeeded in run"), "{comments:?}");
        let of = |rest: &str| format!("/repos/acme/app/issues{rest}");
        let one = of(&format!("/{}", issue.number));
        assert_eq!(
            self.writes(0),
            [
                format!("POST {}", of("")),
                format!("PATCH {one}"),
                format!("PATCH {one}"),
                format!("POST {one}/comments"),
            ]
        );
    }
}

const BROKEN: &str = "echo 'error: the thing is broken'; exit 3\n";
const STILL: &str = "echo 'error: the thing is broken'; exit 3 # still\n";
const FIXED: &str = "echo fine\n";

#[tokio::test]
async fn red_red_green_is_one_issue_that_is_closed() {
    let Some(nights) = Nights::new("").await else { return };
    let number = 11;
    // How many requests each may take is what the issue of this action promises.
    for (night, thing, conclusion, expected, most) in [
        (1, BROKEN, "failure", format!("failure success done created {number} 1"), 9),
        (2, STILL, "failure", format!("failure success done updated {number} 2"), 4),
        (3, FIXED, "success", format!("success success done closed {number}"), 5),
    ] {
        let before = nights.bed.github.requests().len();
        nights.tell(night, conclusion);
        assert_eq!(nights.night(night, thing).await, expected);
        let requests = nights.bed.github.requests().split_off(before);
        assert!(requests.len() <= most, "{requests:#?}");
        if night < 3 {
            let body = nights.bed.issue().body;
            assert!(body.contains("step `Run the thing`"), "{body}");
            assert!(body.contains("> error: the thing is broken"), "{body}");
        }
    }
    nights.has_one_closed_issue();
}

#[tokio::test]
async fn with_needs_alone_it_is_the_same() {
    let Some(nights) = Nights::new("needs: \"${{ toJSON(needs) }}\"").await else { return };
    for (night, thing, expected) in [
        (1, BROKEN, "failure success done created 11 1"),
        (2, STILL, "failure success done updated 11 2"),
        (3, FIXED, "success success done closed 11"),
    ] {
        nights.bed.github.script("GET /jobs", Fault::Answer(denied()));
        assert_eq!(nights.night(night, thing).await, expected);
    }
    nights.has_one_closed_issue();
}
