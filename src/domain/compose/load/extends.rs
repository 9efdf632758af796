//! `extends`: a service over another one of the same file or of another. Each file is read and each service resolved
//! once, however many others extend it.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::domain::compose::load::{Loader, Project, folder_of};
use crate::domain::compose::rules::files::EXTENDS;
use crate::domain::compose::variables::Values;
use crate::domain::compose::{canonical, merge, places, schema, typed};
use crate::domain::finding::Finding;
use crate::domain::input::nearest;
use crate::domain::known::join;
use crate::domain::yaml::{Node, Value};

/// Longest chain of services that extend each other.
const DEPTH: usize = 100;

type Services = BTreeMap<String, Node>;

/// A service: the file that it is in and its name.
type Step = (String, String);

impl Loader<'_> {
    /// Gives every service of a file what it extends.
    pub(super) fn extend_services(&mut self, root: &mut Node, (file, project): (&str, &Project)) {
        let services = services_of(root);
        if !services.values().any(|service| service.get("extends").is_some()) {
            return;
        }
        let Value::Mapping(entries) = &mut root.value else { return };
        let Some(all) = entries.iter_mut().find(|entry| entry.key.text == "services") else {
            return;
        };
        let Value::Mapping(all) = &mut all.value.value else { return };
        let files = BTreeMap::from([(file.to_owned(), Rc::new(services))]);
        let mut extending = Extending {
            loader: self,
            values: &project.values,
            own: (file, &project.folder),
            files,
            done: BTreeMap::new(),
            chain: Vec::new(),
        };
        for entry in all {
            let step = (file.to_owned(), entry.key.text.clone());
            if let Some(service) = extending.resolved(&step) {
                entry.value = Rc::unwrap_or_clone(service);
            }
        }
    }
}

/// The services of a file being given what they extend.
struct Extending<'l, 'k> {
    loader: &'l mut Loader<'k>,
    values: &'l Values,
    /// The file itself, and the folder that its paths are relative to.
    own: (&'l str, &'l str),
    files: BTreeMap<String, Rc<Services>>,
    done: BTreeMap<Step, Rc<Node>>,
    chain: Vec<Step>,
}

impl Extending<'_, '_> {
    /// A service with what it extends below it; none if it is not there.
    fn resolved(&mut self, step: &Step) -> Option<Rc<Node>> {
        if let Some(done) = self.done.get(step) {
            return Some(Rc::clone(done));
        }
        let services = Rc::clone(self.files.get(&step.0)?);
        let service = services.get(&step.1)?;
        let Some(extends) = service.get("extends") else {
            let plain = Rc::new(service.clone());
            self.done.insert(step.clone(), Rc::clone(&plain));
            return Some(plain);
        };
        self.chain.push(step.clone());
        let base = self.base(extends, step);
        self.chain.pop();
        let mut own = service.clone();
        // Where it could not be read, the key stays: the service is known to be partial.
        let whole = match base {
            None => own,
            Some(mut base) => {
                own.remove("extends");
                merge::settle(&mut base);
                merge::merge(&mut base, own, &mut self.loader.findings);
                base
            }
        };
        let whole = Rc::new(whole);
        self.done.insert(step.clone(), Rc::clone(&whole));
        Some(whole)
    }

    /// What a service extends, as a copy of its own.
    fn base(&mut self, extends: &Node, (own, _): &Step) -> Option<Node> {
        let service = extends.get("service").unwrap_or(extends);
        let span = service.span.clone();
        let name = service.as_text()?.to_owned();
        let file = match extends.get("file") {
            None => own.clone(),
            Some(other) => {
                let folder = if own == self.own.0 { self.own.1.to_owned() } else { folder_of(own) };
                let path = join(&folder, other.as_text()?);
                self.read(&path, other);
                path
            }
        };
        let step = (file, name);
        if self.chain.contains(&step) {
            let names = self.chain.iter().chain([&step]).map(|(_, name)| name.as_str());
            let names: Vec<_> = names.collect();
            let what = format!("services extend each other in a circle: {}", names.join(" -> "));
            self.loader.findings.push(Finding::new(&EXTENDS, span, what));
            return None;
        }
        if self.chain.len() > DEPTH {
            let what = format!("more than {DEPTH} services extend each other in a row");
            self.loader.findings.push(Finding::new(&EXTENDS, span, what));
            return None;
        }
        let services = Rc::clone(self.files.get(&step.0)?);
        let Some(found) = services.get(&step.1) else {
            if !services.is_empty() {
                self.missing(service, extends.get("file"), &services);
            }
            return None;
        };
        if step.0 != self.own.0 && !self.done.contains_key(&step) {
            self.loader.findings.extend(schema::check_service(&step.1, found));
            self.loader.findings.extend(typed::check(found));
        }
        let base = self.resolved(&step)?;
        let is_small = self.loader.spend(base.weight(), &span);
        is_small.then(|| Rc::unwrap_or_clone(base))
    }

    /// Reads the services of another file: long form, paths relative to the top.
    fn read(&mut self, file: &str, named: &Node) {
        if self.files.contains_key(file) {
            return;
        }
        let mut services = Services::new();
        for mut root in self.loader.roots(file, (named.shown(), &named.span)) {
            self.loader.answers.put_in(&mut root, self.values);
            services.extend(services_of(&root));
        }
        for service in services.values_mut() {
            canonical::service(service);
            places::service(service, &folder_of(file));
        }
        self.files.insert(file.to_owned(), Rc::new(services));
    }

    fn missing(&mut self, service: &Node, file: Option<&Node>, services: &Services) {
        let file = file.map_or(self.own.0, Node::shown);
        let what = format!("there is no service `{}` to extend in {file}", service.shown());
        let name = service.as_text().unwrap_or_default();
        let near = nearest(name, services.keys().map(String::as_str));
        let hint = near.map(|near| format!("did you mean `{near}`?")).unwrap_or_default();
        self.loader.findings.push(Finding::new(&EXTENDS, service.span.clone(), what).hint(hint));
    }
}

fn services_of(root: &Node) -> Services {
    let services = root.get("services").map(Node::entries).unwrap_or_default();
    services.iter().map(|entry| (entry.key.text.clone(), entry.value.clone())).collect()
}
