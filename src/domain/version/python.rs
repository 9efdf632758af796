//! The version that a Python module assigns to a name, without running it.
//!
//! Only what is true whatever runs is taken: a literal that a statement at module level assigns. What is imported,
//! calculated, or assigned in a block (`try`, `if`) depends on what runs, and is refused with its line.

mod statements;

use statements::{Placed, Statement, Unclosed, Word, statements};

use super::lack::{Lack, Said, line_at};
use crate::domain::odoo::literal::{self, Node, Value};

/// The names that say a version, where none is asked for: the first that has a value decides, and later ones that say a
/// version must say the same.
const NAMES: [&str; 3] = ["__version__", "VERSION", "version"];

/// How often a name may stand for another: `__version__ = VERSION`.
const HOPS: u32 = 4;

/// What to do about a version that only Python knows.
const HELP: &str = "write it as a text in quotes, or name another place with `version-from`, such as a VERSION file";

/// Words that begin a block.
const BLOCKS: [&str; 12] = [
    "if", "elif", "else", "for", "while", "try", "except", "finally", "with", "match", "case",
    "async",
];

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
    let statements = statements(text).map_err(|Unclosed(at)| {
        Lack::unknown(file, "it is no Python: a text is not closed").at(line_at(text, at))
    })?;
    let module = Module { file, text, statements };
    match name {
        Some(name) => module.value(name, HOPS)?.ok_or_else(|| module.nothing(&[name])),
        None => module.usual(),
    }
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
            let said = match self.value(name, HOPS) {
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

    /// The version that a name has at the end of the module; `None` if nothing gives it a value.
    fn value(&self, name: &str, hops: u32) -> Result<Option<Said>, Lack> {
        let mut last = None;
        for statement in &self.statements {
            // What begins with `_` is not brought by `*`.
            if last.is_some() && is_star(statement) && !name.starts_with('_') {
                let how = "may be replaced by what `import *` brings";
                last = Some((Binding::Otherwise(how), statement.start));
            }
            let Some(binding) = self.binding(statement, name) else { continue };
            if statement.is_inner || is_block(statement) {
                let how = "is given a value in a block, so it depends on what runs";
                return Err(self.computed(name, line_at(self.text, statement.start), how));
            }
            last = Some((binding, statement.start));
        }
        let Some((binding, start)) = last else { return Ok(None) };
        let line = line_at(self.text, start);
        match binding {
            Binding::Otherwise(how) => Err(self.computed(name, line, how)),
            Binding::Assigned(value) => self.assigned(name, value, line, hops).map(Some),
        }
    }

    fn computed(&self, name: &str, line: u32, how: &str) -> Lack {
        Lack::unknown(self.file, format!("`{name}` {how}")).at(line).help(HELP)
    }

    /// The version that an expression is.
    fn assigned(&self, name: &str, value: &str, line: u32, hops: u32) -> Result<Said, Lack> {
        match literal_of(value) {
            Some(node) => self.literal(name, &node, line),
            None if hops == 0 => Err(self.computed(name, line, "stands for itself")),
            None => match self.stands_for(value, hops)? {
                Some(said) => Ok(said),
                None => Err(self.computed(name, line, "is computed at runtime")),
            },
        }
    }

    /// The version of the name that an expression is; or of a tuple of numbers in it, as in `get_version(VERSION)`.
    fn stands_for(&self, value: &str, hops: u32) -> Result<Option<Said>, Lack> {
        let Ok(parts) = statements(value.trim_start()) else { return Ok(None) };
        let words: Vec<Word<'_>> =
            parts.iter().flat_map(|part| &part.words).map(|placed| placed.word).collect();
        if let [Word::Name(other)] = words.as_slice() {
            return self.value(other, hops - 1);
        }
        for name in NAMES {
            if words.contains(&Word::Name(name)) && self.is_tuple(name) {
                return self.value(name, hops - 1);
            }
        }
        Ok(None)
    }

    /// Whether the last value of a name is a tuple that is written out.
    fn is_tuple(&self, name: &str) -> bool {
        let mut bindings =
            self.statements.iter().filter_map(|statement| self.binding(statement, name));
        let Some(Binding::Assigned(value)) = bindings.next_back() else { return false };
        literal_of(value).is_some_and(|node| matches!(node.value, Value::Tuple(_)))
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
        let is_name = |placed: &Placed<'_>| placed.word == Word::Name(name);
        if !words.iter().any(is_name) {
            return None;
        }
        let word = |index: usize| words.get(index).map(|placed| placed.word);
        if words.windows(2).any(|pair| is_name(&pair[0]) && pair[1].word == Word::Walrus) {
            return Some(Binding::Otherwise("is given a value inside of an expression"));
        }
        match word(0)? {
            Word::Name("global") => return Some(Binding::Otherwise("is set by a function")),
            Word::Name("import" | "from") => {
                return imports(words, name)
                    .then_some(Binding::Otherwise("is imported, so it is known only at runtime"));
            }
            Word::Name("def" | "class") if word(1) == Some(Word::Name(name)) => {
                return Some(Binding::Otherwise("is a function or a class"));
            }
            Word::Name("del") => return Some(Binding::Otherwise("is deleted")),
            Word::Name(first) if BLOCKS.contains(&first) => {
                return in_block(words, name)
                    .then_some(Binding::Otherwise("is given a value in a block"));
            }
            _ => {}
        }
        if is_name(words.first()?) && word(1) == Some(Word::Change) {
            return Some(Binding::Otherwise(
                "is changed by another statement, so it is known only at runtime",
            ));
        }
        self.targets(statement, name)
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

fn is_block(statement: &Statement<'_>) -> bool {
    let first = statement.words.first().map(|placed| placed.word);
    matches!(first, Some(Word::Name(first)) if BLOCKS.contains(&first))
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

/// Whether the first line of a block gives a name a value: `for a, name in`, `with x as name`, `case name`, `if x: name =
/// 1`. It may say so of a line that only reads the name, never the other way round.
fn in_block(words: &[Placed<'_>], name: &str) -> bool {
    let is = |placed: &Placed<'_>, word: &str| placed.word == Word::Name(word);
    let targets = match words.iter().find(|placed| !is(placed, "async")) {
        Some(first) if is(first, "for") => words.split(|placed| is(placed, "in")).next(),
        Some(first) if is(first, "case") => Some(words),
        _ => words.iter().position(|placed| is(placed, "as")).and_then(|at| words.get(at..)),
    };
    let assigned = words.windows(2).any(|pair| {
        is(&pair[0], name) && matches!(pair[1].word, Word::Assign | Word::Change | Word::Walrus)
    });
    assigned || targets.unwrap_or_default().iter().any(|placed| is(placed, name))
}

/// Whether a statement imports whatever a module has.
fn is_star(statement: &Statement<'_>) -> bool {
    let words = &statement.words;
    words.first().is_some_and(|first| first.word == Word::Name("from"))
        && words.last().is_some_and(|last| last.word == Word::Sign('*'))
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
    let number = |node: &Node| match &node.value {
        Value::Int(digits) if !digits.starts_with('-') => Some(digits.clone()),
        _ => None,
    };
    let parts = match parts {
        [release @ .., stage, serial] if release.len() == 3 && stage.text() == Some("final") => {
            number(serial)?;
            release
        }
        parts => parts,
    };
    let numbers: Option<Vec<String>> = parts.iter().map(number).collect();
    numbers.filter(|numbers| !numbers.is_empty()).map(|numbers| numbers.join("."))
}

#[cfg(test)]
mod tests;
