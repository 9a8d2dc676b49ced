//! The component against the Autobahn test suite, over TCP and over TLS: `cargo xtask autobahn` runs
//! it.
//!
//! ```text
//! autobahn_component URL AGENT IN_FLIGHT [ROOTS]
//! autobahn_component --identity DIR
//! ```
//!
//! The first echoes through all cases, as many at once as is said, on one runtime. All options are
//! the default ones, but that a file of ROOTS, PEM, is trusted for `wss`. The second writes what a
//! server of `wss` needs, by an authority that nobody else has: `chain.pem`, `key.pem`, `root.pem`.

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use futures_util::StreamExt;
use futures_util::stream;
use integration_tests::Authority;
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
    match arguments[..] {
        ["--identity", dir] => write_identity(Path::new(dir)),
        [server, agent, in_flight] => {
            let client = Client::new(server, Options::new())?;
            client.run_all(agent, in_flight.parse()?).await
        }
        [server, agent, in_flight, roots] => {
            let client = Client::new(server, Options::new().roots(fs::read(roots)?))?;
            client.run_all(agent, in_flight.parse()?).await
        }
        _ => Err("usage: autobahn_component URL AGENT IN_FLIGHT [ROOTS] | --identity DIR".into()),
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

struct Client<'a> {
    runtime: Runtime,
    options: Options,
    /// The URL of the suite's server.
    server: &'a str,
}

impl<'a> Client<'a> {
    fn new(server: &'a str, options: Options) -> Result<Self, Box<dyn Error>> {
        // With the compiled component that the tests share, so that it is compiled once.
        let runtime = integration_tests::runtime_builder()
            .grants(Grants::new().everything())
            .build()?;
        Ok(Self {
            runtime,
            options,
            server,
        })
    }

    async fn run_all(&self, agent: &str, in_flight: usize) -> Result<(), Box<dyn Error>> {
        let mut count = String::new();
        self.talk("/getCaseCount", |message| {
            if let Message::Text(text) = message {
                count = text;
            }
            None
        })
        .await?;
        let count: usize = count.parse()?;

        stream::iter(1..=count)
            .for_each_concurrent(in_flight, async |case| {
                let resource = format!("/runCase?case={case}&agent={agent}");
                // The suite has its own opinion of how it ended.
                if let Err(error) = self.talk(&resource, Some).await {
                    eprintln!("case {case}: {error}");
                }
            })
            .await;

        self.talk(&format!("/updateReports?agent={agent}"), |_| None)
            .await?;
        Ok(())
    }

    /// Connects, and answers messages until the connection is closed.
    async fn talk(
        &self,
        resource: &str,
        mut answer: impl FnMut(Message) -> Option<Message>,
    ) -> Result<(), wasocket::Error> {
        let url = format!("{}{resource}", self.server);
        let mut websocket = self.runtime.connect_with(&url, &self.options).await?;
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
