//! Trees of files: the overlay that Compose reads while a release is made, the copy of the mounted files that a release
//! keeps, and the project directory that is brought to a release.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use sha2::{Digest, Sha256};

use crate::adapters::host::files::{self, FileKind};
use crate::domain::release::MountedFile;

/// Builds the overlay: a folder that looks like `checkout`, with `written` (path to content) on top. Only folders that
/// lead to a written file are real; all else are links into the checkout, so nothing is copied and nothing is written
/// into it.
pub fn overlay(
    checkout: &Utf8Path,
    overlay: &Utf8Path,
    written: &BTreeMap<Utf8PathBuf, Vec<u8>>,
) -> io::Result<()> {
    files::remove_tree(overlay)?;
    files::create_dir_private(overlay)?;
    link_level(checkout, overlay, Utf8Path::new(""), written)?;
    for (path, bytes) in written {
        let target = overlay.join(path);
        if let Some(folder) = target.parent() {
            files::create_dir_private(folder)?;
        }
        files::write_atomic(&target, bytes, 0o600)?;
    }
    Ok(())
}

fn link_level(
    checkout: &Utf8Path,
    overlay: &Utf8Path,
    level: &Utf8Path,
    written: &BTreeMap<Utf8PathBuf, Vec<u8>>,
) -> io::Result<()> {
    for name in files::names(&checkout.join(level))? {
        let path = level.join(&name);
        if level.as_str().is_empty() && name == ".git" || written.contains_key(&path) {
            continue;
        }
        let leads = written.keys().any(|file| file.starts_with(&path));
        if leads && checkout.join(&path).is_dir() {
            files::create_dir_private(&overlay.join(&path))?;
            link_level(checkout, overlay, &path, written)?;
        } else {
            symlink(checkout.join(&path), overlay.join(&path))?;
        }
    }
    Ok(())
}

/// Copies the mounted files at or below `path` (relative to the overlay) into `into`, and adds them to `held`.
///
/// Returns false if there is nothing at that path. A path that leads out of the checkout by a link is an error.
pub fn collect(
    source: &Source<'_>,
    path: &Utf8Path,
    held: &mut BTreeMap<String, MountedFile>,
) -> io::Result<bool> {
    let start = source.overlay.join(path);
    if files::kind(&start)?.is_none() {
        return Ok(false);
    }
    let real = files::canonical(&start)?;
    let inside = [source.overlay, source.checkout].iter().any(|root| real.starts_with(root));
    if !inside {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!(
                "{path} is a link to {real}, outside of the checkout: mount that path by its absolute name"
            ),
        ));
    }
    copy_entry(source, &real, path, held)?;
    Ok(true)
}

/// Where mounted files come from and go to.
pub struct Source<'a> {
    /// The overlay, canonical.
    pub overlay: &'a Utf8Path,
    /// The checkout, canonical.
    pub checkout: &'a Utf8Path,
    /// Folder of the release that takes the copies.
    pub into: &'a Utf8Path,
    /// Paths (relative) of secrets, stored with mode 0444: a container that does not run as root must read them, and the
    /// folder above is ours alone.
    pub secrets: &'a [Utf8PathBuf],
}

fn copy_entry(
    source: &Source<'_>,
    from: &Utf8Path,
    path: &Utf8Path,
    held: &mut BTreeMap<String, MountedFile>,
) -> io::Result<()> {
    match files::kind(from)? {
        Some(FileKind::Folder) => {
            fs::create_dir_all(source.into.join(path))?;
            for name in files::names(from)? {
                if !(path.as_str().is_empty() && name == ".git") {
                    copy_entry(source, &from.join(&name), &path.join(&name), held)?;
                }
            }
            Ok(())
        }
        Some(FileKind::File) => copy_file(source, from, path, held),
        Some(FileKind::Link) => match into_checkout(source, from, path) {
            Some(entry) => copy_entry(source, &entry, path, held),
            None => copy_link(source, from, path, held),
        },
        Some(FileKind::Other) | None => Ok(()),
    }
}

/// The entry of the checkout that a link of the overlay itself stands for.
fn into_checkout(source: &Source<'_>, link: &Utf8Path, path: &Utf8Path) -> Option<Utf8PathBuf> {
    let entry = source.checkout.join(path);
    let to = fs::read_link(link).ok()?;
    (link.starts_with(source.overlay) && to == entry.as_std_path()).then_some(entry)
}

fn copy_file(
    source: &Source<'_>,
    from: &Utf8Path,
    path: &Utf8Path,
    held: &mut BTreeMap<String, MountedFile>,
) -> io::Result<()> {
    let target = source.into.join(path);
    make_parent(&target)?;
    let is_secret = source.secrets.iter().any(|secret| secret == path);
    let mode = if is_secret { 0o444 } else { fs::metadata(from)?.permissions().mode() & 0o777 };
    let mut file = fs::File::open(from)?;
    files::write_atomic_from(&target, &mut file, mode)?;
    let sha256 = files::sha256(&target)?;
    held.insert(path.as_str().to_owned(), MountedFile { sha256, mode, link: false });
    Ok(())
}

fn copy_link(
    source: &Source<'_>,
    from: &Utf8Path,
    path: &Utf8Path,
    held: &mut BTreeMap<String, MountedFile>,
) -> io::Result<()> {
    let target = source.into.join(path);
    make_parent(&target)?;
    let to = fs::read_link(from)?;
    let sha256 = files::hex(&Sha256::digest(to.as_os_str().as_encoded_bytes()));
    symlink(&to, &target)?;
    held.insert(path.as_str().to_owned(), MountedFile { sha256, mode: 0o777, link: true });
    Ok(())
}

/// Brings the project directory `work` to a release: `wanted` says which files, `from` holds them.
///
/// A file whose version in the checkout did not change is left alone, also when a container wrote to it. Files of the
/// former release that are not wanted any more go; whatever else lies there (data) stays. Killed half way, the next call
/// puts right what it cannot be sure of.
pub fn materialise(
    work: &Utf8Path,
    from: &Utf8Path,
    wanted: &BTreeMap<String, MountedFile>,
) -> io::Result<()> {
    let record = record(work);
    let held = held(&record)?;
    let differs = |path: &String| {
        held.get(path) != wanted.get(path)
            || (wanted.contains_key(path) && !matches!(files::kind(&work.join(path)), Ok(Some(_))))
    };
    let changed: Vec<&String> = held
        .keys()
        .chain(wanted.keys().filter(|p| !held.contains_key(*p)))
        .filter(|p| differs(p))
        .collect();
    if changed.is_empty() {
        return Ok(());
    }
    let mut unsure = held.clone();
    for path in &changed {
        unsure.insert((*path).clone(), MountedFile { sha256: String::new(), mode: 0, link: false });
    }
    files::write_atomic(&record, &serde_json::to_vec(&unsure)?, 0o600)?;
    for path in changed {
        no_links(work, path)?;
        match wanted.get(path) {
            Some(file) => put(work, from, path, file)?,
            None => files::remove(&work.join(path))?,
        }
    }
    files::write_atomic(&record, &serde_json::to_vec(wanted)?, 0o600)
}

/// Record of what the project directory holds, beside it: `work.files.json`.
fn record(work: &Utf8Path) -> Utf8PathBuf {
    Utf8PathBuf::from(format!("{work}.files.json"))
}

/// Refuses a path that leads through a link: a container may have put it there, and we would write elsewhere.
fn no_links(work: &Utf8Path, path: &str) -> io::Result<()> {
    let parents =
        Utf8Path::new(path).ancestors().skip(1).filter(|parent| !parent.as_str().is_empty());
    for parent in parents {
        if files::kind(&work.join(parent))? == Some(FileKind::Link) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "{} is a link that no release has put there: move it away",
                    work.join(parent)
                ),
            ));
        }
    }
    Ok(())
}

fn held(record: &Utf8Path) -> io::Result<BTreeMap<String, MountedFile>> {
    match files::read_optional(record)? {
        Some(text) => Ok(serde_json::from_str(&text)?),
        None => Ok(BTreeMap::new()),
    }
}

fn put(work: &Utf8Path, from: &Utf8Path, path: &str, file: &MountedFile) -> io::Result<()> {
    let target = work.join(path);
    make_parent(&target)?;
    if let Some(FileKind::Folder) = files::kind(&target)? {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            format!(
                "{target} is a folder, but the release mounts a file there: move the folder away"
            ),
        ));
    }
    if file.link {
        files::remove(&target)?;
        return symlink(fs::read_link(from.join(path))?, &target);
    }
    let mut source = fs::File::open(from.join(path))?;
    files::write_atomic_from(&target, &mut source, file.mode)
}

/// Folders of mounted files must be passable for the processes in containers that mount the folder as a whole.
fn make_parent(path: &Utf8Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => fs::create_dir_all(folder),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Place {
        _guard: tempfile::TempDir,
        root: Utf8PathBuf,
    }

    fn place(files: &[(&str, &str)]) -> Place {
        let guard = tempfile::tempdir().unwrap();
        let root = files::canonical(Utf8Path::from_path(guard.path()).unwrap()).unwrap();
        for (path, text) in files {
            let path = root.join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        }
        Place { _guard: guard, root }
    }

    fn read(path: &Utf8Path) -> String {
        fs_err::read_to_string(path).unwrap()
    }

    #[test]
    fn the_overlay_shows_the_checkout_and_what_is_written_on_top() {
        let place = place(&[
            ("c/compose.yaml", "c"),
            ("c/secrets/.keep", ""),
            ("c/.git/HEAD", "h"),
            ("c/.env", "old"),
        ]);
        let (checkout, over) = (place.root.join("c"), place.root.join("render"));
        let written = BTreeMap::from([
            (Utf8PathBuf::from("secrets/pw"), b"pw".to_vec()),
            (Utf8PathBuf::from(".env"), b"new".to_vec()),
        ]);
        overlay(&checkout, &over, &written).unwrap();
        overlay(&checkout, &over, &written).unwrap();
        assert_eq!(read(&over.join("compose.yaml")), "c");
        assert_eq!(read(&over.join("secrets/pw")), "pw");
        assert_eq!(read(&over.join(".env")), "new");
        assert!(over.join("secrets/.keep").exists() && !over.join(".git").exists());
        assert_eq!(read(&checkout.join(".env")), "old");
        assert!(!checkout.join("secrets/pw").exists());
    }

    fn collected(
        place: &Place,
        path: &str,
        secrets: &[Utf8PathBuf],
    ) -> io::Result<BTreeMap<String, MountedFile>> {
        let (checkout, over, into) =
            (place.root.join("c"), place.root.join("render"), place.root.join("files"));
        overlay(&checkout, &over, &BTreeMap::new())?;
        let source = Source { overlay: &over, checkout: &checkout, into: &into, secrets };
        let mut held = BTreeMap::new();
        collect(&source, Utf8Path::new(path), &mut held)?;
        Ok(held)
    }

    #[test]
    fn files_links_and_modes_are_kept_and_secrets_are_readable() {
        let place = place(&[("c/conf/a.cfg", "a"), ("c/conf/sub/b", "b"), ("c/pw", "x")]);
        symlink("a.cfg", place.root.join("c/conf/link")).unwrap();
        fs_err::set_permissions(place.root.join("c/pw"), std::fs::Permissions::from_mode(0o600))
            .unwrap();
        let held = collected(&place, "conf", &[]).unwrap();
        assert_eq!(held.keys().collect::<Vec<_>>(), ["conf/a.cfg", "conf/link", "conf/sub/b"]);
        assert!(held["conf/link"].link);
        let held = collected(&place, "pw", &["pw".into()]).unwrap();
        assert_eq!(held["pw"].mode, 0o444);
    }

    #[test]
    fn a_mount_that_leads_out_of_the_checkout_is_refused() {
        let place = place(&[("c/x", ""), ("outside/secret", "s")]);
        symlink(place.root.join("outside"), place.root.join("c/data")).unwrap();
        let error = collected(&place, "data", &[]).unwrap_err().to_string();
        assert!(
            error.starts_with("data is a link to") && error.contains("absolute name"),
            "{error}"
        );
        assert!(collected(&place, "absent", &[]).unwrap().is_empty());
    }

    fn release(
        place: &Place,
        name: &str,
        files: &[(&str, &str)],
    ) -> (Utf8PathBuf, BTreeMap<String, MountedFile>) {
        let from = place.root.join(name);
        let mut wanted = BTreeMap::new();
        for (path, text) in files {
            let file = from.join(path);
            fs_err::create_dir_all(file.parent().unwrap()).unwrap();
            fs_err::write(&file, text).unwrap();
            let sha256 = files::sha256(&file).unwrap();
            wanted.insert((*path).to_owned(), MountedFile { sha256, mode: 0o644, link: false });
        }
        (from, wanted)
    }

    #[test]
    fn the_project_directory_follows_releases_and_keeps_data() {
        let place = place(&[]);
        let work = place.root.join("work");
        let (v1, files1) =
            release(&place, "v1", &[("conf/a", "1"), ("conf/b", "1"), ("acme.json", "{}")]);
        let (v2, files2) = release(&place, "v2", &[("conf/a", "2"), ("acme.json", "{}")]);
        materialise(&work, &v1, &files1).unwrap();
        fs_err::write(work.join("acme.json"), "certificates").unwrap();
        fs_err::write(work.join("conf/data"), "kept").unwrap();
        materialise(&work, &v2, &files2).unwrap();
        assert_eq!(read(&work.join("conf/a")), "2");
        assert!(!work.join("conf/b").exists());
        assert_eq!(read(&work.join("acme.json")), "certificates");
        materialise(&work, &v1, &files1).unwrap();
        assert_eq!(read(&work.join("conf/a")), "1");
        assert_eq!(read(&work.join("conf/b")), "1");
        assert_eq!(read(&work.join("conf/data")), "kept");
    }

    #[test]
    fn a_materialisation_that_was_killed_is_finished_by_the_next() {
        let place = place(&[]);
        let work = place.root.join("work");
        let (v1, files1) = release(&place, "v1", &[("a", "1"), ("b", "1")]);
        let (v2, files2) = release(&place, "v2", &[("a", "2"), ("b", "2")]);
        materialise(&work, &v1, &files1).unwrap();
        fs_err::remove_file(v2.join("b")).unwrap();
        assert!(materialise(&work, &v2, &files2).is_err());
        assert_eq!((read(&work.join("a")), read(&work.join("b"))), ("2".into(), "1".into()));
        materialise(&work, &v1, &files1).unwrap();
        assert_eq!((read(&work.join("a")), read(&work.join("b"))), ("1".into(), "1".into()));
    }
}
