//! The name of a repository on GitHub.

use std::fmt;

/// `owner/name`, of the characters that GitHub allows: nothing that could leave its place in an address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Repository {
    owner: String,
    name: String,
}

impl Repository {
    /// Reads `owner/name`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (owner, name) = text.split_once('/')?;
        let good = |part: &str| {
            let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            !part.is_empty() && part.chars().all(known) && !matches!(part, "." | "..")
        };
        let parts = Self { owner: owner.to_owned(), name: name.to_owned() };
        (good(owner) && good(name)).then_some(parts)
    }

    /// The user or organisation.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The name without its owner.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a full name means this repository. GitHub does not tell upper from lower case.
    pub fn is(&self, full_name: &str) -> bool {
        self.to_string().eq_ignore_ascii_case(full_name)
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_owner_and_name_are_taken() {
        for good in ["acme/app", "a-b/c_d.e", "Acme/.github"] {
            assert_eq!(Repository::parse(good).unwrap().to_string(), good);
        }
        for bad in ["", "acme", "/app", "acme/", "acme/app/x", "acme/..", "./app", "a b/c", "a/b?c"]
        {
            assert_eq!(Repository::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn case_does_not_matter_but_letters_do() {
        let ours = Repository::parse("Acme/app").unwrap();
        assert!(ours.is("acme/App"));
        assert!(!ours.is("acme/app2"));
    }
}
