//! Paths in a service or at the top, made relative to the top of the checkout: a file that another one extends or
//! includes has its own folder.

use crate::domain::compose::mount::is_path;
use crate::domain::interpolate::HOLE;
use crate::domain::known::join;
use crate::domain::yaml::{Node, Value};

/// Makes the paths of a whole file (long forms only) relative to the top; `folder` is where they are relative to.
pub fn settle(root: &mut Node, folder: &str) {
    at(root, "services", |services| each(services, |one| service(one, folder)));
    for kind in ["secrets", "configs"] {
        at(root, kind, |all| each(all, |one| at(one, "file", |file| path(file, folder))));
    }
}

/// The same for one service.
pub fn service(service: &mut Node, folder: &str) {
    at(service, "build", |build| {
        at(build, "context", |context| {
            if !is_remote(context) {
                path(context, folder);
            }
        });
    });
    at(service, "env_file", |files| each(files, |one| at(one, "path", |file| path(file, folder))));
    at(service, "label_file", |files| each(files, |file| path(file, folder)));
    at(service, "volumes", |all| {
        each(all, |one| {
            if one.get("type").and_then(Node::as_text) == Some("bind") {
                at(one, "source", |source| path(source, folder));
            }
        });
    });
}

/// Whether a build context is an address and no folder, or may be one.
pub fn is_remote(context: &Node) -> bool {
    let text = context.as_template().unwrap_or_default();
    text.starts_with(HOLE)
        || text.contains("://")
        || text.starts_with("git@")
        || text.starts_with("github.com/")
}

fn at(node: &mut Node, key: &str, change: impl FnOnce(&mut Node)) {
    if let Value::Mapping(entries) = &mut node.value
        && let Some(entry) = entries.iter_mut().find(|entry| entry.key.text == key)
    {
        change(&mut entry.value);
    }
}

fn each(node: &mut Node, change: impl Fn(&mut Node)) {
    match &mut node.value {
        Value::Mapping(entries) => entries.iter_mut().for_each(|entry| change(&mut entry.value)),
        Value::Sequence(items) => items.iter_mut().for_each(change),
        Value::Scalar(_) => {}
    }
}

/// A path of the home folder stays: whose home it is, only the host knows. So does one of which the beginning is not
/// known. The top itself is `.`.
fn path(node: &mut Node, folder: &str) {
    let Value::Scalar(scalar) = &mut node.value else { return };
    if scalar.text.is_empty() || scalar.text.starts_with(['~', HOLE]) {
        return;
    }
    if scalar.written.is_none() {
        scalar.written = Some(scalar.text.clone());
    }
    let text = &scalar.text;
    scalar.text = match join(folder, text) {
        _ if is_path(text) && text.contains('\\') => text.clone(),
        top if top.is_empty() => ".".to_owned(),
        joined => joined,
    };
}
