//! A made-up project with the scripts of this one, a bare repository as its remote, and a `gh` that remembers.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::kit::scratch_git::Lab;

/// What a release holds.
pub const BINARIES: [&str; 2] = ["mta-linux-x64", "mta-linux-arm64"];

/// Counts its calls and, before the one that `KILL_AT` numbers, kills every process of the story at once.
const FRAGILE: &str = r#"#!/bin/sh
calls=$(($(cat "$LAB/calls") + 1))
echo "$calls" >"$LAB/calls"
[ "$calls" -ne "$KILL_AT" ] || kill -KILL 0
"#;

/// A draft is a file that says `true`, a public release one that says `false`; the log has the rest.
const GH: &str = r#"
[ "$1" = release ] || exit 64
case $2 in
  list)
    [ ! -e "$LAB/gh-fails" ] || exit 1
    for file in "$LAB/gh"/*; do
      tag=${file##*/}
      case $* in *"\"${tag%~*}\""*) cat "$file" ;; esac
    done
    ;;
  create) echo true >"$LAB/gh/$3" && echo "$*" >>"$LAB/log" ;;
  upload) [ -e "$LAB/gh/$3" ] && echo "$*" >>"$LAB/log" ;;
  edit) [ -e "$LAB/gh/$3" ] && echo false >"$LAB/gh/$3" && echo "$*" >>"$LAB/log" ;;
  *) exit 64 ;;
esac
"#;

/// How a script ended.
pub struct Ended {
    /// Whether it succeeded.
    pub ok: bool,
    /// Whether it was killed.
    pub killed: bool,
    /// All that it said.
    pub said: String,
}

/// The project.
pub struct Place {
    /// `source` is the clone, `origin` its remote, `bin` the programs.
    pub lab: Lab,
}

impl Place {
    /// At version 1.0.0, pushed.
    pub fn new() -> Self {
        let place = Self { lab: Lab::new() };
        let lab = &place.lab;
        for folder in ["source", "bin", "gh"] {
            fs_err::create_dir(lab.root.join(folder)).unwrap();
        }
        lab.git(".", &["init", "-q", "--bare", "origin"]);
        lab.git("source", &["init", "-q", "-b", "main"]);
        lab.git("source", &["remote", "add", "origin", lab.root.join("origin").as_str()]);
        let copied = Command::new("cp")
            .args(["-R", "scripts", "LICENSE", "README.md", ".gitignore"])
            .arg(lab.root.join("source"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status();
        assert!(copied.unwrap().success());
        lab.write("source/src/lib.rs", "//! Nothing.\n");
        lab.write("source/dist/README.md", "# dist\n");
        lab.write("source/dist/Dockerfile", include_str!("../../../../dist/Dockerfile"));
        place.program("git", "exec \"$GIT\" \"$@\"\n");
        place.program("gh", GH);
        place.version("1.0.0");
        place
    }

    /// A program that stands for the real one: the lines after the first of a script of `sh`.
    pub fn program(&self, name: &str, script: &str) {
        let path = format!("bin/{name}");
        self.lab.write(&path, format!("{FRAGILE}{script}"));
        fs_err::set_permissions(self.lab.root.join(path), PermissionsExt::from_mode(0o755))
            .unwrap();
    }

    /// The source says this version, and is pushed.
    pub fn version(&self, version: &str) {
        let package = format!("[package]\nname = \"mta-actions\"\nversion = \"{version}\"\n");
        self.lab.write("source/Cargo.toml", format!("{package}edition = \"2024\"\n"));
        let lock = package.replace("[package]", "version = 4\n\n[[package]]");
        self.lab.write("source/Cargo.lock", lock);
        self.lab.write("source/CHANGELOG.md", format!("# Changelog\n\n## {version}\n"));
        self.lab.commit("source", version);
        self.lab.git("source", &["push", "-q", "--force", "origin", "main"]);
    }

    /// Runs a line of bash in the clone, as a process group of its own.
    pub fn run(&self, line: &str) -> Ended {
        self.run_until(line, 0)
    }

    /// As [`Self::run`], killed before this call of git or gh; 0 is never.
    pub fn run_until(&self, line: &str, call: usize) -> Ended {
        self.lab.write("calls", "0");
        let path = std::env::var("PATH").unwrap();
        let git = path.split(':').map(|folder| Path::new(folder).join("git"));
        let output = Command::new("bash")
            .args(["-euc", line])
            .current_dir(self.lab.root.join("source"))
            .env("PATH", format!("{}:{path}", self.lab.root.join("bin")))
            .env("GIT", git.into_iter().find(|file| file.exists()).unwrap())
            .env("LAB", &self.lab.root)
            .env("KILL_AT", call.to_string())
            // Else `scripts/env` puts programs of this host before ours.
            .env("MTA_CACHE", self.lab.root.join("cache"))
            .envs([("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null")])
            .envs(["AUTHOR", "COMMITTER"].map(|role| (format!("GIT_{role}_NAME"), "t")))
            .envs(["AUTHOR", "COMMITTER"].map(|role| (format!("GIT_{role}_EMAIL"), "t@t.invalid")))
            .process_group(0)
            .output()
            .unwrap();
        Ended {
            ok: output.status.success(),
            killed: output.status.code().is_none(),
            said: String::from_utf8([output.stdout, output.stderr].concat()).unwrap(),
        }
    }

    /// Runs it; it must succeed.
    pub fn done(&self, line: &str) -> String {
        let ended = self.run(line);
        assert!(ended.ok, "{line}: {}", ended.said);
        ended.said
    }

    /// Runs it; it must refuse with these words.
    pub fn refused(&self, line: &str, words: &str) {
        let ended = self.run(line);
        assert!(!ended.ok && ended.said.contains(words), "{line}: {words}: {}", ended.said);
    }

    /// Binaries as a build leaves them, of one rustc; the one of this machine is the real one behind a script.
    pub fn build(&self) {
        for name in BINARIES {
            self.binary(name, "1.95.0");
        }
    }

    /// One of them, by this rustc.
    pub fn binary(&self, name: &str, rustc: &str) {
        let built = format!("# {name}: rustc version {rustc} (59807616e 2026-04-14)");
        let script = format!("#!/bin/sh\n{built}\nexec {} \"$@\"\n", env!("CARGO_BIN_EXE_mta"));
        self.lab.write(&format!("source/dist/{name}"), script);
        let path = self.lab.root.join("source/dist").join(name);
        fs_err::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    }

    /// A tree as `scripts/release-tree` writes it, only quicker, and `sums` beside it.
    pub fn tree(&self, note: &str) {
        for name in BINARIES {
            self.lab.write(&format!("tree/dist/{name}"), name);
        }
        let source = self.lab.git("source", &["rev-parse", "HEAD"]);
        self.lab.write("tree/dist/BUILD", format!("commit {source}\n"));
        self.lab.write("tree/note", note);
        self.done(&format!(
            "cd ../tree/dist && sha256sum {} | tee SHA256SUMS >../../sums",
            BINARIES.join(" ")
        ));
    }

    /// Releases a version by all scripts in their order.
    pub fn release(&self, version: &str) {
        self.tree(version);
        self.done(&story(version));
    }

    /// The version that a tag is at, empty where it is not.
    pub fn at(&self, tag: &str) -> String {
        let name = format!("refs/tags/{tag}");
        self.lab.git("origin", &["for-each-ref", "--format=%(contents:subject)", &name])
    }

    /// What gh was told, a command a line.
    pub fn log(&self) -> String {
        fs_err::read_to_string(self.lab.root.join("log")).unwrap_or_default()
    }
}

/// What the jobs of the workflow call, from the finished tree on.
pub fn story(version: &str) -> String {
    format!(
        "scripts/release-commit ../tree {version} ../sums\n\
         scripts/release-publish draft {version} ../tree/dist/mta-linux-* ../tree/dist/SHA256SUMS ../tree/dist/BUILD\n\
         scripts/release-publish public {version} ../sums\n\
         scripts/release-tags {version}"
    )
}
