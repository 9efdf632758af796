//! Files that other tools wrote: found by patterns, read as a stream, unpacked where they are gzip.

use std::io::{self, BufRead, BufReader, Read};

use camino::{Utf8Path, Utf8PathBuf};
use flate2::bufread::MultiGzDecoder;

/// The first part of a file that a reader sees at once.
const BUFFER: usize = 256 * 1024;

/// The same of a source file, of which there are many and small ones.
const SOURCE_BUFFER: usize = 16 * 1024;

/// The most that a packed file may unpack to, in bytes: 4 GiB.
const UNPACKED: u64 = 4 << 30;

/// Why a pattern gives no files.
#[derive(Debug, thiserror::Error)]
pub enum PatternError {
    /// It is no pattern.
    #[error("`{0}` is no pattern: {1}")]
    Malformed(String, glob::PatternError),
    /// A folder on the way cannot be read.
    #[error("{0}")]
    Unreadable(glob::GlobError),
    /// A name is not UTF-8.
    #[error("the name of {0} is not UTF-8")]
    Name(String),
}

/// The files that a pattern names, below a folder unless it is absolute; sorted. A folder itself is not a file.
pub fn matching(below: &Utf8Path, pattern: &str) -> Result<Vec<Utf8PathBuf>, PatternError> {
    let whole = if pattern.starts_with('/') {
        pattern.to_owned()
    } else {
        format!("{}/{}", glob::Pattern::escape(below.as_str()), pattern.trim_start_matches("./"))
    };
    let found =
        glob::glob(&whole).map_err(|error| PatternError::Malformed(pattern.to_owned(), error))?;
    let mut files = Vec::new();
    for path in found {
        let path = path.map_err(PatternError::Unreadable)?;
        let path = Utf8PathBuf::from_path_buf(path)
            .map_err(|path| PatternError::Name(path.to_string_lossy().into_owned()))?;
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Opens a file to read from front to back.
pub fn open(path: &Utf8Path) -> io::Result<Box<dyn BufRead>> {
    let mut file = BufReader::with_capacity(BUFFER, fs_err::File::open(path)?);
    if file.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        let unpacked = Limited { input: MultiGzDecoder::new(file), left: UNPACKED };
        return Ok(Box::new(BufReader::with_capacity(BUFFER, unpacked)));
    }
    Ok(Box::new(file))
}

/// A stream that fails where it is longer than it may be: its beginning alone must not pass for the whole.
struct Limited<R> {
    input: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        let left = self.left.checked_sub(read as u64);
        self.left = left.ok_or_else(|| io::Error::other("it unpacks to more than 4 GiB"))?;
        Ok(read)
    }
}

/// A file's bytes, at most so many. What is no regular file (a pipe would wait for ever) is an error.
pub fn bytes(path: &Utf8Path, most: u64) -> io::Result<Vec<u8>> {
    if !fs_err::metadata(path)?.is_file() {
        return Err(io::Error::other(format!("{path} is no regular file")));
    }
    let mut bytes = Vec::new();
    fs_err::File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// When a file was written last.
pub fn written(path: &Utf8Path) -> io::Result<std::time::SystemTime> {
    fs_err::metadata(path)?.modified()
}

/// How many lines a file has, a last one without a line end included. It stops to read where there are so many or more.
pub fn line_count(path: &Utf8Path, enough: u64) -> io::Result<u64> {
    let mut file = BufReader::with_capacity(SOURCE_BUFFER, fs_err::File::open(path)?);
    let (mut lines, mut last) = (0, b'\n');
    loop {
        let part = file.fill_buf()?;
        let Some(end) = part.last() else { break };
        last = *end;
        lines += memchr::memchr_iter(b'\n', part).count() as u64;
        let length = part.len();
        file.consume(length);
        if lines >= enough {
            break;
        }
    }
    Ok(lines + u64::from(last != b'\n'))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().join("odd [x] folder")).unwrap();
        fs_err::create_dir_all(path.join("a/b.xml")).unwrap();
        for name in ["a/1.xml", "a/2.xml", "c.info"] {
            fs_err::write(path.join(name), "one\ntwo").unwrap();
        }
        (folder, path)
    }

    #[test]
    fn patterns_begin_in_the_folder_whatever_its_name_is() {
        let (_keep, path) = folder();
        let names = |pattern: &str| -> Vec<String> {
            let found = matching(&path, pattern).unwrap();
            found.iter().map(|file| file.strip_prefix(&path).unwrap().to_string()).collect()
        };
        assert_eq!(names("**/*.xml"), ["a/1.xml", "a/2.xml"]);
        assert_eq!(names("./c.info"), ["c.info"]);
        assert_eq!(names("none/*.xml"), [""; 0]);
        assert_eq!(
            matching(&path, path.join("c.info").as_str().replace('[', "[[]").as_str())
                .unwrap()
                .len(),
            1
        );
        assert!(matches!(matching(&path, "a["), Err(PatternError::Malformed(..))));
    }

    #[test]
    fn gzip_is_unpacked_by_content() {
        let (_keep, path) = folder();
        let packed = path.join("packed.json");
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(b"hello").unwrap();
        let bytes = encoder.finish().unwrap();
        fs_err::write(&packed, &bytes).unwrap();
        let text = |file: &Utf8Path| {
            let mut text = String::new();
            open(file).unwrap().read_to_string(&mut text).map(|_| text)
        };
        assert_eq!(text(&packed).unwrap(), "hello");
        assert_eq!(text(&path.join("c.info")).unwrap(), "one\ntwo");
        fs_err::write(&packed, &bytes[..bytes.len() - 6]).unwrap();
        assert!(text(&packed).is_err(), "half a file is no whole one");
    }

    #[test]
    fn what_is_longer_than_it_may_be_fails() {
        let text = |left| {
            let mut text = String::new();
            Limited { input: &b"hello"[..], left }.read_to_string(&mut text).map(|_| text)
        };
        assert_eq!(text(5).unwrap(), "hello");
        assert!(text(4).is_err());
    }

    #[test]
    fn bytes_are_those_of_a_regular_file() {
        let (_keep, path) = folder();
        assert_eq!(bytes(&path.join("c.info"), 3).unwrap(), b"one");
        assert!(bytes(&path.join("a"), 3).is_err());
        let pipe = path.join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, pipe.as_std_path(), rustix::fs::Mode::RUSR).unwrap();
        assert!(bytes(&pipe, 3).is_err());
    }

    #[test]
    fn lines_are_counted() {
        let (_keep, path) = folder();
        for (text, lines) in [("", 0), ("a", 1), ("a\n", 1), ("a\nb", 2), ("\n\n", 2)] {
            fs_err::write(path.join("c.info"), text).unwrap();
            assert_eq!(line_count(&path.join("c.info"), 9).unwrap(), lines, "{text:?}");
        }
        fs_err::write(path.join("c.info"), "line\n".repeat(SOURCE_BUFFER)).unwrap();
        let count = |enough| line_count(&path.join("c.info"), enough).unwrap();
        assert_eq!(count(u64::MAX), SOURCE_BUFFER as u64);
        assert!((5_000..SOURCE_BUFFER as u64).contains(&count(5_000)), "{}", count(5_000));
        assert_eq!(super::bytes(&path.join("a/1.xml"), 3).unwrap(), b"one");
    }
}
