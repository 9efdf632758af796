//! Clients of the registries of a step, and who asks them.

use std::collections::BTreeMap;

use secrecy::SecretString;

use crate::actions::build_push::inputs::Login;
use crate::actions::{World, steps};
use crate::adapters::host::process::ChildEnv;
use crate::adapters::http;
use crate::adapters::registry::{Client, Error, Settings, credentials};
use crate::domain::image::Registry;
use crate::domain::registry::credentials::Credentials;
use crate::failure::{Failure, Outcome};

/// GitHub's registry, which takes the job's own token.
const GITHUB: &str = "ghcr.io";

/// Clients of registries, each made once.
pub struct Registries<'a> {
    world: World<'a>,
    login: &'a Login,
    http: http::Client,
    known: BTreeMap<Registry, Client<'a>>,
    silent: BTreeMap<Registry, Failure>,
}

impl<'a> Registries<'a> {
    /// None yet.
    ///
    /// # Errors
    /// There is no HTTP client on this host.
    pub fn new(login: &'a Login, world: World<'a>) -> Result<Self, Failure> {
        let http = steps::http::client()?;
        Ok(Self { world, login, http, known: BTreeMap::new(), silent: BTreeMap::new() })
    }

    /// The client of a registry.
    ///
    /// # Errors
    /// What this machine has to log in with cannot be used.
    pub async fn client(&mut self, registry: &Registry) -> Result<&Client<'a>, Error> {
        if !self.known.contains_key(registry) {
            let settings = Settings::new(self.credentials(registry).await?, steps::http::seed());
            let client = Client::new(&self.http, registry.clone(), settings, self.world.events);
            self.known.insert(registry.clone(), client);
        }
        self.known.get(registry).ok_or_else(|| Error::NoLogin {
            registry: registry.clone(),
            why: "there is no client for it".to_owned(),
        })
    }

    /// Why a registry is not asked any more: it would cost each image the same time for the same answer.
    pub fn silent(&self, registry: &Registry) -> Option<&Failure> {
        self.silent.get(registry)
    }

    /// Notes that a registry does not answer, whatever it is asked.
    pub fn remember(&mut self, registry: &Registry, error: &Error, failure: &Failure) {
        let is_of_all = matches!(
            error,
            Error::Unreachable { .. }
                | Error::Limited { .. }
                | Error::Login { .. }
                | Error::NoLogin { .. }
        );
        if is_of_all {
            self.silent.insert(registry.clone(), failure.clone());
        }
    }

    /// The login that Docker has to be told for a registry: what this machine has it finds itself.
    ///
    /// # Errors
    /// What this machine has to log in with cannot be used.
    pub async fn to_tell(&self, registry: &Registry) -> Result<Option<Credentials>, Error> {
        if let Some(own) = self.of_inputs(registry) {
            return Ok(Some(own));
        }
        Ok(match self.of_machine(registry).await? {
            Some(_) => None,
            None => self.of_job(registry),
        })
    }

    /// Those of the inputs, else those of this machine, else the job's own.
    async fn credentials(&self, registry: &Registry) -> Result<Option<Credentials>, Error> {
        if let Some(own) = self.of_inputs(registry) {
            return Ok(Some(own));
        }
        Ok(self.of_machine(registry).await?.or_else(|| self.of_job(registry)))
    }

    fn of_inputs(&self, registry: &Registry) -> Option<Credentials> {
        let (_, username, password) =
            self.login.password.as_ref().filter(|(of, ..)| of.is_same(registry))?;
        Some(of(username, password))
    }

    async fn of_machine(&self, registry: &Registry) -> Result<Option<Credentials>, Error> {
        credentials(registry, &ChildEnv::from_process(), self.world.cancel).await
    }

    fn of_job(&self, registry: &Registry) -> Option<Credentials> {
        let is_github = registry.as_str().eq_ignore_ascii_case(GITHUB);
        let token = self.login.token.as_ref().filter(|_| is_github)?;
        Some(of(&self.world.job.actor, token))
    }
}

fn of(username: &str, password: &SecretString) -> Credentials {
    Credentials::Password { username: username.to_owned(), password: password.clone() }
}

/// What a registry did not do, as the end of a run.
pub fn failed(error: &Error) -> Failure {
    let outcome = if error.is_of_the_inputs() { Outcome::BadInput } else { Outcome::Unavailable };
    Failure::new(outcome, error.to_string()).help(error.help())
}

/// What a registry does, unless the run is cancelled meanwhile.
///
/// # Errors
/// It was cancelled, or the registry did not do it.
pub async fn unless_cancelled<T>(
    world: World<'_>,
    doing: impl Future<Output = Result<T, Error>>,
) -> Result<T, Failure> {
    tokio::select! {
        biased;
        () = world.cancel.cancelled() => Err(cancelled("the registry had not answered")),
        done = doing => done.map_err(|error| failed(&error)),
    }
}

/// The end of a run that was cancelled.
pub fn cancelled(why: &str) -> Failure {
    Failure::new(Outcome::Unavailable, "the run was cancelled").why(why).help("run it again")
}
