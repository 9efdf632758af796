//! Output of a child: cut into lines as it comes, and the end of it kept for the error message.

use std::sync::Mutex;

use tokio::io::{AsyncRead, AsyncReadExt};

/// A line longer than this is handed on in pieces: a child that writes no line end must not fill our memory.
const LONGEST_LINE: usize = 16 * 1024;

/// How much of the end of the output an error message can show, in bytes.
const KEPT_TAIL: usize = 8 * 1024;

/// Where a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pipe {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Takes lines as they come, without their line end.
pub type OnLine<'a> = &'a (dyn Fn(Pipe, &str) + Send + Sync);

/// What is done with what a child writes.
pub(super) struct Collector<'a> {
    on_line: OnLine<'a>,
    /// How much of standard output is kept whole, in bytes.
    keep_stdout: usize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    stdout: Vec<u8>,
    overflow: bool,
    tail: Vec<u8>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(on_line: OnLine<'a>, keep_stdout: usize) -> Self {
        Self { on_line, keep_stdout, kept: Mutex::new(Kept::default()) }
    }

    /// Reads one pipe to its end. An error of the pipe ends it too: the exit status tells what it meant.
    pub(super) async fn read(&self, pipe: Pipe, mut from: impl AsyncRead + Unpin) {
        let mut buffer = vec![0; 64 * 1024];
        let mut line = Vec::new();
        while let Ok(count @ 1..) = from.read(&mut buffer).await {
            let bytes = &buffer[..count];
            self.keep(pipe, bytes);
            for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
                line.extend_from_slice(piece);
                if piece.ends_with(b"\n") || line.len() >= LONGEST_LINE {
                    self.hand_on(pipe, &line);
                    line.clear();
                }
            }
        }
        if !line.is_empty() {
            self.hand_on(pipe, &line);
        }
    }

    fn hand_on(&self, pipe: Pipe, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        (self.on_line)(pipe, text.trim_end_matches(['\n', '\r']));
    }

    fn keep(&self, pipe: Pipe, bytes: &[u8]) {
        let Ok(mut kept) = self.kept.lock() else { return };
        if pipe == Pipe::Stdout && self.keep_stdout > 0 {
            let room = self.keep_stdout.saturating_sub(kept.stdout.len());
            kept.overflow |= bytes.len() > room;
            kept.stdout.extend_from_slice(&bytes[..bytes.len().min(room)]);
        } else {
            keep_end(&mut kept.tail, bytes, KEPT_TAIL);
        }
    }

    /// Whole standard output (if it was to be kept), whether it was cut, and the end of the rest.
    pub(super) fn take(&self) -> (Vec<u8>, bool, String) {
        let Ok(mut kept) = self.kept.lock() else { return (Vec::new(), true, String::new()) };
        let kept = std::mem::take(&mut *kept);
        let from = kept.tail.len().saturating_sub(KEPT_TAIL);
        (kept.stdout, kept.overflow, String::from_utf8_lossy(&kept.tail[from..]).into_owned())
    }
}

/// Appends, and drops the front in large steps, so that a long output is not moved again and again.
fn keep_end(tail: &mut Vec<u8>, bytes: &[u8], limit: usize) {
    tail.extend_from_slice(bytes);
    if tail.len() > 2 * limit {
        tail.drain(..tail.len() - limit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines_of(bytes: &[u8]) -> Vec<String> {
        let lines = Mutex::new(Vec::new());
        let on_line = |_: Pipe, line: &str| lines.lock().unwrap().push(line.to_owned());
        Collector::new(&on_line, 0).read(Pipe::Stdout, bytes).await;
        lines.into_inner().unwrap()
    }

    #[tokio::test]
    async fn lines_lose_their_ends_and_bad_bytes_are_replaced() {
        assert_eq!(lines_of(b"a\r\n\nb\xff\nrest").await, ["a", "", "b\u{fffd}", "rest"]);
    }

    #[tokio::test]
    async fn a_line_without_end_comes_in_pieces() {
        let lines = lines_of(&vec![b'x'; 200_000]).await;
        assert!(lines.len() > 1);
        assert_eq!(lines.iter().map(String::len).sum::<usize>(), 200_000);
    }

    #[tokio::test]
    async fn standard_output_is_kept_up_to_its_limit_and_the_cut_is_known() {
        let collector = Collector::new(&|_, _| {}, 4);
        collector.read(Pipe::Stdout, &b"abcdef"[..]).await;
        collector.read(Pipe::Stderr, &b"why"[..]).await;
        assert_eq!(collector.take(), (b"abcd".to_vec(), true, "why".to_owned()));
    }

    #[tokio::test]
    async fn of_a_long_output_the_end_is_kept() {
        let collector = Collector::new(&|_, _| {}, 0);
        let mut bytes = vec![b'x'; 1_000_000];
        bytes.extend_from_slice(b"the end");
        collector.read(Pipe::Stderr, &bytes[..]).await;
        let (_, _, tail) = collector.take();
        assert!(tail.ends_with("the end") && tail.len() <= KEPT_TAIL);
    }
}
