//! The command line: hands inputs to a story and its ending to the runner.

pub mod arguments;
pub mod docs;
mod story;

use std::ffi::OsString;
use std::io::{Read, Write};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use secrecy::ExposeSecret;

use crate::actions::steps::ending::annotation;
use crate::actions::{self, Ending, World};
use crate::adapters::host::{files, guard};
use crate::adapters::http;
use crate::adapters::runner::environment::Environment;
use crate::adapters::runner::mask::Secret;
use crate::adapters::runner::session::{Closing, Session};
use crate::adapters::runner::terminal::Verbosity as Detail;
use crate::adapters::runner::{context, diagnostics, foreign, panic, signals};
use crate::cli::arguments::{Parsed, RECOVER, UMBRELLA, Verbosity};
use crate::domain::action::OutputSpec;
use crate::domain::input::{self, InputSpec, Masked, Origin, RawInput, Values, Why};
use crate::failure::{Failure, Outcome};

/// Runs the command line and returns the exit code. The first argument is the program's name.
pub fn run(args: impl IntoIterator<Item = OsString>) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    panic::guard(|| match arguments::parse(args) {
        Parsed::Text { text, exit } => show(&text, exit),
        Parsed::Docs { mode, layout, out } => {
            let wrote = docs::run(mode, (layout, &out), &files::read_optional, &|path, text| {
                files::write_atomic_with_parents(path, text.as_bytes(), 0o644)
            });
            match wrote {
                Ok(paths) => show(&format!("{} files are as the tables say\n", paths.len()), 0),
                Err(failure) => show(&format!("{failure}\n"), failure.outcome.code()),
            }
        }
        Parsed::Probe { url } => probe(&url),
        Parsed::Guard { parent, argv } => guard::run(parent, &argv).unwrap_or_else(|error| {
            show(&format!("mta guard: {error}\n"), Outcome::Unavailable.code())
        }),
        Parsed::Action { name, raw, secret_files, verbosity } => {
            act(Command { name, raw, secret_files, verbosity })
        }
    })
}

/// Asks an address as a health check does: the way to find out on a server why `health-url` is not healthy.
fn probe(url: &str) -> u8 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let (Ok(runtime), Ok(client)) = (runtime, http::client()) else {
        return show("the HTTP client cannot be built on this host\n", Outcome::Unavailable.code());
    };
    let answer = runtime.block_on(http::probe(&client, url, Duration::from_secs(10)));
    // What a server says is shown and never obeyed, also where a runner reads this.
    let text = foreign::line(&answer.text);
    match answer.status {
        Some(status) if (200..300).contains(&status) => show(&format!("{status} {text}\n"), 0),
        Some(status) => show(&format!("{status} {text}\n"), Outcome::Failed.code()),
        None => show(&format!("{text}\n"), Outcome::Unavailable.code()),
    }
}

/// A command that runs a story.
struct Command {
    name: String,
    raw: Vec<RawInput>,
    secret_files: Vec<(String, Utf8PathBuf)>,
    verbosity: Verbosity,
}

/// What a command was given, before anything of it is checked: what is secret in it is masked first.
struct Given {
    /// The action, or [`RECOVER`]; [`UMBRELLA`] where none was named.
    name: String,
    specs: Vec<InputSpec>,
    outputs: Vec<OutputSpec>,
    raw: Vec<RawInput>,
    faults: Vec<Failure>,
}

/// A command whose inputs are known.
struct Ready {
    name: &'static str,
    values: Values,
}

/// Runs a story between its inputs and its reports.
fn act(command: Command) -> u8 {
    let environment = Environment::capture();
    let mut job = context::job(&environment, &current_folder());
    job.debug |= command.verbosity == Verbosity::Verbose;
    let session = Session::start(&environment, &job);
    let given = given(command, &environment);
    session.mask(&given.secrets());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            let failure =
                Failure::new(Outcome::Unavailable, "the system gives no event queue").why(error);
            return refuse(&session, &given, &[failure]);
        }
    };
    runtime.block_on(async {
        let cancel = signals::cancel_token();
        panic::install(&session, &cancel);
        let detail = if job.debug { Detail::Verbose } else { Detail::Normal };
        diagnostics::install(session.shared_sink(), detail);
        let world = World { job: &job, events: session.sink(), cancel: &cancel };
        let ready = match given.read() {
            result if given.comes_after_nothing(result.is_err()) => {
                return close(&session, &given.outputs, actions::recover::nothing_began(world));
            }
            Ok(ready) => ready,
            Err(faults) => return refuse(&session, &given, &faults),
        };
        let Ready { name, values } = ready;
        let events = session.shared_sink();
        let told = story::Told { name, values, job: job.clone(), events, cancel: cancel.clone() };
        match story::run(told).await {
            Ok(ending) => close(&session, &given.outputs, ending),
            Err(failure) => refuse(&session, &given, &[failure]),
        }
    })
}

fn close(session: &Session, specs: &[OutputSpec], ending: Ending) -> u8 {
    session.finish(Closing {
        specs,
        outputs: ending.outputs,
        summary: ending.summary,
        annotations: ending.annotations,
        listed: ending.listed,
        verdict: ending.verdict,
        outcome: ending.outcome,
    })
}

/// Ends before the story began: every fault, for the command of that name.
fn refuse(session: &Session, given: &Given, faults: &[Failure]) -> u8 {
    let outcome = faults.first().map_or(Outcome::BadInput, |fault| fault.outcome);
    let mut ending = Ending::new(outcome);
    if given.name != UMBRELLA && given.outputs.iter().any(|output| output.name == "verdict") {
        // What was not checked is no answer of the check.
        ending.outputs.set("verdict", "error");
    }
    let list: Vec<String> = faults
        .iter()
        .map(|fault| format!("- {}", crate::report::markdown::plain(&fault.to_string())))
        .collect();
    ending.summary.push(format!(
        "### ❌ {}: {}\n\nNothing was touched.\n\n{}\n",
        given.name,
        outcome.word(),
        list.join("\n")
    ));
    ending.annotations = faults.iter().map(|fault| annotation(&given.name, fault)).collect();
    close(session, &given.outputs, ending)
}

/// Inputs from the action, from flags, from files and from the environment.
fn given(command: Command, environment: &Environment) -> Given {
    let mut name = command.name;
    let mut raw = command.raw;
    let mut faults: Vec<Failure> = Vec::new();
    if let Some(json) = environment.get("MTA_INPUTS") {
        match input::from_json(json) {
            Ok(more) => raw.extend(more),
            Err(fault) => faults.push(fault.into()),
        }
    }
    if name == UMBRELLA && faults.is_empty() {
        let (spec, rest) = arguments::umbrella(raw);
        raw = rest;
        match spec {
            Ok(spec) => spec.name.clone_into(&mut name),
            Err(fault) => faults.push(fault.into()),
        }
    }
    raw.extend(from_environment(&name, environment));
    for (input, path) in &command.secret_files {
        match secret_file(input, path) {
            Ok(secret) => raw.push(secret),
            Err(failure) => faults.push(failure),
        }
    }
    let specs = arguments::inputs(&name);
    Given { outputs: arguments::outputs(&name), name, specs, raw, faults }
}

impl Given {
    /// What is secret in it, as far as that can be told of inputs that may be wrong.
    fn secrets(&self) -> Vec<Secret> {
        let masked = input::masks(&arguments::union(), &self.raw);
        masked
            .into_iter()
            .filter_map(|Masked { input, value, why }| {
                let secret = match why {
                    Why::Secret => Some(Secret::new(value.expose_secret())),
                    Why::Key(key) => Secret::by_key(&key, value.expose_secret()),
                };
                secret.map(|secret| secret.of_input(&input))
            })
            .collect()
    }

    /// The inputs, typed.
    fn read(&self) -> Result<Ready, Vec<Failure>> {
        if !self.faults.is_empty() {
            return Err(self.faults.clone());
        }
        let spec = actions::ALL.iter().find(|spec| spec.name == self.name);
        let name = spec.map_or(actions::recover::NAME, |spec| spec.name);
        let own;
        let raw = if name == actions::recover::NAME {
            own = arguments::for_recover(&self.raw);
            &own
        } else {
            &self.raw
        };
        match input::read(&self.specs, raw) {
            Ok(values) => Ok(Ready { name, values }),
            Err(faults) => Err(faults.into_iter().map(Failure::from).collect()),
        }
    }

    /// Whether this is the second step of an action whose first one cannot have begun anything: it refused the same
    /// inputs, or it is an action that changes nothing.
    fn comes_after_nothing(&self, is_refused: bool) -> bool {
        let is_step = self.raw.iter().all(|input| input.origin == Origin::Action);
        self.name == RECOVER && is_step && (is_refused || !arguments::recovers(&self.raw))
    }
}

fn from_environment(name: &str, environment: &Environment) -> Vec<RawInput> {
    let taken = arguments::from_variables(name);
    taken
        .iter()
        .filter_map(|spec| {
            let value = environment.get(&input::environment_name(spec.name))?.to_owned();
            Some(RawInput { name: spec.name.to_owned(), value, origin: Origin::Environment })
        })
        .collect()
}

fn secret_file(input: &str, path: &Utf8Path) -> Result<RawInput, Failure> {
    let mut value = String::new();
    let read = if path == "-" {
        std::io::stdin().read_to_string(&mut value).map(|_| value)
    } else {
        files::read(path)
    };
    match read {
        Ok(value) => Ok(RawInput { name: input.to_owned(), value, origin: Origin::Flag }),
        Err(error) => Err(Failure::new(
            Outcome::BadInput,
            format!("the file {path} of --{input}-file cannot be read"),
        )
        .why(error)
        .help("name a file that holds the secret, or `-` for standard input")),
    }
}

fn current_folder() -> Utf8PathBuf {
    files::canonical(Utf8Path::new(".")).unwrap_or_else(|_| Utf8PathBuf::from("/"))
}

/// Prints text that was asked for to standard output, and what is wrong with the arguments to standard error.
fn show(text: &str, exit: u8) -> u8 {
    // A reader that is gone (`mta --help | head -1`) is no failure.
    let _ = match exit {
        0 => std::io::stdout().lock().write_all(text.as_bytes()),
        _ => std::io::stderr().lock().write_all(text.as_bytes()),
    };
    exit
}
