//! A repository with its stack, its env files and what git has of it: everything that is decided of text together.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use crate::domain::compose::load::{Loaded, Project, load};
use crate::domain::compose::rules::externals::{self, External};
use crate::domain::compose::rules::files::UNREADABLE;
use crate::domain::compose::rules::{self, Context, Mode};
use crate::domain::compose::stack::Stack;
use crate::domain::compose::variables::{Asked, Open, State, Values};
use crate::domain::env_file::read::{self as env, EnvFile};
use crate::domain::env_file::rules as env_rules;
use crate::domain::finding::{Finding, Span};
use crate::domain::git_files::{self, EXAMPLES, Private, is_env, is_example};
use crate::domain::interpolate::Need;
use crate::domain::known::{Entry, IfIgnored, Known, folder, join};
use crate::domain::odoo::module::Installable;
use crate::domain::validation::{REQUIRED, addons};
use crate::domain::yaml::Node;

/// What is to be checked.
#[derive(Clone, Debug)]
pub struct Request {
    /// The compose files as the user names them; none for those that Compose finds by itself.
    pub compose_files: Vec<String>,
    /// The env file.
    pub env_file: String,
    /// Its example; none for the usual names.
    pub env_example: Option<String>,
    /// Files that have to be there.
    pub required: Vec<String>,
    /// Where it runs.
    pub mode: Mode,
    /// The environment in which Compose would run; stronger than the env file.
    pub environment: BTreeMap<String, String>,
    /// Every file that git has or would take; without a repository every file.
    pub files: BTreeSet<String>,
    /// What is known of Odoo; the images are those of the stack.
    pub odoo: addons::Facts,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Checked {
    /// Everything that is wrong.
    pub findings: Vec<Finding>,
    /// What was looked at, for people.
    pub scope: Vec<String>,
    /// Files that others should not read.
    pub private: Vec<Private>,
    /// What is found where git ignores a path, and where it does not.
    pub open: Vec<IfIgnored>,
    /// External networks and volumes of the stack.
    pub externals: Vec<External>,
    /// The Odoo modules: folder, version, whether it can be installed.
    pub modules: Vec<(String, String, Installable)>,
}

/// What Compose looks for, in its order, and the override file that belongs to it.
const DEFAULTS: [(&str, &str); 4] = [
    ("compose.yaml", "compose.override.yaml"),
    ("compose.yml", "compose.override.yml"),
    ("docker-compose.yml", "docker-compose.override.yml"),
    ("docker-compose.yaml", "docker-compose.override.yaml"),
];

/// Checks it.
pub fn check(request: &Request, known: &Known) -> Checked {
    let mut checked = Checked::default();
    for path in &request.required {
        if known.is_absent(path) {
            let what = format!("`{path}` is not there, and `required-files` asks for it");
            checked.findings.push(Finding::new(&REQUIRED, Span::file(path), what));
        }
    }
    let own = EnvPair::of(request, known);
    checked.findings.extend(own.finding.clone());
    let files = compose_files(request, known, &own);
    let project = Project {
        folder: files.first().map(|file| folder(file).to_owned()).unwrap_or_default(),
        files,
        values: own.values.clone(),
    };
    let loaded = load(&project, known);
    if !project.files.is_empty() {
        stack(request, known, (&own, &loaded), &mut checked);
    }
    env_files(request, known, (&own, &loaded), &mut checked);
    let odoo = addons::Facts { images: images(&loaded), ..request.odoo.clone() };
    let mut modules = addons::check(&request.files, known, &odoo);
    checked.findings.append(&mut modules.findings);
    checked.modules = modules.modules;
    checked.private.extend(private(request, &own, &loaded));
    let (in_git, open) = git_files::check(known, &checked.private);
    checked.findings.extend(in_git);
    checked.open.extend(open);
    checked
}

/// The env file and its example, where they are, and what variables are worth by them.
struct EnvPair {
    file: Option<EnvFile>,
    example: Option<EnvFile>,
    values: Values,
    /// That not all values could be read.
    finding: Option<Finding>,
}

impl EnvPair {
    fn of(request: &Request, known: &Known) -> Self {
        let read = |path: &str| known.text(path).map(|text| env::read(path, &text));
        let examples = request
            .env_example
            .clone()
            .map_or_else(|| example_names(&request.env_file), |one| vec![one]);
        let example = examples.iter().find_map(|path| read(path));
        let (values, finding) = (Values::default(), None);
        let mut own = Self { file: read(&request.env_file), example, values, finding };
        (own.values, own.finding) = own.worth(request);
        own
    }

    /// What variables are worth: those of the env file or its example, and stronger those of the environment. In a
    /// checkout what an example leaves empty gets its value on the host; without an example so does everything.
    fn worth(&self, request: &Request) -> (Values, Option<Finding>) {
        let open = match (request.mode, self.example.as_ref().or(self.file.as_ref())) {
            (Mode::Deploy, _) => Open::Nothing,
            (Mode::PullRequest, None) => Open::Everything,
            (Mode::PullRequest, Some(example)) => {
                Open::Named(example.assignments.iter().map(|one| one.key.clone()).collect())
            }
        };
        let mut values = Values { known: request.environment.clone(), open };
        let (Some(file), _) = self.source(request) else { return (values, None) };
        let (own, finding) = file.values(&|name| values.worth(name));
        for (key, value) in own {
            values.known.entry(key).or_insert(value);
        }
        (values, finding)
    }

    /// The file that variables are taken from, and its name for messages.
    fn source(&self, request: &Request) -> (Option<&EnvFile>, String) {
        let first = match request.mode {
            Mode::Deploy => self.file.as_ref(),
            Mode::PullRequest => self.example.as_ref().or(self.file.as_ref()),
        };
        let name = first.map_or_else(|| request.env_file.clone(), |file| file.path.clone());
        (first, name)
    }
}

fn example_names(file: &str) -> Vec<String> {
    EXAMPLES.iter().map(|ending| format!("{file}{ending}")).collect()
}

/// The files that Compose would read: those of the input, of `COMPOSE_FILE`, or the ones it finds.
fn compose_files(request: &Request, known: &Known, own: &EnvPair) -> Vec<String> {
    if !request.compose_files.is_empty() {
        return request.compose_files.iter().map(|path| join("", path)).collect();
    }
    let values = &own.values.known;
    if let Some(listed) = values.get("COMPOSE_FILE").filter(|listed| !listed.is_empty()) {
        let separator = values.get("COMPOSE_PATH_SEPARATOR").map_or(":", String::as_str);
        return listed.split(separator).map(|path| join("", path)).collect();
    }
    let is_there = |path: &str| !known.is_absent(path);
    let Some((main, over)) = DEFAULTS.into_iter().find(|(main, _)| is_there(main)) else {
        return Vec::new();
    };
    let mut files = vec![main.to_owned()];
    files.extend(is_there(over).then(|| over.to_owned()));
    files
}

/// The stack by itself.
fn stack(
    request: &Request,
    known: &Known,
    (own, loaded): (&EnvPair, &Loaded),
    checked: &mut Checked,
) {
    let (file, source) = own.source(request);
    let context = Context {
        stack: Stack::of(&loaded.model),
        asked: &loaded.asked,
        source: &source,
        known,
        mode: request.mode,
        is_whole: loaded.is_whole,
        asked_near: Cell::new(0),
    };
    checked.findings.extend(loaded.findings.iter().cloned());
    let (findings, open) = rules::check(&context);
    checked.findings.extend(findings);
    checked.open.extend(open);
    if file.is_none() && request.mode == Mode::PullRequest {
        checked.findings.extend(no_example(request, known, &loaded.asked));
    }
    let count = |number: usize, noun: &str| {
        format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
    };
    checked.scope.push(count(loaded.files.len(), "compose file"));
    checked.scope.push(count(context.stack.services.len(), "service"));
    checked.externals = externals::of(&context.stack);
}

/// The images of the stack, where they stand.
fn images(loaded: &Loaded) -> Vec<(String, Span)> {
    let stack = Stack::of(&loaded.model);
    let all = stack.services.iter().filter_map(|service| {
        Some((service.image()?.to_owned(), service.get("image")?.span.clone()))
    });
    all.collect()
}

/// Compose files ask for variables, and nothing in the repository says which there are.
fn no_example(request: &Request, known: &Known, asked: &[Asked]) -> Option<Finding> {
    let example = format!("{}.example", request.env_file);
    if !known.is_absent(&example) {
        return None;
    }
    let names: BTreeSet<&str> = asked
        .iter()
        .filter(|one| one.need != Need::Optional)
        .map(|one| one.name.as_str())
        .collect();
    let first = asked.iter().find(|one| names.contains(one.name.as_str()))?;
    let shown: Vec<&str> = names.iter().copied().take(10).collect();
    let what = format!(
        "the compose files need {} variables, and no `{example}` says which: {}",
        names.len(),
        shown.join(", ")
    );
    Some(
        Finding::new(&env_rules::EXAMPLE_MISSING, first.span.clone(), what)
            .hint("commit an example with the keys and without the secrets"),
    )
}

/// Every env file that is there: the own one, those of services, and the examples in the repository.
fn env_files(
    request: &Request,
    known: &Known,
    (own, loaded): (&EnvPair, &Loaded),
    checked: &mut Checked,
) {
    let mut paths: BTreeSet<String> = BTreeSet::from([request.env_file.clone()]);
    paths.extend(request.env_example.clone());
    paths.extend(service_files(loaded).into_iter().map(|named| named.path));
    let tracked = known.tracked().into_iter().flatten();
    paths.extend(
        tracked.filter(|path| is_env(path) || (is_example(path) && path.contains(".env"))).cloned(),
    );
    let mut count = 0;
    for path in &paths {
        match known.entry(path) {
            Entry::Text(text) => {
                count += 1;
                checked.findings.extend(env_rules::form(&env::read(path, &text), &text));
            }
            Entry::Unreadable(why) => {
                let what = format!("`{path}` cannot be read: {why}");
                checked.findings.push(Finding::new(&UNREADABLE, Span::file(path), what));
            }
            _ => {}
        }
    }
    if count > 0 {
        checked.scope.push(format!("{count} env file{}", if count == 1 { "" } else { "s" }));
    }
    if request.mode == Mode::Deploy {
        checked.findings.extend(on_the_host(request, known, (own, loaded)));
    }
}

/// On the host the env file has to be there and filled, and so have those of services with an example.
fn on_the_host(
    request: &Request,
    known: &Known,
    (own, loaded): (&EnvPair, &Loaded),
) -> Vec<Finding> {
    let mut findings = Vec::new();
    match &own.file {
        Some(file) => findings.extend(env_rules::filled(file, own.example.as_ref())),
        None if known.is_absent(&request.env_file) => {
            let needed = loaded
                .asked
                .iter()
                .any(|one| one.need != Need::Optional && one.state == State::Unset);
            if needed || own.example.is_some() {
                let what = format!("`{}` is not there", request.env_file);
                let hint = "write it from the example before the deploy, with mode 0600";
                findings.push(
                    Finding::new(&env_rules::MISSING, Span::file(&request.env_file), what)
                        .hint(hint),
                );
            }
        }
        None => {}
    }
    let files = service_files(loaded).into_iter().map(|named| named.path);
    let files: BTreeSet<String> = files.filter(|path| *path != request.env_file).collect();
    for path in &files {
        let Some(text) = known.text(path) else { continue };
        let example = example_names(path)
            .into_iter()
            .find_map(|name| known.text(&name).map(|text| env::read(&name, &text)));
        findings.extend(env_rules::filled(&env::read(path, &text), example.as_ref()));
    }
    findings
}

/// The env files that services name.
fn service_files(loaded: &Loaded) -> Vec<Private> {
    let stack = Stack::of(&loaded.model);
    let files =
        stack.services.iter().filter_map(|service| service.get("env_file")).flat_map(Node::items);
    let files = files.filter_map(|file| file.get("path"));
    files.filter_map(named).collect()
}

/// A path as a compose file names it.
fn named(node: &Node) -> Option<Private> {
    let (path, shown) = (node.as_text()?.to_owned(), node.shown().to_owned());
    Some(Private { path, shown, span: node.span.clone() })
}

/// What should stay out of git: env files, and the files of secrets.
fn private(request: &Request, own: &EnvPair, loaded: &Loaded) -> Vec<Private> {
    let mut private = Vec::new();
    let is_used = own.file.is_some() || own.example.is_some() || !loaded.asked.is_empty();
    if is_used {
        let path = request.env_file.clone();
        private.push(Private { span: Span::file(&path), shown: path.clone(), path });
    }
    private.extend(service_files(loaded).into_iter().filter(|named| is_env(&named.path)));
    let secrets = Stack::of(&loaded.model);
    for entry in secrets.declared("secrets") {
        private.extend(entry.value.get("file").and_then(named));
    }
    // A path that many services name is one.
    let mut seen = BTreeSet::new();
    private.retain(|one| seen.insert((one.path.clone(), one.span.clone())));
    private
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Level;
    use crate::domain::known::checkout;

    fn word(level: Level) -> String {
        format!("{level:?}").to_lowercase()
    }

    fn request(mode: Mode) -> Request {
        Request {
            compose_files: Vec::new(),
            env_file: ".env".to_owned(),
            env_example: None,
            required: Vec::new(),
            mode,
            environment: BTreeMap::new(),
            files: BTreeSet::new(),
            odoo: addons::Facts::default(),
        }
    }

    /// What is found above a notice, as `level id place`.
    fn told(request: &Request, files: &[(&str, &str)], ignored: &[&str]) -> Vec<String> {
        let paths = files.iter().map(|(path, _)| (*path).to_owned());
        let tracked = paths.filter(|path| !ignored.contains(&path.as_str())).collect();
        let known = checkout(files, Some(tracked));
        let Checked { mut findings, open, .. } = check(request, &known);
        let ignored = ignored.iter().map(|path| (*path).to_owned()).collect();
        findings.extend(open.into_iter().filter_map(|one| one.settle(&ignored)));
        let above = findings.iter().filter(|one| word(one.level) != "notice");
        let one = |one: &Finding| {
            format!("{} {} {}:{}", word(one.level), one.rule.id, one.span.file, one.span.start.line)
        };
        let mut told: Vec<_> = above.map(one).collect();
        told.sort();
        told
    }

    const STACK: &str = "services:\n  a:\n    image: a:${TAG:?}\n    hostname: $HOST\n";

    #[test]
    fn in_a_pull_request_the_example_feeds_the_stack() {
        let request = request(Mode::PullRequest);
        for (example, expected) in [
            ("TAG=1\nHOST=\n", &[][..]),
            ("TAG=\nHOST=h\n", &[]),
            ("HOST=h\n", &["error compose.required-variable compose.yaml:3"]),
            ("TAG=1\n", &["warning compose.unset-variable compose.yaml:4"]),
        ] {
            assert_eq!(
                told(&request, &[("compose.yaml", STACK), (".env.example", example)], &[".env"]),
                expected,
                "{example}"
            );
        }
        assert_eq!(
            told(&request, &[("compose.yaml", STACK)], &[".env"]),
            ["warning env.example-missing compose.yaml:3"]
        );
        assert_eq!(
            told(&request, &[("compose.yaml", STACK), (".env.sample", "TAG=1\nHOST=\n")], &[]),
            ["error git.ignore-missing .env:0"]
        );
    }

    #[test]
    fn on_the_host_the_env_file_feeds_it() {
        let request = request(Mode::Deploy);
        let files = |env: &'static str| {
            vec![("compose.yaml", STACK), (".env.example", "TAG=1\nHOST=\n"), (".env", env)]
        };
        assert_eq!(told(&request, &files("TAG=2\nHOST=x\n"), &[".env"]), [""; 0]);
        assert_eq!(
            told(&request, &files("TAG=\n"), &[".env"]),
            [
                "error compose.image-invalid compose.yaml:3",
                "error compose.required-variable compose.yaml:3",
                "error env.empty-value .env:1",
                "error env.key-missing .env:0",
                "warning compose.unset-variable compose.yaml:4"
            ]
        );
        assert!(
            told(&request, &files("TAG=2\n")[..2], &[".env"])
                .contains(&"error env.missing .env:0".to_owned())
        );
        let mut with_shell = request.clone();
        with_shell.environment = BTreeMap::from([("TAG".to_owned(), "3".to_owned())]);
        assert!(
            !told(&with_shell, &files("HOST=x\n"), &[".env"])
                .iter()
                .any(|one| one.contains("variable"))
        );
    }

    #[test]
    fn files_are_found_as_compose_finds_them() {
        let web = "services: {a: {image: 'x'}}\n";
        let one = request(Mode::PullRequest);
        let places = |request: &Request, files: &[(&str, &str)]| -> Vec<String> {
            told(request, files, &[".env"])
                .into_iter()
                .map(|one| one.rsplit(' ').next().unwrap().to_owned())
                .collect()
        };
        assert_eq!(
            places(&one, &[("docker-compose.yml", web), ("compose.yml", web)]),
            ["compose.yml:1"]
        );
        let over = ("docker-compose.override.yml", "services: {b: {image: y}}\n");
        assert_eq!(
            places(&one, &[("docker-compose.yml", web), over]),
            ["docker-compose.override.yml:1", "docker-compose.yml:1"]
        );
        let env = (".env.example", "COMPOSE_FILE=x/a.yml:x/b.yml\n");
        assert_eq!(
            places(&one, &[env, ("x/a.yml", web), ("x/b.yml", over.1)]),
            ["x/a.yml:1", "x/b.yml:1"]
        );
        let named = Request {
            compose_files: vec!["./gone.yml".to_owned()],
            required: vec!["VERSION".to_owned()],
            ..one
        };
        assert_eq!(places(&named, &[]), ["gone.yml:0", "VERSION:0"]);
    }
}
