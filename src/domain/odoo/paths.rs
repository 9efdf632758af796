//! Where modules lie, by the configuration of Odoo, and which Odoo it is, by the name of its image.

use crate::domain::image::Parts;
use crate::domain::odoo::version::is_series;

/// A folder of `addons_path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddonsFolder {
    /// The folder as it is written.
    pub path: String,
    /// The line that names it.
    pub line: u32,
}

/// The folders of `addons_path` in an `odoo.conf`, in their order. The value may go on in indented lines.
pub fn addons_path(odoo_conf: &str) -> Vec<AddonsFolder> {
    let (mut in_options, mut in_value) = (false, false);
    let mut folders = Vec::new();
    for (line, text) in (1..).zip(odoo_conf.trim_start_matches('\u{feff}').lines()) {
        let trimmed = text.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if in_value && text.starts_with([' ', '\t']) {
            folders.extend(split(trimmed, line));
            continue;
        }
        in_value = false;
        if let Some(section) = trimmed.strip_prefix('[') {
            in_options = section.split(']').next() == Some("options");
            continue;
        }
        let Some((name, value)) = trimmed.split_once(['=', ':']) else { continue };
        if in_options && name.trim().eq_ignore_ascii_case("addons_path") {
            in_value = true;
            folders = split(value, line).collect();
        }
    }
    folders
}

fn split(value: &str, line: u32) -> impl Iterator<Item = AddonsFolder> {
    let paths = value.split(',').map(str::trim).filter(|path| !path.is_empty());
    paths.map(move |path| AddonsFolder { path: path.to_owned(), line })
}

/// The series that an image holds: `17.0` of `odoo:17.0-20240101` and of `registry/x/acme-odoo:17`. Only of images whose
/// name says that they are Odoo, and whose tag begins with a series.
pub fn series_of_image(image: &str) -> Option<String> {
    let parts = Parts::of(image);
    let (name, tag) = (parts.last(), parts.tag?);
    if name != "odoo" && !name.ends_with("-odoo") && !name.starts_with("odoo-") {
        return None;
    }
    let version = tag.split(['-', '_', '+']).next()?;
    let mut parts = version.split('.');
    let (major, minor) = (parts.next()?, parts.next().unwrap_or("0"));
    // `1.2.3` of an image of one's own is a release, not a series.
    let ends = parts.next().is_none();
    (ends && is_series(major, minor)).then(|| format!("{major}.{minor}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_the_options_with_their_lines() {
        let conf = "; c\n[queue]\naddons_path = no\n[options]\n# addons_path = old\nAddons_Path = /mnt/a, /mnt/b,\n  /mnt/c\n\n\t/mnt/d\ndata_dir = /x\n  /y\n";
        let found: Vec<_> = addons_path(conf).into_iter().map(|one| (one.path, one.line)).collect();
        let expected = [("/mnt/a", 6), ("/mnt/b", 6), ("/mnt/c", 7), ("/mnt/d", 9)];
        assert_eq!(found, expected.map(|(path, line)| (path.to_owned(), line)));
        for conf in ["", "[options]\n", "addons_path = a", "[options]\naddons_path =\n"] {
            assert_eq!(addons_path(conf), [], "{conf}");
        }
        assert_eq!(addons_path("\u{feff}[options]\r\naddons_path=a\r\n").len(), 1);
    }

    #[test]
    fn series_of_images() {
        for (image, expected) in [
            ("odoo:17.0", Some("17.0")),
            ("odoo:17", Some("17.0")),
            ("registry:5000/x/odoo:17.0-20240101", Some("17.0")),
            ("docker.io/library/odoo:16.0@sha256:abc", Some("16.0")),
            ("acme-odoo:15.0", Some("15.0")),
            ("odoo-enterprise:saas~17.2", Some("saas~17.2")),
            ("odoo", None),
            ("odoo:latest", None),
            ("odoo@sha256:abc", None),
            ("odoo:1.4.2", None),
            ("odoo:17.0.1", None),
            ("localhost:5000/odoo", None),
            ("postgres:17.0", None),
            ("ghcr.io/oca/oci/base:17.0", None),
            ("nodoo:17.0", None),
            ("", None),
        ] {
            assert_eq!(series_of_image(image).as_deref(), expected, "{image}");
        }
    }
}
