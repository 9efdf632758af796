//! Files that hold credentials by nature: the name of the file says so, and a small reader finds them.

mod files;
mod hashes;
mod lines;
mod pairs;

use std::ops::Range;

use super::candidate::Candidate;
use super::path::{Path, Syntax};
use super::text::Text;
use crate::domain::event::Level;
use crate::domain::finding::Rule;

/// A file for credentials stands in the repository.
pub const FORMAT: Rule = Rule {
    id: "secret.format",
    level: Level::Error,
    about: "credentials in a file that is made for them",
    help: "The file belongs to one machine or one person. Take it out of the repository, list it in .gitignore, and \
           change what was in it: the history keeps it.",
};

/// How far the value of a setting is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    /// The file is somebody's own: any value is meant.
    Own,
    /// The file is a template as often: a word that stands for a value is none.
    Set,
    /// As `Set`, and the value is no path and no name, whatever it looks like otherwise.
    Literal,
    /// As in any configuration: the value looks like a secret.
    Looks,
}

/// How a file is read.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// Five fields, the last is the password.
    Pgpass,
    /// Words; the one behind `password` is it.
    Netrc,
    /// An address on each line.
    GitCredentials,
    /// A name, a colon, a hash.
    Hashes,
    /// Nothing but a key.
    Key,
    /// A call with a name and a password.
    Login,
    /// A dump of a database.
    Sql,
    /// Names and values; the names are secrets besides those that always are.
    Pairs(Syntax, Trust, &'static [&'static str]),
}

/// Adds what a file holds by nature.
pub(super) fn find(path: &Path<'_>, text: Text<'_>, found: &mut Vec<Candidate>) {
    let Some(form) = files::form(path).filter(|_| !path.is_template()) else {
        return;
    };
    match form {
        Form::Pgpass => lines::pgpass(text, found),
        Form::Netrc => lines::netrc(text, found),
        Form::GitCredentials => lines::git_credentials(text, found),
        Form::Hashes => hashes::accounts(text, found),
        Form::Key => lines::key(text, found),
        Form::Login => lines::login(text, found),
        Form::Sql => hashes::sql(text, found),
        Form::Pairs(syntax, trust, also) => {
            pairs::find(text, &pairs::Reading { syntax, trust, also }, found);
        }
    }
}

/// A secret that `of` tells apart: "a password in .pgpass".
fn secret(of: &str, range: Range<usize>) -> Candidate {
    let what = format!("{of} ({} characters)", range.len());
    Candidate::new(&FORMAT, range, what)
}
