use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand};
use etcetera::{BaseStrategy, choose_base_strategy};
use wasocket::{Compression, Grants, Options, Runtime, RuntimeError};

use crate::embedded::{EMBEDDED, Embedded};
use crate::exit::HELP;
use crate::output::{note, with_sources};

/// The largest limit of a frame that can be set, in bytes. A message may be one frame: where the user
/// sets the limit of messages, that of frames is not to be in the way.
const LARGEST_FRAME: u64 = 1 << 30;

/// Talks WebSocket: sends lines from standard input, and prints the messages that come back.
///
/// The connection runs in a sandbox. It ends when standard input does, once the server has
/// answered the closing handshake; what arrives until then is still printed. A binary message is
/// printed as the word "binary" and its payload in hexadecimal.
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

    /// Send this header field with the request. May be given several times.
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(String, String)>,

    /// Offer this subprotocol. May be given several times, in order of preference.
    #[arg(short = 's', long = "subprotocol", value_name = "NAME")]
    subprotocols: Vec<String>,

    /// Send this origin.
    #[arg(short, long)]
    origin: Option<String>,

    /// Trust the root certificates in this file (PEM) too. May be given several times.
    #[arg(long, value_name = "FILE")]
    roots: Vec<PathBuf>,

    /// Trust only the root certificates given by --roots.
    #[arg(long, requires = "roots")]
    no_built_in_roots: bool,

    /// Ping the server after this much silence of it; give up if it does not answer.
    #[arg(short = 'p', long, value_name = "SECONDS", value_parser = seconds)]
    ping_interval: Option<Duration>,

    /// Send binary messages, and write the payloads of messages as they are, without line ends.
    ///
    /// Each piece that is read from standard input is a message.
    #[arg(short, long)]
    pub(crate) binary: bool,

    /// Send all of standard input as one message, print one message, and close.
    #[arg(short = '1', long)]
    pub(crate) one: bool,

    /// Do not close when standard input ends, but when the server closes.
    #[arg(short, long)]
    pub(crate) no_close: bool,

    /// Print every event as a line of JSON, instead of messages.
    #[arg(short, long, conflicts_with = "binary")]
    pub(crate) json: bool,

    /// Tell of all that happens, on standard error.
    #[arg(short, long)]
    pub(crate) verbose: bool,

    /// Give up if the connection is not open after this long [default: 30].
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    connect_timeout: Option<Duration>,

    /// Give up if the closing handshake takes longer than this [default: 10].
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    close_timeout: Option<Duration>,

    /// Give up if a ping is not answered after this long [default: 30].
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pong_timeout: Option<Duration>,

    /// Give up if a message of the server is longer than this [default: 16777216].
    #[arg(long, value_name = "BYTES")]
    max_message_size: Option<u64>,

    /// Do not offer compression (permessage-deflate).
    #[arg(long)]
    no_compression: bool,

    /// Do not keep the compiled component for the next time.
    #[arg(long, global = true)]
    no_cache: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
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
    Demo,
    Component(&'static Embedded, &'a Path),
    Compose(&'a ComposeArgs),
}

impl Args {
    pub(crate) fn action(&self) -> Action<'_> {
        match &self.command {
            Some(Command::Demo) => Action::Demo,
            Some(Command::Component { file, wasi }) => Action::Component(wasi, file),
            Some(Command::Compose(compose)) => Action::Compose(compose),
            // clap requires it unless there is a command.
            None => Action::Connect(self.url.as_deref().unwrap_or_default()),
        }
    }

    pub(crate) fn runtime(&self) -> Result<Runtime, RuntimeError> {
        // The user said where to connect; there is nobody else to ask.
        let builder = || Runtime::builder().grants(Grants::new().everything());
        if !self.no_cache
            && let Ok(strategy) = choose_base_strategy()
        {
            let cache = strategy.cache_dir().join("wasocket");
            match builder().cache(cache).build() {
                // On a read-only disk, say. It takes longer without it, and that is all.
                Err(error @ RuntimeError::Cache { .. }) => {
                    if self.verbose {
                        note(&with_sources(&error));
                    }
                }
                built => return built,
            }
        }
        builder().build()
    }

    /// The options of the connection; an error names the file that cannot be read.
    pub(crate) fn options(&self) -> Result<Options, String> {
        let mut options = Options::new();
        for (name, value) in &self.headers {
            options = options.header(name, value.as_bytes());
        }
        for subprotocol in &self.subprotocols {
            options = options.subprotocol(subprotocol);
        }
        if let Some(origin) = &self.origin {
            options = options.origin(origin);
        }
        for file in &self.roots {
            let pem = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
            options = options.roots(pem);
        }
        if self.no_built_in_roots {
            options = options.without_built_in_roots();
        }
        if let Some(interval) = self.ping_interval {
            options = options.ping_interval(interval);
        }
        if let Some(timeout) = self.connect_timeout {
            options = options.connect_timeout(timeout);
        }
        if self.no_compression {
            options = options.compression(Compression::none());
        }
        if let Some(timeout) = self.close_timeout {
            options = options.close_timeout(timeout);
        }
        if let Some(timeout) = self.pong_timeout {
            options = options.pong_timeout(timeout);
        }
        if let Some(bytes) = self.max_message_size {
            options = options
                .max_message_size(bytes)
                .max_frame_size(LARGEST_FRAME);
        }
        Ok(options)
    }
}

/// Takes the version of WASI of a component that this tool embeds.
fn embedded() -> impl TypedValueParser<Value = &'static Embedded> {
    PossibleValuesParser::new(EMBEDDED.iter().map(|embedded| embedded.wasi)).try_map(|wasi| {
        let embedded = EMBEDDED.iter().find(|embedded| embedded.wasi == wasi);
        embedded.ok_or("not a version of WASI that there is a component for")
    })
}

fn header(argument: &str) -> Result<(String, String), String> {
    let (name, value) = argument
        .split_once(':')
        .ok_or("there is no colon between name and value")?;
    Ok((name.to_owned(), value.trim_matches([' ', '\t']).to_owned()))
}

fn seconds(argument: &str) -> Result<Duration, String> {
    let seconds: f64 = argument
        .parse()
        .map_err(|_| "not a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("not a positive number of seconds".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn header_fields_are_split_at_the_first_colon() {
        assert_eq!(
            header("X-A:  b: c "),
            Ok(("X-A".to_owned(), "b: c".to_owned()))
        );
        assert!(header("no colon").is_err());
    }

    #[test]
    fn times_are_positive_numbers_of_seconds() {
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1500)));
        for bad in ["", "x", "0", "-1", "NaN", "inf"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
