//! Chooses what builds: the builder that is in use where it can do what is asked, else one of our own.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::actions::World;
use crate::actions::build_push::wishes::Wishes;
use crate::adapters::docker::buildx::Buildx;
use crate::adapters::host::process::ChildEnv;
use crate::domain::build::builder::own_name;
use crate::domain::build::{Builder, Cache, Need, need};
use crate::domain::event::{Annotation, Event, Level};
use crate::domain::image::Registry;
use crate::failure::{Failure, Outcome};

/// To ask for a builder.
const QUICK: Duration = Duration::from_mins(1);

/// To start one of our own, whose image may have to be pulled.
const START: Duration = Duration::from_mins(5);

/// What lets a job reach GitHub's cache.
const EXPORTED: &str = "add a step before, or take `cache: registry`, which needs none:\n\
    - uses: actions/github-script@v8\n\
    \x20 with:\n\
    \x20   script: for (const name of ['ACTIONS_RUNTIME_TOKEN', 'ACTIONS_RESULTS_URL', 'ACTIONS_CACHE_SERVICE_V2']) \
    core.exportVariable(name, process.env[name] || '')";

/// What builds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// Its name; empty for the one that is in use.
    pub name: String,
    /// Whether it makes several platforms, attests and writes caches.
    pub is_full: bool,
}

/// What it is chosen by.
#[derive(Clone, Copy, Debug)]
struct Wanted<'a> {
    /// The name that the inputs say; empty for the one that is in use.
    name: &'a str,
    /// How much is asked.
    need: Need,
    /// Whether a registry is on this machine, which a builder in a container reaches only through the machine's network.
    is_near: bool,
}

impl<'a> Wanted<'a> {
    fn of(wishes: &'a Wishes, of: &[&Registry], world: World<'_>) -> Self {
        // A build that is not pushed writes no cache in a registry, and reads one with any builder.
        let cache = match wishes.caching.cache {
            Cache::Auto | Cache::Registry if !wishes.push => Cache::Inline,
            cache => cache,
        };
        // The engine's own builder has put into the engine what it has pushed.
        let is_to_be_known = wishes.order.load && wishes.push;
        Self {
            name: &wishes.caching.builder,
            need: need(wishes.of_a_full_builder(), is_to_be_known, cache, !world.job.is_hosted),
            is_near: of.iter().any(|registry| registry.is_loopback()),
        }
    }
}

/// What all that builds may know of our own environment.
///
/// # Errors
/// GitHub's cache is wanted, and the job does not tell the way to it.
pub fn environment(wishes: &Wishes) -> Result<ChildEnv, Failure> {
    let env = ChildEnv::for_builds();
    if wishes.caching.cache != Cache::Gha {
        return Ok(env);
    }
    env.with_cache_of_github().ok_or_else(|| {
        Failure::new(Outcome::BadInput, "`cache: gha` cannot be reached from this step")
            .why("GitHub tells the way to its cache only to actions in JavaScript")
            .help(EXPORTED)
    })
}

/// Chooses, for images of these registries.
///
/// # Errors
/// There is no such builder, or none that can do what is asked.
pub async fn choose(
    buildx: &Buildx,
    wishes: &Wishes,
    of: &[&Registry],
    world: World<'_>,
) -> Result<Chosen, Failure> {
    let wanted = Wanted::of(wishes, of, world);
    let name = wanted.name.to_owned();
    if wanted.need == Need::Little {
        return Ok(Chosen { name, is_full: false });
    }
    let is_full = is_full(buildx, &name, world).await?;
    match wanted.need {
        _ if is_full => Ok(Chosen { name, is_full }),
        Need::Little | Need::IfThere => Ok(Chosen { name, is_full }),
        Need::Better if !name.is_empty() => Ok(Chosen { name, is_full }),
        Need::All(what) if !name.is_empty() => Err(Failure::new(
            Outcome::BadInput,
            format!("the builder {name} cannot do what is asked"),
        )
        .why(format!("{what} is more than the engine's own builder can do"))
        .help("leave `builder` out, or name one of another driver")),
        Need::Better | Need::All(_) => own(buildx, wanted, world).await,
    }
}

/// Whether a builder can do all.
async fn is_full(buildx: &Buildx, name: &str, world: World<'_>) -> Result<bool, Failure> {
    let args = ["buildx", "inspect", name];
    let args = if name.is_empty() { &args[..2] } else { &args };
    let said = buildx.ask(args, QUICK, world.cancel).await;
    let said = said.map_err(|why| {
        let what = if name.is_empty() { "the builder in use" } else { name };
        let failure =
            Failure::new(Outcome::Unavailable, format!("{what} cannot be asked what it is"));
        failure
            .why(why)
            .help("`docker buildx ls` lists all builders, `docker buildx create` makes one")
    })?;
    let Some(builder) = Builder::parse(&said) else { return Ok(false) };
    if builder.is_full("") {
        return Ok(true);
    }
    let storage = ["info", "--format", "{{json .DriverStatus}}"];
    // An engine that does not answer cannot build either, and that is told then.
    let storage = buildx.ask(&storage, QUICK, world.cancel).await.unwrap_or_default();
    Ok(builder.is_full(&storage))
}

/// The builder of this repository, made where it is not there yet. It is kept, and what it built with it.
async fn own(buildx: &Buildx, wanted: Wanted<'_>, world: World<'_>) -> Result<Chosen, Failure> {
    let name = own_name(&world.job.repository);
    let Err(why) = started(buildx, &name, wanted.is_near, world).await else {
        return Ok(Chosen { name, is_full: true });
    };
    if world.cancel.is_cancelled() {
        return Err(Failure::new(Outcome::Unavailable, "the run was cancelled")
            .why("no builder was ready")
            .help("run it again"));
    }
    let Need::All(what) = wanted.need else {
        world.events.emit(Event::Annotated(lesser(&name, &why)));
        return Ok(Chosen { name: String::new(), is_full: false });
    };
    let here = format!("no builder is here that can do what is asked ({what})");
    Err(Failure::new(Outcome::Unavailable, here)
        .why(format!("the engine's own builder cannot, and {name} could not be started: {why}"))
        .help(
            "let the engine pull moby/buildkit, name a `builder` that is there (`docker buildx create` makes one), or use \
             the containerd image store of Docker 24 or newer",
        ))
}

/// What it costs to build without.
fn lesser(name: &str, why: &str) -> Annotation {
    Annotation {
        level: Level::Notice,
        title: "build-push: no cache in the registry".to_owned(),
        message: format!(
            "the builder {name} could not be started: {why}\n\
             The image itself keeps the results of its last stage; those of earlier stages are built anew on a machine \
             that begins empty.\n\
             What to do: let the engine pull moby/buildkit, or say `cache: inline`"
        ),
        place: None,
    }
}

async fn started(
    buildx: &Buildx,
    name: &str,
    is_near: bool,
    world: World<'_>,
) -> Result<(), String> {
    let is_new = buildx.ask(&["buildx", "inspect", name], QUICK, world.cancel).await.is_err()
        && made(buildx, name, is_near, world).await?;
    let start = ["buildx", "inspect", "--bootstrap", name];
    let started = buildx.ask(&start, START, world.cancel).await;
    match &started {
        Ok(_) if is_new => {
            let text = format!("made the builder {name}; it is kept for the next run");
            world.events.emit(Event::Note(text));
        }
        Err(_) if is_new => {
            // What could not be started is left to nobody.
            let remove = ["buildx", "rm", "--force", name];
            let _removed = buildx.ask(&remove, QUICK, &CancellationToken::new()).await;
        }
        _ => {}
    }
    started.map(|_| ())
}

/// Makes a builder; whether it was this run that did.
async fn made(
    buildx: &Buildx,
    name: &str,
    is_near: bool,
    world: World<'_>,
) -> Result<bool, String> {
    let mut args = vec!["buildx", "create", "--name", name, "--driver", "docker-container"];
    if is_near {
        args.extend(["--driver-opt", "network=host"]);
    }
    match buildx.ask(&args, QUICK, world.cancel).await {
        Ok(_) => Ok(true),
        // Another job made it at the same time.
        Err(why) if why.contains("existing instance") => Ok(false),
        Err(why) => Err(why),
    }
}
