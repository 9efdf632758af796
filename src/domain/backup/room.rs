//! How much room a dump may need.

use crate::domain::backup::manifest::Manifest;

/// A database without an earlier dump: `pg_dump` leaves indexes out and compresses; text becomes a quarter or less, what
/// is compressed already stays as it is. Half of the files' size is between the two.
const FIRST_PERCENT: u64 = 50;

/// The last dump, and what may have been written since.
const NEXT_PERCENT: u64 = 125;

/// The newest backup of the same database of the same project, among manifests with the newest first. Projects may share
/// a directory, and a database of the same name may be a hundred times as large in another one.
pub fn last<'m>(
    mut newest_first: impl Iterator<Item = &'m Manifest>,
    project: &str,
    database: &str,
) -> Option<&'m Manifest> {
    newest_first.find(|one| one.project == project && one.database.name == database)
}

/// Bytes that a dump of a database may need; `last` is the newest backup of the same database.
///
/// `size` is `pg_database_size` in bytes. Where the last backup knows what the database measured then, its growth counts.
pub fn for_dump(size: u64, last: Option<&Manifest>) -> u64 {
    let Some(last) = last else { return percent(size, FIRST_PERCENT) };
    let then = last.database.size;
    let grown = if then > 0 && size > then {
        let need = u128::from(last.size) * u128::from(size) / u128::from(then);
        u64::try_from(need).unwrap_or(u64::MAX)
    } else {
        last.size
    };
    percent(grown, NEXT_PERCENT)
}

fn percent(of: u64, percent: u64) -> u64 {
    u64::try_from(u128::from(of) * u128::from(percent) / 100).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::backup::manifest::tests::example;

    #[test]
    fn a_database_of_the_same_name_in_another_project_says_nothing() {
        let of = |project: &str, size: u64| {
            let mut manifest = example("2026-11-23T02:03:04Z");
            (manifest.project, manifest.size) = (project.to_owned(), size);
            manifest
        };
        let shared = [of("big", 900), of("shop", 3), of("shop", 2)];
        let size = |project: &str, database: &str| {
            last(shared.iter(), project, database).map(|manifest| manifest.size)
        };
        assert_eq!((size("shop", "shop"), size("big", "shop")), (Some(3), Some(900)));
        assert_eq!((size("shop", "other"), size("new", "shop")), (None, None));
    }

    #[test]
    fn what_dumps_took_counts_and_how_the_database_grew() {
        const MB: u64 = 1 << 20;
        let mut last = example("2026-11-23T02:03:04Z");
        last.size = 30 * MB;
        last.database.size = 200 * MB;
        assert_eq!(for_dump(200 * MB, Some(&last)), 30 * MB * 5 / 4);
        assert_eq!(
            for_dump(100 * MB, Some(&last)),
            30 * MB * 5 / 4,
            "a dump may not shrink with it"
        );
        assert_eq!(for_dump(400 * MB, Some(&last)), 60 * MB * 5 / 4);
        assert_eq!(for_dump(200 * MB, None), 100 * MB);
        assert!(for_dump(u64::MAX, Some(&last)) > 1 << 60);
        last.database.size = 0;
        assert_eq!(for_dump(400 * MB, Some(&last)), 30 * MB * 5 / 4);
    }
}
