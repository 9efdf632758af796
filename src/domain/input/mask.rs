//! Which values of the inputs are secrets. How a mask is written is the runner's business.

use secrecy::{ExposeSecret, SecretString};

use super::name::{nearest, same_name};
use super::raw::{RawInput, without_newline};
use super::{InputSpec, Kind, Secrecy, collection};

/// A value that may have to be masked.
#[derive(Clone, Debug)]
pub struct Masked {
    /// The input that it came from, as the table spells it.
    pub input: String,
    /// The value. Never empty.
    pub value: SecretString,
    /// Why it counts as a secret.
    pub why: Why,
}

/// Why a value counts as a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The input is one; mask it.
    Secret,
    /// It is the value of this key in a map of which only some values are secrets; the rule for keys decides.
    Key(String),
}

/// The values to be masked, of inputs that were not checked yet: every secret, every value of a map of secrets; and, with
/// their keys, the values of maps whose keys decide. A name that is nearly one of the table counts as that one, and a map
/// that cannot be read gives whatever could be a value in it: a fault of the inputs is told in a log as well.
pub fn masks(specs: &[InputSpec], raw: &[RawInput]) -> Vec<Masked> {
    let mut found = Vec::new();
    for input in raw {
        let Some(spec) = spec_of(specs, &input.name) else {
            found.push(by_key(&input.name, &input.name, &input.value));
            continue;
        };
        match spec.kind {
            Kind::Secret => {
                let value = without_newline(&input.value);
                found.push(masked(spec.name, value, Why::Secret));
            }
            Kind::Map(Secrecy::All) => {
                found.extend(
                    pairs(&input.value)
                        .into_iter()
                        .map(|(_, value)| masked(spec.name, &value, Why::Secret)),
                );
            }
            Kind::Map(Secrecy::ByKey) => found.extend(
                pairs(&input.value).iter().map(|(key, value)| by_key(spec.name, key, value)),
            ),
            _ => {}
        }
    }
    found.retain(|masked| !masked.value.expose_secret().trim().is_empty());
    found
}

fn masked(input: &str, value: &str, why: Why) -> Masked {
    Masked { input: input.to_owned(), value: value.into(), why }
}

fn by_key(input: &str, key: &str, value: &str) -> Masked {
    masked(input, value, Why::Key(key.to_owned()))
}

fn spec_of<'a>(specs: &'a [InputSpec], name: &str) -> Option<&'a InputSpec> {
    let exact = specs.iter().find(|spec| same_name(spec.name, name));
    exact.or_else(|| {
        let near = nearest(name, specs.iter().map(|spec| spec.name))?;
        specs.iter().find(|spec| spec.name == near)
    })
}

/// The pairs of a map; of a text that is none each line, whole and what stands behind its first `=` or `:`.
fn pairs(text: &str) -> Vec<(String, String)> {
    if let Ok(pairs) = collection::map(text) {
        return pairs
            .into_iter()
            .map(|(key, value)| (key, value.expose_secret().to_owned()))
            .collect();
    }
    let mut all = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.split_once(['=', ':']) {
            Some((key, value)) => {
                let quotes = |sign: char| matches!(sign, '"' | '\'' | ',') || sign.is_whitespace();
                let key = key.trim_matches(quotes).to_owned();
                all.push((key, value.trim_matches(quotes).to_owned()));
            }
            None => all.push(("secret".to_owned(), line.to_owned())),
        }
    }
    all
}
