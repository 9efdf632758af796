//! Files and folders that the stack takes from the checkout or from the host.

use crate::domain::compose::places::is_remote;
use crate::domain::compose::rules::{Context, Mode};
use crate::domain::compose::stack::{Mount, Service};
use crate::domain::event::Level;
use crate::domain::finding::{Finding, Rule};
use crate::domain::known::{Entry, IfIgnored, folder, join, name};
use crate::domain::yaml::Node;

/// The file of a secret or config.
pub const SOURCE_MISSING: Rule = Rule {
    id: "compose.source-missing",
    level: Level::Error,
    about: "a file of a secret or config that is not there",
    help: "The stack does not start, or starts without what it should have got.",
};

/// The file of `env_file` or `label_file`.
pub const ENV_FILE_MISSING: Rule = Rule {
    id: "compose.env-file-missing",
    level: Level::Error,
    about: "an `env_file` or `label_file` that is not there",
    help: "Compose refuses to start the stack.",
};

/// A bind mount without its source.
pub const BIND_MISSING: Rule = Rule {
    id: "compose.bind-source-missing",
    level: Level::Error,
    about: "a mounted file or folder that is not there",
    help: "Docker creates an empty folder in its place without a word, also where a file such as `odoo.conf` was meant.",
};

/// A build without its folder or Dockerfile.
pub const BUILD_MISSING: Rule = Rule {
    id: "compose.build-missing",
    level: Level::Error,
    about: "a build context or Dockerfile that is not there",
    help: "The build fails.",
};

/// The rules of this file.
pub const RULES: &[&Rule] = &[&SOURCE_MISSING, &ENV_FILE_MISSING, &BIND_MISSING, &BUILD_MISSING];

/// Findings, and those that depend on what git ignores.
#[derive(Default)]
struct Found {
    findings: Vec<Finding>,
    open: Vec<IfIgnored>,
}

impl Found {
    /// In a checkout a file that git ignores is expected to be missing.
    fn missing(&mut self, context: &Context<'_>, path: &str, finding: Finding) {
        if context.mode == Mode::Deploy {
            return self.findings.push(finding);
        }
        let expected = finding
            .clone()
            .with_level(Level::Notice)
            .hint("git ignores it: it has to lie on the host before the deploy");
        let (ignored, other) = (Some(expected), Some(finding));
        self.open.push(IfIgnored { path: path.to_owned(), ignored, other });
    }
}

/// Checks every path.
pub fn check(context: &Context<'_>) -> (Vec<Finding>, Vec<IfIgnored>) {
    let mut found = Found::default();
    for kind in ["secrets", "configs"] {
        for entry in context.stack.declared(kind) {
            let Some(file) = entry.value.get("file") else { continue };
            let noun = format!(
                "the file `{}` of the {} `{}`",
                file.shown(),
                kind.trim_end_matches('s'),
                entry.key.shown()
            );
            missing(context, file, (&SOURCE_MISSING, &noun), &mut found);
        }
    }
    for service in &context.stack.services {
        env_files(context, service, &mut found);
        service.mounts().iter().for_each(|mount| bind(context, service, (mount, &mut found)));
        build(context, service, &mut found);
    }
    (found.findings, found.open)
}

/// Whether a path can be looked at here: the host's own paths only on the host.
fn is_here(context: &Context<'_>, path: &str) -> bool {
    !path.starts_with('~')
        && (context.mode == Mode::Deploy
            || !path.starts_with(['/', '\\']) && !path.starts_with(".."))
}

/// A file that is not there.
fn missing(
    context: &Context<'_>,
    node: &Node,
    (rule, noun): (&'static Rule, &str),
    found: &mut Found,
) {
    let Some(path) = node.as_text().filter(|path| is_here(context, path)) else { return };
    if context.known.is_absent(path) {
        let finding = Finding::new(rule, node.span.clone(), format!("{noun} is not there"));
        found.missing(context, path, finding.hint(neighbour(context, path)));
    }
}

/// A file of nearly the same name, where the checkout has one.
fn neighbour(context: &Context<'_>, path: &str) -> String {
    let prefix = match folder(path) {
        "" => String::new(),
        folder => format!("{folder}/"),
    };
    let Some(tracked) = context.known.tracked() else { return String::new() };
    let beside = tracked.range(prefix.clone()..).map_while(|one| one.strip_prefix(&prefix));
    let beside = beside.filter(|name| !name.contains('/'));
    let near = context.nearest(name(path), beside);
    near.map(|near| format!("did you mean `{}`?", join(folder(path), near))).unwrap_or_default()
}

fn env_files(context: &Context<'_>, service: &Service<'_>, found: &mut Found) {
    for file in service.get("env_file").map(Node::items).unwrap_or_default() {
        let is_optional =
            file.get("required").is_some_and(|it| it.is_open() || it.as_text() == Some("false"));
        if let Some(path) = file.get("path").filter(|_| !is_optional) {
            env_file(context, path, (service, "env_file"), found);
        }
    }
    for path in service.get("label_file").map(Node::items).unwrap_or_default() {
        env_file(context, path, (service, "label_file"), found);
    }
}

fn env_file(
    context: &Context<'_>,
    path: &Node,
    (service, key): (&Service<'_>, &str),
    found: &mut Found,
) {
    let shown = match path.shown() {
        "" => String::new(),
        shown => format!(" `{shown}`"),
    };
    let noun = format!("the {key}{shown} of `{}`", service.name());
    if path.as_text() != Some("") {
        return missing(context, path, (&ENV_FILE_MISSING, &noun), found);
    }
    let what = format!("{noun} names no file");
    found.findings.push(Finding::new(&ENV_FILE_MISSING, path.span.clone(), what));
}

fn bind(context: &Context<'_>, service: &Service<'_>, (mount, found): (&Mount<'_>, &mut Found)) {
    if mount.kind != "bind" {
        return;
    }
    let Some(path) = mount.source.filter(|path| is_here(context, path)) else { return };
    found.findings.extend(wrong_kind(context, (path, mount)));
    if !context.known.is_absent(path) {
        return;
    }
    let is_file = is_file_name(path) && is_file_name(mount.target);
    let (name, shown) = (service.name(), mount.written);
    let becomes = match (mount.is_made, is_file) {
        (false, _) => "the container does not start, as `create_host_path` is off",
        (true, true) => "Docker makes a folder of it",
        (true, false) => "Docker makes an empty folder, owned by root",
    };
    let what = format!("`{name}` mounts `{shown}`, which is not there: {becomes}");
    let finding = Finding::new(&BIND_MISSING, mount.span.clone(), what);
    let finding = match (mount.is_made, is_file) {
        (false, _) | (_, true) => finding.hint(neighbour(context, path)),
        (true, false) if context.mode == Mode::Deploy => finding
            .with_level(Level::Warning)
            .hint("make the folder, for the user of the container, before the deploy"),
        (true, false) => finding
            .with_level(Level::Warning)
            .hint("commit the folder (with a `.gitkeep`), or use a volume"),
    };
    found.missing(context, path, finding);
}

/// A folder where the container expects a file.
fn wrong_kind(context: &Context<'_>, (path, mount): (&str, &Mount<'_>)) -> Option<Finding> {
    let is_folder = context.known.entry(path) == Entry::Folder;
    (is_folder && is_file_name(mount.target) && is_file_name(path)).then(|| {
        let what = format!(
            "`{}` is a folder, and `{}` in the container has to be a file",
            mount.written, mount.written_target
        );
        Finding::new(&BIND_MISSING, mount.span.clone(), what).hint(
            "Docker made the folder when the file was missing: delete it and put the file there",
        )
    })
}

/// `odoo.conf`, `.htpasswd`, and not `conf.d` or `pgdata`.
fn is_file_name(path: &str) -> bool {
    let name = name(path);
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    ending.is_some_and(|ending| {
        !ending.is_empty() && ending != "d" && !ending.bytes().all(|b| b.is_ascii_digit())
    })
}

fn build(context: &Context<'_>, service: &Service<'_>, found: &mut Found) {
    let Some(build) = service.get("build") else { return };
    let Some(node) = build.get("context").filter(|node| !is_remote(node)) else { return };
    let Some(path) = node.as_text().filter(|path| is_here(context, path)) else { return };
    if !path.is_empty() && context.known.is_absent(path) {
        let what =
            format!("the build context `{}` of `{}` is not there", node.shown(), service.name());
        found.findings.push(Finding::new(&BUILD_MISSING, node.span.clone(), what));
        return;
    }
    let dockerfile = build.get("dockerfile");
    if build.get("dockerfile_inline").is_some() || dockerfile.is_some_and(Node::is_open) {
        return;
    }
    let file = join(path, dockerfile.and_then(Node::as_text).unwrap_or("Dockerfile"));
    if !is_here(context, &file) || !context.known.is_absent(&file) {
        return;
    }
    let parts = [Some(node), dockerfile];
    let has_variable = parts.into_iter().flatten().any(|part| part.shown().contains('$'));
    let shown = match dockerfile {
        Some(dockerfile) if has_variable => dockerfile.shown(),
        None if has_variable => "Dockerfile",
        _ => file.as_str(),
    };
    let span = dockerfile.unwrap_or(node).span.clone();
    let what = format!("the Dockerfile `{shown}` of `{}` is not there", service.name());
    let finding = Finding::new(&BUILD_MISSING, span, what).hint(neighbour(context, &file));
    found.findings.push(finding);
}

#[cfg(test)]
mod tests {
    use crate::domain::compose::rules::Mode;
    use crate::domain::compose::rules::tests::{fires, table, told_in, told_of};

    #[test]
    fn files_have_to_be_there() {
        table(
            "compose.env-file-missing",
            &[
                "image: 'a:1', env_file: no.env",
                "image: 'a:1', env_file: [{path: ignored.env}]",
                "image: 'a:1', env_file: ''",
                "image: 'a:1', env_file: $UNSET",
                "image: 'a:1', label_file: ['']",
            ],
            &[
                "image: 'a:1', env_file: [{path: no.env, required: false}]",
                "image: 'a:1', env_file: [{path: '', required: false}]",
                "image: 'a:1', env_file: /etc/x.env",
            ],
        );
        let told =
            told_of("services: {}\nsecrets: {a: {file: ./no.txt}, b: {file: ./ignored.txt}}\n");
        assert_eq!(
            told,
            [
                "error compose.source-missing 2 the file `./no.txt` of the secret `a` is not there",
                "notice compose.source-missing 2 the file `./ignored.txt` of the secret `b` is not there",
            ]
        );
    }

    #[test]
    fn mounted_files_and_folders_have_to_be_there() {
        let level = |volume: &str| {
            let text = format!("services: {{a: {{image: 'x:1', volumes: ['{volume}']}}}}\n");
            let files =
                [("c.yml", text.as_str()), ("odoo.conf", "x"), ("addons", ""), ("made.conf", "")];
            let told = told_in(Mode::PullRequest, &files);
            told.into_iter()
                .find(|one| one.contains("bind-source"))
                .map(|one| one.split(' ').next().unwrap().to_owned())
        };
        for (volume, expected) in [
            ("./odo.conf:/etc/odoo/odoo.conf", Some("error")),
            ("./data:/data", Some("warning")),
            ("./ignored.conf:/x.conf", Some("notice")),
            ("./made.conf:/x.conf", Some("error")),
            ("./odoo.conf:/x.conf", None),
            ("./addons:/x", None),
            ("/etc/localtime:/etc/localtime", None),
            ("../other:/x", None),
            ("name:/x", None),
            (".:/x", None),
            ("./:/x", None),
            ("$UNKNOWN/x:/x", None),
        ] {
            assert_eq!(level(volume).as_deref(), expected, "{volume}");
        }
    }

    #[test]
    fn a_source_that_nobody_makes_has_to_be_there() {
        let level = |bind: &str| {
            let mount = format!("{{type: bind, source: ./gone, target: /x, bind: {bind}}}");
            let text = format!("services: {{a: {{image: 'x:1', volumes: [{mount}]}}}}\n");
            let told = told_in(Mode::PullRequest, &[("c.yml", &text)]);
            let one = told.into_iter().find(|one| one.contains("bind-source")).unwrap();
            (one.split(' ').next().unwrap().to_owned(), one.contains("does not start"))
        };
        assert_eq!(level("{create_host_path: false}"), ("error".to_owned(), true));
        assert_eq!(level("{create_host_path: true}"), ("warning".to_owned(), false));
        assert_eq!(level("{propagation: rslave}"), ("warning".to_owned(), false));
    }

    #[test]
    fn on_the_host_its_own_paths_have_to_be_there_too() {
        let text = "services: {a: {image: 'x:1', volumes: ['/srv/no.conf:/x.conf', './ignored.conf:/y.conf']}}\n";
        let told = told_in(Mode::Deploy, &[("c.yml", text)]);
        assert_eq!(
            told.iter().filter(|one| one.starts_with("error compose.bind-source-missing")).count(),
            2,
            "{told:?}"
        );
    }

    #[test]
    fn builds_have_their_folder_and_dockerfile() {
        for (build, fires) in
            [(".", true), ("./app", true), ("./empty", true), ("https://x/y.git", false)]
        {
            let text = format!("services: {{a: {{build: '{build}'}}}}\n");
            let told = told_in(Mode::PullRequest, &[("c.yml", &text), ("empty", "")]);
            assert_eq!(
                told.iter().any(|one| one.contains("build-missing")),
                fires,
                "{build}: {told:?}"
            );
        }
        let text = "services: {a: {build: {context: app, dockerfile: Dokerfile}}}\n";
        let files = [("c.yml", text), ("app", ""), ("app/Dockerfile", "FROM x")];
        let told = told_in(Mode::PullRequest, &files);
        assert!(told[0].contains("the Dockerfile `app/Dokerfile` of `a` is not there"), "{told:?}");
        assert!(!fires(
            "compose.build-missing",
            "build: {context: ., dockerfile_inline: 'FROM x'}"
        ));
    }
}
