//! Where other people's code lies.

/// Folders of other people's code. Git tracks nothing in most of them; where it does, what it tracks is ours.
const FOREIGN: [&str; 12] = [
    "site-packages",
    "dist-packages",
    "node_modules",
    "vendor",
    ".cargo",
    ".rustup",
    ".tox",
    ".nox",
    ".venv",
    "gems",
    ".m2",
    ".gradle",
];

/// Where systems and compilers keep their own sources.
const SYSTEM: [&str; 8] = [
    "/rustc/",
    "/usr/include/",
    "/usr/lib/",
    "/usr/local/cargo/",
    "/usr/local/go/",
    "/usr/local/include/",
    "/usr/local/lib/",
    "/usr/share/",
];

/// Whether a name lies in a folder of other people's code.
pub fn is_foreign(name: &str) -> bool {
    is_system(name) || foreign_folder(name).is_some()
}

/// Whether a name lies where systems and compilers keep their own sources.
pub fn is_system(name: &str) -> bool {
    SYSTEM.iter().any(|root| name.starts_with(root)) || name.contains("/pkg/mod/")
}

/// The outermost folder of other people's code that a name lies in, with the slash at its end: `a/vendor/` of
/// `a/vendor/x/b.py`.
pub fn foreign_folder(name: &str) -> Option<&str> {
    let mut begin = 0;
    for (slash, _) in name.match_indices('/') {
        if FOREIGN.contains(&&name[begin..slash]) {
            return Some(&name[..=slash]);
        }
        begin = slash + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_other_people() {
        for (name, folder) in [
            ("a/vendor/x/b.py", Some("a/vendor/")),
            ("/v/lib/site-packages/p/vendor/b.py", Some("/v/lib/site-packages/")),
            ("vendor/b.py", Some("vendor/")),
            ("vendors/b.py", None),
            ("a/vendor", None),
            ("b.py", None),
        ] {
            assert_eq!(foreign_folder(name), folder, "{name}");
        }
        assert!(is_foreign("/usr/lib/python3/x.py") && is_foreign("/go/pkg/mod/x@v1/a.go"));
        assert!(!is_foreign("/usr/src/app/a.js") && !is_foreign("usr/lib/a.py"));
    }
}
