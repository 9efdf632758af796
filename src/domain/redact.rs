//! What looks like a secret is hidden in text that leaves the machine. The scanner of `validate-config` finds it; secrets
//! that are known are hidden before, by the runner's masks.

use aho_corasick::BuildError;

use crate::domain::finding::{Point, Span};
use crate::domain::secrets::{Piece, Scanner};

/// What stands in the place of a secret.
const HIDDEN: &str = "***";

/// A log is read as settings are: `name=value` and `name: value` count too.
const READ_AS: &str = "log.conf";

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
        let piece = Piece { path: READ_AS, bytes: text.as_bytes(), first_line: 1 };
        let findings = self.0.scan(&piece);
        let spans: Vec<&Span> =
            findings.iter().flat_map(|one| one.hidden.iter().chain([&one.span])).collect();
        if spans.is_empty() {
            return text.to_owned();
        }
        let mut out = String::with_capacity(text.len());
        let mut at = Point { line: 1, column: 1 };
        let mut was_hidden = false;
        for c in text.chars() {
            let is_hidden = spans.iter().any(|span| span.start <= at && at < span.end);
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

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_is_read_to_its_end(text in "([ -~é\n]|password=|://|-----BEGIN [A-Z]+ KEY-----){0,80}") {
            let shown = hidden(&text);
            prop_assert!(shown.len() <= text.len() + 3 * text.matches(['=', ':', '-']).count() + 3);
        }
    }
}
