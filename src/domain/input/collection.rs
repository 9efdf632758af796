//! Lists, maps and command lines in an input's text.
//!
//! The errors are for the user and never hold a value; line numbers count from 1 within the input.

use std::fmt;

use secrecy::SecretString;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

/// One item a line; outer blanks and empty lines do not count.
pub(super) fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// One item a line or separated by commas.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split(['\n', '\r', ','])
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// A command line in POSIX quoting; `None` for unbalanced quotes or no word at all.
pub(super) fn command(text: &str) -> Option<Vec<String>> {
    shlex::split(text).filter(|argv| argv.first().is_some_and(|program| !program.is_empty()))
}

/// A map, as `key=value` lines or as YAML.
///
/// The first line that is neither empty nor a comment decides: `key=value` lines if it has a `=` before any colon that
/// YAML would read as "key ends here" and does not start with a quote or a brace; YAML otherwise. In lines the value is
/// everything after the first `=`, as it stands; in YAML a scalar is the text as written (`0644`, `yes`, `1.10`).
pub(super) fn map(text: &str) -> Result<Vec<(String, SecretString)>, String> {
    let pairs = if is_yaml(text) { yaml(text)? } else { key_value_lines(text)? };
    without_repeats(pairs)
}

fn is_yaml(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim);
    let Some(first) = lines.find(|line| !line.is_empty() && !line.starts_with('#')) else {
        return false;
    };
    if first.starts_with(['"', '\'', '{', '?']) || first == "---" {
        return true;
    }
    let colon = first.find(": ").or_else(|| first.ends_with(':').then(|| first.len() - 1));
    match (first.find('='), colon) {
        (Some(equals), Some(colon)) => colon < equals,
        (None, Some(_)) => true,
        (_, None) => false,
    }
}

fn key_value_lines(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut pairs = Vec::new();
    for (index, line) in text.split('\n').enumerate() {
        let number = index + 1;
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let (key, value) =
            line.split_once('=').ok_or_else(|| format!("line {number} is not `key=value`"))?;
        if value.starts_with("-----BEGIN ") {
            return Err(format!(
                "line {number} starts a value of several lines, which `key=value` cannot hold"
            ));
        }
        pairs.push((checked_key(key, number)?, value.to_owned()));
    }
    Ok(pairs)
}

fn checked_key(key: &str, line: usize) -> Result<String, String> {
    let key = key.trim();
    if key.is_empty() {
        return Err(format!("line {line} has no key before `=`"));
    }
    if key.contains(char::is_whitespace) {
        return Err(format!("line {line} has a blank inside the key"));
    }
    Ok(key.to_owned())
}

fn yaml(text: &str) -> Result<Vec<(String, String)>, String> {
    let pairs = serde_saphyr::from_str::<Pairs>(text).map_err(|error| {
        // The parser's own message may quote the text, so only its position is used.
        match error.location() {
            Some(place) => format!("as YAML it cannot be read at line {}", place.line()),
            None => "as YAML it cannot be read".to_owned(),
        }
    })?;
    match pairs.0.iter().position(|(key, _)| key.trim().is_empty()) {
        Some(index) => Err(format!("entry {} of the YAML map has an empty key", index + 1)),
        None => Ok(pairs.0),
    }
}

fn without_repeats(pairs: Vec<(String, String)>) -> Result<Vec<(String, SecretString)>, String> {
    let mut kept: Vec<(String, String)> = Vec::with_capacity(pairs.len());
    for (index, (key, value)) in pairs.into_iter().enumerate() {
        match kept.iter().find(|(known, _)| *known == key) {
            None => kept.push((key, value)),
            Some((_, former)) if *former == value => {}
            Some(_) => {
                return Err(format!(
                    "entry {} has the key of an earlier entry and another value",
                    index + 1
                ));
            }
        }
    }
    Ok(kept.into_iter().map(|(key, value)| (key, value.into())).collect())
}

/// A YAML map of scalars, in the order written.
struct Pairs(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of scalars")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Pairs, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = access.next_entry::<String, String>()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    fn plain(text: &str) -> Vec<(String, String)> {
        let pairs = map(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        pairs.into_iter().map(|(key, value)| (key, value.expose_secret().to_owned())).collect()
    }

    fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn lines_are_verbatim_after_the_first_equals_sign() {
        let text = "# a comment\n\nTAG=1.10\r\nURL=http://h: 1/?a=b \n EMPTY=\nQ=\"x\"";
        assert_eq!(
            plain(text),
            owned(&[("TAG", "1.10"), ("URL", "http://h: 1/?a=b "), ("EMPTY", ""), ("Q", "\"x\"")])
        );
    }

    #[test]
    fn yaml_keeps_scalars_as_written() {
        let text =
            "MODE: 0644\nOK: yes\nV: 1.10\nT: 'a=b'\nHEX: 0x1F\nOFF: true\nNAME: plain # why";
        assert_eq!(
            plain(text),
            owned(&[
                ("MODE", "0644"),
                ("OK", "yes"),
                ("V", "1.10"),
                ("T", "a=b"),
                ("HEX", "0x1F"),
                ("OFF", "true"),
                ("NAME", "plain")
            ])
        );
    }

    #[test]
    fn a_key_of_several_lines_is_given_as_a_block_scalar_or_as_json() {
        let pem = "-----BEGIN K-----\nQUJD==\n-----END K-----\n";
        let block = "secrets/key: |\n  -----BEGIN K-----\n  QUJD==\n  -----END K-----\nother: x\n";
        assert_eq!(plain(block), owned(&[("secrets/key", pem), ("other", "x")]));
        let json = "secrets/key: \"-----BEGIN K-----\\nQUJD==\\n-----END K-----\\n\"";
        assert_eq!(plain(json), owned(&[("secrets/key", pem)]));
    }

    #[test]
    fn the_first_line_decides_the_form() {
        for yaml in ["a: b=c", "a:", "{a: b}", "\"a=b\": c", "# x=y\na: b", "---\na: b"] {
            assert!(is_yaml(yaml), "{yaml}");
        }
        for lines in ["a=b: c", "a=b", "# a: b\na=b", "", "a:b=c", "plain"] {
            assert!(!is_yaml(lines), "{lines}");
        }
    }

    #[test]
    fn faults_name_the_line_and_no_value() {
        let cases = [
            ("A=1\nhunter2", "line 2 is not"),
            ("=hunter2", "line 1 has no key"),
            ("export A=hunter2", "line 1 has a blank"),
            ("K=-----BEGIN hunter2\nQUJD==", "line 1 starts a value of several lines"),
            ("A=hunter2\nA=b", "entry 2 has the key"),
            ("a: [hunter2]", "as YAML"),
            ("a: {b: hunter2}", "as YAML"),
            ("a: hunter2\na: b", "as YAML"),
            ("a: |\n  -----BEGIN\nhunter2\n", "as YAML"),
        ];
        for (text, expected) in cases {
            let fault = map(text).map(|_| ()).unwrap_err();
            assert!(fault.starts_with(expected) && !fault.contains("hunter2"), "{text:?}: {fault}");
        }
    }

    #[test]
    fn the_same_pair_twice_is_one() {
        assert_eq!(plain("A=1\nA=1"), owned(&[("A", "1")]));
    }

    #[test]
    fn lists_and_commands() {
        assert_eq!(lines(" a \r\n\n b,c "), ["a", "b,c"]);
        assert_eq!(words("a, b\nc,,"), ["a", "b", "c"]);
        assert_eq!(command("sh -c 'a b'").unwrap(), ["sh", "-c", "a b"]);
        for wrong in ["sh -c 'a", "", "   ", "'' x"] {
            assert_eq!(command(wrong), None, "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = (lines(&text), words(&text), command(&text), map(&text).is_ok());
        }

        #[test]
        fn yaml_like_text_does_not_panic(text in "[a-c:=|>&*!\\[\\]{}\"'\\-#% \n\t]{0,60}") {
            let _ = map(&text).is_ok();
        }

        #[test]
        fn a_line_pair_comes_back(key in "[A-Z_][A-Z0-9_]{0,8}", value in "[^\r\n]{0,20}") {
            prop_assume!(!value.starts_with("-----BEGIN "));
            let text = format!("{key}={value}");
            prop_assert_eq!(plain(&text), owned(&[(key.as_str(), value.as_str())]));
        }
    }
}
