//! Commands and text in the log.

use mta_actions::adapters::runner::clock::Clock;
use mta_actions::adapters::runner::command::{self, Location};
use mta_actions::adapters::runner::console::Console;
use mta_actions::adapters::runner::redactor::Redactor;
use mta_actions::domain::event::{Annotation, Event, Level, Sink};
use mta_actions::failure::Place;
use proptest::prelude::*;

use super::texts::{Buffer, config, hostile};
use crate::kit::runner::commands::{Line, Reader, ignorable, read_lines};
use crate::kit::runner::log::Log;

fn console(buffer: &Buffer) -> Console {
    Console::new(buffer.boxed(), Redactor::default(), "/home/runner/shop")
}

/// What the runner makes of the events.
fn log_of(events: Vec<Event>) -> Log {
    let buffer = Buffer::default();
    let console = console(&buffer);
    for event in events {
        console.emit(event);
    }
    read(&buffer)
}

fn read(buffer: &Buffer) -> Log {
    let mut log = Log::default();
    for line in read_lines(&buffer.text()) {
        log.take(&line);
    }
    log
}

/// The text as a reader sees it: without what is not visible.
fn visible(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}

#[test]
fn a_title_is_left_out_only_where_nothing_of_it_would_be_seen() {
    // A vertical tab is white space, and is shown as a picture.
    for (title, seen) in
        [("", ""), (" \t", ""), ("\u{200b}", ""), ("\u{b}", "\u{240b}"), (" a ", "a")]
    {
        let (title, message) = (title.to_owned(), String::new());
        let meant = Annotation { level: Level::Error, title, message, place: None };
        let line = command::annotation(&meant, "");
        let title = if seen.is_empty() { String::new() } else { format!(" title={seen}") };
        assert_eq!(line, format!("::error{title}::"), "{meant:?}");
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn nothing_in_a_note_is_obeyed(text in hostile()) {
        let log = log_of(vec![Event::Note(text.clone()), Event::Waiting(text)]);
        prop_assert!(log.commands.is_empty(), "{:?}", log.commands);
        prop_assert!(!log.is_stopped());
    }

    #[test]
    fn nothing_in_relayed_text_is_obeyed_and_the_relay_ends(source in hostile(), text in hostile()) {
        let log = log_of(vec![
            Event::Foreign { source: source.clone(), text: text.clone() },
            Event::Foreign { source, text },
            Event::Debug("end".to_owned()),
        ]);
        let names: Vec<_> = log.commands.iter().map(|c| c.name.as_str()).collect();
        prop_assert_eq!(names, ["debug"]);
        prop_assert!(!log.is_stopped() && log.faults.is_empty());
    }

    #[test]
    fn relayed_text_would_be_harmless_without_the_stop_too(source in hostile(), text in hostile()) {
        let buffer = Buffer::default();
        console(&buffer).emit(Event::Foreign { source, text });
        for line in read_lines(&buffer.text()).iter().skip(1) {
            prop_assert_eq!(Reader::default().read(line), Line::Text, "{}", line);
            prop_assert!(!line.contains("##["), "{}", line);
        }
    }

    #[test]
    fn the_name_of_a_phase_is_read_as_it_was_meant(name in hostile()) {
        let log = log_of(vec![Event::PhaseStarted { name }, Event::PhaseEnded]);
        let names: Vec<_> = log.commands.iter().map(|c| c.name.as_str()).collect();
        prop_assert_eq!(names, ["group", "endgroup"]);
    }

    #[test]
    fn an_annotation_is_read_as_it_was_meant(title in hostile(), message in hostile(), file in hostile()) {
        let place = Place { file, line: Some(3), column: Some(7) };
        let meant = Annotation { level: Level::Error, title, message, place: Some(place) };
        let line = command::annotation(&meant, "/home/runner/shop");
        prop_assert_eq!(read_lines(&line).len(), 1);
        let Line::Command(read) = Reader::default().read(&line) else { panic!("no command: {line:?}") };
        prop_assert_eq!(&read.name, "error");
        let data = read.data.strip_prefix(' ').unwrap_or(&read.data);
        let message = command::message(&meant.message);
        prop_assert_eq!(data, message.strip_prefix(' ').unwrap_or(&message));
        let title = command::property(&meant.title);
        prop_assert_eq!(read.property("title").unwrap_or_default(), title);
        prop_assert_eq!(read.property("line"), Some("3"));
        prop_assert_eq!(read.property("col"), Some("7"));
    }

    #[test]
    fn ordinary_text_is_kept_character_by_character(text in "[ -~äöü€]{0,80}") {
        let annotation = Annotation {
            level: Level::Notice, title: String::new(), message: text.clone(), place: None,
        };
        let line = command::annotation(&annotation, "");
        let Line::Command(read) = Reader::default().read(&line) else { panic!("no command: {line:?}") };
        prop_assert_eq!(read.data.trim(), text.trim());
    }

    #[test]
    fn a_mask_is_read_verbatim(value in hostile()) {
        match command::add_mask(&value) {
            None => prop_assert!(value.trim().is_empty()),
            Some(line) => {
                prop_assert_eq!(read_lines(&line).len(), 1);
                // A combining mark behind `::` is the one thing that cannot be sent as it is.
                prop_assume!(value.chars().next().is_none_or(|c| c.is_ascii()));
                prop_assume!(!value.chars().any(ignorable));
                let Line::Command(read) = Reader::default().read(&line) else { panic!("no command: {line:?}") };
                prop_assert_eq!((read.name.as_str(), read.data.as_str()), ("add-mask", value.as_str()));
            }
        }
    }

    #[test]
    fn a_location_that_was_sent_is_one_that_the_runner_keeps(
        line in prop::option::of(1_u32..5), end_line in prop::option::of(1_u32..5),
        column in prop::option::of(1_u32..5), end_column in prop::option::of(1_u32..5),
    ) {
        let sent = Location { file: "a".to_owned(), line, end_line, column, end_column }.normal();
        let order = |a: Option<u32>, b: Option<u32>| a.is_none_or(|a| b.is_none_or(|b| a <= b));
        prop_assert!(order(sent.line, sent.end_line) && order(sent.column, sent.end_column));
        prop_assert!(sent.line.is_some() || (sent.column.is_none() && sent.end_line.is_none()));
        prop_assert!(sent.end_line.is_none_or(|end| Some(end) == sent.line) || sent.column.is_none());
        prop_assert_eq!(sent.clone().normal(), sent);
    }

    #[test]
    fn relayed_text_is_still_readable(text in "[a-z0-9 ]{1,40}") {
        let log = log_of(vec![Event::Foreign { source: "web".to_owned(), text: text.clone() }]);
        prop_assert_eq!(visible(&log.lines[1]), visible(&format!("web{text}")));
    }
}

#[test]
fn locations_are_made_normal() {
    let at = |line, end_line, column, end_column| Location {
        file: String::new(),
        line,
        end_line,
        column,
        end_column,
    };
    let table = [
        (at(None, Some(4), None, None), at(Some(4), Some(4), None, None)),
        (at(Some(1), None, None, Some(9)), at(Some(1), None, Some(9), Some(9))),
        (at(None, None, Some(2), Some(3)), at(None, None, None, None)),
        (at(Some(1), Some(2), Some(3), Some(4)), at(Some(1), Some(2), None, None)),
        (at(Some(5), Some(2), None, None), at(None, None, None, None)),
        (at(Some(5), None, Some(7), Some(6)), at(Some(5), None, None, None)),
        (at(Some(1), Some(1), Some(2), Some(3)), at(Some(1), Some(1), Some(2), Some(3))),
    ];
    for (given, expected) in table {
        assert_eq!(given.clone().normal(), expected, "{given:?}");
    }
}

#[test]
fn files_are_relative_to_the_workspace() {
    let table = [
        ("/home/runner/shop/a/b.yml", "a/b.yml"),
        ("./a.yml", "a.yml"),
        ("/home/runner/shopping/a.yml", "/home/runner/shopping/a.yml"),
        ("a.yml", "a.yml"),
    ];
    for (given, expected) in table {
        let place = Place { file: given.to_owned(), line: None, column: None };
        assert_eq!(Location::of(&place, "/home/runner/shop").file, expected);
    }
}

#[test]
fn a_long_message_is_cut_on_our_side_and_says_so() {
    let message = command::message(&"😀".repeat(3000));
    assert!(message.encode_utf16().count() <= command::LONGEST_MESSAGE);
    assert!(message.ends_with("[... cut: the runner shows 4096 characters at most]"));
    assert_eq!(command::message(&"x".repeat(4096)), "x".repeat(4096));
}

#[test]
fn a_phase_is_a_group_with_its_duration() {
    let buffer = Buffer::default();
    let times = std::sync::Mutex::new([12, 0].map(std::time::Duration::from_secs).to_vec());
    let clock = Clock::from_fn(move || times.lock().unwrap().pop().unwrap());
    let console = console(&buffer).with_clock(clock);
    console.emit(Event::PhaseStarted { name: "pull images".to_owned() });
    console.emit(Event::Note("app: pulled".to_owned()));
    console.emit(Event::PhaseEnded);
    assert_eq!(
        buffer.text(),
        "::group::pull images\napp: pulled\npull images: 12 s\n::endgroup::\n"
    );
}

#[test]
fn one_line_of_waiting_in_ten_seconds() {
    let buffer = Buffer::default();
    let times =
        std::sync::Mutex::new([20, 19, 10, 9, 0].map(std::time::Duration::from_secs).to_vec());
    let clock = Clock::from_fn(move || times.lock().unwrap().pop().unwrap());
    let console = console(&buffer).with_clock(clock);
    (0..5).for_each(|number| console.emit(Event::Waiting(format!("{number}"))));
    assert_eq!(buffer.text(), "0\n2\n4\n");
}

#[test]
fn each_relay_has_a_fresh_token_that_is_hard_to_guess() {
    let buffer = Buffer::default();
    let console = console(&buffer);
    for _ in 0..2 {
        console.emit(Event::Foreign { source: "a".to_owned(), text: "b".to_owned() });
        console.emit(Event::Note("between".to_owned()));
    }
    let text = buffer.text();
    let tokens: Vec<_> = text.lines().filter_map(|l| l.strip_prefix("::stop-commands::")).collect();
    assert_eq!(tokens.len(), 2);
    assert_ne!(tokens[0], tokens[1]);
    assert!(tokens.iter().all(|t| t.len() >= 32 && t.bytes().all(|b| b.is_ascii_hexdigit())));
}

#[test]
fn a_known_secret_is_printed_nowhere() {
    let buffer = Buffer::default();
    let redactor = Redactor::default();
    redactor.learn("token", ["hunter2hunter2".to_owned()]);
    let console = Console::new(buffer.boxed(), redactor, "/");
    let text = || "x hunter2hunter2 y, split: hunter2\u{1b}[0mhunter2".to_owned();
    let place = Place { file: "hunter2hunter2.yml".to_owned(), line: None, column: None };
    console.emit(Event::PhaseStarted { name: text() });
    console.emit(Event::Note(text()));
    console.emit(Event::Foreign { source: text(), text: text() });
    console.emit(Event::Debug(text()));
    console.emit(Event::Waiting(text()));
    let annotation =
        Annotation { level: Level::Error, title: text(), message: text(), place: Some(place) };
    console.finish(&[annotation], &text());
    assert!(!buffer.text().contains("hunter2hunter2"), "{}", buffer.text());
    assert!(buffer.text().contains("x *** y"));
}
