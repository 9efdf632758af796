//! The tags of a repository. Registries give them in pages of their own size, some of them unsorted, and name the next
//! page in `Link`, which is taken as it stands.

use std::collections::BTreeSet;

use reqwest::Url;
use serde::Deserialize;

use crate::adapters::http::links;
use crate::domain::image::{Repository, Tag};

use super::client::{Call, Client};
use super::errors::Error;

/// How many tags one page should have: the most that Amazon's registry takes.
const PAGE: u32 = 1000;

/// Tags of one repository that are read. One with more has a list that nobody can use.
const MOST_TAGS: usize = 50_000;

/// The largest page, in bytes.
const LARGEST: usize = 4 * 1024 * 1024;

/// All pages of one list together, in bytes.
const LARGEST_LIST: usize = 16 * 1024 * 1024;

/// A page.
#[derive(Deserialize)]
struct Page {
    #[serde(rename = "name")]
    _name: String,
    /// Has to be there: an answer of something else has none. A repository whose last tag was deleted has `null`.
    #[serde(deserialize_with = "Option::deserialize")]
    tags: Option<Vec<String>>,
}

impl Client<'_> {
    /// All tags of a repository, in the order of their characters. What is no tag by the specification does not count.
    ///
    /// # Errors
    /// There is no such repository, or the list cannot be had whole: half of it would say "there is none" wrongly.
    pub async fn tags(&self, repository: &Repository) -> Result<Vec<Tag>, Error> {
        let deadline = self.deadline();
        let mut call = Call {
            most: LARGEST,
            ..Call::of(
                repository,
                format!("the tags of {repository}"),
                &format!("tags/list?n={PAGE}"),
            )
        };
        let unusable = |why: &str| Error::Unusable { what: call.what.clone(), why: why.to_owned() };
        let too_many = unusable("the list of tags does not end, or has more than 50,000");
        let elsewhere = unusable("its next page is on another server");
        let no_list = unusable("the answer is no list of tags");
        let (mut tags, mut asked, mut read) = (BTreeSet::new(), BTreeSet::new(), 0);
        loop {
            let answer = match self.send(&call, deadline).await {
                Err(Error::Absent { refusal, .. })
                    if !(asked.is_empty() && refusal.says_absent) =>
                {
                    let why =
                        format!("{refusal}, which is not how a registry says that there is none");
                    return Err(Error::Unusable { what: call.what, why });
                }
                answer => answer?,
            };
            let page: Page = serde_json::from_slice(&answer.body).map_err(|_| no_list.clone())?;
            let found = page.tags.unwrap_or_default();
            tags.extend(found.iter().filter_map(|tag| Tag::parse(tag).ok()));
            read += answer.body.len();
            let next = links::next(&answer.headers, &answer.url).map_err(|error| {
                Error::Unusable { what: call.what.clone(), why: error.to_string() }
            })?;
            let Some(next) = next else { return Ok(tags.into_iter().collect()) };
            if !self.owns(&next) {
                return Err(elsewhere);
            }
            if tags.len() > MOST_TAGS || read > LARGEST_LIST || !asked.insert(next.clone()) {
                return Err(too_many);
            }
            call.path = next.to_string();
        }
    }

    /// Whether an address is one of this registry's: only such ones are asked with its login.
    fn owns(&self, url: &Url) -> bool {
        self.base().is_some_and(|base| base.origin() == url.origin())
    }
}
