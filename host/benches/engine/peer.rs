//! The server, which does its part when it is told to.

use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;

use integration_tests::Authority;
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};
use tokio_tungstenite::tungstenite::handshake::server::{NoCallback, ServerHandshake};
use tokio_tungstenite::tungstenite::handshake::{HandshakeError, MidHandshake};
use tokio_tungstenite::tungstenite::{Error, Message, WebSocket, accept};

use crate::wires::Wires;

/// What a connection is over.
#[derive(Clone)]
pub(crate) enum Transport {
    Ws,
    /// With this server, which the root vouches for, PEM.
    Wss(Arc<ServerConfig>, String),
}

impl Transport {
    /// Both, with a certificate as most servers have it.
    pub(crate) fn both() -> [Self; 2] {
        let authority = Authority::new();
        let acceptor = authority.issue().acceptor();
        let wss = Self::Wss(acceptor.config().clone(), authority.pem());
        [Self::Ws, wss]
    }

    pub(crate) fn scheme(&self) -> &'static str {
        match self {
            Self::Ws => "ws",
            Self::Wss(..) => "wss",
        }
    }
}

trait Stream: Read + Write + Send {}

impl<T: Read + Write + Send> Stream for T {}

type Handshake = ServerHandshake<Box<dyn Stream>, NoCallback>;

/// A server of one connection, by tungstenite and rustls.
pub(crate) struct Peer(State);

enum State {
    Opening(MidHandshake<Handshake>),
    Open(WebSocket<Box<dyn Stream>>),
    /// While one of the others becomes the other.
    Changing,
}

impl State {
    fn of(result: Result<WebSocket<Box<dyn Stream>>, HandshakeError<Handshake>>) -> Self {
        match result {
            Ok(websocket) => Self::Open(websocket),
            Err(HandshakeError::Interrupted(handshake)) => Self::Opening(handshake),
            Err(HandshakeError::Failure(error)) => panic!("no opening handshake: {error}"),
        }
    }
}

impl Peer {
    pub(crate) fn new(transport: &Transport, wires: Wires) -> Self {
        let stream: Box<dyn Stream> = match transport {
            Transport::Ws => Box::new(wires),
            Transport::Wss(config, _) => {
                let tls = ServerConnection::new(config.clone()).expect("a configuration");
                Box::new(StreamOwned::new(tls, wires))
            }
        };
        Self(State::of(accept(stream)))
    }

    /// Does what there is to do with what the guest wrote; returns the messages in it.
    pub(crate) fn serve(&mut self) -> Vec<Message> {
        if let State::Opening(_) = self.0
            && let State::Opening(handshake) = std::mem::replace(&mut self.0, State::Changing)
        {
            self.0 = State::of(handshake.handshake());
        }
        let mut messages = Vec::new();
        if let State::Open(websocket) = &mut self.0 {
            loop {
                match websocket.read() {
                    Ok(message) => messages.push(message),
                    Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => panic!("the guest was not understood: {error}"),
                }
            }
        }
        messages
    }

    /// Sends a message so many times.
    pub(crate) fn send(&mut self, message: &Message, count: usize) {
        let State::Open(websocket) = &mut self.0 else {
            panic!("the connection is not open");
        };
        for _ in 0..count {
            websocket.write(message.clone()).expect("there is room");
        }
        websocket.flush().expect("there is room");
    }
}
