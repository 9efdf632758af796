//! How an image differs from the one that it replaces, by its layers: whoever has the former pulls only those that are
//! new.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::Manifest;

/// How much of a command is kept, in characters.
const COMMAND: usize = 200;

/// What differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// How many layers the image has, each once.
    pub layers: usize,
    /// Those that the former image does not have, in their order.
    pub new: Vec<Layer>,
    /// How many layers of the former image it does not have.
    pub gone: usize,
    /// How many bytes more a pull of the whole takes; below zero where it takes fewer.
    pub more: i128,
}

/// A layer, and what made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// How many bytes a pull of it takes.
    pub size: u64,
    /// The command of the Dockerfile, without values of its arguments; `None` if the image does not say.
    pub command: Option<String>,
}

impl Difference {
    /// Between two images; `None` if one of them is an index. `config` is the configuration of the new one, if it is
    /// known.
    pub fn between(before: &Manifest, now: &Manifest, config: Option<&[u8]>) -> Option<Self> {
        let (Manifest::Image { layers: old, .. }, Manifest::Image { layers, .. }) = (before, now)
        else {
            return None;
        };
        let commands = config.map(commands).unwrap_or_default();
        let is_told = commands.len() == layers.len();
        let had: BTreeSet<_> = old.iter().map(|part| &part.digest).collect();
        let mut seen = BTreeSet::new();
        let mut new = Vec::new();
        for (place, part) in layers.iter().enumerate() {
            if seen.insert(&part.digest) && !had.contains(&part.digest) {
                let command = commands.get(place).filter(|_| is_told).cloned().flatten();
                new.push(Layer { size: part.size, command });
            }
        }
        let gone = had.difference(&seen).count();
        let more = i128::from(now.pulled()) - i128::from(before.pulled());
        Some(Self { layers: seen.len(), new, gone, more })
    }

    /// How many bytes whoever has the former image pulls.
    pub fn to_pull(&self) -> u64 {
        self.new.iter().map(|layer| layer.size).fold(0, u64::saturating_add)
    }
}

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    history: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    created_by: String,
    #[serde(default)]
    empty_layer: bool,
}

/// The commands of all layers, the lowest first, as the configuration tells them.
fn commands(config: &[u8]) -> Vec<Option<String>> {
    let config: Option<Config> = serde_json::from_slice(config).ok();
    let entries = config.map(|config| config.history).unwrap_or_default();
    entries.iter().filter(|one| !one.empty_layer).map(|one| command(&one.created_by)).collect()
}

/// A command without its shell, and without the values of arguments: those stand before it in clear text
/// (`RUN |1 TOKEN=abc /bin/sh -c make`), and may be secret.
fn command(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches("# buildkit").trim();
    let (run, rest) = match text.strip_prefix("RUN ") {
        Some(rest) => ("RUN ", rest.trim_start()),
        None => ("", text),
    };
    let shown = if rest.starts_with('|') {
        // A value may hold `-c` itself, and stands before the command always.
        format!("RUN {}", rest.rsplit_once(" -c ")?.1)
    } else if let Some(plain) = rest.strip_prefix("/bin/sh -c #(nop)") {
        plain.trim().to_owned()
    } else if let Some(command) = rest.strip_prefix("/bin/sh -c ") {
        format!("RUN {command}")
    } else {
        format!("{run}{rest}")
    };
    let shown: String = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown: String = shown.chars().take(COMMAND).collect();
    (!shown.is_empty()).then_some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::image::{Digest, MediaType};
    use serde_json::json;

    fn image(layers: &[(&str, u64)]) -> Manifest {
        let part = |(text, size): &(&str, u64)| json!({"digest": Digest::of(text.as_bytes()).to_string(), "size": size});
        let layers: Vec<_> = layers.iter().map(part).collect();
        let text = json!({"config": part(&("config", 10)), "layers": layers}).to_string();
        Manifest::parse(&MediaType::OciManifest, text.as_bytes()).unwrap()
    }

    #[test]
    fn layers_that_the_former_image_lacks_are_new() {
        let before = image(&[("base", 1000), ("libraries", 300), ("old code", 20)]);
        let now = image(&[("base", 1000), ("code", 50), ("code", 50), ("more", 7)]);
        let config = json!({"history": [
            {"created_by": "/bin/sh -c #(nop) ADD file:1 in / "},
            {"created_by": "ENV A=b", "empty_layer": true},
            {"created_by": "COPY . /app # buildkit"},
            {"created_by": "COPY . /again # buildkit"},
            {"created_by": "RUN /bin/sh -c make # buildkit"},
        ]});
        let found =
            Difference::between(&before, &now, Some(config.to_string().as_bytes())).unwrap();
        let layer = |size, text: &str| Layer { size, command: Some(text.to_owned()) };
        assert_eq!(
            found,
            Difference {
                layers: 3,
                new: vec![layer(50, "COPY . /app"), layer(7, "RUN make")],
                gone: 2,
                more: -263,
            }
        );
        assert_eq!(found.to_pull(), 57);
        let same = Difference::between(&now, &now, None).unwrap();
        assert_eq!((same.layers, same.new.len(), same.gone, same.more), (3, 0, 0, 0));
    }

    #[test]
    fn commands_that_are_not_of_the_layers_are_of_none() {
        let (before, now) = (image(&[]), image(&[("a", 1), ("b", 2)]));
        for config in [r#"{"history":[{"created_by":"COPY . ."}]}"#, "{}", "[", ""] {
            let found = Difference::between(&before, &now, Some(config.as_bytes())).unwrap();
            assert!(found.new.iter().all(|layer| layer.command.is_none()), "{config}");
        }
    }

    #[test]
    fn an_index_has_no_layers() {
        let index = Manifest::Index(Vec::new());
        assert_eq!(Difference::between(&index, &image(&[]), None), None);
        assert_eq!(Difference::between(&image(&[]), &index, None), None);
    }

    #[test]
    fn values_of_arguments_are_not_in_commands() {
        for (text, shown) in [
            ("RUN |2 TOKEN=hush A=b /bin/sh -c make all # buildkit", Some("RUN make all")),
            ("RUN |1 A=hush -c hush /bin/bash -eo pipefail -c make", Some("RUN make")),
            ("|1 TOKEN=hush /bin/sh -c make", Some("RUN make")),
            ("RUN |1 TOKEN=hush make", None),
            ("/bin/sh -c pip install   x", Some("RUN pip install x")),
            ("/bin/sh -c #(nop) COPY file:12 in /app ", Some("COPY file:12 in /app")),
            ("RUN apt-get update\n  # buildkit", Some("RUN apt-get update")),
            ("WORKDIR /app", Some("WORKDIR /app")),
            (" ", None),
        ] {
            assert_eq!(command(text).as_deref(), shown, "{text}");
        }
        assert_eq!(command(&"é".repeat(1000)).unwrap().chars().count(), COMMAND);
    }
}
