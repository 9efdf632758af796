//! Files of a checkout as decisions ask for them: never more than they may hold, never out of the tree by a link.

use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::MetadataExt;

use camino::{Utf8Path, Utf8PathBuf};

use crate::domain::known::Entry;

/// The largest file that is read as a whole, in bytes.
pub const LARGEST: u64 = 8 << 20;

/// A checkout.
#[derive(Clone, Debug)]
pub struct Checkout {
    top: Utf8PathBuf,
}

/// Mode and owner of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights {
    /// The permission bits.
    pub mode: u32,
    /// The id of its owner.
    pub owner: u32,
}

impl Checkout {
    /// The checkout in a folder.
    pub fn new(top: &Utf8Path) -> io::Result<Self> {
        let top = fs_err::canonicalize(top)?;
        let top = Utf8PathBuf::from_path_buf(top)
            .map_err(|_| io::Error::other("its name is not UTF-8"))?;
        Ok(Self { top })
    }

    /// Its top folder.
    pub fn top(&self) -> &Utf8Path {
        &self.top
    }

    /// What stands at a path, relative to the top or absolute. What cannot be found out is [`Entry::Unreadable`].
    pub fn entry(&self, path: &str) -> Entry {
        let whole = self.top.join(path);
        match self.look(path, &whole) {
            Ok(entry) => entry,
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                dangling(&whole)
            }
            Err(error) => Entry::Unreadable(words(&error)),
        }
    }

    /// Whether a file lies in the tree, links followed.
    pub fn holds(&self, path: &str) -> bool {
        fs_err::canonicalize(self.top.join(path)).is_ok_and(|real| real.starts_with(&self.top))
    }

    /// Mode and owner; none where there is no such file.
    pub fn rights(&self, path: &str) -> Option<Rights> {
        let meta = fs_err::metadata(self.top.join(path)).ok()?;
        Some(Rights { mode: meta.mode() & 0o7777, owner: meta.uid() })
    }

    fn look(&self, path: &str, whole: &Utf8Path) -> io::Result<Entry> {
        let meta = fs_err::metadata(whole)?;
        if !path.starts_with('/') && !path.starts_with("..") && !self.holds(path) {
            return Ok(Entry::Unreadable("it is a link that leads out of the checkout".to_owned()));
        }
        if meta.is_dir() {
            return Ok(Entry::Folder);
        }
        if !meta.is_file() {
            return Ok(Entry::Other);
        }
        if meta.len() > LARGEST {
            let why = format!("it has {} bytes, and at most {LARGEST} are read", meta.len());
            return Ok(Entry::Unreadable(why));
        }
        let mut bytes = Vec::new();
        fs_err::File::open(whole)?.take(LARGEST).read_to_end(&mut bytes)?;
        Ok(match String::from_utf8(bytes) {
            Ok(text) => Entry::Text(text.into()),
            Err(_) => Entry::Unreadable("it is not UTF-8".to_owned()),
        })
    }
}

/// A link to nothing is no missing file: what it should lead to is what is missing.
fn dangling(whole: &Utf8Path) -> Entry {
    match fs_err::symlink_metadata(whole) {
        Ok(_) => Entry::Unreadable("it is a link to something that is not there".to_owned()),
        Err(_) => Entry::Absent,
    }
}

fn words(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::PermissionDenied => "this account may not read it".to_owned(),
        kind if kind.to_string().contains("symlink loop") => {
            "it is a link that leads to itself".to_owned()
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use fs_err::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn entries_are_what_they_are() {
        let dir = tempfile::tempdir().unwrap();
        let top = Utf8Path::from_path(dir.path()).unwrap().join("top");
        fs_err::create_dir_all(top.join("folder")).unwrap();
        fs_err::write(top.join("a.txt"), "text").unwrap();
        fs_err::write(top.join("latin"), b"\xe9").unwrap();
        fs_err::write(dir.path().join("outside"), "secret").unwrap();
        symlink("../outside", top.join("out")).unwrap();
        symlink("a.txt", top.join("in")).unwrap();
        symlink("loop", top.join("loop")).unwrap();
        symlink("nowhere", top.join("dangling")).unwrap();
        fs_err::File::create(top.join("large")).unwrap().set_len(LARGEST + 1).unwrap();
        let checkout = Checkout::new(&top).unwrap();
        let why = |path: &str| match checkout.entry(path) {
            Entry::Unreadable(why) => why,
            other => format!("{other:?}"),
        };
        assert_eq!(checkout.entry("a.txt"), Entry::Text("text".into()));
        assert_eq!(checkout.entry("in"), Entry::Text("text".into()));
        assert_eq!(checkout.entry("folder"), Entry::Folder);
        assert_eq!(checkout.entry(""), Entry::Folder);
        assert_eq!(checkout.entry("gone"), Entry::Absent);
        assert_eq!(checkout.entry("a.txt/x"), Entry::Absent);
        assert_eq!(why("latin"), "it is not UTF-8");
        assert_eq!(why("out"), "it is a link that leads out of the checkout");
        assert_eq!(why("dangling"), "it is a link to something that is not there");
        assert!(why("loop").contains("leads to itself"), "{}", why("loop"));
        assert!(why("large").contains("at most 8388608 are read"));
        assert_eq!(checkout.entry("/dev/null"), Entry::Other);
        assert!(checkout.holds("in") && !checkout.holds("out"));
    }
}
