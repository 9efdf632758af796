//! Reads what `git diff-tree` writes: the list of `--raw -z` says which files and what they are, the patch of
//! `-p --text -U0` says which lines.
//!
//! The patch is trusted only as far as it agrees with the list: one section for each file, in the same order, hunks
//! that hold as many lines as they announce, and lines for each file whose content differs. What does not agree is an
//! error: a change that is read only in part would pass a gate that it should not.

use crate::domain::coverage::diff::{ChangeKind, ChangedFile, Diff, Hunk};

/// A line is kept up to here, in characters.
const LINE_CHARS: usize = 2_000;

/// The first bytes of a line of the patch, enough for its sign and its characters of at most four bytes.
const LINE_BYTES: usize = 1 + 4 * LINE_CHARS;

/// The ids of a blob without a byte, in SHA-1 and SHA-256.
const EMPTY_BLOBS: [&str; 2] = [
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
];

/// Reads a whole patch. See [`Reader`].
pub fn parse(raw: &[u8], patch: &[u8]) -> Result<Diff, String> {
    let mut reader = Reader::new(raw)?;
    reader.push(patch);
    reader.finish()
}

/// A path as text: bytes that are not UTF-8 as `\xNN`.
pub fn path_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text
}

/// What a side of a change is, by its mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Nothing,
    File,
    Link,
    Submodule,
}

impl Side {
    fn of(mode: &str) -> Result<Self, String> {
        match mode {
            "000000" => Ok(Self::Nothing),
            "120000" => Ok(Self::Link),
            "160000" => Ok(Self::Submodule),
            _ if mode.len() == 6 && mode.starts_with("100") => Ok(Self::File),
            _ => Err(format!("a mode that git does not have: {mode:?}")),
        }
    }
}

/// A record of the list.
#[derive(Debug)]
struct Entry {
    old: Side,
    new: Side,
    /// Whether git must show lines for it.
    differs: bool,
    path: String,
    old_path: Option<String>,
    hunks: Vec<Hunk>,
    binary: bool,
}

impl Entry {
    /// One section of the patch; two where a file became something else: what is gone, and what came.
    fn sections(&self) -> usize {
        let exists = self.old != Side::Nothing && self.new != Side::Nothing;
        if exists && self.old != self.new { 2 } else { 1 }
    }

    fn into_file(self) -> Result<ChangedFile, String> {
        let has_file = self.old == Side::File || self.new == Side::File;
        if has_file && self.differs && self.hunks.is_empty() {
            return Err(format!("{} differs, but no line of it is shown", self.path));
        }
        let kind = match (self.old, self.new) {
            (_, Side::Submodule) | (Side::Submodule, Side::Nothing) => ChangeKind::Submodule,
            (_, Side::Link) | (Side::Link, Side::Nothing) => ChangeKind::Link,
            _ if self.binary => ChangeKind::Binary,
            (Side::Nothing, _) => ChangeKind::Added,
            (_, Side::Nothing) => ChangeKind::Deleted,
            _ if self.hunks.is_empty() => ChangeKind::Moved,
            _ => ChangeKind::Modified,
        };
        Ok(ChangedFile { kind, path: self.path, old_path: self.old_path, hunks: self.hunks })
    }
}

/// Reads the list.
fn entries(raw: &[u8]) -> Result<Vec<Entry>, String> {
    let mut fields = raw.split(|byte| *byte == 0);
    let mut entries = Vec::new();
    while let Some(record) = fields.next().filter(|record| !record.is_empty()) {
        let record = String::from_utf8_lossy(record);
        let mut path = || fields.next().filter(|path| !path.is_empty()).map(path_text);
        let entry = entry(&record, &mut path);
        entries.push(entry.map_err(|why| format!("{why} in the record {record:?}"))?);
    }
    match fields.next() {
        Some(_) => Err("the list of changed files goes on after its end".to_owned()),
        None => Ok(entries),
    }
}

fn entry(record: &str, path: &mut dyn FnMut() -> Option<String>) -> Result<Entry, String> {
    let words: Vec<&str> = record.strip_prefix(':').unwrap_or_default().split(' ').collect();
    let [old_mode, new_mode, old_id, new_id, status] = words[..] else {
        return Err("not the five words of a change".to_owned());
    };
    let (old, new) = (Side::of(old_mode)?, Side::of(new_mode)?);
    let first = path().ok_or("no path")?;
    let (path, old_path) = match status.as_bytes().first() {
        Some(b'A') => (first, None),
        Some(b'D' | b'M' | b'T') => (first.clone(), Some(first)),
        Some(b'R') => (path().ok_or("no new path")?, Some(first)),
        _ => return Err(format!("a status that was not asked for: {status:?}")),
    };
    let empty = |side, id| side == Side::Nothing || EMPTY_BLOBS.contains(&id);
    let differs = old_id != new_id && !(empty(old, old_id) && empty(new, new_id));
    Ok(Entry { old, new, differs, path, old_path, hunks: Vec::new(), binary: false })
}

/// Where in the patch the reader is.
#[derive(Debug, Default)]
struct Place {
    /// How many files of the list are begun.
    begun: usize,
    /// Sections of the current file that are still to come.
    sections: usize,
    /// Whether the current section has had a hunk: then its header is over.
    in_hunks: bool,
    /// Lines of the hunk that are still to come.
    removed: u32,
    added: u32,
}

/// Reads a patch piece by piece, so that it need not be held in memory. The texts of binary files are not kept, only how
/// many lines they have.
#[derive(Debug)]
pub struct Reader {
    entries: Vec<Entry>,
    place: Place,
    /// The start of the current line, at most [`LINE_BYTES`].
    line: Vec<u8>,
    /// Whether the current line has begun.
    open: bool,
    /// Whether the current line holds a NUL anywhere.
    nul: bool,
    number: u64,
    wrong: Option<String>,
}

impl Reader {
    /// Begins with the list that `--raw -z` writes.
    pub fn new(raw: &[u8]) -> Result<Self, String> {
        Ok(Self {
            entries: entries(raw)?,
            place: Place::default(),
            line: Vec::new(),
            open: false,
            nul: false,
            number: 0,
            wrong: None,
        })
    }

    /// Takes the next bytes of the patch.
    pub fn push(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let text = piece.strip_suffix(b"\n").unwrap_or(piece);
            self.open = true;
            self.nul |= text.contains(&0);
            let room = LINE_BYTES - self.line.len();
            self.line.extend_from_slice(&text[..text.len().min(room)]);
            if text.len() < piece.len() {
                self.end_line();
            }
        }
    }

    /// The whole change, if the patch was whole.
    pub fn finish(mut self) -> Result<Diff, String> {
        if self.open {
            self.end_line();
        }
        if let Some(why) = self.wrong {
            return Err(format!("line {} of the patch: {why}", self.number));
        }
        self.place.check_whole()?;
        if self.place.begun < self.entries.len() {
            let missing = &self.entries[self.place.begun].path;
            return Err(format!("the patch ends before {missing}"));
        }
        let files = self.entries.into_iter().map(Entry::into_file).collect::<Result<_, _>>()?;
        Ok(Diff { files })
    }

    fn end_line(&mut self) {
        if self.wrong.is_none() {
            self.number += 1;
            let line = std::mem::take(&mut self.line);
            self.wrong = self.read_line(&line).err();
            self.line = line;
        }
        self.line.clear();
        (self.open, self.nul) = (false, false);
    }

    fn read_line(&mut self, line: &[u8]) -> Result<(), String> {
        let in_hunk = self.place.in_hunk();
        match line {
            // "\ No newline at end of file", also between the lines that go and those that come.
            [b'\\', b' ', ..] if self.place.in_hunks => Ok(()),
            [b'-', text @ ..] if self.place.removed > 0 => {
                self.place.removed -= 1;
                self.keep(Sign::Removed, text)
            }
            [b'+', text @ ..] if self.place.removed == 0 && self.place.added > 0 => {
                self.place.added -= 1;
                self.keep(Sign::Added, text)
            }
            _ if in_hunk => Err("a hunk ends before all its lines".to_owned()),
            _ if line.starts_with(b"diff --git ") => self.begin_section(),
            _ if line.starts_with(b"@@ ") => self.begin_hunk(line),
            _ if !self.place.in_hunks && is_header(line) => Ok(()),
            _ => Err(format!("not a line of a patch: {:?}", text_of(line))),
        }
    }

    fn begin_section(&mut self) -> Result<(), String> {
        if self.place.sections > 0 {
            self.place.sections -= 1;
        } else {
            let next =
                self.entries.get(self.place.begun).ok_or("a file that is not in the list")?;
            self.place.sections = next.sections() - 1;
            self.place.begun += 1;
        }
        self.place.in_hunks = false;
        Ok(())
    }

    fn begin_hunk(&mut self, line: &[u8]) -> Result<(), String> {
        let wrong = || format!("not the head of a hunk: {:?}", text_of(line));
        let [old, new] = hunk_head(line).ok_or_else(wrong)?;
        if old.1 == 0 && new.1 == 0 {
            return Err(wrong());
        }
        (self.place.removed, self.place.added) = (old.1, new.1);
        self.place.in_hunks = true;
        let entry = self.current()?;
        let shown =
            (old.1 > 0 && entry.old == Side::File) || (new.1 > 0 && entry.new == Side::File);
        if shown {
            let hunk = Hunk { old_start: old.0, new_start: new.0, ..Hunk::default() };
            entry.hunks.push(hunk);
        }
        Ok(())
    }

    /// Keeps a line, if its side is a file: the target of a link and the commit of a submodule are no code.
    fn keep(&mut self, sign: Sign, text: &[u8]) -> Result<(), String> {
        let nul = self.nul;
        let entry = self.current()?;
        let side = if sign == Sign::Removed { entry.old } else { entry.new };
        if side != Side::File {
            return Ok(());
        }
        if nul && !entry.binary {
            entry.binary = true;
            entry.hunks.iter_mut().for_each(forget_texts);
        }
        let text = if entry.binary { String::new() } else { text_of(text) };
        let hunk = entry.hunks.last_mut().ok_or("a line before the head of its hunk")?;
        match sign {
            Sign::Removed => hunk.removed.push(text),
            Sign::Added => hunk.added.push(text),
        }
        Ok(())
    }

    fn current(&mut self) -> Result<&mut Entry, String> {
        let index = self.place.begun.checked_sub(1).ok_or("a hunk before the first file")?;
        self.entries.get_mut(index).ok_or_else(|| "a hunk after the last file".to_owned())
    }
}

impl Place {
    fn in_hunk(&self) -> bool {
        self.removed > 0 || self.added > 0
    }

    fn check_whole(&self) -> Result<(), String> {
        let inside = self.in_hunk() || self.sections > 0;
        if inside { Err("the patch ends inside of a file".to_owned()) } else { Ok(()) }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Removed,
    Added,
}

/// What a section may say before its hunks. "Binary files differ" is not among it: `--text` was asked for.
fn is_header(line: &[u8]) -> bool {
    const KNOWN: [&str; 11] = [
        "index ",
        "--- ",
        "+++ ",
        "old mode ",
        "new mode ",
        "deleted file mode ",
        "new file mode ",
        "similarity index ",
        "dissimilarity index ",
        "rename from ",
        "rename to ",
    ];
    KNOWN.iter().any(|known| line.starts_with(known.as_bytes()))
}

/// `@@ -1,2 +3 @@ ...`: where, and how many lines, on each side.
fn hunk_head(line: &[u8]) -> Option<[(u32, u32); 2]> {
    let mut words = line.split(|byte| *byte == b' ').skip(1);
    let mut side = |sign: &str| {
        let word = std::str::from_utf8(words.next()?).ok()?.strip_prefix(sign)?;
        let (start, count) = word.split_once(',').unwrap_or((word, "1"));
        Some((start.parse().ok()?, count.parse().ok()?))
    };
    let sides = [side("-")?, side("+")?];
    (words.next()? == b"@@").then_some(sides)
}

fn text_of(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    String::from_utf8_lossy(line).chars().take(LINE_CHARS).collect()
}

fn forget_texts(hunk: &mut Hunk) {
    hunk.removed.iter_mut().chain(&mut hunk.added).for_each(|text| *text = String::new());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    const ZERO: &str = "0000000000000000000000000000000000000000";

    fn raw(modes: &str, ids: [&str; 2], rest: &str) -> Vec<u8> {
        format!(":{modes} {} {} {rest}\0", ids[0], ids[1]).into_bytes()
    }

    fn modified() -> Vec<u8> {
        raw("100644 100644", [A, B], "M\0a.py")
    }

    fn one(raw: &[u8], patch: &str) -> ChangedFile {
        let mut files = parse(raw, patch.as_bytes()).unwrap().files;
        assert_eq!(files.len(), 1);
        files.remove(0)
    }

    #[test]
    fn a_line_that_looks_like_a_header_is_a_line() {
        let patch = "diff --git a/a.py b/a.py\nindex 1..2 100644\n--- a/a.py\n+++ b/a.py\n@@ -3 +3,3 @@ def x():\n\
                     --- a/b\n+++ b/x\n+diff --git a/x b/x\n+@@ -1 +1 @@\n";
        let file = one(&modified(), patch);
        let hunk = &file.hunks[0];
        assert_eq!((hunk.old_start, &hunk.removed[..]), (3, &["-- a/b".to_owned()][..]));
        assert_eq!(hunk.added, ["++ b/x", "diff --git a/x b/x", "@@ -1 +1 @@"]);
        assert_eq!((file.kind, hunk.new_start), (ChangeKind::Modified, 3));
    }

    #[test]
    fn line_ends_and_files_without_a_newline_count_as_changes() {
        let patch =
            "diff --git a/a.py b/a.py\n@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+x\r\n";
        let file = one(&modified(), patch);
        assert_eq!(file.hunks[0].removed, ["x"]);
        assert_eq!(file.hunks[0].added, ["x"]);
    }

    #[test]
    fn texts_are_cut_and_never_in_a_character() {
        let long = "ä".repeat(5_000);
        let patch = format!("diff --git a/a b/a\n@@ -0,0 +1,2 @@\n+{long}\n+\u{1F600}\n");
        let file = one(&modified(), &patch);
        assert_eq!(file.hunks[0].added, ["ä".repeat(2_000), "\u{1F600}".to_owned()]);
    }

    #[test]
    fn a_nul_makes_a_file_binary_and_the_lines_still_count() {
        let patch = "diff --git a/a.py b/a.py\n@@ -1 +1,2 @@\n-old\n+new\n+n\0ul\n";
        let file = one(&modified(), patch);
        assert_eq!(file.kind, ChangeKind::Binary);
        assert_eq!(file.hunks[0].added_range().unwrap().last, 2);
        let far = format!("diff --git a/a b/a\n@@ -0,0 +1 @@\n+{}\0\n", "x".repeat(70_000));
        assert_eq!(one(&modified(), &far).kind, ChangeKind::Binary);
    }

    #[test]
    fn links_and_submodules_have_no_code_but_a_file_that_was_one_has() {
        let gone = "diff --git a/x b/x\n@@ -1 +0,0 @@\n-target\n\\ No newline at end of file\n";
        let came = "diff --git a/x b/x\n@@ -0,0 +1 @@\n+code\n";
        let file = one(&raw("120000 100644", [A, B], "T\0x"), &format!("{gone}{came}"));
        assert_eq!((file.kind, file.hunks.len()), (ChangeKind::Modified, 1));
        assert_eq!(file.hunks[0].added, ["code"]);
        let file = one(&raw("100644 120000", [A, B], "T\0x"), &format!("{gone}{came}"));
        assert_eq!(
            (file.kind, &file.hunks[0].removed[..]),
            (ChangeKind::Link, &["target".into()][..])
        );
        let sub = "diff --git a/x b/x\n@@ -1 +1 @@\n-Subproject commit a\n+Subproject commit b\n";
        let file = one(&raw("160000 160000", [A, B], "M\0x"), sub);
        assert_eq!((file.kind, file.hunks.len()), (ChangeKind::Submodule, 0));
    }

    #[test]
    fn paths_come_from_the_list_as_they_are() {
        let raw = raw("100644 100644", [A, A], "R100\0old\tname\0new\nname");
        let file =
            one(&raw, "diff --git \"a/old\\tname\" \"b/new\\nname\"\nsimilarity index 100%\n");
        assert_eq!((file.kind, file.path.as_str()), (ChangeKind::Moved, "new\nname"));
        assert_eq!(file.old_path.as_deref(), Some("old\tname"));
        assert_eq!(path_text(b"caf\xc3\xa9/\xff\xfe.py"), "café/\\xff\\xfe.py");
    }

    #[test]
    fn what_does_not_agree_is_an_error() {
        let head = "diff --git a/a.py b/a.py\n";
        let cases = [
            (modified(), String::new(), "ends before a.py"),
            (modified(), head.to_owned(), "no line of it is shown"),
            (modified(), format!("{head}{head}"), "not in the list"),
            (modified(), format!("{head}@@ -1 +1,2 @@\n-a\n+b\n"), "inside of a file"),
            (
                modified(),
                format!("{head}@@ -1,2 +1 @@\n-a\n+b\n"),
                "line 4 of the patch: a hunk ends before",
            ),
            (modified(), format!("{head}@@ -1 +1 @@\n-a\n+b\n+c\n"), "not a line of a patch"),
            (modified(), format!("{head}@@ -1 +1 @\n-a\n+b\n"), "not the head of a hunk"),
            (modified(), format!("{head}@@ -1,x +1 @@\n"), "not the head of a hunk"),
            (modified(), format!("{head}Binary files a/a.py and b/a.py differ\n"), "not a line"),
            (modified(), "@@ -1 +1 @@\n-a\n+b\n".to_owned(), "before the first file"),
            (Vec::new(), head.to_owned(), "not in the list"),
            (raw("100644 100644", [A, B], "C090\0a\0b"), head.to_owned(), "not asked for"),
            (raw("100644 100644", [A, B], "R090\0a"), head.to_owned(), "no new path"),
            (raw("040000 100644", [A, B], "M\0a"), head.to_owned(), "a mode"),
            (b":100644\0a\0".to_vec(), head.to_owned(), "five words"),
            (b"\0\0\0".to_vec(), String::new(), "goes on"),
        ];
        for (raw, patch, words) in cases {
            let error = parse(&raw, patch.as_bytes()).unwrap_err();
            assert!(error.contains(words), "{error:?} should say {words:?}");
        }
    }

    #[test]
    fn what_has_no_lines_is_no_error() {
        let empty = raw("000000 100644", [ZERO, EMPTY_BLOBS[0]], "A\0__init__.py");
        let file = one(&empty, "diff --git a/__init__.py b/__init__.py\nnew file mode 100644\n");
        assert_eq!((file.kind, file.old_path), (ChangeKind::Added, None));
        let mode = raw("100644 100755", [A, A], "M\0run");
        let file = one(&mode, "diff --git a/run b/run\nold mode 100644\nnew mode 100755\n");
        assert_eq!(file.kind, ChangeKind::Moved);
        assert_eq!(parse(b"", b""), Ok(Diff::default()));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_matters_not_where_the_pieces_end(cuts in prop::collection::vec(0..200_usize, 0..6)) {
            let patch = "diff --git a/a.py b/a.py\n@@ -1 +1,2 @@\n-old\n\\ No newline at end of file\n+n\u{e9}w\r\n+++ b/x\n";
            let whole = parse(&modified(), patch.as_bytes());
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(patch.len())).collect();
            cuts.sort_unstable();
            let mut reader = Reader::new(&modified()).unwrap();
            let mut from = 0;
            for cut in cuts.into_iter().chain([patch.len()]) {
                reader.push(&patch.as_bytes()[from..cut]);
                from = cut;
            }
            prop_assert_eq!(reader.finish(), whole);
        }

        #[test]
        fn no_input_panics(raw in prop::collection::vec(any::<u8>(), 0..60), patch in "(diff --git |@@ -[0-9],[0-9] \\+[0-9] @@|[+-]x|\\\\ |\n){0,30}") {
            let _ = parse(&raw, patch.as_bytes());
            let _ = parse(&modified(), patch.as_bytes());
        }

        #[test]
        fn a_cut_patch_is_an_error(end in 0..110_usize) {
            let patch = "diff --git a/a.py b/a.py\nindex 1..2 100644\n--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,3 @@\n-one\n-two\n+1\n+2\n+3\n";
            let raw = [modified(), raw("100644 000000", [A, ZERO], "D\0b")].concat();
            let whole = format!("{patch}diff --git a/b b/b\n@@ -1 +0,0 @@\n-b\n");
            prop_assert!(parse(&raw, whole.as_bytes()).is_ok());
            prop_assert!(parse(&raw, &whole.as_bytes()[..end]).is_err());
        }
    }
}
