//! A directory of backups: `<root>/<database>/<name>.dump` with `<name>.manifest.json` beside it.
//!
//! Files have mode 0600, folders 0700. A dump is written under a hidden name, made durable, renamed, and then its
//! manifest is written: a dump without a manifest is what a killed run left. Its writer holds a lock on the file until
//! then, so that a sweep never takes the file of a run that lives.

use std::io::{self, Read, Write};

use camino::{Utf8Path, Utf8PathBuf};
use fs_err::{File, OpenOptions};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::adapters::host::files;
use crate::domain::backup::archive::{self, ArchiveVersion};
use crate::domain::backup::manifest::Manifest;
use crate::domain::backup::name::{self, BackupName};
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

/// A dump while it is written. Dropped before [`Partial::publish`], it is removed.
#[derive(Debug)]
pub struct Partial {
    /// The name that the backup will have.
    pub name: BackupName,
    file: File,
    path: Utf8PathBuf,
    folder: Utf8PathBuf,
    hasher: Sha256,
    size: u64,
    published: bool,
}

/// A dump under its final name, without a manifest as yet. Dropped before [`Published::record`], it is removed.
#[derive(Debug)]
pub struct Published {
    dump: Utf8PathBuf,
    manifest: Utf8PathBuf,
    recorded: bool,
    _lock: File,
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
            if folder.join(name.dump_file()).exists() {
                continue;
            }
            let path = folder.join(name.partial_file());
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            fs_err::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            match options.open(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(unwritable(&path, &error)),
                Ok(file) => {
                    file.file().lock().map_err(|error| unwritable(&path, &error))?;
                    let hasher = Sha256::new();
                    return Ok(Partial {
                        name,
                        file,
                        path,
                        folder,
                        hasher,
                        size: 0,
                        published: false,
                    });
                }
            }
        }
        Err(Failure::new(Outcome::Failed, format!("{folder} has too many backups of one second")))
    }

    /// Removes what killed runs left of a database's backups; says what.
    pub fn sweep(&self, database: &str) -> Result<Vec<String>, Failure> {
        let folder = self.root.join(name::folder(database));
        let names = files::names(&folder).map_err(|error| unwritable(&folder, &error))?;
        let mut swept = Vec::new();
        for file in &names {
            let dump = file.strip_suffix(".dump");
            let orphan = dump.is_some_and(|name| !names.contains(&format!("{name}.manifest.json")));
            let partial = file.starts_with('.') && file.ends_with(".dump.partial");
            let path = folder.join(file);
            if (orphan || partial) && is_abandoned(&path) {
                files::remove(&path).map_err(|error| unwritable(&path, &error))?;
                swept.push(file.clone());
            }
        }
        Ok(swept)
    }

    /// Every backup, newest first, and a sentence for each manifest that cannot be read.
    pub fn entries(&self) -> Result<(Vec<Entry>, Vec<String>), Failure> {
        let mut entries = Vec::new();
        let mut broken = Vec::new();
        let folders = files::names(&self.root).map_err(|error| unwritable(&self.root, &error))?;
        for folder in folders.into_iter().map(|name| self.root.join(name)).filter(|f| f.is_dir()) {
            let names = files::names(&folder).map_err(|error| unwritable(&folder, &error))?;
            for file in names.iter().filter(|name| name.ends_with(".manifest.json")) {
                match read_entry(&folder, file) {
                    Ok(entry) => entries.push(entry),
                    Err(why) => broken.push(format!("{folder}/{file}: {why}")),
                }
            }
        }
        entries.sort_by(|a, b| {
            (b.manifest.started, &b.manifest.name).cmp(&(a.manifest.started, &a.manifest.name))
        });
        Ok((entries, broken))
    }

    /// The backup of that name, or the newest one for `latest`, among those of `project`.
    ///
    /// Fails with [`Outcome::BadInput`] and the list of those that exist.
    pub fn find(&self, wanted: &str, project: &str) -> Result<Entry, Failure> {
        let (mut entries, broken) = self.entries()?;
        entries.retain(|entry| entry.manifest.project == project);
        let found = entries
            .iter()
            .position(|entry| wanted == "latest" || entry.manifest.name.as_str() == wanted);
        if let Some(index) = found {
            return Ok(entries.swap_remove(index));
        }
        let names: Vec<_> = entries.iter().map(|entry| entry.manifest.name.as_str()).collect();
        let known = if names.is_empty() {
            format!("no backup of project {project} is in {}", self.root)
        } else {
            format!("these exist: {}", names.join(", "))
        };
        let unread: String = broken.iter().map(|why| format!("; cannot be read: {why}")).collect();
        Err(Failure::new(Outcome::BadInput, format!("there is no backup `{wanted}`"))
            .why(known + &unread)
            .help("give one of these names, or `latest`, as the input `backup`"))
    }
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

    /// Gives the dump its final name.
    pub fn publish(mut self) -> Result<Published, Failure> {
        let dump = self.folder.join(self.name.dump_file());
        let lock = self.file.file().try_clone().map_err(|error| unwritable(&self.path, &error))?;
        self.file
            .sync_all()
            .and_then(|()| fs_err::rename(&self.path, &dump))
            .and_then(|()| files::sync_dir(&self.folder))
            .map_err(|error| unwritable(&dump, &error))?;
        self.published = true;
        let manifest = self.folder.join(self.name.manifest_file());
        let lock = File::from_parts(lock, dump.as_std_path());
        Ok(Published { dump, manifest, recorded: false, _lock: lock })
    }
}

impl Published {
    /// Writes the manifest: from now on this is a backup.
    pub fn record(mut self, manifest: Manifest) -> Result<Entry, Failure> {
        let text = serde_json::to_vec_pretty(&manifest)
            .map_err(|error| Failure::new(Outcome::Bug, "a manifest is no JSON").why(error))?;
        files::write_atomic(&self.manifest, &text, 0o600)
            .map_err(|error| unwritable(&self.manifest, &error))?;
        self.recorded = true;
        Ok(Entry { manifest, dump: self.dump.clone() })
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
        if !self.published {
            // The next run sweeps what cannot be removed now.
            let _ = files::remove(&self.path);
        }
    }
}

impl Drop for Published {
    fn drop(&mut self) {
        if !self.recorded {
            let _ = files::remove(&self.dump);
        }
    }
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

/// Whether nobody writes the file any more.
fn is_abandoned(path: &Utf8Path) -> bool {
    File::open(path).is_ok_and(|file| file.file().try_lock().is_ok())
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
