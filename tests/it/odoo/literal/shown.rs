//! A value as the Python side of the test shows it.

use mta_actions::domain::odoo::literal::{Node, Value};

/// The value, without the equal keys and elements that Python drops.
pub fn shown(node: &Node) -> String {
    match &node.value {
        Value::None => "None".to_owned(),
        Value::Bool(truth) => if *truth { "True" } else { "False" }.to_owned(),
        Value::Int(digits) => format!("int({})", hexadecimal(digits)),
        Value::Float(float) => format!("float({})", float_hex(*float)),
        Value::Complex(real, imaginary) => {
            format!("complex({},{})", float_hex(*real), float_hex(*imaginary))
        }
        Value::Str(text) => {
            format!("str({})", joined(text.chars().map(|c| u32::from(c).to_string())))
        }
        Value::Bytes(bytes) => format!("bytes({})", joined(bytes.iter().map(u8::to_string))),
        Value::Ellipsis => "Ellipsis".to_owned(),
        Value::Tuple(elements) => format!("tuple({})", joined(elements.iter().map(shown))),
        Value::List(elements) => format!("list({})", joined(elements.iter().map(shown))),
        Value::Set(elements) => set(elements),
        Value::Dict(pairs) => dictionary(pairs),
    }
}

/// Of equal elements the first one stays.
fn set(elements: &[Node]) -> String {
    let mut kept: Vec<(String, String)> = Vec::new();
    for element in elements {
        let key = same(element);
        if kept.iter().all(|(other, _)| *other != key) {
            kept.push((key, shown(element)));
        }
    }
    let mut kept: Vec<String> = kept.into_iter().map(|(_, shown)| shown).collect();
    kept.sort();
    format!("set({})", kept.join(","))
}

/// Of equal keys the first one stays, with the last value.
fn dictionary(pairs: &[(Node, Node)]) -> String {
    let mut kept: Vec<(String, String, String)> = Vec::new();
    for (key, value) in pairs {
        let equal = same(key);
        match kept.iter_mut().find(|(other, ..)| *other == equal) {
            Some(entry) => entry.2 = shown(value),
            None => kept.push((equal, shown(key), shown(value))),
        }
    }
    format!("dict({})", joined(kept.iter().map(|(_, key, value)| format!("{key}:{value}"))))
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(",")
}

/// The same text for values that are equal in Python.
fn same(node: &Node) -> String {
    match &node.value {
        Value::Bool(truth) => format!("number {}", u8::from(*truth)),
        Value::Int(digits) => format!("number {digits}"),
        Value::Float(float) => real(*float),
        Value::Complex(part, imaginary) if *imaginary == 0.0 => real(*part),
        // Zeros with different signs are equal.
        Value::Complex(part, imaginary) => format!("{} {}", real(*part), real(*imaginary)),
        Value::Tuple(elements) => format!("tuple({})", joined(elements.iter().map(same))),
        _ => shown(node),
    }
}

fn real(float: f64) -> String {
    if float.is_finite() && float.fract() == 0.0 {
        format!("number {:.0}", if float == 0.0 { 0.0 } else { float })
    } else {
        format!("number {float:e}")
    }
}

/// `float.hex()`.
fn float_hex(float: f64) -> String {
    let sign = if float.is_sign_negative() { "-" } else { "" };
    let bits = float.to_bits();
    let (exponent, mantissa) = ((bits >> 52) & 0x7ff, bits & ((1 << 52) - 1));
    let exponent = i64::try_from(exponent).unwrap();
    match exponent {
        0x7ff => format!("{sign}inf"),
        0 if mantissa == 0 => format!("{sign}0x0.0p+0"),
        0 => format!("{sign}0x0.{mantissa:013x}p-1022"),
        _ => format!("{sign}0x1.{mantissa:013x}p{:+}", exponent - 1023),
    }
}

/// `hex()` of decimal digits.
fn hexadecimal(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    let mut limbs: Vec<u64> = vec![0];
    for digit in digits.bytes().map(|byte| u64::from(byte - b'0')) {
        let mut carry = digit;
        for limb in &mut limbs {
            let sum = *limb * 10 + carry;
            (*limb, carry) = (sum & 0xffff_ffff, sum >> 32);
        }
        if carry > 0 {
            limbs.push(carry);
        }
    }
    let mut limbs = limbs.iter().rev();
    let first = limbs.next().map(|limb| format!("{limb:x}")).unwrap_or_default();
    let rest: String = limbs.map(|limb| format!("{limb:08x}")).collect();
    format!("{sign}0x{first}{rest}")
}
