//! Lists that come in pages. The address of the next page is taken from `Link` as it stands: GitHub changes it
//! (`/repositories/1000/...` instead of `/repos/owner/name/...`).

use reqwest::Url;
use reqwest::header::{HeaderMap, LINK};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::adapters::github::client::{Answer, Call, Operation};
use crate::adapters::github::errors::Error;

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
    let has_more = next(&answer.headers, &call.url).is_some();
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
        match next(&answer.headers, &call.url) {
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

/// The address of the next page.
fn next(headers: &HeaderMap, from: &Url) -> Option<Url> {
    let links = headers.get_all(LINK).iter().filter_map(|link| link.to_str().ok());
    let target = links.flat_map(targets).find(|(_, rel)| rel.split(' ').any(|rel| rel == "next"));
    from.join(target?.0).ok()
}

/// The targets of a `Link` header and their `rel`. Commas and semicolons may stand inside `<...>`.
fn targets(mut link: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    while let Some((target, rest)) = link.split_once('<').and_then(|(_, rest)| rest.split_once('>'))
    {
        let end = rest.find('<').unwrap_or(rest.len());
        let (parameters, after) = rest.split_at(end);
        let rel = parameters.split([';', ',']).filter_map(|pair| pair.trim().split_once('='));
        let rel = rel.filter(|(name, _)| name.trim().eq_ignore_ascii_case("rel"));
        found.extend(rel.map(|(_, value)| (target, value.trim().trim_matches('"'))).take(1));
        link = after;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_next_page_is_taken_as_it_stands() {
        let from: Url = "https://api.github.com/repos/acme/app/issues?per_page=3".parse().unwrap();
        let repositories = "https://api.github.com/repositories/1000/issues?per_page=3&page=2";
        for (link, page) in [
            (
                format!("<{repositories}>; rel=\"next\", <https://x/9>; rel=\"last\""),
                Some(repositories),
            ),
            (
                format!("<https://x/1>; rel=\"prev\", <{repositories}>; rel=next"),
                Some(repositories),
            ),
            (format!("<{repositories}>; title=\"a\"; REL=\"last next\""), Some(repositories)),
            ("</x?a=1,2;b=3>; rel=\"next\"".into(), Some("https://api.github.com/x?a=1,2;b=3")),
            ("<https://x/1>; rel=\"prev\"".into(), None),
            ("<https://x/1>; rel=\"nextish\"".into(), None),
            ("nonsense".into(), None),
            (String::new(), None),
        ] {
            let headers: HeaderMap = [(LINK, link.parse().unwrap())].into_iter().collect();
            let found = next(&headers, &from);
            assert_eq!(found.as_ref().map(Url::as_str), page, "{link}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_is_read_to_its_end(link in "[<>;,=\" a-z/?é]{0,60}") {
            for (target, rel) in targets(&link) {
                prop_assert!(link.contains(target) && link.contains(rel));
            }
        }
    }
}
