//! What an expression is of which a version can be told: a name, or a tuple of numbers put together.

use super::words::{Inside, Placed, Reader, Word};

/// An expression that is no literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expression<'a> {
    /// A name.
    Name(&'a str),
    /// A name whose elements are joined by dots: `'.'.join(map(str, NAME))`, `'.'.join(str(x) for x in NAME)`, also
    /// with a list in the call.
    Joined(&'a str),
    /// One call with a name and nothing else, of a function whose name says that it writes a version:
    /// `get_version(NAME)`.
    Called(&'a str),
    /// Anything else. What it is, Python alone can tell.
    Other,
}

/// Of how many bytes an expression is read, its comment included. Those that are understood are short.
const LONGEST: usize = 2000;

/// Words of the names of functions that write a whole version. A `short_version`, a `major_version` leaves something
/// out.
const WHOLE: [&str; 14] = [
    "get", "str", "string", "text", "to", "from", "tuple", "as", "format", "make", "build", "full",
    "render", "the",
];

/// Reads what stands behind a `=`.
pub(super) fn expression(value: &str) -> Expression<'_> {
    if value.len() > LONGEST {
        return Expression::Other;
    }
    let mut reader = Reader::new(value, Inside::All);
    if reader.part().is_err() {
        return Expression::Other;
    }
    let words: Vec<Word<'_>> =
        in_parentheses(&reader.words).iter().map(|placed| placed.word).collect();
    match words.as_slice() {
        [Word::Name(name)] => Expression::Name(name),
        [
            Word::Text("'.'" | "\".\""),
            Word::Sign('.'),
            Word::Name("join"),
            Word::Sign('('),
            elements @ ..,
            Word::Sign(')'),
        ] => elements_of(elements).map_or(Expression::Other, Expression::Joined),
        [function @ .., Word::Sign('('), Word::Name(name), Word::Sign(')')]
            if writes_version(function) =>
        {
            Expression::Called(name)
        }
        _ => Expression::Other,
    }
}

/// What stands in the parentheses around a whole expression.
fn in_parentheses<'a, 'b>(words: &'b [Placed<'a>]) -> &'b [Placed<'a>] {
    let mut words = words;
    while let [first, inner @ .., last] = words
        && (first.word, last.word) == (Word::Sign('('), Word::Sign(')'))
        && inner.iter().all(|placed| placed.depth > first.depth)
    {
        words = inner;
    }
    words
}

/// The name whose elements are written one by one, as they are.
fn elements_of<'a>(words: &[Word<'a>]) -> Option<&'a str> {
    match words {
        [Word::Sign('['), inner @ .., Word::Sign(']')] => each_written(inner),
        [
            Word::Name("map"),
            Word::Sign('('),
            Word::Name("str"),
            Word::Sign(','),
            Word::Name(name),
            Word::Sign(')'),
        ] => Some(name),
        _ => each_written(words),
    }
}

/// `str(x) for x in NAME`.
fn each_written<'a>(words: &[Word<'a>]) -> Option<&'a str> {
    match words {
        [
            Word::Name("str"),
            Word::Sign('('),
            Word::Name(one),
            Word::Sign(')'),
            Word::Name("for"),
            Word::Name(each),
            Word::Name("in"),
            Word::Name(name),
        ] => (one == each && *one != "str").then_some(name),
        _ => None,
    }
}

/// Whether a function, as it is called, has a name such as `get_version` or `module.version_to_str`.
fn writes_version(function: &[Word<'_>]) -> bool {
    let mut is_dotted = function.len() % 2 == 1;
    for (index, word) in function.iter().enumerate() {
        is_dotted &= match word {
            Word::Name(_) => index % 2 == 0,
            word => index % 2 == 1 && *word == Word::Sign('.'),
        };
    }
    let Some(Word::Name(name)) = function.last() else { return false };
    let mut words = name.split('_').filter(|word| !word.is_empty());
    is_dotted
        && name.split('_').any(|word| word == "version")
        && words.all(|word| word == "version" || WHOLE.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_understood() {
        for (text, expected) in [
            (" VERSION  # now", Expression::Name("VERSION")),
            ("((\n  VERSION  # now\n))", Expression::Name("VERSION")),
            ("'.'.join(map(str, V))", Expression::Joined("V")),
            ("\".\".join(str(x) for x in V)", Expression::Joined("V")),
            ("('.'.join([str(i) for i in V]))", Expression::Joined("V")),
            ("get_version(V)", Expression::Called("V")),
            ("a.b.version_to_str(V)", Expression::Called("V")),
        ] {
            assert_eq!(expression(text), expected, "{text}");
        }
    }

    #[test]
    fn what_only_python_can_tell() {
        for text in [
            "",
            "-VERSION",
            "not VERSION",
            "(VERSION)[0]",
            "(VERSION) + (VERSION)",
            "(VERSION,)",
            "VERSION.x",
            "VERSION[:2]",
            "'.'.join(map(str, VERSION[:2]))",
            "'.'.join(map(str, VERSION)) + '.dev1'",
            "'.'.join(map(hex, VERSION))",
            "'.'.join(VERSION)",
            "'-'.join(map(str, VERSION))",
            "'1' '.'.join(map(str, VERSION))",
            "'.'.join(str(x) for x in VERSION if x)",
            "'.'.join(str(x) for y in VERSION)",
            "'.'.join(str(x) for x in VERSION[:2])",
            "'.'.join(map(str, get(VERSION)))",
            "get_version(VERSION) + '.dev1'",
            "get_version(VERSION)[:3]",
            "get_version(*VERSION)",
            "get_version(VERSION, 2)",
            "get_version(v=VERSION)",
            "get_version()(VERSION)",
            "await get_version(VERSION)",
            "x + get_version(VERSION)",
            "short_version(VERSION)",
            "get_major_version(VERSION)",
            "len(VERSION)",
            "str(VERSION)",
            "reversed(VERSION)",
            "subversion(VERSION)",
            "read() if VERSION else x",
            "get_version(VERSION",
        ] {
            assert_eq!(expression(text), Expression::Other, "{text}");
        }
        let long = format!("VERSION #{}", " ".repeat(LONGEST));
        assert_eq!(expression(&long), Expression::Other);
    }
}
