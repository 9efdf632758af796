//! Images that are not what they were yesterday.

use crate::domain::compose::rules::{Context, Mode};
use crate::domain::compose::variables::State;
use crate::domain::event::Level;
use crate::domain::finding::{Finding, Rule};
use crate::domain::image::{Parts, Reference};
use crate::domain::interpolate::Need;
use crate::domain::yaml::Node;

/// An image without a fixed tag.
pub const UNPINNED: Rule = Rule {
    id: "compose.image-unpinned",
    level: Level::Warning,
    about: "an image without a tag, or with `latest`",
    help: "The next pull brings another program, and a rollback does not bring back the former one. In `mode: deploy` it is an error.",
};

/// An image reference that is none.
pub const INVALID: Rule = Rule {
    id: "compose.image-invalid",
    level: Level::Error,
    about: "an image reference that the engine refuses",
    help: "The pull fails: `postgres:` comes from a variable that is empty, capitals are not allowed in names.",
};

/// The rules of this file.
pub const RULES: &[&Rule] = &[&UNPINNED, &INVALID];

/// Checks each image that is pulled; what is built here is made from the repository.
pub fn check(context: &Context<'_>) -> Vec<Finding> {
    context
        .stack
        .services
        .iter()
        .filter_map(|service| {
            let node = service.get("image")?;
            let image = service.image()?;
            if lacks_variable(context, node) {
                return None;
            }
            if let Some(why) = invalid(image) {
                let what = format!(
                    "the image `{}` of `{}` is no image reference: {why}",
                    node.shown(),
                    service.name()
                );
                return Some(Finding::new(&INVALID, node.span.clone(), what));
            }
            if service.get("build").is_some() || image.contains('@') {
                return None;
            }
            let why = match Parts::of(image).tag {
                Some("latest") => "has the tag `latest`",
                None => "has no tag",
                _ => return None,
            };
            let level = if context.mode == Mode::Deploy { Level::Error } else { Level::Warning };
            let what = format!(
                "the image `{}` of `{}` {why}: it changes without a commit",
                node.shown(),
                service.name()
            );
            Some(
                Finding::new(&UNPINNED, node.span.clone(), what)
                    .with_level(level)
                    .hint("name a version, such as `postgres:16.4`, or a digest"),
            )
        })
        .collect()
}

/// A variable without a value is told by its own rule; what the reference would be is not known.
fn lacks_variable(context: &Context<'_>, node: &Node) -> bool {
    context.asked.iter().any(|one| {
        one.state == State::Unset
            && one.need != Need::Optional
            && one.span.file == node.span.file
            && one.span.start.line == node.span.start.line
    })
}

/// Why the engine refuses a reference.
fn invalid(image: &str) -> Option<&'static str> {
    let reference = match Reference::parse(image) {
        Ok(reference) => reference,
        Err(invalid) => return Some(invalid.why()),
    };
    // Docker takes a first part with capitals for a registry, and then looks for a host of that name.
    let registry = reference.repository().registry().as_str();
    let is_host = registry.contains(['.', ':']) || registry == "localhost";
    (!is_host).then_some("its name has capitals")
}

#[cfg(test)]
mod tests {
    use crate::domain::compose::rules::Mode;
    use crate::domain::compose::rules::tests::{table, told_in};

    #[test]
    fn images_have_a_version() {
        table(
            "compose.image-unpinned",
            &["image: a", "image: 'a:latest'", "image: 'r.io:5000/a'", "image: 'r.io/b/a:latest'"],
            &[
                "image: 'a:1'",
                "image: 'a@sha256:abc'",
                "image: 'r.io:5000/a:1'",
                "image: a, build: .",
                "image: 'a:latest@sha256:abc'",
            ],
        );
        let told = told_in(
            Mode::Deploy,
            &[(
                "c.yml",
                "services: {a: {image: b, restart: always, healthcheck: {test: [CMD, x]}}}",
            )],
        );
        assert!(
            told[0].starts_with("error compose.image-unpinned 1 the image `b` of `a` has no tag"),
            "{told:?}"
        );
    }

    #[test]
    fn references_have_a_form() {
        table(
            "compose.image-invalid",
            &[
                "image: 'postgres:$EMPTY'",
                "image: 'Odoo:1'",
                "image: 'a b'",
                "image: 'a:-x'",
                "image: 'r.io/$EMPTY/x:1'",
                "image: 'Acme/a:1'",
                "image: 'a@sha256:abc'",
                "image: 'a..b:1'",
                "image: 'r.io:99999/a:1'",
            ],
            &[
                "image: 'R.io/a:1'",
                "image: 'localhost/a/b:1_X'",
                "image: 'a:1'",
                "image: 'r.io:5000/a:1'",
            ],
        );
    }
}
