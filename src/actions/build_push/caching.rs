//! Where results of steps are kept and what builds, as the inputs say it.

use crate::actions::build_push::faults::{Faults, given};
use crate::domain::build::Cache;
use crate::domain::input::Values;
use crate::domain::shown::visible;

/// Where results of steps are kept, and what builds.
#[derive(Clone, Debug)]
pub struct Caching {
    /// Where they are kept; not asked where it is told as BuildKit wants it.
    pub cache: Cache,
    /// The folder of `cache: local`; empty without.
    pub folder: String,
    /// What is read, as BuildKit wants it.
    pub from: Vec<String>,
    /// What is written, as BuildKit wants it.
    pub to: Vec<String>,
    /// The builder; empty for the one that is in use.
    pub builder: String,
}

impl Caching {
    /// Reads it.
    pub fn read(values: &Values, faults: &mut Faults) -> Self {
        let word = values.text("cache");
        let (from, to) = (values.list("cache-from").to_vec(), values.list("cache-to").to_vec());
        let is_told = !from.is_empty() || !to.is_empty();
        if is_told && word.is_some() {
            faults.add("`cache` and `cache-from` or `cache-to` are both given: one of them says what is meant");
        }
        if let Some(line) = to.iter().find(|line| !line.starts_with("type=")) {
            faults.add(format!(
                "`cache-to` has the line \"{}\", and wants `type=...,name=value`",
                visible(line)
            ));
        }
        let cache = if is_told { Cache::Off } else { Cache::of(word) };
        let folder = given(values, "cache-folder").unwrap_or_default();
        match (cache, folder.is_empty()) {
            (Cache::Local, true) => faults.add("`cache: local` needs `cache-folder`"),
            (Cache::Local, false) | (_, true) => {}
            (_, false) => faults.add("`cache-folder` is for `cache: local`"),
        }
        let builder = given(values, "builder").unwrap_or_default();
        if builder.starts_with('-')
            || builder.contains(|c: char| c.is_whitespace() || c.is_control())
        {
            faults.add(format!(
                "`builder` is \"{}\", and wants a name as `docker buildx ls` lists it",
                visible(&builder)
            ));
        }
        Self { cache, folder, from, to, builder }
    }
}
