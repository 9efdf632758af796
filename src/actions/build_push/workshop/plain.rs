//! A build where there is no buildx: `docker build`, then `docker push`.

use super::{Made, PAUSES, Workshop, refused};
use crate::actions::build_push::SPEC;
use crate::adapters::docker::buildx::pushed;
use crate::domain::build::{INSTALL, Order, Plain, Progress, Shown, Way, place};
use crate::domain::event::{Annotation, Level};
use crate::domain::image::Digest;
use crate::failure::{Failure, Place};

impl Workshop<'_> {
    /// Builds an image under a name, and pushes it where `push` says so.
    ///
    /// # Errors
    /// The build or the push failed, or was cancelled.
    pub(super) async fn build_plainly(
        &self,
        name: &str,
        order: &Order,
        (by, push): (Plain, bool),
    ) -> Result<Made, Failure> {
        let args = order.plain_arguments(name, by);
        let mut at = None;
        self.show(Shown::Begin("build".to_owned()));
        let exit = {
            // Programs write as it comes to them: only what a Dockerfile is refused for has a place in it.
            let mut on_line = |line: &str| {
                let of_file = line.contains("dockerfile parse error").then(|| place(line));
                at = at.take().or_else(|| of_file.flatten());
                self.tell(line);
            };
            self.buildx.build(&args, self.running(), &mut on_line).await
        };
        self.show(Shown::End);
        let exit = exit?;
        if exit.code != 0 {
            let at = at.map(|at: Place| Place { file: order.file.clone(), ..at });
            return Err(refused(name, &Progress::default(), &exit.tail, at).failure);
        }
        let digest = if push { self.push(name).await? } else { None };
        Ok(Made { digest, steps: Vec::new() })
    }

    /// Pushes what was built, and again where the registry refuses it for a while. Answers its digest, if that is told.
    async fn push(&self, name: &str) -> Result<Option<Digest>, Failure> {
        let mut pauses = PAUSES.iter();
        loop {
            let mut digest = None;
            self.show(Shown::Begin("push".to_owned()));
            let exit = {
                let mut on_line = |line: &str| {
                    digest = pushed(line).or_else(|| digest.take());
                    self.tell(line);
                };
                self.buildx.push(name, self.running(), &mut on_line).await
            };
            self.show(Shown::End);
            let exit = exit?;
            if exit.code == 0 {
                return Ok(digest);
            }
            let mut refused = refused(name, &Progress::default(), &exit.tail, None);
            match pauses.next() {
                Some(pause) if refused.passes => self.wait(*pause, &refused.why).await?,
                _ => {
                    refused.failure.what = format!("{name} was not pushed");
                    return Err(refused.failure);
                }
            }
        }
    }

    fn tell(&self, line: &str) {
        if !line.trim().is_empty() {
            self.show(Shown::Line(line.to_owned()));
        }
    }
}

/// What it costs that there is no buildx.
pub(super) fn notice(by: Plain) -> Annotation {
    Annotation {
        level: Level::Notice,
        title: format!("{}: built without buildx", SPEC.name),
        message: format!(
            "Docker's plugin buildx was not found, so the image is built by {}. That costs: {}\nWhat to do: {INSTALL}",
            Way::Plain(by).name(),
            by.costs(),
        ),
        place: None,
    }
}
