//! The version of a Python project: what `pyproject.toml` says, or where it says that it is.

use super::files::Files;
use super::lack::{Kind, Lack, Said};
use super::toml::{Document, Item};
use super::{python, text as plain};
use crate::domain::known::{folder, join, name};

/// Where the version of a project is.
pub(super) enum Stated {
    /// A file says it.
    Here(Said),
    /// A build tool takes it from git's tags.
    Git {
        /// The tool, as its documentation names it.
        tool: &'static str,
        /// The line that says so.
        line: u32,
    },
}

/// Tools that calculate the version from git: (what says so, the tool).
const GIT_TOOLS: [(&str, &str); 5] = [
    ("tool.setuptools_scm", "setuptools-scm"),
    ("tool.hatch.version.source", "hatch-vcs"),
    ("tool.versioningit", "versioningit"),
    ("tool.setuptools-git-versioning", "setuptools-git-versioning"),
    ("tool.poetry-dynamic-versioning.enable", "poetry-dynamic-versioning"),
];

/// In how many folders a module is looked for.
const MOST_ROOTS: usize = 20;

/// `project.version`, else `tool.poetry.version`, else what stands for a dynamic one. `target-version` and
/// `requires-python` are versions of other things.
pub(super) fn version(files: &Files<'_>, file: &str, text: &str) -> Result<Stated, Lack> {
    let document = Document::parse(file, text)?;
    let project = Project { files, file, document: &document };
    if let Some(stated) = project.git_tool() {
        return Ok(stated);
    }
    let poetry = document.get("tool.poetry.version");
    if document.get("project.version").is_some() {
        let said = document.version("project.version")?;
        return project.agreed(said, poetry.is_some()).map(Stated::Here);
    }
    if poetry.is_some() {
        return document.version("tool.poetry.version").map(Stated::Here);
    }
    let dynamic = document.get("project.dynamic");
    match dynamic.filter(|dynamic| dynamic.texts().contains(&"version")) {
        Some(dynamic) => project.dynamic(dynamic.line),
        None => {
            Err(Lack::absent(file, "it has neither `project.version` nor `tool.poetry.version`"))
        }
    }
}

struct Project<'a> {
    files: &'a Files<'a>,
    file: &'a str,
    document: &'a Document<'a>,
}

impl Project<'_> {
    /// The tool that takes the version from git, unless the project says one itself and has no such tool switched on.
    fn git_tool(&self) -> Option<Stated> {
        let is_static = self.document.get("project.version").is_some();
        GIT_TOOLS.iter().find_map(|(path, tool)| {
            let item = self.document.get(path)?;
            let is_on = match *path {
                "tool.hatch.version.source" => item.text() == Some("vcs"),
                "tool.poetry-dynamic-versioning.enable" => self.document.is_true(path),
                "tool.setuptools-git-versioning" => {
                    let switch = "tool.setuptools-git-versioning.enabled";
                    self.document.get(switch).is_none() || self.document.is_true(switch)
                }
                _ => true,
            };
            (is_on && !is_static).then_some(Stated::Git { tool, line: item.line })
        })
    }

    /// `project.version`, if Poetry's own is the same or not there.
    fn agreed(&self, said: Said, has_poetry: bool) -> Result<Said, Lack> {
        if has_poetry {
            let other = match self.document.version("tool.poetry.version") {
                Ok(other) => other,
                Err(lack) if lack.kind == Kind::Absent => return Ok(said),
                Err(lack) => return Err(lack),
            };
            if other.version.as_str() != said.version.as_str() {
                let why = format!(
                    "`project.version` says {}, `tool.poetry.version` in line {} says {}",
                    said.version, other.line, other.version
                );
                return Err(Lack::unknown(self.file, why).at(said.line).help("remove one of them"));
            }
        }
        Ok(said)
    }

    /// What build tools say of a version that is not written here.
    fn dynamic(&self, line: u32) -> Result<Stated, Lack> {
        let document = self.document;
        if let Some((path, line)) = document.text("tool.setuptools.dynamic.version.attr") {
            return self.attribute(path, line).map(Stated::Here);
        }
        if let Some(item) = document.get("tool.setuptools.dynamic.version.file") {
            return self.plain(item).map(Stated::Here);
        }
        if document.get("tool.hatch.version").is_some() {
            return self.hatch(line).map(Stated::Here);
        }
        if let Some((source, line)) = document.text("tool.pdm.version.source") {
            return self.pdm(source, line);
        }
        let backend = document.text("build-system.build-backend").map(|(backend, _)| backend);
        if backend.is_some_and(|backend| backend.starts_with("flit")) {
            return self.flit(line).map(Stated::Here);
        }
        let why = "`project.dynamic` has `version`, and nothing says in a way that is known here where it comes from";
        Err(self.unknown(line, why))
    }

    fn unknown(&self, line: u32, why: impl Into<String>) -> Lack {
        Lack::unknown(self.file, why)
            .at(line)
            .help("name the place of the version with `version-from`, such as a VERSION file")
    }

    /// A path that stands in the file, from the top.
    fn path(&self, path: &str) -> String {
        join(folder(self.file), path)
    }

    /// What a file says that is named here. Where it says nothing, no other place may: the project counts on it.
    fn named(
        &self,
        path: &str,
        line: u32,
        read: impl Fn(&str, &str) -> Result<Said, Lack>,
    ) -> Result<Said, Lack> {
        let place = self.path(path);
        let said = self.files.text(&place).and_then(|text| read(&place, &text));
        said.map_err(|lack| self.counted_on(path, line, lack))
    }

    /// The lack of a version where the project says that it is. What is wrong in a line of that file is told there.
    fn counted_on(&self, path: &str, line: u32, lack: Lack) -> Lack {
        if lack.kind == Kind::Unknown && lack.line > 0 {
            return lack;
        }
        self.unknown(line, format!("it names `{path}`, and {}", lack.why))
    }

    /// `attr = "shop.about.__version__"`: a name in a module.
    fn attribute(&self, path: &str, line: u32) -> Result<Said, Lack> {
        let Some((module, name)) = path.rsplit_once('.') else {
            return Err(self.unknown(line, "`attr` is not `module.name`"));
        };
        self.module(&module.replace('.', "/"), Some(name), line)
    }

    /// The version in a module, wherever packages of the project lie. Where several files could be it, they must agree.
    fn module(&self, module: &str, name: Option<&str>, line: u32) -> Result<Said, Lack> {
        // The key of the table is empty: `package-dir = {"" = "src"}`.
        let mapped = self.document.text("tool.setuptools.package-dir.");
        let found = self.document.get("tool.setuptools.packages.find.where");
        let roots: Vec<&str> = match (mapped, found) {
            (Some((root, _)), _) => vec![root],
            (None, _) if self.document.get("tool.setuptools.package-dir").is_some() => {
                return Err(
                    self.unknown(line, "`package-dir` puts packages in folders of their own")
                );
            }
            (None, Some(found)) => found.texts(),
            (None, None) => vec!["", "src"],
        };
        if roots.len() > MOST_ROOTS {
            return Err(self.unknown(line, "its packages are in more than 20 folders"));
        }
        let mut said: Option<Said> = None;
        for root in &roots {
            for inside in [format!("{module}.py"), format!("{module}/__init__.py")] {
                let inside = join(root, &inside);
                let path = self.path(&inside);
                let text = self.files.text_if_there(&path);
                let text = text.map_err(|lack| self.counted_on(&inside, line, lack))?;
                let Some(text) = text else { continue };
                let next = python::version(&path, &text, name)
                    .map_err(|lack| self.counted_on(&inside, line, lack))?;
                match &said {
                    Some(first) if first.version.as_str() != next.version.as_str() => {
                        let why = format!(
                            "{} and {} both are `{module}`, and differ",
                            first.file, next.file
                        );
                        return Err(self.unknown(line, why));
                    }
                    Some(_) => {}
                    None => said = Some(next),
                }
            }
        }
        said.ok_or_else(|| {
            let why =
                format!("no file of the module `{module}` was found in `{}`", roots.join("`, `"));
            self.unknown(line, why)
        })
    }

    /// `file = "VERSION"`: a file that holds the version alone.
    fn plain(&self, item: Item<'_>) -> Result<Said, Lack> {
        match item.texts().as_slice() {
            [only] => self.named(only, item.line, plain::version),
            _ => Err(self.unknown(item.line, "the version is put together from several files")),
        }
    }

    fn hatch(&self, line: u32) -> Result<Said, Lack> {
        let document = self.document;
        if document.get("tool.hatch.version.pattern").is_some() {
            return Err(
                self.unknown(line, "`tool.hatch.version.pattern` is an expression of one's own")
            );
        }
        match document.text("tool.hatch.version.source") {
            None | Some(("regex", _)) => {}
            Some((_, line)) => {
                return Err(self.unknown(line, "`tool.hatch.version.source` runs code"));
            }
        }
        let Some((path, line)) = document.text("tool.hatch.version.path") else {
            return Err(self.unknown(line, "`tool.hatch.version` has no `path`"));
        };
        self.named(path, line, |path, text| match name(path).rsplit_once('.') {
            Some((_, "py")) => python::version(path, text, None),
            _ => plain::version(path, text),
        })
    }

    fn pdm(&self, source: &str, line: u32) -> Result<Stated, Lack> {
        match (source, self.document.text("tool.pdm.version.path")) {
            ("scm", _) => Ok(Stated::Git { tool: "pdm-backend (scm)", line }),
            ("file", Some((path, line))) => {
                let name = Some("__version__");
                let read = |path: &str, text: &str| python::version(path, text, name);
                self.named(path, line, read).map(Stated::Here)
            }
            ("file", None) => Err(self.unknown(line, "`tool.pdm.version` has no `path`")),
            _ => Err(self.unknown(line, "`tool.pdm.version.source` runs code")),
        }
    }

    /// Flit takes it from the module that it packs, which has the project's name unless another is said.
    fn flit(&self, line: u32) -> Result<Said, Lack> {
        let document = self.document;
        let module =
            document.text("tool.flit.module.name").or_else(|| document.text("project.name"));
        match module {
            Some((module, _)) => {
                self.module(&module.replace(['-', '.'], "_"), Some("__version__"), line)
            }
            None => Err(self.unknown(line, "it has no `project.name`")),
        }
    }
}
