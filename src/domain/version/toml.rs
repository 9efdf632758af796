//! TOML files with the lines of their values.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::lack::{Lack, Said, line_at};

/// A TOML file.
pub(super) struct Document<'a> {
    file: &'a str,
    text: &'a str,
    root: DeTable<'a>,
}

/// A value and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Item<'a> {
    value: &'a DeValue<'a>,
    /// Its line, from 1.
    pub(super) line: u32,
}

impl<'a> Document<'a> {
    /// Reads a file.
    pub(super) fn parse(file: &'a str, text: &'a str) -> Result<Self, Lack> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match DeTable::parse(text) {
            Ok(root) => Ok(Self { file, text, root: root.into_inner() }),
            Err(error) => {
                let line = error.span().map_or(0, |span| line_at(text, span.start));
                Err(Lack::unknown(file, "it is not valid TOML").at(line))
            }
        }
    }

    /// The value at a path of keys: `project.version`. No key of ours has a dot.
    pub(super) fn get(&'a self, path: &str) -> Option<Item<'a>> {
        let mut keys = path.split('.');
        let mut at: &Spanned<DeValue<'a>> = self.root.get(keys.next()?)?;
        for key in keys {
            at = at.get_ref().as_table()?.get(key)?;
        }
        Some(Item { value: at.get_ref(), line: line_at(self.text, at.span().start) })
    }

    /// A text at a path.
    pub(super) fn text(&'a self, path: &str) -> Option<(&'a str, u32)> {
        let item = self.get(path)?;
        Some((item.text()?, item.line))
    }

    /// Whether a path says `true`.
    pub(super) fn is_true(&self, path: &str) -> bool {
        self.get(path).is_some_and(|item| item.value.as_bool() == Some(true))
    }

    /// The version that a path says.
    pub(super) fn version(&self, path: &str) -> Result<Said, Lack> {
        let Some(item) = self.get(path) else {
            return Err(Lack::absent(self.file, format!("it has no `{path}`")));
        };
        if let Some(raw) = item.text() {
            return Said::unless_placeholder(self.file, item.line, raw);
        }
        Err(Lack::unknown(self.file, format!("`{path}` is not a text in quotes")).at(item.line))
    }
}

impl<'a> Item<'a> {
    /// The text, if it is one.
    pub(super) fn text(&self) -> Option<&'a str> {
        self.value.as_str()
    }

    /// A text, or the texts of a list.
    pub(super) fn texts(&self) -> Vec<&'a str> {
        match self.value {
            DeValue::Array(items) => {
                items.iter().filter_map(|item| item.get_ref().as_str()).collect()
            }
            value => value.as_str().into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_their_lines() {
        let text = "# c\n[a]\nb = '1'\nc.d = \"\"\"\n2\"\"\"\nlist = ['x', 1, 'y']\non = true\n";
        let document = Document::parse("f.toml", text).unwrap();
        assert_eq!(document.text("a.b"), Some(("1", 3)));
        assert_eq!(document.text("a.c.d"), Some(("2", 4)));
        assert_eq!(document.get("a.list").unwrap().texts(), ["x", "y"]);
        assert!(document.is_true("a.on") && !document.is_true("a.b"));
        assert!(document.get("a.b.c").is_none() && document.get("").is_none());
        assert_eq!(document.version("a.list").unwrap_err().why, "`a.list` is not a text in quotes");
    }

    #[test]
    fn a_broken_file_has_its_line() {
        let Err(lack) = Document::parse("f.toml", "a = 1\nb = [\n") else { panic!() };
        assert_eq!((lack.why.as_str(), lack.line > 1), ("it is not valid TOML", true));
        assert!(Document::parse("f.toml", "a = 1\na = 2\n").is_err());
        for (start, middle, end) in
            [("", "[", ""), ("", "a.", "a = 1"), ("[", "a.", "a]"), ("a = ", "{a = ", "")]
        {
            let deep = format!("{start}{}{end}", middle.repeat(1_000_000 / middle.len()));
            assert!(Document::parse("f.toml", &deep).is_err(), "{deep:.20}");
        }
    }
}
