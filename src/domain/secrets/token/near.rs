//! Tokens without a prefix of their own: a mark in their middle, or the name of the service beside them.

use std::ops::Range;

use super::{TOKEN, is_invented, named};
use crate::domain::secrets::candidate::Candidate;
use crate::domain::secrets::text::{Class, Text};

/// How far behind the name of a service its token is looked for, in bytes.
const NEAR: usize = 120;

/// A key of `OpenAI`, by the mark in its middle.
pub(super) fn openai(text: Text<'_>, place: usize) -> Option<Candidate> {
    let start = text.run_back(place, |byte| Class::Url.has(byte));
    let end = text.run(place, |byte| Class::Url.has(byte));
    let fits = text.has(place, "T3BlbkFJ") && text.has(start, "sk-");
    (fits && (40..=250).contains(&(end - start))).then(|| named("an OpenAI key", "sk-", start..end))
}

/// A key of Azure storage.
pub(super) fn azure(text: Text<'_>, place: usize) -> Option<Candidate> {
    let start = place + "AccountKey=".len();
    let end = text.run(start, |byte| Class::Base64.has(byte));
    let is_key = end - start == 88 && text.text(start..end).ends_with("==");
    (is_key && !is_invented(text.part(start..end))).then(|| {
        let what = "the key of an Azure storage account (88 characters)".to_owned();
        Candidate::new(&TOKEN, start..end, what)
    })
}

/// A token of Terraform Cloud.
pub(super) fn terraform(text: Text<'_>, place: usize) -> Option<Candidate> {
    let start = text.run_back(place, |byte| Class::Alnum.has(byte));
    let body = place + ".atlasv1.".len();
    let end = text.run(body, |byte| Class::Url.has(byte) || byte == b'=');
    let fits = place - start == 14 && (60..=80).contains(&(end - body));
    (fits && !is_invented(text.part(body..end))).then(|| {
        let what =
            format!("a Terraform token (\u{2026}.atlasv1.\u{2026}, {} characters)", end - start);
        Candidate::new(&TOKEN, start..end, what)
    })
}

/// The token of a Telegram bot: its number, a colon and 35 characters that begin with `AA`.
pub(super) fn telegram(text: Text<'_>, place: usize) -> Option<Candidate> {
    let start = text.run_back(place, |byte| byte.is_ascii_digit());
    let end = text.run(place + 1, |byte| Class::Url.has(byte));
    let fits = text.has(place, ":AA") && (8..=10).contains(&(place - start)) && end - place == 36;
    let fits =
        fits && (text.is_start(start) || text.part(start.saturating_sub(4)..start) == b"/bot");
    (fits && !is_invented(text.part(place + 3..end))).then(|| {
        let what = format!("the token of a Telegram bot ({} characters)", end - start);
        Candidate::new(&TOKEN, start..end, what)
    })
}

/// A key or a secret of Twilio behind its name, on the same line.
pub(super) fn twilio(text: Text<'_>, place: usize) -> Option<Candidate> {
    let is_key = |word: Range<usize>| {
        let body = match text.text(word.clone()).strip_prefix("SK") {
            Some(body) => body,
            None => text.text(word),
        };
        body.len() == 32 && body.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let word = words_behind(text, place, Class::Alnum).find(|word| is_key(word.clone()))?;
    (!is_invented(text.part(word.clone()))).then(|| {
        let what = format!("a key of Twilio ({} characters)", word.len());
        Candidate::new(&TOKEN, word, what)
    })
}

/// A webhook of Discord, or the token of a bot behind the name of the service.
pub(super) fn discord(text: Text<'_>, place: usize) -> Option<Candidate> {
    let line = text.line(place);
    let tail = text.text(place..line.end.min(place + NEAR));
    if let Some((_, path)) = tail.split_once("/api/webhooks/") {
        let start = place + (tail.len() - path.len());
        let end = text.run(start, |byte| Class::Slashed.has(byte));
        let (number, key) = text.text(start..end).split_once('/')?;
        let fits = number.len() >= 17 && number.bytes().all(|byte| byte.is_ascii_digit());
        return (fits && key.len() >= 60 && !is_invented(key.as_bytes()))
            .then(|| named("a Discord webhook", "/api/webhooks/", start..end));
    }
    let word =
        words_behind(text, place, Class::Dotted).find(|word| is_bot(text.text(word.clone())))?;
    let what = format!("the token of a Discord bot ({} characters)", word.len());
    Some(Candidate::new(&TOKEN, word, what))
}

/// Three parts: the number of the bot, a time, a signature.
fn is_bot(word: &str) -> bool {
    let lengths: Vec<usize> = word.split('.').map(str::len).collect();
    matches!(lengths[..], [23..=28, 6..=7, 27..=38])
        && word.starts_with(['M', 'N', 'O'])
        && !is_invented(word.as_bytes())
}

/// The words behind a place on its line.
fn words_behind(text: Text<'_>, place: usize, class: Class) -> impl Iterator<Item = Range<usize>> {
    let last = text.line(place).end.min(place + NEAR);
    let mut at = place;
    std::iter::from_fn(move || {
        let start = text.run(at, |byte| !class.has(byte));
        let end = text.run(start, |byte| class.has(byte));
        at = end.max(start + 1);
        (start < last && start < end).then_some(start..end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANDOM: &str = "q8ZsK2vXw7RtYp4LmN0bHcG5vQx9ZtR2kLw8PmNs4Yb7CdF3gH6jK1mQ9rT5vX8zB2nD4fG7hJ0kL3pS6uW9yA1cE4gI7kM";

    fn find(finder: super::super::Finder, word: &str, text: &str) -> Option<String> {
        let place = text.to_ascii_lowercase().find(word)?;
        finder(Text { bytes: text.as_bytes() }, place).map(|one| text[one.range].to_owned())
    }

    #[test]
    fn marks_in_the_middle() {
        let mark = format!("T3Blb{}", "kFJ");
        let key = format!("sk-proj-{}{mark}{}", &RANDOM[..20], &RANDOM[20..40]);
        assert_eq!(find(openai, "t3blbkfj", &format!("k='{key}'")), Some(key.clone()));
        assert_eq!(find(openai, "t3blbkfj", &format!("k='{}'", &key[3..])), None);
        let token = format!("{}.atlasv1.{}", &RANDOM[..14], &RANDOM[14..81]);
        assert_eq!(find(terraform, ".atlasv1.", &token), Some(token.clone()));
        assert_eq!(find(terraform, ".atlasv1.", &token[..60]), None);
        let bot = format!("123456{}:AA{}", "7890", &RANDOM[..33]);
        assert_eq!(find(telegram, ":aa", &format!("'{bot}'")), Some(bot.clone()));
        let address = format!("https://api.telegram.org/bot{bot}/send");
        assert_eq!(find(telegram, ":aa", &address), Some(bot.clone()));
        assert_eq!(find(telegram, ":aa", &format!("'{bot}x'")), None);
        let key = format!("{}==", &RANDOM[..86]);
        assert_eq!(find(azure, "accountkey=", &format!("a;AccountKey={key};b")), Some(key));
        assert_eq!(find(azure, "accountkey=", "AccountKey=abc=="), None);
    }

    #[test]
    fn names_of_the_service_beside_it() {
        let hex = "9f86d081884c7d659a2feaa0c55ad015";
        assert_eq!(find(twilio, "twilio", &format!("TWILIO_TOKEN={hex}")), Some(hex.to_owned()));
        assert_eq!(find(twilio, "twilio", &format!("twilio\n{hex}")), None);
        assert_eq!(find(twilio, "twilio", "twilio: AC00000000000000000000000000000000"), None);
        let bot = format!("M{}.{}.{}", &RANDOM[..23], &RANDOM[..6], &RANDOM[30..57]);
        assert_eq!(find(discord, "discord", &format!("discord = '{bot}'")), Some(bot));
        let hook = format!("12345678901234567{}/{}", 8, &RANDOM[..68]);
        let address = format!("https://discord.com/api/webhooks/{hook}");
        assert_eq!(find(discord, "discord", &address), Some(hook));
        assert_eq!(find(discord, "discord", "discord.com/api/webhooks/1/x"), None);
        assert_eq!(find(discord, "discord", "discord is a name"), None);
    }
}
