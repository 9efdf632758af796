//! What the path of a file says about secrets in it: tests and documentation hold invented ones, lock files none with a
//! name, configuration real ones.

/// How much a secret matters where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Code and configuration: what is found is meant.
    Real,
    /// Tests, documentation and samples: what is found is mostly invented.
    Sample,
    /// Lock files and what a tool wrote or another project: only what has a fixed form counts.
    Generated,
}

/// How names and values are written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    /// Nothing is known: no names are looked for.
    Other,
    /// `name: value` and `name = value`, with or without quotes.
    Plain,
    /// Values are in quotes, anything else is code or a number.
    Quoted,
    /// `NAME=value`, and `ENV NAME value`.
    Docker,
    /// Elements and attributes.
    Markup,
}

/// A path, split.
pub(super) struct Path<'a> {
    folders: &'a str,
    name: &'a str,
}

/// Folders of tests and documentation, in lower case.
const SAMPLE_FOLDERS: [&str; 22] = [
    "test",
    "tests",
    "testdata",
    "test-data",
    "test_data",
    "testing",
    "fixture",
    "fixtures",
    "__fixtures__",
    "example",
    "examples",
    "sample",
    "samples",
    "spec",
    "specs",
    "__tests__",
    "__mocks__",
    "mock",
    "mocks",
    "e2e",
    "doc",
    "docs",
];

/// Words of names of folders with tests.
const TEST_WORDS: [&str; 8] =
    ["test", "tests", "testing", "spec", "specs", "e2e", "bench", "benches"];

/// `ShopTest`, `ShopTests`, `ShopSpec`.
fn is_camel_test(name: &str) -> bool {
    ["Test", "Tests", "Spec", "TestCase"].into_iter().any(|mark| {
        let before = name.strip_suffix(mark).and_then(|rest| rest.chars().next_back());
        before.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    })
}

/// Folders of other projects, and of texts in several languages.
const FOREIGN_FOLDERS: [&str; 9] = [
    "node_modules",
    "vendor",
    "bower_components",
    "third_party",
    "i18n",
    "locale",
    "locales",
    "translations",
    "dist-packages",
];

const SAMPLE_ENDINGS: [&str; 12] = [
    ".example",
    ".sample",
    ".template",
    ".dist",
    ".tmpl",
    ".tpl",
    ".md",
    ".rst",
    ".adoc",
    ".markdown",
    ".j2",
    ".example.yml",
];

/// Endings of files that are copied and filled in.
const TEMPLATE_ENDINGS: [&str; 7] =
    [".example", ".sample", ".template", ".dist", ".tmpl", ".tpl", ".j2"];

const GENERATED_ENDINGS: [&str; 10] = [
    ".lock",
    ".min.js",
    ".min.css",
    ".map",
    ".svg",
    ".po",
    ".pot",
    ".sum",
    "-lock.json",
    "-lock.yaml",
];

const PLAIN_ENDINGS: [&str; 9] =
    [".yml", ".yaml", ".conf", ".ini", ".cfg", ".properties", ".envrc", ".cnf", ".config"];

const QUOTED_ENDINGS: [&str; 4] = [".toml", ".json", ".tf", ".tfvars"];

/// Endings of code that counts as configuration where the name of the file says so.
const CODE_ENDINGS: [&str; 6] = [".py", ".js", ".ts", ".php", ".rb", ".mjs"];

impl<'a> Path<'a> {
    /// Splits a path at its last slash.
    pub(super) fn new(path: &'a str) -> Self {
        let (folders, name) = path.rsplit_once(['/', '\\']).unwrap_or(("", path));
        Self { folders, name }
    }

    /// The name of the file, as it is written.
    pub(super) fn name(&self) -> &'a str {
        self.name
    }

    /// Whether the file lies directly in a folder of this name.
    pub(super) fn is_in(&self, folder: &str) -> bool {
        self.folders.rsplit(['/', '\\']).next() == Some(folder)
    }

    /// Whether the name ends so, in whatever case.
    pub(super) fn ends_with(&self, ending: &str) -> bool {
        let start = self.name.len().checked_sub(ending.len());
        start.and_then(|at| self.name.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(ending))
    }

    fn starts_with(&self, beginning: &str) -> bool {
        self.name.get(..beginning.len()).is_some_and(|head| head.eq_ignore_ascii_case(beginning))
    }

    fn has_folder(&self, names: &[&str]) -> bool {
        let mut folders = self.folders.split(['/', '\\']);
        folders.any(|folder| names.iter().any(|name| name.eq_ignore_ascii_case(folder)))
    }

    /// `integration-tests`, `Shop.Tests`, `androidTest`.
    fn has_test_folder(&self) -> bool {
        let mut folders = self.folders.split(['/', '\\']);
        folders.any(|folder| {
            let mut words = folder.split(['-', '_', '.']);
            let is_word = |word: &str| TEST_WORDS.iter().any(|one| one.eq_ignore_ascii_case(word));
            words.any(is_word) || is_camel_test(folder)
        })
    }

    /// How much a secret matters here.
    pub(super) fn standing(&self) -> Standing {
        let ends = |endings: &[&str]| endings.iter().any(|ending| self.ends_with(ending));
        let is_sample = self.has_folder(&SAMPLE_FOLDERS) || self.has_test_folder();
        if ends(&SAMPLE_ENDINGS) || is_sample || self.is_test() {
            Standing::Sample
        } else if ends(&GENERATED_ENDINGS) || self.has_folder(&FOREIGN_FOLDERS) {
            Standing::Generated
        } else {
            Standing::Real
        }
    }

    /// Whether the file is a pattern for others: `.env.example`.
    pub(super) fn is_template(&self) -> bool {
        TEMPLATE_ENDINGS.iter().any(|ending| self.ends_with(ending))
            || self.name.contains("-sample")
    }

    /// `test_x.py`, `tests.py`, `x_test.go`, `x.spec.ts`, `x.cy.js`, `ShopTest.java`, `ShopTests.cs`, `conftest.py`.
    fn is_test(&self) -> bool {
        let Some((stem, _)) = self.name.rsplit_once('.') else { return false };
        let lower = stem.to_ascii_lowercase();
        let is_test_of = |mark: &str| lower.ends_with(mark);
        let ends =
            ["_test", "_tests", ".test", ".tests", ".spec", "_spec", "-test", "-spec", ".cy"];
        lower.starts_with("test_")
            || matches!(lower.as_str(), "test" | "tests" | "conftest")
            || ends.into_iter().any(is_test_of)
            || is_camel_test(stem)
    }

    /// Where code of tests begins in a file that holds both: Rust's inline modules, which stand at its end.
    pub(super) fn tests_from(&self, bytes: &[u8]) -> Option<usize> {
        if !self.ends_with(".rs") {
            return None;
        }
        memchr::memmem::find_iter(bytes, b"#[cfg(test)]").find(|at| {
            let behind = bytes.get(at + b"#[cfg(test)]".len()..).unwrap_or_default();
            let words = behind.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            // Attributes and `pub(crate)` may stand before `mod`.
            let mut words =
                words.skip_while(|word| word.starts_with(b"#") || word.starts_with(b"pub"));
            words.next() == Some(b"mod") && words.nth(1).is_some_and(|word| word.starts_with(b"{"))
        })
    }

    /// How names and values are written here.
    pub(super) fn syntax(&self) -> Syntax {
        let ends = |endings: &[&str]| endings.iter().any(|ending| self.ends_with(ending));
        let is_settings = self.starts_with("settings")
            || self.starts_with("config")
            || self.starts_with("local_settings");
        if self.starts_with("dockerfile") || self.ends_with(".dockerfile") {
            Syntax::Docker
        } else if self.ends_with(".xml") {
            Syntax::Markup
        } else if self.is_env() || ends(&PLAIN_ENDINGS) {
            Syntax::Plain
        } else if ends(&QUOTED_ENDINGS) || is_settings && ends(&CODE_ENDINGS) {
            Syntax::Quoted
        } else {
            Syntax::Other
        }
    }

    /// `.env`, `.env.production`, `production.env`.
    pub(super) fn is_env(&self) -> bool {
        self.name == ".env" || self.starts_with(".env.") || self.ends_with(".env")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standings() {
        for (path, standing) in [
            ("src/app.py", Standing::Real),
            (".env", Standing::Real),
            ("deploy/latest/config.yml", Standing::Real),
            ("attest/x.yml", Standing::Real),
            ("tests/app.py", Standing::Sample),
            ("a/__tests__/b.js", Standing::Sample),
            ("a/Spec/b.rb", Standing::Sample),
            ("a/test_x.py", Standing::Sample),
            ("a/x_test.go", Standing::Sample),
            ("a/x.spec.ts", Standing::Sample),
            (".env.example", Standing::Sample),
            ("README.md", Standing::Sample),
            ("docs/a.txt", Standing::Sample),
            ("Cargo.lock", Standing::Generated),
            ("a/package-lock.json", Standing::Generated),
            ("go.sum", Standing::Generated),
            ("a/node_modules/b/c.json", Standing::Generated),
            ("a.min.js", Standing::Generated),
            ("vendor/x/tests/a.key", Standing::Sample),
            ("i18n/de.json", Standing::Generated),
        ] {
            assert_eq!(Path::new(path).standing(), standing, "{path}");
        }
    }

    #[test]
    fn syntaxes() {
        for (path, syntax) in [
            (".env", Syntax::Plain),
            (".env.production", Syntax::Plain),
            ("a/prod.env", Syntax::Plain),
            ("compose.yml", Syntax::Plain),
            ("odoo.conf", Syntax::Plain),
            ("a.json", Syntax::Quoted),
            ("main.tf", Syntax::Quoted),
            ("a/settings_prod.py", Syntax::Quoted),
            ("config.php", Syntax::Quoted),
            ("Dockerfile.prod", Syntax::Docker),
            ("web.xml", Syntax::Markup),
            ("app.py", Syntax::Other),
            ("a.rs", Syntax::Other),
            ("", Syntax::Other),
        ] {
            assert_eq!(Path::new(path).syntax(), syntax, "{path}");
        }
    }

    #[test]
    fn parts() {
        let path = Path::new("a/.docker/config.json");
        assert!(path.is_in(".docker") && !path.is_in("a") && path.name() == "config.json");
        assert!(Path::new("\u{e9}").standing() == Standing::Real);
    }
}
