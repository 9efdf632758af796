//! The words of an issue: those of its templates, or ours.

use crate::actions::World;
use crate::actions::create_failure_issue::inputs::Inputs;
use crate::domain::event::{Annotation, Event, Level};
use crate::domain::incident::key::{Key, Scope};
use crate::domain::incident::memory::Seen;
use crate::domain::incident::told::Told;
use crate::domain::redact::Redactor;
use crate::report::incident::comment::comment;
use crate::report::incident::template::file::Parts;
use crate::report::incident::template::{self, OUTPUT, Part, Template, Variables};
use crate::report::incident::{Failing, body, cut_title, title};

/// Writes what people read. A template that makes no text of this run is told, and ours stand instead.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    /// The job.
    pub world: World<'a>,
    /// What the user asked for.
    pub inputs: &'a Inputs,
    /// The templates of the repository, where they were asked for.
    pub file: Option<&'a Parts>,
}

impl<'a> Words<'a> {
    /// The title of a new issue for these jobs.
    pub fn title(self, failing: Failing<'_>, jobs: &[String]) -> String {
        let template = self.template(Part::Title);
        let made = template.and_then(|template| self.made(template, failing, ("", ""), OUTPUT));
        // Of one job there may be several: the error tells them apart.
        let error = failing.why().next().filter(|_| self.inputs.scope == Scope::Fingerprint);
        let error = error.map(|reason| reason.headline.as_str()).filter(|_| jobs.len() == 1);
        made.map_or_else(|| title(failing.run, jobs, error), |text| cut_title(&text))
    }

    /// The whole body, hidden lines included.
    pub fn body(self, key: &Key, failing: Failing<'_>) -> String {
        let Some(own) = self.template(Part::Body) else { return body::body(key, failing) };
        let room = body::room(key, failing.memory);
        // The author's own words need room too.
        let report = body::words(failing, room.saturating_sub(template::LONGEST));
        match self.made(own, failing, (&report, ""), room) {
            Some(text) => body::around(key, failing.memory, &text),
            None => body::body(key, failing),
        }
    }

    /// A comment.
    pub fn comment(self, failing: Failing<'_>, (seen, told): (&Seen, &Told)) -> String {
        let news = comment(failing.links, seen, told);
        let template = self.template(Part::Comment);
        let made = template.and_then(|template| self.made(template, failing, ("", &news), OUTPUT));
        made.unwrap_or(news)
    }

    /// The template of a part, and where it stands: an input wins over the file.
    fn template(self, part: Part) -> Option<(String, &'a Template)> {
        let input = format!("`{}`", part.word());
        if let Some(template) = self.inputs.words.of(part) {
            return Some((input, template));
        }
        let path = self.inputs.template.as_deref().unwrap_or_default();
        Some((format!("{input} of `{path}`"), self.file?.of(part)?))
    }

    fn made(
        self,
        (place, template): (String, &Template),
        failing: Failing<'_>,
        ours: (&str, &str),
        room: usize,
    ) -> Option<String> {
        let made = self.rendered(template, failing, ours, room);
        made.map_err(|why| {
            self.world.events.emit(Event::Annotated(Annotation {
                level: Level::Warning,
                title: "create-failure-issue: a template was not used".to_owned(),
                message: format!(
                    "{place}: {why}\nWhat to do: change the template; the built-in text was used"
                ),
                place: None,
            }));
        })
        .ok()
    }

    fn rendered(
        self,
        template: &Template,
        failing: Failing<'_>,
        ours: (&str, &str),
        room: usize,
    ) -> Result<String, String> {
        let events = self.world.events;
        let redactor =
            Redactor::new().map_err(|error| format!("secrets cannot be looked for: {error}"))?;
        let hide = |text: &str| events.harmless(&redactor.hide(text)).join(" ");
        let template = template.clone().hiding(|text| redactor.hide(text));
        let text = template.render(&Variables::new(failing, ours, hide), room)?;
        if let Some(input) = events.leaks(&text) {
            return Err(format!("the value of {input} stands in its text"));
        }
        Ok(text)
    }
}
