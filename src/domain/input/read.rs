//! From raw pairs to typed values: names are matched, every value is checked, all faults are collected.

use camino::Utf8PathBuf;

use secrecy::{ExposeSecret, SecretString};

use super::fault::{Fault, FaultKind};
use super::mask::{Masked, Why};
use super::name::{nearest, same_name};
use super::raw::{RawInput, without_newline};
use super::{InputSpec, Kind, Need, Secrecy, Value, Values, collection, mask, number};
use crate::domain::secret_key::looks_secret;

/// The longest part of a user's text that a message repeats.
const SHOWN: usize = 60;

/// From how many bytes on a text counts as part of a secret. `1m` is in many.
const TELLING: usize = 4;

/// Reads raw inputs by a table: names without case, `-` and `_` alike; empty is absent; defaults filled in.
///
/// # Errors
/// All faults: unknown names first, then in the order of the table.
pub fn read(specs: &[InputSpec], raw: &[RawInput]) -> Result<Values, Vec<Fault>> {
    let mut faults: Vec<Fault> = raw
        .iter()
        .filter(|input| !input.value.trim().is_empty())
        .filter(|input| !specs.iter().any(|spec| same_name(spec.name, &input.name)))
        .map(|input| unknown(specs, input))
        .collect();
    let secrets = secrets(specs, raw);
    let mut values = Values::default();
    for spec in specs {
        let text = match given(spec, raw) {
            Ok(text) => text,
            Err(fault) => {
                faults.push(fault);
                continue;
            }
        };
        match typed(spec, text) {
            Ok(Some(value)) => values.set(spec.name, value),
            Ok(None) => {}
            Err(_)
                if is_shown(spec.kind)
                    && text.is_some_and(|text| is_told_by(text.trim(), &secrets)) =>
            {
                faults.push(malformed(spec, None));
            }
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok(values) } else { Err(faults) }
}

/// The secrets among the inputs that are long enough to be recognised.
fn secrets(specs: &[InputSpec], raw: &[RawInput]) -> Vec<SecretString> {
    let is_secret = |masked: &Masked| match &masked.why {
        Why::Secret => true,
        Why::Key(key) => looks_secret(key),
    };
    let all = mask::masks(specs, raw).into_iter().filter(is_secret).map(|masked| masked.value);
    all.filter(|value| value.expose_secret().trim().len() >= TELLING).collect()
}

/// Whether a text shows a secret, or a part of one that could be guessed from.
fn is_told_by(text: &str, secrets: &[SecretString]) -> bool {
    secrets
        .iter()
        .map(|secret| secret.expose_secret().trim())
        .any(|secret| text.contains(secret) || (text.len() >= TELLING && secret.contains(text)))
}

/// Checks one text by the rules of its input.
///
/// # Errors
/// The fault that a user would see.
pub fn check(spec: &InputSpec, text: &str) -> Result<Value, Fault> {
    // Outer blanks of a secret may belong to it; one trailing newline is what `echo` and editors add to a file.
    let scalar = if spec.kind == Kind::Secret { without_newline(text) } else { text.trim() };
    let value = match spec.kind {
        Kind::Text => Some(Value::Text(scalar.to_owned())),
        Kind::Secret => Some(Value::Secret(scalar.into())),
        Kind::Bool => truth(scalar).map(Value::Bool),
        Kind::Integer { min, max } => {
            number::integer(scalar).filter(|number| (min..=max).contains(number)).map(Value::Number)
        }
        Kind::Duration => number::duration(scalar).map(Value::Duration),
        Kind::Bytes => number::bytes(scalar).map(Value::Number),
        Kind::Percent => number::percent(scalar).map(Value::Percent),
        Kind::Choice(words) => words.contains(&scalar).then(|| Value::Text(scalar.to_owned())),
        Kind::Lines | Kind::Globs => Some(Value::List(collection::lines(text))),
        Kind::Words => Some(Value::List(collection::words(text))),
        Kind::Command => collection::command(scalar).map(Value::List),
        Kind::Path => (!scalar.contains('\0')).then(|| Value::Path(Utf8PathBuf::from(scalar))),
        Kind::Map(_) => {
            let pairs = collection::map(text).map_err(|why| malformed_map(spec, &why))?;
            Some(Value::Map(pairs))
        }
    };
    value.ok_or_else(|| malformed(spec, Some(scalar)))
}

/// What the kind accepts, in words: for messages and tables.
pub fn accepted(kind: Kind) -> String {
    match kind {
        Kind::Text => "text".to_owned(),
        Kind::Secret => "a secret".to_owned(),
        Kind::Bool => "`true` or `false`".to_owned(),
        Kind::Integer { min, max } => format!("a whole number from {min} to {max}"),
        Kind::Duration => {
            "a duration such as `90s`, `5m`, `1m30s`, `2d`, or a number of seconds".to_owned()
        }
        Kind::Bytes => "a size such as `500`, `10KiB`, `1MB`, `2GiB`".to_owned(),
        Kind::Percent => {
            "a number from 0 to 100 with at most six digits after the point".to_owned()
        }
        Kind::Choice(words) => {
            let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            format!("one of {}", quoted.join(", "))
        }
        Kind::Lines => "one item a line".to_owned(),
        Kind::Words => "items separated by lines or commas".to_owned(),
        Kind::Map(Secrecy::All) => {
            "`key=value` lines or a YAML map; every value is a secret".to_owned()
        }
        Kind::Map(Secrecy::ByKey) => "`key=value` lines or a YAML map; never printed".to_owned(),
        Kind::Path => "a path".to_owned(),
        Kind::Globs => "glob patterns, one a line".to_owned(),
        Kind::Command => "a command in POSIX quoting, without a shell".to_owned(),
    }
}

/// The text given for an input, of the strongest origin; a conflict if one origin gives two.
fn given<'a>(spec: &InputSpec, raw: &'a [RawInput]) -> Result<Option<&'a str>, Fault> {
    let candidates: Vec<&RawInput> = raw
        .iter()
        .filter(|input| same_name(spec.name, &input.name) && !input.value.trim().is_empty())
        .collect();
    let Some(strongest) = candidates.iter().map(|input| input.origin).max() else {
        return Ok(None);
    };
    let mut texts = candidates.iter().filter(|input| input.origin == strongest);
    let first = texts.next();
    match texts.find(|input| Some(&input.value) != first.map(|first| &first.value)) {
        Some(other) => Err(conflicting(spec, first.map_or("", |first| &first.name), other)),
        None => Ok(first.map(|first| first.value.as_str())),
    }
}

fn typed(spec: &InputSpec, text: Option<&str>) -> Result<Option<Value>, Fault> {
    match (text, spec.need) {
        (Some(text), _) | (None, Need::Default(text)) => check(spec, text).map(Some),
        (None, Need::Optional) => Ok(None),
        (None, Need::Required) => Err(missing(spec)),
    }
}

fn truth(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

fn missing(spec: &InputSpec) -> Fault {
    Fault::new(
        spec.name,
        FaultKind::Missing,
        format!("the input `{}` is missing", spec.name),
        format!("{} It takes {}{}", spec.doc, accepted(spec.kind), example(spec)),
    )
}

fn unknown(specs: &[InputSpec], input: &RawInput) -> Fault {
    let help = if let Some(name) = nearest(&input.name, specs.iter().map(|spec| spec.name)) {
        format!("Did you mean `{name}`?")
    } else {
        let names: Vec<&str> = specs.iter().map(|spec| spec.name).collect();
        format!("The inputs are: {}.", names.join(", "))
    };
    let name = cut(&input.name);
    Fault::new(&name, FaultKind::Unknown, format!("there is no input `{name}`"), help)
}

/// The value is shown where it is given and no secret by its kind.
fn malformed(spec: &InputSpec, text: Option<&str>) -> Fault {
    let shown = match (spec.kind, text) {
        (kind, Some(text)) if is_shown(kind) => format!(" has the value `{}`, which", cut(text)),
        _ => String::new(),
    };
    let what = match spec.kind {
        Kind::Command => {
            format!("the input `{}` has no program or a quote that is not closed", spec.name)
        }
        Kind::Path => format!("the input `{}`{shown} holds a NUL character", spec.name),
        _ => format!("the input `{}`{shown} is not accepted", spec.name),
    };
    let help = format!("It takes {}{}", accepted(spec.kind), example(spec));
    Fault::new(spec.name, FaultKind::Malformed, what, help)
}

/// Whether a fault may show the value.
fn is_shown(kind: Kind) -> bool {
    !matches!(kind, Kind::Secret | Kind::Map(_) | Kind::Command)
}

fn malformed_map(spec: &InputSpec, why: &str) -> Fault {
    Fault::new(
        spec.name,
        FaultKind::Malformed,
        format!("the input `{}` cannot be read: {why}", spec.name),
        "It takes `key=value` lines or a YAML map of scalars. A secret of several lines is given as \
         `key: ${{ toJSON(secrets.NAME) }}`.",
    )
}

fn conflicting(spec: &InputSpec, first: &str, other: &RawInput) -> Fault {
    Fault::new(
        spec.name,
        FaultKind::Conflicting,
        format!(
            "the input `{}` is given twice, as `{}` and `{}`, with different values",
            spec.name,
            cut(first),
            cut(&other.name)
        ),
        "Keep one of them.",
    )
}

fn example(spec: &InputSpec) -> String {
    match spec.examples.iter().find(|text| !text.contains('\n')) {
        Some(text) => format!(", for example `{text}`."),
        None => ".".to_owned(),
    }
}

/// The start of a user's text on one line.
fn cut(text: &str) -> String {
    let line: String = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .take(SHOWN)
        .collect();
    if text.chars().count() > SHOWN { format!("{line}...") } else { line }
}
