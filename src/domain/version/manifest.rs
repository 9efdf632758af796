//! The version in the manifest of an Odoo module.

use super::lack::{Lack, Said};
use crate::domain::odoo::literal::{self, Value};
use crate::domain::odoo::version::Version as OdooVersion;

/// The last `version` of the dictionary, as Python keeps it. What Odoo itself refuses is no version.
pub(super) fn version(file: &str, text: &str) -> Result<Said, Lack> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let node = literal::parse(text).map_err(|error| {
        Lack::unknown(file, format!("it cannot be read without running it: {error}"))
            .at(error.at.line)
    })?;
    let Value::Dict(pairs) = node.value else {
        return Err(Lack::unknown(file, "it is no dictionary").at(node.start.line));
    };
    let is_version = |key: &literal::Node| key.text() == Some("version");
    let Some((_, value)) = pairs.iter().rev().find(|(key, _)| is_version(key)) else {
        return Err(Lack::absent(file, "it has no `version`"));
    };
    let line = value.start.line;
    let Some(raw) = value.text() else {
        return Err(
            Lack::unknown(file, format!("`version` is {}, not a text", value.kind())).at(line)
        );
    };
    if OdooVersion::parse(raw).is_none() {
        let why = "`version` is none that Odoo accepts: `x.y.z`, or with its series `17.0.x.y.z`";
        return Err(Lack::unknown(file, why).at(line));
    }
    Said::new(file, line, raw.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> (String, u32) {
        match version("__manifest__.py", text) {
            Ok(said) => (said.version.to_string(), said.line),
            Err(lack) => (format!("{:?}: {}", lack.kind, lack.why), lack.line),
        }
    }

    #[test]
    fn a_literal_and_nothing_else() {
        let manifest = "# -*- coding: utf-8 -*-\n{\n    'name': 'Shop',\n    'summary': '''a\n    'version': 9.9''',\n    'version': '17.0.'\n               '1.2.3',  # series first\n    'depends': ['base',],\n}\n";
        assert_eq!(told(manifest), ("17.0.1.2.3".into(), 6));
        assert_eq!(told("{'version': '1.0', 'version': '1.1'}"), ("1.1".into(), 1));
        assert_eq!(told("{'a': {'version': '1.0'}}").0, "Absent: it has no `version`");
        assert_eq!(told("{'version': 1.0}").0, "Unknown: `version` is a float, not a text");
        assert_eq!(told("['version']").0, "Unknown: it is no dictionary");
        let refused = "Unknown: `version` is none that Odoo accepts: `x.y.z`, or with its series `17.0.x.y.z`";
        for text in ["{'version': '17.0.1.0-beta'}", "{'version': 'v1.0'}", "{'version': ''}"] {
            assert_eq!(told(text).0, refused, "{text}");
        }
    }

    #[test]
    fn python_is_never_run() {
        let (why, line) = told("import os\n{'version': os.environ['V']}");
        assert!(why.starts_with("Unknown: it cannot be read without running it"), "{why}");
        assert_eq!(line, 1);
        let (why, line) = told("{\n'version': get_version()}");
        assert_eq!(why, "Unknown: it cannot be read without running it: a call of `get_version`");
        assert_eq!(line, 2);
    }
}
