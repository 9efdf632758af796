//! A restore as names and SQL: a new database beside the live one, swapped in by renaming. Never over the live one.

use std::collections::BTreeMap;

use crate::domain::backup::manifest::{Database, Manifest, ServerVersion};
use crate::domain::backup::sql::{ident, literal, setting};

/// `PostgreSQL` cuts longer identifiers off without an error; then two names could become one.
const IDENTIFIER_BYTES: usize = 63;

/// The names of one restore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// The database that the application uses.
    pub live: String,
    /// Where the backup is restored to: `<live>__new_<id>`.
    pub new: String,
    /// What the live one is called afterwards: `<live>__prev_<id>`.
    pub previous: String,
}

impl Names {
    /// Names for a database; `id` is short and of plain characters.
    pub fn new(live: &str, id: &str) -> Self {
        Self {
            live: live.to_owned(),
            new: beside(live, &format!("__new_{id}")),
            previous: beside(live, &format!("__prev_{id}")),
        }
    }
}

fn beside(live: &str, suffix: &str) -> String {
    let room = IDENTIFIER_BYTES.saturating_sub(suffix.len());
    let mut end = live.len().min(room);
    while !live.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{suffix}", &live[..end])
}

/// `CREATE DATABASE` for the new database, as the manifest describes the old one.
///
/// From `template0`, the only template that takes another encoding and has nothing of the site in it. No `STRATEGY`:
/// `PostgreSQL` 13 and 14 do not know it.
pub fn create_database(name: &str, like: &Database) -> String {
    let mut sql = format!(
        "CREATE DATABASE {} TEMPLATE template0 OWNER {} ENCODING {} LC_COLLATE {} LC_CTYPE {}",
        ident(name),
        ident(&like.owner),
        literal(&like.encoding),
        literal(&like.collate),
        literal(&like.ctype),
    );
    match (like.provider.as_deref(), &like.locale) {
        (Some("i"), Some(locale)) => {
            sql.push_str(&format!(" LOCALE_PROVIDER icu ICU_LOCALE {}", literal(locale)));
        }
        (Some("b"), Some(locale)) => {
            sql.push_str(&format!(" LOCALE_PROVIDER builtin BUILTIN_LOCALE {}", literal(locale)));
        }
        _ => {}
    }
    sql
}

/// Settings and rights of the database itself, which `pg_dump` of one database does not hold.
pub fn dress_database(name: &str, like: &Database) -> Vec<String> {
    let database = ident(name);
    let mut sql: Vec<_> = like
        .settings
        .iter()
        .map(|one| {
            let to = setting(&one.name, &one.value);
            match &one.role {
                None => format!("ALTER DATABASE {database} SET {} TO {to}", guc(&one.name)),
                Some(role) => format!(
                    "ALTER ROLE {} IN DATABASE {database} SET {} TO {to}",
                    ident(role),
                    guc(&one.name)
                ),
            }
        })
        .collect();
    if let Some(grants) = &like.grants {
        sql.push(format!("REVOKE ALL ON DATABASE {database} FROM PUBLIC"));
        sql.extend(grants.iter().filter(|grant| known(&grant.privilege)).map(|grant| {
            let to = grant.role.as_ref().map_or_else(|| "PUBLIC".to_owned(), |role| ident(role));
            let option = if grant.grantable { " WITH GRANT OPTION" } else { "" };
            format!("GRANT {} ON DATABASE {database} TO {to}{option}", grant.privilege)
        }));
    }
    sql
}

/// `app.user` is two identifiers.
fn guc(name: &str) -> String {
    name.split('.').map(ident).collect::<Vec<_>>().join(".")
}

fn known(privilege: &str) -> bool {
    matches!(privilege, "CONNECT" | "CREATE" | "TEMPORARY")
}

/// Names that change together, and the comments that the databases have afterwards, by their new names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Renaming<'a> {
    /// From which name to which one.
    pub steps: Vec<(&'a str, &'a str)>,
    /// The comment of a database; `None` for none.
    pub comments: Vec<(&'a str, Option<String>)>,
}

/// All changes in one transaction, so there is no moment without a database of the live name.
pub fn rename(renaming: &Renaming<'_>) -> String {
    let step = |(from, to): &(&str, &str)| {
        format!("ALTER DATABASE {} RENAME TO {};", ident(from), ident(to))
    };
    let mut changes: Vec<_> = renaming.steps.iter().map(step).collect();
    let comments = renaming.comments.iter();
    changes.extend(comments.map(|(name, text)| comment(name, text.as_deref()) + ";"));
    format!("BEGIN; {} COMMIT;", changes.join(" "))
}

/// Sets the comment of a database, or removes it.
pub fn comment(name: &str, text: Option<&str>) -> String {
    let text = text.map_or_else(|| "NULL".to_owned(), literal);
    format!("COMMENT ON DATABASE {} IS {text}", ident(name))
}

/// How to remove a database that is no longer needed, for people.
pub fn drop_database(name: &str) -> String {
    format!("DROP DATABASE {};", ident(name))
}

/// Whether the server can take the backup at all; the error says why not.
pub fn version_gate(manifest: &Manifest, target: &ServerVersion) -> Result<(), String> {
    if manifest.server.major() > target.major() {
        return Err(format!(
            "the backup comes from PostgreSQL {}, this server is {}",
            manifest.server.major(),
            target.major()
        ));
    }
    Ok(())
}

/// Tables whose number of rows is not that of the manifest, one sentence each; empty if all agree.
pub fn row_differences(
    expected: &BTreeMap<String, u64>,
    found: &BTreeMap<String, u64>,
) -> Vec<String> {
    let mut differences = Vec::new();
    for (table, rows) in expected {
        match found.get(table) {
            None => differences.push(format!("{table} is missing")),
            Some(other) if other != rows => {
                differences.push(format!("{table} has {other} rows instead of {rows}"));
            }
            Some(_) => {}
        }
    }
    let more = found.keys().filter(|table| !expected.contains_key(*table));
    differences.extend(more.map(|table| format!("{table} is not in the manifest")));
    differences
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::backup::manifest::tests::example;
    use crate::domain::backup::manifest::{Grant, Setting};

    #[test]
    fn names_are_made_from_the_live_one() {
        let names = Names::new("shop", "20261123020304");
        assert_eq!(names.new, "shop__new_20261123020304");
        assert_eq!(names.previous, "shop__prev_20261123020304");
    }

    proptest! {
        #[test]
        fn names_fit_into_an_identifier_and_differ(live in "[^\0]{1,63}") {
            let names = Names::new(&live, "20261123020304");
            prop_assert!(names.new.len() <= 63 && names.previous.len() <= 63);
            prop_assert!(names.new != names.previous && names.new.ends_with("__new_20261123020304"));
        }
    }

    #[test]
    fn the_new_database_is_like_the_old_one() {
        let mut like = example("2026-11-23T02:03:04Z").database;
        like.settings = vec![
            Setting { role: None, name: "search_path".into(), value: "app, public".into() },
            Setting { role: Some("r\"1".into()), name: "app.x".into(), value: "it's".into() },
        ];
        like.grants = Some(vec![
            Grant { role: None, privilege: "CONNECT".into(), grantable: false },
            Grant { role: Some("a".into()), privilege: "CREATE".into(), grantable: true },
            Grant { role: None, privilege: "ALL; DROP".into(), grantable: false },
        ]);
        insta::assert_snapshot!(create_database("n", &like), @r#"CREATE DATABASE "n" TEMPLATE template0 OWNER "shop" ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'"#);
        insta::assert_snapshot!(dress_database("n", &like).join("\n"), @r#"
        ALTER DATABASE "n" SET "search_path" TO 'app', 'public'
        ALTER ROLE "r""1" IN DATABASE "n" SET "app"."x" TO 'it''s'
        REVOKE ALL ON DATABASE "n" FROM PUBLIC
        GRANT CONNECT ON DATABASE "n" TO PUBLIC
        GRANT CREATE ON DATABASE "n" TO "a" WITH GRANT OPTION
        "#);
        like.provider = Some("i".into());
        like.locale = Some("de-DE".into());
        assert!(create_database("n", &like).ends_with("LOCALE_PROVIDER icu ICU_LOCALE 'de-DE'"));
    }

    #[test]
    fn both_renames_are_one_transaction() {
        let steps = vec![("a", "b"), ("c\"", "a")];
        let comments = vec![("b", Some("it's".to_owned())), ("a", None)];
        insta::assert_snapshot!(rename(&Renaming { steps, comments }), @r#"BEGIN; ALTER DATABASE "a" RENAME TO "b"; ALTER DATABASE "c""" RENAME TO "a"; COMMENT ON DATABASE "b" IS 'it''s'; COMMENT ON DATABASE "a" IS NULL; COMMIT;"#);
    }

    #[test]
    fn a_backup_of_a_newer_server_is_refused() {
        let manifest = example("2026-11-23T02:03:04Z");
        let server = |number| ServerVersion { number, ..ServerVersion::default() };
        assert_eq!(version_gate(&manifest, &server(150_000)), Ok(()));
        assert_eq!(version_gate(&manifest, &server(170_002)), Ok(()));
        assert!(version_gate(&manifest, &server(140_009)).is_err());
    }

    #[test]
    fn each_difference_in_rows_is_named() {
        let rows = |pairs: &[(&str, u64)]| {
            pairs.iter().map(|(table, n)| ((*table).to_owned(), *n)).collect::<BTreeMap<_, _>>()
        };
        let expected = rows(&[("a", 1), ("b", 2), ("c", 3)]);
        assert!(row_differences(&expected, &expected).is_empty());
        assert_eq!(
            row_differences(&expected, &rows(&[("a", 1), ("b", 1), ("d", 0)])),
            ["b has 1 rows instead of 2", "c is missing", "d is not in the manifest"]
        );
    }
}
