//! Lists that come in pages. The address of the next page is taken from `Link` as it stands: GitHub changes it
//! (`/repositories/1000/...` instead of `/repos/owner/name/...`).

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::adapters::github::client::{Answer, Call, Operation};
use crate::adapters::github::errors::Error;
use crate::adapters::http::links::{Unreadable, next};

/// Pages of one list that are read. GitHub ends an issue at 2,500 comments, which is 25 pages.
pub const MOST_PAGES: usize = 100;

/// Reads all pages of a list, and keeps what `keep` makes of each item.
///
/// A list that does not end is an error: half of it would answer "there is none" wrongly.
pub async fn list<T: DeserializeOwned, U>(
    operation: &Operation<'_>,
    call: Call,
    keep: impl FnMut(T) -> Option<U>,
) -> Result<Vec<U>, Error> {
    all(operation, call, Answer::json, keep).await
}

/// Reads the first page of a list, and says whether there are more.
pub async fn first<T: DeserializeOwned, U>(
    operation: &Operation<'_>,
    call: &Call,
    keep: impl FnMut(T) -> Option<U>,
) -> Result<(Vec<U>, bool), Error> {
    let answer = operation.send(call).await?;
    let items: Vec<T> = answer.json(call)?;
    let has_more =
        next(&answer.headers, &call.url).map_err(|error| unusable(call, error))?.is_some();
    Ok((items.into_iter().filter_map(keep).collect(), has_more))
}

/// The same as [`list`] where each page is an object, and the items stand in one of its fields.
pub async fn list_in<T: DeserializeOwned, U>(
    operation: &Operation<'_>,
    call: Call,
    field: &str,
    keep: impl FnMut(T) -> Option<U>,
) -> Result<Vec<U>, Error> {
    let items = |answer: &Answer, call: &Call| {
        let mut page: serde_json::Map<String, Value> = answer.json(call)?;
        serde_json::from_value(page.remove(field).unwrap_or_default()).map_err(|error| {
            let why = format!("the answer is not as described: `{field}`: {error}");
            Error::Unusable { what: call.what.clone(), why }
        })
    };
    all(operation, call, items, keep).await
}

async fn all<T, U>(
    operation: &Operation<'_>,
    mut call: Call,
    items: impl Fn(&Answer, &Call) -> Result<Vec<T>, Error>,
    mut keep: impl FnMut(T) -> Option<U>,
) -> Result<Vec<U>, Error> {
    let mut kept = Vec::new();
    for _ in 0..MOST_PAGES {
        let answer = operation.send(&call).await?;
        kept.extend(items(&answer, &call)?.into_iter().filter_map(&mut keep));
        match next(&answer.headers, &call.url).map_err(|error| unusable(&call, error))? {
            None => return Ok(kept),
            Some(url) if operation.owns(&url) => call.url = url,
            Some(url) => {
                let host = url.host_str().unwrap_or_default();
                let why = format!("its next page is on another server, {host}");
                return Err(Error::Unusable { what: call.what, why });
            }
        }
    }
    Err(Error::Unusable { what: call.what, why: format!("it has more than {MOST_PAGES} pages") })
}

fn unusable(call: &Call, error: Unreadable) -> Error {
    Error::Unusable { what: call.what.clone(), why: error.to_string() }
}
