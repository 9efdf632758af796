//! The header `Link` (RFC 8288): where the next page of a list is.

use reqwest::Url;
use reqwest::header::{HeaderMap, LINK};

/// The address of the next page, as it stands there; relative ones are completed. It may be on another host: the caller
/// judges that before it sends anything there.
pub fn next(headers: &HeaderMap, from: &Url) -> Option<Url> {
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
