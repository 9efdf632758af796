//! The header `Link` (RFC 8288): where the next page of a list is.

use reqwest::Url;
use reqwest::header::{HeaderMap, LINK};

/// A header `Link` that cannot be read: whether the list goes on is not known then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its header Link cannot be read")]
pub struct Unreadable;

/// The address of the next page, as it stands there; relative ones are completed. It may be on another host: the caller
/// judges that before it sends anything there. `None` where the list ends.
///
/// # Errors
/// The header is not of its grammar, or the address is none. To take that for the end would leave out what follows.
pub fn next(headers: &HeaderMap, from: &Url) -> Result<Option<Url>, Unreadable> {
    for header in headers.get_all(LINK) {
        let text = String::from_utf8_lossy(header.as_bytes());
        if let Some(target) =
            targets(&text)?.into_iter().find_map(|(target, is_next)| is_next.then_some(target))
        {
            return from.join(target).map(Some).map_err(|_| Unreadable);
        }
    }
    Ok(None)
}

/// The targets of a header, and whether each is the next page.
fn targets(link: &str) -> Result<Vec<(&str, bool)>, Unreadable> {
    let mut found = Vec::new();
    let mut rest = link.trim_start_matches(is_gap);
    while !rest.is_empty() {
        let (target, behind) =
            rest.strip_prefix('<').and_then(|rest| rest.split_once('>')).ok_or(Unreadable)?;
        let (is_next, behind) = parameters(behind)?;
        found.push((target, is_next));
        rest = behind.trim_start_matches(is_gap);
    }
    Ok(found)
}

/// Between two links.
fn is_gap(c: char) -> bool {
    matches!(c, ' ' | '\t' | ',')
}

/// Whether the parameters of one link say that it is the next page, and what stands behind them. Names and relations are
/// the same in capitals; only the first `rel` counts.
fn parameters(text: &str) -> Result<(bool, &str), Unreadable> {
    let mut rest = text.trim_start_matches([' ', '\t']);
    let mut rel: Option<bool> = None;
    while let Some(behind) = rest.strip_prefix(';') {
        let behind = behind.trim_start_matches([' ', '\t']);
        let end = behind.find([';', ',', '=']).unwrap_or(behind.len());
        let (name, behind) = behind.split_at(end);
        let (value, behind) = match behind.strip_prefix('=') {
            Some(value) => read_value(value.trim_start_matches([' ', '\t']))?,
            None => ("", behind),
        };
        if name.trim().eq_ignore_ascii_case("rel") {
            let is_next = value.split([' ', '\t']).any(|rel| rel.eq_ignore_ascii_case("next"));
            rel = rel.or(Some(is_next));
        }
        rest = behind.trim_start_matches([' ', '\t']);
    }
    if rest.is_empty() || rest.starts_with(',') {
        Ok((rel == Some(true), rest))
    } else {
        Err(Unreadable)
    }
}

/// A value with or without quotes, and what stands behind it. Single quotes are none by the grammar, and servers use
/// them.
fn read_value(text: &str) -> Result<(&str, &str), Unreadable> {
    for quote in ['"', '\''] {
        if let Some(inside) = text.strip_prefix(quote) {
            let mut is_escaped = false;
            let ends = |c: char| {
                let is_end = c == quote && !is_escaped;
                is_escaped = c == '\\' && !is_escaped;
                is_end
            };
            let end = inside.find(ends).ok_or(Unreadable)?;
            return Ok((&inside[..end], &inside[end + 1..]));
        }
    }
    let end = text.find([';', ',', ' ', '\t']).unwrap_or(text.len());
    Ok(text.split_at(end))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(link: &[u8]) -> Result<Option<String>, Unreadable> {
        let from: Url = "https://api.github.com/repos/acme/app/issues?per_page=3".parse().unwrap();
        let value = reqwest::header::HeaderValue::from_bytes(link).unwrap();
        let headers: HeaderMap = [(LINK, value)].into_iter().collect();
        next(&headers, &from).map(|url| url.map(|url| url.to_string()))
    }

    #[test]
    fn the_next_page_is_taken_as_it_stands() {
        let page = "https://api.github.com/repositories/1000/issues?per_page=3&page=2";
        for link in [
            format!("<{page}>; rel=\"next\", <https://x/9>; rel=\"last\""),
            format!("<https://x/1>; rel=\"prev\", <{page}>; rel=next"),
            format!("<{page}>; title=\"a\"; REL=\"last next\""),
            format!("<{page}>;rel=\"Next\""),
            format!("<{page}>; rel='next'"),
            format!("<{page}>; title=\"a<b, c; d\\\"\"; rel=\"next\""),
            format!("<{page}>; title=\"é\"; rel=\"next\""),
            format!("<{page}>; title=\"x,rel=prev\"; rel=\"next\" , "),
            format!("<{page}>; crossorigin; rel=next; rel=prev"),
        ] {
            assert_eq!(told(link.as_bytes()), Ok(Some(page.to_owned())), "{link}");
        }
        let relative = told(b"</x?a=1,2;b=3>; rel=\"next\"");
        assert_eq!(relative, Ok(Some("https://api.github.com/x?a=1,2;b=3".to_owned())));
        for end in [
            "<https://x/1>; rel=\"prev\"",
            "<https://x/next>; rel=\"nextish\"",
            "",
            " ,",
            "<x>",
            "<x>; rel=prev; rel=next",
        ] {
            assert_eq!(told(end.as_bytes()), Ok(None), "{end}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_no_end() {
        for link in [
            "https://x/2; rel=next",
            "<http://[bad>;rel=\"next\"",
            "<http://h:99999/>;rel=\"next\"",
            "<x",
            "<x>; rel=\"next",
            "<x> y",
            "nonsense",
        ] {
            assert_eq!(told(link.as_bytes()), Err(Unreadable), "{link}");
        }
        assert_eq!(told(b"\xff"), Err(Unreadable));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_is_read_to_its_end(link in "[<>;,=\"'\\\\ a-z/?é]{0,60}") {
            for (target, _) in targets(&link).unwrap_or_default() {
                prop_assert!(link.contains(target));
            }
        }
    }
}
