//! A GitHub for tests: issues, comments, pull requests, runs and commits of `acme/app` on a port of this host, with faults
//! as scripted.
//!
//! It keeps to what the API's description says, and notes every request that does not: `violations` must stay empty.

mod actions;
pub mod tracker;
pub mod wire;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tokio::io::BufReader;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;

use crate::kit::github::actions::File;
use crate::kit::github::tracker::Issue;
use crate::kit::github::wire::{Delivery, Request, Response, read, write};

/// The token that it knows, and whose it is.
pub const TOKEN: &str = "the-token-of-a-job";
pub const LOGIN: &str = "github-actions[bot]";

/// The longest comment, in UTF-16 units.
const LONGEST: usize = 65_536;

/// Above so many comments GitHub takes no more on an issue.
const MOST_COMMENTS: usize = 2_500;

/// What happens to one request instead of, or around, what was asked for.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This answer; nothing is done.
    Answer(Response),
    /// It is done, and this is the answer.
    DoneBut(Response),
    /// It is done, and the answer goes over the wire like this.
    Wire(Delivery),
    /// The connection is closed, and nothing is done.
    Dropped,
    /// Somebody else's comment is written first; then all goes on as it should.
    After { author: &'static str, body: String },
    /// Another run opens this issue first; then all goes on as it should.
    Opened(Issue),
    /// Somebody closes the issue of this number first, for this reason; then all goes on as it should.
    Closed(u64, &'static str),
    /// Somebody opens the issue of this number again first; then all goes on as it should.
    Reopened(u64),
    /// Another run writes this body into the issue first; then all goes on as it should.
    Written(u64, String),
    /// Nothing is done, and nothing is ever answered.
    Held,
    /// It waits until all others that meet here have come; then all goes on as it should.
    Meets(Arc<Barrier>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    pub id: u64,
    /// Number of the issue or pull request.
    pub on: u64,
    pub author: String,
    pub body: String,
}

#[derive(Default)]
struct State {
    prefix: String,
    port: u16,
    comments: Vec<Comment>,
    last_id: u64,
    issues: Vec<Issue>,
    clock: u64,
    issues_are_disabled: bool,
    labels_are_dropped: bool,
    runs: Vec<Value>,
    jobs: Vec<(u64, u64, Value)>,
    commits: Vec<String>,
    lost_commits: Vec<String>,
    tags: Vec<(String, String)>,
    files: Vec<File>,
    logs: Vec<(u64, String)>,
    message: Option<String>,
    pulls: Vec<Value>,
    commit_pulls: bool,
    page: usize,
    script: Vec<(&'static str, Fault)>,
    requests: Vec<Request>,
    violations: Vec<String>,
    quiet_until: Option<Instant>,
    writing: usize,
    clients: usize,
    doomed: Option<u64>,
}

/// A running server; it ends with the test's runtime.
#[derive(Clone)]
pub struct FakeGitHub(Arc<Mutex<State>>);

impl FakeGitHub {
    /// Starts one whose API lies at the root, as on github.com.
    pub async fn start() -> Self {
        Self::start_at("").await
    }

    /// Starts one whose API lies below a path, as on a GitHub Enterprise Server.
    pub async fn start_at(prefix: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (prefix, page) = (prefix.to_owned(), 100);
        let state =
            State { prefix, port, page, clients: 1, commit_pulls: true, ..State::default() };
        let github = Self(Arc::new(Mutex::new(state)));
        let serving = github.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().serve(stream));
            }
        });
        github
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// What `GITHUB_API_URL` would be.
    pub fn url(&self) -> String {
        let state = self.state();
        format!("http://127.0.0.1:{}{}", state.port, state.prefix)
    }

    /// Pages have at most so many items, whatever is asked for.
    pub fn pages_of(&self, items: usize) {
        self.state().page = items;
    }

    /// So many runs work at the same time: each of them may write.
    pub fn clients(&self, count: usize) {
        self.state().clients = count;
    }

    /// What every commit of `main` says, instead of a message of its own.
    pub fn commits_say(&self, message: &str) {
        self.state().message = Some(message.to_owned());
    }

    /// Commits of forks are not connected with pull requests, as on the real one now and then.
    pub fn forget_commits(&self) {
        self.state().commit_pulls = false;
    }

    pub fn add_comment(&self, author: &str, body: &str) -> u64 {
        self.state().add(7, author, body).id
    }

    /// As many comments of somebody else as GitHub takes on an issue.
    pub fn fill(&self, number: u64) {
        let mut state = self.state();
        for _ in 0..MOST_COMMENTS {
            state.add(number, "ann", "me too");
        }
    }

    /// Puts an issue there; its number is the next one if it has none.
    pub fn add_issue(&self, issue: Issue) -> u64 {
        self.state().add_issue(issue)
    }

    pub fn issues(&self) -> Vec<Issue> {
        self.state().issues.clone()
    }

    /// Changes an issue as a person does.
    pub fn touch(&self, number: u64, change: impl FnOnce(&mut Issue)) {
        let mut state = self.state();
        change(state.issues.iter_mut().find(|issue| issue.number == number).unwrap());
    }

    pub fn disable_issues(&self) {
        self.state().issues_are_disabled = true;
    }

    /// As for a token without the right to push: labels are left out without a word.
    pub fn drop_labels(&self) {
        self.state().labels_are_dropped = true;
    }

    pub fn add_run(&self, run: Value) {
        self.state().runs.push(run);
    }

    /// The jobs of an attempt of a run, which replace those that were there.
    pub fn set_jobs(&self, (run, attempt): (u64, u64), jobs: Vec<Value>) {
        let mut state = self.state();
        state.jobs.retain(|(id, number, _)| (*id, *number) != (run, attempt));
        state.jobs.extend(jobs.into_iter().map(|job| (run, attempt, job)));
    }

    /// The newest commit of `main`.
    pub fn push(&self, sha: &str) {
        self.state().commits.push(sha.to_owned());
    }

    /// A commit is taken out of `main`, as by a forced push.
    pub fn rewrite_without(&self, sha: &str) {
        let mut state = self.state();
        state.commits.retain(|commit| commit != sha);
        state.lost_commits.push(sha.to_owned());
    }

    /// A tag at a commit.
    pub fn tag(&self, name: &str, sha: &str) {
        self.state().tags.push((name.to_owned(), sha.to_owned()));
    }

    /// Where the log of a job lies: on another server.
    pub fn set_log(&self, job: u64, address: &str) {
        self.state().logs.push((job, address.to_owned()));
    }

    /// A file that is the same in every commit; `packed` is its text in base64.
    pub fn add_file(&self, path: &str, packed: &str) {
        let (path, packed) = (path.to_owned(), packed.to_owned());
        self.state().files.push(File { branch: None, path, packed, kind: "file" });
    }

    /// A file of one branch, or what else lies there (`symlink`, `submodule`).
    pub fn add_file_on(&self, branch: &str, path: &str, (kind, text): (&'static str, &[u8])) {
        let (branch, packed) = (Some(branch.to_owned()), BASE64_STANDARD.encode(text));
        self.state().files.push(File { branch, path: path.to_owned(), packed, kind });
    }

    pub fn add_pull(&self, pull: Value) {
        self.state().pulls.push(pull);
    }

    /// A comment that is deleted as soon as it has been listed once.
    pub fn forget_after_next_list(&self, id: u64) {
        self.state().doomed = Some(id);
    }

    /// The next request whose "METHOD target" contains all words of `on` meets a fault.
    pub fn script(&self, on: &'static str, fault: Fault) {
        self.state().script.push((on, fault));
    }

    pub fn comments(&self) -> Vec<Comment> {
        self.state().comments.clone()
    }

    pub fn requests(&self) -> Vec<Request> {
        self.state().requests.clone()
    }

    /// "METHOD" of each request in order.
    pub fn methods(&self) -> Vec<String> {
        self.state().requests.iter().map(|request| request.method.clone()).collect()
    }

    /// What the client did that the real one would not take, or would punish.
    pub fn violations(&self) -> Vec<String> {
        self.state().violations.clone()
    }

    async fn serve(self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        while let Some(request) = read(&mut stream).await {
            let is_write = request.method != "GET";
            self.state().begin(&request);
            let meeting = self.state().meeting(&request);
            if let Some(meeting) = meeting {
                meeting.wait().await;
            }
            // Other requests of the test get their turn while this one is worked on.
            tokio::task::yield_now().await;
            let (response, delivery) = self.state().answer(&request);
            self.state().writing -= usize::from(is_write);
            if !write(stream.get_mut(), &response, delivery).await {
                return;
            }
        }
    }
}

impl State {
    fn add(&mut self, on: u64, author: &str, body: &str) -> &Comment {
        self.last_id += 1;
        let comment = Comment { id: self.last_id, on, author: author.into(), body: body.into() };
        self.comments.push(comment);
        &self.comments[self.comments.len() - 1]
    }

    fn begin(&mut self, request: &Request) {
        self.requests.push(request.clone());
        let line = format!("{} {}", request.method, request.target);
        let wrong = violations(request).into_iter().map(|what| format!("{line}: {what}"));
        self.violations.extend(wrong);
        if self.quiet_until.is_some_and(|until| Instant::now() < until) {
            self.violations.push(format!("{line}: earlier than Retry-After allows"));
        }
        if request.method != "GET" {
            self.writing += 1;
            if self.writing > self.clients {
                self.violations.push(format!("{line}: two writes at once"));
            }
        }
    }

    /// Where a request waits for others.
    fn meeting(&mut self, request: &Request) -> Option<Arc<Barrier>> {
        let at = self
            .script
            .iter()
            .position(|(on, fault)| matches!(fault, Fault::Meets(_)) && is_meant(on, request))?;
        match self.script.remove(at).1 {
            Fault::Meets(barrier) => Some(barrier),
            _ => None,
        }
    }

    fn answer(&mut self, request: &Request) -> (Response, Delivery) {
        let meant = |(on, _): &(&str, Fault)| is_meant(on, request);
        let fault = self.script.iter().position(meant).map(|at| self.script.remove(at).1);
        match fault {
            None | Some(Fault::Meets(_)) => (self.route(request), Delivery::Whole),
            Some(Fault::Held) => (said(500, "never seen"), Delivery::Never),
            Some(Fault::Answer(response)) => {
                let after = response.headers.iter().find(|(name, _)| name == "retry-after");
                let seconds = after.and_then(|(_, seconds)| seconds.parse().ok());
                self.quiet_until = seconds.map(|s| Instant::now() + Duration::from_secs(s));
                (response, Delivery::Whole)
            }
            Some(Fault::DoneBut(response)) => {
                self.route(request);
                (response, Delivery::Whole)
            }
            Some(Fault::Wire(delivery)) => (self.route(request), delivery),
            Some(Fault::Dropped) => (said(500, "never seen"), Delivery::Nothing),
            Some(Fault::Opened(issue)) => {
                self.add_issue(issue);
                (self.route(request), Delivery::Whole)
            }
            Some(Fault::Closed(number, reason)) => {
                self.edit_issue(number, &json!({"state": "closed", "state_reason": reason}));
                (self.route(request), Delivery::Whole)
            }
            Some(Fault::Reopened(number)) => {
                self.edit_issue(number, &json!({"state": "open", "state_reason": "reopened"}));
                (self.route(request), Delivery::Whole)
            }
            Some(Fault::Written(number, body)) => {
                self.edit_issue(number, &json!({"body": body}));
                (self.route(request), Delivery::Whole)
            }
            Some(Fault::After { author, body }) => {
                self.add(7, author, &body);
                (self.route(request), Delivery::Whole)
            }
        }
    }

    fn route(&mut self, request: &Request) -> Response {
        if request.all("authorization") != [format!("Bearer {TOKEN}")] {
            return said(401, "Bad credentials");
        }
        let path = request.path().strip_prefix(self.prefix.as_str()).unwrap_or_default().to_owned();
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let (["repos", "acme", "app", rest @ ..] | ["repositories", "1", rest @ ..]) =
            segments.as_slice()
        else {
            return said(404, "Not Found");
        };
        match (request.method.as_str(), rest) {
            ("GET", ["issues"]) => self.list_issues(request),
            ("POST", ["issues"]) => self.open_issue(&request.json()),
            ("GET", ["issues", number]) => self.one_issue(number),
            ("POST", ["issues", number, "labels"]) => self.add_labels(number, &request.json()),
            ("DELETE", ["issues", number, "labels", name]) => self.remove_label(number, name),
            ("GET", ["git", "ref", "tags", name @ ..]) => self.tag_ref(name),
            ("PATCH", ["issues", number]) if number.parse::<u64>().is_ok() => {
                self.edit_issue(number.parse().unwrap(), &request.json())
            }
            ("GET", ["actions", "workflows", file, "runs"]) => self.runs_of(request, file),
            ("GET", ["actions", "runs", id]) => self.run(id),
            ("GET", ["actions", "runs", id, "attempts", attempt, "jobs"]) => {
                self.jobs(request, (id, attempt))
            }
            ("GET", ["actions", "jobs", id, "logs"]) => self.log(id),
            ("GET", ["compare", both]) => self.compare(both),
            ("GET", ["contents", path @ ..]) => self.contents(request, path),
            ("GET", ["issues", number, "comments"]) => {
                let on = |comment: &&Comment| comment.on.to_string() == *number;
                let all =
                    self.comments.iter().filter(on).map(|comment| self.show(comment)).collect();
                let doomed = self.doomed.take();
                self.comments.retain(|comment| Some(comment.id) != doomed);
                self.page(request, all)
            }
            ("POST", ["issues", number, "comments"]) => {
                self.create(number.parse().unwrap_or_default(), &request.json())
            }
            ("PATCH", ["issues", "comments", id]) => self.change(id, &request.json()),
            ("DELETE", ["issues", "comments", id]) => {
                let before = self.comments.len();
                self.comments.retain(|comment| comment.id.to_string() != *id);
                let is_gone = self.comments.len() < before;
                if is_gone { empty(204) } else { said(404, "Not Found") }
            }
            ("GET", ["pulls", number]) => {
                let pull =
                    self.pulls.iter().find(|pull| pull["number"].as_u64() == number.parse().ok());
                pull.map_or_else(|| said(404, "Not Found"), |pull| Response::json(200, pull))
            }
            ("GET", ["commits", sha, "pulls"]) => {
                let of = |pull: &&Value| self.commit_pulls && pull["head"]["sha"] == *sha;
                let pulls = self.pulls.iter().filter(of).cloned().collect();
                self.page(request, pulls)
            }
            ("GET", ["pulls"]) => {
                let head = request.query("head").unwrap_or_default();
                let of = |pull: &&Value| {
                    pull["state"] == "open"
                        && pull["head"]["label"].as_str().map(encoded) == Some(head.into())
                };
                let pulls = self.pulls.iter().filter(of).cloned().collect();
                self.page(request, pulls)
            }
            _ => {
                self.violations.push(format!("{} {}: no such route", request.method, path));
                said(404, "Not Found")
            }
        }
    }

    fn show(&self, comment: &Comment) -> Value {
        let Comment { id, on, author, body } = comment;
        let user = if author.is_empty() { Value::Null } else { json!({"login": author, "id": 1}) };
        let url = format!("http://127.0.0.1:{}/acme/app/pull/{on}#issuecomment-{id}", self.port);
        json!({"id": id, "body": body, "user": user, "html_url": url, "performed_via": null})
    }

    /// One page, and where the next one is: by the number of the repository, as the real one says it.
    fn page(&self, request: &Request, all: Vec<Value>) -> Response {
        let number = |name| request.query(name).and_then(|value| value.parse::<usize>().ok());
        let size = number("per_page").unwrap_or(30).min(self.page);
        let page = number("page").unwrap_or(1);
        let is_last = page * size >= all.len();
        let items: Vec<Value> = all.into_iter().skip((page - 1) * size).take(size).collect();
        let answer = Response::json(200, &Value::from(items));
        if is_last {
            return answer;
        }
        let path = request.path().replace("/repos/acme/app/", "/repositories/1/");
        let query = request.target.split_once('?').map_or("", |(_, query)| query);
        let is_paging = |pair: &str| pair.starts_with("page=") || pair.starts_with("per_page=");
        let is_kept = |pair: &&str| !pair.is_empty() && !is_paging(pair);
        let kept: String =
            query.split('&').filter(is_kept).map(|pair| format!("{pair}&")).collect();
        let to = |page| {
            format!("http://127.0.0.1:{}{path}?{kept}per_page={size}&page={page}", self.port)
        };
        let first = to(1);
        answer.with("link", format!("<{first}>; rel=\"first\", <{}>; rel=\"next\"", to(page + 1)))
    }

    fn create(&mut self, on: u64, body: &Value) -> Response {
        let Some(text) = body["body"].as_str() else { return said(422, "Invalid request.") };
        if text.encode_utf16().count() > LONGEST {
            return too_long();
        }
        if self.comments.iter().filter(|comment| comment.on == on).count() >= MOST_COMMENTS {
            return said(403, "Commenting is disabled on issues with more than 2500 comments");
        }
        let comment = self.add(on, LOGIN, text).clone();
        Response::json(201, &self.show(&comment))
    }

    fn change(&mut self, id: &str, body: &Value) -> Response {
        let text = body["body"].as_str().unwrap_or_default().to_owned();
        let found = self.comments.iter_mut().find(|comment| comment.id.to_string() == id);
        let Some(comment) = found else { return said(404, "Not Found") };
        comment.body = text;
        let comment = comment.clone();
        Response::json(200, &self.show(&comment))
    }
}

/// Whether "METHOD target" of a request contains all words.
fn is_meant(words: &str, request: &Request) -> bool {
    let line = format!("{} {}", request.method, request.target);
    words.split(' ').all(|word| line.contains(word))
}

/// An error as GitHub words it.
pub fn said(status: u16, message: &str) -> Response {
    let documentation = "https://docs.github.com/rest";
    let body = json!({"message": message, "documentation_url": documentation, "status": status.to_string()});
    Response::json(status, &body)
}

/// A refusal for want of a permission.
pub fn denied() -> Response {
    said(403, "Resource not accessible by integration")
        .with("x-accepted-github-permissions", "issues=write; pull_requests=write")
}

fn empty(status: u16) -> Response {
    Response { status, headers: Vec::new(), body: String::new() }
}

fn too_long() -> Response {
    let message = "Body is too long (maximum is 65536 characters)";
    let error = json!({"resource": "IssueComment", "code": "unprocessable", "field": "data", "message": message});
    Response::json(422, &json!({"message": "Validation Failed", "errors": [error]}))
}

fn encoded(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.*".contains(c);
    let encode = |c: char| match c {
        ' ' => "+".to_owned(),
        c if plain(c) => c.to_string(),
        c => format!("%{:02X}", u32::from(c)),
    };
    text.chars().map(encode).collect()
}

/// Whether the fields are those that the description knows for what is changed.
fn fields_fit(request: &Request, json: &Value) -> bool {
    let is_comment = request.path().contains("/comments");
    let known: &[&str] = match request.method.as_str() {
        _ if is_comment => &["body"],
        "POST" if request.path().ends_with("/labels") => &["labels"],
        "POST" => &["title", "body", "labels", "assignees"],
        _ => &["body", "state", "state_reason"],
    };
    let fits = |(name, value): (&String, &Value)| {
        let kind = if name == "labels" || name == "assignees" {
            value.is_array()
        } else {
            value.is_string()
        };
        known.contains(&name.as_str()) && kind
    };
    let is_whole = !is_comment || json["body"].is_string();
    is_whole && json.as_object().is_some_and(|fields| !fields.is_empty() && fields.iter().all(fits))
}

/// Percent-decoded, `+` as a space.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, more @ ..] = rest {
        rest = more;
        match (first, more) {
            (b'%', [high, low, after @ ..]) => {
                let hex = [*high, *low];
                let digits = std::str::from_utf8(&hex).unwrap();
                bytes.push(u8::from_str_radix(digits, 16).unwrap());
                rest = after;
            }
            (b'+', _) => bytes.push(b' '),
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// What the description of the API says about every request.
fn violations(request: &Request) -> Vec<&'static str> {
    let is = |name: &str, value: &str| request.all(name) == [value];
    let has_body = matches!(request.method.as_str(), "POST" | "PATCH" | "PUT");
    let encoded = request.target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
    let per_page = request.query("per_page").is_none_or(|n| n.parse().is_ok_and(|n: u32| n <= 100));
    let json = request.json();
    let length = request.all("content-length").len();
    [
        (request.all("authorization").len() == 1, "exactly one Authorization"),
        (is("accept", "application/vnd.github+json"), "Accept"),
        (is("x-github-api-version", "2022-11-28"), "X-GitHub-Api-Version"),
        (request.all("user-agent").len() == 1, "exactly one User-Agent"),
        (encoded, "the target is not percent-encoded"),
        (per_page, "per_page is over 100"),
        (request.path() != "/user", "/user is not for this token"),
        (has_body || request.body.is_empty(), "a body where none belongs"),
        (!has_body || is("content-type", "application/json"), "Content-Type"),
        (!has_body || length == 1, "Content-Length"),
        (!has_body || fields_fit(request, &json), "fields of the body"),
    ]
    .into_iter()
    .filter(|(holds, _)| !holds)
    .map(|(_, what)| what)
    .collect()
}
