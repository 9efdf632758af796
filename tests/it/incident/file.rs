//! The words of an issue by a file of the default branch, on the fake GitHub.

use serde_json::json;

use super::bed::{Bed, Run, did, sha};
use crate::kit::github::wire::Response;
use crate::kit::github::{Fault, TOKEN, said};

const RED: [(&str, &str); 2] = [("lint", "success"), ("test", "failure")];
const GREEN: [(&str, &str); 2] = [("lint", "success"), ("test", "success")];

const PATH: &str = ".github/failure-issue.md";
const TEMPLATE: [(&str, &str); 1] = [("template", PATH)];

const FILE: &str = "---\nname: CI is red\ntitle: \"{{ workflow }} is red: {{ stage }}\"\n\
    comment: \"{{ news }} See [it]({{ run_url }}).\"\n---\ncc @acme/on-call: {{ branch }}\n\n{{ report }}\n";

async fn bed_with(file: &str) -> Bed {
    let bed = Bed::new().await;
    bed.github.add_file_on("main", PATH, ("file", file.as_bytes()));
    bed
}

/// How often the file was asked for, and that of nothing but the default branch.
fn asked(bed: &Bed) -> usize {
    let requests = bed.github.requests();
    let of_file = requests.iter().filter(|request| request.target.contains("failure-issue.md"));
    of_file.inspect(|request| assert!(!request.target.contains("ref="), "{request:?}")).count()
}

/// The first line that people see.
fn first_line(body: &str) -> String {
    body.lines().nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn an_issue_in_the_words_of_a_file_costs_one_request_more_in_each_run_that_writes() {
    let bed = bed_with(FILE).await;
    let mut before = 0;
    for (run, action, most) in [
        (Run::of(1, 'a', &RED), "created", 10),
        (Run::of(2, 'b', &RED), "updated", 5),
        (Run::of(3, 'c', &GREEN), "closed", 6),
    ] {
        did(&bed.run_with(&run, &TEMPLATE).await, action);
        let all = bed.github.requests().len();
        assert!(all - before <= most, "{action}: {} requests", all - before);
        before = all;
    }
    assert_eq!(asked(&bed), 3);
    let issue = bed.issue();
    assert_eq!(issue.title, "nightly is red: test");
    assert_eq!(first_line(&issue.body), "cc @acme/on-call: main");
    assert!(issue.body.contains("### What is broken"), "{}", issue.body);
    let page = "https://github.example.test/acme/app/actions/runs/503";
    let comment = &bed.comments()[0];
    assert!(comment.starts_with("All that was broken succeeded"), "{comment}");
    assert!(comment.ends_with(&format!(" See [it]({page}).")), "{comment}");
}

#[tokio::test]
async fn neither_a_pull_request_nor_another_branch_can_change_it() {
    let bed = bed_with(FILE).await;
    for there in ["feature", "fix", sha('b').as_str(), "7/merge"] {
        bed.github.add_file_on(there, PATH, ("file", b"theirs"));
    }
    let feature = Run { branch: "feature", ..Run::of(1, 'b', &RED) };
    did(&bed.run_with(&feature, &[TEMPLATE[0], ("branches", "feature")]).await, "created");
    let head = json!({"ref": "fix", "sha": sha('b'), "repo": {"full_name": "acme/app"}});
    let event = json!({"repository": {"default_branch": "main"}, "pull_request": {"number": 7, "head": head}});
    let pull = Run { event: ("pull_request", event), branch: "7/merge", ..Run::of(2, 'b', &RED) };
    did(&bed.run_with(&pull, &[TEMPLATE[0], ("skip-pull-requests", "false")]).await, "created");
    let lines: Vec<String> =
        bed.github.issues().iter().map(|issue| first_line(&issue.body)).collect();
    assert_eq!(lines, ["cc @acme/on-call: feature", "cc @acme/on-call: fix"]);
    assert_eq!(asked(&bed), 2);
}

#[tokio::test]
async fn an_input_wins_over_the_file_and_all_three_make_it_needless() {
    let bed = bed_with(FILE).await;
    let inputs = [TEMPLATE[0], ("title", "mine: {{ stage }}")];
    did(&bed.run_with(&Run::of(1, 'a', &RED), &inputs).await, "created");
    assert_eq!(bed.issue().title, "mine: test");
    assert_eq!(first_line(&bed.issue().body), "cc @acme/on-call: main");
    let inputs = [TEMPLATE[0], ("title", "mine"), ("body", "mine too"), ("comment", "{{ news }}")];
    did(&bed.run_with(&Run::of(2, 'b', &RED), &inputs).await, "updated");
    assert_eq!((first_line(&bed.issue().body).as_str(), asked(&bed)), ("mine too", 1));
}

#[tokio::test]
async fn a_run_that_changes_nothing_asks_for_no_file() {
    let bed = bed_with(FILE).await;
    did(&bed.run_with(&Run::of(1, 'a', &GREEN), &TEMPLATE).await, "none");
    let feature = Run { branch: "feature", ..Run::of(2, 'a', &RED) };
    did(&bed.run_with(&feature, &TEMPLATE).await, "skipped");
    assert_eq!(asked(&bed), 0);
    let ran = bed.run_with(&Run::of(3, 'a', &RED), &[TEMPLATE[0], ("dry-run", "true")]).await;
    did(&ran, "created");
    ran.says("cc @acme/on-call: main");
    assert_eq!((asked(&bed), bed.github.issues().len()), (1, 0));
    let jobs = [("test", "failure"), ("e2e", "failure")];
    did(&bed.run_with(&Run::of(4, 'a', &jobs), &[TEMPLATE[0], ("scope", "job")]).await, "created");
    assert_eq!((asked(&bed), bed.github.issues().len()), (2, 2), "once for both");
}

/// The issue is written in our words, and why is a warning.
async fn warned(bed: &Bed, says: &[&str]) {
    let ran = bed.run_with(&Run::of(1, 'a', &RED), &TEMPLATE).await;
    did(&ran, "created");
    ran.says("::warning ").says("the template was not used").says("the built-in text was used");
    for words in says {
        ran.says(words);
    }
    let issue = bed.issue();
    assert_eq!(issue.title, "nightly fails on main: test");
    assert!(issue.body.contains("### What is broken") && !issue.body.contains("cc @"));
}

#[tokio::test]
async fn a_file_with_a_fault_is_told_with_its_line_and_costs_no_issue() {
    for (file, says) in [
        ("---\ntitle: x\n---\ncc @acme\n{{ brnch }}\n", "line 5: there is no variable `brnch`"),
        ("---\ntitel: x\n---\ncc @acme\n", "line 2: there is no key `titel`"),
        ("---\ntitle: {{ stage }}\n---\ncc @acme\n", "stands in quotes"),
        ("cc @acme {% if branch %}", "line 1: "),
    ] {
        let bed = bed_with(file).await;
        warned(&bed, &["`.github/failure-issue.md` on `main`", says, "change the file"]).await;
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_had_costs_no_issue() {
    let forbidden = || {
        said(403, "Resource not accessible by integration")
            .with("x-accepted-github-permissions", "contents=read")
    };
    let answers: [(Response, &[&str]); 3] = [
        (forbidden(), &["the token lacks `contents: read`"]),
        (said(404, "Not Found"), &["Not Found", "put the file there", "`contents: read`"]),
        (said(403, "Forbidden"), &["`contents: read`"]),
    ];
    for (answer, says) in answers {
        let bed = bed_with(FILE).await;
        bed.github.script("GET failure-issue.md", Fault::Answer(answer));
        warned(&bed, says).await;
    }
    let large = "x".repeat(70_000);
    let larger = "x".repeat(2_000_000);
    for (what, says) in [
        (("file", large.as_bytes()), "bytes, at most 65536 are taken"),
        (("file", larger.as_bytes()), "bytes, at most 65536 are taken"),
        (("file", &b"cc @acme \xff"[..]), "line 1: it is not UTF-8"),
        (("symlink", b""), "it is no file but a symlink"),
        (("submodule", b""), "it is no file but a submodule"),
    ] {
        let bed = Bed::new().await;
        bed.github.add_file_on("main", PATH, what);
        warned(&bed, &[says]).await;
    }
    let bed = Bed::new().await;
    bed.github.add_file_on("main", &format!("{PATH}/a"), ("file", b""));
    warned(&bed, &["it is no file but a folder"]).await;
    let bed = Bed::new().await;
    bed.github.add_file_on("feature", PATH, ("file", FILE.as_bytes()));
    warned(&bed, &["`.github/failure-issue.md` on `main`", "Not Found"]).await;
}

#[tokio::test]
async fn a_file_that_never_comes_leaves_time_for_the_issue() {
    let bed = bed_with(FILE).await;
    bed.github.script("GET failure-issue.md", Fault::Held);
    let inputs = [TEMPLATE[0], ("timeout", "8s")];
    let ran = bed.run_with(&Run::of(1, 'a', &RED), &inputs).await;
    did(&ran, "created");
    ran.says("the template was not used");
}

#[tokio::test]
async fn a_path_that_leaves_the_repository_is_refused_before_anything_is_asked() {
    let bed = bed_with(FILE).await;
    for path in ["/etc/passwd", "../a.md", "a/../../b", "a//b", "./a.md", "a/", "a\\b"] {
        let ran = bed.run_with(&Run::of(1, 'a', &GREEN), &[("template", path)]).await;
        assert_eq!((ran.code, ran.output("result")), (64, "bad-input"), "{path}: {}", ran.log);
        ran.says("is no path inside the repository");
    }
    assert!(bed.github.requests().is_empty());
}

#[tokio::test]
async fn hostile_names_are_no_markdown_in_a_file_either() {
    let hostile = "@acme/admins fixes #7 </details> ``` | --> ::error::x";
    let file = "---\ntitle: '{{ stage }}'\n---\n| {{ stage }} |\n\
        {% for s in stages %}{{ s.step[0:99] ~ '' }}{% endfor %} {{ branch }}";
    let bed = bed_with(file).await;
    let mut run = Run::of(1, 'a', &[(hostile, "failure")]);
    run.jobs[0]["steps"][1]["name"] = json!(hostile);
    let ran = bed.run_with(&run, &TEMPLATE).await;
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
async fn a_template_of_a_file_that_makes_no_text_of_a_run_is_told_with_its_path() {
    let many: Vec<(String, &str)> =
        (0..60).map(|number| (format!("{number} {}", "x".repeat(80)), "failure")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, how)| (name.as_str(), *how)).collect();
    let bed =
        bed_with("x{% for a in stages %}{% for b in stages %}{{ b.name }}{% endfor %}{% endfor %}")
            .await;
    let ran = bed.run_with(&Run::of(1, 'a', &many), &TEMPLATE).await;
    did(&ran, "created");
    ran.says("`body` of `.github/failure-issue.md`: it makes a text of more than");
    assert!(bed.issue().body.contains("### What is broken"));
}

#[tokio::test]
async fn what_is_secret_in_a_file_is_sent_to_nobody() {
    let bed = bed_with(&format!("---\ntitle: '{TOKEN}'\n---\nuse {TOKEN}\n")).await;
    did(&bed.run_with(&Run::of(1, 'a', &RED), &TEMPLATE).await, "created");
    let issue = bed.issue();
    assert!(!issue.body.contains(TOKEN) && !issue.title.contains(TOKEN), "{}", issue.body);
}
