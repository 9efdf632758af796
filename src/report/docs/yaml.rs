//! YAML that reads back as what was meant, whatever the text holds.

/// A YAML document that grows line by line.
#[derive(Default)]
pub(super) struct Yaml(String);

impl Yaml {
    /// A line as it stands.
    pub(super) fn line(&mut self, depth: usize, text: &str) {
        if !text.is_empty() {
            self.0.push_str(&"  ".repeat(depth));
        }
        self.0.push_str(text);
        self.0.push('\n');
    }

    /// A key with a text: in double quotes, or as a block if the text has several plain lines.
    pub(super) fn pair(&mut self, depth: usize, key: &str, text: &str) {
        if !fits_block(text) {
            self.line(depth, &format!("{key}: {}", quoted(text)));
            return;
        }
        let chomp = if text.ends_with('\n') { "|" } else { "|-" };
        self.line(depth, &format!("{key}: {chomp}"));
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            self.line(depth + 1, line);
        }
    }

    /// The document.
    pub(super) fn text(self) -> String {
        self.0
    }
}

/// A text in double quotes: JSON's escapes are YAML's.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Whether a block keeps the text: several lines, the first one not indented, no control characters, at most one
/// newline at the end.
fn fits_block(text: &str) -> bool {
    let body = text.strip_suffix('\n').unwrap_or(text);
    body.contains('\n')
        && !body.ends_with('\n')
        && !body.starts_with([' ', '\n'])
        && !body
            .chars()
            .any(|c| c != '\n' && (c.is_control() || "\u{2028}\u{2029}\u{feff}".contains(c)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn read_back(text: &str) -> String {
        let mut yaml = Yaml::default();
        yaml.pair(0, "key", text);
        let text = yaml.text();
        let map: BTreeMap<String, String> =
            serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        map["key"].clone()
    }

    #[test]
    fn awkward_texts_read_back() {
        for text in [
            "a: b # c",
            "say \"hi\"",
            "one\n  two\n\nthree",
            " one\ntwo",
            "yes",
            "",
            "a\nb\n",
            "\\n",
            "a\tb",
        ] {
            assert_eq!(read_back(text), text);
        }
    }

    #[test]
    fn several_lines_are_a_block() {
        let mut yaml = Yaml::default();
        yaml.pair(1, "run", "a\n\nb\n");
        assert_eq!(yaml.text(), "  run: |\n    a\n\n    b\n");
    }

    proptest! {
        #[test]
        fn any_printable_text_reads_back(text in "[ -~\n]{0,60}") {
            prop_assert_eq!(read_back(&text), text);
        }
    }
}
