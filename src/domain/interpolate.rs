//! Variables in compose files: `$V`, `${V}`, `${V:-default}`, `${V-default}`, `${V:?error}`, `${V?error}`,
//! `${V:+other}`, `${V+other}`, nested, and `$$` for a dollar sign. Pure text; what is set is asked of a function. A
//! variable of which nothing is known leaves a [`HOLE`]. Bounded: a few lines that double each other are refused.

/// How a variable is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// `$V`, `${V}`: without a value the stack gets an empty text and a warning.
    Plain,
    /// `${V:-x}`, `${V-x}`, `${V:+x}`, `${V+x}`: it may be unset.
    Optional,
    /// `${V:?x}`: it must be set and not empty.
    Filled,
    /// `${V?x}`: it must be set.
    Set,
}

/// A variable that a text asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// Its name.
    pub name: String,
    /// How it is asked for.
    pub need: Need,
    /// Where it begins in the text, in characters from 0.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
    /// The author's own words for "missing", of `:?` and `?`, as they stand in the text.
    pub message: String,
}

/// What a variable is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Worth {
    /// Nobody sets it.
    Unset,
    /// It is set to this, which may be empty.
    Text(String),
    /// Somebody sets it to something that is not known here.
    Open,
}

/// Stands in a text for what is not known: a character that Unicode gives to nobody.
pub const HOLE: char = '\u{fdd0}';

/// The longest text that may come of one, in bytes.
const LONGEST: usize = 1 << 20;

/// Most variables that may be asked for by one text.
const USES: usize = 10_000;

/// A text with its variables put in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// The text, with a [`HOLE`] for each value that is not known.
    pub text: String,
    /// The variables that decided it, in order; those of a default that was not taken are left out.
    pub uses: Vec<Use>,
}

/// Why variables cannot be put in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The text is no template: where the wrong `$` stands, in characters from 0.
    Invalid(usize),
    /// It becomes longer than `LONGEST`, or asks for more than `USES` variables.
    TooLarge,
}

/// Deepest nesting of `${A:-${B:-...}}`.
const DEPTH: usize = 50;

/// Puts the variables in. A variable that is missing becomes an empty text, also one that must be set: who asks sees
/// it in `uses`. Where nothing is known of a variable, its default counts, if it has one.
///
/// # Errors
/// Where the text is no template, or would become too large.
pub fn fill(text: &str, value: &dyn Fn(&str) -> Worth) -> Result<Filled, Refused> {
    let chars: Vec<char> = text.chars().collect();
    let mut filled = Filled::default();
    let mut reader = Reader { chars: &chars, value, uses: Vec::new(), asked: 0 };
    filled.text = reader.text(0..chars.len(), 0)?;
    filled.uses = reader.uses;
    Ok(filled)
}

struct Reader<'a> {
    chars: &'a [char],
    value: &'a dyn Fn(&str) -> Worth,
    uses: Vec<Use>,
    /// How many variables were asked for, those of defaults that were not taken included.
    asked: usize,
}

impl Reader<'_> {
    fn at(&self, index: usize) -> Option<char> {
        self.chars.get(index).copied()
    }

    fn slice(&self, range: std::ops::Range<usize>) -> String {
        self.chars.get(range).unwrap_or_default().iter().collect()
    }

    /// What a variable is worth.
    fn value(&mut self, name: &str) -> Result<Worth, Refused> {
        self.asked += 1;
        if self.asked > USES { Err(Refused::TooLarge) } else { Ok((self.value)(name)) }
    }

    fn text(&mut self, range: std::ops::Range<usize>, depth: usize) -> Result<String, Refused> {
        let mut out = String::new();
        let mut index = range.start;
        while index < range.end {
            let c = self.at(index).unwrap_or_default();
            if out.len() > LONGEST {
                return Err(Refused::TooLarge);
            }
            if c != '$' {
                out.push(c);
                index += 1;
                continue;
            }
            match self.at(index + 1).filter(|_| index + 1 < range.end) {
                Some('$') => {
                    out.push('$');
                    index += 2;
                }
                Some('{') => {
                    let (text, next) = self.braced(index, range.end, depth)?;
                    out.push_str(&text);
                    index = next;
                }
                Some(c) if is_first(c) => {
                    let end = self.name_end(index + 1, range.end);
                    let name = self.slice(index + 1..end);
                    out.push_str(&plain(self.value(&name)?));
                    self.used(name, Need::Plain, index..end);
                    index = end;
                }
                // As Compose takes it: a dollar sign that begins no name stands for itself.
                _ => {
                    out.push('$');
                    index += 1;
                }
            }
        }
        if out.len() > LONGEST { Err(Refused::TooLarge) } else { Ok(out) }
    }

    /// What begins with `${` at `start`: its value, and the index behind it.
    fn braced(
        &mut self,
        start: usize,
        end: usize,
        depth: usize,
    ) -> Result<(String, usize), Refused> {
        let invalid = Refused::Invalid(start);
        let close = self.closing(start, end).ok_or(invalid.clone())?;
        let name_end = self.name_end(start + 2, close);
        let name = self.slice(start + 2..name_end);
        if !name.starts_with(is_first) || depth > DEPTH {
            return Err(invalid);
        }
        let set = self.value(&name)?;
        let colon = self.at(name_end) == Some(':');
        let operator = self.at(name_end + usize::from(colon));
        let rest = name_end + usize::from(colon) + 1..close;
        let is_there = matches!(&set, Worth::Text(value) if !colon || !value.is_empty());
        let span = start..close + 1;
        let text = match operator {
            Some('}') if !colon && name_end == close => {
                self.used(name, Need::Plain, span);
                plain(set)
            }
            Some('-') => {
                self.used(name, Need::Optional, span);
                // Compose reads the default also where it does not take it: a wrong one is always an error.
                let before = self.uses.len();
                let other = self.text(rest, depth + 1)?;
                if is_there {
                    self.uses.truncate(before);
                }
                if is_there { plain(set) } else { other }
            }
            Some('+') => {
                self.used(name, Need::Optional, span);
                let before = self.uses.len();
                let other = self.text(rest, depth + 1)?;
                if !is_there {
                    self.uses.truncate(before);
                }
                match set {
                    Worth::Open => HOLE.to_string(),
                    _ if is_there => other,
                    _ => String::new(),
                }
            }
            Some('?') => {
                let need = if colon { Need::Filled } else { Need::Set };
                let before = self.uses.len();
                self.text(rest.clone(), depth + 1)?;
                self.uses.truncate(before);
                let message = self.slice(rest);
                self.uses.push(Use { name, need, from: span.start, to: span.end, message });
                plain(set)
            }
            _ => return Err(invalid),
        };
        Ok((text, close + 1))
    }

    fn used(&mut self, name: String, need: Need, span: std::ops::Range<usize>) {
        self.uses.push(Use { name, need, from: span.start, to: span.end, message: String::new() });
    }

    fn name_end(&self, from: usize, end: usize) -> usize {
        (from..end)
            .find(|index| !self.at(*index).is_some_and(|c| c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(end)
    }

    /// The brace that closes the one behind the `$` at `start`.
    fn closing(&self, start: usize, end: usize) -> Option<usize> {
        let mut open = 0_usize;
        let mut index = start;
        while index < end {
            match self.at(index)? {
                '}' => {
                    open = open.checked_sub(1)?;
                    if open == 0 {
                        return Some(index);
                    }
                }
                '$' if self.at(index + 1) == Some('{') => {
                    open += 1;
                    index += 1;
                }
                _ => {}
            }
            index += 1;
        }
        None
    }
}

/// What stands for a variable without an operator.
fn plain(worth: Worth) -> String {
    match worth {
        Worth::Text(text) => text,
        Worth::Unset => String::new(),
        Worth::Open => HOLE.to_string(),
    }
}

fn is_first(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

/// Where a password hash with single dollar signs begins and ends, in characters: `$apr1$...`, `$2y$...`, `$6$...`.
pub fn hash(text: &str) -> Option<(usize, usize)> {
    let chars: Vec<char> = text.chars().collect();
    let kinds = ["apr1", "1", "2a", "2b", "2y", "5", "6", "y", "argon2i", "argon2id", "scrypt"];
    let is_hash = |at: usize| {
        let rest: String = chars.iter().skip(at + 1).take(10).collect();
        let alone = at == 0 || chars.get(at - 1) != Some(&'$');
        alone
            && rest.split_once('$').is_some_and(|(kind, rest)| {
                kinds.contains(&kind)
                    && rest.starts_with(|c: char| c.is_ascii_alphanumeric() || "./".contains(c))
            })
    };
    let dollars = chars.iter().enumerate().filter(|(_, c)| **c == '$').map(|(at, _)| at);
    let from = dollars.into_iter().find(|at| is_hash(*at))?;
    let is_end = |c: &char| c.is_whitespace() || ",'\"".contains(*c);
    let length = chars.iter().skip(from).position(is_end).unwrap_or(chars.len() - from);
    Some((from, from + length))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(name: &str) -> Worth {
        match name {
            "A" => Worth::Text("a".to_owned()),
            "EMPTY" => Worth::Text(String::new()),
            "LONG" => Worth::Text("x".repeat(LONGEST / 2)),
            "OPEN" => Worth::Open,
            _ => Worth::Unset,
        }
    }

    fn filled(text: &str) -> Option<String> {
        fill(text, &value).ok().map(|filled| filled.text)
    }

    #[test]
    fn every_form_has_its_value() {
        for (text, expected) in [
            ("plain", "plain"),
            ("$A ${A}", "a a"),
            ("${A}b", "ab"),
            ("$Ab", ""),
            ("$$A $${A}", "$A ${A}"),
            ("${NO:-d} ${NO-d} ${EMPTY:-d} ${EMPTY-d}", "d d d "),
            ("${A:+r} ${NO:+r} ${EMPTY:+r} ${EMPTY+r}", "r   r"),
            ("${NO:-${A}} ${NO:-${NO:-x}}", "a x"),
            ("${NO:-a}b}", "ab}"),
            ("${NO:-}", ""),
            ("${NO:?why}${NO?why}", ""),
            ("${A:?why}", "a"),
            ("${NO:-a:-b?c}", "a:-b?c"),
            ("a$1 $", "a$1 $"),
            ("${A-$}", "a"),
        ] {
            assert_eq!(filled(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_known_leaves_a_hole_and_a_default_counts() {
        for (text, expected) in [
            ("$OPEN:80", "?:80"),
            ("${OPEN}/${A}", "?/a"),
            ("${OPEN:-d} ${OPEN-d}", "d d"),
            ("${OPEN:?x}${OPEN?x}", "??"),
            ("${OPEN:+x}", "?"),
            ("${NO:-${OPEN}}", "?"),
        ] {
            let filled = filled(text).map(|text| text.replace(HOLE, "?"));
            assert_eq!(filled.as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_becomes_too_large_is_refused() {
        for (text, is_refused) in [
            ("$LONG$LONG", false),
            ("$LONG$LONG$A", true),
            ("${NO:-$LONG$LONG$LONG}", true),
            (&"$A".repeat(USES), false),
            (&"$A".repeat(USES + 1), true),
        ] {
            assert_eq!(fill(text, &value) == Err(Refused::TooLarge), is_refused, "{}", text.len());
        }
    }

    #[test]
    fn what_is_no_template_is_named_by_its_dollar() {
        for (text, at) in [("${}", 0), ("${A", 0), ("x${1}", 1), ("${A!b}", 0), ("$A ${", 3)] {
            assert_eq!(fill(text, &value), Err(Refused::Invalid(at)), "{text}");
        }
    }

    #[test]
    fn uses_say_how_and_where() {
        let uses = |text| -> Vec<_> {
            let uses = fill(text, &value).unwrap().uses;
            uses.into_iter()
                .map(|one| (one.name, one.need, one.from, one.to, one.message))
                .collect()
        };
        let one = |name: &str, need, from, to, message: &str| {
            (name.to_owned(), need, from, to, message.to_owned())
        };
        assert_eq!(uses("é$B"), [one("B", Need::Plain, 1, 3, "")]);
        assert_eq!(uses("${B:?set $A}"), [one("B", Need::Filled, 0, 12, "set $A")]);
        assert_eq!(uses("${A:-$B}"), [one("A", Need::Optional, 0, 8, "")]);
        assert_eq!(
            uses("${C:-$B}"),
            [one("C", Need::Optional, 0, 8, ""), one("B", Need::Plain, 5, 7, "")]
        );
    }

    #[test]
    fn hashes_are_known_by_their_kind() {
        for (text, expected) in [
            ("admin:$apr1$abc/def$x,b", Some((6, 21))),
            ("$2y$05$abc", Some((0, 10))),
            ("admin:$$apr1$$abc", None),
            ("${A}$B$C", None),
            ("$1 $6", None),
            ("$USER$x", None),
        ] {
            assert_eq!(hash(text), expected, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn nothing_panics_and_plain_text_stays(text in "[${}A-Ca1:?+\\-é ]{0,40}") {
            if let Ok(filled) = fill(&text, &value) && !text.contains('$') {
                prop_assert_eq!(filled.text, text);
            }
        }

        #[test]
        fn doubled_dollars_are_kept(text in "[${}A:é ]{0,20}") {
            let doubled = text.replace('$', "$$");
            prop_assert_eq!(filled(&doubled), Some(text));
        }
    }
}
