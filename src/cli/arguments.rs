//! The arguments: from `argv` to raw inputs. Reads no file and no variable, and prints nothing; the caller does.
//!
//! Commands are built from the tables of `actions::ALL`. A secret is never given as a value, because every user of the
//! host can read the arguments of a process: `--x-file PATH` or the variable `MTA_X` instead.

use std::ffi::OsString;

use camino::Utf8PathBuf;
use clap::builder::NonEmptyStringValueParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::actions;
use crate::adapters::host::guard;
use crate::domain::action::{ActionSpec, AfterCancel, OutputSpec};
use crate::domain::input::{
    Fault, FaultKind, InputSpec, Kind, Need, Origin, RawInput, Secrecy, nearest, same_name,
};
use crate::failure::Outcome;
use crate::report::docs::{Layout, kind_words};

/// The input with the token for GitHub.
pub const TOKEN: &str = "token";

/// The umbrella's subcommand: the action is the input `action`.
pub const UMBRELLA: &str = "umbrella";

/// The subcommand that puts right what a cancelled run left behind.
pub const RECOVER: &str = "recover";

/// What the arguments ask for.
#[derive(Debug)]
pub enum Parsed {
    /// Run an action, `recover` or the umbrella.
    Action {
        /// Name of the action, [`RECOVER`] or [`UMBRELLA`].
        name: String,
        /// The inputs given as flags.
        raw: Vec<RawInput>,
        /// Secret inputs and the files that hold them; `-` is standard input.
        secret_files: Vec<(String, Utf8PathBuf)>,
        /// How much to tell.
        verbosity: Verbosity,
    },
    /// Write or check the generated files.
    Docs {
        /// Write, or only compare.
        mode: DocsMode,
        /// Which tree.
        layout: Layout,
        /// The root of the tree.
        out: Utf8PathBuf,
    },
    /// Run a command for a process and end it with that process.
    Guard {
        /// The process.
        parent: u32,
        /// The command.
        argv: Vec<OsString>,
    },
    /// Ask an address once, as a health check does, and say what it answered.
    Probe {
        /// The address.
        url: String,
    },
    /// Print this and end: help, version, or what is wrong with the arguments.
    Text {
        /// What to print: to standard output if `exit` is 0, else to standard error.
        text: String,
        /// The exit code.
        exit: u8,
    },
}

/// How much to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verbosity {
    /// Events only.
    Normal,
    /// Diagnostics too.
    Verbose,
}

/// What `mta docs` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocsMode {
    /// Write the files.
    Write,
    /// Compare, and fail on the first difference.
    Check,
}

/// Reads the arguments, the program's name first.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Parsed {
    let matches = match command().try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(error) => return refused(&error),
    };
    let verbosity =
        if matches.get_flag("verbose") { Verbosity::Verbose } else { Verbosity::Normal };
    match matches.subcommand() {
        Some(("docs", given)) => docs(given),
        Some(("probe", given)) => {
            Parsed::Probe { url: given.get_one::<String>("url").cloned().unwrap_or_default() }
        }
        Some((guard::NAME, given)) => Parsed::Guard {
            parent: given.get_one("parent").copied().unwrap_or_default(),
            argv: given.get_many("argv").into_iter().flatten().cloned().collect(),
        },
        Some((name, given)) => action(name, given, verbosity),
        None => Parsed::Text { text: command().render_help().to_string(), exit: bad_input() },
    }
}

/// The inputs that a command takes: those of an action, of [`RECOVER`], or of all actions for [`UMBRELLA`].
pub fn inputs(name: &str) -> Vec<InputSpec> {
    match actions::ALL.iter().find(|spec| spec.name == name) {
        Some(spec) => spec.inputs.to_vec(),
        None if name == RECOVER => actions::recover::INPUTS.to_vec(),
        None => union(),
    }
}

/// The outputs of a command: those of an action, for [`UMBRELLA`] of all, for [`RECOVER`] none.
pub fn outputs(name: &str) -> Vec<OutputSpec> {
    match actions::ALL.iter().find(|spec| spec.name == name) {
        Some(spec) => spec.outputs.to_vec(),
        None if name == RECOVER => Vec::new(),
        None => {
            let mut all: Vec<OutputSpec> = Vec::new();
            for output in actions::ALL.iter().flat_map(|action| action.outputs) {
                if !all.iter().any(|known| known.name == output.name) {
                    all.push(*output);
                }
            }
            all
        }
    }
}

/// Inputs that the action's own file fills with what it knows of the job, by a variable, and that are no secrets.
const OF_THE_JOB: [&str; 1] = ["tests-outcome"];

/// The inputs of a command that may come from a variable `MTA_<NAME>`: the secret ones, and those of the job.
pub fn from_variables(name: &str) -> Vec<InputSpec> {
    let is_taken = |spec: &InputSpec| is_secret(spec.kind) || OF_THE_JOB.contains(&spec.name);
    inputs(name).into_iter().filter(is_taken).collect()
}

/// Keeps what `recover` takes of the inputs of the action that was cancelled, whichever it was. Nothing else that was
/// given to that action may stop it.
pub fn for_recover(raw: &[RawInput]) -> Vec<RawInput> {
    let takes = |input: &&RawInput| {
        actions::recover::INPUTS.iter().any(|spec| same_name(spec.name, &input.name))
    };
    raw.iter().filter(takes).cloned().collect()
}

/// Whether these are the inputs of an action that may leave something to recover. The umbrella's name it.
pub fn recovers(raw: &[RawInput]) -> bool {
    let Some(chosen) = raw.iter().find(|input| same_name("action", &input.name)) else {
        return true;
    };
    let spec = actions::ALL.iter().find(|spec| spec.name == chosen.value.trim());
    spec.is_some_and(|spec| spec.after_cancel == AfterCancel::Recover)
}

/// Splits the umbrella's inputs into the action that `action` names and that action's inputs. A fault if `action` is
/// missing or names no action. The token is left out for an action that needs none: the Docker variant gives the job's to
/// every action.
pub fn umbrella(raw: Vec<RawInput>) -> (Result<&'static ActionSpec, Fault>, Vec<RawInput>) {
    let (chosen, mut rest): (Vec<_>, Vec<_>) =
        raw.into_iter().partition(|input| same_name("action", &input.name));
    let word = chosen.first().map_or("", |input| input.value.trim());
    if word.is_empty() {
        let help = format!("Name one of: {}.", action_names().join(", "));
        let what = "the input `action` is missing";
        return (Err(Fault::new("action", FaultKind::Missing, what, help)), rest);
    }
    let spec = actions::ALL.iter().find(|spec| spec.name == word);
    if spec.is_some_and(|spec| spec.inputs.iter().all(|input| input.name != TOKEN)) {
        rest.retain(|input| !same_name(TOKEN, &input.name));
    }
    (spec.copied().ok_or_else(|| unknown_action(word)), rest)
}

fn unknown_action(word: &str) -> Fault {
    let help = match nearest(word, action_names().into_iter()) {
        Some(name) => format!("Did you mean `{name}`?"),
        None => format!("Name one of: {}.", action_names().join(", ")),
    };
    let what = "the input `action` names no action";
    Fault::new("action", FaultKind::Malformed, what, help)
}

fn action_names() -> Vec<&'static str> {
    actions::ALL.iter().map(|spec| spec.name).collect()
}

/// Every input of every action once; where specs differ, the first one stands.
pub fn union() -> Vec<InputSpec> {
    let mut all: Vec<InputSpec> = Vec::new();
    for spec in actions::ALL.iter().flat_map(|action| action.inputs) {
        if !all.iter().any(|known| known.name == spec.name) {
            all.push(*spec);
        }
    }
    all
}

/// Whether some value may be a secret.
fn may_be_secret(kind: Kind) -> bool {
    is_secret(kind) || matches!(kind, Kind::Map(Secrecy::ByKey))
}

fn is_secret(kind: Kind) -> bool {
    matches!(kind, Kind::Secret | Kind::Map(Secrecy::All))
}

fn takes_more(kind: Kind) -> bool {
    matches!(kind, Kind::Lines | Kind::Words | Kind::Globs | Kind::Map(_))
}

fn bad_input() -> u8 {
    Outcome::BadInput.code()
}

/// The whole command line.
pub fn command() -> Command {
    let verbose = Arg::new("verbose")
        .short('v')
        .long("verbose")
        .global(true)
        .action(ArgAction::SetTrue)
        .help("Show diagnostics, with time and origin");
    let umbrella = Command::new(UMBRELLA)
        .about("Runs the action that the input `action` in MTA_INPUTS names")
        .hide(true);
    Command::new("mta")
        .version(env!("CARGO_PKG_VERSION"))
        .about(
            "Checks, deploys, backs up and rolls back Docker Compose stacks, and gates coverage.",
        )
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(false)
        .max_term_width(96)
        .arg(verbose)
        .after_help(main_footer())
        .subcommands(actions::ALL.iter().map(|spec| action_command(spec)))
        .subcommand(recover_command())
        .subcommand(with_inputs(umbrella, &inputs(UMBRELLA)))
        .subcommand(docs_command())
        .subcommand(guard_command())
        .subcommand(
            Command::new("probe")
                .about("Asks an address once, as `health-url` does, and prints what it answered")
                .hide(true)
                .arg(Arg::new("url").required(true).value_name("URL")),
        )
}

fn action_command(spec: &ActionSpec) -> Command {
    let command = Command::new(spec.name)
        .about(spec.about)
        .long_about(format!("{}\n\n{}", spec.about, spec.long_about))
        .after_help(action_footer(spec));
    with_inputs(command, spec.inputs)
}

/// Its help is one screen: who needs it has a run that broke off. A long form would make it three.
fn recover_command() -> Command {
    let command = Command::new(RECOVER)
        .about("Puts right what a cancelled or killed run left behind")
        .after_help(
            "Deploy, backup and rollback do it by themselves before anything else.\n\
             Example: mta recover --project-name shop",
        );
    with_inputs(command, actions::recover::INPUTS)
}

fn with_inputs(command: Command, inputs: &[InputSpec]) -> Command {
    // The umbrella takes the inputs of all actions: `--env-file` is there the file of `env` and not the input of that name.
    let is_file_of = |name: &str| {
        inputs.iter().any(|other| may_be_secret(other.kind) && file_id(other.name) == name)
    };
    inputs.iter().fold(command.next_help_heading("Inputs"), |command, spec| {
        let is_plain = !is_secret(spec.kind) && !is_file_of(spec.name);
        let plain = is_plain.then(|| flag(spec));
        let file = may_be_secret(spec.kind).then(|| file_flag(spec));
        command.args(plain).args(file)
    })
}

fn flag(spec: &InputSpec) -> Arg {
    let action = if takes_more(spec.kind) { ArgAction::Append } else { ArgAction::Set };
    let arg = Arg::new(spec.name)
        .long(spec.name)
        .value_name(placeholder(spec.kind))
        .action(action)
        .help(flag_help(spec));
    if spec.kind == Kind::Bool { arg.num_args(0..=1).default_missing_value("true") } else { arg }
}

/// The flag that names a file with a secret. Where the values may also be given as they are, its help is short.
fn file_flag(spec: &InputSpec) -> Arg {
    let help = if is_secret(spec.kind) {
        format!("{} A file that holds it; `-` is standard input", spec.doc)
    } else {
        format!(
            "A file with what `--{}` takes, for values that others must not see; `-` is standard input",
            spec.name
        )
    };
    Arg::new(file_id(spec.name))
        .long(file_id(spec.name))
        .value_name("PATH")
        .value_parser(NonEmptyStringValueParser::new())
        .help(help)
}

fn file_id(name: &str) -> String {
    format!("{name}-file")
}

fn flag_help(spec: &InputSpec) -> String {
    let doc = spec.doc.trim_end_matches('.');
    match (spec.need, spec.kind) {
        (Need::Required, _) => format!("{doc} [required]"),
        // That a switch is off until it is given goes without saying.
        (Need::Default("false"), Kind::Bool) | (Need::Optional, _) => doc.to_owned(),
        (Need::Default(text), _) => format!("{doc} [default: {text}]"),
    }
}

fn placeholder(kind: Kind) -> String {
    match kind {
        Kind::Choice(words) => words.join("|"),
        Kind::Bool => "true|false".to_owned(),
        Kind::Map(_) => "KEY=VALUE".to_owned(),
        _ => kind_words(kind).to_uppercase().replace(' ', "_"),
    }
}

fn docs_command() -> Command {
    let mode = |name, help| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    Command::new("docs")
        .about("Writes action.yml and README files from the tables in the program")
        .hide(true)
        .arg(mode("write", "Write the files"))
        .arg(mode("check", "Compare only; exit 1 if a file differs"))
        .group(clap::ArgGroup::new("mode").args(["write", "check"]).required(true))
        .arg(
            Arg::new("layout")
                .long("layout")
                .value_parser(["source", "release"])
                .default_value("source")
                .help("This repository, or the tree of a tag"),
        )
        .arg(Arg::new("out").long("out").value_name("DIR").default_value(".").help("Its root"))
}

fn guard_command() -> Command {
    Command::new(guard::NAME)
        .about("Runs a command for `mta` and ends it when `mta` is gone; started by `mta` itself")
        .hide(true)
        .arg(Arg::new("parent").required(true).value_name("PID").value_parser(value_parser!(u32)))
        .arg(
            Arg::new("argv")
                .required(true)
                .last(true)
                .num_args(1..)
                .value_name("COMMAND")
                .value_parser(value_parser!(OsString)),
        )
}

fn main_footer() -> String {
    format!(
        "{}\nExamples:\n  mta deploy --compose-files compose.yaml --health-url http://localhost:8080/health\n  \
         mta rollback --to previous\n\n`mta <command> --help` shows the inputs of a command.",
        exit_codes(&Outcome::ALL)
    )
}

fn action_footer(spec: &ActionSpec) -> String {
    let secrets: Vec<&str> =
        spec.inputs.iter().filter(|input| is_secret(input.kind)).map(|input| input.name).collect();
    let secret_line = match secrets.first() {
        Some(name) => format!(
            "  A secret comes from a file (--{name}-file PATH, `-` is standard input)\n  or from the \
             environment ({}).\n",
            crate::domain::input::environment_name(name)
        ),
        None => String::new(),
    };
    format!(
        "Where inputs are read from:\n  Flags, first of all. Lists and maps may be repeated.\n{secret_line}  \
         MTA_INPUTS, a JSON object, when run as an action.\n\n{}\nExamples:\n{}",
        exit_codes(spec.outcomes),
        examples(spec)
    )
}

fn exit_codes(outcomes: &[Outcome]) -> String {
    let rows = outcomes.iter().map(|outcome| {
        format!("  {:>2}  {:<13} {}\n", outcome.code(), outcome.word(), outcome.meaning())
    });
    format!("Exit codes:\n{}", rows.collect::<String>())
}

fn examples(spec: &ActionSpec) -> String {
    let example = |name: &str| {
        let input = spec.inputs.iter().find(|input| input.name == name);
        let text = input.and_then(|input| input.examples.first()).copied().unwrap_or_default();
        format!(" --{name} {text}")
    };
    let line = |names: &&[&str]| {
        let flags: String = names.iter().map(|name| example(name)).collect();
        format!("  mta {}{flags}", spec.name)
    };
    spec.examples.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn action(name: &str, given: &ArgMatches, verbosity: Verbosity) -> Parsed {
    let mut raw = Vec::new();
    let mut secret_files = Vec::new();
    for spec in inputs(name) {
        if let Ok(Some(paths)) = given.try_get_many::<String>(&file_id(spec.name)) {
            secret_files.extend(paths.map(|path| (spec.name.to_owned(), Utf8PathBuf::from(path))));
        }
        if let Ok(Some(texts)) = given.try_get_many::<String>(spec.name) {
            let value = texts.map(String::as_str).collect::<Vec<_>>().join("\n");
            raw.push(RawInput { name: spec.name.to_owned(), value, origin: Origin::Flag });
        }
    }
    Parsed::Action { name: name.to_owned(), raw, secret_files, verbosity }
}

fn docs(given: &ArgMatches) -> Parsed {
    let text = |name: &str| given.get_one::<String>(name).map_or("", String::as_str);
    Parsed::Docs {
        mode: if given.get_flag("check") { DocsMode::Check } else { DocsMode::Write },
        layout: if text("layout") == "release" { Layout::Release } else { Layout::Source },
        out: Utf8PathBuf::from(text("out")),
    }
}

/// Help and version as they are; anything else in one line with the nearest name.
fn refused(error: &clap::Error) -> Parsed {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            Parsed::Text { text: error.to_string(), exit: Outcome::Done.code() }
        }
        ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand => {
            Parsed::Text { text: unknown_argument(error), exit: bad_input() }
        }
        _ => Parsed::Text { text: error.to_string(), exit: bad_input() },
    }
}

fn unknown_argument(error: &clap::Error) -> String {
    let of = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    if let Some(word) = of(ContextKind::InvalidSubcommand) {
        let known = action_names().into_iter().chain([RECOVER, "docs", "help"]);
        return refusal(
            &format!("there is no command `{word}`"),
            nearest(&word, known),
            "mta --help",
        );
    }
    let flag = of(ContextKind::InvalidArg).unwrap_or_default();
    // A value after `=` may be a secret: only the name is repeated.
    let name = flag.split('=').next().unwrap_or_default();
    let usage = error.get(ContextKind::Usage).map(ToString::to_string).unwrap_or_default();
    let commands = command();
    let here =
        commands.get_subcommands().find(|c| usage.contains(&format!("mta {}", c.get_name())));
    let longs: Vec<String> = here
        .unwrap_or(&commands)
        .get_arguments()
        .filter_map(|arg| arg.get_long().map(|long| format!("--{long}")))
        .collect();
    let help = match here {
        Some(found) => format!("mta {} --help", found.get_name()),
        None => "mta --help".to_owned(),
    };
    let near = nearest(name, longs.iter().map(String::as_str));
    refusal(&format!("there is no flag `{name}`"), near, &help)
}

fn refusal(what: &str, near: Option<&str>, help: &str) -> String {
    let hint = near.map(|name| format!(". Did you mean `{name}`?")).unwrap_or_default();
    format!("error: {what}{hint}\nSee `{help}`.\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Parsed {
        parse(line.split(' ').map(OsString::from))
    }

    fn text(line: &str) -> (String, u8) {
        match parsed(line) {
            Parsed::Text { text, exit } => (text, exit),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn every_input_is_a_flag_and_lists_add_lines() {
        let line = "mta deploy --compose-files a.yml --compose-files b.yml --dry-run --env A=1 -v";
        let Parsed::Action { name, raw, secret_files, verbosity } = parsed(line) else { panic!() };
        let pairs: Vec<_> = raw.iter().map(|r| (r.name.as_str(), r.value.as_str())).collect();
        assert_eq!(name, "deploy");
        assert_eq!(pairs, [("compose-files", "a.yml\nb.yml"), ("env", "A=1"), ("dry-run", "true")]);
        assert!(secret_files.is_empty());
        assert_eq!(verbosity, Verbosity::Verbose);
    }

    #[test]
    fn every_input_of_every_action_has_its_flag() {
        let commands = command();
        for action in actions::ALL {
            let command = commands.find_subcommand(action.name).unwrap();
            let longs: Vec<_> = command.get_arguments().filter_map(Arg::get_long).collect();
            for spec in action.inputs {
                let suffix = if is_secret(spec.kind) { "-file" } else { "" };
                let flag = format!("{}{suffix}", spec.name);
                assert!(longs.contains(&flag.as_str()), "{} --{flag}", action.name);
            }
        }
    }

    #[test]
    fn a_flag_does_not_swallow_the_next_one() {
        let (message, exit) = text("mta deploy --health-url --dry-run");
        assert_eq!(exit, 64);
        assert!(message.contains("--health-url"), "{message}");
    }

    #[test]
    fn a_secret_is_a_file_and_never_a_value() {
        let Parsed::Action { raw, secret_files, .. } = parsed("mta deploy --secret-files-file -")
        else {
            panic!()
        };
        assert!(raw.is_empty());
        assert_eq!(secret_files, [("secret-files".to_owned(), Utf8PathBuf::from("-"))]);
        let (message, exit) = text("mta deploy --secret-files=a=hunter2");
        assert_eq!(exit, 64);
        assert!(!message.contains("hunter2"), "{message}");
    }

    #[test]
    fn a_mistyped_word_gives_the_nearest_and_64() {
        let (message, exit) = text("mta deploy --helth-url http://x");
        assert_eq!(exit, 64);
        assert!(message.contains("Did you mean `--health-url`?"), "{message}");
        assert!(message.contains("mta deploy --help"), "{message}");
        let (message, exit) = text("mta depoly");
        assert_eq!(exit, 64);
        assert!(message.contains("Did you mean `deploy`?"), "{message}");
        let (message, exit) = text("mta deploy --zzzzzzz 1");
        assert_eq!(exit, 64);
        assert!(!message.contains("Did you mean"), "{message}");
    }

    #[test]
    fn usage_errors_are_64_and_help_is_0() {
        for wrong in ["mta", "mta docs", "mta docs --write --check", "mta deploy --to x extra"] {
            assert_eq!(text(wrong).1, 64, "{wrong}");
        }
        for right in
            ["mta --help", "mta --version", "mta help", "mta deploy --help", "mta help deploy"]
        {
            assert_eq!(text(right).1, 0, "{right}");
        }
    }

    #[test]
    fn help_is_narrow_and_complete() {
        for (line, words) in [
            ("mta --help", &["deploy", "Exit codes", "recover", "needs-person"][..]),
            (
                "mta deploy --help",
                &["--health-url", "--secret-files-file", "MTA_SECRET_FILES", "Examples:"][..],
            ),
            ("mta coverage-gate --help", &["[default: true]", "--reports coverage.xml"][..]),
        ] {
            let (help, _) = text(line);
            for word in words {
                assert!(help.contains(word), "{line}: {word}\n{help}");
            }
            let wide = help.lines().find(|line| line.chars().count() > 100);
            assert_eq!(wide, None, "{line}");
        }
    }

    #[test]
    fn the_help_of_an_action_has_its_own_exit_codes_and_examples_that_it_takes() {
        for action in actions::ALL {
            let (help, _) = text(&format!("mta {} --help", action.name));
            for outcome in Outcome::ALL {
                let row = format!("{:>4}  {} ", outcome.code(), outcome.word());
                let shown = help.lines().any(|line| line.starts_with(&row));
                assert_eq!(shown, action.outcomes.contains(&outcome), "{row}:\n{help}");
            }
            let (_, lines) = help.rsplit_once("Examples:\n").unwrap();
            assert_eq!(lines.lines().count(), action.examples.len(), "{help}");
            for line in lines.lines() {
                let Parsed::Action { name, raw, .. } = parsed(line.trim()) else {
                    panic!("{line}")
                };
                assert_eq!(name, action.name);
                assert!(crate::domain::input::read(action.inputs, &raw).is_ok(), "{line}");
            }
        }
    }

    #[test]
    fn the_main_help_names_every_action_and_recover_and_nothing_internal() {
        let (help, _) = text("mta --help");
        let begins = |name: &str| help.lines().any(|line| line.starts_with(&format!("  {name}  ")));
        for action in actions::ALL {
            assert!(begins(action.name), "{}:\n{help}", action.name);
        }
        assert!(begins(RECOVER), "{help}");
        for internal in [guard::NAME, UMBRELLA, "docs", "probe"] {
            assert!(!begins(internal), "{internal}:\n{help}");
        }
        let line = help.lines().position(|line| line.starts_with("  recover  ")).unwrap();
        let after = help.lines().nth(line + 1).unwrap();
        assert!(after.starts_with("  help  "), "it has one line: {after}");
    }

    #[test]
    fn the_help_of_recover_is_one_screen() {
        let (help, exit) = text("mta recover --help");
        assert_eq!(exit, 0);
        assert!(help.lines().count() <= 24, "{}:\n{help}", help.lines().count());
        for input in actions::recover::INPUTS {
            assert!(help.contains(&format!("--{} <", input.name)), "{}:\n{help}", input.name);
        }
        assert!(help.contains("mta recover --project-name shop"), "{help}");
        assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
    }

    fn input(name: &str, value: &str) -> RawInput {
        RawInput { name: name.to_owned(), value: value.to_owned(), origin: Origin::Action }
    }

    #[test]
    fn recover_takes_what_finds_the_project_and_nothing_else() {
        let Parsed::Action { name, raw, .. } =
            parsed("mta recover --project-name shop --state-dir /srv --lock-wait 1s")
        else {
            panic!()
        };
        assert_eq!((name.as_str(), raw.len()), (RECOVER, 3));
        assert_eq!(text("mta recover --health-url x").1, 64);
        // `mode` is a choice of validate-config, of coverage-gate and of backup, and has another default in each.
        let given = [input("mode", "create"), input("Project_Name", "shop"), input("x", "y")];
        assert_eq!(for_recover(&given), [input("Project_Name", "shop")]);
    }

    #[test]
    fn only_after_actions_that_change_something_there_is_something_to_recover() {
        for action in actions::ALL {
            let changes = action.after_cancel == AfterCancel::Recover;
            assert_eq!(recovers(&[input("Action", &format!(" {} ", action.name))]), changes);
        }
        assert!(recovers(&[input("mode", "create")]));
        assert!(!recovers(&[input("action", "depoly")]));
    }

    #[test]
    fn the_umbrella_takes_the_action_from_its_input() {
        let (spec, rest) = umbrella(vec![input("Action", " backup "), input("mode", "list")]);
        assert_eq!((spec.unwrap().name, rest.len()), ("backup", 1));
        let (spec, rest) = umbrella(vec![input("mode", "list")]);
        assert_eq!((spec.unwrap_err().kind, rest.len()), (FaultKind::Missing, 1));
        let given =
            |action: &str| vec![input("action", action), input("Token", "t"), input("x", "")];
        assert_eq!(umbrella(given("backup")).1, [input("x", "")], "it needs no token");
        assert_eq!(umbrella(given("coverage-gate")).1.len(), 2);
        assert_eq!(umbrella(given("bakcup")).1.len(), 2, "a secret is masked in any case");
        let fault = umbrella(vec![input("action", "bakcup")]).0.unwrap_err();
        assert!(fault.help.contains("`backup`"), "{fault}");
    }
}
