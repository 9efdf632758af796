//! What a story needs of a project on this host: its name, state, lock, engine and Compose.

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;

use crate::actions::World;
use crate::actions::steps::checkout;
use crate::actions::steps::phases::Phases;
use crate::adapters::docker::compose::Compose;
use crate::adapters::docker::container::ContainerInfo;
use crate::adapters::docker::endpoint::Endpoint;
use crate::adapters::docker::engine::Engine;
use crate::adapters::host::lock::{Holder, Lock, Patience};
use crate::adapters::host::process::{self, ChildEnv};
use crate::adapters::host::store::Store;
use crate::adapters::http;
use crate::domain::compose::project::ProjectName;
use crate::domain::event::{Annotation, Event, Level};
use crate::domain::input::Values;
use crate::domain::shown::pasted;
use crate::failure::{Failure, Outcome};

/// Where `state-dir` is when nobody says so.
pub const DEFAULT_STATE_DIR: &str = "/var/lib/mta";

/// What is known of a project on this host without its engine and its lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// No run has ever begun anything.
    Nothing,
    /// Runs have ended in order.
    Settled,
    /// A run goes on, or has ended in the middle of its work.
    Pending,
}

/// What runs have left of a project. Writes nothing.
pub fn left(values: &Values, world: World<'_>, project: &ProjectName) -> Result<Left, Failure> {
    let state = Store::peek(&state_dir(values, world), project)?;
    Ok(match state {
        None => Left::Nothing,
        Some(state) if !state.is_unsettled() => Left::Settled,
        Some(_) => Left::Pending,
    })
}

/// The folder of all projects' state: the input `state-dir`, else [`DEFAULT_STATE_DIR`].
pub fn state_dir(values: &Values, world: World<'_>) -> Utf8PathBuf {
    let given = values.path("state-dir").map_or(Utf8Path::new(DEFAULT_STATE_DIR), |path| path);
    world.job.workspace.join(given)
}

/// A project on this host, locked for this run.
pub struct Site<'a> {
    /// What came from the outside.
    pub world: World<'a>,
    /// The project.
    pub project: ProjectName,
    /// Its state.
    pub store: Store,
    /// The engine.
    pub engine: Engine,
    /// Compose, speaking to the same engine.
    pub compose: Compose,
    /// For health probes.
    pub http: http::Client,
    /// The phases so far.
    pub phases: Phases<'a>,
    _lock: Lock,
}

impl<'a> Site<'a> {
    /// Finds the engine and Compose, opens the state and takes the lock.
    pub async fn open(values: &Values, world: World<'a>, action: &str) -> Result<Self, Failure> {
        let project = checkout::project_name(values, world.job)?;
        let phases = Phases::new(world.events);
        phases.begin("look around");
        let env = ChildEnv::from_process();
        let endpoint = Endpoint::find(&env)?;
        let engine = Engine::connect(&endpoint).await?;
        let compose = Compose::find(&env, &endpoint, world.cancel).await?;
        let http = http::client().map_err(|error| {
            Failure::new(Outcome::Bug, "failed to build the HTTP client").why(error)
        })?;
        let store = Store::open(&state_dir(values, world), &project)?;
        world.events.emit(Event::Note(format!(
            "project {project}, state in {}, engine {} at {}, Compose {}",
            store.root(),
            engine.version(),
            endpoint.address(),
            compose.version()
        )));
        let lock = take_lock(values, world, action, &store).await?;
        store.tidy()?;
        let compose = compose.guarded(lock.guard()?);
        Ok(Self { world, project, store, engine, compose, http, phases, _lock: lock })
    }

    /// A command for people that finds this project: what an action is told here by its inputs is in it, so that it works as
    /// it is. Flags without a value are given with an empty one.
    pub fn command(&self, action: &str, flags: &[(&str, &str)]) -> String {
        let state_dir = self.store.root().parent().unwrap_or(self.store.root());
        command(action, self.project.as_str(), state_dir, flags)
    }

    /// The containers of the project, in any state.
    pub async fn containers(&self) -> Result<Vec<ContainerInfo>, Failure> {
        self.engine.containers(self.project.as_str()).await
    }

    /// Waits for what a Compose that was ended in the middle has asked the engine for, and removes what it has half made:
    /// the next one would fail over it, or believe that a container runs which is about to stop.
    pub async fn finish_unfinished(&self) -> Result<(), Failure> {
        tokio::select! {
            done = self.engine.finish_unfinished(self.project.as_str()) => {
                done?.into_iter().for_each(|sentence| self.note(sentence));
            }
            () = self.world.cancel.cancelled() => {}
        }
        Ok(())
    }

    /// Whether Compose made the container from our project directory: what we remove has this mark.
    pub fn is_ours(&self, container: &ContainerInfo) -> bool {
        container.working_dir().is_some_and(|folder| Utf8Path::new(folder) == self.store.work())
    }

    /// Says a sentence of ours.
    pub fn note(&self, text: impl Into<String>) {
        self.world.events.emit(Event::Note(text.into()));
    }

    /// Warns: the run goes on, and somebody should know.
    pub fn warn(&self, title: &str, message: impl Into<String>) {
        self.world.events.emit(Event::Annotated(Annotation {
            level: Level::Warning,
            title: title.to_owned(),
            message: message.into(),
            place: None,
        }));
    }

    /// An error if the run was cancelled. Called between acts, so that a cancelled run ends in a state with a name.
    pub fn go_on(&self) -> Result<(), Failure> {
        if self.world.cancel.is_cancelled() {
            return Err(
                Failure::new(Outcome::Failed, "the run was cancelled").why("nothing was changed")
            );
        }
        Ok(())
    }
}

fn command(action: &str, project: &str, state_dir: &Utf8Path, flags: &[(&str, &str)]) -> String {
    let mut line = format!("mta {action}");
    let mut all = vec![("project-name", project)];
    if state_dir != DEFAULT_STATE_DIR {
        all.push(("state-dir", state_dir.as_str()));
    }
    for (name, value) in all.iter().chain(flags) {
        line = match value {
            &"" => format!("{line} --{name}"),
            value => pasted(&format!("{line} --{name}"), value)
                .unwrap_or_else(|| format!("{line} --{name} ...")),
        };
    }
    line
}

async fn take_lock(
    values: &Values,
    world: World<'_>,
    action: &str,
    store: &Store,
) -> Result<Lock, Failure> {
    let me = Holder {
        action: action.to_owned(),
        pid: process::own_id(),
        since: Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        run_url: world.job.run_url(),
    };
    let patience = Patience {
        wait: values.duration("lock-wait").unwrap_or_default(),
        events: world.events,
        cancel: world.cancel,
    };
    Lock::acquire(&store.lock(), &me, patience).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_names_what_is_not_the_default() {
        let flags = [("backup", "shop_20261123T020304Z"), ("confirm-data-loss", "")];
        assert_eq!(
            command("rollback", "shop", DEFAULT_STATE_DIR.into(), &flags),
            "mta rollback --project-name shop --backup shop_20261123T020304Z --confirm-data-loss"
        );
        assert_eq!(
            command("recover", "shop", "/srv/my state".into(), &[]),
            "mta recover --project-name shop --state-dir '/srv/my state'"
        );
    }
}
