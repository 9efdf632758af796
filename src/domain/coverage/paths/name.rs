//! Names as reports write them, in one form.

/// A name with `/` between its parts and without `.`, doubled slashes and `x/..`. What begins with `/` or `C:/` is
/// absolute and stays so.
pub fn normal(name: &str) -> String {
    let name = name.trim().replace('\\', "/");
    let absolute = name.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if absolute => {}
            part => parts.push(part),
        }
    }
    format!("{}{}", if absolute { "/" } else { "" }, parts.join("/"))
}

/// A folder as a prefix of names: empty for the folder that relative names begin in, else with a slash at its end.
pub fn folder(text: &str) -> String {
    let mut text = normal(text);
    if !text.is_empty() && !text.ends_with('/') {
        text.push('/');
    }
    text
}

/// Whether a name in normal form says where it begins.
pub fn is_absolute(name: &str) -> bool {
    name.starts_with('/') || name.as_bytes().get(1) == Some(&b':')
}

/// What a name can mean in full: below each root if it is relative and there are roots, else as it is.
pub fn full(name: &str, roots: &[String]) -> Vec<String> {
    let name = normal(name);
    if roots.is_empty() || is_absolute(&name) {
        return vec![name];
    }
    roots.iter().map(|root| normal(&format!("{root}/{name}"))).collect()
}

/// What follows a prefix. The empty one is that of relative names only.
pub fn rest_of<'n>(name: &'n str, from: &str) -> Option<&'n str> {
    if from.is_empty() && is_absolute(name) {
        return None;
    }
    name.strip_prefix(from)
}

/// The folder of a name, with the slash at its end; empty if it has none.
pub fn folder_of(name: &str) -> &str {
    name.rfind('/').map_or("", |slash| &name[..=slash])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_form() {
        for (name, expected) in [
            ("src/a.py", "src/a.py"),
            ("./src//a.py", "src/a.py"),
            ("C:\\proj\\src\\..\\a.cs", "C:/proj/a.cs"),
            ("/app/./x/../../../a.py", "/a.py"),
            ("../shared/a.js", "../shared/a.js"),
            ("../../a.js", "../../a.js"),
            (" /app/a b.py\n", "/app/a b.py"),
            ("", ""),
        ] {
            assert_eq!(normal(name), expected, "{name}");
        }
        for (text, expected) in
            [(".", ""), ("", ""), ("/", "/"), ("/app", "/app/"), ("a/b/", "a/b/")]
        {
            assert_eq!(folder(text), expected, "{text}");
        }
    }

    #[test]
    fn relative_names_lie_below_every_root() {
        let roots = ["/app".to_owned(), "lib".to_owned()];
        assert_eq!(full("a/b.py", &roots), ["/app/a/b.py", "lib/a/b.py"]);
        assert_eq!(full("/x/b.py", &roots), ["/x/b.py"]);
        assert_eq!(full("C:/x/b.py", &roots), ["C:/x/b.py"]);
        assert_eq!(full("a/b.py", &[]), ["a/b.py"]);
    }
}
