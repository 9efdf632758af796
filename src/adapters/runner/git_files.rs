//! What the files of a git repository say about its checkout: enough to name a run outside Actions.
//!
//! Small and lenient: no objects are read, no program is started. What is unusual reads as empty.

use camino::{Utf8Path, Utf8PathBuf};

/// A checkout as its files describe it; everything empty where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkout {
    /// The folder that holds `.git`.
    pub top: Utf8PathBuf,
    /// `owner/name` of the remote `origin`.
    pub repository: String,
    /// The commit, in hex.
    pub sha: String,
    /// The branch; empty where HEAD is detached.
    pub ref_name: String,
}

/// Reads the checkout that contains the folder.
pub fn read(folder: &Utf8Path) -> Checkout {
    let found = folder.ancestors().find_map(|top| Some((top, git_folder(top)?)));
    let Some((top, git)) = found else { return Checkout::default() };
    let common = common_folder(&git);
    let head = text(&git.join("HEAD"));
    let branch = head.strip_prefix("ref: ").unwrap_or_default();
    let sha = if branch.is_empty() { head.clone() } else { resolve(&git, &common, branch) };
    Checkout {
        top: top.to_owned(),
        repository: origin(&text(&common.join("config"))),
        sha: if is_hex(&sha) { sha } else { String::new() },
        ref_name: branch.strip_prefix("refs/heads/").unwrap_or_default().to_owned(),
    }
}

/// `.git`, or where the file `.git` of a worktree or submodule points to.
fn git_folder(top: &Utf8Path) -> Option<Utf8PathBuf> {
    let git = top.join(".git");
    if git.is_dir() {
        return git.join("HEAD").is_file().then_some(git);
    }
    let pointer = text(&git);
    let target = pointer.strip_prefix("gitdir:")?.trim();
    Some(top.join(target))
}

/// The folder that worktrees share: branches and configuration live there.
fn common_folder(git: &Utf8Path) -> Utf8PathBuf {
    match text(&git.join("commondir")).as_str() {
        "" => git.to_owned(),
        relative => git.join(relative),
    }
}

/// The commit of a branch, from its own file or from `packed-refs`.
fn resolve(git: &Utf8Path, common: &Utf8Path, name: &str) -> String {
    for folder in [git, common] {
        let loose = text(&folder.join(name));
        if !loose.is_empty() {
            return loose;
        }
    }
    let packed = text(&common.join("packed-refs"));
    let mut lines = packed.lines().filter_map(|line| line.split_once(' '));
    lines.find(|(_, known)| *known == name).map_or_else(String::new, |(sha, _)| sha.to_owned())
}

/// `owner/name` of the remote `origin` in a git configuration.
fn origin(config: &str) -> String {
    let mut inside = false;
    for line in config.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line.replace(char::is_whitespace, "") == "[remote\"origin\"]";
        } else if inside
            && let Some((key, url)) = line.split_once('=')
            && key.trim() == "url"
        {
            return owner_and_name(url.trim());
        }
    }
    String::new()
}

/// The last two parts of `https://host/owner/name.git`, `git@host:owner/name.git` or a path.
fn owner_and_name(url: &str) -> String {
    let url = url.trim_end_matches('/');
    let url = url.strip_suffix(".git").unwrap_or(url);
    let mut parts = url.rsplit(['/', ':']).filter(|part| !part.is_empty());
    match (parts.next(), parts.next()) {
        (Some(name), Some(owner)) => format!("{owner}/{name}"),
        _ => String::new(),
    }
}

fn is_hex(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn text(path: &Utf8Path) -> String {
    fs_err::read_to_string(path).map(|text| text.trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

    fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        for (path, text) in files {
            let path = root.join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        }
        (folder, root)
    }

    #[test]
    fn a_checkout_is_found_from_a_folder_below() {
        let config = "[core]\n\tbare = false\n[remote \"other\"]\n\turl = x/y\n[remote \"origin\"]\n\turl = git@host:org/shop.git\n";
        let (_keep, root) = tree(&[
            (".git/HEAD", "ref: refs/heads/feature/x\n"),
            (".git/refs/heads/feature/x", SHA),
            (".git/config", config),
            ("a/b/file", ""),
        ]);
        let expected = Checkout {
            top: root.clone(),
            repository: "org/shop".to_owned(),
            sha: SHA.to_owned(),
            ref_name: "feature/x".to_owned(),
        };
        assert_eq!(read(&root.join("a/b")), expected);
    }

    #[test]
    fn packed_references_and_a_detached_head() {
        let packed = format!("# pack-refs with: peeled\n{SHA} refs/heads/main\n");
        let (_keep, root) =
            tree(&[(".git/HEAD", "ref: refs/heads/main"), (".git/packed-refs", &packed)]);
        assert_eq!((read(&root).sha.as_str(), read(&root).ref_name.as_str()), (SHA, "main"));
        let (_keep, root) = tree(&[(".git/HEAD", SHA)]);
        assert_eq!((read(&root).sha.as_str(), read(&root).ref_name.as_str()), (SHA, ""));
    }

    #[test]
    fn a_worktree_shares_branches_and_remotes() {
        let (_keep, root) = tree(&[
            ("main/.git/HEAD", "ref: refs/heads/main"),
            ("main/.git/config", "[remote \"origin\"]\nurl = https://host/org/shop/\n"),
            ("main/.git/refs/heads/side", SHA),
            ("main/.git/worktrees/side/HEAD", "ref: refs/heads/side"),
            ("main/.git/worktrees/side/commondir", "../..\n"),
            ("side/.git", "gitdir: ../main/.git/worktrees/side\n"),
        ]);
        let checkout = read(&root.join("side"));
        assert_eq!(checkout.top, root.join("side"));
        assert_eq!(
            (checkout.repository.as_str(), checkout.sha.as_str(), checkout.ref_name.as_str()),
            ("org/shop", SHA, "side")
        );
    }

    #[test]
    fn where_there_is_no_checkout_everything_is_empty() {
        let (_keep, root) = tree(&[("a/file", "")]);
        assert_eq!(read(&root.join("a")), Checkout::default());
        let (_keep, root) = tree(&[(".git/HEAD", "ref: refs/heads/none"), (".git/config", "[[[")]);
        assert_eq!((read(&root).sha.as_str(), read(&root).repository.as_str()), ("", ""));
    }

    #[test]
    fn addresses_of_remotes() {
        let table = [
            ("https://host/org/shop.git", "org/shop"),
            ("ssh://git@host:22/org/shop", "org/shop"),
            ("git@host:org/shop.git", "org/shop"),
            ("/srv/git/shop.git/", "git/shop"),
            ("shop", ""),
        ];
        for (url, expected) in table {
            assert_eq!(owner_and_name(url), expected, "{url}");
        }
    }
}
