//! The words of an issue by templates, on the fake GitHub.

use serde_json::json;

use super::bed::{Bed, Run, did};
use crate::kit::github::TOKEN;

const RED: [(&str, &str); 2] = [("lint", "success"), ("test", "failure")];
const GREEN: [(&str, &str); 2] = [("lint", "success"), ("test", "success")];

const OWN: [(&str, &str); 3] = [
    ("title", "{{ workflow }} is red on {{ branch }}: {{ stage }}"),
    ("body", "cc @acme/on-call: run {{ run_number }}, {{ failed_runs }} failed\n\n{{ report }}"),
    ("comment", "{{ news }} ([page]({{ run_url }}), {{ failed_runs }} failed)"),
];

#[tokio::test]
async fn an_issue_in_words_of_its_own_lives_as_any_other() {
    let bed = Bed::new().await;
    did(&bed.run_with(&Run::of(1, 'a', &RED), &OWN).await, "created");
    assert_eq!(bed.issue().title, "nightly is red on main: test");
    did(&bed.run_with(&Run::of(2, 'b', &RED), &OWN).await, "updated");
    let body = bed.issue().body;
    let lines: Vec<&str> = body.lines().collect();
    assert!(lines[0].starts_with("<!-- mta:failure"), "{body}");
    assert_eq!(lines[1], "cc @acme/on-call: run 2, 2 failed");
    assert!(body.contains("### What is broken"), "{body}");
    assert!(body.trim_end().lines().last().unwrap().starts_with("<!-- mta:memory"), "{body}");
    did(&bed.run_with(&Run::of(3, 'c', &GREEN), &OWN).await, "closed");
    let page = "https://github.example.test/acme/app/actions/runs/503";
    let comment = &bed.comments()[0];
    assert!(comment.starts_with("All that was broken succeeded"), "{comment}");
    assert!(comment.ends_with(&format!(" ([page]({page}), 2 failed)")), "{comment}");
}

#[tokio::test]
async fn a_wrong_template_is_refused_before_anything_is_asked() {
    let bed = Bed::new().await;
    for (input, template, says) in [
        (
            "title",
            "{{ brnch }}",
            "`title`: line 1: there is no variable `brnch`; the variables are: workflow",
        ),
        ("body", "a\n{{ branch|safe }}", "`body`: line 2"),
        ("comment", "{% set x = 1 %}", "`comment`: line 1: the tag `set`"),
    ] {
        let ran = bed.run_with(&Run::of(1, 'a', &GREEN), &[(input, template)]).await;
        assert_eq!((ran.code, ran.output("result")), (64, "bad-input"), "{}", ran.log);
        ran.says(says);
    }
    assert!(bed.github.requests().is_empty());
}

#[tokio::test]
async fn hostile_names_are_no_markdown_in_a_template() {
    let bed = Bed::new().await;
    let hostile = "@acme/admins fixes #7 </details> ``` | --> ::error::x";
    let mut run = Run::of(1, 'a', &[(hostile, "failure")]);
    run.jobs[0]["steps"][1]["name"] = json!(hostile);
    let inputs = [
        ("title", "{{ stage }}"),
        ("body", "| {{ stage }} |\n{% for s in stages %}{{ s.step[0:99] ~ '' }}{% endfor %}"),
    ];
    let ran = bed.run_with(&run, &inputs).await;
    did(&ran, "created");
    let issue = bed.issue();
    let (words, _) = issue.body.split_once("<!-- mta:memory").unwrap();
    for text in ["@acme", "#7", "</details>", " ```", " | --"] {
        assert!(!words.contains(text), "{text} in {words}");
        assert!(!text.starts_with(['@', '#']) || !issue.title.contains(text), "{}", issue.title);
    }
    assert!(!ran.log.contains("::warning"), "{}", ran.log);
}

#[tokio::test]
async fn a_template_that_makes_no_text_of_a_run_costs_a_warning() {
    let bed = Bed::new().await;
    let many: Vec<(String, &str)> =
        (0..60).map(|number| (format!("{number} {}", "x".repeat(80)), "failure")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, how)| (name.as_str(), *how)).collect();
    let nested = "x{% for a in stages %}{% for b in stages %}{{ b.name }}{% endfor %}{% endfor %}";
    let ran = bed.run_with(&Run::of(1, 'a', &many), &[("body", nested)]).await;
    did(&ran, "created");
    ran.says("::warning ")
        .says("a template was not used")
        .says("`body`: it makes a text of more than");
    assert!(bed.issue().body.contains("### What is broken"), "{}", bed.issue().body);
}

#[tokio::test]
async fn what_is_secret_is_hidden_in_a_template_too() {
    let bed = Bed::new().await;
    let mut run = Run::of(1, 'a', &RED);
    run.jobs[1]["steps"][1]["name"] = json!(format!("use {TOKEN}"));
    did(&bed.run_with(&run, &[("body", "{{ step }}\n{{ run_url }}")]).await, "created");
    let body = bed.issue().body;
    assert!(body.lines().nth(1).unwrap().starts_with("use ") && !body.contains(TOKEN), "{body}");
}

#[tokio::test]
async fn the_issue_of_a_job_speaks_of_that_job() {
    let bed = Bed::new().await;
    let jobs = [("test", "failure"), ("e2e", "failure"), ("lint", "success")];
    for (job, words) in [(9001, "error: the test broke"), (9002, "error: the browser broke")] {
        let minute = job - 9000;
        bed.log(job, &format!("2026-11-30T10:0{minute}:05.1234567Z {words}\n"));
    }
    let inputs = [
        ("scope", "job"),
        ("title", "red: {{ stage }}"),
        (
            "body",
            "{{ stage }}: {{ error }}{% for s in stages %} [{{ s.name }}]{% endfor %}\n\n{{ report }}",
        ),
    ];
    did(&bed.run_with(&Run::of(1, 'a', &jobs), &inputs).await, "created");
    let issues = bed.github.issues();
    let titles: Vec<&str> = issues.iter().map(|issue| issue.title.as_str()).collect();
    assert_eq!(titles, ["red: test", "red: e2e"]);
    let own = ["test: error: the test broke [test]", "e2e: error: the browser broke [e2e]"];
    for (issue, (own, other)) in issues.iter().zip([(own[0], "browser"), (own[1], "the test")]) {
        let body = &issue.body;
        assert_eq!(body.lines().nth(1), Some(own), "{body}");
        assert!(!body.contains(other), "{body}");
        let job = own.split(':').next().unwrap();
        assert!(body.contains(&format!("| Failed stage | `{job}`")), "{body}");
        assert!(
            body.contains("| `test` | failed |") && body.contains("| `e2e` | failed |"),
            "{body}"
        );
    }

    // `e2e` is mended: its issue says nothing of what still fails.
    let jobs = [("test", "failure"), ("e2e", "success"), ("lint", "success")];
    did(&bed.run_with(&Run::of(2, 'b', &jobs), &inputs).await, "updated");
    let issues = bed.github.issues();
    assert_eq!((issues[0].is_open, issues[1].is_open), (true, false));
    assert!(!issues[1].body.contains("| Failed stage |"), "{}", issues[1].body);
    assert!(!issues[1].body.contains("[test]"), "{}", issues[1].body);

    // One issue for all speaks of all.
    let bed = Bed::new().await;
    let jobs = [("test", "failure"), ("e2e", "failure")];
    did(&bed.run_with(&Run::of(1, 'a', &jobs), &inputs[1..]).await, "created");
    assert!(bed.issue().body.contains(" [test] [e2e]"), "{}", bed.issue().body);
}
