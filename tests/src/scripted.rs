use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConnection;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::unread;

/// A server that plays a script with one client: bytes to expect, bytes to send, and ways to end.
///
/// ```no_run
/// # async fn example() {
/// use integration_tests::Scripted;
///
/// let peer = Scripted::start(async |mut stream| {
///     stream.accept().await;
///     stream.send(b"\x81\x05Hello").await;
///     stream.expect_frame(0x88, &1000_u16.to_be_bytes()).await;
/// })
/// .await;
/// // connect to `peer.url()`, and then
/// peer.finish().await;
/// # }
/// ```
#[derive(Debug)]
pub struct Scripted {
    address: SocketAddr,
    secure: bool,
    script: JoinHandle<()>,
}

impl Scripted {
    /// Starts a server that plays `script` with the first client that connects.
    pub async fn start<F>(script: impl FnOnce(Stream) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self::start_on(Ipv4Addr::LOCALHOST, script).await
    }

    /// The same on another address of this machine.
    pub async fn start_on<F>(
        address: impl Into<IpAddr>,
        script: impl FnOnce(Stream) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self::start_with(address.into(), None, script).await
    }

    /// The same over TLS. The script is not played if the client gives up in the TLS handshake.
    pub async fn start_tls<F>(
        tls: TlsAcceptor,
        script: impl FnOnce(Stream) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self::start_with(Ipv4Addr::LOCALHOST.into(), Some(tls), script).await
    }

    async fn start_with<F>(
        address: IpAddr,
        tls: Option<TlsAcceptor>,
        script: impl FnOnce(Stream) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind((address, 0)).await.expect("a port");
        let address = listener.local_addr().expect("its number");
        let secure = tls.is_some();
        let script = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a client");
            stream.set_nodelay(true).expect("an option of TCP");
            let stream = match tls {
                None => Stream::Plain(stream),
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => Stream::Secure(Box::new(stream)),
                    Err(_) => return,
                },
            };
            script(stream).await;
        });
        Self {
            address,
            secure,
            script,
        }
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Where it is.
    pub fn url(&self) -> String {
        self.url_of(if self.secure { "wss" } else { "ws" })
    }

    /// Where it is, for `ws` or `wss`, whichever it speaks.
    pub fn url_of(&self, scheme: &str) -> String {
        format!("{scheme}://localhost:{}/", self.port())
    }

    /// Waits for the end of the script.
    ///
    /// # Panics
    ///
    /// If an assertion of the script failed.
    pub async fn finish(self) {
        if let Err(error) = self.script.await {
            std::panic::resume_unwind(error.into_panic());
        }
    }
}

/// The stream to the client, from the server's side.
#[derive(Debug)]
pub enum Stream {
    /// Without TLS.
    Plain(TcpStream),
    /// Over TLS.
    Secure(Box<tokio_rustls::server::TlsStream<TcpStream>>),
}

/// The client's request.
#[derive(Clone, Debug)]
pub struct Request {
    /// Request line and header fields, up to the empty line.
    pub head: String,
    /// The Sec-WebSocket-Accept that answers it.
    pub accept: String,
}

impl Request {
    /// The values of the header fields of this name.
    pub fn values(&self, name: &str) -> Vec<&str> {
        self.head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "))
            .filter(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .collect()
    }

    /// The answer that accepts it, with nothing in it that need not be.
    pub fn answer(&self) -> Vec<u8> {
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\n\r\n",
            self.accept
        )
        .into_bytes()
    }
}

impl Stream {
    /// Reads the request of the opening handshake.
    ///
    /// # Panics
    ///
    /// If it does not come, or has no key.
    pub async fn request(&mut self) -> Request {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.io().read_u8().await.expect("more of the request"));
        }
        let head = String::from_utf8(head).expect("a request in ASCII");
        let key = head
            .lines()
            .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))
            .expect("a key");
        Request {
            accept: derive_accept_key(key.as_bytes()),
            head,
        }
    }

    /// Does the opening handshake.
    pub async fn accept(&mut self) -> Request {
        let request = self.request().await;
        self.send(&request.answer()).await;
        request
    }

    /// Sends these bytes, in one piece.
    ///
    /// # Panics
    ///
    /// If they cannot be sent.
    pub async fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes).await.expect("sent");
    }

    /// Sends these bytes if the client still takes them.
    pub async fn try_send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.io().write_all(bytes).await?;
        self.io().flush().await
    }

    /// Sends these bytes one at a time, each to be read by itself.
    pub async fn send_one_by_one(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.send(&[*byte]).await;
            self.until_read().await;
        }
    }

    /// Sends these bytes in two pieces, each to be read by itself: up to `at`, and the rest.
    pub async fn send_split(&mut self, bytes: &[u8], at: usize) {
        self.send(&bytes[..at]).await;
        self.until_read().await;
        self.send(&bytes[at..]).await;
    }

    /// Waits until the client has read all that was sent, so that what is sent next comes in
    /// another read. Elsewhere than on Linux there is no telling.
    pub async fn until_read(&self) {
        // It fails if the client is gone, who reads no more.
        if let Ok(client) = self.tcp().peer_addr() {
            let server = self.tcp().local_addr().expect("an address");
            unread::until_read(server, client).await;
        }
    }

    /// Reads as many bytes as these are, and asserts that they are the same.
    pub async fn expect(&mut self, bytes: &[u8]) {
        let mut received = vec![0; bytes.len()];
        self.io().read_exact(&mut received).await.expect("bytes");
        assert_eq!(received, bytes);
    }

    /// Reads one frame of the client, and asserts its first byte and its payload.
    pub async fn expect_frame(&mut self, first: u8, payload: &[u8]) {
        let (received_first, received) = self.frame().await;
        assert_eq!(received_first, first, "{received:x?}");
        assert!(
            received == payload,
            "a payload of {} bytes is not the one of {} that was expected: {:x?}...",
            received.len(),
            payload.len(),
            &received[..received.len().min(200)]
        );
    }

    /// Reads one frame of the client: its first byte, and its payload without the mask.
    ///
    /// # Panics
    ///
    /// If it is not masked, or the stream ends.
    pub async fn frame(&mut self) -> (u8, Vec<u8>) {
        self.next_frame().await.expect("a frame")
    }

    /// The same; `None` if the stream ends before it.
    ///
    /// # Panics
    ///
    /// If it is not masked, or the stream ends inside of it.
    pub async fn next_frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let first = self.io().read_u8().await.ok()?;
        let second = self.io().read_u8().await.expect("a header");
        assert!(second & 0x80 != 0, "the client's frame is not masked");
        let len = match second & 0x7f {
            126 => u64::from(self.io().read_u16().await.expect("a length")),
            127 => self.io().read_u64().await.expect("a length"),
            len => u64::from(len),
        };
        let mut key = [0; 4];
        self.io().read_exact(&mut key).await.expect("a masking key");
        let mut payload = vec![0; usize::try_from(len).expect("a length")];
        self.io().read_exact(&mut payload).await.expect("a payload");
        for (octet, key) in payload.iter_mut().zip(key.iter().cycle()) {
            *octet ^= key;
        }
        Some((first, payload))
    }

    /// Does the closing handshake that the client starts with this code and reason, and ends the
    /// stream.
    pub async fn expect_close(&mut self, code: u16, reason: &str) {
        let payload = close_payload(code, reason);
        self.expect_frame(0x88, &payload).await;
        self.send(&frame(0x88, &payload)).await;
        self.end().await;
        self.expect_end().await;
    }

    /// Asserts that the client ends the stream, without a byte more.
    pub async fn expect_eof(&mut self) {
        let mut rest = Vec::new();
        let end = self.io().read_to_end(&mut rest).await;
        assert!(rest.is_empty(), "{rest:x?} ({end:?})");
    }

    /// Asserts that the client ends the stream in order, without a byte more: over TLS with
    /// close_notify.
    pub async fn expect_end(&mut self) {
        let mut rest = Vec::new();
        let end = self.io().read_to_end(&mut rest).await;
        assert!(rest.is_empty(), "{rest:x?}");
        assert!(end.is_ok(), "{end:?}");
    }

    /// Reads and discards until the client ends the stream, one way or the other.
    pub async fn drain(&mut self) {
        let mut rest = Vec::new();
        // A reset is as good an end as any.
        let _ = self.io().read_to_end(&mut rest).await;
    }

    /// What the server's side of TLS knows.
    ///
    /// # Panics
    ///
    /// If there is no TLS.
    pub fn tls(&self) -> &ServerConnection {
        match self {
            Self::Plain(_) => panic!("there is no TLS"),
            Self::Secure(stream) => stream.get_ref().1,
        }
    }

    /// Ends the stream in order: over TLS with close_notify.
    pub async fn end(&mut self) {
        // The client may have ended it first.
        let _ = self.io().shutdown().await;
    }

    /// Ends the stream by a reset.
    pub fn reset(self) {
        self.tcp().set_zero_linger().expect("an option of TCP");
    }

    /// Ends TCP, without close_notify if there is TLS.
    pub async fn cut(&mut self) {
        let _ = self.tcp_mut().shutdown().await;
    }

    pub(crate) fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Secure(stream) => stream.get_ref().0,
        }
    }

    pub(crate) fn tcp_mut(&mut self) -> &mut TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Secure(stream) => stream.get_mut().0,
        }
    }

    pub(crate) fn io(&mut self) -> &mut (dyn Io + Unpin + Send) {
        match self {
            Self::Plain(stream) => stream,
            Self::Secure(stream) => stream,
        }
    }
}

pub(crate) trait Io: AsyncRead + AsyncWrite {}

impl<T: AsyncRead + AsyncWrite> Io for T {}

/// A frame of a server, which is not masked.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match u16::try_from(payload.len()) {
        Ok(len @ 0..=125) => frame.push(len as u8),
        Ok(len) => {
            frame.push(126);
            frame.extend_from_slice(&len.to_be_bytes());
        }
        Err(_) => {
            frame.push(127);
            frame.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}

/// The payload of a Close frame.
pub fn close_payload(code: u16, reason: &str) -> Vec<u8> {
    [&code.to_be_bytes(), reason.as_bytes()].concat()
}
