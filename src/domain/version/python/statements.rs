//! The statements of a Python file, as far as it takes to see what is assigned to a name at module level. Python is
//! never run, and nothing is checked that is not needed for that.

use super::words::{Broken, Indent, Inside, Placed, Reader, Word, refused};

/// One statement: a line, or several that brackets or backslashes join, or a part of one: between `;`, and before and
/// behind the `:` of a block.
#[derive(Debug)]
pub(super) struct Statement<'a> {
    pub(super) words: Vec<Placed<'a>>,
    /// Whether it is not known that it runs: it is in a block (`if`, `try`, ...), or is a `global` in a function.
    pub(super) is_inner: bool,
    /// Its first byte.
    pub(super) start: usize,
    /// The byte behind it, and behind a comment that follows it.
    pub(super) end: usize,
}

/// Words that begin a block.
const BLOCKS: [&str; 10] =
    ["if", "elif", "else", "for", "while", "try", "except", "finally", "with", "async"];

/// Words that begin a block or are names: `match x:`, `match = re.match(...)`.
const SOFT: [&str; 2] = ["match", "case"];

/// The statements of a file that are not in a function or a class, and `global` wherever it is.
pub(super) fn statements(text: &str) -> Result<Vec<Statement<'_>>, Broken> {
    if let Some(at) = text.find('\0') {
        return Err(refused(at, '\0'));
    }
    let mut reader = Reader::new(text, Inside::Names);
    let mut found = Found { statements: Vec::new() };
    // Whether the last line that was not indented began a function or a class.
    let mut in_scope = false;
    while let Some(indent) = reader.line_start() {
        let mut level = match indent {
            Indent::None => Level::Module,
            Indent::Some if in_scope => Level::Elsewhere,
            Indent::Some | Indent::Unclear => Level::Block,
        };
        let mut is_first = true;
        loop {
            let start = reader.at;
            let ends_line = reader.part()?;
            let words = std::mem::take(&mut reader.words);
            if is_first {
                in_scope = match indent {
                    Indent::None => begins_scope(&words),
                    Indent::Some => in_scope,
                    Indent::Unclear => false,
                };
                level = found.first(level, words, start, reader.at);
            } else {
                found.push(level, words, start, reader.at);
            }
            is_first = false;
            if ends_line {
                break;
            }
            reader.at += 1;
        }
    }
    Ok(found.statements)
}

/// Where a statement is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    /// At module level: it runs, once.
    Module,
    /// In a block, or it is not known where.
    Block,
    /// In a function or a class, which have names of their own.
    Elsewhere,
}

struct Found<'a> {
    statements: Vec<Statement<'a>>,
}

impl<'a> Found<'a> {
    /// Takes the first part of a line, and says where the parts behind it are: those behind `if x:` are in its block.
    fn first(
        &mut self,
        level: Level,
        mut words: Vec<Placed<'a>>,
        start: usize,
        end: usize,
    ) -> Level {
        let inner = match level {
            Level::Module | Level::Block if begins_scope(&words) => Level::Elsewhere,
            Level::Module | Level::Block if is_block(&words) => Level::Block,
            _ => {
                self.push(level, words, start, end);
                return level;
            }
        };
        let Some(colon) = colon_of_block(&words) else {
            self.push(level, words, start, end);
            return inner;
        };
        let body = words.split_off(colon + 1);
        let middle = words.last().map_or(end, |colon| colon.end);
        self.push(level, words, start, middle);
        self.push(inner, body, middle, end);
        inner
    }

    fn push(&mut self, level: Level, words: Vec<Placed<'a>>, start: usize, end: usize) {
        // What a function declares `global` it can assign.
        let is_global = words.iter().any(|placed| placed.word == Word::Name("global"));
        if words.is_empty() || level == Level::Elsewhere && !is_global {
            return;
        }
        let is_inner = level != Level::Module || is_global;
        self.statements.push(Statement { words, is_inner, start, end });
    }
}

/// Whether a statement begins a function, a class, or the decorator of one.
fn begins_scope(words: &[Placed<'_>]) -> bool {
    match words.first().map(|placed| placed.word) {
        Some(Word::Name("def" | "class") | Word::Sign('@')) => true,
        Some(Word::Name("async")) => {
            words.get(1).is_some_and(|placed| placed.word == Word::Name("def"))
        }
        _ => false,
    }
}

/// Whether a statement begins a block. `async def` is none.
pub(super) fn is_block(words: &[Placed<'_>]) -> bool {
    let Some(Word::Name(first)) = words.first().map(|placed| placed.word) else { return false };
    if SOFT.contains(&first) {
        let is_name = matches!(
            words.get(1).map(|placed| placed.word),
            Some(Word::Assign | Word::Change | Word::Walrus | Word::Sign('.' | ',' | ':')) | None
        );
        return !is_name && colon_of_block(words).is_some();
    }
    BLOCKS.contains(&first) && !begins_scope(words)
}

/// Where the `:` is that begins what is in a block: the first that no `lambda` needs.
fn colon_of_block(words: &[Placed<'_>]) -> Option<usize> {
    let mut lambdas = 0_usize;
    for (index, placed) in words.iter().enumerate().filter(|(_, placed)| placed.depth == 0) {
        match placed.word {
            Word::Name("lambda") => lambdas += 1,
            Word::Sign(':') if lambdas == 0 => return Some(index),
            Word::Sign(':') => lambdas -= 1,
            _ => {}
        }
    }
    None
}
