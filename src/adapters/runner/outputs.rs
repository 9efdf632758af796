//! Writes outputs to `GITHUB_OUTPUT` in the grammar that the runner and `act` both read.
//!
//! The file is appended to. There is never a blank line between pairs: the runner skips it, `act` drops every output.

use std::io::Write;
use std::path::Path;

use crate::adapters::runner::random;
use crate::domain::action::{OutputSpec, OutputValues};

/// Appends every output of the table to the file, those that were never set as the empty string.
///
/// Fails with the system's error and the path if the file cannot be written.
pub fn write(path: &Path, specs: &[OutputSpec], values: &OutputValues) -> std::io::Result<()> {
    let text: String = specs.iter().map(|spec| pair(spec.name, values.get(spec.name))).collect();
    let mut file = fs_err::OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.flush()
}

/// The names of outputs whose value contains a secret: the runner drops them where they become outputs of the job.
pub fn tainted<'a>(
    specs: &'a [OutputSpec],
    values: &OutputValues,
    is_secret: impl Fn(&str) -> bool,
) -> Vec<&'a str> {
    specs.iter().map(|spec| spec.name).filter(|name| is_secret(values.get(name))).collect()
}

/// One pair: `name=value` for plain values, else with a delimiter that occurs in neither.
fn pair(name: &str, value: &str) -> String {
    if value.bytes().all(is_plain) {
        return format!("{name}={value}\n");
    }
    let delimiter = delimiter(name, value);
    format!("{name}<<{delimiter}\n{value}\n{delimiter}\n")
}

const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'/' | b'@' | b'+' | b'-')
}

fn delimiter(name: &str, value: &str) -> String {
    loop {
        let word = format!("ghadelimiter_{}", random::hex128());
        if !value.contains(&word) && !name.contains(&word) {
            return word;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPECS: &[OutputSpec] =
        &[OutputSpec { name: "result", doc: "" }, OutputSpec { name: "log", doc: "" }];

    #[test]
    fn plain_values_stay_on_one_line_and_others_get_a_delimiter() {
        assert_eq!(pair("a", "v1.2.3_x:/@+-"), "a=v1.2.3_x:/@+-\n");
        assert_eq!(pair("a", ""), "a=\n");
        for value in ["a b", "a=b", "a<<b", "ä", "two\nlines", "\r"] {
            let text = pair("a", value);
            assert!(text.starts_with("a<<ghadelimiter_"), "{text}");
        }
    }

    #[test]
    fn every_output_is_written_and_the_file_is_appended_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        fs_err::write(&path, "before=1\n").unwrap();
        let mut values = OutputValues::default();
        values.set("result", "done");
        write(&path, SPECS, &values).unwrap();
        assert_eq!(fs_err::read_to_string(&path).unwrap(), "before=1\nresult=done\nlog=\n");
    }

    #[test]
    fn a_file_that_cannot_be_written_is_an_error_that_names_it() {
        let error = write(Path::new("/nowhere/out"), SPECS, &OutputValues::default()).unwrap_err();
        assert!(error.to_string().contains("/nowhere/out"), "{error}");
    }

    #[test]
    fn only_outputs_that_contain_a_secret_are_tainted() {
        let mut values = OutputValues::default();
        values.set("result", "done");
        values.set("log", "pw hunter2");
        assert_eq!(tainted(SPECS, &values, |value| value.contains("hunter2")), ["log"]);
    }
}
