//! What must hold for any bytes: no panic, and no result that is larger than its input can account for.

/// The rooms that are pure, compiled here from their sources: the whole crate has two hundred crates below it, and with
/// the fuzzer's instrumentation takes ten minutes instead of one.
#[path = "../../src"]
mod rooms {
    pub mod domain;
    pub mod failure;
}

pub use rooms::{domain, failure};

use domain::coverage::formats;
use domain::coverage::report::{Detail, Measured, Report};

/// A line costs its writer a bit at least (coverage.py's bitmaps), except where one record spans many lines (a Go block,
/// an llvm-cov region): those have a limit of their own.
const LINES_PER_BYTE: u64 = 8;
const LINES_IN_RANGES: u64 = 50_000_000;

/// Reads bytes as a report of any format.
pub fn report(data: &[u8]) {
    for hits in [false, true] {
        if let Ok(report) = formats::read(&mut &data[..], Detail { hits }) {
            bounded(&report, data.len());
        }
    }
}

/// Reads bytes as they are, and once more behind a beginning that decides on the format.
pub fn report_after(beginning: &[u8], data: &[u8]) {
    report(data);
    report(&[beginning, data].concat());
}

fn bounded(report: &Report, bytes: usize) {
    assert!(report.files.len() <= bytes, "more files than bytes");
    assert!(report.roots.len() <= bytes, "more roots than bytes");
    assert!(report.warnings.len() <= bytes, "more warnings than bytes");
    let lines: u64 = report.files.values().map(|file| file.lines.ratio().total).sum();
    let most = LINES_IN_RANGES + LINES_PER_BYTE * bytes as u64;
    assert!(lines <= most, "{lines} lines of {bytes} bytes");
    for file in report.files.values() {
        consistent(file, bytes);
    }
}

fn consistent(file: &Measured, bytes: usize) {
    for ratio in [file.line_ratio(), file.branch_ratio(), file.statement_ratio()] {
        assert!(ratio.covered <= ratio.total, "{ratio:?}");
    }
    assert!(file.lines.get(0).is_none(), "a line 0");
    assert!(
        file.arms.iter().count() <= bytes.saturating_mul(64),
        "more branches than bytes can name"
    );
    assert!(file.hits.is_sorted(), "hits out of order");
}
