//! How a user's inputs are read: the tables of the actions, and a table with every kind.

use std::time::Duration;

use mta_actions::actions;
use mta_actions::domain::input::{
    Fault, FaultKind, InputSpec, Kind, Need, Origin, Percent, RawInput, Secrecy, Value, Values,
    Why, check, from_json, masks, read,
};
use secrecy::ExposeSecret;

const fn spec(name: &'static str, kind: Kind, need: Need) -> InputSpec {
    InputSpec { name, kind, need, doc: "Doc.", examples: &[] }
}

const EVERY_KIND: &[InputSpec] = &[
    spec("text", Kind::Text, Need::Required),
    spec("db-password", Kind::Secret, Need::Optional),
    spec("dry-run", Kind::Bool, Need::Default("false")),
    spec("count", Kind::Integer { min: 1, max: 9 }, Need::Optional),
    spec("wait", Kind::Duration, Need::Default("10m")),
    spec("size", Kind::Bytes, Need::Optional),
    spec("share", Kind::Percent, Need::Optional),
    spec("pull", Kind::Choice(&["always", "never"]), Need::Optional),
    spec("files", Kind::Lines, Need::Optional),
    spec("names", Kind::Words, Need::Optional),
    spec("env", Kind::Map(Secrecy::ByKey), Need::Optional),
    spec("secret-files", Kind::Map(Secrecy::All), Need::Optional),
    spec("path", Kind::Path, Need::Optional),
    spec("command", Kind::Command, Need::Optional),
];

fn raw(pairs: &[(&str, &str)]) -> Vec<RawInput> {
    let input = |(name, value): &(&str, &str)| RawInput {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
        origin: Origin::Action,
    };
    pairs.iter().map(input).collect()
}

fn good(pairs: &[(&str, &str)]) -> Values {
    read(EVERY_KIND, &raw(pairs)).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn faults(pairs: &[(&str, &str)]) -> Vec<Fault> {
    read(EVERY_KIND, &raw(pairs)).map(|_| ()).unwrap_err()
}

#[test]
fn names_without_case_and_dashes_empty_is_absent_defaults_stand_in() {
    let values = good(&[("TEXT", " a b "), ("Dry_Run", "TRUE"), ("wait", " "), ("count", "")]);
    assert_eq!(values.text("text"), Some("a b"));
    assert!(values.flag("dry-run"));
    assert_eq!(values.duration("wait"), Some(Duration::from_mins(10)));
    assert_eq!(values.number("count"), None);
}

#[test]
fn every_kind_has_its_type() {
    let values = good(&[
        ("text", "x"),
        ("count", "9"),
        ("size", "10KiB"),
        ("files", "a.yml\n\n b.yml"),
        ("names", "a, b"),
        ("path", " /srv/x "),
        ("command", "sh -c 'a b'"),
        ("env", "TAG=1.10"),
    ]);
    assert_eq!(values.number("count"), Some(9));
    assert_eq!(values.number("size"), Some(10_240));
    assert_eq!(values.list("files"), ["a.yml", "b.yml"]);
    assert_eq!(values.list("names"), ["a", "b"]);
    assert_eq!(values.path("path").map(|path| path.as_str()), Some("/srv/x"));
    assert_eq!(values.list("command"), ["sh", "-c", "a b"]);
    assert_eq!(values.map("env")[0].1.expose_secret(), "1.10");
    let share = check(&spec("share", Kind::Percent, Need::Optional), "79.5%").unwrap();
    assert!(matches!(share, Value::Percent(Percent { millionths: 79_500_000 })));
}

#[test]
fn all_faults_are_reported_together() {
    let found = faults(&[
        ("helth", "x"),
        ("wiat", "1m"),
        ("count", "10"),
        ("dry-run", "yes"),
        ("pull", "sometimes"),
        ("size", "1"),
        ("SIZE", "2"),
    ]);
    let kinds: Vec<_> = found.iter().map(|fault| (fault.input.as_str(), fault.kind)).collect();
    assert_eq!(
        kinds,
        [
            ("helth", FaultKind::Unknown),
            ("wiat", FaultKind::Unknown),
            ("text", FaultKind::Missing),
            ("dry-run", FaultKind::Malformed),
            ("count", FaultKind::Malformed),
            ("size", FaultKind::Conflicting),
            ("pull", FaultKind::Malformed),
        ]
    );
    assert!(!found[0].help.contains("Did you mean"), "{}", found[0]);
    assert_eq!(found[1].help, "Did you mean `wait`?");
    assert!(found[6].help.contains("`always`, `never`"), "{}", found[6]);
}

#[test]
fn the_same_value_twice_is_no_conflict_and_a_flag_beats_the_environment() {
    assert_eq!(good(&[("text", "x"), ("TEXT", "x")]).text("text"), Some("x"));
    let mut both = raw(&[("text", "weak"), ("text", "strong")]);
    both[0].origin = Origin::Environment;
    both[1].origin = Origin::Flag;
    assert_eq!(read(EVERY_KIND, &both).unwrap().text("text"), Some("strong"));
}

#[test]
fn an_unknown_input_without_a_value_is_what_the_umbrella_passes() {
    assert_eq!(good(&[("text", "x"), ("keep-last", "")]).text("text"), Some("x"));
}

#[test]
fn no_fault_shows_a_secret_or_a_value_of_a_map() {
    let found = faults(&[
        ("text", "x"),
        ("env", "hunter2"),
        ("secret-files", "a: [hunter2]"),
        ("db-password", "hunter2"),
        ("DB_PASSWORD", "hunter3"),
        ("command", "psql 'hunter2"),
    ]);
    assert_eq!(found.len(), 4);
    for fault in found {
        assert!(!format!("{fault} {fault:?}").contains("hunter"), "{fault}");
    }
}

#[test]
fn masks_are_secrets_and_maps_with_their_keys() {
    let found = |given: &[(&str, &str)]| -> Vec<(String, String, Why)> {
        let masked = masks(EVERY_KIND, &raw(given));
        masked.into_iter().map(|m| (m.input, m.value.expose_secret().to_owned(), m.why)).collect()
    };
    let secret = |input: &str, value: &str| (input.to_owned(), value.to_owned(), Why::Secret);
    let key = |input: &str, key: &str, value: &str| {
        (input.to_owned(), value.to_owned(), Why::Key(key.to_owned()))
    };
    assert_eq!(
        found(&[
            ("text", "x"),
            ("db-password", " p \n"),
            ("env", "TOKEN=t\nEMPTY="),
            ("secret-files", "a=s"),
        ]),
        [secret("db-password", " p "), key("env", "TOKEN", "t"), secret("secret-files", "s")]
    );
    // Inputs that will be refused: their values are in the log all the same.
    assert_eq!(
        found(&[("DB_PASSWORT", "p"), ("secret-files", "a: [s]\nt"), ("env", "A=1\nb")]),
        [
            secret("db-password", "p"),
            secret("secret-files", "[s]"),
            secret("secret-files", "t"),
            key("env", "A", "1"),
            key("env", "secret", "b"),
        ]
    );
    assert_eq!(found(&[("zzzz_token", "p")]), [key("zzzz_token", "zzzz_token", "p")]);
}

#[test]
fn no_fault_shows_what_is_a_secret_elsewhere() {
    let long = format!("hunter2{}", "x".repeat(80));
    for (secret, wrong) in [
        ("hunter2hunter2", "hunter2hunter2"),
        ("hunter2hunter2", "x hunter2hunter2 x"),
        (&long, &long),
        ("hunter2hunter2", "hunter2"),
    ] {
        let env = format!("DB_PASSWORD={secret}");
        let found = faults(&[("text", "x"), ("env", &env), ("count", wrong)]);
        assert_eq!(found.len(), 1);
        assert!(!format!("{:?}", found[0]).contains("hunter"), "{:?}", found[0]);
    }
    // What is no secret is shown: people look for what they wrote.
    let found =
        faults(&[("text", "x"), ("env", "TAG=hunter2hunter2"), ("count", "hunter2hunter2")]);
    assert!(found[0].what.contains("hunter2hunter2"), "{:?}", found[0]);
}

#[test]
fn the_defaults_of_every_action_read() {
    let json = from_json("{}").unwrap();
    for action in actions::ALL {
        let values = read(action.inputs, &json).unwrap_or_else(|faults| panic!("{faults:?}"));
        let waits = action.inputs.iter().any(|input| input.name == "lock-wait");
        let expected = waits.then(|| Duration::from_mins(10));
        assert_eq!(values.duration("lock-wait"), expected, "{}", action.name);
    }
}
