//! Files in pieces that end at line ends, however large the file is.

use std::io::{self, Read};

use camino::Utf8Path;

/// How much is read at once, in bytes. A longer line is cut.
const PIECE: usize = 4 << 20;

/// A piece of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window<'a> {
    /// The bytes; they begin at the start of a line.
    pub bytes: &'a [u8],
    /// The number of the first line.
    pub first_line: u32,
}

/// Whether to read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The next piece.
    More,
    /// Nothing more.
    Stop,
}

/// Hands on a regular file piece by piece; false where it is none (a folder, a link, a pipe).
pub fn each(path: &Utf8Path, take: &mut dyn FnMut(Window<'_>) -> Next) -> io::Result<bool> {
    let meta = fs_err::symlink_metadata(path)?;
    if !meta.is_file() {
        return Ok(false);
    }
    let size = usize::try_from(meta.len()).unwrap_or(usize::MAX).min(PIECE);
    let mut file = fs_err::File::open(path)?;
    let mut buffer: Vec<u8> = Vec::with_capacity(size + 1);
    let mut first_line = 1_u32;
    loop {
        let room = PIECE.saturating_sub(buffer.len()).max(1);
        let read = (&mut file).take(room as u64).read_to_end(&mut buffer)?;
        let is_last = read < room;
        let end = if is_last {
            buffer.len()
        } else {
            memchr::memrchr(b'\n', &buffer).map_or(buffer.len(), |at| at + 1)
        };
        let bytes = buffer.get(..end).unwrap_or_default();
        if take(Window { bytes, first_line }) == Next::Stop || is_last {
            return Ok(true);
        }
        let lines = memchr::memchr_iter(b'\n', bytes).count();
        first_line = first_line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        buffer.drain(..end);
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8PathBuf;

    use super::*;

    fn pieces(bytes: &[u8]) -> Vec<(usize, u32)> {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(dir.path().join("f")).unwrap();
        fs_err::write(&path, bytes).unwrap();
        let mut seen = Vec::new();
        let mut all = Vec::new();
        each(&path, &mut |window| {
            seen.push((window.bytes.len(), window.first_line));
            all.extend_from_slice(window.bytes);
            Next::More
        })
        .unwrap();
        assert!(all == bytes);
        seen
    }

    #[test]
    fn pieces_end_at_lines_and_know_their_number() {
        assert_eq!(pieces(b""), [(0, 1)]);
        assert_eq!(pieces(b"a\nb"), [(3, 1)]);
        let line = [vec![b'x'; 999], vec![b'\n']].concat();
        let lines = PIECE / 1000;
        assert_eq!(
            pieces(&line.repeat(lines + 10)),
            [(lines * 1000, 1), (10_000, u32::try_from(lines).unwrap() + 1)]
        );
        assert_eq!(pieces(&vec![b'x'; PIECE + 5]), [(PIECE, 1), (5, 1)]);
        assert_eq!(pieces(&vec![b'x'; PIECE]).len(), 2);
    }

    #[test]
    fn what_is_no_regular_file_is_left_out() {
        let mut take = |_: Window<'_>| Next::More;
        assert!(!each(Utf8Path::new("/dev/null"), &mut take).unwrap());
        assert!(!each(Utf8Path::new("/"), &mut take).unwrap());
        assert!(each(Utf8Path::new("/nonexistent"), &mut take).is_err());
    }

    #[test]
    fn reading_stops_when_it_is_told_to() {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(dir.path().join("f")).unwrap();
        fs_err::write(&path, vec![b'\n'; PIECE * 2]).unwrap();
        let mut count = 0;
        each(&path, &mut |_| {
            count += 1;
            Next::Stop
        })
        .unwrap();
        assert_eq!(count, 1);
    }
}
