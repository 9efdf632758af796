//! What is one per process: the panic hook, signals. Apart from the other tests, whose process it would change.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mta_actions::adapters::runner::environment::Environment;
use mta_actions::adapters::runner::session::{Session, Streams};
use mta_actions::adapters::runner::terminal::Style;
use mta_actions::adapters::runner::{panic, signals};
use mta_actions::domain::event::Event;
use mta_actions::domain::job::Job;
use rustix::process::{Signal, getpid, kill_process};
use tokio_util::sync::CancellationToken;

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn a_panic_in_a_spawned_task_is_one_annotation_cancels_the_run_and_ends_in_70() {
    let out = Buffer::default();
    let streams = Streams {
        out: Box::new(out.clone()),
        diagnostics: Box::new(std::io::sink()),
        style: Style::Plain,
    };
    let job = Job { on_runner: true, ..Job::default() };
    let session = Session::with_streams(&Environment::default(), &job, streams);
    let cancel = CancellationToken::new();
    assert_eq!(panic::guard(|| 3), 3);
    panic::install(&session, &cancel);
    session.sink().emit(Event::Foreign { source: "a".to_owned(), text: "b".to_owned() });
    let code = panic::guard(|| {
        runtime().block_on(async {
            drop(tokio::spawn(async { panic!("index 3: out of range") }));
            tokio::time::timeout(Duration::from_secs(20), cancel.cancelled()).await.unwrap();
        });
        0
    });
    assert_eq!(code, 70);
    assert_eq!(panic::guard(|| panic!("again")), 70);
    drop(std::panic::take_hook());
    let text = String::from_utf8(out.0.lock().unwrap().clone()).unwrap();
    let errors: Vec<_> = text.lines().filter(|line| line.starts_with("::error ")).collect();
    assert_eq!(errors.len(), 1, "{text}");
    assert!(errors[0].starts_with("::error title=mta bug::mta "), "{text}");
    assert!(errors[0].contains("index 3: out of range") && errors[0].contains("/issues"), "{text}");
    let resumed = text.lines().rev().nth(1).unwrap();
    assert!(resumed.starts_with("::") && resumed.ends_with("::"), "the relay was ended: {text}");
}

#[test]
fn interrupt_and_terminate_cancel_the_token() {
    for signal in [Signal::INT, Signal::TERM] {
        runtime().block_on(async {
            let token = signals::cancel_token();
            assert!(!token.is_cancelled());
            kill_process(getpid(), signal).unwrap();
            tokio::time::timeout(Duration::from_secs(20), token.cancelled()).await.unwrap();
        });
    }
}
