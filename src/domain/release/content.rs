//! What a release brings up, apart from how it is called and who made it.
//!
//! Two releases of the same content are the same to the engine: going from one to the other changes no container. So a
//! deploy of what runs already is no step of the way back.

use std::collections::BTreeMap;

use crate::domain::compose::model::Model;
use crate::domain::release::{MountedFile, Release};

/// What a release brings up. Compared as a whole; the order of keys in the model does not count, that of lists does.
///
/// Not part of it: id, time, commit, run, the words that name an image (its id is), when it counts as healthy, and which
/// service runs the database.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    images: BTreeMap<String, String>,
    files: BTreeMap<String, MountedFile>,
    data_folders: Vec<String>,
    model: Model,
    env: String,
}

impl Content {
    /// The content of a release, with the model and the environment that are stored beside its record.
    pub fn of(release: &Release, model: Model, env: String) -> Self {
        let images = release.images.iter();
        Self {
            images: images.map(|(service, image)| (service.clone(), image.id.clone())).collect(),
            files: release.files.clone(),
            data_folders: release.data_folders.clone(),
            model,
            env,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::health::Policy;
    use crate::domain::release::{Image, Origin, ReleaseId};

    const MODEL: &str = r#"{"name": "shop", "services": {"app": {
        "image": "mta.invalid/shop/app:1", "command": ["a", "b"], "labels": {"x": "1", "y": "2"}}}}"#;

    fn release() -> Release {
        let image = Image {
            reference: "shop:v1".into(),
            id: "sha256:1".into(),
            pin: "mta.invalid/shop/app:1".into(),
            digests: Vec::new(),
        };
        let file = MountedFile { sha256: "aa".into(), mode: 0o644, link: false };
        Release {
            version: 1,
            id: ReleaseId::try_from("r1".to_owned()).unwrap(),
            origin: Origin::Deployed,
            created: "2026-11-23T02:03:04Z".parse().unwrap(),
            sha: "1a2b3c4".into(),
            ref_name: "main".into(),
            run_url: "https://github.example.test/1".into(),
            images: BTreeMap::from([("app".into(), image)]),
            files: BTreeMap::from([("conf/a".into(), file)]),
            data_folders: vec!["data".into()],
            health: Policy::default(),
            database_service: None,
            remove_orphans: false,
        }
    }

    fn content(release: &Release, model: &str, env: &str) -> Content {
        Content::of(release, Model::parse(model).unwrap(), env.to_owned())
    }

    #[test]
    fn the_same_job_run_again_has_the_same_content() {
        let mut again = release();
        again.id = ReleaseId::try_from("r2".to_owned()).unwrap();
        again.created = "2026-11-24T02:03:04Z".parse().unwrap();
        again.sha = "ffffff0".into();
        again.ref_name = "v2".into();
        again.run_url = String::new();
        again.health.delay = Duration::from_secs(9);
        again.database_service = Some("db".into());
        let image = again.images.get_mut("app").unwrap();
        image.reference = "shop:v2".into();
        image.digests = vec!["shop@sha256:2".into()];
        let turned = r#"{"services": {"app": {"labels": {"y": "2", "x": "1"}, "command": ["a", "b"],
            "image": "mta.invalid/shop/app:1"}}, "name": "shop"}"#;
        assert_eq!(content(&again, turned, "A=1\n"), content(&release(), MODEL, "A=1\n"));
    }

    #[test]
    fn whatever_the_containers_see_makes_another_content() {
        let first = content(&release(), MODEL, "A=1\n");
        let changed = |change: fn(&mut Release)| {
            let mut other = release();
            change(&mut other);
            content(&other, MODEL, "A=1\n")
        };
        let others = [
            content(&release(), &MODEL.replace("\"a\", \"b\"", "\"b\", \"a\""), "A=1\n"),
            content(&release(), &MODEL.replace("\"y\": \"2\"", "\"y\": \"3\""), "A=1\n"),
            content(&release(), MODEL, "A=2\n"),
            changed(|other| other.images.get_mut("app").unwrap().id = "sha256:2".into()),
            changed(|other| other.files.get_mut("conf/a").unwrap().sha256 = "bb".into()),
            changed(|other| other.files.get_mut("conf/a").unwrap().mode = 0o755),
            changed(|other| other.files.clear()),
            changed(|other| other.data_folders.clear()),
        ];
        for other in others {
            assert_ne!(first, other);
        }
    }
}
