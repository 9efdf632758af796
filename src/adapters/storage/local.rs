//! A directory of backups: `<root>/<database>/<name>.dump` with `<name>.manifest.json` beside it.
//!
//! Files have mode 0600, folders 0700. A dump is written under a hidden name and made durable, then its manifest under
//! another hidden name; then both get their names, the dump first. Its writer holds a lock on the dump until then, so that
//! a sweep never takes the file of a run that lives.
//!
//! People keep other files here too. What is deleted has one of these hidden names, or a manifest of ours beside it;
//! anything else is left alone and listed.

use std::io::{self, Read, Write};

use camino::{Utf8Path, Utf8PathBuf};
use fs_err::{File, OpenOptions};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::adapters::host::files;
use crate::domain::backup::archive::{self, ArchiveVersion};
use crate::domain::backup::manifest::Manifest;
use crate::domain::backup::name::{self, BackupName, DUMP, MANIFEST};
use crate::domain::backup::retention;
use crate::failure::{Failure, Outcome};

/// A directory of backups.
#[derive(Clone, Debug)]
pub struct Directory {
    root: Utf8PathBuf,
}

/// One backup: a dump with its manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What is recorded of it.
    pub manifest: Manifest,
    /// The dump.
    pub dump: Utf8PathBuf,
}

/// A dump while it is written. Dropped before [`Partial::record`] has ended well, it is removed.
#[derive(Debug)]
pub struct Partial {
    /// The name that the backup will have.
    pub name: BackupName,
    file: File,
    path: Utf8PathBuf,
    folder: Utf8PathBuf,
    hasher: Sha256,
    size: u64,
    /// What goes if this is dropped, in this order.
    unfinished: Vec<Utf8PathBuf>,
}

/// A file in the directory that is not ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other {
    /// Where it is.
    pub path: Utf8PathBuf,
    /// Its size in bytes.
    pub size: u64,
}

/// What a sweep did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Half dumps that went.
    pub removed: Vec<String>,
    /// Whole backups whose run was killed between the two names: they have both now.
    pub finished: Vec<String>,
}

impl Directory {
    /// Opens a directory, creating it (mode 0700) if it is new.
    pub fn open(root: &Utf8Path) -> Result<Self, Failure> {
        files::create_dir_private(root).map_err(|error| unwritable(root, &error))?;
        Ok(Self { root: root.to_owned() })
    }

    /// The directory itself.
    pub fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// Bytes that can still be written.
    pub fn free_bytes(&self) -> Result<u64, Failure> {
        files::free_bytes(&self.root).map_err(|error| unwritable(&self.root, &error))
    }

    /// Begins a dump of a database.
    pub fn begin(&self, database: &str, began: Timestamp) -> Result<Partial, Failure> {
        let folder = self.root.join(name::folder(database));
        files::create_dir_private(&folder).map_err(|error| unwritable(&folder, &error))?;
        for count in 1..1000 {
            let name = BackupName::new(database, began, count);
            let dump = folder.join(name.dump_file());
            let path = folder.join(name.partial_dump_file());
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            fs_err::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            match options.open(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(unwritable(&path, &error)),
                Ok(file) => {
                    file.file().lock().map_err(|error| unwritable(&path, &error))?;
                    // Another project's sweep of the same directory may have come before the lock.
                    if !is_at(&file, &path) {
                        continue;
                    }
                    let (hasher, unfinished) = (Sha256::new(), vec![path.clone()]);
                    let partial = Partial {
                        folder: folder.clone(),
                        name,
                        file,
                        path,
                        hasher,
                        size: 0,
                        unfinished,
                    };
                    // Asked only now: whoever else had this name would have been in the way until its dump had it.
                    if !dump.exists() {
                        return Ok(partial);
                    }
                }
            }
        }
        Err(Failure::new(Outcome::Failed, format!("{folder} has too many backups of one second")))
    }

    /// Puts right what killed runs left of a database's backups: half dumps go, whole ones get their manifest.
    pub fn sweep(&self, database: &str) -> Result<Swept, Failure> {
        let folder = self.root.join(name::folder(database));
        let mut swept = Swept::default();
        for file in files::names(&folder).map_err(|error| unwritable(&folder, &error))? {
            if let Some(name) = BackupName::of_partial_dump(&file) {
                let path = folder.join(&file);
                // Held until it is gone: whoever has just made it waits for the lock, and then sees that it is.
                if let Some(_held) = abandoned(&path) {
                    files::remove(&path).map_err(|error| unwritable(&path, &error))?;
                    swept.removed.push(name.to_string());
                }
            } else if let Some(name) = BackupName::of_partial_manifest(&file)
                && finish(&folder, &name).map_err(|error| unwritable(&folder, &error))?
            {
                swept.finished.push(name.to_string());
            }
        }
        Ok(swept)
    }

    /// Every backup, newest first, and a sentence for each manifest that cannot be read.
    pub fn entries(&self) -> Result<(Vec<Entry>, Vec<String>), Failure> {
        let mut entries = Vec::new();
        let mut broken = Vec::new();
        for folder in self.folders()? {
            let names = files::names(&folder).map_err(|error| unwritable(&folder, &error))?;
            for file in names.iter().filter(|name| name.ends_with(MANIFEST)) {
                match read_entry(&folder, file) {
                    Ok(entry) => entries.push(entry),
                    Err(why) => broken.push(format!("{folder}/{file}: {why}")),
                }
            }
        }
        let now = Timestamp::now();
        let rank = |entry: &Entry| retention::Entry::of(&entry.manifest);
        entries.sort_by(|a, b| retention::newest_first(&rank(a), &rank(b), now));
        Ok((entries, broken))
    }

    /// Files that are not ours: dumps without a manifest, what people put here.
    pub fn others(&self) -> Result<Vec<Other>, Failure> {
        let mut others = Vec::new();
        for folder in std::iter::once(self.root.clone()).chain(self.folders()?) {
            let names = files::names(&folder).map_err(|error| unwritable(&folder, &error))?;
            let is_ours = |file: &str| {
                let manifest = file.strip_suffix(DUMP).map(|name| format!("{name}{MANIFEST}"));
                file.starts_with('.')
                    || file.ends_with(MANIFEST)
                    || manifest.is_some_and(|manifest| names.contains(&manifest))
            };
            for path in names.iter().filter(|file| !is_ours(file)).map(|file| folder.join(file)) {
                if let Ok(meta) = fs_err::symlink_metadata(&path)
                    && !meta.is_dir()
                {
                    others.push(Other { path, size: meta.len() });
                }
            }
        }
        Ok(others)
    }

    fn folders(&self) -> Result<Vec<Utf8PathBuf>, Failure> {
        let names = files::names(&self.root).map_err(|error| unwritable(&self.root, &error))?;
        let paths = names.into_iter().map(|name| self.root.join(name));
        Ok(paths.filter(|path| path.is_dir()).collect())
    }

    /// The place of the next backup of a database: one after the last. Projects that share the directory share the
    /// count: what is newer has the greater number in each of them, and what two of them drew at once is never compared.
    pub fn next_sequence(&self, database: &str) -> Result<u64, Failure> {
        let (entries, _) = self.entries()?;
        let own = entries.iter().filter(|entry| entry.manifest.database.name == database);
        Ok(own.map(|entry| entry.manifest.sequence).max().unwrap_or(0).saturating_add(1))
    }

    /// The backup of that name, or the newest one for `latest`, among those of `project` and, where one is given, of
    /// `database`.
    ///
    /// # Errors
    /// [`Outcome::BadInput`] with the list of those that exist; also where `latest` could be that of several databases.
    pub fn find(
        &self,
        wanted: &str,
        project: &str,
        database: Option<&str>,
    ) -> Result<Entry, Failure> {
        let (mut entries, broken) = self.entries()?;
        let is_wanted = |entry: &Entry| entry.manifest.name.as_str() == wanted;
        let of_others = entries.iter().filter(|entry| entry.manifest.project != project);
        let owners: Vec<_> = of_others.filter(|entry| is_wanted(entry)).collect();
        let owner = owners.first().map(|entry| entry.manifest.project.clone());
        entries.retain(|entry| {
            entry.manifest.project == project
                && database.is_none_or(|name| entry.manifest.database.name == name)
        });
        if wanted == "latest" {
            one_database(&entries)?;
        }
        let found = entries.iter().position(|entry| wanted == "latest" || is_wanted(entry));
        if let Some(index) = found {
            return Ok(entries.swap_remove(index));
        }
        let names: Vec<_> = entries.iter().map(|entry| entry.manifest.name.as_str()).collect();
        let whose = database.map(|name| format!(" and database {name}")).unwrap_or_default();
        let known = match owner {
            Some(owner) => format!("it is one of the project {owner}, not of {project}"),
            None if names.is_empty() => {
                format!("no backup of project {project}{whose} is in {}", self.root)
            }
            None => format!("these exist: {}", names.join(", ")),
        };
        let unread: String = broken.iter().map(|why| format!("; cannot be read: {why}")).collect();
        Err(Failure::new(Outcome::BadInput, format!("there is no backup `{wanted}`"))
            .why(known + &unread)
            .help("give one of these names, or `latest`, as the input `backup`"))
    }
}

/// Refuses to guess which database is meant.
fn one_database(entries: &[Entry]) -> Result<(), Failure> {
    let mut names: Vec<_> = entries.iter().map(|entry| &*entry.manifest.database.name).collect();
    names.sort_unstable();
    names.dedup();
    if names.len() <= 1 {
        return Ok(());
    }
    Err(Failure::new(Outcome::BadInput, "`latest` could be the backup of several databases")
        .why(format!("there are backups of {}", names.join(", ")))
        .help("name the database with `databases`, or give the backup's name"))
}

impl Entry {
    /// Compares the dump with its manifest, byte for byte, and reads its head. Nothing else finds every flipped bit.
    pub fn verify(&self) -> Result<ArchiveVersion, Failure> {
        let spoilt = |why: String| {
            Failure::new(Outcome::Failed, format!("the backup {} is damaged", self.dump))
                .why(why)
                .help("use another backup: `mta backup --mode list` shows them")
        };
        let size = fs_err::metadata(&self.dump).map_err(|error| spoilt(error.to_string()))?.len();
        if size != self.manifest.size {
            let expected = self.manifest.size;
            return Err(spoilt(format!("it has {size} bytes, its manifest says {expected}")));
        }
        let sha256 = files::sha256(&self.dump).map_err(|error| spoilt(error.to_string()))?;
        if sha256 != self.manifest.sha256 {
            return Err(spoilt(format!(
                "its SHA-256 is {sha256}, its manifest says {}",
                self.manifest.sha256
            )));
        }
        read_head(&self.dump).map_err(spoilt)
    }

    /// Opens the dump.
    pub fn reader(&self) -> Result<File, Failure> {
        open(&self.dump)
    }

    /// Deletes the backup; the manifest first, so that half of it is none.
    pub fn delete(&self) -> Result<(), Failure> {
        let manifest = self.dump.with_file_name(self.manifest.name.manifest_file());
        for path in [&manifest, &self.dump] {
            files::remove(path).map_err(|error| unwritable(path, &error))?;
        }
        Ok(())
    }
}

impl Partial {
    /// SHA-256 and size of what was written so far.
    pub fn written(&self) -> (String, u64) {
        (files::hex(&self.hasher.clone().finalize()), self.size)
    }

    /// Makes what was written durable and opens it for reading.
    pub fn reread(&mut self) -> Result<File, Failure> {
        self.file
            .flush()
            .and_then(|()| self.file.sync_all())
            .map_err(|error| unwritable(&self.path, &error))?;
        open(&self.path)
    }

    /// Reads the head of the archive.
    pub fn head(&self) -> Result<ArchiveVersion, String> {
        read_head(&self.path)
    }

    /// Gives dump and manifest their names: from now on this is a backup.
    pub fn record(mut self, manifest: Manifest) -> Result<Entry, Failure> {
        let text = serde_json::to_vec_pretty(&manifest)
            .map_err(|error| Failure::new(Outcome::Bug, "a manifest is no JSON").why(error))?;
        let hidden = self.folder.join(self.name.partial_manifest_file());
        let (dump, named) =
            (self.folder.join(self.name.dump_file()), self.folder.join(self.name.manifest_file()));
        self.unfinished.insert(0, hidden.clone());
        self.file
            .sync_all()
            .and_then(|()| files::write_atomic(&hidden, &text, 0o600))
            .map_err(|error| unwritable(&hidden, &error))?;
        self.unfinished.push(dump.clone());
        fs_err::rename(&self.path, &dump)
            .and_then(|()| files::sync_dir(&self.folder))
            .map_err(|error| unwritable(&dump, &error))?;
        self.unfinished.insert(0, named.clone());
        fs_err::rename(&hidden, &named)
            .and_then(|()| files::sync_dir(&self.folder))
            .map_err(|error| unwritable(&named, &error))?;
        self.unfinished.clear();
        Ok(Entry { manifest, dump })
    }
}

impl Write for Partial {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        for path in &self.unfinished {
            // The next run sweeps what cannot be removed now.
            let _ = files::remove(path);
        }
    }
}

/// Gives a backup its manifest whose run was killed after the dump had its name; a manifest that came to no dump goes.
/// Says whether there is one backup more.
fn finish(folder: &Utf8Path, name: &BackupName) -> io::Result<bool> {
    let hidden = folder.join(name.partial_manifest_file());
    let (dump, named) = (folder.join(name.dump_file()), folder.join(name.manifest_file()));
    let writing = folder.join(name.partial_dump_file());
    if [&dump, &writing].iter().any(|path| path.exists() && abandoned(path).is_none()) {
        return Ok(false);
    }
    let manifest =
        fs_err::read_to_string(&hidden).ok().and_then(|text| Manifest::parse(&text).ok());
    let is_whole = manifest.is_some_and(|manifest| {
        manifest.name == *name && files::sha256(&dump).is_ok_and(|sha256| sha256 == manifest.sha256)
    });
    if is_whole && !named.exists() {
        fs_err::rename(&hidden, &named)?;
        files::sync_dir(folder)?;
        return Ok(true);
    }
    files::remove(&hidden)?;
    Ok(false)
}

fn read_entry(folder: &Utf8Path, file: &str) -> Result<Entry, String> {
    let text = fs_err::read_to_string(folder.join(file)).map_err(|error| error.to_string())?;
    let manifest = Manifest::parse(&text)?;
    if manifest.name.manifest_file() != file {
        return Err(format!("it belongs to {}", manifest.name));
    }
    let dump = folder.join(manifest.name.dump_file());
    if !dump.is_file() {
        return Err(format!("{dump} is missing"));
    }
    Ok(Entry { manifest, dump })
}

fn read_head(path: &Utf8Path) -> Result<ArchiveVersion, String> {
    let mut head = Vec::new();
    File::open(path)
        .and_then(|file| file.take(archive::HEAD as u64).read_to_end(&mut head))
        .map_err(|error| error.to_string())?;
    archive::parse(&head)
}

/// The file with its lock, if nobody writes it any more.
fn abandoned(path: &Utf8Path) -> Option<File> {
    let file = File::open(path).ok().filter(|file| file.file().try_lock().is_ok())?;
    // Before it was locked another one may have taken its place, which is being written.
    is_at(&file, path).then_some(file)
}

/// Whether a path still leads to an open file.
fn is_at(file: &File, path: &Utf8Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let there = fs_err::symlink_metadata(path).map(|meta| (meta.dev(), meta.ino())).ok();
    let held = file.metadata().map(|meta| (meta.dev(), meta.ino())).ok();
    there.is_some() && there == held
}

fn open(path: &Utf8Path) -> Result<File, Failure> {
    File::open(path).map_err(|error| {
        Failure::new(Outcome::Failed, format!("the backup {path} cannot be read")).why(error)
    })
}

fn unwritable(path: &Utf8Path, error: &io::Error) -> Failure {
    Failure::new(Outcome::Unavailable, format!("the backup directory cannot be used at {path}"))
        .why(error)
        .help("check that there is room and that the user of this run may write there (input `directory`)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_under_which_a_dump_lies_is_not_given_again() {
        let dir = tempfile::tempdir().unwrap();
        let directory = Directory::open(Utf8Path::from_path(dir.path()).unwrap()).unwrap();
        let began = "2026-11-23T02:03:04Z".parse().unwrap();
        let [first, second, third] = [1, 2, 3].map(|count| BackupName::new("shop", began, count));
        let folder = directory.root().join(name::folder("shop"));
        files::create_dir_private(&folder).unwrap();
        files::write_atomic(&folder.join(first.dump_file()), b"of another project", 0o600).unwrap();
        let writing = directory.begin("shop", began).unwrap();
        let other = directory.begin("shop", began).unwrap();
        assert_eq!((&writing.name, &other.name), (&second, &third));
        let mut there = [first.dump_file(), second.partial_dump_file(), third.partial_dump_file()];
        there.sort();
        assert_eq!(files::names(&folder).unwrap(), there);
    }

    #[test]
    fn a_dump_that_is_being_written_is_never_swept() {
        let dir = tempfile::tempdir().unwrap();
        let directory = Directory::open(Utf8Path::from_path(dir.path()).unwrap()).unwrap();
        let began = "2026-11-23T02:03:04Z".parse().unwrap();
        let is_over = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                    directory.sweep("shop").unwrap();
                }
            });
            let written = (0..2000).map(|_| directory.begin("shop", began));
            let is_lost =
                |begun: &Result<Partial, _>| begun.as_ref().is_ok_and(|one| !one.path.exists());
            let (lost, failed) = written.fold((0, 0), |(lost, failed), begun| {
                (lost + usize::from(is_lost(&begun)), failed + usize::from(begun.is_err()))
            });
            is_over.store(true, std::sync::atomic::Ordering::Relaxed);
            assert_eq!((lost, failed), (0, 0));
        });
    }
}
