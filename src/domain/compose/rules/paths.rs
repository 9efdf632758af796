//! Files and folders that the stack takes from the checkout or from the host.

use crate::domain::compose::places::is_remote;
use crate::domain::compose::rules::{Context, Mode};
use crate::domain::compose::stack::Service;
use crate::domain::event::Level;
use crate::domain::finding::{Finding, Rule, Span};
use crate::domain::known::{Entry, folder, join, name};
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

/// Checks every path.
pub fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for kind in ["secrets", "configs"] {
        for entry in context.stack.declared(kind) {
            let Some(file) = entry.value.get("file") else { continue };
            let noun = format!(
                "the file `{{}}` of the {} `{}`",
                kind.trim_end_matches('s'),
                entry.key.text
            );
            findings.extend(missing(context, file, (&SOURCE_MISSING, &noun)));
        }
    }
    for service in &context.stack.services {
        findings.extend(env_files(context, service));
        findings.extend(binds(context, service));
        findings.extend(build(context, service));
    }
    findings
}

/// Whether a path can be looked at here: the host's own paths only on the host.
fn is_here(context: &Context<'_>, path: &str) -> bool {
    !path.starts_with('~')
        && (context.mode == Mode::Deploy
            || !path.starts_with(['/', '\\']) && !path.starts_with(".."))
}

/// A file that is not there. In a checkout a file that git ignores is expected to be missing.
fn missing(
    context: &Context<'_>,
    node: &Node,
    (rule, noun): (&'static Rule, &str),
) -> Option<Finding> {
    let path = node.as_text().filter(|path| is_here(context, path))?;
    if !context.known.is_absent(path) {
        return None;
    }
    let what = format!("{} is not there", noun.replace("{}", shown(node)));
    let finding = Finding::new(rule, node.span.clone(), what);
    Some(if context.mode == Mode::PullRequest && context.known.is_ignored(path) == Some(true) {
        finding
            .with_level(Level::Notice)
            .hint("git ignores it: it has to lie on the host before the deploy")
    } else {
        finding.hint(neighbour(context, path))
    })
}

/// A file of nearly the same name, where the checkout has one.
fn neighbour(context: &Context<'_>, path: &str) -> String {
    let beside = context.known.tracked().into_iter().flatten();
    let beside: Vec<&str> =
        beside.map(String::as_str).filter(|one| folder(one) == folder(path)).collect();
    let near = crate::domain::input::nearest(name(path), beside.iter().map(|one| name(one)));
    near.map(|near| format!("did you mean `{}`?", join(folder(path), near))).unwrap_or_default()
}

fn shown(node: &Node) -> &str {
    node.as_written().or(node.as_text()).unwrap_or_default()
}

fn env_files(context: &Context<'_>, service: &Service<'_>) -> Vec<Finding> {
    let files = service.get("env_file").map(Node::items).unwrap_or_default();
    let found = files.iter().filter_map(|file| {
        let is_required = file.get("required").and_then(Node::as_text) != Some("false");
        let noun = format!("the env_file `{{}}` of `{}`", service.name());
        let path = file.get("path")?;
        env_file(context, path, &noun).filter(|_| is_required)
    });
    let labels = service.get("label_file").map(Node::items).unwrap_or_default();
    let noun = format!("the label_file `{{}}` of `{}`", service.name());
    let labels = labels.iter().filter_map(|path| env_file(context, path, &noun));
    found.chain(labels).collect()
}

/// `noun` names the file with `{}`, as it is written.
fn env_file(context: &Context<'_>, path: &Node, noun: &str) -> Option<Finding> {
    if path.as_text() != Some("") {
        return missing(context, path, (&ENV_FILE_MISSING, noun));
    }
    let noun = match shown(path) {
        "" => noun.replace(" `{}`", ""),
        written => noun.replace("{}", written),
    };
    let what = format!("{noun} names no file");
    Some(Finding::new(&ENV_FILE_MISSING, path.span.clone(), what))
}

fn binds(context: &Context<'_>, service: &Service<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for mount in service.mounts().iter().filter(|mount| mount.kind == "bind") {
        let Some(path) = mount.source.filter(|path| is_here(context, path)) else { continue };
        let shown = mount.written.unwrap_or(path);
        if let Some(finding) = wrong_kind(context, (path, mount.target), mount.span) {
            findings.push(finding);
        }
        if !context.known.is_absent(path) {
            continue;
        }
        let is_file = is_file_name(path) && is_file_name(mount.target);
        let what = if is_file {
            format!(
                "`{}` mounts `{shown}`, which is not there: Docker makes a folder of it",
                service.name()
            )
        } else {
            format!(
                "`{}` mounts `{shown}`, which is not there: Docker makes an empty folder, owned by root",
                service.name()
            )
        };
        let finding = Finding::new(&BIND_MISSING, mount.span.clone(), what);
        let ignored =
            context.mode == Mode::PullRequest && context.known.is_ignored(path) == Some(true);
        findings.push(match (ignored, is_file) {
            (true, _) => finding
                .with_level(Level::Notice)
                .hint("git ignores it: it has to lie on the host before the deploy"),
            (false, true) => finding.hint(neighbour(context, path)),
            (false, false) => finding
                .with_level(Level::Warning)
                .hint("commit the folder (with a `.gitkeep`), or use a volume"),
        });
    }
    findings
}

/// A folder where the container expects a file.
fn wrong_kind(context: &Context<'_>, (path, target): (&str, &str), span: &Span) -> Option<Finding> {
    let is_folder = matches!(context.known.entry(path), Some(Entry::Folder));
    (is_folder && is_file_name(target) && is_file_name(path)).then(|| {
        let what =
            format!("`{path}` is a folder, and `{target}` in the container has to be a file");
        Finding::new(&BIND_MISSING, span.clone(), what).hint(
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

fn build(context: &Context<'_>, service: &Service<'_>) -> Vec<Finding> {
    let Some(build) = service.get("build") else { return Vec::new() };
    let Some(node) = build.get("context").filter(|node| !is_remote(node)) else {
        return Vec::new();
    };
    let Some(path) = node.as_text().filter(|path| is_here(context, path)) else {
        return Vec::new();
    };
    if !path.is_empty() && context.known.is_absent(path) {
        let what =
            format!("the build context `{}` of `{}` is not there", shown(node), service.name());
        return vec![Finding::new(&BUILD_MISSING, node.span.clone(), what)];
    }
    if build.get("dockerfile_inline").is_some() {
        return Vec::new();
    }
    let dockerfile = build.get("dockerfile");
    let file = join(path, dockerfile.and_then(Node::as_text).unwrap_or("Dockerfile"));
    if !is_here(context, &file) || !context.known.is_absent(&file) {
        return Vec::new();
    }
    let span = dockerfile.unwrap_or(node).span.clone();
    let what = format!("the Dockerfile `{file}` of `{}` is not there", service.name());
    vec![Finding::new(&BUILD_MISSING, span, what).hint(neighbour(context, &file))]
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
        ] {
            assert_eq!(level(volume).as_deref(), expected, "{volume}");
        }
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
