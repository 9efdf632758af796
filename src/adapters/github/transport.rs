//! One request and its answer: headers, redirects, a bound on the answer's size. The only file that knows octocrab.
//!
//! octocrab runs over our own HTTP client, with none of its layers: no retry, no redirects, no headers of its own. The
//! token goes to the API's own scheme, host and port, and nowhere else.

use std::error::Error as StdError;

use http_body_util::BodyExt;
use hyper::Request;
use hyper::body::{Body, Bytes};
use hyper::http::response::Parts;
use octocrab::service::middleware::reqwest_connector::ReqwestConnector;
use octocrab::{AuthState, Octocrab, OctocrabBuilder};
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, USER_AGENT,
};
use reqwest::{Method, Url};

use crate::adapters::github::errors::{Fault, clean};
use crate::adapters::github::retry::Kind;
use crate::adapters::http;

/// The largest answer that is read, in bytes. A page of a hundred long comments has 7 MB.
pub const LARGEST_ANSWER: usize = 32 * 1024 * 1024;

/// The largest text of which the end is read, in bytes. A log that is larger takes longer than anybody waits.
const LARGEST_TEXT: usize = 256 * 1024 * 1024;

/// Redirects that are followed for one request.
const REDIRECTS: u32 = 3;

const API_VERSION: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-github-api-version"), HeaderValue::from_static("2022-11-28"));

/// A request.
#[derive(Clone, Debug)]
pub struct Call {
    /// What it is for, in words that complete "cannot ...".
    pub what: String,
    /// Where to.
    pub url: Url,
    pub(super) method: Method,
    pub(super) kind: Kind,
    pub(super) body: Bytes,
    pub(super) wants: Wants,
}

/// What is read of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wants {
    /// All of it, up to [`LARGEST_ANSWER`]; it is JSON.
    Json,
    /// The last bytes of it, so many, of text up to [`LARGEST_TEXT`].
    End(usize),
}

/// An answer that is no error.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status, 200 to 299.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, whole, or the end of it that was asked for.
    pub body: Vec<u8>,
    /// Whether something before it was left out.
    pub is_cut: bool,
}

/// Carries requests to one API.
pub(super) struct Transport {
    octocrab: Octocrab,
    elsewhere: http::Client,
    base: Url,
    authorization: Option<HeaderValue>,
}

/// What one exchange came to.
enum Step {
    Answered(Parts, Vec<u8>, bool),
    Redirected(Url),
}

impl Transport {
    /// To be called inside the runtime: octocrab starts a task.
    pub(super) fn new(
        client: &http::Client,
        base: Url,
        authorization: Option<HeaderValue>,
    ) -> Self {
        let connector = ReqwestConnector::new(client.towards(&base).clone());
        let builder = OctocrabBuilder::new_empty().with_service(connector);
        let Ok(octocrab) = builder.with_auth(AuthState::None).build();
        Self { octocrab, elsewhere: client.clone(), base, authorization }
    }

    /// The address of the API.
    pub(super) fn base(&self) -> &Url {
        &self.base
    }

    /// Whether an address belongs to the API: the same scheme, host and port.
    pub(super) fn owns(&self, url: &Url) -> bool {
        url.origin() == self.base.origin()
    }

    /// Sends a request once, and follows redirects. The answer may be an error of GitHub's.
    pub(super) async fn exchange(&self, call: &Call) -> Result<Answer, Fault> {
        let mut url = call.url.clone();
        for _ in 0..=REDIRECTS {
            match self.step(call, &url).await? {
                Step::Answered(head, body, is_cut) => {
                    let status = head.status.as_u16();
                    return Ok(Answer { status, headers: head.headers, body, is_cut });
                }
                Step::Redirected(target) => url = target,
            }
        }
        Err(Fault::Unusable(format!("more than {REDIRECTS} redirects")))
    }

    async fn step(&self, call: &Call, url: &Url) -> Result<Step, Fault> {
        if !self.owns(url) {
            let answer = self.elsewhere.get(url.clone()).send().await;
            let answer = hyper::Response::from(answer.map_err(|error| fault(&error))?);
            return read(answer, call, url).await;
        }
        let answer = self.octocrab.execute(self.request(call, url)?).await;
        read(answer.map_err(|error| fault(&error))?, call, url).await
    }

    fn request(&self, call: &Call, url: &Url) -> Result<Request<Vec<u8>>, Fault> {
        let mut request = Request::builder().method(call.method.clone()).uri(url.as_str());
        if let Some(headers) = request.headers_mut() {
            let agent = concat!("mta/", env!("CARGO_PKG_VERSION"));
            headers.insert(USER_AGENT, HeaderValue::from_static(agent));
            headers.insert(ACCEPT, HeaderValue::from_static("application/vnd.github+json"));
            headers.insert(API_VERSION.0, API_VERSION.1);
            if let Some(authorization) = &self.authorization {
                headers.insert(AUTHORIZATION, authorization.clone());
            }
            if !call.body.is_empty() {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            }
        }
        request.body(call.body.to_vec()).map_err(|error| Fault::Unusable(error.to_string()))
    }
}

async fn read<B>(answer: hyper::Response<B>, call: &Call, url: &Url) -> Result<Step, Fault>
where
    B: Body<Data = Bytes>,
    B::Error: StdError + 'static,
{
    let (head, body) = answer.into_parts();
    if head.status.is_redirection() {
        return Ok(Step::Redirected(target(&head, call, url)?));
    }
    let mut body = std::pin::pin!(body);
    let (most, kept) = match call.wants {
        Wants::Json => (LARGEST_ANSWER, LARGEST_ANSWER),
        Wants::End(bytes) => (LARGEST_TEXT, bytes),
    };
    let mut bytes = Vec::new();
    let (mut read, mut is_cut) = (0, false);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| lost(&error))?;
        let data = frame.data_ref().map_or(&[][..], |data| data);
        read += data.len();
        if read > most {
            let most = most / 1024 / 1024;
            return Err(Fault::Unusable(format!("the answer is larger than {most} MiB")));
        }
        bytes.extend_from_slice(data);
        // Twice as much is kept on the way, so that each byte is moved once or twice and not with every frame.
        if bytes.len() > 2 * kept {
            bytes.drain(..bytes.len() - kept);
            is_cut = true;
        }
    }
    if bytes.len() > kept {
        bytes.drain(..bytes.len() - kept);
        is_cut = true;
    }
    Ok(Step::Answered(head, bytes, is_cut))
}

/// Where a redirect leads. A write is sent again only where the status says so and only to the API itself.
fn target(head: &Parts, call: &Call, from: &Url) -> Result<Url, Fault> {
    let status = head.status.as_u16();
    let refused = |why: &str| Fault::Unusable(format!("it is redirected ({status}) {why}"));
    let location = head.headers.get(LOCATION).and_then(|to| to.to_str().ok());
    let location = location.ok_or_else(|| refused("to nowhere"))?;
    let target = from.join(location).map_err(|_| refused("to what is no address"))?;
    let stays = target.origin() == from.origin();
    if call.kind.is_write() && !(stays && matches!(status, 307 | 308)) {
        return Err(refused(&format!("to {}, which is not followed for a write", clean(location))));
    }
    let is_downgrade = from.scheme() == "https" && target.scheme() != "https";
    if is_downgrade || !matches!(target.scheme(), "http" | "https") {
        return Err(refused(&format!("to {}, which is not secure", clean(location))));
    }
    Ok(target)
}

/// Tells a connection that could not be had from an answer that was lost.
fn fault(error: &(dyn StdError + 'static)) -> Fault {
    let mut causes = std::iter::successors(Some(error), |error| (*error).source());
    let ours = causes.find_map(|cause| cause.downcast_ref::<reqwest::Error>());
    match ours {
        Some(error) if error.is_connect() => Fault::NotSent(clean(&http::in_words(error))),
        Some(error) if error.is_builder() => Fault::Unusable(clean(&http::in_words(error))),
        Some(error) => Fault::Lost(clean(&http::in_words(error))),
        None => Fault::Lost(clean(&error.to_string())),
    }
}

/// An answer that broke off.
fn lost(error: &(dyn StdError + 'static)) -> Fault {
    match fault(error) {
        Fault::NotSent(why) | Fault::Lost(why) | Fault::Unusable(why) => {
            Fault::Lost(format!("the answer breaks off: {why}"))
        }
        refused @ Fault::Refused(_) => refused,
    }
}
