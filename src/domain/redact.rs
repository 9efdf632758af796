//! What looks like a secret is hidden in text that leaves the machine. The scanner of `validate-config` finds it; secrets
//! that are known are hidden before, by the runner's masks.

use std::ops::Range;

use aho_corasick::BuildError;

use crate::domain::finding::{Point, Span};
use crate::domain::secrets::{Piece, Scanner};

/// What stands in the place of a secret.
pub const HIDDEN: &str = "***";

/// A log is read as settings are: `name=value` and `name: value` count too.
const READ_AS: &str = "log.conf";

/// Lengths of the full lines of a key: PEM (RFC 7468) has 64 characters of base64, OpenSSH 70, MIME (RFC 2045) 76.
const FULL: [usize; 3] = [64, 70, 76];

/// So many full lines before an end are a key whose head is missing.
const HEADLESS: usize = 3;

/// Which lines are part of a private key: between its head and its end, below a head without an end, or above an end
/// without a head, as where a log or an excerpt was cut.
pub fn key_lines(lines: &[&str]) -> Vec<bool> {
    let mut found = vec![false; lines.len()];
    let mut at = 0;
    while at < lines.len() {
        let has_head = is_head(lines[at]);
        let fields = lines[at..].iter().skip(1).take_while(|line| has_head && is_field(line));
        let start = at + usize::from(has_head) + fields.count();
        let full = lines[start..].iter().take_while(|line| is_full(line)).count();
        let mut end = start + full;
        if full > 0 && end < lines.len() && is_rest(lines[end], lines[end - 1]) {
            end += 1;
        }
        let has_end = lines.get(end).is_some_and(|line| line.contains("-----END"));
        if full > 0 && (has_head || has_end && full >= HEADLESS) {
            found[at..end + usize::from(has_end)].fill(true);
        }
        at = end.max(at + 1);
    }
    found
}

/// The head of a private key. That of a certificate or a public key hides nothing.
fn is_head(line: &str) -> bool {
    line.split_once("-----BEGIN").is_some_and(|(_, label)| label.contains("PRIVATE KEY"))
}

/// A full line of a key, whatever stands before it.
fn is_full(line: &str) -> bool {
    let word = last_word(line);
    FULL.contains(&word.len()) && is_base64(word)
}

/// The last line of a key, which is shorter, below a full one.
fn is_rest(line: &str, above: &str) -> bool {
    let words = |line: &str| line.split_whitespace().count();
    let word = last_word(line);
    !word.is_empty() && word.len() < FULL[2] && is_base64(word) && words(line) == words(above)
}

fn is_base64(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte))
}

/// `Proc-Type: 4,ENCRYPTED` and the empty line below it.
fn is_field(line: &str) -> bool {
    line.trim().is_empty() || line.contains("Proc-Type:") || line.contains("DEK-Info:")
}

fn last_word(line: &str) -> &str {
    line.split_whitespace().next_back().unwrap_or_default()
}

/// Hides what looks like a secret.
#[derive(Debug)]
pub struct Redactor(Scanner);

impl Redactor {
    /// Builds the search.
    ///
    /// # Errors
    /// Where the search cannot be built.
    pub fn new() -> Result<Self, BuildError> {
        Scanner::new().map(Self)
    }

    /// The text without what looks like a secret. Lines stay lines, but for those inside of one.
    pub fn hide(&self, text: &str) -> String {
        let lines: Vec<&str> = text.split('\n').collect();
        let keys = key_lines(&lines);
        let shown = |(line, is_key): (&&str, bool)| {
            if is_key { HIDDEN.to_owned() } else { without_assigned(line) }
        };
        let lines: Vec<String> = lines.iter().zip(keys).map(shown).collect();
        self.without_found(&lines.join("\n"))
    }

    fn without_found(&self, text: &str) -> String {
        let piece = Piece { path: READ_AS, bytes: text.as_bytes(), first_line: 1 };
        let findings = self.0.scan(&piece);
        let mut spans: Vec<&Span> =
            findings.iter().flat_map(|one| one.hidden.iter().chain([&one.span])).collect();
        if spans.is_empty() {
            return text.to_owned();
        }
        spans.sort_unstable_by_key(|span| span.start);
        let mut ahead = spans.into_iter().peekable();
        let mut hidden_to = Point::default();
        let mut out = String::with_capacity(text.len());
        let mut at = Point { line: 1, column: 1 };
        let mut was_hidden = false;
        for c in text.chars() {
            while let Some(span) = ahead.next_if(|span| span.start <= at) {
                hidden_to = hidden_to.max(span.end);
            }
            let is_hidden = at < hidden_to;
            match (is_hidden, was_hidden) {
                (true, false) => out.push_str(HIDDEN),
                (true, true) => {}
                (false, _) => out.push(c),
            }
            was_hidden = is_hidden;
            at = if c == '\n' {
                Point { line: at.line + 1, column: 1 }
            } else {
                Point { column: at.column + 1, ..at }
            };
        }
        out
    }
}

/// A line without the values of `PGPASSWORD=...`, `password: ...` and `Authorization: ...`, wherever in it they stand: the
/// scanner reads settings, where a value is the rest of its line.
fn without_assigned(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(sign) = rest.find(['=', ':']) {
        let (before, after) = rest.split_at(sign + 1);
        out.push_str(before);
        let value = value_of(&before[..sign], &before[sign..], after);
        out.push_str(&after[..value.start]);
        if !value.is_empty() {
            out.push_str(HIDDEN);
        }
        rest = &after[value.end..];
    }
    out + rest
}

/// Where behind a sign the value stands that is to be hidden; empty if none is.
fn value_of(before: &str, sign: &str, after: &str) -> Range<usize> {
    let before = before.trim_end_matches(['"', '\'', ' ']);
    let start = before.rfind(|c: char| !c.is_ascii_alphanumeric() && !"_-.".contains(c));
    let (before, word) = before
        .split_at(start.map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8)));
    let key: String =
        word.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let ends = |words: &[&str]| words.iter().any(|word| key.ends_with(word));
    let begin = after.len() - after.trim_start_matches([' ', '"', '\'']).len();
    let value = &after[begin..];
    if ends(&["authorization"]) {
        let end = value.find(['"', '\'']).unwrap_or(value.len());
        return begin..begin + end;
    }
    // What a parser calls a token, or a test a secret, is told with a colon.
    let is_key = ends(&["password", "passwd", "passphrase", "pwd", "apikey"])
        || sign == "=" && ends(&["secret", "token", "accesskey", "secretkey", "privatekey"]);
    let ends_value = |c: char| {
        c.is_whitespace() || matches!(c, ',' | ';' | '&' | '"' | '\'' | '`' | '<' | '>' | ')')
    };
    let is_reference = value.starts_with(['$', '*', '{', '=', ':', '(', '[']);
    if !is_key || is_reference || value.starts_with('/') && names_a_path((before, word), sign) {
        return 0..0;
    }
    // A value in quotes ends with them, whatever stands in between.
    let quote = after[..begin].chars().rev().find(|c| matches!(c, '"' | '\''));
    let end = match quote.and_then(|quote| value.find(quote)) {
        Some(end) => end,
        None => value.find(ends_value).unwrap_or(value.len()),
    };
    let is_long = end >= if sign == "=" { 4 } else { 6 };
    if is_long { begin..begin + end } else { 0..0 }
}

/// Whether a word is none for a secret where a path follows, though it ends like one: the shell's `PWD` and `OLDPWD`,
/// but not that of a connection (`Server=db;PWD=...`), and the end of a path, as in `/etc/passwd:/etc/passwd`. A
/// password may look like a path (`/ab/cdef`), so the value is not asked.
fn names_a_path((before, word): (&str, &str), sign: &str) -> bool {
    let is_of_the_shell = matches!(word, "PWD" | "OLDPWD") && !before.trim_end().ends_with(';');
    is_of_the_shell || sign == ":" && before.ends_with('/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hidden(text: &str) -> String {
        Redactor::new().unwrap().hide(text)
    }

    #[test]
    fn what_looks_like_a_secret_goes_and_the_words_around_it_stay() {
        // Put together here, so that no scanner takes this file for a leak.
        let key = ["AKIA", "QYLPMN5HHHFPZAM2"].concat();
        let word = ["kX9vQ2mN", "7pL4wR8t"].concat();
        for (text, expected) in [
            (
                format!("é: cannot connect to postgres://shop:{word}@db/x now"),
                "é: cannot connect to postgres://shop:***@db/x now",
            ),
            (format!("line\nkey {key} was refused\nend"), "line\nkey *** was refused\nend"),
            (format!("admin_passwd = {word}"), "admin_passwd = ***"),
            (
                "FAILED tests/test_cart.py::test_total - assert 3 == 4".to_owned(),
                "FAILED tests/test_cart.py::test_total - assert 3 == 4",
            ),
        ] {
            let shown = hidden(&text);
            assert_eq!(shown, expected, "{text}");
        }
    }

    #[test]
    fn a_password_is_hidden_wherever_it_stands_in_a_line() {
        let word = ["Tr0ub", "4dor3"].concat();
        for (before, after) in [
            ("+ PGPASSWORD=", " psql -h db shop"),
            ("could not connect: host=db password=", " dbname=shop"),
            ("curl -H \"Authorization: Bearer ", "\" https://x"),
            ("Proxy-Authorization: Basic ", ""),
            ("{\"db_password\": \"", "\", \"port\": 5432}"),
            ("DB_PASSWORD='", "'"),
            ("+ PGPASSWORD='with a blank ", "' psql"),
            ("+ PGPASSWORD=/", " psql -h db shop"),
            ("https://x/?api_key=", "&page=2"),
        ] {
            let shown = hidden(&format!("{before}{word}{after}"));
            assert!(!shown.contains(&word) && shown.contains("***"), "{shown}");
            assert!(shown.starts_with(&before[..before.len().min(12)]), "{shown}");
            assert!(shown.ends_with(after), "{shown}");
        }
        for text in [
            "FATAL: password authentication failed for user \"shop\"",
            "SyntaxError: unexpected token: identifier",
            "PGPASSWORD=$PGPASSWORD psql",
            "assert token == 'abcdef'",
            "POSTGRES_PASSWORD_FILE=/run/secrets/password",
            "é=password=é",
        ] {
            assert_eq!(hidden(text), text);
        }
    }

    #[test]
    fn a_password_that_looks_like_a_path_is_hidden_and_a_path_is_not() {
        for (text, expected) in [
            ("PASSWORD=/ab/cdef", "PASSWORD=***"),
            ("+ PGPASSWORD=/ab/cd/ef psql -h db", "+ PGPASSWORD=*** psql -h db"),
            ("db_password: /ab/cdef", "db_password: ***"),
            ("client_secret=/ab/cd/ef&page=2", "client_secret=***&page=2"),
            ("Server=db;UID=sa;PWD=/ab/cdef;", "Server=db;UID=sa;PWD=***;"),
            ("pwd=/ab/cdef", "pwd=***"),
            ("https://x/password=/ab/cdef", "https://x/password=***"),
            ("CONFIG_PATH=/etc/app/x", "CONFIG_PATH=/etc/app/x"),
            ("PWD=/home/runner/work/app", "PWD=/home/runner/work/app"),
            ("\"OLDPWD\": \"/home/runner/work\"", "\"OLDPWD\": \"/home/runner/work\""),
            ("-v /etc/passwd:/etc/passwd:ro", "-v /etc/passwd:/etc/passwd:ro"),
            ("DB_PASSWORD_FILE=/run/secrets/db/pw", "DB_PASSWORD_FILE=/run/secrets/db/pw"),
        ] {
            assert_eq!(hidden(text), expected);
        }
    }

    #[test]
    fn a_key_is_hidden_without_its_head_or_its_end_and_other_base64_stays() {
        let mark = "-".repeat(5);
        let (head, end) = (
            format!("{mark}BEGIN RSA PRIVATE KEY{mark}"),
            format!("{mark}END RSA PRIVATE KEY{mark}"),
        );
        for (width, before) in [(64, ""), (70, "> "), (76, "web-1  | ")] {
            let full = format!("{before}{}", "kX9v".repeat(20).get(..width).unwrap());
            let rest = format!("{before}Q2mN7pL4==");
            let body = [full.as_str(), &full, &full, &rest];
            let cases = [
                [&[head.as_str()], &body[..], &[&end]].concat(),
                [&[head.as_str(), "Proc-Type: 4,ENCRYPTED", ""], &body[..]].concat(),
                [&body[..], &[&end]].concat(),
            ];
            for lines in cases {
                assert_eq!(key_lines(&lines), vec![true; lines.len()], "{lines:?}");
                let text = format!("before it\n{}\n\nafter it", lines.join("\n"));
                let shown = hidden(&text);
                assert!(!shown.contains("kX9v") && !shown.contains("Q2mN7pL4"), "{shown}");
                assert!(
                    shown.starts_with("before it\n") && shown.ends_with("\nafter it"),
                    "{shown}"
                );
            }
            let public = [full.as_str(), &full, &full];
            assert_eq!(key_lines(&public), [false; 3], "no end follows");
            assert_eq!(
                key_lines(&[full.as_str(), &full, &end]),
                [false; 3],
                "two lines are no key"
            );
        }
        assert_eq!(key_lines(&["FAILED", "done", "error", &end]), [false; 4]);
        assert_eq!(key_lines(&[&head, "expected a key here, got nothing"]), [false; 2]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn of_any_lines_a_key_with_a_head_is_found_and_words_are_none(kinds in prop::collection::vec(0..6_usize, 0..40)) {
            let mark = "-".repeat(5);
            let full = "kX9v".repeat(16);
            let (head, end) = (format!("{mark}BEGIN PRIVATE KEY{mark}"), format!("{mark}END PRIVATE KEY{mark}"));
            let known = [head.as_str(), &full, "Q2mN7pL4==", &end, "", "error: it failed (1)"];
            let lines: Vec<&str> = kinds.iter().map(|kind| known[*kind]).collect();
            let found = key_lines(&lines);
            prop_assert_eq!(found.len(), lines.len());
            for at in 0..lines.len() {
                prop_assert!(kinds[at] != 5 || !found[at], "a word of {:?}", lines);
                let is_below_head = at > 0 && kinds[at] == 1 && kinds[at - 1] == 0;
                prop_assert!(!is_below_head || found[at], "line {} of {:?}", at, lines);
            }
        }

        #[test]
        fn any_text_is_read_to_its_end(text in "([ -~é\n]|password=|://|-----BEGIN [A-Z]+ KEY-----){0,80}") {
            let shown = hidden(&text);
            prop_assert!(shown.len() <= text.len() + 3 * text.matches(['=', ':', '-']).count() + 3);
        }
    }
}
