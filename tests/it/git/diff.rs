//! Diffs against git itself: what is read is what changed, whatever settings, attributes and names say.

use std::os::unix::ffi::OsStrExt;

use mta_actions::adapters::git::GitError;
use mta_actions::adapters::git::diff::diff;
use mta_actions::adapters::git::files::Kind;
use mta_actions::domain::coverage::base::Sha;
use mta_actions::domain::coverage::diff::{ChangeKind, ChangedFile, Diff, Hunk};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::kit::scratch_git::Lab;

/// A folder with a repository `name`, whose branch is `main`.
fn with_repo(name: &str) -> Lab {
    let lab = Lab::new();
    lab.git(".", &["init", "-q", "-b", "main", name]);
    lab
}

async fn between(lab: &Lab, base: &str, head: &str) -> Diff {
    let repo = lab.open("r").await;
    let tree = |name: &str| lab.sha("r", &format!("{name}^{{tree}}"));
    diff(&repo, &tree(base), &tree(head)).await.unwrap()
}

fn find<'a>(diff: &'a Diff, path: &str) -> &'a ChangedFile {
    let paths: Vec<_> = diff.files.iter().map(|file| &file.path).collect();
    diff.files.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("{path}: {paths:?}"))
}

fn added(file: &ChangedFile) -> usize {
    file.hunks.iter().map(|hunk| hunk.added.len()).sum()
}

/// The lines of a file as git counts them, without their ends.
fn lines(bytes: &[u8]) -> Vec<String> {
    let mut lines: Vec<_> = bytes.split(|byte| *byte == b'\n').collect();
    if lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    let text = |line: &[u8]| {
        String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned()
    };
    lines.into_iter().map(text).collect()
}

/// The new file from the old one and its hunks.
fn apply(old: &[String], hunks: &[Hunk]) -> Vec<String> {
    let mut new = Vec::new();
    let mut taken = 0;
    for hunk in hunks {
        let start = hunk.removed_range().map_or(hunk.old_start, |range| range.first - 1);
        let start = usize::try_from(start).unwrap();
        new.extend_from_slice(&old[taken..start]);
        let end = start + hunk.removed.len();
        assert_eq!(old[start..end], hunk.removed[..], "what is taken away is what was there");
        let before = u32::try_from(new.len()).unwrap();
        let expected = if hunk.added.is_empty() { before } else { before + 1 };
        assert_eq!(hunk.new_start, expected, "lines are added where it says");
        new.extend_from_slice(&hunk.added);
        taken = end;
    }
    new.extend_from_slice(&old[taken..]);
    new
}

/// A line that is likely to be there twice, or to look like a part of a patch.
fn line() -> impl Strategy<Value = String> {
    let words = [
        "",
        "a",
        "b",
        "    x = 1",
        "-- a/x",
        "++ b/x",
        "@@ -1 +1 @@",
        "\\ No newline",
        "diff --git a/x b/x",
        "é",
    ];
    let ends = prop_oneof![4 => Just("\n"), 1 => Just("\r\n")];
    (prop::sample::select(words.to_vec()), ends).prop_map(|(word, end)| format!("{word}{end}"))
}

fn content() -> impl Strategy<Value = Vec<u8>> {
    let end = prop::sample::select(vec!["", "last", "-"]);
    (prop::collection::vec(line(), 0..12), end).prop_map(|(lines, end)| {
        let mut text = lines.concat();
        text.push_str(end);
        text.into_bytes()
    })
}

/// Writes a tree of numbered files.
fn tree_of(lab: &Lab, files: &[Option<Vec<u8>>]) -> Sha {
    let mut list = String::new();
    for (number, bytes) in files.iter().enumerate() {
        let Some(bytes) = bytes else { continue };
        let id = lab.git_told("r", &["hash-object", "-w", "--stdin"], bytes);
        let id = String::from_utf8(id).unwrap();
        list.push_str(&format!("100644 blob {}\tf{number:02}\n", id.trim()));
    }
    let tree = lab.git_told("r", &["mktree"], list.as_bytes());
    Sha::parse(String::from_utf8(tree).unwrap().trim()).unwrap()
}

#[test]
fn applied_to_the_old_file_it_gives_the_new_one() {
    let lab = with_repo("r");
    lab.commit("r", "first");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let repo = runtime.block_on(lab.open("r"));
    let config =
        ProptestConfig { failure_persistence: None, cases: 40, ..ProptestConfig::default() };
    let side = || prop::collection::vec(prop::option::weighted(0.85, content()), 6);
    TestRunner::new(config)
        .run(&(side(), side()), |(old, new)| {
            let (base, head) = (tree_of(&lab, &old), tree_of(&lab, &new));
            let diff = runtime.block_on(diff(&repo, &base, &head)).unwrap();
            let mut changed = vec![false; new.len()];
            let mut gone: Vec<bool> =
                old.iter().zip(&new).map(|(o, n)| o.is_some() && n.is_none()).collect();
            let number = |path: &str| path[1..].parse::<usize>().unwrap();
            for file in &diff.files {
                let before = file.old_path.as_deref().map(number);
                if file.kind == ChangeKind::Deleted
                    || before.is_some_and(|old| file.path != format!("f{old:02}"))
                {
                    gone[before.unwrap()] = false;
                }
                let from = before.map_or(Vec::new(), |n| lines(old[n].as_ref().unwrap()));
                let to = match file.kind {
                    ChangeKind::Deleted => Vec::new(),
                    _ => lines(new[number(&file.path)].as_ref().unwrap()),
                };
                changed[number(&file.path)] = true;
                prop_assert_eq!(apply(&from, &file.hunks), to);
            }
            prop_assert!(!gone.contains(&true), "each file that is gone is named");
            for number in 0..new.len() {
                prop_assert_eq!(
                    changed[number] || new[number].is_none(),
                    old[number] != new[number] || new[number].is_none()
                );
            }
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn settings_and_attributes_of_the_host_change_nothing() {
    let lab = with_repo("r");
    lab.write("r/a.py", "one\ntwo\nthree\n");
    lab.write("r/sub/old.py", "1\n2\n3\n4\n5\n6\n");
    lab.commit("r", "one");
    lab.write("r/a.py", "one\n2\n\nthree\nfour\n");
    lab.git("r", &["mv", "sub/old.py", "sub/new name.py"]);
    lab.write("r/sub/new name.py", "1\n2\n3\n4\n5\n6\n7\n");
    lab.write("r/ä.py", "x\n");
    lab.commit("r", "two");
    let plain = between(&lab, "HEAD~1", "HEAD").await;
    assert_eq!(plain.files.len(), 3);
    assert_eq!(find(&plain, "sub/new name.py").old_path.as_deref(), Some("sub/old.py"));
    let settings = [
        ("diff.noprefix", "true"),
        ("diff.mnemonicPrefix", "true"),
        ("diff.renames", "false"),
        ("diff.renameLimit", "1"),
        ("diff.relative", "true"),
        ("diff.context", "9"),
        ("diff.interHunkContext", "9"),
        ("diff.algorithm", "patience"),
        ("diff.indentHeuristic", "false"),
        ("diff.external", "/bin/false"),
        ("diff.orderFile", "ATTRIBUTES"),
        ("diff.suppressBlankEmpty", "true"),
        ("diff.wsErrorHighlight", "all"),
        ("diff.colorMoved", "zebra"),
        ("diff.ignoreSubmodules", "all"),
        ("diff.foo.textconv", "/bin/false"),
        ("diff.foo.binary", "true"),
        ("diff.foo.command", "/bin/false"),
        ("color.ui", "always"),
        ("core.quotePath", "true"),
        ("core.pager", "/bin/false"),
        ("core.fsmonitor", "/bin/false"),
        ("core.hooksPath", "/no/such"),
        ("core.attributesFile", "ATTRIBUTES"),
        ("core.autocrlf", "true"),
        ("core.abbrev", "4"),
        ("core.bigFileThreshold", "1"),
    ];
    let attributes = lab.root.join("attributes");
    lab.write("attributes", "* -diff\n*.py diff=foo\n");
    for (key, value) in settings {
        let value = if value == "ATTRIBUTES" { attributes.as_str() } else { value };
        lab.git("r", &["config", key, value]);
        lab.git(".", &["config", "--file", lab.root.join("home.config").as_str(), key, value]);
    }
    lab.write("home/.gitconfig", fs_err::read(lab.root.join("home.config")).unwrap());
    lab.write("home/.config/git/attributes", "* binary\n");
    lab.write("r/.git/info/attributes", "* binary\n*.py -text diff=foo\n");
    let shown = lab.git("r", &["diff", "--no-ext-diff", "--no-textconv", "HEAD~1", "HEAD"]);
    assert!(shown.contains("Binary files"), "the settings do change what git says: {shown}");
    assert_eq!(between(&lab, "HEAD~1", "HEAD").await, plain);
}

#[tokio::test]
async fn attributes_that_a_change_adds_hide_nothing() {
    for attributes in [
        "*.py -diff",
        "*.py binary",
        "*.py diff=foo",
        "*.py -text",
        "*.py eol=crlf",
        "*.py working-tree-encoding=UTF-16",
        "*.py linguist-generated export-ignore",
        "[attr]hidden -diff\n*.py hidden",
    ] {
        let lab = with_repo("r");
        lab.write("r/a.py", "one\n");
        lab.commit("r", "one");
        // As bytes: git would encode the file anew while adding it.
        let tree = |files: &[(&str, &str)]| {
            let mut list = String::new();
            for (name, text) in files {
                let id = lab.git_told("r", &["hash-object", "-w", "--stdin"], text.as_bytes());
                list.push_str(&format!(
                    "100644 blob {}\t{name}\n",
                    String::from_utf8(id).unwrap().trim()
                ));
            }
            let tree = lab.git_told("r", &["mktree"], list.as_bytes());
            Sha::parse(String::from_utf8(tree).unwrap().trim()).unwrap()
        };
        let head = tree(&[(".gitattributes", attributes), ("a.py", "one\nuntested\n")]);
        let repo = lab.open("r").await;
        let diff = diff(&repo, &lab.sha("r", "HEAD^{tree}"), &head).await.unwrap();
        let file = find(&diff, "a.py");
        assert_eq!(
            (file.kind, &file.hunks[0].added[..]),
            (ChangeKind::Modified, &["untested".to_owned()][..]),
            "{attributes}"
        );
    }
}

#[tokio::test]
async fn each_kind_of_change_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let lab = with_repo("r");
    let numbers: String = (0..20).map(|n| format!("{n}\n")).collect();
    for path in ["moved.py", "edited.py", "copied.py"] {
        lab.write(&format!("r/{path}"), format!("{path}\n{numbers}"));
    }
    for (path, text) in [
        ("run", "x\n"),
        ("gone.py", "1\n2\n"),
        ("file2link", "1\n2\n"),
        ("crlf.py", "a\nb\n"),
        ("full", "1\n"),
        ("empty", ""),
        ("nul.py", "a\n"),
        ("dir", "d\n"),
    ] {
        lab.write(&format!("r/{path}"), text);
    }
    lab.write("r/image.png", b"\x89PNG\0\x01");
    std::os::unix::fs::symlink("run", lab.root.join("r/link2file")).unwrap();
    std::os::unix::fs::symlink("run", lab.root.join("r/link")).unwrap();
    lab.git(".", &["init", "-q", "-b", "main", "module"]);
    lab.commit("module", "m");
    lab.git("r", &["submodule", "add", "-q", "../module", "module"]);
    lab.commit("r", "one");

    lab.git("r", &["mv", "moved.py", "moved2.py"]);
    lab.git("r", &["mv", "edited.py", "edited2.py"]);
    lab.write("r/edited2.py", format!("edited.py\n{numbers}new\n"));
    lab.write("r/copy.py", format!("copied.py\n{numbers}"));
    fs_err::set_permissions(lab.root.join("r/run"), std::fs::Permissions::from_mode(0o755))
        .unwrap();
    fs_err::remove_file(lab.root.join("r/gone.py")).unwrap();
    for path in ["file2link", "link2file", "link", "dir"] {
        fs_err::remove_file(lab.root.join("r").join(path)).unwrap();
    }
    std::os::unix::fs::symlink("run", lab.root.join("r/file2link")).unwrap();
    std::os::unix::fs::symlink("full", lab.root.join("r/link")).unwrap();
    lab.write("r/link2file", "code 1\ncode 2\n");
    lab.write("r/dir/inside.py", "in\n");
    lab.write("r/crlf.py", "a\r\nb\r\n");
    lab.write("r/full", "");
    lab.write("r/empty2", "");
    lab.write("r/nul.py", "a\nb\0\n");
    lab.write("r/image.png", b"\x89PNG\0\x02");
    lab.commit("module", "m2");
    lab.git("r/module", &["fetch", "-q"]);
    lab.git("r/module", &["checkout", "-q", "origin/main"]);
    lab.commit("r", "two");

    let diff = between(&lab, "HEAD~1", "HEAD").await;
    let expected = [
        ("moved2.py", ChangeKind::Moved, Some("moved.py"), 0),
        ("edited2.py", ChangeKind::Modified, Some("edited.py"), 1),
        ("copy.py", ChangeKind::Added, None, 21),
        ("run", ChangeKind::Moved, Some("run"), 0),
        ("gone.py", ChangeKind::Deleted, Some("gone.py"), 0),
        ("file2link", ChangeKind::Link, Some("file2link"), 0),
        ("link2file", ChangeKind::Modified, Some("link2file"), 2),
        ("link", ChangeKind::Link, Some("link"), 0),
        ("dir", ChangeKind::Deleted, Some("dir"), 0),
        ("dir/inside.py", ChangeKind::Added, None, 1),
        ("crlf.py", ChangeKind::Modified, Some("crlf.py"), 2),
        ("full", ChangeKind::Modified, Some("full"), 0),
        ("empty2", ChangeKind::Added, None, 0),
        ("nul.py", ChangeKind::Binary, Some("nul.py"), 1),
        ("image.png", ChangeKind::Binary, Some("image.png"), 1),
        ("module", ChangeKind::Submodule, Some("module"), 0),
    ];
    for (path, kind, old_path, lines) in expected {
        let file = find(&diff, path);
        assert_eq!(
            (file.kind, file.old_path.as_deref(), added(file)),
            (kind, old_path, lines),
            "{path}"
        );
    }
    assert_eq!(diff.files.len(), expected.len());
    assert_eq!(find(&diff, "file2link").hunks[0].removed, ["1", "2"]);

    let repo = lab.open("r").await;
    let files = repo.files(repo.head_tree()).await.unwrap();
    let kind = |path: &str| files.iter().find(|file| file.path == path).unwrap().kind;
    assert_eq!(
        [kind("module"), kind("link"), kind("run")],
        [Kind::Submodule, Kind::Link, Kind::File]
    );
}

#[tokio::test]
async fn odd_names_are_told_as_they_are() {
    let lab = with_repo("r");
    lab.commit("r", "one");
    fs_err::create_dir(lab.root.join("r/ b")).unwrap();
    let names: [&[u8]; 8] = [
        b"tab\there.py",
        b"line\nend.py",
        b"quo\"te.py",
        b"back\\slash.py",
        b"caf\xc3\xa9.py",
        b"latin\xe9.py",
        b" b/x => y.py",
        b":(glob)*.py",
    ];
    for name in names {
        let path = lab.root.join("r").as_std_path().join(std::ffi::OsStr::from_bytes(name));
        fs_err::write(path, "x\n").unwrap();
    }
    lab.commit("r", "two");
    let diff = between(&lab, "HEAD~1", "HEAD").await;
    for name in [
        "tab\there.py",
        "line\nend.py",
        "quo\"te.py",
        "back\\slash.py",
        "café.py",
        "latin\\xe9.py",
        " b/x => y.py",
        ":(glob)*.py",
    ] {
        let file = find(&diff, name);
        assert_eq!((file.kind, added(file)), (ChangeKind::Added, 1), "{name}");
    }
    let repo = lab.open("r").await;
    let tracked = repo.files(repo.head_tree()).await.unwrap();
    assert_eq!(tracked.len(), names.len());
    assert!(tracked.iter().all(|file| diff.files.iter().any(|changed| changed.path == file.path)));
    let read = repo.read(repo.head_tree(), ":(glob)*.py", 100).await.unwrap();
    assert_eq!(read, Some(b"x\n".to_vec()));
    assert_eq!(repo.read(repo.head_tree(), "*.py", 100).await.unwrap(), None);
    let error = repo.read(repo.head_tree(), "café.py", 1).await.unwrap_err().to_string();
    assert!(error.contains("more than 1 bytes"), "{error}");
}

#[tokio::test]
async fn trees_that_differ_in_no_file_are_an_error() {
    let lab = with_repo("r");
    lab.write("r/a", "x");
    lab.commit("r", "one");
    let empty = lab.git_told("r", &["mktree"], b"");
    let list = format!(
        "{}\n040000 tree {}\tnothing\n",
        lab.git("r", &["ls-tree", "HEAD"]),
        String::from_utf8(empty).unwrap().trim()
    );
    let odd = lab.git_told("r", &["mktree"], list.as_bytes());
    let odd = Sha::parse(String::from_utf8(odd).unwrap().trim()).unwrap();
    let repo = lab.open("r").await;
    let error = diff(&repo, repo.head_tree(), &odd).await.unwrap_err();
    assert!(matches!(&error, GitError::Unreadable(_)), "{error}");
    assert!(error.to_string().contains("git names no file"), "{error}");
    assert_eq!(diff(&repo, &odd, &odd).await.unwrap(), Diff::default());
    let unknown = Sha::parse(&"1".repeat(40)).unwrap();
    assert!(matches!(diff(&repo, &odd, &unknown).await, Err(GitError::Failed { .. })));
}

/// Every file below a folder with its bytes.
fn all_files(folder: &camino::Utf8Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = camino::Utf8PathBuf::from_path_buf(entry.unwrap().path()).unwrap();
        if path.is_dir() {
            found.extend(all_files(&path));
        } else {
            found.push((path.to_string(), fs_err::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn the_working_tree_counts_with_untracked_files_and_nothing_is_touched() {
    let lab = with_repo("r");
    for (path, text) in [
        ("a.py", "1\n"),
        ("b.py", "1\n"),
        ("staged.py", "1\n"),
        ("gone.py", "1\n"),
        (".gitignore", "*.log\n"),
        ("sparse.py", "1\n"),
        ("win.txt", "1\n"),
    ] {
        lab.write(&format!("r/{path}"), text);
    }
    lab.write("r/.gitattributes", "*.txt text eol=crlf\n");
    lab.commit("r", "one");
    lab.git("r", &["update-index", "--skip-worktree", "sparse.py"]);
    fs_err::remove_file(lab.root.join("r/sparse.py")).unwrap();
    lab.write("r/a.py", "1\n2\n");
    lab.write("r/staged.py", "1\nstaged\n");
    lab.git("r", &["add", "staged.py"]);
    fs_err::remove_file(lab.root.join("r/gone.py")).unwrap();
    lab.write("r/new/new.py", "new\n");
    lab.write("r/new/-x.py", "new\n");
    lab.write("r/x.log", "ignored\n");
    lab.write("r/local.tmp", "ignored\n");
    lab.write("r/home.tmp", "ignored\n");
    lab.write("r/win.txt", "1\r\n2\r\n");
    lab.write("r/.git/info/exclude", "local.tmp\n");
    lab.write("home/.config/git/ignore", "home.tmp\n");
    let before = all_files(&lab.root.join("r"));
    let repo = lab.open("r/new").await;
    assert_eq!(repo.top(), lab.root.join("r"));
    let tree = repo.working_tree().await.unwrap();
    let diff = diff(&repo, repo.head_tree(), &tree).await.unwrap();
    let changed: Vec<_> =
        diff.files.iter().map(|file| (file.path.as_str(), file.kind, added(file))).collect();
    let expected = [
        ("a.py", ChangeKind::Modified, 1),
        ("gone.py", ChangeKind::Deleted, 0),
        ("new/-x.py", ChangeKind::Added, 1),
        ("new/new.py", ChangeKind::Added, 1),
        ("staged.py", ChangeKind::Modified, 1),
        ("win.txt", ChangeKind::Modified, 1),
    ];
    assert_eq!(changed, expected);
    assert!(repo.files(&tree).await.unwrap().iter().any(|file| file.path == "new/new.py"));
    assert_eq!(all_files(&lab.root.join("r")), before, "the checkout is as it was");
}

#[tokio::test]
async fn a_change_within_a_tick_of_the_index_is_seen() {
    let lab = with_repo("r");
    lab.write("r/a.py", "one\n");
    lab.commit("r", "one");
    for round in 0..10 {
        let word = format!("{round:03}\n");
        lab.write("r/a.py", &word);
        lab.git("r", &["add", "a.py"]);
        // The same size, maybe the same time.
        lab.write("r/a.py", word.replace('0', "x"));
        let repo = lab.open("r").await;
        let tree = repo.working_tree().await.unwrap();
        let read = repo.read(&tree, "a.py", 100).await.unwrap().unwrap();
        assert_eq!(String::from_utf8(read).unwrap(), word.replace('0', "x"));
    }
}

#[tokio::test]
async fn linked_worktrees_and_repositories_of_sha256_are_read() {
    let lab = Lab::new();
    lab.git(".", &["init", "-q", "-b", "main", "--object-format=sha256", "r"]);
    lab.write("r/a.py", "1\n");
    lab.commit("r", "one");
    lab.git("r", &["worktree", "add", "-q", "../w:1", "-b", "topic"]);
    lab.write("w:1/a.py", "1\n2\n");
    lab.write("w:1/empty.py", "");
    let repo = lab.open("w:1").await;
    let tree = repo.working_tree().await.unwrap();
    let diff = diff(&repo, repo.head_tree(), &tree).await.unwrap();
    assert_eq!((added(find(&diff, "a.py")), tree.as_str().len()), (1, 64));
    assert_eq!(find(&diff, "empty.py").kind, ChangeKind::Added);
}

#[tokio::test]
async fn what_is_no_checkout_is_said_so() {
    let lab = with_repo("r");
    fs_err::create_dir(lab.root.join("plain")).unwrap();
    lab.git(".", &["init", "-q", "--bare", "bare.git"]);
    for (folder, words) in
        [("r", "no commit yet"), ("plain", "not a git repository"), ("bare.git", "work tree")]
    {
        let error = lab.try_open(folder).await.unwrap_err();
        let no = matches!(&error, GitError::NoRepository { .. });
        assert!(no && error.to_string().contains(words), "{folder}: {error}");
    }
}

#[tokio::test]
async fn a_git_that_is_old_or_missing_is_said_so() {
    use std::os::unix::fs::PermissionsExt;
    let lab = with_repo("r");
    lab.commit("r", "one");
    lab.write("bin/git", "#!/bin/sh\necho git version 2.30.2\n");
    fs_err::set_permissions(lab.root.join("bin/git"), std::fs::Permissions::from_mode(0o755))
        .unwrap();
    fs_err::create_dir(lab.root.join("none")).unwrap();
    for (path, words) in [("bin", "git 2.30.2 is too old: 2.31 or later"), ("none", "install it")] {
        let mut access = lab.access();
        access.env = access.env.with("PATH", lab.root.join(path).as_str());
        let folder = lab.root.join("r");
        let error =
            mta_actions::adapters::git::repo::Repo::open(&folder, access).await.unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test]
async fn a_checkout_of_somebody_else_is_read() {
    let lab = with_repo("r");
    lab.write("r/a.py", "1\n");
    lab.commit("r", "one");
    let own = std::process::Command::new("chown")
        .args(["-R", "12345", lab.root.join("r").as_str()])
        .status()
        .unwrap();
    if !own.success() {
        eprintln!("not root: nobody else can own a checkout here");
        return;
    }
    lab.write("r/b.py", "1\n");
    let repo = lab.open("r").await;
    let tree = repo.working_tree().await.unwrap();
    let diff = diff(&repo, repo.head_tree(), &tree).await.unwrap();
    assert_eq!(diff.files.len(), 1);
}
