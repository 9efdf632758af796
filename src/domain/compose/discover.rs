//! Which compose files a project has, where it lies and which profiles are on, as Compose finds them: what is checked is
//! what is deployed.
//!
//! `COMPOSE_FILE` and `COMPOSE_PROFILES` count where the repository or the deploy's input says them. What a job's
//! environment has of them is somebody else's.

use std::collections::BTreeMap;

use crate::domain::known::{folder, join};

/// What Compose looks for, in its order.
pub const NAMES: [&str; 4] =
    ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/// What it lays over that, whatever the name of the first file: the first of these that is there.
const OVERRIDES: [&str; 4] = [
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];

/// Compose files, and the folder that their paths and the env file are relative to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The files, relative to the top; none where there are none.
    pub files: Vec<String>,
    /// The folder of the first, relative to the top; empty for the top.
    pub folder: String,
}

/// Finds the compose files: those that are named, those of `COMPOSE_FILE` in the env file at the top, or the ones that
/// Compose looks for.
pub fn place(
    named: &[String],
    variables: &BTreeMap<String, String>,
    is_there: &dyn Fn(&str) -> bool,
) -> Place {
    let listed = variables.get("COMPOSE_FILE").filter(|listed| !listed.is_empty());
    let files: Vec<String> = if let (true, Some(listed)) = (named.is_empty(), listed) {
        let separator = variables.get("COMPOSE_PATH_SEPARATOR").filter(|one| !one.is_empty());
        listed.split(separator.map_or(":", String::as_str)).map(|path| join("", path)).collect()
    } else if named.is_empty() {
        let first = NAMES.into_iter().find(|name| is_there(name));
        let over = OVERRIDES.into_iter().find(|name| first.is_some() && is_there(name));
        first.into_iter().chain(over).map(str::to_owned).collect()
    } else {
        named.iter().map(|path| join("", path)).collect()
    };
    let folder = files.first().map(|file| folder(file).to_owned()).unwrap_or_default();
    Place { files, folder }
}

/// The profiles that are on: those that are named, or those of `COMPOSE_PROFILES` in the project's env file.
pub fn profiles(named: &[String], variables: &BTreeMap<String, String>) -> Vec<String> {
    if !named.is_empty() {
        return named.to_vec();
    }
    let listed = variables.get("COMPOSE_PROFILES").map_or("", String::as_str);
    let each = listed.split(',').map(str::trim).filter(|profile| !profile.is_empty());
    each.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(named: &[&str], variables: &[(&str, &str)], there: &[&str]) -> (Vec<String>, String) {
        let named: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
        let variables =
            variables.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let place = place(&named, &variables.collect(), &|path| there.contains(&path));
        (place.files, place.folder)
    }

    #[test]
    fn files_are_found_in_the_order_of_compose() {
        let all = [NAMES.as_slice(), OVERRIDES.as_slice()].concat();
        for (there, expected) in [
            (&all[..], &["compose.yaml", "compose.override.yml"][..]),
            (
                &["docker-compose.yml", "compose.override.yaml"],
                &["docker-compose.yml", "compose.override.yaml"],
            ),
            (
                &["compose.yml", "docker-compose.override.yaml"],
                &["compose.yml", "docker-compose.override.yaml"],
            ),
            (&["docker-compose.yaml"], &["docker-compose.yaml"]),
            (&["compose.override.yml"], &[]),
        ] {
            assert_eq!(
                found(&[], &[], there),
                (expected.iter().map(|one| (*one).to_owned()).collect(), String::new())
            );
        }
    }

    #[test]
    fn names_are_stronger_than_variables_and_both_than_what_is_there() {
        let there = ["compose.yaml"];
        let listed = ("COMPOSE_FILE", "deploy/a.yml:b.yml");
        let paths = |paths: &[&str]| paths.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        assert_eq!(found(&["./x/c.yml"], &[listed], &there), (paths(&["x/c.yml"]), "x".to_owned()));
        assert_eq!(
            found(&[], &[listed], &there),
            (paths(&["deploy/a.yml", "b.yml"]), "deploy".to_owned())
        );
        let other = [("COMPOSE_FILE", "a.yml;b.yml"), ("COMPOSE_PATH_SEPARATOR", ";")];
        assert_eq!(found(&[], &other, &there).0, paths(&["a.yml", "b.yml"]));
        assert_eq!(found(&[], &[("COMPOSE_FILE", "")], &there).0, paths(&there));
    }

    #[test]
    fn profiles_come_of_the_input_or_of_the_env_file() {
        let variables = BTreeMap::from([("COMPOSE_PROFILES".to_owned(), "a, b,".to_owned())]);
        assert_eq!(profiles(&[], &variables), ["a", "b"]);
        assert_eq!(profiles(&["c".to_owned()], &variables), ["c"]);
        assert_eq!(profiles(&[], &BTreeMap::new()), [""; 0]);
    }
}
