//! Appends the step summary to `GITHUB_STEP_SUMMARY`.

use std::io::Write;
use std::path::Path;

use crate::report::summary::{LIMIT, cut};

/// Appends the sections, cut so that the whole file stays below the limit above which the runner shows nothing.
///
/// Fails with the system's error and the path if the file cannot be written.
pub fn append(path: &Path, sections: &[String]) -> std::io::Result<()> {
    let before = fs_err::metadata(path).map_or(0, |data| data.len());
    let room = LIMIT.saturating_sub(usize::try_from(before).unwrap_or(usize::MAX));
    let text = cut(sections, room);
    let mut file = fs_err::OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_appended_and_the_whole_file_stays_below_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("summary");
        fs_err::write(&path, "# Before\n").unwrap();
        append(&path, &["## One\n".to_owned(), "two".to_owned()]).unwrap();
        assert_eq!(fs_err::read_to_string(&path).unwrap(), "# Before\n\n## One\n\ntwo\n");
        append(&path, &["long line\n".repeat(200_000)]).unwrap();
        assert!(fs_err::metadata(&path).unwrap().len() <= LIMIT as u64);
    }
}
