//! What `mta` keeps of a project on the host: `<state-dir>/<project>/`.
//!
//! | path | what |
//! |---|---|
//! | `lock` | the lock of deploy, backup and rollback, and of what they have started |
//! | `state.json` | which release runs, which one is being brought up |
//! | `releases/<id>/` | `release.json`, `compose.json`, `env`, `files/` of one release; of one that failed, `release.json` and `failure.txt` |
//! | `work/` | the one project directory, with what services mount; `work.files.json` says what of it is ours |
//! | `run/` | `compose.json` and `env` from which Compose runs |
//! | `render/` | scratch: what Compose reads while a release is made |
//! | `backups/` | backups, unless another directory is asked for |

use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use std::os::unix::fs::MetadataExt;

use crate::adapters::host::files;
use crate::domain::compose::model::Model;
use crate::domain::compose::project::ProjectName;
use crate::domain::release::content::Content;
use crate::domain::release::state::{Standing, State};
use crate::domain::release::{Release, ReleaseId};
use crate::domain::shown::pasted;
use crate::failure::{Failure, Outcome};

/// In the folder of a release that failed: why.
const FAILURE: &str = "failure.txt";

/// How the name of a release begins that is being deleted.
const GONE: &str = ".gone-";

/// The state of one project on this host.
#[derive(Clone, Debug)]
pub struct Store {
    root: Utf8PathBuf,
}

impl Store {
    /// Opens the state of a project, creating its folder (mode 0700) if it is new.
    ///
    /// Fails with [`Outcome::Unavailable`] and the cure if the folder cannot be written or belongs to someone else.
    pub fn open(state_dir: &Utf8Path, project: &ProjectName) -> Result<Self, Failure> {
        let root = state_dir.join(project.as_str());
        files::create_dir_private(&root).map_err(|error| not_writable(&root, &error))?;
        let owner = fs::metadata(&root).map_err(|error| not_writable(&root, &error))?.uid();
        let me = rustix::process::geteuid().as_raw();
        if owner != me {
            return Err(foreign(&root, owner, me));
        }
        let store = Self { root };
        for folder in [store.releases_dir(), store.run(), store.backups()] {
            files::create_dir_private(&folder).map_err(|error| not_writable(&folder, &error))?;
        }
        files::create_dir_shared(&store.work())
            .map_err(|error| not_writable(&store.work(), &error))?;
        let probe = store.root.join(".writable");
        files::write_atomic(&probe, b"", 0o600)
            .and_then(|()| files::remove(&probe))
            .map_err(|error| not_writable(&store.root, &error))?;
        Ok(store)
    }

    /// What is recorded of a project; `None` where it has no folder. Makes nothing.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub fn peek(state_dir: &Utf8Path, project: &ProjectName) -> Result<Option<State>, Failure> {
        let root = state_dir.join(project.as_str());
        if !root.exists() {
            return Ok(None);
        }
        Self { root }.recorded().map(Some)
    }

    /// The folder itself.
    pub fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// The lock file.
    pub fn lock(&self) -> Utf8PathBuf {
        self.root.join("lock")
    }

    /// The stable project directory.
    pub fn work(&self) -> Utf8PathBuf {
        self.root.join("work")
    }

    /// The folder with the model and the environment from which Compose runs. Not in the project directory, which a service
    /// may mount as a whole.
    pub fn run(&self) -> Utf8PathBuf {
        self.root.join("run")
    }

    /// Scratch folder in which a release is rendered.
    pub fn render(&self) -> Utf8PathBuf {
        self.root.join("render")
    }

    /// Default folder of backups.
    pub fn backups(&self) -> Utf8PathBuf {
        self.root.join("backups")
    }

    /// The folder of a release.
    pub fn release_dir(&self, id: &ReleaseId) -> Utf8PathBuf {
        self.releases_dir().join(id.as_str())
    }

    /// The folder of a release while it is being put together.
    pub fn staging(&self) -> Utf8PathBuf {
        self.releases_dir().join(".partial")
    }

    /// What runs, what is pending and what can come back; empty for a new project.
    pub fn state(&self) -> Result<State, Failure> {
        let known = self.releases()?;
        let failed = |id: &&ReleaseId| self.release_dir(id).join(FAILURE).exists();
        let failed: Vec<_> = known.iter().filter(failed).cloned().collect();
        Ok(self.recorded()?.among(&known, &failed))
    }

    fn recorded(&self) -> Result<State, Failure> {
        let path = self.root.join("state.json");
        let text = files::read_optional(&path).map_err(|error| unreadable(&path, &error))?;
        match text {
            None => Ok(State::default()),
            Some(text) => serde_json::from_str(&text).map_err(|error| unreadable(&path, &error)),
        }
    }

    /// Records what runs and what is pending.
    pub fn save_state(&self, state: &State) -> Result<(), Failure> {
        self.save_json("state.json", state)
    }

    /// The releases that exist, oldest first.
    pub fn releases(&self) -> Result<Vec<ReleaseId>, Failure> {
        let folder = self.releases_dir();
        let names = files::names(&folder).map_err(|error| unreadable(&folder, &error))?;
        Ok(names.into_iter().filter_map(|name| ReleaseId::try_from(name).ok()).collect())
    }

    /// The releases that exist, newest first, with the size of their folders in bytes and what each is to the project.
    pub fn kept(&self) -> Result<Vec<(ReleaseId, u64, Standing)>, Failure> {
        let state = self.state()?;
        let sized = |id: ReleaseId| {
            let folder = self.release_dir(&id);
            let size = files::tree_size(&folder).map_err(|error| unreadable(&folder, &error))?;
            let standing = state.standing(&id);
            Ok((id, size, standing))
        };
        self.releases()?.into_iter().rev().map(sized).collect()
    }

    /// The record of a release.
    pub fn release(&self, id: &ReleaseId) -> Result<Release, Failure> {
        let path = self.release_dir(id).join("release.json");
        let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
        serde_json::from_str(&text).map_err(|error| unreadable(&path, &error))
    }

    /// What a release brings up, as it is stored.
    pub fn content(&self, release: &Release) -> Result<Content, Failure> {
        let folder = self.release_dir(&release.id);
        let path = folder.join("compose.json");
        let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
        let model = Model::parse(&text).map_err(|error| unreadable(&path, &error))?;
        let path = folder.join("env");
        let env = files::read_optional(&path).map_err(|error| unreadable(&path, &error))?;
        Ok(Content::of(release, model, env.unwrap_or_default()))
    }

    /// Keeps why a release failed; answers where.
    pub fn keep_failure(&self, id: &ReleaseId, why: &str) -> io::Result<Utf8PathBuf> {
        let path = self.release_dir(id).join(FAILURE);
        files::write_atomic(&path, why.as_bytes(), 0o600)?;
        Ok(path)
    }

    /// Takes from a release what it would be brought up with, and what may hold secrets. Its record stays.
    pub fn strip(&self, id: &ReleaseId) -> io::Result<()> {
        let folder = self.release_dir(id);
        files::remove(&folder.join("compose.json"))?;
        files::remove(&folder.join("env"))?;
        files::remove_tree(&folder.join("files"))
    }

    /// Makes an empty staging folder; what a killed run left there goes.
    pub fn begin_staging(&self) -> Result<Utf8PathBuf, Failure> {
        let staging = self.staging();
        files::remove_tree(&staging)
            .and_then(|()| files::create_dir_private(&staging))
            .map_err(|error| not_writable(&staging, &error))?;
        Ok(staging)
    }

    /// Gives the staging folder its name: from now on the release exists.
    pub fn finish_staging(&self, release: &Release) -> Result<(), Failure> {
        let staging = self.staging();
        let record = serde_json::to_vec_pretty(release).map_err(|error| self.bug(&error))?;
        files::write_atomic(&staging.join("release.json"), &record, 0o600)
            .and_then(|()| fs::rename(&staging, self.release_dir(&release.id)))
            .and_then(|()| files::sync_dir(&self.releases_dir()))
            .map_err(|error| not_writable(&staging, &error))
    }

    /// Deletes a release.
    pub fn remove_release(&self, id: &ReleaseId) -> io::Result<()> {
        // Under another name first: a kill in the middle must not leave half a release.
        let gone = self.releases_dir().join(format!("{GONE}{id}"));
        fs::rename(self.release_dir(id), &gone)?;
        files::remove_tree(&gone)
    }

    /// Removes what killed runs left half done: scratch with secrets in it, half a release, half a deletion. The caller
    /// holds the project's lock.
    pub fn tidy(&self) -> Result<(), Failure> {
        let releases = self.releases_dir();
        let names = files::names(&releases).map_err(|error| unreadable(&releases, &error))?;
        let gone =
            names.iter().filter(|name| name.starts_with(GONE)).map(|name| releases.join(name));
        for folder in gone.chain([self.render(), self.staging()]) {
            files::remove_tree(&folder).map_err(|error| not_writable(&folder, &error))?;
        }
        Ok(())
    }

    fn releases_dir(&self) -> Utf8PathBuf {
        self.root.join("releases")
    }

    fn save_json(&self, name: &str, value: &impl serde::Serialize) -> Result<(), Failure> {
        let path = self.root.join(name);
        let bytes = serde_json::to_vec_pretty(value).map_err(|error| self.bug(&error))?;
        files::write_atomic(&path, &bytes, 0o600).map_err(|error| not_writable(&path, &error))
    }

    fn bug(&self, error: &serde_json::Error) -> Failure {
        Failure::new(Outcome::Bug, format!("failed to write the state below {}", self.root))
            .why(error)
    }
}

fn not_writable(path: &Utf8Path, error: &io::Error) -> Failure {
    let help = match error.kind() {
        io::ErrorKind::StorageFull => "the disk is full: free some space and run again".to_owned(),
        _ => format!(
            "{}, or name another one with the input `state-dir`",
            offered(
                "give the folder to the user that runs this",
                "sudo install -d -m 0700 -o \"$(id -un)\"",
                path
            )
        ),
    };
    Failure::new(Outcome::Unavailable, format!("the state folder {path} cannot be written"))
        .why(error)
        .help(help)
}

fn foreign(path: &Utf8Path, owner: u32, me: u32) -> Failure {
    Failure::new(
        Outcome::Unavailable,
        format!("the state folder {path} belongs to user {owner}, this run is user {me}"),
    )
    .help(offered(
        "run as the user that deployed before, or hand the folder over",
        &format!("sudo chown -R {me}"),
        path,
    ))
}

/// What to do, with the command for it where the path is shown as it is.
fn offered(what: &str, words: &str, path: &Utf8Path) -> String {
    pasted(words, path.as_str())
        .map_or_else(|| what.to_owned(), |command| format!("{what}: `{command}`"))
}

fn unreadable(path: &Utf8Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Outcome::Unavailable, format!("the state file {path} cannot be read"))
        .why(error)
        .help("nothing was changed; put the file right or move it away, then run again")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(dir.path()).unwrap();
        let store = Store::open(&root.join("state"), &ProjectName::new("shop").unwrap()).unwrap();
        (dir, store)
    }

    #[test]
    fn the_state_survives_and_is_private() {
        let (_dir, store) = store();
        let empty = store.state().unwrap();
        assert_eq!((&empty.current, &empty.lineage), (&None, &Vec::new()));
        let state = empty.begin("r1".to_owned().try_into().unwrap());
        store.save_state(&state).unwrap();
        assert_eq!(store.state().unwrap(), state);
        let mode = fs_err::metadata(store.root().join("state.json")).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs_err::metadata(store.root()).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_broken_state_file_stops_the_run_and_names_the_file() {
        let (_dir, store) = store();
        fs_err::write(store.root().join("state.json"), "{half").unwrap();
        let failure = store.state().unwrap_err();
        assert_eq!(failure.outcome, Outcome::Unavailable);
        assert!(failure.what.contains("state.json"), "{failure}");
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_said_with_the_cure() {
        let dir = tempfile::tempdir().unwrap();
        let file = Utf8Path::from_path(dir.path()).unwrap().join("file");
        fs_err::write(&file, "").unwrap();
        let failure = Store::open(&file, &ProjectName::new("shop").unwrap()).unwrap_err();
        assert_eq!(failure.outcome, Outcome::Unavailable);
        assert!(failure.help.contains("state-dir"), "{failure}");
    }

    #[test]
    fn of_a_release_that_failed_the_record_and_the_reason_stay() {
        let (_dir, store) = store();
        let [good, bad] = ["r1", "r2"].map(|id| ReleaseId::try_from(id.to_owned()).unwrap());
        for id in [&good, &bad] {
            let folder = store.release_dir(id);
            for file in ["release.json", "compose.json", "env", "files/secrets/pw"] {
                files::write_atomic_with_parents(&folder.join(file), b"x", 0o444).unwrap();
            }
        }
        let why = store.keep_failure(&bad, "it was sick").unwrap();
        store.strip(&bad).unwrap();
        store.strip(&bad).unwrap();
        let names = |id| files::names(&store.release_dir(id)).unwrap();
        assert_eq!(names(&bad), ["failure.txt", "release.json"]);
        assert_eq!(names(&good), ["compose.json", "env", "files", "release.json"]);
        let state = State::default().begin(good.clone()).commit(good.clone());
        store.save_state(&state).unwrap();
        let sizes = [(bad.clone(), 12, Standing::Failed), (good.clone(), 4, Standing::Current)];
        assert_eq!(store.kept().unwrap(), sizes, "11 bytes say why, one is the record");
        assert_eq!(files::read(&why).unwrap(), "it was sick");
        assert_eq!(fs_err::metadata(&why).unwrap().mode() & 0o777, 0o600);

        // A state of an older version takes the other one for good, and this one not.
        let old = r#"{"version": 1, "current": null, "pending": null, "lineage": []}"#;
        fs_err::write(store.root().join("state.json"), old).unwrap();
        assert_eq!(store.state().unwrap().failed(&[good, bad.clone()]), [&bad]);
    }

    #[test]
    fn what_a_killed_run_left_half_done_goes_and_nothing_else() {
        let (_dir, store) = store();
        for folder in [store.render(), store.staging(), store.releases_dir().join(".gone-r1")] {
            fs_err::create_dir_all(folder.join("secrets")).unwrap();
        }
        fs_err::create_dir_all(store.releases_dir().join("r2")).unwrap();
        fs_err::write(store.root().join("note-of-a-person"), "").unwrap();
        store.tidy().unwrap();
        assert_eq!(files::names(&store.releases_dir()).unwrap(), ["r2"]);
        assert!(!store.render().exists() && store.root().join("note-of-a-person").exists());
    }

    #[test]
    fn half_a_release_is_none() {
        let (_dir, store) = store();
        store.begin_staging().unwrap();
        assert_eq!(store.releases().unwrap(), []);
    }
}
