//! Assessments for the tests of this room: one that passes, one with everything wrong, one without a change, one whose
//! names are hostile.

use crate::domain::coverage::gate::{
    Assessment, Check, Exclusion, FileRanges, FileTotal, Mapping, Marked, Metric, Patch, PatchFile,
    Prefix, Regression, Required, Source, State, Subject,
};
use crate::domain::coverage::lines::Range;
use crate::domain::coverage::ratio::Ratio;
use crate::domain::coverage::report::Format;
use crate::domain::input::Percent;

/// 80 %.
pub const EIGHTY: Percent = Percent { millionths: 80_000_000 };

/// Names that try to be something else.
pub const HOSTILE: [&str; 10] = [
    "a|b|c.py",
    "`tick``s`.py",
    "<script>alert(1)</script>.py",
    "::error::x%0A.py",
    "new\nline\r\n::warning::.py",
    "]]>--><!--.py",
    "</details></script></svg>.py",
    "\u{202e}yp.evil\u{2066}.py",
    "@octocat #1 https://evil.example www.evil.example ![x](y).py",
    "```\n| a |\n\"quoted' & more\".py",
];

pub fn percent(number: u64) -> Percent {
    Percent { millionths: number * 1_000_000 }
}

fn file_total(path: &str, ratio: Ratio, uncovered: Marked) -> FileTotal {
    FileTotal { path: path.to_owned(), ratio, uncovered: vec![uncovered], ranges: 1 }
}

/// A range of lines, all of them meant.
pub fn marked(first: u32, last: u32) -> Marked {
    Marked { range: Range { first, last }, lines: last - first + 1 }
}

/// A check without numbers.
pub fn bare(subject: Subject, state: State) -> Check {
    Check { subject, state, measured: None, count: None, required: None, note: String::new() }
}

pub fn share(subject: Subject, ratio: Ratio) -> Check {
    let state = if ratio.meets(EIGHTY) { State::Passed } else { State::Failed };
    Check {
        measured: Some(ratio),
        required: Some(Required::AtLeast(EIGHTY)),
        ..bare(subject, state)
    }
}

pub fn counted(subject: Subject, state: State, count: u64) -> Check {
    Check { count: Some(count), required: Some(Required::AtMost(0)), ..bare(subject, state) }
}

pub fn held(subject: Subject, state: State, now: Ratio, base: Ratio) -> Check {
    let required = Some(Required::NotBelow { base, tolerance: percent(0) });
    Check { measured: Some(now), required, ..bare(subject, state) }
}

pub fn skipped(subject: Subject, note: &str) -> Check {
    Check { note: note.to_owned(), ..bare(subject, State::Skipped) }
}

/// Everything as asked.
pub fn pass() -> Assessment {
    let total = Ratio::new(874, 1_000);
    let patch = Ratio::new(12, 12);
    let base = Ratio::new(862, 988);
    Assessment {
        metric: Metric::Line,
        total,
        others: vec![(Metric::Branch, Ratio::new(70, 100))],
        checks: vec![
            share(Subject::Total, total),
            share(Subject::Patch, patch),
            counted(Subject::Unmeasured, State::Passed, 0),
            skipped(Subject::RegressionTotal, "not asked for"),
            held(Subject::RegressionAdjusted, State::Passed, total, base),
            counted(Subject::Indirect, State::Passed, 0),
            counted(Subject::Exclusions, State::Passed, 0),
        ],
        files: vec![
            file_total("src/shop/cart.py", Ratio::new(800, 900), marked(10, 109)),
            file_total("src/shop/order.py", Ratio::new(74, 100), marked(1, 26)),
        ],
        patch: Some(Patch {
            ratio: patch,
            files: vec![PatchFile {
                path: "src/shop/cart.py".to_owned(),
                ratio: patch,
                whole: Ratio::new(800, 900),
                uncovered: Vec::new(),
            }],
            unmeasured: Vec::new(),
            base: "the first parent of the merge commit 1a2b3c4".to_owned(),
        }),
        regression: Some(Regression {
            base,
            adjusted: base,
            commit: "0123456789abcdef".to_owned(),
            older_by: 3,
            ..Regression::default()
        }),
        mapping: Mapping {
            prefixes: vec![Prefix { from: "/app/".to_owned(), to: String::new(), files: 2 }],
            unmapped: Vec::new(),
        },
        sources: vec![Source {
            name: "coverage.xml".to_owned(),
            format: Format::Cobertura,
            files: 2,
            ratio: total,
        }],
        ..Assessment::default()
    }
}

/// Every check failed or warned, and every list has something in it.
pub fn fail() -> Assessment {
    let total = Ratio::new(19_999, 25_000);
    let patch = Ratio::new(10, 16);
    let base = Ratio::new(20_100, 25_000);
    let changed = |path: &str, ratio, uncovered: Vec<Marked>| PatchFile {
        path: path.to_owned(),
        ratio,
        whole: Ratio::new(50, 60),
        uncovered,
    };
    Assessment {
        total,
        checks: vec![
            share(Subject::Total, total),
            share(Subject::Patch, patch),
            counted(Subject::Unmeasured, State::Failed, 1),
            held(Subject::RegressionTotal, State::Warned, total, base),
            held(Subject::RegressionAdjusted, State::Failed, total, base),
            counted(Subject::Indirect, State::Failed, 5),
            share(Subject::File("src/shop/cart.py".to_owned()), Ratio::new(3, 10)),
            share(Subject::Group("frontend".to_owned()), Ratio::new(7, 10)),
            counted(Subject::Exclusions, State::Warned, 1),
            skipped(Subject::Baseline, "the input `baseline` is none"),
        ],
        patch: Some(Patch {
            ratio: patch,
            files: vec![
                changed("src/shop/cart.py", Ratio::new(8, 10), vec![marked(3, 4)]),
                changed("src/shop/order.py", Ratio::new(2, 6), vec![marked(7, 7), marked(12, 14)]),
            ],
            unmeasured: vec!["src/shop/new.py".to_owned()],
            base: "the merge base with main".to_owned(),
        }),
        regression: Some(Regression {
            base,
            adjusted: base,
            indirect: vec![FileRanges {
                path: "src/shop/tax.py".to_owned(),
                ranges: vec![marked(20, 24)],
            }],
            commit: "0123456789abcdef".to_owned(),
            ..Regression::default()
        }),
        exclusions: vec![Exclusion {
            path: "src/shop/cart.py".to_owned(),
            line: 9,
            what: "`pragma: no cover`".to_owned(),
        }],
        mapping: Mapping {
            prefixes: pass().mapping.prefixes,
            unmapped: vec!["/usr/lib/python3/site-packages/x.py".to_owned()],
        },
        warnings: vec!["coverage.xml: line-rate says 0.8, its lines say 79.99 %".to_owned()],
        payers: vec![("src/shop/order.py".to_owned(), 4), ("src/shop/cart.py".to_owned(), 2)],
        ..pass()
    }
}

/// A scheduled run: no change, no baseline.
pub fn no_patch() -> Assessment {
    let why = "schedule has no change to judge";
    Assessment {
        checks: vec![
            share(Subject::Total, Ratio::new(874, 1_000)),
            skipped(Subject::Patch, why),
            skipped(Subject::RegressionAdjusted, why),
        ],
        patch: None,
        regression: None,
        ..pass()
    }
}

/// Everything wrong in files with hostile names, which are 4 KB long in the end.
pub fn hostile() -> Assessment {
    let long = format!("{}</td>`|.py", "long/".repeat(820));
    let names: Vec<String> = HOSTILE.iter().map(ToString::to_string).chain([long]).collect();
    spoiled(&names)
}

/// Everything wrong in so many files with so many ranges each.
pub fn huge(files: u32, ranges: u32) -> Assessment {
    let names: Vec<String> = (0..files).map(|number| format!("src/part{number}/file.py")).collect();
    let mut all = spoiled(&names);
    let many: Vec<Marked> = (0..ranges).map(|at| marked(at * 3 + 1, at * 3 + 1 + at % 2)).collect();
    for file in &mut all.files {
        file.uncovered = many[..many.len().min(FileTotal::FIRST)].to_vec();
        file.ranges = many.len();
    }
    if let Some(patch) = &mut all.patch {
        patch.files.iter_mut().for_each(|file| file.uncovered.clone_from(&many));
    }
    if let Some(regression) = &mut all.regression {
        regression.indirect.iter_mut().for_each(|file| file.ranges.clone_from(&many));
    }
    all
}

/// Everything wrong in files with these names.
pub fn spoiled(names: &[String]) -> Assessment {
    let mut all = fail();
    let total = |path: &String| file_total(path, Ratio::new(1, 3), marked(2, 3));
    all.files = names.iter().map(total).collect();
    all.checks
        .extend(names.iter().map(|name| share(Subject::File(name.clone()), Ratio::new(1, 3))));
    all.checks.extend(
        names.iter().take(20).map(|name| share(Subject::Group(name.clone()), Ratio::new(1, 3))),
    );
    all.patch = Some(Patch {
        ratio: Ratio::new(names.len() as u64, 3 * names.len() as u64),
        files: names
            .iter()
            .map(|path| PatchFile {
                path: path.clone(),
                ratio: Ratio::new(1, 3),
                whole: Ratio::new(1, 3),
                uncovered: vec![marked(2, 3)],
            })
            .collect(),
        unmeasured: names.to_vec(),
        base: names.first().cloned().unwrap_or_default(),
    });
    all.regression = Some(Regression {
        indirect: names
            .iter()
            .map(|path| FileRanges { path: path.clone(), ranges: vec![marked(8, 9)] })
            .collect(),
        commit: names.first().cloned().unwrap_or_default(),
        rescoped: names.to_vec(),
        dropped: names.to_vec(),
        ..Regression::default()
    });
    let exclusion = |path: &String| Exclusion { path: path.clone(), line: 3, what: path.clone() };
    all.exclusions = names.iter().map(exclusion).collect();
    all.mapping.unmapped = names.to_vec();
    let prefix = |path: &String| Prefix { from: path.clone(), to: path.clone(), files: 1 };
    all.mapping.prefixes = names.iter().map(prefix).collect();
    let source = |path: &String| Source {
        name: path.clone(),
        format: Format::Lcov,
        files: 1,
        ratio: Ratio::new(1, 3),
    };
    all.sources = names.iter().map(source).collect();
    all.warnings = names.to_vec();
    all.payers = names.iter().take(3).map(|name| (name.clone(), 3)).collect();
    all
}

/// Whether each row of each table has as many cells as its head, no fence or folded part stays open, and no line begins
/// with HTML that is not ours.
pub fn sound(markdown: &str) -> Result<(), String> {
    let (mut cells, mut folded) = (None, 0);
    for line in markdown.lines() {
        if line.starts_with('<') && !line.starts_with("<!-- ") {
            match line {
                "</details>" => folded -= 1,
                line if line.starts_with("<details><summary>") => folded += 1,
                line => return Err(line.to_owned()),
            }
        }
        let count = line.replace("\\|", "").matches('|').count();
        let row = line.starts_with("| ");
        if row && *cells.get_or_insert(count) != count || line.starts_with("```") {
            return Err(line.to_owned());
        }
        cells = cells.filter(|_| row);
    }
    if folded == 0 { Ok(()) } else { Err(format!("{folded} folded parts are open")) }
}

/// Whether the tags of markup close in the order in which they open, attributes are quoted and no `<` stands alone.
/// What is inside `<script>` and `<style>` is no markup.
pub fn balanced(markup: &str) -> Result<(), String> {
    const VOID: [&str; 1] = ["!DOCTYPE"];
    let (mut open, mut rest) = (Vec::new(), markup);
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, after) = after.split_once('>').ok_or("a tag does not end")?;
        rest = after;
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        if tag.contains('<') || !tag.matches('"').count().is_multiple_of(2) {
            return Err(format!("<{tag}>"));
        }
        if let Some(closed) = tag.strip_prefix('/') {
            if open.pop() != Some(closed) {
                return Err(format!("</{closed}> closes nothing"));
            }
        } else if !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(name);
        }
        if matches!(tag.split(' ').next(), Some("script" | "style")) {
            let at = rest.find(&format!("</{name}")).ok_or("a script does not end")?;
            rest = &rest[at..];
        }
    }
    if open.is_empty() { Ok(()) } else { Err(format!("still open: {open:?}")) }
}
