//! The least that a client can do: `std::net` and rustls, one thread that blocks, and frames that are
//! made before the clock runs. It knows what comes, and compares it with the bytes that it expects.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::clock::monotonic_nanos;
use crate::contestant::{Contestant, FLOOR};
use crate::native::tls_config;
use crate::service::Service;
use crate::target::Target;
use crate::task::{CROWD_LEN, Measured, PAIR_LEN, Purpose, Stopwatch, Task, numbered};

const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;

/// A Close frame with 1000, masked with zeros; and the one that answers it.
const CLOSE_FRAME: [u8; 8] = [CLOSE, 0x82, 0, 0, 0, 0, 0x03, 0xe8];
const CLOSE_ANSWER: [u8; 4] = [CLOSE, 0x02, 0x03, 0xe8];

/// How many bytes are read at a time.
const READ_LEN: usize = 1 << 17;

/// One who takes part so.
pub(crate) struct Floor {
    config: Arc<ClientConfig>,
}

impl Floor {
    pub(crate) fn new(roots: &str) -> Self {
        Self {
            config: tls_config(roots),
        }
    }
}

impl Contestant for Floor {
    fn name(&self) -> &'static str {
        FLOOR
    }

    fn does(&self, task: Task, _secure: bool) -> bool {
        match task {
            Task::RoundTrips { .. }
            | Task::InFlight { .. }
            | Task::Crowd { .. }
            | Task::Pairs { .. }
            | Task::Handshakes { .. } => !task.is_compressed(),
            Task::Idle { .. } => false,
        }
    }

    fn run(&self, task: Task, service: &Service, secure: bool) -> Measured {
        let target = service.target(secure, task.purpose());
        let connect = || Connection::open(&self.config, &target);
        match task {
            Task::RoundTrips { len, count } => connect().round_trips(len, count),
            Task::InFlight {
                payload,
                window,
                count,
            } => connect().in_flight(&payload.distinct(window), window, count),
            Task::Crowd { connections, each } => {
                crowd((0..connections).map(|_| connect()).collect(), each)
            }
            Task::Pairs { count } => connect().pairs(count),
            Task::Handshakes { resumed, count } => {
                if resumed {
                    let first = service.target(secure, Purpose::Resumable);
                    Connection::open(&self.config, &first).close();
                }
                let mut times = Vec::new();
                let stopwatch = Stopwatch::start();
                for _ in 0..count {
                    let start = Instant::now();
                    let connection = connect();
                    times.push(start.elapsed());
                    connection.close();
                }
                stopwatch.stop(times)
            }
            Task::Idle { .. } => unreachable!("it does not do that"),
        }
    }
}

trait Stream: Read + Write {}

impl<T: Read + Write> Stream for T {}

struct Connection {
    stream: Box<dyn Stream>,
    input: Vec<u8>,
}

impl Connection {
    fn open(config: &Arc<ClientConfig>, target: &Target) -> Self {
        let tcp = TcpStream::connect((Ipv4Addr::LOCALHOST, target.port)).expect("a stream");
        tcp.set_nodelay(true).expect("an option of TCP");
        let stream: Box<dyn Stream> = if target.secure {
            let name = ServerName::from(IpAddr::from(Ipv4Addr::LOCALHOST));
            let tls = ClientConnection::new(config.clone(), name).expect("a configuration");
            Box::new(StreamOwned::new(tls, tcp))
        } else {
            Box::new(tcp)
        };
        let mut connection = Self {
            stream,
            input: vec![0; READ_LEN],
        };
        let (_, path) = target.url.rsplit_once('/').expect("a path");
        // The key of RFC 6455, section 1.3, and what it is answered by.
        let request = format!(
            "GET /{path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Version: 13\r\n\r\n",
            target.port
        );
        connection.write(request.as_bytes());
        let mut response = Vec::new();
        while !response.ends_with(b"\r\n\r\n") {
            let len = connection.read();
            response.extend_from_slice(&connection.input[..len]);
        }
        let response = String::from_utf8_lossy(&response);
        assert!(
            response.starts_with("HTTP/1.1 101 ")
                && response.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            "{response}"
        );
        connection
    }

    fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("written");
        self.stream.flush().expect("flushed");
    }

    /// Reads what is there, at least a byte.
    fn read(&mut self) -> usize {
        let len = self.stream.read(&mut self.input).expect("an answer");
        assert!(len > 0, "the server closed the connection");
        len
    }

    /// Reads as much as `expected` has, which it has to be.
    fn expect(&mut self, expected: &[u8]) {
        let mut rest = expected;
        while !rest.is_empty() {
            let most = rest.len().min(READ_LEN);
            let len = self
                .stream
                .read(&mut self.input[..most])
                .expect("an answer");
            assert!(len > 0, "the server closed the connection");
            assert!(self.input[..len] == rest[..len], "not the echo");
            rest = &rest[len..];
        }
    }

    fn round_trips(mut self, len: u32, count: u32) -> Measured {
        let mut frame = Frame::new(&numbered(0, len));
        let mut times = Vec::with_capacity(count as usize);
        let stopwatch = Stopwatch::start();
        for i in 0..count {
            frame.set_number(i);
            let start = Instant::now();
            self.write(&frame.sent);
            self.expect(&frame.echo);
            times.push(start.elapsed());
        }
        let measured = stopwatch.stop(times);
        self.close();
        measured
    }

    /// As many frames as are allowed leave in one write.
    fn in_flight(mut self, messages: &[Vec<u8>], window: u32, count: u32) -> Measured {
        let frames: Vec<Frame> = messages.iter().map(|message| Frame::new(message)).collect();
        let (sent_len, echo_len) = (frames[0].sent.len(), frames[0].echo.len());
        let sent: Vec<u8> = frames
            .iter()
            .flat_map(|frame| &frame.sent)
            .copied()
            .collect();
        let echoes: Vec<u8> = frames
            .iter()
            .flat_map(|frame| &frame.echo)
            .copied()
            .collect();
        let (window, count) = (window as usize, count as usize);
        let (mut sent_count, mut received_len) = (0, 0);
        let stopwatch = Stopwatch::start();
        while received_len < count * echo_len {
            let end = count.min(received_len / echo_len + window);
            while sent_count < end {
                let first = sent_count % frames.len();
                let batch = (end - sent_count).min(frames.len() - first);
                self.write(&sent[first * sent_len..][..batch * sent_len]);
                sent_count += batch;
            }
            let len = self.read();
            let mut input = &self.input[..len];
            while !input.is_empty() {
                let expected = &echoes[received_len % echoes.len()..];
                let len = input.len().min(expected.len());
                assert!(input[..len] == expected[..len], "not the echo");
                input = &input[len..];
                received_len += len;
            }
        }
        let measured = stopwatch.stop(Vec::new());
        self.close();
        measured
    }

    fn pairs(mut self, count: u32) -> Measured {
        let mut times = Vec::with_capacity(count as usize);
        let mut first = Frame::new(&numbered(0, PAIR_LEN));
        let mut second = Frame::new(&numbered(0, PAIR_LEN));
        let stopwatch = Stopwatch::start();
        for i in 0..count {
            first.set_number(2 * i);
            second.set_number(2 * i + 1);
            // With the time, of eight bytes, behind it.
            second.echo[1] = PAIR_LEN as u8 + 8;
            self.write(&first.sent);
            let start = monotonic_nanos();
            self.write(&second.sent);
            self.expect(&second.echo);
            let mut arrival = [0; 8];
            self.stream.read_exact(&mut arrival).expect("a time");
            times.push(Duration::from_nanos(u64::from_be_bytes(arrival) - start));
        }
        let measured = stopwatch.stop(times);
        self.close();
        measured
    }

    /// Closes it, and waits for the server to do so.
    fn close(mut self) {
        self.write(&CLOSE_FRAME);
        self.expect(&CLOSE_ANSWER);
        let rest = self.stream.read(&mut self.input).expect("an end");
        assert_eq!(rest, 0, "nothing comes after a Close frame");
    }
}

/// All connections are written to, then all are read from.
fn crowd(mut connections: Vec<Connection>, each: u32) -> Measured {
    let mut frames: Vec<Frame> = (0..connections.len())
        .map(|_| Frame::new(&numbered(0, CROWD_LEN)))
        .collect();
    let stopwatch = Stopwatch::start();
    for i in 0..each {
        for (number, (connection, frame)) in (0..).zip(connections.iter_mut().zip(&mut frames)) {
            frame.set_number(number * each + i);
            connection.write(&frame.sent);
        }
        for (connection, frame) in connections.iter_mut().zip(&frames) {
            connection.expect(&frame.echo);
        }
    }
    let measured = stopwatch.stop(Vec::new());
    for connection in connections {
        connection.close();
    }
    measured
}

/// A message as it is sent, masked with zeros, and as it comes back.
struct Frame {
    sent: Vec<u8>,
    echo: Vec<u8>,
}

impl Frame {
    fn new(payload: &[u8]) -> Self {
        let mut echo = vec![BINARY];
        match payload.len() {
            len @ 0..126 => echo.push(len as u8),
            len @ 126..0x1_0000 => {
                echo.push(126);
                echo.extend((len as u16).to_be_bytes());
            }
            len => {
                echo.push(127);
                echo.extend((len as u64).to_be_bytes());
            }
        }
        let mut sent = echo.clone();
        sent[1] |= 0x80;
        sent.extend([0; 4]);
        sent.extend(payload);
        echo.extend(payload);
        Self { sent, echo }
    }

    /// As [`numbered`] has it.
    fn set_number(&mut self, number: u32) {
        let number = number.to_be_bytes();
        let header_len = match self.echo[1] {
            126 => 4,
            127 => 10,
            _ => 2,
        };
        self.echo[header_len..][..number.len()].copy_from_slice(&number);
        self.sent[header_len + 4..][..number.len()].copy_from_slice(&number);
    }
}
