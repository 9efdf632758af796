//! When a release counts as healthy: looks at the stack in, a verdict out.
//!
//! Most of what is wrong in the first seconds passes by itself, so the verdict is "not yet" until the time is over. A few
//! things do not pass (see [`Verdict::Sick`]); waiting for them would only make the outage longer.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A service without a health check must have run this long without a restart: a process that dies at once and is
/// started again looks "running" each time (measured: `compose up --wait` calls that healthy).
pub const MIN_UPTIME: Duration = Duration::from_secs(5);

/// So many restarts since the run began are a crash loop. The engine waits 0.1 s before the first, then twice as long
/// each time: it takes less than a second with a process that dies at once.
pub const MAX_RESTARTS: u64 = 3;

/// What is looked at, and how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Wait before the first look.
    pub delay: Duration,
    /// Time between two looks while nothing changes.
    pub interval: Duration,
    /// How many intervals a release has. Looks that come because something changed do not count.
    pub retries: u64,
    /// Limit of one request or command.
    pub timeout: Duration,
    /// Must answer 2xx.
    pub url: Option<String>,
    /// Must exit 0 in the container of the service.
    pub command: Option<ServiceCommand>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            delay: Duration::ZERO,
            interval: Duration::from_secs(2),
            retries: 75,
            timeout: Duration::from_secs(5),
            url: None,
            command: None,
        }
    }
}

impl Policy {
    /// The time that a release has to become healthy, from when it is up.
    pub fn budget(&self) -> Duration {
        let intervals = u32::try_from(self.retries).unwrap_or(u32::MAX);
        self.delay.saturating_add(self.interval.saturating_mul(intervals))
    }

    /// The time that Compose has to bring it up. Services that others wait for (`condition: service_healthy`) come up
    /// one after the other there, so it is several budgets.
    pub fn longest_start(&self) -> Duration {
        self.budget().saturating_mul(3)
    }

    /// How long to wait after a look unless something changes before; `None` when the time is over.
    ///
    /// `spent` is the time since the release is up. `rest` is what [`Verdict::NotYet`] said.
    pub fn pause(&self, spent: Duration, rest: Option<Duration>) -> Option<Duration> {
        let left = self.budget().checked_sub(spent).filter(|left| !left.is_zero())?;
        Some(rest.unwrap_or(self.interval).min(left))
    }
}

/// A command in the container of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceCommand {
    /// The service.
    pub service: String,
    /// Program and arguments.
    pub argv: Vec<String>,
}

/// One container as the engine shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Container {
    /// Its id.
    pub id: String,
    /// Its service.
    pub service: String,
    /// Its name.
    pub name: String,
    /// `created`, `running`, `restarting`, `exited`, `dead`, `paused`, `removing`.
    pub state: String,
    /// `healthy`, `unhealthy`, `starting`; `None` without a health check.
    pub health: Option<String>,
    /// How many of its health checks failed one after the other until now.
    pub failures: u64,
    /// How often the engine restarted it since somebody started it.
    pub restarts: u64,
    /// When it was started last; `None` if never.
    pub started_at: Option<Timestamp>,
    /// Exit code, of a container that is not running.
    pub exit_code: i64,
    /// Whether the kernel killed it for its memory.
    pub oom_killed: bool,
    /// `no`, `always`, `unless-stopped`, `on-failure`; empty is `no`.
    pub restart_policy: String,
    /// How often `on-failure` restarts it at most; 0 is without end.
    pub restart_limit: u64,
}

impl Container {
    /// Whether it has ended and the engine will not start it again.
    fn ended_for_good(&self) -> bool {
        let again = match self.restart_policy.as_str() {
            "" | "no" => false,
            "on-failure" => {
                let tries = self.restart_limit == 0 || self.restarts < self.restart_limit;
                self.exit_code != 0 && tries
            }
            _ => true,
        };
        self.state == "dead" || (self.state == "exited" && !again)
    }
}

/// What one probe said.
pub type Probe = Result<(), String>;

/// One look at the stack.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// When.
    pub now: Timestamp,
    /// The services that must run.
    pub expected: Vec<String>,
    /// Services that may end with exit code 0 (no restart policy): jobs that run once.
    pub may_finish: Vec<String>,
    /// The services that a service depends on.
    pub depends_on: BTreeMap<String, Vec<String>>,
    /// The containers.
    pub containers: Vec<Container>,
    /// What the address said, if one is asked.
    pub url: Option<Probe>,
    /// What the command said, if one is asked.
    pub command: Option<Probe>,
}

impl Look {
    fn of<'a>(&'a self, service: &'a str) -> impl Iterator<Item = &'a Container> {
        self.containers.iter().filter(move |container| container.service == service)
    }

    /// Whether a service that this one depends on is not well itself: a process that cannot reach its database often
    /// ends, and runs on once the database is there.
    fn may_wait_for_another(&self, container: &Container) -> bool {
        let others = self.depends_on.get(&container.service).into_iter().flatten();
        others.flat_map(|other| self.of(other)).any(|other| complaint(other, self).is_some())
    }
}

/// What a look means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All is well.
    Healthy,
    /// Not yet.
    NotYet {
        /// What is missing, one sentence each.
        missing: Vec<String>,
        /// Where nothing is missing but the uptime of services without a health check: how long that still takes.
        rest: Option<Duration>,
    },
    /// It will not become healthy by itself: what is wrong, what does not pass first.
    Sick(Vec<String>),
}

/// How bad a complaint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    /// It only has to go on as it is for this long.
    Young(Duration),
    /// It may pass.
    Passing,
    /// It does not pass by itself.
    Final,
}

#[derive(Clone, Debug)]
struct Complaint {
    /// What is wrong, without the name of the service.
    what: String,
    weight: Weight,
}

impl Complaint {
    fn passing(what: impl Into<String>) -> Self {
        Self { what: what.into(), weight: Weight::Passing }
    }
}

/// What a container is forgiven: it happened while a service that it depends on was not well.
#[derive(Clone, Copy, Debug)]
struct Forgiven {
    /// Restarts up to this number.
    restarts: u64,
    /// Failed health checks up to this number.
    failures: u64,
}

/// Judges the looks of one watch, one after the other.
#[derive(Clone, Debug)]
pub struct Judge {
    before: BTreeMap<String, Container>,
    forgiven: BTreeMap<String, Forgiven>,
}

impl Judge {
    /// `before` are the containers at the start of the run. One that runs on from then is not condemned for what it did
    /// before, nor for being unhealthy: it may recover when what it depends on is back.
    pub fn new(before: impl IntoIterator<Item = Container>) -> Self {
        let before = before.into_iter().map(|container| (container.id.clone(), container));
        Self { before: before.collect(), forgiven: BTreeMap::new() }
    }

    /// Judges one look.
    pub fn judge(&mut self, look: &Look) -> Verdict {
        let mut complaints: Vec<(Weight, String)> = Vec::new();
        for service in &look.expected {
            let mut containers = look.of(service).peekable();
            if containers.peek().is_none() {
                complaints.push((Weight::Passing, format!("{service}: no container")));
            }
            for container in containers {
                if let Some(complaint) = complaint(container, look) {
                    let Complaint { what, weight } = self.weigh(container, look, complaint);
                    complaints.push((weight, format!("{service}: {what}")));
                }
            }
        }
        for probe in [&look.url, &look.command].into_iter().flatten() {
            complaints.extend(probe.as_ref().err().map(|why| (Weight::Passing, why.clone())));
        }
        verdict(&complaints)
    }

    /// Finds out whether a complaint will not pass by itself.
    fn weigh(&mut self, container: &Container, look: &Look, complaint: Complaint) -> Complaint {
        let former = self.former(container);
        let ours = former.is_none();
        let restarts = container.restarts.saturating_sub(former.map_or(0, |old| old.restarts));
        let running = container.state == "running";
        if look.may_wait_for_another(container) {
            // What is under way now began too early as well.
            let forgiven = Forgiven {
                restarts: restarts + u64::from(running),
                failures: container.failures + 1,
            };
            self.forgiven.insert(container.id.clone(), forgiven);
        }
        let forgiven = self.forgiven.get(&container.id);
        let loops =
            restarts >= MAX_RESTARTS && forgiven.is_none_or(|until| restarts > until.restarts);
        let unhealthy = running
            && container.health.as_deref() == Some("unhealthy")
            && forgiven.is_none_or(|until| container.failures > until.failures);
        let out_of_memory = container.oom_killed && !running;
        let is_final =
            loops || container.ended_for_good() || (ours && (unhealthy || out_of_memory));
        match (is_final, loops && running) {
            (false, _) => complaint,
            (true, false) => Complaint { weight: Weight::Final, ..complaint },
            (true, true) => Complaint {
                weight: Weight::Final,
                what: format!("restarted {restarts} times, {}", complaint.what),
            },
        }
    }

    /// The container at the start of the run, if it ran then and nobody but the engine has started it since. The engine
    /// counts from 0 when somebody else starts it.
    fn former(&self, container: &Container) -> Option<&Container> {
        let old = self.before.get(&container.id)?;
        let ran = matches!(old.state.as_str(), "running" | "restarting" | "paused");
        let by_engine = container.restarts > 0 && container.restarts >= old.restarts;
        (ran && (by_engine || container.started_at == old.started_at)).then_some(old)
    }
}

fn verdict(complaints: &[(Weight, String)]) -> Verdict {
    let of = |weight: Weight| complaints.iter().filter(move |(w, _)| *w == weight);
    if complaints.is_empty() {
        return Verdict::Healthy;
    }
    if of(Weight::Final).next().is_some() {
        let reasons = of(Weight::Final).chain(of(Weight::Passing));
        return Verdict::Sick(reasons.map(|(_, text)| text.clone()).collect());
    }
    let rest = complaints.iter().try_fold(Duration::ZERO, |longest, (weight, _)| match weight {
        Weight::Young(rest) => Some(longest.max(*rest)),
        Weight::Passing | Weight::Final => None,
    });
    Verdict::NotYet { missing: complaints.iter().map(|(_, text)| text.clone()).collect(), rest }
}

/// The containers that are not well, each with what is wrong. Those that only have not run for long are left out where
/// another one is worse.
pub fn patients(look: &Look) -> Vec<(&Container, String)> {
    let ill = look.containers.iter().filter_map(|c| Some((c, complaint(c, look)?)));
    let (young, worse): (Vec<_>, Vec<_>) =
        ill.partition(|(c, why)| matches!(why.weight, Weight::Young(_)) && c.restarts == 0);
    let shown = if worse.is_empty() { young } else { worse };
    shown.into_iter().map(|(c, why)| (c, format!("{}: {}", c.service, why.what))).collect()
}

/// What is wrong with one container in one look, if anything.
fn complaint(container: &Container, look: &Look) -> Option<Complaint> {
    // The engine keeps the mark until the next start, also when only one process of many was killed.
    if container.oom_killed && container.state != "running" {
        return Some(Complaint::passing("killed by the kernel, out of memory"));
    }
    let code = container.exit_code;
    match (container.state.as_str(), container.health.as_deref()) {
        ("running", Some("healthy")) => None,
        ("running", Some(health)) => Some(Complaint::passing(health)),
        ("running", None) => {
            let uptime = container.started_at.map_or(Duration::ZERO, |at| {
                Duration::try_from(look.now.duration_since(at)).unwrap_or(Duration::ZERO)
            });
            let rest = MIN_UPTIME.checked_sub(uptime).filter(|rest| !rest.is_zero())?;
            let what = format!("running for {} s", uptime.as_secs());
            Some(Complaint { what, weight: Weight::Young(rest) })
        }
        ("exited", _) if code == 0 && look.may_finish.contains(&container.service) => None,
        (state @ ("exited" | "dead"), _) => {
            Some(Complaint::passing(format!("{state} with code {code}")))
        }
        ("restarting", _) => Some(Complaint::passing(format!(
            "restarting after exit code {code} ({} times)",
            container.restarts
        ))),
        (state, _) => Some(Complaint::passing(state)),
    }
}

#[cfg(test)]
mod tests;
