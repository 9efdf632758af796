//! Backups in words: the step summary of a backup, and the list of those that exist.

use std::fmt::Write as _;
use std::time::Duration;

use crate::domain::backup::manifest::Manifest;
use crate::domain::release::state::Standing;
use crate::domain::shown::size;
use crate::failure::Failure;
use crate::report::markdown::{Table, code, heading, plain, prose};

/// The summary of backups that were made.
pub fn made(backups: &[(Manifest, Duration)]) -> String {
    let mut table = Table::new(&["Database", "Backup", "Size", "Rows", "Time", "SHA-256"]);
    for (manifest, took) in backups {
        table.raw_row(&[
            code(&manifest.database.name),
            code(manifest.name.as_str()),
            plain(&size(manifest.size)),
            manifest.total_rows().to_string(),
            format!("{:.1} s", took.as_secs_f64()),
            code(&manifest.sha256),
        ]);
    }
    let mut text = heading(2, "Backup");
    let _ = write!(text, "\n{}", table.render());
    text.push_str("\nEach dump was read back from the disk and decoded completely.\n");
    text
}

/// The summary where there is no backup, or no list of them.
pub fn failed(failure: &Failure) -> String {
    let word = failure.outcome.word();
    format!("{}\n{}\n", heading(3, &format!("❌ backup: {word}")), prose(&failure.to_string()))
}

/// How many files that are not ours a summary names.
const OTHERS_SHOWN: usize = 20;

/// What a list of backups shows.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The backups, newest first.
    pub backups: Vec<Manifest>,
    /// A sentence for each manifest that cannot be read.
    pub broken: Vec<String>,
    /// Files beside them that are not ours, with their size in bytes.
    pub others: Vec<(String, u64)>,
    /// Databases that restores keep: name, size in bytes, what it is.
    pub kept: Vec<(String, u64, String)>,
    /// Releases that are kept, the newest first: id, size in bytes, what it is to the project.
    pub releases: Vec<(String, u64, Standing)>,
}

impl Listing {
    /// The same for the log and a terminal, one line each, and not cut.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<_> = self.backups.iter().map(line).collect();
        if lines.is_empty() {
            lines.push("there is no backup".to_owned());
        }
        lines.extend(self.broken.iter().map(|why| format!("cannot be read: {why}")));
        let kept = self.kept.iter();
        lines.extend(kept.map(|(name, bytes, told)| {
            format!("{name}: a kept database, {}, {told}", size(*bytes))
        }));
        let releases = self.releases.iter();
        lines.extend(releases.map(|(id, bytes, standing)| {
            format!("{id}: a kept release, {}, {}", size(*bytes), told(*standing))
        }));
        let others = self.others.iter();
        lines.extend(
            others.map(|(path, bytes)| format!("{path}: not ours, {}, left alone", size(*bytes))),
        );
        lines
    }
}

/// What a release is to the project, for people.
const fn told(standing: Standing) -> &'static str {
    match standing {
        Standing::Current => "runs",
        Standing::Pending => "is being brought up, or was when a run ended early",
        Standing::Proven => "can come back",
        Standing::Failed => "failed: its record and why, no secrets",
    }
}

/// The list of backups, newest first, and what else takes room.
pub fn list(listing: &Listing) -> String {
    let Listing { backups, broken, others, kept, releases } = listing;
    let mut text = heading(2, "Backups");
    text.push('\n');
    if backups.is_empty() {
        text.push_str("There is none.\n");
    } else {
        let mut table = Table::new(&["Backup", "Database", "Made", "Size", "Rows", "Release"]);
        for manifest in backups {
            table.raw_row(&[
                code(manifest.name.as_str()),
                code(&manifest.database.name),
                plain(&manifest.started.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()),
                plain(&size(manifest.size)),
                manifest.total_rows().to_string(),
                code(&manifest.provenance.release),
            ]);
        }
        text.push_str(&table.render());
    }
    for why in broken {
        let _ = writeln!(text, "\n- cannot be read: {}", plain(why));
    }
    if !kept.is_empty() {
        let mut table = Table::new(&["Kept database", "Size", "What it is"]);
        for (name, bytes, told) in kept {
            table.raw_row(&[code(name), plain(&size(*bytes)), plain(told)]);
        }
        let _ = write!(text, "\n{}", table.render());
    }
    if !releases.is_empty() {
        let mut table = Table::new(&["Kept release", "Size", "What it is"]);
        for (id, bytes, standing) in releases {
            table.raw_row(&[code(id), plain(&size(*bytes)), told(*standing).to_owned()]);
        }
        let secrets = "What runs or can come back is kept with its `.env` and secret files.";
        let _ = write!(text, "\n{}\n{secrets}\n", table.render());
    }
    if !others.is_empty() {
        let _ = write!(text, "\n{}", foreign(others));
    }
    text
}

/// The files that are not ours, the largest first.
fn foreign(others: &[(String, u64)]) -> String {
    let mut order: Vec<_> = others.iter().collect();
    order.sort_by_key(|(path, bytes)| (std::cmp::Reverse(*bytes), path));
    let (shown, cut) = order.split_at(order.len().min(OTHERS_SHOWN));
    let mut table = Table::new(&["Not ours, left alone", "Size"]);
    for (path, bytes) in shown {
        table.raw_row(&[code(path), plain(&size(*bytes))]);
    }
    if !cut.is_empty() {
        let bytes = cut.iter().fold(0u64, |sum, (_, bytes)| sum.saturating_add(*bytes));
        let more = format!("and {} more, which the log names", cut.len());
        table.row(&[&more, &size(bytes)]);
    }
    table.render()
}

/// One line of the log for a backup.
pub fn line(manifest: &Manifest) -> String {
    format!(
        "{}: database {}, {}, {} rows",
        manifest.name,
        manifest.database.name,
        size(manifest.size),
        manifest.total_rows()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::backup::manifest::tests::example;

    #[test]
    fn what_was_made_is_a_table() {
        let mut manifest = example("2026-11-23T02:03:04Z");
        manifest.sha256 = "ab".into();
        manifest.database.name = "we|ird".into();
        insta::assert_snapshot!(made(&[(manifest, Duration::from_millis(1250))]), @r"
        ## Backup

        | Database | Backup | Size | Rows | Time | SHA-256 |
        | --- | --- | --- | --- | --- | --- |
        | `we\|ird` | `shop_20261123T020304Z` | 4 B | 3 | 1.2 s | `ab` |

        Each dump was read back from the disk and decoded completely.
        ");
    }

    #[test]
    fn a_list_names_what_cannot_be_read() {
        assert_eq!(list(&Listing::default()), "## Backups\n\nThere is none.\n");
        assert_eq!(Listing::default().lines(), ["there is no backup"]);
        let listing = Listing {
            backups: vec![example("2026-11-23T02:03:04Z")],
            broken: vec!["x.json: eof".into()],
            others: vec![("b/before|after.dump".into(), 2048)],
            kept: vec![("shop__prev_1".into(), 1 << 20, "what was live".into())],
            releases: vec![
                ("r2".into(), 4096, Standing::Current),
                ("r1".into(), 512, Standing::Failed),
            ],
        };
        let text = list(&listing);
        insta::assert_snapshot!(text, @r"
        ## Backups

        | Backup | Database | Made | Size | Rows | Release |
        | --- | --- | --- | --- | --- | --- |
        | `shop_20261123T020304Z` | `shop` | 2026-11-23 02:03:04 UTC | 4 B | 3 |  |

        - cannot be read: x.json: eof

        | Kept database | Size | What it is |
        | --- | --- | --- |
        | `shop__prev_1` | 1.0 MiB | what was live |

        | Kept release | Size | What it is |
        | --- | --- | --- |
        | `r2` | 4.0 KiB | runs |
        | `r1` | 512 B | failed: its record and why, no secrets |

        What runs or can come back is kept with its `.env` and secret files.

        | Not ours, left alone | Size |
        | --- | --- |
        | `b/before\|after.dump` | 2.0 KiB |
        ");
        insta::assert_snapshot!(listing.lines().join("\n"), @r"
        shop_20261123T020304Z: database shop, 4 B, 3 rows
        cannot be read: x.json: eof
        shop__prev_1: a kept database, 1.0 MiB, what was live
        r2: a kept release, 4.0 KiB, runs
        r1: a kept release, 512 B, failed: its record and why, no secrets
        b/before|after.dump: not ours, 2.0 KiB, left alone
        ");
    }

    #[test]
    fn of_many_files_that_are_not_ours_the_largest_are_shown_and_the_rest_is_counted() {
        let others = |count: u64| Listing {
            others: (1..=count).map(|bytes| (format!("{bytes:02}.dump"), bytes)).collect(),
            ..Listing::default()
        };
        let rows = |listing: &Listing| {
            list(listing).lines().filter(|line| line.contains(" B |")).map(str::to_owned).collect()
        };
        let all: Vec<String> = rows(&others(20));
        assert_eq!((all.len(), all[19].as_str()), (20, "| `01.dump` | 1 B |"));
        let cut: Vec<String> = rows(&others(23));
        assert_eq!((cut.len(), cut[0].as_str()), (21, "| `23.dump` | 23 B |"));
        assert_eq!(cut[20], "| and 3 more, which the log names | 6 B |");
        assert_eq!(others(23).lines().len(), 24);
    }
}
