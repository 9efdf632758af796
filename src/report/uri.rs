//! Paths and addresses where only ASCII may stand: links in Markdown and SARIF.

use std::fmt::Write as _;

/// The longest link that is made: a longer one would eat the room of the comment.
const LONGEST: usize = 600;

/// A path as a relative URI: every byte but the unreserved ones and `/` is percent-encoded, so that a first part with a
/// colon is no scheme and a query or fragment cannot begin.
pub fn path(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path.trim_start_matches('/').bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// An address that may stand in a Markdown link, or nothing if it is none: it has to be one of HTTP, and what could end
/// the link is percent-encoded.
pub fn address(text: &str) -> Option<String> {
    if !text.starts_with("https://") && !text.starts_with("http://") {
        return None;
    }
    let mut address = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/:?#&=+%,;".contains(&byte) {
            address.push(char::from(byte));
        } else {
            let _ = write!(address, "%{byte:02X}");
        }
    }
    (address.len() <= LONGEST).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_relative_uri() {
        for (given, uri) in [
            ("src/a-b_c.py", "src/a-b_c.py"),
            ("/app/x.py", "app/x.py"),
            ("c:/x y?#%.py", "c%3A/x%20y%3F%23%25.py"),
            ("ä\n", "%C3%A4%0A"),
        ] {
            assert_eq!(path(given), uri);
        }
    }

    #[test]
    fn an_address_cannot_leave_its_link() {
        assert_eq!(address("https://x/a?b=1#L3").unwrap(), "https://x/a?b=1#L3");
        assert_eq!(address("https://x/) <b>|").unwrap(), "https://x/%29%20%3Cb%3E%7C");
        assert_eq!(address("javascript:alert(1)"), None);
        assert_eq!(address(&format!("https://x/{}", "a".repeat(LONGEST))), None);
    }
}
