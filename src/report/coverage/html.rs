//! The HTML report: one page for all files, which needs no network and no server. It is written file by file, so that
//! the sources of a project are never held together.
//!
//! The list of files is plain HTML. What belongs to one file is a block of JSON that the page shows when the file is
//! opened: a browser that had to lay out every line of a large project at once would not come back.

use std::collections::HashMap;
use std::io::{self, Write};

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::domain::coverage::arms::Arms;
use crate::domain::coverage::gate::{Assessment, Check, FileTotal, State, Subject};
use crate::domain::coverage::lines::{Lines, Range};
use crate::domain::shown::is_invisible;
use crate::report::coverage::{verdict, words};

const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

/// The largest whole number that scripts can hold exactly; more hits are shown as so many.
const MOST_HITS: u64 = (1 << 53) - 1;

/// How many warnings are shown.
const WARNINGS: usize = 20;

/// How many files are listed at once: a browser takes seconds for a table of 10,000 rows.
const ROWS: usize = 1_000;

/// How many checks are listed above the files.
const CHECKS: usize = 500;

/// One file as the page shows it.
#[derive(Clone, Debug)]
pub struct HtmlFile<'a> {
    /// Its path, as in [`Assessment::files`]; a file that is not there is left out.
    pub path: &'a str,
    /// Its text; nothing where it could not be read, then only its lines' numbers are shown.
    pub source: Option<String>,
    /// Its lines.
    pub lines: &'a Lines,
    /// Its branches.
    pub arms: &'a Arms,
    /// Line and how often it was hit, sorted; may be empty.
    pub hits: &'a [(u32, u64)],
    /// The lines that the change touches, from top to bottom.
    pub changed: &'a [Range],
}

/// Writes the page. `out` should have a buffer. `files` may come in any order and is asked for one at a time.
pub fn html<'a>(
    assessment: &Assessment,
    files: impl Iterator<Item = HtmlFile<'a>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut ids: HashMap<&str, usize> = HashMap::with_capacity(assessment.files.len());
    for (id, file) in assessment.files.iter().enumerate() {
        ids.insert(&file.path, id);
    }
    head(assessment, out)?;
    list(assessment, out)?;
    for file in files {
        if let Some(id) = ids.get(file.path) {
            block(*id, &file, out)?;
        }
    }
    writeln!(out, "<script>{SCRIPT}</script>\n</body>\n</html>")
}

fn head(assessment: &Assessment, out: &mut dyn Write) -> io::Result<()> {
    let headline = escape(&verdict::headline(assessment));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        base64(&Sha256::digest(STYLE)),
        base64(&Sha256::digest(SCRIPT))
    );
    write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"color-scheme\" content=\"light dark\"/>\n<meta name=\"referrer\" content=\"no-referrer\"/>\n\
         <title>{headline}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main id=\"overview\">\n\
         <h1>{} {headline}</h1>\n",
        verdict::sign(assessment.verdict())
    )?;
    let odd = assessment.warnings.iter().take(WARNINGS);
    for sentence in
        verdict::way_out(assessment).iter().chain(&verdict::scope(assessment)).chain(odd)
    {
        writeln!(out, "<p>{}</p>", escape(&words::sentence(sentence)))?;
    }
    checks(assessment, out)
}

fn checks(assessment: &Assessment, out: &mut dyn Write) -> io::Result<()> {
    if assessment.checks.is_empty() {
        return Ok(());
    }
    out.write_all(b"<table class=\"checks\">\n<tbody>\n")?;
    // Files that keep their minimum have nothing to say here; the list below has all of them.
    let quiet =
        |check: &&Check| matches!(check.subject, Subject::File(_)) && check.state == State::Passed;
    let told: Vec<&Check> = assessment.checks.iter().filter(|check| !quiet(check)).collect();
    for check in told.iter().take(CHECKS) {
        let state = match check.state {
            State::Passed => "passed",
            State::Warned => "warned",
            State::Failed => "failed",
            State::Skipped => "skipped",
        };
        writeln!(
            out,
            "<tr class=\"{state}\"><td>{state}</td><th scope=\"row\">{}</th><td>{}</td></tr>",
            escape(&verdict::name(&check.subject)),
            escape(&verdict::finding(check, assessment))
        )?;
    }
    out.write_all(b"</tbody>\n</table>\n")?;
    if told.len() > CHECKS {
        let left = words::some((told.len() - CHECKS) as u64, "check", "checks");
        writeln!(out, "<p>... {left} omitted</p>")?;
    }
    Ok(())
}

fn list(assessment: &Assessment, out: &mut dyn Write) -> io::Result<()> {
    write!(
        out,
        "<p class=\"tools\"><label>Search <input id=\"search\" type=\"search\" autocomplete=\"off\" \
         spellcheck=\"false\"/></label> <label><input id=\"only-changed\" type=\"checkbox\"/> changed files only</label> \
         <span id=\"found\" role=\"status\">{}</span></p>\n\
         <noscript><p>Without scripts the page shows the first 1,000 files and no lines: allow them for this page.</p></noscript>\n\
         <table id=\"files\">\n<thead>\n<tr>\
         <th scope=\"col\"><button type=\"button\" data-key=\"path\">File</button></th>\
         <th scope=\"col\"><button type=\"button\" data-key=\"share\">Coverage</button></th>\
         <th scope=\"col\"><button type=\"button\" data-key=\"missed\">Not covered</button></th>\
         <th scope=\"col\"><button type=\"button\" data-key=\"total\">Of</button></th>\
         <th scope=\"col\"><button type=\"button\" data-key=\"changed\">Changed, not covered</button></th>\
         </tr>\n</thead>\n<tbody>\n",
        words::files(assessment.files.len())
    )?;
    let changed: HashMap<&str, u64> = assessment
        .patch
        .iter()
        .flat_map(|patch| &patch.files)
        .map(|file| (file.path.as_str(), words::marked(&file.uncovered)))
        .collect();
    for (id, file) in assessment.files.iter().enumerate() {
        row(id, file, changed.get(file.path.as_str()).copied(), out)?;
    }
    out.write_all(
        b"</tbody>\n</table>\n<p class=\"keys\">Keys: <kbd>/</kbd> search, <kbd>j</kbd> <kbd>k</kbd> next and previous \
          uncovered lines of a file, <kbd>Esc</kbd> back to the list.</p>\n</main>\n\
          <main id=\"file\" hidden=\"hidden\" tabindex=\"-1\"></main>\n",
    )
}

fn row(id: usize, file: &FileTotal, changed: Option<u64>, out: &mut dyn Write) -> io::Result<()> {
    let ratio = file.ratio;
    // For sorting and for the bar only; what is read is the exact text.
    let bar = u128::from(ratio.covered) * 10_000 / u128::from(ratio.total.max(1));
    let share = if ratio.total == 0 { "-1".to_owned() } else { bar.to_string() };
    let touched = changed.map_or_else(|| "-1".to_owned(), |lines| lines.to_string());
    let told = changed.map_or_else(String::new, words::count);
    let hidden = if id < ROWS { "" } else { " hidden=\"hidden\"" };
    writeln!(
        out,
        "<tr{hidden} data-share=\"{share}\" data-missed=\"{}\" data-total=\"{}\" data-changed=\"{touched}\">\
         <td><a href=\"#f{id}\"><bdi>{}</bdi></a></td><td><meter min=\"0\" max=\"10000\" value=\"{bar}\"></meter> {}</td>\
         <td>{}</td><td>{}</td><td>{told}</td></tr>",
        ratio.missed(),
        ratio.total,
        escape(&words::name(&file.path)),
        ratio.shown(),
        words::count(ratio.missed()),
        words::count(ratio.total),
    )
}

/// The data of one file. States: 0 missed, 1 covered, 2 covered with a branch not taken.
fn block(id: usize, file: &HtmlFile<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut branches: Vec<(u32, u32, u32)> = Vec::new();
    for (line, taken) in file.arms.iter() {
        match branches.last_mut() {
            Some(last) if last.0 == line => {
                last.1 += u32::from(taken);
                last.2 += 1;
            }
            _ => branches.push((line, u32::from(taken), 1)),
        }
    }
    let state = |line: u32, covered: bool| {
        let at = branches.binary_search_by_key(&line, |branch| branch.0);
        let partial = at.is_ok_and(|at| branches[at].1 < branches[at].2);
        u8::from(covered) + u8::from(covered && partial)
    };
    let hits = |line: u32| {
        let at = file.hits.binary_search_by_key(&line, |(line, _)| *line).ok()?;
        Some(file.hits[at].1.min(MOST_HITS))
    };
    let lines: Vec<_> =
        file.lines.iter().map(|(line, covered)| (line, state(line, covered), hits(line))).collect();
    let changed: Vec<_> = file.changed.iter().map(|range| (range.first, range.last)).collect();
    let data = json!({
        "source": file.source,
        "lines": lines,
        "branches": branches,
        "changed": changed,
    });
    // In a script block nothing is escaped: what could end it or open a comment must not stand there at all.
    let data =
        data.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    writeln!(out, "<script type=\"application/json\" id=\"f{id}\">{data}</script>")
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() && c != '\n' => out.push('\u{fffd}'),
            c if is_invisible(c) => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}

/// Base64 with padding, as the policy wants a digest.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            if digit <= chunk.len() {
                let at = (bits >> (18 - 6 * digit)) & 63;
                text.push(char::from(DIGITS[at as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::report::coverage::samples::{balanced, fail, hostile, huge, no_patch, pass};

    struct Measured {
        lines: Lines,
        arms: Arms,
    }

    fn measured() -> Measured {
        let mut arms = Arms::default();
        arms.mark_counted(2, 1, 2);
        arms.mark_counted(3, 0, 2);
        arms.settle();
        Measured { lines: [(1, true), (2, true), (3, false)].into_iter().collect(), arms }
    }

    fn page(assessment: &Assessment, source: Option<&str>) -> String {
        let Measured { lines, arms } = measured();
        let changed = [Range { first: 2, last: 3 }];
        let files = assessment.files.iter().map(|file| HtmlFile {
            path: &file.path,
            source: source.map(str::to_owned),
            lines: &lines,
            arms: &arms,
            hits: &[(1, 7), (2, u64::MAX)],
            changed: &changed,
        });
        let mut out = Vec::new();
        html(assessment, files, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn data(page: &str, id: usize) -> Value {
        let start = format!("<script type=\"application/json\" id=\"f{id}\">");
        let block = page.split_once(&start).unwrap().1.split_once("</script>").unwrap().0;
        serde_json::from_str(block).unwrap()
    }

    #[test]
    fn it_is_well_formed_whatever_the_names_and_the_source() {
        let source = "a </script><script>alert(1)</script> <!-- <script> ]]> & \u{2028} \u{0}\n";
        for one in [pass(), fail(), no_patch(), hostile(), huge(0, 0)] {
            let page = page(&one, Some(source));
            assert_eq!(balanced(&page), Ok(()));
            assert!(!page.contains("<script>alert") && !page.contains("<!-- <"));
            for id in 0..one.files.len() {
                assert_eq!(data(&page, id)["source"], source);
            }
        }
    }

    #[test]
    fn nothing_is_fetched_and_nothing_runs_but_our_script() {
        let page = page(&hostile(), Some("x"));
        let head = page.split_once("</head>").unwrap().0;
        let policy = head.split_once("Content-Security-Policy\" content=\"").unwrap().1;
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy:.80}");
        assert!(!policy.split_once('"').unwrap().0.contains("unsafe"));
        for attribute in [
            " src=",
            " style=",
            " onclick=",
            " onload=",
            " onerror=",
            "<link",
            "<img",
            "http://",
            "https://",
        ] {
            let ours =
                page.replace("https://evil.example", "").replace(STYLE, "").replace(SCRIPT, "");
            assert!(!ours.contains(attribute), "{attribute}");
            assert!(!STYLE.contains("url(") && !SCRIPT.contains("innerHTML"));
        }
    }

    #[test]
    fn a_line_has_its_state_its_hits_and_its_branches() {
        let page = page(&pass(), Some("one\ntwo\nthree\n"));
        let data = data(&page, 1);
        assert_eq!(data["lines"], json!([[1, 1, 7], [2, 2, MOST_HITS], [3, 0, null]]));
        assert_eq!(data["branches"], json!([[2, 1, 2], [3, 0, 2]]));
        assert_eq!(data["changed"], json!([[2, 3]]));
        assert!(page.contains("<a href=\"#f1\"><bdi>src/shop/order.py</bdi></a>"));
        assert!(page.contains(
            "data-share=\"8888\" data-missed=\"100\" data-total=\"900\" data-changed=\"0\""
        ));
    }

    #[test]
    fn a_file_without_text_and_a_file_that_is_not_in_the_list() {
        let one = pass();
        assert_eq!(data(&page(&one, None), 0)["source"], Value::Null);
        let Measured { lines, arms } = measured();
        let stranger = HtmlFile {
            path: "other.py",
            source: None,
            lines: &lines,
            arms: &arms,
            hits: &[],
            changed: &[],
        };
        let mut out = Vec::new();
        html(&one, std::iter::once(stranger), &mut out).unwrap();
        assert!(!String::from_utf8(out).unwrap().contains("application/json\" id"));
    }

    #[test]
    fn many_checks_are_cut_and_files_that_pass_are_not_among_them() {
        assert!(page(&huge(600, 1), None).contains("<p>... 130 checks omitted</p>"));
        assert!(!page(&huge(400, 1), None).contains("omitted</p>"));
    }

    #[test]
    fn of_many_files_the_first_are_listed_and_the_script_knows_how_many() {
        let rows = |files| page(&huge(files, 1), None).matches("<tr hidden=\"hidden\"").count();
        assert_eq!((rows(1_000), rows(1_003)), (0, 3));
        assert!(SCRIPT.contains(&format!("var MOST = {ROWS};")));
    }

    #[test]
    fn base64_has_its_padding() {
        for (bytes, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob>?", "Zm9vYj4/")]
        {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }
}
