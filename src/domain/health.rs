//! When a release counts as healthy: one look at the stack in, a verdict out.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A service without a health check must have run this long without a restart: a process that dies at once and is
/// started again looks "running" each time (measured: `compose up --wait` calls that healthy).
pub const MIN_UPTIME: Duration = Duration::from_secs(5);

/// What is looked at, and how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Wait before the first look.
    pub delay: Duration,
    /// Time between two looks.
    pub interval: Duration,
    /// How many looks.
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
            interval: Duration::from_secs(5),
            retries: 30,
            timeout: Duration::from_secs(5),
            url: None,
            command: None,
        }
    }
}

impl Policy {
    /// The longest time that watching may take.
    pub fn longest(&self) -> Duration {
        let look = self.interval.saturating_add(self.timeout.saturating_mul(2));
        let looks = u32::try_from(self.retries).unwrap_or(u32::MAX);
        self.delay.saturating_add(look.saturating_mul(looks))
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// Its service.
    pub service: String,
    /// Its name.
    pub name: String,
    /// `created`, `running`, `restarting`, `exited`, `dead`, `paused`, `removing`.
    pub state: String,
    /// `healthy`, `unhealthy`, `starting`; `None` without a health check.
    pub health: Option<String>,
    /// How often the engine restarted it.
    pub restarts: u64,
    /// How long it has been running.
    pub uptime: Duration,
    /// Exit code, of a container that is not running.
    pub exit_code: i64,
    /// Whether the kernel killed it for its memory.
    pub oom_killed: bool,
}

/// What one probe said.
pub type Probe = Result<(), String>;

/// One look at the stack.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// The services that must run.
    pub expected: Vec<String>,
    /// Services that may end with exit code 0 (no restart policy): jobs that run once.
    pub may_finish: Vec<String>,
    /// The containers.
    pub containers: Vec<Container>,
    /// What the address said, if one is asked.
    pub url: Option<Probe>,
    /// What the command said, if one is asked.
    pub command: Option<Probe>,
}

/// What a look means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All is well.
    Healthy,
    /// Not yet: what is missing, one sentence each.
    NotYet(Vec<String>),
}

/// Judges one look.
pub fn judge(look: &Look) -> Verdict {
    let mut missing: Vec<String> = Vec::new();
    for service in &look.expected {
        let mut containers = look.containers.iter().filter(|c| c.service == *service).peekable();
        if containers.peek().is_none() {
            missing.push(format!("{service}: no container"));
        }
        missing.extend(containers.filter_map(|container| complaint(container, look)));
    }
    if let Some(Err(why)) = &look.url {
        missing.push(why.clone());
    }
    if let Some(Err(why)) = &look.command {
        missing.push(why.clone());
    }
    if missing.is_empty() { Verdict::Healthy } else { Verdict::NotYet(missing) }
}

/// What is wrong with one container, if anything.
fn complaint(container: &Container, look: &Look) -> Option<String> {
    let name = &container.service;
    // The engine keeps the mark until the next start, also when only one process of many was killed.
    if container.oom_killed && container.state != "running" {
        return Some(format!("{name}: killed by the kernel, out of memory"));
    }
    match (container.state.as_str(), container.health.as_deref()) {
        ("running", Some("healthy")) => None,
        ("running", Some(health)) => Some(format!("{name}: {health}")),
        ("running", None) if container.uptime < MIN_UPTIME => {
            Some(format!("{name}: running for {} s", container.uptime.as_secs()))
        }
        ("running", None) => None,
        ("exited", _) if container.exit_code == 0 && look.may_finish.contains(name) => None,
        ("exited" | "dead", _) => {
            Some(format!("{name}: {} with code {}", container.state, container.exit_code))
        }
        ("restarting", _) => Some(format!(
            "{name}: restarting after exit code {} ({} times)",
            container.exit_code, container.restarts
        )),
        (state, _) => Some(format!("{name}: {state}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(service: &str, state: &str, health: Option<&str>, uptime: u64) -> Container {
        Container {
            service: service.into(),
            name: format!("shop-{service}-1"),
            state: state.into(),
            health: health.map(Into::into),
            restarts: 0,
            uptime: Duration::from_secs(uptime),
            exit_code: 0,
            oom_killed: false,
        }
    }

    fn look(containers: Vec<Container>) -> Look {
        Look { expected: vec!["app".into()], containers, ..Look::default() }
    }

    fn missing(look: &Look) -> Vec<String> {
        match judge(look) {
            Verdict::Healthy => Vec::new(),
            Verdict::NotYet(missing) => missing,
        }
    }

    #[test]
    fn healthy_is_what_runs_and_says_so() {
        assert_eq!(missing(&look(vec![container("app", "running", Some("healthy"), 0)])), [""; 0]);
        assert_eq!(missing(&look(vec![container("app", "running", None, 5)])), [""; 0]);
    }

    #[test]
    fn a_crash_loop_without_a_health_check_is_not_healthy() {
        assert_eq!(
            missing(&look(vec![container("app", "running", None, 1)])),
            ["app: running for 1 s"]
        );
        let mut looping = container("app", "restarting", None, 0);
        looping.exit_code = 1;
        looping.restarts = 3;
        assert_eq!(missing(&look(vec![looping])), ["app: restarting after exit code 1 (3 times)"]);
    }

    #[test]
    fn every_other_state_is_named() {
        let table = [
            (look(vec![]), "app: no container"),
            (look(vec![container("app", "running", Some("starting"), 9)]), "app: starting"),
            (look(vec![container("app", "running", Some("unhealthy"), 9)]), "app: unhealthy"),
            (look(vec![container("app", "created", None, 0)]), "app: created"),
            (look(vec![container("app", "exited", None, 0)]), "app: exited with code 0"),
        ];
        for (look, says) in table {
            assert_eq!(missing(&look), [says]);
        }
        let mut killed = container("app", "running", Some("healthy"), 9);
        killed.oom_killed = true;
        assert_eq!(judge(&look(vec![killed.clone()])), Verdict::Healthy, "it went on");
        killed.state = "restarting".into();
        assert_eq!(missing(&look(vec![killed])), ["app: killed by the kernel, out of memory"]);
    }

    #[test]
    fn a_job_that_runs_once_may_end_with_zero_only() {
        let mut done = look(vec![container("app", "exited", None, 0)]);
        done.may_finish = vec!["app".into()];
        assert_eq!(judge(&done), Verdict::Healthy);
        done.containers[0].exit_code = 3;
        assert_eq!(missing(&done), ["app: exited with code 3"]);
    }

    #[test]
    fn probes_count_as_well() {
        let mut look = look(vec![container("app", "running", Some("healthy"), 9)]);
        look.url = Some(Ok(()));
        look.command = Some(Ok(()));
        assert_eq!(judge(&look), Verdict::Healthy);
        look.url = Some(Err("http://x/health answered 503".into()));
        assert_eq!(missing(&look), ["http://x/health answered 503"]);
    }

    #[test]
    fn the_longest_watch_is_bounded_even_for_absurd_numbers() {
        let policy = Policy { retries: u64::MAX, interval: Duration::MAX, ..Policy::default() };
        assert_eq!(policy.longest(), Duration::MAX);
    }
}
