//! Which values of the inputs are secrets. How a mask is written is the runner's business.

use secrecy::{ExposeSecret, SecretString};

use super::{InputSpec, Kind, Secrecy, Value, Values};

/// A value that may have to be masked.
#[derive(Clone, Debug)]
pub struct Masked {
    /// The input that it came from.
    pub input: &'static str,
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

/// The values to be masked: every secret, every value of a map of secrets; and, with their keys, the values of maps whose
/// keys decide.
pub fn masks(specs: &[InputSpec], values: &Values) -> Vec<Masked> {
    let mut found = Vec::new();
    for spec in specs {
        match (spec.kind, values.find(spec.name)) {
            (Kind::Secret, Some(Value::Secret(value))) => {
                found.push(Masked { input: spec.name, value: value.clone(), why: Why::Secret });
            }
            (Kind::Map(secrecy), Some(Value::Map(pairs))) => {
                found.extend(pairs.iter().map(|(key, value)| Masked {
                    input: spec.name,
                    value: value.clone(),
                    why: match secrecy {
                        Secrecy::All => Why::Secret,
                        Secrecy::ByKey => Why::Key(key.clone()),
                    },
                }));
            }
            _ => {}
        }
    }
    found.retain(|masked| !masked.value.expose_secret().trim().is_empty());
    found
}
