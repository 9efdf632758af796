//! `mta probe` by hand and in a workflow: what a server says is shown in one line, and nothing of it is obeyed.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use crate::kit::mta::mta;
use crate::kit::runner::commands::{ignorable, read_lines};
use crate::kit::runner::log::Log;

/// What the longest line may have: 4,000 characters of the server, and our own words.
const LONGEST: usize = 4_100;

/// Texts that a runner or a terminal would obey; each holds a word that has to be shown.
const HOSTILE: [&str; 13] = [
    "##[error]hostile",
    "x ##[add-mask]hostile",
    "::error file=a::hostile",
    "ok\n::error::hostile\n",
    "ok\r::add-mask::hostile\r\n",
    "ok\n::set-output name=result::hostile",
    "\n##[set-env name=PATH]hostile",
    "::stop-commands::hostile",
    "#\u{200b}#\u{ad}[error]hostile",
    "\u{feff}:\u{200d}:error::hostile",
    "\u{1b}[2K\u{1b}]0;title\u{7}hostile",
    "\u{9b}1m\u{85}\u{2028}hostile",
    "\u{202e}hostile\u{2066}",
];

/// Answers these bytes to whoever asks; returns the port.
fn server(answer: Vec<u8>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let asked = BufReader::new(&stream).lines().map_while(Result::ok);
            // All of the request is read: a connection that is closed before loses the answer.
            let _blank = asked.take_while(|line| !line.is_empty()).count();
            let _reader_left = stream.write_all(&answer);
        }
    });
    port
}

/// Exit code, and the one line that a runner's log gets of it.
fn probed(answer: &[u8]) -> (i32, String) {
    let url = format!("http://127.0.0.1:{}/health", server(answer.to_vec()));
    let mut command = mta();
    command.args(["probe", &url]).env_clear().env("GITHUB_ACTIONS", "true");
    let output = command.output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    let mut log = Log::default();
    for line in read_lines(&text) {
        log.take(&line);
    }
    assert!(log.commands.is_empty() && !log.is_stopped(), "obeyed: {:?}: {text:?}", log.commands);
    let [line] = log.lines.as_slice() else { panic!("not one line: {text:?}") };
    assert!(!line.contains(|c: char| c.is_control() || ignorable(c)), "invisible: {line:?}");
    assert!(line.chars().count() <= LONGEST, "{} characters", line.chars().count());
    (output.status.code().unwrap(), line.clone())
}

fn with_body(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes()
}

#[test]
fn what_is_harmless_is_shown_as_it_is() {
    let status = "{\"status\": \"pass\", \"a::b\": \"[error] ## 100 %\"}";
    let shown = |status: &str, body: &str| probed(&with_body(status, body));
    assert_eq!(shown("200 OK", status), (0, format!("200 {status}")));
    assert_eq!(shown("503 No", "still\n starting"), (1, "503 still starting".to_owned()));
    let moved = probed(b"HTTP/1.1 302 Found\r\nLocation: /web/login\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(moved, (1, "302 redirects to /web/login (not followed)".to_owned()));
}

#[test]
fn no_body_gives_a_command() {
    for (status, code) in [("200 OK", 0), ("500 ::error::reason ##[error]reason", 1)] {
        for body in HOSTILE {
            let (ended, line) = probed(&with_body(status, body));
            assert_eq!(ended, code, "{body:?}: {line}");
            assert!(line.starts_with(&status[..4]) && line.contains("hostile"), "{line:?}");
            assert!(!line.contains("reason"), "{line:?}");
        }
    }
}

#[test]
fn no_header_gives_a_command() {
    for target in HOSTILE {
        let head = format!("HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n");
        let (code, line) = probed(head.as_bytes());
        // A header that ends early, or holds control characters, is another header or no answer at all.
        let is_whole = !target.contains(|c: char| c.is_ascii_control());
        assert!(if is_whole { code == 1 } else { code == 1 || code == 75 }, "{target:?}: {line:?}");
        assert!(!is_whole || line.contains("hostile"), "{target:?}: {line:?}");
    }
}

#[test]
fn what_is_no_answer_gives_no_command() {
    for words in
        ["::error::hostile\r\n\r\n", "##[error]hostile", "HTTP/1.1 ##[error]hostile\r\n\r\n", ""]
    {
        let (code, line) = probed(words.as_bytes());
        assert_eq!(code, 75, "{words:?}: {line}");
        assert!(!line.is_empty(), "{words:?}");
    }
    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n##[error]hostile";
    assert_eq!(probed(half), (0, "200 ## [error]hostile".to_owned()), "shown as far as it came");
}

#[test]
fn a_very_long_line_is_cut() {
    let (code, line) = probed(&with_body("200 OK", &"x".repeat(1 << 20)));
    assert_eq!((code, line), (0, format!("200 {}", "x".repeat(200))));
    let target = "y".repeat(20_000);
    let head = format!("HTTP/1.1 302 Found\r\nLocation: /{target}\r\nContent-Length: 0\r\n\r\n");
    let (code, line) = probed(head.as_bytes());
    assert!(code == 1 && line.starts_with("302 redirects to /yyy"), "{code}: {line}");
    assert!(line.ends_with("more characters]"), "it says so: {}", &line[line.len() - 80..]);
}
