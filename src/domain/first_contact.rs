//! The first deploy of a project onto a host on which something runs already: is it meant beside that, or is it that,
//! under another name?

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::domain::compose::host_port::HostPort;
use crate::domain::compose::project::{NamedBy, ProjectName};

/// A container of the host, whoever made it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Neighbour {
    /// Its name.
    pub name: String,
    /// Its Compose project; `None` where Compose did not make it.
    pub project: Option<String>,
    /// Its Compose service; `None` also for a container of `compose run`.
    pub service: Option<String>,
    /// The compose files that it was made from, as Compose recorded them.
    pub files: Vec<Utf8PathBuf>,
    /// Whether it runs (paused is running).
    pub is_up: bool,
    /// The ports of the host that it publishes now.
    pub ports: Vec<HostPort>,
}

/// A project that is deployed here for the first time.
#[derive(Clone, Copy, Debug)]
pub struct Newcomer<'a> {
    /// Its name.
    pub project: &'a ProjectName,
    /// Who gave it the name.
    pub named_by: NamedBy,
    /// Its compose files.
    pub files: &'a [Utf8PathBuf],
    /// Its services that will run, sorted.
    pub services: &'a [String],
    /// The ports of the host that it publishes.
    pub ports: &'a [HostPort],
}

/// Why a project is not deployed beside what runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clash {
    /// A running container publishes a port that the project publishes.
    Port {
        /// The port, as the project publishes it.
        port: HostPort,
        /// Name of the container.
        container: String,
        /// The Compose project of the container.
        project: Option<String>,
        /// The project, if it may be this one under another name: it is none of ours, and has a service of the same
        /// name.
        may_be: Option<ProjectName>,
    },
    /// A project of another name looks the same: the same services, made from files of the same names.
    Twin {
        /// That project.
        project: ProjectName,
    },
}

/// Holds a newcomer against the containers of the host. `ours` are the projects that are deployed by us already: they
/// are other stacks, never this one.
pub fn clash(
    newcomer: &Newcomer<'_>,
    neighbours: &[Neighbour],
    ours: &BTreeSet<String>,
) -> Option<Clash> {
    taken_port(newcomer, neighbours, ours).or_else(|| twin(newcomer, neighbours, ours))
}

/// Names of the other Compose projects that run, for the question which of them are ours.
pub fn other_projects(project: &ProjectName, neighbours: &[Neighbour]) -> BTreeSet<String> {
    let running = neighbours.iter().filter(|neighbour| neighbour.is_up);
    let names = running.filter_map(|neighbour| neighbour.project.clone());
    names.filter(|name| name != project.as_str()).collect()
}

fn taken_port(
    newcomer: &Newcomer<'_>,
    neighbours: &[Neighbour],
    ours: &BTreeSet<String>,
) -> Option<Clash> {
    let is_other =
        |neighbour: &&Neighbour| neighbour.project.as_deref() != Some(newcomer.project.as_str());
    for neighbour in neighbours.iter().filter(|neighbour| neighbour.is_up).filter(is_other) {
        let taken = |port: &&HostPort| neighbour.ports.iter().any(|other| port.overlaps(other));
        let Some(port) = newcomer.ports.iter().find(taken) else { continue };
        let may_be = neighbour.project.as_deref().filter(|name| {
            let services = services(name, neighbours);
            !ours.contains(*name) && newcomer.services.iter().any(|s| services.contains(s.as_str()))
        });
        return Some(Clash::Port {
            port: port.clone(),
            container: neighbour.name.clone(),
            project: neighbour.project.clone(),
            may_be: may_be.and_then(|name| ProjectName::new(name).ok()),
        });
    }
    None
}

fn twin(
    newcomer: &Newcomer<'_>,
    neighbours: &[Neighbour],
    ours: &BTreeSet<String>,
) -> Option<Clash> {
    if newcomer.named_by != NamedBy::Repository {
        return None;
    }
    let files = file_names(newcomer.files);
    let same = |name: &&String| {
        let made = |neighbour: &&Neighbour| neighbour.project.as_ref() == Some(*name);
        let same_files = neighbours.iter().filter(made).any(|n| file_names(&n.files) == files);
        let wanted: BTreeSet<&str> = newcomer.services.iter().map(String::as_str).collect();
        !ours.contains(*name) && same_files && services(name, neighbours) == wanted
    };
    let others = other_projects(newcomer.project, neighbours);
    let project = others.iter().filter(same).find_map(|name| ProjectName::new(name).ok())?;
    Some(Clash::Twin { project })
}

/// The services of a project, also those that have ended.
fn services<'a>(project: &str, neighbours: &'a [Neighbour]) -> BTreeSet<&'a str> {
    let made = neighbours.iter().filter(|neighbour| neighbour.project.as_deref() == Some(project));
    made.filter_map(|neighbour| neighbour.service.as_deref()).collect()
}

fn file_names(files: &[Utf8PathBuf]) -> BTreeSet<&str> {
    files.iter().filter_map(|file| Utf8Path::file_name(file)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `myshop` with `app` (port 8080 of the loopback address) and `db`, as Compose made it by hand.
    fn myshop() -> Vec<Neighbour> {
        let made = |service: &str, ports: &[HostPort]| Neighbour {
            name: format!("myshop-{service}-1"),
            project: Some("myshop".into()),
            service: Some(service.into()),
            files: vec!["/srv/myshop/compose.yaml".into()],
            is_up: true,
            ports: ports.to_vec(),
        };
        vec![made("app", &[port("127.0.0.1", 8080)]), made("db", &[])]
    }

    fn port(address: &str, port: u16) -> HostPort {
        HostPort::new(address, port, "tcp").unwrap()
    }

    /// What deploys as `storefront`.
    struct Case {
        named_by: NamedBy,
        files: Vec<Utf8PathBuf>,
        services: Vec<String>,
        ports: Vec<HostPort>,
        ours: BTreeSet<String>,
    }

    /// The same stack, its port left out, with a name that was only derived.
    fn case() -> Case {
        Case {
            named_by: NamedBy::Repository,
            files: vec!["compose.yaml".into()],
            services: vec!["app".into(), "db".into()],
            ports: Vec::new(),
            ours: BTreeSet::new(),
        }
    }

    fn judged(case: &Case, neighbours: &[Neighbour]) -> Option<Clash> {
        let project = ProjectName::new("storefront").unwrap();
        let newcomer = Newcomer {
            project: &project,
            named_by: case.named_by,
            files: &case.files,
            services: &case.services,
            ports: &case.ports,
        };
        clash(&newcomer, neighbours, &case.ours)
    }

    fn port_clash(case: &Case, neighbours: &[Neighbour]) -> (Option<String>, Option<String>) {
        match judged(case, neighbours) {
            Some(Clash::Port { project, may_be, .. }) => (project, may_be.map(|n| n.to_string())),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_port_that_another_container_publishes_is_refused_whatever_the_name() {
        for named_by in [NamedBy::Input, NamedBy::File, NamedBy::Repository] {
            let case = Case { named_by, ports: vec![port("", 8080)], ..case() };
            let expected = Clash::Port {
                port: port("", 8080),
                container: "myshop-app-1".into(),
                project: Some("myshop".into()),
                may_be: ProjectName::new("myshop").ok(),
            };
            assert_eq!(judged(&case, &myshop()), Some(expected));
        }
    }

    #[test]
    fn only_what_may_be_the_same_stack_is_offered_to_be_taken_over() {
        let ports = || vec![port("127.0.0.1", 8080)];
        let ours = BTreeSet::from(["myshop".to_owned()]);
        let case_of_ours = Case { ports: ports(), ours, ..case() };
        assert_eq!(port_clash(&case_of_ours, &myshop()), (Some("myshop".into()), None));
        let other = Case { ports: ports(), services: vec!["web".into()], ..case() };
        assert_eq!(port_clash(&other, &myshop()), (Some("myshop".into()), None));
        let mut alone = myshop();
        alone.truncate(1);
        (alone[0].project, alone[0].service) = (None, None);
        assert_eq!(port_clash(&Case { ports: ports(), ..case() }, &alone), (None, None));
        let mut odd = myshop();
        for n in &mut odd {
            n.project = Some("../My Shop".into());
        }
        assert_eq!(port_clash(&Case { ports: ports(), ..case() }, &odd).1, None);
    }

    #[test]
    fn a_port_is_free_where_nobody_else_publishes_it_now() {
        let explicit = |ports: Vec<HostPort>| Case { named_by: NamedBy::Input, ports, ..case() };
        let same = || explicit(vec![port("127.0.0.1", 8080)]);
        assert!(judged(&same(), &myshop()).is_some());
        assert_eq!(judged(&explicit(vec![port("", 8081)]), &myshop()), None);
        assert_eq!(judged(&explicit(vec![port("127.0.0.2", 8080)]), &myshop()), None);
        let mut stopped = myshop();
        stopped[0].is_up = false;
        assert_eq!(judged(&same(), &stopped), None);
        let mut own = myshop();
        for n in &mut own {
            n.project = Some("storefront".into());
        }
        assert_eq!(judged(&same(), &own), None);
    }

    #[test]
    fn the_same_stack_under_another_name_is_seen_where_the_name_was_derived() {
        let twin = Some(Clash::Twin { project: ProjectName::new("myshop").unwrap() });
        assert_eq!(judged(&case(), &myshop()), twin);
        let mut ended = myshop();
        ended[1].is_up = false;
        assert_eq!(judged(&case(), &ended), twin, "a service may have ended");
        for named_by in [NamedBy::Input, NamedBy::File] {
            assert_eq!(judged(&Case { named_by, ..case() }, &myshop()), None);
        }
    }

    #[test]
    fn another_stack_is_no_twin() {
        let file = Case { files: vec!["docker-compose.yml".into()], ..case() };
        assert_eq!(judged(&file, &myshop()), None);
        let more_files =
            Case { files: vec!["compose.yaml".into(), "compose.prod.yaml".into()], ..case() };
        assert_eq!(judged(&more_files, &myshop()), None);
        for services in [vec!["app".into()], vec!["app".into(), "db".into(), "web".into()]] {
            assert_eq!(judged(&Case { services, ..case() }, &myshop()), None);
        }
        let ours = BTreeSet::from(["myshop".to_owned()]);
        assert_eq!(judged(&Case { ours, ..case() }, &myshop()), None, "two stacks of ours");
        let mut stopped = myshop();
        for n in &mut stopped {
            n.is_up = false;
        }
        assert_eq!(judged(&case(), &stopped), None, "it does not run");
        assert_eq!(judged(&case(), &[]), None);
    }
}
