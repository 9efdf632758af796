//! A directory of backups and an engine for one test.

use std::path::{Path, PathBuf};

use camino::Utf8Path;
use mta_actions::actions::steps::database::back_up::{self, Made, Origin};
use mta_actions::actions::steps::database::bench::Bench;
use mta_actions::adapters::docker::endpoint::Endpoint;
use mta_actions::adapters::docker::engine::Engine;
use mta_actions::adapters::host::process::ChildEnv;
use mta_actions::adapters::postgres::Server;
use mta_actions::adapters::storage::local::Directory;
use mta_actions::domain::backup::manifest::{MadeBy, Provenance};
use mta_actions::failure::Failure;
use tokio_util::sync::CancellationToken;

use crate::kit::postgres::{Heard, Postgres};

/// A directory of backups and an engine for one test.
pub struct Stage {
    pub engine: Engine,
    pub folder: tempfile::TempDir,
    pub directory: Directory,
    pub heard: Heard,
    pub cancel: CancellationToken,
}

impl Stage {
    pub async fn new() -> Self {
        let endpoint = Endpoint::find(&ChildEnv::from_process()).unwrap();
        let engine = Engine::connect(&endpoint).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap().join("backups");
        let directory = Directory::open(&root).unwrap();
        let (heard, cancel) = (Heard::default(), CancellationToken::new());
        Self { engine, folder, directory, heard, cancel }
    }

    pub async fn server(&self, postgres: &Postgres) -> Server<'_> {
        Server::of(&self.engine, &postgres.name, "mta-backup-test").await.unwrap()
    }

    pub fn bench<'b>(&'b self, server: &'b Server<'b>) -> Bench<'b> {
        Bench { server, directory: &self.directory, events: &self.heard, cancel: &self.cancel }
    }

    pub async fn back_up(&self, server: &Server<'_>, database: &str) -> Result<Made, Failure> {
        back_up::back_up(self.bench(server), database, &origin()).await
    }

    /// Every file below the directory.
    pub fn files(&self) -> Vec<PathBuf> {
        fn walk(folder: &Path, into: &mut Vec<PathBuf>) {
            for entry in fs_err::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { walk(&path, into) } else { into.push(path) }
            }
        }
        let mut files = Vec::new();
        walk(self.folder.path(), &mut files);
        files
    }
}

pub fn origin() -> Origin {
    Origin {
        project: "shop".into(),
        made_by: MadeBy::Backup,
        service: "db".into(),
        provenance: Provenance::default(),
    }
}
