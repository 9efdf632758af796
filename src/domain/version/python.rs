//! The version that a Python module assigns to a name, without running it.
//!
//! Only what is true whatever runs is taken: a literal that a statement at module level assigns. What is imported,
//! calculated, or assigned in a block (`try`, `if`) depends on what runs, and is refused with its line. Only what other
//! modules do to this one, and what `globals()` does in a function, is not seen.

mod expression;
mod names;
mod statements;
mod words;

use expression::{Expression, expression};
use names::may_be;
use statements::{Statement, is_block, statements};
use words::{Placed, Word};

use super::lack::{Lack, Said, line_at};
use crate::domain::odoo::literal::{self, Node, Value};

/// The names that say a version, where none is asked for: the first that has a value decides, and later ones that say a
/// version must say the same.
const NAMES: [&str; 3] = ["__version__", "VERSION", "version"];

/// How often a name may stand for another: `__version__ = VERSION`.
const HOPS: u32 = 4;

/// Functions that give values to names which are not written out.
const WRITERS: [&str; 4] = ["exec", "globals", "locals", "vars"];

/// Encodings in which ASCII is ASCII, by the beginning of their names. In others (`utf-7`, `unicode_escape`) a file has
/// lines that are not seen here.
const ENCODINGS: [&str; 9] =
    ["utf-8", "utf8", "latin-1", "latin1", "iso-8859-", "iso-latin-", "ascii", "us-ascii", "cp125"];

/// What to do about a version that only Python knows.
const HELP: &str = "write it as a text in quotes, or name another place with `version-from`, such as a VERSION file";

/// How a name gets its value.
#[derive(Debug)]
enum Binding<'a> {
    /// By what stands behind the last `=`.
    Assigned(&'a str),
    /// In another way, in words behind "is": "imported".
    Otherwise(&'static str),
}

/// The version of a module: that of `name`, or that of the usual names.
pub(super) fn version(file: &str, text: &str, name: Option<&str>) -> Result<Said, Lack> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if let Some((encoding, line)) = foreign_encoding(text) {
        let why = format!("it is written in `{encoding}`, which is not read here");
        return Err(Lack::unknown(file, why).at(line).help(HELP));
    }
    let statements = statements(text).map_err(|broken| {
        Lack::unknown(file, format!("it is no Python: {}", broken.why)).at(line_at(text, broken.at))
    })?;
    let module = Module { file, text, statements };
    match name {
        // Python takes some of those that are written differently for the same.
        Some(name) if !name.is_ascii() => {
            Err(Lack::unknown(file, format!("`{name}` has letters that are not ASCII")).help(HELP))
        }
        Some(name) => module
            .value(name, module.statements.len(), HOPS)?
            .ok_or_else(|| module.nothing(&[name])),
        None => module.usual(),
    }
}

/// The encoding that one of the first two lines declares (PEP 263), and the line, unless it has ASCII in it.
fn foreign_encoding(text: &str) -> Option<(&str, u32)> {
    (1..).zip(text.lines().take(2)).find_map(|(number, line)| {
        let comment = line.trim_start_matches([' ', '\t', '\u{c}']).strip_prefix('#')?;
        let mut behind = comment.match_indices("coding").filter_map(|(at, word)| {
            let rest = comment.get(at + word.len()..)?.strip_prefix([':', '='])?;
            let rest = rest.trim_start_matches([' ', '\t']);
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
            rest.get(..end.unwrap_or(rest.len())).filter(|name| !name.is_empty())
        });
        let name = behind.next()?;
        let plain = name.to_ascii_lowercase().replace('_', "-");
        let is_known = ENCODINGS.iter().any(|known| plain.starts_with(known));
        (!is_known).then_some((name, number))
    })
}

struct Module<'a> {
    file: &'a str,
    text: &'a str,
    statements: Vec<Statement<'a>>,
}

impl<'a> Module<'a> {
    /// The version of the usual names, which must agree.
    fn usual(&self) -> Result<Said, Lack> {
        let mut found: Option<(&str, Said)> = None;
        for name in NAMES {
            let said = match self.value(name, self.statements.len(), HOPS) {
                Ok(Some(said)) => said,
                Ok(None) => continue,
                // Only the first name decides: `version` may well be a function that somebody imported.
                Err(_) if found.is_some() => continue,
                Err(lack) => return Err(lack),
            };
            match &found {
                Some((other, first)) if first.version.as_str() != said.version.as_str() => {
                    let why = format!(
                        "`{name}` says {} and `{other}` in line {} says {}",
                        said.version, first.line, first.version
                    );
                    let help = format!(
                        "make them the same, or name one: `version-from: {}:{other}`",
                        self.file
                    );
                    return Err(Lack::unknown(self.file, why).at(said.line).help(help));
                }
                Some(_) => {}
                None => found = Some((name, said)),
            }
        }
        found.map(|(_, said)| said).ok_or_else(|| self.nothing(&NAMES))
    }

    fn nothing(&self, names: &[&str]) -> Lack {
        Lack::absent(self.file, format!("it assigns nothing to `{}`", names.join("`, `")))
    }

    /// The version that a name has before a statement; `None` if nothing gives it a value.
    fn value(&self, name: &str, before: usize, hops: u32) -> Result<Option<Said>, Lack> {
        let Some((binding, at)) = self.last(name, before)? else { return Ok(None) };
        let line = self.line(at);
        let value = match binding {
            Binding::Otherwise(how) => return Err(self.computed(name, line, how)),
            Binding::Assigned(value) => value,
        };
        if let Some(node) = literal_of(value) {
            return self.literal(name, &node, line).map(Some);
        }
        match expression(value) {
            Expression::Other => Err(self.computed(name, line, "is computed at runtime")),
            _ if hops == 0 => {
                let how = format!("is more than {HOPS} names away from what it stands for");
                Err(self.computed(name, line, &how))
            }
            Expression::Name(other) => {
                let nothing = || {
                    let how =
                        format!("stands for `{other}`, and nothing before it gives that a value");
                    self.computed(name, line, &how)
                };
                self.value(other, at, hops - 1)?.ok_or_else(nothing).map(Some)
            }
            Expression::Joined(other) => self.tuple(name, other, at, joined).map(Some),
            Expression::Called(other) => self.tuple(name, other, at, written).map(Some),
        }
    }

    /// What last gives a name a value before a statement, and which statement that is.
    ///
    /// `import *` counts only for names without a `_` before them, except from a module whose own name says version:
    /// `*` brings such names only where that module lists them in `__all__`. Modules that do that with `__version__`
    /// and do not say so with their name are so few, and `from .models import *` below it so common, that refusing all
    /// of them would refuse next to nothing but right answers.
    fn last(&self, name: &str, before: usize) -> Result<Option<(Binding<'a>, usize)>, Lack> {
        let mut last = None;
        for (index, statement) in self.statements.iter().enumerate().take(before) {
            if let Some(how) = self.replaces(statement, name, last.is_some()) {
                last = Some((Binding::Otherwise(how), index));
            }
            let Some(binding) = self.binding(statement, name) else { continue };
            if statement.is_inner || is_block(&statement.words) {
                let how = "is given a value in a block, so it depends on what runs";
                return Err(self.computed(name, self.line(index), how));
            }
            last = Some((binding, index));
        }
        Ok(last)
    }

    /// The line of a statement.
    fn line(&self, index: usize) -> u32 {
        self.statements.get(index).map_or(0, |statement| line_at(self.text, statement.start))
    }

    fn computed(&self, name: &str, line: u32, how: &str) -> Lack {
        Lack::unknown(self.file, format!("`{name}` {how}")).at(line).help(HELP)
    }

    /// The version that is made of another name, if that is a tuple which is written out.
    fn tuple(
        &self,
        name: &str,
        other: &str,
        before: usize,
        made: fn(&[Node]) -> Option<String>,
    ) -> Result<Said, Lack> {
        let unknown = || self.computed(name, self.line(before), "is computed at runtime");
        let Some((Binding::Assigned(value), at)) = self.last(other, before)? else {
            return Err(unknown());
        };
        match literal_of(value).map(|node| node.value) {
            Some(Value::Tuple(parts)) => match made(&parts) {
                Some(text) => Said::new(self.file, self.line(at), &text),
                None => Err(unknown()),
            },
            _ => Err(unknown()),
        }
    }

    fn literal(&self, name: &str, node: &Node, line: u32) -> Result<Said, Lack> {
        let text = match &node.value {
            Value::Str(text) => Some(text.clone()),
            Value::Tuple(parts) => dotted(parts),
            _ => None,
        };
        match text {
            Some(text) => Said::new(self.file, line, &text),
            None => Err(self.computed(
                name,
                line,
                &format!("is {}, not a text or a tuple of numbers", node.kind()),
            )),
        }
    }

    /// How a statement gives a name its value, if it does.
    fn binding(&self, statement: &Statement<'a>, name: &str) -> Option<Binding<'a>> {
        let words = &statement.words;
        if words
            .iter()
            .any(|placed| matches!(placed.word, Word::Name(other) if may_be(other, name)))
        {
            return Some(Binding::Otherwise(
                "may be what Python takes a name in other letters for",
            ));
        }
        let is_name = |placed: &Placed<'_>| placed.word == Word::Name(name);
        if !words.iter().any(is_name) {
            return None;
        }
        let word = |index: usize| words.get(index).map(|placed| placed.word);
        if words.windows(2).any(|pair| is_name(&pair[0]) && pair[1].word == Word::Walrus) {
            return Some(Binding::Otherwise("is given a value inside of an expression"));
        }
        if words.iter().any(|placed| placed.word == Word::Name("global")) {
            return Some(Binding::Otherwise("is set by a function"));
        }
        match word(0)? {
            Word::Name("import" | "from") => {
                return imports(words, name)
                    .then_some(Binding::Otherwise("is imported, so it is known only at runtime"));
            }
            Word::Name("def" | "class") if word(1) == Some(Word::Name(name)) => {
                return Some(Binding::Otherwise("is a function or a class"));
            }
            Word::Name("async") if word(1) == Some(Word::Name("def")) => {
                return (word(2) == Some(Word::Name(name)))
                    .then_some(Binding::Otherwise("is a function or a class"));
            }
            Word::Name("type") if word(1) == Some(Word::Name(name)) => {
                return Some(Binding::Otherwise("is a name for a type"));
            }
            Word::Name("del") => return Some(Binding::Otherwise("is deleted")),
            Word::Name(_) if is_block(words) => {
                return in_block(words, name)
                    .then_some(Binding::Otherwise("is given a value in a block"));
            }
            _ => {}
        }
        if changes(words, name) {
            return Some(Binding::Otherwise(
                "is changed by another statement, so it is known only at runtime",
            ));
        }
        self.targets(statement, name)
    }

    /// How a statement may give a name a value without writing it out, if it does: by what it imports or runs.
    fn replaces(
        &self,
        statement: &Statement<'_>,
        name: &str,
        has_value: bool,
    ) -> Option<&'static str> {
        let words = &statement.words;
        let first = words.first().map(|placed| placed.word)?;
        if first == Word::Name("from") && words.last()?.word == Word::Sign('*') {
            if words.iter().any(says_version) {
                return Some("may be what `import *` brings of a module that says versions");
            }
            return (has_value && !name.starts_with('_'))
                .then_some("may be replaced by what `import *` brings");
        }
        if !WRITERS.iter().any(|writer| first == Word::Name(writer)) {
            return None;
        }
        // `exec("name = ...")`, `globals()["name"] = ...`: the name is in a text.
        let source = self.text.get(statement.start..statement.end)?;
        (has_value || source.contains(name))
            .then_some("may be what `exec` or `globals` makes of it")
    }

    /// What an assignment gives a name: `a = b = value`, each with a type perhaps.
    fn targets(&self, statement: &Statement<'a>, name: &str) -> Option<Binding<'a>> {
        let is_assign = |placed: &Placed<'_>| placed.word == Word::Assign && placed.depth == 0;
        let last = statement.words.iter().rposition(is_assign)?;
        let (before, _) = statement.words.split_at_checked(last)?;
        for target in before.split(is_assign) {
            match target {
                [only] if only.word == Word::Name(name) => {}
                [first, colon, ..]
                    if first.word == Word::Name(name) && colon.word == Word::Sign(':') => {}
                _ if unpacks(target, name) => {
                    return Some(Binding::Otherwise("is unpacked from another value"));
                }
                _ => continue,
            }
            let start = statement.words.get(last)?.end;
            return Some(Binding::Assigned(self.text.get(start..statement.end)?));
        }
        None
    }
}

/// What stands behind a `=`, if it is a literal. In parentheses, so that it may go over lines.
fn literal_of(value: &str) -> Option<Node> {
    literal::parse(&format!("({value}\n)")).ok()
}

/// Whether a statement imports something under a name.
fn imports(words: &[Placed<'_>], name: &str) -> bool {
    let word = |index: usize| words.get(index).map(|placed| placed.word);
    let Some(import) = words.iter().position(|placed| placed.word == Word::Name("import")) else {
        return false;
    };
    (import + 1..words.len()).any(|index| {
        word(index) == Some(Word::Name(name))
            && word(index - 1) != Some(Word::Sign('.'))
            && word(index + 1) != Some(Word::Name("as"))
    })
}

/// Whether the first line of a block gives a name a value: `for a, name in`, `with x as name`, `case name`. It may say
/// so of a line that only reads the name, never the other way round.
fn in_block(words: &[Placed<'_>], name: &str) -> bool {
    let is = |placed: &Placed<'_>, word: &str| placed.word == Word::Name(word);
    let targets = match words.iter().find(|placed| !is(placed, "async")) {
        Some(first) if is(first, "for") => {
            words.split(|placed| placed.depth == 0 && is(placed, "in")).next()
        }
        Some(first) if is(first, "case") => Some(words),
        _ => words.iter().position(|placed| is(placed, "as")).and_then(|at| words.get(at..)),
    };
    targets.unwrap_or_default().iter().any(|placed| is(placed, name))
}

/// Whether a statement changes a name: `name += 1`, `(name) += 1`.
fn changes(words: &[Placed<'_>], name: &str) -> bool {
    let mut parts = words.splitn(2, |placed| placed.word == Word::Change);
    let (Some(target), Some(_)) = (parts.next(), parts.next()) else { return false };
    let mut names = target.iter().filter(|placed| !matches!(placed.word, Word::Sign('(' | ')')));
    names.next().is_some_and(|placed| placed.word == Word::Name(name)) && names.next().is_none()
}

/// Whether a word is the name of a module that says versions: `_version`, `__about__`.
fn says_version(placed: &Placed<'_>) -> bool {
    let Word::Name(name) = placed.word else { return false };
    name.split('_').any(|word| matches!(word, "version" | "about"))
}

/// Whether a target takes several values apart, and one of them is for this name: `(a, name) = ...`.
fn unpacks(target: &[Placed<'_>], name: &str) -> bool {
    let is_several =
        target.first().is_some_and(|first| matches!(first.word, Word::Sign('(' | '[')))
            || target.iter().any(|placed| placed.word == Word::Sign(','));
    is_several && target.iter().any(|placed| placed.word == Word::Name(name))
}

/// A tuple as a version: numbers with dots between them. The five parts of `sys.version_info` and Django's (`1, 4, 0,
/// "final", 0`) only where it is final, since how an earlier stage is written differs.
fn dotted(parts: &[Node]) -> Option<String> {
    let parts = match parts {
        [release @ .., stage, serial] if release.len() == 3 && stage.text() == Some("final") => {
            number(serial)?;
            release
        }
        parts => parts,
    };
    let numbers: Option<Vec<&str>> = parts.iter().map(number).collect();
    numbers.filter(|numbers| !numbers.is_empty()).map(|numbers| numbers.join("."))
}

/// A tuple as a function such as `get_version` writes it. Of the five parts of Django's that function leaves out a
/// patch of 0 (`1.4`), and another may not.
fn written(parts: &[Node]) -> Option<String> {
    let is_short = parts.len() == 5 && parts.get(2).and_then(number) == Some("0");
    if is_short { None } else { dotted(parts) }
}

/// A tuple as `'.'.join` writes it, all of its parts.
fn joined(parts: &[Node]) -> Option<String> {
    let part = |node| number(node).or_else(|| node.text());
    parts.iter().map(part).collect::<Option<Vec<&str>>>().map(|parts| parts.join("."))
}

fn number(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Int(digits) if !digits.starts_with('-') => Some(digits),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
