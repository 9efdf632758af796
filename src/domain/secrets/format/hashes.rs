//! Hashes of passwords: in lists of accounts and in dumps of databases. They are guessed at leisure.

use std::ops::Range;

use super::secret;
use crate::domain::secrets::candidate::Candidate;
use crate::domain::secrets::text::{Class, Text};

/// How hashes begin that name their method.
const METHODS: [&str; 16] = [
    "$2y$",
    "$2a$",
    "$2b$",
    "$1$",
    "$5$",
    "$6$",
    "$y$",
    "$7$",
    "$apr1$",
    "$argon2",
    "$pbkdf2",
    "pbkdf2_sha",
    "$P$",
    "$H$",
    "{SHA}",
    "{SSHA}",
];

/// No such hash is shorter.
const SHORTEST: usize = 26;

/// The hash that begins at a place.
fn hash(text: Text<'_>, place: usize) -> Option<Range<usize>> {
    METHODS.iter().find(|method| text.has(place, method))?;
    let is_inside = |byte: u8| {
        Class::Base64.has(byte) || matches!(byte, b'$' | b'.' | b'_' | b'-' | b',' | b'{' | b'}')
    };
    let end = text.run(place, is_inside);
    let end = if text.before(end) == b',' { end - 1 } else { end };
    (end - place >= SHORTEST).then_some(place..end)
}

/// `name:hash` and `name:hash:more`, a line for each account.
pub(super) fn accounts(text: Text<'_>, found: &mut Vec<Candidate>) {
    for line in text.lines().filter(|line| text.at(line.start) != b'#') {
        let Some(colon) = memchr::memchr(b':', text.part(line.clone())) else { continue };
        let start = line.start + colon + 1;
        let end = text.run(start, |byte| byte != b':' && !byte.is_ascii_whitespace());
        let is_old = end - start == 13
            && text.part(start..end).iter().all(|byte| Class::Dotted.has(*byte) || *byte == b'/');
        if is_old || hash(text, start).is_some() {
            found.push(secret("the hash of a password", start..end));
        }
    }
}

/// Hashes that name their method, and bare ones in the rows of tables with a column for passwords.
pub(super) fn sql(text: Text<'_>, found: &mut Vec<Candidate>) {
    let mut has_column = false;
    for line in text.lines() {
        let row = text.part(line.clone());
        if names_table(row) {
            has_column = names_password(row);
        }
        for (at, before) in (line.start + 1..line.end).zip(row) {
            if !matches!(before, b'\'' | b'"' | b'\t' | b',') {
                continue;
            }
            let bare = || has_column.then(|| digits(text, at)).flatten();
            if let Some(range) = hash(text, at).or_else(bare) {
                found.push(secret("the hash of a password in a dump", range));
            }
        }
        has_column = has_column && !row.ends_with(b";") && row != b"\\.";
    }
}

/// Thirty-two digits in quotes: MD5.
fn digits(text: Text<'_>, place: usize) -> Option<Range<usize>> {
    let end = text.run(place, |byte| Class::Hex.has(byte));
    let is_quoted =
        matches!(text.before(place), b'\'' | b'"') && text.at(end) == text.before(place);
    (is_quoted && end - place == 32).then_some(place..end)
}

fn names_table(row: &[u8]) -> bool {
    let starts =
        |word: &[u8]| row.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
    starts(b"INSERT INTO") || starts(b"COPY ")
}

fn names_password(row: &[u8]) -> bool {
    let lower = row.get(..1024).unwrap_or(row).to_ascii_lowercase();
    [&b"passw"[..], b"pwd"].iter().any(|word| memchr::memmem::find(&lower, word).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALTED: &str = "$2y$12$q8ZsK2vXw7RtYp4LmN0bHcG5vQx9ZtR2kLw8PmNs4Yb7CdF3gH6jK";

    type Reader = fn(Text<'_>, &mut Vec<Candidate>);

    fn read(reader: Reader, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        reader(Text { bytes: text.as_bytes() }, &mut found);
        found.into_iter().map(|one| text[one.range].to_owned()).collect()
    }

    #[test]
    fn lists_of_accounts() {
        let text = format!("a:{SALTED}\nroot:{SALTED}:1:2:::\nold:abJnggxhB/yWI\n");
        assert_eq!(read(accounts, &text), [SALTED, SALTED, "abJnggxhB/yWI"]);
        let none = "root:x:0:0:root:/root:/bin/sh\nb:*:1\nc:!:1\nd::1\n# a:b\nword\n";
        assert_eq!(read(accounts, none), [""; 0]);
    }

    #[test]
    fn dumps() {
        let md5 = "9f86d081884c7d659a2feaa0c55ad015";
        let text =
            format!("INSERT INTO u (a, password) VALUES\n(1, '{SALTED}', 1),\n(2, '{md5}');\n");
        assert_eq!(read(sql, &text), [SALTED, md5]);
        assert_eq!(read(sql, &format!("COPY u (a) FROM stdin;\n1\t{SALTED}\t2\n")), [SALTED]);
        let none = format!("INSERT INTO f (id, checksum) VALUES (1, '{md5}');\nSELECT $1, '$2';\n");
        assert_eq!(read(sql, &none), [""; 0]);
    }
}
