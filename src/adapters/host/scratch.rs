//! A folder of our own for what is secret while a run lasts: only its owner can read it, and it goes with the run. What a
//! killed run leaves is removed by the next one.

use std::fs::TryLockError;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::time::{Duration, SystemTime};

use camino::{Utf8Path, Utf8PathBuf};
use fs_err::{File, OpenOptions};

use super::files;
use super::guard::Guard;
use super::process;

/// Whoever holds it uses the folder.
const LOCK: &str = "lock";

/// Folders that one process may have.
const MOST: usize = 1_000;

/// A folder without a lock may be one that was made this moment.
const MOMENT: Duration = Duration::from_mins(1);

/// A folder that is removed when it is dropped.
#[derive(Debug)]
pub struct Scratch {
    path: Utf8PathBuf,
    lock: File,
}

impl Scratch {
    /// Makes a folder `name-...` in another one, mode 0700, and removes those of this name that killed runs of the same
    /// user have left there.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new(parent: &Utf8Path, name: &str) -> io::Result<Self> {
        sweep(parent, name);
        for number in 0..MOST {
            let path = parent.join(format!("{name}-{}-{number}", process::own_id()));
            match std::fs::DirBuilder::new().mode(0o700).create(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                made => made.map_err(|error| {
                    io::Error::new(
                        error.kind(),
                        format!("failed to create the folder {path}: {error}"),
                    )
                })?,
            }
            if let Some(lock) = claimed(&path)? {
                return Ok(Self { path, lock });
            }
        }
        Err(io::Error::other(format!("{parent} has {MOST} folders {name} already")))
    }

    /// Where it is.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// Starts children that do not outlive us. As long as one lives, nobody removes the folder that it may use.
    ///
    /// # Errors
    /// Too many files are open.
    pub fn guard(&self) -> io::Result<Guard> {
        self.lock.file().try_clone().map(Guard::new)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left is removed by the next run.
        let _left = files::remove_tree(&self.path);
    }
}

/// The lock of a folder; `None` where somebody else has taken the folder for one that was left.
fn claimed(path: &Utf8Path) -> io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    fs_err::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let lock = match options.open(path.join(LOCK)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    match lock.file().try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let now = fs_err::metadata(path.join(LOCK)).ok().map(|meta| (meta.dev(), meta.ino()));
    let held = lock.metadata()?;
    Ok((now == Some((held.dev(), held.ino()))).then_some(lock))
}

/// Removes what killed runs have left. What cannot be removed is left to the next one.
fn sweep(parent: &Utf8Path, name: &str) {
    let prefix = format!("{name}-");
    for found in files::names(parent).unwrap_or_default() {
        let path = parent.join(&found);
        if !found.starts_with(&prefix) {
            continue;
        }
        // Held until it is gone: whoever makes the folder this moment sees that it was taken away.
        if let Some(_lock) = left(&path) {
            let _left = files::remove_tree(&path);
        }
    }
}

/// The lock of a folder that a killed run has left; `None` for any other folder.
fn left(path: &Utf8Path) -> Option<File> {
    let meta = fs_err::symlink_metadata(path).ok()?;
    if !meta.is_dir() || meta.uid() != process::own_user() {
        return None;
    }
    match File::open(path.join(LOCK)) {
        Ok(lock) => lock.file().try_lock().is_ok().then_some(lock),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let age = meta.modified().ok().and_then(|at| SystemTime::now().duration_since(at).ok());
            if age.is_some_and(|age| age > MOMENT) { claimed(path).ok().flatten() } else { None }
        }
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn parent() -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        (folder, path)
    }

    #[test]
    fn it_is_its_owners_and_goes() {
        let (_folder, parent) = parent();
        let one = Scratch::new(&parent, "mta-x").unwrap();
        let other = Scratch::new(&parent, "mta-x").unwrap();
        assert_ne!(one.path(), other.path());
        let mode = fs_err::metadata(one.path()).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o700);
        fs_err::write(one.path().join("config.json"), "{}").unwrap();
        let path = one.path().to_owned();
        drop(one);
        assert!(!path.exists() && other.path().exists());
    }

    #[test]
    fn what_a_killed_run_left_is_removed_and_what_is_used_is_not() {
        let (_folder, parent) = parent();
        let used = Scratch::new(&parent, "mta-x").unwrap();
        let left = parent.join("mta-x-1-0");
        let foreign = parent.join("mta-y-1-0");
        let young = parent.join("mta-x-2-0");
        for (path, has_lock) in [(&left, true), (&foreign, true), (&young, false)] {
            fs_err::create_dir(path).unwrap();
            fs_err::write(path.join("config.json"), "secret").unwrap();
            if has_lock {
                fs_err::write(path.join(LOCK), "").unwrap();
            }
        }
        let link = parent.join("mta-x-3-0");
        fs_err::os::unix::fs::symlink(&foreign, &link).unwrap();
        let _next = Scratch::new(&parent, "mta-x").unwrap();
        assert!(!left.exists());
        assert!(used.path().exists() && foreign.exists() && young.exists() && link.exists());
    }
}
