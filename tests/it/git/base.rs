//! What a change is compared with, in checkouts as CI makes them: whole, shallow, partial, of a merge, of a branch.

use mta_actions::adapters::git::GitError;
use mta_actions::adapters::git::base::{Base, Found};
use mta_actions::adapters::git::diff::diff;
use mta_actions::adapters::git::repo::Repo;
use mta_actions::domain::coverage::base::{Asked, Inside, Plan, Point, Sha, plan};
use mta_actions::domain::job::Job;
use serde_json::{Value, json};

use crate::kit::scratch_git::Lab;

/// A folder with a repository `name`, whose branch is `main`.
fn with_repo(name: &str) -> Lab {
    let lab = Lab::new();
    lab.git(".", &["init", "-q", "-b", "main", name]);
    lab
}

/// A server with `main` (m0..m79), `topic` (t0..t59, from m19), the merge of the pull request, and an old side branch.
struct Server {
    lab: Lab,
    main: Vec<Sha>,
    topic: Vec<Sha>,
    merge: Sha,
}

/// Commits on a branch, each with a file of its own, from another commit or from none.
fn history(lab: &Lab, branch: &str, from: Option<&Sha>, count: usize) -> Vec<Sha> {
    let mut stream = String::new();
    for number in 0..count {
        let message = format!("{branch} {number}");
        stream.push_str(&format!(
            "commit refs/heads/{branch}\ncommitter t <t@example.org> {} +0000\n",
            1_700_000_000 + number
        ));
        stream.push_str(&format!("data {}\n{message}\n", message.len()));
        match from {
            Some(from) if number == 0 => stream.push_str(&format!("from {from}\n")),
            _ => {}
        }
        let (from, text) = (from.map_or("root", Sha::short), message + "\n");
        stream.push_str(&format!(
            "M 644 inline {branch}/{from}-{number}.py\ndata {}\n{text}\n",
            text.len()
        ));
    }
    lab.git_told("server", &["fast-import", "--quiet", "--force"], stream.as_bytes());
    let range = [
        "rev-list",
        "--reverse",
        "--first-parent",
        &format!("--max-count={count}"),
        &format!("refs/heads/{branch}"),
    ];
    lab.git("server", &range).lines().map(|line| Sha::parse(line).unwrap()).collect()
}

fn merge(lab: &Lab, into: &str, other: &str) {
    lab.git("server", &["checkout", "-q", "-f", into]);
    lab.git("server", &["merge", "-q", "--no-ff", "-m", "merge", other]);
}

fn server() -> Server {
    let lab = with_repo("server");
    let mut main = history(&lab, "main", None, 20);
    let topic = history(&lab, "topic", main.last(), 60);
    let fork = main[19].clone();
    main.extend(history(&lab, "main", Some(&fork), 60));
    lab.git("server", &["checkout", "-q", "-f", "--detach", "main"]);
    merge(&lab, "HEAD", "topic");
    lab.git("server", &["update-ref", "refs/pull/1/merge", "HEAD"]);
    let merge = lab.sha("server", "HEAD");
    lab.git("server", &["config", "uploadpack.allowFilter", "true"]);
    lab.git("server", &["config", "uploadpack.allowAnySHA1InWant", "true"]);
    Server { lab, main, topic, merge }
}

impl Server {
    /// A checkout as `actions/checkout` makes it.
    async fn checkout(&self, fetch: &[&str], commit: &str) -> Repo {
        let lab = &self.lab;
        lab.git(".", &["init", "-q", "work"]);
        lab.git("work", &["remote", "add", "origin", &format!("file://{}/server", lab.root)]);
        let args = [&["fetch", "-q", "--no-tags"], fetch, &["origin", commit]].concat();
        lab.git("work", &args);
        lab.git("work", &["checkout", "-q", "--detach", "FETCH_HEAD"]);
        lab.open("work").await
    }

    fn shallow(&self) -> String {
        fs_err::read_to_string(self.lab.root.join("work/.git/shallow")).unwrap_or_default()
    }

    /// Where nobody answers.
    fn unplug(&self) {
        let nowhere = self.lab.root.join("nowhere");
        self.lab.git("work", &["remote", "set-url", "origin", &format!("file://{nowhere}")]);
    }
}

fn job(name: &str, event: Value) -> Job {
    Job { event_name: name.to_owned(), event, on_runner: !name.is_empty(), ..Job::default() }
}

fn pull_request(base: &Sha, head: &Sha) -> Job {
    let event =
        json!({"pull_request": {"base": {"sha": base.as_str()}, "head": {"sha": head.as_str()}}});
    job("pull_request", event)
}

fn push(before: &str, after: &Sha, forced: bool) -> Job {
    let event = json!({"ref": "refs/heads/topic", "before": before, "after": after.as_str(),
                       "forced": forced, "repository": {"default_branch": "main"}});
    job("push", event)
}

async fn find(repo: &Repo, job: &Job, asked: Asked<'_>) -> Result<Found, GitError> {
    repo.base(&plan(job, repo.head(), asked).unwrap()).await
}

async fn base(repo: &Repo, job: &Job) -> Base {
    match find(repo, job, Asked::Nothing).await.unwrap() {
        Found::Base(base) => base,
        Found::NoPatch { why } => panic!("no patch: {why}"),
    }
}

#[tokio::test]
async fn the_merge_commit_of_a_pull_request_has_its_first_parent_at_every_depth() {
    let server = server();
    let (main, topic) = (server.main.last().unwrap(), server.topic.last().unwrap());
    for depth in ["--depth=1", "--depth=2", "--no-tags"] {
        let repo = server.checkout(&[depth], "refs/pull/1/merge").await;
        assert_eq!(repo.head().sha, server.merge);
        let (shallow, refs) = (server.shallow(), server.lab.git("work", &["for-each-ref"]));
        // The event is older than the merge: base.sha is not the first parent.
        let base = base(&repo, &pull_request(&server.main[30], topic)).await;
        assert_eq!(&base.commit, main, "{depth}");
        let words = format!(
            "{}, the first parent of the merge commit {}",
            main.short(),
            server.merge.short()
        );
        assert_eq!(base.words, words);
        let diff = diff(&repo, &base.tree, repo.head_tree()).await.unwrap();
        assert_eq!(diff.files.len(), 60);
        assert!(diff.files.iter().all(|file| file.path.starts_with("topic/")));
        assert_eq!((server.shallow(), server.lab.git("work", &["for-each-ref"])), (shallow, refs));
        fs_err::remove_dir_all(server.lab.root.join("work")).unwrap();
    }
}

#[tokio::test]
async fn another_commit_of_a_pull_request_has_the_merge_base_at_every_depth() {
    let server = server();
    let (main, topic) = (server.main.last().unwrap(), server.topic.last().unwrap());
    for depth in ["--depth=1", "--depth=2", "--depth=55", "--no-tags"] {
        let repo = server.checkout(&[depth], "refs/heads/topic").await;
        let shallow = server.shallow();
        let base = base(&repo, &pull_request(main, topic)).await;
        assert_eq!(base.commit, server.main[19], "{depth}");
        assert!(base.words.contains("the merge base with"), "{}", base.words);
        let diff = diff(&repo, &base.tree, repo.head_tree()).await.unwrap();
        assert_eq!((diff.files.len(), server.shallow()), (60, shallow));
        fs_err::remove_dir_all(server.lab.root.join("work")).unwrap();
    }
}

#[tokio::test]
async fn a_server_without_filters_and_a_partial_clone_do_as_well() {
    let server = server();
    let (main, topic) = (server.main.last().unwrap(), server.topic.last().unwrap());
    for (filter, fetch) in [
        ("false", &["--depth=1"][..]),
        ("true", &["--depth=1", "--filter=blob:none"]),
        ("true", &["--filter=tree:0"]),
    ] {
        server.lab.git("server", &["config", "uploadpack.allowFilter", filter]);
        let repo = server.checkout(fetch, "refs/heads/topic").await;
        let base = base(&repo, &pull_request(main, topic)).await;
        assert_eq!(base.commit, server.main[19]);
        let diff = diff(&repo, &base.tree, repo.head_tree()).await.unwrap();
        assert_eq!(diff.files.len(), 60);
        fs_err::remove_dir_all(server.lab.root.join("work")).unwrap();
    }
}

#[tokio::test]
async fn a_checkout_of_the_base_branch_is_refused_at_every_depth() {
    let server = server();
    let topic = server.topic.last().unwrap();
    for depth in ["--depth=1", "--no-tags"] {
        // Its own merge is not what is checked out, nor is it the newest of the base branch.
        let repo = server.checkout(&[depth], server.main[70].as_str()).await;
        let job = pull_request(server.main.last().unwrap(), topic);
        let refusal = plan(&job, repo.head(), Asked::Nothing).unwrap_err();
        assert!(refusal.what.contains("is neither the pull request's commit"), "{refusal:?}");
        // Nor is it a change where the event says that it is the pull request's.
        let job = pull_request(server.main.last().unwrap(), &server.main[70]);
        let error = find(&repo, &job, Asked::Nothing).await.unwrap_err();
        let said = error.to_string();
        assert!(matches!(error, GitError::Refused { .. }), "{said}");
        assert!(said.contains("in the history of") && said.contains("refs/pull/"), "{said}");
        fs_err::remove_dir_all(server.lab.root.join("work")).unwrap();
    }
}

#[tokio::test]
async fn a_long_way_round_does_not_hide_the_best_merge_base() {
    // From HEAD to the root there is a short way by a merge of an old branch, and to the fork point a long one.
    let lab = with_repo("server");
    let main = history(&lab, "main", None, 3);
    let old = history(&lab, "old", Some(&main[0]), 1);
    history(&lab, "topic", main.last(), 120);
    merge(&lab, "topic", "old");
    // The base branch has few commits: all of it is fetched at once.
    history(&lab, "main", main.last(), 1);
    let server = Server { lab, main, topic: vec![], merge: old[0].clone() };
    let repo = server.checkout(&["--depth=1"], "refs/heads/topic").await;
    let (main, topic) =
        (server.lab.sha("server", "refs/heads/main"), server.lab.sha("server", "topic"));
    assert_eq!(repo.merge_base(&topic, &main).await.unwrap().as_ref(), Some(&server.main[2]));
}

#[tokio::test]
async fn pushes_are_compared_with_what_the_branch_was() {
    let server = server();
    let head = server.topic.last().unwrap().clone();
    let lost = "1".repeat(40);
    let cases = [
        (push(server.topic[50].as_str(), &head, false), &server.topic[50], "before the push"),
        (push(&"0".repeat(40), &head, false), &server.main[19], "`topic` is a new branch"),
        (push(server.main[40].as_str(), &head, true), &server.main[19], "before it was rewritten"),
        (
            push(server.topic[50].as_str(), &head, true),
            &server.topic[50],
            "the branch before the push",
        ),
        (push(&lost, &head, true), &server.main[19], "its former commit 1111111 is lost"),
    ];
    for depth in ["--depth=1", "--no-tags"] {
        let repo = server.checkout(&[depth], "refs/heads/topic").await;
        for (job, commit, words) in &cases {
            let base = base(&repo, job).await;
            assert_eq!(
                (&base.commit, base.words.contains(words)),
                (*commit, true),
                "{}",
                base.words
            );
        }
        fs_err::remove_dir_all(server.lab.root.join("work")).unwrap();
    }
}

#[tokio::test]
async fn a_rewritten_default_branch_whose_past_is_lost_is_refused() {
    let server = server();
    let repo = server.checkout(&["--depth=1"], "refs/heads/main").await;
    let mut job = push(&"1".repeat(40), &repo.head().sha, true);
    job.event["ref"] = json!("refs/heads/main");
    let error = find(&repo, &job, Asked::Nothing).await.unwrap_err();
    assert!(matches!(&error, GitError::Refused { .. }), "{error}");
    // Somebody checked out an older commit than the one that was pushed.
    let job = push(server.main[79].as_str(), server.topic.last().unwrap(), true);
    let plan = plan(
        &job,
        &mta_actions::domain::coverage::base::Head {
            sha: server.main[70].clone(),
            parents: vec![],
        },
        Asked::Nothing,
    )
    .unwrap();
    fs_err::remove_dir_all(server.lab.root.join("work")).unwrap();
    let repo = server.checkout(&["--depth=1"], server.main[70].as_str()).await;
    let error = repo.base(&plan).await.unwrap_err();
    assert!(error.to_string().contains("in the history of"), "{error}");
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_not_a_missing_base() {
    let server = server();
    let (main, topic) = (server.main.last().unwrap(), server.topic.last().unwrap());
    let repo = server.checkout(&["--depth=1"], "refs/heads/topic").await;
    drop(repo);
    server.unplug();
    let repo = server.lab.open("work").await;
    let lost = "1".repeat(40);
    for job in [
        pull_request(main, topic),
        push(server.topic[50].as_str(), topic, false),
        push(&lost, topic, true),
        push(&"0".repeat(40), topic, false),
    ] {
        let error = find(&repo, &job, Asked::Nothing).await.unwrap_err();
        assert!(matches!(&error, GitError::Unavailable { .. }), "{error}");
        assert!(error.to_string().contains("nowhere"), "{error}");
    }
    // What is here needs no server.
    let here = push(repo.head().sha.as_str(), topic, false);
    assert!(plan(&here, repo.head(), Asked::Nothing).is_err());
    assert!(repo.tree_of(&repo.head().sha).await.is_ok());
}

#[tokio::test]
async fn a_commit_that_the_server_does_not_have_is_refused() {
    let server = server();
    let topic = server.topic.last().unwrap();
    let repo = server.checkout(&["--depth=1"], "refs/heads/topic").await;
    let job = push(&"1".repeat(40), topic, false);
    let error = find(&repo, &job, Asked::Nothing).await.unwrap_err();
    assert!(matches!(&error, GitError::Refused { .. }), "{error}");
    server.lab.git("work", &["remote", "remove", "origin"]);
    let repo = server.lab.open("work").await;
    let error = find(&repo, &job, Asked::Nothing).await.unwrap_err().to_string();
    assert!(error.contains("no remote `origin`"), "{error}");
}

#[tokio::test]
async fn a_base_by_name_is_a_branch_a_tag_or_a_commit_here_or_there() {
    let server = server();
    server.lab.git("server", &["tag", "v1", server.main[10].as_str()]);
    server.lab.git("server", &["tag", "-a", "-m", "x", "v2", server.main[11].as_str()]);
    let repo = server.checkout(&["--depth=1"], "refs/heads/topic").await;
    let run = job("push", Value::Null);
    for (name, commit) in [
        ("main", &server.main[19]),
        ("v1", &server.main[10]),
        ("v2", &server.main[11]),
        (server.main[5].as_str(), &server.main[5]),
    ] {
        let found = find(&repo, &run, Asked::Base(name)).await.unwrap();
        let Found::Base(base) = found else { panic!("{name}: {found:?}") };
        assert_eq!(&base.commit, commit, "{name}");
        assert!(base.words.contains(&format!("the merge base with `{name}`")), "{}", base.words);
    }
    let error = find(&repo, &run, Asked::Base("topic")).await.unwrap_err();
    assert!(error.to_string().contains("in the history of `topic`"), "{error}");
    for name in ["nope", "-x", "--upload-pack=x", "a b", "main:x", "", "a..b", "main\n"] {
        let error = find(&repo, &run, Asked::Base(name)).await.unwrap_err();
        assert!(matches!(&error, GitError::Refused { .. }), "{name}: {error}");
    }
}

#[tokio::test]
async fn locally_the_usual_branch_is_found_and_the_working_tree_counts() {
    let lab = with_repo("r");
    lab.write("r/a.py", "1\n");
    let first = lab.commit("r", "one");
    lab.git("r", &["checkout", "-q", "-b", "topic"]);
    lab.write("r/b.py", "1\n");
    lab.commit("r", "two");
    lab.write("r/c.py", "1\n");
    let repo = lab.open("r").await;
    let local = Job::default();
    let base = base(&repo, &local).await;
    assert_eq!(base.commit, first);
    let tree = repo.working_tree().await.unwrap();
    let change = diff(&repo, &base.tree, &tree).await.unwrap();
    let names: Vec<_> = change.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(names, ["b.py", "c.py"]);
    let found = find(&repo, &local, Asked::Base("HEAD")).await.unwrap();
    assert!(matches!(&found, Found::Base(base) if base.commit == repo.head().sha), "{found:?}");
    lab.git("r", &["branch", "-D", "-q", "main"]);
    let error = find(&repo, &local, Asked::Nothing).await.unwrap_err();
    assert!(error.to_string().contains("none of origin/HEAD"), "{error}");
}

#[tokio::test]
async fn unrelated_histories_have_no_base() {
    let server = server();
    server.lab.git("server", &["checkout", "-q", "--orphan", "alone"]);
    server.lab.commit("server", "alone");
    let repo = server.checkout(&["--depth=1"], "refs/heads/alone").await;
    let with = Point::Branch("main".to_owned());
    let (why, inside) = ("x".to_owned(), Inside::Fine);
    let plan = Plan::MergeBase { with, why, inside, proposed: None };
    let error = repo.base(&plan).await.unwrap_err();
    assert!(error.to_string().contains("no ancestor in common with `main`"), "{error}");
}

#[tokio::test]
async fn first_parents_go_on_where_the_checkout_ends() {
    let server = server();
    let expected: Vec<_> = server.main.iter().rev().take(51).cloned().collect();
    for depth in ["--depth=1", "--depth=30", "--no-tags"] {
        let repo = server.checkout(&[depth], "refs/pull/1/merge").await;
        let from = server.main.last().unwrap();
        assert_eq!(repo.first_parents(from, 51).await.unwrap(), expected, "{depth}");
        assert_eq!(repo.first_parents(from, 500).await.unwrap().len(), 80);
        assert_eq!(repo.first_parents(&server.merge, 2).await.unwrap()[1], *from);
        fs_err::remove_dir_all(server.lab.root.join("work")).unwrap();
    }
}

#[tokio::test]
async fn a_fetch_that_is_cancelled_ends() {
    let server = server();
    server.checkout(&["--depth=1"], "refs/heads/topic").await;
    let access = server.lab.access();
    access.cancel.cancel();
    let folder = server.lab.root.join("work");
    let error = Repo::open(&folder, access).await.unwrap_err();
    assert!(error.to_string().contains("cancelled"), "{error}");
}

#[tokio::test]
async fn a_checkout_says_by_itself_whether_it_is_before_another_commit() {
    let server = server();
    let (old, new) = (&server.main[30], server.main.last().unwrap());
    // Whole; `main` and `topic` part at m19.
    let repo = server.checkout(&["--no-tags"], "refs/heads/main").await;
    assert!(!repo.head_is_before(new).await.unwrap(), "it is that commit");
    assert!(!repo.head_is_before(old).await.unwrap(), "it is after that one");
    server.lab.git("work", &["checkout", "-q", "--detach", old.as_str()]);
    let repo = server.lab.open("work").await;
    assert!(repo.head_is_before(new).await.unwrap());
    assert!(!repo.head_is_before(&server.main[29]).await.unwrap());
    assert!(!repo.head_is_before(&server.topic[59]).await.unwrap(), "it is not here");
    server.lab.git("work", &["fetch", "-q", "origin", "refs/heads/topic"]);
    assert!(!repo.head_is_before(&server.topic[59]).await.unwrap(), "it is on another branch");
    fs_err::remove_dir_all(server.lab.root.join("work")).unwrap();

    // Neither a shallow checkout nor one that leaves objects on the server fetches what it lacks.
    for fetch in [&["--depth=1"][..], &["--filter=tree:0"]] {
        let repo = server.checkout(fetch, old.as_str()).await;
        let shallow = server.shallow();
        assert!(!repo.head_is_before(new).await.unwrap(), "{fetch:?}");
        assert_eq!(server.shallow(), shallow);
        let there = server.lab.git("work", &["count-objects", "-v"]);
        assert!(!repo.head_is_before(new).await.unwrap());
        assert_eq!(server.lab.git("work", &["count-objects", "-v"]), there);
        fs_err::remove_dir_all(server.lab.root.join("work")).unwrap();
    }
}
