//! Files with a grammar of their own: `.pgpass`, `.netrc`, `.git-credentials`, files that are a key.

use std::ops::Range;

use super::secret;
use crate::domain::secrets::candidate::Candidate;
use crate::domain::secrets::placeholder::is_form;
use crate::domain::secrets::reference::is_reference;
use crate::domain::secrets::text::{Class, Text};

/// Adds a secret unless its value is looked up elsewhere or stands for one.
fn add(text: Text<'_>, of: &str, range: Range<usize>, found: &mut Vec<Candidate>) {
    let value = text.text(range.clone());
    if !value.is_empty() && !is_reference(value) && !is_form(value) {
        found.push(secret(of, range));
    }
}

/// `host:port:database:user:password`; a backslash keeps a colon.
pub(super) fn pgpass(text: Text<'_>, found: &mut Vec<Candidate>) {
    for line in text.lines().filter(|line| text.at(line.start) != b'#') {
        let mut colons = Vec::new();
        let mut is_escaped = false;
        for (at, byte) in line.clone().zip(text.part(line.clone())) {
            if *byte == b':' && !is_escaped {
                colons.push(at);
            }
            is_escaped = *byte == b'\\' && !is_escaped;
        }
        if let [_, _, _, last] = colons[..] {
            add(text, "a password of PostgreSQL", last + 1..line.end, found);
        }
    }
}

/// `machine name login name password secret`, on one line or on several.
pub(super) fn netrc(text: Text<'_>, found: &mut Vec<Candidate>) {
    let mut keyword: &[u8] = b"";
    for line in text.lines().filter(|line| text.at(line.start) != b'#') {
        let mut at = line.start;
        while at < line.end {
            let start = text.run(at, |byte| byte == b' ' || byte == b'\t');
            let end = text.run(start, |byte| !byte.is_ascii_whitespace()).min(line.end);
            let word = text.part(start..end);
            match keyword {
                b"password" => add(text, "a password for a host", start..end, found),
                b"login" | b"machine" | b"account" => {}
                _ => keyword = b"",
            }
            keyword = if keyword.is_empty() { word } else { b"" };
            at = end.max(at + 1);
        }
    }
}

/// `https://user:password@host`, or a token alone before the host.
pub(super) fn git_credentials(text: Text<'_>, found: &mut Vec<Candidate>) {
    for line in text.lines() {
        let address = text.text(line.clone());
        let Some((scheme, rest)) = address.split_once("://") else { continue };
        let Some((login, _)) = rest.rsplit_once('@') else { continue };
        let start = line.start + scheme.len() + 3;
        let before = login.find(':').map_or(0, |colon| colon + 1);
        add(text, "a login of git", start + before..start + login.len(), found);
    }
}

/// Thirty-two digits and nothing else: the key of Rails' credentials.
pub(super) fn key(text: Text<'_>, found: &mut Vec<Candidate>) {
    let end = text.run(0, |byte| Class::Hex.has(byte));
    let tail = text.part(end..end + 3);
    if matches!(end, 32 | 64 | 128) && tail.iter().all(u8::is_ascii_whitespace) {
        add(text, "a key", 0..end, found);
    }
}

/// `.login('user', 'password'`.
pub(super) fn login(text: Text<'_>, found: &mut Vec<Candidate>) {
    for call in memchr::memmem::find_iter(text.bytes, b".login(") {
        let line = text.line(call);
        let part = text.text(call..line.end);
        let quotes: Vec<usize> = part
            .char_indices()
            .filter(|(_, sign)| matches!(sign, '\'' | '"'))
            .map(|(at, _)| at)
            .collect();
        if let [_, _, open, close, ..] = quotes[..] {
            add(text, "the password of a login", call + open + 1..call + close, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Reader = fn(Text<'_>, &mut Vec<Candidate>);

    fn read(reader: Reader, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        reader(Text { bytes: text.as_bytes() }, &mut found);
        found.into_iter().map(|one| text[one.range].to_owned()).collect()
    }

    #[test]
    fn passwords_of_postgresql() {
        let text = "# host:port:db:user:pw\ndb:5432:*:odoo:hunter22\r\nfe\\:80:1:d:u:a\\:b\n";
        assert_eq!(read(pgpass, text), ["hunter22", "a\\:b"]);
        assert_eq!(read(pgpass, "a:b:c:d:${PW}\na:b:c\na:b:c:d:\na:b:c:d:<pw>\n"), [""; 0]);
    }

    #[test]
    fn passwords_for_hosts() {
        let text = "machine a login b password c1\nmachine d\n  login password\n  password e2\n";
        assert_eq!(read(netrc, text), ["c1", "e2"]);
        assert_eq!(read(netrc, "machine a login b password $PW\n# password x\npassword"), [""; 0]);
    }

    #[test]
    fn logins_of_git() {
        let text = "https://a@b.io:p@ss!1@git.io\nhttps://tok3n@git.io\nhttps://git.io\n";
        assert_eq!(read(git_credentials, text), ["p@ss!1", "tok3n"]);
    }

    #[test]
    fn keys_alone_in_their_file() {
        let hex = "9f86d081884c7d659a2feaa0c55ad015";
        assert_eq!(read(key, &format!("{hex}\n")), [hex]);
        assert_eq!(read(key, &format!("{hex} and more")), [""; 0]);
        assert_eq!(read(key, "abc"), [""; 0]);
    }

    #[test]
    fn calls_that_log_in() {
        assert_eq!(read(login, "c.login('a@b.io', 'hunter22', f)"), ["hunter22"]);
        assert_eq!(read(login, "c.login(user, password)\nc.login('a', pw)"), [""; 0]);
    }
}
