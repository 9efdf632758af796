//! What a gate asks for, and whether reports can answer it.

use std::collections::BTreeMap;

use crate::domain::coverage::counts::{Counts, carry};
use crate::domain::coverage::gate::{Metric, State, Unjudgeable};
use crate::domain::coverage::project::counted_as;
use crate::domain::coverage::ratio::Ratio;
use crate::domain::coverage::report::Measured;
use crate::domain::globs::Globs;
use crate::domain::input::{self, Percent};

/// Whether something fails the gate or is told only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// It is told.
    Warn,
    /// It fails the gate.
    Fail,
}

impl Strictness {
    /// The state of a check, by whether there is something to object to.
    pub const fn state(self, objection: bool) -> State {
        match (objection, self) {
            (false, _) => State::Passed,
            (true, Self::Warn) => State::Warned,
            (true, Self::Fail) => State::Failed,
        }
    }
}

/// What it means that a file of the baseline is in no report any more, though the repository has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LostFiles {
    /// It fails the gate.
    Fail,
    /// It is told.
    Warn,
    /// It counts as the baseline has it if nobody changed it since; else it fails the gate.
    Carry,
}

/// What a missing baseline means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnMissing {
    /// It is told.
    Warn,
    /// It fails the gate.
    Fail,
    /// It is fine.
    Pass,
}

/// Some files with a minimum of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its files.
    pub globs: Globs,
    /// Their share, together.
    pub minimum: Percent,
}

/// What a gate asks for.
#[derive(Clone, Debug)]
pub struct Rules {
    /// What is counted.
    pub metric: Metric,
    /// For all files together.
    pub min_total: Percent,
    /// For the changed lines.
    pub min_patch: Percent,
    /// For every file, if asked for.
    pub min_file: Option<Percent>,
    /// For groups of files.
    pub groups: Vec<Group>,
    /// How much the share of all files may fall, in percentage points, whatever was deleted; not judged if `None`.
    pub max_total_drop: Option<Percent>,
    /// How much it may fall against the baseline without what the change deletes.
    pub max_drop: Percent,
    /// How many lines may be lost that the change did not touch; told only if `None`.
    pub max_indirect_loss: Option<u64>,
    /// Files of the baseline that no report mentions any more.
    pub lost_files: LostFiles,
    /// Changed files that no report mentions.
    pub unmeasured: Strictness,
    /// New ways round the gate.
    pub new_exclusions: Strictness,
    /// Where nothing was ever measured.
    pub on_missing_baseline: OnMissing,
    /// Files that test others: they need not be measured themselves.
    pub tests: Globs,
}

/// Whether the reports can answer for a metric at all.
pub fn judgeable(
    counts: &BTreeMap<String, Counts>,
    metric: Metric,
    total: Ratio,
) -> Result<(), Unjudgeable> {
    if total.total == 0 && !carry(counts, Metric::Line) {
        return Err(Unjudgeable {
            what: "the reports hold no executable line".to_owned(),
            help: "did the tests run, and does the coverage tool look at the right folder? `include` and `exclude` may \
                   leave nothing as well"
                .to_owned(),
        });
    }
    let lacks = |metric: Metric| {
        counts
            .iter()
            .find(|(_, file)| file.ratio(Metric::Line).total > 0 && file.ratio(metric).total == 0)
    };
    match metric {
        Metric::Branch | Metric::LineAndBranch if !carry(counts, Metric::Branch) => Err(Unjudgeable {
            what: format!(
                    "`metric: {}`, and the reports hold no branch",
                    if metric == Metric::Branch { "branch" } else { "line+branch" }
                ),
            help: "let the tests measure branches (`--branch` of coverage.py, `--cov-branch` of pytest), or use `metric: line`"
                .to_owned(),
        }),
        Metric::Statement => match lacks(Metric::Statement) {
            Some((path, _)) => Err(Unjudgeable {
                what: format!("`metric: statement`, and no report counts the statements of `{path}`"),
                help: "use reports that count statements (Go, Istanbul, Clover, coverage.py JSON), or `metric: line`".to_owned(),
            }),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// Whether the total would be high enough with the lines of names that look like the project's own and are no files of the
/// repository. Where it would not be, leaving them out is what makes it pass.
pub fn unmapped_do_not_matter(
    stray: &BTreeMap<String, Measured>,
    total: Ratio,
    rules: &Rules,
) -> Result<(), Unjudgeable> {
    let lines = |file: &Measured| Counts::of(file.clone()).ratio(rules.metric);
    let with = stray.values().fold(total, |sum, file| sum.plus(lines(file)));
    let Some(first) = stray
        .keys()
        .next()
        .filter(|_| total.meets(rules.min_total) && !with.meets(rules.min_total))
    else {
        return Ok(());
    };
    let names = counted_as(stray.len(), "measured file that looks", "measured files that look");
    let folder = first.rfind('/').map_or("./", |slash| &first[..=slash]);
    Err(Unjudgeable {
        what: format!(
            "the reports hold {names} like this project's and that git does not track (`{first}`{}): without them {} of {} \
             are covered, with them {} of {}, which is below `min-total`",
            if stray.len() > 1 { ", ..." } else { "" },
            total.covered,
            total.total,
            with.covered,
            with.total
        ),
        help: format!(
            "if they are files of the repository under other names, say by `path-map` what their prefix stands for \
             (`/app/common/=libs/common/`); if they are generated or another project's, name them in `exclude` (`{folder}**`), \
             or let `path-map` leave their prefix out (`/app/gen/=-`)"
        ),
    })
}

/// A group in one line: `backend: addons/**, core/** >= 85`.
pub fn group(line: &str) -> Result<Group, String> {
    let form = || format!("`{line}` is no group: write `name: pattern, pattern >= 85`");
    let (name, rest) = line.split_once(':').ok_or_else(form)?;
    let (patterns, minimum) = rest.rsplit_once(">=").ok_or_else(form)?;
    let patterns: Vec<String> = patterns
        .split([',', ' '])
        .map(str::trim)
        .filter(|one| !one.is_empty())
        .map(str::to_owned)
        .collect();
    let name = name.trim();
    if name.is_empty() || patterns.is_empty() {
        return Err(form());
    }
    let minimum = input::percent(minimum.trim()).ok_or_else(form)?;
    if is_share(minimum) {
        return Err(format!(
            "`{line}`: a minimum below 1 % is a share of 1 by mistake: write `80` for 80 %"
        ));
    }
    let globs = Globs::new(patterns).map_err(|error| format!("`{line}`: {error}"))?;
    Ok(Group { name: name.to_owned(), globs, minimum })
}

/// Whether a minimum was meant as a share of 1: nobody asks for more than nothing and less than 1 %.
pub fn is_share(minimum: Percent) -> bool {
    (1..1_000_000).contains(&minimum.millionths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_read() {
        let one = group("backend: addons/**, core/** >= 79.5%").unwrap();
        assert_eq!((one.name.as_str(), one.minimum.millionths), ("backend", 79_500_000));
        assert!(
            one.globs.matches("core/a.py")
                && one.globs.matches("addons/x/b.py")
                && !one.globs.matches("a.py")
        );
        for wrong in [
            "backend",
            "backend: a/**",
            ": a/** >= 80",
            "x: >= 80",
            "x: a >= 800",
            "x: a[ >= 80",
            "x: a >= 0.8",
        ] {
            assert!(group(wrong).is_err(), "{wrong}");
        }
    }
}
