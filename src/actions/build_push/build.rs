//! `mode: build`: builds each image, pushes it under the tag of its commit, and lets the other tags point to it.
//!
//! BuildKit pushes one tag, which only a build of the same commit moves. All others are set by requests to the registry,
//! those that move from release to release last. So a tag points to a whole image at any moment, whatever dies on the way,
//! and nothing is built twice because a request failed.

use std::time::Instant;

use jiff::Timestamp;

use crate::actions::build_push::asking::{ask, judge};
use crate::actions::build_push::inputs::{Asked, Image, Login};
use crate::actions::build_push::keeping::{About, Keeping};
use crate::actions::build_push::plan::{Decided, decided};
use crate::actions::build_push::registries::{Registries, failed, unless_cancelled};
use crate::actions::build_push::scan::{Gate, check, of_reports, tell};
use crate::actions::build_push::versions::Versions;
use crate::actions::build_push::wishes::Wishes;
use crate::actions::build_push::workshop::{Made, Workshop};
use crate::actions::build_push::{SPEC, builder, ending, facts, replaced};
use crate::actions::{Ending, World};
use crate::adapters::registry::{Client, Whole};
use crate::domain::build::{Order, annotations};
use crate::domain::event::{Annotation, Event, Level};
use crate::domain::image::{Digest, Manifest, Registry, Tag};
use crate::domain::secret_key::looks_secret;
use crate::domain::shown::visible;
use crate::domain::tags::{Fate, Kind, Plan, Planned, Verdict};
use crate::domain::version::Version;
use crate::failure::{Failure, Outcome};
use crate::report::build_push::{Asking, Built, Kept, Planning};

/// Builds all images.
///
/// # Errors
/// What keeps an image from being built, of all images: nothing was built then.
pub async fn story(
    asked: &Asked,
    wishes: &Wishes,
    login: &Login,
    world: World<'_>,
) -> Result<Ending, Vec<Failure>> {
    let one = |failure| vec![failure];
    let env = builder::environment(wishes).map_err(one)?;
    // What is missing costs nobody a request.
    wishes.secrets.gathered(world).map_err(one)?;
    let versions = Versions::open(world).await.map_err(one)?;
    let mut registries = Registries::new(login, world).map_err(one)?;
    let (mut orders, mut failures) = (Vec::new(), Vec::new());
    let reports = of_reports(&wishes.scan, &world.job.workspace);
    let reports = reports.map_err(|failure| failures.push(failure)).ok().flatten();
    for decided in decided(asked, &versions, world)? {
        let order = match versions.dockerfile(decided.0, wishes) {
            Ok(file) => prepared(decided, file, wishes, &mut registries, world).await,
            Err(failure) => Err(failure),
        };
        let order = order.map(|order| Job { default_branch: versions.default_branch(), ..order });
        match order {
            Ok(order) => orders.push(order),
            Err(failure) if failures.contains(&failure) => {}
            Err(failure) => failures.push(failure),
        }
    }
    if !failures.is_empty() {
        return Err(failures);
    }
    let end = |all: &[Built], failure: Option<&Failure>| {
        tell(&wishes.scan, all, ending::of_built(all, failure, world), world)
    };
    if let (Some(reports), [job]) = (&reports, orders.as_slice())
        && !reports.judged.has_passed()
    {
        let failure = reports.failure(&job.planning.image.familiar(), None);
        let mut built = Built::new(job.planning.clone());
        built.scan = Some(reports.clone());
        return Ok(end(&[built], Some(&failure)));
    }
    for (name, _) in wishes.build_args.iter().filter(|(name, _)| looks_secret(name)) {
        world.events.emit(Event::Annotated(readable(name)));
    }
    let mut of: Vec<&Registry> = orders.iter().map(|order| order.image.name.registry()).collect();
    of.sort();
    of.dedup();
    let workshop = Workshop::open(env, wishes, &registries, &of, world).await.map_err(one)?;
    let gate = Gate::open(&wishes.scan, reports, &workshop, world).await.map_err(one)?;
    let mut all: Vec<Built> = Vec::new();
    let mut orders = orders.into_iter();
    while let Some(job) = orders.next() {
        let client = registries.client(job.image.name.registry()).await;
        let client = client.map_err(|error| vec![failed(&error)])?;
        let (built, failure) = built(job, wishes, (&gate, client), world).await;
        let is_half = all.iter().any(|before| !before.set.is_empty());
        all.push(built);
        if let Some(mut failure) = failure {
            if is_half {
                failure.outcome = Outcome::NeedsPerson;
            }
            all.extend(orders.map(|job| Built::new(job.planning)));
            return Ok(end(&all, Some(&failure)));
        }
    }
    Ok(end(&all, None))
}

/// An argument that looks like a secret: it stands in the image, and every user of the host sees it while it is built.
fn readable(name: &str) -> Annotation {
    let name = visible(name);
    Annotation {
        level: Level::Warning,
        title: format!("{}: whoever has the image can read `{name}`", SPEC.name),
        message: format!(
            "arguments of a build stand in the image\n\
             What to do: give it by `secrets`, and read it with `RUN --mount=type=secret,id={name}`"
        ),
        place: None,
    }
}

/// One image that is to be built.
struct Job<'a> {
    image: &'a Image,
    /// Its Dockerfile, from the top of the repository.
    file: String,
    planning: Planning,
    verdict: Verdict,
    /// Caches that the registry has; `None` if it was not asked.
    caches: Option<Vec<Tag>>,
    /// The branch on whose results every other one falls back, if it is known.
    default_branch: Option<&'a str>,
}

/// Asks the registry what it has, before anything is built. What it does not tell is not guessed.
async fn prepared<'a>(
    (image, found, plan): Decided<'a>,
    file: String,
    wishes: &Wishes,
    registries: &mut Registries<'_>,
    world: World<'_>,
) -> Result<Job<'a>, Failure> {
    let (mut verdict, mut asking, mut now) = (Verdict::Build, Asking::Left, plan);
    let mut caches = None;
    if wishes.push {
        let client = unless_cancelled(world, registries.client(image.name.registry())).await?;
        let (plan, there) = unless_cancelled(world, ask(now, &image.name, client, true)).await?;
        let of = (&plan, there.images.as_slice());
        let judged = judge(of, &image.name, client, (wishes.immutable, None));
        verdict = unless_cancelled(world, judged).await?;
        now = plan;
        asking = Asking::Listed(there.images);
        caches = Some(there.caches);
    }
    let planning = Planning { image: image.name.clone(), found, plan: now, asking };
    check(&wishes.scan, &planning, wishes.push)?;
    if let Verdict::Taken { tag, by } = &verdict {
        return Err(taken(&planning, tag, by.as_ref()));
    }
    Ok(Job { image, file, planning, verdict, caches, default_branch: None })
}

/// A version that another image has, and keeps.
fn taken(planning: &Planning, tag: &Tag, by: Option<&Tag>) -> Failure {
    let reference = |tag: &Tag| planning.image.tagged(tag.clone()).familiar();
    let why = match by {
        Some(by) => {
            format!("its image is {} too: it was promoted, and stays what it is", reference(by))
        }
        None => "a tag of a version never moves to another image (`immutable: error`)".to_owned(),
    };
    let raise = match &planning.found {
        Some(found) => format!("raise the version in {}", found.source),
        None => "raise the version".to_owned(),
    };
    let failure = Failure::new(Outcome::BadInput, format!("{} is there already", reference(tag)))
        .why(why)
        .help(format!("{raise}; `immutable: overwrite` moves it all the same"));
    match planning.place() {
        Some(place) => failure.at(place),
        None => failure,
    }
}

/// Builds an image, pushes it and sets its tags. What was done is told also where it failed.
async fn built(
    job: Job<'_>,
    wishes: &Wishes,
    (gate, client): (&Gate<'_>, &Client<'_>),
    world: World<'_>,
) -> (Built, Option<Failure>) {
    let mut built = Built::new(job.planning.clone());
    built.scan = gate.reports().cloned();
    let desk = Desk { wishes, gate, client, world };
    let failure = match &job.verdict {
        Verdict::Skip { tag, digest } => {
            built.kept = Some(Kept { tag: tag.clone(), is_of_commit: false });
            built.digest = Some(digest.clone());
            None
        }
        // A run that was killed may have set some of its tags.
        Verdict::SameCommit { tag, .. } => {
            built.kept = Some(Kept { tag: tag.clone(), is_of_commit: true });
            desk.set_all(&mut built, tag, None).await.err()
        }
        Verdict::Build | Verdict::Taken { .. } => anew(&mut built, job, desk).await.err(),
    };
    built.quota = client.quota();
    let failure = failure.map(|mut failure| {
        // The other outcomes say that nothing was changed; a scan that stops an image has moved nothing that others pull.
        if !built.set.is_empty() && !built.is_stopped {
            failure.outcome = Outcome::NeedsPerson;
        }
        failure
    });
    (built, failure)
}

/// Builds it, and pushes it where that is wished.
async fn anew(built: &mut Built, job: Job<'_>, desk: Desk<'_>) -> Result<(), Failure> {
    let Desk { wishes, gate, client, world } = desk;
    let Some(first) = built.planning.first().cloned() else { return Ok(()) };
    let name = job.image.name.tagged(first.clone());
    world.events.emit(Event::Note(format!("building {}", name.familiar())));
    let began = Instant::now();
    let version = built.planning.found.as_ref().map(|found| &found.version);
    let about = About {
        planning: &built.planning,
        caches: job.caches.as_deref(),
        default_branch: job.default_branch,
    };
    let keeping = Keeping::of(about, wishes, &gate.workshop.builder, world)?;
    let order = Order {
        cache_from: keeping.means.from.clone(),
        cache_to: keeping.means.to.clone(),
        builder: gate.workshop.builder.name.clone(),
        ..order(job.image, job.file, wishes, version, world)
    };
    let made = gate.workshop.build(&name.to_string(), order, wishes.push).await?;
    built.steps.clone_from(&made.steps);
    built.took = Some(began.elapsed());
    if wishes.push {
        built.set.push(first.clone());
        desk.set_all(built, &first, Some(&made)).await?;
    } else {
        gate.local(built, &name, client).await?;
    }
    keeping.finish(&job.image.name, desk.client, world).await;
    Ok(())
}

/// What tags are set with.
#[derive(Clone, Copy)]
struct Desk<'a> {
    wishes: &'a Wishes,
    gate: &'a Gate<'a>,
    client: &'a Client<'a>,
    world: World<'a>,
}

impl Desk<'_> {
    /// Reads back the image of the first tag, and lets all other tags point to it. `made` is what was just built and pushed.
    async fn set_all(
        self,
        built: &mut Built,
        first: &Tag,
        made: Option<&Made>,
    ) -> Result<(), Failure> {
        let Desk { gate, client, world, .. } = self;
        let image = built.planning.image.clone();
        let name = image.tagged(first.clone());
        let whole = unless_cancelled(world, client.manifest(&name)).await?;
        if !is_of(&whole, made.and_then(|made| made.digest.as_ref())) {
            built.set.clear();
            let what = format!("{} is another image than was built", name.familiar());
            return Err(Failure::new(Outcome::Unavailable, what)
                .why("another job has pushed this tag at the same time")
                .help(
                    "run it again; `concurrency:` in the workflow keeps two runs of a branch apart",
                ));
        }
        built.digest = Some(whole.found.digest.clone());
        self.measure(built, &whole, made.is_some()).await;
        if made.is_none() {
            built.set.push(first.clone());
        }
        gate.pushed(built, &name, &whole, client).await?;
        // A build takes minutes: others may have moved tags meanwhile.
        self.look_again(built, &whole).await?;
        let mut has_looked = true;
        for tag in in_order(&built.planning.plan, first) {
            if is_moving(&built.planning.plan, &tag) && !std::mem::replace(&mut has_looked, true) {
                self.look_again(built, &whole).await?;
            }
            let stays = |one: &Planned| one.tag == tag && one.fate != Fate::Set;
            if built.planning.plan.tags.iter().any(stays) {
                continue;
            }
            let reference = image.tagged(tag.clone());
            // Some registries refuse to set a tag that never moves, also to where it is.
            let is_there = made.is_none()
                && unless_cancelled(world, client.find(&reference)).await?.as_ref()
                    == Some(&whole.found);
            if !is_there {
                unless_cancelled(world, client.tag(&reference, &whole)).await?;
            }
            built.set.push(tag);
            has_looked = false;
        }
        Ok(())
    }

    /// Finds out how large it is, and what is new in it where it was just built. What is not found out is not told.
    async fn measure(self, built: &mut Built, whole: &Whole, is_new: bool) {
        let (image, client) = (built.planning.image.clone(), self.client);
        let sole = unless_cancelled(self.world, replaced::sole(&image, whole, client)).await;
        let Some(now) = sole.ok().flatten() else { return };
        built.size = Some(now.pulled()).filter(|size| *size > 0);
        if is_new {
            let of = (&image, &built.planning.plan);
            let asked = replaced::difference(of, (whole, &now), client);
            built.difference = unless_cancelled(self.world, asked).await.ok().flatten();
        }
    }

    /// Asks the registry once more which tags may move.
    async fn look_again(self, built: &mut Built, whole: &Whole) -> Result<(), Failure> {
        let Desk { wishes, client, world, .. } = self;
        let image = built.planning.image.clone();
        let plan = built.planning.plan.clone();
        let (plan, there) = unless_cancelled(world, ask(plan, &image, client, false)).await?;
        let of = (&plan, there.images.as_slice());
        let judged = judge(of, &image, client, (wishes.immutable, Some(&whole.found.digest)));
        let verdict = unless_cancelled(world, judged).await?;
        built.planning.plan = plan;
        match &verdict {
            Verdict::Taken { tag, by } => Err(taken(&built.planning, tag, by.as_ref())),
            _ => Ok(()),
        }
    }
}

/// Whether a tag moves from release to release.
fn is_moving(plan: &Plan, tag: &Tag) -> bool {
    let moves = |one: &Planned| matches!(one.kind, Kind::Series | Kind::Latest);
    plan.tags.iter().any(|one| one.tag == *tag && moves(one))
}

/// Whether the registry has what was built. The engine's own builder tells the digest of the configuration.
fn is_of(whole: &Whole, made: Option<&Digest>) -> bool {
    made.is_none_or(|made| match &whole.manifest {
        _ if whole.found.digest == *made => true,
        Manifest::Image { config, .. } => config.digest == *made,
        Manifest::Index(_) => false,
    })
}

/// The other tags, those that move from release to release last.
fn in_order(plan: &Plan, first: &Tag) -> Vec<Tag> {
    let mut all: Vec<_> =
        plan.tags.iter().filter(|one| one.fate == Fate::Set && one.tag != *first).collect();
    all.sort_by_key(|one| match one.kind {
        Kind::Version | Kind::Commit => 0,
        Kind::Other | Kind::Ref => 1,
        Kind::Series | Kind::Latest => 2,
    });
    all.into_iter().map(|one| one.tag.clone()).collect()
}

fn order(
    image: &Image,
    file: String,
    wishes: &Wishes,
    version: Option<&Version>,
    world: World<'_>,
) -> Order {
    let at = Timestamp::now();
    let labels = facts::labels(&wishes.labels, version, world.job, at);
    Order {
        context: image.context.clone(),
        file,
        target: image.target.clone().unwrap_or_else(|| wishes.order.target.clone()),
        build_args: facts::build_args(&wishes.build_args, version, world.job, at),
        annotations: annotations(&wishes.order.annotations, &labels),
        labels,
        ..wishes.order.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::registry::Found;
    use crate::domain::image::MediaType;
    use crate::domain::tags::{Facts, GitRef, Recipe, plan};
    use jiff::civil::DateTime;

    #[test]
    fn what_moves_from_release_to_release_is_set_last() {
        let version = Version::parse("1.4.0").unwrap();
        let facts = Facts {
            version: Some(&version),
            lack: None,
            sha: "0123456789abcdef0123456789abcdef01234567",
            git_ref: GitRef::Branch("main"),
            default_branch: Some("main"),
            at: DateTime::constant(2026, 1, 2, 3, 4, 5, 0),
        };
        let lines = "latest\n{{major}}.{{minor}}\n{{version}}\n{{branch}}\n{{sha}}";
        let plan = plan(&Recipe::patterns(lines).unwrap(), &facts).unwrap();
        let first = Tag::parse("0123456").unwrap();
        let order: Vec<String> = in_order(&plan, &first).iter().map(ToString::to_string).collect();
        assert_eq!(order, ["1.4.0", "main", "latest", "1.4"]);
    }

    #[test]
    fn what_was_built_is_known_by_its_manifest_or_its_configuration() {
        let digest = |text: &str| Digest::of(text.as_bytes());
        let part = |text: &str| format!(r#"{{"digest":"{}","size":1}}"#, digest(text));
        let bytes = format!(r#"{{"config":{},"layers":[]}}"#, part("config"));
        let media_type = MediaType::OciManifest;
        let manifest = Manifest::parse(&media_type, bytes.as_bytes()).unwrap();
        let found = Found { digest: digest(&bytes), media_type };
        let whole = Whole { found, bytes: bytes.clone().into_bytes(), manifest };
        for (made, is_it) in [
            (None, true),
            (Some(digest(&bytes)), true),
            (Some(digest("config")), true),
            (Some(digest("another")), false),
        ] {
            assert_eq!(is_of(&whole, made.as_ref()), is_it, "{made:?}");
        }
    }
}
