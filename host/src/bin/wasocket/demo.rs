//! `wasocket demo`: the component against throwaway servers in this process.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use futures_util::{SinkExt, StreamExt};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use wasocket::{Error, Event, Grants, Options, Runtime, WebSocket};

use crate::exit::Exit;
use crate::output::{self, complain, describe};

/// The error of the servers, which are for show.
type ServerError = Box<dyn std::error::Error + Send + Sync>;

pub(crate) async fn run(runtime: Runtime) -> Exit {
    match try_run(&runtime).await {
        Ok(()) => Exit::Success,
        Err(Failed::Output(error)) => output::failed(&error),
        Err(Failed::Servers(error)) => {
            complain(&format!("the demo's servers: {error}"));
            Exit::Internal
        }
        Err(Failed::Connection(error)) => {
            complain(&error.to_string());
            Exit::from(&error)
        }
    }
}

enum Failed {
    Connection(Error),
    Output(io::Error),
    Servers(ServerError),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Connection(error)
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

async fn try_run(runtime: &Runtime) -> Result<(), Failed> {
    output::line(&format!(
        "The component: {} bytes of WebAssembly. Each connection below runs in an instance of its \
         own,\nwhich may reach one port and nothing else.",
        wasocket::COMPONENT.len()
    ))?;
    let plain = serve(None).await.map_err(Failed::Servers)?;
    let url = format!("ws://localhost:{}/echo", plain.port());
    converse(runtime, &url, plain, Options::new()).await?;

    let authority = Authority::new().map_err(Failed::Servers)?;
    let secure = serve(Some(authority.acceptor))
        .await
        .map_err(Failed::Servers)?;
    let url = format!("wss://localhost:{}/echo", secure.port());
    output::line(
        "\nA certificate authority was made for this; the component trusts it for one connection:",
    )?;
    let options = Options::new().without_built_in_roots().roots(authority.pem);
    converse(runtime, &url, secure, options).await
}

/// One connection, from `connect` to `close`.
async fn converse(
    runtime: &Runtime,
    url: &str,
    address: SocketAddr,
    options: Options,
) -> Result<(), Failed> {
    output::line(&format!("\n{url}"))?;
    let start = Instant::now();
    let options = options.grants(Grants::new().host("localhost", address.port()));
    let mut websocket = runtime.connect_with(url, &options).await?;
    tell("connect", &format!("open after {:.1?}", start.elapsed()))?;

    websocket.send("Hello from the sandbox").await?;
    tell("send", "text: sent")?;
    next_event(&mut websocket).await?;

    websocket.send(vec![0xca, 0xfe]).await?;
    tell("send", "binary: sent")?;
    next_event(&mut websocket).await?;

    let pong = websocket.ping("are you there?").await?;
    tell(
        "ping",
        &format!(
            "pong: {} after {:.1?}",
            pong.payload.escape_ascii(),
            pong.round_trip
        ),
    )?;

    let closing = websocket.close(1000, "that was the demo").await?;
    tell("close", &format!("closed, clean: {}", closing.was_clean))?;
    while let Some(event) = websocket.event().await {
        tell("event", &describe(&event))?;
    }
    Ok(())
}

async fn next_event(websocket: &mut WebSocket) -> io::Result<()> {
    let event = websocket.event().await;
    tell(
        "event",
        &event
            .as_ref()
            .map_or_else(|| "none".to_owned(), |event: &Event| describe(event)),
    )
}

fn tell(what: &str, outcome: &str) -> io::Result<()> {
    output::line(&format!("  {what:<8} {outcome}"))
}

/// Starts an echo server on this machine, made by others than us; returns where it is.
async fn serve(tls: Option<TlsAcceptor>) -> Result<SocketAddr, ServerError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let tls = tls.clone();
            tokio::spawn(async move {
                // What goes wrong with it is told by the client, which is what is shown.
                let _ = match tls {
                    None => echo(stream).await,
                    Some(tls) => match tls.accept(stream).await {
                        Ok(stream) => echo(stream).await,
                        Err(error) => Err(error.into()),
                    },
                };
            });
        }
    });
    Ok(address)
}

async fn echo(stream: impl AsyncRead + AsyncWrite + Unpin) -> Result<(), ServerError> {
    let mut websocket = tokio_tungstenite::accept_async(stream).await?;
    while let Some(message) = websocket.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
            websocket.send(message).await?;
        }
    }
    Ok(())
}

/// A certificate authority, and a server with a certificate of it.
struct Authority {
    pem: String,
    acceptor: TlsAcceptor,
}

impl Authority {
    fn new() -> Result<Self, ServerError> {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "wasocket demo");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let certificate =
            CertificateParams::new(vec!["localhost".to_owned()])?.signed_by(&key, &issuer)?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der())?,
            )?;
        Ok(Self {
            pem: issuer.pem(),
            acceptor: TlsAcceptor::from(Arc::new(config)),
        })
    }
}
