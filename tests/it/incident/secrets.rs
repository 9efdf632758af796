//! Secrets that stand wherever foreign text may come from, and are in nothing that leaves the machine: every row of the
//! corpus at every place, looked for in every sink.
//!
//! A new place is a line of [`PLACES`], a new sink a line of [`sinks`].

use std::process::Command;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::bed::{Bed, Run, did, sha};
use crate::kit::github::{Fault, TOKEN, denied};
use crate::kit::scene::Ran;
use crate::kit::slack::FakeSlack;

/// Runs at the same time.
const TOGETHER: usize = 4;

/// So many characters of a secret in a row are a leak.
const TELLING: usize = 12;

/// A text with a secret in it.
#[derive(Clone)]
struct Row {
    name: &'static str,
    /// What somebody wrote.
    text: String,
    /// What of it may be shown nowhere.
    secret: String,
    /// Whether it is a value of one of our inputs: what cannot be hidden of it is not sent at all.
    is_known: bool,
}

fn row(name: &'static str, before: &str, secret: &str, after: &str) -> Row {
    let text = format!("{before}{secret}{after}");
    Row { name, text, secret: secret.to_owned(), is_known: false }
}

/// Random letters and digits. All tokens are put together here, so that no scanner takes this file for a leak.
fn word(length: usize) -> String {
    let random = "q8ZsK2vXw7RtYp4LmN0bHcG5vQx9ZtR2kLw8PmNs4Yb7CdF3gH6jK1mQ9rT5vX8zB2nD4fG7hJ0kL3pS6uW9yA1cE4gI7kM";
    random.chars().cycle().take(length).collect()
}

fn hex(length: usize) -> String {
    let random = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    random.chars().cycle().take(length).collect()
}

fn upper(length: usize) -> String {
    word(4 * length).chars().filter(|c| !c.is_ascii_lowercase()).take(length).collect()
}

/// Tokens by a prefix of their own, those of places where code and images lie.
fn of_code() -> Vec<Row> {
    vec![
        row("GitHub, classic", "ghp_", &word(36), ""),
        row("GitHub, OAuth", "gho_", &word(36), ""),
        row("GitHub, user", "ghu_", &word(36), ""),
        row("GitHub, of a job", "ghs_", &word(36), ""),
        row("GitHub, refresh", "ghr_", &word(36), ""),
        row("GitHub, fine-grained", "github_pat_", &word(82), ""),
        row("GitLab", "glpat-", &word(20), ""),
        row("Docker Hub", "dckr_pat_", &word(27), ""),
        row("npm", "npm_", &word(36), ""),
        row("PyPI", "pypi-AgEI", &word(60), ""),
        row("Hugging Face", "hf_", &word(34), ""),
        row("Terraform", &format!("{}.atlasv1.", word(14)), &word(67), ""),
        row("Vault", "hvs.", &word(30), ""),
        row("Doppler", "dp.pt.", &word(40), ""),
        row("age", "AGE-SECRET-KEY-1", &upper(58), ""),
        row("a JSON web token", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.", &word(43), ""),
    ]
}

/// Those of services.
fn of_services() -> Vec<Row> {
    let webhook = format!("T01{}/B01{}/{}", upper(6), upper(6), word(24));
    vec![
        row("Slack, bot", "xoxb-", &word(30), ""),
        row("Slack, person", "xoxp-", &word(30), ""),
        row("Slack, workspace", "xoxa-", &word(30), ""),
        row("Slack, refresh", "xoxr-", &word(30), ""),
        row("Slack, session", "xoxs-", &word(30), ""),
        row("Slack, a webhook", "https://hooks.slack.com/services/", &webhook, " was refused"),
        row("Stripe", "sk_live_", &word(24), ""),
        row("Stripe, restricted", "rk_live_", &word(24), ""),
        row("SendGrid", &format!("SG.{}.", word(22)), &word(43), ""),
        row("Google", "AIza", &word(35), ""),
        row("Tailscale", "tskey-", &word(30), ""),
        row("Anthropic", "sk-ant-", &word(40), ""),
        row("OpenAI", &format!("sk-proj-{}T3Blb{}", word(20), "kFJ"), &word(20), ""),
        row("Shopify", "shpat_", &hex(32), ""),
        row("DigitalOcean", "dop_v1_", &hex(64), ""),
        row("Databricks", "dapi", &hex(32), ""),
        row("Grafana", "glsa_", &word(41), ""),
        row("Linear", "lin_api_", &word(40), ""),
        row("New Relic", "NRAK-", &upper(27), ""),
        row("Postman", "PMAK-", &word(59), ""),
        row("Telegram", "1234567890:AA", &word(33), ""),
        row("Twilio", "TWILIO_TOKEN=", &hex(32), ""),
        row("Discord", "https://discord.com/api/webhooks/123456789012345678/", &word(68), ""),
    ]
}

/// Keys, passwords and what else stands in settings, commands and addresses.
fn of_words() -> Vec<Row> {
    let password = ["kX9vQ2mN", "7pL4wR8t"].concat();
    let password = password.as_str();
    let mark = "-".repeat(5);
    let lines = [word(64), word(64), word(64)];
    let (head, end) =
        (format!("{mark}BEGIN RSA PRIVATE KEY{mark}"), format!("{mark}END RSA PRIVATE KEY{mark}"));
    let aws = format!("AKIA{}", "QYLPMN5HHHFPZAM2");
    vec![
        row("AWS, the identifier", "key ", &aws, " was refused"),
        row("AWS, the secret", &format!("{aws} "), &word(40), " were refused"),
        row("Azure", "DefaultEndpoints;AccountKey=", &word(86), "==;EndpointSuffix=x"),
        row("PostgreSQL", "postgres://shop:", password, "@db.shop.io:5432/x"),
        row("MySQL", "mysql://shop:", password, "@db/x"),
        row("Redis", "redis://:", password, "@redis.shop.io"),
        row("AMQP", "amqp://shop:", password, "@queue.shop.io/"),
        row("MongoDB", "mongodb+srv://a:", password, "@c.mongodb.net"),
        row("git over HTTPS", "https://ann:", password, "@git.shop.io/x.git"),
        row("libpq", "host=db user=shop password=", password, " dbname=x"),
        row("PGPASSWORD", "PGPASSWORD=", password, " psql -h db"),
        row("Odoo", "admin_passwd = ", password, ""),
        row("a bearer", "curl -H 'Authorization: Bearer ", password, "' x"),
        row("a login", "Authorization: Basic ", &format!("{}==", word(22)), ""),
        row("JSON", "{'db_password': '", password, "', 'port': 5432}"),
        row("an option", "tool --password=", password, " --verbose"),
        row("a query", "https://shop.io/x?api_key=", password, "&page=2"),
        row("a key in one line", &format!("{head}\\n"), &lines.join("\\n"), &format!("\\n{end}")),
        row("a key", &format!("begins\n{head}\n"), &lines.join("\n"), &format!("\n{end}")),
    ]
}

/// The values of our own inputs, in the forms that programs write.
fn of_inputs(slack: &FakeSlack) -> Vec<Row> {
    let url = slack.url();
    let known = |name, before: &str, secret: &str, after: &str| Row {
        is_known: true,
        ..row(name, before, secret, after)
    };
    let of = |names: [&'static str; 3], value: &str| {
        let mut rows = Vec::new();
        for (name, around) in names.into_iter().zip(["", "a", "ab"]) {
            let coded = base64(format!("{around}{value}!").as_bytes());
            // The first digits and the last ones are also those of what stands beside it.
            let inner = coded[4..coded.len() - 4].to_owned();
            rows.push(known(name, &coded[..4], &inner, &coded[coded.len() - 4..]));
        }
        rows
    };
    let encoded: String = url
        .chars()
        .map(|c| match c {
            ':' => "%3A".to_owned(),
            '/' => "%2F".to_owned(),
            c => c.to_string(),
        })
        .collect();
    let mut rows = vec![
        known("the token", "", TOKEN, " was refused"),
        known("the webhook", "POST ", &url, ""),
        known("the webhook, percent-encoded", "url=", &encoded, ""),
        known("the webhook, its path", "POST ", crate::kit::slack::PATH, " HTTP/1.1"),
    ];
    rows.extend(of(["the token, base64", "the token, base64 + 1", "the token, base64 + 2"], TOKEN));
    rows.extend(of(
        ["the webhook, base64", "the webhook, base64 + 1", "the webhook, base64 + 2"],
        &url,
    ));
    rows
}

fn base64(bytes: &[u8]) -> String {
    mta_actions::adapters::runner::mask::base64(bytes)
}

/// A run in the making.
struct Scenery<'a> {
    bed: &'a Bed,
    run: Run,
    inputs: Vec<(&'static str, String)>,
    env: Vec<(&'static str, String)>,
}

impl Scenery<'_> {
    /// The run is of this branch, which is the default one.
    fn of_branch(&mut self, name: &str) {
        let file = format!("acme/app/.github/workflows/nightly.yml@refs/heads/{name}");
        self.env.extend([("GITHUB_REF_NAME", name.to_owned()), ("GITHUB_WORKFLOW_REF", file)]);
        self.run.event.1["repository"]["default_branch"] = json!(name);
    }
}

/// Where a text comes into a run.
type Place = (&'static str, fn(&mut Scenery<'_>, &str));

/// All places. What stands in front of the text shows that it was looked at.
const PLACES: [Place; 9] = [
    ("log", |scenery, text| {
        let at =
            |second: u32, line: &str| format!("2026-11-30T10:02:{second:02}.1234567Z {line}\n");
        let error = format!("error: log {text}");
        let lines: String = error.split('\n').map(|line| at(5, line)).collect();
        let end = at(6, "##[error]Process completed with exit code 2.");
        scenery.bed.log(
            9002,
            &format!("{}{}{lines}{end}", at(0, "##[group]Run x"), at(0, "##[endgroup]")),
        );
    }),
    ("job", |scenery, text| {
        for (job, name) in scenery.run.jobs.iter_mut().zip(["lint", "job"]) {
            job["name"] = json!(format!("{name} {}", in_a_line(text)));
        }
    }),
    ("step", |scenery, text| {
        scenery.run.jobs[1]["steps"][1]["name"] = json!(format!("step {}", in_a_line(text)));
    }),
    ("commit", |scenery, text| scenery.bed.github.commits_say(&format!("commit {text}"))),
    ("template", |scenery, text| {
        let text = in_a_line(text);
        scenery.inputs.extend([
            ("title", format!("title {text} {{{{ stage }}}}")),
            (
                "body",
                format!("template {text}\n\n{{{{ step }}}} {{{{ error }}}}\n\n{{{{ report }}}}"),
            ),
            ("comment", format!("{{{{ news }}}} comment {text} {{{{ stage }}}}")),
        ]);
    }),
    ("actor", |scenery, text| {
        scenery.env.push(("GITHUB_ACTOR", format!("actor {}", in_a_line(text))));
    }),
    ("workflow", |scenery, text| {
        scenery.env.push(("GITHUB_WORKFLOW", format!("workflow {}", in_a_line(text))));
    }),
    ("environment", |scenery, text| {
        scenery.inputs.push(("environment", format!("environment {}", in_a_line(text))));
    }),
    ("branch", |scenery, text| {
        if let Some(name) = branch(text) {
            scenery.of_branch(&name);
        }
    }),
];

/// A branch that is called so, as far as git allows it: where people write a space, a branch has a dash. `None` where git
/// refuses the name; then there is no such branch anywhere.
fn branch(text: &str) -> Option<String> {
    let name = format!("branch/{}", text.replace(' ', "-"));
    let mut git = Command::new("git");
    git.args(["check-ref-format", "--branch", &name]);
    git.output().unwrap().status.success().then_some(name)
}

fn in_a_line(text: &str) -> String {
    text.replace('\n', " ")
}

/// All that leaves the machine, and what a person sees of it.
fn sinks(bed: &Bed, slack: &FakeSlack, ran: &Ran) -> Vec<(&'static str, String)> {
    let is_mask = |line: &&str| line.starts_with("::add-mask::");
    let log: Vec<&str> = ran.log.lines().filter(|line| !is_mask(line)).collect();
    let issue = bed.github.issues().into_iter().next().unwrap_or_default();
    let report = fs_err::read_to_string(ran.output("report-path")).unwrap_or_default();
    let sent = bed.github.requests().into_iter();
    let sent: Vec<String> =
        sent.map(|one| String::from_utf8_lossy(&one.body).into_owned()).collect();
    let outputs: Vec<&str> = ran.outputs.values().map(String::as_str).collect();
    vec![
        ("title", issue.title),
        ("body", issue.body),
        ("labels", issue.labels.join("\n")),
        ("comments", bed.comments().join("\n")),
        ("requests", sent.join("\n")),
        ("messages", slack.messages().iter().map(Value::to_string).collect()),
        ("summary", ran.summary.clone()),
        ("outputs", outputs.join("\n")),
        ("report", report),
        ("log", log.join("\n")),
    ]
}

/// Whether a piece of the secret stands in a text.
fn leaks(secret: &str, text: &str) -> bool {
    let secret: Vec<char> = secret.chars().collect();
    let pieces = secret.windows(TELLING.min(secret.len()));
    pieces.map(|piece| piece.iter().collect::<String>()).any(|piece| text.contains(&piece))
}

fn borrowed<'a>(pairs: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    pairs.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// A run that breaks, with the text at all places, and one in which more breaks.
async fn shown(slack: &FakeSlack, text: &str, places: &[&str]) -> Vec<Vec<(&'static str, String)>> {
    let bed = Bed::new().await;
    let of = if places.contains(&"branch") { branch(text) } else { None };
    bed.github.add_run(json!({"id": 400, "run_attempt": 1, "run_number": 1, "name": "nightly",
        "path": ".github/workflows/nightly.yml", "head_branch": of.as_deref().unwrap_or("main"), "head_sha": sha('a'),
        "event": "push", "conclusion": "success"}));
    let mut all = Vec::new();
    for (number, digit, lint) in [(2, 'b', "success"), (3, 'c', "failure")] {
        let run = Run::of(number, digit, &[("lint", lint), ("test", "failure")]);
        let inputs = vec![("slack-webhook", slack.url())];
        let mut scenery = Scenery { bed: &bed, run, inputs, env: Vec::new() };
        for (_, put) in PLACES.iter().filter(|(name, _)| places.contains(name)) {
            put(&mut scenery, text);
        }
        let Scenery { run, inputs, env, .. } = scenery;
        let ran = bed.run_in(&run, &borrowed(&inputs), &borrowed(&env)).await;
        did(&ran, if number == 2 { "created" } else { "updated" });
        all.push(sinks(&bed, slack, &ran));
    }
    all
}

/// What of a row is shown where; and places of which nothing is shown, so that they prove nothing.
async fn faults(slack: FakeSlack, row: Row) -> Vec<String> {
    let places: Vec<&str> = PLACES.iter().map(|(name, _)| *name).collect();
    let all = shown(&slack, &row.text, &places).await;
    let mut faults = Vec::new();
    for (sink, text) in all.iter().flatten().filter(|(_, text)| leaks(&row.secret, text)) {
        let at = text.lines().find(|line| leaks(&row.secret, line)).unwrap_or_default();
        faults.push(format!("{} in {sink}: {at}", row.name));
    }
    let body =
        all[0].iter().find(|(sink, _)| *sink == "body").map_or("", |(_, text)| text.as_str());
    let proofs = places.iter().filter(|place| match **place {
        // A template with a known value is refused, and the built-in text stands instead.
        "template" => !row.is_known,
        "branch" => branch(&row.text).is_some(),
        _ => true,
    });
    let is_shown =
        |place: &str| [' ', '/'].iter().any(|end| body.contains(&format!("{place}{end}")));
    for place in proofs.filter(|place| !is_shown(place)) {
        faults.push(format!("{}: nothing of {place} is shown\n{body}", row.name));
    }
    faults
}

/// No row is shown anywhere.
async fn none_is_shown(slack: &FakeSlack, rows: Vec<Row>) {
    let (mut running, mut found) = (JoinSet::new(), Vec::new());
    for row in rows {
        if running.len() == TOGETHER {
            found.extend(running.join_next().await.unwrap().unwrap());
        }
        running.spawn(faults(slack.clone(), row));
    }
    while let Some(faults) = running.join_next().await {
        found.extend(faults.unwrap());
    }
    assert!(found.is_empty(), "{} faults:\n{}", found.len(), found.join("\n"));
}

#[tokio::test]
async fn values_of_inputs_are_in_no_sink_in_whatever_form() {
    let slack = FakeSlack::start().await;
    none_is_shown(&slack, of_inputs(&slack)).await;
}

#[tokio::test]
async fn tokens_of_code_are_in_no_sink() {
    none_is_shown(&FakeSlack::start().await, of_code()).await;
}

#[tokio::test]
async fn tokens_of_services_are_in_no_sink() {
    none_is_shown(&FakeSlack::start().await, of_services()).await;
}

#[tokio::test]
async fn keys_and_passwords_are_in_no_sink() {
    none_is_shown(&FakeSlack::start().await, of_words()).await;
}

#[tokio::test]
async fn the_corpus_has_sixty_secrets() {
    let slack = FakeSlack::start().await;
    let all = [of_code(), of_services(), of_words(), of_inputs(&slack)].concat();
    assert!(all.len() >= 60, "{}", all.len());
    let mut names: Vec<&str> = all.iter().map(|row| row.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all.len(), "each has a name of its own");
    assert!(all.iter().all(|row| row.secret.len() >= TELLING && row.text.contains(&row.secret)));
    let branches = all.iter().filter(|row| branch(&row.text).is_some()).count();
    assert!(branches >= 45, "{branches}");
}

#[tokio::test]
async fn what_looks_like_nothing_stays_as_it_is() {
    let slack = FakeSlack::start().await;
    let digest = format!("sha256:{}", hex(64));
    for text in [
        "password authentication failed for user shop",
        "TOKEN_FILE=/run/secrets/token",
        "make token-check",
        &digest,
        "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "ghp_short is none",
        "AKIA is no key",
        "postgres://shop@db.shop.io/x",
        "the bearer of bad news",
        "PGPASSWORD=$PGPASSWORD psql",
        "unexpected token: identifier",
    ] {
        let places = ["log", "job", "step", "commit", "branch"];
        let all = shown(&slack, text, &places).await;
        let body = &all[0].iter().find(|(sink, _)| *sink == "body").unwrap().1;
        let told = places.iter().map(|place| match *place {
            // Before a dash a variable is none: the whole of it may be a password.
            "branch" => branch(text).filter(|_| !text.contains('$')).unwrap_or_default(),
            place => format!("{place} {text}"),
        });
        for shown in told {
            // A subject is cut to a length.
            let shown: String = shown.chars().take(80).collect();
            assert!(body.contains(&shown), "{shown} is not in\n{body}");
        }
    }
}

/// What cannot be asked is told without the name that was asked with.
#[tokio::test]
async fn an_error_names_no_branch() {
    let token = format!("ghp_{}", word(36));
    let name = branch(&token).unwrap();
    let slack = FakeSlack::start().await;
    let bed = Bed::new().await;
    let run_of = |number, digit, test| {
        let run = Run::of(number, digit, &[("test", test)]);
        let mut scenery = Scenery { bed: &bed, run, inputs: Vec::new(), env: Vec::new() };
        scenery.of_branch(&name);
        (scenery.run, scenery.env)
    };
    let (red, env) = run_of(1, 'b', "failure");
    did(&bed.run_in(&red, &[], &borrowed(&env)).await, "created");
    // The failing commit was taken out of the branch, so the branch itself is compared.
    bed.github.rewrite_without(&sha('b'));
    bed.github.script("GET /compare/ branch%2Fghp", Fault::Answer(denied()));
    let (green, env) = run_of(2, 'c', "success");
    let ran = bed.run_in(&green, &[], &borrowed(&env)).await;
    ran.says("not allowed to compare");
    let mut told = sinks(&bed, &slack, &ran);

    // By its number alone nobody knows whether the run is of a tag.
    bed.github.add_run(json!({"id": 503, "run_attempt": 1, "run_number": 3, "name": "nightly", "conclusion": "success",
        "path": ".github/workflows/nightly.yml", "head_branch": name, "head_sha": sha('d'), "event": "push"}));
    bed.github.script("GET /git/ref/tags/", Fault::Answer(denied()));
    let inputs = [("run-id", "503"), ("branches", "branch/**")];
    let ran = bed.run_with(&Run::of(4, 'd', &[("test", "success")]), &inputs).await;
    ran.says("not allowed to look for");
    told.extend(sinks(&bed, &slack, &ran));
    for (sink, text) in told {
        assert!(!leaks(&token, &text), "{sink}: {text}");
    }
}
