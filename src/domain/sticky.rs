//! The sticky comment: which of the comments is ours, what is to be done with it, and what fits into one.
//!
//! A comment is ours if it begins with our marker and was written by our login. Anyone can write the marker, so the
//! marker alone proves nothing.

use std::fmt::Write as _;

/// The longest body of a comment or issue, in UTF-16 code units (GitHub's limit of "characters").
pub const LONGEST_BODY: usize = 65_536;

/// Who writes with the job's own `GITHUB_TOKEN`.
const ACTIONS_LOGIN: &str = "github-actions[bot]";

/// The hidden line at the start of a comment by which it is found again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker(String);

impl Marker {
    /// `<!-- mta:KIND NAME -->`. Characters of the name that could end the marker or the line are percent-encoded, so
    /// different names give different markers; an empty name gives `<!-- mta:KIND -->`.
    pub fn new(kind: &str, name: &str) -> Self {
        let mut text = format!("<!-- mta:{kind}");
        if !name.is_empty() {
            text.push(' ');
        }
        for byte in name.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' => {
                    text.push(char::from(byte));
                }
                // A string takes every write.
                _ => drop(write!(text, "%{byte:02X}")),
            }
        }
        Self(text + " -->")
    }

    /// The marker as it stands in the comment.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The body with the marker as its first line, once.
    pub fn on(&self, body: &str) -> String {
        if body.starts_with(&self.0) { body.to_owned() } else { format!("{}\n{body}", self.0) }
    }
}

/// Whose comments are ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Author {
    /// The job's own `GITHUB_TOKEN`.
    #[default]
    Own,
    /// The login behind another token: `my-app[bot]`, or a user.
    Login(String),
}

impl Author {
    /// The login.
    pub fn login(&self) -> &str {
        match self {
            Self::Own => ACTIONS_LOGIN,
            Self::Login(login) => login,
        }
    }
}

/// A comment as GitHub tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Number of the comment; grows with time.
    pub id: u64,
    /// Login of the author; empty if the account is gone.
    pub author: String,
    /// The text, Markdown.
    pub body: String,
    /// The page of the comment.
    pub url: String,
}

/// Our comments, the oldest first.
pub fn ours<'a>(comments: &'a [Comment], marker: &Marker, author: &Author) -> Vec<&'a Comment> {
    let is_ours = |comment: &&Comment| {
        // GitHub does not tell upper from lower case in logins.
        comment.author.eq_ignore_ascii_case(author.login())
            && comment.body.starts_with(marker.as_str())
    };
    let mut ours: Vec<&Comment> = comments.iter().filter(is_ours).collect();
    ours.sort_by_key(|comment| comment.id);
    ours
}

/// Whether two bodies read the same: line ends and white space at the end do not count, since services change them.
pub fn is_same(one: &str, other: &str) -> bool {
    let plain = |text: &str| text.replace("\r\n", "\n").trim_end().to_owned();
    plain(one) == plain(other)
}

/// The length of a body as GitHub counts it, in UTF-16 code units.
pub fn length(body: &str) -> usize {
    body.encode_utf16().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comment(id: u64, author: &str, body: &str) -> Comment {
        Comment { id, author: author.into(), body: body.into(), url: format!("https://h/{id}") }
    }

    #[test]
    fn a_name_cannot_end_the_marker() {
        for (name, marker) in [
            ("", "<!-- mta:coverage -->"),
            ("backend/unit-1.x", "<!-- mta:coverage backend/unit-1.x -->"),
            ("a b", "<!-- mta:coverage a%20b -->"),
            ("a%20b", "<!-- mta:coverage a%2520b -->"),
            ("x --> <b>\n", "<!-- mta:coverage x%20--%3E%20%3Cb%3E%0A -->"),
            ("é", "<!-- mta:coverage %C3%A9 -->"),
        ] {
            assert_eq!(Marker::new("coverage", name).as_str(), marker, "{name:?}");
        }
    }

    #[test]
    fn the_marker_is_put_on_once() {
        let marker = Marker::new("coverage", "a");
        let body = marker.on("text");
        assert_eq!(body, "<!-- mta:coverage a -->\ntext");
        assert_eq!(marker.on(&body), body);
    }

    #[test]
    fn ours_are_those_with_our_marker_by_our_login() {
        let marker = Marker::new("coverage", "a");
        let mine = marker.on("mine");
        let comments = [
            comment(9, "github-actions[bot]", &mine),
            comment(1, "mallory", &mine),
            comment(2, "", &mine),
            comment(3, "github-actions[bot]", &Marker::new("coverage", "ab").on("other name")),
            comment(4, "github-actions[bot]", &format!("quoted: {mine}")),
            comment(5, "GitHub-Actions[bot]", &mine),
        ];
        let ids = |author: &Author| -> Vec<u64> {
            ours(&comments, &marker, author).iter().map(|c| c.id).collect()
        };
        assert_eq!(ids(&Author::Own), [5, 9], "the oldest first");
        assert_eq!(ids(&Author::Login("mallory".into())), [1]);
        assert_eq!(ids(&Author::Login("nobody".into())), [] as [u64; 0]);
    }

    #[test]
    fn line_ends_do_not_make_a_difference_but_words_do() {
        assert!(is_same("a\r\nb\n", "a\nb"));
        assert!(!is_same("a\nb", "a\nc"));
        assert!(!is_same("a\n\nb", "a\nb"));
    }

    #[test]
    fn length_is_counted_in_utf16() {
        for (text, units) in [("", 0), ("abc", 3), ("é", 1), ("😀", 2)] {
            assert_eq!(length(text), units, "{text}");
        }
    }
}
