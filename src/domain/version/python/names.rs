//! Names that are written in other letters. To Python `ｖersion` is `version`: it takes a name by its compatible form
//! (Unicode's NFKC).

/// The characters whose compatible form has letters, digits or `_` of ASCII, and some between them. From
/// `unicodedata.normalize("NFKC", ...)` of Python 3.11 over all characters that can stand in a name.
const COMPATIBLE: [(char, char); 27] = [
    ('\u{aa}', '\u{aa}'),
    ('\u{ba}', '\u{ba}'),
    ('\u{132}', '\u{133}'),
    ('\u{13f}', '\u{140}'),
    ('\u{149}', '\u{149}'),
    ('\u{17f}', '\u{17f}'),
    ('\u{1c4}', '\u{1cc}'),
    ('\u{1f1}', '\u{1f3}'),
    ('\u{2b0}', '\u{2b8}'),
    ('\u{2e0}', '\u{2e4}'),
    ('\u{1d2c}', '\u{1dbf}'),
    ('\u{1e9a}', '\u{1e9a}'),
    ('\u{2071}', '\u{2071}'),
    ('\u{207f}', '\u{207f}'),
    ('\u{2090}', '\u{209c}'),
    ('\u{2100}', '\u{214f}'),
    ('\u{2160}', '\u{217f}'),
    ('\u{2c7c}', '\u{2c7d}'),
    ('\u{a7f2}', '\u{a7f4}'),
    ('\u{fb00}', '\u{fb06}'),
    ('\u{fe33}', '\u{fe34}'),
    ('\u{fe4d}', '\u{fe4f}'),
    ('\u{ff10}', '\u{ff5a}'),
    ('\u{107a5}', '\u{107a5}'),
    ('\u{1d400}', '\u{1d7ff}'),
    ('\u{1fbf0}', '\u{1fbf9}'),
    ('\u{1ccd6}', '\u{1ccf9}'),
];

/// Whether Python may take one name for another that is written differently. It is asked of the ends of the name, and
/// so says yes to some that are not: `aｖz` for `abcz`.
pub(super) fn may_be(written: &str, name: &str) -> bool {
    if written.is_ascii() || written == name {
        return false;
    }
    let is_compatible = |c: char| COMPATIBLE.iter().any(|(from, to)| (*from..=*to).contains(&c));
    let mut parts = written.split(is_compatible);
    let (Some(start), Some(end)) = (parts.next(), parts.next_back()) else { return false };
    name.strip_prefix(start).is_some_and(|rest| rest.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_other_letters() {
        for written in
            ["ｖersion", "𝐯ersion", "verſion", "versioⁿ", "ｖｅｒｓｉｏｎ", "verˢion", "verˢⁱon"]
        {
            assert!(may_be(written, "version"), "{written}");
        }
        assert!(may_be("＿_version__", "__version__") && may_be("_︳version__", "__version__"));
        for other in ["version", "versión", "größe", "ｖersions", "aｖersion", "版本", "ｘ_"]
        {
            assert!(!may_be(other, "version"), "{other}");
        }
        assert!(!may_be("größe", "größe"));
    }
}
