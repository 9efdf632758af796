//! What we write, read by an independent model of the runner: nothing more is obeyed than was meant, and what is
//! obeyed says what was meant.

mod commands;
mod harness;
mod output_files;
mod sessions;
mod texts;
