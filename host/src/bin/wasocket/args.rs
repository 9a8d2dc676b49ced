use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser};
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;

use crate::bench::BenchArgs;
use crate::connect::ConnectArgs;
use crate::embedded::{EMBEDDED, Embedded};
use crate::exit::HELP;
use crate::input::{Given, Payload};
use crate::reconnection::ReconnectArgs;
use crate::values::seconds;

/// Talks WebSocket: sends lines from standard input, and prints the messages that come back.
///
/// The connection runs in a sandbox. It ends when standard input does, once the server has
/// answered the closing handshake; what arrives until then is still printed. A binary message is
/// printed as the word "binary" and its payload in hexadecimal. On a terminal lines can be edited,
/// and /help tells of commands.
#[derive(Debug, Parser)]
#[command(version, after_help = HELP, args_conflicts_with_subcommands = true, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,

    /// Where to connect: ws://HOST[:PORT][/PATH] or wss://HOST[:PORT][/PATH].
    ///
    /// User name and password in it are sent as Basic credentials. Without a scheme it is ws.
    #[arg(required = true, value_parser = NonEmptyStringValueParser::new())]
    url: Option<String>,

    #[command(flatten)]
    pub(crate) talk: TalkArgs,

    #[command(flatten)]
    pub(crate) reconnect: ReconnectArgs,

    #[command(flatten)]
    pub(crate) connect: ConnectArgs,

    /// Do not keep the compiled component for the next time.
    #[arg(long, global = true)]
    no_cache: bool,
}

/// What is sent and what is shown.
#[derive(Debug, clap::Args)]
pub(crate) struct TalkArgs {
    /// Send binary messages, and write the payloads of messages as they are, without line ends.
    ///
    /// Each piece that is read from standard input is a message. What is longer than 1 MiB is written
    /// as it arrives.
    #[arg(short, long)]
    pub(crate) binary: bool,

    /// Send all of standard input as one message, print one message, and close.
    #[arg(short = '1', long)]
    pub(crate) one: bool,

    /// Send this text, in place of standard input. May be given several times.
    #[arg(short = 'x', long = "send", value_name = "TEXT")]
    texts: Vec<String>,

    /// Send this file as one text message, in place of standard input. May be given several times;
    /// - is standard input.
    ///
    /// Texts and files are sent in the order of their options. A file of more than 1 MiB is sent as
    /// it is read, in fragments. If the rest of it cannot be, the server gets no end of the message,
    /// but a Close frame with code 1011.
    #[arg(long = "text-file", value_name = "FILE")]
    text_files: Vec<PathBuf>,

    /// Send this file as one binary message, as --text-file does.
    #[arg(long = "binary-file", value_name = "FILE")]
    binary_files: Vec<PathBuf>,

    /// Wait this long for messages when all is sent, before closing.
    #[arg(short, long, value_name = "SECONDS", value_parser = seconds, conflicts_with = "no_close")]
    pub(crate) wait: Option<Duration>,

    /// Do not close when standard input ends, but when the server closes.
    #[arg(short, long)]
    pub(crate) no_close: bool,

    /// Print every event as a line of JSON, instead of messages.
    #[arg(short, long, conflicts_with = "binary")]
    pub(crate) json: bool,

    /// Tell of all that happens, on standard error.
    #[arg(short, long)]
    pub(crate) verbose: bool,

    /// Tell of nothing, not of errors either: the exit code does.
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    /// Do not keep what is typed on a terminal for the next time.
    ///
    /// It is kept in $XDG_STATE_HOME/wasocket/history, for its owner alone to read. A line that
    /// begins with a space is not.
    #[arg(long)]
    pub(crate) no_history: bool,

    /// What is sent in place of standard input, in the order of the command line.
    #[arg(skip)]
    pub(crate) given: Vec<Given>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure a server that echoes: throughput, and how long answers take.
    Bench(Box<BenchArgs>),
    /// Show what the component does, against servers of its own on this machine.
    ///
    /// Starts an echo server for ws, and one for wss with a throwaway certificate authority;
    /// connects to both through the component, sends, pings and closes, and prints every event.
    Demo,
    /// Write the component itself, to be composed or run elsewhere.
    Component {
        /// Where to write it; - is standard output.
        #[arg(default_value = "-")]
        file: PathBuf,

        /// Write the one for this version of WASI.
        #[arg(long, value_name = "VERSION", default_value = EMBEDDED[0].wasi, value_parser = embedded())]
        wasi: &'static Embedded,
    },
    /// Compose a component that imports wasocket:websocket with the component that has it.
    ///
    /// What comes of it imports what it imported, with sockets, clocks and randomness of WASI in the
    /// place of wasocket:websocket.
    Compose(ComposeArgs),
    /// Print what makes a shell complete the command line.
    ///
    /// For bash, for example: wasocket completions bash >~/.local/share/bash-completion/completions/wasocket
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the manual page, for man: wasocket man | man -l -
    Man {
        /// The page of this command, not that of the whole.
        command: Option<String>,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct ComposeArgs {
    /// The component that imports wasocket:websocket.
    pub(crate) component: PathBuf,

    /// Where to write the composed component; - is standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,

    /// Compose with the component in this file, not with that of this tool.
    #[arg(long, value_name = "FILE")]
    pub(crate) with: Option<PathBuf>,
}

/// What is to be done.
pub(crate) enum Action<'a> {
    Connect(&'a str),
    Bench(&'a BenchArgs),
    Demo,
    Component(&'static Embedded, &'a Path),
    Compose(&'a ComposeArgs),
    Completions(Shell),
    Man(Option<&'a str>),
}

impl Args {
    /// Those of this process; ends it if they cannot be used.
    pub(crate) fn of_process() -> Self {
        let matches = Self::command().get_matches();
        let mut args = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        args.talk.given = args.talk.in_order(&matches);
        args
    }

    pub(crate) fn action(&self) -> Action<'_> {
        match &self.command {
            Some(Command::Bench(bench)) => Action::Bench(bench),
            Some(Command::Demo) => Action::Demo,
            Some(Command::Component { file, wasi }) => Action::Component(wasi, file),
            Some(Command::Compose(compose)) => Action::Compose(compose),
            Some(Command::Completions { shell }) => Action::Completions(*shell),
            Some(Command::Man { command }) => Action::Man(command.as_deref()),
            // clap requires it unless there is a command.
            None => Action::Connect(self.url.as_deref().unwrap_or_default()),
        }
    }

    /// Whether the compiled component is kept.
    pub(crate) fn cache(&self) -> bool {
        !self.no_cache
    }
}

impl TalkArgs {
    /// What is sent in place of standard input, in the order of the command line.
    fn in_order(&self, matches: &ArgMatches) -> Vec<Given> {
        let at = |id| matches.indices_of(id).into_iter().flatten();
        let texts = self.texts.iter().cloned().map(Given::Text);
        let files = |files: &[PathBuf], payload| {
            let given = move |file: &PathBuf| Given::File(file.clone(), payload);
            files.iter().map(given).collect::<Vec<_>>()
        };
        let mut given: Vec<(usize, Given)> = at("texts")
            .zip(texts)
            .chain(at("text_files").zip(files(&self.text_files, Payload::Text)))
            .chain(at("binary_files").zip(files(&self.binary_files, Payload::Binary)))
            .collect();
        given.sort_by_key(|(index, _)| *index);
        given.into_iter().map(|(_, given)| given).collect()
    }
}

/// Takes the version of WASI of a component that this tool embeds.
fn embedded() -> impl TypedValueParser<Value = &'static Embedded> {
    PossibleValuesParser::new(EMBEDDED.iter().map(|embedded| embedded.wasi)).try_map(|wasi| {
        let embedded = EMBEDDED.iter().find(|embedded| embedded.wasi == wasi);
        embedded.ok_or("not a version of WASI that there is a component for")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }
}
