//! Where the judged lines stand in the commit that a page shows. A pull request is judged as its merge commit, and pages
//! and annotations show its own newest commit: below a place where the base branch moved on, the two count differently.

use std::collections::BTreeMap;

use crate::domain::coverage::diff::{ChangeKind, Diff, Hunk};
use crate::domain::coverage::line_map::LineMap;

/// The lines of some files, as a page counts them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The files that were looked up; `None` if the page shows the judged commit itself.
    files: Option<BTreeMap<String, Vec<Hunk>>>,
}

impl Shown {
    /// By the difference from the judged commit to the shown one, of these files. Those that it does not have are nowhere.
    pub fn through<'a>(diff: Diff, files: impl IntoIterator<Item = &'a str>) -> Self {
        let mut known: BTreeMap<String, Vec<Hunk>> =
            files.into_iter().map(|path| (path.to_owned(), Vec::new())).collect();
        for file in diff.files {
            match file.kind {
                ChangeKind::Added
                | ChangeKind::Modified
                | ChangeKind::Binary
                | ChangeKind::Moved => {
                    known.entry(file.path).and_modify(|hunks| *hunks = file.hunks);
                }
                ChangeKind::Deleted | ChangeKind::Submodule | ChangeKind::Link => {
                    known.remove(&file.path);
                }
            }
        }
        Self { files: Some(known) }
    }

    /// The line that the page has for one of the judged commit; `None` if it has none, or the file was not looked up.
    pub fn line(&self, path: &str, line: u32) -> Option<u32> {
        match &self.files {
            None => Some(line),
            Some(files) => LineMap::new(files.get(path)?).new_line(line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::coverage::diff::ChangedFile;

    fn changed(kind: ChangeKind, path: &str, hunks: Vec<Hunk>) -> ChangedFile {
        ChangedFile { kind, path: path.to_owned(), old_path: None, hunks }
    }

    #[test]
    fn lines_are_those_of_the_shown_commit_or_none() {
        // The base branch put two lines below line 3; the pull request's own commit does not have them.
        let hunk =
            Hunk { old_start: 4, removed: vec![String::new(); 2], new_start: 3, added: Vec::new() };
        let diff = Diff {
            files: vec![
                changed(ChangeKind::Modified, "a.py", vec![hunk]),
                changed(ChangeKind::Deleted, "gone.py", Vec::new()),
                changed(ChangeKind::Modified, "unasked.py", Vec::new()),
            ],
        };
        let shown = Shown::through(diff, ["a.py", "gone.py", "same.py"]);
        for (path, line, expected) in [
            ("a.py", 3, Some(3)),
            ("a.py", 4, None),
            ("a.py", 9, Some(7)),
            ("same.py", 9, Some(9)),
            ("gone.py", 1, None),
            ("unasked.py", 1, None),
        ] {
            assert_eq!(shown.line(path, line), expected, "{path}:{line}");
        }
        assert_eq!(Shown::default().line("a.py", 4), Some(4));
    }
}
