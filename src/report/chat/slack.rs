//! A message as a Slack incoming webhook takes it: blocks, within all limits of the service, with foreign text that is
//! shown and never obeyed. Pure.
//!
//! `&`, `<` and `>` are escaped in every text, so that no mention (`<!channel>`, `<@U1>`) and no link can be made of
//! it, and `verbatim` keeps Slack from making some of plain words. There are no links but the buttons.
//!
//! Limits: <https://docs.slack.dev/reference/block-kit/blocks>. That of a whole message is not documented; above some
//! 13,200 characters it is refused (`msg_blocks_too_long`, slackapi/bolt-js#2509).

use serde_json::{Value, json};

use crate::domain::shown::visible;
use crate::report::chat::{Broken, Message, Mood};

/// The longest header, in UTF-16 units; Slack does not say which characters it counts, and these are the most.
pub const HEADER: usize = 150;

/// The longest text of a section.
pub const SECTION: usize = 3_000;

/// The longest message, all of its JSON counted.
pub const WHOLE: usize = 13_000;

/// Fields of a section; each may have 2,000.
pub const FIELDS: usize = 10;

/// Room for a name among other words.
const NAME: usize = 120;

/// Room for a line of a log.
const LINE: usize = 600;

/// Room for what is shown where blocks are not: in notifications.
const FALLBACK: usize = 400;

/// The longest address of a button. Slack takes 3,000; no page of ours has one as long as this.
const ADDRESS: usize = 600;

/// Stands for a backtick where one would end a code span or block.
const LIKE_A_BACKTICK: char = '\u{2cb}';

/// The body of the request.
pub fn payload(message: &Message) -> Value {
    let title = format!("{} {}", sign(message.mood), message.title);
    let mut blocks = vec![json!({"type": "header", "text": plain(&escaped(&title, HEADER))})];
    if let Some(text) = stages(message) {
        blocks.push(json!({"type": "section", "text": mrkdwn(&text)}));
    }
    if !message.lines.is_empty() {
        blocks.push(json!({"type": "section", "text": mrkdwn(&code_block(&message.lines))}));
    }
    let fields: Vec<Value> = message.facts.iter().take(FIELDS).map(field).collect();
    if !fields.is_empty() {
        blocks.push(json!({"type": "section", "fields": fields}));
    }
    let buttons: Vec<Value> = message.links.iter().filter_map(button).collect();
    if !buttons.is_empty() {
        blocks.push(json!({"type": "actions", "elements": buttons}));
    }
    json!({
        "text": fallback(&title, message),
        "blocks": blocks,
        "mrkdwn": false,
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

/// All that a payload says, as its readers see it: for a last look at what is sent.
pub fn said(payload: &Value) -> Vec<String> {
    match payload {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| match (name.as_str(), value) {
                ("text" | "url", Value::String(text)) => vec![unescaped(text)],
                (_, value) => said(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(said).collect(),
        _ => Vec::new(),
    }
}

const fn sign(mood: Mood) -> &'static str {
    match mood {
        Mood::Bad => "🔴",
        Mood::Good => "🟢",
        Mood::Neutral => "⚪",
    }
}

fn stages(message: &Message) -> Option<String> {
    let mut lines: Vec<String> = message.stages.iter().map(stage).collect();
    if message.more > 0 {
        lines.push(format!("and {} more", message.more));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn stage(broken: &Broken) -> String {
    let step = match broken.step.as_str() {
        "" => String::new(),
        step => format!(", step {}", code(step)),
    };
    let exit = broken.exit_code.map(|code| format!(" (exit code {code})")).unwrap_or_default();
    format!("{}{step} failed{exit}", code(&broken.job))
}

fn field((name, value): &(&'static str, String)) -> Value {
    mrkdwn(&format!("*{name}*\n{}", code(value)))
}

/// A button for a page; none for an address that Slack would refuse, and the whole message with it.
fn button((name, url): &(&'static str, String)) -> Option<Value> {
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"`".contains(&byte));
    (is_web && is_plain && url.len() <= ADDRESS).then(|| {
        json!({"type": "button", "text": plain(name), "url": url, "action_id": name.to_lowercase()})
    })
}

fn fallback(title: &str, message: &Message) -> String {
    let line = message.lines.first().map(|line| format!(" ({line})")).unwrap_or_default();
    escaped(&format!("{title}{line}"), FALLBACK)
}

fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": text, "emoji": false})
}

fn mrkdwn(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}

/// A code span of foreign text.
fn code(text: &str) -> String {
    let text = text.replace('`', &LIKE_A_BACKTICK.to_string());
    let text = Some(text.trim()).filter(|text| !text.is_empty());
    format!("`{}`", escaped(text.unwrap_or("—"), NAME))
}

/// A block of foreign lines. Nothing in it can be taken for its end.
fn code_block(lines: &[String]) -> String {
    let three: String = [LIKE_A_BACKTICK; 3].iter().collect();
    let lines: Vec<String> =
        lines.iter().map(|line| escaped(&line.replace("```", &three), LINE)).collect();
    format!("```\n{}\n```", lines.join("\n"))
}

/// Foreign text on one line: what cannot be seen or turns it around is shown as an escape, what Slack would obey is
/// escaped, and it is cut to so many UTF-16 units, never inside of an escape.
fn escaped(text: &str, room: usize) -> String {
    let (mut out, mut used) = (String::new(), 0);
    for c in visible(&text.replace('\t', "  ")).chars() {
        let mut bytes = [0; 4];
        let piece = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            c => c.encode_utf8(&mut bytes),
        };
        used += piece.encode_utf16().count();
        if used >= room {
            out.push('…');
            break;
        }
        out.push_str(piece);
    }
    out
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::notice::News;
    use crate::report::chat::message;
    use crate::report::chat::samples::{Sample, reason};
    use proptest::prelude::*;

    fn units(text: &str) -> usize {
        text.encode_utf16().count()
    }

    /// The message keeps to every limit, and nothing in it is obeyed.
    fn check(payload: &Value) {
        assert!(units(&payload.to_string()) <= WHOLE, "{} in all", units(&payload.to_string()));
        let blocks = payload["blocks"].as_array().unwrap();
        assert!(blocks.len() <= 50);
        assert!(!payload["text"].as_str().unwrap().is_empty());
        let is_escape =
            |rest: &str| ["&amp;", "&lt;", "&gt;"].iter().any(|escape| rest.starts_with(escape));
        let harmless = |text: &str| {
            assert!(!text.is_empty() && !text.contains(['<', '>']), "{text}");
            assert!(text.match_indices('&').all(|(at, _)| is_escape(&text[at..])), "{text}");
            let is_odd =
                |c: char| c != '\n' && (c.is_control() || crate::domain::shown::is_invisible(c));
            assert!(!text.contains(is_odd), "{text:?}");
        };
        harmless(payload["text"].as_str().unwrap());
        for block in blocks {
            let text = block["text"]["text"].as_str();
            text.into_iter().for_each(harmless);
            let longest = if block["type"] == "header" { HEADER } else { SECTION };
            assert!(text.is_none_or(|text| units(text) <= longest), "{block}");
            assert!(block["type"] == "header" || block["text"]["type"] != "plain_text");
            let fields = block["fields"].as_array().cloned().unwrap_or_default();
            assert!(fields.len() <= FIELDS);
            for field in &fields {
                harmless(field["text"].as_str().unwrap());
                assert!(units(field["text"].as_str().unwrap()) <= 2_000);
                assert_eq!(field["text"].as_str().unwrap().matches('`').count(), 2, "{field}");
                assert_eq!(field["verbatim"], true);
            }
            for element in block["elements"].as_array().into_iter().flatten() {
                assert!(units(element["text"]["text"].as_str().unwrap()) <= 75);
                assert!(units(element["url"].as_str().unwrap()) <= 3_000);
            }
            if let Some(text) = text.filter(|text| text.starts_with("```")) {
                assert_eq!(text.matches("```").count(), 2, "{text}");
            }
        }
    }

    /// Each block on a line, then the rest.
    fn shown(payload: &Value) -> String {
        let blocks = payload["blocks"].as_array().unwrap().iter().map(ToString::to_string);
        let mut rest = payload.as_object().unwrap().clone();
        rest.shift_remove("blocks");
        blocks.chain([Value::Object(rest).to_string()]).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_whole_message() {
        let mut sample = Sample::new("nightly", "main", &["test", "e2e"]);
        sample.reasons = vec![
            reason("test", "FAILED tests/test_cart.py::test_total - assert 3 == 4", &[]),
            reason(
                "e2e",
                "Error: <Cart> & \"Total\" did not appear within 30 s",
                &["> at e2e.ts:3"],
            ),
        ];
        let message = message(&News::Fails, sample.failing(), Some(11), str::to_owned);
        let payload = payload(&message);
        check(&payload);
        insta::assert_snapshot!(shown(&payload), @r###"
{"type":"header","text":{"type":"plain_text","text":"🔴 nightly fails on main: test and 1 more","emoji":false}}
{"type":"section","text":{"type":"mrkdwn","text":"`test`, step `Run test` failed (exit code 2)\n`e2e`, step `Run e2e` failed (exit code 2)","verbatim":true}}
{"type":"section","text":{"type":"mrkdwn","text":"```\nFAILED tests/test_cart.py::test_total - assert 3 == 4\nError: &lt;Cart&gt; &amp; \"Total\" did not appear within 30 s\nat e2e.ts:3\n```","verbatim":true}}
{"type":"section","fields":[{"type":"mrkdwn","text":"*Run*\n`#43, attempt 2 (push)`","verbatim":true},{"type":"mrkdwn","text":"*Branch*\n`main`","verbatim":true},{"type":"mrkdwn","text":"*Commit*\n`aaaaaaa`","verbatim":true},{"type":"mrkdwn","text":"*Started by*\n`ann`","verbatim":true},{"type":"mrkdwn","text":"*Environment*\n`staging`","verbatim":true},{"type":"mrkdwn","text":"*Failed runs*\n`3`","verbatim":true}]}
{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"Run","emoji":false},"url":"https://github.example.test/acme/app/actions/runs/543","action_id":"run"},{"type":"button","text":{"type":"plain_text","text":"Commit","emoji":false},"url":"https://github.example.test/acme/app/commit/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","action_id":"commit"},{"type":"button","text":{"type":"plain_text","text":"Issue","emoji":false},"url":"https://github.example.test/acme/app/issues/11","action_id":"issue"}]}
{"text":"🔴 nightly fails on main: test and 1 more (FAILED tests/test_cart.py::test_total - assert 3 == 4)","mrkdwn":false,"unfurl_links":false,"unfurl_media":false}
"###);
    }

    #[test]
    fn a_fence_is_not_broken_and_a_code_span_not_ended() {
        let mut sample = Sample::new("w", "a`*b*`", &["`x` <!channel> ``"]);
        sample.reasons = vec![reason("x", "error: ```` <@U1> `````` &lt;", &["> ``", "> `"])];
        let message = message(&News::Fails, sample.failing(), None, str::to_owned);
        let payload = payload(&message);
        check(&payload);
        let lines = payload["blocks"][2]["text"]["text"].as_str().unwrap();
        assert_eq!(lines, "```\nerror: ˋˋˋ` &lt;@U1&gt; ˋˋˋˋˋˋ &amp;lt;\n```");
        let stage = payload["blocks"][1]["text"]["text"].as_str().unwrap();
        assert_eq!(stage, "`ˋxˋ &lt;!channel&gt; ˋˋ`, step `Run ˋxˋ &lt;!channel&gt; ˋˋ` failed");
    }

    #[test]
    fn what_is_said_is_found_as_its_readers_see_it() {
        let mut sample = Sample::new("w", "main", &["a&b<c>"]);
        sample.reasons.clear();
        let payload = payload(&message(&News::Fails, sample.failing(), Some(3), str::to_owned));
        let said = said(&payload);
        assert!(said.iter().any(|text| text.contains("`a&b<c>`")), "{said:?}");
        assert!(said.iter().any(|text| text.ends_with("/issues/3")), "{said:?}");
        assert!(!said.iter().any(|text| text == "mrkdwn"), "{said:?}");
    }

    #[test]
    fn a_page_that_slack_would_refuse_has_no_button() {
        let mut sample = Sample::new("w", "main", &["test"]);
        for server in ["", "javascript:x", "https://a b", "https://<x>", &"https://x/".repeat(70)] {
            sample.links.server = server.to_owned();
            let message = message(&News::Fails, sample.failing(), Some(3), str::to_owned);
            let payload = payload(&message);
            check(&payload);
            let kinds: Vec<_> =
                payload["blocks"].as_array().unwrap().iter().map(|b| &b["type"]).collect();
            assert!(!kinds.contains(&&json!("actions")), "{payload}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 128, ..ProptestConfig::default() })]

        #[test]
        fn any_text_stays_within_the_limits_and_is_not_obeyed(
            workflow in "([\\PC\u{202e}\n\t`<&>\"\\\\]|<!channel>|<@U1>|```){0,200}",
            branch in "([\\PC\u{200b}`<&>]|<!here>){0,300}",
            jobs in proptest::collection::vec("([\\PC`<&>]|<https://x\\|y>|```){1,100}", 0..8),
            lines in proptest::collection::vec("([\\PC\t`<&>\"\\\\\u{1b}\u{e0041}]|````|<!date>){0,300}", 0..5),
        ) {
            let names: Vec<&str> = jobs.iter().map(String::as_str).collect();
            let mut sample = Sample::new(&workflow, &branch, &names);
            sample.run.actor = branch.clone();
            sample.run.event = workflow.clone();
            sample.run.sha = branch.clone();
            sample.reasons = lines.iter().map(|line| reason("test", line, &[])).collect();
            for news in [News::Fails, News::MoreFail(jobs.clone()), News::Recovered] {
                check(&payload(&message(&news, sample.failing(), Some(u64::MAX), str::to_owned)));
            }
        }
    }
}
