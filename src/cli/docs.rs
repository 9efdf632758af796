//! `mta docs`: writes the generated files, or says which of them differ.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use super::arguments::DocsMode;
use crate::actions;
use crate::failure::{Failure, Outcome};
use crate::report::docs::{Layout, files, keep_hand_written};

/// Reads a file as text; `None` if there is none.
pub type Read<'a> = &'a dyn Fn(&Utf8Path) -> io::Result<Option<String>>;

/// Writes a file with the parents that it needs.
pub type Write<'a> = &'a dyn Fn(&Utf8Path, &str) -> io::Result<()>;

/// Writes the generated files below `out`, or compares them with what lies there. Answers which files it wrote or found
/// the same.
///
/// # Errors
/// [`Outcome::Failed`] if a file differs ([`DocsMode::Check`]) or cannot be read or written; it names every such file.
pub fn run(
    mode: DocsMode,
    (layout, out): (Layout, &Utf8Path),
    read: Read<'_>,
    write: Write<'_>,
) -> Result<Vec<Utf8PathBuf>, Failure> {
    let mut seen = Vec::new();
    let mut differing = Vec::new();
    for (name, generated) in files(actions::ALL, layout) {
        let path = out.join(&name);
        let there = read(&path).map_err(|error| broken("read", &path, &error))?;
        let wanted = keep_hand_written(there.as_deref(), &generated);
        let same = there.as_deref() == Some(wanted.as_str());
        match mode {
            DocsMode::Check if !same => differing.push(path.to_string()),
            DocsMode::Write if !same => {
                write(&path, &wanted).map_err(|error| broken("write", &path, &error))?;
            }
            DocsMode::Check | DocsMode::Write => {}
        }
        seen.push(path);
    }
    if differing.is_empty() {
        return Ok(seen);
    }
    Err(Failure::new(Outcome::Failed, "generated files differ from the program's tables")
        .why(differing.join(", "))
        .help("run `mta docs --write` and commit the result"))
}

fn broken(verb: &str, path: &Utf8Path, error: &io::Error) -> Failure {
    Failure::new(Outcome::Failed, format!("cannot {verb} {path}")).why(error)
}
