//! Numbers as Python writes them.

use super::cursor::Cursor;
use super::{NotLiteral, Value};
use crate::domain::finding::Point;

/// With how many digits an integer may be written: what `CPython` allows for decimal ones.
const DIGITS: usize = 4300;

/// How much of an integer is in one limb, and its digits.
const LIMB: u64 = 1_000_000_000;

/// Reads a number; the cursor is at its first digit, or at a dot before one.
pub(super) fn number(cursor: &mut Cursor) -> Result<Value, NotLiteral> {
    let start = cursor.at();
    let value = match (cursor.peek(), cursor.second()) {
        (Some('0'), Some('x' | 'X')) => based(cursor, 16)?,
        (Some('0'), Some('o' | 'O')) => based(cursor, 8)?,
        (Some('0'), Some('b' | 'B')) => based(cursor, 2)?,
        _ => decimal(cursor)?,
    };
    match cursor.peek() {
        Some(c) if is_name_part(c) => {
            Err(NotLiteral::syntax(start, "a number that goes on with a letter or digit"))
        }
        _ => Ok(value),
    }
}

/// Whether a character can stand in a name; Python's tokenizer takes all that is not ASCII.
pub(super) fn is_name_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii()
}

/// `0x`, `0o` and `0b`.
fn based(cursor: &mut Cursor, radix: u32) -> Result<Value, NotLiteral> {
    let start = cursor.at();
    cursor.bump();
    cursor.bump();
    let mut digits = String::new();
    cursor.eat('_');
    run(cursor, radix, &mut digits)?;
    integer(start, &digits, radix)
}

fn decimal(cursor: &mut Cursor) -> Result<Value, NotLiteral> {
    let start = cursor.at();
    let mut digits = String::new();
    if cursor.peek() != Some('.') {
        run(cursor, 10, &mut digits)?;
    }
    let whole = digits.len();
    if cursor.eat('.') {
        digits.push('.');
        if cursor.peek().is_some_and(|c| c.is_ascii_digit()) {
            run(cursor, 10, &mut digits)?;
        }
    }
    exponent(cursor, &mut digits)?;
    let is_imaginary = cursor.eat('j') || cursor.eat('J');
    if digits.len() == whole && !is_imaginary {
        if digits.starts_with('0') && digits.contains(|c| c != '0') {
            return Err(NotLiteral::syntax(start, "an integer with a leading zero"));
        }
        return integer(start, &digits, 10);
    }
    let float: f64 = digits.parse().map_err(|_| NotLiteral::syntax(start, "a broken number"))?;
    Ok(if is_imaginary { Value::Complex(0.0, float) } else { Value::Float(float) })
}

/// An `e` that no exponent follows is left where it is: it begins a name.
fn exponent(cursor: &mut Cursor, digits: &mut String) -> Result<(), NotLiteral> {
    if !matches!(cursor.peek(), Some('e' | 'E')) {
        return Ok(());
    }
    let mut ahead = cursor.clone();
    ahead.bump();
    let sign = ahead.peek().filter(|c| matches!(c, '+' | '-'));
    if sign.is_some() {
        ahead.bump();
    } else if !ahead.peek().is_some_and(|c| c.is_ascii_digit()) {
        return Ok(());
    }
    digits.push('e');
    digits.extend(sign);
    *cursor = ahead;
    run(cursor, 10, digits)
}

/// Digits with single underscores between them; at least one digit.
fn run(cursor: &mut Cursor, radix: u32, digits: &mut String) -> Result<(), NotLiteral> {
    loop {
        let more = cursor.take(|c| c.is_digit(radix));
        if more.is_empty() {
            return Err(NotLiteral::syntax(cursor.at(), "a number that lacks a digit"));
        }
        digits.push_str(&more);
        if !cursor.eat('_') {
            return Ok(());
        }
    }
}

fn integer(start: Point, digits: &str, radix: u32) -> Result<Value, NotLiteral> {
    if digits.len() > DIGITS {
        return Err(NotLiteral::limit(start, format!("an integer of more than {DIGITS} digits")));
    }
    let mut limbs: Vec<u64> = Vec::new();
    for digit in digits.chars().filter_map(|c| c.to_digit(radix)) {
        let mut carry = u64::from(digit);
        for limb in &mut limbs {
            let sum = *limb * u64::from(radix) + carry;
            (*limb, carry) = (sum % LIMB, sum / LIMB);
        }
        if carry > 0 {
            limbs.push(carry);
        }
    }
    let mut limbs = limbs.iter().rev();
    let mut text = limbs.next().map_or_else(|| "0".to_owned(), u64::to_string);
    text.extend(limbs.map(|limb| format!("{limb:09}")));
    Ok(Value::Int(text))
}
