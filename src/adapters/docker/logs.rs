//! The last lines that a container wrote.

use std::time::Duration;

use http_body_util::BodyExt;
use serde::Deserialize;

use crate::adapters::docker::api;
use crate::adapters::docker::engine::Engine;
use crate::failure::Failure;

/// The most that is kept of a log, in bytes: what a summary can show.
const LARGEST_TAIL: usize = 64 * 1024;

/// The longest time that reading a log may take.
const TIMEOUT: Duration = Duration::from_secs(20);

impl Engine {
    /// The last `lines` lines of standard output and error, in the order they were written, at most 64 KiB.
    ///
    /// Bytes that are no UTF-8 are replaced. A log driver that cannot be read back is an error.
    pub async fn logs_tail(&self, id: &str, lines: u32) -> Result<String, Failure> {
        let what = format!("read the log of {id}");
        let path = format!("/containers/{}", api::escaped(id));
        let container: Tty = self.read(&what, &format!("{path}/json")).await?;
        let path = format!("{path}/logs?stdout=true&stderr=true&tail={lines}");
        let body = api::open(self.parts(), &path).await;
        let mut body = body.map_err(|error| self.failed(&what, &error))?;
        let mut tail = Tail::new(container.config.tty);
        let read = async {
            while let Some(frame) = body.frame().await {
                let frame = frame.map_err(|error| self.failed(&what, &error))?;
                if let Some(data) = frame.data_ref() {
                    tail.push(data);
                }
            }
            Ok(())
        };
        // What came until then is shown: half a log is better than none.
        match tokio::time::timeout(TIMEOUT, read).await {
            Ok(Err(failure)) => Err(failure),
            Ok(Ok(())) | Err(_) => Ok(tail.text()),
        }
    }
}

#[derive(Deserialize)]
struct Tty {
    #[serde(rename = "Config")]
    config: TtyConfig,
}

#[derive(Deserialize)]
struct TtyConfig {
    #[serde(rename = "Tty", default)]
    tty: bool,
}

/// Takes the frames apart and keeps the end.
///
/// Without a terminal each piece has a head of eight bytes: stream, three zeros, length (big endian). With one the bytes
/// come as they are.
struct Tail {
    framed: bool,
    head: Vec<u8>,
    left: usize,
    kept: Vec<u8>,
}

impl Tail {
    fn new(tty: bool) -> Self {
        Self { framed: !tty, head: Vec::with_capacity(8), left: 0, kept: Vec::new() }
    }

    fn push(&mut self, mut bytes: &[u8]) {
        if !self.framed {
            return self.keep(bytes);
        }
        while !bytes.is_empty() {
            if self.left == 0 {
                let (head, rest) = bytes.split_at(bytes.len().min(8 - self.head.len()));
                self.head.extend_from_slice(head);
                bytes = rest;
                if let [_, _, _, _, a, b, c, d] = self.head[..] {
                    self.left = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(0);
                    self.head.clear();
                }
            } else {
                let (data, rest) = bytes.split_at(bytes.len().min(self.left));
                self.left -= data.len();
                bytes = rest;
                self.keep(data);
            }
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.kept.extend_from_slice(bytes);
        if self.kept.len() > 2 * LARGEST_TAIL {
            self.kept.drain(..self.kept.len() - LARGEST_TAIL);
        }
    }

    /// The text; where it was cut, it begins with a whole line.
    fn text(&self) -> String {
        let cut = self.kept.len().saturating_sub(LARGEST_TAIL);
        let mut end = &self.kept[cut..];
        if cut > 0 {
            let line = end.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            end = &end[line..];
        }
        String::from_utf8_lossy(end).replace("\r\n", "\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(stream: u8, data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        [&[stream, 0, 0, 0][..], &length, data].concat()
    }

    #[test]
    fn frames_are_taken_apart_wherever_they_are_cut() {
        let bytes = [frame(1, b"one\n"), frame(2, b""), frame(2, b"two\xff\n"), frame(1, b"three")]
            .concat();
        for size in 1..=bytes.len() {
            let mut tail = Tail::new(false);
            bytes.chunks(size).for_each(|chunk| tail.push(chunk));
            assert_eq!(tail.text(), "one\ntwo\u{fffd}\nthree", "in pieces of {size}");
        }
    }

    #[test]
    fn a_terminal_has_no_frames() {
        let mut tail = Tail::new(true);
        tail.push(b"\x01looks like a frame\r\n");
        assert_eq!(tail.text(), "\x01looks like a frame\n");
    }

    #[test]
    fn a_long_log_keeps_its_end_from_a_line_start() {
        let mut tail = Tail::new(true);
        for number in 0..100_000 {
            tail.push(format!("line {number}\n").as_bytes());
        }
        let text = tail.text();
        assert!(text.starts_with("line ") && text.ends_with("line 99999\n"));
        assert!(text.len() <= LARGEST_TAIL);
    }
}
