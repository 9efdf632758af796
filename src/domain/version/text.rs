//! Files that hold a version and nothing else: `VERSION`, `version.txt`, `APP_VERSION`.

use super::lack::{Lack, Said, line_at};

/// The first line that is neither empty nor a comment (`#`). A byte order mark and blanks around it do not count.
pub(super) fn version(file: &str, text: &str) -> Result<Said, Lack> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.split(['\n', '\r']).map(str::trim);
    match lines.find(|line| !line.is_empty() && !line.starts_with('#')) {
        Some(line) => {
            let at = line.as_ptr().addr().saturating_sub(text.as_ptr().addr());
            Said::new(file, line_at(text, at), line)
        }
        None => Err(Lack::absent(file, "it is empty")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_says_something() {
        for (text, raw, line) in [
            ("1.4.0", "1.4.0", 1),
            ("\u{feff}v1.4.0\r\n", "v1.4.0", 1),
            ("# the version\n\n  1.4.0  \n# 1.5.0\n", "1.4.0", 3),
            ("1.4.0\n1.3.0\n", "1.4.0", 1),
            ("# c\r\n\r\n1.4.0\r\n", "1.4.0", 3),
            ("# c\r1.4.0\r", "1.4.0", 2),
        ] {
            let said = version("VERSION", text).unwrap();
            assert_eq!((said.version.raw(), said.line), (raw, line), "{text:?}");
        }
        for (text, why) in [
            ("", "it is empty"),
            ("\n# only this\n", "it is empty"),
            ("VERSION=1.4.0", "\"VERSION=1.4.0\" is no version: it does not begin with a digit"),
            (
                "1.4.0 # now",
                "\"1.4.0 # now\" is no version: it has a character that no version has",
            ),
        ] {
            assert_eq!(version("VERSION", text).unwrap_err().why, why, "{text:?}");
        }
    }
}
