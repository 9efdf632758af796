//! Texts that try to be obeyed.

use std::io::Write;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;

/// Pieces from which commands can be built by accident or on purpose.
const PIECES: [&str; 40] = [
    "::",
    ":",
    "##[",
    "##",
    "#",
    "[",
    "]",
    "error",
    "::error::",
    "::add-mask::",
    "##[add-mask]e",
    "::stop-commands::x",
    "set-output name=a",
    " ",
    "\t",
    "\n",
    "\r",
    "\r\n",
    "\u{1b}[",
    "\u{1b}[31m",
    "\u{1b}]0;",
    "\u{7}",
    "\u{0}",
    "\u{200b}",
    "\u{ad}",
    "\u{feff}",
    "\u{2028}",
    "\u{85}",
    "\u{a0}",
    "\u{301}",
    "%0A",
    "%25",
    "%",
    ",",
    "=",
    ";",
    "file=",
    "\u{fe0f}",
    "\u{e0001}",
    "`",
];

/// Any text, with a leaning towards the harmful.
pub fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => prop::sample::select(&PIECES[..]).prop_map(str::to_owned),
        1 => prop::collection::vec(any::<char>(), 0..5).prop_map(String::from_iter),
        1 => "[a-z]{1,5}",
    ];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

/// How often each property is tried. Nothing is written beside the tests: a failure shows its smallest case.
pub fn config() -> ProptestConfig {
    ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() }
}

/// A stream that can be read while it is written.
#[derive(Clone, Default)]
pub struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    pub fn boxed(&self) -> Box<dyn Write + Send> {
        Box::new(self.clone())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
