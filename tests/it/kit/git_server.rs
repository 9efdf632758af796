//! A server of repositories over HTTP: `git http-backend` behind a socket, with the answers that a hosting service gives
//! to missing, wrong and doubled credentials.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use camino::Utf8PathBuf;

/// Who may do what.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// The header that opens everything; none opens reading to all.
    pub write: Option<String>,
    /// The header that opens reading, where not all may.
    pub read: Option<String>,
}

/// A running server.
pub struct Server {
    /// `http://127.0.0.1:1234`
    pub url: String,
    /// Bytes that it has sent.
    pub sent: Arc<AtomicUsize>,
    /// Bytes that it was sent, without heads.
    pub received: Arc<AtomicUsize>,
}

struct Request {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }

    fn writes(&self) -> bool {
        self.path.ends_with("/git-receive-pack") || self.query.contains("git-receive-pack")
    }
}

/// Serves the repositories below a folder.
pub fn serve(root: Utf8PathBuf, rules: Rules) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sent, received) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let server = Server { url, sent: sent.clone(), received: received.clone() };
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (root, rules) = (root.clone(), rules.clone());
            let (sent, received) = (sent.clone(), received.clone());
            std::thread::spawn(move || {
                let Some(request) = read(&stream) else { return };
                received.fetch_add(request.body.len(), Ordering::Relaxed);
                let answer = answer(&root, &rules, &request);
                sent.fetch_add(answer.len(), Ordering::Relaxed);
                // A client that was killed does not read.
                let _gone = (&stream).write_all(&answer);
            });
        }
    });
    server
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = || {
        let mut text = String::new();
        reader.read_line(&mut text).ok()?;
        Some(text.trim_end().to_owned())
    };
    let first = line()?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let text = line()?;
        let Some((name, value)) = text.split_once(':') else { break };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let (path, query) = (path.to_owned(), query.to_owned());
    let mut request = Request { method, path, query, headers, body: Vec::new() };
    if request.header("expect").eq_ignore_ascii_case("100-continue") {
        let mut stream = stream;
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok()?;
    }
    if request.header("transfer-encoding").eq_ignore_ascii_case("chunked") {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size).ok()?;
            let mut chunk = vec![0; usize::from_str_radix(size.trim(), 16).ok()? + 2];
            reader.read_exact(&mut chunk).ok()?;
            chunk.truncate(chunk.len() - 2);
            if chunk.is_empty() {
                break;
            }
            request.body.extend(chunk);
        }
    } else {
        request.body = vec![0; request.header("content-length").parse().unwrap_or(0)];
        reader.read_exact(&mut request.body).ok()?;
    }
    Some(request)
}

fn answer(root: &Utf8PathBuf, rules: &Rules, request: &Request) -> Vec<u8> {
    let given: Vec<&str> = request
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("authorization"))
        .map(|(_, value)| value.as_str())
        .collect();
    if given.len() > 1 {
        return plain("400 Bad Request", "", "Duplicate header: \"Authorization\"");
    }
    let is = |rule: &Option<String>| rule.as_deref() == given.first().copied();
    let may_write = rules.write.is_none() || is(&rules.write);
    let may_read = may_write || is(&rules.read) || (rules.read.is_none() && given.is_empty());
    if (request.writes() && given.is_empty() && !may_write) || !may_read {
        return plain("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n", "no");
    }
    if request.writes() && !may_write {
        return plain("403 Forbidden", "", "Permission to o/r.git denied to github-actions[bot].");
    }
    backend(root, request)
}

fn plain(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

/// The bridge to the program, as of RFC 3875.
fn backend(root: &Utf8PathBuf, request: &Request) -> Vec<u8> {
    let mut child = Command::new("git")
        .arg("http-backend")
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("HOME", root.join("nobody"))
        .env("GIT_PROJECT_ROOT", root.as_str())
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REMOTE_USER", "somebody")
        .env("REMOTE_ADDR", "127.0.0.1")
        .env("REQUEST_METHOD", &request.method)
        .env("PATH_INFO", &request.path)
        .env("QUERY_STRING", &request.query)
        .env("CONTENT_TYPE", request.header("content-type"))
        .env("CONTENT_LENGTH", request.body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", request.header("content-encoding"))
        .env("GIT_PROTOCOL", request.header("git-protocol"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let body = request.body.clone();
    let feeder = std::thread::spawn(move || pipe.write_all(&body));
    let output = child.wait_with_output().unwrap().stdout;
    let _unwanted = feeder.join().unwrap();
    let end =
        output.windows(4).position(|four| four == b"\r\n\r\n").map_or(output.len(), |at| at + 4);
    let head = String::from_utf8_lossy(&output[..end]).into_owned();
    let status = head.lines().find_map(|line| line.strip_prefix("Status: ")).unwrap_or("200 OK");
    let rest: String = head
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("Status: "))
        .map(|line| format!("{line}\r\n"))
        .collect();
    let length = output.len() - end;
    let mut answer =
        format!("HTTP/1.1 {status}\r\n{rest}Content-Length: {length}\r\nConnection: close\r\n\r\n")
            .into_bytes();
    answer.extend_from_slice(&output[end..]);
    answer
}
