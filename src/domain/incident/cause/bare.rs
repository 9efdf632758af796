//! A line without what its writer puts before every line, so that rules see the same form wherever a tool runs.

/// `docker build`'s `#9 12.34 `, Compose's `web-1  | `, Turborepo's `web:test: `. The text's own indentation stays.
pub fn bare(line: &str) -> &str {
    let own =
        buildkit(line).or_else(|| container(line)).or_else(|| seconds(line)).or_else(|| task(line));
    own.unwrap_or(line).trim_end()
}

/// `#9 12.34 text`; not `#9 ERROR: text`, which is a message of the builder's own.
fn buildkit(line: &str) -> Option<&str> {
    let (number, rest) = line.strip_prefix('#')?.split_once(' ')?;
    is_number(number).then_some(())?;
    seconds(rest)
}

/// `12.34 text`, as the builder repeats the lines of a step that failed.
fn seconds(line: &str) -> Option<&str> {
    let (time, rest) = line.split_once(' ')?;
    let (whole, part) = time.split_once('.')?;
    (is_number(whole) && is_number(part) && part.len() <= 3).then_some(rest)
}

/// `web-1  | text`.
fn container(line: &str) -> Option<&str> {
    let (name, rest) = line.split_once(" | ")?;
    let name = name.trim_end();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let numbered = name.rsplit_once(['-', '_']).is_some_and(|(_, number)| is_number(number));
    (numbered && name.chars().all(plain)).then_some(rest)
}

/// `web:test: text`, a package and its task.
fn task(line: &str) -> Option<&str> {
    let (name, rest) = line.split_once(": ")?;
    let (package, task) = name.split_once(':')?;
    let is_name = |text: &str| {
        let plain = |c: char| c.is_ascii_lowercase() || matches!(c, '-' | '_' | '@' | '/');
        !text.is_empty() && text.chars().all(plain)
    };
    (is_name(package) && is_name(task)).then_some(rest)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::bare;

    #[test]
    fn prefixes_of_every_line_go() {
        let table = [
            ("  error: x ", "  error: x"),
            ("#9 12.34   error: x", "  error: x"),
            ("#9 ERROR: x", "#9 ERROR: x"),
            ("0.213 /bin/sh: 1: npm: not found", "/bin/sh: 1: npm: not found"),
            ("web-1  | error: x", "error: x"),
            ("shop_db_1 | error: x", "error: x"),
            ("Adds Up | FAIL |", "Adds Up | FAIL |"),
            ("total | 3", "total | 3"),
            ("shop-web:test:   FAIL src/a.test.ts", "  FAIL src/a.test.ts"),
            ("psql:a.sql:3: ERROR: x", "psql:a.sql:3: ERROR: x"),
            ("src/a.c:3: error: x", "src/a.c:3: error: x"),
            ("tool: error: x", "tool: error: x"),
            ("1.0.0 released", "1.0.0 released"),
            ("3.14159 pi", "3.14159 pi"),
        ];
        for (line, expected) in table {
            assert_eq!(bare(line), expected, "{line:?}");
        }
    }
}
