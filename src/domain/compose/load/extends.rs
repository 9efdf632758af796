//! `extends`: a service over another one of the same file or of another.

use std::collections::BTreeMap;

use crate::domain::compose::load::{Loader, Project, folder_of};
use crate::domain::compose::rules::files::EXTENDS;
use crate::domain::compose::{canonical, merge, places, schema, typed};
use crate::domain::finding::{Finding, Span};
use crate::domain::input::nearest;
use crate::domain::known::join;
use crate::domain::yaml::{Node, Value};

type Services = BTreeMap<String, Node>;

/// A service: the file that it is in and its name.
type Step = (String, String);

impl Loader<'_> {
    /// Gives every service of a file what it extends.
    pub(super) fn extend_services(&mut self, root: &mut Node, at: (&str, &Project)) {
        let services = services_of(root);
        if !services.values().any(|service| service.get("extends").is_some()) {
            return;
        }
        let Value::Mapping(entries) = &mut root.value else { return };
        let Some(all) = entries.iter_mut().find(|entry| entry.key.text == "services") else {
            return;
        };
        let Value::Mapping(all) = &mut all.value.value else { return };
        for entry in all {
            let mut chain = vec![(at.0.to_owned(), entry.key.text.clone())];
            entry.value = self.extended(entry.value.clone(), (&services, at), &mut chain);
        }
    }

    /// A service with what it extends below it.
    fn extended(
        &mut self,
        mut service: Node,
        (services, (file, project)): (&Services, (&str, &Project)),
        chain: &mut Vec<Step>,
    ) -> Node {
        let Some(extends) = service.get("extends").cloned() else { return service };
        service.remove("extends");
        let name = extends.get("service").and_then(Node::as_text).unwrap_or_default().to_owned();
        let span = extends.get("service").unwrap_or(&extends).span.clone();
        let other = extends.get("file").and_then(Node::as_text);
        let (file, services) = match other {
            None => (file.to_owned(), services.clone()),
            Some(other) => {
                let path = join(&project.folder, other);
                let blame = extends.get("file").map_or(span.clone(), |file| file.span.clone());
                let services = self.services_in(&path, &blame, project);
                (path, services)
            }
        };
        let Some(base) = services.get(&name) else {
            if !services.is_empty() {
                self.missing((&name, &file), span, &services);
            }
            return service;
        };
        let step = (file.clone(), name.clone());
        if chain.contains(&step) {
            let names: Vec<_> =
                chain.iter().chain([&step]).map(|(_, name)| name.as_str()).collect();
            let what = format!("services extend each other in a circle: {}", names.join(" -> "));
            self.findings.push(Finding::new(&EXTENDS, span, what));
            return service;
        }
        if other.is_some() {
            self.findings.extend(schema_of_base(&name, base));
        }
        chain.push(step);
        let inner = Project { folder: folder_of(&file), ..project.clone() };
        let mut base = self.extended(base.clone(), (&services, (&file, &inner)), chain);
        chain.pop();
        merge::settle(&mut base);
        merge::merge(&mut base, service, &mut self.findings);
        base
    }

    /// The services of another file, in long form, with paths relative to the top.
    fn services_in(&mut self, file: &str, blame: &Span, project: &Project) -> Services {
        let mut services = Services::new();
        for mut root in self.roots(file, blame) {
            self.answers.put_in(&mut root, &project.values);
            services.extend(services_of(&root));
        }
        for service in services.values_mut() {
            canonical::service(service);
            places::service(service, &folder_of(file));
        }
        services
    }

    fn missing(&mut self, (name, file): (&str, &str), span: Span, services: &Services) {
        let what = format!("there is no service `{name}` to extend in {file}");
        let near = nearest(name, services.keys().map(String::as_str));
        let hint = near.map(|near| format!("did you mean `{near}`?")).unwrap_or_default();
        self.findings.push(Finding::new(&EXTENDS, span, what).hint(hint));
    }
}

fn schema_of_base(name: &str, base: &Node) -> Vec<Finding> {
    let mut findings = schema::check_service(name, base);
    findings.extend(typed::check(base));
    findings
}

fn services_of(root: &Node) -> Services {
    let services = root.get("services").map(Node::entries).unwrap_or_default();
    services.iter().map(|entry| (entry.key.text.clone(), entry.value.clone())).collect()
}
