//! The least that a guest on WASI 0.3 can do: a socket of its own, no component beside it, and frames
//! with a masking key of zeros. What it takes is what the host takes for any guest.

use std::net::SocketAddrV4;

use wasip3::sockets::types::{
    ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, TcpSocket,
};
use wasip3::wit_stream;
use wit_bindgen::{FutureReader, StreamReader, StreamResult, StreamWriter};

wit_bindgen::generate!({
    path: "../work/wit",
    world: "async-guest",
});

struct Bench;

export!(Bench);

work::async_guest!(Bench, Client);

const BINARY: u8 = 0x82;
const MASKED: u8 = 0x80;
const MASKING_KEY: [u8; 4] = [0; 4];

/// A Close frame with 1000, and the one that answers it.
const CLOSE_FRAME: [u8; 8] = [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8];
const CLOSE_ANSWER: [u8; 4] = [0x88, 0x02, 0x03, 0xe8];

/// How many bytes are read at a time: as our component does.
const READ_LEN: usize = 64 << 10;

/// The length that is in 2 bytes behind this one, and the one that is in 8.
const LEN_IN_2: u8 = 126;
const LEN_IN_8: u8 = 127;

/// What becomes of a direction once it is done.
type Outcome = FutureReader<Result<(), ErrorCode>>;

struct Client {
    reader: StreamReader<u8>,
    writer: StreamWriter<u8>,
    input: Vec<u8>,
    /// Kept as long as they are.
    _rest: (TcpSocket, Outcome, Outcome),
}

impl Client {
    async fn write(&mut self, bytes: Vec<u8>) {
        let rest = self.writer.write_all(bytes).await;
        assert!(rest.is_empty(), "the server closed the connection");
    }

    /// Reads what is there, at least a byte.
    async fn read(&mut self) {
        let (result, bytes) = self.reader.read(Vec::with_capacity(READ_LEN)).await;
        assert!(matches!(result, StreamResult::Complete(_)), "{result:?}");
        if self.input.is_empty() {
            self.input = bytes;
        } else {
            self.input.extend(bytes);
        }
    }

    /// Takes the payload of the next frame, if it is here.
    fn take(&mut self) -> Option<Vec<u8>> {
        let (&[first, short], rest) = self.input.split_first_chunk()?;
        assert_eq!(first, BINARY, "another frame");
        let (len, rest) = match short {
            LEN_IN_2 => {
                let (len, rest) = rest.split_first_chunk()?;
                (u64::from(u16::from_be_bytes(*len)), rest)
            }
            LEN_IN_8 => {
                let (len, rest) = rest.split_first_chunk()?;
                (u64::from_be_bytes(*len), rest)
            }
            len => (len.into(), rest),
        };
        let payload = rest.get(..len as usize)?.to_vec();
        self.input
            .drain(..self.input.len() - rest.len() + payload.len());
        Some(payload)
    }
}

fn frame(payload: &[u8]) -> Vec<u8> {
    let len = payload.len();
    let mut frame = Vec::with_capacity(len + 14);
    frame.push(BINARY);
    match u16::try_from(len) {
        Ok(len) if len < LEN_IN_2.into() => frame.push(MASKED | len as u8),
        Ok(len) => {
            frame.push(MASKED | LEN_IN_2);
            frame.extend(len.to_be_bytes());
        }
        Err(_) => {
            frame.push(MASKED | LEN_IN_8);
            frame.extend((len as u64).to_be_bytes());
        }
    }
    frame.extend(MASKING_KEY);
    frame.extend(payload);
    frame
}

impl work::Client for Client {
    type Payload = Vec<u8>;

    async fn connect(url: &str, roots: Option<&str>) -> Self {
        assert_eq!(roots, None, "it has no TLS");
        let url = url.strip_prefix("ws://").expect("an address");
        let (authority, path) = url.split_once('/').expect("a path");
        let address: SocketAddrV4 = authority.parse().expect("an address");
        let [a, b, c, d] = address.ip().octets();
        let socket = TcpSocket::create(IpAddressFamily::Ipv4).expect("a socket");
        let address = IpSocketAddress::Ipv4(Ipv4SocketAddress {
            port: address.port(),
            address: (a, b, c, d),
        });
        socket.connect(address).await.expect("a connection");
        let (writer, sent) = wit_stream::new();
        let sent = socket.send(sent);
        let (reader, received) = socket.receive();
        let mut client = Self {
            reader,
            writer,
            input: Vec::new(),
            _rest: (socket, sent, received),
        };
        // The key of RFC 6455, section 1.3, and what it is answered by.
        let request = format!(
            "GET /{path} HTTP/1.1\r\nHost: {authority}\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Version: 13\r\n\r\n"
        );
        client.write(request.into_bytes()).await;
        while !client.input.ends_with(b"\r\n\r\n") {
            client.read().await;
        }
        let response = String::from_utf8_lossy(&client.input);
        assert!(
            response.starts_with("HTTP/1.1 101 ")
                && response.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            "{response}"
        );
        client.input.clear();
        client
    }

    async fn send(&mut self, payload: &[u8]) {
        self.write(frame(payload)).await;
    }

    async fn receive(&mut self) -> Vec<u8> {
        loop {
            if let Some(payload) = self.take() {
                return payload;
            }
            self.read().await;
        }
    }

    async fn exchange(&mut self, payloads: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        let frames = payloads.iter().flat_map(|payload| frame(payload));
        self.write(frames.collect()).await;
        let mut messages = vec![self.receive().await];
        messages.extend(std::iter::from_fn(|| self.take()));
        messages
    }

    async fn close(mut self) {
        self.write(CLOSE_FRAME.to_vec()).await;
        while self.input.len() < CLOSE_ANSWER.len() {
            self.read().await;
        }
        assert_eq!(self.input, CLOSE_ANSWER, "another frame");
    }
}
