//! The head of a custom-format archive of `pg_dump -Fc`, and which `pg_restore` reads which.

use std::fmt;

/// How many bytes [`parse`] needs.
pub const HEAD: usize = 10;

/// The version of the archive's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ArchiveVersion {
    /// First number.
    pub major: u8,
    /// Second number.
    pub minor: u8,
}

impl fmt::Display for ArchiveVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Reads the head of an archive: `PGDMP`, three bytes of version, sizes of integers and offsets, the format.
pub fn parse(head: &[u8]) -> Result<ArchiveVersion, String> {
    let [b'P', b'G', b'D', b'M', b'P', major, minor, _, _, ..] = *head else {
        return Err("it does not begin with PGDMP, so it is no archive of pg_dump".to_owned());
    };
    if major != 1 {
        return Err(format!("it has the archive version {major}.{minor}, which is unknown"));
    }
    Ok(ArchiveVersion { major, minor })
}

/// The newest archive that the `pg_restore` of a major version reads; `None` where that is not known yet.
/// 13 to 15 read 1.14, 16 reads 1.15, 17 and 18 read 1.16.
pub fn newest_read_by(major: u32) -> Option<ArchiveVersion> {
    let minor = match major {
        0..=12 => 13,
        13..=15 => 14,
        16 => 15,
        17..=18 => 16,
        _ => return None,
    };
    Some(ArchiveVersion { major: 1, minor })
}

/// Whether the `pg_restore` of `major` reads the archive. The error says why not.
pub fn gate(archive: ArchiveVersion, major: u32) -> Result<(), String> {
    match newest_read_by(major) {
        Some(newest) if archive > newest => Err(format!(
            "the archive has version {archive}, pg_restore {major} reads up to {newest}"
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_an_archive_is_read_and_nothing_else() {
        assert_eq!(
            parse(b"PGDMP\x01\x0e\x00\x04\x08\x01"),
            Ok(ArchiveVersion { major: 1, minor: 14 })
        );
        for bad in
            [&b""[..], b"PGDMP", b"--\n-- PostgreSQL database dump", b"PGDMP\x02\x00\x00\x04\x08"]
        {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_archive_that_is_newer_than_pg_restore_is_refused() {
        let archive = |minor| ArchiveVersion { major: 1, minor };
        for (minor, major) in [(14, 13), (14, 15), (15, 16), (16, 17), (16, 18), (20, 99)] {
            assert_eq!(gate(archive(minor), major), Ok(()), "{minor} {major}");
        }
        for (minor, major) in [(15, 15), (16, 16), (17, 18)] {
            assert!(gate(archive(minor), major).unwrap_err().contains("reads up to"));
        }
    }
}
