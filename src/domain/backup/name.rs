//! Names of backups: `shop_20261123T020304Z`, with `_2` and so on for more in one second. Names of databases may hold
//! anything, so what a file name should not have is written as `%` and two hex digits a byte.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

/// How the file name of a dump ends.
pub const DUMP: &str = ".dump";

/// How the file name of a manifest ends.
pub const MANIFEST: &str = ".manifest.json";

/// How the name of a file that is being written ends; it begins with a dot.
const PARTIAL: &str = ".partial";

const STAMP: &str = "%Y%m%dT%H%M%SZ";

/// The name of one backup; safe as a file name and as a workflow output.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BackupName(String);

impl BackupName {
    /// The name of a backup of `database` that began at `began`; `count` from 1 numbers those of one second.
    pub fn new(database: &str, began: Timestamp, count: u32) -> Self {
        let stamp = began.strftime(STAMP);
        let database = folder(database);
        if count <= 1 {
            Self(format!("{database}_{stamp}"))
        } else {
            Self(format!("{database}_{stamp}_{count}"))
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// File name of the dump.
    pub fn dump_file(&self) -> String {
        format!("{}{DUMP}", self.0)
    }

    /// File name of the manifest.
    pub fn manifest_file(&self) -> String {
        format!("{}{MANIFEST}", self.0)
    }

    /// File name of the dump while it is written.
    pub fn partial_dump_file(&self) -> String {
        format!(".{}{DUMP}{PARTIAL}", self.0)
    }

    /// File name of the manifest until the dump has its own.
    pub fn partial_manifest_file(&self) -> String {
        format!(".{}{MANIFEST}{PARTIAL}", self.0)
    }

    /// The backup whose dump is being written under this file name; `None` for any other file.
    pub fn of_partial_dump(file: &str) -> Option<Self> {
        Self::of_partial(file, DUMP)
    }

    /// The backup whose manifest waits under this file name; `None` for any other file.
    pub fn of_partial_manifest(file: &str) -> Option<Self> {
        Self::of_partial(file, MANIFEST)
    }

    fn of_partial(file: &str, ending: &str) -> Option<Self> {
        let name = file.strip_prefix('.')?.strip_suffix(PARTIAL)?.strip_suffix(ending)?;
        Self::try_from(name.to_owned()).ok()
    }
}

impl fmt::Display for BackupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<BackupName> for String {
    fn from(name: BackupName) -> Self {
        name.0
    }
}

impl TryFrom<String> for BackupName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (head, last) = text.rsplit_once('_').unwrap_or_default();
        let stamped = is_stamp(last)
            || (last.parse::<u32>().is_ok_and(|count| count >= 2)
                && head.rsplit_once('_').is_some_and(|(_, stamp)| is_stamp(stamp)));
        let safe = !text.starts_with('.') && text.bytes().all(|b| is_plain(b) || b == b'%');
        if stamped && safe {
            Ok(Self(text))
        } else {
            Err(format!("`{text}` is no name of a backup"))
        }
    }
}

/// The folder that holds the backups of a database.
pub fn folder(database: &str) -> String {
    use fmt::Write as _;
    let mut text = String::new();
    for (index, byte) in database.bytes().enumerate() {
        if is_plain(byte) && !(index == 0 && matches!(byte, b'.' | b'-')) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

fn is_stamp(text: &str) -> bool {
    text.len() == 16 && DateTime::strptime(STAMP, text).is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at() -> Timestamp {
        "2026-11-23T02:03:04Z".parse().unwrap()
    }

    #[test]
    fn plain_names_stay_readable_and_others_become_safe() {
        let name = |database, count| BackupName::new(database, at(), count).to_string();
        assert_eq!(name("shop", 1), "shop_20261123T020304Z");
        assert_eq!(name("shop", 2), "shop_20261123T020304Z_2");
        assert_eq!(name("we\"ird db", 1), "we%22ird%20db_20261123T020304Z");
        assert_eq!(name("../x", 1), "%2E.%2Fx_20261123T020304Z");
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for bad in ["", "latest", "shop", "shop_20261123", "a/b_20261123T020304Z", "shop_2"] {
            assert!(BackupName::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_hidden_names_of_ours_are_files_that_are_being_written() {
        let name = BackupName::new("shop", at(), 2);
        assert_eq!(BackupName::of_partial_dump(&name.partial_dump_file()), Some(name.clone()));
        assert_eq!(
            BackupName::of_partial_manifest(&name.partial_manifest_file()),
            Some(name.clone())
        );
        let foreign = [
            name.dump_file(),
            name.manifest_file(),
            ".before-migration.dump.partial".to_owned(),
            "shop_20261123T020304Z.dump.partial".to_owned(),
        ];
        for file in foreign {
            assert_eq!(BackupName::of_partial_dump(&file), None, "{file}");
            assert_eq!(BackupName::of_partial_manifest(&file), None, "{file}");
        }
    }

    proptest! {
        #[test]
        fn every_name_made_is_a_name_and_different_databases_differ(a in "[^\0]{1,20}", b in "[^\0]{1,20}", n in 1u32..9) {
            let made = BackupName::new(&a, at(), n);
            prop_assert_eq!(BackupName::try_from(made.to_string()), Ok(made.clone()));
            prop_assert!(made == BackupName::new(&b, at(), n) || a != b);
            prop_assert_eq!(a == b, folder(&a) == folder(&b));
        }
    }
}
