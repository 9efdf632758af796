//! The checkout: which compose files, which project, and what the inputs write on top of it.

use std::collections::BTreeMap;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use secrecy::ExposeSecret;

use crate::adapters::host::files;
use crate::domain::compose::discover;
use crate::domain::compose::project::{NamedBy, ProjectName, declared_name};
use crate::domain::env_file;
use crate::domain::input::Values;
use crate::domain::interpolate::Worth;
use crate::domain::job::Job;
use crate::failure::{Failure, Outcome, Place};

/// The checkout of a deploy.
#[derive(Clone, Debug)]
pub struct Checkout {
    /// Its top folder, canonical.
    pub root: Utf8PathBuf,
    /// Who gave the project its name.
    pub named_by: NamedBy,
    /// Compose files, relative to the top, in the order of Compose.
    pub compose_files: Vec<Utf8PathBuf>,
    /// Folder of the first compose file, relative to the top.
    pub folder: Utf8PathBuf,
    /// What the inputs `env` and `secret-files` write, by path relative to the top. Secret.
    pub written: BTreeMap<Utf8PathBuf, Vec<u8>>,
    /// Those of `secret-files`, in the order given.
    pub secret_files: Vec<Utf8PathBuf>,
    /// The profiles that are on.
    pub profiles: Vec<String>,
}

/// Reads the checkout and the inputs that describe it; every fault is found before anything is touched.
pub fn read(values: &Values, job: &Job) -> Result<Checkout, Failure> {
    let root = files::canonical(&job.workspace).map_err(|error| {
        Failure::new(Outcome::BadInput, format!("the workspace {} cannot be read", job.workspace))
            .why(error)
            .help("check the repository out first (actions/checkout), or run from its folder")
    })?;
    let compose_files = compose_files(values, &root)?;
    let folder = compose_files[0].parent().unwrap_or(Utf8Path::new("")).to_owned();
    let mut written = env_written(values, &root, &folder)?;
    let secret_files = secrets_written(values, (&root, &folder), &mut written)?;
    let profiles = values.list("profiles").to_vec();
    let (_, named_by) = named(values, job)?;
    Ok(Checkout { root, named_by, compose_files, folder, written, secret_files, profiles })
}

/// The project's name: the input, else the compose files' `name:`, else the repository's.
pub fn project_name(values: &Values, job: &Job) -> Result<ProjectName, Failure> {
    named(values, job).map(|(name, _)| name)
}

fn named(values: &Values, job: &Job) -> Result<(ProjectName, NamedBy), Failure> {
    if let Some(name) = values.text("project-name") {
        return ProjectName::new(name).map(|name| (name, NamedBy::Input)).map_err(|why| {
            Failure::new(Outcome::BadInput, "the input `project-name` cannot be used").why(why)
        });
    }
    let root = &job.workspace;
    if let Ok(files) = compose_files(values, root) {
        let declared = files.iter().rev().find_map(|file| {
            let text = files::read_optional(&root.join(file)).ok()??;
            Some((file, declared_name(&text)?))
        });
        if let Some((file, name)) = declared {
            return ProjectName::new(&name).map(|name| (name, NamedBy::File)).map_err(|why| {
                Failure::new(Outcome::BadInput, format!("the `name:` in {file} cannot be used"))
                    .why(why)
                    .help("write a plain name there, or give the input `project-name`")
                    .at(Place { file: file.to_string(), ..Place::default() })
            });
        }
    } else if !values.list("compose-files").is_empty() {
        compose_files(values, root)?;
    }
    let derived = ProjectName::from_repository(&job.repository);
    derived.map(|name| (name, NamedBy::Repository)).ok_or_else(|| {
        Failure::new(Outcome::BadInput, "the project has no name")
            .why(format!("no `name:` in a compose file, and `{}` makes none", job.repository))
            .help("give the input `project-name`")
    })
}

/// The compose files: those of the input, of `COMPOSE_FILE` in `.env` or the input `env`, or those that Compose finds.
fn compose_files(values: &Values, root: &Utf8Path) -> Result<Vec<Utf8PathBuf>, Failure> {
    let named: Vec<String> = values
        .list("compose-files")
        .iter()
        .map(|name| Utf8Path::new(name).strip_prefix(root).map_or(name.as_str(), Utf8Path::as_str))
        .map(str::to_owned)
        .collect();
    let is_file = |path: &str| root.join(path).is_file();
    let place = discover::place(&named, &own_variables(values, root)?, &is_file);
    let (mut files, mut absent) = (Vec::new(), Vec::new());
    for path in place.files {
        match inside(Utf8Path::new(&path)) {
            Some(path) if root.join(&path).is_file() => files.push(path),
            _ => absent.push(path),
        }
    }
    if files.is_empty() && absent.is_empty() {
        return Err(Failure::new(Outcome::BadInput, format!("there is no compose file in {root}"))
            .why(format!("looked for {}", discover::NAMES.join(", ")))
            .help("name it with the input `compose-files`; is actions/checkout an earlier step of the job?"));
    }
    if absent.is_empty() {
        return Ok(files);
    }
    // What `COMPOSE_FILE` says may come of the input `env`, whose values are not shown.
    let (by, shown) = match named[..] {
        [] => ("`COMPOSE_FILE`", String::new()),
        _ => ("the input `compose-files`", format!(": {}", absent.join(", "))),
    };
    let what = format!("{by} names what is not in the checkout{shown}");
    Err(Failure::new(Outcome::BadInput, what).why(format!("looked below {root}")).help(
        "name files of the checkout, one a line; is actions/checkout an earlier step of the job?",
    ))
}

/// The variables that the checkout's `.env` and the input `env` set, as Compose reads them.
fn own_variables(values: &Values, root: &Utf8Path) -> Result<BTreeMap<String, String>, Failure> {
    let own = files::read_optional(&root.join(".env")).map_err(|error| {
        Failure::new(Outcome::BadInput, ".env of the checkout cannot be read").why(error)
    })?;
    let pairs = values.map("env").iter();
    let pairs = pairs.map(|(key, value)| (key.as_str(), value.expose_secret()));
    let text = env_file::merged(own.as_deref(), pairs.filter(|(key, _)| env_file::is_key(key)));
    Ok(env_file::read::read(".env", &text).values(&|_| Worth::Unset).0)
}

fn env_written(
    values: &Values,
    root: &Utf8Path,
    folder: &Utf8Path,
) -> Result<BTreeMap<Utf8PathBuf, Vec<u8>>, Failure> {
    let mut written = BTreeMap::new();
    let env = values.map("env");
    // What looks like a key may be a line of a secret: it is not shown.
    if let Some(at) = env.iter().position(|(key, _)| !env_file::is_key(key)) {
        return Err(Failure::new(
            Outcome::BadInput,
            format!("entry {} of the input `env` has no key that can be used", at + 1),
        )
        .why("a key has letters, digits and `_`, and does not start with a digit")
        .help("write `KEY=value` lines; a value of several lines as `KEY: ${{ toJSON(secrets.NAME) }}`"));
    }
    if !env.is_empty() {
        let path = folder.join(".env");
        let own = files::read_optional(&root.join(&path)).map_err(|error| {
            Failure::new(Outcome::BadInput, format!("{path} of the checkout cannot be read"))
                .why(error)
        })?;
        let pairs = env.iter().map(|(key, value)| (key.as_str(), value.expose_secret()));
        written.insert(path, env_file::merged(own.as_deref(), pairs).into_bytes());
    }
    Ok(written)
}

/// What looks like a path may be a line of a secret, so messages tell its number.
fn secrets_written(
    values: &Values,
    (root, folder): (&Utf8Path, &Utf8Path),
    written: &mut BTreeMap<Utf8PathBuf, Vec<u8>>,
) -> Result<Vec<Utf8PathBuf>, Failure> {
    let mut paths = Vec::new();
    for (at, (name, content)) in values.map("secret-files").iter().enumerate() {
        let Some(path) = inside(&folder.join(name)).filter(|_| !name.starts_with('/')) else {
            return Err(Failure::new(
                Outcome::BadInput,
                format!(
                    "entry {} of the input `secret-files` is not below the project's folder",
                    at + 1
                ),
            )
            .help("use a relative path such as `secrets/db_password`"));
        };
        let beside = |known: &Utf8PathBuf| path.starts_with(known) || known.starts_with(&path);
        if written.keys().any(beside) || root.join(&path).is_dir() {
            return Err(Failure::new(
                Outcome::BadInput,
                format!("entry {} of the input `secret-files` is where something else is", at + 1),
            )
            .why("it is `.env`, another line of `secret-files`, or a folder of the checkout")
            .help("give each file a path of its own; variables of the stack belong into `env`"));
        }
        written.insert(path.clone(), content.expose_secret().as_bytes().to_vec());
        paths.push(path);
    }
    Ok(paths)
}

/// The path without `.` and `..`; `None` if it leads out or is absolute.
fn inside(path: &Utf8Path) -> Option<Utf8PathBuf> {
    let mut plain = Utf8PathBuf::new();
    for part in path.components() {
        match part {
            Utf8Component::Normal(name) => plain.push(name),
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir => {
                if !plain.pop() {
                    return None;
                }
            }
            Utf8Component::RootDir | Utf8Component::Prefix(_) => return None,
        }
    }
    (!plain.as_str().is_empty()).then_some(plain)
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::domain::input::Value;

    fn job(files: &[(&str, &str)]) -> (tempfile::TempDir, Job) {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        }
        let workspace = Utf8PathBuf::from_path_buf(dir.path().to_path_buf()).unwrap();
        let job = Job { workspace, repository: "org/Web.Shop".into(), ..Job::default() };
        (dir, job)
    }

    fn values(pairs: &[(&'static str, Value)]) -> Values {
        let mut values = Values::default();
        for (name, value) in pairs {
            values.set(name, value.clone());
        }
        values
    }

    fn map(pairs: &[(&str, &str)]) -> Value {
        Value::Map(pairs.iter().map(|(k, v)| ((*k).to_owned(), SecretString::from(*v))).collect())
    }

    #[test]
    fn compose_files_are_found_as_compose_does() {
        let (_dir, job) =
            job(&[("docker-compose.yml", ""), ("compose.yaml", ""), ("compose.override.yml", "")]);
        let checkout = read(&Values::default(), &job).unwrap();
        assert_eq!(checkout.compose_files, ["compose.yaml", "compose.override.yml"]);
    }

    #[test]
    fn compose_files_come_of_the_variables_of_the_checkout_and_the_input() {
        let (_dir, job) = job(&[
            ("compose.yaml", ""),
            ("deploy/a.yml", ""),
            ("b.yml", ""),
            (".env", "COMPOSE_FILE=deploy/a.yml:b.yml\n"),
        ]);
        let checkout = read(&Values::default(), &job).unwrap();
        assert_eq!(checkout.compose_files, ["deploy/a.yml", "b.yml"]);
        assert_eq!(checkout.folder, "deploy");
        let input = values(&[("env", map(&[("COMPOSE_FILE", "b.yml")]))]);
        assert_eq!(read(&input, &job).unwrap().compose_files, ["b.yml"]);
        let gone = values(&[("env", map(&[("COMPOSE_FILE", "secret-name.yml")]))]);
        let failure = read(&gone, &job).unwrap_err();
        assert_eq!(failure.what, "`COMPOSE_FILE` names what is not in the checkout");
        assert!(!failure.to_string().contains("secret-name"));
    }

    #[test]
    fn absent_compose_files_are_all_named() {
        let (_dir, job) = job(&[("a.yml", "")]);
        let list = Value::List(vec!["a.yml".into(), "b.yml".into(), "../c.yml".into()]);
        let failure = read(&values(&[("compose-files", list)]), &job).unwrap_err();
        assert_eq!(failure.outcome, Outcome::BadInput);
        assert!(failure.what.ends_with("not in the checkout: b.yml, ../c.yml"), "{failure}");
        assert!(read(&Values::default(), &job).unwrap_err().why.contains("docker-compose.yml"));
    }

    #[test]
    fn the_name_comes_from_the_input_the_file_or_the_repository() {
        let name =
            |values: &Values, job: &Job| named(values, job).map(|(n, by)| (n.to_string(), by));
        let (_dir, declared) = job(&[("compose.yaml", "name: shop\n")]);
        assert_eq!(name(&Values::default(), &declared), Ok(("shop".into(), NamedBy::File)));
        let input = values(&[("project-name", Value::Text("other".into()))]);
        assert_eq!(name(&input, &declared), Ok(("other".into(), NamedBy::Input)));
        let (_dir, plain) = job(&[("compose.yaml", "services: {}\n")]);
        assert_eq!(name(&Values::default(), &plain), Ok(("webshop".into(), NamedBy::Repository)));
        let (_dir, variable) = job(&[("compose.yaml", "name: ${X}\n")]);
        assert_eq!(name(&Values::default(), &variable).unwrap_err().outcome, Outcome::BadInput);
    }

    #[test]
    fn env_and_secret_files_lie_beside_the_first_compose_file() {
        let (_dir, job) = job(&[("deploy/c.yml", ""), ("deploy/.env", "A=1\n")]);
        let values = values(&[
            ("compose-files", Value::List(vec!["./deploy/c.yml".into()])),
            ("env", map(&[("B", "2")])),
            ("secret-files", map(&[("secrets/pw", "x"), ("../top", "y")])),
        ]);
        let written = read(&values, &job).unwrap().written;
        let paths: Vec<_> = written.keys().map(|path| path.as_str()).collect();
        assert_eq!(paths, ["deploy/.env", "deploy/secrets/pw", "top"]);
        assert_eq!(written[Utf8Path::new("deploy/.env")], b"A=1\nB=2\n");
    }

    #[test]
    fn two_things_cannot_be_written_to_one_place() {
        let (_dir, job) = job(&[("compose.yaml", ""), ("conf/x", "")]);
        for bad in [".env", "a/b", "conf"] {
            let secrets = map(&[("a", "1"), (bad, "2")]);
            let values = values(&[("env", map(&[("K", "v")])), ("secret-files", secrets)]);
            let what = read(&values, &job).unwrap_err().what;
            assert_eq!(
                what, "entry 2 of the input `secret-files` is where something else is",
                "{bad}"
            );
        }
    }

    #[test]
    fn a_secret_file_outside_of_the_checkout_and_a_bad_key_are_refused() {
        let (_dir, job) = job(&[("compose.yaml", "")]);
        for bad in ["/etc/passwd", "../../x", "."] {
            let values = values(&[("secret-files", map(&[(bad, "x")]))]);
            let what = read(&values, &job).unwrap_err().what;
            assert_eq!(
                what,
                "entry 1 of the input `secret-files` is not below the project's folder"
            );
        }
        let values = values(&[("env", map(&[("A", "x"), ("MIIE/v", "x")]))]);
        let failure = read(&values, &job).unwrap_err();
        assert!(failure.what.contains("entry 2") && !format!("{failure:?}").contains("MIIE"));
    }
}
