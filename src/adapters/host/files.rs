//! Files: written whole or not at all, with the mode asked for, and errors that name the path.

use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};

use camino::{Utf8Path, Utf8PathBuf};
use fs_err::os::unix::fs::OpenOptionsExt;
use sha2::{Digest, Sha256};

/// How many steps of a job may leave reports under the same name.
const STEPS: u32 = 10_000;

/// Writes a file so that a reader sees the old content or the new, never a part: temporary name in the same folder,
/// mode, fsync, rename, fsync of the folder.
pub fn write_atomic(path: &Utf8Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    write_atomic_from(path, &mut &bytes[..], mode)
}

/// As [`write_atomic`], from a stream.
pub fn write_atomic_from(path: &Utf8Path, from: &mut dyn Read, mode: u32) -> io::Result<()> {
    write_atomic_by(path, mode, &mut |out| io::copy(from, out).map(|_| ()))
}

/// As [`write_atomic`], by what writes to a stream with a buffer.
pub fn write_atomic_by(
    path: &Utf8Path,
    mode: u32,
    write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let folder = parent(path);
    let mut file = tempfile::Builder::new()
        .prefix(".mta-")
        .suffix(".partial")
        .permissions(std::fs::Permissions::from_mode(0o600))
        .tempfile_in(folder)
        .map_err(|error| named(&error, "create a file in", folder))?;
    let mut buffered = io::BufWriter::new(&mut file);
    write(&mut buffered)
        .and_then(|()| buffered.flush())
        .map_err(|error| named(&error, "write", path))?;
    drop(buffered);
    let handle = file.as_file();
    handle.set_permissions(std::fs::Permissions::from_mode(mode))?;
    handle.sync_all().map_err(|error| named(&error, "write", path))?;
    file.persist(path).map_err(|error| named(&error.error, "write", path))?;
    sync_dir(folder)
}

/// As [`write_atomic`], making the folders that lead there.
pub fn write_atomic_with_parents(path: &Utf8Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    fs_err::create_dir_all(parent(path))?;
    write_atomic(path, bytes, mode)
}

/// A file as text.
pub fn read(path: &Utf8Path) -> io::Result<String> {
    fs_err::read_to_string(path)
}

/// Makes the names in a folder durable.
pub fn sync_dir(folder: &Utf8Path) -> io::Result<()> {
    fs_err::File::open(folder)?.sync_all()
}

/// Copies a file with its time of modification, mode 0600.
pub fn copy_with_time(from: &Utf8Path, to: &Utf8Path) -> io::Result<()> {
    let mut source = fs_err::File::open(from)?;
    let time = source.metadata()?.modified()?;
    let mut options = fs_err::OpenOptions::new();
    let mut target = options.write(true).create(true).truncate(true).mode(0o600).open(to)?;
    io::copy(&mut source, &mut target).map_err(|error| named(&error, "write", to))?;
    target.file().set_modified(time)
}

/// Creates a folder and its parents with mode 0700; one that exists is left as it is.
pub fn create_dir_private(path: &Utf8Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| named(&error, "create the folder", path))
}

/// Creates a folder that was not there: `name`, or `name-2`, `name-3` and so on where there is one. Two steps of a job, and
/// two jobs that share a folder, each get their own.
pub fn create_dir_of_our_own(parent: &Utf8Path, name: &str) -> io::Result<Utf8PathBuf> {
    fs_err::create_dir_all(parent)?;
    let numbered = (2..=STEPS).map(|number| format!("{name}-{number}"));
    for name in std::iter::once(name.to_owned()).chain(numbered) {
        let path = parent.join(name);
        match fs_err::create_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            result => return result.map(|()| path),
        }
    }
    Err(io::Error::other(format!("{parent} has {STEPS} folders {name} already")))
}

/// Creates a link to a file or folder.
pub fn link(to: &Utf8Path, at: &Utf8Path) -> io::Result<()> {
    fs_err::os::unix::fs::symlink(to, at)
}

/// Creates a folder and its parents for the processes in containers: mode 0755. One that exists is left as it is.
pub fn create_dir_shared(path: &Utf8Path) -> io::Result<()> {
    fs_err::create_dir_all(path)
}

/// Bytes that we may still write to the file system that holds `path`.
pub fn free_bytes(path: &Utf8Path) -> io::Result<u64> {
    let stat = rustix::fs::statvfs(path.as_std_path())?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// What a path is, links not followed; `None` if it does not exist.
pub fn kind(path: &Utf8Path) -> io::Result<Option<FileKind>> {
    match fs_err::symlink_metadata(path) {
        Ok(meta) if meta.is_symlink() => Ok(Some(FileKind::Link)),
        Ok(meta) if meta.is_dir() => Ok(Some(FileKind::Folder)),
        Ok(meta) if meta.is_file() => Ok(Some(FileKind::File)),
        Ok(_) => Ok(Some(FileKind::Other)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What a directory entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Folder,
    /// A symbolic link.
    Link,
    /// A socket, a device, a pipe.
    Other,
}

/// SHA-256 of a file's content, 64 hex digits.
pub fn sha256(path: &Utf8Path) -> io::Result<String> {
    let mut file = fs_err::File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
    }
    Ok(hex(&hasher.finalize()))
}

/// Lower-case hex digits of bytes.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A file as text; `None` if it does not exist.
pub fn read_optional(path: &Utf8Path) -> io::Result<Option<String>> {
    match fs_err::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The same of a file that others may have put there: one that is larger, or no file (a pipe has no end), is an error.
pub fn read_at_most(path: &Utf8Path, most: u64) -> io::Result<Option<String>> {
    match fs_err::metadata(path) {
        Ok(meta) if !meta.is_file() => return Err(io::Error::other("it is no file")),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    // What the length says is not what there is: files of the kernel have none, and one may grow.
    let mut text = String::new();
    fs_err::File::open(path)?.take(most.saturating_add(1)).read_to_string(&mut text)?;
    if text.len() as u64 > most {
        return Err(io::Error::other(format!("it has more than {most} bytes")));
    }
    Ok(Some(text))
}

/// Names in a folder, sorted; empty if it does not exist. Names that are not UTF-8 are left out.
pub fn names(folder: &Utf8Path) -> io::Result<Vec<String>> {
    let entries = match fs_err::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        if let Ok(name) = entry?.file_name().into_string() {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Bytes of all files below a folder; links count as themselves. 0 where there is none.
pub fn tree_size(folder: &Utf8Path) -> io::Result<u64> {
    let mut size = 0u64;
    for name in names(folder)? {
        let path = folder.join(name);
        let meta = fs_err::symlink_metadata(&path)?;
        let bytes = if meta.is_dir() { tree_size(&path)? } else { meta.len() };
        size = size.saturating_add(bytes);
    }
    Ok(size)
}

/// Gives a file or folder another name in the same file system.
pub fn rename(from: &Utf8Path, to: &Utf8Path) -> io::Result<()> {
    fs_err::rename(from, to)
}

/// Removes a folder with all that is in it; one that does not exist is fine.
pub fn remove_tree(path: &Utf8Path) -> io::Result<()> {
    match fs_err::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes a file; one that does not exist is fine.
pub fn remove(path: &Utf8Path) -> io::Result<()> {
    match fs_err::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The absolute path with every link resolved.
pub fn canonical(path: &Utf8Path) -> io::Result<Utf8PathBuf> {
    let path = fs_err::canonicalize(path)?;
    Utf8PathBuf::from_path_buf(path).map_err(|path| {
        io::Error::new(io::ErrorKind::InvalidData, format!("{} is not UTF-8", path.display()))
    })
}

fn parent(path: &Utf8Path) -> &Utf8Path {
    match path.parent() {
        Some(parent) if !parent.as_str().is_empty() => parent,
        _ => Utf8Path::new("."),
    }
}

fn named(error: &io::Error, act: &str, path: &Utf8Path) -> io::Error {
    io::Error::new(error.kind(), format!("failed to {act} {path}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(dir.path().to_path_buf()).unwrap();
        (dir, path)
    }

    #[test]
    fn a_written_file_has_the_content_and_the_mode_and_leaves_no_other() {
        let (_guard, dir) = folder();
        let file = dir.join("state.json");
        write_atomic(&file, b"one", 0o600).unwrap();
        write_atomic(&file, b"two", 0o444).unwrap();
        assert_eq!(fs_err::read(&file).unwrap(), b"two");
        assert_eq!(fs_err::metadata(&file).unwrap().permissions().mode() & 0o777, 0o444);
        assert_eq!(names(&dir).unwrap(), ["state.json"]);
    }

    #[test]
    fn a_foreign_file_is_read_up_to_a_length_whatever_it_says_of_itself() {
        let (_guard, dir) = folder();
        let file = dir.join("foreign");
        fs_err::write(&file, "four").unwrap();
        assert_eq!(read_at_most(&file, 4).unwrap().as_deref(), Some("four"));
        assert!(read_at_most(&file, 3).unwrap_err().to_string().contains("more than 3 bytes"));
        assert_eq!(read_at_most(&dir.join("none"), 4).unwrap(), None);
        assert!(read_at_most(&dir, 4).is_err());
        // The kernel says that this one has no bytes.
        let maps = Utf8Path::new("/proc/self/maps");
        assert!(read_at_most(maps, 4).unwrap_err().to_string().contains("more than 4 bytes"));
    }

    #[test]
    fn a_source_that_fails_half_way_leaves_the_old_content() {
        struct Broken(bool);
        impl Read for Broken {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                if self.0 {
                    return Err(io::Error::other("disk on fire"));
                }
                self.0 = true;
                buffer[0] = b'x';
                Ok(1)
            }
        }
        let (_guard, dir) = folder();
        let file = dir.join("dump");
        write_atomic(&file, b"old", 0o600).unwrap();
        let error = write_atomic_from(&file, &mut Broken(false), 0o600).unwrap_err();
        assert!(error.to_string().contains("dump"), "{error}");
        assert_eq!(fs_err::read(&file).unwrap(), b"old");
        assert_eq!(names(&dir).unwrap(), ["dump"]);
    }

    #[test]
    fn a_copy_has_the_time_of_its_source() {
        let (_guard, dir) = folder();
        let (from, to) = (dir.join("from"), dir.join("to"));
        write_atomic(&from, b"one", 0o644).unwrap();
        let time = std::time::UNIX_EPOCH + std::time::Duration::new(1_700_000_000, 123_456_789);
        let file = fs_err::OpenOptions::new().write(true).open(&from).unwrap();
        file.file().set_modified(time).unwrap();
        write_atomic(&to, b"longer", 0o644).unwrap();
        copy_with_time(&from, &to).unwrap();
        assert_eq!(fs_err::read(&to).unwrap(), b"one");
        assert_eq!(fs_err::metadata(&to).unwrap().modified().unwrap(), time);
    }

    #[test]
    fn a_private_folder_is_for_us_alone() {
        let (_guard, dir) = folder();
        let deep = dir.join("a/b");
        create_dir_private(&deep).unwrap();
        assert_eq!(fs_err::metadata(&deep).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
