//! Every fixture: its format, and the integers that its tool reports. Where ours differ, `says` tells why.

use mta_actions::domain::coverage::ratio::Ratio;
use mta_actions::domain::coverage::report::{Detail, Format, Measured, Report};

use super::fixtures::{self, REFUSED};

/// Covered of all.
type Pair = (u64, u64);

struct Row {
    file: &'static str,
    format: Format,
    lines: Pair,
    branches: Pair,
    statements: Pair,
    /// Where the integers are from.
    says: &'static str,
}

const NONE: Pair = (0, 0);

const fn row(file: &'static str, format: Format, pairs: [Pair; 3], says: &'static str) -> Row {
    let [lines, branches, statements] = pairs;
    Row { file, format, lines, branches, statements, says }
}

const ROWS: &[Row] = &[
    row(
        "coverage-py/line.xml",
        Format::Cobertura,
        [(25, 35), NONE, NONE],
        "line.txt: 35 Stmts, 10 Miss",
    ),
    row("coverage-py/line.json", Format::CoveragePyJson, [(25, 35), NONE, (25, 35)], "totals"),
    row("coverage-py/line.info", Format::Lcov, [(25, 35), NONE, NONE], "sum of LH, LF"),
    row(
        "coverage-py/branch.xml",
        Format::Cobertura,
        [(25, 35), (9, 12), NONE],
        "its own attributes",
    ),
    row("coverage-py/branch.json", Format::CoveragePyJson, [(25, 35), (9, 12), (25, 35)], "totals"),
    row(
        "coverage-py/branch.info",
        Format::Lcov,
        [(25, 35), (9, 12), NONE],
        "sum of LH, LF, BRH, BRF",
    ),
    row(
        "coverage-py-docker/shard1.xml",
        Format::Cobertura,
        [(14, 35), (6, 12), NONE],
        "shard1.json, totals",
    ),
    row(
        "coverage-py-docker/shard1.json",
        Format::CoveragePyJson,
        [(14, 35), (6, 12), (14, 35)],
        "totals",
    ),
    row(
        "coverage-py-docker/shard1.info",
        Format::Lcov,
        [(14, 35), (6, 12), NONE],
        "shard1.json, totals",
    ),
    row(
        "coverage-py-docker/shard2.xml",
        Format::Cobertura,
        [(11, 35), (3, 12), NONE],
        "shard2.json, totals",
    ),
    row(
        "coverage-py-docker/shard2.json",
        Format::CoveragePyJson,
        [(11, 35), (3, 12), (11, 35)],
        "totals",
    ),
    row(
        "coverage-py-docker/shard2.info",
        Format::Lcov,
        [(11, 35), (3, 12), NONE],
        "shard2.json, totals",
    ),
    row(
        "coverage-py-docker/combined.xml",
        Format::Cobertura,
        [(25, 35), (9, 12), NONE],
        "combined.txt",
    ),
    row(
        "coverage-py-docker/combined.json",
        Format::CoveragePyJson,
        [(25, 35), (9, 12), (25, 35)],
        "totals",
    ),
    row(
        "coverage-py-docker/combined.info",
        Format::Lcov,
        [(25, 35), (9, 12), NONE],
        "combined.txt",
    ),
    // A data file knows what ran, not what could have.
    // gcovr counts the lines of a template once for each instantiation, 25 of 35 and 12 of 26; a line is a line, as in
    // lcov's LH and LF: 7/13 + 6/6 + 6/8 + 3/4, and its BRH and BRF: 4/10 + 4/8 + 2/4 + 1/2.
    row("gcov/lcov-2.info", Format::Lcov, [(22, 31), (11, 24), NONE], "sum of LH, LF, BRH, BRF"),
    row(
        "gcov/lcov-1.info",
        Format::Lcov,
        [(22, 31), (11, 24), NONE],
        "lcov-2.info: records of one file joined",
    ),
    row(
        "gcov/gcovr-1.info",
        Format::Lcov,
        [(22, 31), (11, 24), NONE],
        "lcov-2.info; 4 lines come twice in LF",
    ),
    row(
        "gcov/gcovr-2.info",
        Format::Lcov,
        [(22, 31), (11, 24), NONE],
        "lcov-2.info; 4 lines come twice in LF",
    ),
    row(
        "gcov/cobertura.xml",
        Format::Cobertura,
        [(22, 31), (11, 24), NONE],
        "lcov-2.info; 4 lines come twice",
    ),
    row(
        "gcov/clover.xml",
        Format::Clover,
        [(22, 31), NONE, (22, 31)],
        "each line is a statement; 4 come twice",
    ),
    row(
        "gcov/cart.cpp.gcov",
        Format::GcovText,
        [(7, 13), (4, 10), NONE],
        "gcov-summary.txt: 53.85% of 13, 40.00% of 10",
    ),
    row(
        "gcov/main.cpp.gcov",
        Format::GcovText,
        [(6, 6), (4, 8), NONE],
        "gcov-summary.txt: 100.00% of 6, 50.00% of 8",
    ),
    row(
        "gcov/tax.cpp.gcov",
        Format::GcovText,
        [(3, 4), (1, 2), NONE],
        "gcov-summary.txt: 75.00% of 4, 50.00% of 2",
    ),
    row(
        "gcov/price.h.gcov",
        Format::GcovText,
        [(6, 8), (1, 2), NONE],
        "lcov-2.info; the text leaves out the branches of line 11",
    ),
    row(
        "gcov/cart.gcov.json",
        Format::GcovJson,
        [(10, 17), (5, 12), NONE],
        "cart.cpp 7/13 and 4/10, price.h 3/4 and 1/2",
    ),
    row(
        "gcov/gcovr.json",
        Format::GcovJson,
        [(22, 31), (11, 24), NONE],
        "lcov-2.info; 4 lines come twice",
    ),
    row("llvm/export.json", Format::Llvm, [(18, 27), NONE, NONE], "report.txt: 27 Lines, 9 Missed"),
    row("llvm/summary.json", Format::Llvm, [(18, 27), NONE, NONE], "report.txt"),
    row("llvm/lcov.info", Format::Lcov, [(18, 27), NONE, NONE], "report.txt"),
    row("llvm/summary.info", Format::Lcov, [(18, 27), NONE, NONE], "sum of LH, LF: it has no DA"),
    // llvm-cov's totals are sums over functions, 44 of 54 and 25 of 38, also in LCOV's LF; the lines are DA's, the arms
    // BRDA's and those of a constant condition, which LCOV leaves out.
    row("llvm-cpp/export.json", Format::Llvm, [(43, 52), (28, 42), NONE], "lcov.info, and line 33"),
    row("llvm-cpp/lcov.info", Format::Lcov, [(43, 52), (28, 40), NONE], "its DA and BRDA"),
    row(
        "jacoco/report.xml",
        Format::Jacoco,
        [(17, 25), (7, 13), NONE],
        "counters LINE and BRANCH of <report>",
    ),
    // 53.8 and 61.5 % of statements in set.txt and count.txt; lines are those that the blocks span.
    row("go/set.out", Format::Go, [(9, 19), NONE, (7, 13)], "set.txt: 7 of 13 statements"),
    row("go/count.out", Format::Go, [(10, 19), NONE, (8, 13)], "count.txt: 8 of 13 statements"),
    // `:nocov:` is known to SimpleCov's report only: the raw results have its two lines.
    row(
        "simplecov/resultset.json",
        Format::SimpleCovResultset,
        [(16, 21), (4, 9), NONE],
        "files.json: 12/16 + 3/3, and lines 23 and 24",
    ),
    row(
        "simplecov/files.json",
        Format::SimpleCov,
        [(16, 21), NONE, NONE],
        "as the result set: this dialect has no \"ignored\"",
    ),
    row(
        "simplecov/coverage.json",
        Format::SimpleCov,
        [(15, 19), (4, 9), NONE],
        "last-run.json: 78.94 and 44.44 %",
    ),
    // A method's line is a line for Clover: two more than in Cobertura.
    row(
        "phpunit/clover.xml",
        Format::Clover,
        [(12, 16), NONE, (10, 14)],
        "<metrics>: 10/14 statements, and 2/2 methods that ran",
    ),
    row("phpunit/cobertura.xml", Format::Cobertura, [(10, 14), NONE, NONE], "report.txt: 10/14"),
    row("node/lcov.info", Format::Lcov, [(31, 37), (8, 10), NONE], "sum of LH, LF, BRH, BRF"),
    row(
        "istanbul/coverage-final.json",
        Format::Istanbul,
        [(17, 21), (6, 11), (21, 26)],
        "report.txt",
    ),
    row(
        "istanbul/coverage-summary.json",
        Format::IstanbulSummary,
        [(17, 21), (6, 11), (21, 26)],
        "total",
    ),
    row("istanbul/lcov.info", Format::Lcov, [(17, 21), (6, 11), NONE], "report.txt"),
    row("istanbul/cobertura.xml", Format::Cobertura, [(17, 21), (6, 11), NONE], "report.txt"),
    row("istanbul/clover.xml", Format::Clover, [(17, 21), (6, 11), (17, 21)], "<metrics>"),
    row(
        "opencover/report.xml",
        Format::OpenCover,
        [(9, 13), (2, 4), (9, 14)],
        "by hand: <Summary>; line 21 has two points",
    ),
];

fn sum(report: &Report, ratio: impl Fn(&Measured) -> Ratio) -> Pair {
    let sum = report.files.values().map(ratio).fold(Ratio::default(), Ratio::plus);
    (sum.covered, sum.total)
}

#[test]
fn a_report_has_the_integers_of_its_tool() {
    let mut wrong = Vec::new();
    for row in ROWS {
        let report = match fixtures::parse(&fixtures::bytes(row.file), Detail::default()) {
            Ok(report) => report,
            Err(error) => {
                wrong.push(format!("{}: {error}", row.file));
                continue;
            }
        };
        let read = (
            report.format,
            sum(&report, Measured::line_ratio),
            sum(&report, Measured::branch_ratio),
            sum(&report, Measured::statement_ratio),
        );
        let wanted = (row.format, row.lines, row.branches, row.statements);
        if read != wanted {
            wrong.push(format!("{}: {read:?}, not {wanted:?} ({})", row.file, row.says));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn no_report_is_forgotten() {
    let in_table: Vec<&str> = ROWS.iter().map(|row| row.file).collect();

    let forgotten: Vec<String> =
        fixtures::all().into_iter().filter(|name| !in_table.contains(&name.as_str())).collect();
    assert_eq!(forgotten, Vec::<String>::new());
}

/// A name or an extension plays no part: nothing but the bytes is passed, here behind a byte order mark and a blank line,
/// as programs on Windows write them.
#[test]
fn a_report_is_recognised_behind_a_byte_order_mark() {
    for row in ROWS {
        let marked = [b"\xef\xbb\xbf".as_slice(), &fixtures::bytes(row.file)].concat();
        let format = fixtures::parse(&marked, Detail::default()).map(|report| report.format);
        assert_eq!(format, Ok(row.format), "{}", row.file);
    }
}

#[test]
fn what_is_no_report_is_refused() {
    for name in REFUSED {
        let report = fixtures::parse(&fixtures::bytes(name), Detail::default());
        assert!(report.is_err(), "{name}: {report:?}");
    }
}

/// gcovr writes `JaCoCo` lines without `mi` and `ci`: which of them ran cannot be told, so nothing is.
#[test]
fn a_jacoco_line_that_does_not_say_whether_it_ran_is_an_error() {
    let refused = fixtures::parse(&fixtures::bytes("gcov/jacoco.xml"), Detail::default());
    let error = refused.map(|report| report.files.len()).unwrap_err().to_string();
    assert!(error.contains("ci"), "{error}");
}
