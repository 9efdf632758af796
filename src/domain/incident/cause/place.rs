//! The file, test or container that a line names, or the lines around it.

/// Ends of file names that need no line number to be taken for one.
const ENDS: [&str; 40] = [
    ".py", ".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".vue", ".rs", ".go", ".java", ".kt",
    ".scala", ".c", ".cc", ".cpp", ".h", ".hpp", ".rb", ".php", ".pl", ".t", ".sh", ".bats",
    ".sql", ".tf", ".yml", ".yaml", ".toml", ".json", ".xml", ".md", ".rst", ".feature", ".cs",
    ".swift", ".txt", ".lock", ".css", ".html",
];

/// Folders of what others wrote: a place there is not where the project broke.
const LIBRARIES: [&str; 10] = [
    "site-packages/",
    "dist-packages/",
    "node_modules/",
    "node:",
    "/lib/python",
    "/usr/lib/",
    "/rustc/",
    ".cargo/registry",
    "/usr/share/",
    "importlib",
];

/// How many lines behind and before a line its place is looked for.
const BEHIND: usize = 14;
const BEFORE: usize = 12;

/// The longest line in which a place is looked for, in bytes.
const LONGEST: usize = 1000;

/// The place that the line at `at` names; else that of the nearest line behind it that belongs to it, as compilers and
/// test runners write; else of the nearest before it, as interpreters write; else of one further behind.
pub fn around(lines: &[&str], at: usize) -> Option<String> {
    if let Some(place) = named(lines[at]) {
        return Some(place);
    }
    let belongs = |line: &&&str| {
        line.is_empty() || line.starts_with([' ', '\t', '│', '|', '-', '#', '└', '╰', '>'])
    };
    let behind = || lines.iter().skip(at + 1).take(BEHIND);
    let before = lines[..at].iter().rev().take(BEFORE);
    behind().take_while(belongs).chain(before).chain(behind()).find_map(|line| in_file(line))
}

/// What a line names itself.
pub fn named(line: &str) -> Option<String> {
    in_file(line).or_else(|| container(line))
}

/// `a.py:3`, `File "a.py", line 3`, `a.ts(3,5)`, `In a.sh line 2:`, a path that ends like a file.
fn in_file(line: &str) -> Option<String> {
    let line = line.get(..LONGEST).unwrap_or(line);
    if LIBRARIES.iter().any(|folder| line.contains(folder)) {
        return None;
    }
    let mut words = line.split(|c: char| {
        c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ',' | '<' | '>' | '[' | ']')
    });
    let word = words.find_map(file)?;
    Some(match line.split_once(", line ").or_else(|| line.split_once(" line ")) {
        Some((_, number)) if !word.contains(':') => {
            let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
            if digits.is_empty() { word } else { format!("{word}:{digits}") }
        }
        _ => word,
    })
}

/// The word without brackets and what follows a place, if it is one.
fn file(word: &str) -> Option<String> {
    let word = word.trim_start_matches('(').trim_end_matches([')', '.', ':', ';']);
    if word.contains("://") {
        return None;
    }
    let (path, rest) = match word.find(':').or_else(|| word.find('(')) {
        Some(end) => word.split_at(end),
        None => (word, ""),
    };
    let is_file = ENDS.iter().any(|end| path.len() > end.len() && path.ends_with(end))
        || matches!(path.rsplit('/').next(), Some("Dockerfile" | "Makefile" | "CMakeLists.txt"));
    if !is_file {
        return None;
    }
    if rest.starts_with("::") {
        return Some(word.to_owned());
    }
    let digits: String = rest.chars().skip(1).take_while(char::is_ascii_digit).collect();
    Some(if digits.is_empty() { path.to_owned() } else { format!("{path}:{digits}") })
}

/// `container shop-db-1`, as Docker names them: with a sign in the middle, so that no other word is taken for one.
fn container(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("ontainer ")?;
    let name = rest.split_whitespace().next()?.trim_matches(['"', '\'', ':', ',', '`', '/']);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let signed = name.trim_matches(['-', '_', '.']).contains(['-', '_']);
    (signed && name.chars().all(plain)).then(|| format!("container {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_named() {
        let table = [
            (
                "FAILED tests/test_cart.py::test_total - assert 3 == 4",
                Some("tests/test_cart.py::test_total"),
            ),
            ("src/tax.c:4:12: error: 'rate' undeclared", Some("src/tax.c:4")),
            ("src/cart.ts(3,5): error TS2322: no", Some("src/cart.ts:3")),
            ("  --> src/main.rs:3:22", Some("src/main.rs:3")),
            ("  File \"shop/cart.py\", line 7, in total", Some("shop/cart.py:7")),
            ("In scripts/deploy.sh line 2:", Some("scripts/deploy.sh:2")),
            (
                "    at check (/home/runner/work/shop/shop/check.js:2:27)",
                Some("/home/runner/work/shop/shop/check.js:2"),
            ),
            ("    at Module.load (node:internal/modules/cjs/loader:1275:32)", None),
            (
                "dependency failed to start: container shop-db-1 is unhealthy",
                Some("container shop-db-1"),
            ),
            ("see https://example.com/errors.html", None),
            ("the container is gone", None),
            ("nothing here", None),
        ];
        for (line, expected) in table {
            assert_eq!(named(line).as_deref(), expected, "{line:?}");
        }
    }

    #[test]
    fn the_nearest_place_counts() {
        let lines = ["File \"a.py\", line 1", "KeyError: 'x'", "", "see b.py"];
        assert_eq!(around(&lines, 1).as_deref(), Some("a.py:1"));
        let lines = ["warning in a.rs:1", "error: mismatched", "", "  --> b.rs:2:3", "c.rs:4"];
        assert_eq!(around(&lines, 1).as_deref(), Some("b.rs:2"));
    }
}
