//! Drawn layouts: trees, and how they came into images and shards. Each report is written from the truth, and what `map` says
//! is that truth or an error.
//!
//! What names cannot show: a dependency outside the folders of other people of whose measured files half or more have names of
//! ours is not drawn, and neither is an image that was put together from folders so that it looks like one other folder. Where
//! one file has the name that another would have there (a folder laid over a copy that has the same file, a generated file
//! that is called like a tracked path, letter by letter), the layout is counted as hidden, and these must be few.

use super::*;

/// Numbers that are the same in every run (splitmix64).
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }

    fn of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.below(texts.len())]
    }
}

const TOPS: [&str; 8] =
    ["", "backend/", "web/", "libs/", "tools/", "services/a/", "services/b/", "addons/"];
const FOLDERS: [&str; 8] =
    ["", "shop/", "common/", "users/", "src/", "src/api/", "core/models/", "vendor/own/"];
const FILES: [&str; 8] =
    ["__init__.py", "a.py", "b.py", "index.py", "models.py", "views.py", "main.py", "util.py"];
const ROOTS: [&str; 6] =
    ["/app/", "/home/ci/work/", "C:/w/", "/srv/x/app/", "/mnt/extra-addons/", ""];

/// A report of which is known what its names are.
#[derive(Debug, Default)]
struct Shard {
    report: String,
    truth: BTreeMap<String, Option<String>>,
    /// Whether it is of a kind that most projects have.
    is_ordinary: bool,
}

fn tree(draw: &mut Draw) -> BTreeSet<String> {
    let mut tree = BTreeSet::new();
    let tops: Vec<&str> = (0..=draw.below(4)).map(|_| draw.of(&TOPS)).collect();
    for _ in 0..4 + draw.below(24) {
        let (top, folder, file) = (draw.of(&tops), draw.of(&FOLDERS), draw.of(&FILES));
        tree.insert(format!("{top}{folder}{file}"));
    }
    tree
}

/// The files of a folder of the tree, as they are below it.
fn inside<'t>(tree: &'t BTreeSet<String>, folder: &str) -> Vec<(&'t str, &'t str)> {
    tree.iter().filter_map(|path| Some((path.strip_prefix(folder)?, path.as_str()))).collect()
}

fn folders(tree: &BTreeSet<String>) -> Vec<String> {
    let mut all = BTreeSet::new();
    for path in tree {
        all.extend(path.match_indices('/').map(|(slash, _)| path[..=slash].to_owned()));
    }
    all.into_iter().collect()
}

/// A shard: what was copied where, and what of it was measured.
fn shard(draw: &mut Draw, tree: &BTreeSet<String>, number: usize) -> Shard {
    let mut shard = Shard { report: format!("shard{number}/lcov.info"), ..Shard::default() };
    let folders = folders(tree);
    let root = draw.of(&ROOTS);
    let mut files: BTreeMap<String, Option<String>> = BTreeMap::new();
    let copy = |files: &mut BTreeMap<String, Option<String>>, from: &str, to: &str| {
        for (rest, path) in inside(tree, from) {
            files.insert(format!("{to}{rest}"), Some(path.to_owned()));
        }
    };
    let kind = draw.below(10);
    let one = |draw: &mut Draw| {
        if folders.is_empty() { String::new() } else { folders[draw.below(folders.len())].clone() }
    };
    match kind {
        // All of it, in an image or as it is.
        0..=3 => copy(&mut files, "", root),
        // A folder; relative names then lie where the report does, or somewhere else.
        4..=6 => {
            let from = one(draw);
            copy(&mut files, &from, root);
            if root.is_empty() && draw.percent(70) {
                shard.report = format!("{from}coverage/lcov.info");
            }
        }
        // Folders over one another, in any order, by their names or others.
        _ => {
            let base = one(draw);
            copy(&mut files, &base, root);
            for _ in 0..=draw.below(2) {
                let from = one(draw);
                let last = from.trim_end_matches('/').rsplit('/').next().unwrap();
                let name = if draw.percent(80) { last } else { "other" };
                let parent = if draw.percent(70) { "" } else { draw.of(&FOLDERS) };
                let mut laid = BTreeMap::new();
                copy(&mut laid, &from, &format!("{root}{parent}{name}/"));
                if draw.percent(50) {
                    files.extend(laid);
                } else {
                    laid.extend(std::mem::take(&mut files));
                    files = laid;
                }
            }
        }
    }
    let mut whole: BTreeSet<String> = files.keys().cloned().collect();
    let measured = 50 + draw.below(51);
    files.retain(|_, _| draw.percent(measured));
    if is_a_plain_copy_of_another(&files, root, tree) {
        files.clear();
        copy(&mut files, "", root);
        whole.extend(files.keys().cloned());
    }
    shard.is_ordinary = kind < 7 && measured > 60 && files.len() > 2;
    shard.is_ordinary &= generated(draw, tree, root, &whole, &mut files);
    for _ in 0..draw.below(3) {
        dependency(draw, tree, &mut files, &mut shard.is_ordinary);
    }
    shard.truth = files;
    shard
}

/// Generated files; whether the names of all tell that.
fn generated(
    draw: &mut Draw,
    tree: &BTreeSet<String>,
    root: &str,
    whole: &BTreeSet<String>,
    files: &mut BTreeMap<String, Option<String>>,
) -> bool {
    for _ in 0..draw.below(3) {
        let (folder, file) =
            (draw.of(&["gen/", "src/gen/", "build/"]), draw.of(&["_version.py", "x_pb2.py"]));
        files.entry(format!("{root}{folder}{file}")).or_insert(None);
    }
    if draw.percent(25) && !files.is_empty() {
        // Generated beside our own, with a name that another folder has.
        let (folder, file) = (draw.of(&FOLDERS), draw.of(&FILES));
        let name = format!("{root}{folder}{file}");
        if !whole.contains(&name) && !tree.contains(&name) {
            files.insert(name, None);
            return false;
        }
    }
    true
}

/// Whether one folder has all the names of an image that holds other files.
fn is_a_plain_copy_of_another(
    files: &BTreeMap<String, Option<String>>,
    root: &str,
    tree: &BTreeSet<String>,
) -> bool {
    std::iter::once(String::new()).chain(folders(tree)).any(|folder| {
        let there = |name: &String| format!("{folder}{}", &name[root.len()..]);
        files.keys().all(|name| tree.contains(&there(name)))
            && files.iter().any(|(name, path)| path.as_ref() != Some(&there(name)))
    })
}

/// Files of another project, some with the names of ours.
fn dependency(
    draw: &mut Draw,
    tree: &BTreeSet<String>,
    files: &mut BTreeMap<String, Option<String>>,
    is_ordinary: &mut bool,
) {
    let place = draw.of(&[
        "/usr/lib/python3/",
        "/v/lib/site-packages/p/",
        "/app/node_modules/p/",
        "/opt/dep/",
        "/deps/x/src/",
    ]);
    let paths: Vec<&String> = tree.iter().collect();
    let is_known = is_foreign(place);
    let ours = 1 + draw.below(4);
    for _ in 0..ours {
        let path = paths[draw.below(paths.len())];
        let parts: Vec<&str> = path.split('/').collect();
        let end = parts[draw.below(parts.len())..].join("/");
        files.entry(format!("{place}{end}")).or_insert(None);
    }
    if !is_known {
        *is_ordinary = false;
        for number in 0..ours + draw.below(4) {
            files.entry(format!("{place}other/{}x{number}.py", files.len())).or_insert(None);
        }
    }
}

/// What became of the names of a shard.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// Every name is what it is.
    True,
    /// Some names are told as unknown though they are ours.
    Partial,
    /// Some files have the names that others would have there: nobody can see it.
    Hidden,
    Refused,
}

/// What a mapping says of a shard; the first wrong answer as an error.
fn judge(tree: &BTreeSet<String>, shard: &Shard) -> Result<Outcome, String> {
    let names = names(shard);
    let Ok((found, _)) = map(&[names], tree, &Known::default()) else {
        return Ok(Outcome::Refused);
    };
    let mut outcome = Outcome::True;
    for (name, truth) in &shard.truth {
        let told = || found[0].stray.contains_key(name) || is_foreign(name);
        match (found[0].files.get(name), truth) {
            (Some(path), Some(truth)) if path == truth => {}
            (None, None) => {}
            (None, Some(_)) if told() => outcome = Outcome::Partial,
            (Some(path), _) if is_hidden(shard, name, path) => return Ok(Outcome::Hidden),
            (path, truth) => return Err(format!("{name} is {truth:?} and was mapped to {path:?}")),
        }
    }
    Ok(outcome)
}

/// Whether a name is exactly what a file of ours would be called there: by its letters, in the folder of the report, or because
/// another name shows that the folder of that file lies there.
fn is_hidden(shard: &Shard, name: &str, path: &str) -> bool {
    let same = name.bytes().rev().zip(path.bytes().rev()).take_while(|(a, b)| a == b).count();
    let (from, to) = (&name[..name.len() - same], &path[..path.len() - same]);
    let lies_there = |(other, truth): &(&String, &Option<String>)| {
        let rest = other.strip_prefix(from);
        other.as_str() != name
            && truth.as_ref().is_some_and(|truth| {
                Some(truth.as_str()) == rest.map(|rest| format!("{to}{rest}")).as_deref()
            })
    };
    let is_own = from.is_empty() && shard.report.starts_with(to);
    name == path || is_own || shard.truth.iter().any(|one| lies_there(&one))
}

fn names(shard: &Shard) -> Names<'_> {
    Names {
        report: &shard.report,
        roots: &[],
        files: shard.truth.keys().map(String::as_str).collect(),
        kind: NameKind::Path,
    }
}

fn layout(seed: u64) -> (BTreeSet<String>, Vec<Shard>) {
    let mut draw = Draw(seed);
    let tree = tree(&mut draw);
    let shards = (0..2 + draw.below(3)).map(|number| shard(&mut draw, &tree, number)).collect();
    (tree, shards)
}

#[test]
fn drawn_layouts_are_mapped_as_they_are_or_refused() {
    judge_all(0..5_000);
}

#[test]
fn as_many_again_are_mapped_as_they_are_or_refused() {
    judge_all(5_000..10_000);
}

/// Layouts in two halves, which run beside each other.
fn judge_all(seeds: std::ops::Range<u64>) {
    let mut wrong = Vec::new();
    let (mut all, mut hidden, mut ordinary, mut right) = (0, 0, 0, 0);
    for seed in seeds {
        let (tree, shards) = layout(seed);
        for shard in &shards {
            let outcome = match judge(&tree, shard) {
                Ok(outcome) => outcome,
                Err(error) => {
                    wrong.push(format!("layout {seed}: {error}\n{tree:#?}\n{shard:#?}"));
                    continue;
                }
            };
            all += 1;
            hidden += usize::from(outcome == Outcome::Hidden);
            ordinary += usize::from(shard.is_ordinary);
            right += usize::from(shard.is_ordinary && outcome == Outcome::True);
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong[..wrong.len().min(4)].join("\n"));
    assert!(hidden * 200 < all, "{hidden} of {all} show another layout than theirs");
    assert!(right * 100 > ordinary * 90, "{right} of {ordinary} ordinary shards");
}

#[test]
fn the_order_of_names_and_of_reports_changes_nothing() {
    for seed in 0..500 {
        let (tree, shards) = layout(seed);
        let all: Vec<Names<'_>> = shards.iter().map(names).collect();
        let mut turned = all.clone();
        turned.reverse();
        for one in &mut turned {
            one.files.reverse();
        }
        let (here, there) =
            (map(&all, &tree, &Known::default()), map(&turned, &tree, &Known::default()));
        match (here, there) {
            (Ok((found, mapping)), Ok((mut other, same))) => {
                other.reverse();
                assert_eq!((found, mapping), (other, same), "layout {seed}");
            }
            (here, there) => assert!(here.is_err() && there.is_err(), "layout {seed}"),
        }
    }
}
