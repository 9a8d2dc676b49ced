//! A connection on the command line: standard input to the server, its messages to standard
//! output.

use wasocket::reconnect::Reconnect;
use wasocket::{Error, Options, Runtime};

use crate::args::{Args, TalkArgs};
use crate::exit::Exit;
use crate::files::{Opened, WHOLE_LEN};
use crate::link::Link;
use crate::output::{Output, Show, Told};
use crate::session::Session;
use crate::signals::{CtrlC, ctrl_c};
use crate::source::Source;

pub(crate) async fn run(runtime: Runtime, url: &str, args: &Args) -> Exit {
    let talk = &args.talk;
    let output = Output::new(
        match (talk.json, talk.binary) {
            (true, _) => Show::Json,
            (false, true) => Show::Binary,
            (false, false) => Show::Text,
        },
        match (talk.quiet, talk.verbose) {
            (true, _) => Told::Nothing,
            (false, true) => Told::Everything,
            (false, false) => Told::Failures,
        },
    );
    // Messages have to be whole to be sent again, and so have files.
    let max_file_len = args.reconnect.reconnect.then(|| args.connect.max_sent());
    let given = talk.given.iter();
    let given = given.map(|given| Opened::open(given, max_file_len));
    let (options, given) = match (args.connect.options(), given.collect::<Result<_, _>>()) {
        (Ok(options), Ok(given)) => (options, given),
        (Err(message), _) | (_, Err(message)) => {
            output.complain(&message);
            return Exit::Usage;
        }
    };
    let mut ctrl_c = match ctrl_c() {
        Ok(ctrl_c) => ctrl_c,
        Err(error) => {
            output.complain(&format!("Ctrl-C: {error}"));
            return Exit::Internal;
        }
    };
    let source = Source::new(given, args.connect.max_sent(), max_file_len);
    if args.reconnect.reconnect {
        let reconnect = Reconnect::new(&runtime, url)
            .options(options)
            .policy(args.reconnect.policy());
        let link = Link::Lasting(reconnect.start());
        return Session::new(link, output, source, args).run(ctrl_c).await;
    }
    match connect(&runtime, url, options, talk, &mut ctrl_c).await {
        Some(Ok(link)) => Session::new(link, output, source, args).run(ctrl_c).await,
        Some(Err(error)) => not_open(&output, error),
        None => Exit::Interrupted,
    }
}

/// Opens one connection; `None` if Ctrl-C comes first.
async fn connect(
    runtime: &Runtime,
    url: &str,
    mut options: Options,
    talk: &TalkArgs,
    ctrl_c: &mut CtrlC,
) -> Option<Result<Link, Error>> {
    // What is more than lines or JSON can be written as it arrives.
    if talk.binary {
        options = options.stream_messages_over(WHOLE_LEN as u64);
    }
    tokio::select! {
        websocket = runtime.connect_with(url, &options) => Some(websocket.map(|websocket| Link::Single(Box::new(websocket)))),
        Some(()) = ctrl_c.recv() => None,
    }
}

/// Tells why there is no connection, and how to exit.
fn not_open(output: &Output, error: Error) -> Exit {
    let exit = Exit::from(&error);
    let shown = match error {
        Error::Failed(failure) => output.not_open(failure),
        error => {
            output.complain(&error.to_string());
            Ok(())
        }
    };
    if let Err(error) = shown {
        output.failed(&error);
    }
    exit
}
