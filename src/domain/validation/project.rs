//! A repository with its stack, its env files and what git has of it: everything that is decided of text together.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use crate::domain::compose::discover::{self, Place};
use crate::domain::compose::load::{Loaded, Project, load};
use crate::domain::compose::rules::externals::{self, External};
use crate::domain::compose::rules::files::{FILE_MISSING, UNREADABLE};
use crate::domain::compose::rules::{self, Context, Mode};
use crate::domain::compose::stack::Stack;
use crate::domain::compose::variables::{Asked, State};
use crate::domain::env_file::read as env;
use crate::domain::env_file::rules as env_rules;
use crate::domain::finding::{Finding, Span};
use crate::domain::git_files::{self, Holds, Private, is_env, is_example};
use crate::domain::interpolate::Need;
use crate::domain::known::{Entry, IfIgnored, Known};
use crate::domain::odoo::module::Installable;
use crate::domain::validation::env_pair::{EnvPair, Wanted, example_names};
use crate::domain::validation::{REQUIRED, addons};
use crate::domain::yaml::{Node, Value};

/// What is to be checked.
#[derive(Clone, Debug)]
pub struct Request {
    /// The compose files as the user names them; none for those that Compose finds by itself.
    pub compose_files: Vec<String>,
    /// The env file; none for `.env` in the folder of the first compose file.
    pub env_file: Option<String>,
    /// Its example; none for the usual names.
    pub env_example: Option<String>,
    /// The profiles that are on; none for those of the env file.
    pub profiles: Vec<String>,
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
    /// What could not be checked, as sentences.
    pub left_out: Vec<String>,
    /// What is found where git ignores a path, and where it does not.
    pub open: Vec<IfIgnored>,
    /// External networks and volumes of the stack.
    pub externals: Vec<External>,
    /// The Odoo modules: folder, version, whether it can be installed.
    pub modules: Vec<(String, String, Installable)>,
}

/// Checks it.
pub fn check(request: &Request, known: &Known) -> Checked {
    let mut checked = Checked::default();
    for path in &request.required {
        if known.is_absent(path) {
            let what = format!("`{path}` is not there, and `required-files` asks for it");
            checked.findings.push(Finding::new(&REQUIRED, Span::file(path), what));
        }
    }
    let wanted = Wanted {
        file: request.env_file.as_ref(),
        example: request.env_example.as_ref(),
        mode: request.mode,
        environment: &request.environment,
    };
    let top = EnvPair::of(wanted, known, "");
    let is_there = |path: &str| !known.is_absent(path);
    let Place { files, folder } =
        discover::place(&request.compose_files, &top.own_values(request.mode), &is_there);
    let own = if folder.is_empty() { top } else { EnvPair::of(wanted, known, &folder) };
    checked.findings.extend(own.finding.clone());
    let project = Project { folder, files, values: own.values.clone() };
    let mut loaded = load(&project, known);
    let profiles = discover::profiles(&request.profiles, &own.own_values(request.mode));
    keep_profiles(&mut loaded.model, &profiles);
    if project.files.is_empty() {
        no_stack(request, &mut checked);
    } else {
        stack(request, known, (&own, &loaded), &mut checked);
    }
    env_files(request, known, (&own, &loaded), &mut checked);
    let odoo = addons::Facts { images: images(&loaded), ..request.odoo.clone() };
    let mut modules = addons::check(&request.files, known, &odoo);
    checked.findings.append(&mut modules.findings);
    checked.modules = modules.modules;
    checked.private.extend(private(&own, &loaded));
    let (in_git, open) = git_files::check(known, &checked.private);
    checked.findings.extend(in_git);
    checked.open.extend(open);
    checked
}

/// Leaves out the services that none of the profiles starts. Where no profile is on, all are looked at: somebody may
/// start them by hand.
fn keep_profiles(model: &mut Node, profiles: &[String]) {
    if profiles.is_empty() || profiles.iter().any(|profile| profile == "*") {
        return;
    }
    let Value::Mapping(entries) = &mut model.value else { return };
    let services = entries.iter_mut().find(|entry| entry.key.text == "services");
    if let Some(Value::Mapping(services)) = services.map(|entry| &mut entry.value.value) {
        services.retain(|service| {
            let own = service.value.get("profiles").map(Node::items).unwrap_or_default();
            let is_on = |own: &Node| {
                own.as_text().is_none_or(|own| profiles.iter().any(|profile| profile == own))
            };
            own.is_empty() || own.iter().any(is_on)
        });
    }
}

/// There is no compose file: on the host that stops the deploy, in a checkout it is said.
fn no_stack(request: &Request, checked: &mut Checked) {
    let names = discover::NAMES;
    match request.mode {
        Mode::Deploy => {
            let what = format!("there is no compose file: none of {}", names.join(", "));
            let finding = Finding::new(&FILE_MISSING, Span::file(names[0]), what);
            checked.findings.push(finding.hint("name it with the input `compose-files`"));
        }
        Mode::PullRequest => checked
            .left_out
            .push(format!("a stack: there is no compose file, none of {}", names.join(", "))),
    }
}

/// The stack by itself.
fn stack(
    request: &Request,
    known: &Known,
    (own, loaded): (&EnvPair, &Loaded),
    checked: &mut Checked,
) {
    let (file, source) = own.source(request.mode);
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
        checked.findings.extend(no_example(own, known, &loaded.asked));
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
fn no_example(own: &EnvPair, known: &Known, asked: &[Asked]) -> Option<Finding> {
    let example = format!("{}.example", own.path);
    if !known.is_absent(&example) {
        return None;
    }
    let names: BTreeSet<&str> = asked
        .iter()
        .filter(|one| one.need != Need::Optional && one.state != State::Filled)
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
    let mut paths: BTreeSet<String> = BTreeSet::from([own.path.clone()]);
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
        checked.findings.extend(on_the_host(known, (own, loaded)));
    }
}

/// On the host the env file has to be there and filled, and so have those of services with an example.
fn on_the_host(known: &Known, (own, loaded): (&EnvPair, &Loaded)) -> Vec<Finding> {
    let mut findings = Vec::new();
    match &own.file {
        Some(file) => findings.extend(env_rules::filled(file, own.example.as_ref())),
        None if known.is_absent(&own.path) => {
            let needed = loaded
                .asked
                .iter()
                .any(|one| one.need != Need::Optional && one.state == State::Unset);
            if needed || own.example.is_some() {
                let what = format!("`{}` is not there", own.path);
                let hint = "write it from the example before the deploy, with mode 0600";
                findings.push(
                    Finding::new(&env_rules::MISSING, Span::file(&own.path), what).hint(hint),
                );
            }
        }
        None => {}
    }
    let files = service_files(loaded).into_iter().map(|named| named.path);
    let files: BTreeSet<String> = files.filter(|path| *path != own.path).collect();
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
    files.filter_map(|path| named(path, Holds::Variables)).collect()
}

/// A path as a compose file names it.
fn named(node: &Node, holds: Holds) -> Option<Private> {
    let (path, shown) = (node.as_text()?.to_owned(), node.shown().to_owned());
    Some(Private { holds, path, shown, span: node.span.clone() })
}

/// What should stay out of git: env files, and the files of secrets.
fn private(own: &EnvPair, loaded: &Loaded) -> Vec<Private> {
    let mut private = Vec::new();
    let is_used = own.file.is_some() || own.example.is_some() || !loaded.asked.is_empty();
    if is_used {
        let path = own.path.clone();
        let is_needed = own.file.is_some() || own.example.is_some();
        let has_defaults = loaded.asked.iter().all(|one| one.need == Need::Optional);
        let holds = if has_defaults && !is_needed { Holds::Defaults } else { Holds::Variables };
        private.push(Private { holds, span: Span::file(&path), shown: path.clone(), path });
    }
    private.extend(service_files(loaded).into_iter().filter(|named| is_env(&named.path)));
    let secrets = Stack::of(&loaded.model);
    for entry in secrets.declared("secrets") {
        private.extend(entry.value.get("file").and_then(|file| named(file, Holds::Secret)));
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
            env_file: None,
            env_example: None,
            profiles: Vec::new(),
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
    fn services_of_other_profiles_are_left_out() {
        let text = "services:\n  a: {image: x}\n  b: {image: x, profiles: [on]}\n  c: {image: x, profiles: [off]}\n";
        let lines = |profiles: &[&str], env: &str| -> Vec<String> {
            let profiles = profiles.iter().map(|one| (*one).to_owned()).collect();
            let request = Request { profiles, ..request(Mode::PullRequest) };
            let told = told(&request, &[("compose.yaml", text), (".env.example", env)], &[".env"]);
            told.into_iter().map(|one| one.rsplit(':').next().unwrap().to_owned()).collect()
        };
        assert_eq!(lines(&[], "A=1\n"), ["2", "3", "4"]);
        assert_eq!(lines(&["*"], "A=1\n"), ["2", "3", "4"]);
        assert_eq!(lines(&["on"], "A=1\n"), ["2", "3"]);
        assert_eq!(lines(&[], "COMPOSE_PROFILES=off\n"), ["2", "4"]);
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
        let deploy = ("deploy/.env.example", "TAG=1\n");
        let tagged = ("deploy/a.yml", "services: {a: {image: 'x:$TAG'}}\n");
        let in_folder = Request { compose_files: vec!["deploy/a.yml".to_owned()], ..one.clone() };
        assert_eq!(told(&in_folder, &[deploy, tagged], &["deploy/.env"]), [""; 0]);
        let other = ("deploy/a.yml", "services: {a: {image: 'x:$OTHER'}}\n");
        assert_eq!(places(&in_folder, &[deploy, other]), ["deploy/.env:0", "deploy/a.yml:1"]);
        let named = Request {
            compose_files: vec!["./gone.yml".to_owned()],
            required: vec!["VERSION".to_owned()],
            ..one
        };
        assert_eq!(places(&named, &[]), ["gone.yml:0", "VERSION:0"]);
    }
}
