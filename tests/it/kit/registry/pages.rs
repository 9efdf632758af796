//! Pages of a list of tags. The real program makes none: it always answers the whole list.

use serde_json::{Value, json};

use crate::kit::registry::wire::{Answer, Request};

/// Where the next page is said to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// `</v2/NAME/tags/list?last=TAG&n=SIZE>`
    Relative,
    /// The same with the host.
    Absolute,
    /// A mark that only the server understands, and that must come back as it was, as Quay has it.
    Opaque,
    /// Like [`Link::Relative`]; the last page leads back to the first one.
    Loop,
    /// The next page is on another host: `http://HOST:PORT`.
    Elsewhere(String),
}

/// How a list is cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pages {
    /// Tags of a page if nothing else is asked for.
    pub size: usize,
    /// The most that `n` may ask for.
    pub most: usize,
    pub link: Link,
    /// Whether the link says in `n` the size of the page; if not, what was asked for, which is 0 for nothing (GHCR).
    pub says_size: bool,
}

impl Pages {
    /// Pages of exactly this many tags, whatever `n` asks for.
    pub fn of(size: usize, link: Link) -> Self {
        Self { size, most: size, link, says_size: true }
    }

    /// The page that a request asks for, of the whole list.
    pub fn page(&self, name: &str, tags: &[String], request: &Request) -> Answer {
        let size = asked(request).unwrap_or(self.size).min(self.most);
        let Some(start) = start(tags, request) else {
            return Answer::error(400, "PAGINATION_NUMBER_INVALID", "no such page");
        };
        let page = &tags[start..(start + size).min(tags.len())];
        let answer = Answer::json(200, &json!({"name": name, "tags": page}));
        let path = format!("/v2/{name}/tags/list");
        let n = if self.says_size { size } else { asked(request).unwrap_or(0) };
        let end = start + size;
        let next = match page.last() {
            Some(last) if end < tags.len() => Some(format!("{path}?last={last}&n={n}")),
            _ if self.link == Link::Loop => Some(format!("{path}?n={n}")),
            _ => None,
        };
        let host = request.all("host").first().copied().unwrap_or_default();
        let target = next.map(|relative| match &self.link {
            Link::Relative | Link::Loop => relative,
            Link::Absolute => format!("http://{host}{relative}"),
            Link::Opaque => format!("{path}?next_page={}", mark(end)),
            Link::Elsewhere(base) => format!("{base}{relative}"),
        });
        match target {
            Some(target) => answer.with("Link", format!("<{target}>; rel=\"next\"")),
            None => answer,
        }
    }
}

/// The size of a page that a request asks for; 0 asks for none.
fn asked(request: &Request) -> Option<usize> {
    request.query("n").and_then(|n| n.parse().ok()).filter(|n| *n > 0)
}

/// The tags in the answer of a registry.
pub fn tags_of(answer: &Answer) -> Vec<String> {
    let list: Value = serde_json::from_slice(&answer.body).unwrap();
    let tags = list["tags"].as_array().cloned().unwrap_or_default();
    tags.iter().map(|tag| tag.as_str().unwrap().to_owned()).collect()
}

/// With characters that a client must neither decode nor encode once more.
fn mark(place: usize) -> String {
    format!("gAAAA%2Fof%2Bthe%3Dtest-{place}%3D%3D")
}

/// Where the page begins; `None` for a mark that is none of ours.
fn start(tags: &[String], request: &Request) -> Option<usize> {
    if let Some(given) = request.query("next_page") {
        return (0..=tags.len()).find(|place| mark(*place) == given);
    }
    let Some(last) = request.query("last") else { return Some(0) };
    // Of a tag that is gone: the first one that comes behind it by its name.
    let known = tags.iter().position(|tag| tag == last).map(|place| place + 1);
    known.or_else(|| Some(tags.iter().position(|tag| &**tag > last).unwrap_or(tags.len())))
}
