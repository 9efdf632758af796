//! Arguments of `docker`, as pure functions. Only what Compose 2.26 and later know alike.

use camino::{Utf8Path, Utf8PathBuf};

use crate::adapters::docker::compose::{OneOff, Project, Pull};

/// `compose`, its global options and the project. Always `-p`: a name is never guessed from a folder.
fn base(project: &Project<'_>) -> Vec<String> {
    let mut args: Vec<String> =
        ["compose", "--ansi", "never", "--progress", "plain", "-p"].map(str::to_owned).to_vec();
    args.push(project.name.to_owned());
    args.extend(["--project-directory".into(), project.directory.to_string()]);
    for file in project.files {
        args.extend(["-f".into(), file.to_string()]);
    }
    if let Some(file) = project.env_file {
        args.extend(["--env-file".into(), file.to_string()]);
    }
    args
}

fn with<'a>(project: &Project<'_>, more: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut args = base(project);
    args.extend(more.into_iter().map(str::to_owned));
    args
}

/// After `--`, so that no name is read as an option.
fn services<'a>(names: &'a [String]) -> impl Iterator<Item = &'a str> {
    let separator = (!names.is_empty()).then_some("--");
    separator.into_iter().chain(names.iter().map(String::as_str))
}

pub(super) fn version() -> Vec<String> {
    ["compose", "version", "--short"].map(str::to_owned).to_vec()
}

pub(super) fn render(project: &Project<'_>) -> Vec<String> {
    with(project, ["config", "--format", "json"])
}

pub(super) fn hashes(project: &Project<'_>) -> Vec<String> {
    with(project, ["config", "--hash", "*"])
}

pub(super) fn pull(project: &Project<'_>, policy: Pull, names: &[String]) -> Vec<String> {
    let policy = match policy {
        Pull::Always => "always",
        Pull::Missing => "missing",
    };
    let options = ["pull", "--quiet", "--ignore-buildable", "--policy", policy];
    with(project, options.into_iter().chain(services(names)))
}

pub(super) fn build(project: &Project<'_>, names: &[String]) -> Vec<String> {
    with(project, std::iter::once("build").chain(services(names)))
}

/// Never builds and never pulls: both were done before, and a release is brought back without a registry.
pub(super) fn up(project: &Project<'_>) -> Vec<String> {
    with(project, ["up", "--detach", "--no-build", "--pull", "never", "--remove-orphans"])
}

pub(super) fn run(project: &Project<'_>, once: &OneOff<'_>) -> Vec<String> {
    let options =
        ["run", "--rm", "--no-deps", "--no-TTY", "--interactive=false", "--name", once.container];
    let command = once.command.iter().map(String::as_str);
    with(project, options.into_iter().chain([once.service]).chain(command))
}

pub(super) fn stop(project: &Project<'_>, names: &[String]) -> Vec<String> {
    with(project, std::iter::once("stop").chain(services(names)))
}

pub(super) fn start(project: &Project<'_>, names: &[String]) -> Vec<String> {
    with(project, std::iter::once("start").chain(services(names)))
}

/// The files of a project in one phrase, for messages.
pub(super) fn files_named(files: &[Utf8PathBuf], directory: &Utf8Path) -> String {
    let names: Vec<_> =
        files.iter().map(|file| file.strip_prefix(directory).unwrap_or(file).as_str()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "compose --ansi never --progress plain -p shop --project-directory /s/work -f a.yaml -f b.yaml";

    fn line(make: impl Fn(&Project<'_>) -> Vec<String>) -> String {
        let files = ["a.yaml".into(), "b.yaml".into()];
        let project = Project {
            name: "shop",
            directory: Utf8Path::new("/s/work"),
            files: &files,
            env_file: None,
        };
        let line = make(&project).join(" ");
        line.strip_prefix(BASE).map(|rest| rest.trim().to_owned()).expect("the base comes first")
    }

    #[test]
    fn every_call_has_its_arguments() {
        let web = ["web".to_owned()];
        let command = ["sh", "-c", "a b"].map(str::to_owned);
        let once = OneOff { service: "app", container: "shop-mta-migrate-1", command: &command };
        let table = [
            (line(render), "config --format json"),
            (line(hashes), "config --hash *"),
            (
                line(|p| pull(p, Pull::Missing, &web)),
                "pull --quiet --ignore-buildable --policy missing -- web",
            ),
            (
                line(|p| pull(p, Pull::Always, &[])),
                "pull --quiet --ignore-buildable --policy always",
            ),
            (line(|p| build(p, &web)), "build -- web"),
            (line(up), "up --detach --no-build --pull never --remove-orphans"),
            (
                line(|p| run(p, &once)),
                "run --rm --no-deps --no-TTY --interactive=false --name shop-mta-migrate-1 app sh -c a b",
            ),
            (line(|p| stop(p, &web)), "stop -- web"),
            (line(|p| start(p, &[])), "start"),
        ];
        for (made, wanted) in table {
            assert_eq!(made, wanted);
        }
    }

    #[test]
    fn an_env_file_is_named() {
        let line = line(|project| {
            base(&Project { env_file: Some(Utf8Path::new("/s/.env")), ..project.clone() })
        });
        assert_eq!(line, "--env-file /s/.env");
    }
}
