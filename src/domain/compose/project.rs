//! The name of a Compose project: input, else the compose file's `name:`, else the repository's name. Never a folder.

use std::fmt;

use serde::Deserialize;

/// Who gave a project its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedBy {
    /// The input `project-name`.
    Input,
    /// `name:` in a compose file.
    File,
    /// Nobody: it was derived from the repository's name.
    Repository,
}

/// A project name that Compose accepts: lower-case letters, digits, `-` and `_`, a letter or digit first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProjectName(String);

impl ProjectName {
    /// Checks a name that someone wrote.
    pub fn new(name: &str) -> Result<Self, String> {
        let good = name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && name.chars().all(is_allowed)
            && name.len() <= 100;
        if good {
            return Ok(Self(name.to_owned()));
        }
        Err(format!(
            "`{name}` is no project name: lower-case letters, digits, `-` and `_`, a letter or digit first"
        ))
    }

    /// Makes a name from `owner/Repository.Name`; `None` if nothing usable is in it.
    pub fn from_repository(repository: &str) -> Option<Self> {
        let name = repository.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        let name: String = name.chars().filter(|c| is_allowed(*c)).collect();
        Self::new(name.trim_start_matches(['-', '_'])).ok()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_'
}

/// The top-level `name:` of a compose file; `None` if it has none or does not parse (Compose itself will say why).
pub fn declared_name(yaml: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Head {
        name: Option<String>,
    }
    serde_saphyr::from_str::<Head>(yaml).ok()?.name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_compose_refuses_are_refused() {
        for good in ["shop", "9lives", "a-b_c"] {
            assert!(ProjectName::new(good).is_ok(), "{good}");
        }
        for bad in ["", "Shop", "-a", "_a", "a.b", "a b", "../x"] {
            assert!(ProjectName::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_repository_becomes_a_name() {
        let name = |repository| ProjectName::from_repository(repository).map(|n| n.0);
        assert_eq!(name("org/My.Shop"), Some("myshop".into()));
        assert_eq!(name("org/_odoo-19"), Some("odoo-19".into()));
        assert_eq!(name("org/..."), None);
    }

    #[test]
    fn the_name_of_a_file_is_read_and_nothing_else() {
        assert_eq!(declared_name("name: shop\nservices: {}\n"), Some("shop".into()));
        assert_eq!(declared_name("services:\n  a:\n    name: no\n"), None);
        assert_eq!(declared_name("name: [broken"), None);
    }
}
