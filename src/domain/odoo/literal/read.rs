//! Values out of words: what `literal_eval` accepts of Python's grammar, and words for what it does not.

use super::cursor::Cursor;
use super::scan::{Scanner, Token};
use super::{Node, NotLiteral, Value};
use crate::domain::finding::Point;

/// Words that join or change values.
const OPERATORS: [&str; 6] = ["and", "or", "not", "in", "is", "if"];

/// Words that cannot stand for a value.
const KEYWORDS: [&str; 25] = [
    "and", "as", "assert", "async", "break", "class", "continue", "def", "del", "elif", "else",
    "except", "finally", "for", "from", "global", "if", "import", "in", "is", "nonlocal", "or",
    "pass", "raise", "return",
];

/// Reads a whole file.
pub(super) fn file(text: &str) -> Result<Node, NotLiteral> {
    if let Some((before, _)) = text.split_once('\0') {
        let mut cursor = Cursor::new(before);
        while cursor.bump().is_some() {}
        return Err(NotLiteral::syntax(cursor.at(), "a NUL character"));
    }
    let mut scanner = Scanner::new(text);
    scanner.blank_lines()?;
    let at = scanner.cursor.at();
    let token = scanner.word()?;
    let end = scanner.cursor.at();
    let mut reader = Reader { scanner, token, start: at, end, before: at, open: Vec::new() };
    let node = reader.top()?;
    match reader.token {
        Token::End => return Ok(node),
        Token::Newline => {}
        _ => return Err(reader.unexpected()),
    }
    reader.scanner.blank_lines()?;
    if reader.scanner.cursor.peek().is_some() {
        let at = reader.scanner.cursor.at();
        return Err(NotLiteral::syntax(at, "something behind the value"));
    }
    Ok(node)
}

/// A value on the way, by what may still become of it.
enum Part {
    /// A number without a sign.
    Number(Node),
    /// A number with a sign.
    Signed(Node),
    /// Anything else.
    Other(Node),
    /// The name `set`, which can be called.
    Set(Point),
}

impl Part {
    fn node(self) -> Result<Node, NotLiteral> {
        match self {
            Self::Number(node) | Self::Signed(node) | Self::Other(node) => Ok(node),
            Self::Set(at) => Err(NotLiteral::expression(at, "a name `set`")),
        }
    }
}

struct Reader<'a> {
    scanner: Scanner<'a>,
    /// The word that is looked at.
    token: Token,
    /// Where that begins.
    start: Point,
    /// Where that ends.
    end: Point,
    /// Where the word before it ended.
    before: Point,
    /// The brackets that are open.
    open: Vec<(char, Point)>,
}

impl Reader<'_> {
    fn advance(&mut self) -> Result<Token, NotLiteral> {
        self.scanner.skip()?;
        self.before = self.end;
        self.start = self.scanner.cursor.at();
        let next = self.scanner.word()?;
        self.end = self.scanner.cursor.at();
        Ok(std::mem::replace(&mut self.token, next))
    }

    fn is_at(&self, sign: char) -> bool {
        self.token == Token::Sign(sign)
    }

    /// A value, or several with commas, which make a tuple.
    fn top(&mut self) -> Result<Node, NotLiteral> {
        let first = self.value()?;
        if !self.is_at(',') {
            return Ok(first);
        }
        let start = first.start;
        let mut elements = vec![first];
        while self.is_at(',') {
            self.advance()?;
            if matches!(self.token, Token::Newline | Token::End) {
                break;
            }
            elements.push(self.value()?);
        }
        Ok(Node { value: Value::Tuple(elements), start, end: self.before })
    }

    fn value(&mut self) -> Result<Node, NotLiteral> {
        self.sum()?.node()
    }

    /// A value, or a real number and an imaginary one with a sign between them.
    fn sum(&mut self) -> Result<Part, NotLiteral> {
        let left = self.signed()?;
        let Token::Sign(sign @ ('+' | '-')) = self.token else { return Ok(left) };
        let at = self.start;
        self.advance()?;
        let right = self.primary()?;
        let (Part::Number(left) | Part::Signed(left), Part::Number(right)) = (left, right) else {
            return Err(NotLiteral::expression(at, "an operation"));
        };
        let real = match &left.value {
            Value::Int(digits) => digits.parse().unwrap_or(f64::INFINITY),
            Value::Float(float) => *float,
            _ => return Err(NotLiteral::expression(at, "an operation")),
        };
        if matches!(left.value, Value::Int(_)) && real.is_infinite() {
            return Err(NotLiteral::expression(left.start, "a number too large for a complex one"));
        }
        let Value::Complex(_, imaginary) = right.value else {
            return Err(NotLiteral::expression(at, "an operation"));
        };
        // As Python calculates: the other halves are zeros, whose signs count.
        let value = if sign == '+' {
            Value::Complex(real + 0.0, 0.0 + imaginary)
        } else {
            Value::Complex(real - 0.0, 0.0 - imaginary)
        };
        Ok(Part::Other(Node { value, start: left.start, end: right.end }))
    }

    fn signed(&mut self) -> Result<Part, NotLiteral> {
        let Token::Sign(sign @ ('+' | '-')) = self.token else { return self.primary() };
        let start = self.start;
        self.advance()?;
        let Part::Number(mut node) = self.primary()? else {
            return Err(NotLiteral::expression(start, "a sign before what is not a number"));
        };
        node.start = start;
        if sign == '-' {
            node.value = negative(node.value);
        }
        Ok(Part::Signed(node))
    }

    /// A value that nothing is done with: no call, no index, no attribute.
    fn primary(&mut self) -> Result<Part, NotLiteral> {
        let mut part = self.atom()?;
        if let Part::Set(start) = part
            && self.is_at('(')
        {
            self.open('(')?;
            if !self.is_at(')') {
                return Err(NotLiteral::expression(start, "a call of `set` with something in it"));
            }
            self.close()?;
            let value = Value::Set(Vec::new());
            part = Part::Other(Node { value, start, end: self.before });
        }
        let what = match self.token {
            Token::Sign('(') => "a call",
            Token::Sign('[') => "an index",
            Token::Sign('.') => "an attribute",
            _ => return Ok(part),
        };
        Err(NotLiteral::expression(self.start, what))
    }

    fn atom(&mut self) -> Result<Part, NotLiteral> {
        let start = self.start;
        let value = match &self.token {
            Token::Number(_) => {
                let Token::Number(value) = self.advance()? else { return Err(self.unexpected()) };
                return Ok(Part::Number(Node { value, start, end: self.before }));
            }
            Token::Quoted(_) => return self.texts(),
            Token::Sign('(') => return self.group(),
            Token::Sign('[') => return self.list(),
            Token::Sign('{') => return self.braces(),
            Token::Ellipsis => Value::Ellipsis,
            Token::Name(name) => match name.as_str() {
                "None" => Value::None,
                "True" => Value::Bool(true),
                "False" => Value::Bool(false),
                "set" => {
                    self.advance()?;
                    return Ok(Part::Set(start));
                }
                _ => return Err(self.name(name)),
            },
            Token::Sign('*') => {
                let what = if self.scanner.cursor.is_at("*") { "**" } else { "*" };
                return Err(NotLiteral::expression(start, format!("unpacking with `{what}`")));
            }
            _ => return Err(self.unexpected()),
        };
        self.advance()?;
        Ok(Part::Other(Node { value, start, end: self.before }))
    }

    /// Quoted texts side by side are one.
    fn texts(&mut self) -> Result<Part, NotLiteral> {
        let start = self.start;
        let mut whole: Option<Value> = None;
        while matches!(self.token, Token::Quoted(_)) {
            let at = self.start;
            let Token::Quoted(next) = self.advance()? else { break };
            whole = Some(match (whole, next) {
                (None, next) => next,
                (Some(Value::Str(text)), Value::Str(more)) => Value::Str(text + &more),
                (Some(Value::Bytes(bytes)), Value::Bytes(more)) => {
                    Value::Bytes([bytes, more].concat())
                }
                _ => return Err(NotLiteral::syntax(at, "a text and bytes side by side")),
            });
        }
        let value = whole.unwrap_or(Value::None);
        Ok(Part::Other(Node { value, start, end: self.before }))
    }

    fn open(&mut self, bracket: char) -> Result<(), NotLiteral> {
        self.open.push((bracket, self.start));
        self.advance().map(drop)
    }

    fn close(&mut self) -> Result<(), NotLiteral> {
        self.open.pop();
        self.advance().map(drop)
    }

    /// A comma, or the closing bracket, which is left for the caller.
    fn comma_or(&mut self, bracket: char) -> Result<(), NotLiteral> {
        if self.is_at(',') {
            self.advance()?;
        } else if !self.is_at(bracket) {
            return Err(self.unexpected());
        }
        Ok(())
    }

    /// A value in parentheses, or a tuple.
    fn group(&mut self) -> Result<Part, NotLiteral> {
        let start = self.start;
        self.open('(')?;
        let mut elements = Vec::new();
        if !self.is_at(')') {
            let first = self.sum()?;
            if self.is_at(')') {
                self.close()?;
                return Ok(first);
            }
            elements.push(first.node()?);
            self.comma_or(')')?;
        }
        while !self.is_at(')') {
            elements.push(self.value()?);
            self.comma_or(')')?;
        }
        self.close()?;
        Ok(Part::Other(Node { value: Value::Tuple(elements), start, end: self.before }))
    }

    fn list(&mut self) -> Result<Part, NotLiteral> {
        let start = self.start;
        self.open('[')?;
        let mut elements = Vec::new();
        while !self.is_at(']') {
            elements.push(self.value()?);
            self.comma_or(']')?;
        }
        self.close()?;
        Ok(Part::Other(Node { value: Value::List(elements), start, end: self.before }))
    }

    /// A dictionary or a set.
    fn braces(&mut self) -> Result<Part, NotLiteral> {
        let start = self.start;
        self.open('{')?;
        let mut pairs = Vec::new();
        let mut elements = Vec::new();
        while !self.is_at('}') {
            let key = self.value()?;
            let is_pair = self.is_at(':');
            if is_pair && elements.is_empty() {
                self.advance()?;
                pairs.push((hashable(key)?, self.value()?));
            } else if !is_pair && pairs.is_empty() {
                elements.push(hashable(key)?);
            } else if is_pair {
                return Err(NotLiteral::syntax(self.start, "a `:` in a set"));
            } else {
                return Err(NotLiteral::syntax(key.start, "a key without a value"));
            }
            self.comma_or('}')?;
        }
        self.close()?;
        let value = if elements.is_empty() { Value::Dict(pairs) } else { Value::Set(elements) };
        Ok(Part::Other(Node { value, start, end: self.before }))
    }

    /// A name where a value belongs.
    fn name(&self, name: &str) -> NotLiteral {
        let reason = match name {
            "lambda" | "yield" => format!("a `{name}`"),
            "not" | "await" => format!("an expression with `{name}`"),
            _ if KEYWORDS.contains(&name) => {
                return NotLiteral::syntax(self.start, format!("a `{name}` where a value belongs"));
            }
            _ if self.scanner.cursor.is_at("(") => format!("a call of `{name}`"),
            _ => format!("a name `{name}`"),
        };
        NotLiteral::expression(self.start, reason)
    }

    /// Words for a word that cannot stand here.
    fn unexpected(&self) -> NotLiteral {
        let goes_on_with = |sign: char| self.scanner.cursor.peek() == Some(sign);
        let reason = match &self.token {
            Token::Sign('=' | '!') if goes_on_with('=') => "a comparison".to_owned(),
            Token::Sign('<' | '>') => "a comparison".to_owned(),
            Token::Sign('+' | '-' | '*' | '/' | '%' | '&' | '|' | '^' | '~' | '@') => {
                "an operation".to_owned()
            }
            Token::Name(name) if name == "for" || name == "async" => "a comprehension".to_owned(),
            Token::Name(name) if OPERATORS.contains(&name.as_str()) => {
                format!("an expression with `{name}`")
            }
            _ => return self.broken(),
        };
        NotLiteral::expression(self.start, reason)
    }

    /// Words for what is no Python.
    fn broken(&self) -> NotLiteral {
        let reason = match (&self.token, self.open.last()) {
            (Token::End, Some((bracket, at))) => {
                return NotLiteral::syntax(*at, format!("a `{bracket}` is not closed"));
            }
            (Token::End | Token::Newline, _) => "no value".to_owned(),
            (Token::Sign(close @ (')' | ']' | '}')), Some((bracket, at))) => {
                format!("a `{close}`, and a `{bracket}` is open since line {}", at.line)
            }
            (Token::Sign(':'), Some(_)) => "a `:` behind two values without a comma".to_owned(),
            (Token::Sign(sign), _) => format!("a `{sign}` where it does not belong"),
            _ => "a value behind another, without a comma between them".to_owned(),
        };
        NotLiteral::syntax(self.start, reason)
    }
}

fn hashable(node: Node) -> Result<Node, NotLiteral> {
    if node.is_hashable() {
        return Ok(node);
    }
    let reason = format!("{} as a key or in a set", node.kind());
    Err(NotLiteral::expression(node.start, reason))
}

fn negative(value: Value) -> Value {
    match value {
        Value::Int(digits) if digits == "0" => Value::Int(digits),
        Value::Int(digits) => Value::Int(format!("-{digits}")),
        Value::Float(float) => Value::Float(-float),
        Value::Complex(real, imaginary) => Value::Complex(-real, -imaginary),
        other => other,
    }
}
