//! What becomes of each service when Compose brings a release up, decided before it does.
//!
//! Compose leaves a container alone while it has the image of its service and its label bears the hash of the service's
//! settings. What else it compares is not decided here: later versions than 2.26 also look at whether a network or a
//! volume was made anew.

use std::collections::BTreeSet;

/// A service as it shall be, and what it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Id of the image that it shall run; `None` where that is not on the host.
    pub image: Option<String>,
    /// Compose's hash of its settings; `None` where that cannot be told beforehand.
    pub hash: Option<String>,
    /// How many containers it shall have.
    pub replicas: u64,
    /// The services that it depends on.
    pub depends_on: Vec<String>,
    /// The services whose containers its settings name: it lives in a namespace of theirs, or mounts their volumes.
    pub bound_to: Vec<String>,
    /// Its containers.
    pub found: Vec<Found>,
}

/// A container of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Id of its image.
    pub image: String,
    /// The hash that its label bears.
    pub hash: String,
    /// Whether it runs.
    pub runs: bool,
    /// Who made it.
    pub maker: Maker,
}

/// Who made a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Maker {
    /// We did.
    #[default]
    Ours,
    /// Somebody else, from this folder if it says so. A release of ours names the image by another tag and mounts files
    /// from another folder, so Compose makes it anew.
    Elsewhere(Option<String>),
}

/// Which other services go along when Compose recreates one. It depends on its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cascade {
    /// All that depend on it.
    Dependents,
    /// Those alone that are bound to its container.
    Bound,
}

/// What becomes of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It has no container, and gets one.
    Created,
    /// Its containers are replaced, for these causes.
    Recreated(Vec<Cause>),
    /// Its containers stay.
    Unchanged(Stay),
    /// Its containers go: it shall have none.
    Removed,
}

/// Why a container is replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Its image is not on this host.
    NotHere,
    /// Its image is another one.
    Image,
    /// Its settings, or files that it mounts, are others.
    Settings,
    /// It was made elsewhere, from this folder if it says so.
    TakenOver(Option<String>),
    /// A service that it depends on gets a new container.
    Dependency(String),
}

/// How containers stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stay {
    /// As they are.
    AsTheyAre,
    /// They do not run, and are started.
    Started,
    /// Others come or go beside them.
    Scaled {
        /// How many there are.
        from: u64,
        /// How many there shall be.
        to: u64,
    },
    /// Unless the settings changed, which cannot be told.
    Perhaps,
    /// There are none, and there shall be none.
    None,
}

/// Decides for all services together; the answers come in their order.
pub fn decide(services: &[Service], cascade: Cascade) -> Vec<Fate> {
    let mut fates: Vec<Fate> = services.iter().map(alone).collect();
    while let Some((at, name)) = dragged_along(services, &fates, cascade) {
        fates[at] = Fate::Recreated(vec![Cause::Dependency(name)]);
    }
    fates
}

/// The fate of a service for itself.
fn alone(service: &Service) -> Fate {
    let has = service.found.len() as u64;
    match (has, service.replicas) {
        (0, 0) => return Fate::Unchanged(Stay::None),
        (0, _) => return Fate::Created,
        (_, 0) => return Fate::Removed,
        _ => {}
    }
    let any = |differs: &dyn Fn(&Found) -> bool| service.found.iter().any(differs);
    let mut causes = Vec::new();
    match &service.image {
        None => causes.push(Cause::NotHere),
        Some(image) if any(&|found| found.image != *image) => causes.push(Cause::Image),
        Some(_) => {}
    }
    causes.extend(service.found.iter().find_map(|found| match &found.maker {
        Maker::Ours => None,
        Maker::Elsewhere(folder) => Some(Cause::TakenOver(folder.clone())),
    }));
    // Both of these are in the hash too.
    let other = |hash: &String| any(&|found| found.hash != *hash);
    if causes.is_empty() && service.hash.as_ref().is_some_and(other) {
        causes.push(Cause::Settings);
    }
    if !causes.is_empty() {
        return Fate::Recreated(causes);
    }
    Fate::Unchanged(match (&service.hash, service.replicas) {
        (_, to) if to != has => Stay::Scaled { from: has, to },
        (None, _) => Stay::Perhaps,
        _ if any(&|found| !found.runs) => Stay::Started,
        _ => Stay::AsTheyAre,
    })
}

/// A service that would stay, and the one that takes it along.
fn dragged_along(
    services: &[Service],
    fates: &[Fate],
    cascade: Cascade,
) -> Option<(usize, String)> {
    let all = || services.iter().zip(fates);
    let names = |of: &dyn Fn(&Fate) -> bool| -> BTreeSet<&String> {
        all().filter(|(_, fate)| of(fate)).map(|(service, _)| &service.name).collect()
    };
    let recreated = names(&|fate| matches!(fate, Fate::Recreated(_)));
    let new = names(&|fate| matches!(fate, Fate::Recreated(_) | Fate::Created));
    all().enumerate().find_map(|(at, (service, fate))| {
        if !matches!(fate, Fate::Unchanged(stay) if *stay != Stay::None) {
            return None;
        }
        let bound = service.bound_to.iter().find(|name| new.contains(name));
        let needed = || service.depends_on.iter().find(|name| recreated.contains(name));
        let by = bound.or_else(|| needed().filter(|_| cascade == Cascade::Dependents));
        by.map(|name| (at, name.clone()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Found {
        Found { image: "i1".into(), hash: "h1".into(), runs: true, maker: Maker::Ours }
    }

    fn service(name: &str) -> Service {
        Service {
            name: name.into(),
            image: Some("i1".into()),
            hash: Some("h1".into()),
            replicas: 1,
            found: vec![found()],
            ..Service::default()
        }
    }

    fn one(service: Service) -> Fate {
        decide(&[service], Cascade::Dependents).remove(0)
    }

    fn recreated(cause: Cause) -> Fate {
        Fate::Recreated(vec![cause])
    }

    #[test]
    fn what_has_image_and_settings_stays() {
        let as_it_is = service("app");
        assert_eq!(one(as_it_is.clone()), Fate::Unchanged(Stay::AsTheyAre));
        let stopped = Service { found: vec![Found { runs: false, ..found() }], ..as_it_is.clone() };
        assert_eq!(one(stopped), Fate::Unchanged(Stay::Started));
        let untold = Service { hash: None, ..as_it_is.clone() };
        assert_eq!(one(untold), Fate::Unchanged(Stay::Perhaps));
        let more = Service { replicas: 3, ..as_it_is };
        assert_eq!(one(more), Fate::Unchanged(Stay::Scaled { from: 1, to: 3 }));
    }

    #[test]
    fn another_image_or_hash_of_any_container_recreates() {
        let with =
            |other: Found| Service { replicas: 2, found: vec![found(), other], ..service("app") };
        let image = with(Found { image: "i0".into(), ..found() });
        assert_eq!(one(image), recreated(Cause::Image));
        let settings = with(Found { hash: "h0".into(), ..found() });
        assert_eq!(one(settings), recreated(Cause::Settings));
        let gone = Service { image: None, ..service("app") };
        assert_eq!(one(gone), recreated(Cause::NotHere));
    }

    #[test]
    fn what_was_made_elsewhere_is_recreated_whatever_its_hash_says() {
        let maker = Maker::Elsewhere(Some("/srv".into()));
        let foreign = Service { found: vec![Found { maker, ..found() }], ..service("app") };
        let taken_over = Cause::TakenOver(Some("/srv".into()));
        assert_eq!(one(foreign.clone()), recreated(taken_over.clone()));
        let both = Service { image: Some("i2".into()), ..foreign };
        assert_eq!(one(both), Fate::Recreated(vec![Cause::Image, taken_over]));
    }

    #[test]
    fn what_shall_have_no_container_gets_none_and_loses_its_own() {
        let none = Service { replicas: 0, found: Vec::new(), ..service("app") };
        assert_eq!(one(none.clone()), Fate::Unchanged(Stay::None));
        assert_eq!(one(Service { found: vec![found()], ..none.clone() }), Fate::Removed);
        assert_eq!(one(Service { replicas: 1, ..none }), Fate::Created);
    }

    /// `db` has new settings, `app` depends on it, `web` depends on `app`, `side` lives in the network of `app`.
    fn chain(cascade: Cascade, db: Service) -> Vec<Fate> {
        let app = Service { depends_on: vec!["db".into()], ..service("app") };
        let web = Service { depends_on: vec!["app".into()], ..service("web") };
        let bound_to = vec!["app".into()];
        let side = Service { depends_on: bound_to.clone(), bound_to, ..service("side") };
        decide(&[side, web, app, db, service("other")], cascade)
    }

    #[test]
    fn one_that_is_recreated_takes_along_what_depends_on_it_where_compose_does() {
        let stays = Fate::Unchanged(Stay::AsTheyAre);
        let by = |name: &str| recreated(Cause::Dependency(name.into()));
        let changed = Service { hash: Some("h2".into()), ..service("db") };
        let settings = recreated(Cause::Settings);
        assert_eq!(
            chain(Cascade::Dependents, changed.clone()),
            [by("app"), by("app"), by("db"), settings.clone(), stays.clone()]
        );
        assert_eq!(
            chain(Cascade::Bound, changed),
            [stays.clone(), stays.clone(), stays.clone(), settings, stays.clone()]
        );
        let new = Service { found: Vec::new(), ..service("db") };
        assert_eq!(
            chain(Cascade::Dependents, new),
            [stays.clone(), stays.clone(), stays.clone(), Fate::Created, stays]
        );
    }

    #[test]
    fn who_is_bound_to_a_container_that_is_new_is_recreated_in_any_case() {
        let bound_to = vec!["app".to_owned()];
        let side = Service { bound_to, hash: None, ..service("side") };
        let by = recreated(Cause::Dependency("app".into()));
        let new = Service { found: Vec::new(), ..service("app") };
        assert_eq!(decide(&[side.clone(), new], Cascade::Bound), [by.clone(), Fate::Created]);
        let image = Service { image: Some("i2".into()), ..service("app") };
        let fates = decide(&[side.clone(), image], Cascade::Bound);
        assert_eq!(fates, [by, recreated(Cause::Image)]);
        let stays = decide(&[side, service("app")], Cascade::Bound).remove(0);
        assert_eq!(stays, Fate::Unchanged(Stay::Perhaps));
    }
}
