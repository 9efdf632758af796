//! Glob patterns over paths of a repository: `*` stays within a folder, `**` goes through folders, a pattern that ends
//! in `/` or names a folder means everything below it.

use glob::{MatchOptions, Pattern, PatternError};

const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// Some patterns; one that matches is enough.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Globs(Vec<Pattern>);

impl Globs {
    /// Compiles patterns. A leading `./` or `/` means the top of the repository, which is where patterns begin anyway.
    pub fn new(patterns: impl IntoIterator<Item = String>) -> Result<Self, PatternError> {
        let mut compiled = Vec::new();
        for pattern in patterns {
            let pattern = pattern.trim_start_matches("./").trim_start_matches('/');
            let folder = pattern.trim_end_matches('/');
            compiled.push(Pattern::new(folder)?);
            compiled.push(Pattern::new(&format!("{folder}/**"))?);
        }
        Ok(Self(compiled))
    }

    /// Whether there are no patterns.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a path matches one of them.
    pub fn matches(&self, path: &str) -> bool {
        self.0.iter().any(|pattern| pattern.matches_with(path, OPTIONS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_begin_at_the_top_and_name_folders_too() {
        for (pattern, path, expected) in [
            ("src/*.py", "src/a.py", true),
            ("src/*.py", "src/x/a.py", false),
            ("src/**/*.py", "src/a.py", true),
            ("src/**/*.py", "src/x/y/a.py", true),
            ("**/test_*.py", "test_a.py", true),
            ("**/test_*.py", "x/y/test_a.py", true),
            ("tests", "tests/x/a.py", true),
            ("tests/", "tests/a.py", true),
            ("./tests/**", "tests/a.py", true),
            ("/tests", "tests/a.py", true),
            ("tests", "src/tests/a.py", false),
            ("**/tests", "src/tests/a.py", true),
            ("*.py", "src/a.py", false),
            ("**/[ab].py", "src/a.py", true),
        ] {
            let globs = Globs::new([pattern.to_owned()]).unwrap();
            assert_eq!(globs.matches(path), expected, "{pattern} {path}");
        }
        assert!(Globs::new(["a[".to_owned()]).is_err());
        assert!(!Globs::default().matches("a"));
    }
}
