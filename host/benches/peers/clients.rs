//! The clients that are used from outside of wasm, behind one face.

use std::sync::Arc;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::{WebSocketStream, tungstenite};
use tokio_util::either::Either;
use wasocket::{Grants, Options, Runtime, WebSocket};

use crate::server::Server;

/// A client that is used from outside of wasm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Native {
    Wasocket,
    Tungstenite,
}

/// What a client needs to connect, made once.
pub(crate) enum Dialer {
    Wasocket(Box<(Runtime, Options)>),
    Tungstenite(Arc<ClientConfig>),
}

/// Where the server is, the same for all clients. Without TLS an address: what a name takes is up to the
/// system, and wstd-tungstenite stops at the first address of it that is of IPv6.
pub(crate) fn url(server: &Server, secure: bool) -> String {
    match secure {
        false => format!("ws://{}/", server.plain),
        true => format!("wss://localhost:{}/", server.secure.port()),
    }
}

impl Dialer {
    pub(crate) fn new(native: Native, server: &Server) -> Self {
        match native {
            Native::Wasocket => {
                let runtime = Runtime::builder()
                    .grants(Grants::new().everything())
                    .build()
                    .expect("a runtime");
                let options = Options::new().without_built_in_roots().roots(server.pem());
                Self::Wasocket(Box::new((runtime, options)))
            }
            Native::Tungstenite => {
                let mut roots = RootCertStore::empty();
                roots.add(server.root.clone()).expect("a root");
                let provider = Arc::new(ring::default_provider());
                let mut config = ClientConfig::builder_with_provider(provider)
                    .with_safe_default_protocol_versions()
                    .expect("versions")
                    .with_root_certificates(roots)
                    .with_no_client_auth();
                // A full handshake each time, as ours does: each of our connections is alone in
                // its instance.
                config.resumption = Resumption::disabled();
                Self::Tungstenite(Arc::new(config))
            }
        }
    }

    pub(crate) async fn connect(&self, server: &Server, secure: bool) -> Client {
        let url = url(server, secure);
        match self {
            Self::Wasocket(dialer) => {
                let (runtime, options) = &**dialer;
                let websocket = runtime.connect_with(&url, options).await;
                Client::Wasocket(Box::new(websocket.expect("a connection")))
            }
            Self::Tungstenite(config) => {
                let address = if secure { server.secure } else { server.plain };
                let stream = TcpStream::connect(address).await.expect("a stream");
                stream.set_nodelay(true).expect("an option of TCP");
                let stream = if secure {
                    let name = ServerName::try_from("localhost").expect("a name");
                    let connector = TlsConnector::from(config.clone());
                    Either::Right(connector.connect(name, stream).await.expect("TLS"))
                } else {
                    Either::Left(stream)
                };
                let connected = tokio_tungstenite::client_async(url, stream).await;
                let (websocket, _) = connected.expect("a connection");
                Client::Tungstenite(Box::new(websocket))
            }
        }
    }
}

type Tungstenite = WebSocketStream<Either<TcpStream, TlsStream<TcpStream>>>;

/// A connection.
pub(crate) enum Client {
    Wasocket(Box<WebSocket>),
    Tungstenite(Box<Tungstenite>),
}

/// The two directions of a connection.
pub(crate) enum Sending {
    Wasocket(wasocket::SendHalf),
    Tungstenite(SplitSink<Tungstenite, tungstenite::Message>),
}

pub(crate) enum Receiving {
    Wasocket(Box<wasocket::ReceiveHalf>),
    Tungstenite(SplitStream<Tungstenite>),
}

impl Client {
    pub(crate) async fn send(&mut self, payload: &[u8]) {
        match self {
            Self::Wasocket(websocket) => {
                // Not the sink's method of this name, which takes messages only.
                WebSocket::send(websocket, payload).await.expect("sent");
            }
            Self::Tungstenite(websocket) => {
                let message = tungstenite::Message::binary(payload.to_vec());
                websocket.send(message).await.expect("sent");
            }
        }
    }

    pub(crate) async fn receive(&mut self) -> Vec<u8> {
        match self {
            Self::Wasocket(websocket) => match websocket.receive().await {
                Ok(Some(wasocket::Message::Binary(payload))) => payload,
                other => panic!("{other:?}"),
            },
            Self::Tungstenite(websocket) => match websocket.next().await {
                Some(Ok(tungstenite::Message::Binary(payload))) => payload.into(),
                other => panic!("{other:?}"),
            },
        }
    }

    pub(crate) async fn close(self) {
        match self {
            Self::Wasocket(websocket) => {
                WebSocket::close(&websocket, 1000, "")
                    .await
                    .expect("closed");
            }
            Self::Tungstenite(mut websocket) => {
                Tungstenite::close(&mut websocket, None)
                    .await
                    .expect("closed");
            }
        }
    }

    pub(crate) fn split(self) -> (Sending, Receiving) {
        match self {
            Self::Wasocket(websocket) => {
                let (tx, rx) = (*websocket).split();
                (Sending::Wasocket(tx), Receiving::Wasocket(Box::new(rx)))
            }
            Self::Tungstenite(websocket) => {
                let (tx, rx) = (*websocket).split();
                (Sending::Tungstenite(tx), Receiving::Tungstenite(rx))
            }
        }
    }
}

impl Sending {
    /// Sends one message, by the call that is the same for both.
    pub(crate) async fn send(&mut self, payload: &[u8]) {
        match self {
            Self::Wasocket(tx) => tx.send(payload.into()).await.expect("sent"),
            Self::Tungstenite(tx) => {
                let message = tungstenite::Message::binary(payload.to_vec());
                tx.send(message).await.expect("sent");
            }
        }
    }
}

impl Receiving {
    pub(crate) async fn receive(&mut self) -> Vec<u8> {
        match self {
            Self::Wasocket(rx) => match rx.next().await {
                Some(Ok(wasocket::Message::Binary(payload))) => payload,
                other => panic!("{other:?}"),
            },
            Self::Tungstenite(rx) => match rx.next().await {
                Some(Ok(tungstenite::Message::Binary(payload))) => payload.into(),
                other => panic!("{other:?}"),
            },
        }
    }
}
