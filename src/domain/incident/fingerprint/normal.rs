//! A line without what differs from run to run.

/// What ends a word. The rest of a word belongs together: paths, time stamps, digests.
const ENDS: [char; 16] =
    [' ', '\t', '"', '\'', '`', ',', ';', '(', ')', '[', ']', '{', '}', '<', '>', '='];

/// Folders whose content has a name for one run only.
const TEMPORARY: [&str; 5] = ["/tmp/", "/var/tmp/", "/var/folders/", "/_temp/", "/run/user/"];

/// The line with placeholders: `<time>`, `<uuid>`, `<hex>`, `<tmp>`, and `#` for every number that no letter stands
/// before (`E0308` stays; ports, counts, places and durations go). Of a path the last part stays, of a URL the host.
pub fn normal(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let word = &rest[..word_end(rest)];
        out.push_str(&normal_word(word));
        rest = &rest[word.len()..];
        if word.is_empty() {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    let words: Vec<&str> = out.split_whitespace().collect();
    let mut words = words.join(" ");
    // Date and time, and a time and its zone, are two words.
    while words.contains("<time> <time>") {
        words = words.replace("<time> <time>", "<time>");
    }
    words
}

/// Where the first word ends; the query of a URL belongs to it.
fn word_end(text: &str) -> usize {
    let end = text.find(ENDS).unwrap_or(text.len());
    if !text[..end].contains("://") {
        return end;
    }
    text.find(|c| ENDS.contains(&c) && !matches!(c, '=' | ',' | ';')).unwrap_or(text.len())
}

fn normal_word(word: &str) -> String {
    if let Some((scheme, rest)) = word.split_once("://") {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        return format!("{scheme}://{}", numbers(host));
    }
    if is_time(word) {
        return "<time>".to_owned();
    }
    if TEMPORARY.iter().any(|folder| word.contains(folder)) {
        return "<tmp>".to_owned();
    }
    let last = word.trim_end_matches('/').rsplit('/').next().unwrap_or(word);
    let name = last.trim_end_matches([':', '.']);
    if is_uuid(name) {
        return format!("<uuid>{}", &last[name.len()..]);
    }
    hidden(last)
}

/// Digests and temporary names in a word without `/`, then its numbers.
fn hidden(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for piece in word.split_inclusive([':', '@', '.', '-']) {
        let part = piece.trim_end_matches([':', '@', '.', '-']);
        out.push_str(if is_hex(part) {
            "<hex>"
        } else if is_temporary(part) {
            "<tmp>"
        } else {
            part
        });
        out.push_str(&piece[part.len()..]);
    }
    numbers(&out)
}

/// `2026-11-30T10:00:00.1Z`, `2026-11-30`, `10:00:00,123`.
fn is_time(word: &str) -> bool {
    let shape: String = word.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    shape.starts_with("9999-99-99")
        || shape.starts_with("9999/99/99")
        || shape.starts_with("99:99:99")
}

fn is_uuid(word: &str) -> bool {
    let lengths: Vec<usize> = word.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && word.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

/// A commit, a digest, an address in memory: `0x...`, or seven hex digits and more with a digit among them.
fn is_hex(part: &str) -> bool {
    let digits = part.strip_prefix("0x").unwrap_or(part);
    let hex = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let letters = digits.bytes().any(|byte| byte.is_ascii_alphabetic());
    let numbers = digits.bytes().any(|byte| byte.is_ascii_digit());
    hex && (part.len() > digits.len() || digits.len() >= 7 && letters && numbers)
}

/// `tmpa1b2c3d4`, as Python and `mktemp` name files.
fn is_temporary(part: &str) -> bool {
    part.strip_prefix("tmp").is_some_and(|rest| {
        rest.len() >= 6 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

/// `#` for each number without a letter before it, with its fraction and unit of time.
fn numbers(word: &str) -> String {
    const UNITS: [&str; 9] = ["ms", "us", "µs", "ns", "s", "m", "h", "min", "sec"];
    let mut out = String::with_capacity(word.len());
    let mut rest = word;
    while let Some(c) = rest.chars().next() {
        let inside =
            out.ends_with(|c: char| c.is_alphanumeric() || c == '_') && !out.ends_with('#');
        if !c.is_ascii_digit() || inside {
            // A number inside a name stays as it is, to its end.
            let end = if c.is_ascii_digit() { digits(rest) } else { c.len_utf8() };
            out.push_str(&rest[..end]);
            rest = &rest[end..];
            continue;
        }
        rest = &rest[digits(rest)..];
        let unit = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
        if UNITS.contains(&&rest[..unit]) {
            rest = &rest[unit..];
        }
        if !out.ends_with('#') {
            out.push('#');
        }
    }
    out
}

/// How many bytes of digits and points a number has, `1.2.3` and `1,234` being one.
fn digits(text: &str) -> usize {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    text[..end].trim_end_matches('.').len()
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn what_differs_from_run_to_run_goes() {
        let table = [
            ("error[E0308]: mismatched types", "error[E0308]: mismatched types"),
            ("src/tax.c:4:12: error: x", "tax.c:#:#: error: x"),
            ("/home/runner/work/shop/shop/src/tax.c:14:2: error: x", "tax.c:#:#: error: x"),
            ("took 12.3s, then 450ms and 1m2s", "took #, then # and #"),
            ("port 55999 is taken", "port # is taken"),
            ("at 2026-11-30T10:00:00.123Z of job", "at <time> of job"),
            ("2026-11-30 10:00:00,123 17 ERROR shop", "<time>,# # ERROR shop"),
            ("commit 8eb3a0e1f is bad", "commit <hex> is bad"),
            ("image@sha256:0123456789abcdef0123456789abcdef is gone", "image@sha256:<hex> is gone"),
            ("object at 0x7f3a2b1c", "object at <hex>"),
            ("id 4d0c1a9e-6f52-4a3b-9d5e-7f1c2b8a3e60 twice", "id <uuid> twice"),
            ("cannot open /tmp/pip-build-x8_2/setup.py", "cannot open <tmp>"),
            (
                "/home/runner/work/_temp/4d0c.sh: line 2: kubeclt: command not found",
                "<tmp> line #: kubeclt: command not found",
            ),
            ("file tmpa1b2c3d4 is gone", "file <tmp> is gone"),
            ("GET https://example.com:8443/a/b?c=1", "GET https://example.com:#"),
            ("3 failed, 17 passed", "# failed, # passed"),
            ("test_2 of py3 failed", "test_2 of py3 failed"),
            ("feedback added", "feedback added"),
            ("1234567 rows of deadbeef", "# rows of deadbeef"),
            ("", ""),
        ];
        for (line, expected) in table {
            assert_eq!(normal(line), expected, "{line:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn it_is_stable_and_short(line in "\\PC{0,200}") {
            let once = normal(&line);
            proptest::prop_assert!(once.chars().count() <= 3 * line.chars().count());
        }

        #[test]
        fn other_numbers_make_no_difference(a in 0_u32.., b in 0_u32..) {
            let line = |n: u32| format!("error: {n} rows in a.py:{n} after {n}s (port {n})");
            proptest::prop_assert_eq!(normal(&line(a)), normal(&line(b)));
        }
    }
}
