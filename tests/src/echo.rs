use std::net::{Ipv4Addr, SocketAddr};

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::tls::Identity;

/// An echo server on tokio-tungstenite, on any path and any number of connections, without limits.
#[derive(Debug)]
pub struct Echo {
    address: SocketAddr,
    secure: bool,
    serving: AbortHandle,
}

impl Echo {
    /// Without TLS.
    pub async fn start() -> Self {
        Self::serve(None).await
    }

    /// Over TLS, with this certificate.
    pub async fn start_tls(identity: &Identity) -> Self {
        Self::start_with(identity.acceptor()).await
    }

    /// Over TLS, with what accepts it.
    pub async fn start_with(tls: TlsAcceptor) -> Self {
        Self::serve(Some(tls)).await
    }

    async fn serve(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a port");
        let address = listener.local_addr().expect("its number");
        let secure = tls.is_some();
        let serving = tokio::spawn(serve(listener, tls)).abort_handle();
        Self {
            address,
            secure,
            serving,
        }
    }

    /// Ends it at once, with all of its connections, in the middle of whatever it does.
    pub fn kill(&self) {
        self.serving.abort();
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Where it is, by name.
    pub fn url(&self) -> String {
        let scheme = if self.secure { "wss" } else { "ws" };
        format!("{scheme}://localhost:{}/", self.port())
    }
}

/// Serves until this is dropped, and all connections with it.
async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>) {
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(_) => break,
            },
            Some(_) = connections.join_next() => continue,
        };
        let tls = tls.clone();
        connections.spawn(async move {
            match tls {
                None => echo(stream).await,
                Some(tls) => {
                    // A client that refuses the certificate is what some tests are about.
                    if let Ok(stream) = tls.accept(stream).await {
                        echo(stream).await;
                    }
                }
            }
        });
    }
}

/// How long a message may be, in bytes. It is room that is made for one that is only announced, so
/// that there has to be an end to it.
const MAX_LEN: usize = 1 << 30;

async fn echo(stream: impl AsyncRead + AsyncWrite + Unpin) {
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_LEN))
        .max_frame_size(Some(MAX_LEN));
    let accepted = tokio_tungstenite::accept_async_with_config(stream, Some(config)).await;
    let Ok(mut websocket) = accepted else {
        return;
    };
    while let Some(Ok(message)) = websocket.next().await {
        if (message.is_text() || message.is_binary()) && websocket.send(message).await.is_err() {
            return;
        }
    }
}
