//! What is deleted is ours: each place in `src/` that deletes stands in a table with the mark by which it knows that. A new
//! place fails the test until somebody has written its mark down.

use std::path::Path;

/// What deletes: files, containers, tags of images, databases.
const DELETES: [&str; 16] = [
    "remove_tree(",
    "files::remove(",
    "remove_dir_all(",
    "remove_file(",
    ".remove_container(",
    ".remove_image(",
    ".remove_once_containers(",
    ".stop_and_remove(",
    "self.remove(&",
    ".untag(",
    "drop_database(",
    ".drop_ours(",
    ".remove_release(",
    ".strip(",
    "old.delete()",
    "fs::remove",
];

/// File below `src/`, how many places, and the mark.
const MARKS: [(&str, usize, &str); 19] = [
    (
        "actions/build_push/keeping.rs",
        2,
        "a name that begins with mta-buildcache-, in the folder that the inputs name",
    ),
    (
        "actions/steps/database/back_up.rs",
        1,
        "a manifest of ours, of this project, database and action",
    ),
    ("actions/steps/database/kept.rs", 1, "our comment on the database, of this project"),
    (
        "actions/steps/database/restore.rs",
        2,
        "the name that the record of this restore has given it",
    ),
    ("actions/steps/former.rs", 1, "below the staging folder that this run has made"),
    ("actions/steps/images.rs", 1, "a tag below mta.invalid, which nobody else makes"),
    ("actions/steps/migrate.rs", 1, "Compose's label of a run and the name that we gave it"),
    (
        "actions/steps/orphans.rs",
        1,
        "made by Compose from our project directory, or `remove-orphans`",
    ),
    ("actions/steps/prune.rs", 2, "a release in our state folder, with a record of ours"),
    ("adapters/docker/container.rs", 1, "for the callers: those that the filters have found"),
    ("adapters/docker/engine.rs", 1, "for the caller: the tag that it names, and nothing by force"),
    (
        "adapters/docker/unfinished.rs",
        3,
        "Compose's label of a replacement that never ran; the rest for the callers",
    ),
    ("adapters/git/worktree.rs", 1, "the index of the work tree that this run has made"),
    ("adapters/host/files.rs", 2, "for the callers: what they name"),
    (
        "adapters/host/scratch.rs",
        2,
        "a folder that we have made, or one that a killed run of ours has left unlocked",
    ),
    ("adapters/host/store.rs", 7, "names that only we use, in our state folder"),
    (
        "adapters/host/tree.rs",
        3,
        "our scratch, and files that `work.files.json` says we have written",
    ),
    ("adapters/postgres/restore.rs", 1, "for the callers: what they name"),
    (
        "adapters/storage/local.rs",
        4,
        "a hidden name that only we use, or a manifest of ours beside it",
    ),
];

fn places(text: &str) -> usize {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code.lines().map(str::trim_start);
    let lines = lines.filter(|line| !line.starts_with("//") && !line.contains("fn "));
    lines.map(|line| DELETES.iter().filter(|word| line.contains(**word)).count().min(1)).sum()
}

#[test]
fn each_place_that_deletes_has_its_mark_written_down() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for path in super::files(&root) {
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        let found = places(&std::fs::read_to_string(&path).unwrap());
        let known = MARKS.iter().find(|(file, ..)| *file == name).map_or(0, |(_, count, _)| *count);
        if found != known {
            wrong.push(format!("src/{name} deletes at {found} places, the table knows {known}"));
        }
    }
    let gone = MARKS.iter().filter(|(file, ..)| !root.join(file).is_file());
    wrong.extend(gone.map(|(file, ..)| format!("src/{file} is not there any more")));
    assert!(wrong.is_empty(), "write down what marks it as ours:\n{}", wrong.join("\n"));
    assert!(MARKS.iter().all(|(_, _, mark)| mark.len() > 20), "a mark is a sentence");
}

#[test]
fn a_place_that_deletes_is_seen_and_a_comment_or_a_test_is_none() {
    assert_eq!(places("    files::remove(&path)?;\n    // files::remove(&path)\n"), 1);
    assert_eq!(places("fn remove_tree(path: &str) {}\n#[cfg(test)]\nfs::remove_file(x);"), 0);
    assert_eq!(places("names.remove(&name);"), 0);
}
