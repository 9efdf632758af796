//! Baselines in a ref of a server, by `file://` and by HTTP: found, missing, denied, damaged, raced for, cut off.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use mta_actions::adapters::git::RefError;
use mta_actions::adapters::git::baseline::{Found, Kind, Store, ref_name};
use mta_actions::adapters::git::repo::{Access, Repo};
use mta_actions::adapters::git::{Credentials, GitError};
use mta_actions::domain::coverage::base::Sha;

use crate::kit::git_server::{Rules, Server, serve};
use crate::kit::scratch_git::Lab;

const REF: &str = "refs/mta/coverage/main";
const TOKEN: &str = "ghs_secret";
/// `x-access-token:ghs_secret`, `x-access-token:other`
const HEADER: &str = "basic eC1hY2Nlc3MtdG9rZW46Z2hzX3NlY3JldA==";
const OTHER: &str = "basic eC1hY2Nlc3MtdG9rZW46b3RoZXI=";

/// A bare repository `o/r.git`, and a checkout `work` that came from it.
fn lab() -> Lab {
    let lab = Lab::new();
    lab.git(".", &["init", "-q", "-b", "main", "--bare", "o/r.git"]);
    lab.git("o/r.git", &["config", "uploadpack.allowFilter", "true"]);
    lab.git(".", &["init", "-q", "-b", "main", "work"]);
    lab.write("work/a.py", "1\n");
    lab.commit("work", "one");
    lab.git("work", &["remote", "add", "origin", &format!("file://{}/o/r.git", lab.root)]);
    lab.git("work", &["push", "-q", "origin", "main"]);
    lab
}

fn over_http(lab: &Lab, rules: Rules) -> Server {
    let server = serve(lab.root.clone(), rules);
    lab.git("work", &["remote", "set-url", "origin", &format!("{}/o/r.git", server.url)]);
    server
}

fn with_token(lab: &Lab, server: &str, token: &str) -> Access {
    let credentials = Credentials { token: token.to_owned().into(), server: server.to_owned() };
    Access { credentials: Some(credentials), ..lab.access() }
}

async fn opened(lab: &Lab, access: Access) -> Repo {
    Repo::open(&lab.root.join("work"), access).await.unwrap()
}

fn store(repo: &Repo, kind: Kind) -> Store<'_> {
    let name = if kind == Kind::Ref { REF } else { "refs/heads/mta-coverage/main" };
    Store { repo, kind, name, limit: 200 }
}

fn sha(number: usize) -> Sha {
    Sha::parse(&format!("{:040x}", number + 1)).unwrap()
}

fn noise(number: usize, length: usize) -> Vec<u8> {
    let mut state = number as u64 + 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

fn hit(found: Found) -> (Sha, u32, Vec<u8>) {
    match found {
        Found::Hit { sha, older_by, bytes } => (sha, older_by, bytes),
        other => panic!("{other:?}"),
    }
}

fn unavailable<T: std::fmt::Debug>(result: Result<T, RefError>) -> String {
    match result {
        Err(RefError::Unavailable { .. }) => result.unwrap_err().to_string(),
        other => panic!("{other:?}"),
    }
}

/// Write, find, replace, prune: the same wherever it is kept.
async fn lives(repo: &Repo, kind: Kind) {
    let here = store(repo, kind);
    assert_eq!(here.lookup(&[sha(0)]).await.unwrap(), Found::NoRef);
    let bytes = [0_u8, b'\n', 255, b'\r', b'\n'];
    here.write(&sha(0), &bytes).await.unwrap();
    here.write(&sha(1), b"").await.unwrap();
    assert_eq!(hit(here.lookup(&[sha(0), sha(1)]).await.unwrap()), (sha(0), 0, bytes.to_vec()));
    assert_eq!(hit(here.lookup(&[sha(8), sha(9), sha(1)]).await.unwrap()), (sha(1), 2, Vec::new()));
    let none = Found::NoEntry { entries: 2, newest: Some(sha(1)) };
    assert_eq!(here.lookup(&[sha(8), sha(9)]).await.unwrap(), none);
    assert_eq!(here.lookup(&[]).await.unwrap(), none);
    here.write(&sha(0), b"again").await.unwrap();
    assert_eq!(hit(here.lookup(&[sha(0)]).await.unwrap()).2, b"again");
    let small = Store { limit: 2, ..here };
    small.write(&sha(2), b"third").await.unwrap();
    assert_eq!(
        small.lookup(&[sha(1)]).await.unwrap(),
        Found::NoEntry { entries: 2, newest: Some(sha(2)) }
    );
    assert_eq!(hit(small.lookup(&[sha(1), sha(0)]).await.unwrap()).1, 1);
}

#[tokio::test]
async fn a_baseline_lives_in_a_ref_and_in_a_branch_of_a_folder() {
    let lab = lab();
    let repo = lab.open("work").await;
    let refs = || lab.git("work", &["for-each-ref"]);
    let before = refs();
    lives(&repo, Kind::Ref).await;
    lives(&repo, Kind::Branch).await;
    let count = |name: &str| lab.git("o/r.git", &["rev-list", "--count", name]);
    assert_eq!([count(REF), count("mta-coverage/main")], ["1", "4"], "parents or none");
    assert_eq!(refs(), before, "the checkout is as it was");
    assert_eq!(ref_name(Kind::Ref, "main").unwrap(), REF);
}

#[tokio::test]
async fn over_http_a_fork_reads_and_a_token_writes() {
    let lab = lab();
    let rules = Rules { write: Some(HEADER.to_owned()), read: None };
    let server = over_http(&lab, rules);
    let writer = opened(&lab, with_token(&lab, &server.url, TOKEN)).await;
    lives(&writer, Kind::Ref).await;
    lives(&writer, Kind::Branch).await;
    let reader = lab.open("work").await;
    assert_eq!(hit(store(&reader, Kind::Ref).lookup(&[sha(2)]).await.unwrap()).2, b"third");
    let said = unavailable(store(&reader, Kind::Ref).write(&sha(5), b"x").await);
    assert!(said.contains("contents: write") && said.contains("/o/r.git"), "{said}");
}

#[tokio::test]
async fn a_commit_of_a_private_repository_is_fetched_with_the_token() {
    let lab = lab();
    lab.git(".", &["clone", "-q", "o/r.git", "other"]);
    lab.write("other/b.py", "1\n");
    let commit = lab.commit("other", "two");
    lab.git("other", &["push", "-q", "origin", "HEAD:main"]);
    let rules = Rules { write: Some(HEADER.to_owned()), read: Some(OTHER.to_owned()) };
    let server = over_http(&lab, rules);
    let nobody = lab.open("work").await;
    let error = nobody.tree_of(&commit).await.unwrap_err();
    assert!(matches!(&error, GitError::Unavailable { .. }), "{error}");
    assert!(error.to_string().contains("contents: read"), "{error}");
    let reader = opened(&lab, with_token(&lab, &server.url, "other")).await;
    assert_eq!(reader.tree_of(&commit).await.unwrap(), lab.sha("other", "HEAD^{tree}"));
    let lost = reader.tree_of(&sha(7)).await.unwrap_err();
    assert!(matches!(&lost, GitError::Refused { .. }), "{lost}");
    let base = lab.sha("work", "HEAD");
    assert_eq!(reader.merge_base(&reader.head().sha, &commit).await.unwrap(), Some(base));
}

#[tokio::test]
async fn a_server_that_says_no_is_not_a_missing_baseline() {
    let lab = lab();
    let rules = Rules { write: Some(HEADER.to_owned()), read: Some(OTHER.to_owned()) };
    let server = over_http(&lab, rules);
    let nobody = lab.open("work").await;
    unavailable(store(&nobody, Kind::Ref).lookup(&[sha(0)]).await);
    let wrong = opened(&lab, with_token(&lab, &server.url, "wrong")).await;
    let said = unavailable(store(&wrong, Kind::Ref).write(&sha(0), b"x").await);
    assert!(!said.contains("wrong"), "{said}");
    unavailable(store(&wrong, Kind::Ref).lookup(&[sha(0)]).await);
    // A token that reads and may not write: the one of a pull request from a fork.
    let reads = opened(&lab, with_token(&lab, &server.url, "other")).await;
    assert_eq!(store(&reads, Kind::Ref).lookup(&[sha(0)]).await.unwrap(), Found::NoRef);
    let said = unavailable(store(&reads, Kind::Ref).write(&sha(0), b"x").await);
    assert!(said.contains("contents: write") && said.contains("403"), "{said}");
    // A token for another server is not sent to this one.
    let other = opened(&lab, with_token(&lab, "http://127.0.0.1:1", TOKEN)).await;
    unavailable(store(&other, Kind::Ref).lookup(&[sha(0)]).await);
    lab.git("work", &["remote", "set-url", "origin", "http://127.0.0.1:1/o/r.git"]);
    let off = lab.open("work").await;
    let said = unavailable(store(&off, Kind::Ref).lookup(&[sha(0)]).await);
    assert!(said.contains("127.0.0.1:1"), "{said}");
}

#[tokio::test]
async fn credentials_of_the_checkout_work_and_are_never_sent_beside_ours() {
    let lab = lab();
    let rules = Rules { write: Some(HEADER.to_owned()), read: Some(OTHER.to_owned()) };
    let server = over_http(&lab, rules);
    let key = format!("http.{}/.extraheader", server.url);
    let set = |value: &str| lab.git("work", &["config", &key, &format!("AUTHORIZATION: {value}")]);
    set(HEADER);
    let persisted = lab.open("work").await;
    store(&persisted, Kind::Ref).write(&sha(0), b"x").await.unwrap();
    set(OTHER);
    lab.write(
        "home/.gitconfig",
        format!("[http \"{}/\"]\n\textraheader = AUTHORIZATION: {OTHER}\n", server.url),
    );
    let ours = opened(&lab, with_token(&lab, &server.url, TOKEN)).await;
    store(&ours, Kind::Ref).write(&sha(1), b"y").await.unwrap();
    assert_eq!(hit(store(&ours, Kind::Ref).lookup(&[sha(1)]).await.unwrap()).2, b"y");
}

#[tokio::test]
async fn no_argument_of_a_process_has_the_token() {
    use std::os::unix::fs::PermissionsExt;
    let lab = lab();
    let server = over_http(&lab, Rules { write: Some(HEADER.to_owned()), read: None });
    let path = std::env::var("PATH").unwrap();
    let real = std::env::split_paths(&path)
        .map(|folder| folder.join("git"))
        .find(|git| git.exists())
        .unwrap();
    let log = lab.root.join("argv");
    lab.write(
        "bin/git",
        format!("#!/bin/sh\necho \"$@\" >> {log}\nexec {} \"$@\"\n", real.display()),
    );
    fs_err::set_permissions(lab.root.join("bin/git"), std::fs::Permissions::from_mode(0o755))
        .unwrap();
    let mut access = with_token(&lab, &server.url, TOKEN);
    access.env = access.env.with("PATH", format!("{}/bin:{path}", lab.root));
    let repo = opened(&lab, access).await;
    store(&repo, Kind::Ref).write(&sha(0), b"x").await.unwrap();
    let argv = fs_err::read_to_string(&log).unwrap();
    assert!(argv.contains("push") && argv.contains("ls-remote"));
    assert!(!argv.contains(TOKEN) && !argv.contains(&HEADER[6..]), "{argv}");
}

#[tokio::test]
async fn what_is_damaged_is_not_missing() {
    let lab = lab();
    let repo = lab.open("work").await;
    let here = store(&repo, Kind::Ref);
    here.write(&sha(0), &noise(1, 3000)).await.unwrap();
    let blob = lab.git("o/r.git", &["rev-parse", &format!("{REF}:0000000000-{}", sha(0))]);
    fs_err::remove_file(lab.root.join(format!("o/r.git/objects/{}/{}", &blob[..2], &blob[2..])))
        .unwrap();
    let fresh = lab.open("work").await;
    let said = unavailable(store(&fresh, Kind::Ref).lookup(&[sha(0)]).await);
    assert!(said.contains("delete the ref"), "{said}");
    let point = |id: &str| lab.git("o/r.git", &["update-ref", REF, id]);
    point(&lab.git("o/r.git", &["rev-parse", "main"]));
    let said = unavailable(lab_lookup(&lab).await);
    assert!(said.contains("\"a.py\" is not the name of a baseline"), "{said}");
    let text = lab.git_told("o/r.git", &["hash-object", "-w", "--stdin"], b"no tree");
    point(String::from_utf8(text).unwrap().trim());
    unavailable(lab_lookup(&lab).await);
}

async fn lab_lookup(lab: &Lab) -> Result<Found, RefError> {
    let repo = lab.open("work").await;
    store(&repo, Kind::Ref).lookup(&[sha(0)]).await
}

async fn race(lab: &Lab, kind: Kind, access: impl Fn() -> Access) {
    const WRITERS: usize = 4;
    const ROUNDS: usize = 3;
    let writer = |number: usize| {
        let (folder, access) = (lab.root.join("work"), access());
        std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            for round in 0..ROUNDS {
                let repo = runtime.block_on(Repo::open(&folder, access.clone())).unwrap();
                let commit = sha(round * WRITERS + number);
                let bytes = commit.as_str().as_bytes();
                runtime.block_on(store(&repo, kind).write(&commit, bytes)).unwrap();
            }
        })
    };
    let writers: Vec<_> = (0..WRITERS).map(writer).collect();
    for writer in writers {
        writer.join().unwrap();
    }
    let repo = opened(lab, access()).await;
    for number in 0..WRITERS * ROUNDS {
        let (_, _, bytes) = hit(store(&repo, kind).lookup(&[sha(number)]).await.unwrap());
        assert_eq!(bytes, sha(number).as_str().as_bytes());
    }
}

#[tokio::test]
async fn pushes_that_race_all_end_up_in_it() {
    let lab = lab();
    race(&lab, Kind::Ref, || lab.access()).await;
    race(&lab, Kind::Branch, || lab.access()).await;
    assert_eq!(lab.git("o/r.git", &["rev-list", "--count", "mta-coverage/main"]), "12");
}

#[tokio::test]
async fn pushes_that_race_over_http_all_end_up_in_it() {
    let lab = lab();
    let server = over_http(&lab, Rules { write: Some(HEADER.to_owned()), read: None });
    race(&lab, Kind::Ref, || with_token(&lab, &server.url, TOKEN)).await;
}

#[tokio::test]
async fn neither_reading_nor_writing_moves_what_others_stored() {
    let lab = lab();
    let server = over_http(&lab, Rules { write: Some(HEADER.to_owned()), read: None });
    let repo = opened(&lab, with_token(&lab, &server.url, TOKEN)).await;
    for number in 0..12 {
        store(&repo, Kind::Ref).write(&sha(number), &noise(number, 40_000)).await.unwrap();
    }
    let moved = || server.sent.load(Ordering::Relaxed) + server.received.load(Ordering::Relaxed);
    let before = moved();
    let fresh = opened(&lab, with_token(&lab, &server.url, TOKEN)).await;
    assert_eq!(hit(store(&fresh, Kind::Ref).lookup(&[sha(3)]).await.unwrap()).2, noise(3, 40_000));
    let read = moved() - before;
    assert!(read < 60_000, "{read} bytes for one of 40,000");
    let fresh = opened(&lab, with_token(&lab, &server.url, TOKEN)).await;
    let before = moved();
    store(&fresh, Kind::Ref).write(&sha(50), &noise(50, 40_000)).await.unwrap();
    let written = moved() - before;
    println!("read {read}, written {written} bytes");
    assert!(written < 130_000, "{written} bytes for one of 40,000 beside twelve others");
}

#[tokio::test]
async fn a_push_that_is_killed_leaves_the_old_tip() {
    use std::os::unix::fs::PermissionsExt;
    let lab = lab();
    let repo = lab.open("work").await;
    store(&repo, Kind::Ref).write(&sha(0), b"old").await.unwrap();
    let tip = lab.git("o/r.git", &["rev-parse", REF]);
    let (hook, begun) = (lab.root.join("o/r.git/hooks/pre-receive"), lab.root.join("begun"));
    lab.write(
        "o/r.git/hooks/pre-receive",
        format!("#!/bin/sh\necho > {begun}\nwhile [ -e {hook} ]; do sleep 0.05; done\nexit 1\n"),
    );
    fs_err::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    let access = lab.access();
    let cancel = access.cancel.clone();
    let repo2 = opened(&lab, access).await;
    let killer = async {
        let since = Instant::now();
        while !begun.exists() {
            assert!(since.elapsed() < Duration::from_mins(1), "the push reaches the hook");
            tokio::task::yield_now().await;
        }
        cancel.cancel();
    };
    let here = store(&repo2, Kind::Ref);
    let commit = sha(1);
    let (result, ()) = tokio::join!(here.write(&commit, b"new"), killer);
    unavailable(result);
    assert_eq!(lab.git("o/r.git", &["rev-parse", REF]), tip);
    fs_err::remove_file(&hook).unwrap();
    store(&repo, Kind::Ref).write(&sha(1), b"new").await.unwrap();
    assert_eq!(hit(store(&repo, Kind::Ref).lookup(&[sha(1)]).await.unwrap()).2, b"new");
}

#[tokio::test]
async fn a_rule_that_forbids_the_ref_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let lab = lab();
    let hook = lab.root.join("o/r.git/hooks/pre-receive");
    lab.write(
        "o/r.git/hooks/pre-receive",
        "#!/bin/sh\necho 'GH013: Repository rule violations found' >&2\nexit 1\n",
    );
    fs_err::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    let repo = lab.open("work").await;
    let said = unavailable(store(&repo, Kind::Ref).write(&sha(0), b"x").await);
    assert!(said.contains("GH013") && said.contains("baseline: branch"), "{said}");
}
