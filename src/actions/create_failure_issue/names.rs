//! Names as people may see them: of branches, workflows, people, jobs and steps. Anybody may put a secret into one, and
//! GitHub masks nothing in what comes by the API.

use crate::actions::World;
use crate::domain::incident::jobs::Stage;
use crate::domain::incident::run::{Line, Run};
use crate::domain::redact::Redactor;
use crate::domain::shown::visible;
use crate::domain::terminal_text::clean;
use crate::failure::{Failure, Outcome};

/// Takes out of names what is secret.
pub struct Names<'a> {
    world: World<'a>,
    redactor: Redactor,
}

impl<'a> Names<'a> {
    /// Builds the search.
    ///
    /// # Errors
    /// Where secrets cannot be looked for: then nothing is to be shown.
    pub fn new(world: World<'a>) -> Result<Self, Failure> {
        let redactor = Redactor::new().map_err(|error| {
            Failure::new(Outcome::Failed, "secrets cannot be looked for, so nothing is shown")
                .why(error)
                .help("report it: this is a defect of mta")
        })?;
        Ok(Self { world, redactor })
    }

    /// A name without secrets.
    pub fn hide(&self, text: &str) -> String {
        hidden(self.world, &self.redactor, text)
    }

    /// A run as it is told of. What GitHub is asked with needs the true names.
    pub fn run(&self, run: &Run) -> Run {
        let line = match &run.line {
            Line::Pull(which) => Line::Pull(self.hide(which)),
            Line::Branch => Line::Branch,
            Line::Tags => Line::Tags,
        };
        Run {
            workflow: self.hide(&run.workflow),
            branch: self.hide(&run.branch),
            event: self.hide(&run.event),
            actor: self.hide(&run.actor),
            line,
            ..run.clone()
        }
    }

    /// The same of jobs and steps: a step without a name has its command for one.
    pub fn stages(&self, stages: &mut [Stage]) {
        let hide = |name: &mut String| *name = self.hide(name);
        for stage in stages {
            hide(&mut stage.name);
            for leg in &mut stage.legs {
                hide(&mut leg.name);
                leg.steps.iter_mut().for_each(|step| hide(&mut step.name));
            }
        }
    }
}

/// A text without secrets, in which characters that hide or turn it are seen; where a secret lies between such ones,
/// they go, and it with them.
pub fn hidden(world: World<'_>, redactor: &Redactor, text: &str) -> String {
    let text = redactor.hide(text);
    let has_secret = world.events.leaks(&clean(&text)).is_some();
    let text = if has_secret { text } else { visible(&text) };
    world.events.harmless(&text).join(" ")
}
