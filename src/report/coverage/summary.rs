//! The step summary of the gate. The caller cuts it to the runner's limit.

use crate::domain::coverage::gate::Assessment;
use crate::report::coverage::sections::{self, View};

/// How many rows a table of the summary has: all of its tables together stay near the runner's limit.
const ROWS: usize = 1_000;

/// The sections, most important first, so that what is cut off matters least.
pub fn summary(assessment: &Assessment) -> Vec<String> {
    let view = View { rows: ROWS, ..View::default() };
    let all = [
        sections::head(assessment),
        sections::checks(assessment),
        sections::changed(assessment, &view),
        sections::unmeasured(assessment, &view),
        sections::indirect(assessment, &view),
        sections::exclusions(assessment, &view),
        sections::parts(assessment, &view),
        sections::origin(assessment, &view),
        sections::files(assessment, &view),
    ];
    all.into_iter().filter(|section| !section.trim().is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::coverage::gate::{Mapping, Prefix};
    use crate::report::coverage::samples::{fail, hostile, huge, no_patch, pass, sound};
    use crate::report::summary::{LIMIT, cut};

    #[test]
    fn each_section_is_there_only_when_it_has_something_to_say() {
        let (good, bad) = (summary(&pass()).concat(), summary(&fail()).concat());
        for title in [
            "#### Changed files that no report mentions",
            "#### Indirect losses",
            "#### New ways round the gate",
            "#### Groups",
            "#### Files below their minimum",
            "is no file of the repository and not counted",
            "**Cover 1 more line to reach 80 % in total.**",
        ] {
            assert!(bad.contains(title) && !good.contains(title), "{title}");
        }
        for title in [
            "#### Changed files\n",
            "Compared with the first parent of the merge commit 1a2b3c4.",
            "Baseline: commit 0123456, 3 commits before",
        ] {
            assert!(
                good.contains(title) && !summary(&no_patch()).concat().contains(title),
                "{title}"
            );
        }
    }

    #[test]
    fn the_mapping_is_shown() {
        let prefix =
            |from: &str, to: &str, files| Prefix { from: from.into(), to: to.into(), files };
        let prefixes = vec![prefix("/app/", "", 214), prefix("", "frontend/", 1)];
        let one = Assessment { mapping: Mapping { prefixes, unmapped: vec![] }, ..pass() };
        let text = summary(&one).concat();
        assert!(
            text.contains("- `/app/` -> `./` (214 files)\n- `./` -> `./frontend/` (1 file)\n"),
            "{text}"
        );
    }

    #[test]
    fn it_is_sound_whatever_the_names_and_however_much_there_is() {
        for one in [pass(), fail(), no_patch(), hostile(), huge(2_000, 30)] {
            let whole = summary(&one);
            assert_eq!(sound(&cut(&whole, LIMIT)), Ok(()));
            assert_eq!(sound(&cut(&whole, 5_000)), Ok(()));
        }
        let text = summary(&huge(2_000, 1)).concat();
        assert!(
            text.contains("\n... 1,000 rows omitted\n") && text.len() < LIMIT,
            "{}",
            text.len()
        );
    }
}
