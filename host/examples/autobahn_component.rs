//! The components against the Autobahn test suite, over TCP and over TLS: `cargo xtask autobahn` runs
//! it.
//!
//! ```text
//! autobahn_component --wasi-0.2|--wasi-0.3 URL AGENT IN_FLIGHT [ROOTS]
//! autobahn_component --identity DIR
//! ```
//!
//! The first echoes through all cases, as many at once as is said: for WASI 0.2 by the host crate, on
//! one runtime; for WASI 0.3 by the component's own interface. All options are the default ones, but
//! that a file of ROOTS, PEM, is trusted for `wss`. The second writes what a server of `wss` needs, by
//! an authority that nobody else has: `chain.pem`, `key.pem`, `root.pem`.

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use futures_util::StreamExt;
use futures_util::stream;
use integration_tests::Authority;
use integration_tests::guest_0_3::{self, types};
use wasocket::{Event, Grants, Message, Options, Runtime};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("autobahn_component: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (wasi, server, agent, in_flight, roots) = match arguments[..] {
        ["--identity", dir] => return write_identity(Path::new(dir)),
        [wasi, server, agent, in_flight] => (wasi, server, agent, in_flight, None),
        [wasi, server, agent, in_flight, roots] => (
            wasi,
            server,
            agent,
            in_flight,
            Some(fs::read_to_string(roots)?),
        ),
        _ => return Err("see its source for what it takes".into()),
    };
    let in_flight = in_flight.parse()?;
    match wasi {
        "--wasi-0.2" => run_all(&Host::new(roots)?, server, agent, in_flight).await,
        "--wasi-0.3" => run_all(&Guest { roots }, server, agent, in_flight).await,
        other => Err(format!("there is no {other}").into()),
    }
}

fn write_identity(dir: &Path) -> Result<(), Box<dyn Error>> {
    let authority = Authority::new();
    let identity = authority.issue();
    fs::write(dir.join("chain.pem"), identity.chain_pem())?;
    fs::write(dir.join("key.pem"), identity.key_pem())?;
    fs::write(dir.join("root.pem"), authority.pem())?;
    Ok(())
}

/// One of the components.
trait Client {
    /// Connects, and answers messages until the connection is closed.
    async fn talk(
        &self,
        url: &str,
        answer: impl FnMut(Message) -> Option<Message>,
    ) -> Result<(), Box<dyn Error>>;
}

async fn run_all(
    client: &impl Client,
    server: &str,
    agent: &str,
    in_flight: usize,
) -> Result<(), Box<dyn Error>> {
    let mut count = String::new();
    let url = format!("{server}/getCaseCount");
    client
        .talk(&url, |message| {
            if let Message::Text(text) = message {
                count = text;
            }
            None
        })
        .await?;
    let count: usize = count.parse()?;

    stream::iter(1..=count)
        .for_each_concurrent(in_flight, async |case| {
            let url = format!("{server}/runCase?case={case}&agent={agent}");
            // The suite has its own opinion of how it ended.
            if let Err(error) = client.talk(&url, Some).await {
                eprintln!("case {case}: {error}");
            }
        })
        .await;

    let url = format!("{server}/updateReports?agent={agent}");
    client.talk(&url, |_| None).await
}

/// The component for WASI 0.2.
struct Host {
    runtime: Runtime,
    options: Options,
}

impl Host {
    fn new(roots: Option<String>) -> Result<Self, Box<dyn Error>> {
        // With the compiled component that the tests share, so that it is compiled once.
        let runtime = integration_tests::runtime_builder()
            .grants(Grants::new().everything())
            .build()?;
        let options = Options::new();
        let options = match roots {
            Some(roots) => options.roots(roots),
            None => options,
        };
        Ok(Self { runtime, options })
    }
}

impl Client for Host {
    async fn talk(
        &self,
        url: &str,
        mut answer: impl FnMut(Message) -> Option<Message>,
    ) -> Result<(), Box<dyn Error>> {
        let mut websocket = self.runtime.connect_with(url, &self.options).await?;
        while let Some(event) = websocket.event().await {
            if let Event::Message(message) = event
                && let Some(answer) = answer(message)
            {
                // It fails if the connection does, which the events tell.
                let _ = websocket.send(answer).await;
            }
        }
        Ok(())
    }
}

/// The component for WASI 0.3.
struct Guest {
    roots: Option<String>,
}

impl Client for Guest {
    async fn talk(
        &self,
        url: &str,
        mut answer: impl FnMut(Message) -> Option<Message>,
    ) -> Result<(), Box<dyn Error>> {
        guest_0_3::with_guest(async |guest| {
            let options = match &self.roots {
                Some(roots) => Some(guest.options_with_roots(roots).await),
                None => None,
            };
            let connected = guest.connect(url, options).await;
            let websocket = connected.map_err(|error| format!("{error:?}"))?;
            loop {
                let events = guest.events(websocket).await;
                if events.is_empty() {
                    return Ok(());
                }
                for event in events {
                    if let types::Event::Message(message) = event
                        && let Some(answer) = answer(from_guest(message))
                    {
                        // It fails if the connection does, which the events tell.
                        let _ = guest.send_message(websocket, to_guest(answer)).await;
                    }
                }
            }
        })
        .await
    }
}

fn from_guest(message: types::Message) -> Message {
    match message {
        types::Message::Text(text) => Message::Text(text),
        types::Message::Binary(bytes) => Message::Binary(bytes),
    }
}

fn to_guest(message: Message) -> types::Message {
    match message {
        Message::Text(text) => types::Message::Text(text),
        Message::Binary(bytes) => types::Message::Binary(bytes),
    }
}
