//! `wasocket bench`: how fast a server echoes.

mod chart;
mod echo;
mod report;
mod tally;

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::builder::NonEmptyStringValueParser;
use clap::value_parser;
use tokio::sync::watch;
use tokio::task::JoinSet;
use wasocket::Runtime;

use crate::bench::echo::{Client, Echo, Load, Phase};
use crate::bench::report::Report;
use crate::bench::tally::Tally;
use crate::connect::ConnectArgs;
use crate::exit::Exit;
use crate::output::{complain, failed, line};
use crate::signals::{CtrlC, ctrl_c};
use crate::timer::{after, elapse};
use crate::values::seconds;

/// Measures a server that echoes: throughput, and how long answers take.
///
/// Every message is another, and every answer is compared with the message that it answers.
/// Ctrl-C ends it early, and prints what there is. It exits with 1 if an answer is wrong, late or
/// missing, and as without `bench` if no connection can be opened.
#[derive(Debug, clap::Args)]
pub(crate) struct BenchArgs {
    /// The server: ws://HOST[:PORT][/PATH] or wss://HOST[:PORT][/PATH].
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    url: String,

    /// How many connections.
    #[arg(short, long, value_name = "NUMBER", default_value_t = 1, value_parser = value_parser!(u32).range(1..))]
    connections: u32,

    /// How many messages of a connection are on their way at once.
    #[arg(short, long, value_name = "NUMBER", default_value_t = 1, value_parser = value_parser!(u32).range(1..))]
    in_flight: u32,

    /// How long a message is.
    #[arg(long, value_name = "BYTES", default_value_t = 64)]
    size: usize,

    /// Send binary messages, not text.
    #[arg(short, long)]
    binary: bool,

    /// For how long messages are sent [default: 10].
    #[arg(short, long, value_name = "SECONDS", value_parser = seconds, conflicts_with = "count")]
    duration: Option<Duration>,

    /// How many messages each connection sends, however long it takes.
    #[arg(short = 'n', long, value_name = "NUMBER", value_parser = value_parser!(u64).range(1..))]
    count: Option<u64>,

    /// Give up a connection when an answer takes longer than this.
    #[arg(short, long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    timeout: Duration,

    /// Print the figures as a line of JSON.
    #[arg(short, long)]
    json: bool,

    /// Draw the histogram with ASCII characters.
    ///
    /// It is so too when the locale is not UTF-8.
    #[arg(long)]
    ascii: bool,

    #[command(flatten)]
    pub(crate) connect: ConnectArgs,
}

/// For how long messages are sent, unless it is said.
const DEFAULT_DURATION: Duration = Duration::from_secs(10);

pub(crate) async fn run(runtime: Runtime, args: &BenchArgs) -> Exit {
    let mut ctrl_c = match ctrl_c() {
        Ok(ctrl_c) => ctrl_c,
        Err(error) => {
            complain(&format!("Ctrl-C: {error}"));
            return Exit::Internal;
        }
    };
    let options = match args.connect.options() {
        Ok(options) => options,
        Err(message) => {
            complain(&message);
            return Exit::Usage;
        }
    };
    let (phase, phase_rx) = watch::channel(Phase::Sending);
    let client = Arc::new(Client {
        runtime,
        url: args.url.clone(),
        options,
        send_options: args.connect.send_options(),
        load: Load {
            in_flight: args.in_flight as usize,
            size: args.size,
            binary: args.binary,
            count: args.count,
            timeout: args.timeout,
        },
        tally: Tally::new(args.timeout),
        phase: phase_rx,
    });

    let start = Instant::now();
    let Some(echoes) = open(&client, args.connections, &mut ctrl_c).await else {
        return Exit::Interrupted;
    };
    let opening = start.elapsed();
    if echoes.is_empty()
        && let Some((exit, message)) = client.tally.first_failure()
    {
        complain(&message);
        return exit;
    }

    let open = echoes.len();
    let start = Instant::now();
    let duration = match args.count {
        Some(_) => None,
        None => Some(args.duration.unwrap_or(DEFAULT_DURATION)),
    };
    measure(echoes, duration, &client.tally, &phase, &mut ctrl_c).await;
    let report = Report::new(args, &client.tally, open, opening, start);
    let shown = if args.json {
        line(&report.to_json().to_string())
    } else {
        report.print(args.ascii)
    };
    match (shown, client.tally.first_failure()) {
        (Err(error), _) => failed(&error),
        (Ok(()), Some((exit, _))) => exit,
        (Ok(()), None) => Exit::Success,
    }
}

/// Opens connections, as many of them as can be; `None` if Ctrl-C comes first.
async fn open(client: &Arc<Client>, count: u32, ctrl_c: &mut CtrlC) -> Option<Vec<Echo>> {
    let mut opening: JoinSet<_> = (0..count)
        .map(|number| Echo::open(client.clone(), number))
        .collect();
    let mut echoes = Vec::new();
    loop {
        tokio::select! {
            echo = opening.join_next() => match echo {
                Some(Ok(Ok(echo))) => echoes.push(echo),
                Some(Ok(Err(error))) => client.tally.fail(Exit::from(&error), &error.to_string()),
                Some(Err(error)) => client.tally.fail(Exit::Internal, &error.to_string()),
                None => return Some(echoes),
            },
            Some(()) = ctrl_c.recv() => return None,
        }
    }
}

/// Lets connections echo until all is answered, or Ctrl-C comes. They send for this time, or as much
/// as they are to.
async fn measure(
    echoes: Vec<Echo>,
    duration: Option<Duration>,
    tally: &Tally,
    phase: &watch::Sender<Phase>,
    ctrl_c: &mut CtrlC,
) {
    let mut echoing: JoinSet<()> = echoes.into_iter().map(Echo::run).collect();
    let mut end = duration.map(after);
    loop {
        tokio::select! {
            echo = echoing.join_next() => match echo {
                Some(Ok(())) => {}
                Some(Err(error)) => tally.fail(Exit::Internal, &error.to_string()),
                None => return,
            },
            () = elapse(&mut end) => {
                end = None;
                phase.send_replace(Phase::Answering);
            }
            Some(()) = ctrl_c.recv() => {
                // The second time it is enough.
                if phase.send_replace(Phase::Over) == Phase::Over {
                    return;
                }
            }
        }
    }
}
