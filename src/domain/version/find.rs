//! Where a repository says its version. What is read is decided here; the caller reads.

use std::fmt;

use super::files::{self, Files};
use super::git::{self, Git};
use super::lack::{Kind, Lack, Said, place};
use super::number::Version;
use super::pyproject::{self, Stated};
use super::{cargo, json, manifest, python, text as plain, toml};
use crate::domain::known::{self, Entry};
use crate::domain::shown::visible;
use crate::failure::{Failure, Outcome, Place};

/// The files that `auto` looks at in a folder. All that say a version must say the same.
pub const AUTO: [&str; 10] = [
    "VERSION",
    "version.txt",
    "APP_VERSION",
    "package.json",
    "pyproject.toml",
    "Cargo.toml",
    "__manifest__.py",
    "__init__.py",
    "__version__.py",
    "_version.py",
];

/// How many tags are named that are not the version of a file.
const MOST_TAGS: usize = 5;

/// Where a version is to come from: the input `version-from`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The usual files of the folder, and git's tags where none of them says one.
    Auto,
    /// A file: `frontend/package.json`, `backend/config/__init__.py:APP_VERSION`.
    File {
        /// The path, relative to the folder.
        path: String,
        /// The name, or the path of keys, that is read instead of the usual one.
        key: Option<String>,
    },
    /// The input `version`.
    Value,
    /// The tags of the commit.
    Git,
}

impl Origin {
    /// Reads `auto`, `value`, `git` or `path[:key]`. A file of one of those names is `./git`.
    ///
    /// # Errors
    /// The path or the key is empty.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let (path, key) = match text.split_once(':') {
            None => match text {
                "auto" => return Ok(Self::Auto),
                "value" => return Ok(Self::Value),
                "git" => return Ok(Self::Git),
                path => (path, None),
            },
            Some((path, key)) => (path, Some(key.to_owned())),
        };
        if path.is_empty() || key.as_deref() == Some("") {
            return Err(wrong(text, "it is not `auto`, `value`, `git` or `path[:key]`"));
        }
        Ok(Self::File { path: path.to_owned(), key })
    }
}

fn wrong(text: &str, why: &str) -> Failure {
    Failure::new(Outcome::BadInput, format!("invalid version-from \"{}\"", visible(text)))
        .why(why)
        .help(
            "write `auto`, `value` (with the input `version`), `git`, or a file such as VERSION or \
             frontend/package.json",
        )
}

/// What a version is looked for with.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Where it is to come from.
    pub from: &'a Origin,
    /// The folder that paths are relative to and that `auto` looks in; empty for the top of the repository.
    pub folder: &'a str,
    /// The input `version`.
    pub given: Option<&'a str>,
    /// What git says of the commit.
    pub git: Git<'a>,
}

/// Where a version was found: the output `version-source`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A line of a file: `frontend/package.json:3`.
    File {
        /// The path, from the top of the repository.
        path: String,
        /// The line, from 1.
        line: u32,
    },
    /// The input `version`.
    Input,
    /// A tag of the commit.
    Tag(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line } => f.write_str(&place(path, *line)),
            Self::Input => f.write_str("input version"),
            Self::Tag(tag) => write!(f, "tag {}", visible(tag)),
        }
    }
}

/// A version and where it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The version.
    pub version: Version,
    /// The place that says it.
    pub source: Source,
}

/// What a look for a version came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Looked {
    /// The version.
    Found(Found),
    /// Nothing says one, which is told by this failure where one is needed.
    Nowhere(Failure),
}

/// Finds the version. `read` says what stands at a path, which is relative to the top of the repository and does not
/// leave it.
///
/// # Errors
/// No version, one that cannot be known without running something, or several that disagree: each with its place.
pub fn find(request: &Request<'_>, read: &dyn Fn(&str) -> Entry) -> Result<Found, Failure> {
    match look(request, read)? {
        Looked::Found(found) => Ok(found),
        Looked::Nowhere(failure) => Err(failure),
    }
}

/// The same for what may have none: that nothing says a version is no error where no file was named.
///
/// # Errors
/// A version that cannot be known without running something, several that disagree, or none where a file is named.
pub fn look(request: &Request<'_>, read: &dyn Fn(&str) -> Entry) -> Result<Looked, Failure> {
    let files = Files { read };
    match request.from {
        Origin::Value => given(request.given).map(Looked::Found),
        Origin::Git => match tagged(&request.git) {
            Ok(found) => Ok(Looked::Found(found)),
            Err(lack) if lack.kind == Kind::Absent => Ok(Looked::Nowhere(without_place(lack))),
            Err(lack) => Err(without_place(lack)),
        },
        Origin::File { path, key } => {
            let path = known::join(request.folder, path);
            let found = in_file(&files, &path, key.as_deref(), &request.git);
            found.map(Looked::Found).map_err(Lack::failure)
        }
        Origin::Auto => auto(&files, request),
    }
}

fn given(text: Option<&str>) -> Result<Found, Failure> {
    let missing = || {
        Failure::new(Outcome::BadInput, "no version")
            .why("`version-from: value` takes the input `version`, which is empty")
            .help("set `version`, such as `version: 1.4.0`")
    };
    let text = text.map(str::trim).filter(|text| !text.is_empty()).ok_or_else(missing)?;
    let version = Version::parse(text).map_err(|why| {
        Failure::new(Outcome::BadInput, format!("invalid version \"{}\"", visible(text)))
            .why(format!("it {why}"))
            .help("set `version` to one such as 1.4.0")
    })?;
    Ok(Found { version, source: Source::Input })
}

fn tagged(git: &Git<'_>) -> Result<Found, Lack> {
    git::version(git).map(of_tag)
}

fn of_tag((tag, version): git::Tagged<'_>) -> Found {
    Found { version, source: Source::Tag(tag.to_owned()) }
}

/// The failure of what git does not say: there is no file to point at.
fn without_place(lack: Lack) -> Failure {
    Failure { place: None, ..lack.failure() }
}

/// The usual files of a folder, and the commit's tags: what they say must be the same. Of several tags, one is enough.
fn auto(files: &Files<'_>, request: &Request<'_>) -> Result<Looked, Failure> {
    let mut found: Vec<Found> = Vec::new();
    let mut lacks: Vec<Lack> = Vec::new();
    for name in AUTO {
        let path = known::join(request.folder, name);
        match in_file(files, &path, None, &request.git) {
            Ok(one) => found.push(one),
            Err(lack) if lack.kind == Kind::Unknown => return Err(lack.failure()),
            Err(lack) => lacks.push(lack),
        }
    }
    let tags = match git::versions(&request.git) {
        Ok(tags) => tags,
        Err(lack) => {
            lacks.push(lack);
            Vec::new()
        }
    };
    let Some(first) = found.first().cloned() else {
        return if tags.is_empty() {
            Ok(Looked::Nowhere(nowhere(request.folder, &lacks)))
        } else {
            tagged(&request.git).map(Looked::Found).map_err(without_place)
        };
    };
    // A commit may have tags of several things; the files say which of them is meant.
    if !tags.iter().any(|(_, version)| version.as_str() == first.version.as_str()) {
        found.extend(tags.into_iter().take(MOST_TAGS).map(of_tag));
    }
    if found.iter().any(|one| one.version.as_str() != first.version.as_str()) {
        return Err(disagreeing(&found));
    }
    Ok(Looked::Found(first))
}

fn nowhere(folder: &str, lacks: &[Lack]) -> Failure {
    let folder = if folder.is_empty() { "the top of the repository" } else { folder };
    let is_there = |lack: &&Lack| lack.why != files::MISSING;
    let told = lacks.iter().filter(is_there).map(|lack| format!("{}: {}", lack.place(), lack.why));
    Failure::new(Outcome::BadInput, format!("no version was found in {}", visible(folder)))
        .why(format!("none of {} says one; {}", AUTO.join(", "), told.collect::<Vec<_>>().join("; ")))
        .help("name the file with `version-from`, such as backend/config/__init__.py, or set `version-from: value` \
             and `version`")
}

fn disagreeing(found: &[Found]) -> Failure {
    let says = |one: &Found| format!("{} says {}", one.source, one.version);
    let failure = Failure::new(Outcome::BadInput, "the version is not clear")
        .why(found.iter().map(says).collect::<Vec<_>>().join(", "))
        .help("make them the same, or name the one that counts with `version-from`");
    match found.first().map(|one| &one.source) {
        Some(Source::File { path, line }) => {
            failure.at(Place { file: path.clone(), line: Some(*line), column: None })
        }
        _ => failure,
    }
}

/// The version that one file says, by its name.
fn in_file(files: &Files<'_>, path: &str, key: Option<&str>, git: &Git<'_>) -> Result<Found, Lack> {
    let text = files.text(path)?;
    let said = match (kind(path), key) {
        (Some(Reader::Pyproject), None) => match pyproject::version(files, path, &text)? {
            Stated::Here(said) => said,
            Stated::Git { tool, line } => {
                return tagged(git).map_err(|lack| {
                    let why = format!("{tool} takes the version from git, and {}", lack.why);
                    Lack { why, ..Lack::unknown(path, "") }.at(line).help(lack.help)
                });
            }
        },
        (Some(Reader::Cargo), None) => cargo::version(files, path, &text)?,
        (Some(Reader::Pyproject | Reader::Cargo | Reader::Toml), Some(key)) => {
            toml::Document::parse(path, &text)?.version(key)?
        }
        (Some(Reader::Json), key) => json::version(path, &text, key)?,
        (Some(Reader::Manifest), None) => manifest::version(path, &text)?,
        (Some(Reader::Python | Reader::Manifest), key) => python::version(path, &text, key)?,
        (Some(Reader::Text), None) => plain::version(path, &text)?,
        (Some(Reader::Text), Some(_)) => {
            return Err(Lack::unknown(path, "a file that holds the version alone has no keys"));
        }
        (Some(Reader::Toml), None) => {
            return Err(Lack::unknown(path, "it is not known which key of it is the version")
                .help(format!("name the key: `version-from: {path}:tool.version`")));
        }
        (None, _) => {
            return Err(Lack::unknown(path, "no version is read from files of this kind")
                .help("name a VERSION or .txt, .json, .toml or .py file, or set `version-from: value` and `version`"));
        }
    };
    let Said { version, file, line } = said;
    Ok(Found { version, source: Source::File { path: file, line } })
}

/// What reads a file.
#[derive(Clone, Copy)]
enum Reader {
    Text,
    Json,
    Pyproject,
    Cargo,
    Toml,
    Manifest,
    Python,
}

fn kind(path: &str) -> Option<Reader> {
    let name = known::name(path);
    match name {
        "pyproject.toml" => return Some(Reader::Pyproject),
        "Cargo.toml" => return Some(Reader::Cargo),
        "__manifest__.py" | "__openerp__.py" => return Some(Reader::Manifest),
        _ => {}
    }
    match name.rsplit_once('.') {
        None | Some((_, "txt" | "version")) => Some(Reader::Text),
        Some((_, "json")) => Some(Reader::Json),
        Some((_, "toml")) => Some(Reader::Toml),
        Some((_, "py")) => Some(Reader::Python),
        Some(_) => None,
    }
}
