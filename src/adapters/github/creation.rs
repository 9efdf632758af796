//! Creating something exactly once.
//!
//! A POST whose answer is lost, or is a server's error, may have been done. Repeating it makes two issues, comments or
//! releases of one. So it is looked up first, by what only ours has: a marker, a tag, a name.

use crate::adapters::github::client::{Answer, Call, Operation};
use crate::adapters::github::errors::Error;

/// Times that a creation is sent.
const ATTEMPTS: u32 = 3;

/// How something came to be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made<T> {
    /// GitHub said that it was created now.
    Created(T),
    /// The answer was lost, and then it was found.
    Found(T),
}

impl<T> Made<T> {
    /// What is there now.
    pub fn into_inner(self) -> T {
        match self {
            Self::Created(made) | Self::Found(made) => made,
        }
    }
}

/// Creates something. `read` takes what is needed from the answer; `find` looks for it when the answer is lost.
pub async fn create_once<T>(
    operation: &Operation<'_>,
    call: &Call,
    read: impl Fn(&Answer) -> Option<T>,
    find: impl AsyncFn() -> Result<Option<T>, Error>,
) -> Result<Made<T>, Error> {
    let mut attempts = 0;
    loop {
        let unknown = match operation.send(call).await {
            Ok(answer) => match read(&answer) {
                Some(made) => return Ok(Made::Created(made)),
                None => unreadable(call),
            },
            Err(error) if error.may_have_been_done() => error,
            Err(error) => return Err(error),
        };
        attempts += 1;
        if !operation.pause(call, &unknown, attempts).await {
            return Err(unknown);
        }
        match find().await {
            Ok(Some(found)) => return Ok(Made::Found(found)),
            Ok(None) if attempts < ATTEMPTS => {}
            Ok(None) | Err(_) => return Err(unknown),
        }
    }
}

/// A success of which the number or the address cannot be read.
fn unreadable(call: &Call) -> Error {
    let why = "it was accepted, and the answer is not as described".to_owned();
    Error::Unknown { what: call.what.clone(), why, asks: std::time::Duration::ZERO }
}
