//! Refuses a file of `secret-files` that nothing in the stack refers to: a value of several lines that was given as
//! `path=value` has its other lines taken for more files, and the secret would not arrive.
//!
//! What Compose resolves itself (`env_file`, `include`) is no longer in its model. So a file that no path of the model
//! leads to is given another content for a moment: if the model stays the same, nobody reads the file.

use camino::Utf8Path;

use crate::actions::steps::checkout::Checkout;
use crate::actions::steps::site::Site;
use crate::actions::steps::stage::{Rendered, disk};
use crate::adapters::host::tree;
use crate::domain::compose::model::Model;
use crate::domain::event::{Event, Sink};
use crate::domain::input::nearest;
use crate::failure::{Failure, Outcome};

/// Read as an env file it changes the model, read as YAML it is no compose file.
const OTHER: &[u8] = b"MTA_OTHER_CONTENT=1\n";

/// Compose has said its warnings once already.
struct Silent;

impl Sink for Silent {
    fn emit(&self, _: Event) {}
}

/// Fails with [`Outcome::BadInput`] at the first file that nothing refers to. Before anything is touched.
pub async fn check(
    site: &Site<'_>,
    checkout: &Checkout,
    rendered: &Rendered,
) -> Result<(), Failure> {
    let overlay = site.store.render();
    let mut result = Ok(());
    let mut was_changed = false;
    for (at, path) in checkout.secret_files.iter().enumerate() {
        if rendered.model.refers_to(overlay.join(path).as_str()) {
            continue;
        }
        was_changed = true;
        if !is_read(site, checkout, rendered, path).await? {
            let known = rendered.model.below(overlay.as_str());
            result = Err(refused(
                at + 1,
                path,
                nearest(path.as_str(), known.iter().map(String::as_str)),
            ));
            break;
        }
    }
    if was_changed {
        tree::overlay(&checkout.root, &overlay, &checkout.written)
            .map_err(|error| disk(&overlay, &error))?;
    }
    result
}

async fn is_read(
    site: &Site<'_>,
    checkout: &Checkout,
    rendered: &Rendered,
    path: &Utf8Path,
) -> Result<bool, Failure> {
    let overlay = site.store.render();
    let mut written = checkout.written.clone();
    written.insert(path.to_owned(), OTHER.to_vec());
    tree::overlay(&checkout.root, &overlay, &written).map_err(|error| disk(&overlay, &error))?;
    let json = site.compose.render(&rendered.rendering, &Silent, site.world.cancel).await;
    match json.map(|json| Model::parse(&json)) {
        Ok(Ok(model)) => Ok(model.to_json() != rendered.model.to_json()),
        Ok(Err(_)) => Ok(true),
        Err(failure) if failure.outcome == Outcome::BadInput => Ok(true),
        Err(failure) => Err(failure),
    }
}

/// What looks like a name may be a line of a key: it is shown only where it is nearly a path of the stack.
fn refused(number: usize, path: &Utf8Path, near: Option<&str>) -> Failure {
    let named =
        near.map_or_else(String::new, |near| format!(" (`{path}`; did you mean `{near}`?)"));
    Failure::new(
        Outcome::BadInput,
        format!(
            "entry {number} of the input `secret-files` is a file that nothing in the stack refers to{named}"
        ),
    )
    .why("no mount, secret, config, env file or build context has it")
    .help(
        "a value of several lines is written as `path: ${{ toJSON(secrets.NAME) }}`; a file that the stack needs has to \
         be named in the compose file",
    )
}
