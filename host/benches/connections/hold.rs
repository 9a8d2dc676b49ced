//! The process that holds the connections.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream;
use serde_json::{Value, json};
use wasocket::{Grants, Message, Options, Pool, Runtime, RuntimeBuilder, WebSocket};

use crate::memory::memory_kib;

/// How many connections are opened at a time: all at once would time out waiting for each other.
const AT_A_TIME: usize = 64;

/// How many messages are echoed at least, by all connections at the same time: one of a few connections
/// would be over before anything could be told of it.
const MESSAGES: u32 = 10_000;

/// How many connections share an instance, where they do.
const SHARED_BY: u32 = 1_000;

/// What connections have of the component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Instances {
    /// Each an instance of its own.
    Own,
    /// Some a part in one.
    Shared,
}

impl Instances {
    pub(crate) const ALL: [Self; 2] = [Self::Own, Self::Shared];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Shared => "shared",
        }
    }

    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|instances| instances.name() == name)
    }

    fn set(self, builder: RuntimeBuilder, connections: u32) -> RuntimeBuilder {
        match self {
            Self::Own => builder.pool(Pool::new(connections)),
            Self::Shared => builder.connections_per_instance(SHARED_BY),
        }
    }
}

/// What connections are over.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Transports {
    Ws,
    Wss,
    /// Half of them over `ws`, half over `wss`.
    Both,
}

impl Transports {
    const ALL: [Self; 3] = [Self::Ws, Self::Wss, Self::Both];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ws => "ws",
            Self::Wss => "wss",
            Self::Both => "both",
        }
    }

    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|transports| transports.name() == name)
    }

    /// The scheme of a connection.
    fn scheme(self, number: u32) -> &'static str {
        match self {
            Self::Ws => "ws",
            Self::Wss => "wss",
            Self::Both if number.is_multiple_of(2) => "ws",
            Self::Both => "wss",
        }
    }
}

/// What was measured of connections that were held.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    /// From the first `connect` to the last `open`.
    pub(crate) connecting: Duration,
    /// What they take of the machine's memory, all together, in KiB.
    pub(crate) kib: u64,
    /// The same as most tools tell it: what instances share of the component counts for each.
    pub(crate) resident_kib: u64,
    /// From the first message to the last answer, for each message.
    pub(crate) echoing: Duration,
}

impl Held {
    pub(crate) fn to_json(self) -> Value {
        json!({
            "connecting": self.connecting.as_secs_f64(),
            "kib": self.kib,
            "resident_kib": self.resident_kib,
            "echoing": self.echoing.as_secs_f64(),
        })
    }

    pub(crate) fn of(json: &Value) -> Self {
        let seconds = |name: &str| {
            let seconds = json[name].as_f64().expect("seconds");
            Duration::from_secs_f64(seconds)
        };
        let kib = |name: &str| json[name].as_u64().expect("KiB");
        Self {
            connecting: seconds("connecting"),
            kib: kib("kib"),
            resident_kib: kib("resident_kib"),
            echoing: seconds("echoing"),
        }
    }
}

/// What connects.
struct Dialer {
    runtime: Runtime,
    options: Options,
    transports: Transports,
    server: Value,
}

/// Holds so many connections to a server, of which its process printed the line.
pub(crate) fn hold(
    instances: Instances,
    transports: Transports,
    count: u32,
    server: &Value,
) -> Held {
    let pem = server["pem"].as_str().expect("PEM");
    let builder = Runtime::builder()
        .grants(Grants::new().everything())
        .cache(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("component-cache"));
    let runtime = instances.set(builder, count).build().expect("a runtime");
    let dialer = Arc::new(Dialer {
        runtime,
        options: Options::new().roots(pem),
        transports,
        server: server.clone(),
    });
    let threads = tokio::runtime::Runtime::new().expect("a Tokio runtime");
    threads.block_on(measure(dialer, count))
}

async fn measure(dialer: Arc<Dialer>, count: u32) -> Held {
    // The first ones find less than later ones.
    for number in 0..2 {
        let websocket = dialer.connect(number).await;
        close(echo(websocket, number, 1).await).await;
    }

    let before = memory_kib();
    let start = Instant::now();
    let websockets: Vec<WebSocket> = stream::iter(0..count)
        .map(|number| {
            let dialer = dialer.clone();
            tokio::spawn(async move { dialer.connect(number).await })
        })
        .buffered(AT_A_TIME)
        .map(|connected| connected.expect("a connection"))
        .collect()
        .await;
    let connecting = start.elapsed();
    let after = memory_kib();

    let start = Instant::now();
    let each = MESSAGES.div_ceil(count);
    let echoes = (0..)
        .zip(websockets)
        .map(|(number, websocket)| tokio::spawn(echo(websocket, number, each)));
    let websockets = join_all(echoes).await;
    let echoing = start.elapsed() / (count * each);

    let closes = websockets
        .into_iter()
        .map(|websocket| tokio::spawn(close(websocket.expect("an echo"))));
    for closed in join_all(closes).await {
        closed.expect("a closing handshake");
    }
    Held {
        connecting,
        kib: after.0.saturating_sub(before.0),
        resident_kib: after.1.saturating_sub(before.1),
        echoing,
    }
}

impl Dialer {
    async fn connect(&self, number: u32) -> WebSocket {
        let scheme = self.transports.scheme(number);
        let url = format!("{scheme}://localhost:{}/", self.server[scheme]);
        let connected = self.runtime.connect_with(&url, &self.options).await;
        connected.expect("a connection")
    }
}

/// Sends so many messages that no other connection sends, and waits for each.
async fn echo(mut websocket: WebSocket, number: u32, count: u32) -> WebSocket {
    for i in 0..count {
        let message = Message::Text(format!("this is number {i} of {number}"));
        websocket.send(message.clone()).await.expect("sent");
        assert_eq!(websocket.receive().await, Ok(Some(message)));
    }
    websocket
}

async fn close(websocket: WebSocket) {
    let closed = websocket.close(1000, "").await.expect("closed");
    assert!(closed.was_clean, "{closed:?}");
}
