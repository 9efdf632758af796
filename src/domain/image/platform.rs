//! For which machines an image is.

use std::fmt;

use super::Invalid;

/// Operating system, architecture and its variant, in the one form that containerd gives them
/// (<https://github.com/containerd/platforms>): `linux/x86_64` is `linux/amd64`, `linux/arm` is `linux/arm/v7`,
/// `linux/arm64/v8` is `linux/arm64`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Platform {
    os: String,
    architecture: String,
    variant: Option<String>,
}

/// How long a part may be, in bytes. No name of a system or an architecture comes near it.
const LONGEST: usize = 64;

impl Platform {
    /// Reads `os/architecture` or `os/architecture/variant`. One part alone is refused: what is missing would be that
    /// of the machine that reads it.
    ///
    /// # Errors
    /// It has another number of parts, or one has characters that containerd refuses.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let parts: Vec<&str> = text.split('/').take(4).collect();
        match parts.as_slice() {
            [os, architecture] => Self::new(os, architecture, None),
            [os, architecture, variant] => Self::new(os, architecture, Some(variant)),
            _ => Err("write `os/architecture`, such as linux/amd64, or `os/architecture/variant`"),
        }
        .map_err(|why| Invalid::new("platform", text, why))
    }

    /// From the fields of a manifest or an image's configuration; an empty variant is none.
    ///
    /// # Errors
    /// One of them is empty, too long, or has characters that containerd refuses.
    pub fn of(os: &str, architecture: &str, variant: Option<&str>) -> Result<Self, Invalid> {
        let variant = variant.filter(|variant| !variant.is_empty());
        Self::new(os, architecture, variant).map_err(|why| {
            let text = [Some(os), Some(architecture), variant].into_iter().flatten();
            Invalid::new("platform", &text.collect::<Vec<_>>().join("/"), why)
        })
    }

    fn new(os: &str, architecture: &str, variant: Option<&str>) -> Result<Self, &'static str> {
        let good = |part: &str| {
            let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
            (1..=LONGEST).contains(&part.len()) && part.chars().all(known)
        };
        if ![Some(os), Some(architecture), variant].into_iter().flatten().all(good) {
            return Err("a part is empty, too long, or has a character that no platform has");
        }
        let os = match os.to_ascii_lowercase().as_str() {
            "macos" => "darwin".to_owned(),
            os => os.to_owned(),
        };
        let (architecture, variant) = normal(
            &architecture.to_ascii_lowercase(),
            &variant.unwrap_or_default().to_ascii_lowercase(),
        );
        Ok(Self { os, architecture, variant })
    }

    /// The operating system: `linux`.
    pub fn os(&self) -> &str {
        &self.os
    }

    /// The architecture: `amd64`.
    pub fn architecture(&self) -> &str {
        &self.architecture
    }

    /// The variant of the architecture, where it is not the usual one: `v7`.
    pub fn variant(&self) -> Option<&str> {
        self.variant.as_deref()
    }

    /// Whether it is `unknown/unknown`, as `BuildKit` marks what is no image: attestations in an index.
    pub fn is_unknown(&self) -> bool {
        self.os == "unknown" && self.architecture == "unknown"
    }
}

/// The name of an architecture and its variant as Go has them; the usual variant is none, but for `arm`.
fn normal(architecture: &str, variant: &str) -> (String, Option<String>) {
    let (architecture, variant) = match (architecture, variant) {
        ("i386", _) => ("386", ""),
        ("x86_64" | "x86-64" | "amd64", "v1") => ("amd64", ""),
        ("x86_64" | "x86-64", variant) => ("amd64", variant),
        ("aarch64" | "arm64", "8" | "v8") => ("arm64", ""),
        ("aarch64", variant) => ("arm64", variant),
        ("armhf", _) | ("arm", "" | "7") => ("arm", "v7"),
        ("armel", _) | ("arm", "6") => ("arm", "v6"),
        ("arm", "5") => ("arm", "v5"),
        ("arm", "8") => ("arm", "v8"),
        other => other,
    };
    (architecture.to_owned(), (!variant.is_empty()).then(|| variant.to_owned()))
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        match &self.variant {
            Some(variant) => write!(f, "/{variant}"),
            None => Ok(()),
        }
    }
}
