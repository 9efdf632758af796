//! Names and values in files that hold credentials.

use std::ops::Range;

use super::{FORMAT, Trust};
use crate::domain::secrets::candidate::Candidate;
use crate::domain::secrets::generic::{is_secret, is_setting};
use crate::domain::secrets::key_name::{Promise, promise};
use crate::domain::secrets::pair;
use crate::domain::secrets::path::Syntax;
use crate::domain::secrets::placeholder::{is_form, is_placeholder};
use crate::domain::secrets::reference::is_reference;
use crate::domain::secrets::text::{Class, Text};

/// How a file is read.
pub(super) struct Reading {
    /// How names and values are written.
    pub(super) syntax: Syntax,
    /// How far a value is believed.
    pub(super) trust: Trust,
    /// Names of secrets besides those that always are, in lower case.
    pub(super) also: &'static [&'static str],
}

/// Adds the secrets of all settings.
pub(super) fn find(text: Text<'_>, reading: &Reading, found: &mut Vec<Candidate>) {
    for line in text.lines() {
        let mut at = line.start;
        while at < line.end {
            let start = text.run(at, |byte| byte != b'\n' && !Class::Word.has(byte));
            let name = start..text.run(start, |byte| Class::Dotted.has(byte)).min(line.end);
            if name.is_empty() || is_comment(text.part(line.start..at.max(start)), at - line.start)
            {
                break;
            }
            let one = setting(text, &name, reading);
            at = one.as_ref().map_or(name.end, |one| one.range.end).max(name.end);
            found.extend(one);
        }
    }
}

/// Whether what lies between the last name and the next begins a comment.
fn is_comment(line: &[u8], from: usize) -> bool {
    let mut before = if from == 0 { b' ' } else { b'a' };
    line.iter().skip(from).any(|byte| {
        let is_mark = (*byte == b'#' || *byte == b';' && from == 0) && before.is_ascii_whitespace();
        before = *byte;
        is_mark
    })
}

fn setting(text: Text<'_>, name: &Range<usize>, reading: &Reading) -> Option<Candidate> {
    let shown = text.text(name.clone());
    let is_also = reading.also.contains(&shown.to_ascii_lowercase().as_str());
    let promise = promise(shown);
    if promise.is_none() && !is_also {
        return None;
    }
    let range = pair::value(text, name, reading.syntax)?.range;
    let value = text.text(range.clone());
    let is_meant = match reading.trust {
        _ if value.is_empty() || is_setting(value) => false,
        _ if is_also => !is_form(value),
        Trust::Own => !is_form(value) && !is_reference(value),
        Trust::Set => !is_placeholder(value) && !is_reference(value),
        Trust::Literal => is_secret(value, Promise::Password),
        Trust::Looks => promise.is_some_and(|promise| is_secret(value, promise)),
    };
    is_meant.then(|| {
        let what = format!(
            "`{shown}` has its value, of {} characters, in a file that is made for credentials",
            value.chars().count()
        );
        Candidate::new(&FORMAT, range, what)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, syntax: Syntax, trust: Trust) -> Vec<&str> {
        let mut found = Vec::new();
        find(
            Text { bytes: text.as_bytes() },
            &Reading { syntax, trust, also: &["auth"] },
            &mut found,
        );
        found.into_iter().map(|one| &text[one.range]).collect()
    }

    #[test]
    fn settings_of_credential_files() {
        let shell = "# PASSWORD=x\nexport DB_PASS='password123' # why\nexport TOKEN=$OTHER\nMAIL_PASSWORD=abc\n";
        assert_eq!(read(shell, Syntax::Plain, Trust::Own), ["password123", "abc"]);
        let json = "{\"host\": \"a\", \"pass\": \"fish\", \"auth\": \"YTpi\", \"passphrase\": \"\", \"x\": {\"password\": \"b\"}}";
        assert_eq!(read(json, Syntax::Quoted, Trust::Own), ["fish", "YTpi", "b"]);
        let odoo = "admin_passwd = admin\ndb_password = False\nsmtp_password = changeme\ndb_password = ${PW}\n";
        assert_eq!(read(odoo, Syntax::Plain, Trust::Set), ["admin"]);
        let env = "SECRET_TOKEN=short\nDB_PASSWORD=hunter22\nAPP_KEY=base64:q8ZsK2vXw7RtYp4LmN0bHcG5vQx9ZtR2kL\n";
        assert_eq!(read(env, Syntax::Plain, Trust::Looks).len(), 2);
        let env = "SECRET_TOKEN=ourdeploytoken\nAPI_KEY=/run/secrets/key\nTOKEN=none\n";
        assert_eq!(read(env, Syntax::Plain, Trust::Literal), ["ourdeploytoken"]);
        assert_eq!(read("password \"fish\"\n", Syntax::Docker, Trust::Own), ["fish"]);
        assert_eq!(
            read("<Pass encoding=\"base64\">YTpi</Pass>", Syntax::Markup, Trust::Own),
            ["YTpi"]
        );
    }

    #[test]
    fn no_settings() {
        for text in [
            "",
            "password",
            "user = a\n",
            "password = <pw>",
            "password = xxxx",
            "token_url = a",
            "pass\u{e9}",
        ] {
            assert_eq!(read(text, Syntax::Plain, Trust::Own), [""; 0], "{text}");
        }
    }
}
