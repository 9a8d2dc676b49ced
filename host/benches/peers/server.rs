//! An echo server that is the same for all clients, and faster than they are: it answers all whole
//! frames that it has read by one write. It does the least of RFC 6455 that echoing takes, and
//! trusts its clients. It is a process of its own, so that what a client takes is not mixed with what
//! it takes.

use std::future::poll_fn;
use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::NoServerSessionStorage;
use tokio_rustls::rustls::{HandshakeKind, ServerConfig};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::clock::monotonic_nanos;

const CLOSE: u8 = 0x88;
const RSV1: u8 = 0x40;

/// The server, on a thread of its own for the life of the process.
pub(crate) struct Server {
    plain: u16,
    secure: u16,
    /// With TLS, but no session is resumed there: each handshake is a full one.
    forgetful: u16,
    /// The certificate of the authority that vouches for it.
    root: CertificateDer<'static>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let (config, root) = tls();
        let (tx, rx) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_io()
                .build()
                .expect("a runtime for the server");
            runtime.block_on(async move {
                let bind = async || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
                let (plain, secure, forgetful) = (bind().await, bind().await, bind().await);
                let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
                tx.send([port(&plain), port(&secure), port(&forgetful)])
                    .unwrap();
                let mut without_sessions = config.clone();
                without_sessions.send_tls13_tickets = 0;
                without_sessions.session_storage = Arc::new(NoServerSessionStorage {});
                tokio::join!(
                    accept(plain, None),
                    accept(secure, Some(Arc::new(config).into())),
                    accept(forgetful, Some(Arc::new(without_sessions).into())),
                );
            });
        });
        let [plain, secure, forgetful] = rx.recv().expect("the server starts");
        Self {
            plain,
            secure,
            forgetful,
            root,
        }
    }

    /// The root certificate as PEM.
    fn pem(&self) -> String {
        let base64 = STANDARD.encode(&self.root);
        format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n")
    }
}

/// Makes this process a server, of which it prints the ports and the root certificate as a line, until
/// its input ends.
pub(crate) fn serve() {
    let server = Server::start();
    println!(
        "{}",
        json!({
            "ws": server.plain,
            "wss": server.secure,
            "forgetful": server.forgetful,
            "pem": server.pem(),
        })
    );
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).expect("an input");
}

fn tls() -> (ServerConfig, CertificateDer<'static>) {
    let mut params = CertificateParams::default();
    // Another name than the server's, or OpenSSL takes the server's for its own issuer.
    params
        .distinguished_name
        .push(DnType::CommonName, "authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()])
        .unwrap()
        .signed_by(&key, &issuer)
        .unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    // Each client gets what it likes best, as it does from most servers.
    config.ignore_client_order = false;
    (config, issuer.der().clone())
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let tls = tls.clone();
        tokio::spawn(async move {
            // A client that leaves in the middle of a benchmark fails there, not here.
            let _ = match tls {
                None => serve_stream(stream, false).await,
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => {
                        let kind = stream.get_ref().1.handshake_kind();
                        serve_stream(stream, kind == Some(HandshakeKind::Resumed)).await
                    }
                    Err(error) => Err(error),
                },
            };
        });
    }
}

/// What the resource name asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Behaviour {
    /// `/`: every message is sent back.
    Echo,
    /// `/deflate`: the same for messages that are compressed. What one side's context makes of a
    /// message is right for the other's if all of them go back.
    Deflate,
    /// `/arrivals`: every second message is sent back with the time when it was there.
    Arrivals,
}

/// Answers the opening handshake of a client.
///
/// # Errors
///
/// If the client asks for what it does not have: nobody is to measure another thing than they think.
fn answer(request: &str, resumed: bool) -> std::io::Result<(Behaviour, String)> {
    let field = |name: &str| {
        let mut fields = request.lines().filter_map(|line| line.split_once(':'));
        let found = fields.find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value.trim())
    };
    let (behaviour, extension) = match request.split(' ').nth(1) {
        Some("/") => (Behaviour::Echo, ""),
        Some("/resumed") if resumed => (Behaviour::Echo, ""),
        Some("/deflate") if field("sec-websocket-extensions").contains("permessage-deflate") => (
            Behaviour::Deflate,
            "Sec-WebSocket-Extensions: permessage-deflate\r\n",
        ),
        Some("/arrivals") => (Behaviour::Arrivals, ""),
        _ => return Err(ErrorKind::InvalidInput.into()),
    };
    let accept = derive_accept_key(field("sec-websocket-key").as_bytes());
    let response = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{extension}\r\n"
    );
    Ok((behaviour, response))
}

async fn serve_stream(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    resumed: bool,
) -> std::io::Result<()> {
    let mut input = Vec::with_capacity(1 << 20);
    while !input.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut input).await? == 0 {
            return Ok(());
        }
    }
    let (behaviour, response) = answer(&String::from_utf8_lossy(&input), resumed)?;
    input.clear();
    let mut output = response.into_bytes();
    let mut count = 0_u64;
    loop {
        if exchange(&mut stream, &mut input, &mut output).await? == 0 {
            return Ok(());
        }
        let mut closing = false;
        let mut consumed = 0;
        while let Some((header_len, payload_len)) = frame(&input[consumed..]) {
            let (header, rest) = input[consumed..].split_at(header_len);
            let payload = &rest[..payload_len];
            consumed += header_len + payload_len;
            count += 1;
            if header[0] == CLOSE {
                closing = true;
                echo(header, payload, &mut output);
                continue;
            }
            match behaviour {
                Behaviour::Deflate if header[0] & RSV1 == 0 => {
                    return Err(ErrorKind::InvalidData.into());
                }
                Behaviour::Echo | Behaviour::Deflate => echo(header, payload, &mut output),
                Behaviour::Arrivals if count.is_multiple_of(2) => {
                    let start = output.len();
                    echo(header, payload, &mut output);
                    output.extend(monotonic_nanos().to_be_bytes());
                    // Both lengths are less than 126.
                    output[start + 1] += 8;
                }
                Behaviour::Arrivals => {}
            }
        }
        input.drain(..consumed);
        if closing {
            stream.write_all(&output).await?;
            return stream.shutdown().await;
        }
    }
}

/// Writes the output, and reads meanwhile; returns how much was read. A client may write all that it
/// has before it reads, so that this may not wait for it to read.
async fn exchange(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    input: &mut Vec<u8>,
    output: &mut Vec<u8>,
) -> std::io::Result<usize> {
    let mut sent = 0;
    let read_len = poll_fn(|cx| {
        while sent < output.len() {
            match Pin::new(&mut *stream).poll_write(cx, &output[sent..])? {
                Poll::Ready(len) => sent += len,
                Poll::Pending => break,
            }
        }
        // It is asked again when there is more room.
        let _ = Pin::new(&mut *stream).poll_flush(cx)?;
        pin!(stream.read_buf(input)).poll(cx)
    })
    .await?;
    output.drain(..sent);
    Ok(read_len)
}

/// The lengths of header and payload of the frame that `bytes` start with, if all of it is there.
fn frame(bytes: &[u8]) -> Option<(usize, usize)> {
    let (header_len, payload_len) = match bytes.get(1)? & 0x7f {
        126 => (
            8,
            u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?).into(),
        ),
        127 => {
            let len = u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?);
            (14, usize::try_from(len).ok()?)
        }
        len => (6, len.into()),
    };
    (bytes.len() >= header_len + payload_len).then_some((header_len, payload_len))
}

/// The same frame, not masked.
fn echo(header: &[u8], payload: &[u8], output: &mut Vec<u8>) {
    let (head, key) = header.split_at(header.len() - 4);
    output.push(head[0]);
    output.push(head[1] & 0x7f);
    output.extend_from_slice(&head[2..]);
    let start = output.len();
    output.extend_from_slice(payload);
    let key = [key[0], key[1], key[2], key[3]];
    let wide = u128::from_ne_bytes(std::array::from_fn(|i| key[i % 4]));
    let (blocks, rest) = output[start..].as_chunks_mut::<16>();
    for block in blocks {
        *block = (u128::from_ne_bytes(*block) ^ wide).to_ne_bytes();
    }
    for (octet, key) in rest.iter_mut().zip(key.iter().cycle()) {
        *octet ^= key;
    }
}
