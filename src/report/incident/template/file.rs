//! Templates in a file of the repository, in the form of GitHub's own templates of issues: YAML between two lines `---`,
//! and the text of the issue below. Pure.
//!
//! The file is its owner's, as the inputs are: it is held to the same rules. All that is wrong with it is said at once,
//! with the lines of the file.

use crate::domain::yaml::{self, Entry, Node};
use crate::report::incident::template::{Part, Template};

/// The largest file, in bytes.
pub const LARGEST: usize = 64 * 1024;

/// What stands around the front matter.
const FENCE: &str = "---";

/// The templates that somebody wrote; ours stand for those that there are not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// The title of a new issue.
    pub title: Option<Template>,
    /// The text of the issue.
    pub body: Option<Template>,
    /// A comment.
    pub comment: Option<Template>,
}

impl Parts {
    /// That of a part.
    pub const fn of(&self, part: Part) -> Option<&Template> {
        match part {
            Part::Title => self.title.as_ref(),
            Part::Body => self.body.as_ref(),
            Part::Comment => self.comment.as_ref(),
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// All that is wrong with it, for its author.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > LARGEST {
            return Err(format!("it has {} bytes, at most {LARGEST} are taken", bytes.len()));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            format!("line {}: it is not UTF-8", 1 + before.matches('\n').count())
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
        let (head, body, above) = parted(&text)?;
        let mut faults = Vec::new();
        let mut parts = front_matter(head, &mut faults);
        parts.body = template(Part::Body, body, above, &mut faults);
        if faults.is_empty() { Ok(parts) } else { Err(faults.join("; ")) }
    }
}

/// The front matter, the text below it, and how many lines stand above that.
fn parted(text: &str) -> Result<(&str, &str, usize), String> {
    let mut lines = text.split_inclusive('\n');
    let Some(first) = lines.next().filter(|line| line.trim_end() == FENCE) else {
        return Ok(("", text, 0));
    };
    let begin = first.len();
    let (mut end, mut above) = (begin, 1);
    for line in lines {
        above += 1;
        if line.trim_end() == FENCE {
            return Ok((&text[begin..end], &text[end + line.len()..], above));
        }
        end += line.len();
    }
    Err(format!("line 1: the `{FENCE}` that ends the front matter is missing"))
}

/// What the front matter says.
fn front_matter(head: &str, faults: &mut Vec<String>) -> Parts {
    let mut parts = Parts::default();
    // So that its lines are those of the file.
    let document = yaml::read("template", &format!("\n{head}"));
    for finding in &document.findings {
        faults.push(format!(
            "line {}: {}{}",
            finding.span.start.line,
            finding.message,
            quotes(head)
        ));
    }
    let Some(root) = document.roots.first().filter(|root| !root.is_null()) else { return parts };
    if root.entries().is_empty() {
        faults.push(format!("line {}: the front matter has no `key: value`", root.span.start.line));
    }
    for entry in root.entries() {
        match entry.key.text.as_str() {
            "title" => parts.title = text_of(Part::Title, entry, faults),
            "comment" => parts.comment = text_of(Part::Comment, entry, faults),
            // For GitHub's own list of templates.
            "name" | "about" => {}
            // GitHub writes them empty into each new template.
            "labels" | "assignees" if is_empty(&entry.value) => {}
            key @ ("labels" | "assignees") => faults.push(wrong(
                entry,
                &format!("`{key}` is not read here; give it as the input `{key}`"),
            )),
            key => faults.push(wrong(
                entry,
                &format!("there is no key `{key}`; the keys are: title, comment (name and about are passed over)"),
            )),
        }
    }
    parts
}

fn wrong(entry: &Entry, why: &str) -> String {
    format!("line {}: {why}", entry.key.span.start.line)
}

/// What to do about the braces of a template where YAML does not read them as text.
fn quotes(head: &str) -> &'static str {
    if head.contains("{{") {
        " (a text that begins with `{{` or `{%` stands in quotes)"
    } else {
        ""
    }
}

fn is_empty(value: &Node) -> bool {
    value.is_null()
        || value.as_text().map_or(value.items().is_empty(), |text| text.trim().is_empty())
}

fn text_of(part: Part, entry: &Entry, faults: &mut Vec<String>) -> Option<Template> {
    let value = &entry.value;
    if value.scalar().is_none() {
        let why = format!("`{}` is no text{}", entry.key.text, quotes("{{"));
        faults.push(wrong(entry, &why));
        return None;
    }
    let line = usize::try_from(value.span.start.line).unwrap_or_default();
    template(part, value.as_text()?, line.saturating_sub(1), faults)
}

/// A template below so many lines; none where there is nothing but blanks.
fn template(part: Part, source: &str, above: usize, faults: &mut Vec<String>) -> Option<Template> {
    if source.trim().is_empty() {
        return None;
    }
    let read = Template::read_below(part, source, above);
    let named = |why| format!("`{}`, from line {} on: {why}", part.word(), above + 1);
    read.map_err(|why| faults.push(named(why))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fault(text: &str) -> String {
        Parts::read(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn a_file_has_a_title_a_comment_and_a_text() {
        let text = "---\nname: CI is red\nabout: for GitHub\nlabels: ''\nassignees:\ntitle: \"{{ stage }} is red\"\n\
            comment: |\n  {{ news }}\n  cc @acme/on-call\n---\n\n{{ report }}\n\n---\nsee docs\n";
        for text in [text.to_owned(), text.replace('\n', "\r\n"), format!("\u{feff}{text}")] {
            let parts = Parts::read(text.as_bytes()).unwrap();
            let source = |part| parts.of(part).map(|template| template.source.as_str());
            assert_eq!(source(Part::Title), Some("{{ stage }} is red"));
            assert_eq!(source(Part::Comment), Some("{{ news }}\ncc @acme/on-call\n"));
            assert_eq!(source(Part::Body), Some("\n{{ report }}\n\n---\nsee docs\n"));
        }
    }

    #[test]
    fn the_example_of_the_readme_is_read() {
        let readme = include_str!("../../../../actions/create-failure-issue/README.md");
        let (_, rest) = readme.split_once("```markdown\n").unwrap();
        let parts = Parts::read(rest.split("```").next().unwrap().as_bytes()).unwrap();
        assert!(parts.title.is_some() && parts.comment.is_some() && parts.body.is_some());
    }

    #[test]
    fn each_part_may_be_missing() {
        for (text, has) in [
            ("", [false; 3]),
            ("{{ report }}", [false, true, false]),
            (" ---\n{{ report }}", [false, true, false]),
            ("---\n---\n{{ report }}", [false, true, false]),
            ("---\n# nothing yet\n---\n \n", [false; 3]),
            ("---\ntitle: ''\ncomment:\n---", [false; 3]),
            ("---\ntitle: 7 is red\n--- \n", [true, false, false]),
            ("---\ncomment: \"{{ news }}\"\n---\n", [false, false, true]),
        ] {
            let Parts { title, body, comment } = Parts::read(text.as_bytes()).unwrap();
            assert_eq!([title.is_some(), body.is_some(), comment.is_some()], has, "{text:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_the_line_of_the_file() {
        for (text, says) in [
            ("---\ntitle: x\n", "line 1: the `---` that ends the front matter is missing"),
            (
                "---\ntitle: x\n---\na\n\n{{ brnch }}",
                "`body`, from line 4 on: line 6: there is no variable `brnch`",
            ),
            (
                "a\nbranch brnch {{ brnch }}\n",
                "`body`, from line 1 on: line 2: there is no variable `brnch`",
            ),
            ("---\n---\n{% set x = 1 %}", "line 3: the tag `set` is not known"),
            ("---\n---\n\n{{ branch * 2 }}", "line 4: nothing can be multiplied"),
            ("---\n---\n{{ branch\n", "`body`, from line 3 on: line 3: "),
            (
                "---\ntitle: \"{{ x }}\"\n---\n",
                "`title`, from line 2 on: line 2: there is no variable `x`",
            ),
            (
                "---\ncomment: |\n  a\n  {{ x }}\n---\n",
                "`comment`, from line 3 on: line 4: there is no variable `x`",
            ),
            ("---\ntitle: {{ stage }} is red\n---\n", "stands in quotes"),
            (
                "---\ntitle: {{ stage }}\n---\n",
                "line 2: a key is a list or a mapping, not text (a text that begins with `{{`",
            ),
            ("---\ntitle: [a]\n---\n", "line 2: `title` is no text"),
            (
                "---\nname: x\nbody: x\n---\n",
                "line 3: there is no key `body`; the keys are: title, comment",
            ),
            (
                "---\nlabels: bug\n---\n",
                "line 2: `labels` is not read here; give it as the input `labels`",
            ),
            ("---\nassignees: [ann]\n---\n", "give it as the input `assignees`"),
            ("---\ntitle: a\ntitle: b\n---\n", "line 3: "),
            ("---\n- a\n---\n", "line 2: the front matter has no `key: value`"),
            ("---\n\ttitle: a\n---\n", "line 2: "),
            ("---\n---\n<!-- mta:memory x -->", "found again"),
        ] {
            let why = fault(text);
            assert!(why.contains(says), "{text:?}: {why}");
        }
        let both = fault("---\nbody: x\n---\n{{ x }}");
        assert!(both.contains("line 2: ") && both.contains("; `body`, from line 4 on: "), "{both}");
        assert_eq!(Parts::read(b"a\n\xff").unwrap_err(), "line 2: it is not UTF-8");
        assert!(fault(&"x".repeat(LARGEST + 1)).contains("at most 65536 are taken"));
        assert!(fault(&"x".repeat(10_001)).contains("at most 10000 are taken"), "as an input has");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 128, ..ProptestConfig::default() })]

        #[test]
        fn any_file_is_read_to_its_end(text in "(---\n|title: |comment: \\|\n  |labels: |\\{\\{|\\}\\}|\\{%|branch|[ -~é\n\r\t]){0,40}") {
            let _parts_or_faults = Parts::read(text.as_bytes());
        }
    }
}
