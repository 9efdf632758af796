//! File commands: the grammar of `GITHUB_OUTPUT`, `GITHUB_ENV` and `GITHUB_STATE`, and the limit of the summary.

/// The largest summary that is shown, in bytes, itself included.
pub const SUMMARY_LIMIT: usize = 1_048_576;

/// Pairs in the order of the file, and what was wrong with it: pairs before the fault have taken effect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairs {
    pub pairs: Vec<(String, String)>,
    pub fault: Option<String>,
}

impl Pairs {
    /// The value of a name; the last one counts.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Reads the file's bytes. Only `\n` ends a line on Linux, so `\r` belongs to the value.
pub fn read_pairs(bytes: &[u8]) -> Pairs {
    let text = String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    let mut read = Pairs::default();
    let mut rest: &str = &text;
    while !rest.is_empty() {
        let (line, after, _) = next_line(rest);
        rest = after;
        if line.is_empty() {
            continue;
        }
        match pair(line, rest) {
            Ok((name, value, after)) => {
                read.pairs.push((name, value));
                rest = after;
            }
            Err(fault) => {
                read.fault = Some(fault);
                break;
            }
        }
    }
    read
}

/// The next line, what follows it, and whether it ended with a line feed.
fn next_line(text: &str) -> (&str, &str, bool) {
    match text.split_once('\n') {
        Some((line, rest)) => (line, rest, true),
        None => (text, "", false),
    }
}

fn pair<'a>(line: &str, rest: &'a str) -> Result<(String, String, &'a str), String> {
    let equals = line.find('=');
    let heredoc = line.find("<<");
    match (equals, heredoc) {
        (Some(at), there) if there.is_none_or(|there| at < there) => {
            Ok((line[..at].to_owned(), line[at + 1..].to_owned(), rest))
        }
        (_, Some(at)) if at > 0 && at + 2 < line.len() => {
            let (value, rest) = until(&line[at + 2..], rest)?;
            Ok((line[..at].to_owned(), value, rest))
        }
        _ => Err(format!("Invalid format '{line}'")),
    }
}

/// The lines up to one that is exactly the delimiter.
fn until<'a>(delimiter: &str, mut rest: &'a str) -> Result<(String, &'a str), String> {
    let mut lines = Vec::new();
    loop {
        if rest.is_empty() {
            return Err(format!("Matching delimiter not found '{delimiter}'"));
        }
        let (line, after, ended) = next_line(rest);
        rest = after;
        if line == delimiter {
            return Ok((lines.join("\n"), rest));
        }
        if !ended {
            return Err("EOF marker missing new line".to_owned());
        }
        lines.push(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        read_pairs(text.as_bytes()).pairs
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn the_grammar() {
        assert_eq!(read("a=b=c\n\nd=\n=x"), [pair("a", "b=c"), pair("d", ""), pair("", "x")]);
        assert_eq!(read("a<<E\nx\n\ny\nE"), [pair("a", "x\n\ny")]);
        assert_eq!(read("a<<E\nE\n"), [pair("a", "")]);
        assert_eq!(read("a=1\r\n"), [pair("a", "1\r")]);
        assert_eq!(read("a=x<<y\n"), [pair("a", "x<<y")]);
        assert_eq!(read("\u{feff}a=1\n"), [pair("a", "1")]);
    }

    #[test]
    fn pairs_before_a_fault_count_and_the_fault_is_named() {
        let faults = [
            ("a=1\nplain\nb=2\n", "Invalid format 'plain'"),
            ("a=1\n<<E\nx\nE\n", "Invalid format '<<E'"),
            ("a=1\nb<<E\nx\n", "Matching delimiter not found 'E'"),
            ("a=1\nb<<E\nx", "EOF marker missing new line"),
        ];
        for (text, fault) in faults {
            let read = read_pairs(text.as_bytes());
            assert_eq!(read.pairs, [pair("a", "1")], "{text:?}");
            assert_eq!(read.fault.as_deref(), Some(fault), "{text:?}");
        }
    }

    #[test]
    fn the_last_value_of_a_name_counts() {
        assert_eq!(read_pairs(b"a=1\na=2\n").get("a"), Some("2"));
    }
}
