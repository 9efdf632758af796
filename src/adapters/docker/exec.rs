//! Processes inside running containers, with their streams. Never with a terminal: it would change the bytes.
//!
//! The end of a stream is not success: [`Exec::exit_code`] asks the engine.

use std::io::{self, Read, Write};
use std::pin::{Pin, pin};
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::exec::{StartExecOptions, StartExecResults};
use bollard::models::ExecConfig;
use futures_util::{Stream, StreamExt};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

use super::engine::Engine;
use crate::adapters::host::files::hex;
use crate::failure::{Failure, Outcome};

const CHUNK: usize = 64 * 1024;
/// Chunks under way between a file and the engine.
const CHUNKS: usize = 16;
/// What is kept of a program's messages.
const MESSAGES: usize = 64 * 1024;

/// A program to run in a container.
#[derive(Clone, Debug)]
pub struct ExecCommand {
    /// Id or name of the container.
    pub container: String,
    /// The program and its arguments. Everybody on the host can read them: no secrets.
    pub argv: Vec<String>,
    /// `NAME=value`, on top of the container's own environment.
    pub env: Vec<String>,
}

/// A program that runs in a container.
pub struct Exec {
    client: bollard::Docker,
    id: String,
    label: String,
    output: Pin<Box<dyn Stream<Item = Result<LogOutput, bollard::errors::Error>> + Send>>,
    input: Option<Pin<Box<dyn AsyncWrite + Send>>>,
}

/// A piece of output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Of standard output.
    Out(Vec<u8>),
    /// Of standard error.
    Err(Vec<u8>),
}

/// A program that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Its exit code.
    pub code: i64,
    /// What it wrote to standard output.
    pub stdout: String,
    /// The end of what it wrote to standard error.
    pub stderr: String,
}

/// What was fed to a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fed {
    /// How the program ended.
    pub finished: Finished,
    /// SHA-256 of what was read; of all of it only if the program read to the end.
    pub sha256: String,
    /// Bytes that were read.
    pub size: u64,
}

impl Exec {
    /// Starts a program with all three streams attached.
    pub async fn start(engine: &Engine, command: &ExecCommand) -> Result<Self, Failure> {
        let program = command.argv.iter().find(|word| word.starts_with("pg_") || *word == "psql");
        let program = program.or(command.argv.first()).cloned().unwrap_or_default();
        let label = format!("{program} in container {}", short(&command.container));
        let config = ExecConfig {
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            tty: Some(false),
            env: Some(command.env.clone()),
            cmd: Some(command.argv.clone()),
            ..ExecConfig::default()
        };
        let client = engine.client.clone();
        let id = client
            .create_exec(&command.container, config)
            .await
            .map_err(|error| lost(&label, &error))?
            .id;
        let options =
            StartExecOptions { output_capacity: Some(CHUNK), ..StartExecOptions::default() };
        match client.start_exec(&id, Some(options)).await.map_err(|error| lost(&label, &error))? {
            StartExecResults::Attached { output, input } => {
                Ok(Self { client, id, label, output, input: Some(input) })
            }
            StartExecResults::Detached => Err(Failure::new(
                Outcome::Bug,
                format!("the engine started {label} without its streams"),
            )),
        }
    }

    /// The next piece of output; `None` at its end.
    pub async fn next(&mut self) -> Result<Option<Piece>, Failure> {
        match self.output.next().await {
            None => Ok(None),
            Some(Ok(LogOutput::StdErr { message })) => Ok(Some(Piece::Err(message.to_vec()))),
            Some(Ok(other)) => Ok(Some(Piece::Out(other.into_bytes().to_vec()))),
            Some(Err(error)) => Err(lost(&self.label, &error)),
        }
    }

    /// Writes to the program's standard input.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let Some(input) = &mut self.input else {
            return Err(Failure::new(
                Outcome::Bug,
                format!("the input of {} is closed", self.label),
            ));
        };
        let sent = match input.write_all(bytes).await {
            Ok(()) => input.flush().await,
            Err(error) => Err(error),
        };
        sent.map_err(|error| lost(&self.label, &error))
    }

    /// Ends the program's standard input.
    pub async fn close_input(&mut self) {
        if let Some(mut input) = self.input.take() {
            // A program that has ended already has no input to close.
            let _ = input.shutdown().await;
        }
    }

    /// The exit code. The output has ended before; the engine may take a moment to know.
    pub async fn exit_code(&self) -> Result<i64, Failure> {
        for _ in 0..200 {
            let state = self
                .client
                .inspect_exec(&self.id)
                .await
                .map_err(|error| lost(&self.label, &error))?;
            if let (Some(false), Some(code)) = (state.running, state.exit_code) {
                return Ok(code);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(Failure::new(
            Outcome::Unavailable,
            format!("{} has closed its output but does not end", self.label),
        ))
    }

    /// Writes the program's standard output to `sink` on a thread of its own, until it ends.
    ///
    /// The exit code in the answer is the program's own; the sink comes back also when the program failed.
    pub async fn pour<W>(mut self, mut sink: W) -> Result<(W, Finished), Failure>
    where
        W: Write + Send + 'static,
    {
        self.close_input().await;
        let (sender, mut receiver) = mpsc::channel::<Vec<u8>>(CHUNKS);
        let writer = tokio::task::spawn_blocking(move || {
            while let Some(chunk) = receiver.blocking_recv() {
                sink.write_all(&chunk)?;
            }
            sink.flush()?;
            Ok::<W, io::Error>(sink)
        });
        let mut stderr = Vec::new();
        while let Some(piece) = self.next().await? {
            match piece {
                Piece::Err(text) => keep_end(&mut stderr, &text),
                // A sink that failed has dropped its end; its error is found below.
                Piece::Out(chunk) => {
                    if sender.send(chunk).await.is_err() {
                        break;
                    }
                }
            }
        }
        drop(sender);
        let sink = joined(writer.await)?.map_err(|error| {
            Failure::new(
                Outcome::Unavailable,
                format!("failed to store the output of {}", self.label),
            )
            .why(error)
            .help("make room on the disk that holds the backup directory")
        })?;
        let code = self.exit_code().await?;
        Ok((sink, Finished { code, stdout: String::new(), stderr: text(stderr) }))
    }

    /// Feeds `source` to the program's standard input and waits until it ends.
    pub async fn feed<R>(mut self, source: R) -> Result<Fed, Failure>
    where
        R: Read + Send + 'static,
    {
        let (sender, mut receiver) = mpsc::channel::<Vec<u8>>(CHUNKS);
        let reader = tokio::task::spawn_blocking(move || read_all(source, &sender));
        let mut stdout = Vec::new();
        let mut stderr = Vec::new();
        {
            let input = self.input.take();
            let mut writing = pin!(async move {
                let Some(mut input) = input else { return };
                while let Some(chunk) = receiver.recv().await {
                    if input.write_all(&chunk).await.is_err() {
                        return;
                    }
                }
                let _ = input.shutdown().await;
            });
            let mut open = true;
            loop {
                tokio::select! {
                    () = &mut writing, if open => open = false,
                    piece = self.output.next() => match piece {
                        None => break,
                        Some(Ok(LogOutput::StdErr { message })) => keep_end(&mut stderr, &message),
                        Some(Ok(other)) => keep_end(&mut stdout, &other.into_bytes()),
                        Some(Err(error)) => return Err(lost(&self.label, &error)),
                    },
                }
            }
        }
        let (sha256, size) = joined(reader.await)?.map_err(|error| {
            Failure::new(Outcome::Failed, format!("failed to read the file for {}", self.label))
                .why(error)
        })?;
        let code = self.exit_code().await?;
        let finished = Finished { code, stdout: text(stdout), stderr: text(stderr) };
        Ok(Fed { finished, sha256, size })
    }
}

/// Runs a program to its end with nothing on its standard input.
pub async fn run(engine: &Engine, command: &ExecCommand) -> Result<Finished, Failure> {
    let fed = Exec::start(engine, command).await?.feed(io::empty()).await?;
    Ok(fed.finished)
}

/// Reads to the end, or until nobody listens any more.
fn read_all(mut source: impl Read, sender: &mpsc::Sender<Vec<u8>>) -> io::Result<(String, u64)> {
    let mut hasher = Sha256::new();
    let mut size = 0;
    loop {
        let mut chunk = vec![0; CHUNK];
        let read = source.read(&mut chunk)?;
        if read == 0 {
            break;
        }
        chunk.truncate(read);
        hasher.update(&chunk);
        size += read as u64;
        if sender.blocking_send(chunk).is_err() {
            break;
        }
    }
    Ok((hex(&hasher.finalize()), size))
}

fn joined<T>(result: Result<T, tokio::task::JoinError>) -> Result<T, Failure> {
    result.map_err(|error| Failure::new(Outcome::Bug, "a thread broke off").why(error))
}

fn keep_end(kept: &mut Vec<u8>, more: &[u8]) {
    kept.extend_from_slice(more);
    if kept.len() > MESSAGES {
        kept.drain(..kept.len() - MESSAGES);
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// The part of a container's id that people recognise.
fn short(container: &str) -> &str {
    container.get(..12).unwrap_or(container)
}

fn lost(label: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Outcome::Unavailable, format!("lost the connection to {label}"))
        .why(error)
        .help("check that the container runs and that the engine answers: docker ps")
}
