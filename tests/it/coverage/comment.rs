//! The comment of `coverage-gate` on a GitHub of this host: written, kept up to date, and never the reason for a verdict.

use serde_json::{Value, json};

use crate::kit::github::wire::Response;
use crate::kit::github::{FakeGitHub, Fault, TOKEN, denied, said};
use crate::kit::scene::{Ran, Scene, lcov, lines};

const TEN: [u32; 10] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const REPOSITORY: &str = "acme/app";

/// A run of the gate that may talk to the server.
async fn run(
    scene: &std::sync::Arc<Scene>,
    (name, event): (&'static str, &Value),
    inputs: Vec<(&'static str, String)>,
    api: String,
) -> Ran {
    let (scene, event) = (scene.clone(), event.clone());
    let run = move || {
        let inputs: Vec<(&str, &str)> =
            inputs.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let env = [
            ("GITHUB_API_URL", api.as_str()),
            ("MTA_TOKEN", TOKEN),
            ("GITHUB_REPOSITORY", REPOSITORY),
        ];
        scene.run_with(name, &event, &inputs, &env)
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

fn scene() -> (std::sync::Arc<Scene>, Value) {
    let scene = Scene::new();
    let event = scene.pull_request(|scene| scene.write("src/a.py", &lines(1, 14)));
    scene.write("coverage.info", &lcov(&[("src/a.py", &TEN, &[11, 12, 13, 14])]));
    (std::sync::Arc::new(scene), event)
}

#[tokio::test]
async fn one_comment_is_written_and_kept_up_to_date() {
    let github = FakeGitHub::start().await;
    let (scene, event) = scene();
    let pull_request = ("pull_request", &event);
    run(&scene, pull_request, vec![], github.url()).await.expect(1, "fail");
    let whole = [&TEN[..], &[11, 12, 13, 14]].concat();
    scene.write("coverage.info", &lcov(&[("src/a.py", &whole, &[])]));
    run(&scene, pull_request, vec![], github.url()).await.expect(0, "pass");
    let comments = github.comments();
    assert_eq!(comments.len(), 1, "{comments:?}");
    assert!(
        comments[0].body.starts_with("<!-- mta:coverage coverage -->\n"),
        "{}",
        comments[0].body
    );
    assert!(comments[0].body.contains("100.00 %"), "{}", comments[0].body);
    scene.write("coverage.info", "SF:src/a.py\nDA:1");
    run(&scene, pull_request, vec![], github.url()).await.expect(1, "error");
    assert!(
        github.comments()[0].body.contains("could not be judged"),
        "an old verdict does not stay"
    );
    assert_eq!(github.violations(), [""; 0]);
    run(&scene, pull_request, vec![("comment", "off".to_owned())], "http://127.0.0.1:1".to_owned())
        .await
        .expect(1, "error");
}

#[tokio::test]
async fn what_keeps_the_comment_away_changes_no_verdict_and_tells_no_token() {
    let (scene, event) = scene();
    let github = FakeGitHub::start().await;
    let read_only =
        Response::json(403, &json!({"message": "Resource not accessible by integration"}));
    github.script("POST comments", Fault::Answer(read_only));
    let ran = run(&scene, ("pull_request", &event), vec![], github.url()).await;
    ran.expect(1, "fail").says("mode: post");
    let ran = run(&scene, ("pull_request", &event), vec![], "http://127.0.0.1:1".to_owned()).await;
    ran.expect(1, "fail").says("the comment was not posted");
    assert!(!ran.log.replace(&format!("::add-mask::{TOKEN}"), "").contains(TOKEN), "{}", ran.log);
}

/// The messages of the notices with this title, as they go to the run's page.
fn notices<'a>(ran: &'a Ran, title: &str) -> Vec<&'a str> {
    let start = format!("::notice title={title}::");
    ran.log.lines().filter_map(|line| line.strip_prefix(start.as_str())).collect()
}

#[tokio::test]
async fn a_token_that_may_not_comment_is_told_which_permission_it_lacks() {
    let (scene, event) = scene();
    let github = FakeGitHub::start().await;
    let gate = async || run(&scene, ("pull_request", &event), vec![], github.url()).await;
    // What GitHub names for reading does not let anybody comment.
    let to_read = said(403, "Resource not accessible by integration")
        .with("x-accepted-github-permissions", "issues=read; pull_requests=read");
    for (on, refusal) in [("GET comments", to_read), ("POST comments", denied())] {
        github.script(on, Fault::Answer(refusal));
        let ran = gate().await;
        ran.expect(1, "fail").says("src/a.py");
        let [notice] = notices(&ran, "no comment")[..] else { panic!("{on}: {}", ran.log) };
        for words in ["`pull-requests: write`", "under `permissions:` of the job", "`mode: post`"] {
            assert!(notice.contains(words), "{on}: {words}: {notice}");
        }
    }
    assert_eq!(github.comments(), []);

    // One that may is told nothing.
    let ran = gate().await;
    ran.expect(1, "fail");
    assert_eq!((notices(&ran, "no comment").len(), github.comments().len()), (0, 1), "{}", ran.log);

    // An older server does not name the permission; we do.
    scene.write("coverage.info", &lcov(&[("src/a.py", &TEN, &[12, 13, 14])]));
    let unnamed = said(403, "Resource not accessible by integration");
    github.script("PATCH comments", Fault::Answer(unnamed));
    let ran = gate().await;
    let [notice] = notices(&ran, "no comment")[..] else { panic!("{}", ran.log) };
    let add = "add `pull-requests: write` under `permissions:` of the job";
    assert!(notice.contains(add), "{notice}");

    // A server that is down is no matter of permissions.
    github.script("GET comments", Fault::Answer(said(422, "Validation Failed")));
    let ran = gate().await;
    assert_eq!(notices(&ran, "no comment"), [""; 0], "{}", ran.log);
    ran.says("the comment was not posted");
    assert!(!ran.log.contains("`permissions:`"), "{}", ran.log);
}

#[tokio::test]
async fn a_fork_s_comment_is_posted_harmless_on_its_own_pull_request_only() {
    let github = FakeGitHub::start().await;
    let (scene, _) = scene();
    let sha = "d".repeat(40);
    for (number, head) in [(7, sha.clone()), (8, "e".repeat(40))] {
        github.add_pull(json!({
            "number": number, "state": "open", "html_url": format!("https://h/{number}"),
            "head": {"sha": head, "ref": "topic", "repo": {"full_name": "stranger/app"}},
            "base": {"sha": "b".repeat(40), "ref": "main", "repo": {"full_name": REPOSITORY}},
        }));
    }
    let event = json!({"workflow_run": {
        "id": 5, "event": "pull_request", "conclusion": "failure", "head_sha": sha, "head_branch": "topic",
        "head_repository": {"full_name": "stranger/app"}, "pull_requests": [],
    }});
    let post = || vec![("mode", "post".to_owned()), ("comment-from", "got".to_owned())];
    scene.write("got/comment.md", "hello\n");
    run(&scene, ("workflow_run", &event), post(), github.url()).await.says("first line");
    assert!(github.comments().is_empty());
    scene.write(
        "got/comment.md",
        "<!-- mta:coverage coverage -->\n### ok\n@acme/admins ![x](https://evil.example/x)\n",
    );
    let ran = run(&scene, ("workflow_run", &event), post(), github.url()).await;
    assert_eq!(ran.code, 0, "{}", ran.log);
    let comments = github.comments();
    assert_eq!(comments.len(), 1, "{comments:?}");
    let body = &comments[0].body;
    assert!(
        body.contains("### ok") && !body.contains("@acme") && !body.contains("://evil"),
        "{body}"
    );
    let ran = run(&scene, ("pull_request", &event), post(), github.url()).await;
    assert_eq!(ran.code, 64, "{}", ran.log);
}
