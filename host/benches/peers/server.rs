//! An echo server that is the same for all clients, and faster than they are: it answers all whole
//! frames that it has read by one write. It does the least of RFC 6455 that echoing takes, and
//! trusts its clients.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

const CLOSE: u8 = 0x88;

/// The server, on a thread of its own for the life of the process.
pub(crate) struct Server {
    pub(crate) plain: SocketAddr,
    pub(crate) secure: SocketAddr,
    /// The certificate of the authority that vouches for it.
    pub(crate) root: CertificateDer<'static>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let (acceptor, root) = tls();
        let (tx, rx) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_io()
                .build()
                .expect("a runtime for the server");
            runtime.block_on(async move {
                let plain = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
                let secure = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
                tx.send((plain.local_addr().unwrap(), secure.local_addr().unwrap()))
                    .unwrap();
                tokio::join!(accept(plain, None), accept(secure, Some(acceptor)));
            });
        });
        let (plain, secure) = rx.recv().expect("the server starts");
        Self {
            plain,
            secure,
            root,
        }
    }

    /// The root certificate as PEM.
    pub(crate) fn pem(&self) -> String {
        let base64 = STANDARD.encode(&self.root);
        format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n")
    }
}

fn tls() -> (TlsAcceptor, CertificateDer<'static>) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()])
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
    (TlsAcceptor::from(Arc::new(config)), issuer.der().clone())
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let tls = tls.clone();
        tokio::spawn(async move {
            // A client that leaves in the middle of a benchmark fails there, not here.
            let _ = match tls {
                None => serve(stream).await,
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => serve(stream).await,
                    Err(error) => Err(error),
                },
            };
        });
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<()> {
    let mut input = Vec::with_capacity(1 << 20);
    while !input.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut input).await? == 0 {
            return Ok(());
        }
    }
    let request = String::from_utf8_lossy(&input);
    let key = request
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"))
        .map_or("", |(_, key)| key.trim());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\n\r\n",
        derive_accept_key(key.as_bytes())
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.flush().await?;

    input.clear();
    let mut output = Vec::with_capacity(1 << 20);
    loop {
        if stream.read_buf(&mut input).await? == 0 {
            return Ok(());
        }
        let mut closing = false;
        let mut consumed = 0;
        while let Some((header_len, payload_len)) = frame(&input[consumed..]) {
            let (header, rest) = input[consumed..].split_at(header_len);
            let payload = &rest[..payload_len];
            closing |= header[0] == CLOSE;
            echo(header, payload, &mut output);
            consumed += header_len + payload_len;
        }
        input.drain(..consumed);
        stream.write_all(&output).await?;
        stream.flush().await?;
        output.clear();
        if closing {
            return stream.shutdown().await;
        }
    }
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
