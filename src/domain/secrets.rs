//! Secrets in files: one pass over the bytes looks for keywords, and only what stands near one is looked at.

mod candidate;
mod checksum;
mod format;
mod generic;
mod key_name;
mod pair;
mod path;
pub mod placeholder;
mod private_key;
mod randomness;
pub mod reference;
mod settle;
mod text;
mod token;
mod url;

use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError};

use crate::domain::finding::{Finding, Rule};
use candidate::Candidate;
use path::{Path, Syntax};
use text::Text;
use token::{FINDERS, SHAPES};

pub use format::FORMAT;
pub use generic::GENERIC;
pub use private_key::PRIVATE_KEY;
pub use token::TOKEN;
pub use url::URL_CREDENTIALS;

/// All rules about secrets, the surest first.
pub const RULES: &[&Rule] = &[&TOKEN, &PRIVATE_KEY, &URL_CREDENTIALS, &FORMAT, &GENERIC];

/// How much of a file says whether it is binary.
const HEAD: usize = 8 * 1024;

/// Whether a file is text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    /// It has a NUL near its beginning.
    Yes,
    /// It reads as text.
    No,
}

/// Looks at the beginning of a file.
pub fn is_binary(head: &[u8]) -> Binary {
    let head = head.get(..HEAD).unwrap_or(head);
    if memchr::memchr(0, head).is_some() { Binary::Yes } else { Binary::No }
}

/// A file, or a piece of one that begins at the start of a line.
#[derive(Clone, Copy)]
pub struct Piece<'a> {
    /// The file, relative to the top of the repository.
    pub path: &'a str,
    /// Its bytes, or some of them.
    pub bytes: &'a [u8],
    /// The number of the first line of these bytes.
    pub first_line: u32,
}

/// Words that lead to the other matchers, in lower case.
const PEM: &str = "-----begin";
const PUTTY: &str = "private-lines:";
const URL: &str = "://";

/// The search for all keywords at once. It is built once and used for every file.
#[derive(Debug)]
pub struct Scanner {
    keywords: AhoCorasick,
}

/// All keywords, in the order in which [`look`] asks for them.
fn keywords() -> impl Iterator<Item = &'static str> {
    let shapes = SHAPES.iter().map(|shape| shape.prefix);
    let finders = FINDERS.iter().map(|(word, _)| *word);
    shapes.chain(finders).chain([PEM, PUTTY, URL]).chain(generic::WORDS)
}

impl Scanner {
    /// Builds the search: some hundred states.
    pub fn new() -> Result<Self, BuildError> {
        let keywords = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .build(keywords())?;
        Ok(Self { keywords })
    }

    /// The findings of one file or of a piece of it, by place.
    pub fn scan(&self, piece: &Piece<'_>) -> Vec<Finding> {
        let path = Path::new(piece.path);
        let (standing, syntax) = (path.standing(), path.syntax());
        let text = Text { bytes: piece.bytes };
        let mut found = Vec::new();
        for hit in self.keywords.find_overlapping_iter(piece.bytes) {
            look(text, (hit.pattern().as_usize(), hit.start()), syntax, &mut found);
        }
        format::find(&path, text, &mut found);
        let tests = path.tests_from(piece.bytes).unwrap_or(usize::MAX);
        settle::settle(piece, (standing, tests), found)
    }
}

/// Adds what stands at a keyword.
fn look(
    text: Text<'_>,
    (number, place): (usize, usize),
    syntax: Syntax,
    found: &mut Vec<Candidate>,
) {
    if let Some(shape) = SHAPES.get(number) {
        found.extend(shape.find(text, place));
        return;
    }
    let number = number - SHAPES.len();
    if let Some((_, finder)) = FINDERS.get(number) {
        found.extend(finder(text, place));
        return;
    }
    match number - FINDERS.len() {
        0 => found.extend(private_key::pem(text, place)),
        1 => found.extend(private_key::putty(text, place)),
        2 => found.extend(url::find(text, place)),
        _ if syntax == Syntax::Other => {}
        _ => found.extend(generic::find(text, place, syntax)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::event::Level;

    fn scan(path: &str, text: &str) -> Vec<Finding> {
        let piece = Piece { path, bytes: text.as_bytes(), first_line: 1 };
        Scanner::new().unwrap().scan(&piece)
    }

    fn found(path: &str, text: &str) -> Vec<(&'static str, Level)> {
        scan(path, text).iter().map(|one| (one.rule.id, one.level)).collect()
    }

    fn token() -> String {
        format!("glpat{}{}", "-", "a1B2c3D4e5F6a7B8c9D0")
    }

    #[test]
    fn where_a_file_lies_decides_how_much_it_matters() {
        for (path, level) in [
            ("src/app.py", Level::Error),
            ("tests/app.py", Level::Notice),
            ("shop/tests.py", Level::Notice),
            ("src/it/ShopTest.java", Level::Notice),
            ("Shop.Tests/Fixtures.cs", Level::Notice),
            ("app/androidTest/Login.kt", Level::Notice),
            ("web/login.cy.ts", Level::Notice),
            ("integration-tests/a.go", Level::Notice),
            ("src/contest.py", Level::Error),
            ("src/Latest.java", Level::Error),
            ("attestation/a.go", Level::Error),
            ("docs/a.txt", Level::Notice),
            ("a.conf.example", Level::Notice),
            ("package-lock.json", Level::Error),
        ] {
            assert_eq!(found(path, &token()), [("secret.token", level)], "{path}");
        }
        let address = "u = 'postgres://a:hunter22@db.shop.io/x'";
        assert_eq!(found("a.py", address), [("secret.url-credentials", Level::Error)]);
        assert_eq!(found("test/a.py", address), [("secret.url-credentials", Level::Notice)]);
        assert_eq!(found("a.lock", address), []);
        assert_eq!(found("a.yml", "password: hunter22"), [("secret.generic", Level::Warning)]);
        assert_eq!(found("tests/a.yml", "password: hunter22"), []);
        assert_eq!(found("a.rs", "password: hunter22"), []);
    }

    #[test]
    fn inline_tests_of_rust_are_tests() {
        let token = token();
        let code = format!("const A: &str = \"{token}\";\n");
        let tests = format!("#[cfg(test)]\nmod tests {{\n{code}}}\n");
        let levels = |text: &str| {
            found("src/a.rs", text).into_iter().map(|(_, level)| level).collect::<Vec<_>>()
        };
        assert_eq!(levels(&format!("{code}{tests}")), [Level::Error, Level::Notice]);
        assert_eq!(levels(&tests.replace("mod", "pub(crate) mod")), [Level::Notice]);
        assert_eq!(levels(&format!("#[cfg(test)]\nmod tests;\n{code}")), [Level::Error]);
        assert_eq!(levels(&format!("#[cfg(test)]\nuse a;\n{code}")), [Level::Error]);
        assert_eq!(found("src/a.py", &tests), [("secret.token", Level::Error)]);
    }

    #[test]
    fn files_that_hold_credentials() {
        let error = [("secret.format", Level::Error)];
        for (path, text) in [
            ("etc/odoo.conf", "[options]\nadmin_passwd = admin\n"),
            (".env", "DB_PASSWORD=hunter22\n"),
            ("db/.pgpass", "db:5432:*:odoo:hunter22\n"),
            (".npmrc", "//npm.shop.io/:_authToken=9f86d081-884c-7d65\n"),
            ("config/master.key", "9f86d081884c7d659a2feaa0c55ad015"),
            ("wp-config.php", "define( 'DB_PASSWORD', 'admin' );"),
        ] {
            assert_eq!(found(path, text), error, "{path}");
        }
        assert_eq!(found(".env.example", "DB_PASSWORD=hunter22\n"), []);
        assert_eq!(found(".env", "DB_PASSWORD=changeme\nDB_HOST=db\n"), []);
        let sample = found("tests/.pgpass", "db:5432:*:odoo:hunter22\n");
        assert_eq!(sample, [("secret.format", Level::Notice)]);
    }

    #[test]
    fn places_count_lines_and_characters() {
        let text = format!("a\n\u{e9} = '{}'\nb: {}\n", token(), token());
        let piece = Piece { path: "a.py", bytes: text.as_bytes(), first_line: 11 };
        let all = Scanner::new().unwrap().scan(&piece);
        let spans: Vec<String> = all.iter().map(|one| format!("{:?}", one.span)).collect();
        assert_eq!(spans, ["a.py:12:6-12:32", "a.py:13:4-13:30"]);
        assert!(all.iter().all(|one| one.hidden == [one.span.clone()]));
    }

    #[test]
    fn one_place_has_one_finding_and_hides_all_of_it() {
        let text = format!("token: https://a:{}@git.shop.io/x\n", token());
        let all = scan("a.yml", &text);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].rule, &TOKEN);
        assert!(!all[0].message.contains(&token()));
    }

    #[test]
    fn a_key_of_several_lines_is_hidden_whole() {
        let mark = "-".repeat(5);
        let line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";
        let label = "PRIVATE KEY";
        let text = format!("a\n{mark}BEGIN {label}{mark}\n{line}\n{mark}END {label}{mark}\nb\n");
        let all = scan("a.pem", &text);
        assert_eq!(format!("{:?}", all[0].hidden), "[a.pem:2:1-4:26]");
    }

    #[test]
    fn the_search_is_small_and_its_order_is_that_of_the_matchers() {
        let scanner = Scanner::new().unwrap();
        assert!(scanner.keywords.memory_usage() < 400_000, "{}", scanner.keywords.memory_usage());
        let mut words: Vec<String> = keywords().map(str::to_ascii_lowercase).collect();
        assert_eq!(words.len(), SHAPES.len() + FINDERS.len() + 3 + generic::WORDS.len());
        words.sort();
        words.dedup();
        assert!(words.len() <= 60, "{}", words.len());
    }

    #[test]
    fn binary_files_have_a_nul_near_their_beginning() {
        assert_eq!(is_binary(b"a\0b"), Binary::Yes);
        assert_eq!(is_binary(b"text"), Binary::No);
        let mut late = vec![b'a'; HEAD];
        late.push(0);
        assert_eq!(is_binary(&late), Binary::No);
    }

    /// Texts that are made of what matchers look for.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        let words: Vec<&str> = keywords().collect();
        let part = prop_oneof![
            proptest::sample::select(words).prop_map(|word| word.as_bytes().to_vec()),
            proptest::sample::select(vec![
                ":", "=", "\"", "'", "\n", "@", "/", " ", "{", "<", ">", "\\", "#", "."
            ])
            .prop_map(|sign| sign.as_bytes().to_vec()),
            "[A-Za-z0-9]{1,40}".prop_map(String::into_bytes),
            proptest::collection::vec(any::<u8>(), 0..6),
        ];
        proptest::collection::vec(part, 0..24).prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_bytes_are_scanned_and_every_secret_is_hidden(bytes in text(), file in 0..12_usize) {
            let names = [
                "a.yml", "a.json", "a.xml", "Dockerfile", "a.rs", ".env", ".pgpass", ".netrc", ".git-credentials",
                "a.sql", "shadow", "salesforce.js",
            ];
            let piece = Piece { path: names[file], bytes: &bytes, first_line: 1 };
            let lines = u32::try_from(memchr::memchr_iter(b'\n', &bytes).count()).unwrap() + 1;
            let all = Scanner::new().unwrap().scan(&piece);
            let mut last = crate::domain::finding::Point::default();
            for one in all {
                let hidden = &one.hidden[0];
                prop_assert!(hidden.start <= one.span.start && one.span.end <= hidden.end);
                prop_assert!(one.span.start < one.span.end && last <= hidden.start && hidden.end.line <= lines);
                last = hidden.end;
            }
        }
    }
}
