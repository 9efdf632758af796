//! A reference taken apart where its signs say so, and not judged: for what has to speak of any text that stands where
//! a reference belongs.

/// The parts of a reference as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts<'a> {
    /// Registry and repository.
    pub name: &'a str,
    /// What stands behind the colon; empty if nothing does.
    pub tag: Option<&'a str>,
    /// What stands behind the `@`.
    pub digest: Option<&'a str>,
}

impl<'a> Parts<'a> {
    /// Takes a reference apart. A colon before the last `/` belongs to the registry's port.
    pub fn of(reference: &'a str) -> Self {
        let (rest, digest) = match reference.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (reference, None),
        };
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (rest, None),
        };
        Self { name, tag, digest }
    }

    /// The registry, where one is named. The first part of a name is one if it has a dot, a colon or a capital, or is
    /// `localhost`; else it is a namespace of Docker Hub.
    pub fn registry(&self) -> Option<&'a str> {
        let (first, _) = self.name.split_once('/')?;
        let is_host = first == "localhost"
            || first.contains(['.', ':'])
            || first.contains(|c: char| c.is_ascii_uppercase());
        is_host.then_some(first)
    }

    /// The name without its registry.
    pub fn path(&self) -> &'a str {
        match self.registry() {
            Some(registry) => self.name.get(registry.len() + 1..).unwrap_or_default(),
            None => self.name,
        }
    }

    /// The last part of the name: `shop` of `ghcr.io/acme/shop:1`.
    pub fn last(&self) -> &'a str {
        self.name.rsplit('/').next().unwrap_or(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_say_where_parts_begin() {
        for (text, registry, path, tag, digest) in [
            ("nginx", None, "nginx", None, None),
            ("nginx:1", None, "nginx", Some("1"), None),
            ("nginx:", None, "nginx", Some(""), None),
            ("acme/shop:1@sha256:ab", None, "acme/shop", Some("1"), Some("sha256:ab")),
            ("r.io:5000/shop", Some("r.io:5000"), "shop", None, None),
            ("r:5000/acme/shop:x", Some("r:5000"), "acme/shop", Some("x"), None),
            ("[::1]:5000/shop", Some("[::1]:5000"), "shop", None, None),
            ("localhost/shop", Some("localhost"), "shop", None, None),
            ("Acme/shop", Some("Acme"), "shop", None, None),
            ("r.io", None, "r.io", None, None),
            ("", None, "", None, None),
            ("@", None, "", None, Some("")),
        ] {
            let parts = Parts::of(text);
            let found = (parts.registry(), parts.path(), parts.tag, parts.digest);
            assert_eq!(found, (registry, path, tag, digest), "{text}");
        }
        assert_eq!(Parts::of("ghcr.io/acme/shop:1").last(), "shop");
    }
}
